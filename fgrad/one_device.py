"""Where arrays are: the names by which JAX speaks of devices, for the one device there is.

Results are in the memory of the process when a call returns, so there is nothing to move or to
wait for.
"""

import contextlib
from typing import Any

import numpy as np

from fgrad.core.source import located
from fgrad.core.tree import tree_flatten, tree_map
from fgrad.transforms.face import as_argument, as_results


class Device:
    """The processor the program runs on.

    Attributes
    ----------
    platform, device_kind : str
    id, process_index : int

    Examples
    --------
    >>> import fgrad
    >>> fgrad.devices()
    [CpuDevice(id=0)]
    """

    platform = device_kind = "cpu"
    id = process_index = local_hardware_id = 0

    def __repr__(self):
        return "CpuDevice(id=0)"

    def __str__(self):
        return "cpu:0"


_cpu = Device()


def _check(name, platform):
    if platform not in (None, "cpu"):
        raise RuntimeError(located(f"{name}: the only platform is 'cpu'; got {platform!r}"))


def devices(backend: str | None = None) -> list[Device]:
    """All devices: there is one.

    Parameters
    ----------
    backend : {None, "cpu"}

    Raises
    ------
    RuntimeError
        If another platform is asked for.
    """
    _check("devices", backend)
    return [_cpu]


def local_devices(process_index=None, backend=None, host_id=None) -> list[Device]:
    """All devices of this process: see `devices`."""
    _check("local_devices", backend)
    return [_cpu]


def device_count(backend=None) -> int:
    """How many devices there are: one."""
    return len(devices(backend))


def local_device_count(backend=None) -> int:
    """How many devices this process has: one."""
    return len(devices(backend))


def default_backend() -> str:
    """The platform on which programs run: ``"cpu"``."""
    return _cpu.platform


def process_index(backend=None) -> int:
    """The number of this process: 0."""
    _check("process_index", backend)
    return 0


def process_count(backend=None) -> int:
    """How many processes compute together: one."""
    _check("process_count", backend)
    return 1


def _check_device(name, device):
    """Refuse what is neither the one device nor a pytree of it."""
    for d in tree_flatten(device)[0]:
        if d is not _cpu and d != "cpu":
            raise ValueError(located(f"{name}: the only device is {_cpu!r}; got {d!r}"))


def device_put(x, device=None, *, src=None, donate=False, may_alias=None) -> Any:
    """A pytree of arrays as fgrad's own, with memory of their own.

    Parameters
    ----------
    x : pytree of array-likes
    device : Device, optional
        The one there is.
    src, donate, may_alias : optional
        Accepted for compatibility.

    Raises
    ------
    ValueError
        If `device` is another one.

    Examples
    --------
    >>> import numpy as np
    >>> import fgrad
    >>> fgrad.device_put({"a": np.zeros(2)}, fgrad.devices()[0])
    {'a': Array([0., 0.])}
    """
    _check_device("device_put", device)
    leaves, treedef = tree_flatten(x)
    values = [as_argument(v, "device_put", treedef, i) for i, v in enumerate(leaves)]
    return as_results(treedef, values, values)


def device_get(x) -> Any:
    """A pytree of arrays as NumPy's own.

    Parameters
    ----------
    x : pytree of array-likes

    Examples
    --------
    >>> import fgrad
    >>> fgrad.device_get({"a": fgrad.numpy.zeros(2)})
    {'a': array([0., 0.])}
    """
    return tree_map(np.array, x)


@contextlib.contextmanager
def default_device(device=None):
    """A block in which arrays are made on a device: the one there is.

    Parameters
    ----------
    device : Device, optional

    Raises
    ------
    ValueError
        If it is another one.

    Examples
    --------
    >>> import fgrad
    >>> with fgrad.default_device(fgrad.devices("cpu")[0]):
    ...     x = fgrad.numpy.zeros(2)
    """
    _check_device("default_device", device)
    yield device


def effects_barrier() -> None:
    """Wait for effects: they have happened when a call returns."""


def clear_caches() -> None:
    """Forget compiled programs: each goes with its function.

    ``f.clear_cache()`` of a jitted function `f` lets go of those while `f` is there.
    """
