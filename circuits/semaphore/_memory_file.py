"""Files that exist in memory only: for a library that insists on a path, and data that must not reach a disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from protocol.errors import ArtifactUnavailable

__all__ = ["memory_file"]


@contextmanager
def memory_file(data: bytes) -> Iterator[str]:
    """A path under which this process, and nobody else, reads `data`; gone at the end of the block.

    Linux only (memfd and /proc). Elsewhere raises `ArtifactUnavailable`: an ordinary file would leave a witness, and
    with it the identity secret, on the disk. The kernel may still swap the pages out.
    """
    try:
        descriptor = os.memfd_create("irisproof")
    except (AttributeError, OSError) as error:
        raise ArtifactUnavailable(
            "this system has no files in memory (memfd), which proving needs to keep the secret off the disk",
            hint="use Linux",
        ) from error
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
