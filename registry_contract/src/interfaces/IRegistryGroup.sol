// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The registry's members as a group: all that polls and dApps need to know of it.
interface IRegistryGroup {
    /// @notice `root` is that of the first `size` leaves of model `groupId`'s tree as they stand here in the log. Whoever
    ///         proves membership needs a root that was recorded.
    event RootRecorded(uint256 indexed groupId, uint256 root, uint256 size);

    /// @notice The group of this moment, for a poll or an action; its root is recorded. Reverts while a member is in it who
    ///         is overdue.
    /// @return groupId Id of the model whose tree the group is.
    /// @return root Root of the lean incremental Merkle tree of the members; 0 while there are none.
    /// @return size Number of leaves, removed ones included.
    /// @return depth The smallest d with 2^d >= size.
    function snapshot() external returns (uint32 groupId, uint256 root, uint256 size, uint256 depth);

    /// @notice Computes and records the root of a live model's tree. Anyone may call it; where nothing changed since the last
    ///         record, nothing happens.
    function recordRoot(uint32 modelId) external returns (uint256 root);

    /// @notice What is known of a root of the group.
    /// @return known Whether it is or was a recorded one.
    /// @return replacedAt Unix time, seconds; 0 for the latest, unless a leaf under it was removed or replaced since.
    function rootInfo(uint256 root) external view returns (bool known, uint64 replacedAt);
}
