// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreGroups} from "@semaphore-protocol/contracts/interfaces/ISemaphoreGroups.sol";
import {InternalLeanIMT, LeanIMTData} from "@zk-kit/lean-imt.sol/InternalLeanIMT.sol";
import {IRegistryErrors} from "./interfaces/IRegistryErrors.sol";
import {IRegistryGroup} from "./interfaces/IRegistryGroup.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {SemaphoreProofs} from "./libraries/SemaphoreProofs.sol";

/// @title One tree of members a model. The group is the tree of the model that counts.
/// @notice When a model's grace ends, its tree stops being the group: whoever did not upgrade is out, at no cost to anybody.
/// @dev Speaks `ISemaphoreGroups` with the model's id as the group's, so that Semaphore's JavaScript finds the members.
abstract contract MemberTrees is ISemaphoreGroups, IRegistryErrors, IRegistryGroup {
    using InternalLeanIMT for LeanIMTData;

    ModelRegistry public immutable models;

    mapping(uint32 modelId => LeanIMTData) private _trees;
    /// @dev Unix time, seconds. A root can stand in two trees.
    mapping(uint32 modelId => mapping(uint256 root => uint64)) private _replacedAt;

    constructor(ModelRegistry models_) {
        if (address(models_).code.length == 0) revert Registry__ContractHasNoCode(address(models_));
        models = models_;
    }

    // ------------------------------------------------------------------------------------------------------- changes

    function _insertLeaf(uint32 modelId, uint256 leaf) internal {
        LeanIMTData storage tree = _trees[modelId];
        uint256 index = tree.size;
        // A deeper tree could not be proved in.
        if (index >= 1 << SemaphoreProofs.CIRCUIT_DEPTH) revert Registry__GroupFull(modelId);
        if (index == 0) emit GroupCreated(modelId);
        _noteReplaced(modelId, tree);
        uint256 newRoot = tree._insert(leaf);
        emit MemberAdded(modelId, index, leaf, newRoot);
    }

    /// @dev Where `leaf` is not in the tree, nothing happens.
    function _removeLeaf(uint32 modelId, uint256 leaf, uint256[] calldata siblings) internal {
        LeanIMTData storage tree = _trees[modelId];
        if (!tree._has(leaf)) return;
        uint256 index = tree._indexOf(leaf);
        _noteReplaced(modelId, tree);
        uint256 newRoot = tree._remove(leaf, siblings);
        emit MemberRemoved(modelId, index, leaf, newRoot);
    }

    function _replaceLeaf(uint32 modelId, uint256 leaf, uint256 newLeaf, uint256[] calldata siblings) internal {
        LeanIMTData storage tree = _trees[modelId];
        uint256 index = tree._indexOf(leaf);
        _noteReplaced(modelId, tree);
        uint256 newRoot = tree._update(leaf, newLeaf, siblings);
        emit MemberUpdated(modelId, index, leaf, newLeaf, newRoot);
    }

    function _hasLeaf(uint32 modelId, uint256 leaf) internal view returns (bool) {
        return _trees[modelId]._has(leaf);
    }

    function _noteReplaced(uint32 modelId, LeanIMTData storage tree) private {
        if (tree.size != 0) _replacedAt[modelId][tree._root()] = uint64(block.timestamp);
    }

    // --------------------------------------------------------------------------------------------------------- views

    /// @notice Id of the model whose tree is the group.
    function groupId() public view returns (uint32) {
        return models.live().group;
    }

    function root() public view returns (uint256) {
        return _trees[groupId()]._root();
    }

    function size() public view returns (uint256) {
        return _trees[groupId()].size;
    }

    function depth() public view returns (uint256) {
        return _trees[groupId()].depth;
    }

    /// @inheritdoc IRegistryGroup
    function snapshot() external view returns (uint32, uint256, uint256, uint256) {
        _requireNobodyOverdue();
        uint32 group = groupId();
        LeanIMTData storage tree = _trees[group];
        return (group, tree._root(), tree.size, tree.depth);
    }

    /// @inheritdoc IRegistryGroup
    function rootInfo(uint256 root_) external view returns (bool known, uint64 replacedAt) {
        if (root_ == 0) return (false, 0);
        ModelRegistry.Live memory live = models.live();
        if (root_ == _trees[live.group]._root()) return (true, 0);
        replacedAt = _replacedAt[live.group][root_];
        if (replacedAt != 0 || live.previous == 0) return (replacedAt != 0, replacedAt);
        // The older model's tree stopped being the group when its grace ended, whatever root it had.
        if (root_ == _trees[live.previous]._root()) return (true, live.switchedAt);
        replacedAt = _replacedAt[live.previous][root_];
        return (replacedAt != 0, replacedAt);
    }

    function _requireNobodyOverdue() internal view virtual;

    // -------------------------------------------------------------------------------------- Semaphore's view of a group

    modifier onlyGroup(uint256 group) {
        if (group == 0 || group > models.modelCount()) revert Registry__GroupUnknown(group);
        _;
    }

    /// @notice Nobody: members come in by proof.
    function getGroupAdmin(uint256 group) external view override onlyGroup(group) returns (address) {
        return address(0);
    }

    // The group's id is at most the count of models, which is of 32 bits.

    function hasMember(uint256 group, uint256 identityCommitment)
        external
        view
        override
        onlyGroup(group)
        returns (bool)
    {
        return _trees[uint32(group)]._has(identityCommitment);
    }

    function indexOf(uint256 group, uint256 identityCommitment)
        external
        view
        override
        onlyGroup(group)
        returns (uint256)
    {
        return _trees[uint32(group)]._indexOf(identityCommitment);
    }

    function getMerkleTreeRoot(uint256 group) external view override onlyGroup(group) returns (uint256) {
        return _trees[uint32(group)]._root();
    }

    function getMerkleTreeDepth(uint256 group) external view override onlyGroup(group) returns (uint256) {
        return _trees[uint32(group)].depth;
    }

    function getMerkleTreeSize(uint256 group) external view override onlyGroup(group) returns (uint256) {
        return _trees[uint32(group)].size;
    }
}
