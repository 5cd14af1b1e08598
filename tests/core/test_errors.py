"""Every wrong call is told by its class, what was wanted, what came, and the user's line."""

import inspect
import re

import jax
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.errors import (
    ConcretizationTypeError,
    InconclusiveDimensionOperation,
    NonConcreteBooleanIndexError,
    StaleViewError,
    TracerArrayConversionError,
    TracerBoolConversionError,
    TracerIntegerConversionError,
    UnexpectedTracerError,
)

CASES = []


def raises(kind, *words):
    """Register a function that must raise `kind`, with a message that holds `words`."""
    return lambda fun: CASES.append((fun, kind, words)) or fun


x3 = np.arange(3.0)

# -- grad ----------------------------------------------------------------------------------------


@raises(TypeError, "grad", "scalar", r"\(3,\)", "square", "jacrev or vjp")
def grad_of_a_vector_function():
    def square(x):
        return x**2

    fgrad.grad(square)(x3)


@raises(TypeError, "grad", "scalar", "pair", "tuple", "has_aux")
def grad_of_two_outputs():
    def pair(x):
        return x, x

    fgrad.grad(pair)(1.0)


@raises(TypeError, "grad", "scalar", "NoneType")
def grad_of_nothing():
    fgrad.grad(lambda x: None)(1.0)


@raises(TypeError, "floating", "i64", "3.0 instead of 3", "allow_int")
def grad_by_an_integer():
    fgrad.grad(lambda x: x * 2.0)(3)


@raises(TypeError, r"\['b'\]\[0\]", "bool")
def grad_by_a_boolean_in_a_tree():
    fgrad.grad(lambda t: t["a"])({"a": 1.0, "b": [np.array([True])]})


@raises(TypeError, "real", "c128", "holomorphic")
def grad_of_a_complex_output():
    fgrad.grad(lambda x: x * 1j)(1.0)


@raises(TypeError, "real floating-point output", "i64")
def grad_of_an_integer_output():
    fgrad.grad(lambda x: 3)(1.0)


@raises(TypeError, "holomorphic", "complex input", "f64")
def holomorphic_grad_by_a_real_number():
    fgrad.grad(lambda x: x * 1j, holomorphic=True)(1.0)


@raises(TypeError, "argnums 2", "area", "1")
def grad_by_an_argument_that_was_not_given():
    def area(x):
        return x * x

    fgrad.grad(area, argnums=2)(1.0)


@raises(TypeError, "has_aux", "pair", "got")
def aux_without_a_pair():
    fgrad.grad(lambda x: x, has_aux=True)(1.0)


@raises(TypeError, "grad", "expected a function", "3")
def grad_of_no_function():
    fgrad.grad(3)


@raises(TypeError, "grad", "str", "wanted an array or a number")
def grad_by_a_string():
    fgrad.grad(lambda x: x)("hello")


@raises(TypeError, r"\['name'\]", "str")
def jit_of_a_string():
    fgrad.jit(lambda d: d)({"name": "hello"})


# -- values that are not there -------------------------------------------------------------------


@raises(TracerBoolConversionError, "if", r"bool\[\]", "jit of choose")
def if_under_jit():
    def choose(x):
        if x > 0:
            return x
        return -x

    fgrad.jit(choose)(1.0)


@raises(TracerBoolConversionError, "while")
def while_under_jit():
    def loop(x):
        while x < 10:
            x = x * 2
        return x

    fgrad.jit(loop)(1.0)


@raises(TracerBoolConversionError, "if", "vmap of choose", "where")
def if_under_vmap():
    def choose(x):
        return x if x > 0 else -x

    fgrad.vmap(choose)(x3)


@raises(TracerBoolConversionError, "jit of choose")
def if_under_grad_under_jit():
    def choose(x):
        return fgrad.grad(lambda y: y if y > 0 else -y)(x)

    fgrad.jit(choose)(1.0)


@raises(ConcretizationTypeError, r"float\(\)", r"f64\[\]", "jit of f")
def float_under_jit():
    def f(x):
        return float(x)

    fgrad.jit(f)(np.float64(1.0))


@raises(ConcretizationTypeError, r"int\(\)", "f64", "vmap")
def int_under_vmap():
    fgrad.vmap(lambda x: int(x))(x3)


@raises(ConcretizationTypeError, r"item\(\)")
def item_under_jit():
    fgrad.jit(lambda x: x.item())(1.0)


@raises(TracerIntegerConversionError, "index", r"i64\[\]")
def list_index_under_jit():
    fgrad.jit(lambda i: [1.0, 2.0][i])(1)


@raises(TracerIntegerConversionError, "range")
def range_under_jit():
    fgrad.jit(lambda n: sum(range(n)))(3)


@raises(TracerIntegerConversionError, "shape", r"i64\[\]")
def shape_under_jit():
    fgrad.jit(lambda n: fnp.zeros(n))(3)


@raises(TracerIntegerConversionError, "shape")
def reshape_under_jit():
    fgrad.jit(lambda x, n: x.reshape(n, 1))(x3, 3)


@raises(NonConcreteBooleanIndexError, "boolean", r"bool\[3\]", "jit")
def mask_under_jit():
    fgrad.jit(lambda x: x[x > 0])(x3)


# -- NumPy without a hook, and assignment --------------------------------------------------------


@raises(TracerArrayConversionError, r"f64\[\]", r"fgrad\.numpy\.array\(\[x, y\]\)")
def numpy_array_of_tracers():
    fgrad.grad(lambda x: np.array([x, x]).sum())(1.0)


@raises(TracerArrayConversionError, "f64")
def numpy_asarray_of_a_tracer():
    fgrad.jit(lambda x: np.asarray(x))(1.0)


@raises(TracerArrayConversionError, r"at\[")
def assignment_of_a_tracer_into_an_array():
    def fill(x):
        out = np.zeros(3)
        out[:2] = x
        return out.sum()

    fgrad.grad(fill)(x3[:2])


@raises(StaleViewError, "shares memory", r"shape \(3,\)", r"at\[index\]\.set")
def a_view_of_what_was_assigned_into():
    def f(x):
        view = x[1:]
        x[1] = 1.0
        return view

    fgrad.jit(f)(x3)


@raises(TypeError, r"numpy\.add", r"out=", "x = x \\+ y")
def in_place_addition_to_an_array():
    def f(x):
        total = np.zeros(3)
        total += x
        return total.sum()

    fgrad.grad(f)(x3)


@raises(TypeError, "shares_memory", "not supported", r"f64\[3\]", "no memory")
def a_numpy_function_that_is_missing():
    fgrad.jit(lambda x: np.shares_memory(x, x))(x3)


# -- shapes and dtypes ---------------------------------------------------------------------------


@raises(ValueError, "add", r"\(3,\)", r"\(2,\)", "broadcast")
def shapes_under_jit():
    fgrad.jit(lambda x: x + np.ones(2))(x3)


@raises(ValueError, "add", r"\(3,\)", r"\(2,\)")
def shapes_under_grad():
    fgrad.grad(lambda x: fnp.sum(x + np.ones(2)))(x3)


@raises(ValueError, "mul", r"\(3,\)", r"\(2,\)")
def shapes_outside():
    fnp.multiply(x3, np.ones(2))


@raises(ValueError, r"\(2, 3\)", r"\(4, 2\)", "3", "4")
def shapes_of_a_product():
    fgrad.jit(lambda a, b: a @ b)(np.ones((2, 3)), np.ones((4, 2)))


@raises(ValueError, "reshape", r"\(4,\)", "3")
def shapes_of_reshape():
    fgrad.jit(lambda x: x.reshape(4))(x3)


@raises(ValueError, "concatenate", "axis 0")
def shapes_of_concatenate():
    fgrad.jit(lambda x: fnp.concatenate([x, np.ones((2, 2))]))(x3)


@raises(ValueError, "axis 1", "3|1")
def axis_of_sum():
    fgrad.jit(lambda x: x.sum(axis=1))(x3)


@raises(TypeError, "and", "float64")
def dtypes_of_bitwise_and():
    fgrad.jit(lambda x: x & 1)(x3)


@raises(TypeError, "floor", "complex128")
def dtype_of_floor_outside():
    fnp.floor(np.ones(2, complex))


@raises(TypeError, "object|numbers or booleans")
def dtype_object():
    fgrad.grad(lambda x: fnp.sum(x))(np.array([1, "a"], dtype=object))


@raises(IndexError, "index 5", "axis 0", "3")
def index_out_of_bounds():
    fgrad.jit(lambda x: x[5])(x3)


@raises(IndexError, "too many indices")
def too_many_indices():
    fgrad.jit(lambda x: x[0, 0])(x3)


@raises(ValueError, r"\(2,\)", r"\(3,\)")
def update_of_another_shape():
    fgrad.jit(lambda x: x.at[:].set(np.ones(2)))(x3)


@raises(InconclusiveDimensionOperation, "dimension", "'batch'", "each shape")
def symbolic_dimension():
    fgrad.ShapeDtypeStruct(("batch", 3), "float32")


@raises(InconclusiveDimensionOperation, "dimension", "integer", r"2\.5")
def dimension_that_is_no_integer():
    fgrad.ShapeDtypeStruct((2.5,), "float32")


@raises(TracerIntegerConversionError, r"i64\[\]")
def dimension_under_jit():
    fgrad.jit(lambda n: fgrad.eval_shape(fnp.sin, fgrad.ShapeDtypeStruct((n,), "f4")).size)(3)


# -- jvp, vjp, linearize: structure, shape and dtype ---------------------------------------------


@raises(TypeError, "jvp", "structure", "tangents")
def jvp_tangents_of_another_structure():
    fgrad.jvp(lambda t: t["a"], ({"a": 1.0},), ([1.0],))


@raises(TypeError, "jvp", "tangent", r"f64\[3\]", r"f64\[2\]")
def jvp_tangent_of_another_shape():
    fgrad.jvp(lambda x: x, (x3,), (np.ones(2),))


@raises(TypeError, "jvp", "f32", "f64")
def jvp_tangent_of_another_dtype():
    fgrad.jvp(lambda x: x, (x3.astype(np.float32),), (x3,))


@raises(TypeError, "float0", "integer")
def jvp_tangent_of_an_integer():
    fgrad.jvp(lambda x: x, (3,), (1.0,))


@raises(TypeError, "jvp", "primals", "tuple", "float")
def jvp_primals_without_a_tuple():
    fgrad.jvp(lambda x: x, 1.0, (1.0,))


@raises(ValueError, "vjp", "structure", "cotangent")
def vjp_cotangent_of_another_structure():
    fgrad.vjp(lambda x: (x, x), 1.0)[1](1.0)


@raises(ValueError, "vjp", "cotangent", r"f64\[3\]", r"f64\[2\]")
def vjp_cotangent_of_another_shape():
    fgrad.vjp(lambda x: x, x3)[1](np.ones(2))


@raises(TypeError, "linear_transpose", "floating", "i64")
def linear_transpose_of_an_integer():
    fgrad.linear_transpose(lambda x: 2 * x, 1)


@raises(TypeError, "sin", "linear")
def linear_transpose_of_what_is_not_linear():
    fgrad.linear_transpose(lambda x: fnp.sin(x), 1.0)(1.0)


@raises(TypeError, "jacfwd", "c128", "holomorphic")
def jacfwd_by_a_complex_number():
    fgrad.jacfwd(lambda x: x)(1j)


# -- vmap ----------------------------------------------------------------------------------------


@raises(ValueError, "vmap of pair", "size 3", "size 2")
def vmap_sizes_differ():
    def pair(x, y):
        return x + y

    fgrad.vmap(pair)(x3, np.ones(2))


@raises(ValueError, "no argument is mapped", "axis_size")
def vmap_maps_nothing():
    fgrad.vmap(lambda x: x, in_axes=None)(x3)


@raises(ValueError, "in_axes", "2 entries", "1 positional")
def vmap_in_axes_too_many():
    fgrad.vmap(lambda x: x, in_axes=(0, 0))(x3)


@raises(ValueError, "in_axes", "axis 1", r"\(3,\)")
def vmap_in_axes_too_large():
    fgrad.vmap(lambda x: x, in_axes=1)(x3)


@raises(ValueError, "axis 0", r"\(\)")
def vmap_of_a_number():
    fgrad.vmap(lambda x: x)(1.0)


@raises(ValueError, "in_axes")
def vmap_in_axes_of_another_structure():
    fgrad.vmap(lambda t: t["a"], in_axes=({"b": 0},))({"a": x3})


@raises(ValueError, "out_axes", "None", "mapped")
def vmap_out_axes_none_of_a_mapped_output():
    fgrad.vmap(lambda x: x, out_axes=None)(x3)


@raises(ValueError, "out_axes", "2")
def vmap_out_axes_too_large():
    fgrad.vmap(lambda x: x, out_axes=2)(x3)


@raises(TypeError, "in_axes", "'0'")
def vmap_in_axes_of_another_type():
    fgrad.vmap(lambda x: x, in_axes="0")


# -- jit -----------------------------------------------------------------------------------------


@raises(ValueError, "static", "hashable", "jit of f")
def jit_static_argument_that_cannot_be_hashed():
    def f(x, n):
        return x

    fgrad.jit(f, static_argnums=1)(1.0, [1])


@raises(ValueError, "jit", "argument number 3", "f has 1")
def jit_static_argument_that_does_not_exist():
    def f(x):
        return x

    fgrad.jit(f, static_argnums=3)


@raises(ValueError, "'m'", "f")
def jit_static_name_that_does_not_exist():
    def f(x):
        return x

    fgrad.jit(f, static_argnames="m")


# -- custom rules --------------------------------------------------------------------------------


@raises(AttributeError, "f", "defjvp")
def custom_jvp_without_a_rule():
    @fgrad.custom_jvp
    def f(x):
        return x

    f(1.0)


@raises(TypeError, "JVP rule of f", "pair")
def custom_jvp_rule_without_a_pair():
    f = fgrad.custom_jvp(lambda x: x)
    f.fun.__name__ = "f"
    f.defjvp(lambda primals, tangents: tangents[0])
    fgrad.grad(f)(1.0)


@raises(TypeError, "JVP rule of f", "structure")
def custom_jvp_rule_of_another_structure():
    f = fgrad.custom_jvp(lambda x: x)
    f.fun.__name__ = "f"
    f.defjvp(lambda primals, tangents: (primals[0], (tangents[0],)))
    fgrad.grad(f)(1.0)


@raises(TypeError, "JVP rule of f", r"f64\[3\]", r"f64\[\]")
def custom_jvp_rule_of_another_shape():
    f = fgrad.custom_jvp(lambda x: x)
    f.fun.__name__ = "f"
    f.defjvp(lambda primals, tangents: (primals[0], fnp.sum(tangents[0])))
    fgrad.jvp(f, (x3,), (x3,))


@raises(TypeError, "bwd rule of f", "tuple", "2 arguments", "1 entries|got 1")
def custom_vjp_bwd_with_too_few_cotangents():
    f = fgrad.custom_vjp(lambda x, y: x * y)
    f.fun.__name__ = "f"
    f.defvjp(lambda x, y: (x * y, None), lambda res, ct: (ct,))
    fgrad.grad(f)(1.0, 2.0)


@raises(TypeError, "fwd rule of f", "pair")
def custom_vjp_fwd_without_a_pair():
    f = fgrad.custom_vjp(lambda x: x)
    f.fun.__name__ = "f"
    f.defvjp(lambda x: x, lambda res, ct: (ct,))
    fgrad.grad(f)(1.0)


@raises(ValueError, "bwd rule of f", "argument 0", r"f64\[3\]", r"f64\[2\]")
def custom_vjp_bwd_of_another_shape():
    f = fgrad.custom_vjp(lambda x: fnp.sum(x))
    f.fun.__name__ = "f"
    f.defvjp(lambda x: (fnp.sum(x), None), lambda res, ct: (np.ones(2),))
    fgrad.grad(f)(x3)


@raises(TypeError, "bwd rule of f", "argument 0", "structure")
def custom_vjp_bwd_of_another_structure():
    f = fgrad.custom_vjp(lambda t: t["a"])
    f.fun.__name__ = "f"
    f.defvjp(lambda t: (t["a"], None), lambda res, ct: ([ct],))
    fgrad.grad(f)({"a": 1.0})


@raises(TypeError, "f", "custom VJP", "forward-mode|jvp")
def custom_vjp_in_forward_mode():
    f = fgrad.custom_vjp(lambda x: x)
    f.fun.__name__ = "f"
    f.defvjp(lambda x: (x, None), lambda res, ct: (ct,))
    fgrad.jvp(f, (1.0,), (1.0,))


# -- leaks ---------------------------------------------------------------------------------------

_TRANSFORMATIONS = {
    "grad": lambda f: fgrad.grad(f)(1.0),
    "value_and_grad": lambda f: fgrad.value_and_grad(f)(1.0),
    "jvp": lambda f: fgrad.jvp(f, (1.0,), (1.0,)),
    "vjp": lambda f: fgrad.vjp(f, 1.0),
    "linearize": lambda f: fgrad.linearize(f, 1.0),
    "vmap": lambda f: fgrad.vmap(f)(x3),
    "jit": lambda f: fgrad.jit(f)(1.0),
    "checkpoint": lambda f: fgrad.checkpoint(f)(1.0),
    "make_jaxpr": lambda f: fgrad.make_jaxpr(f)(1.0),
    "eval_shape": lambda f: fgrad.eval_shape(f, 1.0),
    "linear_transpose": lambda f: fgrad.linear_transpose(f, 1.0)(1.0),
}


def leaking(name, use):
    """A case in which a tracer of a transformation is used after its end."""

    def leak():
        kept = []

        def keep(x):
            kept.append(x * 2.0)
            return x * 3.0

        _TRANSFORMATIONS[name](keep)
        use(kept[0])

    return leak


for _name in _TRANSFORMATIONS:
    for _use in (
        lambda t: t + 1.0,
        lambda t: fnp.sin(t),
        lambda t: fgrad.jit(lambda x: x + t)(1.0),
        lambda t: fgrad.grad(lambda x: x * t)(1.0),
        lambda t: fgrad.vmap(lambda x: x * t)(x3),
    ):
        _case = leaking(_name, _use)
        _case.__name__ = f"leak_from_{_name}"
        raises(UnexpectedTracerError, "used after", "returned")(_case)


@pytest.mark.parametrize("fun, kind, words", CASES, ids=[c[0].__name__ for c in CASES])
def test_error(fun, kind, words):
    with pytest.raises(kind) as caught:
        fun()
    message = str(caught.value)
    for word in words:
        assert re.search(word, message), f"{word!r} is not in: {message}"
    found = re.findall(r"--> (.*?):(\d+) \(", message)
    assert found, f"no line in: {message}"
    file, line = found[-1]
    assert file == __file__
    assert len(found) == 1, f"more than one line in: {message}"
    if not fun.__name__.startswith("leak_"):
        lines, first = inspect.getsourcelines(fun)
        assert first <= int(line) < first + len(lines), message


def test_an_error_leaves_no_interpreter_behind():
    """After any of them the next program runs as if nothing had been."""
    for fun, kind, _ in CASES:
        with pytest.raises(kind):
            fun()
        assert fgrad.grad(lambda x: x * x)(3.0) == 6.0


@pytest.mark.parametrize("transform", [fgrad.grad, fgrad.jit, lambda f: fgrad.jit(fgrad.grad(f))])
def test_assignment_of_a_traced_number_into_an_array(transform):
    """NumPy asks for its float: under grad that would lose the derivative without a word."""

    def fill(x):
        out = np.zeros(3)
        out[0] = x
        return out.sum()

    # NumPy replaces some errors of its items by its own, with ours as the cause
    with pytest.raises((TracerArrayConversionError, ValueError)) as caught:
        transform(fill)(1.0)
    error = caught.value
    error = error if isinstance(error, TracerArrayConversionError) else error.__cause__
    assert isinstance(error, TracerArrayConversionError)
    assert re.search(r"\.at\[", str(error))
    assert re.search(rf"{re.escape(__file__)}:\d+ \(fill\)", str(error))


def test_numbers_are_there_under_differentiation():
    def piecewise(x):
        assert float(x) == 2.0
        assert int(x) == 2
        assert x.item() == 2.0
        assert f"{x:.1f}" == "2.0"
        assert [10.0, 20.0, 30.0][int(x)] == 30.0
        while x < 10:
            x = x * x
        return x if x > 0 else -x

    assert fgrad.grad(piecewise)(2.0) == 4 * 2.0**3
    assert fgrad.jvp(piecewise, (2.0,), (1.0,))[1] == 4 * 2.0**3
    assert fgrad.grad(fgrad.grad(piecewise))(2.0) == 12 * 2.0**2
    assert fgrad.vjp(piecewise, 2.0)[1](1.0) == (32.0,)


def test_a_mask_is_there_under_differentiation():
    def positive_part(x):
        return fnp.sum(x[x > 0] ** 2)

    np.testing.assert_array_equal(fgrad.grad(positive_part)(np.array([-1.0, 2.0])), [0.0, 4.0])


def test_names_and_kinds_are_those_of_jax():
    """What JAX names is there, and is caught by the same built-in class."""
    for name, theirs in vars(jax.errors).items():
        if isinstance(theirs, type):
            ours = getattr(fgrad.errors, name)
            for kind in (TypeError, IndexError, RuntimeError):
                assert issubclass(ours, kind) or not issubclass(theirs, kind), name
    for kind in (ConcretizationTypeError, TracerArrayConversionError, UnexpectedTracerError):
        assert issubclass(kind, fgrad.errors.JAXTypeError)
    assert issubclass(NonConcreteBooleanIndexError, fgrad.errors.JAXIndexError)
