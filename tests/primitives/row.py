"""How the tables of primitives are written: a row for each."""

from typing import Any, NamedTuple

REAL = ("float64",)
BOTH = ("float64", "complex128")


class Row(NamedTuple):
    """A primitive and what it should equal.

    Attributes
    ----------
    primitive : Primitive
    numpy : callable
        ``numpy(*args, **params)``: the value, of the exact dtype.
    jax : callable or None
        The same in JAX, for derivatives; None if it has none.
    cases : list of (operands, params)
        An operand is a shape to draw, or an array that is always the same.
    domains : tuple of str
        For each drawn operand where it is drawn from.
    dtypes : tuple of str
        What it is differentiated in.
    values : tuple of str
        In which dtypes its value is compared.
    """

    primitive: Any
    numpy: Any
    jax: Any
    cases: list
    domains: tuple
    dtypes: tuple
    values: tuple

    def __repr__(self):
        return self.primitive.name


VALUES = ("bool", "int32", "float32", "float64", "complex64", "complex128")
UNARY = [(((3, 4),), {}), (((),), {}), (((0, 3),), {})]
BINARY = [
    (((2, 3), (2, 3)), {}),
    (((3, 1), (4,)), {}),
    (((), (2, 3)), {}),
    (((2,), ()), {}),
    (((), ()), {}),
    (((0, 3), (3,)), {}),
]


def row(primitive, numpy, jax_fun, cases, domains=("any",), dtypes=REAL, values=VALUES):
    """A row; one that JAX does not differentiate has no dtypes to do it in."""
    if jax_fun is None:
        dtypes = ()
    return Row(primitive, numpy, jax_fun, cases, domains, dtypes, values)


def unary(primitive, jax_fun, domain="any", dtypes=BOTH, numpy=None):
    """A row for an elementwise operation of one operand."""
    return row(primitive, numpy or primitive.ufunc, jax_fun, UNARY, (domain,), dtypes)


def binary(primitive, jax_fun, domains=("any", "any"), dtypes=BOTH, numpy=None):
    """A row for an elementwise operation of two."""
    return row(primitive, numpy or primitive.ufunc, jax_fun, BINARY, domains, dtypes)
