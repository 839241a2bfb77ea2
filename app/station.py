"""A capture station in software: for development, and to show what a station signs.

A real station is a camera with a key in hardware; what it adds is that it saw a live eye and that the planes are what
it saw. This one signs whatever normalised iris it is given.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from eth_account import Account
from eth_account.signers.local import LocalAccount

from app.key_file import read_key
from circuits.iris.commit import commit_planes, salt_plane
from model.pipeline.planes import make_planes
from protocol.errors import InputError
from protocol.types import IdentityCommitment, NormalizedIris, PlaneName, SaltedPlane
from registry_contract.attestation import Attestation, Capture, CaptureAttestation, new_nonce, sign_capture
from registry_contract.ladder import CaptureLadder

__all__ = ["SignedCapture", "SoftwareStation", "Station", "attest_with", "read_station_key", "write_station_key"]


@dataclass(frozen=True)
class SignedCapture:
    """What a station hands to the person: the planes with their salts (secret) and what it signed (public)."""

    planes: dict[PlaneName, SaltedPlane] = field(repr=False)
    ladder: CaptureLadder
    attestation: Attestation


class Station(Protocol):
    """Who signs captures: a kiosk's key, or this device's own."""

    def attest(self, iris: NormalizedIris, identity: IdentityCommitment, registry: str, chain_id: int) -> SignedCapture:
        """Salt, commit and sign one capture; each call has fresh salts and a fresh nonce.

        Raises `ArtifactUnavailable` where the key is gone or its owner did not consent to its use.
        """


def attest_with(
    sign: Callable[[Capture], Attestation], iris: NormalizedIris, identity: IdentityCommitment, where: tuple[str, int]
) -> SignedCapture:
    """What every station does around its signature. `where`: the registry's address and its chain."""
    planes = {name: salt_plane(plane) for name, plane in make_planes(iris).items()}
    ladder = CaptureLadder(commit_planes(planes.values()))
    capture = Capture(*where, ladder.root, iris.eye_side, identity, iris.captured_at, new_nonce())
    return SignedCapture(planes, ladder, sign(capture))


class SoftwareStation:
    """Commits to every plane at every size of the ladder and signs the root for one identity and one registry."""

    def __init__(self, account: LocalAccount | None = None) -> None:
        """With no account, a fresh key that lives in this process only."""
        self._account: LocalAccount = account or Account.create()

    @property
    def address(self) -> str:
        return str(self._account.address)

    def attest(self, iris: NormalizedIris, identity: IdentityCommitment, registry: str, chain_id: int) -> SignedCapture:
        """Salt, commit and sign one capture; each call has fresh salts and a fresh nonce."""
        return attest_with(self.sign, iris, identity, (registry, chain_id))

    def sign(self, capture: Capture) -> CaptureAttestation:
        """Sign a capture's public words."""
        return sign_capture(capture, self._account)


def read_station_key(path: Path) -> SoftwareStation:
    """A station from a key file: 64 hex digits, readable by its owner alone.

    Raises `InputError` for a file that is absent, unreadable, open to others or no key; never shows what is in it.
    """
    return SoftwareStation(read_key(path, "station key"))


def write_station_key(path: Path) -> str:
    """Make a fresh key file (mode 0600) and return the station's address. Raises `InputError` if the file exists or
    cannot be written; a key is never overwritten."""
    account: LocalAccount = Account.create()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(f"{path} cannot be made: {error.strerror}", hint="choose another name") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(account.key.hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror}", hint="free some space") from error
    return str(account.address)
