// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IIrisRegistry} from "../src/interfaces/IIrisRegistry.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

/// @dev Who may list what: stations and models.
contract IrisRegistryListsTest is RegistryFixture {
    address private constant STRANGER = address(0xBAD);

    function test_Stations_AreListedAndRevokedForGood() public {
        (uint64 addedAt, uint64 revokedAt) = registry.stationOf(station);
        vm.assertEq(uint256(addedAt), NOW);
        vm.assertEq(uint256(revokedAt), 0);
        vm.warp(NOW + 9);
        registry.revokeStation(station);
        (addedAt, revokedAt) = registry.stationOf(station);
        vm.assertEq(uint256(addedAt), NOW);
        vm.assertEq(uint256(revokedAt), NOW + 9);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__StationAlreadyListed.selector, station));
        registry.addStation(station);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__StationRevoked.selector, station, NOW + 9));
        registry.revokeStation(station);
    }

    function test_AddStation_RevertWhen_ListedOrZero() public {
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__StationAlreadyListed.selector, station));
        registry.addStation(station);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__StationIsZero.selector));
        registry.addStation(address(0));
    }

    function test_RevokeStation_RevertWhen_Unknown() public {
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__StationUnknown.selector, STRANGER));
        registry.revokeStation(STRANGER);
    }

    function test_Lists_RevertWhen_CallerIsNotOwner() public {
        bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, STRANGER);
        IIrisRegistry.Model memory m = model();
        vm.prank(STRANGER);
        expect(refusal);
        registry.addStation(STRANGER);
        vm.prank(STRANGER);
        expect(refusal);
        registry.revokeStation(station);
        vm.prank(STRANGER);
        expect(refusal);
        registry.registerModel(m);
        vm.prank(STRANGER);
        expect(refusal);
        registry.retireModel(modelId);
    }

    function test_Ownership_ChangesInTwoSteps() public {
        registry.transferOwnership(STRANGER);
        vm.assertEq(registry.owner(), address(this));
        vm.prank(STRANGER);
        registry.acceptOwnership();
        vm.assertEq(registry.owner(), STRANGER);
    }

    function test_RegisterModel_RevertWhen_OneIsActive() public {
        IIrisRegistry.Model memory m = model();
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__ModelStillActive.selector, modelId));
        registry.registerModel(m);
    }

    function test_RetireModel_LetsTheNextOneIn() public {
        registry.retireModel(modelId);
        vm.assertEq(uint256(registry.activeModelId()), 0);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__ModelRetired.selector, modelId, NOW));
        registry.retireModel(modelId);
        uint32 next = registry.registerModel(model());
        vm.assertEq(uint256(next), modelId + 1);
        (, uint64 registeredAt, uint64 retiredAt) = registry.modelOf(modelId);
        vm.assertEq(uint256(registeredAt), NOW);
        vm.assertEq(uint256(retiredAt), NOW);
    }

    function test_Models_RevertWhen_Unknown() public {
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__ModelUnknown.selector, 2));
        registry.retireModel(2);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__ModelUnknown.selector, 0));
        registry.modelOf(0);
    }

    function test_RegisterModel_RevertWhen_AnyFactIsOff() public {
        registry.retireModel(modelId);

        IIrisRegistry.Model memory m = model();
        m.maskPlane = m.texturePlane;
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__PlanesEqual.selector, m.texturePlane));
        registry.registerModel(m);

        m = model();
        m.proofLength = 191;
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__ProofLengthTooShort.selector, 191, 192));
        registry.registerModel(m);

        m = model();
        m.verifier = STRANGER;
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__VerifierHasNoCode.selector, STRANGER));
        registry.registerModel(m);

        m = model();
        m.verifierCodeHash = bytes32(uint256(1));
        expect(
            abi.encodeWithSelector(
                IIrisRegistry.Registry__VerifierCodeMismatch.selector,
                address(verifier),
                address(verifier).codehash,
                bytes32(uint256(1))
            )
        );
        registry.registerModel(m);
    }

    function test_RegisterModel_RevertWhen_BlindingConstantIsNoPoint() public {
        registry.retireModel(modelId);
        IIrisRegistry.Model memory m = model();
        uint256 x = m.blindingConstant.x;
        m.blindingConstant.x = x + Bn254.BASE_FIELD;
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__CoordinateNotCanonical.selector, 3, m.blindingConstant.x));
        registry.registerModel(m);
        m.blindingConstant.x = x;
        m.blindingConstant.y ^= 1;
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__PointNotOnCurve.selector, 3, x, m.blindingConstant.y));
        registry.registerModel(m);
        (m.blindingConstant.x, m.blindingConstant.y) = (0, 0);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__PointNotOnCurve.selector, 3, 0, 0));
        registry.registerModel(m);
    }

    function test_RegisterModel_TakesTheShortestProof() public {
        registry.retireModel(modelId);
        IIrisRegistry.Model memory m = model();
        m.proofLength = 192;
        vm.assertEq(uint256(registry.registerModel(m)), modelId + 1);
    }

    function test_GroupViews_RevertWhen_GroupIsUnknown() public {
        bytes memory refusal = abi.encodeWithSelector(IIrisRegistry.Registry__GroupUnknown.selector, 1);
        expect(refusal);
        registry.getGroupAdmin(1);
        expect(refusal);
        registry.hasMember(1, 42);
        expect(refusal);
        registry.indexOf(1, 42);
        expect(refusal);
        registry.getMerkleTreeRoot(1);
        expect(refusal);
        registry.getMerkleTreeDepth(1);
        expect(refusal);
        registry.getMerkleTreeSize(1);
    }

    function test_GroupViews_ShowTheMembersToSemaphore() public {
        registry.enroll(enrollmentOf(42, 101, 102, 103));
        registry.enroll(enrollmentOf(43, 104, 105, 106));
        registry.enroll(enrollmentOf(44, 107, 108, 109));
        vm.assertEq(registry.getGroupAdmin(0), address(0));
        vm.assertEq(registry.indexOf(0, 43), 1);
        vm.assertTrue(registry.hasMember(0, 44));
        vm.assertFalse(registry.hasMember(0, 45));
        vm.assertEq(registry.getMerkleTreeRoot(0), registry.root());
        vm.assertEq(registry.getMerkleTreeDepth(0), 2);
        vm.assertEq(registry.getMerkleTreeSize(0), 3);
    }
}
