"""The command line: `irisproof VERB`. Verbs parse, call `app.actions` or a part of `app`, and print.

A verb stands in the module of those who use it; here they are put together, and errors become exit statuses.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from app.cli.artifacts import circuit, srs
from app.cli.audit import audit
from app.cli.committee import committee
from app.cli.demo import demo, demo_upgrade
from app.cli.devnet import devnet
from app.cli.eye import evaluate, inspect, liveness, synthetic_eye
from app.cli.member import enroll, leave, recover, status, upgrade
from app.cli.operators import deploy, relay, station_key
from app.cli.output import FAILED
from app.cli.page import dapp_example, page
from app.cli.vault import vault
from app.cli.voting import open_poll, polls, prove, receipts, vote
from protocol.errors import IrisproofError

__all__ = ["main"]

INTERRUPTED = 130
TERMINATED = 143


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="irisproof", prog_name="irisproof")
def cli() -> None:
    """Prove that you are one person, once, without giving your body to anyone."""


_VERBS = (
    *(audit, circuit, committee, demo, demo_upgrade, deploy, devnet, evaluate, inspect, relay, srs, station_key),
    *(synthetic_eye, liveness, page, dapp_example),
    *(vault, enroll, status, upgrade, recover, leave, polls, open_poll, vote, receipts, prove),
)

for _verb in _VERBS:
    cli.add_command(_verb)


def main() -> NoReturn:
    """Entry point. Exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 Ctrl-C, 143 terminated."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        cli.main(standalone_mode=False)
    except IrisproofError as error:
        _complain(error.message, error.hint)
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _complain("stopped", "")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output went away
        sys.stderr.close()
        sys.exit(FAILED)
    except OSError as error:
        _complain(f"the system refused: {error.strerror or type(error).__name__}", "is the disk full?")
        sys.exit(FAILED)
    sys.exit(0)


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(TERMINATED)  # unwinds: every process that was started is ended


def _complain(message: str, hint: str) -> None:
    click.echo(f"irisproof: {message}" + (f" ({hint})" if hint else ""), err=True)
