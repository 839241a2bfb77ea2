"""`make bench`: measure what the README and the cards quote. Nothing here passes or fails.

Figures of one person's proof are medians of several; ratios are of two things measured in one run.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

from app import actions
from benchmarks import relay, uniqueness, window
from benchmarks.naive_circuit import prove_naively
from benchmarks.report import Figure, write_report
from circuits.iris.build import verifier_name
from circuits.iris.circuit import Circuit
from circuits.iris.commit import salt_plane
from circuits.iris.prove import prove_code
from circuits.semaphore.group import Group
from circuits.semaphore.identity import Identity
from circuits.semaphore.prove import prove_membership
from model.pipeline.encoding import ENCODERS, NETWORK_V1, NETWORK_V2, encode_v1
from model.pipeline.planes import make_planes
from model.synthetic import capture, make_eye
from protocol.pins import root_dir
from protocol.types import CodeProof, EyeSide, Plane, PlaneName
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.local_chain import LocalChain

RUNS = 5
EYES = 20
BALLOTS = 44
"""Through the relayer; the first four warm it."""


def main() -> None:
    """Measure everything, one thing after the other, on an otherwise idle machine."""
    circuit = actions.ready_circuit()
    texture, mask = _planes(NETWORK_V1)
    proof_figures, proof, cpu_s = _code_proof(circuit, texture, mask)
    figures = [
        *proof_figures,
        Figure("code_verify_gas", _verify_gas(circuit, proof), "gas", 440_000),
        Figure("code_verifier_bytes", actions.verifier_size(circuit.facts), "B", 24_576),
        *_code_proof_v2(),
        *_naive(texture, mask, circuit.facts.salts, cpu_s),
        Figure("membership_proof_s", _membership_s(), "s", 1.0),
        *_demo(),
        Figure("image_to_code_ms", _image_to_code_ms(), "ms", 100),
        *window.figures(),
        Figure("relay_mined_per_s", relay.measure(BALLOTS)["mined_per_s"], "/s"),
        *uniqueness.figures_apart(),
    ]
    write_report(figures, root_dir() / "benchmarks" / "latest.json")


def _planes(network: str) -> tuple[Plane, Plane]:
    iris = actions.unroll_eye(capture(make_eye(1), 1).image, EyeSide.LEFT, captured_at=0)
    planes = make_planes(iris)
    return planes[ENCODERS[network].texture], planes[ENCODERS[network].mask]


def _code_proof_v2() -> list[Figure]:
    """The second network's figures, with the budgets of its own."""
    circuit = actions.ready_circuit(network=NETWORK_V2)
    figures, proof, _ = _code_proof(circuit, *_planes(NETWORK_V2))
    budgets = {"code_proof_cpu_s": 3.0, "code_proof_rss_mb": 200.0, "code_proof_bytes": 2_200.0}
    second = [
        Figure(figure.name.replace("proof", "proof_v2"), figure.value, figure.unit, budgets.get(figure.name))
        for figure in figures
    ]
    return [*second, Figure("code_verify_v2_gas", _verify_gas(circuit, proof), "gas", 440_000)]


def _code_proof(circuit: Circuit, texture: Plane, mask: Plane) -> tuple[list[Figure], CodeProof, float]:
    """CPU seconds and peak memory are the prover process's own; the wall time has its start in it."""
    salted, code = (salt_plane(texture), salt_plane(mask)), ENCODERS[circuit.facts.network].encode(texture, mask)
    runs, walls_s = [], []
    for _ in range(RUNS):
        started_s = time.perf_counter()
        runs.append(prove_code(circuit, *salted, code))
        walls_s.append(time.perf_counter() - started_s)
    cpu_s = statistics.median(run.cpu_s for run in runs)
    figures = [
        Figure("code_proof_cpu_s", round(cpu_s, 3), "s", 1.2),
        Figure("code_proof_wall_s", round(statistics.median(walls_s), 3), "s"),
        Figure("code_proof_rss_mb", round(statistics.median(run.peak_mib for run in runs), 1), "MiB", 120),
        Figure("code_proof_bytes", len(runs[0].proof.proof), "B", 2_200),
    ]
    return figures, runs[0].proof, cpu_s


def _verify_gas(circuit: Circuit, proof: CodeProof) -> int:
    """Gas of a transaction that does nothing but call the verifier, its base cost and calldata included."""
    name = verifier_name(circuit.facts.network)
    with LocalChain() as chain:
        connection = Connection(chain.url, chain.chain_id, chain.funded_account())
        artifact = load_contract(name)
        address = connection.deploy(artifact.linked_creation({}), artifact.abi).contract_address
        assert address is not None
        contract = connection.contract(address, artifact.abi)
        return connection.send(contract.functions.verifyProof(proof.proof, [])).gas_used


def _naive(texture: Plane, mask: Plane, salts: int, cpu_s: float) -> list[Figure]:
    naive = prove_naively(texture, mask, salts)
    return [
        Figure("naive_circuit_cpu_s", round(naive.cpu_s, 2), "s"),
        Figure("naive_circuit_rss_mb", round(naive.peak_mib, 1), "MiB"),
        Figure("naive_circuit_ratio", round(naive.cpu_s / cpu_s, 1), "x"),
    ]


def _membership_s() -> float:
    """Warm: the first proof of a process, which compiles the witness calculator, is left out."""
    identity = Identity.create()
    group = Group([*(Identity.create().commitment for _ in range(15)), identity.commitment])
    walls_s = []
    for message in range(RUNS + 1):
        started_s = time.perf_counter()
        prove_membership(identity, group, message, scope=1)
        walls_s.append(time.perf_counter() - started_s)
    return round(statistics.median(walls_s[1:]), 3)


def _demo() -> list[Figure]:
    """A whole `irisproof demo` as its user runs it, from process start to exit; gas from its own report."""
    walls_s, figures = [], {}
    for _ in range(3):
        started_s = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "demo", "--json"], check=True, capture_output=True, text=True
        )
        walls_s.append(time.perf_counter() - started_s)
        figures = json.loads(done.stdout)
    return [
        Figure("enroll_gas", statistics.median(figures["enroll_gas"]), "gas", 850_000),
        Figure("vote_gas", statistics.median(figures["first_vote_gas"]), "gas", 330_000),
        Figure("vote_replaced_gas", statistics.median(figures["replaced_vote_gas"]), "gas", 330_000),
        Figure("demo_warm_s", round(statistics.median(walls_s), 2), "s", 40),
    ]


def _image_to_code_ms() -> float:
    """From pixels in memory to the iris code at 320x240; the median over synthetic eyes."""
    images = [capture(make_eye(seed), 1).image for seed in range(1, EYES + 1)]
    walls_ms = []
    for image in images:
        started_s = time.perf_counter()
        planes = make_planes(actions.unroll_eye(image, EyeSide.LEFT, captured_at=0))
        encode_v1(planes[PlaneName.TEXTURE_8X120], planes[PlaneName.MASK_8X120])
        walls_ms.append(1000 * (time.perf_counter() - started_s))
    return round(statistics.median(walls_ms), 1)


if __name__ == "__main__":
    main()
