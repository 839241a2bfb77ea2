// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {IIrisPolls} from "../src/interfaces/IIrisPolls.sol";
import {IRegistryGroup} from "../src/interfaces/IRegistryGroup.sol";
import {IrisPolls} from "../src/IrisPolls.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {PackedTally} from "../src/libraries/PackedTally.sol";
import {SemaphoreProofs} from "../src/libraries/SemaphoreProofs.sol";
import {TestBase} from "./Cheats.sol";
import {StubGroup, StubSemaphoreVerifier} from "./Stubs.sol";

/// @dev The rules of polls but for the membership proof, which runs with real proofs in pytest.
contract IrisPollsTest is TestBase {
    uint64 private constant NOW = 1_800_000_000;
    uint64 private constant OPENS = NOW + 100;
    uint64 private constant CLOSES = NOW + 200;

    StubGroup private _group;
    StubSemaphoreVerifier private _verifier;
    IrisPolls private _polls;
    uint256 private _pollId;

    function setUp() public {
        vm.warp(NOW);
        _group = new StubGroup();
        _verifier = new StubSemaphoreVerifier();
        _polls = new IrisPolls(IRegistryGroup(address(_group)), ISemaphoreVerifier(address(_verifier)));
        _pollId = _polls.createPoll(draft("question", options(3), OPENS, CLOSES));
    }

    function options(uint256 count) private pure returns (string[] memory made) {
        made = new string[](count);
    }

    function draft(string memory question, string[] memory named, uint64 opensAt, uint64 closesAt)
        private
        pure
        returns (IIrisPolls.PollDraft memory)
    {
        return IIrisPolls.PollDraft(IIrisPolls.Kind.Single, question, named, opensAt, closesAt, 0);
    }

    function ballot(uint256 choice, uint256 sequence, uint256 nullifier)
        private
        pure
        returns (IIrisPolls.Ballot memory b)
    {
        (b.choice, b.sequence, b.nullifier) = (choice, sequence, nullifier);
    }

    function cast(uint256 choice, uint256 sequence, uint256 nullifier) private {
        _polls.castVote(_pollId, ballot(choice, sequence, nullifier));
    }

    function assertTally(uint256 a, uint256 b, uint256 c) private view {
        uint256[] memory votes = _polls.tally(_pollId);
        vm.assertEq(votes.length, 3);
        vm.assertEq(votes[0], a);
        vm.assertEq(votes[1], b);
        vm.assertEq(votes[2], c);
    }

    function test_Constructor_RevertWhen_AContractIsMissing() public {
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__ContractHasNoCode.selector, address(1234)));
        new IrisPolls(IRegistryGroup(address(1234)), ISemaphoreVerifier(address(_verifier)));
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__ContractHasNoCode.selector, address(1234)));
        new IrisPolls(IRegistryGroup(address(_group)), ISemaphoreVerifier(address(1234)));
    }

    function test_CreatePoll_KeepsTheSnapshot() public {
        _group.set(99, 4, 2);
        IIrisPolls.Poll memory poll = _polls.pollOf(_pollId);
        vm.assertEq(poll.snapshotRoot, 11);
        vm.assertEq(uint256(poll.optionCount), 3);
        vm.assertEq(poll.contentHash, keccak256(abi.encode(IIrisPolls.Kind.Single, "question", options(3), uint32(0))));
        uint256 next = _polls.createPoll(draft("question", options(3), OPENS, CLOSES));
        vm.assertEq(_polls.pollOf(next).snapshotRoot, 99);
        vm.assertTrue(_polls.pollOf(next).scope != poll.scope);
    }

    function test_CreatePoll_ScopeFollowsChainAndContract() public {
        uint256 here = _polls.pollOf(_pollId).scope;
        IrisPolls other = new IrisPolls(IRegistryGroup(address(_group)), ISemaphoreVerifier(address(_verifier)));
        uint256 id = other.createPoll(draft("question", options(3), OPENS, CLOSES));
        vm.assertEq(id, _pollId);
        vm.assertTrue(other.pollOf(id).scope != here);
        vm.chainId(999);
        // a fork does not give anybody a second nullifier in a poll that exists
        vm.assertEq(_polls.pollOf(_pollId).scope, here);
        uint256 later = _polls.createPoll(draft("question", options(3), OPENS, CLOSES));
        bytes32 content = keccak256(abi.encode(IIrisPolls.Kind.Single, "question", options(3), uint32(0)));
        bytes memory named = abi.encode(keccak256("irisproof poll scope v2"), 999, address(_polls), later, content);
        vm.assertEq(_polls.pollOf(later).scope, uint256(keccak256(named)));
    }

    /// @dev As after a reorganisation: the same chain, contract and id, another poll.
    function test_CreatePoll_ScopeFollowsTheContent() public {
        bytes32[3] memory scopes;
        for (uint256 i = 0; i < 3; ++i) {
            StubGroup group = new StubGroup();
            IrisPolls fresh = IrisPolls(address(0x9999));
            vm.etch(
                address(fresh),
                address(new IrisPolls(IRegistryGroup(address(group)), ISemaphoreVerifier(address(_verifier)))).code
            );
            vm.store(address(fresh), bytes32(0), bytes32(0)); // the count of polls
            uint256 id = fresh.createPoll(draft(i == 1 ? "other" : "question", options(i == 2 ? 4 : 3), OPENS, CLOSES));
            vm.assertEq(id, 1);
            scopes[i] = bytes32(fresh.pollOf(id).scope);
        }
        vm.assertTrue(scopes[0] != scopes[1] && scopes[0] != scopes[2] && scopes[1] != scopes[2]);
    }

    function test_CreatePoll_RevertWhen_QuestionEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__QuestionEmpty.selector));
        _polls.createPoll(draft("", options(2), OPENS, CLOSES));
    }

    function test_CreatePoll_OptionCountBoundaries() public {
        _polls.createPoll(draft("q", options(2), OPENS, CLOSES));
        _polls.createPoll(draft("q", options(64), OPENS, CLOSES));
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__OptionCountOutOfRange.selector, 1, 2, 64));
        _polls.createPoll(draft("q", options(1), OPENS, CLOSES));
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__OptionCountOutOfRange.selector, 65, 2, 64));
        _polls.createPoll(draft("q", options(65), OPENS, CLOSES));
    }

    function test_CreatePoll_TimeBoundaries() public {
        _polls.createPoll(draft("q", options(2), 0, NOW + 1));
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__TimesOutOfOrder.selector, 0, NOW, NOW));
        _polls.createPoll(draft("q", options(2), 0, NOW));
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__TimesOutOfOrder.selector, OPENS, OPENS, NOW));
        _polls.createPoll(draft("q", options(2), OPENS, OPENS));
    }

    function test_CreatePoll_RevertWhen_GroupEmptyOrTooDeep() public {
        _group.set(0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__GroupEmpty.selector));
        _polls.createPoll(draft("q", options(2), OPENS, CLOSES));
        _group.set(11, 1 << 24, 24);
        _polls.createPoll(draft("q", options(2), OPENS, CLOSES));
        _group.set(11, (1 << 24) + 1, 25);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__GroupTooDeep.selector, 25, 24));
        _polls.createPoll(draft("q", options(2), OPENS, CLOSES));
    }

    function test_CastVote_TimeBoundaries() public {
        vm.warp(OPENS - 1);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__NotOpenYet.selector, _pollId, OPENS, OPENS - 1));
        cast(0, 0, 7);
        vm.warp(OPENS);
        cast(0, 0, 7);
        vm.warp(CLOSES - 1);
        cast(0, 0, 8);
        vm.warp(CLOSES);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__AlreadyClosed.selector, _pollId, CLOSES, CLOSES));
        cast(0, 0, 9);
        assertTally(2, 0, 0);
    }

    function test_CastVote_RevertWhen_PollUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__PollUnknown.selector, 77));
        _polls.castVote(77, ballot(0, 0, 7));
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__PollUnknown.selector, 0));
        _polls.tally(0);
    }

    function testFuzz_CastVote_RevertWhen_ChoiceOutOfRange(uint256 choice) public {
        choice = within(choice, 3, type(uint256).max);
        vm.warp(OPENS);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__ChoiceOutOfRange.selector, _pollId, choice, 3));
        cast(choice, 0, 7);
    }

    function testFuzz_CastVote_RevertWhen_NullifierNotCanonical(uint256 nullifier) public {
        nullifier = within(nullifier, Bn254.SCALAR_FIELD, type(uint256).max);
        vm.warp(OPENS);
        vm.expectRevert(abi.encodeWithSelector(SemaphoreProofs.Semaphore__NullifierNotCanonical.selector, nullifier));
        cast(0, 0, nullifier);
    }

    function test_CastVote_RevertWhen_AProofPointIsNotCanonical() public {
        vm.warp(OPENS);
        for (uint256 i = 0; i < 8; ++i) {
            IIrisPolls.Ballot memory b = ballot(0, 0, 7);
            b.points[i] = Bn254.BASE_FIELD;
            vm.expectRevert(
                abi.encodeWithSelector(SemaphoreProofs.Semaphore__ProofPointNotCanonical.selector, i, Bn254.BASE_FIELD)
            );
            _polls.castVote(_pollId, b);
        }
    }

    function test_CastVote_RevertWhen_ProofDoesNotHold() public {
        vm.warp(OPENS);
        _verifier.set(false);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__MembershipProofInvalid.selector, _pollId, 7));
        cast(0, 0, 7);
        assertTally(0, 0, 0);
        vm.assertEq(_polls.votesCastBy(_pollId, 7), 0);
    }

    function test_CastVote_ReplacesTheEarlierVote() public {
        vm.warp(OPENS);
        cast(0, 0, 7);
        cast(1, 0, 8);
        assertTally(1, 1, 0);
        cast(2, 1, 7);
        assertTally(0, 1, 1);
        cast(2, 2, 7);
        assertTally(0, 1, 1);
        vm.assertEq(_polls.votesCastBy(_pollId, 7), 3);
    }

    function test_CastVote_RevertWhen_VotedAlready() public {
        vm.warp(OPENS);
        cast(0, 0, 7);
        cast(1, 1, 7);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__AlreadyVoted.selector, _pollId, 7, 2));
        cast(0, 0, 7);
        assertTally(0, 1, 0);
    }

    function testFuzz_CastVote_RevertWhen_SequenceWrong(uint256 before, uint256 sequence) public {
        before = within(before, 0, 4);
        vm.assume(sequence != before && sequence != 0);
        vm.warp(OPENS);
        for (uint256 i = 0; i < before; ++i) {
            cast(0, i, 7);
        }
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__SequenceWrong.selector, _pollId, 7, sequence, before));
        cast(1, sequence, 7);
    }

    function test_CastVote_CountsInItsOwnPollOnly() public {
        uint256 other = _polls.createPoll(draft("q", options(3), OPENS, CLOSES));
        vm.warp(OPENS);
        cast(0, 0, 7);
        _polls.castVote(other, ballot(1, 0, 7));
        assertTally(1, 0, 0);
        vm.assertEq(_polls.tally(other)[1], 1);
    }

    function test_Finalize_WritesTheTallyOnceAfterTheClose() public {
        vm.warp(OPENS);
        cast(2, 0, 7);
        vm.warp(CLOSES - 1);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__StillOpen.selector, _pollId, CLOSES, CLOSES - 1));
        _polls.finalize(_pollId);
        vm.warp(CLOSES);
        uint256[] memory votes = _polls.finalize(_pollId);
        vm.assertEq(votes[2], 1);
        vm.assertEq(uint256(_polls.pollOf(_pollId).finalizedAt), CLOSES);
        vm.expectRevert(abi.encodeWithSelector(IIrisPolls.Polls__AlreadyFinalized.selector, _pollId, CLOSES));
        _polls.finalize(_pollId);
    }

    function testFuzz_MessageOf_SeparatesChoiceAndSequence(uint64 choice, uint64 sequence) public view {
        uint256 message = _polls.messageOf(choice, sequence);
        vm.assertEq(message & type(uint64).max, choice);
        vm.assertEq(message >> 64, sequence);
    }
}

/// @dev Any order of ballots, right and wrong, from a few voters in one poll.
contract Voters is TestBase {
    IrisPolls public immutable polls;
    uint256 public immutable pollId;
    mapping(uint256 nullifier => uint256) public lastChoice;
    mapping(uint256 nullifier => bool) public voted;

    constructor(IrisPolls polls_, uint256 pollId_) {
        (polls, pollId) = (polls_, pollId_);
    }

    function vote(uint256 voter, uint256 choice, uint256 sequence) external {
        IIrisPolls.Ballot memory b;
        b.nullifier = voter % 5;
        b.choice = choice % 4; // one more than there are
        b.sequence = sequence % 4;
        polls.castVote(pollId, b); // a revert is part of the game
        (lastChoice[b.nullifier], voted[b.nullifier]) = (b.choice, true);
    }
}

contract IrisPollsInvariantTest is TestBase {
    Voters private _voters;

    function setUp() public {
        vm.warp(1000);
        IrisPolls polls = new IrisPolls(
            IRegistryGroup(address(new StubGroup())), ISemaphoreVerifier(address(new StubSemaphoreVerifier()))
        );
        IIrisPolls.PollDraft memory draft =
            IIrisPolls.PollDraft(IIrisPolls.Kind.Single, "q", new string[](3), 0, type(uint64).max, 0);
        _voters = new Voters(polls, polls.createPoll(draft));
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_voters);
    }

    function invariant_TheTallyIsEachVotersLastVote() external view {
        uint256[] memory expected = new uint256[](3);
        for (uint256 nullifier = 0; nullifier < 5; ++nullifier) {
            if (_voters.voted(nullifier)) ++expected[_voters.lastChoice(nullifier)];
        }
        uint256[] memory votes = _voters.polls().tally(_voters.pollId());
        for (uint256 choice = 0; choice < 3; ++choice) {
            vm.assertEq(votes[choice], expected[choice]);
        }
    }
}

/// @dev Approval and ranked polls, quorum, and the packed counts.
contract IrisPollKindsTest is TestBase {
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

    function test_PackedTally_UnitsAreTheBitsOfEveryByte() public pure {
        for (uint256 bits = 0; bits < 256; ++bits) {
            uint256 expected = 0;
            for (uint256 i = 0; i < 8; ++i) {
                expected |= ((bits >> i) & 1) << (32 * i);
            }
            vm.assertEq(PackedTally.unitsOf(bits << 24 | 0xff00ff, 3), expected);
        }
    }

    function testFuzz_PackedTally_ReplacedMovesExactlyTheDifference(uint64 before, uint64 afterwards, uint256 slot)
        public
        pure
    {
        slot = within(slot, 0, 7);
        uint256 word = PackedTally.unitsOf(before, slot);
        vm.assertEq(PackedTally.replaced(word, before, afterwards, slot), PackedTally.unitsOf(afterwards, slot));
    }
}
