"""Lines of Python that call kernels."""

import numpy as np

from fgrad.compiler.native.kernel import Kernel
from fgrad.core import memory


def _compiled(closed, shapes, inner):
    """A kernel, made once for a program."""
    key = "kernel", shapes, inner
    if key not in closed.memo:
        closed.memo[key] = Kernel(closed, shapes, inner)
    return closed.memo[key]


def comment(what, jaxpr) -> str:
    """A program as a comment in Python's source."""
    return "\n".join(f"# {line}" for line in (what, *str(jaxpr).splitlines()))


def kernel_lines(names, eqn, args, outs, buffers) -> list[str]:
    """The lines that run a `kernel` equation.

    Parameters
    ----------
    names : Namespace
    eqn : JaxprEqn
    args, outs : list of str
    buffers : list of str or None
        For each result the array to write it into, or None for a fresh one.
    """
    closed, shapes, inner = (eqn.params[k] for k in ("jaxpr", "shapes", "inner"))
    kernel = _compiled(closed, shapes, inner)
    spaces = ", ".join(map(str, dict.fromkeys(shapes)))
    lines = comment(f"loops over {spaces} in machine code", closed.jaxpr).splitlines()
    results, after = [], []
    for out, v, buffer in zip(outs, eqn.outvars, buffers, strict=True):
        where = out if v.aval.shape else f"{out}_"
        if buffer is None:
            nbytes = v.aval.size * v.aval.dtype.itemsize
            make = memory.empty if nbytes >= memory.WORTH else np.empty
            dtype = names.name(v.aval.dtype, "dtype")
            buffer = f"{names.name(make, 'empty')}({v.aval.shape}, {dtype})"
        lines.append(f"{where} = {buffer}")
        results.append(where)
        if not v.aval.shape:
            after.append(f"{out} = {where}[()]")
    n, m = len(closed.jaxpr.invars), len(closed.jaxpr.outvars)
    arguments = []
    for i in range(len(shapes)):
        arguments += [*args[i * n : (i + 1) * n], *results[i * m : (i + 1) * m]]
    call = names.name(kernel.call, "kernel")
    settle = names.name(kernel.settle, "settle")
    arguments = ", ".join(arguments)
    return [*lines, f"(done := {call}({arguments})) or {settle}(done, {arguments})", *after]
