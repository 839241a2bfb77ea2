"""Integer kernels -> a short program of additions and subtractions that share their partial sums.

A cell of the circuit is one addition, subtraction, sign or product; slices and shifts cost nothing. A kernel with
taps of +-1 and +-2 is therefore a sum of shifted copies, and several kernels cost what their shortest common program
costs. Finding the shortest is hard; pairs of terms that occur more than once are shared, in an order drawn at random,
and the cheapest of many draws is kept (the greedy sharing of Hartley, "Subexpression sharing in filters using
canonic signed digit multipliers", 1996, with restarts).
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

__all__ = ["Kernel", "Program", "Step", "Term", "compile_kernels"]

Kernel = tuple[tuple[int, ...], ...]
"""Taps, row by row: one or more rows along the radius, columns along the angle, which wraps round."""


@dataclass(frozen=True, order=True)
class Term:
    """`sign` times value number `value`, taken `rows` further out and `columns` further along the angle."""

    value: int
    rows: int
    columns: int
    sign: int

    def moved(self, rows: int, columns: int, sign: int = 1) -> Term:
        return Term(self.value, self.rows + rows, self.columns + columns, self.sign * sign)


@dataclass(frozen=True, order=True)
class Step:
    """A new value: first + second, or first - second; `first` has sign +1."""

    first: Term
    second: Term


@dataclass(frozen=True, order=True)
class Program:
    """Value 0 is the texture, value i the result of step i - 1. `outputs` are the kernels' responses, in order."""

    steps: tuple[Step, ...]
    outputs: tuple[Term, ...]

    def heights(self, texture_rows: int) -> list[int]:
        """Rows of each value: a value that looks outwards ends before the texture does."""
        heights = [texture_rows]
        for step in self.steps:
            heights.append(min(heights[term.value] - term.rows for term in (step.first, step.second)))
        return heights

    def additions(self, texture_rows: int, columns: int) -> int:
        """Circuit cells of the steps, every value computed wherever it can be."""
        return columns * sum(self.heights(texture_rows)[1:])


def compile_kernels(kernels: tuple[Kernel, ...], texture_rows: int, *, draws: int = 300, seed: int = 0) -> Program:
    """The cheapest program found for all `kernels`, which have one height. Same arguments, same program.

    Raises `ValueError` for kernels of different heights or without two taps, and where every draw ends in a response
    with its sign turned round, which would cost one more cell.
    """
    heights = {len(kernel) for kernel in kernels}
    if len(heights) != 1:
        raise ValueError(f"kernels have {sorted(heights)} rows; one bank has kernels of one height")
    sums = [_terms(kernel) for kernel in kernels]
    if any(len(terms) < 2 for terms in sums):
        raise ValueError("a kernel has less than two taps")
    rng = random.Random(seed)
    drawn = (_tidied(_draw(sums, rng)) for _ in range(draws))
    programs = [program for program in drawn if all(output.sign == 1 for output in program.outputs)]
    if not programs:
        raise ValueError("no program gives these kernels with their own signs")
    return min(programs, key=lambda program: (program.additions(texture_rows, 1), program))


def _terms(kernel: Kernel) -> list[Term]:
    """One term a unit of each tap."""
    return [
        Term(0, row, column, 1 if tap > 0 else -1)
        for row, taps in enumerate(kernel)
        for column, tap in enumerate(taps)
        for _ in range(abs(tap))
    ]


def _tidied(program: Program) -> Program:
    """The same program with each value's sign and place chosen anew: a step begins with a positive term, no term looks
    back along the angle, and a response has its own sign where that can be had for nothing."""
    wanted = {output.value: output.sign for output in program.outputs}
    signs, columns, steps = [1], [0], []
    for number, step in enumerate(program.steps, start=1):
        terms = [term.moved(0, columns[term.value], signs[term.value]) for term in (step.first, step.second)]
        mixed = terms[0].sign != terms[1].sign
        signs.append(wanted.get(number, 1) if mixed else terms[0].sign)
        columns.append(min(term.columns for term in terms))
        terms = [term.moved(0, -columns[number], signs[number]) for term in terms]
        steps.append(Step(*sorted(terms, key=lambda term: (-term.sign, term))))
    outputs = tuple(output.moved(0, columns[output.value], signs[output.value]) for output in program.outputs)
    return Program(tuple(steps), outputs)


def _draw(kernels: list[list[Term]], rng: random.Random) -> Program:
    sums = [list(terms) for terms in kernels]
    steps: list[Step] = []
    while any(len(terms) > 1 for terms in sums):
        pairs = Counter(pattern for terms in sums for pattern in _patterns(terms))
        ranked = sorted(pairs)
        weights = [pairs[pattern] ** 3 for pattern in ranked]
        pattern = rng.choices(ranked, weights)[0]
        steps.append(Step(*pattern))
        sums = [_replace(terms, pattern, len(steps)) for terms in sums]
    return Program(tuple(steps), tuple(terms[0] for terms in sums))


Pattern = tuple[Term, Term]


def _pattern(one: Term, other: Term) -> tuple[Pattern, Term]:
    """Two terms as (pattern that starts at column 0 with sign +1, where it stands)."""
    first, second = sorted((one, other))  # by value, then by place
    rows, columns = min(first.rows, second.rows), first.columns
    place = Term(0, rows, columns, first.sign)
    return (
        first.moved(-rows, -columns, first.sign),
        second.moved(-rows, -columns, first.sign),
    ), place


def _patterns(terms: list[Term]) -> list[Pattern]:
    return [_pattern(one, other)[0] for i, one in enumerate(terms) for other in terms[i + 1 :]]


def _replace(terms: list[Term], pattern: Pattern, value: int) -> list[Term]:
    """Every pair that is the pattern becomes one term of the new value; each term is used once."""
    left, made = sorted(terms), []
    while left:
        one = left.pop(0)
        for position, other in enumerate(left):
            found, place = _pattern(one, other)
            if found == pattern:
                left.pop(position)
                made.append(Term(value, place.rows, place.columns, place.sign))
                break
        else:
            made.append(one)
    return made
