// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CodeEvidence, Enrollment, SemaphoreProof} from "../src/Types.sol";
import {IIrisRegistry} from "../src/interfaces/IIrisRegistry.sol";
import {IRegistryErrors} from "../src/interfaces/IRegistryErrors.sol";
import {IRegistryGroup} from "../src/interfaces/IRegistryGroup.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {SemaphoreProofs} from "../src/libraries/SemaphoreProofs.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

/// @dev A record's life after it came in: upgrade, new attestation, recovery, leaving. Semaphore proofs are a stub's; they run
///      with real ones in pytest.
contract LifecycleTest is RegistryFixture {
    uint256 private constant NEW = 4242;

    function setUp() public override {
        super.setUp();
        registry.enroll(good()); // record 1, identity 42
    }

    function siblingOf(uint256 leaf) private pure returns (IIrisRegistry.Siblings memory s) {
        s.group = new uint256[](1);
        s.group[0] = leaf;
    }

    function sameInBoth(uint256 leaf) private pure returns (IIrisRegistry.Siblings memory s) {
        s = siblingOf(leaf);
        s.upcoming = s.group;
    }

    function suspendOne(uint64 recordId, IIrisRegistry.Siblings memory siblings) private {
        IIrisRegistry.Suspension[] memory list = new IIrisRegistry.Suspension[](1);
        list[0] = IIrisRegistry.Suspension(recordId, siblings);
        registry.suspend(list);
    }

    function inGrace() private {
        models.proposeModel(model());
        vm.warp(block.timestamp + DELAY_S);
    }

    function overdue() private {
        stations.revokeStation(station);
        vm.warp(block.timestamp + REATTEST_S);
    }

    function err(bytes4 selector, uint256 value) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, value);
    }

    // ------------------------------------------------------------------------------------------------------- upgrading

    function test_Grace_ANewMemberEnrolsUnderBothModels() public {
        Enrollment memory before = fresh(UNIQUE, 0, 43);
        inGrace();
        uint32[] memory one = new uint32[](1);
        one[0] = 1;
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__ModelsWrong.selector, one, 1, 2));
        registry.enroll(before);
        Enrollment memory both = fresh(UNIQUE, 0, 43);
        (both.codes[0], both.codes[1]) = (both.codes[1], both.codes[0]);
        uint32[] memory swapped = new uint32[](2);
        (swapped[0], swapped[1]) = (2, 1);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__ModelsWrong.selector, swapped, 1, 2));
        registry.enroll(both);
        (both.codes[0], both.codes[1]) = (both.codes[1], both.codes[0]);
        registry.enroll(both);
        vm.assertTrue(registry.hasMember(1, 43) && registry.hasMember(2, 43));
        vm.assertEq(registry.groupId(), 1);
    }

    function test_Grace_EachOfTheTwoCodesNeedsItsOwnVerdictAndProof() public {
        inGrace();
        Enrollment memory e = fresh(UNIQUE, 0, 43);
        bytes memory kept = e.codes[1].verdict;
        e.codes[1].verdict = e.codes[0].verdict;
        (bool success, bytes memory reason) = address(registry).call(abi.encodeCall(registry.enroll, (e)));
        vm.assertFalse(success);
        vm.assertTrue(bytes4(reason) == IRegistryErrors.Registry__VerdictAboutAnother.selector);
        // nor does the first one's proof do with the second one's verdict
        e.codes[1].proof = e.codes[0].proof;
        e.codes[1].verdict = kept;
        (success, reason) = address(registry).call(abi.encodeCall(registry.enroll, (e)));
        vm.assertFalse(success);
        vm.assertTrue(bytes4(reason) == IRegistryErrors.Registry__VerdictAboutAnother.selector);
    }

    function test_Upgrade_RevertWhen_TheCodeIsAnothersUnderThatModel() public {
        inGrace();
        Enrollment memory e = fresh(UNIQUE, 0, 43);
        registry.enroll(e);
        CodeEvidence memory code = upgradeOfGood(2, 1, 500);
        for (uint256 i = 128; i < 192; ++i) {
            code.proof[i] = e.codes[1].proof[i];
        }
        bytes32 taken = keccak256(slice(code.proof));
        code.verdict = signVerdict(verdictOf(STORED, taken, 42, 2, 1));
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__CodeAlreadyEnrolled.selector, taken, 2));
        registry.upgrade(42, code);
    }

    function slice(bytes memory proof) private pure returns (bytes memory part) {
        part = new bytes(64);
        for (uint256 i = 0; i < 64; ++i) {
            part[i] = proof[128 + i];
        }
    }

    function test_Upgrade_PutsTheLeafIntoTheUpcomingTree() public {
        inGrace();
        vm.assertFalse(registry.hasMember(2, 42));
        vm.prank(address(0xCAFE));
        registry.upgrade(42, upgradeOfGood(2, 1, 500));
        vm.assertTrue(registry.hasMember(2, 42));
        vm.assertEq(registry.codeOwner(2, commitmentOf(500)), 1);
        CodeEvidence memory again = upgradeOfGood(2, 1, 501);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__AlreadyUpgraded.selector, 1, 2));
        registry.upgrade(42, again);
    }

    function test_Upgrade_RevertWhen_TheModelIsNotLive() public {
        CodeEvidence memory code = upgradeOfGood(2, 1, 500);
        expect(err(IRegistryErrors.Registry__ModelNotLive.selector, 2));
        registry.upgrade(42, code);
        models.proposeModel(model());
        expect(err(IRegistryErrors.Registry__ModelNotLive.selector, 2));
        registry.upgrade(42, code);
        code.modelId = 0;
        expect(err(IRegistryErrors.Registry__ModelNotLive.selector, 0));
        registry.upgrade(42, code);
        vm.warp(NOW + DELAY_S + GRACE_S);
        code.modelId = 1;
        expect(err(IRegistryErrors.Registry__ModelNotLive.selector, 1));
        registry.upgrade(42, code);
    }

    function test_Upgrade_RevertWhen_TheCaptureIsNotTheStoredOne() public {
        inGrace();
        CodeEvidence memory code = codeOf(2, 201, 202, 500);
        code.verdict = signVerdict(verdictOf(STORED, commitmentOf(500), 42, 2, 1));
        (bool success, bytes memory reason) = address(registry).call(abi.encodeCall(registry.upgrade, (42, code)));
        vm.assertFalse(success);
        vm.assertTrue(bytes4(reason) == IRegistryErrors.Registry__CommitmentNotAttested.selector);
    }

    function test_Upgrade_RevertWhen_TheVerdictIsNotStored() public {
        inGrace();
        CodeEvidence memory code = upgradeOfGood(2, 1, 500);
        code.verdict = signVerdict(verdictOf(UNIQUE, commitmentOf(500), 42, 2, 1));
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictKindWrong.selector, UNIQUE, STORED));
        registry.upgrade(42, code);
        code.verdict = signVerdict(verdictOf(STORED, commitmentOf(500), 42, 2, 9));
        expect(
            abi.encodeWithSelector(IRegistryErrors.Registry__VerdictAboutAnother.selector, commitmentOf(500), 42, 2, 9)
        );
        registry.upgrade(42, code);
        expect(err(IRegistryErrors.Registry__IdentityNotEnrolled.selector, 43));
        registry.upgrade(43, code);
    }

    function test_AfterTheDeadline_WhoDidNotUpgradeIsOutUntilTheyDo() public {
        inGrace();
        registry.enroll(fresh(UNIQUE, 0, 43));
        vm.warp(NOW + DELAY_S + GRACE_S - 1);
        (uint32 group,, uint256 members,) = registry.snapshot();
        vm.assertEq(group, 1);
        vm.assertEq(members, 2);
        vm.warp(NOW + DELAY_S + GRACE_S);
        uint256 root;
        (group, root, members,) = registry.snapshot();
        vm.assertEq(group, 2);
        vm.assertEq(members, 1);
        vm.assertEq(root, 43);
        registry.upgrade(42, upgradeOfGood(2, 1, 500));
        (, root, members,) = registry.snapshot();
        vm.assertEq(members, 2);
        vm.assertTrue(registry.hasMember(registry.groupId(), 42));
    }

    function test_RootInfo_TheWindowStartsWhenARootIsReplaced() public {
        uint256 first = registry.recordRoot(1);
        assertRoot(first, true, 0);
        assertRoot(0, false, 0);
        assertRoot(7, false, 0);
        vm.warp(NOW + 50);
        registry.enroll(fresh(UNIQUE, 0, 43));
        assertRoot(first, true, 0); // nobody left: it lacks a newcomer, until the next is recorded
        assertRoot(registry.root(), false, 0);
        vm.warp(NOW + 100);
        uint256 second = registry.recordRoot(1);
        vm.assertEq(second, registry.root());
        assertRoot(first, true, NOW + 100);
        assertRoot(second, true, 0);
        inGrace();
        registry.enroll(fresh(UNIQUE, 0, 44)); // in both trees; its leaf is the other one's root
        registry.recordRoot(2);
        assertRoot(second, true, 0);
        uint256 last = registry.recordRoot(1);
        assertRoot(second, true, block.timestamp);
        assertRoot(44, false, 0);
        registry.enroll(fresh(UNIQUE, 0, 45)); // not recorded before the switch
        uint256 switched = NOW + 100 + DELAY_S + GRACE_S;
        vm.warp(switched - 1);
        assertRoot(last, true, 0);
        vm.warp(switched + 5);
        assertRoot(last, true, switched); // replaced by time, without a transaction
        assertRoot(44, true, 0);
        assertRoot(first, true, NOW + 100);
        // nobody records in a tree that is no group any more: that would make its last root young again
        expect(err(IRegistryErrors.Registry__ModelNotLive.selector, 1));
        registry.recordRoot(1);
    }

    function test_RootInfo_ARootIsReplacedAtOnceWhereALeafUnderItGoes() public {
        registry.enroll(fresh(UNIQUE, 0, 43));
        uint256 first = registry.recordRoot(1);
        vm.warp(NOW + 100);
        registry.leaveGroup(1, anyProof(), siblingOf(43));
        assertRoot(first, true, NOW + 100);
        assertRoot(registry.root(), false, 0);
        vm.warp(NOW + 200);
        (, uint256 second,,) = registry.snapshot();
        assertRoot(first, true, NOW + 100); // not again
        assertRoot(second, true, 0);
        registry.requestRecovery(2, fresh(SAME_PERSON, 2, NEW));
        vm.warp(NOW + 200 + WAIT_S);
        registry.completeRecovery(2, siblingOf(0));
        assertRoot(second, true, NOW + 200 + WAIT_S);
    }

    function test_RecordRoot_SaysWhatItRecordsAndOnlyWhatIsNew() public {
        registry.enroll(fresh(UNIQUE, 0, 43));
        uint256 root = registry.root();
        vm.expectEmit(address(registry));
        emit IRegistryGroup.RootRecorded(1, root, 2);
        vm.prank(address(0xCAFE));
        vm.assertEq(registry.recordRoot(1), root);
        uint256 start = gasleft();
        vm.assertEq(registry.recordRoot(1), root);
        (, uint256 taken, uint256 members, uint256 depth) = registry.snapshot();
        vm.assertTrue(start - gasleft() < 25_000); // less than a hash
        vm.assertEq(taken, root);
        vm.assertEq(members, 2);
        vm.assertEq(depth, 1);
        vm.assertEq(registry.depth(), 1);
    }

    function test_RecordRoot_RevertWhen_TheModelIsNotLive() public {
        for (uint32 id = 0; id < 4; id += 2) {
            expect(err(IRegistryErrors.Registry__ModelNotLive.selector, id));
            registry.recordRoot(id);
        }
        inGrace();
        vm.assertEq(registry.recordRoot(2), 0); // live, and nobody is in it
        assertRoot(0, false, 0);
    }

    function assertRoot(uint256 root, bool known, uint256 replacedAt) private view {
        (bool known_, uint64 replacedAt_) = registry.rootInfo(root);
        vm.assertTrue(known == known_);
        vm.assertEq(uint256(replacedAt_), replacedAt);
    }

    // ------------------------------------------------------------------------------------------- revoked stations

    function test_RevokedStation_ItsMembersStayForThePeriodAndBlockSnapshotsAfterIt() public {
        stations.revokeStation(station);
        vm.warp(NOW + REATTEST_S - 1);
        registry.snapshot();
        IIrisRegistry.Suspension[] memory list = new IIrisRegistry.Suspension[](1);
        list[0].recordId = 1;
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__StationNotOverdue.selector, station, NOW + REATTEST_S, block.timestamp
            )
        );
        registry.suspend(list);
        vm.warp(NOW + REATTEST_S);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__MembersOverdue.selector, station, 1));
        registry.snapshot();
        registry.suspend(list);
        registry.snapshot();
        vm.assertEq(registry.root(), 0);
        vm.assertFalse(registry.hasMember(1, 42));
        vm.assertEq(registry.membersOf(station), 0);
        expect(err(IRegistryErrors.Registry__RecordSuspended.selector, 1));
        registry.suspend(list);
    }

    function test_Suspend_RevertWhen_TheStationStands() public {
        IIrisRegistry.Suspension[] memory list = new IIrisRegistry.Suspension[](1);
        list[0].recordId = 1;
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationNotOverdue.selector, station, 0, NOW));
        registry.suspend(list);
        list[0].recordId = 9;
        expect(err(IRegistryErrors.Registry__RecordUnknown.selector, 9));
        registry.suspend(list);
    }

    function test_Suspend_RevertWhen_SiblingsAreWrong() public {
        registry.enroll(fresh(UNIQUE, 0, 43));
        overdue();
        (bool success, bytes memory reason) = trySuspend(1, siblingOf(44));
        vm.assertFalse(success);
        vm.assertTrue(bytes4(reason) == bytes4(keccak256("WrongSiblingNodes()")));
        (success, reason) = trySuspend(1, none());
        vm.assertFalse(success);
        suspendOne(1, siblingOf(43));
        suspendOne(2, siblingOf(0));
    }

    function trySuspend(uint64 recordId, IIrisRegistry.Siblings memory siblings) private returns (bool, bytes memory) {
        IIrisRegistry.Suspension[] memory list = new IIrisRegistry.Suspension[](1);
        list[0] = IIrisRegistry.Suspension(recordId, siblings);
        return address(registry).call(abi.encodeCall(registry.suspend, (list)));
    }

    function test_SettleStations_ForgetsEmptiedStationsOnly() public {
        Enrollment memory e = fresh(UNIQUE, 0, 43);
        sign(e, OTHER_STATION_KEY);
        registry.enroll(e);
        overdue();
        stations.revokeStation(otherStation);
        registry.settleStations(5);
        vm.assertEq(registry.settledStations(), 0);
        suspendOne(1, siblingOf(43));
        registry.settleStations(0);
        vm.assertEq(registry.settledStations(), 0);
        registry.settleStations(5);
        vm.assertEq(registry.settledStations(), 1);
        registry.snapshot(); // the second one's members have time
        vm.warp(block.timestamp + REATTEST_S);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__MembersOverdue.selector, otherStation, 1));
        registry.snapshot();
    }

    function test_Reattest_MovesToAnotherStationAndEndsASuspension() public {
        overdue();
        suspendOne(1, none());
        Enrollment memory e = fresh(SAME_PERSON, 1, 42);
        sign(e, OTHER_STATION_KEY);
        registry.reattest(e);
        IIrisRegistry.Record memory r = registry.recordById(1);
        vm.assertTrue(r.status == IIrisRegistry.Status.Active);
        vm.assertEq(r.station, otherStation);
        vm.assertEq(r.commitmentsRoot, e.capture.commitmentsRoot);
        vm.assertTrue(registry.hasMember(1, 42));
        vm.assertEq(registry.membersOf(otherStation), 1);
        vm.assertEq(registry.membersOf(station), 0);
        registry.snapshot();
    }

    function test_Reattest_OfAnActiveMemberKeepsTheOneLeaf() public {
        Enrollment memory e = fresh(SAME_PERSON, 1, 42);
        sign(e, OTHER_STATION_KEY);
        registry.reattest(e);
        vm.assertEq(registry.size(), 1);
        vm.assertEq(registry.membersOf(station), 0);
        vm.assertEq(registry.membersOf(otherStation), 1);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__NonceUsed.selector, otherStation, e.capture.nonce));
        registry.reattest(e);
    }

    function test_Reattest_RevertWhen_NotTheSamePersonOrNobody() public {
        Enrollment memory e = fresh(STORED, 1, 42);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictKindWrong.selector, STORED, SAME_PERSON));
        registry.reattest(e);
        e = fresh(SAME_PERSON, 1, 43);
        expect(err(IRegistryErrors.Registry__IdentityNotEnrolled.selector, 43));
        registry.reattest(e);
    }

    function test_Upgrade_RevertWhen_SuspendedOrOverdue() public {
        inGrace();
        overdue();
        CodeEvidence memory code = upgradeOfGood(2, 1, 500);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationRevoked.selector, station, NOW + DELAY_S));
        registry.upgrade(42, code);
        suspendOne(1, none());
        expect(err(IRegistryErrors.Registry__RecordSuspended.selector, 1));
        registry.upgrade(42, code);
    }

    // -------------------------------------------------------------------------------------------------------- recovery

    function test_Recovery_ReplacesTheLeafAfterTheWait() public {
        registry.enroll(fresh(UNIQUE, 0, 43));
        Enrollment memory e = fresh(SAME_PERSON, 1, NEW);
        registry.requestRecovery(1, e);
        vm.assertTrue(registry.hasMember(1, 42) && !registry.hasMember(1, NEW));
        expect(err(IRegistryErrors.Registry__IdentityNotEnrolled.selector, NEW));
        registry.recordIdOf(NEW);
        vm.warp(NOW + WAIT_S - 1);
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__RecoveryNotReady.selector, 1, NOW + WAIT_S, block.timestamp
            )
        );
        registry.completeRecovery(1, siblingOf(43));
        vm.warp(NOW + WAIT_S);
        registry.completeRecovery(1, siblingOf(43));
        vm.assertTrue(!registry.hasMember(1, 42) && registry.hasMember(1, NEW));
        vm.assertEq(registry.size(), 2);
        vm.assertEq(registry.recordIdOf(NEW), 1);
        expect(err(IRegistryErrors.Registry__IdentityNotEnrolled.selector, 42));
        registry.recordIdOf(42);
        vm.assertEq(uint256(registry.recordById(1).rotatedAt), NOW + WAIT_S);
        vm.assertEq(registry.membersOf(station), 2);
        expect(err(IRegistryErrors.Registry__RecoveryAbsent.selector, 1));
        registry.completeRecovery(1, siblingOf(43));
        // and the old identity never comes back
        e = fresh(UNIQUE, 0, 42);
        expect(err(IRegistryErrors.Registry__IdentityAlreadyEnrolled.selector, 42));
        registry.enroll(e);
        e = fresh(SAME_PERSON, 1, 42);
        expect(err(IRegistryErrors.Registry__IdentityAlreadyEnrolled.selector, 42));
        registry.requestRecovery(1, e);
    }

    function test_Recovery_TheOldIdentityCanCancel() public {
        registry.requestRecovery(1, fresh(SAME_PERSON, 1, NEW));
        uint256 scope = registry.cancelScope(1);
        membership.set(false);
        expect(err(IRegistryErrors.Registry__IdentityProofInvalid.selector, 42));
        registry.cancelRecovery(1, anyProof());
        membership.set(true);
        registry.cancelRecovery(1, anyProof());
        expect(err(IRegistryErrors.Registry__RecoveryAbsent.selector, 1));
        registry.cancelRecovery(1, anyProof());
        vm.warp(NOW + WAIT_S);
        expect(err(IRegistryErrors.Registry__RecoveryAbsent.selector, 1));
        registry.completeRecovery(1, none());
        // the proof of this cancellation does not cancel the next request
        registry.requestRecovery(1, fresh(SAME_PERSON, 1, NEW + 1));
        vm.assertTrue(registry.cancelScope(1) != scope);
    }

    function test_Recovery_TheCancellationIsOverThePublicNumbers() public {
        registry.requestRecovery(1, fresh(SAME_PERSON, 1, NEW));
        SemaphoreProof memory proof = anyProof();
        proof.nullifier = 99;
        registry.cancelRecovery(1, proof);
        uint256[4] memory expected = [uint256(42), 99, SemaphoreProofs.hashToField(0), SemaphoreProofs.hashToField(0)];
        proof.nullifier = Bn254.SCALAR_FIELD;
        registry.requestRecovery(1, fresh(SAME_PERSON, 1, NEW + 1));
        expect(err(SemaphoreProofs.Semaphore__NullifierNotCanonical.selector, Bn254.SCALAR_FIELD));
        registry.cancelRecovery(1, proof);
        proof.nullifier = 99;
        expected[3] = SemaphoreProofs.hashToField(registry.cancelScope(1));
        membership.onlyFor(expected);
        registry.cancelRecovery(1, proof);
    }

    function test_RequestRecovery_RevertWhen_OneIsPending() public {
        registry.requestRecovery(1, fresh(SAME_PERSON, 1, NEW));
        Enrollment memory e = fresh(SAME_PERSON, 1, NEW + 1);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__RecoveryPending.selector, 1, NOW + WAIT_S));
        registry.requestRecovery(1, e);
        // unless its station was revoked, which also keeps it from being completed
        sign(e, OTHER_STATION_KEY);
        stations.revokeStation(station);
        vm.warp(NOW + WAIT_S);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationRevoked.selector, station, NOW));
        registry.completeRecovery(1, none());
        e = fresh(SAME_PERSON, 1, NEW + 1);
        sign(e, OTHER_STATION_KEY);
        registry.requestRecovery(1, e);
    }

    function test_RequestRecovery_RevertWhen_NotTheSamePersonOrNoRecord() public {
        Enrollment memory e = fresh(UNIQUE, 1, NEW);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictKindWrong.selector, UNIQUE, SAME_PERSON));
        registry.requestRecovery(1, e);
        registry.enroll(fresh(UNIQUE, 0, 43));
        e = fresh(SAME_PERSON, 2, NEW);
        (bool success, bytes memory reason) = address(registry).call(abi.encodeCall(registry.requestRecovery, (1, e)));
        vm.assertFalse(success);
        vm.assertTrue(bytes4(reason) == IRegistryErrors.Registry__VerdictAboutAnother.selector);
        expect(err(IRegistryErrors.Registry__RecordUnknown.selector, 9));
        registry.requestRecovery(9, e);
    }

    function test_Recovery_InGraceReplacesBothLeaves() public {
        inGrace();
        registry.upgrade(42, upgradeOfGood(2, 1, 500));
        registry.requestRecovery(1, fresh(SAME_PERSON, 1, NEW));
        vm.warp(block.timestamp + WAIT_S);
        registry.completeRecovery(1, none());
        vm.assertTrue(registry.hasMember(1, NEW) && registry.hasMember(2, NEW));
        vm.assertTrue(!registry.hasMember(1, 42) && !registry.hasMember(2, 42));
    }

    function test_Recovery_AModelThatCameMeanwhileHasNoLeafUntilTheUpgrade() public {
        models.proposeModel(model());
        vm.warp(NOW + DELAY_S - 1);
        registry.requestRecovery(1, fresh(SAME_PERSON, 1, NEW));
        vm.warp(NOW + DELAY_S);
        registry.upgrade(42, upgradeOfGood(2, 1, 500));
        vm.warp(NOW + DELAY_S + WAIT_S);
        registry.completeRecovery(1, none());
        vm.assertTrue(registry.hasMember(1, NEW));
        vm.assertTrue(!registry.hasMember(2, 42) && !registry.hasMember(2, NEW));
        vm.assertTrue(!registry.hasMember(1, 42));
    }

    function test_Recovery_OfASuspendedRecordBringsItBack() public {
        overdue();
        suspendOne(1, none());
        Enrollment memory e = fresh(SAME_PERSON, 1, NEW);
        sign(e, OTHER_STATION_KEY);
        registry.requestRecovery(1, e);
        vm.warp(block.timestamp + WAIT_S);
        registry.completeRecovery(1, none());
        vm.assertTrue(registry.hasMember(1, NEW));
        vm.assertEq(registry.membersOf(otherStation), 1);
        vm.assertEq(registry.membersOf(station), 0);
    }

    // ------------------------------------------------------------- a member without a leaf under the upcoming model

    function modelsWrong(uint32 given, uint32 upcoming) private pure returns (bytes memory) {
        uint32[] memory one = new uint32[](1);
        one[0] = given;
        return abi.encodeWithSelector(IRegistryErrors.Registry__ModelsWrong.selector, one, 1, upcoming);
    }

    function storedCode(uint32 id, uint256 identity, uint256 texture, uint256 code)
        private
        view
        returns (CodeEvidence memory c)
    {
        c = codeOf(id, texture, texture + 1, code);
        c.verdict = signVerdict(verdictOf(STORED, commitmentOf(code), identity, id, 1));
    }

    function test_LeftOut_RevertWhen_TheMemberHasALeafThere() public {
        inGrace();
        registry.upgrade(42, upgradeOfGood(2, 1, 500));
        Enrollment memory e = leftOut(fresh(SAME_PERSON, 1, NEW));
        expect(modelsWrong(1, 2));
        registry.requestRecovery(1, e);
        e = leftOut(fresh(SAME_PERSON, 1, 42));
        expect(modelsWrong(1, 2));
        registry.reattest(e);
    }

    function test_LeftOut_RevertWhen_ItIsTheGroups() public {
        inGrace();
        Enrollment memory e = withCode(fresh(SAME_PERSON, 1, NEW), 1);
        expect(modelsWrong(2, 0));
        registry.requestRecovery(1, e);
        e = withCode(fresh(SAME_PERSON, 1, 42), 1);
        expect(modelsWrong(2, 0));
        registry.reattest(e);
        e.codes = new CodeEvidence[](0);
        bytes memory nothing =
            abi.encodeWithSelector(IRegistryErrors.Registry__ModelsWrong.selector, new uint32[](0), 1, 2);
        expect(nothing);
        registry.reattest(e);
        e.capture.identityCommitment = NEW;
        expect(nothing);
        registry.requestRecovery(1, e);
    }

    function test_LeftOut_RevertWhen_OneEnrols() public {
        inGrace();
        Enrollment memory e = leftOut(fresh(UNIQUE, 0, 43));
        expect(modelsWrong(1, 2));
        registry.enroll(e);
    }

    function test_LeftOut_RevertWhen_ItIsGivenAndTheVerdictIsNotSamePerson() public {
        inGrace();
        Enrollment memory e = fresh(SAME_PERSON, 1, NEW);
        e.codes[1].verdict = fresh(STORED, 1, NEW).codes[1].verdict;
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictKindWrong.selector, STORED, SAME_PERSON));
        registry.requestRecovery(1, e);
        e = fresh(SAME_PERSON, 1, 42);
        e.codes[1].verdict = fresh(STORED, 1, 42).codes[1].verdict;
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictKindWrong.selector, STORED, SAME_PERSON));
        registry.reattest(e);
    }

    function test_LeftOut_ARecoveryRemovesTheLeafThatCameMeanwhileAndTheNewIdentityUpgrades() public {
        inGrace();
        registry.requestRecovery(1, leftOut(evidenceOf(SAME_PERSON, 1, NEW, 201, 202, 203)));
        vm.assertEq(uint256(registry.recoveryOf(1).group), 1);
        vm.assertEq(uint256(registry.recoveryOf(1).upcoming), 0);
        registry.upgrade(42, upgradeOfGood(2, 1, 500));
        registry.enroll(fresh(UNIQUE, 0, 43));
        vm.warp(block.timestamp + WAIT_S);
        // the removal proves the leaf
        (bool success, bytes memory reason) =
            address(registry).call(abi.encodeCall(registry.completeRecovery, (1, siblingOf(43))));
        vm.assertFalse(success);
        vm.assertTrue(bytes4(reason) == bytes4(keccak256("WrongSiblingNodes()")));
        registry.completeRecovery(1, sameInBoth(43));
        vm.assertTrue(registry.hasMember(1, NEW) && !registry.hasMember(1, 42));
        vm.assertTrue(!registry.hasMember(2, NEW) && !registry.hasMember(2, 42));
        vm.assertEq(registry.getMerkleTreeSize(1), 2);
        CodeEvidence memory code = storedCode(2, NEW, 101, 501); // of the capture before
        (success, reason) = address(registry).call(abi.encodeCall(registry.upgrade, (NEW, code)));
        vm.assertFalse(success);
        vm.assertTrue(bytes4(reason) == IRegistryErrors.Registry__CommitmentNotAttested.selector);
        registry.upgrade(NEW, storedCode(2, NEW, 201, 502));
        vm.assertTrue(registry.hasMember(2, NEW));
    }

    function test_LeftOut_ARecoveryCompletesWhereNoLeafCame() public {
        inGrace();
        registry.requestRecovery(1, leftOut(fresh(SAME_PERSON, 1, NEW)));
        vm.warp(block.timestamp + WAIT_S);
        registry.completeRecovery(1, none());
        vm.assertTrue(registry.hasMember(1, NEW) && !registry.hasMember(1, 42));
        vm.assertEq(registry.getMerkleTreeSize(2), 0);
    }

    function test_LeftOut_ARecoveryOutlivesTheGraceAndAThirdModel() public {
        inGrace();
        registry.requestRecovery(1, leftOut(evidenceOf(SAME_PERSON, 1, NEW, 201, 202, 203)));
        registry.upgrade(42, upgradeOfGood(2, 1, 500));
        vm.warp(block.timestamp + GRACE_S);
        vm.assertEq(registry.groupId(), 2);
        models.proposeModel(model());
        vm.warp(block.timestamp + DELAY_S);
        registry.upgrade(42, upgradeOfGood(3, 1, 501));
        registry.completeRecovery(1, none());
        for (uint32 id = 2; id < 4; ++id) {
            vm.assertTrue(!registry.hasMember(id, 42) && !registry.hasMember(id, NEW));
            registry.upgrade(NEW, storedCode(id, NEW, 201, 600 + id));
            vm.assertTrue(registry.hasMember(id, NEW));
        }
    }

    function test_LeftOut_AReattestationBringsNoLeafThere() public {
        inGrace();
        Enrollment memory e = leftOut(evidenceOf(SAME_PERSON, 1, 42, 201, 202, 203));
        sign(e, OTHER_STATION_KEY);
        registry.reattest(e);
        vm.assertEq(registry.recordById(1).station, otherStation);
        vm.assertTrue(registry.hasMember(1, 42) && !registry.hasMember(2, 42));
        CodeEvidence memory code = upgradeOfGood(2, 1, 500); // of the capture before
        (bool success, bytes memory reason) = address(registry).call(abi.encodeCall(registry.upgrade, (42, code)));
        vm.assertFalse(success);
        vm.assertTrue(bytes4(reason) == IRegistryErrors.Registry__CommitmentNotAttested.selector);
        registry.upgrade(42, storedCode(2, 42, 201, 501));
        vm.assertTrue(registry.hasMember(2, 42));
    }

    /// @dev Suspended before the grace period or in it, renewed or not: a suspended record has no leaf.
    function test_LeftOut_ASuspendedRecordComesBackInTheGroup() public {
        inGrace();
        registry.upgrade(42, upgradeOfGood(2, 1, 500));
        registry.requestRecovery(1, fresh(SAME_PERSON, 1, NEW)); // its station is revoked: it gives way
        overdue();
        suspendOne(1, none());
        Enrollment memory e = leftOut(evidenceOf(SAME_PERSON, 1, NEW + 1, 201, 202, 203));
        sign(e, OTHER_STATION_KEY);
        registry.requestRecovery(1, e);
        e = leftOut(fresh(SAME_PERSON, 1, 42));
        sign(e, OTHER_STATION_KEY);
        registry.reattest(e);
        vm.assertTrue(registry.hasMember(1, 42) && !registry.hasMember(2, 42));
        vm.warp(block.timestamp + WAIT_S);
        registry.completeRecovery(1, siblingOf(0)); // the place of the suspension
        vm.assertTrue(registry.hasMember(1, NEW + 1) && !registry.hasMember(1, 42));
        vm.assertTrue(!registry.hasMember(2, NEW + 1) && !registry.hasMember(2, 42));
        vm.assertEq(registry.membersOf(otherStation), 1);
        registry.upgrade(NEW + 1, storedCode(2, NEW + 1, 201, 501));
    }

    // --------------------------------------------------------------------------------------------------------- leaving

    function test_Leave_RemovesTheLeafAndErasureIsRecordedOnce() public {
        registry.enroll(fresh(UNIQUE, 0, 43));
        membership.set(false);
        expect(err(IRegistryErrors.Registry__IdentityProofInvalid.selector, 42));
        registry.leaveGroup(1, anyProof(), siblingOf(43));
        membership.set(true);
        bytes memory erased = signVerdict(verdictOf(ERASED, 0, 42, 0, 1));
        expect(err(IRegistryErrors.Registry__RecordNotLeft.selector, 1));
        registry.confirmErased(1, erased);
        registry.leaveGroup(1, anyProof(), siblingOf(43));
        vm.assertFalse(registry.hasMember(1, 42));
        vm.assertEq(registry.membersOf(station), 1);
        expect(err(IRegistryErrors.Registry__RecordLeft.selector, 1));
        registry.leaveGroup(1, anyProof(), siblingOf(43));
        bytes memory stored = signVerdict(verdictOf(STORED, 0, 42, 0, 1));
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictKindWrong.selector, STORED, ERASED));
        registry.confirmErased(1, stored);
        registry.confirmErased(1, erased);
        vm.assertTrue(registry.recordById(1).status == IIrisRegistry.Status.Erased);
        expect(err(IRegistryErrors.Registry__RecordNotLeft.selector, 1));
        registry.confirmErased(1, erased);
    }

    function test_Leave_InGraceRemovesBothLeaves() public {
        inGrace();
        registry.upgrade(42, upgradeOfGood(2, 1, 500));
        registry.enroll(fresh(UNIQUE, 0, 43));
        registry.leaveGroup(1, anyProof(), sameInBoth(43));
        vm.assertTrue(!registry.hasMember(1, 42) && !registry.hasMember(2, 42));
    }

    function test_Leave_EndsAPendingRecoveryAndEverythingElse() public {
        registry.requestRecovery(1, fresh(SAME_PERSON, 1, NEW));
        registry.leaveGroup(1, anyProof(), none());
        vm.warp(NOW + WAIT_S);
        expect(err(IRegistryErrors.Registry__RecoveryAbsent.selector, 1));
        registry.completeRecovery(1, none());
        bytes memory left = err(IRegistryErrors.Registry__RecordLeft.selector, 1);
        Enrollment memory e = fresh(SAME_PERSON, 1, NEW + 1);
        expect(left);
        registry.requestRecovery(1, e);
        e = fresh(SAME_PERSON, 1, 42);
        expect(left);
        registry.reattest(e);
        CodeEvidence memory code = upgradeOfGood(1, 1, 500);
        expect(left);
        registry.upgrade(42, code);
        IIrisRegistry.Suspension[] memory list = new IIrisRegistry.Suspension[](1);
        list[0].recordId = 1;
        expect(left);
        registry.suspend(list);
    }

    function test_Leave_ThePersonComesBackAsANewRecordOnly() public {
        registry.leaveGroup(1, anyProof(), none());
        Enrollment memory e = fresh(UNIQUE, 0, 42);
        expect(err(IRegistryErrors.Registry__IdentityAlreadyEnrolled.selector, 42));
        registry.enroll(e);
        vm.assertEq(registry.enroll(fresh(UNIQUE, 0, 43)), 2);
        e = enrollmentOf(44, 101, 102, 103); // the code that left
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__CodeAlreadyEnrolled.selector, commitmentOf(103), 1));
        registry.enroll(e);
    }

    function test_Scopes_DifferByRecordAndPurpose() public view {
        vm.assertTrue(registry.leaveScope(1) != registry.leaveScope(2));
        vm.assertTrue(registry.leaveScope(1) != registry.cancelScope(1));
        vm.assertTrue(registry.cancelScope(1) != registry.cancelScope(2));
    }

    function test_Groups_OfUnknownModelsAreUnknown() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 id = i == 0 ? 0 : 2;
            expect(err(IRegistryErrors.Registry__GroupUnknown.selector, id));
            registry.getMerkleTreeRoot(id);
            expect(err(IRegistryErrors.Registry__GroupUnknown.selector, id));
            registry.getMerkleTreeDepth(id);
            expect(err(IRegistryErrors.Registry__GroupUnknown.selector, id));
            registry.getMerkleTreeSize(id);
            expect(err(IRegistryErrors.Registry__GroupUnknown.selector, id));
            registry.hasMember(id, 42);
            expect(err(IRegistryErrors.Registry__GroupUnknown.selector, id));
            registry.indexOf(id, 42);
            expect(err(IRegistryErrors.Registry__GroupUnknown.selector, id));
            registry.getGroupAdmin(id);
        }
        vm.assertEq(registry.getGroupAdmin(1), address(0));
        vm.assertEq(registry.getMerkleTreeRoot(1), 42);
        vm.assertEq(registry.getMerkleTreeSize(1), 1);
        vm.assertEq(registry.getMerkleTreeDepth(1), 0);
        vm.assertEq(registry.indexOf(1, 42), 0);
    }
}
