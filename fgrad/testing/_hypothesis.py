"""hypothesis, which the strategies need, and how it shows arrays."""

from fgrad.testing._report import show

try:
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as hnp
    from hypothesis.vendor.pretty import for_type_by_name
except ImportError as e:
    raise ImportError(
        "fgrad.testing.strategies needs hypothesis: pip install 'fgrad[testing]'"
    ) from e

__all__ = ["hnp", "st"]

# A failing example is there to be pasted into a test, so arrays read ``np.array(...)`` in it.
for_type_by_name("numpy", "ndarray", lambda x, printer, cycle: printer.text(show(x)))
