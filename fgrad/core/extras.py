"""Libraries that come with an extra: imported at first use, or asked for."""

import functools
import importlib

from fgrad.core.source import located


def scipy(module: str, what: str):
    """A module of SciPy.

    Parameters
    ----------
    module : str
        As ``special``.
    what : str
        What needs it, for the error.

    Raises
    ------
    ImportError
        If SciPy is not installed.
    """
    try:
        return importlib.import_module(f"scipy.{module}")
    except ModuleNotFoundError:
        raise ImportError(
            located(f"{what} needs SciPy, which is not installed: pip install fgrad[scipy]")
        ) from None


@functools.cache
def installed(module: str):
    """A module that is faster where it is installed; else None."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
