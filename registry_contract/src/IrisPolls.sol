// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {SemaphoreProof} from "./Types.sol";
import {IIrisPolls} from "./interfaces/IIrisPolls.sol";
import {IRegistryGroup} from "./interfaces/IRegistryGroup.sol";
import {PackedTally} from "./libraries/PackedTally.sol";
import {SemaphoreProofs} from "./libraries/SemaphoreProofs.sol";

/// @title Polls among the registry's members.
/// @notice A ballot is a Semaphore V4 proof of membership in the poll's snapshot. Its nullifier links a person's ballots
///         within a poll, and nothing else. There is no owner and nothing to configure: nobody can spend or free a
///         nullifier, move a closing time or touch a tally.
contract IrisPolls is IIrisPolls {
    uint256 public constant MIN_OPTIONS = 2;
    uint256 public constant MAX_OPTIONS = 64;

    /// @dev What 64 options need.
    uint256 private constant TALLY_SLOTS = 7;

    /// @dev Version and purpose of the hashes.
    bytes32 private constant SCOPE_LABEL = keccak256("irisproof poll scope v2");
    bytes32 private constant RANKING_LABEL = keccak256("irisproof ranked ballot v1");

    struct CastVotes {
        uint64 count;
        /// bits of the options that the last vote is for; 0 in a ranked poll
        uint64 mask;
    }

    IRegistryGroup public immutable registry;
    ISemaphoreVerifier public immutable verifier;

    /// @inheritdoc IIrisPolls
    uint256 public pollCount;

    mapping(uint256 pollId => Poll) private _polls;
    mapping(uint256 pollId => uint256[TALLY_SLOTS]) private _votes;
    mapping(uint256 pollId => mapping(uint256 nullifier => CastVotes)) private _cast;

    constructor(IRegistryGroup registry_, ISemaphoreVerifier verifier_) {
        if (address(registry_).code.length == 0) revert Polls__ContractHasNoCode(address(registry_));
        if (address(verifier_).code.length == 0) revert Polls__ContractHasNoCode(address(verifier_));
        registry = registry_;
        verifier = verifier_;
    }

    /// @inheritdoc IIrisPolls
    function createPoll(PollDraft calldata draft) external returns (uint256 pollId) {
        _requireDraft(draft);
        (uint32 groupId, uint256 root, uint256 members, uint256 depth) = registry.snapshot();
        if (members == 0 || root == 0) revert Polls__GroupEmpty();
        if (depth > SemaphoreProofs.CIRCUIT_DEPTH) revert Polls__GroupTooDeep(depth, SemaphoreProofs.CIRCUIT_DEPTH);
        pollId = ++pollCount;
        uint256 scope = _create(pollId, root, draft);
        emit PollCreated(pollId, msg.sender, groupId, root, members, scope, draft);
    }

    function _requireDraft(PollDraft calldata draft) private view {
        uint256 optionCount = draft.options.length;
        if (bytes(draft.question).length == 0) revert Polls__QuestionEmpty();
        if (optionCount < MIN_OPTIONS || optionCount > MAX_OPTIONS) {
            revert Polls__OptionCountOutOfRange(optionCount, MIN_OPTIONS, MAX_OPTIONS);
        }
        if (draft.opensAt >= draft.closesAt || draft.closesAt <= block.timestamp) {
            revert Polls__TimesOutOfOrder(draft.opensAt, draft.closesAt, block.timestamp);
        }
    }

    function _create(uint256 pollId, uint256 root, PollDraft calldata draft) private returns (uint256 scope) {
        bytes32 contentHash = keccak256(abi.encode(draft.kind, draft.question, draft.options, draft.quorum));
        // With the content in it, a ballot is for this question even where a reorganisation of the chain gives the id to
        // another poll. Kept, not computed at each vote: a fork that changes the chain id would give everybody a new
        // nullifier in a poll that has votes.
        scope = uint256(keccak256(abi.encode(SCOPE_LABEL, block.chainid, address(this), pollId, contentHash)));
        Poll storage poll = _polls[pollId];
        (poll.snapshotRoot, poll.scope, poll.contentHash) = (root, scope, contentHash);
        (poll.opensAt, poll.closesAt) = (draft.opensAt, draft.closesAt);
        // forge-lint: disable-next-line(unsafe-typecast) -- at most 64
        (poll.optionCount, poll.kind, poll.quorum) = (uint8(draft.options.length), draft.kind, draft.quorum);
        if (draft.kind == Kind.Ranked) return scope;
        uint256 slots = PackedTally.slotsOf(draft.options.length);
        for (uint256 slot = 0; slot < slots; ++slot) {
            _votes[pollId][slot] = PackedTally.EMPTY;
        }
    }

    /// @inheritdoc IIrisPolls
    function castVote(uint256 pollId, Ballot calldata ballot) external {
        Poll storage poll = _requireOpen(pollId);
        if (poll.kind == Kind.Ranked) revert Polls__KindWrong(pollId, poll.kind);
        uint256 mask = _maskOf(pollId, poll, ballot.choice);
        CastVotes memory before = _accept(
            pollId,
            poll,
            ballot.sequence,
            messageOf(ballot.choice, ballot.sequence),
            _proofOf(ballot.nullifier, ballot.points)
        );
        _count(pollId, before.mask, mask);
        // forge-lint: disable-next-line(unsafe-typecast) -- at most 64 options; a count of transactions
        _cast[pollId][ballot.nullifier] = CastVotes(before.count + 1, uint64(mask));
        emit VoteCast(pollId, ballot.nullifier, ballot.choice, ballot.sequence, ballot.points);
    }

    /// @inheritdoc IIrisPolls
    function castRanking(uint256 pollId, RankedBallot calldata ballot) external {
        Poll storage poll = _requireOpen(pollId);
        if (poll.kind != Kind.Ranked) revert Polls__KindWrong(pollId, poll.kind);
        _requireRanking(pollId, poll.optionCount, ballot.ranking);
        CastVotes memory before = _accept(
            pollId,
            poll,
            ballot.sequence,
            rankingMessageOf(ballot.ranking, ballot.sequence),
            _proofOf(ballot.nullifier, ballot.points)
        );
        _cast[pollId][ballot.nullifier] = CastVotes(before.count + 1, 0);
        emit RankingCast(pollId, ballot.nullifier, ballot.ranking, ballot.sequence, ballot.points);
    }

    /// @inheritdoc IIrisPolls
    function finalize(uint256 pollId) external returns (uint256[] memory votes) {
        Poll storage poll = _requirePoll(pollId);
        if (block.timestamp < poll.closesAt) revert Polls__StillOpen(pollId, poll.closesAt, block.timestamp);
        if (poll.finalizedAt != 0) revert Polls__AlreadyFinalized(pollId, poll.finalizedAt);
        poll.finalizedAt = uint48(block.timestamp);
        votes = tally(pollId);
        emit PollFinalized(pollId, votes, poll.voters, poll.voters >= poll.quorum);
    }

    /// @inheritdoc IIrisPolls
    function pollOf(uint256 pollId) external view returns (Poll memory) {
        return _requirePoll(pollId);
    }

    /// @inheritdoc IIrisPolls
    function tally(uint256 pollId) public view returns (uint256[] memory votes) {
        Poll storage poll = _requirePoll(pollId);
        if (poll.kind == Kind.Ranked) return votes;
        votes = new uint256[](poll.optionCount);
        for (uint256 option = 0; option < votes.length; ++option) {
            votes[option] = PackedTally.countOf(_votes[pollId][option / PackedTally.PER_SLOT], option);
        }
    }

    /// @inheritdoc IIrisPolls
    function votesCastBy(uint256 pollId, uint256 nullifier) external view returns (uint256) {
        return _cast[pollId][nullifier].count;
    }

    /// @inheritdoc IIrisPolls
    function messageOf(uint256 choice, uint256 sequence) public pure returns (uint256) {
        return (sequence << 64) | choice;
    }

    /// @inheritdoc IIrisPolls
    function rankingMessageOf(bytes calldata ranking, uint256 sequence) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(RANKING_LABEL, sequence, ranking)));
    }

    /// @dev What every ballot must be. A member of the snapshot made exactly it, for exactly this poll, as its next one.
    function _accept(uint256 pollId, Poll storage poll, uint256 sequence, uint256 message, SemaphoreProof memory proof)
        private
        returns (CastVotes memory before)
    {
        // Every number of the proof is canonical: nullifier + r would be a second name for the same nullifier.
        SemaphoreProofs.requireCanonical(proof);
        // The ballot is the voter's next. A proof of an earlier ballot, seen by all, does not bring that vote back.
        before = _cast[pollId][proof.nullifier];
        if (sequence != before.count) {
            if (sequence == 0) revert Polls__AlreadyVoted(pollId, proof.nullifier, before.count);
            revert Polls__SequenceWrong(pollId, proof.nullifier, sequence, before.count);
        }
        if (!SemaphoreProofs.holds(verifier, proof, poll.snapshotRoot, message, poll.scope)) {
            revert Polls__MembershipProofInvalid(pollId, proof.nullifier);
        }
        if (sequence == 0) ++poll.voters;
    }

    /// @dev Reads and writes the slots of options that gain or lose this vote, and no other.
    function _count(uint256 pollId, uint256 before, uint256 mask) private {
        uint256[TALLY_SLOTS] storage votes = _votes[pollId];
        for (uint256 slot = 0; slot < TALLY_SLOTS; ++slot) {
            uint256 taken = PackedTally.partOf(before, slot);
            uint256 given = PackedTally.partOf(mask, slot);
            if (taken != given) votes[slot] = PackedTally.replaced(votes[slot], taken, given);
        }
    }

    function _requirePoll(uint256 pollId) private view returns (Poll storage poll) {
        poll = _polls[pollId];
        if (poll.snapshotRoot == 0) revert Polls__PollUnknown(pollId);
    }

    function _requireOpen(uint256 pollId) private view returns (Poll storage poll) {
        poll = _requirePoll(pollId);
        if (block.timestamp < poll.opensAt) revert Polls__NotOpenYet(pollId, poll.opensAt, block.timestamp);
        if (block.timestamp >= poll.closesAt) revert Polls__AlreadyClosed(pollId, poll.closesAt, block.timestamp);
    }

    function _maskOf(uint256 pollId, Poll storage poll, uint256 choice) private view returns (uint256) {
        uint256 optionCount = poll.optionCount;
        bool approval = poll.kind == Kind.Approval;
        if (choice >= (approval ? 1 << optionCount : optionCount)) {
            revert Polls__ChoiceOutOfRange(pollId, choice, optionCount);
        }
        return approval ? choice : 1 << choice;
    }

    function _requireRanking(uint256 pollId, uint256 optionCount, bytes calldata ranking) private pure {
        if (ranking.length == 0 || ranking.length > optionCount) {
            revert Polls__RankingLengthWrong(pollId, ranking.length, optionCount);
        }
        uint256 seen = 0;
        for (uint256 i = 0; i < ranking.length; ++i) {
            uint256 option = uint8(ranking[i]);
            if (option >= optionCount) revert Polls__ChoiceOutOfRange(pollId, option, optionCount);
            if ((seen >> option) & 1 == 1) revert Polls__RankedTwice(pollId, option);
            seen |= 1 << option;
        }
    }

    function _proofOf(uint256 nullifier, uint256[8] calldata points) private pure returns (SemaphoreProof memory) {
        return SemaphoreProof(nullifier, points);
    }
}
