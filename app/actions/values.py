"""What the actions take and give, for those who call nothing but actions."""

from __future__ import annotations

from app.endpoints import read_endpoints
from app.jobs import Job
from app.session import Session, data_folder, open_session
from app.vault import AutoLock, Passphrase, RecoveryWords, Vault
from app.vault.words import WORD_COUNT

__all__ = [
    "WORD_COUNT",
    "AutoLock",
    "Job",
    "Passphrase",
    "RecoveryWords",
    "Session",
    "Vault",
    "data_folder",
    "open_session",
    "read_endpoints",
]
