"""The rule by which a decision threshold is chosen. Pure arithmetic on the standard library.

A stranger's code is taken for coin tosses (Daugman 2003, "The importance of being random"): at one rotation its
distance to a record is x / N with x binomial of N tosses and probability `mean`, where N, the degrees of freedom, is
`mean (1 - mean) / variance` of strangers' distances at that rotation. Codes have thousands of symbols and a few
hundred degrees of freedom, since neighbours agree.

The least of several rotations, of which only R count as independent (`effective_rotations`), against M records, falls
to t or below with the probability

    P(t) = 1 - (1 - F(t))^(R M),        F(t) = sum over k <= t N of C(N, k) mean^k (1 - mean)^(N - k)

and the threshold is the largest t with P(t) <= the target. The distances are `matching.distance`'s, which are scaled to
a typical number of common symbols, so that one N serves pairs with more and with less in common (Daugman 2007).

The model is a model: an evaluation prints, beside each threshold of the rule, the false-match rate that it measured
there. The tail of real strangers may be heavier than a binomial's (relatives, lids, lashes taken for iris): measure on
a set with at least 10 / target comparisons before relying on a threshold, and rely on no rate below what was measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from protocol.errors import InputError

__all__ = ["ImpostorModel", "false_match_rate", "threshold_for"]

_LEAST_DOF = 8.0


@dataclass(frozen=True)
class ImpostorModel:
    """Strangers' distances, as an evaluation measured them on one network and one pipeline.

    Raises `InputError` for figures that no evaluation can have measured.
    """

    degrees_of_freedom: float
    """`mean (1 - mean) / variance` of strangers' distances at one rotation."""
    effective_rotations: float
    """How many independent rotations would have given the measured least distances."""
    mean: float = 0.5
    """Mean distance of strangers at one rotation."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.degrees_of_freedom) and self.degrees_of_freedom >= _LEAST_DOF):
            raise InputError(
                f"{self.degrees_of_freedom:g} degrees of freedom are too few: at least {_LEAST_DOF:g} are needed",
                hint="measure them with: irisproof evaluate",
            )
        if not (math.isfinite(self.effective_rotations) and self.effective_rotations >= 1):
            raise InputError(f"{self.effective_rotations:g} effective rotations: at least 1 is needed")
        if not 0 < self.mean < 1:
            raise InputError(f"a mean distance of {self.mean:g} does not lie between 0 and 1")

    def of_both_eyes(self) -> ImpostorModel:
        """The mean of a left and a right distance, taken as independent: twice the degrees of freedom. Each eye has a
        rotation of its own, so that the pairs of rotations count."""
        return ImpostorModel(2 * self.degrees_of_freedom, self.effective_rotations**2, self.mean)


def threshold_for(target_fmr: float, comparisons: int, model: ImpostorModel) -> float:
    """The largest distance that may count as a match, so that one who is compared with `comparisons` strangers'
    records is falsely matched to any of them with probability `target_fmr` at most.

    Raises `InputError` for a target outside (0, 1), fewer than one comparison, or where even equal codes would be too
    likely: the codes do not carry that many people.
    """
    if not 0 < target_fmr < 1:
        raise InputError(f"a false-match rate of {target_fmr:g} does not lie between 0 and 1")
    if comparisons < 1:
        raise InputError(f"{comparisons} comparisons: at least one is needed")
    if false_match_rate(0.0, comparisons, model) > target_fmr:
        raise InputError(
            f"{model.degrees_of_freedom:.0f} degrees of freedom cannot hold a false-match rate of {target_fmr:g} "
            f"against {comparisons:,} records",
            hint="match both eyes, or use a network with more symbols",
        )
    low, high = 0.0, model.mean
    for _ in range(60):
        middle = (low + high) / 2
        if false_match_rate(middle, comparisons, model) <= target_fmr:
            low = middle
        else:
            high = middle
    return low


def false_match_rate(threshold: float, comparisons: int, model: ImpostorModel) -> float:
    """P(threshold) of the module's text: the probability that one of `comparisons` strangers' records is at or below
    `threshold`."""
    log_tail = _log_binomial_tail(threshold, model)
    if log_tail > -1e-12:
        return 1.0
    return -math.expm1(model.effective_rotations * comparisons * math.log1p(-math.exp(log_tail)))


def _log_binomial_tail(threshold: float, model: ImpostorModel) -> float:
    """log F(t). N and t N are not whole: N is rounded down, which is cautious, and between whole k the logarithm is
    interpolated, so that F grows without steps."""
    tosses = int(model.degrees_of_freedom)
    successes = max(threshold, 0.0) * tosses
    if successes >= tosses:
        return 0.0
    whole = int(successes)
    at, after = (_log_sum(k, tosses, model.mean) for k in (whole, whole + 1))
    return at + (successes - whole) * (after - at)


def _log_sum(last: int, tosses: int, mean: float) -> float:
    """log of the sum over k = 0..last of C(tosses, k) mean^k (1 - mean)^(tosses - k)."""
    terms = [
        math.lgamma(tosses + 1)
        - math.lgamma(k + 1)
        - math.lgamma(tosses - k + 1)
        + k * math.log(mean)
        + (tosses - k) * math.log1p(-mean)
        for k in range(last + 1)
    ]
    largest = max(terms)
    return largest + math.log(math.fsum(math.exp(term - largest) for term in terms))
