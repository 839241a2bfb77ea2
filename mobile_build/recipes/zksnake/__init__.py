import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "recipe_parts"))

from irisproof_wheels import RustWheelRecipe


class ZksnakeRecipe(RustWheelRecipe):
    """Sums of scalar multiples on BN254."""

    name = "zksnake"
    version = "0.1.0"
    site_packages_name = "zksnake"


recipe = ZksnakeRecipe()
