// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SemaphoreProof} from "../Types.sol";

/// @title Polls among the registry's members: anonymous, one vote each, replaceable until the close.
interface IIrisPolls {
    enum Kind {
        /// `choice` is the number of one option
        Single,
        /// `choice` has a bit for every option that is approved; none is a vote too
        Approval,
        /// an order of options, best first; it stands in the log, and instant-runoff is counted from there
        Ranked
    }

    struct PollDraft {
        Kind kind;
        string question;
        string[] options;
        /// Unix times, seconds: votes count from opensAt until before closesAt
        uint64 opensAt;
        uint64 closesAt;
        /// fewest voters for the poll to count
        uint32 quorum;
    }

    struct Poll {
        /// root of the group when the poll was made: who joined later has no vote in it
        uint256 snapshotRoot;
        /// made by the contract, never by a caller: of the chain, the contract, the poll's id and its content
        uint256 scope;
        /// keccak256(abi.encode(kind, question, options, quorum)); the texts stand in `PollCreated`
        bytes32 contentHash;
        uint64 opensAt;
        uint64 closesAt;
        /// 0 until someone calls `finalize`
        uint48 finalizedAt;
        uint8 optionCount;
        Kind kind;
        uint32 quorum;
        /// distinct nullifiers so far
        uint32 voters;
    }

    struct Ballot {
        uint256 choice;
        /// how many votes this nullifier cast in the poll before: 0 for the first
        uint256 sequence;
        uint256 nullifier;
        /// Groth16's A, B, C in Semaphore's order
        uint256[8] points;
    }

    struct RankedBallot {
        /// numbers of options, one byte each, best first; some may be left out, none may stand twice
        bytes ranking;
        uint256 sequence;
        uint256 nullifier;
        uint256[8] points;
    }

    event PollCreated(
        uint256 indexed pollId,
        address indexed creator,
        uint32 indexed groupId,
        uint256 snapshotRoot,
        uint256 snapshotSize,
        uint256 scope,
        PollDraft draft
    );

    /// @notice Carries the proof, so that an auditor needs the log alone. A `sequence` above 0 replaced an earlier vote.
    event VoteCast(
        uint256 indexed pollId, uint256 indexed nullifier, uint256 choice, uint256 sequence, uint256[8] points
    );
    event RankingCast(
        uint256 indexed pollId, uint256 indexed nullifier, bytes ranking, uint256 sequence, uint256[8] points
    );

    /// @notice `votes` is empty for a ranked poll.
    event PollFinalized(uint256 indexed pollId, uint256[] votes, uint32 voters, bool quorumMet);

    error Polls__ContractHasNoCode(address given);
    error Polls__GroupEmpty();
    error Polls__GroupTooDeep(uint256 depth, uint256 circuitDepth);
    error Polls__QuestionEmpty();
    error Polls__OptionCountOutOfRange(uint256 count, uint256 minimum, uint256 maximum);
    error Polls__TimesOutOfOrder(uint64 opensAt, uint64 closesAt, uint256 now_);
    error Polls__PollUnknown(uint256 pollId);
    error Polls__NotOpenYet(uint256 pollId, uint64 opensAt, uint256 now_);
    error Polls__AlreadyClosed(uint256 pollId, uint64 closesAt, uint256 now_);
    error Polls__StillOpen(uint256 pollId, uint64 closesAt, uint256 now_);
    error Polls__AlreadyFinalized(uint256 pollId, uint64 finalizedAt);
    error Polls__KindWrong(uint256 pollId, Kind kind);
    error Polls__ChoiceOutOfRange(uint256 pollId, uint256 choice, uint256 optionCount);
    error Polls__RankingLengthWrong(uint256 pollId, uint256 length, uint256 optionCount);
    error Polls__RankedTwice(uint256 pollId, uint256 option);
    error Polls__AlreadyVoted(uint256 pollId, uint256 nullifier, uint256 votesCast);
    error Polls__SequenceWrong(uint256 pollId, uint256 nullifier, uint256 given, uint256 expected);
    error Polls__MembershipProofInvalid(uint256 pollId, uint256 nullifier);

    /// @notice Anyone may create a poll. The group's root of this moment becomes its snapshot.
    function createPoll(PollDraft calldata draft) external returns (uint256 pollId);

    /// @notice Counts a ballot, or replaces the nullifier's earlier one. Anyone may submit it: use a relayer.
    function castVote(uint256 pollId, Ballot calldata ballot) external;

    /// @notice The same for a ranked poll.
    function castRanking(uint256 pollId, RankedBallot calldata ballot) external;

    /// @notice Writes the final tally into the log, once, after the close. Anyone may call it.
    function finalize(uint256 pollId) external returns (uint256[] memory votes);

    function pollCount() external view returns (uint256);
    function pollOf(uint256 pollId) external view returns (Poll memory);

    /// @notice Votes per option as they stand; final once the poll is closed. A ranked poll has none.
    function tally(uint256 pollId) external view returns (uint256[] memory votes);

    /// @notice How many votes a nullifier cast in a poll: the `sequence` of its next ballot.
    function votesCastBy(uint256 pollId, uint256 nullifier) external view returns (uint256);

    /// @notice The Semaphore message of a ballot: sequence << 64 | choice.
    function messageOf(uint256 choice, uint256 sequence) external pure returns (uint256);

    /// @notice The Semaphore message of a ranked ballot: a hash, since an order of 64 options has no room beside it.
    function rankingMessageOf(bytes calldata ranking, uint256 sequence) external pure returns (uint256);
}
