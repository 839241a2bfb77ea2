// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {G1Point} from "../libraries/Bn254.sol";
import {IRegistryGroup} from "./IRegistryGroup.sol";

/// @title The registry: who is a member, by which proof, on whose word.
interface IIrisRegistry is IRegistryGroup {
    /// @notice An iris network with its circuit. Hashes are SHA-256 of the published files, for auditors.
    struct Model {
        bytes32 onnxHash;
        bytes32 settingsHash;
        bytes32 srsHash;
        bytes32 vkHash;
        bytes32 metricsHash;
        /// keccak256 of the names of the planes that the network reads
        bytes32 texturePlane;
        bytes32 maskPlane;
        /// keccak256 of the verifier's runtime code
        bytes32 verifierCodeHash;
        /// commitment of the unusable rows, which every commitment in a proof includes and no raw commitment does
        G1Point blindingConstant;
        address verifier;
        /// bytes, exactly
        uint32 proofLength;
        /// the circuit has 2^k rows
        uint8 k;
    }

    /// @notice What a station signs (EIP-712). Registry and chain stand in the domain.
    struct Capture {
        /// root over (plane, k, raw commitment); see `CaptureLadder`
        bytes32 commitmentsRoot;
        /// 1 left, 2 right, from the person's own point of view
        uint8 eyeSide;
        uint256 identityCommitment;
        /// Unix time, seconds
        uint64 capturedAt;
        bytes32 nonce;
    }

    struct Enrollment {
        uint32 modelId;
        Capture capture;
        bytes stationSignature;
        /// begins with the commitments of texture, mask and code: 3 x (x, y), big-endian
        bytes proof;
        bytes32[] texturePath;
        bytes32[] maskPath;
        /// place of the committee's verdict; must be empty until the committee exists
        bytes verdict;
    }

    struct Record {
        bytes32 commitmentsRoot;
        /// keccak256 of the code's commitment as it stands in the proof (64 bytes)
        bytes32 codeCommitment;
        address station;
        uint48 enrolledAt;
        uint32 modelId;
        uint8 eyeSide;
    }

    event StationAdded(address indexed station);
    event StationRevoked(address indexed station, uint64 revokedAt);
    event ModelRegistered(uint32 indexed modelId, Model model);
    event ModelRetired(uint32 indexed modelId, uint64 retiredAt);

    /// @notice Carries all the evidence, so that an auditor needs the log alone.
    event Enrolled(
        uint256 indexed identityCommitment,
        address indexed station,
        bytes32 indexed codeCommitment,
        uint256 index,
        Enrollment enrollment
    );

    error Registry__GroupUnknown(uint256 groupId);

    error Registry__StationIsZero();
    error Registry__StationAlreadyListed(address station);
    error Registry__StationUnknown(address station);
    error Registry__StationRevoked(address station, uint64 revokedAt);

    error Registry__ModelUnknown(uint32 modelId);
    error Registry__ModelRetired(uint32 modelId, uint64 retiredAt);
    error Registry__ModelStillActive(uint32 modelId);
    error Registry__PlanesEqual(bytes32 plane);
    error Registry__ProofLengthTooShort(uint256 length, uint256 minimum);
    error Registry__VerifierHasNoCode(address verifier);
    error Registry__VerifierCodeMismatch(address verifier, bytes32 found, bytes32 registered);

    error Registry__IdentityNotCanonical(uint256 identityCommitment);
    error Registry__EyeSideUnknown(uint8 eyeSide);
    error Registry__CapturedInFuture(uint64 capturedAt, uint256 now_);
    error Registry__AttestationExpired(uint64 capturedAt, uint256 expiredAt, uint256 now_);
    error Registry__StationSignatureInvalid(uint8 reason, bytes32 detail);
    error Registry__NonceUsed(address station, bytes32 nonce);
    error Registry__ProofLengthWrong(uint256 length, uint256 expected);
    /// `position`: 0 texture, 1 mask, 2 code; the model's blinding constant has position 3
    error Registry__CoordinateNotCanonical(uint256 position, uint256 coordinate);
    error Registry__PointNotOnCurve(uint256 position, uint256 x, uint256 y);
    error Registry__CommitmentIsBlank(uint256 position);
    error Registry__CommitmentNotAttested(bytes32 plane, uint8 k, uint256 x, uint256 y);
    error Registry__CodeProofRejected(address verifier, uint32 modelId, bytes reason);
    error Registry__CodeAlreadyEnrolled(bytes32 codeCommitment, uint256 identityCommitment);
    error Registry__IdentityAlreadyEnrolled(uint256 identityCommitment);
    error Registry__IdentityNotEnrolled(uint256 identityCommitment);
    error Registry__VerdictNotSupported(uint256 length);

    /// @notice Makes `enrollment.capture.identityCommitment` a member. Anyone may submit it. Reverts unless all of it holds.
    /// @return index The member's leaf.
    function enroll(Enrollment calldata enrollment) external returns (uint256 index);

    function addStation(address station) external;
    function revokeStation(address station) external;
    function registerModel(Model calldata model) external returns (uint32 modelId);
    function retireModel(uint32 modelId) external;

    /// @notice Reverts where the identity is not enrolled.
    function recordOf(uint256 identityCommitment) external view returns (Record memory);

    /// @notice Unix times in seconds; 0 for what has not happened.
    function stationOf(address station) external view returns (uint64 addedAt, uint64 revokedAt);

    /// @notice Reverts where no model has this id.
    function modelOf(uint32 modelId) external view returns (Model memory model, uint64 registeredAt, uint64 retiredAt);

    /// @notice Id of the one model that may be enrolled under; 0 while there is none.
    function activeModelId() external view returns (uint32);

    function nonceUsed(address station, bytes32 nonce) external view returns (bool);

    /// @notice The digest that a station signs for `capture` (EIP-712).
    function captureDigest(Capture calldata capture) external view returns (bytes32);
}
