"""How elementwise primitives that SciPy computes are declared. It is imported at first use."""

import numpy as np

from fgrad.core.extras import scipy
from fgrad.core.source import located
from fgrad.core.trace import Primitive
from fgrad.primitives.define import Elementwise


def real_function(name, compute, *partials) -> Primitive:
    """An elementwise primitive of real numbers, computed in float32 or float64.

    Parameters
    ----------
    name : str
    compute : callable
        ``compute(*arrays)`` of one dtype, which broadcast.
    *partials
        See `Elementwise`.
    """

    def dtype_of(*operands):
        dtype = np.result_type(*(a(0) if isinstance(a, type) else a for a in operands), 0.0)
        if dtype.kind == "c":
            raise TypeError(f"{name} is not defined for complex numbers")
        return dtype

    def impl(*args):
        dtype = dtype_of(*args)
        wide = np.float32 if dtype.itemsize <= 4 else np.float64
        return compute(*(np.asarray(a, wide) for a in args)).astype(dtype, copy=False)[()]

    return Elementwise(name, None, *partials, impl=impl, dtype_rule=dtype_of)


def refused(name, operand):
    """Stands for a partial derivative that is not known."""

    def partial(ans, *args):
        raise NotImplementedError(
            located(
                f"{name}: the derivative by its argument {operand} is not implemented; "
                f"if it is not needed, pass stop_gradient({operand})"
            )
        )

    return partial


def of_scipy(name, ufunc, *partials):
    """A function that SciPy has under the name `ufunc`."""
    return real_function(
        name, lambda *args: getattr(scipy("special", name), ufunc)(*args), *partials
    )
