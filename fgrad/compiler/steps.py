"""Loops with a carry: the body as straight lines inside a Python ``for`` or ``while``.

What a step stacks is written straight into its row of the stack, and a carry that is stacked lives
in these rows; other carries have two arrays that change places.
"""

from collections import Counter

import numpy as np

from fgrad.compiler.body import Body
from fgrad.compiler.buffers import memory_roots
from fgrad.compiler.function import compile_function, function_source, uses_blas
from fgrad.compiler.lower import Namespace
from fgrad.compiler.passes import optimize
from fgrad.core import memory
from fgrad.core.jaxpr import ClosedJaxpr, Var


class Steps:
    """A compiled loop.

    It takes constants, the first carry and the stacked inputs (without `length`, before them
    whether to go at all), and gives the last carry, the stacks of the kept ones and the stacked
    outputs.

    Parameters
    ----------
    closed : ClosedJaxpr
        The body: (constants, carry, a row of each stacked input) -> (carry, a row of each stacked
        output); without `length` the first output says whether to go on.
    num_consts, num_carry : int
    length : int or None
        The number of steps; None if the body decides.
    reverse : bool
        Whether the last row comes first.
    kept : tuple of int
        The carries that are stacked, in ``length + 1`` rows, the one before the first step too.

    Attributes
    ----------
    source : str
    """

    def __init__(self, closed: ClosedJaxpr, num_consts, num_carry, length, reverse=False, kept=()):
        closed = optimize(closed)
        j = closed.jaxpr
        self._names = Namespace(j.debug_name + "_steps")
        self._length = length
        self._reverse = reverse
        self._kept = kept
        self._before = []  # lines ahead of the loop
        self._after = []  # lines at the end of a step
        self._stacks = []  # source of the stacked results
        self._rows = []  # (name of a row, its stack)
        self._carry = [f"c{i}" for i in range(num_carry)]
        consts = [f"k{i}" for i in range(num_consts)]
        xs = [f"x{i}" for i in range(len(j.invars) - num_consts - num_carry)]
        self._params = [*consts, *self._carry, *(f"{x}_all" for x in xs)]
        for x in xs:
            self._rows.append((x, f"{x}_all"))
        ins = j.invars[num_consts : num_consts + num_carry]
        goes_on, outs = ([], j.outvars) if length is not None else (j.outvars[:1], j.outvars[1:])
        carries, ys = outs[:num_carry], outs[num_carry:]
        swapped = _swappable(j, ins, carries, kept)
        targets = {v: f"n{i}" for i, v in swapped.items()}
        targets |= {carries[i]: f"h{i}" for i in kept if type(carries[i]) is Var}
        targets |= {v: f"y{i}" for i, v in enumerate(ys) if type(v) is Var}
        self._targets = targets
        self._body = Body(self._names, closed, [*consts, *self._carry, *xs], targets)
        texts = iter(self._body.outs)
        self._goes_on = next(texts) if goes_on else None
        carry_texts = [next(texts) for _ in carries]
        for i in kept:
            self._stack(f"h{i}", carries[i], carry_texts[i], f"c{i}")
        for i, v in enumerate(ys):
            self._stack(f"y{i}", v, next(texts))
        swapped = {i for i, v in swapped.items() if self._fills(f"n{i}", v)}
        self._pass_on(carries, carry_texts, swapped)
        source = self._source()
        self._run = compile_function(self._names, source, uses_blas(closed))
        self.source = "\n\n".join((*self._names.sources(), source))

    def __call__(self, *args):
        return self._run(*args)

    def _fills(self, row, v):
        """Whether the body writes a result straight into that array."""
        return v in self._body.filled and self._targets[v] == row

    def _stack(self, row, v, text, first=None):
        """The lines that stack a value; of a carry, with the one before the first step."""
        names = self._names
        dtype = names.name(v.aval.dtype, "dtype")
        stack = f"{row}_all"
        if not v.aval.shape:
            self._before.append(f"{stack} = [{first or ''}]")
            self._after.append(f"{stack}.append({text})")
            order = "[::-1]" if self._reverse else ""
            self._stacks.append(f"{names.name(np.array, 'array')}({stack}{order}, {dtype})")
            return
        shape = (self._length + (first is not None), *v.aval.shape)
        self._before.append(f"{stack} = {names.name(memory.empty, 'empty')}({shape}, {dtype})")
        self._stacks.append(stack)
        if first is not None:
            self._before.append(f"{stack}[{-1 if self._reverse else 0}] = {first}")
            stack += "[:-1]" if self._reverse else "[1:]"
        self._rows.append((row, stack))
        if not self._fills(row, v):
            self._after.append(f"{names.name(np.copyto, 'copyto')}({row}, {text})")

    def _pass_on(self, carries, texts, swapped):
        """The line that makes this step's carry the next one's."""
        names = self._names
        left, right = [], []
        for i, (v, text) in enumerate(zip(carries, texts, strict=True)):
            c = self._carry[i]
            left.append(c)
            right.append(f"h{i}" if i in self._kept and v.aval.shape else text)
            if i in swapped:
                left.append(f"n{i}")
                right.append(c)
                self._before.append(f"{c} = {names.name(memory.copy, 'copy')}({c})")
                self._before.append(f"n{i} = {names.name(np.empty_like, 'empty_like')}({c})")
        if left:
            self._after.append(f"{', '.join(left)} = {', '.join(right)}")
        self._results = [
            c if i in swapped or not v.aval.shape else f"{names.name(memory.copy, 'copy')}({c})"
            for i, (c, v) in enumerate(zip(self._carry, carries, strict=True))
        ]

    def _source(self):
        params, after = self._params, list(self._after)
        if self._length is None:
            params, head = ["goes_on", *params], "while goes_on:"
            after.insert(0, f"goes_on = {self._goes_on}")
        elif self._rows:
            order = "[::-1]" if self._reverse else ""
            stacks = [f"{stack}{order}" for _, stack in self._rows]
            rows = ", ".join(row for row, _ in self._rows)
            if len(stacks) == 1:
                head = f"for {rows} in {stacks[0]}:"
            else:
                head = f"for {rows} in zip({', '.join(stacks)}):"
        else:
            head = f"for _ in range({self._length}):"
        step = [*self._body.lines, *((line, None) for line in after)] or [("pass", None)]
        lines = [*((line, None) for line in self._before), (head, None)]
        lines += [(f"    {line}", source) for line, source in step]
        result = f"[{', '.join([*self._results, *self._stacks])}]"
        return function_source(self._names, params, lines, result, self._body)


def _swappable(jaxpr, ins, carries, kept) -> dict:
    """The carries that may live in two arrays in turn: no other carry is a view of their memory."""
    root = memory_roots(jaxpr)
    roots = Counter(root[v] for v in carries if type(v) is Var)
    return {
        i: after
        for i, (before, after) in enumerate(zip(ins, carries, strict=True))
        if i not in kept and type(after) is Var and after.aval.shape
        and roots[root[after]] == 1 and before not in roots
    }  # fmt: skip
