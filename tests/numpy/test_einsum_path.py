"""The order of products in einsum costs no more than the best one that NumPy knows."""

import math

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

import fgrad.numpy as fnp
from fgrad.numpy._einsum import plan
from fgrad.primitives.contract import einsum as contract
from tests.harness import assert_same


@st.composite
def networks(draw):
    """Subscripts of four tensors that share labels, and the size of each label."""
    labels = "abcdefg"
    terms = [
        "".join(draw(st.lists(st.sampled_from(labels), min_size=1, max_size=4, unique=True)))
        for _ in range(4)
    ]
    used = sorted(set("".join(terms)))
    out = "".join(draw(st.lists(st.sampled_from(used), max_size=3, unique=True)))
    sizes = {c: draw(st.integers(1, 12)) for c in used}
    return f"{','.join(terms)}->{out}", sizes


def numpys_cost(subscripts, sizes):
    """The multiplications of NumPy's optimal path: for each product, the size of all its labels."""
    inputs, out = subscripts.split("->")
    terms = inputs.split(",")
    shapes = [np.broadcast_to(0.0, [sizes[c] for c in t]) for t in terms]
    total = 0
    for chosen in np.einsum_path(subscripts, *shapes, optimize="optimal")[0][1:]:
        picked = [terms[i] for i in chosen]
        terms = [t for i, t in enumerate(terms) if i not in chosen]
        together = set("".join(picked))
        total += math.prod(sizes[c] for c in together) * (len(picked) - 1)
        terms.append("".join(together & set(out).union(*terms)))
    return total


def our_cost(subscripts, sizes):
    """The multiplications of the products that the plan holds."""
    shapes = tuple(tuple(sizes[c] for c in t) for t in subscripts.split("->")[0].split(","))
    values, total = list(shapes), 0
    for operation, indices, params in plan(subscripts, shapes):
        arrays = [np.broadcast_to(0.0, values[i]) for i in indices]
        if operation is contract:
            labels = params["subscripts"].split("->")[0].split(",")
            known = {c: n for t, i in zip(labels, indices, strict=True)
                     for c, n in zip(t, values[i], strict=True)}  # fmt: skip
            total += math.prod(known.values())
        values.append(np.shape(operation(*arrays, **params)))
    return total


@given(networks())
@example(("ab,bc,cd,da->", {"a": 2, "b": 9, "c": 3, "d": 8}))
@example(("ab,bc,cd,de->ae", {"a": 10, "b": 2, "c": 12, "d": 3, "e": 11}))
def test_four_tensors(network):
    """As good as NumPy's optimal path, and the right numbers."""
    subscripts, sizes = network
    assert our_cost(subscripts, sizes) <= numpys_cost(subscripts, sizes)


@given(networks(), st.integers(0, 2**32 - 1))
def test_their_numbers(network, seed):
    """What NumPy's einsum gives."""
    subscripts, sizes = network
    rng = np.random.default_rng(seed)
    xs = [rng.normal(size=[min(sizes[c], 3) for c in t])
          for t in subscripts.split("->")[0].split(",")]  # fmt: skip
    want = np.einsum(subscripts, *xs)
    # rounding is relative to the sum of the absolute values, which may be far above the result
    scale = np.max(np.einsum(subscripts, *map(np.abs, xs)), initial=1e-3)
    got = fnp.einsum(subscripts, *xs)
    assert_same(np.asarray(got) / scale, np.asarray(want) / scale, scale=1e3)
