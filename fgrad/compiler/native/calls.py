"""Lines of Python that call kernels."""

import functools

import numpy as np

from fgrad.compiler.native.kernel import Kernel
from fgrad.core import memory


@functools.lru_cache(1024)
def _compiled(closed, shape, inner):
    return Kernel(closed, shape, inner)


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
    kernel = _compiled(*(eqn.params[k] for k in ("jaxpr", "shape", "inner")))
    lines, results, after = [], [], []
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
    call = names.name(kernel.call, "kernel")
    settle = names.name(kernel.settle, "settle")
    arguments = ", ".join((*args, *results))
    return [*lines, f"{call}({arguments}) or {settle}({arguments})", *after]
