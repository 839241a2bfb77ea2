"""Verify the claims of a log, in parallel, each once."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from app.audit.evidence import Claim, check_of, digest_of, false_claims
from app.audit.findings import Findings
from app.audit.resume import AuditState
from circuits.iris.circuit import Circuit
from registry_contract.public_log import LogEntry

__all__ = ["verify_claims", "verify_parts"]

_CHUNK = 64
_WORTH_PROCESSES = 192
"""Fewer claims than this are verified sooner than processes are started."""

Part = list[Claim]


def verify_claims(
    claims: Sequence[tuple[Claim, LogEntry]],
    circuits: dict[str, Circuit],
    state: AuditState,
    findings: Findings,
    progress: Callable[[float], None],
) -> None:
    """Report every claim that does not hold, at the entries that make it. Those that hold are kept in `state`.

    Raises `ProvingError` where ezkl cannot run, and `ArtifactError` where a pinned key is missing.
    """
    entries: dict[str, list[LogEntry]] = {}
    fresh: dict[str, Claim] = {}
    for claim, entry in claims:
        digest = digest_of(claim)
        entries.setdefault(digest, []).append(entry)
        check = check_of(claim)
        findings.checked[check] = findings.checked.get(check, 0) + 1
        if digest not in state.verified:
            fresh[digest] = claim
    done = 0
    for part, false in verify_parts(list(fresh.values()), circuits):
        digests = [digest_of(claim) for claim in part]
        for place, reason in false.items():
            for entry in entries[digests[place]]:
                findings.say(check_of(part[place]), reason, entry)
        state.add({digest for place, digest in enumerate(digests) if place not in false})
        done += len(part)
        progress(done / len(fresh))
    progress(1.0)


def verify_parts(claims: Sequence[Claim], circuits: dict[str, Circuit]) -> Iterator[tuple[Part, dict[int, str]]]:
    """Verify claims, as many at a time as there are processors; gives each part with its false ones (place, reason)."""
    ordered = sorted(claims, key=check_of)  # code proofs together: ezkl verifies many in one process
    parts = [ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK)]
    if len(claims) < _WORTH_PROCESSES:
        for part in parts:
            yield part, false_claims(part, circuits)
        return
    workers = min(os.cpu_count() or 1, len(parts))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_be_a_worker, initargs=(os.getpid(),)) as pool:
        running: dict[Future[dict[int, str]], Part] = {
            pool.submit(false_claims, part, circuits): part for part in parts
        }
        try:
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _be_a_worker(parent: int) -> None:
    """Ctrl-C is the parent's to handle; a worker without its parent ends (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)
