"""The one error tree of irisproof.

    IrisproofError                      what happened, by how much, and what to do
    ├── InputError                      a file, key or option that cannot be used
    │   └── QualityError                an eye image below a gate: measure, value, limit
    ├── EncodingError                   a value that is not canonical, or of an unknown version
    ├── ArtifactError                   a pinned file (network, key, SRS, verifier)
    │   ├── ArtifactAbsent              it is not there
    │   ├── ArtifactUnavailable         it cannot be had here (platform, network, disk)
    │   └── ArtifactFailed              it is there and it is wrong
    ├── VaultError                      the encrypted vault on this device
    │   ├── VaultLocked                 the passphrase, words or device key do not open it, or nobody opened it
    │   ├── VaultInUse                  another program has it open
    │   ├── VaultDamaged                it was cut short or changed by accident
    │   └── VaultTampered               somebody changed it, or put an older one in its place
    ├── JobError                        work in a process of its own
    │   ├── JobCancelled                the person stopped it
    │   └── JobFailed                   it ended, and says why
    ├── VerificationError               a proof, signature or commitment that does not hold
    │   └── RequestRefused              a committee node said no, with its own reason
    ├── ProvingError                    a prover that could not make a proof
    ├── CommitteeError                  the uniqueness committee: there is no verdict
    │   ├── CommitteeUnavailable        a node is gone, or the nodes do not agree
    │   ├── EngineFailed                the secure computation did not end
    │   ├── StoreDamaged                what a node keeps is not what it kept
    │   └── RecheckFailed               a verdict that was computed again does not hold
    └── ChainError                      the registry's chain
        ├── ChainUnreachable            no answer from the node
        └── TransactionRefused          a contract said no, with its own reason

Messages are lower case, one line, without secrets; `hint` says what to do.
"""

from __future__ import annotations

from enum import Enum


class IrisproofError(Exception):
    """Base of all errors that a caller may expect. `hint` tells a person what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(IrisproofError):
    """A file, key or option that cannot be used."""


class QualityError(InputError):
    """An eye image below a quality gate.

    `measure` names the gate (with its unit), `value` is what was measured, `limit` what the gate asks for.
    """

    def __init__(self, message: str, *, measure: str, value: float, limit: float, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.measure = measure
        self.value = value
        self.limit = limit


class EncodingError(IrisproofError):
    """A value that is not canonical, has the wrong shape, or is of an unknown version."""


class ArtifactError(IrisproofError):
    """Something is wrong with a pinned file."""


class ArtifactAbsent(ArtifactError):
    """The file is not there."""


class ArtifactUnavailable(ArtifactError):
    """The file cannot be had on this machine: platform, network or disk."""


class ArtifactFailed(ArtifactError):
    """The file is there, and it is not what was pinned."""


class VaultError(IrisproofError):
    """Something is wrong with the vault. No message holds anything of what is in it."""


class VaultLocked(VaultError):
    """What was given does not open the vault, or the vault was locked meanwhile."""


class VaultInUse(VaultError):
    """Another program has the vault open."""


class VaultDamaged(VaultError):
    """The file is cut short, or a byte of it changed by accident: its own checksum says so."""


class VaultTampered(VaultError):
    """The file looks whole, and is not what was saved last: somebody changed it, or put an older one in its place."""


class JobError(IrisproofError):
    """Work that runs in a process of its own did not come to its end."""


class JobCancelled(JobError):
    """The person stopped it; nothing of it is left."""


class JobFailed(JobError):
    """It ended with an error, whose words these are."""


class VerificationError(IrisproofError):
    """A proof, signature or commitment that does not hold."""


class RequestRefused(VerificationError):
    """A request that a committee node does not serve. `refusal`, of `uniqueness.refusals`, names the check."""

    def __init__(self, refusal: Enum, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.refusal = refusal


class ProvingError(IrisproofError):
    """The prover could not make a proof."""


class CommitteeError(IrisproofError):
    """The uniqueness committee came to no verdict."""


class CommitteeUnavailable(CommitteeError):
    """A node does not answer, or the three do not agree. Nothing was decided."""


class EngineFailed(CommitteeError):
    """The secure computation did not end: a peer is missing, disagrees, or the process died."""


class StoreDamaged(CommitteeError):
    """A node's log, index or shares are not what it wrote; it must be rebuilt from the other two."""


class RecheckFailed(CommitteeError):
    """A verdict of the past, computed again, is another one."""


class ChainError(IrisproofError):
    """Something between this process and the registry's chain."""


class ChainUnreachable(ChainError):
    """The node does not answer."""


class TransactionRefused(ChainError):
    """A contract refused. `error` is its custom error's name, `arguments` its arguments by name."""

    def __init__(self, error: str, arguments: dict[str, object], *, hint: str = "") -> None:
        shown = ", ".join(f"{name}={value}" for name, value in arguments.items())
        super().__init__(f"the contract refused: {error}({shown})", hint=hint)
        self.error = error
        self.arguments = arguments
