"""Deploy the registry to the network of a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from app import actions
from app.key_file import read_key
from circuits.iris.circuit import Circuit, load_circuit
from circuits.srs import SrsSource
from model.evaluation import metrics_hash, read_report
from model.pipeline.encoding import NETWORK_V1
from protocol.errors import InputError
from protocol.pins import root_dir
from registry_contract.deploying import deploy_to, read_network
from registry_contract.deployment import Deployment

__all__ = ["deploy_network"]


def deploy_network(network_file: Path, out: Path | None, progress: Callable[[str], None]) -> tuple[Deployment, Path]:
    """Deploy, or go on where an earlier run was stopped; returns the deployment and the file that tells of it.

    Raises `InputError` for a development SRS on a chain that is not local, before anything is sent.
    """
    network = read_network(network_file)
    try:
        source = SrsSource(network.srs_source)
    except ValueError:
        raise InputError(f"there is no srs source {network.srs_source!r}", hint="derived or published") from None
    owner = read_key(network.key_file, "deployer's key")
    circuit = actions.ready_circuit(progress) if source is SrsSource.DERIVED else load_circuit(NETWORK_V1, source)
    model = actions.model_description(circuit, network.chain_id)
    if network.metrics_report is not None:
        model = replace(model, metrics_hash=_metrics_hash(network.metrics_report, circuit))
    path = out or root_dir() / "registry_contract" / "deployments" / f"{network.chain_id}.json"
    return deploy_to(network, owner, model, path, progress), path


def _metrics_hash(path: Path, circuit: Circuit) -> bytes:
    """Raises `InputError` for a report that cannot be read or is of other bytes than this network's."""
    try:
        report = read_report(path.read_bytes())
    except OSError as error:
        raise InputError(f"the accuracy report {path} cannot be read: {error.strerror}") from error
    if report.content["network"]["onnx_sha256"] != circuit.facts.onnx_sha256:
        raise InputError(
            f"the accuracy report {path} is of another network than {circuit.facts.network}",
            hint="measure this one: irisproof evaluate",
        )
    return metrics_hash(report)
