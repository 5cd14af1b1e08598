"""What `import fgrad` leaves for later, and that it is there when it is asked for."""

import subprocess
import sys

import pytest

import fgrad
from fgrad.core.lazy import importer

LATER = (
    "fgrad.lax", "fgrad.random", "fgrad.nn", "fgrad.scipy", "fgrad.optim", "fgrad.debug",
    "fgrad.numpy.linalg", "fgrad.numpy.fft", "fgrad.numpy._later", "fgrad.compiler.executable",
    "fgrad.control_flow", "fgrad.transforms.checkpoint", "fgrad.transforms.custom",
    "fgrad.primitives.random", "llvmlite", "dataclasses", "string",
)  # fmt: skip


def test_import_is_light():
    code = f"import sys, fgrad; print([m for m in {LATER} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_names_are_there_when_asked_for():
    assert fgrad.lax.sin is not None
    assert fgrad.checkpoint.save.__module__ == "fgrad.checkpoint_files"
    assert fgrad.__dict__["lax"] is fgrad.lax
    with pytest.raises(AttributeError, match="'fgrad' has no attribute 'nothing'"):
        _ = fgrad.nothing
    assert not hasattr(fgrad, "nothing")


@pytest.mark.parametrize(
    "code",
    (
        "fgrad.numpy.unique; fgrad.numpy.linspace",
        "from fgrad.numpy import *; nanmax, histogram, sin",
        "assert {'nanmax', 'sin', 'pad'} <= {*dir(fgrad.numpy)}",
        "assert {'hessian', 'grad', 'devices'} <= {*dir(fgrad)}",
        "fgrad.grad(lambda x: np.diff(x)[0])(np.ones(3))",
        "fgrad.jit(np.add.reduce)(np.ones(3)); fgrad.numpy.add.reduce(np.ones(3))",
        "assert not hasattr(fgrad.numpy, 'nothing')",
    ),
)
def test_whatever_is_asked_for_first(code):
    code = f"import numpy as np, fgrad\n{code}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_what_a_module_lacks_is_not_hidden(monkeypatch, tmp_path):
    (tmp_path / "rooms").mkdir()
    (tmp_path / "rooms" / "__init__.py").touch()
    (tmp_path / "rooms" / "broken.py").write_text("import not_installed_anywhere")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        importer("rooms", {})[0]("broken")
