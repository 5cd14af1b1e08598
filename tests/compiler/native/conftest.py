"""The tests of this folder look at machine code; without LLVM there is none."""

import pytest

from fgrad.compiler import using
from fgrad.compiler.native import fuse
from fgrad.compiler.native.engine import binding


@pytest.fixture(autouse=True)
def _llvm(_numpy, monkeypatch):
    monkeypatch.setattr(fuse, "WORTH", 0)  # however little there is to gain
    if binding() is None:
        pytest.skip("llvmlite is not installed")
    with using("llvm"):
        yield
