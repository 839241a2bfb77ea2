"""The engines open one bit, the right one, at all three nodes, and give no verdict where they cannot."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from protocol.errors import ArtifactAbsent, EncodingError
from tests.uniqueness.committee import at_each, needs_spu, three_engines
from tests.uniqueness.world import codes_near_threshold
from uniqueness import engine as engine_module
from uniqueness._frames import read_frame, write_frame
from uniqueness.binding import require_population
from uniqueness.constants import ROTATIONS, RULES
from uniqueness.engine import Engine, EngineFailed, EngineKind, committee_python
from uniqueness.linear import local_scores, record_row, split_limbs
from uniqueness.reference import scores
from uniqueness.refusals import RequestRefused
from uniqueness.rehearsal import Integers, Ring, free_addresses, held, random_codes, ring_shares
from uniqueness.torch_products import torch_products

V1 = RULES["iris_v1"]
pytestmark = pytest.mark.xdist_group("committee")  # three processes a test: one such test at a time


_OTHER_LAYOUT = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("party", sys.argv[1])
party = importlib.util.module_from_spec(spec)
spec.loader.exec_module(party)
slots_of = party.words.slots_of
party.words.slots_of = lambda chunk, count: slots_of(chunk, count)[::-1]
party.main()
"""
"""SPU's party, on a runtime that keeps a share's two slots the other way round."""


def _verdict(engines: list[Engine], values: list[int] | Integers, tag: bytes = b"a request") -> bool:
    """The bit, which all three nodes have to get."""
    shares = ring_shares(np.asarray(values, np.int64), np.random.default_rng(1))
    blocks = [np.array_split(share, [1, 1 + len(share) // 3]) for share in shares]  # of any sizes, none included
    bits = at_each(engines, lambda node, engine: engine.any_positive(tag, blocks[node], len(shares[node])))
    assert len(set(bits)) == 1
    return bits[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0], False),
        ([1], True),
        ([-1], False),
        ([32767], True),
        ([-32767], False),
        ([V1.least_score] * 30, False),
        ([-1, 0, -5, 0], False),
        ([-1, 0, 1, 0], True),
        ([1, 32767, 1], True),
    ],
)
def test_the_bit_says_whether_any_score_is_positive(engines: list[Engine], values: list[int], expected: bool) -> None:
    assert _verdict(engines, values) is expected


def test_one_positive_score_anywhere_is_found(engines: list[Engine]) -> None:
    """Around SPU's run of 256, and in what a run is filled up to."""
    values = np.random.default_rng(0).integers(-200, 1, 300)
    assert _verdict(engines, values) is False
    for at in (0, 299) if engines[0].kind is EngineKind.MPYC else (0, 255, 256, 299):
        assert _verdict(engines, np.where(np.arange(300) == at, 1, values)) is True


def test_a_duplicate_is_found_by_the_whole_chain_and_a_stranger_is_not(engines: list[Engine]) -> None:
    rng = np.random.default_rng(4)
    records = random_codes(V1, 20, rng)
    turned = np.roll(records[13].reshape(-1, 120), 31, axis=1).ravel()
    record_shares = ring_shares(records, rng)
    for query, expected in ((random_codes(V1, 1, rng)[0], False), (turned, True)):
        query_shares = ring_shares(query, rng)

        def compare(node: int, engine: Engine, shares: list[Ring] = query_shares) -> bool:
            rows = np.concatenate([record_shares[node], record_shares[(node + 1) % 3]], axis=1)
            local = local_scores(held(V1, shares, node), split_limbs(rows), torch_products)
            return engine.any_positive(b"q", local, len(ROTATIONS) * len(rows))

        assert at_each(engines, compare) == [expected] * 3


@pytest.mark.parametrize(("cells", "enough"), [(0, False), (575, False), (576, True), (960, True)])
def test_a_mask_below_the_minimum_is_refused_at_every_node(engines: list[Engine], cells: int, enough: bool) -> None:
    vector = np.zeros(V1.width, np.int64)
    vector[V1.symbols : V1.symbols + cells] = 1
    shares = ring_shares(vector, np.random.default_rng(5))

    def accepted(node: int, engine: Engine) -> bool:
        try:
            require_population(held(V1, shares, node), lambda share: engine.any_positive(b"p", [share], 1))
        except RequestRefused:
            return False
        return True

    assert at_each(engines, accepted) == [enough] * 3


def test_one_tampering_node_hides_a_duplicate_from_these_engines(engines: list[Engine]) -> None:
    """What SECURITY.md says of them; `tests/uniqueness/checked` shows the comparison that notices."""
    shares = ring_shares(np.array([-5, 700, -9]), np.random.default_rng(6))
    shares[1][1] -= np.uint16(20_000)
    bits = at_each(engines, lambda node, engine: engine.any_positive(b"t", [shares[node]], 3))
    assert bits == [False] * 3


def test_no_scores_are_no_verdict(engines: list[Engine]) -> None:
    with pytest.raises(EncodingError, match="nothing"):
        engines[0].any_positive(b"", [], 0)


def _failures(engines: list[Engine], tags: tuple[bytes, ...], totals: tuple[int, ...]) -> list[str]:
    def failed(node: int, engine: Engine) -> str:
        with pytest.raises(EngineFailed) as failure:
            engine.any_positive(tags[node], [np.zeros(totals[node], np.uint16)], totals[node])
        return failure.value.message

    return at_each(engines, failed)


KINDS = pytest.mark.parametrize("kind", [EngineKind.MPYC, pytest.param(EngineKind.SPU, marks=needs_spu)])


@pytest.mark.parametrize(
    ("kind", "tags", "totals"),
    [
        (EngineKind.MPYC, (b"one", b"one", b"two"), (3, 3, 3)),
        (EngineKind.MPYC, (b"one",) * 3, (3, 4, 3)),
    ],
    ids=["mpyc-tag", "mpyc-total"],
)
def test_nodes_that_serve_different_requests_get_no_verdict(
    kind: EngineKind, tags: tuple[bytes, ...], totals: tuple[int, ...]
) -> None:
    """SPU's are held to it in `test_each_of_100_000_comparisons_of_spu_is_the_reference_s`."""
    with three_engines(kind, timeout_s=30) as engines:
        assert all("different things" in reason for reason in _failures(engines, tags, totals))
        assert len(_failures(engines, (b"one",) * 3, (3, 3, 3))) == 3


@KINDS
def test_a_dead_node_leaves_the_others_without_a_verdict_and_does_not_hold_them(kind: EngineKind) -> None:
    with three_engines(kind, timeout_s=4) as engines:
        engines[2].close()
        assert len(_failures(engines[:2], (b"one",) * 2, (3, 3))) == 2


NODE = """
import sys, time
from uniqueness.engine import Engine, EngineKind
engine = Engine(EngineKind(sys.argv[1]), 0, sys.argv[2:])
print(engine.process_id, flush=True)
time.sleep(60)
"""


def _is_running(process: Path) -> bool:
    try:
        return "\nState:\tZ" not in (process / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@KINDS
def test_an_engine_ends_with_a_node_that_is_killed(kind: EngineKind) -> None:
    node = subprocess.Popen(
        [sys.executable, "-c", NODE, kind.value, *free_addresses()], stdout=subprocess.PIPE, text=True
    )
    try:
        assert node.stdout is not None
        engine = Path("/proc") / node.stdout.readline().strip()
        assert engine.exists()
    finally:
        node.kill()
        node.communicate()
    deadline = time.monotonic() + 30
    while _is_running(engine):
        assert time.monotonic() < deadline, "the engine outlived its node"
        time.sleep(0.2)


def test_an_engine_whose_peers_never_come_gives_up() -> None:
    with Engine(EngineKind.MPYC, 0, free_addresses()) as alone, pytest.raises(EngineFailed):
        alone.connect(timeout_s=2)


@pytest.mark.parametrize("given", [2, 4])
def test_more_or_fewer_scores_than_announced_are_refused_and_end_the_engine(given: int) -> None:
    with three_engines(EngineKind.MPYC) as engines:
        with pytest.raises(EncodingError, match="scores were given"):
            engines[0].any_positive(b"", [np.zeros(given, np.uint16)], 3)
        with pytest.raises(EngineFailed):
            engines[0].any_positive(b"", [np.zeros(3, np.uint16)], 3)


def test_an_engine_of_two_or_of_a_fourth_node_is_not_started() -> None:
    for node, addresses in ((0, ["127.0.0.1:1"] * 2), (3, ["127.0.0.1:1"] * 3)):
        with pytest.raises(EncodingError):
            Engine(EngineKind.MPYC, node, addresses)


def test_spu_without_its_environment_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine_module, "committee_python", lambda: tmp_path / "python")
    with pytest.raises(ArtifactAbsent) as refusal:
        Engine(EngineKind.SPU, 0, free_addresses())
    assert refusal.value.hint == "run: make committee-venv"


@needs_spu
@pytest.mark.slow
def test_each_of_100_000_comparisons_of_spu_is_the_reference_s() -> None:
    rng = np.random.default_rng(2026)
    query = random_codes(V1, 1, rng)[0]
    records = np.concatenate([random_codes(V1, 3000, rng), codes_near_threshold(V1, query, 3000, rng)])
    exact = scores(V1, query, records)
    query_shares, record_shares = ring_shares(query, rng), ring_shares(records, rng)
    blocks: list[list[Ring]] = []
    for node in range(3):
        rows = np.concatenate([record_shares[node], record_shares[(node + 1) % 3]], axis=1)
        blocks.append(
            list(local_scores(held(V1, query_shares, node), split_limbs(rows), torch_products, block_rows=1000))
        )
    assert record_row(held(V1, query_shares, 0)).shape == (2 * V1.width,)
    opened = _every_bit(blocks)
    assert exact.size >= 100_000
    assert (np.abs(exact) < 200).sum() >= 2_000
    assert 1_000 < (exact > 0).sum() < 3_000
    for bits in opened:
        assert (bits == (exact > 0).ravel()).all()


def _every_bit(blocks: list[list[Ring]]) -> list[Ring]:
    """Each comparison's bit as each of three SPU processes opened it."""
    addresses = free_addresses()
    script = str(Path(__file__).with_name("spu_bits.py"))
    started = [
        subprocess.Popen([str(committee_python()), "-I", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    try:
        for node, process in enumerate(started):
            assert process.stdin is not None
            size = blocks[node][0].size
            write_frame(
                process.stdin, {"rank": node, "addresses": addresses, "size": size, "blocks": len(blocks[node])}
            )
        opened: list[list[Ring]] = [[], [], []]
        for at in range(len(blocks[0])):
            for node, process in enumerate(started):
                assert process.stdin is not None
                write_frame(process.stdin, {}, blocks[node][at])
            for node, process in enumerate(started):
                assert process.stdout is not None
                opened[node].append(read_frame(process.stdout)[1])
        for node, process in enumerate(started):  # the last thing they are asked is not the same
            assert process.stdin is not None
            write_frame(process.stdin, {"tag": "one" if node == 1 else "two", "total": 3, "eyes": 1})
        for process in started:
            assert process.stdout is not None
            assert "different things" in read_frame(process.stdout)[0]["error"]
        return [np.concatenate(parts) for parts in opened]
    finally:
        for process in started:
            process.kill()
            process.communicate()


@needs_spu
def test_spu_that_keeps_its_shares_otherwise_is_noticed_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    party = Path(engine_module.__file__).with_name("_spu_party.py")
    command = [str(committee_python()), "-I", "-u", "-c", _OTHER_LAYOUT, str(party)]
    monkeypatch.setattr(engine_module, "_command", lambda _: command)
    with pytest.raises(EngineFailed, match="WrongAnswer"), three_engines(EngineKind.SPU):
        pass
