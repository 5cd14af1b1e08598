"""Random programs: a function of arrays as Python source, and the strategy that draws it."""

import functools
import re
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import fgrad.numpy as fnp
from fgrad.testing._programs_block import TRANSFORMATIONS, Block
from fgrad.testing._programs_operations import draw_line

SHAPES = ((), (3,), (2, 3), (2,), (3, 3), (3, 1), (1,), (2, 1, 3), (0,))
DTYPES = ("float64",) * 6 + ("float32", "complex128")


class Program(NamedTuple):
    """A pure function of arrays, as source that means the same in fgrad and in JAX.

    It is called like the function; its string is a script that a reader can paste.

    Attributes
    ----------
    parameters : tuple of str
        The names of the arguments.
    body : str
        The lines of the function; the last one returns a tuple.
    arguments : tuple of arrays
        Where to call it.

    Examples
    --------
    >>> import fgrad, numpy as np
    >>> program = Program(("a",), "return np.sin(a), jit(np.sum)(a)", (np.zeros(2),))
    >>> print(program)
    import fgrad.numpy as np
    from fgrad import jit
    <BLANKLINE>
    <BLANKLINE>
    def program(a):
        return np.sin(a), jit(np.sum)(a)
    <BLANKLINE>
    <BLANKLINE>
    arguments = (np.array([0.0, 0.0]),)
    >>> program(*program.arguments)
    (Array([0., 0.]), np.float64(0.0))
    """

    parameters: tuple
    body: str
    arguments: tuple

    def source(self, library="fgrad"):
        """The program as source that imports `library`, ``"fgrad"`` or ``"jax"``."""
        return f"{_header(self.body, library)}\n\n{self._definition}\n"

    def function(self, library="fgrad"):
        """The program as a function of `library`, ``"fgrad"`` or ``"jax"``."""
        return _compiled(self.source(library))

    @property
    def _definition(self):
        lines = "\n".join("    " + line for line in self.body.splitlines())
        return f"def program({', '.join(self.parameters)}):\n{lines}"

    def __call__(self, *args):
        return self.function()(*args)

    def __str__(self):
        values = ", ".join(map(_literal, self.arguments)) + ("," * (len(self.arguments) == 1))
        return f"{self.source()}\n\narguments = ({values})"

    def __repr__(self):
        return f"\n{self}\n"


def _header(body, library):
    """The imports of the names that `body` uses."""
    used = [n for n in (*TRANSFORMATIONS, "lax", "nn") if re.search(rf"\b{n}\b", body)]
    imports = f"import {library}.numpy as np\n"
    return imports + (f"from {library} import {', '.join(sorted(used))}\n" if used else "")


@functools.lru_cache(64)
def _compiled(source):
    scope = {}
    exec(compile(source, "<program>", "exec"), scope)
    return scope["program"]


def _literal(x):
    # a zero-dimensional array in the source is a NumPy scalar to the program
    dtype = "" if x.dtype in (np.float64, np.complex128) and x.size else f", dtype={x.dtype.name!r}"
    # drawn numbers have two decimals, which 32 bits hold only nearly
    text = f"np.array({x.astype(np.result_type(x, float)).round(6).tolist()}{dtype})"
    return text if x.ndim else text + "[()]"


@st.composite
def _arrays(draw, position):
    shape, dtype = draw(st.sampled_from(SHAPES)), np.dtype(draw(st.sampled_from(DTYPES)))
    n = int(np.prod(shape)) * (1 + (dtype.kind == "c"))
    if draw(st.booleans()):
        # small multiples of a half, which meet at ties and kinks
        flat = np.array(draw(st.lists(st.integers(-4, 4), min_size=n, max_size=n)), float) / 2
    else:
        flat = np.random.default_rng([draw(st.integers(0, 99)), position]).normal(size=n).round(2)
    if dtype.kind == "c":
        flat = flat[: n // 2] + 1j * flat[n // 2 :]
    return fnp.asarray(flat.astype(dtype).reshape(shape))[()]


@st.composite
def programs(draw, max_inputs=3, max_lines=8):
    """Random well-typed pure functions built from fgrad's operations, as `Program` s.

    Parameters
    ----------
    max_inputs : int
        How many arguments there are at most.
    max_lines : int
        How many lines there are at most; lines of inner functions do not count.

    Returns
    -------
    hypothesis.strategies.SearchStrategy of Program

    Notes
    -----
    Arguments are of inexact dtypes. Every line is run as it is drawn, by which its dtype and shape
    are known; a value that grows is divided by a power of two, so that numbers stay near one where
    the program is drawn. Lines that the result does not need are left out.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(programs())
    ... def test_jit(program):
    ...     fgrad.testing.check_jit(program, program.arguments)
    """
    parameters = tuple("abcdefgh"[: draw(st.integers(1, max_inputs))])
    arguments = tuple(draw(_arrays(i)) for i in range(len(parameters)))
    block = Block(dict(zip(parameters, arguments, strict=True)))
    block.draw_lines(draw, draw_line, max_lines)
    results = block.ends()[:3] or parameters[:1]
    body = block.finish(results, ", ".join(results) + "," * (len(results) == 1))
    return Program(parameters, _renamed(body), arguments)


def _renamed(text):
    """`text` with its names counted from one."""
    new = {}

    def rename(match):
        letter, number = match.groups()
        return letter + str(new.setdefault(number, len(new) + 1))

    return re.sub(r"\b(v|f|p|x|g|dp|dx)(\d+)\b", rename, text)
