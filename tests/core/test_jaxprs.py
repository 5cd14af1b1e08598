"""Jaxprs: how they print, what the checker refuses, and what tracing leaves out of them."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.core.avals import shaped_array
from fgrad.core.check import check_jaxpr
from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from fgrad.errors import JaxprTypeError
from fgrad.primitives.elementwise import add, sin

x3 = np.ones(3)
f64 = shaped_array((), np.dtype(float))
f32 = shaped_array((), np.dtype(np.float32))


def printed(fun, *args):
    return str(fgrad.make_jaxpr(fun)(*args))


def test_print_arithmetic():
    got = printed(lambda x, y: fnp.sin(x) * 2 + y, 1.0, x3)
    assert got == (
        "{ lambda ; a:f64[]~ b:f64[3]. let c:f64[]~ = sin a; d:f64[]~ = mul c 2:i64[]~; "
        "e:f64[3] = add d b in (e,) }"
    ) or got.splitlines() == [
        "{ lambda ; a:f64[]~ b:f64[3]. let",
        "    c:f64[]~ = sin a",
        "    d:f64[]~ = mul c 2:i64[]~",
        "    e:f64[3] = add d b",
        "  in (e,) }",
    ]


def test_print_parameters_and_no_outputs():
    assert printed(lambda x: x.sum(), x3) == (
        "{ lambda ; a:f64[3]. let b:f64[] = reduce_sum[axes=(0,)] a in (b,) }"
    )
    assert printed(lambda x: (), x3) == "{ lambda ; a:f64[3]. let in () }"
    assert printed(lambda x: 3, x3) == "{ lambda ; a:f64[3]. let in (3:i64[]~,) }"
    assert printed(lambda x: (x, x), x3) == "{ lambda ; a:f64[3]. let in (a, a) }"


def test_print_constants():
    table = np.arange(3)
    assert printed(lambda x: x + table, x3) == (
        "{ lambda a:i64[3]; b:f64[3]. let c:f64[3] = add b a in (c,) }"
    )


def test_print_inner_programs():
    assert printed(lambda x: fgrad.jit(fnp.sin)(x), 1.0).splitlines() == [
        "{ lambda ; a:f64[]~. let",
        "    b:f64[]~ = jit[",
        "      jaxpr={ lambda ; a:f64[]~. let b:f64[]~ = sin a in (b,) } name=sin] a",
        "  in (b,) }",
    ]


def test_names_go_on_after_z():
    def chain(x):
        for _ in range(30):
            x = fnp.sin(x)
        return x

    text = printed(chain, 1.0)
    assert "z:f64[]~ = sin y" in text
    assert "ba:f64[]~ = sin z" in text


def test_constants_fold_while_tracing():
    closed = fgrad.make_jaxpr(lambda x: x * fnp.sum(fnp.exp(fnp.zeros(3))))(1.0)
    assert [e.primitive.name for e in closed.eqns] == ["mul"]


def test_equations_know_their_source():
    closed = fgrad.make_jaxpr(lambda x: fnp.sin(x))(1.0)
    assert closed.eqns[0].source.file == __file__
    assert closed.eqns[0].source.function == "<lambda>"


def test_a_jaxpr_is_called_as_its_function():
    closed = fgrad.make_jaxpr(lambda x, y: (x * y, x + x3))(x3, 2.0)
    product, total = closed(np.arange(3.0), 5.0)
    np.testing.assert_array_equal(product, [0.0, 5.0, 10.0])
    np.testing.assert_array_equal(total, [1.0, 2.0, 3.0])
    assert [str(a) for a in closed.in_avals] == ["f64[3]", "f64[]~"]
    assert [str(a) for a in closed.out_avals] == ["f64[3]", "f64[3]"]


# -- the checker ---------------------------------------------------------------------------------


def eqn(primitive, ins, outs, **params):
    return JaxprEqn(ins, outs, primitive, params, None)


def test_the_checker_accepts_a_right_jaxpr():
    a, b, c = Var(f64), Var(f64), Var(f64)
    check_jaxpr(Jaxpr([], [a], [c], [eqn(sin, [a], [b]), eqn(add, [a, b], [c])]))


def test_the_checker_refuses_an_unbound_variable():
    a, b, c = Var(f64), Var(f64), Var(f64)
    late = [eqn(add, [a, b], [c]), eqn(sin, [a], [b])]
    with pytest.raises(JaxprTypeError, match="not bound before.*add"):
        check_jaxpr(Jaxpr([], [a], [c], late))
    with pytest.raises(JaxprTypeError, match="not bound before the outputs"):
        check_jaxpr(Jaxpr([], [a], [b], []))


def test_the_checker_refuses_a_wrong_type():
    a, b = Var(f64), Var(f32)
    with pytest.raises(JaxprTypeError, match=r"result of type f32\[\], wanted f64\[\].*sin"):
        check_jaxpr(Jaxpr([], [a], [b], [eqn(sin, [a], [b])]))
    vector = Var(shaped_array((3,), np.dtype(float)))
    with pytest.raises(JaxprTypeError, match=r"f64\[3\], wanted f64\[\]"):
        check_jaxpr(Jaxpr([], [a], [vector], [eqn(sin, [a], [vector])]))


def test_the_checker_refuses_a_variable_bound_twice():
    a, b = Var(f64), Var(f64)
    with pytest.raises(JaxprTypeError, match="bound twice"):
        check_jaxpr(Jaxpr([], [a], [b], [eqn(sin, [a], [b]), eqn(sin, [a], [b])]))
    with pytest.raises(JaxprTypeError, match="bound twice"):
        check_jaxpr(Jaxpr([], [a, a], [a], []))


def test_the_checker_refuses_wrong_constants_and_literals():
    a, b = Var(f64), Var(f64)
    with pytest.raises(JaxprTypeError, match="constant of type"):
        check_jaxpr(ClosedJaxpr(Jaxpr([a], [], [a], []), [np.float32(1)]))
    with pytest.raises(JaxprTypeError, match="literal"):
        check_jaxpr(Jaxpr([], [], [b], [eqn(sin, [Literal(np.float32(1), f64)], [b])]))
    with pytest.raises(JaxprTypeError, match="operand 1.0"):
        check_jaxpr(Jaxpr([], [], [b], [eqn(sin, [1.0], [b])]))


def test_the_checker_refuses_a_wrong_number_of_results():
    a, b, c = Var(f64), Var(f64), Var(f64)
    with pytest.raises(JaxprTypeError, match="2 results, wanted 1"):
        check_jaxpr(Jaxpr([], [a], [b], [eqn(sin, [a], [b, c])]))


def test_the_checker_looks_into_inner_programs():
    closed = fgrad.make_jaxpr(lambda x: fgrad.jit(fnp.sin)(x))(1.0)
    inner = closed.eqns[0].params["jaxpr"]
    inner.jaxpr.eqns.append(inner.jaxpr.eqns[0])
    with pytest.raises(JaxprTypeError, match="bound twice"):
        check_jaxpr(closed)
