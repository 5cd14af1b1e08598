"""The examples run, and their last lines say what they promise."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import fgrad

EXAMPLES = Path(__file__).parents[2] / "examples"


def start(name, *args):
    """Start an example as a user would."""
    return subprocess.Popen(
        [sys.executable, "-W", "error::RuntimeWarning", EXAMPLES / name, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=EXAMPLES.parent,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
    )


def last_lines(name, count, *args):
    """Run an example and return the last lines it prints."""
    ran = start(name, *args)
    out, err = ran.communicate()
    assert ran.returncode == 0, err
    return out.splitlines()[-count:]


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


def test_convnet():
    (accuracy,) = last_lines("convnet.py", 1)
    assert number(r"test accuracy: ([\d.]+) %", accuracy) >= 98.5


def test_bayes():
    accepted, correct, largest = last_lines("bayes.py", 3)
    assert number(r"accepted: ([\d.]+) %", accepted) > 60
    assert number(r"correctly classified: ([\d.]+) %", correct) > 98
    assert number(r"largest R-hat of 31 coefficients: ([\d.]+)", largest) < 1.02


def test_transformer_goes_on_where_it_was_killed(tmp_path):
    options = ("--steps", "9", "--save-every", "2", "--run")
    *text, curve, loss = last_lines("transformer.py", 5, *options, tmp_path / "whole")
    assert number(r"loss: ([\d.]+) nats a character", loss) < 4.2
    assert Path(curve.removeprefix("curve: ")).read_bytes().startswith(b"\x89PNG")
    assert text

    killed = start("transformer.py", *options, tmp_path / "killed")
    while fgrad.checkpoint.latest(tmp_path / "killed") is None:
        assert killed.poll() is None, killed.communicate()[1]
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    assert fgrad.checkpoint.latest(tmp_path / "killed") < 9
    last_lines("transformer.py", 1, *options, tmp_path / "killed")
    whole, resumed = (fgrad.checkpoint.load(tmp_path / run) for run in ("whole", "killed"))
    assert whole.keys() == resumed.keys()
    for name, x in whole.items():
        np.testing.assert_array_equal(resumed[name], x)  # to the bit
