"""What is there, and when it is imported."""

import importlib
import inspect
import subprocess
import sys

import pytest

MODULES = [
    "cluster.vq", "fft", "integrate", "interpolate", "linalg", "ndimage", "optimize", "signal",
    "sparse.linalg", "spatial.transform", "special", "stats",
]  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_jaxs_names(name):
    """All public ones, with arguments of the same names in the same order."""
    ours = importlib.import_module(f"fgrad.scipy.{name}")
    theirs = importlib.import_module(f"jax.scipy.{name}")
    for found in dir(theirs):
        value = getattr(theirs, found)
        if found.startswith("_") or not (callable(value) or name == "stats"):
            continue
        assert hasattr(ours, found), found
        mine = getattr(ours, found)
        if inspect.ismodule(value):
            for function, theirs_own in vars(value).items():
                if inspect.isfunction(theirs_own) and function[0] != "_":
                    _same_arguments(getattr(mine, function), theirs_own)
        elif not inspect.isclass(value) and found not in RENAMED:
            _same_arguments(mine, value)


RENAMED = {"gammaln", "digamma", "expit", "gammainc", "gammaincc", "erf", "erfc", "erfinv", "i0e",
           "i1e", "betainc"}  # fmt: skip


def _same_arguments(ours, theirs):
    def names(f):
        return [(p.name, p.kind) for p in inspect.signature(f).parameters.values()]

    assert names(ours)[: len(names(theirs))] == names(theirs), ours


def test_imports():
    """`import fgrad` leaves this out, and this leaves SciPy out."""
    code = """
import sys, fgrad
assert not [m for m in sys.modules if m.startswith("fgrad.scipy")]
import fgrad.scipy
assert not [m for m in sys.modules if m.split(".")[0] in ("scipy", "jax", "hypothesis")]
fgrad.scipy.stats.norm.pdf(0.0), fgrad.scipy.special.xlogy(1.0, 2.0)
assert not [m for m in sys.modules if m.split(".")[0] == "scipy"]
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_scipy(monkeypatch):
    """The error says what to install, and where in the program."""
    import fgrad.scipy as s

    for module in ("special", "linalg", "signal"):
        monkeypatch.setitem(sys.modules, f"scipy.{module}", None)
    for call in (
        lambda: s.special.ndtri(0.5),
        lambda: s.linalg.sqrtm([[1.0]]),
        lambda: s.signal.welch([1.0] * 8, window="hamming"),
    ):
        with pytest.raises(
            ImportError, match=r"which is not installed: pip install fgrad\[scipy\]"
        ):
            call()
