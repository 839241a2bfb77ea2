"""How nodes and clients talk: JSON over HTTPS with certificates on both sides, each bound to the name it must have.

A caller checks that the server's certificate is of the committee's authority and names that very node, whatever its
address. A refusal goes over the wire with its own kind; what is not one of ours goes as its type's name alone.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protocol.errors import CommitteeError, CommitteeUnavailable, EncodingError, IrisproofError, RequestRefused
from uniqueness.keys import node_name
from uniqueness.refusals import Refusal
from uniqueness.tls_files import TlsFiles

__all__ = [
    "WIRE_VERSION",
    "Channel",
    "caller_context",
    "caller_name",
    "decode",
    "encode",
    "error_value",
    "listener_context",
    "split_address",
]

WIRE_VERSION = 1
_MAX_ANSWER_BYTES = 64 << 20


def encode(data: bytes) -> str:
    """Bytes in JSON."""
    return base64.b64encode(data).decode()


def decode(text: object) -> bytes:
    """Raises `EncodingError`."""
    if not isinstance(text, str):
        raise EncodingError("bytes are sent as base64")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise EncodingError("bytes are sent as base64") from error


def split_address(address: str) -> tuple[str, int]:
    """host:port. Raises `EncodingError`."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise EncodingError(f"{address!r} is not host:port")
    return host, int(port)


def listener_context(tls: TlsFiles, callers: str) -> ssl.SSLContext:
    """For a port that only takes certificates of the authority `callers` (path of a PEM file)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    return _strict(context, tls, callers)


def caller_context(tls: TlsFiles) -> ssl.SSLContext:
    """For calling nodes: their authority is `tls.authority`, and the name in the certificate is checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _strict(context, tls, str(tls.authority))


def _strict(context: ssl.SSLContext, tls: TlsFiles, authority: str) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(tls.certificate, tls.key)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def caller_name(certificate: Mapping[str, Any] | None) -> str:
    """The common name in a certificate that TLS has verified, as `getpeercert` gives it; empty for none."""
    for part in (certificate or {}).get("subject", ()):
        for name, value in part:
            if name == "commonName":
                return str(value)
    return ""


class _NamedConnection(http.client.HTTPSConnection):
    """HTTPS to a node by its name, not by its address."""

    def __init__(self, address: str, name: str, context: ssl.SSLContext, timeout_s: float) -> None:
        host, port = split_address(address)
        super().__init__(host, port, timeout=timeout_s, context=context)
        self._name, self._own_context = name, context

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), min(self.timeout or 10.0, 10.0))
        plain.settimeout(self.timeout)
        self.sock = self._own_context.wrap_socket(plain, server_hostname=self._name)


@dataclass(frozen=True)
class Channel:
    """Calls to one node. One connection a call: a call may take as long as a secure computation."""

    node: int
    address: str
    context: ssl.SSLContext

    def call(self, path: str, value: dict[str, Any], timeout_s: float = 30.0) -> dict[str, Any]:
        """The node's answer. Raises `RequestRefused` with the node's reason, `CommitteeUnavailable` where it does not
        answer, is not who it should be, or failed."""
        connection = _NamedConnection(self.address, node_name(self.node), self.context, timeout_s)
        try:
            body = json.dumps({"version": WIRE_VERSION, **value})
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            data = connection.getresponse().read(_MAX_ANSWER_BYTES)
        except ssl.SSLCertVerificationError as error:
            raise CommitteeUnavailable(
                f"node {self.node} at {self.address} is not the committee's: {error.verify_message}"
            ) from error
        except ssl.SSLError as error:
            raise CommitteeUnavailable(
                f"node {self.node} at {self.address} refused the connection: {error.reason}",
                hint="is this client's certificate one of the committee's clients?",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise CommitteeUnavailable(
                f"node {self.node} at {self.address} does not answer", hint="there is no verdict without all three"
            ) from error
        finally:
            connection.close()
        return _answer(self.node, data)


def _answer(node: int, data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
        if not isinstance(value, dict) or value.get("version") != WIRE_VERSION:
            raise EncodingError(f"node {node} speaks another version")
    except (ValueError, RecursionError) as error:
        raise CommitteeUnavailable(f"node {node} gave an answer that cannot be read") from error
    said = value.get("error")
    if said is None:
        return value
    message, hint = str(said.get("message", ""))[:500], str(said.get("hint", ""))[:500]
    if said.get("refusal") in {refusal.value for refusal in Refusal}:
        raise RequestRefused(Refusal(said["refusal"]), message, hint=hint)
    raise CommitteeUnavailable(f"node {node}: {message}", hint=hint)


def error_value(error: Exception) -> dict[str, Any]:
    """An error as it goes over the wire."""
    fields: dict[str, Any] = {"message": f"it failed: {type(error).__name__}", "hint": ""}
    if isinstance(error, RequestRefused):
        fields = {"refusal": error.refusal.value, "message": error.message, "hint": error.hint}
    elif isinstance(error, EncodingError):
        fields = {"refusal": Refusal.MALFORMED.value, "message": error.message, "hint": error.hint}
    elif isinstance(error, CommitteeError):
        fields = {"message": error.message, "hint": error.hint}
    elif isinstance(error, IrisproofError):
        fields = {"message": f"it failed: {type(error).__name__}", "hint": error.hint}
    return {"version": WIRE_VERSION, "error": fields}
