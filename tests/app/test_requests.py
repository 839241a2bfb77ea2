"""`irisproof://` links: one form each, everything else is refused with the field's name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.requests import MAX_LINK_CHARS, PollLink, ProofRequest, parse_link
from protocol.errors import EncodingError, IrisproofError, VerificationError
from registry_contract.deployment import ZERO_ADDRESS, Deployment

HERE, DAPP = "0x" + "11" * 20, "0x" + "22" * 20
REQUEST = ProofRequest(
    31337, HERE, DAPP, bytes(31) + b"\1", b"\2" * 32, 1_790_000_000, "Café & Söhne", "https://d.example/a?b=1"
)
POLL = PollLink(31337, HERE, 3)


def _deployment(**changes: object) -> Deployment:
    names = "world_id stations models committee timelock semaphore_verifier code_verifier poseidon registry"
    addresses = dict.fromkeys(names.split(), ZERO_ADDRESS)
    values = {"chain_id": 31337, "block": 0, "polls": HERE, "personhood": HERE, "model_id": 1, "gas_used": 0}
    return Deployment(**(addresses | values | changes))  # type: ignore[arg-type]


def test_a_link_says_all_of_its_request() -> None:
    assert parse_link(REQUEST.to_link()) == REQUEST
    assert parse_link(f"  {REQUEST.to_link()}\n") == REQUEST
    assert parse_link(replace(REQUEST, name="", reply_url="").to_link()).reply_host == ""  # type: ignore[union-attr]
    assert parse_link(POLL.to_link()) == POLL
    assert REQUEST.reply_host == "d.example"


@pytest.mark.parametrize("name", ["v", "chain", "contract", "dapp", "action", "signal", "expires"])
def test_a_link_without_a_field_or_with_it_twice_is_refused(name: str) -> None:
    head, query = REQUEST.to_link().split("?")
    fields = query.split("&")
    (field,) = [field for field in fields if field.startswith(f"{name}=")]
    with pytest.raises(EncodingError):
        parse_link(f"{head}?" + "&".join(other for other in fields if other != field))
    with pytest.raises(EncodingError, match="twice"):
        parse_link(f"{head}?{query}&{field}")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("v=1", "v=2", "version"),
        ("v=1", "v=01", "version"),
        ("chain=31337", "chain=031337", "chain"),
        ("chain=31337", "chain=0", "chain"),
        ("chain=31337", "chain=-1", "chain"),
        ("chain=31337", "chain=1e3", "chain"),
        ("chain=31337", "chain=\u0661", "chain"),
        ("chain=31337", "chain=18446744073709551616", "chain"),
        ("expires=1790000000", "expires=", "expires"),
        ("expires=1790000000", "expires=soon", "expires"),
        (HERE, HERE[:-2], "contract"),
        (HERE, "0x52908400098527886e0F7030069857D2E4169EE7", "contract"),
        (DAPP, "", "dapp"),
        ("action=0x", "action=", "action"),
        ("action=0x00", "action=0xAA", "action"),
        ("action=0x00", "action=0x", "action"),
        ("signal=0x02", "signal=0x0202", "signal"),
        ("signal=0x02", "signal=0x0g", "signal"),
        ("name=Caf%C3%A9", "name=%00", "name"),
        ("name=Caf%C3%A9", "name=%E2%80%AE", "name"),  # turns what follows round
        ("name=Caf%C3%A9", "name=" + "x" * 65, "name"),
        ("name=Caf%C3%A9", "name=%FF", "link"),
        ("https%3A%2F%2F", "http%3A%2F%2F", "reply"),
        ("https%3A%2F%2F", "javascript%3A", "reply"),
        ("https%3A%2F%2F", "https%3A%2F%2Fbank.example%40", "reply"),
        ("d.example", "d.example%3A99999", "reply"),
        ("d.example", "%C4%91.example", "reply"),
        ("b%3D1", "b%3D1%23part", "reply"),
        ("irisproof://prove", "irisproof://PROVE", "no irisproof link"),
        ("irisproof://prove", "https://prove", "no irisproof link"),
        ("irisproof://prove", "irisproof://vote", "no irisproof link"),
        ("irisproof://prove", "irisproof://prove/more", "no irisproof link"),
        ("irisproof://prove", "irisproof:prove", "no irisproof link"),
        ("&expires", "&more=1&expires", "unknown"),
    ],
)  # fmt: skip
def test_a_link_of_another_form_is_refused_by_the_fields_name(old: str, new: str, words: str) -> None:
    link = REQUEST.to_link()
    assert old in link
    with pytest.raises(EncodingError, match=words):
        parse_link(link.replace(old, new, 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "irisproof://pr\tove?v=1",
        "irisproof://",
        "irisproof://prove",
        "irisproof://prove?",
        "hello",
        "irisproof://[",
    ],
)
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        parse_link(text)


def test_a_link_may_have_so_many_characters_and_no_more() -> None:
    room = MAX_LINK_CHARS - len(REQUEST.to_link())
    longest = replace(REQUEST, reply_url=REQUEST.reply_url + "x" * room)
    assert parse_link(longest.to_link()) == longest
    with pytest.raises(EncodingError, match="801 characters"):
        parse_link(replace(longest, reply_url=longest.reply_url + "x").to_link())


@pytest.mark.parametrize("link", ["poll=0", "poll=", "poll=03", "poll=3&more=1", "poll=3#x"])
def test_a_poll_link_of_another_form_is_refused(link: str) -> None:
    with pytest.raises(EncodingError):
        parse_link(POLL.to_link().replace("poll=3", link))


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:5"])
def test_an_answer_may_go_over_http_to_this_machine_alone(host: str) -> None:
    assert replace(REQUEST, reply_url=f"http://{host}/a").reply_host == host
    with pytest.raises(EncodingError):
        replace(REQUEST, reply_url="http://127.0.0.2/a")


def test_a_request_counts_for_its_chain_its_registry_and_until_it_expires() -> None:
    REQUEST.require_for(_deployment(), REQUEST.expires_at - 1)
    with pytest.raises(VerificationError, match="expired 0 s ago"):
        REQUEST.require_for(_deployment(), REQUEST.expires_at)
    with pytest.raises(VerificationError, match="is on chain 1"):
        REQUEST.require_for(_deployment(chain_id=1), 0)
    with pytest.raises(VerificationError, match="another registry"):
        REQUEST.require_for(_deployment(personhood=DAPP), 0)
    POLL.require_for(_deployment())
    with pytest.raises(VerificationError, match="another registry"):
        POLL.require_for(_deployment(polls=DAPP))


@given(st.text(max_size=200))
def test_any_text_is_a_link_or_one_error(text: str) -> None:
    for candidate in (text, f"irisproof://prove?{text}", REQUEST.to_link() + text):
        try:
            parse_link(candidate)
        except IrisproofError:
            continue
