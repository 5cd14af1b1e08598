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


class JAXTypeError(FgradError, TypeError):
    """The `TypeError` that those of this module are."""


class JAXIndexError(FgradError, IndexError):
    """The `IndexError` that those of this module are."""


class ConcretizationTypeError(JAXTypeError):
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


class TracerArrayConversionError(JAXTypeError):
    """A tracer was handed to a NumPy function that offers no hook, such as ``np.array([x])``."""


class TracerBoolConversionError(ConcretizationTypeError):
    """A tracer without a value decided a Python ``if``, ``while``, ``and`` or ``or``."""


class TracerIntegerConversionError(ConcretizationTypeError):
    """A tracer without a value was used as a Python index, a shape or a ``range`` bound."""


class NonConcreteBooleanIndexError(JAXIndexError):
    """A boolean mask without a value was used as an index: the result's shape is unknown."""


class UnexpectedTracerError(JAXTypeError):
    """A tracer was used after the transformation that made it had returned."""


class StaleViewError(FgradError):
    """A traced array was used whose memory NumPy would have shared with one assigned into."""


class KeyReuseError(JAXTypeError):
    """A random key was consumed twice."""


class CheckpointError(FgradError, ValueError):
    """A checkpoint file is damaged, or holds something else than was wanted."""


class JaxprTypeError(FgradError, TypeError):
    """A program is not well formed or not well typed: a fault of a rule, not of its user."""


class JaxRuntimeError(FgradError, RuntimeError):
    """An array was used whose memory was given away (``donate_argnums``)."""


class InconclusiveDimensionOperation(FgradError, TypeError):
    """A dimension is no number: shapes are not symbolic here."""
