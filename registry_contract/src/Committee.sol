// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Governed} from "./Governed.sol";

/// @title The uniqueness committee: three nodes, all of which must sign.
contract Committee is Governed {
    uint256 public constant NODES = 3;
    uint256 private constant SIGNATURE_LENGTH = 65;

    event CommitteeChanged(address[3] nodes);

    address[3] private _nodes;

    constructor(address governor_, address[3] memory nodes) Governed(governor_) {
        _set(nodes);
    }

    /// @notice Verdicts of the nodes before are worth nothing from here on.
    function replaceCommittee(address[3] calldata nodes) external onlyGovernor {
        _set(nodes);
    }

    function nodesNow() external view returns (address[3] memory) {
        return _nodes;
    }

    /// @notice Reverts unless every node signed `digest`; signatures stand in the nodes' order.
    function requireSigned(bytes32 digest, bytes calldata signatures) external view {
        if (signatures.length != NODES * SIGNATURE_LENGTH) {
            revert Registry__CommitteeSignaturesLengthWrong(signatures.length);
        }
        for (uint256 i = 0; i < NODES; ++i) {
            // Gives 0 for what is no signature, the malleable upper half of s included; no node is 0.
            (address signer,,) =
                ECDSA.tryRecoverCalldata(digest, signatures[i * SIGNATURE_LENGTH:(i + 1) * SIGNATURE_LENGTH]);
            if (signer != _nodes[i]) revert Registry__CommitteeSignatureInvalid(i, signer, _nodes[i]);
        }
    }

    function _set(address[3] memory nodes) private {
        (address a, address b, address c) = (nodes[0], nodes[1], nodes[2]);
        // One operator under two names would sign alone for two.
        if (a == address(0) || b == address(0) || c == address(0) || a == b || a == c || b == c) {
            revert Registry__CommitteeNodesWrong(a, b, c);
        }
        _nodes = nodes;
        emit CommitteeChanged(nodes);
    }
}
