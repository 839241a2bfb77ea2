"""ezkl's own download of the published SRS."""

from __future__ import annotations

from pathlib import Path

from circuits.iris._worker import run_job

__all__ = ["download_srs"]


def download_srs(k: int, path: Path) -> None:
    """Fetch the SRS for 2^k rows to `path`. Raises `ProvingError` where the download fails.

    The caller owes: the check against a pin, which `circuits.srs.fetch_published` does.
    """
    run_job("published_srs", {"k": k, "srs": str(path)})
