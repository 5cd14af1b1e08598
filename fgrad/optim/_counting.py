"""Step counts."""

import fgrad.numpy as fnp

__all__ = ["safe_increment"]


def zero_count():
    return fnp.zeros((), fnp.int32)


def safe_increment(count):
    """``count + 1``, or `count` where that would overflow its dtype.

    Parameters
    ----------
    count : integer scalar

    Returns
    -------
    integer scalar
        Of the same dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> int(optim.safe_increment(np.int32(1))), int(optim.safe_increment(np.int32(2147483647)))
    (2, 2147483647)
    """
    largest = fnp.iinfo(fnp.result_type(count)).max
    # Not `count + 1`, which warns where it overflows, also if it is then not selected.
    return count + (count < largest)
