"""What a failed check says."""

import inspect

import numpy as np

from fgrad.core.tree import keystr


class CheckFailure(AssertionError):
    """What a check of `fgrad.testing` found wrong.

    Attributes
    ----------
    check : str
        Which check, and of what.
    where : str
        Which argument or output, which leaf of it and which index.
    got, want : number or str
        What was computed, and what it should be.
    error, tolerance : float or None
        By how much they differ, and how much would have been accepted.
    smallest : tuple or None
        Arguments that fail too, cut down to what is needed; None in a test of hypothesis, which
        cuts down what it drew.
    """

    def __init__(self, check, where, got, want, error=None, tolerance=None, hint=""):
        self.check = check
        self.where = where
        self.got = got
        self.want = want
        self.error = error
        self.tolerance = tolerance
        self.hint = hint
        self.smallest = None
        self._there = ""
        super().__init__(check)

    def with_smallest(self, args, failure):
        """Note the smallest arguments that fail, and what is wrong there."""
        self.smallest = args
        if failure is not self:
            self._there = failure._facts()

    def _facts(self):
        lines = [f"  where:     {self.where}", f"  got:       {_text(self.got)}"]
        lines.append(f"  want:      {_text(self.want)}")
        if self.error is not None:
            lines.append(f"  error:     {self.error:.3g}, tolerance {self.tolerance:.3g}")
        if self.hint:
            lines.append(f"  note:      {self.hint}")
        return "\n".join(lines)

    def __str__(self):
        text = f"{self.check}\n{self._facts()}"
        if self.smallest is not None:
            text += f"\nThe smallest input that was found to fail:\n  args = {show(self.smallest)}"
        if self._there:
            text += f"\nand there\n{self._there}"
        return text


CheckFailure.__module__ = "fgrad.testing"


def _text(x):
    if isinstance(x, str):
        return x
    x = np.asarray(x)
    return f"{x.item():.12g}" if x.dtype.kind in "fc" else str(x)


def show(tree) -> str:
    """Python source of arguments, arrays written as ``np.array(...)``."""
    if type(tree) is tuple:
        inside = ", ".join(map(show, tree))
        return f"({inside},)" if len(tree) == 1 else f"({inside})"
    if type(tree) is list:
        return f"[{', '.join(map(show, tree))}]"
    if type(tree) is dict:
        return "{" + ", ".join(f"{k!r}: {show(v)}" for k, v in tree.items()) + "}"
    if type(tree) is float and not np.isfinite(tree):
        return f"np.{tree}" if tree > 0 or tree != tree else "-np.inf"
    if type(tree) is complex and not np.isfinite(tree):
        return f"complex({show(tree.real)}, {show(tree.imag)})"
    if isinstance(tree, np.generic):
        return f"np.{tree.dtype.name}({show(tree.item())})"
    if isinstance(tree, np.ndarray):
        if tree.size == 0:
            return f"np.zeros({tree.shape}, np.{tree.dtype.name})"
        dtype = "" if tree.dtype in (float, int, bool, complex) else f", np.{tree.dtype.name}"
        return f"np.array({show(tree.tolist())}{dtype})"
    return repr(tree)


def argument_names(f, count):
    """How the positional arguments of `f` are called in messages."""
    try:
        parameters = [
            p.name
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        parameters = []
    names = [f" ({n})" for n in parameters[:count]]
    names += [""] * (count - len(names))
    return [f"argument {i}{name}" for i, name in enumerate(names)]


def place(name, path, index):
    """One number of a pytree, in words."""
    text = name + (f" at {keystr(path)}" if path else "")
    if index:
        text += f", index {tuple(int(i) for i in index)}"
    return text
