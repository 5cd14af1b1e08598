"""The examples run, and their last lines say what they promise."""

import os
import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def last_lines(name, count):
    """Run an example as a user would and return the last lines it prints."""
    ran = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", EXAMPLES / name],
        capture_output=True,
        text=True,
        cwd=EXAMPLES.parent,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()[-count:]


def number(pattern, line):
    found = re.fullmatch(pattern, line)
    assert found, line
    return float(found[1].replace(",", ""))


def test_digits():
    curves, accuracy = last_lines("digits.py", 2)
    assert number(r"test accuracy: ([\d.]+) %", accuracy) >= 97.0
    png = Path(curves.removeprefix("curves: "))
    assert png.read_bytes().startswith(b"\x89PNG")


def test_logistic_newton():
    *iterations, correct, difference = last_lines("logistic_newton.py", 5)
    assert number(r"correctly classified: ([\d.]+) %", correct) > 98.0
    assert number(r"largest difference from scikit-learn: (\S+)", difference) <= 1e-4
    assert number(r" *\d+  (\S+)", iterations[-1]) < 1e-10


def test_plain_numpy():
    before, after, _, *table, worst = last_lines("plain_numpy.py", 8)
    fitted = number(r"mean square after the fit: (\S+)", after)
    assert fitted < 0.01 * number(r"mean square before the fit: (\S+)", before)
    row = r" *([\d,]+) +[\d.]+ ms +[\d.]+ ms +[\d,]+ +\S+"
    assert [number(row, line) for line in table] == [10, 100, 1000, 10_000]
    assert number(r"largest relative difference: (\S+)", worst) < 1e-5
