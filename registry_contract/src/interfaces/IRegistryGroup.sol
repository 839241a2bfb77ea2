// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The registry's members as a group: all that a poll needs to know of it.
interface IRegistryGroup {
    /// @notice Root of the lean incremental Merkle tree of the members; 0 while there are none.
    function root() external view returns (uint256);

    /// @notice Number of leaves.
    function size() external view returns (uint256);

    /// @notice Depth of the tree: the smallest d with 2^d >= size.
    function depth() external view returns (uint256);
}
