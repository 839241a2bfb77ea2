// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {IIrisPolls} from "../src/interfaces/IIrisPolls.sol";
import {IRegistryGroup} from "../src/interfaces/IRegistryGroup.sol";
import {IrisPolls} from "../src/IrisPolls.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
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
