"""The lines of a function as they are drawn: each is run at once, so that its type is known."""

import itertools
import re
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp

TRANSFORMATIONS = (
    "checkpoint", "custom_jvp", "grad", "jacfwd", "jacrev", "jit", "jvp", "linearize",
    "value_and_grad", "vjp", "vmap",
)  # fmt: skip
_NAMESPACE = {name: getattr(fgrad, name) for name in (*TRANSFORMATIONS, "lax", "nn")}
_NAMESPACE["np"] = fnp
_NAME = re.compile(r"\b[a-z]+\d*\b")
LARGE = 4.0
MOST_ELEMENTS = 27
MOST_AXES = 4
_MORE = (False,) + (True,) * 15


class Line(NamedTuple):
    """A statement, the variable it defines and the names it needs."""

    text: str
    defines: str
    needs: frozenset


class Block:
    """A function body being drawn.

    Parameters
    ----------
    values : dict of str to array
        The parameters by name, oldest first.
    outer : Block, optional
        The body around it.
    closed : bool
        Whether it may not use the variables of the body around it.
    """

    def __init__(self, values, outer=None, closed=False):
        self.values = {} if outer is None or closed else dict(outer.values)
        self.values |= values
        self.own = list(values)
        self.lines = []
        self.counter = itertools.count(1) if outer is None else outer.counter
        self.depth = 0 if outer is None else outer.depth + 1

    def name(self, letter="v"):
        """A name that no other block of the program has."""
        return f"{letter}{next(self.counter)}"

    def names(self, fits=None):
        """The variables that fit, newest first: with lines left out, the rest still chain."""
        return [n for n in reversed(self.values) if fits is None or fits(self.values[n])]

    def pick(self, draw, fits=None):
        """A variable that fits, or None."""
        names = self.names(fits)
        if not names:
            return None
        return names[0] if len(names) == 1 else draw(st.sampled_from(names))

    def run(self, text):
        """The scope after `text` has run."""
        scope = _NAMESPACE | self.values
        with np.errstate(all="ignore"):
            try:
                exec(compile(text, "<line>", "exec"), scope)
            except Exception as e:
                known = "\n".join(f"{n} = {v!r}" for n, v in self.values.items())
                e.add_note(f"while drawing\n{text}\nwhere\n{known}")
                raise
        return scope

    def add(self, expression, before=""):
        """Add the line ``v = expression`` after the statements `before`, unless it is not finite.

        A value past `LARGE` is divided by a power of two.
        """
        target = self.name()
        value = self.run(f"{before}{target} = {expression}\n")[target]
        largest = _largest(value)
        if not np.isfinite(largest) or np.size(value) > MOST_ELEMENTS or np.ndim(value) > MOST_AXES:
            return
        if largest > LARGE:
            value, expression = _tamed(value, largest, expression)
        text = f"{before}{target} = {expression}"
        self.lines.append(Line(text, target, frozenset(_NAME.findall(text)) - {target}))
        self.values[target] = value
        self.own.append(target)

    def draw_lines(self, draw, line, most):
        """Draw up to `most` lines by ``draw(line(block))``."""
        for _ in range(most):
            # not an integer: hypothesis draws the ends of its range, and so an end, too often
            if not draw(st.sampled_from(_MORE)):
                break
            draw(line(self))

    def finish(self, results, returned):
        """The body's text: the lines that `results` need, and what is returned."""
        needed, kept = set(results), []
        for line in reversed(self.lines):
            if line.defines in needed:
                needed |= line.needs
                kept.append(line.text)
        return "\n".join([*reversed(kept), f"return {returned}"])

    def ends(self):
        """The variables that no other needs, newest first."""
        needed = frozenset().union(*(line.needs for line in self.lines))
        return [line.defines for line in reversed(self.lines) if line.defines not in needed]


def _largest(value):
    a = np.asarray(value)
    if not a.size or a.dtype.kind == "b":
        return 0.0
    # parts of complex numbers by themselves: the modulus of inf + nan j is inf
    return float(max(np.max(np.abs(a.real)), np.max(np.abs(a.imag))))


def _tamed(value, largest, expression):
    if np.asarray(value).dtype.kind == "i":
        return value % 4, f"({expression}) % 4"
    power = 2 ** int(np.ceil(np.log2(largest / LARGE)))
    return value / power, f"({expression}) / {power}"
