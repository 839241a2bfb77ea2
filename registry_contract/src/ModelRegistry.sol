// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Governed} from "./Governed.sol";
import {CodeEvidence, Model} from "./Types.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {CodeEvidences} from "./libraries/CodeEvidences.sol";

/// @title The iris networks: proposed -> public delay -> active -> grace of the older one -> retired.
/// @notice Every change of state follows from the time at which a model was proposed: nobody has to send a transaction for
///         it, and nobody can hold it up or hurry it.
/// @dev At most two models are live. The group of members is that of the older one until its grace ends.
contract ModelRegistry is Governed {
    enum State {
        Unknown,
        /// in its public delay
        Proposed,
        Active,
        /// the older of two live models
        Grace,
        Retired,
        Withdrawn
    }

    struct Times {
        uint64 proposedAt;
        uint64 activeAt;
        uint64 withdrawnAt;
    }

    /// @dev `group`: the model whose tree is the group. `upcoming`: the newer one while the older is in grace, else 0.
    ///      `previous`: the model before `group`, whose tree was the group until `switchedAt`; 0 where there is none.
    struct Live {
        uint32 group;
        uint32 upcoming;
        uint32 previous;
        uint64 switchedAt;
    }

    event ModelProposed(uint32 indexed modelId, Model model, uint64 activeAt, uint64 olderRetiresAt);
    event ModelWithdrawn(uint32 indexed modelId);

    uint256 public constant MAX_DELAY_S = 2 * 365 days;
    uint256 private constant MIN_PROOF_LENGTH = 192;
    uint256 private constant BLINDING = 3;

    /// @notice Between a proposal and its first enrolment, seconds.
    uint64 public immutable publicDelayS;

    /// @notice How long the older model stays beside the newer one, seconds.
    uint64 public immutable graceS;

    uint32 public modelCount;
    uint32 private _group;
    uint32 private _next;
    uint32 private _previous;
    uint64 private _switchedAt;

    mapping(uint32 modelId => Model) private _models;
    mapping(uint32 modelId => Times) private _times;

    /// @param genesis The first model, active at once: there is nobody yet whom a delay would protect.
    constructor(address governor_, uint64 publicDelayS_, uint64 graceS_, Model memory genesis) Governed(governor_) {
        _requireDelay(publicDelayS_);
        _requireDelay(graceS_);
        (publicDelayS, graceS) = (publicDelayS_, graceS_);
        _group = _list(genesis, uint64(block.timestamp));
    }

    /// @notice Announces a model. It is active after the public delay; the present one retires after the grace.
    function proposeModel(Model calldata model) external onlyGovernor returns (uint32 modelId) {
        if (_next != 0) {
            uint256 endsAt = uint256(_times[_next].activeAt) + graceS;
            if (block.timestamp < endsAt) revert Registry__ModelSuccessionUnderWay(_next, endsAt);
            (_previous, _switchedAt) = (_group, uint64(endsAt));
            _group = _next;
        }
        modelId = _list(model, uint64(block.timestamp) + publicDelayS);
        _next = modelId;
    }

    /// @notice Takes a proposal back before it is active.
    function withdrawModel(uint32 modelId) external onlyGovernor {
        if (modelId == 0 || modelId != _next || block.timestamp >= _times[modelId].activeAt) {
            revert Registry__ModelNotPending(modelId);
        }
        _next = 0;
        _times[modelId].withdrawnAt = uint64(block.timestamp);
        emit ModelWithdrawn(modelId);
    }

    /// @notice The models that count now.
    function live() public view returns (Live memory now_) {
        (now_.group, now_.previous, now_.switchedAt) = (_group, _previous, _switchedAt);
        if (_next == 0) return now_;
        uint64 activeAt = _times[_next].activeAt;
        if (block.timestamp >= uint256(activeAt) + graceS) {
            (now_.group, now_.previous, now_.switchedAt) = (_next, _group, activeAt + graceS);
        } else if (block.timestamp >= activeAt) {
            now_.upcoming = _next;
        }
    }

    function stateOf(uint32 modelId) external view returns (State) {
        Times storage times = _times[modelId];
        if (times.proposedAt == 0) return State.Unknown;
        if (times.withdrawnAt != 0) return State.Withdrawn;
        if (block.timestamp < times.activeAt) return State.Proposed;
        Live memory now_ = live();
        if (modelId == now_.group) return now_.upcoming == 0 ? State.Active : State.Grace;
        return modelId == now_.upcoming ? State.Active : State.Retired;
    }

    /// @notice Reverts where no model has this id.
    function modelOf(uint32 modelId) external view returns (Model memory) {
        if (_times[modelId].proposedAt == 0) revert Registry__ModelUnknown(modelId);
        return _models[modelId];
    }

    /// @notice Reverts unless the model's network computed the code from commitments under `commitmentsRoot`. Says nothing
    ///         about the model's state.
    /// @return codeCommitment keccak256 of the code's commitment as it stands in the proof.
    function requireProved(CodeEvidence calldata code, bytes32 commitmentsRoot)
        external
        view
        returns (bytes32 codeCommitment)
    {
        if (_times[code.modelId].proposedAt == 0) revert Registry__ModelUnknown(code.modelId);
        return CodeEvidences.requireHolds(_models[code.modelId], code, commitmentsRoot);
    }

    /// @notice Unix times in seconds; 0 for what has not happened.
    function timesOf(uint32 modelId) external view returns (Times memory) {
        return _times[modelId];
    }

    function _list(Model memory model, uint64 activeAt) private returns (uint32 modelId) {
        if (model.texturePlane == model.maskPlane) revert Registry__PlanesEqual(model.texturePlane);
        if (model.proofLength < MIN_PROOF_LENGTH) {
            revert Registry__ProofLengthTooShort(model.proofLength, MIN_PROOF_LENGTH);
        }
        if (model.blindingConstant.x >= Bn254.BASE_FIELD) {
            revert Registry__CoordinateNotCanonical(BLINDING, model.blindingConstant.x);
        }
        if (model.blindingConstant.y >= Bn254.BASE_FIELD) {
            revert Registry__CoordinateNotCanonical(BLINDING, model.blindingConstant.y);
        }
        if (!Bn254.isOnCurve(model.blindingConstant)) {
            revert Registry__PointNotOnCurve(BLINDING, model.blindingConstant.x, model.blindingConstant.y);
        }
        if (model.verifier.code.length == 0) revert Registry__VerifierHasNoCode(model.verifier);
        if (model.verifier.codehash != model.verifierCodeHash) {
            revert Registry__VerifierCodeMismatch(model.verifier, model.verifier.codehash, model.verifierCodeHash);
        }
        modelId = ++modelCount;
        _models[modelId] = model;
        _times[modelId] = Times(uint64(block.timestamp), activeAt, 0);
        emit ModelProposed(modelId, model, activeAt, activeAt + graceS);
    }

    function _requireDelay(uint256 delayS) private pure {
        if (delayS == 0 || delayS > MAX_DELAY_S) revert Registry__DelayOutOfRange(delayS, 1, MAX_DELAY_S);
    }
}
