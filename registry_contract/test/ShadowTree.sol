// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PoseidonT3} from "poseidon-solidity/PoseidonT3.sol";

/// @dev A lean incremental Merkle tree computed whole from its leaves, as a prover does: no shortcuts to get wrong.
contract ShadowTree {
    uint256[] private _leaves;

    function insert(uint256 leaf) external {
        _leaves.push(leaf);
    }

    function update(uint256 leaf, uint256 newLeaf) external {
        _leaves[_indexOf(leaf)] = newLeaf;
    }

    function has(uint256 leaf) external view returns (bool) {
        for (uint256 i = 0; i < _leaves.length; ++i) {
            if (_leaves[i] == leaf) return true;
        }
        return false;
    }

    function root() external view returns (uint256) {
        uint256[] memory level = _leaves;
        if (level.length == 0) return 0;
        while (level.length > 1) {
            level = _above(level);
        }
        return level[0];
    }

    /// @dev Empty where the leaf is not there.
    function siblingsOf(uint256 leaf) external view returns (uint256[] memory siblings) {
        uint256 index = _indexOf(leaf);
        if (index == type(uint256).max) return siblings;
        uint256[] memory level = _leaves;
        uint256[] memory found = new uint256[](32);
        uint256 count = 0;
        while (level.length > 1) {
            if (index ^ 1 < level.length) found[count++] = level[index ^ 1];
            level = _above(level);
            index >>= 1;
        }
        siblings = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            siblings[i] = found[i];
        }
    }

    function _above(uint256[] memory level) private pure returns (uint256[] memory next) {
        next = new uint256[]((level.length + 1) / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            next[i] = 2 * i + 1 < level.length ? PoseidonT3.hash([level[2 * i], level[2 * i + 1]]) : level[2 * i];
        }
    }

    function _indexOf(uint256 leaf) private view returns (uint256) {
        for (uint256 i = 0; i < _leaves.length; ++i) {
            if (_leaves[i] == leaf) return i;
        }
        return type(uint256).max;
    }
}
