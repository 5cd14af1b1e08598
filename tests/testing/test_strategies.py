"""The strategies draw what they say, and shrink to what is simple."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import fgrad
from fgrad.testing import strategies as fst
from fgrad.testing._report import show

DTYPES = ["float64", "float32", "complex128", "int32", "bool", "uint8"]
QUICK = settings(max_examples=200, database=None)


@given(st.data(), st.sampled_from(DTYPES), fst.shapes())
def test_arrays_have_the_dtype_shape_and_range(data, dtype, shape):
    x = data.draw(fst.arrays(dtype, shape, min_value=-3, max_value=2))
    assert x.dtype == dtype and x.shape == shape
    for part in (np.real(x), np.imag(x)):
        if dtype != "bool":
            assert np.all((part >= -3) & (part <= 2))
    if shape == ():
        assert isinstance(x, np.generic)


@pytest.mark.parametrize("special", [np.isnan, np.isposinf, np.isneginf])
def test_special_values_are_drawn(special):
    x = find(fst.arrays("float32", (2,), special=True), lambda x: special(x).any(), settings=QUICK)
    assert x.dtype == np.float32


def test_numbers_refuse_what_is_no_number():
    with pytest.raises(TypeError, match="must be one of numbers"):
        fst.numbers("U3")


@given(fst.separated_arrays(("float64", "float32"), gap=0.5))
def test_separated_arrays_keep_clear_of_kinks_and_ties(x):
    signed = np.append(np.sort(np.ravel(x)), 0)
    gaps = np.abs(np.subtract.outer(signed, signed))
    assert np.all(gaps[~np.eye(len(signed), dtype=bool)] >= 0.5)


@given(fst.broadcastable(3))
def test_broadcastable_arrays_broadcast(group):
    assert len(group) == 3
    np.broadcast_arrays(*group)


@given(st.data(), st.sampled_from([("float64", 1e-12), ("complex128", 1e-12), ("float32", 1e-5)]))
def test_matrices_have_their_property(data, kind):
    dtype, tolerance = kind
    batch = data.draw(st.sampled_from([(), (2,)]))
    options = {"dtype": dtype, "batch": batch}
    q = data.draw(fst.orthogonal_matrices(**options))
    assert q.dtype == dtype and q.shape[:-2] == batch
    product = q @ q.swapaxes(-1, -2).conj()
    np.testing.assert_allclose(product, np.eye(q.shape[-1]) + 0 * product, atol=tolerance)
    a = data.draw(fst.well_conditioned_matrices(condition=5.0, **options))
    assert np.all(np.linalg.cond(a) <= 5 * (1 + 10 * tolerance))
    p = data.draw(fst.positive_definite_matrices(3, condition=5.0, **options))
    np.testing.assert_array_equal(p, p.swapaxes(-1, -2).conj())
    values = np.linalg.eigvalsh(p)
    assert values.min() >= 1 - 10 * tolerance and values.max() <= 5 * (1 + 10 * tolerance)


def test_matrices_may_reflect():
    q = find(fst.orthogonal_matrices(2), lambda q: np.linalg.det(q) < 0, settings=QUICK)
    np.testing.assert_array_equal(np.abs(q), np.eye(2))


@given(fst.pytrees(st.integers()))
def test_pytrees_are_trees(tree):
    leaves, treedef = fgrad.tree.flatten(tree)
    assert all(isinstance(leaf, int) for leaf in leaves)
    assert fgrad.tree.unflatten(treedef, leaves) == tree


@given(st.data(), st.integers(0, 3))
def test_axes_are_what_numpy_sums_over(data, ndim):
    x = np.ones((2,) * ndim)
    assert np.ndim(np.sum(x, axis=data.draw(fst.axes(ndim)))) <= ndim
    if ndim:
        assert isinstance(data.draw(fst.axes(ndim, several=False)), int)
    else:
        with pytest.raises(ValueError, match="no axes"):
            data.draw(fst.axes(0, several=False))


@given(st.data(), fst.shapes())
def test_indices_are_what_numpy_takes(data, shape):
    x = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    index = data.draw(fst.indices(shape))
    assert np.isin(x[index], x).all()


KINDS = {
    "an integer": lambda i: isinstance(i, int),
    "a slice backwards": lambda i: isinstance(i, slice) and (i.step or 1) < 0,
    "an ellipsis": lambda i: i is ...,
    "a new axis": lambda i: i is None,
    "an integer array": lambda i: isinstance(i, np.ndarray) and i.dtype == int and i.ndim > 0,
    "a mask of one axis": lambda i: isinstance(i, np.ndarray) and i.dtype == bool and i.ndim == 1,
}


def test_every_kind_of_index_is_drawn_beside_another():
    seen = set()

    @settings(max_examples=500, database=None, derandomize=True)
    @given(fst.indices((2, 3)))
    def draw(index):
        if isinstance(index, tuple) and len(index) > 1:
            seen.update(kind for kind, test in KINDS.items() if any(map(test, index)))

    draw()
    assert seen == set(KINDS)


@given(st.data(), fst.pytrees(fst.arrays("float64"), max_leaves=3))
def test_in_axes_are_what_vmap_takes(data, tree):
    args = (tree, np.ones(2))
    spec = data.draw(fst.in_axes(args))
    assert fgrad.tree.leaves(spec)
    full = (spec, spec) if isinstance(spec, int) else spec
    axes = [fgrad.tree.broadcast(a, t, is_leaf=lambda a: a is None)
            for a, t in zip(full, args, strict=True)]  # fmt: skip
    batched = fgrad.tree.map(
        lambda a, x: x if a is None else np.stack([x, x], axis=a),
        tuple(axes), args, is_leaf=lambda a: a is None,
    )  # fmt: skip
    out = fgrad.vmap(lambda *args: args, in_axes=spec)(*batched)
    for got, leaf in zip(fgrad.tree.leaves(out), fgrad.tree.leaves(args), strict=True):
        np.testing.assert_array_equal(got, np.stack([leaf, leaf]))


def test_in_axes_need_something_to_map():
    with pytest.raises(ValueError, match="nothing to map"):
        find(fst.in_axes(((), {})), lambda spec: True, settings=QUICK)


@given(fst.keys())
def test_keys_are_two_words(key):
    assert key.shape == (2,) and key.dtype == np.uint32


def test_failing_examples_can_be_pasted():
    @settings(database=None)
    @given(fst.arrays("float32", (2,)), fst.arrays("float64", (0,)))
    def fails(x, empty):
        assert x[1] < 1

    with pytest.raises(AssertionError) as failure:
        fails()
    note = "".join(failure.value.__notes__[0].split())
    pasted = "x=np.array([0.0,1.0],np.float32),empty=np.zeros((0,),np.float64)"
    assert note.endswith(f"fails({pasted},)")


@given(
    fst.pytrees(fst.arrays(DTYPES, special=True), max_leaves=3)
    | fst.pytrees(fst.numbers("complex128", special=True))
)
def test_shown_arguments_are_their_source(tree):
    again = eval(show(tree), {"np": np})
    assert fgrad.tree.structure(again) == fgrad.tree.structure(tree)
    for got, want in zip(fgrad.tree.leaves(again), fgrad.tree.leaves(tree), strict=True):
        assert type(got) is type(want) and np.result_type(got) == np.result_type(want)
        np.testing.assert_array_equal(got, want)


def test_without_hypothesis_the_error_says_what_to_install():
    code = """
import sys
sys.modules["hypothesis"] = None
import fgrad.testing
try:
    import fgrad.testing.strategies
except ImportError as e:
    print(e)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'fgrad[testing]'" in ran.stdout, ran.stderr
