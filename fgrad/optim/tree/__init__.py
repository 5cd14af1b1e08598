"""Arithmetic on pytrees of arrays, and access to parts of optimizer states by name.

>>> from fgrad import optim
>>> x = {"w": [3.0, 0.0], "b": 4.0}
>>> float(optim.tree.norm(x))
5.0
>>> int(optim.tree.get(optim.adam(0.1).init(x), "count"))
0
"""

from ._arithmetic import (
    add,
    add_scale,
    batch_shape,
    clip,
    conj,
    div,
    full_like,
    mul,
    ones_like,
    real,
    scale,
    sub,
    where,
    zeros_like,
)
from ._dtypes import cast, cast_like, dtype
from ._moments import (
    bias_correction,
    update_infinity_moment,
    update_moment,
    update_moment_per_elem_norm,
)
from ._random import random_like, split_key_like, unwrap_random_key_data
from ._reductions import allclose, max, min, norm, size, sum, vdot
from ._states import get, get_all_with_path, map_params, set
