// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Committee} from "./Committee.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {StationRegistry} from "./StationRegistry.sol";
import {Capture, CodeEvidence, Enrollment, Verdict} from "./Types.sol";
import {IRegistryErrors} from "./interfaces/IRegistryErrors.sol";
import {Bn254} from "./libraries/Bn254.sol";

/// @title What the registry believes: a station's capture, a network's code, the committee's verdict. Each once.
abstract contract Evidence is EIP712, IRegistryErrors {
    /// @notice Oldest capture that can still be enrolled.
    uint256 public constant MAX_ATTESTATION_AGE_S = 1 days;

    /// @notice How far a station's clock may run ahead of the chain's.
    uint256 public constant MAX_CLOCK_SKEW_S = 5 minutes;

    /// @notice Longest life of a verdict from now on.
    uint256 public constant MAX_VERDICT_LIFE_S = 7 days;

    bytes32 public constant CAPTURE_TYPEHASH = keccak256(
        "Capture(bytes32 commitmentsRoot,uint8 eyeSide,uint256 identityCommitment,uint64 capturedAt,bytes32 nonce)"
    );
    bytes32 public constant VERDICT_TYPEHASH = keccak256(
        "Verdict(uint8 kind,bytes32 codeCommitment,uint256 identityCommitment,uint32 modelId,uint64 databaseSize,bytes32 logRoot,uint64 recordId,uint64 expiresAt)"
    );

    uint8 internal constant UNIQUE = 1;
    uint8 internal constant SAME_PERSON = 2;
    uint8 internal constant STORED = 3;
    uint8 internal constant ERASED = 4;

    uint256 private constant VERDICT_LENGTH = 256;
    uint256 private constant SIGNED_VERDICT_LENGTH = VERDICT_LENGTH + 3 * 65;
    /// @dev anvil's and ganache's: chains of nobody's.
    uint256 private constant LOCAL_CHAIN = 31337;
    uint256 private constant OTHER_LOCAL_CHAIN = 1337;

    StationRegistry public immutable stations;

    /// @notice 0 where none is required.
    Committee public immutable committee;

    /// @notice Whether nothing goes without the committee's verdict. False on a local chain only.
    bool public immutable committeeRequired;

    /// @notice The one eye that this registry takes: 1 left, 2 right. A person's two eyes are as different as two persons':
    ///         with both, everybody could enrol twice.
    uint8 public immutable eyeSide;

    mapping(address station => mapping(bytes32 nonce => bool)) public nonceUsed;
    /// @notice The record that a code's commitment belongs to; 0 for none. A code is never given back, so neither the code
    ///         nor a verdict about it is ever used twice under one model.
    mapping(uint32 modelId => mapping(bytes32 codeCommitment => uint64)) public codeOwner;

    constructor(StationRegistry stations_, Committee committee_, uint8 eyeSide_) EIP712("irisproof", "1") {
        if (address(stations_).code.length == 0) revert Registry__ContractHasNoCode(address(stations_));
        bool local = block.chainid == LOCAL_CHAIN || block.chainid == OTHER_LOCAL_CHAIN;
        committeeRequired = address(committee_) != address(0);
        if (!committeeRequired && !local) revert Registry__CommitteeAbsent();
        if (committeeRequired && address(committee_).code.length == 0) {
            revert Registry__ContractHasNoCode(address(committee_));
        }
        if (eyeSide_ != 1 && eyeSide_ != 2) revert Registry__EyeSideUnknown(eyeSide_);
        (stations, committee, eyeSide) = (stations_, committee_, eyeSide_);
    }

    /// @dev The codes are those of the models needed, in order; the capture is canonical, of the eye that counts, fresh, and
    ///      signed by an active station for this registry on this chain; and it was not used before.
    /// @param needed All live models for a newcomer, so that nobody slips between two databases; upcoming is 0 where none is
    ///        needed.
    function _acceptCapture(Enrollment calldata enrollment, ModelRegistry.Live memory needed)
        internal
        returns (address station)
    {
        _requireModels(enrollment.codes, needed);
        Capture calldata capture = enrollment.capture;
        // A leaf of r + x would be another name for x; 0 marks a removed leaf.
        if (capture.identityCommitment == 0 || capture.identityCommitment >= Bn254.SCALAR_FIELD) {
            revert Registry__IdentityNotCanonical(capture.identityCommitment);
        }
        if (capture.eyeSide != eyeSide) revert Registry__EyeSideNotTaken(capture.eyeSide, eyeSide);
        _requireFresh(capture.capturedAt);
        station = stations.requireSigned(captureDigest(capture), enrollment.stationSignature);
        if (nonceUsed[station][capture.nonce]) revert Registry__NonceUsed(station, capture.nonce);
        nonceUsed[station][capture.nonce] = true;
    }

    /// @dev One code: proved from commitments under `commitmentsRoot`, of nobody before, and with the committee's verdict.
    ///      (The same eye twice is the committee's question: another capture of it has another commitment.)
    /// @param expected The verdict that is needed, but for the code, the model and what only the committee knows.
    /// @param owner The record that gets the code.
    function _acceptCode(
        ModelRegistry models,
        CodeEvidence calldata code,
        bytes32 commitmentsRoot,
        Verdict memory expected,
        uint64 owner
    ) internal returns (bytes32 codeCommitment) {
        codeCommitment = models.requireProved(code, commitmentsRoot);
        uint64 before = codeOwner[code.modelId][codeCommitment];
        if (before != 0) revert Registry__CodeAlreadyEnrolled(codeCommitment, before);
        codeOwner[code.modelId][codeCommitment] = owner;
        (expected.codeCommitment, expected.modelId) = (codeCommitment, code.modelId);
        _requireVerdict(code.verdict, expected);
    }

    /// @dev All three nodes signed it for this registry on this chain, it says what is expected, and is fresh. That it is
    ///      used once is the caller's to see to: by its code, or by the state that an `Erased` ends.
    function _requireVerdict(bytes calldata signed, Verdict memory expected) internal view {
        if (!committeeRequired) {
            // No unread bytes ever pass as a verdict.
            if (signed.length != 0) revert Registry__VerdictNotSupported(signed.length);
            return;
        }
        if (signed.length != SIGNED_VERDICT_LENGTH) {
            revert Registry__VerdictLengthWrong(signed.length, SIGNED_VERDICT_LENGTH);
        }
        Verdict memory verdict = abi.decode(signed[:VERDICT_LENGTH], (Verdict));
        if (verdict.kind != expected.kind) revert Registry__VerdictKindWrong(verdict.kind, expected.kind);
        if (
            verdict.codeCommitment != expected.codeCommitment
                || verdict.identityCommitment != expected.identityCommitment || verdict.modelId != expected.modelId
                || verdict.recordId != expected.recordId
        ) {
            revert Registry__VerdictAboutAnother(
                verdict.codeCommitment, verdict.identityCommitment, verdict.modelId, verdict.recordId
            );
        }
        if (block.timestamp > verdict.expiresAt) revert Registry__VerdictExpired(verdict.expiresAt, block.timestamp);
        uint256 latest = block.timestamp + MAX_VERDICT_LIFE_S;
        if (verdict.expiresAt > latest) revert Registry__VerdictLivesTooLong(verdict.expiresAt, latest);
        committee.requireSigned(verdictDigest(verdict), signed[VERDICT_LENGTH:]);
    }

    function _requireModels(CodeEvidence[] calldata codes, ModelRegistry.Live memory needed) private pure {
        uint256 count = needed.upcoming == 0 ? 1 : 2;
        if (codes.length == count && codes[0].modelId == needed.group) {
            if (count == 1 || codes[1].modelId == needed.upcoming) return;
        }
        uint32[] memory given = new uint32[](codes.length);
        for (uint256 i = 0; i < codes.length; ++i) {
            given[i] = codes[i].modelId;
        }
        revert Registry__ModelsWrong(given, needed.group, needed.upcoming);
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

    /// @notice The digest that a station signs for `capture`.
    function captureDigest(Capture calldata capture) public view returns (bytes32) {
        // A struct of static types is encoded as its fields, in EIP-712 as in the ABI.
        return _hashTypedDataV4(keccak256(abi.encode(CAPTURE_TYPEHASH, capture)));
    }

    /// @notice The digest that the committee's nodes sign for `verdict`.
    function verdictDigest(Verdict memory verdict) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VERDICT_TYPEHASH, verdict)));
    }
}
