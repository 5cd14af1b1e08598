"""The table says what was measured."""

import time

import numpy as np
import pytest

from benchmarks.harness import HEADER, Figure, Race, markdown


def race(ours, theirs, target=0.5):
    return Race("work", "peer", target, lambda: (ours, theirs))


def test_the_ratio_is_ours_over_theirs():
    fast, slow = lambda: 1.0, lambda: time.sleep(0.01) or 1.0
    for ours, theirs, reached in ((fast, slow, "yes"), (slow, fast, "no")):
        row = dict(zip(HEADER, race(ours, theirs).run(seconds=0.0), strict=True))
        assert (float(row["ratio"]) < 0.5) == (reached == "yes")
        assert row["reached"] == reached


def test_different_results_are_not_compared():
    with pytest.raises(AssertionError):
        race(lambda: [np.zeros(3)], lambda: [np.ones(3)]).run(seconds=0.0)


def test_a_figure_is_held_against_its_limit():
    row = Figure("memory", 10.0, "MB", lambda seconds: 12.0).run(seconds=0.0)
    assert row == ["memory", "-", "12 MB", "-", "-", "10 MB", "no"]


def test_columns_are_aligned():
    lines = markdown([["a" * 30, *"bcdefg"]]).splitlines()
    assert len(lines) == 3
    assert len({len(line) for line in lines}) == 1
