"""Attention."""

import functools
import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.nn._softmax import softmax
from fgrad.numpy._einsum import einsum_values
from fgrad.numpy._face import public, unweak
from fgrad.numpy._face import value as as_value
from fgrad.numpy._mathematics import as_inexact
from fgrad.numpy._rearrange import repeat
from fgrad.numpy._shape import reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives.parts import select


def _shorter(places, lengths):
    """Which places of each sequence of the batch lie within its length."""
    lengths = as_value(lengths, "dot_product_attention: a length")
    return ew.lt(places, reshape_values(lengths, (-1, 1, 1, 1)))


def _seen(queries, keys, mask, is_causal, key_lengths, window):
    """Which keys each query sees; None for all, else its shape fits (batch, head, query, key)."""
    i, j = np.arange(queries)[:, None], np.arange(keys)
    conditions = []
    if mask is not None:
        conditions.append(as_value(mask, "dot_product_attention: mask"))
    if is_causal:
        conditions.append(j <= i)
    if window is not None:
        before, after = (window, window) if hasattr(window, "__index__") else window
        conditions.append((j >= i - before) & (j <= i + after))
    if key_lengths is not None:
        conditions.append(_shorter(j, key_lengths))
    return functools.reduce(ew.logical_and, conditions) if conditions else None


@public
def dot_product_attention(
    query,
    key,
    value,
    bias=None,
    mask=None,
    *,
    scale=None,
    is_causal=False,
    query_seq_lengths=None,
    key_value_seq_lengths=None,
    local_window_size=None,
    implementation=None,
):
    """``softmax(query @ key^T * scale + bias) @ value``, for several heads.

    Parameters
    ----------
    query : array-like
        Of shape ``(batch, T, heads, H)``, or without the batch.
    key, value : array-like
        Of shape ``(batch, S, key heads, H)``; the number of heads is a multiple of that of key
        heads.
    bias : array-like, optional
        Added to the scores; it broadcasts to ``(batch, heads, T, S)``.
    mask : array-like of bool, optional
        Where to attend.
    scale : number, optional
        ``1 / sqrt(H)`` by default.
    is_causal : bool
        Whether a query sees only the keys up to its own place.
    query_seq_lengths, key_value_seq_lengths : array-like of int, optional
        The length of each sequence of the batch.
    local_window_size : int or pair of int, optional
        How many keys before and behind its own place a query sees.
    implementation : str, optional
        Accepted for compatibility.

    Returns
    -------
    array
        Of the shape of `query`.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> x = fnp.ones((1, 3, 2, 4))
    >>> fgrad.nn.dot_product_attention(x, x, x).shape
    (1, 3, 2, 4)

    References
    ----------
    Vaswani et al.: Attention is all you need (2017).
    """
    q, k, v = (
        as_inexact(unweak(as_value(a, f"dot_product_attention: {name}")))
        for a, name in ((query, "query"), (key, "key"), (value, "value"))
    )
    a, b, c = (get_aval(x) for x in (q, k, v))
    fits = a.ndim == b.ndim == c.ndim and a.ndim in (3, 4) and b.shape == c.shape
    if not fits or a.shape[-1] != b.shape[-1] or a.shape[-2] % b.shape[-2]:
        raise ValueError(
            located(f"dot_product_attention: query {a}, key {b} and value {c} do not fit together")
        )
    heads, size = a.shape[-2:]
    if heads != b.shape[-2]:
        k, v = (as_value(repeat(x, heads // b.shape[-2], axis=-2)) for x in (k, v))
    scores = einsum_values("...tnh,...snh->...nts", q, k)
    scores = ew.mul(scores, 1 / math.sqrt(size) if scale is None else as_value(scale, "scale"))
    if bias is not None:
        scores = ew.add(scores, as_value(bias, "bias"))
    seen = _seen(
        a.shape[-3], b.shape[-3], mask, is_causal, key_value_seq_lengths, local_window_size
    )
    if seen is not None:
        lowest = -0.7 * float(np.finfo(get_aval(scores).dtype).max)
        scores = select(seen, scores, get_aval(scores).dtype.type(lowest))
    out = einsum_values("...nts,...snh->...tnh", as_value(softmax(scores)), v)
    if query_seq_lengths is not None:
        known = _shorter(np.arange(a.shape[-3])[:, None, None], query_seq_lengths)
        out = select(known, out, get_aval(out).dtype.type(0))
    return out
