"""Strategies for hypothesis: what programs on arrays take, drawn at random.

They need ``pip install 'fgrad[testing]'``. What they draw shrinks towards zeros, small shapes and
identity matrices.

>>> import numpy as np
>>> from hypothesis import given, settings
>>> from fgrad.testing import check_grads
>>> from fgrad.testing.strategies import arrays
>>> @settings(deadline=None, max_examples=20)
... @given(arrays("float64"))
... def test_tanh(x):
...     check_grads(np.tanh, (x,), order=2)
>>> test_tanh()
"""

from .. import _hypothesis  # says what to install, so it comes first
from .._programs import programs
from ._arrays import arrays, broadcastable, numbers, separated_arrays, shapes
from ._batching import in_axes, keys
from ._indexing import axes, indices
from ._matrices import (
    orthogonal_matrices,
    positive_definite_matrices,
    well_conditioned_matrices,
)
from ._trees import pytrees
