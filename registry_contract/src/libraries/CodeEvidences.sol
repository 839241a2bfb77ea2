// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IRegistryErrors} from "../interfaces/IRegistryErrors.sol";
import {ICodeVerifier} from "../interfaces/ICodeVerifier.sol";
import {CodeEvidence, Model} from "../Types.sol";
import {Bn254, G1Point} from "./Bn254.sol";
import {CaptureLadder} from "./CaptureLadder.sol";

/// @title That a code was computed by a model's network from commitments under a signed root.
library CodeEvidences {
    /// @dev Positions of the commitments at the head of a proof, 64 bytes each.
    uint256 private constant TEXTURE = 0;
    uint256 private constant MASK = 1;
    uint256 private constant CODE = 2;
    uint256 private constant POINT_LENGTH = 64;

    /// @notice Reverts unless it holds.
    /// @return codeCommitment keccak256 of the code's commitment as it stands in the proof.
    function requireHolds(Model storage model, CodeEvidence calldata code, bytes32 commitmentsRoot)
        internal
        view
        returns (bytes32 codeCommitment)
    {
        bytes calldata proof = code.proof;
        if (proof.length != model.proofLength) {
            revert IRegistryErrors.Registry__ProofLengthWrong(proof.length, model.proofLength);
        }
        G1Point memory blinding = model.blindingConstant;
        _requireAttested(
            code.texturePath, commitmentsRoot, model.texturePlane, model.k, _rawCommitment(proof, TEXTURE, blinding)
        );
        _requireAttested(
            code.maskPath, commitmentsRoot, model.maskPlane, model.k, _rawCommitment(proof, MASK, blinding)
        );
        _commitmentAt(proof, CODE);
        _requireProved(model, code);
        return keccak256(proof[CODE * POINT_LENGTH:(CODE + 1) * POINT_LENGTH]);
    }

    function _requireAttested(
        bytes32[] calldata path,
        bytes32 commitmentsRoot,
        bytes32 plane,
        uint8 k,
        G1Point memory commitment
    ) private pure {
        if (!CaptureLadder.holds(path, commitmentsRoot, CaptureLadder.leafOf(plane, k, commitment))) {
            revert IRegistryErrors.Registry__CommitmentNotAttested(plane, k, commitment.x, commitment.y);
        }
    }

    /// @dev What the station signed: the commitment in the proof without the constant of the circuit's unusable rows.
    function _rawCommitment(bytes calldata proof, uint256 position, G1Point memory blinding)
        private
        view
        returns (G1Point memory raw)
    {
        raw = Bn254.subtract(_commitmentAt(proof, position), blinding);
        // The point at infinity: a plane of zeros without salts. No station signs one.
        if (raw.x == 0 && raw.y == 0) revert IRegistryErrors.Registry__CommitmentIsBlank(position);
    }

    function _commitmentAt(bytes calldata proof, uint256 position) private pure returns (G1Point memory point) {
        uint256 start = position * POINT_LENGTH;
        point.x = uint256(bytes32(proof[start:start + 32]));
        point.y = uint256(bytes32(proof[start + 32:start + POINT_LENGTH]));
        if (point.x >= Bn254.BASE_FIELD) revert IRegistryErrors.Registry__CoordinateNotCanonical(position, point.x);
        if (point.y >= Bn254.BASE_FIELD) revert IRegistryErrors.Registry__CoordinateNotCanonical(position, point.y);
        if (!Bn254.isOnCurve(point)) {
            revert IRegistryErrors.Registry__PointNotOnCurve(position, point.x, point.y);
        }
    }

    /// @dev The registry encodes the call, so a submitter has no say in the calldata's layout, which the generated
    ///      verifier reads at fixed offsets. The code's hash is asked for again at every proof: a contract that destroys
    ///      itself in the transaction that made it can come back with other code at the same address.
    function _requireProved(Model storage model, CodeEvidence calldata code) private view {
        address verifier = model.verifier;
        if (verifier.codehash != model.verifierCodeHash) {
            revert IRegistryErrors.Registry__VerifierCodeMismatch(verifier, verifier.codehash, model.verifierCodeHash);
        }
        (bool success, bytes memory result) =
            verifier.staticcall(abi.encodeCall(ICodeVerifier.verifyProof, (code.proof, new uint256[](0))));
        if (!success || result.length != 32 || abi.decode(result, (uint256)) != 1) {
            revert IRegistryErrors.Registry__CodeProofRejected(verifier, code.modelId, result);
        }
    }
}
