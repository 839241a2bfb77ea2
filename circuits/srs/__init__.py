"""The structured reference string (SRS) of the KZG commitments: sources, files, checks, raw commitments."""

from circuits.srs.check import SrsFacts, check_srs
from circuits.srs.derive import derive_file, derive_srs
from circuits.srs.lagrange import LagrangeBasis
from circuits.srs.source import (
    LADDER,
    SourceFacts,
    SrsSource,
    fetch_published,
    list_sources,
    read_srs,
    require_chain_allows,
    srs_file,
)

__all__ = [
    "LADDER",
    "LagrangeBasis",
    "SourceFacts",
    "SrsFacts",
    "SrsSource",
    "check_srs",
    "derive_file",
    "derive_srs",
    "fetch_published",
    "list_sources",
    "read_srs",
    "require_chain_allows",
    "srs_file",
]
