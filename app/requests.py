"""`irisproof://` links: what a dApp or a poll page asks a person for. What is not understood is refused.

    irisproof://prove?v=1&chain=31337&contract=0x…&dapp=0x…&action=0x…&signal=0x…&expires=1790000000&name=…&reply=…
    irisproof://poll?v=1&chain=31337&contract=0x…&poll=3

Every name stands once, in any order; `name` and `reply` (an https address) may be left out. Addresses are checksummed,
`action` and `signal` are 32 bytes, numbers are decimal. `contract` is the registry's personhood or polls contract: a
request for another registry is refused. `name` is what the dApp calls itself, checked by nobody: show `dapp` and the
reply's host beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from eth_utils.address import is_checksum_address

from protocol.errors import EncodingError, VerificationError
from registry_contract.deployment import Deployment

__all__ = ["LINK_VERSION", "MAX_LINK_CHARS", "PollLink", "ProofRequest", "parse_link"]

LINK_VERSION = 1
MAX_LINK_CHARS = 800
"""More than any link has, and what OpenCV still reads as a QR code."""

_MAX_NAME_CHARS = 64
_NUMBER = re.compile(r"0|[1-9][0-9]{0,19}")
_BYTES32 = re.compile(r"0x[0-9a-f]{64}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class ProofRequest:
    """A dApp asks for a proof that one person, once, agrees to `signal` for its action.

    Disclosed by an answer: that somebody of the action's snapshot did, and a nullifier that is the same each time in
    this action and unrelated in any other.
    """

    chain_id: int
    personhood: str
    dapp: str
    action_id: bytes
    signal: bytes
    expires_at: int
    """Unix time, seconds."""
    name: str = ""
    reply_url: str = ""
    """Where the answer is posted, if the person approves."""

    def __post_init__(self) -> None:
        _require_number("chain", self.chain_id, 1)
        _require_number("expires", self.expires_at, 0)
        for what, address in (("contract", self.personhood), ("dapp", self.dapp)):
            _require_address(what, address)
        for what, value in (("action", self.action_id), ("signal", self.signal)):
            if len(value) != 32:
                raise EncodingError(f"the request's {what} has {len(value)} bytes, not 32")
        if len(self.name) > _MAX_NAME_CHARS or not self.name.isprintable():
            raise EncodingError(f"the request's name is longer than {_MAX_NAME_CHARS} characters, or not printable")
        if self.reply_url:
            _require_reply(self.reply_url)

    @property
    def reply_host(self) -> str:
        """Host (and port) that would get the answer; empty where the person carries it over."""
        return urlsplit(self.reply_url).netloc

    def to_link(self) -> str:
        values = {
            "v": str(LINK_VERSION),
            "chain": str(self.chain_id),
            "contract": self.personhood,
            "dapp": self.dapp,
            "action": "0x" + self.action_id.hex(),
            "signal": "0x" + self.signal.hex(),
            "expires": str(self.expires_at),
        }
        optional = {"name": self.name, "reply": self.reply_url}
        return "irisproof://prove?" + urlencode(
            values | {name: value for name, value in optional.items() if value}, quote_via=quote
        )

    def require_for(self, deployment: Deployment, now_s: int) -> None:
        """Raises `VerificationError` for a request of another chain or registry, or one that has expired at `now_s`."""
        _require_same("request", self.chain_id, self.personhood, (deployment.chain_id, deployment.personhood))
        if now_s >= self.expires_at:
            raise VerificationError(
                f"the request expired {now_s - self.expires_at:,} s ago", hint="ask the dApp for a new one"
            )


@dataclass(frozen=True)
class PollLink:
    """A poll page's pointer to one poll."""

    chain_id: int
    polls: str
    poll_id: int

    def __post_init__(self) -> None:
        _require_number("chain", self.chain_id, 1)
        _require_number("poll", self.poll_id, 1)
        _require_address("contract", self.polls)

    def to_link(self) -> str:
        values = {"v": LINK_VERSION, "chain": self.chain_id, "contract": self.polls, "poll": self.poll_id}
        return "irisproof://poll?" + urlencode(values)

    def require_for(self, deployment: Deployment) -> None:
        """Raises `VerificationError` for a poll of another chain or registry."""
        _require_same("poll", self.chain_id, self.polls, (deployment.chain_id, deployment.polls))


def parse_link(text: str) -> ProofRequest | PollLink:
    """Read a link as pasted, scanned or opened. Raises `EncodingError`, naming the field, for anything but one form."""
    text = text.strip()
    if not text.isprintable():  # Python's parser would drop tabs and line breaks, and see another link than a person
        raise EncodingError("the link has characters that cannot be seen")
    if len(text) > MAX_LINK_CHARS:
        raise EncodingError(f"the link has {len(text):,} characters; the longest has {MAX_LINK_CHARS:,}")
    try:
        parts = urlsplit(text)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True, encoding="utf-8", errors="strict")
    except ValueError as error:
        raise EncodingError("this is no irisproof link") from error
    kind = _KINDS.get(parts.netloc) if parts.scheme == "irisproof" else None
    if kind is None or parts.path or parts.fragment or not parts.query:
        raise EncodingError("this is no irisproof link", hint="it begins with irisproof://prove or irisproof://poll")
    values = dict(pairs)
    if len(values) != len(pairs):
        raise EncodingError("the link gives a name twice")
    if values.pop("v", None) != str(LINK_VERSION):
        raise EncodingError(f"the link is not of version {LINK_VERSION}", hint="a newer irisproof may know it")
    required, optional = kind
    if wrong := sorted((set(values) - required - optional) | (required - set(values))):
        raise EncodingError(f"the link has missing or unknown names: {', '.join(name[:40] for name in wrong[:4])}")
    if parts.netloc == "poll":
        return PollLink(_number(values, "chain"), values["contract"], _number(values, "poll"))
    return ProofRequest(
        chain_id=_number(values, "chain"),
        personhood=values["contract"],
        dapp=values["dapp"],
        action_id=_bytes32(values, "action"),
        signal=_bytes32(values, "signal"),
        expires_at=_number(values, "expires"),
        name=values.get("name", ""),
        reply_url=values.get("reply", ""),
    )


_KINDS: dict[str, tuple[set[str], set[str]]] = {
    "prove": ({"chain", "contract", "dapp", "action", "signal", "expires"}, {"name", "reply"}),
    "poll": ({"chain", "contract", "poll"}, set()),
}


def _number(values: dict[str, str], name: str) -> int:
    if not _NUMBER.fullmatch(values[name]):
        raise EncodingError(f"the link's {name} is no decimal number")
    return int(values[name])


def _bytes32(values: dict[str, str], name: str) -> bytes:
    if not _BYTES32.fullmatch(values[name]):
        raise EncodingError(f"the link's {name} is not 0x and 64 lower-case hex digits")
    return bytes.fromhex(values[name][2:])


def _require_number(what: str, value: int, least: int) -> None:
    if type(value) is not int or not least <= value < 1 << 64:
        raise EncodingError(f"the link's {what} lies outside {least}..2^64-1")


def _require_address(what: str, value: str) -> None:
    if not is_checksum_address(value):
        raise EncodingError(f"the link's {what} is no checksummed address")


def _require_same(what: str, chain_id: int, contract: str, expected: tuple[int, str]) -> None:
    if chain_id != expected[0]:
        raise VerificationError(f"the {what} is for chain {chain_id}, this registry is on chain {expected[0]}")
    if contract != expected[1]:
        raise VerificationError(f"the {what} is for another registry, by its contract {contract}")


def _require_reply(url: str) -> None:
    """https, or plain http to this machine itself. No user name: it would make a foreign host look like a known one."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise EncodingError("the request's reply is no address") from error
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not is_safe or not host or "@" in parts.netloc or parts.fragment or not url.isascii() or not url.isprintable():
        raise EncodingError("the request's reply is no https address", hint="http is for this machine itself alone")
