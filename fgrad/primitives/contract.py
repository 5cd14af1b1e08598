"""Products of two arrays summed over shared axes: the one contraction, in Einstein's notation.

``einsum[subscripts='ab,bc->ac']``. No label stands twice in an operand, and none stands in one
operand alone (it is summed beforehand): so the transpose by either operand is an einsum again, a
transposition of an operand or of the result is a change of letters, and batching adds a letter.
"""

from functools import lru_cache

import numpy as np

from fgrad.core.avals import result_aval
from fgrad.core.letters import LOWERCASE, UPPERCASE
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Undefined
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add


@lru_cache(4096)
def parse(subscripts: str) -> tuple[str, str, str]:
    """The labels of left operand, right operand and result."""
    inputs, out = subscripts.split("->")
    lhs, rhs = inputs.split(",")
    return lhs, rhs, out


class Plan:
    """How a contraction becomes one matrix product: permute, flatten, multiply, restore.

    Attributes
    ----------
    swap : bool
        Whether the right operand comes first, so that the result needs no transposition.
    first, second : tuple of int
        Permutations of the operands to (batch, free, contracted) and (batch, contracted, free).
    groups : tuple of int
        How many batch, first-free, contracted and second-free labels there are.
    out : tuple of int
        Permutation of (batch, first-free, second-free) to the result.
    matrices : bool
        Whether the permuted operands are what NumPy's matmul takes.
    direct : bool
        Whether, moreover, its result is the result.
    """

    __slots__ = ("direct", "first", "groups", "matrices", "out", "second", "swap")

    def __init__(self, subscripts):
        lhs, rhs, out = parse(subscripts)
        batch = [c for c in out if c in lhs and c in rhs]
        lfree = [c for c in out if c in lhs and c not in rhs]
        rfree = [c for c in out if c in rhs and c not in lhs]
        inner = [c for c in rhs if c in lhs and c not in out]
        # free labels in the order of the result; the operand whose letters come first goes first
        self.swap = bool(lfree and rfree) and out.index(rfree[0]) < out.index(lfree[0])
        if self.swap:
            lhs, rhs, lfree, rfree = rhs, lhs, rfree, lfree
        natural = [c for c in lhs if c in inner]
        if len(inner) > 1 and [*batch, *lfree, *natural] == list(lhs):
            inner = natural
        self.first = _permutation(lhs, [*batch, *lfree, *inner])
        self.second = _permutation(rhs, [*batch, *inner, *rfree])
        self.groups = (len(batch), len(lfree), len(inner), len(rfree))
        self.out = _permutation("".join([*batch, *lfree, *rfree]), out)
        b, m, k, n = self.groups
        self.matrices = k == 1 and m <= 1 and n <= 1 and (b == 0 or m == n == 1)
        self.direct = self.matrices and self.out is None

    def __call__(self, x, y, out=None):
        """Contract two arrays, into `out` if given (its axes in the order of the result)."""
        if self.swap:
            x, y = y, x
        if self.first is not None:
            x = x.transpose(self.first)
        if self.second is not None:
            y = y.transpose(self.second)
        if self.direct:
            return np.matmul(x, y, out)
        b, m, k, n = self.groups
        if k == 0:
            x = x.reshape((*x.shape, *(1,) * n))
            y = y.reshape((*y.shape[:b], *(1,) * m, *y.shape[b:]))
            if out is not None and self.out is None:
                return np.multiply(x, y, out=out)
            z = np.multiply(x, y)
        elif self.matrices:
            z = np.matmul(x, y)
        else:
            shape = *x.shape[: b + m], *y.shape[b + k :]
            z = np.matmul(
                x.reshape(*x.shape[:b], _size(x.shape[b : b + m]), _size(x.shape[b + m :])),
                y.reshape(*y.shape[:b], _size(y.shape[b : b + k]), _size(y.shape[b + k :])),
            ).reshape(shape)
        if self.out is not None:
            z = z.transpose(self.out)
        if out is not None:
            out[...] = z
            return out
        return z if z.shape else z[()]


def _size(shape):
    size = 1
    for n in shape:
        size *= n
    return size


def _permutation(have, want):
    order = tuple([list(have).index(c) for c in want])
    return None if order == tuple(range(len(order))) else order


plan = lru_cache(4096)(Plan)


def _impl(x, y, *, subscripts):
    if type(x) is np.ndarray and type(y) is np.ndarray:
        return plan(subscripts)(x, y)
    dtype = np.result_type(x, y)  # a Python scalar takes the dtype of the other operand
    x, y = np.asarray(x, dtype), np.asarray(y, dtype)
    return plan(subscripts)(x, y)


def _aval(x, y, *, subscripts):
    lhs, rhs, out = parse(subscripts)
    sizes = {}
    for labels, a in ((lhs, x), (rhs, y)):
        if len(labels) != a.ndim:
            raise ValueError(located(f"einsum: {labels!r} names {len(labels)} axes of {a}"))
        for c, n in zip(labels, a.shape, strict=True):
            if sizes.setdefault(c, n) != n:
                raise ValueError(
                    located(
                        f"a product of shapes {x.shape} and {y.shape} needs equal sizes along the "
                        f"axes it sums or shares; got {sizes[c]} and {n} (einsum {subscripts!r})"
                    )
                )
    return result_aval(tuple([sizes[c] for c in out]), (x, y))


def _jvp(primals, tangents, *, subscripts):
    (x, y), (tx, ty) = primals, tangents
    ans = einsum(x, y, subscripts=subscripts)
    terms = []
    if tx is not None:
        terms.append(einsum(tx, y, subscripts=subscripts))
    if ty is not None:
        terms.append(einsum(x, ty, subscripts=subscripts))
    return ans, terms[0] if len(terms) == 1 else add(*terms)


@lru_cache(4096)
def _transposed(subscripts):
    """The subscripts of the transposes by the left and by the right operand."""
    lhs, rhs, out = parse(subscripts)
    return f"{out},{rhs}->{lhs}", f"{lhs},{out}->{rhs}"


def _transpose(ct, x, y, *, subscripts):
    by_left, by_right = _transposed(subscripts)
    if type(x) is Undefined:
        return einsum(ct, y, subscripts=by_left), None
    return None, einsum(x, ct, subscripts=by_right)


def _batch(args, dims, size, *, subscripts):
    lhs, rhs, out = parse(subscripts)
    new = next(c for c in LOWERCASE + UPPERCASE if c not in subscripts)
    dx, dy = dims
    lhs = lhs if dx is None else lhs[:dx] + new + lhs[dx:]
    rhs = rhs if dy is None else rhs[:dy] + new + rhs[dy:]
    return einsum(*args, subscripts=f"{lhs},{rhs}->{new}{out}"), 0


einsum = Primitive("einsum")
einsum.blas = True
set_rules(
    einsum,
    impl=_impl,
    abstract_eval=_aval,
    jvp=_jvp,
    linear="each",
    transpose=_transpose,
    batch=_batch,
)


def matmul_subscripts(m: int, n: int) -> tuple[str, str, str]:
    """Labels of NumPy's matmul for operands of `m` and `n` axes, with equal batch axes."""
    batch = LOWERCASE[: max(m, n) - 2] if max(m, n) > 2 else ""
    lhs = "X" if m == 1 else batch[len(batch) - (m - 2) :] + "YX"
    rhs = "X" if n == 1 else batch[len(batch) - (n - 2) :] + "XZ"
    return lhs, rhs, batch + "Y" * (m > 1) + "Z" * (n > 1)
