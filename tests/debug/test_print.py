"""What programs print, and breakpoints."""

import io

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp


def _programs(lib, np_):
    def f(x, n):
        lib.debug.print("x = {}, n = {n:.2f}", x, n=n)
        return (x * n).sum()

    x = np_.arange(3.0)
    yield lambda: f(x, 2.0)
    yield lambda: lib.jit(f)(x, 2.0)
    yield lambda: lib.grad(f)(x, 2.0)
    yield lambda: lib.jit(lib.grad(f))(x, 2.0)
    yield lambda: lib.vmap(f, in_axes=(None, 0))(x, x)
    yield lambda: lib.debug.print("{x} {{}} {y[0]}", x=1, y=[2, 3])


def test_prints_are_jaxs(capsys):
    for ours, theirs in zip(_programs(fgrad, fnp), _programs(jax, jnp), strict=True):
        jax.block_until_ready(theirs())
        jax.effects_barrier()
        want = capsys.readouterr().out
        ours()
        assert capsys.readouterr().out == want


@pytest.mark.parametrize(
    ("args", "kwargs", "error"),
    (
        (("{} {}", 1), {}, IndexError),
        (("{x}",), {"y": 3}, KeyError),
        (("x",), {"y": 3}, ValueError),
        (("{", 3), {}, ValueError),
        ((3,), {}, TypeError),
    ),
)
def test_formats_are_checked_while_tracing(args, kwargs, error):
    with pytest.raises(error, match="test_print"):
        fgrad.debug.print(*args, **kwargs)


def test_without_a_format(capsys):
    fgrad.debug.print(None, 1, 2.5, z=3)
    assert capsys.readouterr().out == "1 2.5 z=3\n"


def test_a_breakpoint_shows_the_numbers():
    out = io.StringIO()
    commands = "p y * 2\na\nz\nl\nnonsense(\nc\n"

    @fgrad.jit
    def f(x):
        y = fnp.sin(x)
        z = "text"
        fgrad.debug.breakpoint(stdin=io.StringIO(commands), stdout=out)
        return y, z and x

    f(0.5)
    text = out.getvalue()
    assert f"{np.sin(0.5) * 2}" in text
    for word in (
        "test_print.py",
        "x y z commands out",
        "text",
        "SyntaxError",
        "fgrad.debug.breakpoint(",
    ):
        assert word in text
    with pytest.raises(KeyboardInterrupt):
        fgrad.debug.breakpoint(stdin=io.StringIO("q\n"), stdout=out)
