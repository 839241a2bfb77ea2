"""Baseline: the filter bank of open-iris 1.11, an own implementation: 16,384 bits, with fragile bits masked.

From the published configuration: texture of 128 x 512; two Gabor filters of 41 x 21 and 17 x 21 (angle x radius) in
fixed point; 16 x 256 probes; a bit counts where 93 % of its filter's weight is on visible texture, the response is
neither faint nor excessive, and its phase lies 5 degrees or more from where the bit flips. A test holds this against
open-iris itself, bit for bit, on synthetic textures. Not compared: its segmentation (a neural network, which has to be
downloaded) and its matcher; matching is this project's own, the same for every code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

TEXTURE_ROWS, TEXTURE_COLUMNS = 128, 512
PROBE_ROWS, PROBE_COLUMNS = 16, 256
MIN_WEIGHT_VISIBLE = 0.93
RESPONSE_RANGE = (0.0001, 0.275)
PHASE_MARGIN_RAD = 0.08726646259971647
_LAST_RING = 1 - 0.0625

__all__ = ["PROBE_COLUMNS", "encode_open_iris", "encode_texture", "gabor_kernel"]


@dataclass(frozen=True)
class _Gabor:
    """Sizes in texels of 128 x 512."""

    width: int
    height: int
    sigma_angle: float
    sigma_radius: float
    wavelength: float


_BANK = (_Gabor(41, 21, 7.0, 6.13, 28.0), _Gabor(17, 21, 2.0, 5.86, 8.0))


def gabor_kernel(index: int) -> Complexes:
    """Filter 0 or 1 of the bank, complex128[radius, angle], whole numbers."""
    gabor = _BANK[index]
    # open-iris turns its mesh by 90 degrees: what it calls the turned x runs along the angle.
    radius = np.arange(-(gabor.height // 2), gabor.height // 2 + 1, dtype=np.float64)[:, None]
    angle = np.arange(-(gabor.width // 2), gabor.width // 2 + 1, dtype=np.float64)[None]
    cosine, sine = np.cos(np.pi / 2), np.sin(np.pi / 2)
    along, across = radius * cosine + angle * sine, -radius * sine + angle * cosine
    envelope = -(along**2 / gabor.sigma_angle**2 + across**2 / gabor.sigma_radius**2) / 2
    kernel = np.exp(envelope + 2j * np.pi / gabor.wavelength * along)
    kernel /= 2 * np.pi * gabor.sigma_angle * gabor.sigma_radius
    # DC correction, row by row, along the logarithm of the envelope (so it stands in open-iris).
    kernel = kernel - (kernel.real.mean(axis=1) / envelope.mean(axis=1))[:, None] * envelope
    real, imaginary = (part / np.linalg.norm(part) for part in (kernel.real, kernel.imag))
    return np.asarray(np.round(real * 2**15) + 1j * np.round(imaginary * 2**15), np.complex128)


@dataclass(frozen=True)
class _Ring:
    """One row of probes under one filter: texture rows `top` to `bottom`, and the filter's part that lies on them as
    spectra along the angle, complex128[rows, 257]."""

    top: int
    bottom: int
    real: Complexes
    imaginary: Complexes
    real_weight: Complexes
    imaginary_weight: Complexes


@cache
def _rings(index: int) -> tuple[_Ring, ...]:
    kernel = gabor_kernel(index)
    half = kernel.shape[0] // 2
    probes = np.minimum(np.round(np.linspace(0, _LAST_RING, PROBE_ROWS) * TEXTURE_ROWS).astype(int), TEXTURE_ROWS - 1)
    rings = []
    for probe in probes:
        top, bottom = max(0, probe - half), min(probe + half + 1, TEXTURE_ROWS)
        first = half - (bottom - top) // 2  # open-iris centres the part, also where the border cut one side
        part = kernel[first : first + bottom - top]
        share = (bottom - top) * kernel.shape[1]
        values = [part.real / share / np.linalg.norm(kernel.real), part.imag / share / np.linalg.norm(kernel.imag)]
        weights = [np.abs(value) / np.abs(value).sum() for value in (part.real, part.imag)]
        rings.append(_Ring(int(top), int(bottom), *(_spectrum(value) for value in (*values, *weights))))
    return tuple(rings)


def _spectrum(kernel: Doubles) -> Complexes:
    """Conjugate spectrum of each row, with the middle column at angle 0: a product with it correlates."""
    laid = np.zeros((kernel.shape[0], TEXTURE_COLUMNS))
    laid[:, : kernel.shape[1]] = kernel
    return np.asarray(np.conj(np.fft.rfft(np.roll(laid, -(kernel.shape[1] // 2), axis=1), axis=1)), np.complex128)


def encode_open_iris(levels: Doubles, valid: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """Unrolled iris float64[64, 480] in grey levels and what is visible of it -> symbols int8[64, 256], 0 masked.

    open-iris samples 128 x 512 points of the picture; here they are interpolated from 64 x 480, which at the
    resolutions of iris cameras holds as much.
    """
    rows = (np.arange(TEXTURE_ROWS) + 0.5) * levels.shape[0] / TEXTURE_ROWS - 0.5
    columns = np.arange(TEXTURE_COLUMNS) * levels.shape[1] / TEXTURE_COLUMNS + 1
    x, y = (grid.astype(np.float32) for grid in np.meshgrid(columns, rows))
    wrapped = [np.concatenate([a[:, -1:], a, a[:, :2]], axis=1).astype(np.float32) for a in (levels, valid)]
    texture, seen = (cv2.remap(a, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for a in wrapped)
    return encode_texture(np.clip(np.round(texture), 0, 255).astype(np.uint8), seen > 0.5)


def encode_texture(texture: npt.NDArray[np.uint8], visible: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """uint8[128, 512] and bool[128, 512] -> symbols int8[64, 256] in {-1, 0, 1}: real and imaginary part of the first
    filter, then of the second, 16 rings each."""
    image = np.fft.rfft(texture.astype(np.float64), axis=1)
    mask = np.fft.rfft(visible.astype(np.float64), axis=1)
    symbols = [part for index in range(len(_BANK)) for part in _one_filter(image, mask, index)]
    return np.concatenate(symbols).astype(np.int8)


def _one_filter(image: Complexes, mask: Complexes, index: int) -> list[npt.NDArray[np.int64]]:
    rings = _rings(index)
    real, imaginary = (np.stack([_probe(image, ring, getattr(ring, name)) for ring in rings]) for name in _RESPONSES)
    seen = [np.stack([_probe(mask, ring, getattr(ring, f"{name}_weight")) for ring in rings]) for name in _RESPONSES]
    size, phase = np.hypot(real, imaginary), np.arctan2(imaginary, real)
    usable = (size >= RESPONSE_RANGE[0]) & (size <= RESPONSE_RANGE[1])
    limit = np.cos(PHASE_MARGIN_RAD)
    # The real bit flips where the phase is at 90 degrees, the imaginary one where it is at 0.
    firm = (np.abs(np.sin(phase)) <= limit, np.abs(np.cos(phase)) <= limit)
    return [
        np.where(part > 0, 1, -1) * (usable & steady & (weight >= MIN_WEIGHT_VISIBLE - 1e-9))
        for part, steady, weight in zip((real, imaginary), firm, seen, strict=True)
    ]


_RESPONSES = ("real", "imaginary")


def _probe(spectrum: Complexes, ring: _Ring, kernel: Complexes) -> Doubles:
    """Correlation at the ring's probes, float64[256]: every second column."""
    total = (spectrum[ring.top : ring.bottom] * kernel).sum(axis=0)
    return np.asarray(np.fft.irfft(total, TEXTURE_COLUMNS)[:: TEXTURE_COLUMNS // PROBE_COLUMNS], np.float64)
