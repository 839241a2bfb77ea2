// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {IIrisPolls} from "../src/interfaces/IIrisPolls.sol";
import {IRegistryGroup} from "../src/interfaces/IRegistryGroup.sol";
import {IrisPolls} from "../src/IrisPolls.sol";
import {TestBase} from "./Cheats.sol";
import {StubGroup, StubSemaphoreVerifier} from "./Stubs.sol";

/// @dev Approval and ranked polls, and quorum.
contract PollKindsTest is TestBase {
    StubSemaphoreVerifier private _verifier;
    StubGroup private _group;
    IrisPolls private _polls;

    function setUp() public {
        vm.warp(1000);
        (_group, _verifier) = (new StubGroup(), new StubSemaphoreVerifier());
        _polls = new IrisPolls(IRegistryGroup(address(_group)), ISemaphoreVerifier(address(_verifier)));
    }

    function open(IIrisPolls.Kind kind, uint256 options, uint32 quorum) private returns (uint256) {
        return _polls.createPoll(IIrisPolls.PollDraft(kind, "q", new string[](options), 0, 2000, quorum));
    }

    function cast(uint256 pollId, uint256 choice, uint256 sequence, uint256 nullifier) private {
        IIrisPolls.Ballot memory b;
        (b.choice, b.sequence, b.nullifier) = (choice, sequence, nullifier);
        _polls.castVote(pollId, b);
    }

    function rank(uint256 pollId, bytes memory ranking, uint256 sequence, uint256 nullifier) private {
        IIrisPolls.RankedBallot memory b;
        (b.ranking, b.sequence, b.nullifier) = (ranking, sequence, nullifier);
        _polls.castRanking(pollId, b);
    }

    function test_CreatePoll_RevertWhen_TheRootIsZero() public {
        _group.set(0, 3, 2); // all three removed, say
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__GroupEmpty.selector));
        open(IIrisPolls.Kind.Single, 2, 0);
    }

    /// @dev Each bit of each ballot counts once for its option, whatever came before.
    function testFuzz_Approval_TheTallyIsTheSumOfTheLastBallots(uint64[6] calldata choices, uint256 options) public {
        options = within(options, 2, 64);
        uint256 pollId = open(IIrisPolls.Kind.Approval, options, 0);
        uint256 all = (1 << options) - 1;
        for (uint256 i = 0; i < 6; ++i) {
            cast(pollId, choices[i] & all, i / 3, i % 3); // three voters, two ballots each
        }
        uint256[] memory votes = _polls.tally(pollId);
        vm.assertEq(votes.length, options);
        for (uint256 option = 0; option < options; ++option) {
            uint256 expected = 0;
            for (uint256 i = 3; i < 6; ++i) {
                expected += (choices[i] >> option) & 1;
            }
            vm.assertEq(votes[option], expected);
        }
        vm.assertEq(uint256(_polls.pollOf(pollId).voters), 3);
    }

    function test_Approval_ChoiceBoundaries() public {
        uint256 pollId = open(IIrisPolls.Kind.Approval, 64, 0);
        cast(pollId, type(uint64).max, 0, 1);
        cast(pollId, 0, 0, 2);
        vm.assertEq(_polls.tally(pollId)[63], 1);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__ChoiceOutOfRange.selector, pollId, 1 << 64, 64));
        cast(pollId, 1 << 64, 0, 3);
        uint256 small = open(IIrisPolls.Kind.Approval, 3, 0);
        cast(small, 7, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__ChoiceOutOfRange.selector, small, 8, 3));
        cast(small, 8, 0, 2);
    }

    function test_Single_OptionsInEverySlotAreCounted() public {
        uint256 pollId = open(IIrisPolls.Kind.Single, 64, 0);
        for (uint256 option = 0; option < 64; ++option) {
            cast(pollId, option, 0, option + 1);
            cast(pollId, 63, 0, option + 100);
            cast(pollId, 0, 1, option + 100);
        }
        uint256[] memory votes = _polls.tally(pollId);
        vm.assertEq(votes[0], 65);
        for (uint256 option = 1; option < 64; ++option) {
            vm.assertEq(votes[option], 1);
        }
    }

    function test_Ranked_CountsVotersAndLeavesTheOrderToTheLog() public {
        uint256 pollId = open(IIrisPolls.Kind.Ranked, 3, 2);
        rank(pollId, hex"020001", 0, 1);
        rank(pollId, hex"00", 1, 1);
        vm.assertEq(_polls.tally(pollId).length, 0);
        vm.assertEq(uint256(_polls.pollOf(pollId).voters), 1);
        vm.assertEq(_polls.votesCastBy(pollId, 1), 2);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__AlreadyVoted.selector, pollId, 1, 2));
        rank(pollId, hex"01", 0, 1);
    }

    function test_Ranked_RevertWhen_TheRankingIsNone() public {
        uint256 pollId = open(IIrisPolls.Kind.Ranked, 3, 0);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__RankingLengthWrong.selector, pollId, 0, 3));
        rank(pollId, "", 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__RankingLengthWrong.selector, pollId, 4, 3));
        rank(pollId, hex"00010200", 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__RankedTwice.selector, pollId, 1));
        rank(pollId, hex"0101", 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__ChoiceOutOfRange.selector, pollId, 3, 3));
        rank(pollId, hex"03", 0, 1);
        uint256 largest = open(IIrisPolls.Kind.Ranked, 64, 0);
        bytes memory order = new bytes(64);
        for (uint256 i = 0; i < 64; ++i) {
            order[i] = bytes1(uint8(63 - i));
        }
        rank(largest, order, 0, 1);
    }

    function test_Cast_RevertWhen_TheBallotIsOfAnotherKind() public {
        uint256 ranked = open(IIrisPolls.Kind.Ranked, 3, 0);
        uint256 single = open(IIrisPolls.Kind.Single, 3, 0);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__KindWrong.selector, ranked, IIrisPolls.Kind.Ranked));
        cast(ranked, 0, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__KindWrong.selector, single, IIrisPolls.Kind.Single));
        rank(single, hex"00", 0, 1);
    }

    function test_Finalize_SaysWhetherTheQuorumWasMet() public {
        for (uint32 voters = 1; voters < 4; ++voters) {
            vm.warp(1000);
            uint256 pollId = open(IIrisPolls.Kind.Single, 2, 2);
            for (uint256 voter = 1; voter <= voters; ++voter) {
                cast(pollId, 0, 0, voter);
            }
            vm.warp(2000);
            uint256[] memory votes = new uint256[](2);
            votes[0] = voters;
            vm.expectEmit(address(_polls));
            emit IIrisPolls.PollFinalized(pollId, votes, voters, voters >= 2);
            _polls.finalize(pollId);
        }
    }

    function test_Scope_FollowsKindAndQuorum() public {
        uint256[3] memory scopes;
        for (uint256 i = 0; i < 3; ++i) {
            IrisPolls fresh = new IrisPolls(IRegistryGroup(address(_group)), ISemaphoreVerifier(address(_verifier)));
            IrisPolls same = IrisPolls(address(0x9999));
            vm.etch(address(same), address(fresh).code);
            vm.store(address(same), bytes32(0), bytes32(0)); // the count of polls
            IIrisPolls.Kind kind = i == 1 ? IIrisPolls.Kind.Approval : IIrisPolls.Kind.Single;
            uint32 quorum = i == 2 ? 1 : 0;
            uint256 id = same.createPoll(IIrisPolls.PollDraft(kind, "q", new string[](2), 0, 2000, quorum));
            scopes[i] = same.pollOf(id).scope;
        }
        vm.assertTrue(scopes[0] != scopes[1] && scopes[0] != scopes[2]);
    }

    function testFuzz_RankingMessage_FollowsRankingAndSequence(bytes calldata a, bytes calldata b, uint64 s, uint64 t)
        public
        view
    {
        vm.assume(keccak256(a) != keccak256(b) || s != t);
        vm.assertTrue(_polls.rankingMessageOf(a, s) != _polls.rankingMessageOf(b, t));
    }
}
