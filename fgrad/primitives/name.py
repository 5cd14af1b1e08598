"""name: a value as it is, under a name by which a checkpoint policy knows it."""

import numpy as np

from fgrad.core.trace import ONE
from fgrad.primitives.define import Elementwise

name = Elementwise(
    "name",
    None,
    ONE,
    impl=lambda x, *, name: x,
    dtype_rule=lambda x, *, name: np.dtype(x),
    linear=(True,),
    expand=lambda x, *, name: x,
)
