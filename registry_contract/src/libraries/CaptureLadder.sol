// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {G1Point} from "./Bn254.sol";

/// @title The Merkle tree over (plane, k, raw commitment) whose root a station signs.
/// @notice Python's twin is `registry_contract/ladder.py`; both are held to `tests/vectors/attestation.json`.
library CaptureLadder {
    /// @notice Version and purpose of a leaf's hash.
    bytes32 internal constant LEAF_LABEL = keccak256("irisproof capture ladder leaf v1");

    /// @notice Leaf of one commitment: hashed twice, so that no inner node (64 bytes, hashed once) can be read as a leaf.
    /// @param plane keccak256 of the plane's name, such as "texture_8x120".
    /// @param k The commitment's Lagrange basis has 2^k elements.
    /// @param commitment Raw KZG commitment: without the constant of the unusable rows.
    function leafOf(bytes32 plane, uint8 k, G1Point memory commitment) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(LEAF_LABEL, plane, uint256(k), commitment.x, commitment.y))));
    }

    /// @notice Whether `leaf` lies under `root`. Pairs are hashed in sorted order, as in OpenZeppelin's trees.
    function holds(bytes32[] calldata path, bytes32 root, bytes32 leaf) internal pure returns (bool) {
        return MerkleProof.verifyCalldata(path, root, leaf);
    }
}
