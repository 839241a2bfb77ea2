// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {G1Point} from "./libraries/Bn254.sol";

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

/// @notice One code of a capture: that a model's network computed it, and what the committee says of it.
struct CodeEvidence {
    uint32 modelId;
    /// begins with the commitments of texture, mask and code: 3 x (x, y), big-endian
    bytes proof;
    bytes32[] texturePath;
    bytes32[] maskPath;
    /// abi.encode(Verdict) (256 bytes) and the three nodes' signatures (3 x 65); empty in a registry without a committee
    bytes verdict;
}

/// @notice A signed capture with a code under every live model: the group's, then the upcoming one's. A member who has no
///         leaf under the upcoming one may leave the second out of a new attestation or a recovery.
struct Enrollment {
    Capture capture;
    /// 65 bytes (r, s, v) of secp256k1, or 84 bytes (r, s, station) of P-256
    bytes stationSignature;
    CodeEvidence[] codes;
}

/// @notice What the committee signs (EIP-712). Registry and chain stand in the domain.
struct Verdict {
    /// 1 Unique, 2 SamePerson, 3 Stored, 4 Erased
    uint8 kind;
    /// keccak256 of the code's commitment as it stands in the proof; 0 for Erased
    bytes32 codeCommitment;
    uint256 identityCommitment;
    /// 0 for Erased
    uint32 modelId;
    uint64 databaseSize;
    /// root of the committee's own log
    bytes32 logRoot;
    /// the record that is meant; 0 for Unique
    uint64 recordId;
    /// Unix time, seconds
    uint64 expiresAt;
}

/// @notice A Semaphore proof without what the contract knows itself.
struct SemaphoreProof {
    uint256 nullifier;
    /// Groth16's A, B, C in Semaphore's order
    uint256[8] points;
}
