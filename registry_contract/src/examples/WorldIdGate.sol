// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IWorldId} from "../interfaces/IWorldId.sol";

library ByteHasher {
    /// @dev World ID's: 248 bits, so below r.
    function hashToField(bytes memory value) internal pure returns (uint256) {
        return uint256(keccak256(value)) >> 8;
    }
}

/// @title Example: a contract as World ID's own template has it, given another address.
contract WorldIdGate {
    using ByteHasher for bytes;

    error DuplicateNullifier(uint256 nullifierHash);

    event Verified(uint256 nullifierHash);

    IWorldId internal immutable WORLD_ID;
    uint256 public immutable EXTERNAL_NULLIFIER;
    uint256 internal immutable GROUP = 1;

    mapping(uint256 nullifierHash => bool) internal nullifierHashes;

    constructor(IWorldId worldId, string memory appId, string memory actionId) {
        WORLD_ID = worldId;
        EXTERNAL_NULLIFIER = abi.encodePacked(abi.encodePacked(appId).hashToField(), actionId).hashToField();
    }

    function verifyAndExecute(address signal, uint256 root, uint256 nullifierHash, uint256[8] calldata proof) public {
        if (nullifierHashes[nullifierHash]) revert DuplicateNullifier(nullifierHash);
        WORLD_ID.verifyProof(
            root, GROUP, abi.encodePacked(signal).hashToField(), nullifierHash, EXTERNAL_NULLIFIER, proof
        );
        nullifierHashes[nullifierHash] = true;
        emit Verified(nullifierHash);
    }
}
