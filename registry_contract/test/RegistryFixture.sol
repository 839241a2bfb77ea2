// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {Committee} from "../src/Committee.sol";
import {IrisRegistry} from "../src/IrisRegistry.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {StationRegistry} from "../src/StationRegistry.sol";
import {Capture, CodeEvidence, Enrollment, Model, SemaphoreProof, Verdict} from "../src/Types.sol";
import {IIrisRegistry} from "../src/interfaces/IIrisRegistry.sol";
import {IRegistryErrors} from "../src/interfaces/IRegistryErrors.sol";
import {G1Point} from "../src/libraries/Bn254.sol";
import {CaptureLadder} from "../src/libraries/CaptureLadder.sol";
import {TestBase} from "./Cheats.sol";
import {StubCodeVerifier, StubSemaphoreVerifier} from "./Stubs.sol";

/// @dev A registry with a committee, one station and one model whose verifier is a stub; the test contract governs.
///      Enrolments that pass all checks but the stubs' own.
abstract contract RegistryFixture is TestBase {
    uint256 internal constant STATION_KEY = 0xA11CE;
    uint256 internal constant OTHER_STATION_KEY = 0xA11CF;
    uint256 internal constant NODE_KEY = 0xC0;
    uint256 internal constant NOW = 1_800_000_000;
    uint64 internal constant DELAY_S = 10 days;
    uint64 internal constant GRACE_S = 60 days;
    uint64 internal constant REATTEST_S = 30 days;
    uint64 internal constant WAIT_S = 7 days;
    bytes32 internal constant TEXTURE_PLANE = keccak256("texture_8x120");
    bytes32 internal constant MASK_PLANE = keccak256("mask_8x120");

    uint8 internal constant UNIQUE = 1;
    uint8 internal constant SAME_PERSON = 2;
    uint8 internal constant STORED = 3;
    uint8 internal constant ERASED = 4;

    StationRegistry internal stations;
    ModelRegistry internal models;
    Committee internal committee;
    IrisRegistry internal registry;
    StubCodeVerifier internal verifier;
    StubSemaphoreVerifier internal membership;
    address internal station;
    address internal otherStation;
    uint32 internal constant modelId = 1;
    uint256 private _made;

    function setUp() public virtual {
        vm.warp(NOW);
        (station, otherStation) = (vm.addr(STATION_KEY), vm.addr(OTHER_STATION_KEY));
        verifier = new StubCodeVerifier();
        membership = new StubSemaphoreVerifier();
        address[] memory listed = new address[](2);
        (listed[0], listed[1]) = (station, otherStation);
        stations = new StationRegistry(address(this), address(0x6A), listed);
        models = new ModelRegistry(address(this), DELAY_S, GRACE_S, model());
        committee = new Committee(address(this), nodes());
        registry = registryWith(committee);
    }

    function registryWith(Committee committee_) internal returns (IrisRegistry) {
        ISemaphoreVerifier semaphore = ISemaphoreVerifier(address(membership));
        return new IrisRegistry(stations, models, committee_, semaphore, REATTEST_S, WAIT_S, 1);
    }

    function nodes() internal pure returns (address[3] memory) {
        return [vm.addr(NODE_KEY), vm.addr(NODE_KEY + 1), vm.addr(NODE_KEY + 2)];
    }

    function model() internal view returns (Model memory m) {
        m.texturePlane = TEXTURE_PLANE;
        m.maskPlane = MASK_PLANE;
        m.verifier = address(verifier);
        m.verifierCodeHash = address(verifier).codehash;
        m.blindingConstant = multiple(5);
        m.proofLength = 256;
        m.k = 13;
    }

    /// @dev scalar * (1, 2)
    function multiple(uint256 scalar) internal view returns (G1Point memory point) {
        (bool success, bytes memory result) = address(7).staticcall(abi.encode(uint256(1), uint256(2), scalar));
        require(success, "multiplication");
        (point.x, point.y) = abi.decode(result, (uint256, uint256));
    }

    function pair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    /// @dev The evidence for one code of the capture (texture * G, mask * G), without a verdict. In the proof the
    ///      commitments stand with the blinding constant added.
    function codeOf(uint32 id, uint256 texture, uint256 mask, uint256 code)
        internal
        view
        returns (CodeEvidence memory c)
    {
        (G1Point memory t, G1Point memory m, G1Point memory p) =
            (multiple(texture + 5), multiple(mask + 5), multiple(code));
        c.modelId = id;
        c.proof = abi.encode(t.x, t.y, m.x, m.y, p.x, p.y, uint256(0), uint256(0));
        c.texturePath = new bytes32[](1);
        c.maskPath = new bytes32[](1);
        c.texturePath[0] = CaptureLadder.leafOf(MASK_PLANE, 13, multiple(mask));
        c.maskPath[0] = CaptureLadder.leafOf(TEXTURE_PLANE, 13, multiple(texture));
    }

    function commitmentOf(uint256 code) internal view returns (bytes32) {
        G1Point memory point = multiple(code);
        return keccak256(abi.encode(point.x, point.y));
    }

    function verdictOf(uint8 kind, bytes32 code, uint256 identity, uint32 id, uint64 recordId)
        internal
        view
        returns (Verdict memory)
    {
        return Verdict(kind, code, identity, id, 7, keccak256("log"), recordId, uint64(block.timestamp + 1 hours));
    }

    function signVerdict(Verdict memory verdict) internal view returns (bytes memory signed) {
        bytes32 digest = registry.verdictDigest(verdict);
        signed = abi.encode(verdict);
        for (uint256 i = 0; i < 3; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(NODE_KEY + i, digest);
            signed = bytes.concat(signed, abi.encodePacked(r, s, v));
        }
    }

    /// @dev An enrolment under all live models; each code is `code`, `code` + 1.
    function evidenceOf(uint8 kind, uint64 recordId, uint256 identity, uint256 texture, uint256 mask, uint256 code)
        internal
        view
        returns (Enrollment memory e)
    {
        ModelRegistry.Live memory live = models.live();
        e.codes = new CodeEvidence[](live.upcoming == 0 ? 1 : 2);
        for (uint256 i = 0; i < e.codes.length; ++i) {
            uint32 id = i == 0 ? live.group : live.upcoming;
            e.codes[i] = codeOf(id, texture, mask, code + i);
            e.codes[i].verdict = signVerdict(verdictOf(kind, commitmentOf(code + i), identity, id, recordId));
        }
        e.capture = Capture({
            commitmentsRoot: pair(e.codes[0].texturePath[0], e.codes[0].maskPath[0]),
            eyeSide: 1,
            identityCommitment: identity,
            capturedAt: uint64(block.timestamp),
            nonce: keccak256(abi.encode(identity, code))
        });
        sign(e, STATION_KEY);
    }

    function enrollmentOf(uint256 identity, uint256 texture, uint256 mask, uint256 code)
        internal
        view
        returns (Enrollment memory)
    {
        return evidenceOf(UNIQUE, 0, identity, texture, mask, code);
    }

    function good() internal view returns (Enrollment memory) {
        return enrollmentOf(42, 101, 102, 103);
    }

    /// @dev Evidence of a new capture for `identity`.
    function fresh(uint8 kind, uint64 recordId, uint256 identity) internal virtual returns (Enrollment memory) {
        uint256 base = 1_000_000 + 10 * ++_made;
        return evidenceOf(kind, recordId, identity, base, base + 1, base + 2);
    }

    /// @dev The same capture with the code under the group's model alone.
    function leftOut(Enrollment memory e) internal pure returns (Enrollment memory) {
        return withCode(e, 0);
    }

    function withCode(Enrollment memory e, uint256 place) internal pure returns (Enrollment memory) {
        CodeEvidence[] memory one = new CodeEvidence[](1);
        one[0] = e.codes[place];
        e.codes = one;
        return e;
    }

    /// @dev The stored capture of record `recordId` is that of `good()`: its code under model `id`.
    function upgradeOfGood(uint32 id, uint64 recordId, uint256 code) internal view returns (CodeEvidence memory c) {
        c = codeOf(id, 101, 102, code);
        c.verdict = signVerdict(verdictOf(STORED, commitmentOf(code), 42, id, recordId));
    }

    function sign(Enrollment memory e, uint256 key) internal view {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, registry.captureDigest(e.capture));
        e.stationSignature = abi.encodePacked(r, s, v);
    }

    function none() internal pure returns (IIrisRegistry.Siblings memory) {}

    function anyProof() internal pure returns (SemaphoreProof memory) {}

    function expect(bytes memory reason) internal {
        vm.expectRevert(reason);
    }
}
