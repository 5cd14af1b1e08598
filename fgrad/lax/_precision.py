"""How exactly XLA is to multiply: here always as exactly as the dtype allows."""

import enum
from typing import Any


class Precision(enum.Enum):
    """What the parameter ``precision`` of a product may be; it changes nothing.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.dot(fnp.ones(2), fnp.ones(2), precision=fgrad.lax.Precision.HIGHEST)
    np.float64(2.0)
    """

    DEFAULT = 0
    HIGH = 1
    HIGHEST = 2


PrecisionLike = Any
