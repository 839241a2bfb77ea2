// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {IIrisPolls} from "./interfaces/IIrisPolls.sol";
import {IRegistryGroup} from "./interfaces/IRegistryGroup.sol";
import {Bn254} from "./libraries/Bn254.sol";

/// @title Polls among the registry's members.
/// @notice A ballot is a Semaphore V4 proof of membership in the poll's snapshot. Its nullifier links a person's ballots
///         within a poll, and nothing else. There is no owner and nothing to configure: nobody can spend or free a
///         nullifier, move a closing time or touch a tally.
contract IrisPolls is IIrisPolls {
    /// @notice Depth of the Semaphore circuit for all polls; it proves membership in any tree that is no deeper.
    uint256 public constant CIRCUIT_DEPTH = 24;

    uint256 public constant MIN_OPTIONS = 2;
    uint256 public constant MAX_OPTIONS = 64;

    /// @dev Version and purpose of a scope's hash.
    bytes32 private constant SCOPE_LABEL = keccak256("irisproof poll scope v1");

    struct CastVotes {
        uint128 count;
        uint128 choice;
    }

    IRegistryGroup public immutable registry;
    ISemaphoreVerifier public immutable verifier;

    /// @inheritdoc IIrisPolls
    uint256 public pollCount;

    mapping(uint256 pollId => Poll) private _polls;
    mapping(uint256 pollId => mapping(uint256 choice => uint256)) private _votes;
    mapping(uint256 pollId => mapping(uint256 nullifier => CastVotes)) private _cast;

    constructor(IRegistryGroup registry_, ISemaphoreVerifier verifier_) {
        if (address(registry_).code.length == 0) revert Polls__ContractHasNoCode(address(registry_));
        if (address(verifier_).code.length == 0) revert Polls__ContractHasNoCode(address(verifier_));
        registry = registry_;
        verifier = verifier_;
    }

    /// @inheritdoc IIrisPolls
    function createPoll(string calldata question, string[] calldata options, uint64 opensAt, uint64 closesAt)
        external
        returns (uint256 pollId)
    {
        if (bytes(question).length == 0) revert Polls__QuestionEmpty();
        if (options.length < MIN_OPTIONS || options.length > MAX_OPTIONS) {
            revert Polls__OptionCountOutOfRange(options.length, MIN_OPTIONS, MAX_OPTIONS);
        }
        if (opensAt >= closesAt || closesAt <= block.timestamp) {
            revert Polls__TimesOutOfOrder(opensAt, closesAt, block.timestamp);
        }
        uint256 members = registry.size();
        if (members == 0) revert Polls__GroupEmpty();
        uint256 depth = registry.depth();
        if (depth > CIRCUIT_DEPTH) revert Polls__GroupTooDeep(depth, CIRCUIT_DEPTH);

        pollId = ++pollCount;
        Poll storage poll = _polls[pollId];
        poll.snapshotRoot = registry.root();
        poll.contentHash = keccak256(abi.encode(question, options));
        // With the content in it, a ballot is for this question even where a reorganisation of the chain gives the id to
        // another poll. Kept, not computed at each vote: a fork that changes the chain id would give everybody a new
        // nullifier in a poll that has votes.
        poll.scope = uint256(keccak256(abi.encode(SCOPE_LABEL, block.chainid, address(this), pollId, poll.contentHash)));
        poll.opensAt = opensAt;
        poll.closesAt = closesAt;
        // forge-lint: disable-next-line(unsafe-typecast) -- at most 64
        poll.optionCount = uint8(options.length);
        emit PollCreated(
            pollId, msg.sender, poll.snapshotRoot, members, poll.scope, question, options, opensAt, closesAt
        );
    }

    /// @inheritdoc IIrisPolls
    function castVote(uint256 pollId, Ballot calldata ballot) external {
        Poll storage poll = _requirePoll(pollId);

        // 1. The poll is open.
        if (block.timestamp < poll.opensAt) revert Polls__NotOpenYet(pollId, poll.opensAt, block.timestamp);
        if (block.timestamp >= poll.closesAt) revert Polls__AlreadyClosed(pollId, poll.closesAt, block.timestamp);

        // 2. The choice is one of its options.
        if (ballot.choice >= poll.optionCount) {
            revert Polls__ChoiceOutOfRange(pollId, ballot.choice, poll.optionCount);
        }

        // 3. Every number of the proof is canonical: nullifier + r would be a second name for the same nullifier.
        _requireCanonical(ballot);

        // 4. The ballot is the voter's next. A proof of an earlier ballot, seen by all, does not bring that vote back.
        CastVotes storage cast = _cast[pollId][ballot.nullifier];
        uint256 votesCast = cast.count;
        if (ballot.sequence != votesCast) {
            if (ballot.sequence == 0) revert Polls__AlreadyVoted(pollId, ballot.nullifier, votesCast);
            revert Polls__SequenceWrong(pollId, ballot.nullifier, ballot.sequence, votesCast);
        }

        // 5. A member of the snapshot made exactly this ballot for exactly this poll.
        _requireMembership(pollId, poll, ballot);

        if (votesCast != 0) --_votes[pollId][cast.choice];
        ++_votes[pollId][ballot.choice];
        // forge-lint: disable-next-line(unsafe-typecast) -- below 64, and a count of transactions
        (cast.count, cast.choice) = (uint128(votesCast + 1), uint128(ballot.choice));
        emit VoteCast(pollId, ballot.nullifier, ballot.choice, ballot.sequence, ballot.points);
    }

    /// @inheritdoc IIrisPolls
    function finalize(uint256 pollId) external returns (uint256[] memory votes) {
        Poll storage poll = _requirePoll(pollId);
        if (block.timestamp < poll.closesAt) revert Polls__StillOpen(pollId, poll.closesAt, block.timestamp);
        if (poll.finalizedAt != 0) revert Polls__AlreadyFinalized(pollId, poll.finalizedAt);
        poll.finalizedAt = uint64(block.timestamp);
        votes = tally(pollId);
        emit PollFinalized(pollId, votes);
    }

    /// @inheritdoc IIrisPolls
    function pollOf(uint256 pollId) external view returns (Poll memory) {
        return _requirePoll(pollId);
    }

    /// @inheritdoc IIrisPolls
    function tally(uint256 pollId) public view returns (uint256[] memory votes) {
        votes = new uint256[](_requirePoll(pollId).optionCount);
        for (uint256 choice = 0; choice < votes.length; ++choice) {
            votes[choice] = _votes[pollId][choice];
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

    function _requirePoll(uint256 pollId) private view returns (Poll storage poll) {
        poll = _polls[pollId];
        if (poll.snapshotRoot == 0) revert Polls__PollUnknown(pollId);
    }

    function _requireCanonical(Ballot calldata ballot) private pure {
        if (ballot.nullifier >= Bn254.SCALAR_FIELD) revert Polls__NullifierNotCanonical(ballot.nullifier);
        for (uint256 i = 0; i < 8; ++i) {
            if (ballot.points[i] >= Bn254.BASE_FIELD) revert Polls__ProofPointNotCanonical(i, ballot.points[i]);
        }
    }

    function _requireMembership(uint256 pollId, Poll storage poll, Ballot calldata ballot) private view {
        uint256[8] calldata p = ballot.points;
        bool holds = verifier.verifyProof(
            [p[0], p[1]],
            [[p[2], p[3]], [p[4], p[5]]],
            [p[6], p[7]],
            [
                poll.snapshotRoot,
                ballot.nullifier,
                _hashToField(messageOf(ballot.choice, ballot.sequence)),
                _hashToField(poll.scope)
            ],
            CIRCUIT_DEPTH
        );
        if (!holds) revert Polls__MembershipProofInvalid(pollId, ballot.nullifier);
    }

    /// @dev As Semaphore V4 hashes messages and scopes: 248 bits, so below r.
    function _hashToField(uint256 value) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(value))) >> 8;
    }
}
