"""Look for a person's secrets where none may be."""

from __future__ import annotations

import base64
from pathlib import Path

from app.vault import Contents, Vault

__all__ = ["require_clean", "secrets_of", "sources_of_process", "sources_under"]


def secrets_of(vault: Vault, *words: str) -> dict[str, bytes]:
    """What must not show up: name -> bytes, in the forms in which a leak would come. `words`: passphrases and such."""
    contents = Contents(vault)
    found: dict[str, bytes] = {f"word {number}": word.encode() for number, word in enumerate(words)}
    for identity in contents.identities():
        found["identity"] = identity.secret
        found["scalar"] = str(identity.secret_scalar).encode()
    for job in contents.jobs():
        assert job.capture is not None
        for name, salted in contents.capture(job.capture).planes.items():
            middle = len(salted.plane.cells) // 2
            if not name.is_mask:
                found[f"{name.value} cells"] = salted.plane.cells[middle : middle + 24]
            found[f"{name.value} salt"] = salted.salts[0].to_bytes(32, "big")
    for name, value in list(found.items()):
        found[f"{name} as hex"] = value.hex().encode()
        found[f"{name} as base64"] = base64.b64encode(value)[4:-4]
        found[f"{name} backwards"] = value[::-1]
        if "salt" in name:
            found[f"{name} as number"] = str(int.from_bytes(value, "big")).encode()
    return {name: value for name, value in found.items() if len(value) >= 8}


def require_clean(secrets: dict[str, bytes], sources: dict[str, bytes]) -> None:
    """Fail naming the place and the kind of secret, never the secret."""
    assert secrets
    for place, data in sources.items():
        for name, secret in secrets.items():
            assert secret not in data, f"{name} stands in {place}"


def sources_under(*folders: Path) -> dict[str, bytes]:
    """Every file below, by path."""
    return {str(file): file.read_bytes() for folder in folders for file in folder.rglob("*") if file.is_file()}


def sources_of_process(process_id: int) -> dict[str, bytes]:
    """Arguments, environment, and every open file of a process that lies on a disk."""
    place = Path(f"/proc/{process_id}")
    found = {f"{place}/{name}": (place / name).read_bytes() for name in ("cmdline", "environ")}
    for descriptor in (place / "fd").iterdir():
        try:
            target = descriptor.readlink()
            if target.is_file() and not str(target).startswith("/proc"):
                found[f"{descriptor} -> {target}"] = descriptor.read_bytes()
        except OSError:  # closed meanwhile
            continue
    return found
