"""Verbs that make and check pinned artifacts: `circuit`, `srs`."""

from __future__ import annotations

import dataclasses

import click

from app.cli.output import ignore, json_option, print_facts, print_json, print_result

__all__ = ["circuit", "srs"]

_source_option = click.option(
    "--source",
    type=click.Choice(["derived", "published", "development"]),
    default="derived",
    show_default=True,
    help="Where the structured reference string comes from.",
)

_network_option = click.option(
    "--network",
    type=click.Choice(["iris_v1", "iris_v2"]),
    default="iris_v1",
    show_default=True,
    help="Which iris network.",
)


@click.group()
def circuit() -> None:
    """The iris circuit: build it from its ONNX file, show what it is."""


@circuit.command("build")
@_network_option
@_source_option
@json_option
def circuit_build(network: str, source: str, as_json: bool) -> None:
    """Build settings, keys and verifier from the pinned ONNX file, with every gate.

    Fails if the circuit has einsum columns, if a pre-activation may leave the lookup range, if a cell is not wired as
    the network says, if the verifier is larger than a contract may be, or if the result is not the pinned one.
    """
    from app.actions import build_iris_circuit
    from circuits.srs import SrsSource

    built = build_iris_circuit(SrsSource(source), ignore if as_json else click.echo, network)
    print_facts(built.facts.to_json(), as_json)


@circuit.command("show")
@_network_option
@json_option
def circuit_show(network: str, as_json: bool) -> None:
    """Show the built circuit: sizes and hashes."""
    from circuits.iris.circuit import load_circuit

    print_facts(load_circuit(network).facts.to_json(), as_json)


@circuit.command("audit")
@_network_option
@json_option
def circuit_audit(network: str, as_json: bool) -> None:
    """Run the soundness gates of the built circuit again, then change every word of a real proof.

    No einsum columns; every lookup within its range; symbols are -1, 0 or 1; wired as the network, cell by cell; the
    witness is the integer reference. Each changed proof must be refused by the verifier contract, on a local chain.
    """
    from app.audit.mutations import refuse_mutations
    from circuits.iris.circuit import load_circuit
    from circuits.iris.gates import pass_gates

    built = load_circuit(network)
    held: list[str] = []

    def holds(gate: str) -> None:
        held.append(gate)
        if not as_json:
            click.echo(f"holds: {gate}")

    pass_gates(built, holds)
    refused = refuse_mutations(built)
    print_result({"gates": held, "refused_proofs": refused}, f"holds: {refused} changed proofs are refused", as_json)


@click.group()
def srs() -> None:
    """The structured reference string (SRS) of all proofs: three sources, each pinned and checked."""


@srs.command("list")
@json_option
def srs_list(as_json: bool) -> None:
    """List the sources, what each is worth, and which files are here."""
    from circuits.srs import list_sources

    sources = list_sources()
    if as_json:
        print_json([dataclasses.asdict(facts) | {"source": facts.source.value} for facts in sources])
        return
    for facts in sources:
        click.echo(f"{facts.source.value}: {facts.worth}")
        for k, sha256 in facts.sha256_by_k.items():
            click.echo(f"    k = {k}  sha256 {sha256}  {'here' if k in facts.present else 'not here'}")


@srs.command("derive")
@_source_option
@json_option
def srs_derive(source: str, as_json: bool) -> None:
    """Make the files of a source again from pinned inputs, and compare them with the pins.

    The derived source takes about a minute: its k = 15 file is computed from a published Groth16 key.
    """
    from app.actions import derive_srs_files
    from circuits.srs import SrsSource

    found = derive_srs_files(SrsSource(source), ignore if as_json else click.echo)
    lines = [f"k = {k}  sha256 {sha256}  as pinned" for k, sha256 in found.items()]
    print_result({"sha256_by_k": found}, "\n".join(lines), as_json)


@srs.command("check")
@_source_option
@json_option
def srs_check(source: str, as_json: bool) -> None:
    """Check every point of a source's files by pairings."""
    from app.actions import check_srs_files
    from circuits.srs import SrsSource

    facts = check_srs_files(SrsSource(source), ignore if as_json else click.echo)
    if as_json:
        print_json([dataclasses.asdict(entry) for entry in facts])


@srs.command("fetch")
@json_option
def srs_fetch(as_json: bool) -> None:
    """Fetch ezkl's published files; needs a network."""
    from app.actions import fetch_srs_files

    said: list[str] = []
    fetch_srs_files(said.append if as_json else click.echo)
    if as_json:
        print_json({"fetched": said})
