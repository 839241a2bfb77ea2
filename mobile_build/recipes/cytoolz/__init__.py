import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "recipe_parts"))

from irisproof_wheels import CWheelRecipe


class CytoolzRecipe(CWheelRecipe):
    """eth-utils'."""

    name = "cytoolz"
    version = "1.2.0"
    site_packages_name = "cytoolz"


recipe = CytoolzRecipe()
