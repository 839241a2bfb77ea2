"""What makes a device known to a committee: the nodes' addresses and keys, and the device's own certificate."""

from __future__ import annotations

from pathlib import Path

from protocol.errors import InputError
from uniqueness.committee_file import CommitteeFile
from uniqueness.tls_files import TlsFiles

__all__ = ["client_files"]


def client_files(folder: Path) -> tuple[CommitteeFile, TlsFiles]:
    """What `make_client` wrote. Raises `InputError` where it is not there."""
    try:
        committee = CommitteeFile.from_json((folder / "committee.json").read_text())
    except OSError as error:
        raise InputError(f"{folder} is no client's folder", hint="irisproof committee client makes one") from error
    return committee, TlsFiles(folder / "client.crt", folder / "client.key", folder / "nodes.crt")
