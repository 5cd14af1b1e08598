"""What it costs to start."""

import os
import subprocess
import sys
from statistics import median
from time import perf_counter

from .harness import LEAST_ROUNDS, Figure, Race

IMPORT = """
import numpy
from time import perf_counter
begin = perf_counter()
import fgrad
print(perf_counter() - begin)
"""

FIRST_GRAD = """
import {lib}
import {lib}.numpy as xp
print({lib}.grad(lambda x: xp.sin(x) * xp.exp(x) + x**2)(1.5))
"""


# As for a user: modules are compiled when they are first imported, and not again.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def python(code):
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    return float(ran.stdout)


def import_milliseconds(seconds):
    python(IMPORT)  # may compile modules
    samples = []
    end = perf_counter() + seconds
    while perf_counter() < end or len(samples) < LEAST_ROUNDS:
        samples.append(1e3 * python(IMPORT))
    return median(samples)


def first_grad():
    return tuple(lambda lib=lib: python(FIRST_GRAD.format(lib=lib)) for lib in ("fgrad", "jax"))


ROWS = [
    Figure("`import fgrad` after `import numpy`", 60.0, "ms", import_milliseconds),
    Race("process start to first `grad` printed", "JAX", 0.25, first_grad),
]
