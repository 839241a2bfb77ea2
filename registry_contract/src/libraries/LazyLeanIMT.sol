// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PoseidonT3} from "poseidon-solidity/PoseidonT3.sol";
import {
    LeafAlreadyExists,
    LeafCannotBeZero,
    LeafDoesNotExist,
    LeafGreaterThanSnarkScalarField,
    WrongSiblingNodes
} from "@zk-kit/lean-imt.sol/InternalLeanIMT.sol";
import {Bn254} from "./Bn254.sol";

/// @dev `size`: leaves, removed ones included. `root` is that of the first `rootSize` leaves; where `rootSize` is 0, of none.
///      The caller keeps `root` and `rootSize`; they share a slot with what an insertion writes anyway.
struct LazyLeanIMTData {
    uint64 size;
    uint64 rootSize;
    uint256 root;
    /// of every level the nodes that wait for their parent: 2 * level the left one, 2 * level + 1 the right one
    mapping(uint256 place => uint256) nodes;
    /// index + 1
    mapping(uint256 leaf => uint256) places;
}

/// @title Semaphore's lean incremental Merkle tree, whose root is computed when it is needed and not at every leaf.
/// @notice An insertion takes one hash at most, at any size: it makes the one inner node whose turn it is. The root of n
///         leaves takes fewer hashes than the tree has levels.
/// @dev The turns: the insertion that makes n leaves, with t ones at the end of n's binary form, makes the parent of the
///      two nodes that wait at level t, if two do. So the j-th node of level l > 0 is made with leaf 2^l j + 2^(l-1) - 1,
///      later than both its children and before the next node comes to their places. Which nodes there are follows from
///      n alone (`_made`). Same leaves, same root as `InternalLeanIMT` and as Semaphore's JavaScript.
library LazyLeanIMT {
    /// @dev The level-0 node that an odd n leaves alone is a leaf that waits.
    function insert(LazyLeanIMTData storage self, uint256 leaf) internal {
        if (leaf >= Bn254.SCALAR_FIELD) revert LeafGreaterThanSnarkScalarField();
        if (leaf == 0) revert LeafCannotBeZero();
        if (self.places[leaf] != 0) revert LeafAlreadyExists();
        uint256 n = uint256(self.size) + 1;
        // forge-lint: disable-next-line(unsafe-typecast) -- the registry stops at 2^24
        self.size = uint64(n);
        self.places[leaf] = n;
        uint256 level = 0;
        while ((n >> level) & 1 == 1) ++level;
        if (level != 0) self.nodes[0] = leaf;
        uint256 made = n >> (level + 1);
        if (made == 0) return;
        uint256 right = level == 0 ? leaf : self.nodes[2 * level + 1];
        // the made-th of its level: the first is a left one
        self.nodes[2 * (level + 1) + ((made - 1) & 1)] = PoseidonT3.hash([self.nodes[2 * level], right]);
    }

    /// @notice Puts `newLeaf`, or 0 for a removal, in the place of `leaf`.
    /// @dev `siblings` from the leaf up; those above the stored node that the leaf lies under are not read. That node is
    ///      complete, so every level below it has a sibling, and what was proved to lie under it lies in the tree.
    function update(LazyLeanIMTData storage self, uint256 leaf, uint256 newLeaf, uint256[] calldata siblings) internal {
        if (newLeaf >= Bn254.SCALAR_FIELD) revert LeafGreaterThanSnarkScalarField();
        if (newLeaf != 0 && self.places[newLeaf] != 0) revert LeafAlreadyExists();
        uint256 position = indexOf(self, leaf);
        (uint256 n, uint256 level, uint256 before, uint256 node) = (self.size, 0, leaf, newLeaf);
        self.places[leaf] = 0;
        if (newLeaf != 0) self.places[newLeaf] = position + 1;
        while (position < 2 * _made(n, level + 1)) {
            if (level >= siblings.length) revert WrongSiblingNodes();
            uint256 sibling = siblings[level];
            if (sibling >= Bn254.SCALAR_FIELD) revert LeafGreaterThanSnarkScalarField();
            bool isRight = position & 1 == 1;
            before = isRight ? PoseidonT3.hash([sibling, before]) : PoseidonT3.hash([before, sibling]);
            node = isRight ? PoseidonT3.hash([sibling, node]) : PoseidonT3.hash([node, sibling]);
            position >>= 1;
            ++level;
        }
        uint256 place = 2 * level + (position & 1);
        if (self.nodes[place] != before) revert WrongSiblingNodes();
        self.nodes[place] = node;
    }

    function has(LazyLeanIMTData storage self, uint256 leaf) internal view returns (bool) {
        return self.places[leaf] != 0;
    }

    function indexOf(LazyLeanIMTData storage self, uint256 leaf) internal view returns (uint256) {
        uint256 place = self.places[leaf];
        if (place == 0) revert LeafDoesNotExist();
        return place - 1;
    }

    /// @notice The smallest d with 2^d >= size.
    function depth(LazyLeanIMTData storage self) internal view returns (uint256 levels) {
        uint256 n = self.size;
        while (1 << levels < n) ++levels;
    }

    /// @notice The root of all leaves; 0 while there are none.
    function computeRoot(LazyLeanIMTData storage self) internal view returns (uint256 root) {
        uint256 n = self.size;
        if (n == 0) return 0;
        // Of each level the nodes without a parent that is made, from the left: at most two that are stored, then at most
        // one that is complete and one that is not, both from the row below.
        uint256[4] memory row;
        uint256 count = 0;
        for (uint256 level = 0;; ++level) {
            uint256 stored = _made(n, level) - 2 * _made(n, level + 1);
            for (uint256 i = count; i > 0; --i) {
                row[i - 1 + stored] = row[i - 1];
            }
            for (uint256 i = 0; i < stored; ++i) {
                row[i] = self.nodes[2 * level + i];
            }
            count += stored;
            if (1 << level >= n) return row[0];
            for (uint256 i = 0; i < count; i += 2) {
                // A node without a right sibling stands for its parent.
                row[i / 2] = i + 1 < count ? PoseidonT3.hash([row[i], row[i + 1]]) : row[i];
            }
            count = (count + 1) / 2;
        }
    }

    /// @dev How many nodes of a level were made when there are n leaves; the last two of them at most have no parent yet.
    function _made(uint256 n, uint256 level) private pure returns (uint256) {
        if (level == 0) return n;
        uint256 half = 1 << (level - 1);
        return n + 1 < half ? 0 : (n + 1 - half) >> level;
    }
}
