"""What a worker reads on its standard input: parts with their lengths, two an eye."""

from __future__ import annotations

import pytest

from app.actions.joining import parse_job_secrets
from protocol.errors import EncodingError


def _framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def test_each_eye_has_its_attestation_and_its_capture() -> None:
    assert parse_job_secrets(_framed(b"a", b"capture")) == [(b"a", b"capture")]
    assert parse_job_secrets(_framed(b"a", b"1", b"b", b"2")) == [(b"a", b"1"), (b"b", b"2")]


@pytest.mark.parametrize("data", [b"", _framed(b"a"), _framed(b"a", b"1", b"b"), _framed(b"a", b"12")[:-1], b"\0\0"])
def test_what_is_cut_off_or_not_whole_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError, match="secrets"):
        parse_job_secrets(data)
