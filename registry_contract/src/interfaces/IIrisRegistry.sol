// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CodeEvidence, Enrollment, SemaphoreProof} from "../Types.sol";
import {IRegistryErrors} from "./IRegistryErrors.sol";

/// @title The registry: who is a member, by which proof, on whose word.
interface IIrisRegistry is IRegistryErrors {
    enum Status {
        None,
        Active,
        /// out of the group until a new attestation
        Suspended,
        Left,
        /// left, and the committee signed that it overwrote the shares
        Erased
    }

    struct Record {
        bytes32 commitmentsRoot;
        uint256 identityCommitment;
        address station;
        /// Unix times, seconds; rotatedAt is 0 until a recovery replaced the identity
        uint40 enrolledAt;
        uint40 rotatedAt;
        uint8 eyeSide;
        Status status;
    }

    struct Recovery {
        bytes32 commitmentsRoot;
        uint256 identityCommitment;
        address station;
        uint64 readyAt;
        /// the models of which the new capture has a code; upcoming is 0 where it has one code
        uint32 group;
        uint32 upcoming;
        uint8 eyeSide;
    }

    /// @notice Siblings of one leaf in the two live trees, from the leaf up; empty where it is in none.
    struct Siblings {
        uint256[] group;
        uint256[] upcoming;
    }

    struct Suspension {
        uint64 recordId;
        Siblings siblings;
    }

    /// @notice Carries all the evidence, so that an auditor needs the log alone. So do the next three.
    event Enrolled(
        uint256 indexed identityCommitment, address indexed station, uint64 indexed recordId, Enrollment enrollment
    );
    event Upgraded(uint64 indexed recordId, uint32 indexed modelId, CodeEvidence code);
    event Reattested(
        uint64 indexed recordId, address indexed station, address indexed previousStation, Enrollment enrollment
    );
    event RecoveryRequested(
        uint64 indexed recordId, uint256 indexed newIdentityCommitment, uint64 readyAt, Enrollment enrollment
    );
    event RecoveryCancelled(uint64 indexed recordId, uint256 indexed newIdentityCommitment, SemaphoreProof proof);
    event Recovered(
        uint64 indexed recordId,
        uint256 indexed identityCommitment,
        uint256 indexed newIdentityCommitment,
        address station,
        address previousStation
    );
    event Suspended(uint64 indexed recordId, address indexed station);
    event Left(uint64 indexed recordId, uint256 indexed identityCommitment, SemaphoreProof proof);
    event Erased(uint64 indexed recordId, bytes verdict);

    /// @notice Makes `enrollment.capture.identityCommitment` a member. Anyone may submit it. Reverts unless all of it holds.
    function enroll(Enrollment calldata enrollment) external returns (uint64 recordId);

    /// @notice Adds the code of another live model, proved from the stored capture, and the leaf in that model's tree.
    function upgrade(uint256 identityCommitment, CodeEvidence calldata code) external;

    /// @notice Puts a member on a new capture, of the same person by the committee's verdict; ends a suspension. A member
    ///         without a leaf under the upcoming model may leave that code out, and upgrades later.
    function reattest(Enrollment calldata enrollment) external;

    /// @notice Begins to hand a record to a new identity, of the same person by the committee's verdict. Where the present
    ///         identity has no leaf under the upcoming model, that code may be left out, and the new one upgrades later.
    function requestRecovery(uint64 recordId, Enrollment calldata enrollment) external;

    /// @notice The old identity says no: a proof of it over `cancelScope`, message 0, in the tree that is its leaf alone.
    function cancelRecovery(uint64 recordId, SemaphoreProof calldata proof) external;

    /// @notice Replaces the leaf after the waiting period, and removes it under a model of which the new capture has no code.
    ///         Anyone may call it.
    function completeRecovery(uint64 recordId, Siblings calldata siblings) external;

    /// @notice Removes the member who proves the identity over `leaveScope`, message 0, in the tree that is its leaf alone.
    function leaveGroup(uint64 recordId, SemaphoreProof calldata proof, Siblings calldata siblings) external;

    /// @notice Records the committee's word that a record's shares are overwritten.
    function confirmErased(uint64 recordId, bytes calldata verdict) external;

    /// @notice Takes members out whose station was revoked and who let the period go by. Anyone may call it.
    function suspend(Suspension[] calldata suspensions) external;

    /// @notice Remembers that revoked stations have no members left, so that `snapshot` need not look at them again.
    function settleStations(uint256 limit) external;

    /// @notice Reverts where the identity is no record's.
    function recordOf(uint256 identityCommitment) external view returns (Record memory);
    function recordIdOf(uint256 identityCommitment) external view returns (uint64);
    function recordById(uint64 recordId) external view returns (Record memory);

    function recoveryOf(uint64 recordId) external view returns (Recovery memory);

    /// @notice Active members on a station's word.
    function membersOf(address station) external view returns (uint256);
    function leaveScope(uint64 recordId) external view returns (uint256);
    function cancelScope(uint64 recordId) external view returns (uint256);
}
