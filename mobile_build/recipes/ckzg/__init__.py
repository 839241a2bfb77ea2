import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "recipe_parts"))

from irisproof_wheels import CWheelRecipe


class CkzgRecipe(CWheelRecipe):
    """eth-account's, for transactions with blobs; nothing here calls it."""

    name = "ckzg"
    version = "2.1.8"
    site_packages_name = "ckzg"


recipe = CkzgRecipe()
