"""`fgrad.config`: JAX's options, as far as they mean something without XLA."""

import contextlib
import warnings

import numpy as np

from fgrad.core import check
from fgrad.core.source import located
from fgrad.transforms import jit

# Options with one value that fgrad can give, and what to do for another one.
_FIXED = {
    "jax_platforms": (("cpu", "", None), "programs run on the CPU"),
    "jax_platform_name": (("cpu", "", None), "programs run on the CPU"),
    "jax_numpy_rank_promotion": (("allow",), "NumPy's broadcasting is what there is"),
    "jax_numpy_dtype_promotion": (("standard",), "NumPy's promotion is what there is"),
    "jax_default_prng_impl": (("threefry2x32",), "it is the only generator"),
    "jax_threefry_partitionable": ((True,), "other draws are not to be had"),
    "jax_check_tracer_leaks": ((False,), "use fgrad.checking_leaks() around a part"),
    "jax_debug_key_reuse": ((False,), "use fgrad.debug_key_reuse(True) around a part"),
}
# Options of XLA, its caches and messages: kept, and without effect.
_WITHOUT_EFFECT = {
    "jax_compilation_cache_dir": None,
    "jax_cpu_collectives_implementation": None,
    "jax_default_device": None,
    "jax_default_matmul_precision": None,
    "jax_enable_compilation_cache": True,
    "jax_enable_custom_prng": False,
    "jax_explain_cache_misses": False,
    "jax_include_full_tracebacks_in_locations": True,
    "jax_legacy_prng_key": "allow",
    "jax_log_compiles": False,
    "jax_num_cpu_devices": 1,
    "jax_optimization_level": None,
    "jax_persistent_cache_enable_xla_caches": None,
    "jax_persistent_cache_min_compile_time_secs": 1.0,
    "jax_persistent_cache_min_entry_size_bytes": 0,
    "jax_softmax_custom_jvp": True,
    "jax_traceback_filtering": "auto",
    "jax_transfer_guard": "allow",
    "jax_use_shardy_partitioner": True,
}


def _x64(value):
    if not value:
        warnings.warn(
            located("config: there is no 32-bit mode: float64 stays the default dtype"),
            stacklevel=3,
        )


def _raise_at(**kinds):
    """Whether NumPy shall raise where it meets something."""
    usual = {k: np.geterr()[k] for k in kinds}
    return lambda value: np.seterr(**(kinds if value else usual))


_WITH_EFFECT = {
    "jax_enable_x64": (True, _x64),
    "jax_disable_jit": (False, jit.set_disabled),
    "jax_enable_checks": (False, check.set_enabled),
    "jax_debug_nans": (False, _raise_at(invalid="raise")),
    "jax_debug_infs": (False, _raise_at(divide="raise", over="raise")),
}


class Config:
    """Options by name, also as attributes: ``config.jax_enable_x64``.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.config.update("jax_enable_x64", True)
    >>> fgrad.config.jax_enable_x64
    True
    """

    def __init__(self):
        self._values = dict(_WITHOUT_EFFECT)
        self._values.update((k, values[0]) for k, (values, _) in _FIXED.items())
        self._values.update((k, value) for k, (value, _) in _WITH_EFFECT.items())

    def update(self, name: str, value) -> None:
        """Set an option for the rest of the program.

        Parameters
        ----------
        name : str
            As in JAX: ``"jax_enable_x64"``.
        value
            What it shall be.

        Raises
        ------
        AttributeError
            If there is no such option.
        ValueError
            If the option cannot have this value.
        """
        self.read(name)
        if name in _FIXED:
            allowed, why = _FIXED[name]
            if value not in allowed:
                raise ValueError(
                    located(f"config: {name} can only be {allowed[0]!r}; got {value!r}: {why}")
                )
        elif name in _WITH_EFFECT:
            _WITH_EFFECT[name][1](value)
        self._values[name] = value

    def read(self, name: str):
        """The value of an option."""
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(located(f"config: there is no option {name!r}")) from None

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self.read(name)


config = Config()


@contextlib.contextmanager
def _within(name, value):
    before = config.read(name)
    config.update(name, value)
    try:
        yield
    finally:
        if config.read(name) != before:
            config.update(name, before)


def enable_x64(new_val: bool = True):
    """A block with float64 as the default dtype, as everywhere.

    Parameters
    ----------
    new_val : bool
        False gives a warning.

    Examples
    --------
    >>> import fgrad
    >>> with fgrad.enable_x64(True):
    ...     print(fgrad.numpy.zeros(2).dtype)
    float64
    """
    return _within("jax_enable_x64", new_val)


def default_matmul_precision(new_val=None):
    """A block with an option that has no effect: products have the precision of their dtype."""
    return _within("jax_default_matmul_precision", new_val)


def log_compiles(new_val: bool = True):
    """A block with an option that has no effect: nothing is logged."""
    return _within("jax_log_compiles", new_val)


def numpy_rank_promotion(new_val):
    """A block with NumPy's broadcasting, ``"allow"``: others are refused.

    Raises
    ------
    ValueError
    """
    return _within("jax_numpy_rank_promotion", new_val)


def numpy_dtype_promotion(new_val):
    """A block with NumPy's promotion, ``"standard"``: others are refused.

    Raises
    ------
    ValueError
    """
    return _within("jax_numpy_dtype_promotion", new_val)
