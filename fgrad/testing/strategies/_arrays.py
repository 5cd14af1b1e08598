"""Arrays: any, such as NumPy broadcasts, and such as keep clear of kinks and ties."""

import math
from typing import Any

import numpy as np

from fgrad.testing._hypothesis import hnp, st

FLOATS = ("float64", "float32")


def shapes(min_dims=0, max_dims=3, min_side=0, max_side=4):
    """Shapes of small arrays, scalars and empty ones included.

    Parameters
    ----------
    min_dims, max_dims : int
        How many axes.
    min_side, max_side : int
        How long they are.

    Returns
    -------
    strategy of tuple of int

    Examples
    --------
    >>> from fgrad.testing.strategies import shapes
    >>> from hypothesis import find
    >>> find(shapes(), lambda shape: math.prod(shape) > 5)
    (2, 3)
    """
    return hnp.array_shapes(
        min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side
    )


def numbers(dtype: Any = "float64", min_value=-10.0, max_value=10.0, special=False):
    """Numbers of a dtype.

    Parameters
    ----------
    dtype : dtype-like
        Boolean, integer, floating or complex.
    min_value, max_value : number
        The range; of complex numbers that of each part.
    special : bool
        Whether floating and complex numbers may also be NaN, infinite, or too small to be normal,
        and integers the least and the greatest; the range has no meaning then.

    Returns
    -------
    strategy of number
    """
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return st.booleans()
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        if special:
            return st.integers(int(info.min), int(info.max))
        return st.integers(max(math.ceil(min_value), int(info.min)), math.floor(max_value))
    if dtype.kind == "c":
        part = numbers(np.empty(0, dtype).real.dtype, min_value, max_value, special)
        return st.builds(complex, part, part)
    if dtype.kind != "f":
        raise TypeError(f"numbers: dtype must be one of numbers or booleans; got {dtype}")
    width = min(64, 8 * dtype.itemsize)
    if special:
        return st.floats(width=width)
    low, high = (float(dtype.type(v)) for v in (min_value, max_value))
    return st.floats(low, high, width=width, allow_subnormal=False)


@st.composite
def arrays(
    draw, dtype: Any = FLOATS, shape: Any = None, *, min_value=-10.0, max_value=10.0, special=False
):
    """Arrays; NumPy scalars if they have no axes.

    Parameters
    ----------
    dtype : dtype-like, sequence of them, or strategy
        Of the numbers; one of a sequence.
    shape : tuple of int or strategy, optional
        By default those of `shapes`.
    min_value, max_value : number
        The range; of complex numbers that of each part.
    special : bool
        Whether numbers may also be NaN, infinite, or too small to be normal; the range has no
        meaning then.

    Returns
    -------
    strategy of array

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing.strategies import arrays
    >>> find(arrays("float64", (2,)), lambda x: x.sum() >= 1)
    array([0., 1.])
    """
    dtype = draw(one(dtype))
    shape = draw(shapes() if shape is None else one(shape))
    elements = numbers(dtype, min_value, max_value, special)
    return draw(hnp.arrays(dtype, shape, elements=elements, fill=st.nothing()))[()]


@st.composite
def separated_arrays(draw, dtype: Any = "float64", shape: Any = None, *, gap=0.25):
    """Arrays whose numbers keep clear of each other and of zero.

    For functions with kinks or ties (`abs`, `relu`, `max`, `sort`, ...): no two numbers of an array
    are closer than `gap`, and none is closer to zero.

    Parameters
    ----------
    dtype : dtype-like, sequence of them, or strategy
        Of the numbers; one of a sequence.
    shape : tuple of int or strategy, optional
        By default those of `shapes`.
    gap : float
        The least distance; numbers are multiples of it.

    Returns
    -------
    strategy of array

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing.strategies import separated_arrays
    >>> find(separated_arrays(shape=(3,)), lambda x: True)
    array([0.25, 0.5 , 0.75])
    """
    dtype = draw(one(dtype))
    shape = draw(shapes() if shape is None else one(shape))
    size = math.prod(shape)
    order = draw(st.permutations(range(1, size + 1)))
    signs = draw(st.lists(st.sampled_from([1, -1]), min_size=size, max_size=size))
    values = np.array(order, float) * np.array(signs, float) * gap
    return values.reshape(shape).astype(dtype)[()]


@st.composite
def broadcastable(
    draw,
    count=2,
    dtype: Any = FLOATS,
    *,
    min_value=-10.0,
    max_value=10.0,
    special=False,
    max_dims=3,
    max_side=3,
):
    """Groups of arrays that NumPy broadcasts with each other.

    Parameters
    ----------
    count : int
        How many.
    dtype : dtype-like, sequence of them, or strategy
        Of the numbers, drawn for each array.
    min_value, max_value : number
        The range; of complex numbers that of each part.
    special : bool
        As for `arrays`.
    max_dims, max_side : int
        How many axes, and how long.

    Returns
    -------
    strategy of tuple of array

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing.strategies import broadcastable
    >>> find(broadcastable(2, "float64"), lambda group: True)
    (np.float64(0.0), np.float64(0.0))
    """
    group = draw(
        hnp.mutually_broadcastable_shapes(
            num_shapes=count, min_side=0, max_dims=max_dims, max_side=max_side
        )
    )
    kwargs = {"min_value": min_value, "max_value": max_value, "special": special}
    return tuple([draw(arrays(dtype, shape, **kwargs)) for shape in group.input_shapes])


def one(choice):
    """A strategy for what may be a value, several to choose from, or a strategy already."""
    if isinstance(choice, st.SearchStrategy):
        return choice
    if isinstance(choice, list | set) or (
        isinstance(choice, tuple) and choice and not isinstance(choice[0], int)
    ):
        return st.sampled_from(list(choice))
    return st.just(choice)
