import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "recipe_parts"))

from irisproof_wheels import CWheelRecipe


class BitarrayRecipe(CWheelRecipe):
    """eth-account's."""

    name = "bitarray"
    version = "3.12.3"
    site_packages_name = "bitarray"


recipe = BitarrayRecipe()
