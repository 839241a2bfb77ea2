// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IRegistryErrors} from "./interfaces/IRegistryErrors.sol";

/// @title A list that only the timelock changes.
/// @notice The governor is fixed at deployment: there is no ownership to hand over, to lose or to take back.
abstract contract Governed is IRegistryErrors {
    /// @notice OpenZeppelin's TimelockController.
    address public immutable governor;

    constructor(address governor_) {
        if (governor_.code.length == 0) revert Registry__ContractHasNoCode(governor_);
        governor = governor_;
    }

    modifier onlyGovernor() {
        if (msg.sender != governor) revert Registry__NotGovernor(msg.sender, governor);
        _;
    }
}
