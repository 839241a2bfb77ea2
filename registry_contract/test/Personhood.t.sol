// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {Personhood} from "../src/Personhood.sol";
import {SemaphoreProof} from "../src/Types.sol";
import {WorldIdFacade} from "../src/WorldIdFacade.sol";
import {Airdrop} from "../src/examples/Airdrop.sol";
import {WorldIdGate} from "../src/examples/WorldIdGate.sol";
import {IPersonhood} from "../src/interfaces/IPersonhood.sol";
import {IRegistryGroup} from "../src/interfaces/IRegistryGroup.sol";
import {IWorldId} from "../src/interfaces/IWorldId.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {SemaphoreProofs} from "../src/libraries/SemaphoreProofs.sol";
import {TestBase} from "./Cheats.sol";
import {StubGroup, StubSemaphoreVerifier} from "./Stubs.sol";

/// @dev The rules around the proof, which runs with real ones in pytest.
contract PersonhoodTest is TestBase {
    uint64 private constant WINDOW_S = 3600;
    bytes32 private constant ACTION = "action";

    StubGroup private _group;
    StubSemaphoreVerifier private _verifier;
    Personhood private _personhood;
    WorldIdFacade private _facade;
    uint256[8] private _points;

    function setUp() public {
        vm.warp(100_000);
        (_group, _verifier) = (new StubGroup(), new StubSemaphoreVerifier());
        IRegistryGroup group = IRegistryGroup(address(_group));
        ISemaphoreVerifier verifier = ISemaphoreVerifier(address(_verifier));
        _personhood = new Personhood(group, verifier);
        _facade = new WorldIdFacade(group, verifier, WINDOW_S);
    }

    function proofOf(uint256 nullifier) private pure returns (SemaphoreProof memory proof) {
        proof.nullifier = nullifier;
    }

    function test_Consume_SpendsTheNullifierInTheCallersScopeOnly() public {
        uint256 scope = _personhood.openAction(ACTION);
        _personhood.consume(ACTION, bytes32(0), proofOf(7));
        vm.assertTrue(_personhood.isUsed(scope, 7));
        vm.expectRevert(abi.encodeWithSelector(IPersonhood.Personhood__NullifierUsed.selector, scope, 7));
        _personhood.consume(ACTION, bytes32(0), proofOf(7));
        vm.prank(address(0xBEEF));
        uint256 other = _personhood.openAction(ACTION);
        vm.assertTrue(other != scope);
        vm.assertFalse(_personhood.isUsed(other, 7));
        vm.prank(address(0xBEEF));
        _personhood.consume(ACTION, bytes32(0), proofOf(7));
        vm.assertTrue(_personhood.openAction("other") != scope);
    }

    function test_Consume_RevertWhen_TheActionIsNotTheCallers() public {
        _personhood.openAction(ACTION);
        bytes memory unknown =
            abi.encodeWithSelector(IPersonhood.Personhood__ActionUnknown.selector, address(0xBEEF), ACTION);
        vm.prank(address(0xBEEF));
        vm.expectRevert(unknown);
        _personhood.consume(ACTION, bytes32(0), proofOf(7));
        vm.expectRevert(unknown);
        _personhood.actionOf(address(0xBEEF), ACTION);
    }

    function test_OpenAction_FixesTheSnapshotForGood() public {
        uint256 scope = _personhood.openAction(ACTION);
        _group.set(99, 4, 2);
        vm.expectRevert(abi.encodeWithSelector(IPersonhood.Personhood__ActionOpen.selector, address(this), ACTION));
        _personhood.openAction(ACTION);
        (uint256 kept, uint256 root) = _personhood.actionOf(address(this), ACTION);
        vm.assertEq(kept, scope);
        vm.assertEq(root, 11);
        // what is proved is the snapshot, the signal and the scope
        _verifier.onlyFor([uint256(11), 7, SemaphoreProofs.hashToField(5), SemaphoreProofs.hashToField(scope)]);
        vm.expectRevert(abi.encodeWithSelector(IPersonhood.Personhood__ProofInvalid.selector, scope, 7));
        _personhood.consume(ACTION, bytes32(uint256(6)), proofOf(7));
        _personhood.consume(ACTION, bytes32(uint256(5)), proofOf(7));
    }

    function test_OpenAction_RevertWhen_TheGroupIsEmpty() public {
        _group.set(0, 3, 2);
        vm.expectRevert(abi.encodeWithSelector(IPersonhood.Personhood__GroupEmpty.selector));
        _personhood.openAction(ACTION);
    }

    function testFuzz_Consume_RevertWhen_ANumberIsNotCanonical(uint256 nullifier, uint256 position) public {
        _personhood.openAction(ACTION);
        nullifier = within(nullifier, Bn254.SCALAR_FIELD, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(SemaphoreProofs.Semaphore__NullifierNotCanonical.selector, nullifier));
        _personhood.consume(ACTION, bytes32(0), proofOf(nullifier));
        position = within(position, 0, 7);
        SemaphoreProof memory proof = proofOf(7);
        proof.points[position] = Bn254.BASE_FIELD;
        vm.expectRevert(
            abi.encodeWithSelector(
                SemaphoreProofs.Semaphore__ProofPointNotCanonical.selector, position, Bn254.BASE_FIELD
            )
        );
        _personhood.consume(ACTION, bytes32(0), proof);
    }

    function test_Airdrop_PaysARecipientOnceAPerson() public {
        Airdrop airdrop = new Airdrop{value: 3 ether}(IPersonhood(address(_personhood)), 1 ether);
        airdrop.claim(payable(address(0xCAFE)), proofOf(7));
        vm.assertEq(address(0xCAFE).balance, 1 ether);
        (uint256 scope,) = _personhood.actionOf(address(airdrop), airdrop.ACTION());
        vm.expectRevert(abi.encodeWithSelector(IPersonhood.Personhood__NullifierUsed.selector, scope, 7));
        airdrop.claim(payable(address(0xCAFE)), proofOf(7));
        vm.expectRevert(abi.encodeWithSelector(Airdrop.Airdrop__PaymentFailed.selector, address(_group)));
        airdrop.claim(payable(address(_group)), proofOf(8));
        vm.assertFalse(_personhood.isUsed(scope, 8));
        airdrop.claim(payable(address(0xCAFE)), proofOf(8));
    }

    // the facade

    function test_Facade_HasWorldIdsSelectors() public pure {
        vm.assertTrue(
            bytes4(keccak256("verifyProof(uint256,uint256,uint256,uint256,uint256[8])")) == bytes4(0x354ca120)
        );
        vm.assertTrue(
            bytes4(keccak256("verifyProof(uint256,uint256,uint256,uint256,uint256,uint256[8])")) == bytes4(0x3bc778e3)
        );
    }

    function test_Facade_RootHistory() public {
        _facade.verifyProof(11, 1, 7, 2, _points);
        vm.expectRevert(abi.encodeWithSelector(IWorldId.NonExistentRoot.selector));
        _facade.verifyProof(12, 1, 7, 2, _points);
        vm.expectRevert(abi.encodeWithSelector(IWorldId.NonExistentRoot.selector));
        _facade.verifyProof(0, 1, 7, 2, _points);
        // a root of long ago that was replaced just now counts for the whole window
        _group.replaceRoot(13);
        vm.warp(block.timestamp + WINDOW_S - 1);
        _facade.verifyProof(11, 1, 7, 2, _points);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(abi.encodeWithSelector(IWorldId.ExpiredRoot.selector));
        _facade.verifyProof(11, 1, 7, 2, _points);
        // the root of the moment never expires
        vm.warp(block.timestamp + 365 days);
        _facade.verifyProof(13, 1, 7, 2, _points);
    }

    function test_Facade_WindowZeroTakesTheRootOfTheMomentAlone() public {
        WorldIdFacade strict =
            new WorldIdFacade(IRegistryGroup(address(_group)), ISemaphoreVerifier(address(_verifier)), 0);
        strict.verifyProof(11, 1, 7, 2, _points);
        _group.replaceRoot(13);
        strict.verifyProof(13, 1, 7, 2, _points);
        vm.expectRevert(abi.encodeWithSelector(IWorldId.ExpiredRoot.selector)); // in the same second
        strict.verifyProof(11, 1, 7, 2, _points);
        vm.expectRevert(abi.encodeWithSelector(IWorldId.NonExistentRoot.selector));
        strict.verifyProof(12, 1, 7, 2, _points);
    }

    function test_Facade_TheGroupIsOne() public {
        _facade.verifyProof(11, 1, 1, 7, 2, _points);
        for (uint256 group = 0; group < 3; group += 2) {
            vm.expectRevert(abi.encodeWithSelector(IWorldId.NoSuchGroup.selector, group));
            _facade.verifyProof(11, group, 1, 7, 2, _points);
        }
    }

    function testFuzz_Facade_RevertWhen_ANumberIsNotCanonical(uint256 number) public {
        number = within(number, Bn254.SCALAR_FIELD, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IWorldId.NumberNotCanonical.selector, number));
        _facade.verifyProof(11, number, 7, 2, _points);
        vm.expectRevert(abi.encodeWithSelector(IWorldId.NumberNotCanonical.selector, number));
        _facade.verifyProof(11, 1, 7, number, _points);
        vm.expectRevert(abi.encodeWithSelector(SemaphoreProofs.Semaphore__NullifierNotCanonical.selector, number));
        _facade.verifyProof(11, 1, number, 2, _points);
    }

    function test_Facade_RevertWhen_TheProofDoesNotHold() public {
        _verifier.set(false);
        vm.expectRevert(abi.encodeWithSelector(IWorldId.ProofInvalid.selector));
        _facade.verifyProof(11, 1, 7, 2, _points);
    }

    function test_Facade_TheScopeIsTheCallersOwn() public {
        uint256 scope = _facade.scopeOf(address(this), 2);
        vm.assertTrue(scope != _facade.scopeOf(address(0xBEEF), 2) && scope != _facade.scopeOf(address(this), 3));
        _verifier.onlyFor([uint256(11), 7, SemaphoreProofs.hashToField(1), SemaphoreProofs.hashToField(scope)]);
        _facade.verifyProof(11, 1, 7, 2, _points);
        vm.prank(address(0xBEEF));
        vm.expectRevert(abi.encodeWithSelector(IWorldId.ProofInvalid.selector));
        _facade.verifyProof(11, 1, 7, 2, _points);
    }

    function test_WorldIdGate_LetsAPersonInOnce() public {
        WorldIdGate gate = new WorldIdGate(IWorldId(address(_facade)), "app_x", "enter");
        gate.verifyAndExecute(address(1), 11, 7, _points);
        vm.expectRevert(abi.encodeWithSelector(WorldIdGate.DuplicateNullifier.selector, 7));
        gate.verifyAndExecute(address(1), 11, 7, _points);
        vm.expectRevert(
            abi.encodeWithSelector(SemaphoreProofs.Semaphore__NullifierNotCanonical.selector, 7 + Bn254.SCALAR_FIELD)
        );
        gate.verifyAndExecute(address(1), 11, 7 + Bn254.SCALAR_FIELD, _points);
    }
}
