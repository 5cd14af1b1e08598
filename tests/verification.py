"""Measures how far every primitive is from what it is tested against.

``python -m tests.verification`` writes docs/verification.md. Whether the numbers are good enough is
for the tests to say, over the same rows; this says how good they are.
"""

import functools
import re
from pathlib import Path

import jax
import numpy as np

import fgrad
from fgrad.core.trace import registry
from tests.harness import axis_choices, central_difference, derivatives
from tests.primitives.rows import ROWS
from tests.primitives.test_table import calls, drawn, inexact, problem

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "verification.md"
MEASURES = ("value", "jit", "vmap", "jvp", "vjp", "second", "differences")
REFUSALS = (TypeError, ValueError)

HEAD = """\
# What was verified

For every primitive, over the rows of `tests/primitives/rows.py`: the worst error of its value against NumPy's, of
`jit` against the plain operation, of `vmap` against the loop; of JVP, VJP and second order (the JVP of the VJP)
against JAX in 64-bit mode; and of the JVP against central differences of step 1e-6.

Errors are relative to the largest number of the array. They are in units of the spacing of the dtype (2.2e-16 for
float64), except that of the differences, which is itself: 1e-10 is what such differences can give. A dash stands
where there is nothing to compare: no derivative, or none that JAX has. The tests compare more: dtypes, shapes, weak
types, jaxprs, drawn inputs, degenerate shapes.

Made by `python -m tests.verification`.
"""  # noqa: E501
PROGRAMS = """
## Tested by files of their own

These hold programs, or have several results: the rows cannot say what they equal. Random programs
(`tests/testing/test_laws.py`) contain those that users write.

| primitive | tests |
|---|---|
"""


def difference(got, want):
    """The worst error relative to the largest number, in units of the dtype's spacing; or None."""
    worst = None
    for g, w in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
        g, w = np.asarray(g), np.asarray(w)
        finite = np.isfinite(w) & np.isfinite(g) if w.dtype.kind in "fc" else np.ones(w.shape, bool)
        eps = np.finfo(g.dtype).eps if g.dtype.kind in "fc" else 1.0
        size = float(np.abs(w[finite]).max(initial=0)) or 1.0
        wide = np.result_type(g.dtype, w.dtype, np.float64)
        off = np.abs(g[finite].astype(wide) - w[finite].astype(wide))
        error = float(off.max(initial=0)) / size / float(eps)
        worst = error if worst is None else max(worst, error)
    return worst


class Worst(dict):
    """The worst of each measure."""

    def add(self, measure, error):
        if error is not None:
            self[measure] = max(error, self.get(measure, 0.0))


def measure(row):
    """The worst errors of a row."""
    worst = Worst()
    for dtype in row.values:
        rng = np.random.default_rng(0)
        for operands, params in row.cases:
            args = drawn(row, operands, dtype, rng)
            fun = functools.partial(row.primitive, **params)
            try:
                want = row.numpy(*args, **params)
                value = fun(*args)
            except REFUSALS:
                continue
            worst.add("value", difference(value, want))
            worst.add("jit", difference(fgrad.jit(fun)(*args), value))
    batched(row, worst)
    for dtype in row.dtypes:
        rng = np.random.default_rng(0)
        cases = [c for c in calls(row, dtype) if inexact(c)]
        problems = [problem(fun, args, rng) for fun, args, _ in cases]
        theirs = of_jax([c[2] for c in cases], [p[1:] for p in problems])
        for (fun, primals, tangents, ct), want in zip(problems, theirs, strict=True):
            got = derivatives(fgrad, fun, primals, tangents, ct)
            for name, key in (("jvp", "jvp"), ("vjp", "vjp"), ("second", "jvp of vjp")):
                worst.add(name, difference(got[key], want[key]))
            if row.primitive.name != "stop_gradient":  # whose derivative is not that of its value
                slope = np.asarray(central_difference(fun, primals, tangents))
                size = 1 + np.abs(slope).max(initial=0)
                off = np.abs(np.asarray(got["jvp"]) - slope).max(initial=0)
                worst.add("differences", float(off / size))
    return worst


def of_jax(funs, arguments):
    """The derivatives in JAX, compiled as one program and quickly."""

    def everything(arguments):
        return [derivatives(jax, f, *a) for f, a in zip(funs, arguments, strict=True)]

    options = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    return jax.jit(everything, compiler_options=options)(arguments)


def batched(row, worst):
    """`vmap` against the loop, for every choice of mapped operands."""
    for dtype in row.dtypes or row.values:
        for operands, params in row.cases:
            fun = functools.partial(row.primitive, **params)
            draws = [drawn(row, operands, dtype, np.random.default_rng(k)) for k in range(2)]
            for axes in axis_choices([np.shape(a) for a in draws[0]]):
                try:
                    examples = [
                        [draws[k if a is not None else 0][i] for i, a in enumerate(axes)]
                        for k in range(2)
                    ]
                    want = np.stack([fun(*e) for e in examples])
                except REFUSALS:
                    continue
                stacked = [
                    x if a is None else np.stack([x, y], axis=a)
                    for x, y, a in zip(*examples, axes, strict=True)
                ]
                worst.add("vmap", difference(fgrad.vmap(fun, in_axes=axes)(*stacked), want))


def text(name, error):
    """An error as it stands in the table."""
    if error is None:
        return "–"
    if name == "differences":
        return f"{error:.0e}" if error else "0"
    return "0" if error == 0 else f"{max(error, 0.1):.1f}" if error < 100 else f"{error:.0f}"


def tests_about(primitive):
    """The test files that have the first word of a primitive's name in theirs, or else in them."""
    word = re.compile(rf"(\b|_){primitive.name.partition('_')[0]}(\b|_)")
    rooms = ("primitives", "transforms", "control_flow", "numpy")
    files = sorted(f for room in rooms for f in (ROOT / "tests" / room).glob("test_*.py"))
    about = [f for f in files if word.search(f.stem)] or [
        f for f in files if word.search(f.read_text())
    ]
    return [str(f.relative_to(ROOT)) for f in about]


def page():
    """The page, with a row for every registered primitive."""
    rows = {}
    for row in ROWS:
        rows.setdefault(row.primitive, []).append(row)
    lines = [
        HEAD,
        "| primitive | calls | differentiated in | value | jit | vmap | JVP | VJP | 2nd "
        "| differences |",
        "|" + "---|" * 10,
    ]
    held = []
    for primitive in sorted(registry, key=lambda p: p.name):
        if primitive not in rows:
            files = ", ".join(f"`{f}`" for f in tests_about(primitive)) or "–"
            held.append(f"| {primitive.name} | {files} |\n")
            continue
        worst, count, dtypes = Worst(), 0, []
        with np.errstate(all="ignore"):
            for row in rows[primitive]:
                for name, error in measure(row).items():
                    worst.add(name, error)
                count += len(row.cases) * len(row.values)
                dtypes += row.dtypes
        differentiated = ", ".join(dict.fromkeys(dtypes)) or "–"
        cells = [text(name, worst.get(name)) for name in MEASURES]
        lines.append(" | ".join([f"| {primitive.name}", str(count), differentiated, *cells]) + " |")
    return "\n".join(lines) + "\n" + PROGRAMS + "".join(held)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    PAGE.write_text(page())
