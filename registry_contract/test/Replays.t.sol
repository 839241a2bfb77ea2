// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {IrisPolls} from "../src/IrisPolls.sol";
import {Enrollment} from "../src/Types.sol";
import {IIrisPolls} from "../src/interfaces/IIrisPolls.sol";
import {IRegistryErrors} from "../src/interfaces/IRegistryErrors.sol";
import {IRegistryGroup} from "../src/interfaces/IRegistryGroup.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

/// @dev Good evidence at the wrong door, at the wrong time, or for somebody else.
contract ReplaysTest is RegistryFixture {
    uint256 private constant NEW = 77;

    function setUp() public override {
        super.setUp();
        registry.enroll(good());
    }

    function test_Evidence_ServesTheFlowThatItIsForAlone() public {
        Enrollment memory forEnrolling = fresh(UNIQUE, 0, NEW + 1);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictKindWrong.selector, UNIQUE, SAME_PERSON));
        registry.requestRecovery(1, forEnrolling);

        Enrollment memory forAttesting = fresh(SAME_PERSON, 1, 42);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__IdentityAlreadyEnrolled.selector, 42));
        registry.requestRecovery(1, forAttesting);

        Enrollment memory forRecovering = fresh(SAME_PERSON, 1, NEW);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictKindWrong.selector, SAME_PERSON, UNIQUE));
        registry.enroll(forRecovering);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__IdentityNotEnrolled.selector, NEW));
        registry.reattest(forRecovering);
        registry.requestRecovery(1, forRecovering);
        // pending: the new identity is nobody's yet
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__IdentityNotEnrolled.selector, NEW));
        registry.reattest(forRecovering);
        vm.warp(block.timestamp + WAIT_S);
        registry.completeRecovery(1, none());
        // done: too old by now, and used before that
        vm.warp(NOW);
        bytes32 nonce = forRecovering.capture.nonce;
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__NonceUsed.selector, station, nonce));
        registry.reattest(forRecovering);
    }

    function test_Reattest_RevertWhen_TheVerdictIsOfAnothersRecord() public {
        registry.enroll(fresh(UNIQUE, 0, 43));
        // a capture of the person of record 2, for the identity of record 1
        Enrollment memory e = fresh(SAME_PERSON, 2, 42);
        (bool success, bytes memory reason) = address(registry).call(abi.encodeCall(registry.reattest, (e)));
        vm.assertFalse(success);
        vm.assertTrue(bytes4(reason) == IRegistryErrors.Registry__VerdictAboutAnother.selector);
    }

    function test_EvidenceFromBeforeLeaving_DoesNotBringTheRecordBack() public {
        Enrollment memory forRecovering = fresh(SAME_PERSON, 1, NEW);
        Enrollment memory forAttesting = fresh(SAME_PERSON, 1, 42);
        registry.leaveGroup(1, anyProof(), none());
        bytes memory left = abi.encodeWithSelector(IRegistryErrors.Registry__RecordLeft.selector, 1);
        expect(left);
        registry.requestRecovery(1, forRecovering);
        expect(left);
        registry.reattest(forAttesting);
    }

    /// @dev All in one block: what was before the poll counts, what comes after it does not.
    function test_Snapshot_IsOfTheMomentWithinABlock() public {
        IrisPolls polls = new IrisPolls(IRegistryGroup(address(registry)), ISemaphoreVerifier(address(membership)));
        registry.enroll(fresh(UNIQUE, 0, 43));
        uint256 before = registry.root();
        IIrisPolls.PollDraft memory draft =
            IIrisPolls.PollDraft(IIrisPolls.Kind.Single, "q", new string[](2), 0, type(uint64).max, 0);
        uint256 pollId = polls.createPoll(draft);
        registry.enroll(fresh(UNIQUE, 0, 44));
        vm.assertEq(polls.pollOf(pollId).snapshotRoot, before);
        vm.assertTrue(registry.root() != before);
    }

    /// @dev Revoking empty stations makes snapshots dearer by a bounded sum each, until anybody settles them.
    function test_Snapshot_ManyRevokedStationsDoNotStopIt() public {
        for (uint160 i = 1; i <= 200; ++i) {
            stations.addStation(address(i << 80));
            stations.revokeStation(address(i << 80));
        }
        uint256 start = gasleft();
        registry.snapshot();
        vm.assertTrue(start - gasleft() < 200 * 10_000);
        registry.settleStations(type(uint256).max);
        vm.assertEq(registry.settledStations(), 200);
        start = gasleft();
        registry.snapshot();
        vm.assertTrue(start - gasleft() < 20_000);
    }
}
