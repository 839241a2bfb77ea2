// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {Committee} from "./Committee.sol";
import {Evidence} from "./Evidence.sol";
import {MemberTrees} from "./MemberTrees.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {StationRegistry} from "./StationRegistry.sol";
import {Capture, CodeEvidence, Enrollment, SemaphoreProof, Verdict} from "./Types.sol";
import {IIrisRegistry} from "./interfaces/IIrisRegistry.sol";
import {SemaphoreProofs} from "./libraries/SemaphoreProofs.sol";

/// @title Registry of persons: one leaf for one proved iris code of one attested capture of one person.
/// @notice There is no owner and no role. Members come in, change and leave by evidence alone, whoever submits it. What
///         evidence counts is written in three lists (stations, models, committee), which a timelock governs: it can list
///         a station of its own or a model whose verifier accepts anything, in public and after its delay, and cannot add,
///         remove or edit a member.
/// @dev Everything about a record is keyed by its id. An identity commitment that a record ever had is never used again.
contract IrisRegistry is IIrisRegistry, MemberTrees, Evidence {
    uint256 public constant MAX_PERIOD_S = 2 * 365 days;

    /// @dev Version and purpose of the scopes' hashes.
    bytes32 private constant LEAVE_LABEL = keccak256("irisproof leave scope v1");
    bytes32 private constant CANCEL_LABEL = keccak256("irisproof cancel recovery scope v1");

    ISemaphoreVerifier public immutable semaphoreVerifier;

    /// @notice How long members of a revoked station may take to attest again, seconds.
    uint64 public immutable reattestPeriodS;

    /// @notice How long the old identity may cancel a recovery, seconds.
    uint64 public immutable recoveryWaitS;

    uint64 public recordCount;

    /// @notice Revoked stations, in the order of their revocation, that are known to have no members left.
    uint256 public settledStations;

    mapping(uint64 recordId => Record) private _records;
    mapping(uint256 identityCommitment => uint64 recordId) private _recordIds;
    mapping(uint64 recordId => Recovery) private _recoveries;
    /// @dev In the scope of a cancellation, so that one proof cancels one request.
    mapping(uint64 recordId => uint256) private _recoveryCount;

    /// @inheritdoc IIrisRegistry
    mapping(address station => uint256) public membersOf;

    /// @param committee_ 0 for none, which only a local chain allows.
    constructor(
        StationRegistry stations_,
        ModelRegistry models_,
        Committee committee_,
        ISemaphoreVerifier semaphoreVerifier_,
        uint64 reattestPeriodS_,
        uint64 recoveryWaitS_,
        uint8 eyeSide_
    ) MemberTrees(models_) Evidence(stations_, committee_, eyeSide_) {
        if (address(semaphoreVerifier_).code.length == 0) {
            revert Registry__ContractHasNoCode(address(semaphoreVerifier_));
        }
        _requirePeriod(reattestPeriodS_);
        _requirePeriod(recoveryWaitS_);
        semaphoreVerifier = semaphoreVerifier_;
        (reattestPeriodS, recoveryWaitS) = (reattestPeriodS_, recoveryWaitS_);
    }

    // -------------------------------------------------------------------------------------------- coming in, upgrading

    /// @inheritdoc IIrisRegistry
    function enroll(Enrollment calldata enrollment) external returns (uint64 recordId) {
        ModelRegistry.Live memory live = models.live();
        address station = _acceptCapture(enrollment, live);
        Capture calldata capture = enrollment.capture;
        uint256 identity = capture.identityCommitment;
        recordId = ++recordCount;
        _takeIdentity(identity, recordId);
        for (uint256 i = 0; i < enrollment.codes.length; ++i) {
            CodeEvidence calldata code = enrollment.codes[i];
            _acceptCode(models, code, capture.commitmentsRoot, _expect(UNIQUE, identity, 0), recordId);
            _insertLeaf(code.modelId, identity);
        }
        _records[recordId] = Record({
            commitmentsRoot: capture.commitmentsRoot,
            identityCommitment: identity,
            station: station,
            enrolledAt: uint40(block.timestamp),
            rotatedAt: 0,
            eyeSide: capture.eyeSide,
            status: Status.Active
        });
        ++membersOf[station];
        emit Enrolled(identity, station, recordId, enrollment);
    }

    /// @inheritdoc IIrisRegistry
    function upgrade(uint256 identityCommitment, CodeEvidence calldata code) external {
        uint64 recordId = recordIdOf(identityCommitment);
        Record storage record = _requireMember(recordId);
        if (record.status == Status.Suspended) revert Registry__RecordSuspended(recordId);
        (uint64 revokedAt, bool overdue) = _standingOf(record.station);
        if (overdue) revert Registry__StationRevoked(record.station, revokedAt);
        uint32 modelId = code.modelId;
        ModelRegistry.Live memory live = models.live();
        if (modelId == 0 || (modelId != live.group && modelId != live.upcoming)) {
            revert Registry__ModelNotLive(modelId);
        }
        // A leaf in the tree of a live model says that there is a code.
        if (_hasLeaf(modelId, identityCommitment)) revert Registry__AlreadyUpgraded(recordId, modelId);
        _acceptCode(models, code, record.commitmentsRoot, _expect(STORED, identityCommitment, recordId), recordId);
        _insertLeaf(modelId, identityCommitment);
        emit Upgraded(recordId, modelId, code);
    }

    /// @inheritdoc IIrisRegistry
    function reattest(Enrollment calldata enrollment) external {
        Capture calldata capture = enrollment.capture;
        uint256 identity = capture.identityCommitment;
        uint64 recordId = recordIdOf(identity);
        Record storage record = _requireMember(recordId);
        address station = _acceptCapture(enrollment, _modelsNeeded(enrollment, record));
        for (uint256 i = 0; i < enrollment.codes.length; ++i) {
            CodeEvidence calldata code = enrollment.codes[i];
            _acceptCode(models, code, capture.commitmentsRoot, _expect(SAME_PERSON, identity, recordId), recordId);
            if (!_hasLeaf(code.modelId, identity)) _insertLeaf(code.modelId, identity);
        }
        emit Reattested(recordId, station, record.station, enrollment);
        _moveToStation(record, station);
        (record.commitmentsRoot, record.eyeSide) = (capture.commitmentsRoot, capture.eyeSide);
    }

    // ------------------------------------------------------------------------------------------------------- recovery

    /// @inheritdoc IIrisRegistry
    function requestRecovery(uint64 recordId, Enrollment calldata enrollment) external {
        // A station alone must not be able to hand records around.
        if (!committeeRequired) revert Registry__CommitteeAbsent();
        Record storage record = _requireMember(recordId);
        Recovery storage pending = _recoveries[recordId];
        // One of a station that was revoked meanwhile cannot be completed and gives way.
        if (pending.readyAt != 0) {
            (uint64 revokedAt,) = _standingOf(pending.station);
            if (revokedAt == 0) revert Registry__RecoveryPending(recordId, pending.readyAt);
        }
        Capture calldata capture = enrollment.capture;
        ModelRegistry.Live memory needed = _modelsNeeded(enrollment, record);
        address station = _acceptCapture(enrollment, needed);
        _takeIdentity(capture.identityCommitment, recordId);
        for (uint256 i = 0; i < enrollment.codes.length; ++i) {
            CodeEvidence calldata code = enrollment.codes[i];
            _acceptCode(
                models,
                code,
                capture.commitmentsRoot,
                _expect(SAME_PERSON, capture.identityCommitment, recordId),
                recordId
            );
        }
        uint64 readyAt = uint64(block.timestamp) + recoveryWaitS;
        _recoveries[recordId] = Recovery({
            commitmentsRoot: capture.commitmentsRoot,
            identityCommitment: capture.identityCommitment,
            station: station,
            readyAt: readyAt,
            group: needed.group,
            upcoming: needed.upcoming,
            eyeSide: capture.eyeSide
        });
        ++_recoveryCount[recordId];
        emit RecoveryRequested(recordId, capture.identityCommitment, readyAt, enrollment);
    }

    /// @inheritdoc IIrisRegistry
    function cancelRecovery(uint64 recordId, SemaphoreProof calldata proof) external {
        Recovery storage pending = _requirePending(recordId);
        _requireIdentity(_records[recordId].identityCommitment, cancelScope(recordId), proof);
        emit RecoveryCancelled(recordId, pending.identityCommitment, proof);
        delete _recoveries[recordId];
    }

    /// @inheritdoc IIrisRegistry
    function completeRecovery(uint64 recordId, Siblings calldata siblings) external {
        Recovery memory pending = _requirePending(recordId);
        if (block.timestamp < pending.readyAt) {
            revert Registry__RecoveryNotReady(recordId, pending.readyAt, block.timestamp);
        }
        (uint64 revokedAt,) = _standingOf(pending.station);
        if (revokedAt != 0) revert Registry__StationRevoked(pending.station, revokedAt);
        delete _recoveries[recordId];

        Record storage record = _records[recordId];
        uint256 identity = record.identityCommitment;
        ModelRegistry.Live memory live = models.live();
        _recoverIn(live.group, identity, pending, siblings.group);
        _recoverIn(live.upcoming, identity, pending, siblings.upcoming);
        emit Recovered(recordId, identity, pending.identityCommitment, pending.station, record.station);
        _moveToStation(record, pending.station);
        record.identityCommitment = pending.identityCommitment;
        (record.commitmentsRoot, record.eyeSide) = (pending.commitmentsRoot, pending.eyeSide);
        record.rotatedAt = uint40(block.timestamp);
    }

    /// @dev A model that came to life during the waiting period, or whose code was left out, has no code of the new capture:
    ///      the old leaf goes, if there is one by now, and the new identity upgrades.
    function _recoverIn(uint32 modelId, uint256 identity, Recovery memory pending, uint256[] calldata siblings)
        private
    {
        if (modelId == 0) return;
        if (modelId != pending.group && modelId != pending.upcoming) {
            _removeLeaf(modelId, identity, siblings);
        } else if (_hasLeaf(modelId, identity)) {
            _replaceLeaf(modelId, identity, pending.identityCommitment, siblings);
        } else {
            _insertLeaf(modelId, pending.identityCommitment);
        }
    }

    // ------------------------------------------------------------------------------------------------------ going out

    /// @inheritdoc IIrisRegistry
    function leaveGroup(uint64 recordId, SemaphoreProof calldata proof, Siblings calldata siblings) external {
        Record storage record = _requireMember(recordId);
        uint256 identity = record.identityCommitment;
        _requireIdentity(identity, leaveScope(recordId), proof);
        delete _recoveries[recordId];
        _removeFromLive(identity, siblings);
        if (record.status == Status.Active) --membersOf[record.station];
        record.status = Status.Left;
        emit Left(recordId, identity, proof);
    }

    /// @inheritdoc IIrisRegistry
    function confirmErased(uint64 recordId, bytes calldata verdict) external {
        if (!committeeRequired) revert Registry__CommitteeAbsent();
        Record storage record = _records[recordId];
        if (record.status != Status.Left) revert Registry__RecordNotLeft(recordId);
        _requireVerdict(verdict, _expect(ERASED, record.identityCommitment, recordId));
        record.status = Status.Erased;
        emit Erased(recordId, verdict);
    }

    /// @inheritdoc IIrisRegistry
    function suspend(Suspension[] calldata suspensions) external {
        for (uint256 i = 0; i < suspensions.length; ++i) {
            uint64 recordId = suspensions[i].recordId;
            Record storage record = _requireMember(recordId);
            if (record.status == Status.Suspended) revert Registry__RecordSuspended(recordId);
            address station = record.station;
            (uint64 revokedAt, bool overdue) = _standingOf(station);
            if (!overdue) {
                uint256 overdueAt = revokedAt == 0 ? 0 : uint256(revokedAt) + reattestPeriodS;
                revert Registry__StationNotOverdue(station, overdueAt, block.timestamp);
            }
            _removeFromLive(record.identityCommitment, suspensions[i].siblings);
            record.status = Status.Suspended;
            --membersOf[station];
            emit Suspended(recordId, station);
        }
    }

    /// @inheritdoc IIrisRegistry
    function settleStations(uint256 limit) external {
        uint256 revoked = stations.revokedCount();
        uint256 settled = settledStations;
        while (limit > 0 && settled < revoked && membersOf[stations.revokedStation(settled)] == 0) {
            ++settled;
            --limit;
        }
        settledStations = settled;
    }

    // --------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IIrisRegistry
    function recordOf(uint256 identityCommitment) external view returns (Record memory) {
        return _records[recordIdOf(identityCommitment)];
    }

    /// @inheritdoc IIrisRegistry
    function recordIdOf(uint256 identityCommitment) public view returns (uint64 recordId) {
        recordId = _recordIds[identityCommitment];
        // One that a recovery replaced or only asks for is nobody's.
        if (recordId == 0 || _records[recordId].identityCommitment != identityCommitment) {
            revert Registry__IdentityNotEnrolled(identityCommitment);
        }
    }

    /// @inheritdoc IIrisRegistry
    function recordById(uint64 recordId) external view returns (Record memory) {
        if (_records[recordId].status == Status.None) revert Registry__RecordUnknown(recordId);
        return _records[recordId];
    }

    /// @inheritdoc IIrisRegistry
    function recoveryOf(uint64 recordId) external view returns (Recovery memory) {
        return _requirePending(recordId);
    }

    /// @inheritdoc IIrisRegistry
    function leaveScope(uint64 recordId) public view returns (uint256) {
        return uint256(keccak256(abi.encode(LEAVE_LABEL, block.chainid, address(this), recordId)));
    }

    /// @inheritdoc IIrisRegistry
    function cancelScope(uint64 recordId) public view returns (uint256) {
        return
            uint256(
                keccak256(abi.encode(CANCEL_LABEL, block.chainid, address(this), recordId, _recoveryCount[recordId]))
            );
    }

    // ---------------------------------------------------------------------------------------------------------- inside

    function _takeIdentity(uint256 identity, uint64 recordId) private {
        if (_recordIds[identity] != 0) revert Registry__IdentityAlreadyEnrolled(identity);
        _recordIds[identity] = recordId;
    }

    function _moveToStation(Record storage record, address station) private {
        if (record.status == Status.Active) --membersOf[record.station];
        ++membersOf[station];
        (record.station, record.status) = (station, Status.Active);
    }

    function _removeFromLive(uint256 identity, Siblings calldata siblings) private {
        ModelRegistry.Live memory live = models.live();
        _removeLeaf(live.group, identity, siblings.group);
        if (live.upcoming != 0) _removeLeaf(live.upcoming, identity, siblings.upcoming);
    }

    /// @dev The models that a member's new capture has codes of. Who has no leaf under the upcoming one may have no shares
    ///      with the committee there, which then cannot find the same person: that code may be left out, nothing of this
    ///      capture stands under that model, and an upgrade follows.
    function _modelsNeeded(Enrollment calldata enrollment, Record storage record)
        private
        view
        returns (ModelRegistry.Live memory needed)
    {
        needed = models.live();
        if (needed.upcoming == 0 || enrollment.codes.length != 1) return needed;
        if (!_hasLeaf(needed.upcoming, record.identityCommitment)) needed.upcoming = 0;
    }

    function _requireMember(uint64 recordId) private view returns (Record storage record) {
        record = _records[recordId];
        if (record.status == Status.None) revert Registry__RecordUnknown(recordId);
        if (record.status == Status.Left || record.status == Status.Erased) revert Registry__RecordLeft(recordId);
    }

    function _requirePending(uint64 recordId) private view returns (Recovery storage pending) {
        pending = _recoveries[recordId];
        if (pending.readyAt == 0) revert Registry__RecoveryAbsent(recordId);
    }

    /// @dev A proof of the identity's secret: membership in the tree whose only leaf, and so whose root, it is.
    function _requireIdentity(uint256 identity, uint256 scope, SemaphoreProof calldata proof) private view {
        SemaphoreProofs.requireCanonical(proof);
        if (!SemaphoreProofs.holds(semaphoreVerifier, proof, identity, 0, scope)) {
            revert Registry__IdentityProofInvalid(identity);
        }
    }

    /// @dev Whether the station was revoked so long ago that its members had to attest again.
    function _standingOf(address station) private view returns (uint64 revokedAt, bool overdue) {
        (, revokedAt) = stations.stationOf(station);
        overdue = revokedAt != 0 && block.timestamp >= uint256(revokedAt) + reattestPeriodS;
    }

    /// @dev The period is one for all, so the first revoked station that has members is the first that is overdue. A
    ///      revoked station gets no new members: those before it that have none never matter again.
    function _requireNobodyOverdue() internal view override {
        uint256 revoked = stations.revokedCount();
        for (uint256 i = settledStations; i < revoked; ++i) {
            address station = stations.revokedStation(i);
            uint256 members = membersOf[station];
            if (members == 0) continue;
            (, bool overdue) = _standingOf(station);
            if (overdue) revert Registry__MembersOverdue(station, members);
            return;
        }
    }

    function _expect(uint8 kind, uint256 identity, uint64 recordId) private pure returns (Verdict memory verdict) {
        (verdict.kind, verdict.identityCommitment, verdict.recordId) = (kind, identity, recordId);
    }

    function _requirePeriod(uint256 periodS) private pure {
        if (periodS == 0 || periodS > MAX_PERIOD_S) revert Registry__DelayOutOfRange(periodS, 1, MAX_PERIOD_S);
    }
}
