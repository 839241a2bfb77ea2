// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// Semaphore's own contract, for measuring beside ours.
import {Semaphore} from "@semaphore-protocol/contracts/Semaphore.sol";
