import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "recipe_parts"))

from irisproof_wheels import RustWheelRecipe


class EzklRecipe(RustWheelRecipe):
    """ezkl without its EVM part, its updater and its banner: a phone commits, proves and verifies."""

    name = "ezkl"
    version = "23.0.5"
    site_packages_name = "ezkl"
    toolchain = "nightly-2025-12-01"  # what its own toolchain file names
    maturin_args = "--no-default-features --features " + ",".join(
        (
            "python-bindings",
            "ezkl",
            "precompute-coset",
            "no-banner",
            "no-update",
            "parallel-poly-read",
            "reusable-verifier",
        )
    )


recipe = EzklRecipe()
