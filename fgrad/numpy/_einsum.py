"""Einstein's notation for any number of arrays, as a sequence of products of two.

A call is planned once for its subscripts and shapes; the plan is a list of operations, each on
values numbered in the order in which they arise.
"""

from functools import lru_cache

import numpy as np

from fgrad.core.letters import LOWERCASE, UPPERCASE
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._diagonal import diagonal_values
from fgrad.numpy._face import public, refuse, unweak, value
from fgrad.primitives.contract import einsum as contract
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import astype, reshape, transpose

_LETTERS = UPPERCASE + LOWERCASE


def parse(subscripts: str, ranks) -> tuple[list[str], str]:
    """The labels of the operands and of the result, every axis with its own letter."""
    text = subscripts.replace(" ", "")
    inputs, arrow, out = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ranks):
        raise ValueError(
            f"{subscripts!r} is for {len(terms)} operands, and {len(ranks)} were given"
        )
    free = [c for c in reversed(_LETTERS) if c not in text]
    dots = [rank - len(t.replace("...", "")) for t, rank in zip(terms, ranks, strict=True)]
    hidden = max((n for t, n in zip(terms, dots, strict=True) if "..." in t), default=0)
    letters = "".join(reversed(free[: max(hidden, 0)]))
    full = []
    for term, n, rank in zip(terms, dots, ranks, strict=True):
        if n < 0 or (n and "..." not in term):
            raise ValueError(f"{term!r} of {subscripts!r} does not fit an operand of {rank} axes")
        full.append(term.replace("...", letters[len(letters) - n :]))
    for c in "".join(full):
        if c not in _LETTERS:
            raise ValueError(f"{subscripts!r} holds {c!r}, which is no letter")
    joined = "".join(full)
    if not arrow:
        named = sorted(c for c in set(joined) - set(letters) if joined.count(c) == 1)
        return full, letters + "".join(named)
    if hidden > 0 and "..." not in out:
        raise ValueError(f"the result of {subscripts!r} must hold the '...' of the operands")
    out = out.replace("...", letters)
    if len(set(out)) != len(out) or not set(out) <= set(joined):
        raise ValueError(
            f"the result of {subscripts!r} must name labels of the operands, each once"
        )
    return full, out


class _Planner:
    """Writes the operations down; `values` are their results, known by their number."""

    def __init__(self, shapes):
        self.shapes = list(shapes)
        self.steps = []

    def emit(self, shape, operation, *indices, **params):
        self.steps.append((operation, indices, params))
        self.shapes.append(shape)
        return len(self.shapes) - 1

    def diagonal(self, k, labels):
        """Take the diagonal of axes that share a label."""
        for c in dict.fromkeys(labels):
            while labels.count(c) > 1:
                i = labels.index(c)
                j = labels.index(c, i + 1)
                shape = self.shapes[k]
                if shape[i] != shape[j]:
                    raise ValueError(f"the label {c!r} has the sizes {shape[i]} and {shape[j]}")
                rest = [n for axis, n in enumerate(shape) if axis not in (i, j)]
                k = self.emit((*rest, shape[i]), diagonal_values, k, axis1=i, axis2=j)
                labels = labels[:i] + labels[i + 1 : j] + labels[j + 1 :] + c
        return k, labels

    def drop(self, k, labels, unwanted, operation):
        """Sum over labels, or drop those of size one."""
        axes = tuple(i for i, c in enumerate(labels) if c in unwanted)
        if not axes:
            return k, labels
        shape = tuple(n for i, n in enumerate(self.shapes[k]) if i not in axes)
        params = {"axes": axes} if operation is reduce_sum else {"new_sizes": shape}
        k = self.emit(shape, operation, k, **params)
        return k, "".join(c for c in labels if c not in unwanted)

    def pair(self, first, second, wanted):
        """The product of two values, summed over all labels but the wanted ones."""
        (k, a), (l, b) = first, second
        k, a = self.drop(k, a, set(a) - set(b) - wanted, reduce_sum)
        l, b = self.drop(l, b, set(b) - set(a) - wanted, reduce_sum)
        out = "".join(c for c in dict.fromkeys(a + b) if c in wanted)
        return self.contract(k, a, l, b, out)

    def contract(self, k, a, l, b, out):
        sizes = dict(zip(a + b, self.shapes[k] + self.shapes[l], strict=True))
        shape = tuple(sizes[c] for c in out)
        return self.emit(shape, contract, k, l, subscripts=f"{a},{b}->{out}"), out


def _sizes(terms, shapes):
    """The size of each label; an axis of length one fits every size."""
    sizes = {}
    for labels, shape in zip(terms, shapes, strict=True):
        for c, n in zip(labels, shape, strict=True):
            have = sizes.get(c, 1)
            if 1 not in (have, n) and have != n:
                raise ValueError(f"the label {c!r} has the sizes {have} and {n}")
            sizes[c] = n if have == 1 else have
    return sizes


def _path(terms, out, sizes):
    """Which operands to multiply, one tuple of positions after the other."""
    if len(terms) <= 2:
        return [tuple(range(len(terms)))]
    dummies = [np.broadcast_to(0.0, [sizes[c] for c in t]) for t in terms]
    kind = "optimal" if len(terms) <= 4 else "greedy"
    return np.einsum_path(f"{','.join(terms)}->{out}", *dummies, optimize=kind)[0][1:]


@lru_cache(1024)
def plan(subscripts, shapes):
    """The operations that carry out an einsum; the last value is the result."""
    terms, out = parse(subscripts, [len(s) for s in shapes])
    sizes = _sizes(terms, shapes)
    p = _Planner(shapes)
    operands = []
    for k, labels in enumerate(terms):
        k, labels = p.diagonal(k, labels)
        stretched = {c for c, n in zip(labels, p.shapes[k], strict=True) if n == 1 != sizes[c]}
        operands.append(p.drop(k, labels, stretched, reshape))
    for chosen in _path([labels for _, labels in operands], out, sizes):
        picked = [operands[i] for i in chosen]
        operands = [o for i, o in enumerate(operands) if i not in chosen]
        while len(picked) > 1:
            first, second, *picked = picked
            others = set(out).union(*(labels for _, labels in operands + picked))
            picked.insert(0, p.pair(first, second, others))
        operands += picked
    ((k, labels),) = operands
    k, labels = p.drop(k, labels, set(labels) - set(out), reduce_sum)
    if labels != out:
        if p.steps and p.steps[-1][0] is contract:  # the product writes its result in any order
            operation, indices, params = p.steps.pop()
            inputs = params["subscripts"].partition("->")[0]
            p.steps.append((operation, indices, {"subscripts": f"{inputs}->{out}"}))
        else:
            p.emit(None, transpose, k, permutation=tuple(labels.index(c) for c in out))
    return p.steps


def einsum_values(subscripts, *xs):
    """NumPy's einsum of values or tracers."""
    try:
        steps = plan(subscripts, tuple([get_aval(x).shape for x in xs]))
    except ValueError as e:
        raise ValueError(located(f"einsum: {e}")) from None
    if len({get_aval(x).dtype for x in xs}) > 1:
        # before anything is summed: a sum of booleans or small integers is another number
        common = np.result_type(*[get_aval(x).dtype for x in xs])
        xs = [astype(x, common) for x in xs]
    values = list(xs)
    for operation, indices, params in steps:
        values.append(operation(*[values[i] for i in indices], **params))
    return values[-1]


def _from_lists(operands):
    """Subscripts and operands of the form ``einsum(x, [0, 1], y, [1, 2], [0, 2])``."""
    out = operands[-1] if len(operands) % 2 else None
    pairs = operands[: len(operands) - len(operands) % 2]
    named = {c for labels in (*pairs[1::2], out or ()) for c in labels if c is not Ellipsis}
    letter = dict(zip(sorted(named), _LETTERS, strict=False))

    def text(labels):
        return "".join("..." if c is Ellipsis else letter[c] for c in labels)

    subscripts = ",".join(map(text, pairs[1::2]))
    return subscripts if out is None else f"{subscripts}->{text(out)}", pairs[::2]


@public
def einsum(
    subscripts,
    *operands,
    out=None,
    optimize=True,
    dtype=None,
    casting="safe",
    order="K",
    precision=None,
    preferred_element_type=None,
):
    """Sums of products of arrays, in Einstein's notation.

    Parameters
    ----------
    subscripts : str
        Such as ``'ij,jk->ik'``: a letter for each axis; letters that the result lacks are summed
        over; ``...`` stands for further axes. Or operands and lists of labels in turn.
    *operands : array-like
    out : None
        Not supported.
    optimize : bool or str
        Accepted for compatibility: the order of the products is always chosen by their cost.
    dtype, preferred_element_type : dtype-like, optional
        What to compute in.
    casting : str
        Which conversions to `dtype` are allowed.
    order : str
        Accepted for compatibility.
    precision : None
        Accepted for compatibility.

    Returns
    -------
    array

    Raises
    ------
    TypeError
        If an operand cannot be cast.
    ValueError
        If the subscripts do not fit the operands.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.einsum("ij,j->i", fnp.ones((2, 3)), fnp.ones(3))
    Array([3., 3.])
    """
    refuse("einsum", out=out)
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists((subscripts, *operands))
    xs = [unweak(value(x, f"einsum: operand {i}")) for i, x in enumerate(operands)]
    for x in xs if dtype is not None else ():
        if not np.can_cast(get_aval(x).dtype, np.dtype(dtype), casting):
            raise TypeError(
                located(f"einsum: cannot cast {get_aval(x)} to {np.dtype(dtype)} by the rule "
                        f"{casting!r}")
            )  # fmt: skip
    dtype = dtype if dtype is not None else preferred_element_type
    if dtype is not None:
        xs = [astype(x, np.dtype(dtype)) for x in xs]
    return einsum_values(subscripts, *xs)


def einsum_path(subscripts, *operands, optimize="greedy"):
    """The order of products that NumPy would choose; see `numpy.einsum_path`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.einsum_path("ij,jk->ik", fnp.ones((2, 2)), fnp.ones((2, 2)))[0]
    ['einsum_path', (0, 1)]
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists((subscripts, *operands))
    dummies = [np.broadcast_to(0.0, get_aval(value(x)).shape) for x in operands]
    return np.einsum_path(subscripts, *dummies, optimize=optimize)
