"""Looking at values and at tracing itself."""

import contextlib

from fgrad.core.trace import evaluation, get_aval, thread
from fgrad.transforms.face import as_argument


def typeof(x):
    """The type of an array or a tracer: its shape, dtype, and whether it is weak.

    Parameters
    ----------
    x : array-like

    Examples
    --------
    >>> import fgrad
    >>> print(fgrad.typeof(fgrad.numpy.zeros((2, 3))))
    f64[2,3]
    """
    return get_aval(as_argument(x, "typeof"))


def block_until_ready(x):
    """The pytree itself: results are there when a call returns."""
    return x


@contextlib.contextmanager
def ensure_compile_time_eval():
    """Within the block operations are carried out at once, also while a function is traced.

    Raises
    ------
    UnexpectedTracerError
        If an operation in the block meets a tracer.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> @fgrad.jit
    ... def f(x):
    ...     with fgrad.ensure_compile_time_eval():
    ...         n = int(fnp.ceil(fnp.sqrt(10.0)))
    ...     return fnp.repeat(x, n)
    >>> f(fnp.array([1.0]))
    Array([1., 1., 1., 1.])
    """
    before = thread.trace
    thread.trace = evaluation
    try:
        yield
    finally:
        thread.trace = before
