"""The two baselines: open-iris' bank against open-iris itself, Masek's filter against its formula."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from model.evaluation.masek import encode_masek, log_gabor
from model.evaluation.open_iris import encode_open_iris, encode_texture, gabor_kernel
from protocol.pins import root_dir
from tests.model.evaluation.textures import SEEDS, texture_and_mask

_VECTORS = json.loads((root_dir() / "tests" / "vectors" / "open_iris.json").read_text())


def _bits(text: str) -> np.ndarray:
    return np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8)).reshape(64, 256).astype(bool)


def test_vectors_are_of_the_textures_that_this_test_draws() -> None:
    assert [row["seed"] for row in _VECTORS["textures"]] == list(SEEDS)
    for row in _VECTORS["textures"]:
        texture, mask = texture_and_mask(row["seed"])
        assert hashlib.sha256(texture.tobytes() + mask.tobytes()).hexdigest() == row["texture_sha256"]
        assert 4096 <= row["visible"] <= 16384


@pytest.mark.parametrize("row", _VECTORS["textures"], ids=lambda row: f"seed{row['seed']}")
def test_bank_gives_the_bits_and_masks_of_open_iris(row: dict[str, str]) -> None:
    symbols = encode_texture(*texture_and_mask(int(row["seed"])))
    masked = _bits(row["masked_hex"])
    assert np.array_equal(symbols == 0, masked)
    assert np.array_equal(symbols > 0, _bits(row["positive_hex"]) & ~masked)


@pytest.mark.parametrize("index", [0, 1])
def test_kernel_is_open_iris_fixed_point_kernel(index: int) -> None:
    kernel = gabor_kernel(index)[:3]
    assert np.array_equal(np.stack([kernel.real, kernel.imag], axis=-1), np.array(_VECTORS["kernels"][index]))


def test_bank_agrees_with_an_installed_open_iris() -> None:
    """Its pins exclude this project's numpy and OpenCV, so it is seldom importable here; the vectors stand in."""
    iris = pytest.importorskip("iris", reason="open-iris is not installed here; tests/vectors/open_iris.json stands in")
    if not hasattr(iris, "ConvFilterBank"):
        pytest.skip("the package called iris is another one")
    from tests.model.evaluation.make_open_iris_vectors import open_iris_symbols

    texture, mask = texture_and_mask(9)
    assert np.array_equal(encode_texture(texture, mask), open_iris_symbols(texture, mask))


def test_bank_turns_with_the_texture() -> None:
    texture, mask = texture_and_mask(2)
    turned = encode_texture(np.roll(texture, 10, axis=1), np.roll(mask, 10, axis=1))
    assert np.array_equal(turned, np.roll(encode_texture(texture, mask), 5, axis=1))


def _levels(seed: int) -> np.ndarray:
    texture, _ = texture_and_mask(seed)
    return texture[::2, :480].astype(np.float64)


def test_bank_on_an_unrolled_iris_masks_what_is_hidden() -> None:
    valid = np.ones((64, 480), bool)
    whole = encode_open_iris(_levels(1), valid)
    valid[:, 240:360] = False
    part = encode_open_iris(_levels(1), valid)
    assert whole.shape == part.shape == (64, 256)
    assert (part[:, 140:180] == 0).all()
    assert np.array_equal(part[:, 40:100], whole[:, 40:100])


def test_log_gabor_peaks_at_its_wavelength_and_has_no_dc() -> None:
    response = log_gabor(180)
    assert response[0] == 0
    assert (response[90:] == 0).all()  # one-sided
    assert int(np.argmax(response)) == 10  # 180 samples, wavelength 18
    # At half and at double the frequency: exp(-log(2)^2 / (2 log(0.5)^2)) = exp(-1/2).
    assert response[[5, 20]] == pytest.approx([np.exp(-0.5)] * 2)


def test_masek_code_is_the_phase_of_a_wave() -> None:
    columns = np.arange(480)
    levels = np.tile(100 + 20 * np.cos(2 * np.pi * columns / 40), (64, 1))
    code = encode_masek(levels, np.ones((64, 480), bool))
    assert code.shape == (40, 240)
    # Both filters see one wave: a quarter of its 20 samples apart.
    agree = (np.roll(code[:20], 5, axis=1) == code[20:]).mean()
    assert agree > 0.85


def test_masek_code_hides_what_is_hidden_and_nothing_else() -> None:
    valid = np.ones((64, 480), bool)
    valid[:, 100:200] = False
    code = encode_masek(_levels(3), valid)
    assert (code[:, 50:100] == 0).all()
    assert (code[:, 110:] != 0).all()


def test_masek_code_of_a_flat_iris_has_no_symbol() -> None:
    assert (encode_masek(np.full((64, 480), 90.0), np.ones((64, 480), bool)) == 0).all()
