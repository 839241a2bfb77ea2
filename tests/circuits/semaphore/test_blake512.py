"""BLAKE-512 equals the digests that its authors published."""

import pytest

from circuits.semaphore._blake512 import blake512


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        # the SHA-3 submission's own two examples: one zero byte, 144 zero bytes (two blocks)
        (
            bytes(1),
            "97961587f6d970faba6d2478045de6d1fabd09b61ae50932054d52bc29d31be4"
            "ff9102b9f69e2bbdb83be13d4b9c06091e5fa0b48bd081b634058be0ec49beb3",
        ),
        (
            bytes(144),
            "313717d608e9cf758dcb1eb0f0c3cf9fc150b2d500fb33f51c52afc99d358a2f"
            "1374b8a38bba7974e7f6ef79cab16f22ce1e649d6e01ad9589c213045d545dde",
        ),
        # its known-answer tests: the empty message, whose only block holds padding alone
        (
            b"",
            "a8cfbbd73726062df0c6864dda65defe58ef0cc52a5625090fa17601e1eecd1b"
            "628e94f396ae402a00acc9eab77b4d4c2e852aaaa25a636d80af3fc7913ef5b8",
        ),
    ],
)
def test_digest_equals_the_published_one(data, digest):
    assert blake512(data).hex() == digest


def test_digests_around_the_block_border_all_differ():
    # no published digest ends exactly at these lengths; here only that padding merges no two of them
    lengths = range(100, 140)
    assert len({blake512(bytes(length)) for length in lengths}) == len(lengths)
