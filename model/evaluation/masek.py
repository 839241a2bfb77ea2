"""Baseline: the iris code of Masek's thesis (2003), an own implementation.

20 rings x 240 angles of the unrolled iris; each ring is filtered by a one-dimensional log-Gabor filter
exp(-log(f lambda)^2 / (2 log(sigma)^2)) with a centre wavelength lambda of 18 samples and sigma/f of 0.5; the two bits
of a sample are the signs of the real and the imaginary response: 9,600 bits.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

ROWS, COLUMNS = 20, 240
WAVELENGTH, SIGMA_ON_F = 18.0, 0.5
MIN_VISIBLE = 0.75
_FAINT = 1e-4
"""Grey levels; a response this small has no phase (Masek masks it as well)."""

__all__ = ["COLUMNS", "ROWS", "encode_masek", "log_gabor"]


def log_gabor(columns: int = COLUMNS) -> Doubles:
    """The filter's frequency response, float64[columns] in the order of `numpy.fft.fftfreq`; one-sided, 0 at DC."""
    frequencies = np.fft.fftfreq(columns)
    response = np.zeros(columns)
    positive = frequencies > 0
    scaled = np.log(frequencies[positive] * WAVELENGTH)
    response[positive] = np.exp(-(scaled**2) / (2 * np.log(SIGMA_ON_F) ** 2))
    return response


def encode_masek(levels: Doubles, valid: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """Unrolled iris float64[64, 480] and what is visible of it -> symbols int8[40, 240] in {-1, 0, 1}, 0 masked.

    Rows of the real part first. Hidden samples take the mean of the visible ones before filtering, as in the thesis.
    """
    size = (COLUMNS, ROWS)
    rings = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    seen = cv2.resize(valid.astype(np.float64), size, interpolation=cv2.INTER_AREA) > MIN_VISIBLE
    rings = np.where(seen, rings, rings[seen].mean() if seen.any() else 0.0)
    response = np.fft.ifft(np.fft.fft(rings, axis=1) * log_gabor(), axis=1)  # (20, 240)
    kept = seen & (np.abs(response) > _FAINT)
    signs = [np.where(part > 0, 1, -1) * kept for part in (response.real, response.imag)]
    return np.concatenate(signs).astype(np.int8)
