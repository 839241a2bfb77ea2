"""The page's arithmetic, run by Node, against its twins: eth_abi, `registry_contract.runoff`, the app's links."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from app.requests import PollLink, parse_link
from protocol.pins import root_dir
from registry_contract.runoff import count_runoff
from registry_contract.texts import shown_text
from tests.app.page.javascript import JsError, Node

pytestmark = pytest.mark.xdist_group("javascript")
WORDS = json.loads((root_dir() / "poll_page" / "words.json").read_text())
HERE = "0x" + "11" * 20


def test_every_runoff_is_that_of_the_app(node: Node) -> None:
    order = st.permutations(range(5)).flatmap(lambda p: st.integers(1, 5).map(lambda n: list(p[:n])))

    @settings(max_examples=120, deadline=None)
    @given(st.lists(order, max_size=12))
    def check(rankings: list[list[int]]) -> None:
        ours = count_runoff(rankings, 5)
        rounds = [{"counts": list(entry.counts), "out": entry.out} for entry in ours.rounds]
        assert node.call("runoff", rankings=rankings, options=5) == {"rounds": rounds, "winner": ours.winner}

    check()


@pytest.mark.parametrize("ranking", [[], [0, 0], [3], [-1]])
def test_a_ranking_that_is_none_is_not_counted(node: Node, ranking: list[int]) -> None:
    with pytest.raises(JsError, match="RangeError: a ranking is empty"):
        node.call("runoff", rankings=[[0], ranking], options=3)
    with pytest.raises(JsError, match="nothing to count"):
        node.call("runoff", rankings=[], options=1)


_LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes": st.binary(max_size=70),
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
}


def _typed(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """A parameter of Solidity's, and values for it."""
    leaf = st.sampled_from(sorted(_LEAVES)).map(lambda kind: {"type": kind, "values": _LEAVES[kind]})
    if depth == 0:
        return leaf
    below = _typed(depth - 1)
    arrays = st.tuples(below, st.sampled_from(["", "2"])).map(_array)
    return st.one_of(leaf, arrays, st.lists(below, min_size=1, max_size=3).map(_struct))


def _array(drawn: tuple[dict[str, Any], str]) -> dict[str, Any]:
    element, length = drawn
    size = {"min_size": 2, "max_size": 2} if length else {"max_size": 3}
    return {**element, "type": f"{element['type']}[{length}]", "values": st.lists(element["values"], **size)}


def _struct(parts: list[dict[str, Any]]) -> dict[str, Any]:
    named = [{**part, "name": f"part{index}"} for index, part in enumerate(parts)]
    return {"type": "tuple", "components": named, "values": st.tuples(*(part["values"] for part in parts))}


def _signature(parameter: dict[str, Any]) -> str:
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_signature(part) for part in parameter['components'])})" + kind.removeprefix("tuple")


def _json(parameter: dict[str, Any], value: Any) -> Any:
    """A value as `node.mjs` writes it."""
    kind = str(parameter["type"])
    if array := re.fullmatch(r"(.*)\[\d*\]", kind):
        return [_json({**parameter, "type": array[1]}, item) for item in value]
    if kind == "tuple":
        return {part["name"]: _json(part, item) for part, item in zip(parameter["components"], value, strict=True)}
    if kind.startswith("uint"):
        return str(value)
    return "0x" + value.hex() if isinstance(value, bytes) else value


def _plain(parameter: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in parameter.items() if name in ("name", "type")}
    if "components" in parameter:
        kept["components"] = [_plain(part) for part in parameter["components"]]
    return kept


def test_every_answer_is_decoded_as_eth_abi_encodes_it(node: Node) -> None:
    @settings(max_examples=120, deadline=None)
    @given(st.lists(_typed(2), min_size=1, max_size=3), st.data())
    def check(drawn: list[dict[str, Any]], data: st.DataObject) -> None:
        parameters = [{**part, "name": f"p{index}"} for index, part in enumerate(drawn)]
        values = [data.draw(part["values"]) for part in parameters]
        encoded = encode([_signature(part) for part in parameters], values)
        found = node.call("decode", parameters=[_plain(part) for part in parameters], data="0x" + encoded.hex())
        assert found == {part["name"]: _json(part, value) for part, value in zip(parameters, values, strict=True)}

    check()


_UINT8, _TEXT = [{"name": "x", "type": "uint8"}], [{"name": "x", "type": "string"}]


@pytest.mark.parametrize(
    ("parameters", "data", "words"),
    [
        (_UINT8, "0x", "cut short"),
        (_UINT8, "0x" + "00" * 31, "cut short"),
        (_UINT8, "0x" + "00" * 30 + "0100", "more than 8 bits"),
        (_UINT8, "0x0", "no hex"),
        (_UINT8, None, "no hex"),
        (_TEXT, "0x" + "ff" * 32, "beyond its end"),
        (_TEXT, "0x" + f"{32:064x}" + f"{33:064x}" + "41" * 32, "cut short"),
        ([{"name": "x", "type": "uint8[]"}], "0x" + f"{32:064x}" + "ff" * 32, "beyond its end"),
        ([{"name": "x", "type": "int8"}], "0x" + "00" * 32, "cannot read the type"),
    ],
)
def test_an_answer_of_another_form_is_refused(node: Node, parameters: Any, data: Any, words: str) -> None:
    with pytest.raises(JsError, match=f"AbiError.*{words}"):
        node.call("decode", parameters=parameters, data=data)


def test_a_text_that_is_no_utf_8_is_shown_with_its_fault(node: Node) -> None:
    data = "0x" + f"{32:064x}" + f"{3:064x}" + "41ff42".ljust(64, "0")
    assert node.call("decode", parameters=_TEXT, data=data) == {"x": "A\ufffdB"}


def test_a_log_with_missing_topics_is_refused(node: Node) -> None:
    parameters = [{"name": "a", "type": "uint8", "indexed": True}, {"name": "b", "type": "uint8"}]
    word = "0x" + f"{7:064x}"
    assert node.call("decodeLog", parameters=parameters, log={"topics": ["0x", word], "data": word}) == {
        "a": "7",
        "b": "7",
    }
    with pytest.raises(JsError, match="topics"):
        node.call("decodeLog", parameters=parameters, log={"topics": ["0x"], "data": word})


def test_a_call_is_a_selector_and_whole_numbers(node: Node) -> None:
    assert node.call("encodeCall", selector="0xabcdef01", numbers=[3]) == "0xabcdef01" + f"{3:064x}"
    for number in (-1, str(2**256)):
        with pytest.raises(JsError, match="RangeError"):
            node.call("encodeCall", selector="0x", numbers=[number])


def test_a_link_is_the_one_that_the_app_takes(node: Node) -> None:
    link = node.call("pollLink", chain=31337, polls=HERE, poll=12)
    assert link == PollLink(31337, HERE, 12).to_link()
    assert parse_link(link) == PollLink(31337, HERE, 12)


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("Dogs\u202ecats\u2066", "Dogs\ufffdcats\ufffd"),  # turned round
        ("a\u0000b\u001bc\u007f", "a\ufffdb\ufffdc\ufffd"),
        ("zero\u200bwidth\ufeff", "zero\ufffdwidth"),
        ("two\nlines\u2028and\t tabs ", "two lines and tabs"),
        ("क्\u200dष नمی\u200cخواهم 👩\u200d💻", "क्\u200dष नمی\u200cخواهم 👩\u200d💻"),  # joiners that writing needs
        ("<b>&amp;</b>", "<b>&amp;</b>"),  # no parser sees it
        ("x" * 3000, "x" * 2000 + "…"),
    ],
)
def test_a_text_from_the_chain_cannot_play_tricks_on_the_eye(node: Node, text: str, harmless: str) -> None:
    assert node.call("shown", text=text) == shown_text(text) == harmless


def test_the_app_shows_a_text_as_the_page_does(node: Node) -> None:
    odd = st.sampled_from("\t\n\x1c\x85\xa0\xad\u200b\u200d\u2028\u202e\u2066\u3000\ufeff\ue000\U000e0041 a")

    @settings(max_examples=120, deadline=None)
    @given(st.lists(st.one_of(odd, st.characters(exclude_categories=["Cs", "Cn"])), max_size=30).map("".join))
    def check(text: str) -> None:
        assert node.call("shown", text=text) == shown_text(text)

    check()


def test_a_time_beyond_the_calendar_is_known_as_one(node: Node) -> None:
    assert node.call("milliseconds", seconds="1790000000") == 1_790_000_000_000
    assert node.call("milliseconds", seconds="8640000000000") == 8_640_000_000_000_000
    assert node.call("milliseconds", seconds="8640000000001") is None
    assert node.call("milliseconds", seconds=str(2**64 - 1)) is None


def test_every_language_says_everything_with_the_same_values() -> None:
    assert list(WORDS) == ["en", "de", "es", "ja", "ar"]
    values = {key: set(re.findall(r"\{\w+\}", text)) for key, text in WORDS["en"].items()}
    for language, said in WORDS.items():
        assert {key: set(re.findall(r"\{\w+\}", text)) for key, text in said.items()} == values, language
        assert all(text.strip() for text in said.values())


def test_every_sentence_that_the_page_asks_for_is_there_and_asked_for() -> None:
    folder = root_dir() / "poll_page"
    sources = " ".join(path.read_text() for path in [*folder.glob("js/*.js"), folder / "index.html"])
    named = set(re.findall(r'"(\w+)"', sources))
    assert set(WORDS["en"]) <= named | {"name"}
    asked = set(re.findall(r'(?:say|status|entry|Trouble)\("(\w+)"|data-words="(\w+)"', sources))
    assert {one or other for one, other in asked} <= set(WORDS["en"])


def test_the_first_language_that_is_known_is_spoken(node: Node) -> None:
    catalogue = {"en": {"x": "one {a}", "y": "two"}, "ar": {"x": "{a} واحد"}}
    assert node.call("say", catalogue=catalogue, asked=["fr", "AR-eg"], key="x", values={"a": 1}) == [
        "ar",
        "rtl",
        "1 واحد",
    ]
    assert node.call("say", catalogue=catalogue, asked=["ar"], key="y", values={}) == ["ar", "rtl", "two"]
    assert node.call("say", catalogue=catalogue, asked=["fr"], key="x", values={"a": "{a}$&"}) == [
        "en",
        "ltr",
        "one {a}$&",
    ]
