"""What a phone does not have, and what is skipped where a tool is missing."""

from __future__ import annotations

import os
import shutil

import pytest

NOT_ON_A_PHONE = [
    "torch",
    "spu",
    "jax",
    "ray",
    "mpyc",
    "onnx",
    "onnxruntime",
    "keyring",
    "light_poseidon_python",
    "pytest",
    "_pytest",
    "hypothesis",
    "fontTools",
    "PIL",
    "scipy",
    "matplotlib",
    "benchmarks",
]
"""Top-level names that a phone's process must do without."""


def missing(reason: str) -> None:
    """Skip the test, or fail it where the tools must be there (.ci/run)."""
    if os.environ.get("IRISPROOF_MOBILE_REQUIRED"):
        pytest.fail(reason)
    pytest.skip(reason)


def need_program(name: str) -> str:
    """The path of a program of `make mobile-system`."""
    found = shutil.which(name)
    if found is None:
        missing(f"no {name}: run make mobile-system as root")
    assert found is not None
    return found
