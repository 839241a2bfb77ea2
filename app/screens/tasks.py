"""Work beside the window: done in a thread, told in the window's own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from kivy.app import App
from kivy.clock import Clock

from protocol.errors import IrisproofError

__all__ = ["pending", "run_task"]

Result = TypeVar("Result")

_pending: set[object] = set()
_workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="task")


def run_task(task: Callable[[], Result], finished: Callable[[Result | None, IrisproofError | None], object]) -> None:
    """`finished` gets the result, or the error that a caller may expect. Any other error is a fault of the program: it
    says so, without what it was about, which could be secret."""

    def work() -> None:
        result, failure = None, None
        try:
            result = task()
        except IrisproofError as error:
            failure = error
        except Exception as error:
            failure = IrisproofError(f"irisproof has a fault ({type(error).__name__})", hint="report it, please")
        Clock.schedule_once(lambda _: tell(result, failure))

    def tell(result: Result | None, failure: IrisproofError | None) -> None:
        _pending.discard(work)
        if App.get_running_app() is not None:  # the window may have closed meanwhile
            finished(result, failure)

    _pending.add(work)
    _workers.submit(work)


def pending() -> int:
    """How many tasks were not told yet."""
    return len(_pending)
