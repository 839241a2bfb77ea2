"""Keys of accounts and stations: a file that only its owner reads, never an argument and never the environment."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.errors import InputError

__all__ = ["read_key"]

_KEY_HEX_DIGITS = 64
_FULL_KEY_FILE = 200
"""More characters than any key file has; the rest of a wrong file is not read."""

_MAKE_ONE = "make one with: irisproof station-key FILE"


def read_key(path: Path, purpose: str = "key") -> LocalAccount:
    """The account of a key file: 64 hex digits, readable by its owner alone.

    Raises `InputError` for a file that is absent, unreadable, open to others or no key; never shows what is in it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(_FULL_KEY_FILE)
    except OSError as error:
        raise InputError(f"the {purpose} {path} cannot be read: {error.strerror}", hint=_MAKE_ONE) from error
    if stat.S_IMODE(mode) & 0o077:
        raise InputError(
            f"the {purpose} {path} is open to others (mode {stat.S_IMODE(mode):o})", hint=f"run: chmod 600 {path}"
        )
    digits = text.strip().removeprefix(b"0x")
    if len(digits) != _KEY_HEX_DIGITS:
        raise InputError(f"{path} is no {purpose}: {len(digits)} characters, not 64 hex digits", hint=_MAKE_ONE)
    try:
        account: LocalAccount = Account.from_key(bytes.fromhex(digits.decode("ascii")))
    except Exception:  # eth-keys has errors of its own; their text may hold the key
        raise InputError(f"{path} is no {purpose}: not 64 hex digits of a valid key", hint=_MAKE_ONE) from None
    return account
