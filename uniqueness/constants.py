"""The protocol constants of the secure comparison, and the proof that they cannot overflow.

Two codes of D symbols in {-1, 0, 1} and masks in {0, 1}, at one rotation, have the agreement `dot` = sum of products of
their symbols and the overlap `ov` = number of symbols that neither mask hides. They count as one eye where

    score = a dot - b ov - c > 0.

**What it means.** With h = (1 - dot / ov) / 2, the fractional Hamming distance, and c = 0, score > 0 says
h < (1 - b/a) / 2. `model.pipeline.matching` scales distances to a typical overlap n_t by a square root, which a linear
protocol cannot: its "distance <= T" is dot >= (1 - 2T) sqrt(ov n_t). The tangent of that root at ov = n_t is
(1 - 2T) (ov + n_t) / 2, so b/a = (1 - 2T) / 2 and c = b n_t give the same decision at the typical overlap and to first
order around it. A root lies below its tangent: elsewhere the secure rule asks for more agreement, by 6 % at half the
typical overlap and 2 % at one and a half. It never matches what `matching` with the same T would not, save that
`matching` gives no distance at all below 20 % common symbols; there c asks for nearly equal codes, and below
c / (a - b) common symbols no pair matches. One more difference: `matching` counts symbols that both codes have
nonzero, this counts cells that both masks keep; a response of exactly zero is rare.

**Overflow.** Scores are added in the ring of integers modulo 2^16 and read as -32768..32767. |dot| <= ov <= D, so

    -(a + b) D - c  <=  score  <=  (a - b) D - c.

1. dot <= ov gives score <= (a - b) ov - c, which is largest at ov = D, as a >= b. A positive score that is read as
   negative is a missed duplicate, so (a - b) D - c <= 32767 is required of every rule; it holds if (a - b) D <= 32767.
2. dot >= -ov gives score >= -(a + b) ov - c. A negative score that is read as positive is a false duplicate, and cannot
   happen if (a + b) D + c <= 32767 (-32768 is given up, so that an engine may test score - 1 >= 0). Every rule here
   holds this one too: no score wraps at all.
Both rest on the domains: the circuit forces symbols to sign x mask, the station bounds the mask (`binding`).

Rule 1 holds for honest and dishonest codes alike only because the mask is bounded; a mask with cells beyond 0 and 1
could wrap a score.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.errors import EncodingError

__all__ = [
    "ANGLE_COLUMNS",
    "PARTIES",
    "RING_BITS",
    "ROTATIONS",
    "RULES",
    "ComparisonRule",
    "rule_of",
]

PARTIES = 3
RING_BITS = 16
ANGLE_COLUMNS = 120
ROTATIONS = tuple(range(-ANGLE_COLUMNS // 2, ANGLE_COLUMNS // 2))
"""The whole turn, in columns of 3 degrees. `model.pipeline.matching` looks 8 columns either way, which is where one
person's captures lie; who turns head or camera further on purpose must not become somebody else
(protocol/decisions/020)."""

_HALF_RING = 1 << (RING_BITS - 1)


@dataclass(frozen=True)
class ComparisonRule:
    """The integers of one network's comparison. Each mask cell covers `symbols / mask_cells` symbols.

    Raises `EncodingError` for a rule that does not fit the layout, or under which a score could wrap.
    """

    network: str
    symbols: int
    mask_cells: int
    agreement_weight: int
    """a"""
    overlap_weight: int
    """b"""
    offset: int
    """c"""
    minimum_mask_cells: int
    """Fewer cells than this and a code is refused: two codes that keep it overlap at every rotation."""

    def __post_init__(self) -> None:
        if self.symbols % self.mask_cells or self.mask_cells % ANGLE_COLUMNS:
            raise EncodingError(f"{self.symbols} symbols and {self.mask_cells} mask cells do not fill whole columns")
        if not self.agreement_weight > self.overlap_weight >= 0 or self.offset < 0:
            raise EncodingError("a rule needs a > b >= 0 and c >= 0")
        if self.greatest_score > _HALF_RING - 1:
            raise EncodingError(f"a duplicate could score {self.greatest_score} and be missed: over {_HALF_RING - 1}")
        if self.least_score < 1 - _HALF_RING:
            raise EncodingError(f"a stranger could score {self.least_score} and match: under {1 - _HALF_RING}")
        if not 0 < self.minimum_mask_cells <= self.mask_cells:
            raise EncodingError(f"{self.minimum_mask_cells} cells are not between 1 and {self.mask_cells}")

    @property
    def kernels(self) -> int:
        """How many symbols a mask cell covers."""
        return self.symbols // self.mask_cells

    @property
    def width(self) -> int:
        """Elements of a shared record: symbols, then mask cells."""
        return self.symbols + self.mask_cells

    @property
    def greatest_score(self) -> int:
        """(a - b) D - c, that of a code with itself, nothing masked."""
        return (self.agreement_weight - self.overlap_weight) * self.symbols - self.offset

    @property
    def least_score(self) -> int:
        """-(a + b) D - c, that of a code with its opposite, nothing masked."""
        return -(self.agreement_weight + self.overlap_weight) * self.symbols - self.offset

    @property
    def least_common_symbols(self) -> int:
        """The fewest common symbols with which equal codes match: the least n with (a - b) n > c."""
        return self.offset // (self.agreement_weight - self.overlap_weight) + 1


# b/a = 1/5, c = b n_t with n_t = 0.625 D: the tangent of `matching`'s rule at T = 0.3 (protocol/decisions/011). 0.6 of
# the cells leave any two masks 0.2 in common at every rotation (2 x 0.6 - 1), which is `matching.MIN_COMMON_SHARE`.
RULES = {
    "iris_v1": ComparisonRule("iris_v1", 1920, 960, 5, 1, 1200, 576),
    "iris_v2": ComparisonRule("iris_v2", 3840, 1920, 5, 1, 2400, 1152),
}


def rule_of(network: str) -> ComparisonRule:
    """The rule of a network; raises `EncodingError` for one that has none."""
    try:
        return RULES[network]
    except KeyError:
        raise EncodingError(f"no comparison is defined for codes of {network!r}") from None
