"""The Python array API standard: what a library that writes to it asks of the namespace.

References
----------
Consortium for Python Data API Standards, Python array API standard 2025.12,
https://data-apis.org/array-api/2025.12/
"""

import numpy as np

from fgrad.core.array import Array
from fgrad.core.errors import TracerArrayConversionError
from fgrad.core.source import located
from fgrad.core.trace import Tracer
from fgrad.numpy._face import public

__array_api_version__ = "2025.12"
_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", __array_api_version__)
_KINDS = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float32", "float64"),
    "complex floating": ("complex64", "complex128"),
}
_KINDS["integral"] = _KINDS["signed integer"] + _KINDS["unsigned integer"]
_KINDS["numeric"] = _KINDS["integral"] + _KINDS["real floating"] + _KINDS["complex floating"]


class NamespaceInfo:
    """What this namespace can do, as the standard asks.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.__array_namespace_info__().default_dtypes()["real floating"]
    dtype('float64')
    """

    def capabilities(self):
        """Boolean indexing and shapes that depend on the data work on values, not while tracing."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self):
        """The one device."""
        return "cpu"

    def devices(self):
        """The devices there are."""
        return ["cpu"]

    def default_dtypes(self, *, device=None):
        """What Python's numbers become."""
        check_device(device)
        names = {
            "real floating": "float64",
            "complex floating": "complex128",
            "integral": "int64",
            "indexing": "int64",
        }
        return {kind: np.dtype(name) for kind, name in names.items()}

    def dtypes(self, *, device=None, kind=None):
        """The dtypes of a kind, or of several, by name.

        Parameters
        ----------
        device : {None, 'cpu'}
        kind : str, tuple of str or None
            One of ``'bool'``, ``'signed integer'``, ``'unsigned integer'``, ``'integral'``,
            ``'real floating'``, ``'complex floating'``, ``'numeric'``. None: all.
        """
        check_device(device)
        kinds = ("bool", "numeric") if kind is None else (kind,) if isinstance(kind, str) else kind
        for k in kinds:
            if k not in _KINDS:
                raise ValueError(located(f"dtypes: kind must be one of {[*_KINDS]}; got {k!r}"))
        return {name: np.dtype(name) for k in kinds for name in _KINDS[k]}


def __array_namespace_info__():
    """What this namespace can do.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.__array_namespace_info__().devices()
    ['cpu']
    """
    return NamespaceInfo()


def check_device(device):
    """Refuse a device other than the one there is."""
    if device not in (None, "cpu"):
        raise ValueError(located(f"device must be 'cpu' or None; got {device!r}"))


@public
def from_dlpack(x, /, *, device=None, copy=None):
    """An array from any library that offers its memory by DLPack.

    Examples
    --------
    >>> import numpy as np, fgrad.numpy as fnp
    >>> fnp.from_dlpack(np.arange(3.0))
    Array([0., 1., 2.])
    """
    check_device(device)
    return x if isinstance(x, Tracer) else np.array(np.from_dlpack(x))


def _to_device(self, device, /, *, stream=None):
    """The array itself: there is one device."""
    check_device(device)
    return self


def _no_memory(self, **_):
    raise TracerArrayConversionError(
        located(f"__dlpack__: {self.aval} is being transformed and has no memory to share")
    )


def attach(module) -> None:
    """Let arrays and tracers name `module` as their namespace."""

    def namespace(self, /, *, api_version=None):
        """The namespace of functions for this array."""
        if api_version not in (None, *_VERSIONS):
            raise ValueError(
                located(
                    f"array API version {api_version!r} is not supported; there are {_VERSIONS}"
                )
            )
        return module

    Array.__array_namespace__ = namespace
    Tracer.__array_namespace__ = namespace
    Tracer.device = property(lambda self: "cpu", doc="str: the one device.")
    Tracer.to_device = _to_device
    Tracer.__dlpack__ = _no_memory
    Tracer.__dlpack_device__ = lambda self: (1, 0)
