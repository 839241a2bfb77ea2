// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Every reason for which the registry and its lists say no.
interface IRegistryErrors {
    error Registry__GroupUnknown(uint256 groupId);
    error Registry__GroupFull(uint32 groupId);
    error Registry__ContractHasNoCode(address given);
    error Registry__NotGovernor(address sender, address governor);

    error Registry__StationIsZero();
    error Registry__StationAlreadyListed(address station);
    error Registry__StationUnknown(address station);
    error Registry__StationRevoked(address station, uint64 revokedAt);
    error Registry__StationNotOverdue(address station, uint256 overdueAt, uint256 now_);
    error Registry__StationSignatureInvalid(uint8 reason, bytes32 detail);
    error Registry__StationSignatureLengthWrong(uint256 length);
    error Registry__StationKeyInvalid(bytes32 x, bytes32 y);
    error Registry__NotGuardian(address sender);

    error Registry__ModelUnknown(uint32 modelId);
    error Registry__ModelNotLive(uint32 modelId);
    error Registry__ModelNotPending(uint32 modelId);
    error Registry__ModelSuccessionUnderWay(uint32 modelId, uint256 endsAt);
    error Registry__ModelsWrong(uint32[] given, uint32 group, uint32 upcoming);
    error Registry__DelayOutOfRange(uint256 delay_s, uint256 minimum_s, uint256 maximum_s);
    error Registry__PlanesEqual(bytes32 plane);
    error Registry__ProofLengthTooShort(uint256 length, uint256 minimum);
    error Registry__VerifierHasNoCode(address verifier);
    error Registry__VerifierCodeMismatch(address verifier, bytes32 found, bytes32 registered);

    error Registry__CommitteeNodesWrong(address first, address second, address third);
    error Registry__CommitteeSignaturesLengthWrong(uint256 length);
    error Registry__CommitteeSignatureInvalid(uint256 node, address recovered, address expected);
    error Registry__CommitteeAbsent();
    error Registry__VerdictLengthWrong(uint256 length, uint256 expected);
    error Registry__VerdictNotSupported(uint256 length);
    error Registry__VerdictKindWrong(uint8 given, uint8 expected);
    error Registry__VerdictAboutAnother(
        bytes32 codeCommitment, uint256 identityCommitment, uint32 modelId, uint64 recordId
    );
    error Registry__VerdictExpired(uint64 expiresAt, uint256 now_);
    error Registry__VerdictLivesTooLong(uint64 expiresAt, uint256 latest);

    error Registry__IdentityNotCanonical(uint256 identityCommitment);
    error Registry__EyeSideUnknown(uint8 eyeSide);
    error Registry__EyeSideNotTaken(uint8 given, uint8 taken);
    error Registry__CapturedInFuture(uint64 capturedAt, uint256 now_);
    error Registry__AttestationExpired(uint64 capturedAt, uint256 expiredAt, uint256 now_);
    error Registry__NonceUsed(address station, bytes32 nonce);
    error Registry__ProofLengthWrong(uint256 length, uint256 expected);
    /// `position`: 0 texture, 1 mask, 2 code; the model's blinding constant has position 3
    error Registry__CoordinateNotCanonical(uint256 position, uint256 coordinate);
    error Registry__PointNotOnCurve(uint256 position, uint256 x, uint256 y);
    error Registry__CommitmentIsBlank(uint256 position);
    error Registry__CommitmentNotAttested(bytes32 plane, uint8 k, uint256 x, uint256 y);
    error Registry__CodeProofRejected(address verifier, uint32 modelId, bytes reason);
    error Registry__CodeAlreadyEnrolled(bytes32 codeCommitment, uint64 recordId);

    error Registry__IdentityAlreadyEnrolled(uint256 identityCommitment);
    error Registry__IdentityNotEnrolled(uint256 identityCommitment);
    error Registry__RecordUnknown(uint64 recordId);
    error Registry__RecordLeft(uint64 recordId);
    error Registry__RecordNotLeft(uint64 recordId);
    error Registry__RecordSuspended(uint64 recordId);
    error Registry__AlreadyUpgraded(uint64 recordId, uint32 modelId);

    error Registry__RecoveryPending(uint64 recordId, uint64 readyAt);
    error Registry__RecoveryAbsent(uint64 recordId);
    error Registry__RecoveryNotReady(uint64 recordId, uint64 readyAt, uint256 now_);
    error Registry__IdentityProofInvalid(uint256 identityCommitment);
    error Registry__MembersOverdue(address station, uint256 members);
}
