// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {IrisPolls} from "../src/IrisPolls.sol";
import {Personhood} from "../src/Personhood.sol";
import {Enrollment} from "../src/Types.sol";
import {IIrisPolls} from "../src/interfaces/IIrisPolls.sol";
import {IIrisRegistry} from "../src/interfaces/IIrisRegistry.sol";
import {IRegistryGroup} from "../src/interfaces/IRegistryGroup.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

/// @dev What our own code costs, to the unit: proofs are verified by stubs, proofs are short, and neither the transaction's
///      base cost nor its data is in it. forge compares with snapshots/GasTest.json and fails on any difference; write it
///      again with `python -m registry_contract.forge test --match-contract GasTest --gas-snapshot-check=false`.
contract GasTest is RegistryFixture {
    /// @dev Of the mapping of trees, by the committed storage layout.
    uint256 private constant TREES_SLOT = 2;

    IrisPolls private _polls;
    Personhood private _personhood;

    function setUp() public override {
        super.setUp();
        registry.enroll(good());
        IRegistryGroup group = IRegistryGroup(address(registry));
        _polls = new IrisPolls(group, ISemaphoreVerifier(address(membership)));
        _personhood = new Personhood(group, ISemaphoreVerifier(address(membership)));
        _polls.createPoll(draft(IIrisPolls.Kind.Single, 2));
    }

    function draft(IIrisPolls.Kind kind, uint256 options) private pure returns (IIrisPolls.PollDraft memory) {
        return IIrisPolls.PollDraft(kind, "tea or coffee?", new string[](options), 0, type(uint64).max, 0);
    }

    function vote(uint256 pollId, uint256 choice, uint256 sequence, uint256 nullifier) private {
        IIrisPolls.Ballot memory b;
        (b.choice, b.sequence, b.nullifier) = (choice, sequence, nullifier);
        _polls.castVote(pollId, b);
    }

    function test_Gas_OfMembers() public {
        Enrollment memory e = enrollmentOf(43, 201, 202, 203);
        registry.enroll(e);
        vm.snapshotGasLastCall("enroll");
        e = fresh(SAME_PERSON, 1, 42);
        registry.reattest(e);
        vm.snapshotGasLastCall("reattest");
        e = fresh(SAME_PERSON, 1, 44);
        registry.requestRecovery(1, e);
        vm.snapshotGasLastCall("request_recovery");
        vm.warp(block.timestamp + WAIT_S);
        IIrisRegistry.Siblings memory siblings;
        siblings.group = new uint256[](1);
        siblings.group[0] = 43;
        registry.completeRecovery(1, siblings);
        vm.snapshotGasLastCall("complete_recovery");
        registry.leaveGroup(1, anyProof(), siblings);
        vm.snapshotGasLastCall("leave_group");
        bytes memory verdict = signVerdict(verdictOf(ERASED, 0, 44, 0, 1));
        registry.confirmErased(1, verdict);
        vm.snapshotGasLastCall("confirm_erased");
    }

    /// @dev A tree of `size` leaves whose waiting nodes are any numbers: what costs the same as with a million members.
    function plantTree(uint256 size) private {
        uint256 base = uint256(keccak256(abi.encode(uint256(1), TREES_SLOT)));
        vm.store(address(registry), bytes32(base), bytes32(size));
        for (uint256 place = 0; place < 50; ++place) {
            vm.store(address(registry), keccak256(abi.encode(place, base + 2)), bytes32(place + 1));
        }
    }

    /// @dev The dearest there is below 2^21 members: an insertion that stores a leaf and makes a node, and a root of 19 hashes.
    function test_Gas_OfMembersBeyondAMillion() public {
        plantTree(1 << 20);
        Enrollment memory e = enrollmentOf(43, 201, 202, 203);
        registry.enroll(e);
        vm.snapshotGasLastCall("enroll_beyond_a_million");
        plantTree((1 << 20) - 1);
        registry.recordRoot(1);
        vm.snapshotGasLastCall("record_root_of_a_million");
    }

    function test_Gas_OfPolls() public {
        _polls.createPoll(draft(IIrisPolls.Kind.Single, 2));
        vm.snapshotGasLastCall("create_poll");
        _polls.createPoll(draft(IIrisPolls.Kind.Approval, 64));
        vm.snapshotGasLastCall("create_poll_of_64_options");
        vote(2, 0, 0, 1);
        vm.snapshotGasLastCall("first_vote_of_a_poll");
        vote(2, 1, 0, 2);
        vm.snapshotGasLastCall("first_vote");
        vote(2, 0, 1, 2);
        vm.snapshotGasLastCall("replaced_vote");
        vote(3, type(uint64).max, 0, 1);
        vm.snapshotGasLastCall("approval_of_64_options");
        vote(3, 0, 1, 1);
        vm.snapshotGasLastCall("approval_of_64_options_taken_back");
        _polls.createPoll(draft(IIrisPolls.Kind.Ranked, 64));
        IIrisPolls.RankedBallot memory ranked;
        (ranked.ranking, ranked.nullifier) = (new bytes(64), 1);
        for (uint256 i = 0; i < 64; ++i) {
            ranked.ranking[i] = bytes1(uint8(i));
        }
        _polls.castRanking(4, ranked);
        vm.snapshotGasLastCall("ranking_of_64_options");
    }

    function test_Gas_OfPersonhood() public {
        _personhood.openAction("once");
        vm.snapshotGasLastCall("open_action");
        _personhood.consume("once", "signal", anyProof());
        vm.snapshotGasLastCall("consume");
    }
}
