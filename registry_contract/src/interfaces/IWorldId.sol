// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The two ways in which contracts call World ID. Both revert on anything false and return nothing.
interface IWorldId {
    error ExpiredRoot();
    error NonExistentRoot();
    error NoSuchGroup(uint256 groupId);
    error NumberNotCanonical(uint256 number);
    error ProofInvalid();

    /// @dev Selector 0x354ca120.
    function verifyProof(
        uint256 root,
        uint256 signalHash,
        uint256 nullifierHash,
        uint256 externalNullifierHash,
        uint256[8] calldata proof
    ) external view;

    /// @dev Selector 0x3bc778e3, as the router has it.
    function verifyProof(
        uint256 root,
        uint256 groupId,
        uint256 signalHash,
        uint256 nullifierHash,
        uint256 externalNullifierHash,
        uint256[8] calldata proof
    ) external view;
}
