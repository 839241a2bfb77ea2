"""Reading eye images: every file that is none is refused with its own reason."""

from __future__ import annotations

import contextlib
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.pipeline._image_file import MAX_FILE_BYTES, MAX_PIXELS, colour_spread, decode
from model.pipeline.image import EyeImage, load_image
from model.synthetic import capture, make_eye
from protocol.errors import InputError, QualityError


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.array(capture(make_eye(21), 0).image.pixels)


def _save(path: Path, picture: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), picture)
    return path


def _png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header lies about its size, with next to no data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def test_load_image_of_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        load_image(tmp_path / "none.png")


def test_load_image_of_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a directory"):
        load_image(tmp_path)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_load_image_of_a_device_is_refused_without_reading_it(path: str) -> None:
    with pytest.raises(InputError, match="not a regular file"):
        load_image(Path(path))


def test_load_image_of_an_unreadable_file_names_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match="permission denied"):
        load_image(path)


def test_load_image_of_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # sparse
    with pytest.raises(InputError, match="at most"):
        load_image(path)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["png", "jpg", "bmp", "tif", "pgm"]), st.integers(0, 2**32 - 1))
def test_damaged_file_is_an_image_or_an_input_error(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole, encoded = cv2.imencode(f".{kind}", np.full((240, 320), 90, np.uint8))
    assert whole
    data = bytearray(encoded.tobytes())
    for _ in range(int(rng.integers(1, 12))):
        reach = len(data) if rng.random() < 0.5 else min(64, len(data))  # headers are the weak spot
        data[int(rng.integers(reach))] = int(rng.integers(256))
    with contextlib.suppress(InputError):
        decode(bytes(data), "a")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"BM", b"II*\0", b"MM\0*", b"P5\n"]), st.binary(max_size=200)
)
def test_bytes_behind_a_magic_number_are_refused(magic: bytes, rest: bytes) -> None:
    with pytest.raises(InputError):
        decode(magic + rest, "a")


def test_load_image_of_an_impossible_path_is_refused() -> None:
    with pytest.raises(InputError):
        load_image(Path("a\0b.png"))


def test_load_image_of_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(InputError, match="0 bytes"):
        load_image(tmp_path / "a.png")


@pytest.mark.parametrize("content", [b"hello, this is text", b"%PDF-1.7", b"GIF89a....", b"\0" * 1000, b"P"])
def test_load_image_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match="not an image"):
        load_image(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp", "tif", "pgm"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.98])
def test_load_image_of_a_truncated_file_is_refused(tmp_path: Path, pixels: np.ndarray, kind: str, kept: float) -> None:
    path = _save(tmp_path / f"a.{kind}", pixels)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(InputError, match=r"cut short|damaged") as caught:
        load_image(path)
    assert caught.value.hint


def test_load_image_of_a_damaged_png_is_refused(tmp_path: Path, pixels: np.ndarray) -> None:
    path = _save(tmp_path / "a.png", pixels)
    data = bytearray(path.read_bytes())
    data[100:2000] = bytes(1900)
    path.write_bytes(bytes(data))
    with pytest.raises(InputError):
        load_image(path)


@pytest.mark.parametrize("size", [(100_000, 100_000), (2**31 - 1, 2**31 - 1), (8_001, 8_000)])
def test_load_image_that_claims_an_absurd_size_is_refused_before_decoding(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    assert size[0] * size[1] > MAX_PIXELS
    (tmp_path / "a.png").write_bytes(_png_claiming(*size))
    with pytest.raises(InputError, match="pixels, at most"):
        load_image(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["png", "bmp", "tif", "pgm"])
def test_load_image_of_a_lossless_file_gives_its_pixels(tmp_path: Path, pixels: np.ndarray, kind: str) -> None:
    assert np.array_equal(load_image(_save(tmp_path / f"a.{kind}", pixels)).pixels, pixels)


def test_load_image_of_a_jpeg_gives_nearly_its_pixels(tmp_path: Path, pixels: np.ndarray) -> None:
    loaded = load_image(_save(tmp_path / "a.jpg", pixels)).pixels.astype(int)
    assert np.abs(loaded - pixels).mean() < 2


def test_load_image_of_a_jpeg_with_bytes_behind_its_end_is_read(tmp_path: Path, pixels: np.ndarray) -> None:
    path = _save(tmp_path / "a.jpg", pixels)
    path.write_bytes(path.read_bytes() + bytes(16))
    assert load_image(path).width_px == 320


def test_load_image_of_grey_saved_as_colour_is_grey(tmp_path: Path, pixels: np.ndarray) -> None:
    image = load_image(_save(tmp_path / "a.png", cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)))
    assert np.array_equal(image.pixels, pixels)
    assert image.colour_spread == 0


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_load_image_of_16_bit_samples_keeps_the_bits_in_use(tmp_path: Path, pixels: np.ndarray, bits: int) -> None:
    wide = pixels.astype(np.uint16) << (bits - 8)
    wide[0, 0] = 2**bits - 1
    loaded = load_image(_save(tmp_path / "a.png", wide)).pixels
    assert np.array_equal(loaded.ravel()[1:], pixels.ravel()[1:])


def test_load_image_of_floating_point_samples_is_refused(tmp_path: Path, pixels: np.ndarray) -> None:
    path = _save(tmp_path / "a.tif", pixels.astype(np.float32) / 255)
    with pytest.raises(InputError, match="float32"):
        load_image(path)


@pytest.mark.parametrize(("width", "height"), [(319, 240), (320, 239), (240, 320)])
def test_image_below_320_by_240_is_refused(width: int, height: int) -> None:
    with pytest.raises(QualityError, match="at least 320x240") as caught:
        EyeImage(np.zeros((height, width), np.uint8))
    assert caught.value.value < caught.value.limit


def test_image_of_320_by_240_is_accepted() -> None:
    image = EyeImage(np.zeros((240, 320), np.uint8))
    assert (image.width_px, image.height_px) == (320, 240)


def test_image_of_1280_by_960_keeps_its_size() -> None:
    image = EyeImage.from_array(np.zeros((960, 1280), np.uint8))
    assert (image.width_px, image.height_px) == (1280, 960)


@pytest.mark.parametrize("shape", [(961, 1280), (960, 1281)])
def test_image_above_1280_by_960_is_refused_by_the_constructor(shape: tuple[int, int]) -> None:
    with pytest.raises(QualityError, match="at most 1280x960"):
        EyeImage(np.zeros(shape, np.uint8))


def test_large_frame_is_shrunk_to_fit_and_keeps_its_shape() -> None:
    image = EyeImage.from_array(np.zeros((3000, 4000), np.uint8))
    assert (image.width_px, image.height_px) == (1280, 960)


def test_large_frame_that_is_too_narrow_when_shrunk_is_refused() -> None:
    with pytest.raises(QualityError, match="at least 320x240"):
        EyeImage.from_array(np.zeros((250, 4000), np.uint8))


@pytest.mark.parametrize(
    "array",
    [np.zeros((240, 320), np.float32), np.zeros((240, 320, 3), np.uint8), np.zeros(76800, np.uint8), "no array"],
)
def test_array_that_is_no_grey_image_is_refused(array: np.ndarray) -> None:
    for make in (EyeImage, EyeImage.from_array):
        with pytest.raises(InputError, match="two-dimensional"):
            make(array)


def test_image_cannot_be_changed_and_does_not_follow_its_source() -> None:
    source = np.zeros((240, 320), np.uint8)
    image = EyeImage(source)
    source[0, 0] = 9
    assert image.pixels[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1


def test_image_repr_shows_no_pixels() -> None:
    assert repr(EyeImage(np.full((240, 320), 77, np.uint8))) == "EyeImage(colour_spread=0.0)"


def test_colour_spread_of_an_evenly_tinted_picture_is_small(pixels: np.ndarray) -> None:
    grey = pixels.astype(np.float64)[..., None]
    tinted = np.clip(grey * np.array([0.9, 0.6, 0.95]), 0, 255).astype(np.uint8)
    assert colour_spread(tinted) < 0.01


def test_colour_spread_of_skin_and_sclera_is_large(pixels: np.ndarray) -> None:
    picture = np.repeat(pixels[..., None], 3, axis=2).copy()
    picture[:, :160] = (picture[:, :160] * np.array([0.55, 0.75, 1.0])).astype(np.uint8)
    assert colour_spread(picture) > 0.05


@pytest.mark.parametrize("channels", [3, 4])
def test_load_image_of_colour_becomes_grey_and_keeps_its_spread(
    tmp_path: Path, pixels: np.ndarray, channels: int
) -> None:
    picture = np.repeat(pixels[..., None], channels, axis=2).copy()
    picture[:, :160, 0] //= 2
    image = load_image(_save(tmp_path / "a.png", picture))
    assert image.pixels.shape == (240, 320)
    assert image.colour_spread > 0.05
