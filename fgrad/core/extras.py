"""Libraries that come with an extra: imported at first use, or asked for."""

import functools
import importlib

from fgrad.core.source import located


def required(module: str, what: str, extra: str):
    """A module that comes with an extra.

    Parameters
    ----------
    module : str
        As ``safetensors.numpy``.
    what : str
        What needs it, for the error.
    extra : str
        The name of the extra.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        library = module.split(".")[0]
        raise ImportError(
            located(f"{what} needs {library}, which is not installed: pip install fgrad[{extra}]")
        ) from None


def scipy(module: str, what: str):
    """A module of SciPy, as ``special``; see `required`."""
    return required(f"scipy.{module}", what, "scipy")


@functools.cache
def installed(module: str):
    """A module that is faster where it is installed; else None."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
