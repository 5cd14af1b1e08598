"""The tests of this folder look at what the passes and the NumPy backend make."""

import pytest

from fgrad.compiler import using


@pytest.fixture(autouse=True)
def _numpy():
    with using("numpy"):
        yield
