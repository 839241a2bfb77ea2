// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// Published contracts that are deployed as they are: named here so that forge compiles them with ours.
import {SemaphoreVerifier} from "@semaphore-protocol/contracts/base/SemaphoreVerifier.sol";
import {PoseidonT3} from "poseidon-solidity/PoseidonT3.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
