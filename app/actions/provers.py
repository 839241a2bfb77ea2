"""Getting the provers that a bundle does without."""

from app.provers import download_provers, missing_provers
from app.provers import provers as wanted_provers

__all__ = ["download_provers", "missing_provers", "wanted_provers"]
