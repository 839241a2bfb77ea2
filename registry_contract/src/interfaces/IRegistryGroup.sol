// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The registry's members as a group: all that polls and dApps need to know of it.
interface IRegistryGroup {
    /// @notice The group of this moment, for a poll or an action. Reverts while a member is in it who is overdue.
    /// @return groupId Id of the model whose tree the group is.
    /// @return root Root of the lean incremental Merkle tree of the members; 0 while there are none.
    /// @return size Number of leaves, removed ones included.
    /// @return depth The smallest d with 2^d >= size.
    function snapshot() external view returns (uint32 groupId, uint256 root, uint256 size, uint256 depth);

    /// @notice What is known of a root of the group.
    /// @return known Whether it is or was one.
    /// @return replacedAt Unix time, seconds; 0 for the root of this moment.
    function rootInfo(uint256 root) external view returns (bool known, uint64 replacedAt);
}
