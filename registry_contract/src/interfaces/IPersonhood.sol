// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SemaphoreProof} from "../Types.sol";

/// @title Once per person, for any contract. Nothing here returns a bool that a caller could forget to read.
interface IPersonhood {
    event ActionOpened(
        address indexed dapp,
        bytes32 indexed actionId,
        uint32 indexed groupId,
        uint256 snapshotRoot,
        uint256 snapshotSize,
        uint256 scope
    );
    event Consumed(uint256 indexed scope, uint256 indexed nullifier, bytes32 signal, uint256[8] points);

    error Personhood__ContractHasNoCode(address given);
    error Personhood__GroupEmpty();
    error Personhood__ActionOpen(address dapp, bytes32 actionId);
    error Personhood__ActionUnknown(address dapp, bytes32 actionId);
    error Personhood__NullifierUsed(uint256 scope, uint256 nullifier);
    error Personhood__ProofInvalid(uint256 scope, uint256 nullifier);

    /// @notice Opens an action of the caller's, for the group of this moment and for good.
    /// @dev One snapshot an action, as in a poll: with the group of the day, a member whose identity was replaced after a
    ///      loss could act a second time.
    /// @return scope What a person proves in: of the chain, this contract, the caller and `actionId`.
    function openAction(bytes32 actionId) external returns (uint256 scope);

    /// @notice Reverts unless a person of the action's snapshot signed `signal` for it, and had not acted in it before.
    /// @param signal What the person agrees to: put the recipient in it, or anybody who sees the proof can take it over.
    function consume(bytes32 actionId, bytes32 signal, SemaphoreProof calldata proof) external;

    /// @notice Scope and snapshot of an action. Reverts where there is none.
    function actionOf(address dapp, bytes32 actionId) external view returns (uint256 scope, uint256 snapshotRoot);

    function isUsed(uint256 scope, uint256 nullifier) external view returns (bool);
}
