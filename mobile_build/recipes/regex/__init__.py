import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "recipe_parts"))

from irisproof_wheels import CWheelRecipe


class RegexRecipe(CWheelRecipe):
    """eth-abi's, by way of parsimonious."""

    name = "regex"
    version = "2026.11.15"
    site_packages_name = "regex"


recipe = RegexRecipe()
