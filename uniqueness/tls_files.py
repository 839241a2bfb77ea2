"""The TLS files of one end of a link: a node's, or a client's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["TlsFiles"]


@dataclass(frozen=True)
class TlsFiles:
    """PEM files of one node: its certificate, its key, and the authority that made the three nodes' certificates and
    no others."""

    certificate: Path
    key: Path
    authority: Path

    def paths(self) -> list[str]:
        """For an engine's process: absolute, in this order."""
        return [str(path.resolve()) for path in (self.certificate, self.key, self.authority)]
