"""Links of SPU and MPyC under the committee's own authority: its three nodes connect, another authority's do not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from tests.uniqueness.committee import needs_spu
from uniqueness.engine import Engine, EngineFailed, EngineKind, TlsFiles
from uniqueness.keys import Authority, certificate_request, node_name, write_tls_key
from uniqueness.rehearsal import free_addresses

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("committee")]
KINDS = pytest.mark.parametrize("kind", [EngineKind.MPYC, pytest.param(EngineKind.SPU, marks=needs_spu)])


def _certificates(folder: Path, stranger: bool) -> list[TlsFiles]:
    """Of three nodes; the third one's of another authority where it is a stranger."""
    nodes, strangers = Authority.create(folder, "nodes"), Authority.create(folder, "strangers")
    made = []
    for node in range(3):
        key = write_tls_key(folder / f"{node}.key")
        authority = strangers if stranger and node == 2 else nodes
        (folder / f"{node}.crt").write_text(authority.certify(certificate_request(key, "anything"), node_name(node)))
        made.append(TlsFiles(folder / f"{node}.crt", folder / f"{node}.key", folder / "nodes.crt"))
    return made


@KINDS
def test_three_nodes_of_one_authority_compare(kind: EngineKind, tmp_path: Path) -> None:
    addresses, tls = free_addresses(), _certificates(tmp_path, stranger=False)
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine(kind, node, addresses, 60, tls[node])) for node in range(3)]
        with ThreadPoolExecutor(3) as pool:
            bits = list(pool.map(lambda engine: engine.any_positive(b"x", [np.array([0, 1], np.uint16)], 2), engines))
        assert bits == [True] * 3  # each puts 0 and 1 in: 3 is positive


@KINDS
def test_a_node_of_another_authority_does_not_connect(kind: EngineKind, tmp_path: Path) -> None:
    addresses, tls = free_addresses(), _certificates(tmp_path, stranger=True)
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine(kind, node, addresses, 60, tls[node])) for node in range(3)]

        def refused(engine: Engine) -> str:
            with pytest.raises(EngineFailed) as failure:
                engine.connect(15)
            return failure.value.message

        with ThreadPoolExecutor(3) as pool:
            assert all(pool.map(refused, engines))
