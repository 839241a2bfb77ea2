// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ISemaphoreGroups} from "@semaphore-protocol/contracts/interfaces/ISemaphoreGroups.sol";
import {InternalLeanIMT, LeanIMTData} from "@zk-kit/lean-imt.sol/InternalLeanIMT.sol";
import {ICodeVerifier} from "./interfaces/ICodeVerifier.sol";
import {IIrisRegistry} from "./interfaces/IIrisRegistry.sol";
import {Bn254, G1Point} from "./libraries/Bn254.sol";
import {CaptureLadder} from "./libraries/CaptureLadder.sol";

/// @title Registry of persons: one leaf for one proved iris code of one attested capture.
/// @notice The owner lists stations and models; it goes behind a timelock with the governance issue. No function lets the
///         owner add, remove or edit a member. But an owner who lists a station of its own and a model whose verifier accepts
///         anything can enrol whom it likes, in public: the two lists are what the owner is trusted for.
///         Not checked here, because the committee does not exist yet: that nobody enrolled before with the same eye.
/// @dev Speaks `ISemaphoreGroups` for one group, so that Semaphore's JavaScript finds the members.
contract IrisRegistry is IIrisRegistry, ISemaphoreGroups, EIP712, Ownable2Step {
    using InternalLeanIMT for LeanIMTData;

    /// @notice Oldest capture that can still be enrolled.
    uint256 public constant MAX_ATTESTATION_AGE_S = 1 days;

    /// @notice How far a station's clock may run ahead of the chain's.
    uint256 public constant MAX_CLOCK_SKEW_S = 5 minutes;

    /// @notice The registry is one group in Semaphore's words.
    uint256 public constant GROUP_ID = 0;

    bytes32 public constant CAPTURE_TYPEHASH = keccak256(
        "Capture(bytes32 commitmentsRoot,uint8 eyeSide,uint256 identityCommitment,uint64 capturedAt,bytes32 nonce)"
    );

    /// @dev Positions of the commitments at the head of a proof, 64 bytes each.
    uint256 private constant TEXTURE = 0;
    uint256 private constant MASK = 1;
    uint256 private constant CODE = 2;
    /// @dev Stands for the model's own constant in errors.
    uint256 private constant BLINDING = 3;
    uint256 private constant POINT_LENGTH = 64;
    uint256 private constant MIN_PROOF_LENGTH = 3 * POINT_LENGTH;

    struct StationState {
        uint64 addedAt;
        uint64 revokedAt;
    }

    struct ModelState {
        uint64 registeredAt;
        uint64 retiredAt;
    }

    /// @inheritdoc IIrisRegistry
    uint32 public activeModelId;
    uint32 private _modelCount;

    LeanIMTData private _members;
    mapping(uint256 identityCommitment => Record) private _records;
    mapping(bytes32 codeCommitment => uint256 identityCommitment) private _codeOwners;
    mapping(address station => StationState) private _stations;
    mapping(uint32 modelId => Model) private _models;
    mapping(uint32 modelId => ModelState) private _modelStates;

    /// @inheritdoc IIrisRegistry
    mapping(address station => mapping(bytes32 nonce => bool)) public nonceUsed;

    constructor(address owner) EIP712("irisproof", "1") Ownable(owner) {
        emit GroupCreated(GROUP_ID);
    }

    // ---------------------------------------------------------------------------------------------------- enrolment

    /// @inheritdoc IIrisRegistry
    function enroll(Enrollment calldata enrollment) external returns (uint256 index) {
        Capture calldata capture = enrollment.capture;

        // 1. The model is known and active.
        _requireActiveModel(enrollment.modelId);
        Model storage model = _models[enrollment.modelId];

        // 2. Every number of the capture is canonical; those in the proof follow in step 5.
        _requireCanonical(capture);

        // 3. The capture is fresh.
        _requireFresh(capture.capturedAt);

        // 4. An active station signed the capture, for this registry on this chain, and for one enrolment only.
        address station = _requireActiveStation(capture, enrollment.stationSignature);
        if (nonceUsed[station][capture.nonce]) revert Registry__NonceUsed(station, capture.nonce);

        // 5. The commitments that the proof is about, read from the proof itself, are those of the signed capture.
        bytes32 codeCommitment = _requireAttestedCommitments(model, enrollment);

        // 6. The code was computed from them by the model's network.
        _requireProved(model, enrollment);

        // 7. Neither the code's commitment nor the identity was enrolled before. (The same eye twice is the committee's
        //    question: another capture of it has another commitment.)
        _requireNew(codeCommitment, capture.identityCommitment);

        // 8. Here the committee's verdict `Unique` over (codeCommitment, identityCommitment, modelId, ...) will be checked.
        //    Until then nothing may stand in its place, so that no unread bytes ever pass as a verdict.
        if (enrollment.verdict.length != 0) revert Registry__VerdictNotSupported(enrollment.verdict.length);

        index = _members.size;
        nonceUsed[station][capture.nonce] = true;
        _codeOwners[codeCommitment] = capture.identityCommitment;
        _records[capture.identityCommitment] = Record({
            commitmentsRoot: capture.commitmentsRoot,
            codeCommitment: codeCommitment,
            station: station,
            enrolledAt: uint48(block.timestamp),
            modelId: enrollment.modelId,
            eyeSide: capture.eyeSide
        });
        uint256 newRoot = _members._insert(capture.identityCommitment);

        emit MemberAdded(GROUP_ID, index, capture.identityCommitment, newRoot);
        emit Enrolled(capture.identityCommitment, station, codeCommitment, index, enrollment);
    }

    function _requireActiveModel(uint32 modelId) private view {
        ModelState storage state = _modelStates[modelId];
        if (state.registeredAt == 0) revert Registry__ModelUnknown(modelId);
        if (state.retiredAt != 0) revert Registry__ModelRetired(modelId, state.retiredAt);
    }

    function _requireCanonical(Capture calldata capture) private pure {
        // A leaf of r + x would be another name for x; 0 marks a removed leaf.
        if (capture.identityCommitment == 0 || capture.identityCommitment >= Bn254.SCALAR_FIELD) {
            revert Registry__IdentityNotCanonical(capture.identityCommitment);
        }
        if (capture.eyeSide != 1 && capture.eyeSide != 2) revert Registry__EyeSideUnknown(capture.eyeSide);
    }

    function _requireFresh(uint64 capturedAt) private view {
        if (capturedAt > block.timestamp + MAX_CLOCK_SKEW_S) {
            revert Registry__CapturedInFuture(capturedAt, block.timestamp);
        }
        uint256 expiresAt = capturedAt + MAX_ATTESTATION_AGE_S;
        if (block.timestamp > expiresAt) {
            revert Registry__AttestationExpired(capturedAt, expiresAt, block.timestamp);
        }
    }

    /// @dev A signature over anything else recovers some other address: it ends as `Registry__StationUnknown`.
    function _requireActiveStation(Capture calldata capture, bytes calldata signature)
        private
        view
        returns (address station)
    {
        ECDSA.RecoverError failure;
        bytes32 detail;
        // Refuses 64-byte signatures and the malleable upper half of s.
        (station, failure, detail) = ECDSA.tryRecoverCalldata(captureDigest(capture), signature);
        if (failure != ECDSA.RecoverError.NoError) revert Registry__StationSignatureInvalid(uint8(failure), detail);
        StationState storage state = _stations[station];
        if (state.addedAt == 0) revert Registry__StationUnknown(station);
        if (state.revokedAt != 0) revert Registry__StationRevoked(station, state.revokedAt);
    }

    function _requireAttestedCommitments(Model storage model, Enrollment calldata enrollment)
        private
        view
        returns (bytes32 codeCommitment)
    {
        bytes calldata proof = enrollment.proof;
        if (proof.length != model.proofLength) revert Registry__ProofLengthWrong(proof.length, model.proofLength);
        bytes32 commitmentsRoot = enrollment.capture.commitmentsRoot;
        G1Point memory blinding = model.blindingConstant;
        _requireAttested(
            enrollment.texturePath,
            commitmentsRoot,
            model.texturePlane,
            model.k,
            _rawCommitment(proof, TEXTURE, blinding)
        );
        _requireAttested(
            enrollment.maskPath, commitmentsRoot, model.maskPlane, model.k, _rawCommitment(proof, MASK, blinding)
        );
        _commitmentAt(proof, CODE);
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
            revert Registry__CommitmentNotAttested(plane, k, commitment.x, commitment.y);
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
        if (raw.x == 0 && raw.y == 0) revert Registry__CommitmentIsBlank(position);
    }

    function _commitmentAt(bytes calldata proof, uint256 position) private pure returns (G1Point memory point) {
        uint256 start = position * POINT_LENGTH;
        point.x = uint256(bytes32(proof[start:start + 32]));
        point.y = uint256(bytes32(proof[start + 32:start + POINT_LENGTH]));
        _requirePoint(point, position);
    }

    function _requirePoint(G1Point memory point, uint256 position) private pure {
        if (point.x >= Bn254.BASE_FIELD) revert Registry__CoordinateNotCanonical(position, point.x);
        if (point.y >= Bn254.BASE_FIELD) revert Registry__CoordinateNotCanonical(position, point.y);
        if (!Bn254.isOnCurve(point)) revert Registry__PointNotOnCurve(position, point.x, point.y);
    }

    /// @dev The registry encodes the call, so a submitter has no say in the calldata's layout, which the generated
    ///      verifier reads at fixed offsets.
    function _requireProved(Model storage model, Enrollment calldata enrollment) private view {
        address verifier = model.verifier;
        _requireCode(verifier, model.verifierCodeHash);
        (bool success, bytes memory result) =
            verifier.staticcall(abi.encodeCall(ICodeVerifier.verifyProof, (enrollment.proof, new uint256[](0))));
        if (!success || result.length != 32 || abi.decode(result, (uint256)) != 1) {
            revert Registry__CodeProofRejected(verifier, enrollment.modelId, result);
        }
    }

    function _requireNew(bytes32 codeCommitment, uint256 identityCommitment) private view {
        uint256 codeOwner = _codeOwners[codeCommitment];
        if (codeOwner != 0) revert Registry__CodeAlreadyEnrolled(codeCommitment, codeOwner);
        if (_members._has(identityCommitment)) revert Registry__IdentityAlreadyEnrolled(identityCommitment);
    }

    // ------------------------------------------------------------------------------------------- stations and models

    /// @inheritdoc IIrisRegistry
    function addStation(address station) external onlyOwner {
        if (station == address(0)) revert Registry__StationIsZero();
        // A revoked station stays revoked: its key is lost, and a new key is a new station.
        if (_stations[station].addedAt != 0) revert Registry__StationAlreadyListed(station);
        _stations[station].addedAt = uint64(block.timestamp);
        emit StationAdded(station);
    }

    /// @inheritdoc IIrisRegistry
    function revokeStation(address station) external onlyOwner {
        StationState storage state = _stations[station];
        if (state.addedAt == 0) revert Registry__StationUnknown(station);
        if (state.revokedAt != 0) revert Registry__StationRevoked(station, state.revokedAt);
        state.revokedAt = uint64(block.timestamp);
        emit StationRevoked(station, uint64(block.timestamp));
    }

    /// @notice Registers a model and makes it the active one.
    /// @dev One at a time, or the same eye could enrol once under each. The public delay and the grace period, in which a
    ///      member enrols under both, come with the issue on upgrades, and take the place of this rule.
    function registerModel(Model calldata model) external onlyOwner returns (uint32 modelId) {
        if (activeModelId != 0) revert Registry__ModelStillActive(activeModelId);
        if (model.texturePlane == model.maskPlane) revert Registry__PlanesEqual(model.texturePlane);
        if (model.proofLength < MIN_PROOF_LENGTH) {
            revert Registry__ProofLengthTooShort(model.proofLength, MIN_PROOF_LENGTH);
        }
        _requirePoint(model.blindingConstant, BLINDING);
        if (model.verifier.code.length == 0) revert Registry__VerifierHasNoCode(model.verifier);
        _requireCode(model.verifier, model.verifierCodeHash);

        modelId = ++_modelCount;
        activeModelId = modelId;
        _models[modelId] = model;
        _modelStates[modelId].registeredAt = uint64(block.timestamp);
        emit ModelRegistered(modelId, model);
    }

    /// @notice Ends enrolment under a model. Its members stay.
    function retireModel(uint32 modelId) external onlyOwner {
        _requireActiveModel(modelId);
        activeModelId = 0;
        _modelStates[modelId].retiredAt = uint64(block.timestamp);
        emit ModelRetired(modelId, uint64(block.timestamp));
    }

    /// @dev Asked again at every enrolment: a contract that destroys itself in the transaction that made it can come back
    ///      with other code at the same address.
    function _requireCode(address verifier, bytes32 registered) private view {
        if (verifier.codehash != registered) {
            revert Registry__VerifierCodeMismatch(verifier, verifier.codehash, registered);
        }
    }

    // --------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IIrisRegistry
    function captureDigest(Capture calldata capture) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    CAPTURE_TYPEHASH,
                    capture.commitmentsRoot,
                    capture.eyeSide,
                    capture.identityCommitment,
                    capture.capturedAt,
                    capture.nonce
                )
            )
        );
    }

    /// @inheritdoc IIrisRegistry
    function recordOf(uint256 identityCommitment) external view returns (Record memory) {
        if (!_members._has(identityCommitment)) revert Registry__IdentityNotEnrolled(identityCommitment);
        return _records[identityCommitment];
    }

    /// @inheritdoc IIrisRegistry
    function stationOf(address station) external view returns (uint64 addedAt, uint64 revokedAt) {
        StationState storage state = _stations[station];
        return (state.addedAt, state.revokedAt);
    }

    /// @inheritdoc IIrisRegistry
    function modelOf(uint32 modelId) external view returns (Model memory model, uint64 registeredAt, uint64 retiredAt) {
        ModelState storage state = _modelStates[modelId];
        if (state.registeredAt == 0) revert Registry__ModelUnknown(modelId);
        return (_models[modelId], state.registeredAt, state.retiredAt);
    }

    function root() external view returns (uint256) {
        return _members._root();
    }

    function size() external view returns (uint256) {
        return _members.size;
    }

    function depth() external view returns (uint256) {
        return _members.depth;
    }

    // -------------------------------------------------------------------------------------- Semaphore's view of a group

    modifier onlyGroup(uint256 groupId) {
        if (groupId != GROUP_ID) revert Registry__GroupUnknown(groupId);
        _;
    }

    /// @notice Nobody: members come in by proof.
    function getGroupAdmin(uint256 groupId) external pure override onlyGroup(groupId) returns (address) {
        return address(0);
    }

    function hasMember(uint256 groupId, uint256 identityCommitment)
        external
        view
        override
        onlyGroup(groupId)
        returns (bool)
    {
        return _members._has(identityCommitment);
    }

    function indexOf(uint256 groupId, uint256 identityCommitment)
        external
        view
        override
        onlyGroup(groupId)
        returns (uint256)
    {
        return _members._indexOf(identityCommitment);
    }

    function getMerkleTreeRoot(uint256 groupId) external view override onlyGroup(groupId) returns (uint256) {
        return _members._root();
    }

    function getMerkleTreeDepth(uint256 groupId) external view override onlyGroup(groupId) returns (uint256) {
        return _members.depth;
    }

    function getMerkleTreeSize(uint256 groupId) external view override onlyGroup(groupId) returns (uint256) {
        return _members.size;
    }
}
