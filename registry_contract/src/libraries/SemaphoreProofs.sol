// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {SemaphoreProof} from "../Types.sol";
import {Bn254} from "./Bn254.sol";

/// @title Semaphore V4 proofs, as every contract here reads them.
library SemaphoreProofs {
    error Semaphore__NullifierNotCanonical(uint256 nullifier);
    error Semaphore__ProofPointNotCanonical(uint256 position, uint256 coordinate);
    error Semaphore__RootIsZero();

    /// @notice Depth of the circuit; it proves membership in any tree that is no deeper.
    uint256 internal constant CIRCUIT_DEPTH = 24;

    /// @notice nullifier + r would be a second name for the same nullifier.
    function requireCanonical(SemaphoreProof memory proof) internal pure {
        if (proof.nullifier >= Bn254.SCALAR_FIELD) revert Semaphore__NullifierNotCanonical(proof.nullifier);
        for (uint256 i = 0; i < 8; ++i) {
            if (proof.points[i] >= Bn254.BASE_FIELD) revert Semaphore__ProofPointNotCanonical(i, proof.points[i]);
        }
    }

    /// @notice Whether a member of the tree under `root` signed `message` in `scope`; both before hashing.
    /// @dev Root 0 is refused: Semaphore's circuit lets anybody prove it, with a path longer than the circuit's depth.
    function holds(
        ISemaphoreVerifier verifier,
        SemaphoreProof memory proof,
        uint256 root,
        uint256 message,
        uint256 scope
    ) internal view returns (bool) {
        if (root == 0) revert Semaphore__RootIsZero();
        uint256[8] memory p = proof.points;
        return verifier.verifyProof(
            [p[0], p[1]],
            [[p[2], p[3]], [p[4], p[5]]],
            [p[6], p[7]],
            [root, proof.nullifier, hashToField(message), hashToField(scope)],
            CIRCUIT_DEPTH
        );
    }

    /// @notice As Semaphore V4 hashes messages and scopes: 248 bits, so below r.
    function hashToField(uint256 value) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(value))) >> 8;
    }
}
