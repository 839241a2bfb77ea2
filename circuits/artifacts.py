"""Where derived files live, and how they are written: whole, or not at all.

Derived files (SRS of smaller sizes, proving keys, compiled witness calculators) can all be made again from
pinned inputs. They live in `<checkout>/build/`, or in the folder that the environment variable IRISPROOF_HOME
names. Pinned npm files are read with `protocol.pins.read_pinned`, never from here.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from protocol.errors import ArtifactUnavailable
from protocol.pins import root_dir

__all__ = ["build_dir", "write_atomic"]


def build_dir(name: str) -> Path:
    """The folder for derived files of one kind (`srs`, `semaphore`, `iris`), made if need be (0700).

    Raises `ArtifactUnavailable` where it cannot be made.
    """
    home = os.environ.get("IRISPROOF_HOME")
    folder = (Path(home).expanduser().resolve() if home else root_dir() / "build") / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ArtifactUnavailable(
            f"the folder {folder} cannot be made: {error.strerror}",
            hint="set IRISPROOF_HOME to a folder that can be written to",
        ) from error
    return folder


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, and nothing in between.

    A temporary file in the same folder, fsync, rename, fsync of the folder. On any failure, an interrupt
    included, the temporary file is removed. Raises `ArtifactUnavailable` (no space, no permission).
    """
    temporary: Path | None = None
    try:
        # mkstemp makes the file 0600: nobody else reads it before it has its final mode
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.replace(path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        raise _unavailable(path, len(data), error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(path: Path, size: int, error: OSError) -> ArtifactUnavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ArtifactUnavailable(
            f"no space for {path}: it needs {size:,} bytes",
            hint="free some space, or set IRISPROOF_HOME to a folder on another disk",
        )
    return ArtifactUnavailable(
        f"{path} cannot be written ({size:,} bytes): {error.strerror}",
        hint="check the folder's permissions, or set IRISPROOF_HOME to a folder that can be written to",
    )
