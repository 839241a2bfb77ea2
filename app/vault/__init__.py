"""The encrypted vault of a person's device. `docs/vault.md` has the file's format and what it withstands."""

from app.vault.autolock import AutoLock
from app.vault.contents import Contents, OutboxEntry, OutboxKey, Receipt, StoredJob
from app.vault.device import DeviceStore, KeyringStore
from app.vault.slots import DeviceSecret, KeySource, Passphrase, RecoveryWords, SlotKind
from app.vault.vault import Vault
from app.vault.words import new_words, word_list

__all__ = [
    "AutoLock",
    "Contents",
    "DeviceSecret",
    "DeviceStore",
    "KeySource",
    "KeyringStore",
    "OutboxEntry",
    "OutboxKey",
    "Passphrase",
    "Receipt",
    "RecoveryWords",
    "SlotKind",
    "StoredJob",
    "Vault",
    "new_words",
    "word_list",
]
