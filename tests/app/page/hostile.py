"""A poll whose maker means harm. The contract does not look into its texts."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from app.session import Session
from registry_contract.broadcast import Broadcaster, PlannedCall
from tests.app.people import wait_for

__all__ = ["HOSTILE", "HOSTILE_OPTIONS", "create_hostile"]

HOSTILE = "<img src=x onerror=window.taken=1><script>window.taken=1</script> \u202egnorw\u0007 \u001b[2J" + "W" * 5000
HOSTILE_OPTIONS = (b"</th><b onclick=alert(1)>bold</b>", b"not \xff text", b"javascript:alert(1)")


def create_hostile(session: Session) -> None:
    """HTML, an escape sequence, writing turned round, bytes that are no UTF-8, and a close beyond any calendar."""
    endpoints = session.links.endpoints
    assert session.links.account is not None
    node = Broadcaster(endpoints.rpc_url, endpoints.deployment.chain_id, session.links.account)
    draft = (0, HOSTILE.encode(), HOSTILE_OPTIONS, 0, 2**64 - 1, 0)
    data = keccak(b"createPoll((uint8,string,string[],uint64,uint64,uint32))")[:4]
    data += encode(["(uint8,bytes,bytes[],uint64,uint64,uint32)"], [draft])
    signed = node.sign(PlannedCall(endpoints.deployment.polls, data, 9_000_000), node.transaction_count(), node.fees())
    node.broadcast(signed.raw)
    wait_for(lambda: node.mined(signed.hash), "the hostile poll")
