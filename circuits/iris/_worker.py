"""Start `circuits.iris._ezkl` for one job and take its answer, in an environment that holds nothing of ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from circuits.signals import signals_held
from protocol.errors import ArtifactAbsent, ArtifactUnavailable, ProvingError

__all__ = ["prove_in_this_process", "require_prover", "run_job"]


# One heap that is never given back while it works: glibc's defaults cost the prover 2 to 3 % more time and memory.
_ALLOCATOR = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 31)}


class _Place:
    home = ""


def prove_in_this_process(home: Path) -> None:
    """For a system on which no program can be started, such as Android: from now on jobs run in this process, which is
    a prover's own and ends after its work. `home`: an empty folder of this process alone; ezkl trusts its cache there.
    """
    _Place.home = str(home)


def run_job(job: str, arguments: Mapping[str, Any], *, private: bool = False) -> dict[str, Any]:
    """Do `job` in a process of its own and return its result.

    `private` says that the arguments hold secrets: then no word of the prover's own message is passed on.
    Raises `ProvingError` when the job fails, `ArtifactAbsent` without ezkl, `ArtifactUnavailable` where it cannot run.
    The process is ended with this one: on Ctrl-C, on an exception, and (on Linux) on `kill -9`.
    """
    require_prover()
    if not hasattr(os, "memfd_create"):
        raise ArtifactUnavailable(
            "the prover needs memory files, which this system lacks", hint="use Linux: secrets must not touch a disk"
        )
    if _Place.home:
        return _result(job, _answer_here({"job": job, **arguments}), "", private)
    home, process, answer, noise = "", None, "", ""
    try:
        with signals_held():
            home = tempfile.mkdtemp(prefix="irisproof-home-")  # empty: ezkl trusts its cache there
            process = _start(home, private)
        answer, noise = process.communicate(json.dumps({"job": job, **arguments}))
    finally:
        with signals_held():
            if process is not None:
                process.kill()
                process.wait()
            if home:
                shutil.rmtree(home, ignore_errors=True)
    return _result(job, answer, "" if private else noise, private)


def require_prover() -> None:
    """Raises `ArtifactAbsent` where ezkl is not installed, as in a bundle before a person agreed to fetch it."""
    if find_spec("ezkl") is None:
        raise ArtifactAbsent("ezkl, which makes proofs, is not installed", hint="run: irisproof provers install")


def _answer_here(job: dict[str, Any]) -> str:
    os.environ["HOME"] = _Place.home
    from circuits.iris._ezkl import answer_to_job  # noqa: PLC0415 - it imports ezkl: in a prover's process only

    return json.dumps(answer_to_job(job))


def _start(home: str, private: bool) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "circuits.iris._ezkl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if private else subprocess.PIPE,
        env={"HOME": home, "PATH": os.environ.get("PATH", ""), **_ALLOCATOR, **_passed_on()},
        text=True,
    )


def _passed_on() -> dict[str, str]:
    """Where a bundle finds ezkl; nothing in a checkout."""
    return {name: os.environ[name] for name in ("IRISPROOF_PROVERS",) if name in os.environ}


_NO_SPACE = "No space left on device"  # how the prover's errors tell of ENOSPC


def _result(job: str, answer: str, noise: str, private: bool) -> dict[str, Any]:
    try:
        parsed: dict[str, dict[str, Any]] = json.loads(answer)
    except ValueError:
        detail = "" if private else f": {noise.strip()[-200:]}"
        raise ProvingError(f"the prover ended in the middle of {job}{detail}", hint="is there enough memory?") from None
    if "error" in parsed:
        if _NO_SPACE in str(parsed["error"]):
            raise ArtifactUnavailable(f"no space on the disk for {job}", hint="free some space, or set IRISPROOF_HOME")
        detail = "" if private else f": {str(parsed['error'])[:300]}"
        raise ProvingError(f"the prover could not do {job}{detail}")
    return parsed["result"]
