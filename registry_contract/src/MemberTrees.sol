// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreGroups} from "@semaphore-protocol/contracts/interfaces/ISemaphoreGroups.sol";
import {IRegistryErrors} from "./interfaces/IRegistryErrors.sol";
import {IRegistryGroup} from "./interfaces/IRegistryGroup.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {LazyLeanIMT, LazyLeanIMTData} from "./libraries/LazyLeanIMT.sol";
import {SemaphoreProofs} from "./libraries/SemaphoreProofs.sol";

/// @title One tree of members a model. The group is the tree of the model that counts.
/// @notice When a model's grace ends, its tree stops being the group: whoever did not upgrade is out, at no cost to anybody.
///         A leaf counts from the moment it is in. The root is computed when somebody needs it, so a leaf costs the same at
///         any size: `snapshot` and `recordRoot` compute it, remember it and say so in the log.
/// @dev Speaks `ISemaphoreGroups` with the model's id as the group's, so that Semaphore's JavaScript finds the members. Its
///      events name a root; here that is 0, for none: `RootRecorded` names roots.
abstract contract MemberTrees is ISemaphoreGroups, IRegistryErrors, IRegistryGroup {
    using LazyLeanIMT for LazyLeanIMTData;

    ModelRegistry public immutable models;

    mapping(uint32 modelId => LazyLeanIMTData) private _trees;
    /// @dev Unix time, seconds. A root can stand in two trees.
    mapping(uint32 modelId => mapping(uint256 root => uint64)) private _replacedAt;

    constructor(ModelRegistry models_) {
        if (address(models_).code.length == 0) revert Registry__ContractHasNoCode(address(models_));
        models = models_;
    }

    // ------------------------------------------------------------------------------------------------------- changes

    function _insertLeaf(uint32 modelId, uint256 leaf) internal {
        LazyLeanIMTData storage tree = _trees[modelId];
        uint256 index = tree.size;
        // A deeper tree could not be proved in.
        if (index >= 1 << SemaphoreProofs.CIRCUIT_DEPTH) revert Registry__GroupFull(modelId);
        if (index == 0) emit GroupCreated(modelId);
        tree.insert(leaf);
        emit MemberAdded(modelId, index, leaf, 0);
    }

    /// @dev Where `leaf` is not in the tree, nothing happens.
    function _removeLeaf(uint32 modelId, uint256 leaf, uint256[] calldata siblings) internal {
        LazyLeanIMTData storage tree = _trees[modelId];
        if (!tree.has(leaf)) return;
        emit MemberRemoved(modelId, tree.indexOf(leaf), leaf, 0);
        tree.update(leaf, 0, siblings);
        _replaceRoot(modelId, tree);
    }

    function _replaceLeaf(uint32 modelId, uint256 leaf, uint256 newLeaf, uint256[] calldata siblings) internal {
        LazyLeanIMTData storage tree = _trees[modelId];
        emit MemberUpdated(modelId, tree.indexOf(leaf), leaf, newLeaf, 0);
        tree.update(leaf, newLeaf, siblings);
        _replaceRoot(modelId, tree);
    }

    function _hasLeaf(uint32 modelId, uint256 leaf) internal view returns (bool) {
        return _trees[modelId].has(leaf);
    }

    /// @dev The recorded root is not one any more: at once where a leaf under it went, at the next record where leaves came.
    function _replaceRoot(uint32 modelId, LazyLeanIMTData storage tree) private {
        if (tree.rootSize == 0) return;
        _replacedAt[modelId][tree.root] = uint64(block.timestamp);
        tree.rootSize = 0;
    }

    function _recordRoot(uint32 modelId) private returns (uint256 root_) {
        LazyLeanIMTData storage tree = _trees[modelId];
        uint64 size_ = tree.size;
        if (size_ == 0) return 0;
        if (tree.rootSize == size_) return tree.root;
        root_ = tree.computeRoot();
        _replaceRoot(modelId, tree);
        (tree.root, tree.rootSize) = (root_, size_);
        emit RootRecorded(modelId, root_, size_);
    }

    /// @inheritdoc IRegistryGroup
    function recordRoot(uint32 modelId) external returns (uint256) {
        ModelRegistry.Live memory live = models.live();
        // A tree that is no group any more keeps the roots that it had, and their times.
        if (modelId == 0 || (modelId != live.group && modelId != live.upcoming)) {
            revert Registry__ModelNotLive(modelId);
        }
        return _recordRoot(modelId);
    }

    /// @inheritdoc IRegistryGroup
    function snapshot() external returns (uint32, uint256, uint256, uint256) {
        _requireNobodyOverdue();
        uint32 group = groupId();
        LazyLeanIMTData storage tree = _trees[group];
        return (group, _recordRoot(group), tree.size, tree.depth());
    }

    // --------------------------------------------------------------------------------------------------------- views

    /// @notice Id of the model whose tree is the group.
    function groupId() public view returns (uint32) {
        return models.live().group;
    }

    /// @notice Of the members of this moment, computed for this call: `rootInfo` may not know it yet.
    function root() public view returns (uint256) {
        return _trees[groupId()].computeRoot();
    }

    function size() public view returns (uint256) {
        return _trees[groupId()].size;
    }

    function depth() public view returns (uint256) {
        return _trees[groupId()].depth();
    }

    /// @inheritdoc IRegistryGroup
    function rootInfo(uint256 root_) external view returns (bool known, uint64 replacedAt) {
        if (root_ == 0) return (false, 0);
        ModelRegistry.Live memory live = models.live();
        if (_isRecorded(live.group, root_)) return (true, 0);
        replacedAt = _replacedAt[live.group][root_];
        if (replacedAt != 0 || live.previous == 0) return (replacedAt != 0, replacedAt);
        // The older model's tree stopped being the group when its grace ended, whatever root it had.
        if (_isRecorded(live.previous, root_)) return (true, live.switchedAt);
        replacedAt = _replacedAt[live.previous][root_];
        return (replacedAt != 0, replacedAt);
    }

    function _isRecorded(uint32 modelId, uint256 root_) private view returns (bool) {
        LazyLeanIMTData storage tree = _trees[modelId];
        return tree.rootSize != 0 && root_ == tree.root;
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
        return _trees[uint32(group)].has(identityCommitment);
    }

    function indexOf(uint256 group, uint256 identityCommitment)
        external
        view
        override
        onlyGroup(group)
        returns (uint256)
    {
        return _trees[uint32(group)].indexOf(identityCommitment);
    }

    function getMerkleTreeRoot(uint256 group) external view override onlyGroup(group) returns (uint256) {
        return _trees[uint32(group)].computeRoot();
    }

    function getMerkleTreeDepth(uint256 group) external view override onlyGroup(group) returns (uint256) {
        return _trees[uint32(group)].depth();
    }

    function getMerkleTreeSize(uint256 group) external view override onlyGroup(group) returns (uint256) {
        return _trees[uint32(group)].size;
    }
}
