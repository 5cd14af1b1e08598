"""Whether two results that ought to be equal are, up to rounding."""

import numpy as np

from fgrad.core.tree import explain_mismatch, tree_flatten
from fgrad.testing._leaves import Leaves, epsilon, is_inexact


def compare(problem, got, want, label="the output", others=(), atol=None, rtol=None, hint=""):
    """Fail unless two pytrees have equal structure, shapes, dtypes and numbers.

    Numbers may differ by some roundings of the largest number of their array, and by what `others`
    show.

    Parameters
    ----------
    problem : Problem
        What is checked, for messages.
    got, want : pytree
    label : str or list of str
        What to call the pytrees, or each of their children.
    others : sequence of pytree
        What `want` might have been but for rounding, such as the result at a place one rounding
        away.
    atol, rtol : float, optional
        Further differences to allow; by default none, and ``eps ** 0.75``, relative to the largest
        number of the array.
    hint : str
        What else to tell.
    """
    got_leaves, structure = tree_flatten(got)
    want_leaves, wanted = tree_flatten(want)
    if structure != wanted:
        where = label if isinstance(label, str) else "the structure"
        hint = explain_mismatch(wanted, structure, "what is wanted", "what was got")
        problem.fail(where, str(structure), str(wanted), hint=hint)
    others = [tree_flatten(o)[0] for o in others]
    places = Leaves(want, label)
    for i, (g, w) in enumerate(zip(got_leaves, want_leaves, strict=True)):
        g, w = np.asarray(g), np.asarray(w)
        if g.shape != w.shape or g.dtype != w.dtype:
            problem.fail(
                places.place_of_leaf(i),
                f"an array of shape {g.shape} and dtype {g.dtype}",
                f"shape {w.shape} and dtype {w.dtype}",
                hint=hint,
            )
        if not w.size:
            continue
        error, tolerance = _difference(g, w, [np.asarray(o[i]) for o in others], atol, rtol)
        wrong = ~(error <= tolerance)
        if wrong.any():
            index = np.unravel_index(np.argmax(np.where(wrong, error, -1)), w.shape)
            problem.fail(
                places.place_of_leaf(i, index),
                g[index],
                w[index],
                float(error[index]),
                float(tolerance[index]),
                hint,
            )


def _difference(g, w, others, atol, rtol):
    """How far numbers are apart, and how far they may be."""
    if not is_inexact(w):
        return (g != w).astype(float), np.zeros(w.shape)
    with np.errstate(all="ignore"):
        same = (g == w) | (np.isnan(g) & np.isnan(w))
        error = np.where(same, 0, np.abs(g - w))
        size = np.abs(w[np.isfinite(w)]).max(initial=0)
        rtol = epsilon(w) ** 0.75 if rtol is None else rtol
        spread = [np.nan_to_num(np.abs(o - w), posinf=0) for o in others if o.shape == w.shape]
        tolerance = (atol or 0) + rtol * float(size) + 10 * sum(spread, np.zeros(w.shape))
    error = np.where(np.isnan(error), np.inf, error)
    return error, tolerance
