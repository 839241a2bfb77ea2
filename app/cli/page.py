"""Verbs of those who show polls or ask for proofs: `page`, `dapp-example`."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["dapp_example", "page"]


@click.command()
@click.option(
    "--registry", type=click.Path(path_type=Path), required=True, help="Registry file, or what irisproof deploy wrote."
)
@click.option("--rpc-url", help="Node that visitors' browsers ask; the registry file's if not given.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the page into this folder, for any static host.")
@click.option("--serve", "port", type=click.IntRange(0, 65535), help="Serve it on this machine; 0: any free port.")
@click.option(
    "--refresh", type=click.FloatRange(0.2, 3600), default=4.0, show_default=True, help="Seconds between two looks."
)
def page(registry: Path, rpc_url: str | None, out: Path | None, port: int | None, refresh: float) -> None:
    """Make the poll page: polls and their results, live from the chain, for people without the app.

    Static files without a build step; a browser that shows them asks the node and nobody else. Everything in
    them is public.
    """
    from app.poll_page import read_page_config, serve_page, write_page

    if out is None and port is None:
        raise click.UsageError("give --out, --serve, or both")
    config = read_page_config(registry, rpc_url, refresh)
    if out is not None:
        click.echo(f"{len(write_page(config, out))} files written to {out}")
    if port is not None:
        serve_page(config, port, lambda url: click.echo(f"polls at {url}"))


@click.command("dapp-example")
@click.option("--registry", type=click.Path(path_type=Path), required=True, help="Registry file; its account pays.")
@click.option("--dapp", help="Address of an Airdrop contract that is there; a new one if not given.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Any free one if 0.")
@click.option("--public-url", help="https address of the proxy before it, where people's devices reach it.")
def dapp_example(registry: Path, dapp: str | None, port: int, public_url: str | None) -> None:
    """A dApp to learn from: its page asks for a proof of personhood, receives it, and pays once.

    The request is a link and a QR code; irisproof prove LINK --send answers it, and so does the window.
    """
    from app.dapp.server import run_example

    run_example(registry, dapp, port, public_url, click.echo)
