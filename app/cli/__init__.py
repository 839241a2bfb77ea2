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
from app.cli.provers import provers
from app.cli.vault import vault
from app.cli.voting import open_poll, polls, prove, receipts, vote
from protocol.errors import IrisproofError

__all__ = ["main"]

INTERRUPTED = 130
TERMINATED = 143


_VERBS = {
    "A person": (vault, enroll, status, upgrade, recover, leave, polls, open_poll, vote, receipts, prove, provers),
    "Trying things out": (demo, demo_upgrade, devnet, dapp_example, synthetic_eye, inspect, liveness, evaluate),
    "Operators": (deploy, relay, page, station_key, committee),
    "Auditors": (audit, circuit, srs),
}


class _ByAudience(click.Group):
    """Its help lists the verbs by who uses them: a person needs one part of them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        longest = max(len(name) for name in self.commands)
        for audience, verbs in _VERBS.items():
            with formatter.section(audience):
                width = formatter.width - 6 - longest
                rows = [((verb.name or "").ljust(longest), verb.get_short_help_str(width)) for verb in verbs]
                formatter.write_dl(rows)


@click.group(cls=_ByAudience, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="irisproof", prog_name="irisproof")
def cli() -> None:
    """Prove that you are one person, once, without giving your body to anyone."""


for _verb in (_verb for _verbs in _VERBS.values() for _verb in _verbs):
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
