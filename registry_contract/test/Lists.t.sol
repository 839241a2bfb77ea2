// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Committee} from "../src/Committee.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {StationRegistry} from "../src/StationRegistry.sol";
import {CodeEvidence, Model} from "../src/Types.sol";
import {IRegistryErrors} from "../src/interfaces/IRegistryErrors.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

/// @dev The three lists: who may change them, and what may stand in them.
contract ListsTest is RegistryFixture {
    address private constant STRANGER = address(0xBAD);
    address private constant GUARDIAN = address(0x6A);

    // stations

    function test_Stations_AreListedAndRevokedForGood() public {
        (uint64 addedAt, uint64 revokedAt) = stations.stationOf(station);
        vm.assertEq(uint256(addedAt), NOW);
        vm.assertEq(uint256(revokedAt), 0);
        vm.warp(NOW + 9);
        stations.revokeStation(station);
        (addedAt, revokedAt) = stations.stationOf(station);
        vm.assertEq(uint256(addedAt), NOW);
        vm.assertEq(uint256(revokedAt), NOW + 9);
        vm.assertEq(stations.revokedCount(), 1);
        vm.assertEq(stations.revokedStation(0), station);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationAlreadyListed.selector, station));
        stations.addStation(station);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationRevoked.selector, station, NOW + 9));
        stations.revokeStation(station);
    }

    function test_AddStation_RevertWhen_ListedOrZero() public {
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationAlreadyListed.selector, station));
        stations.addStation(station);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationIsZero.selector));
        stations.addStation(address(0));
    }

    function test_RevokeStation_RevertWhen_Unknown() public {
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationUnknown.selector, STRANGER));
        stations.revokeStation(STRANGER);
    }

    function test_Guardian_RevokesAndDoesNothingElse() public {
        vm.prank(GUARDIAN);
        stations.revokeStation(station);
        bytes memory refusal =
            abi.encodeWithSelector(IRegistryErrors.Registry__NotGovernor.selector, GUARDIAN, address(this));
        vm.prank(GUARDIAN);
        expect(refusal);
        stations.addStation(STRANGER);
        vm.prank(GUARDIAN);
        expect(refusal);
        stations.setGuardian(STRANGER);
        Model memory m = model();
        vm.prank(GUARDIAN);
        expect(refusal);
        models.proposeModel(m);
        address[3] memory others = nodes();
        vm.prank(GUARDIAN);
        expect(refusal);
        committee.replaceCommittee(others);
        stations.setGuardian(STRANGER);
        vm.prank(GUARDIAN);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__NotGuardian.selector, GUARDIAN));
        stations.revokeStation(otherStation);
    }

    function test_P256_TheStationsSignatureCountsUnderItsOwnNameOnly() public {
        (uint256 x, uint256 y) = vm.publicKeyP256(77);
        address p256 = stations.addP256Station(bytes32(x), bytes32(y));
        vm.assertEq(p256, stations.p256StationOf(bytes32(x), bytes32(y)));
        bytes32 digest = keccak256("capture");
        (bytes32 r, bytes32 s) = signLow(77, digest);
        // this machine has no precompile: it is OpenZeppelin's own code that says yes; pytest's chain has one
        (bool called, bytes memory answer) = address(0x100).staticcall(abi.encode(digest, r, s, x, y));
        vm.assertTrue(called && answer.length == 0);
        vm.assertEq(stations.requireSigned(digest, abi.encodePacked(r, s, p256)), p256);
        // under the name of a station of the other curve, or of nobody
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationUnknown.selector, station));
        stations.requireSigned(digest, abi.encodePacked(r, s, station));
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationUnknown.selector, STRANGER));
        stations.requireSigned(digest, abi.encodePacked(r, s, STRANGER));
        // another digest, another key, the upper half of s
        bytes32 other = keccak256("other");
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationSignatureInvalid.selector, 4, other));
        stations.requireSigned(other, abi.encodePacked(r, s, p256));
        bytes32 n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
        bytes32 high = bytes32(uint256(n) - uint256(s));
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationSignatureInvalid.selector, 4, digest));
        stations.requireSigned(digest, abi.encodePacked(r, high, p256));
        (r, s) = signLow(78, digest);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationSignatureInvalid.selector, 4, digest));
        stations.requireSigned(digest, abi.encodePacked(r, s, p256));
        // revoked
        stations.revokeStation(p256);
        (r, s) = signLow(77, digest);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationRevoked.selector, p256, NOW));
        stations.requireSigned(digest, abi.encodePacked(r, s, p256));
    }

    function signLow(uint256 key, bytes32 digest) private pure returns (bytes32 r, bytes32 s) {
        (r, s) = vm.signP256(key, digest);
        uint256 n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
        if (uint256(s) > n / 2) s = bytes32(n - uint256(s));
    }

    function test_AddP256Station_RevertWhen_TheKeyIsNoPoint() public {
        (uint256 x, uint256 y) = vm.publicKeyP256(77);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationKeyInvalid.selector, x, y ^ 1));
        stations.addP256Station(bytes32(x), bytes32(y ^ 1));
        stations.addP256Station(bytes32(x), bytes32(y));
        address listed = stations.p256StationOf(bytes32(x), bytes32(y));
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationAlreadyListed.selector, listed));
        stations.addP256Station(bytes32(x), bytes32(y));
    }

    /// @dev A P-256 station's name is an address; whoever held a secp256k1 key for it could not sign for it.
    function test_P256_RevertWhen_ASecp256k1SignatureHasItsName() public {
        stations = new StationRegistry(address(this), GUARDIAN, new address[](0));
        bytes32 digest = keccak256("capture");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(STATION_KEY, digest);
        bytes memory signature = abi.encodePacked(r, s, v);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationUnknown.selector, station));
        stations.requireSigned(digest, signature);
        stations.addStation(station);
        vm.assertEq(stations.requireSigned(digest, signature), station);
    }

    // committee

    function test_Committee_RevertWhen_NodesAreNotThreeDifferentOnes() public {
        address a = address(1);
        address b = address(2);
        expectNodes(address(0), a, b);
        expectNodes(a, address(0), b);
        expectNodes(a, b, address(0));
        expectNodes(a, a, b);
        expectNodes(a, b, a);
        expectNodes(b, a, a);
        committee.replaceCommittee([a, b, address(3)]);
        vm.assertEq(committee.nodesNow()[2], address(3));
    }

    function expectNodes(address a, address b, address c) private {
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__CommitteeNodesWrong.selector, a, b, c));
        committee.replaceCommittee([a, b, c]);
    }

    function testFuzz_Committee_RevertWhen_TheSignaturesHaveAnotherLength(uint16 length) public {
        vm.assume(length != 195);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__CommitteeSignaturesLengthWrong.selector, length));
        committee.requireSigned(bytes32(0), new bytes(length));
    }

    function test_Lists_RevertWhen_TheGovernorHasNoCode() public {
        bytes memory refusal = abi.encodeWithSelector(IRegistryErrors.Registry__ContractHasNoCode.selector, STRANGER);
        expect(refusal);
        new Committee(STRANGER, nodes());
        expect(refusal);
        new StationRegistry(STRANGER, STRANGER, new address[](0));
        Model memory m = model();
        expect(refusal);
        new ModelRegistry(STRANGER, 1, 1, m);
    }

    // models

    function assertState(uint32 id, ModelRegistry.State expected) private view {
        vm.assertEq(uint256(models.stateOf(id)), uint256(expected));
    }

    function assertLive(uint32 group, uint32 upcoming, uint32 previous, uint64 switchedAt) private view {
        ModelRegistry.Live memory live = models.live();
        vm.assertEq(uint256(live.group), group);
        vm.assertEq(uint256(live.upcoming), upcoming);
        vm.assertEq(uint256(live.previous), previous);
        vm.assertEq(uint256(live.switchedAt), switchedAt);
    }

    function test_Models_GoThroughTheirStatesByTimeAlone() public {
        assertState(1, ModelRegistry.State.Active);
        vm.assertEq(uint256(models.proposeModel(model())), 2);
        assertState(2, ModelRegistry.State.Proposed);
        vm.warp(NOW + DELAY_S - 1);
        assertState(2, ModelRegistry.State.Proposed);
        assertState(1, ModelRegistry.State.Active);
        assertLive(1, 0, 0, 0);
        vm.warp(NOW + DELAY_S);
        assertState(2, ModelRegistry.State.Active);
        assertState(1, ModelRegistry.State.Grace);
        assertLive(1, 2, 0, 0);
        vm.warp(NOW + DELAY_S + GRACE_S - 1);
        assertState(1, ModelRegistry.State.Grace);
        assertLive(1, 2, 0, 0);
        uint64 switched = uint64(NOW + DELAY_S + GRACE_S);
        vm.warp(switched);
        assertState(1, ModelRegistry.State.Retired);
        assertState(2, ModelRegistry.State.Active);
        assertLive(2, 0, 1, switched);
        vm.warp(switched + 365 days);
        assertLive(2, 0, 1, switched);
        vm.assertEq(uint256(models.proposeModel(model())), 3);
        assertLive(2, 0, 1, switched);
        assertState(1, ModelRegistry.State.Retired);
        vm.warp(switched + 365 days + DELAY_S);
        assertLive(2, 3, 1, switched);
    }

    function test_ProposeModel_RevertWhen_ASuccessionIsUnderWay() public {
        models.proposeModel(model());
        uint256 endsAt = NOW + DELAY_S + GRACE_S;
        Model memory m = model();
        for (uint256 i = 0; i < 3; ++i) {
            vm.warp([NOW, NOW + DELAY_S, endsAt - 1][i]);
            expect(abi.encodeWithSelector(IRegistryErrors.Registry__ModelSuccessionUnderWay.selector, 2, endsAt));
            models.proposeModel(m);
        }
        vm.warp(endsAt);
        models.proposeModel(m);
    }

    function test_WithdrawModel_EndsAProposalBeforeItIsActiveOnly() public {
        expectNotPending(0);
        expectNotPending(1);
        models.proposeModel(model());
        expectNotPending(1);
        vm.warp(NOW + DELAY_S - 1);
        models.withdrawModel(2);
        assertState(2, ModelRegistry.State.Withdrawn);
        expectNotPending(2);
        vm.warp(NOW + DELAY_S + 1);
        assertLive(1, 0, 0, 0);
        vm.assertEq(uint256(models.proposeModel(model())), 3);
        vm.warp(NOW + 2 * DELAY_S + 1);
        expectNotPending(3);
        assertLive(1, 3, 0, 0);
    }

    function expectNotPending(uint32 id) private {
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__ModelNotPending.selector, id));
        models.withdrawModel(id);
    }

    function test_Models_RevertWhen_CallerIsNotTheGovernor() public {
        Model memory m = model();
        bytes memory refusal =
            abi.encodeWithSelector(IRegistryErrors.Registry__NotGovernor.selector, STRANGER, address(this));
        vm.prank(STRANGER);
        expect(refusal);
        models.proposeModel(m);
        models.proposeModel(m);
        vm.prank(STRANGER);
        expect(refusal);
        models.withdrawModel(2);
    }

    function test_ProposeModel_RevertWhen_ItCannotWork() public {
        Model memory m = model();
        m.maskPlane = m.texturePlane;
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__PlanesEqual.selector, m.texturePlane));
        models.proposeModel(m);
        m = model();
        m.proofLength = 191;
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__ProofLengthTooShort.selector, 191, 192));
        models.proposeModel(m);
        m = model();
        m.blindingConstant.x += Bn254.BASE_FIELD;
        expect(
            abi.encodeWithSelector(IRegistryErrors.Registry__CoordinateNotCanonical.selector, 3, m.blindingConstant.x)
        );
        models.proposeModel(m);
        m = model();
        m.blindingConstant.y += Bn254.BASE_FIELD;
        expect(
            abi.encodeWithSelector(IRegistryErrors.Registry__CoordinateNotCanonical.selector, 3, m.blindingConstant.y)
        );
        models.proposeModel(m);
        m = model();
        m.blindingConstant.x ^= 1;
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__PointNotOnCurve.selector, 3, m.blindingConstant.x, m.blindingConstant.y
            )
        );
        models.proposeModel(m);
        m = model();
        m.verifier = STRANGER;
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerifierHasNoCode.selector, STRANGER));
        models.proposeModel(m);
        m = model();
        m.verifierCodeHash = keccak256("other");
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__VerifierCodeMismatch.selector,
                m.verifier,
                m.verifier.codehash,
                m.verifierCodeHash
            )
        );
        models.proposeModel(m);
    }

    function test_ModelRegistry_DelayBoundaries() public {
        uint64 longest = uint64(models.MAX_DELAY_S());
        Model memory m = model();
        new ModelRegistry(address(this), 1, 1, m);
        new ModelRegistry(address(this), longest, longest, m);
        for (uint256 i = 0; i < 2; ++i) {
            uint64 wrong = i == 0 ? 0 : longest + 1;
            bytes memory refusal =
                abi.encodeWithSelector(IRegistryErrors.Registry__DelayOutOfRange.selector, wrong, 1, longest);
            expect(refusal);
            new ModelRegistry(address(this), wrong, 1, m);
            expect(refusal);
            new ModelRegistry(address(this), 1, wrong, m);
        }
    }

    function test_ModelOf_RevertWhen_Unknown() public {
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__ModelUnknown.selector, 2));
        models.modelOf(2);
        CodeEvidence memory code = codeOf(2, 101, 102, 103);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__ModelUnknown.selector, 2));
        models.requireProved(code, bytes32(0));
        assertState(2, ModelRegistry.State.Unknown);
        vm.assertEq(models.modelOf(1).verifier, address(verifier));
    }
}
