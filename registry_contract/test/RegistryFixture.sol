// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IIrisRegistry} from "../src/interfaces/IIrisRegistry.sol";
import {IrisRegistry} from "../src/IrisRegistry.sol";
import {Bn254, G1Point} from "../src/libraries/Bn254.sol";
import {CaptureLadder} from "../src/libraries/CaptureLadder.sol";
import {TestBase} from "./Cheats.sol";
import {StubCodeVerifier} from "./Stubs.sol";

/// @dev A registry with one station and one model whose verifier is a stub; enrolments that pass all other checks.
abstract contract RegistryFixture is TestBase {
    uint256 internal constant STATION_KEY = 0xA11CE;
    uint256 internal constant NOW = 1_800_000_000;
    bytes32 internal constant TEXTURE_PLANE = keccak256("texture_8x120");
    bytes32 internal constant MASK_PLANE = keccak256("mask_8x120");

    IrisRegistry internal registry;
    StubCodeVerifier internal verifier;
    address internal station;
    uint32 internal modelId;

    function setUp() public virtual {
        vm.warp(NOW);
        station = vm.addr(STATION_KEY);
        verifier = new StubCodeVerifier();
        registry = new IrisRegistry(address(this));
        registry.addStation(station);
        modelId = registry.registerModel(model());
    }

    function model() internal view returns (IIrisRegistry.Model memory m) {
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

    /// @dev Raw commitments are texture * G and mask * G; in the proof they stand with the blinding constant added.
    function enrollmentOf(uint256 identity, uint256 texture, uint256 mask, uint256 code)
        internal
        view
        returns (IIrisRegistry.Enrollment memory e)
    {
        bytes32 textureLeaf = CaptureLadder.leafOf(TEXTURE_PLANE, 13, multiple(texture));
        bytes32 maskLeaf = CaptureLadder.leafOf(MASK_PLANE, 13, multiple(mask));
        (G1Point memory t, G1Point memory m, G1Point memory c) =
            (multiple(texture + 5), multiple(mask + 5), multiple(code));
        e.modelId = modelId;
        e.proof = abi.encode(t.x, t.y, m.x, m.y, c.x, c.y, uint256(0), uint256(0));
        e.texturePath = new bytes32[](1);
        e.maskPath = new bytes32[](1);
        (e.texturePath[0], e.maskPath[0]) = (maskLeaf, textureLeaf);
        e.capture = IIrisRegistry.Capture({
            commitmentsRoot: pair(textureLeaf, maskLeaf),
            eyeSide: 1,
            identityCommitment: identity,
            capturedAt: uint64(block.timestamp),
            nonce: keccak256(abi.encode(identity))
        });
        sign(e, STATION_KEY);
    }

    function good() internal view returns (IIrisRegistry.Enrollment memory) {
        return enrollmentOf(42, 101, 102, 103);
    }

    function sign(IIrisRegistry.Enrollment memory e, uint256 key) internal view {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, registry.captureDigest(e.capture));
        e.stationSignature = abi.encodePacked(r, s, v);
    }

    function expect(bytes memory reason) internal {
        vm.expectRevert(reason);
    }
}
