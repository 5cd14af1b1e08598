"""Assignment into traced arrays: as in NumPy, or an error where memory would be shared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad.errors import StaleViewError
from fgrad.testing import check_grads
from tests.harness import assert_same

X = np.array([0.5, -1.0, 2.0, 3.0])


def elements(np, x):
    y = np.sin(x)
    y[0] = x[1] * 2
    y[1:] *= 3
    y[2] += 1.0
    y[-1] = y[0] ** 2
    return y


def filled(np, x):
    y = np.zeros_like(x)
    for i in range(1, 4):
        y[i] = y[i - 1] * x[i] + x[i - 1]
    z = np.empty_like(y)
    z[:2] = y[2:]
    z[2:] = y[:2] * x[0]
    return z


def operators(np, x):
    y = x * 2
    y += x
    y -= 1
    y *= y
    y /= 2.0
    y **= 2
    y %= 7.0
    y //= 0.25
    return y + x


def overlapping(np, x):
    y = x + 0
    y[1:] = y[:-1]
    y[::2] += y[::-2]
    return y


def copies(np, x):
    y = x * 1
    a, b, c, d = y.copy(), np.copy(y), y.flatten(), y.astype(float)
    y[0] = 5.0
    return np.stack([a, b, c, d]) * y


def outputs(np, x):
    y = x * 1
    np.add(y, x, out=y)
    np.multiply(y, 2.0, out=y, where=np.arange(4) > 1)
    z = np.empty_like(x)
    np.exp(x, z)
    np.cumsum(z, out=z)
    np.add.at(y, [0, 0, 2], x[:3])
    np.copyto(z, x, where=np.arange(4) > 2)
    return y * z


def masked(np, x):
    y = x * 1
    y[np.array([True, False, True, False])] = x[:2]
    y[[3, 0]] = y[[0, 3]]
    return y


def argument(np, x):
    x[0] = 3.0
    x *= 2
    return x**2


def swapped(np, x):
    y = x * 1
    for i in range(2):
        t = y[i]
        y[i] = y[3 - i]
        y[3 - i] = t
    return y


def matrix(np, x):
    a = np.zeros_like(x[:, None] * x)
    a[0] = x
    a[:, 1] += x
    a[1:3, 2:] = x[:2, None] * x[2:]
    a[2][1] = x[0]
    return a @ x


PROGRAMS = [elements, filled, operators, overlapping, copies, outputs, masked, argument, swapped]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_as_numpy(program):
    """NumPy's own result, under every transformation; the caller's array stays as it is."""
    want = program(np, X.copy())
    f = lambda x: program(np, x)
    x = X.copy()
    value, linear = fgrad.linearize(f, x)
    primal, tangent = fgrad.jvp(f, (x,), (np.cos(x),))
    assert_same(value, want, dtype=False)
    assert_same(primal, want, dtype=False)
    assert_same(linear(np.cos(x)), tangent, 10)
    assert_same(fgrad.jit(f)(x), want, 10)
    assert_same(fgrad.vmap(f)(np.stack([x, x]))[1], want)
    assert_same(fgrad.checkpoint(f)(x), want)
    total = lambda x: (f(x) * np.arange(1.0, np.size(want) + 1).reshape(np.shape(want))).sum()
    g = fgrad.grad(total)(x)
    assert_same(fgrad.jit(fgrad.grad(total))(x), g, 10)
    assert_same(fgrad.grad(fgrad.jit(total))(x), g, 10)
    assert_same(fgrad.vmap(fgrad.grad(total))(np.stack([x, x]))[0], g, 10)
    assert_same(fgrad.vjp(total, x)[1](1.0)[0], g)
    # the last steps of one have no slope; the other changes the arrays that differences are made of
    if program not in (operators, argument):
        check_grads(total, (x,), 1)
    assert (x == X).all()


def test_arrays_made_inside_a_transformed_function():
    def f(x):
        y = fnp.zeros((2, 4))
        y[0] = x
        y[1, 1:3] = x[:2] ** 2
        return (y * y).sum()

    want = 2 * X + np.array([4 * X[0] ** 3, 4 * X[1] ** 3, 0, 0])
    for g in (fgrad.grad(f), fgrad.jit(fgrad.grad(f)), fgrad.grad(fgrad.jit(f))):
        assert_same(g(X), want)
    assert_same(fgrad.vmap(fgrad.grad(f))(X[None])[0], want)
    assert_same(fgrad.vmap(lambda x: f(x))(np.stack([X, 2 * X])), np.array([f(X), f(2 * X)]))


@pytest.mark.parametrize("transform", (lambda f: f, fgrad.jit, fgrad.grad))
def test_what_is_computed_of_such_arrays_alone_is_an_array(transform):
    """It has `.at`, as outside of transformed functions."""

    def f(x):
        y = fnp.zeros(3)
        for z in (2 * y, y + 1, y / 2, y**2, 2**y, -y, abs(y), y // 1, y == 0, y @ fnp.eye(3)):
            assert isinstance(z, fgrad.Array)
            z = z.at[0].set(1)
        return x * z[0]

    assert transform(f)(1.0) == 1.0


def test_inside_loops_and_branches():
    def f(x):
        def body(c, v):
            out = fnp.empty(2)
            out[0] = c[1] * v
            out[1] = c[0] + v
            return out, out.sum()

        def branch(y):
            y[0] *= 2.0
            return y

        c, ys = fgrad.lax.scan(body, fnp.ones(2), x)
        return fgrad.lax.cond(c[0] > 100, lambda y: y, branch, ys).sum()

    check_grads(f, (X,), 2)
    assert_same(fgrad.jit(f)(X), f(X))


def test_a_constant_stays_one_until_it_is_assigned_a_traced_value():
    """Nothing is differentiated or batched for its sake."""
    closed = fgrad.make_jaxpr(lambda x: x * (fnp.zeros(3) + 1).sum())(1.0)
    assert [e.primitive.name for e in closed.eqns] == ["mul"]

    @fgrad.custom_jvp
    def g(x):
        return x * 2

    @g.defjvp
    def _(primals, tangents):
        return g(*primals), tangents[0] * 2 + fnp.zeros_like(tangents[0])

    assert_same(fgrad.grad(lambda x: g(x).sum())(X), np.full(4, 2.0))


VIEWS = {
    "slice": lambda x: x[1:],
    "step": lambda x: x[::-1],
    "new axis": lambda x: x[None],
    "reshape": lambda x: x.reshape(2, 2),
    "transpose": lambda x: x.reshape(2, 2).T,
    "ravel": lambda x: x.reshape(2, 2).ravel(),
    "broadcast": lambda x: np.broadcast_to(x, (3, 4)),
    "split": lambda x: np.split(x, 2)[1],
    "squeeze": lambda x: x[:, None].squeeze(),
    "flip": lambda x: np.flip(x),
    "of a view": lambda x: x[1:][1:],
    "expand": lambda x: np.expand_dims(x, 0),
    "moveaxis": lambda x: np.moveaxis(x.reshape(2, 2), 0, 1),
    "atleast": lambda x: np.atleast_2d(x),
    "ellipsis": lambda x: x[2, ...],
    "of an ellipsis": lambda x: np.atleast_1d(x[2, ...]),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())
@pytest.mark.parametrize("transform", [fgrad.grad, fgrad.jit, fgrad.vmap, fgrad.jacfwd])
def test_what_numpy_would_have_changed_is_refused(view, transform):
    def base_first(x):
        y = x * 2
        v = view(y)
        y[2] = 7.0
        return v.sum()

    def view_first(x):
        y = x * 2
        v = view(y)
        v *= 7.0
        return y.sum()

    def siblings(x):
        y = x * 2
        v, w = view(y), y[2:]
        v += 1.0
        return w.sum()

    x = X[None] if transform is fgrad.vmap else X
    assert np.shares_memory(X, view(X))
    for f in (base_first, view_first, siblings) if view(X).flags.writeable else (base_first,):
        with pytest.raises(
            StaleViewError, match=r"assigned into at [^\0]*test_inplace.py[^\0]*\.at"
        ):
            transform(f)(x)


@pytest.mark.parametrize("transform", [fgrad.grad, fgrad.jit, fgrad.vmap, fgrad.jacfwd])
def test_views_of_arrays_to_be_filled(transform):
    """An array of zeros is a constant until it is assigned into; its views wait for that too."""

    def row(x):
        y = fnp.zeros((2, 4))
        y[1] += x
        y[0, 1:] *= x[1:]
        return (y * x).sum()

    def lost(x):
        y = fnp.zeros(4)
        v = y[::-1]
        y[0] = x[1]
        return v.sum()

    def lost_through_the_view(x):
        y = fnp.zeros((2, 4))
        y.T[0] = x[0]
        v = y[1]
        v += x
        return y.sum()

    x = X[None] if transform is fgrad.vmap else X
    assert_same(transform(row)(x), transform(lambda x: (x * x).sum())(x))
    for f in (lost, lost_through_the_view):
        with pytest.raises(StaleViewError):
            transform(f)(x)


@pytest.mark.parametrize("part", ["real", "imag"])
def test_parts_of_complex_arrays_are_views(part):
    def f(x):
        y = x * (1 + 2j)
        v = getattr(y, part)
        v[0] = 5.0
        return y

    z = X + 1j
    assert np.shares_memory(z, getattr(z, part))
    for transform in (fgrad.jit, fgrad.jacfwd):
        with pytest.raises(StaleViewError):
            transform(lambda x: np.abs(f(x)))(X)


COPIES = {
    "concatenate": lambda np, x: np.concatenate([x]),
    "hstack": lambda np, x: np.hstack([x]),
    "column_stack": lambda np, x: np.column_stack([x[:, None]])[:, 0],
    "block": lambda np, x: np.block(x),
    "tile": lambda np, x: np.tile(x, 1),
    "tile twice": lambda np, x: np.tile(x, 2)[:4],
    "repeat": lambda np, x: np.repeat(x, 1),
    "roll": lambda np, x: np.roll(x, 0),
    "fftshift": lambda np, x: np.fft.fftshift(x, axes=()),
    "meshgrid": lambda np, x: np.meshgrid(x, x[:2])[0][0],
    "conj": lambda np, x: np.conj(x),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
def test_copies_share_nothing(copy):
    """Neither traced, where each goes on with its own values, nor as arrays, in memory."""

    def program(np, x):
        y = x * 2
        z = copy(np, y)
        y[1] = 7.0
        z[0] = x[2]
        return np.stack([y, z])

    want = program(np, X.copy())
    assert_same(fgrad.jit(lambda x: program(np, x))(X), want)
    assert_same(fgrad.linearize(lambda x: program(fnp, x), X)[0], want)
    assert not np.shares_memory(copy(fnp, X), X)


def test_functions_that_may_change_their_argument():
    def f(x):
        y = x / np.array([0.0, 1.0, 2.0, 4.0])
        np.nan_to_num(y, copy=False, posinf=9.0)
        return y

    with np.errstate(divide="ignore"):
        assert_same(fgrad.jit(f)(X), f(X))


def test_an_ellipsis_gives_an_array_where_an_integer_gives_a_number():
    def f(np, x):
        y = x * 2
        number, element = y[0], y[1, ...] * 1
        number += 1.0
        element += 1.0
        y[2, ...] += x[0]
        y[3, ...] = number
        return y * element

    want = f(np, X.copy())
    for transform in (fgrad.jit, lambda g: lambda x: fgrad.linearize(g, x)[0]):
        assert_same(transform(lambda x: f(np, x))(X), want)


def test_a_stale_view_that_is_wholly_overwritten():
    """NumPy would change the other array: this must not be lost."""

    def f(x):
        y = x * 2
        v = y[:2]
        y += 1.0
        v[...] = 3.0
        return y

    with pytest.raises(StaleViewError):
        fgrad.jit(f)(X)


def test_all_of_a_single_element():
    def f(x):
        y = x[:1] * 2
        y[...] -= 1.5
        y[0:] += x[1:2]
        return y

    assert_same(fgrad.jit(f)(X), f(X))


def test_a_view_that_is_not_used_any_more_is_no_concern():
    def f(x):
        y = x * 2
        for row in y.reshape(2, 2):
            last = row.sum()
        v = y[1:]
        y[0] = last
        v = y[1:]
        return (v * y[0]).sum()

    want = lambda x: (2 * x[1:] * 2 * (x[2] + x[3])).sum()
    assert_same(fgrad.grad(f)(X), fgrad.grad(want)(X))


def test_an_outer_array_cannot_be_assigned_into_inside():
    def f(x):
        y = x * 2

        def inner(z):
            y[0] = z
            return z**2

        return fgrad.grad(inner)(1.0) + y.sum()

    with pytest.raises(StaleViewError, match=r"outer function[^\0]*test_inplace.py"):
        fgrad.grad(f)(X)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (lambda y: y.__iadd__(np.ones((2, 4))), ValueError, "does not fit"),
        (lambda y: y.astype(np.float32).__iadd__(1j * np.ones(4)), TypeError, "same|cannot be wr"),
        (lambda y: y.__setitem__(slice(2), np.ones(3)), ValueError, "do not fit"),
        (lambda y: y.__setitem__(9, 1.0), IndexError, "out of bounds"),
        (lambda y: y.__setitem__(0, 1j), TypeError, "complex numbers cannot be assigned"),
    ],
)
def test_what_numpy_refuses(change, error, text):
    with pytest.raises(error, match=rf"{text}[^\0]*test_inplace.py"):
        fgrad.jit(lambda x: change(x * 1))(X)


# -- random programs -------------------------------------------------------------------------------

_PLACES = ["0", "-1", "1:", ":-1", "::2", "::-1", "[2, 0]", "..."]
_MAKE = [
    "{n} = {a} * 2", "{n} = {a}[{i}] * 1", "{n} = {a}[1:]", "{n} = {a}[::-1]",
    "{n} = {a}.reshape(2, 2)", "{n} = {a}.copy()", "{n} = {a}", "{n} = np.zeros_like({a})",
    "{n} = {a}.ravel()", "{n} = np.sin({a})", "{n} = {a}.T",
]  # fmt: skip
_CHANGE = [
    "{a}[{i}] = {b}.sum()", "{a}[{i}] += 1.5", "{a} += 1", "{a} *= {b}.mean()",
    "{a}[{i}] *= {b}.max()", "np.add({a}, 1.0, out={a})",
    "{a}[0], {a}[-1] = {a}[-1] * 1, {a}[0] * 1",
]  # fmt: skip


@st.composite
def assignments(draw):
    """Source of a function of an array that makes views and copies, and assigns into them."""
    names, lines = ["x"], []
    for k in range(draw(st.integers(1, 8))):
        a, b = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        template = draw(st.sampled_from(_MAKE + 2 * _CHANGE))
        i = draw(st.sampled_from(_PLACES))
        lines.append(template.format(n=f"v{k}", a=a, b=b, i=i))
        if template in _MAKE:
            names.append(f"v{k}")
    lines.append(f"return np.stack([np.sum(v * 1.0) for v in ({', '.join(names)},)])")
    return "def f(np, x):\n" + "".join(f"    {line}\n" for line in lines)


@given(assignments())
def test_random_programs(source):
    """The numbers of NumPy, or an error: never other numbers."""
    scope = {}
    exec(source, scope)
    f = scope["f"]
    try:
        want = f(np, X.copy())
    except (ValueError, IndexError, TypeError):
        return
    for transform in (fgrad.jit, lambda g: lambda x: fgrad.linearize(g, x)[0]):
        try:
            got = transform(lambda x: f(np, x))(X.copy())
        except StaleViewError:
            continue
        assert_same(got, want, 10)


@pytest.mark.parametrize("kept", [0, 3, 20, 39])
def test_one_living_view_among_many_is_known(kept):
    def f(x):
        y = x * 2
        views = [y[1 + i % 2 :] if i == kept else y[1:].sum() for i in range(40)]
        y[2] = 1.0
        return views[kept].sum()

    with pytest.raises(StaleViewError):
        fgrad.grad(f)(X)
