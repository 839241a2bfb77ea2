import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "recipe_parts"))

from irisproof_wheels import RustWheelRecipe


class Groth16pyRecipe(RustWheelRecipe):
    """Semaphore proofs. GPL-3.0: whoever hands out a package with it hands out a work that the GPL covers."""

    name = "groth16py"
    version = "0.2.0"
    site_packages_name = "groth16py"


recipe = Groth16pyRecipe()
