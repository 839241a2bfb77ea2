import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "recipe_parts"))

from irisproof_wheels import RustWheelRecipe


class PydanticCoreRecipe(RustWheelRecipe):
    """web3's, by way of eth-utils; the version that the pinned pydantic demands."""

    name = "pydantic-core"
    version = "2.50.4"
    site_packages_name = "pydantic_core"


recipe = PydanticCoreRecipe()
