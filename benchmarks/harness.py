"""Measuring two ways of doing the same work, and printing what came out."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np

import fgrad

SAMPLE_SECONDS = 5e-3  # calls shorter than this are timed several at once
LEAST_ROUNDS = 5


@dataclass(frozen=True)
class Race:
    """Work done by fgrad and by a peer. The figure is the ratio of their median times."""

    work: str
    against: str
    target: float
    # Makes the two contestants. Each does the work once and returns what it computed.
    contestants: Callable[[], tuple[Callable[[], object], Callable[[], object]]]

    def run(self, seconds):
        ours, theirs = self.contestants()
        check_agreement(ours(), theirs())
        times = interleaved_times(ours, theirs, seconds)
        ratio = times[0] / times[1]
        return [
            self.work,
            self.against,
            readable(times[0]),
            readable(times[1]),
            f"{ratio:.3g}",
            f"{self.target:g}",
            verdict(ratio, self.target),
        ]


@dataclass(frozen=True)
class Figure:
    """Something of fgrad alone that has to stay under a limit."""

    work: str
    target: float
    unit: str
    measure: Callable[[float], float]  # from the seconds it may take

    def run(self, seconds):
        value = self.measure(seconds)
        unit = f" {self.unit}" if self.unit else ""
        return [
            self.work,
            "-",
            f"{value:.3g}{unit}",
            "-",
            "-",
            f"{self.target:g}{unit}",
            verdict(value, self.target),
        ]


HEADER = ["work", "against", "fgrad", "peer", "ratio", "to reach", "reached"]


def verdict(value, target):
    return "yes" if value <= target else "no"


def check_agreement(ours, theirs):
    """Times of different results are not worth comparing."""
    for a, b in zip(fgrad.tree.leaves(ours), fgrad.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-2, atol=1e-3)


def interleaved_times(ours, theirs, seconds):
    """Median seconds of a call to each, taken in turns so that both see the same machine."""
    sides = [(f, repeats_for(f), []) for f in (ours, theirs)]
    end = perf_counter() + seconds
    while perf_counter() < end or len(sides[1][2]) < LEAST_ROUNDS:
        for f, repeats, samples in sides:
            samples.append(sample(f, repeats))
    return [median(samples) for _, _, samples in sides]


def repeats_for(f):
    f()
    repeats = 1
    while (once := sample(f, repeats)) * repeats < SAMPLE_SECONDS:
        repeats = max(2 * repeats, min(10 * repeats, int(SAMPLE_SECONDS / once)))
    return repeats


def sample(f, repeats):
    begin = perf_counter()
    for _ in range(repeats):
        f()
    return (perf_counter() - begin) / repeats


def readable(seconds):
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def markdown(rows):
    """A table that reads as well in a terminal as in a page."""
    table = [HEADER, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in table
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
