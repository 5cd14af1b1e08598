"""The errors that only a tracing library can raise, under the names JAX users know.

Each message says what was met, where, and what to write instead. Errors that NumPy already has a
name for (a shape that does not fit, a wrong type) are NumPy's: `TypeError`, `ValueError`,
`IndexError`.
"""

from fgrad.core.source import located


class FgradError(Exception):
    """Mixed into every error of this module; its message ends with the user's line."""

    def __init__(self, message: str):
        super().__init__(located(message))


class ConcretizationTypeError(FgradError, TypeError):
    """A tracer was used where Python needs the number itself.

    Examples
    --------
    >>> import fgrad
    >>> try:
    ...     fgrad.jit(lambda x: float(x))(1.0)
    ... except fgrad.errors.ConcretizationTypeError as e:
    ...     print("refused")
    refused
    """


class TracerArrayConversionError(FgradError, TypeError):
    """A tracer was handed to a NumPy function that offers no hook, such as ``np.array([x])``."""


class TracerBoolConversionError(ConcretizationTypeError):
    """A tracer without a value decided a Python ``if``, ``while``, ``and`` or ``or``."""


class TracerIntegerConversionError(ConcretizationTypeError):
    """A tracer without a value was used as a Python index, a shape or a ``range`` bound."""


class NonConcreteBooleanIndexError(FgradError, IndexError):
    """A boolean mask without a value was used as an index: the result's shape is unknown."""


class UnexpectedTracerError(FgradError):
    """A tracer was used after the transformation that made it had returned."""


class StaleViewError(FgradError):
    """A traced array was used whose memory NumPy would have shared with one assigned into."""


class KeyReuseError(FgradError, RuntimeError):
    """A random key was consumed twice."""
