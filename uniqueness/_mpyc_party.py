"""One party of MPyC (Shamir, one of three may be curious), as a process that talks to its node as `_spu_party` does.

The scores' additive shares modulo 2^16 come in as integers of 0..65535; their sum less 1 has bit 15 set exactly where
the score is not positive (scores lie above -32768). MPyC's masks hide a value with statistical error 2^-40. Slow: a few
thousand comparisons a core-second, 240 a person: by that a minute or two for 1,000 people, about its limit.
"""

from __future__ import annotations

import hashlib
import os
import ssl
import sys
from typing import Any, BinaryIO

from uniqueness._frames import Disagreement, agreed_on, exit_with, read_frame, reason, write_frame

_HIDING_BITS = 40
_RING_BITS = 16
_ROTATIONS = 120


async def _serve(mpc: Any, read: BinaryIO, write: BinaryIO) -> None:
    await mpc.start()
    write_frame(write, {"ready": True})
    secint = mpc.SecInt(20)  # three residues of 16 bits, and room to count
    while True:
        try:
            head, _ = read_frame(read)
        except EOFError:
            os._exit(0)  # the node has ended; MPyC's own farewell would wait for the peers
        await _require_agreement(mpc, secint, agreed_on(head))
        positive, done = secint(0), 0
        while done < head["total"]:
            _, shares = read_frame(read)
            positive += await _count(mpc, secint, shares, head["eyes"])
            done += len(shares)
        write_frame(write, {"positive": not await mpc.is_zero_public(positive)})


async def _require_agreement(mpc: Any, secint: Any, text: str) -> None:
    """Open the differences of the three nodes' hashes and nothing else. MPyC's own way to send would unpickle."""
    digest = hashlib.sha256(text.encode()).digest()
    words = [secint(int.from_bytes(digest[at : at + 2], "big")) for at in range(0, 32, 2)]
    one, two, three = mpc.input(words)
    differences = [a - b for a, b in zip(one + two, two + three, strict=True)]
    if any(await mpc.output(differences)):
        raise Disagreement


async def _count(mpc: Any, secint: Any, shares: Any, eyes: int) -> Any:
    """How many scores are positive, as a shared integer; for two eyes, in how many pairs both have a positive one."""
    values = shares.astype(object)
    if mpc.pid == 0:
        values = (values - 1) % (1 << _RING_BITS)
    one, two, three = mpc.input(secint.array(values))
    bits = mpc.np_to_bits(one + two + three, _RING_BITS)
    negative = bits[..., _RING_BITS - 1]
    if eyes == 1:
        count = mpc.np_sum(1 - negative)
    else:
        either = 1 - _product(mpc, mpc.np_reshape(negative, (-1, eyes, _ROTATIONS)))  # (pairs, eyes): some is positive
        count = mpc.np_sum(either[:, 0] * either[:, 1])
    await mpc.gather(count)  # bounds the memory: the next block waits for this one
    return count


def _product(mpc: Any, factors: Any) -> Any:
    """The product over the last axis, in a number of rounds that grows with its logarithm."""
    width = factors.shape[-1]
    while width > 1:
        half = width // 2
        paired = factors[..., :half] * factors[..., half : 2 * half]
        factors = mpc.np_concatenate((paired, factors[..., 2 * half :]), axis=-1) if width % 2 else paired
        width -= half
    return factors[..., 0]


class _OwnAuthority(ssl.SSLContext):
    """A context that trusts one authority. MPyC makes contexts that trust every authority of the system as well, takes
    files from a fixed folder, and calls a peer `MPyC party 1`; here that is the certificate of `node-1`."""

    def load_cert_chain(self, *_: Any, **__: Any) -> None:
        return

    def load_verify_locations(self, *_: Any, **__: Any) -> None:
        return

    def wrap_bio(
        self, incoming: Any, outgoing: Any, server_side: bool = False, server_hostname: Any = None, session: Any = None
    ) -> Any:
        if server_hostname is not None:
            server_hostname = f"node-{server_hostname.rpartition(' ')[2]}"
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)


def _encrypt(certificate: str, key: str, authority: str) -> None:
    """Have MPyC use contexts of ours: mutual TLS under the committee's own authority."""

    def context(purpose: Any = ssl.Purpose.SERVER_AUTH, **_: Any) -> ssl.SSLContext:
        client = purpose is ssl.Purpose.SERVER_AUTH
        made = _OwnAuthority(ssl.PROTOCOL_TLS_CLIENT if client else ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_3
        ssl.SSLContext.load_cert_chain(made, certificate, key)
        ssl.SSLContext.load_verify_locations(made, authority)
        made.verify_mode = ssl.CERT_REQUIRED
        return made

    ssl.create_default_context = context


def main() -> None:
    """As `_spu_party.main`. MPyC reads its parties from the command line when it is imported: addresses, no secrets."""
    read, write = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        head, _ = read_frame(read)
        exit_with(head["parent"])
        parties = [word for address in head["addresses"] for word in ("-P", address)]
        sys.argv = ["mpyc", *parties, "-I", str(head["rank"]), "--no-log", "-K", str(_HIDING_BITS)]
        if head["tls"] is not None:
            sys.argv.append("--ssl")
            _encrypt(*head["tls"])
        from mpyc.runtime import mpc  # noqa: PLC0415  reads sys.argv

        mpc.run(_serve(mpc, read, write))
    except Exception as error:
        write_frame(write, {"error": reason(error)})
        read.read()  # stays until its node ends it: what it sent last must still reach the peers
        os._exit(1)


if __name__ == "__main__":
    main()
