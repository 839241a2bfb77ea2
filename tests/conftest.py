"""What tests of several folders share: the built circuit, and planes that are nobody's eye."""

from __future__ import annotations

import fcntl
import signal
import sys

import pytest

from circuits.artifacts import build_dir
from circuits.iris.build import build_circuit
from circuits.iris.circuit import Circuit, load_circuit
from mobile_build.stage import Staged, stage
from protocol.errors import ArtifactError

# torch takes Triton along where it finds it, though nothing here compiles for a GPU. Triton brings an LLVM of its own,
# and so does Mesa, which draws the window's tests: loaded into one process, the second of them crashes it.
sys.modules.setdefault("triton", None)  # type: ignore[arg-type]

# A shell's background job ignores Ctrl-C and hands that on; programs that the tests interrupt must not inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def built(network: str) -> Circuit:
    """A network's circuit under the derived SRS, built if it is not there: by one worker, while the others wait."""
    with (build_dir("circuits") / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return load_circuit(network)
        except ArtifactError:
            return build_circuit(network)


@pytest.fixture(scope="session")
def circuit() -> Circuit:
    """The circuit of iris_v1."""
    return built("iris_v1")


@pytest.fixture(scope="session")
def circuit_v2() -> Circuit:
    """The circuit of iris_v2."""
    return built("iris_v2")


@pytest.fixture(scope="session")
def staged(circuit: Circuit, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """What ships on a phone, for the first network."""
    return stage(tmp_path_factory.mktemp("staged") / "tree", (circuit.facts.network,))


@pytest.fixture(params=["circuit", "circuit_v2"])
def each_circuit(request: pytest.FixtureRequest) -> Circuit:
    """One circuit after the other."""
    found: Circuit = request.getfixturevalue(request.param)
    return found
