"""QR codes that this program draws can be read by it, in a picture as a camera or a screenshot gives it."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.qr import draw_qr, read_qr, read_qr_file, write_qr_file
from app.requests import MAX_LINK_CHARS
from protocol.errors import InputError
from tests.app.test_requests import REQUEST


def test_a_request_goes_through_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "request.png"
    write_qr_file(path, REQUEST.to_link())
    assert read_qr_file(path) == REQUEST.to_link()


def test_every_request_that_is_drawn_can_be_read() -> None:
    """OpenCV's older reader missed nine of ten codes of this size that fill their picture: one code shows nothing."""
    numbers = random.Random(1)
    for module_px in (3, 4, 8):
        for _ in range(6):
            reply = f"http://127.0.0.1:35133/answers/{numbers.randbytes(11).hex()}"
            made = replace(REQUEST, signal=numbers.randbytes(32), name="Example airdrop", reply_url=reply)
            assert read_qr(draw_qr(made.to_link(), module_px)) == made.to_link()


def test_the_longest_link_can_still_be_read() -> None:
    text = REQUEST.to_link().ljust(MAX_LINK_CHARS, "x")
    assert read_qr(draw_qr(text)) == text


def test_a_code_in_a_photograph_is_read() -> None:
    code = draw_qr(REQUEST.to_link(), 6)
    photo = np.full((900, 1200, 3), 90, np.uint8)
    photo[100 : 100 + code.shape[0], 200 : 200 + code.shape[1]] = code[..., None]
    turned = cv2.warpAffine(photo, cv2.getRotationMatrix2D((600, 450), 7, 0.9), (1200, 900))
    noisy = np.clip(turned + np.random.default_rng(1).normal(0, 8, turned.shape), 0, 255).astype(np.uint8)
    assert read_qr(noisy) == REQUEST.to_link()


@pytest.mark.parametrize("content", [None, b"", b"hello"])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(InputError, match=r"x\.png"):
        read_qr_file(tmp_path / "x.png")


def test_a_picture_without_a_code_is_refused() -> None:
    with pytest.raises(InputError, match="no QR code"):
        read_qr(np.full((300, 300), 200, np.uint8))


def test_a_text_that_is_too_long_for_a_code_is_refused() -> None:
    with pytest.raises(InputError, match="has no QR code"):
        draw_qr("x" * 8000)
