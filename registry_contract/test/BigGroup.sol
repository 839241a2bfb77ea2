// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InternalLeanIMT, LeanIMTData} from "@zk-kit/lean-imt.sol/InternalLeanIMT.sol";

/// @dev For measuring: a group whose members come in many at a time and without evidence. Never deployed.
contract BigGroup {
    using InternalLeanIMT for LeanIMTData;

    LeanIMTData private _tree;

    function insertMany(uint256[] calldata leaves) external {
        _tree._insertMany(leaves);
    }

    function insert(uint256 leaf) external {
        _tree._insert(leaf);
    }

    function snapshot() external view returns (uint32, uint256, uint256, uint256) {
        return (1, _tree._root(), _tree.size, _tree.depth);
    }

    function rootInfo(uint256) external pure returns (bool, uint64) {
        return (true, 0);
    }
}
