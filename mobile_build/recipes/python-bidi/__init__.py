import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "recipe_parts"))

from irisproof_wheels import RustWheelRecipe


class PythonBidiRecipe(RustWheelRecipe):
    """Order of display of right-to-left text."""

    name = "python-bidi"
    version = "0.6.12"
    site_packages_name = "bidi"


recipe = PythonBidiRecipe()
