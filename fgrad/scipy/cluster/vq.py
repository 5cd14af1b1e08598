"""Vector quantization."""

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.scipy._arguments import real


def vq(obs, code_book, check_finite=True):
    """For each observation the nearest vector of a code book.

    Parameters
    ----------
    obs : array of shape (m, n) or (m,)
    code_book : array of shape (k, n) or (k,)
    check_finite : bool
        Accepted for compatibility.

    Returns
    -------
    code : array of int, shape (m,)
        The number of the vector: the first, if several are as near.
    dist : array of shape (m,)
        The Euclidean distance from it.

    Raises
    ------
    ValueError
        If the arguments are not both lists of numbers, or of vectors of one length.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.scipy.cluster.vq import vq
    >>> vq(fnp.array([0.9, 2.2]), fnp.array([0.0, 1.0, 2.0]))[0]
    Array([1, 2])
    """
    obs, book = real("vq", obs=obs, code_book=code_book)
    if obs.ndim not in (1, 2) or obs.ndim != book.ndim or obs.shape[1:] != book.shape[1:]:
        raise ValueError(
            located(
                "vq: obs and code_book must be numbers, or vectors of one length; got shapes "
                f"{obs.shape} and {book.shape}"
            )
        )
    if obs.ndim == 1:
        obs, book = obs[:, None], book[:, None]
    distances = fnp.linalg.norm(obs[:, None] - book, axis=-1)
    code = fnp.argmin(distances, axis=-1)
    return code, fnp.take_along_axis(distances, code[:, None], axis=-1)[:, 0]
