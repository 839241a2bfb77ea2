"""What a person waits for: the window, guidance, enrolment, a vote. `python -m benchmarks.window` measures these alone.

Against a local registry with a relayer, a software station and no committee; eyes are synthetic.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app import actions
from app.coach import advise
from app.devnet import DevnetOptions, running_devnet
from app.endpoints import Endpoints
from app.frames import Frame
from app.jobs import JobState
from app.session import Session, open_session
from benchmarks.report import Figure, write_report
from model.synthetic import capture, make_eye
from model.synthetic.attacks import living_eye
from protocol.errors import ProvingError
from protocol.types import EyeSide

RUNS = 3
FILMS = 4
_PATIENCE_S = 120.0

__all__ = ["figures"]


def figures() -> list[Figure]:
    """Medians, with the project's budgets."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        up_s = statistics.median(_window_up_s(folder / f"empty-{run}") for run in range(RUNS))
        with running_devnet(DevnetOptions(folder / "devnet.json")) as endpoints:
            enrolled = [_enrollment_s(folder / f"person-{run}", endpoints, run + 1) for run in range(RUNS)]
            vote_s = statistics.median(_vote_s(enrolled[-1][1]) for _ in range(RUNS))
            for _, session in enrolled:
                session.vault.lock()
    guidance_ms, search_ms = _guidance_ms()
    return [
        Figure("window_up_s", round(up_s, 2), "s", 1.5),
        Figure("guidance_frame_ms", guidance_ms, "ms", 50),
        Figure("guidance_search_ms", search_ms, "ms"),
        Figure("enrollment_s", round(statistics.median(seconds for seconds, _ in enrolled), 2), "s", 15),
        Figure("vote_s", round(vote_s, 2), "s", 3),
    ]


def _window_up_s(data: Path) -> float:
    """From the start of a process to the first frame of the first screen, drawn by software off the screen."""
    environment = os.environ | {"SDL_VIDEODRIVER": "offscreen", "LIBGL_ALWAYS_SOFTWARE": "1", "KIVY_HOME": str(data)}
    started_s = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.window_probe", str(data)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - started_s
    finally:
        process.kill()
        process.wait()
    if line != "up\n":
        raise ProvingError("the window did not come up")
    return seconds


def _guidance_ms() -> tuple[float, float]:
    """From a frame in memory, 320x240, to what the person is told, in a film of a living eye: the median frame, and the
    median frame in which the eye was not known from the one before and is searched for."""
    walls_ms: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(1, FILMS + 1):
        film, last = living_eye(seed), None
        for number, (image, time_s) in enumerate(zip(film.frames, film.times_s, strict=True)):
            known, started_s = last is not None, time.perf_counter()
            _, last = advise(Frame(number, time_s, image), EyeSide.LEFT, last)
            walls_ms[known].append(1000 * (time.perf_counter() - started_s))
    every = walls_ms[True] + walls_ms[False]
    return round(statistics.median(every), 1), round(statistics.median(walls_ms[False]), 1)


def _enrollment_s(folder: Path, endpoints: Endpoints, seed: int) -> tuple[float, Session]:
    """From a capture that was taken to a receipt of the registry; holding still for it takes two seconds more."""
    session = open_session(actions.create_vault(folder, actions.Passphrase("correct horse battery")), folder, endpoints)
    iris = actions.unroll_eye(capture(make_eye(seed), 1).image, EyeSide.LEFT)
    started_s = time.perf_counter()
    job = actions.begin_enrollment(session, iris)
    status = job.wait(_PATIENCE_S)
    if status.state is not JobState.DONE:
        raise ProvingError(f"the enrolment is {status.state.value}: {status.message}")
    actions.settle_job(session, job)
    return time.perf_counter() - started_s, session


def _vote_s(session: Session) -> float:
    """From the last touch to a receipt: proved, sent, found on the chain. The first one of a process is in it."""
    poll = actions.open_poll(session.links, "Shall the park stay open at night?", ("yes", "no"), 1.0)
    started_s = time.perf_counter()
    actions.cast_ballot(session, poll, [0])
    return time.perf_counter() - started_s


if __name__ == "__main__":
    write_report(figures(), Path("build") / "window.json")
