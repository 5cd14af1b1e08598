"""Writes docs/numpy.md: what the tests verify of each function.

``python -m tests.numpy.table`` reads the tables that the tests are made of: the rows of
`tests/numpy/suite.py`, recorded while they run, the rows of primitives for functions that are one
primitive, and the calls of NumPy's protocols.
"""

import collections
import importlib
import inspect
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import fgrad.numpy as fnp
from tests.numpy import suite
from tests.numpy.protocols import CALLS, NEED_NUMBERS, PLAIN_CALLS, REFUSED, overridable, programs
from tests.numpy.suite import numpy_answer, problems, quiet
from tests.numpy.test_promotion import MATRIX, NAMES, PAIRS, answer
from tests.primitives import rows as primitive_rows

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "numpy.md"
MEASURES = ("value", "dtypes", "JVP", "VJP", "2nd", "vmap", "jit", "protocol")
# where an answer differs from NumPy's on purpose
NOTES = {
    "roots": "complex always", "unique_values": "in order always",
    "put_along_axis": "a copy: `inplace=False`", "put": "a copy: `inplace=False`",
    "place": "a copy: `inplace=False`", "fill_diagonal": "a copy: `inplace=False`",
    "linalg.eigvals": "complex always", "linalg.eig": "complex always",
    "linalg.lstsq": "residuals at every rank",
}  # fmt: skip

HEAD = """\
# fgrad.numpy

NumPy's functions with derivatives, under JAX's names and signatures. `numpy.f` of a tracer is `fgrad.numpy.f`.

What the tests verify of each function, over the calls in their tables:

- **value**: shape, dtype and numbers are NumPy's, over the dtypes of the rows; **dtypes**: the dtype of the result is
  NumPy's over all dtypes, or pairs of them, and what NumPy refuses is refused.
- **JVP**, **VJP**, **2nd**: the JVP, the gradient and the JVP of the gradient are JAX's, in 64-bit mode.
- **vmap** is the loop over NumPy's answers; **jit** gives them too, and the jaxpr keeps its promises.
- **protocol**: NumPy's own function gives on tracers what it gives on arrays; "numbers" where it needs
  their values, as in `grad` (under `jit` use fgrad.numpy's with `size=`); "error" where it cannot, and the error says
  what to write; a dash where NumPy lets nobody answer for it.

✓ is verified by rows of tables; *p*, by those of the primitive that the function is (`docs/verification.md`). The
last columns name files with further tests, and where an answer differs from NumPy's on purpose.

Of JAX's names, the dtypes `int1`, `uint1`, `float6_e2m3fn` and `float6_e3m2fn` are not there, nor its 2-, 4- and 8-bit
ones: NumPy has no such dtypes, and fgrad needs NumPy alone.

Made by `python -m tests.numpy.table`.

"""  # noqa: E501


def public_names():
    """The functions of fgrad.numpy, fgrad.numpy.linalg and fgrad.numpy.fft."""
    for module, prefix in ((fnp, ""), (fnp.linalg, "linalg."), (fnp.fft, "fft.")):
        for name in sorted(getattr(module, "__all__", vars(module))):
            f = getattr(module, name)
            if not name.startswith("_") and callable(f) and not isinstance(f, type):
                yield prefix + name, f


class Recorder:
    """A namespace like NumPy's that writes down which functions are asked for."""

    def __init__(self, module, seen, prefix=""):
        self._module, self._seen, self._prefix = module, seen, prefix

    def __getattr__(self, name):
        found = getattr(self._module, name)
        if inspect.ismodule(found):
            return Recorder(found, self._seen, f"{name}.")
        self._seen.add(self._prefix + name)
        return found


def names_in(row, xs):
    """The functions that a row calls."""
    seen = set()
    with quiet():
        row.program(Recorder(np, seen), *xs)
    return seen


def of_rows(verified):
    """Add what the tables of `suite` verify."""
    for path in sorted(HERE.glob("test_*.py")):
        importlib.import_module(f"tests.numpy.{path.stem}")
    for row in suite.ROWS_RUN:
        for case in range(len(row.cases)):
            xs = row.arrays(case, row.dtypes[0])
            if numpy_answer(row, xs) is None:
                continue
            names = names_in(row, xs)
            measures = ["value"]
            if row.traced and numpy_answer(row, row.arrays(case, "float64")) is not None:
                measures += ["vmap", "jit"]
            for name in names:
                verified[name].update(measures)
    for row, _, xs, ts, weights in problems(suite.ROWS_RUN):
        try:
            jax.eval_shape(
                lambda *a, r=row: suite._derivatives(jax, jnp, r.jax, *a), xs, ts, weights
            )
        except (*suite.REFUSALS, NotImplementedError):
            continue
        for name in names_in(row, xs):
            verified[name].update(("JVP", "VJP", "2nd"))


def of_primitives(through):
    """Add what the rows of primitives verify of functions that are one primitive."""
    differentiated = {row.primitive: bool(row.dtypes) for row in primitive_rows.ROWS}
    for name, f in public_names():
        primitive = getattr(f, "primitive", None)
        if primitive in differentiated:
            through[name].update(("value", "vmap", "jit"))
            if differentiated[primitive]:
                through[name].update(("JVP", "VJP", "2nd"))


def of_protocols(verified, protocol):
    """Add what the tables of protocols verify."""
    kind = {}
    for name, f in overridable().items():
        if name not in REFUSED:
            kind[f] = "✓" if programs(name) else "–"
        else:
            kind[f] = "numbers" if name in NEED_NUMBERS else "error"
        if kind[f] == "✓":
            verified[name].update(("value", "vmap", "jit"))
    for name, _ in public_names():
        module, _, last = name.rpartition(".")
        theirs = getattr(getattr(np, module) if module else np, last, None)
        protocol[name] = kind.get(theirs, "–")
    for name in NAMES:
        calls = (CALLS | PLAIN_CALLS).get(name, [lambda f, x: f(x)])
        given = (answer(call, getattr(np, name), MATRIX) for call in calls)
        if name in PAIRS or any(not isinstance(g, Exception) for g in given):
            verified[name].add("dtypes")


def files_of(name):
    """The test files that speak of a function outside of the tables."""
    last = name.rpartition(".")[2]
    pattern = re.compile(rf"(?:\b(?:fnp|np|xp|linalg|fft)\.|\")({re.escape(last)})\b")
    room = {"linalg": "test_linalg*.py", "fft": "test_fft*.py"}.get(name.partition(".")[0])
    paths = sorted(HERE.glob(room or "test_*.py"))
    skipped = ("test_promotion", "test_protocols", "test_table")
    return [p.stem for p in paths if p.stem not in skipped and pattern.search(p.read_text())]


def table():
    """The lines of the table."""
    verified, through, protocol = (collections.defaultdict(set) for _ in range(3))
    of_rows(verified)
    of_primitives(through)
    of_protocols(verified, protocol)
    yield f"| function | {' | '.join(MEASURES)} | tests | differs |"
    yield "|---" * (len(MEASURES) + 3) + "|"
    for name, _ in public_names():
        marks = [
            "✓" if m in verified[name] else "*p*" if m in through[name] else "–"
            for m in MEASURES[:-1]
        ]
        marks.append(protocol[name])
        files = ", ".join(f.removeprefix("test_") for f in files_of(name)[:3])
        yield f"| `{name}` | {' | '.join(marks)} | {files} | {NOTES.get(name, '')} |"


if __name__ == "__main__":
    PAGE.write_text(HEAD + "\n".join(table()) + "\n")
