"""What each elementwise operation is in vector code: one row each.

An operation is in the table if its code gives NumPy's numbers, for the dtypes it is asked for; what
is not there is left to NumPy.
"""

import math

import numpy as np

from fgrad.compiler.native import elementary
from fgrad.compiler.native.values import BOOL, DTYPES, F32, Value
from fgrad.core.avals import promotion_operand
from fgrad.core.jaxpr import Literal
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives.fma import fma
from fgrad.primitives.reduce import (
    reduce_and,
    reduce_max,
    reduce_min,
    reduce_or,
    reduce_prod,
    reduce_sum,
)
from fgrad.primitives.shape import convert_element_type


class Row:
    """How an operation is written.

    Parameters
    ----------
    write : callable
        Of the operands as values of one dtype.
    kinds : str
        The kinds of dtypes that it takes, NumPy's letters.
    cost : int
        About how many instructions it is.
    """

    def __init__(self, write, kinds="iuf", cost=1):
        self.write = write
        self.kinds = kinds
        self.cost = cost


def _intrinsic(name, cost=1):
    return Row(lambda x: x.b.call(name, x), "f", cost)


def _function(write, cost=20):
    return Row(write, "f", cost)


def _as_bool(write):
    return Row(lambda *xs: write(*(x.astype(BOOL) for x in xs)), "biuf")


def _larger(x, y):
    if x.dtype.kind != "f":
        return (x >= y).where(x, y)
    return ((x >= y) | x.isnan()).where(x, y)


def _smaller(x, y):
    if x.dtype.kind != "f":
        return (x <= y).where(x, y)
    return ((x <= y) | x.isnan()).where(x, y)


def _sign(x):
    rest = x + 0  # zero without its sign, or NaN
    return (x > 0).where(1, (x < 0).where(-1, rest))


def _abs(x):
    return x.b.call("fabs", x) if x.dtype.kind == "f" else (x < 0).where(-x, x)


ROWS = {
    ew.add: Row(lambda x, y: x + y),
    ew.sub: Row(lambda x, y: x - y),
    ew.mul: Row(lambda x, y: x * y),
    ew.neg: Row(lambda x: -x),
    ew.div: Row(lambda x, y: x / y, "f", 4),
    fma: Row(lambda x, y, z: x.b.fma(x, y, z), "f"),
    ew.square: Row(lambda x: x * x),
    ew.reciprocal: Row(lambda x: 1.0 / x, "f", 4),
    ew.positive: Row(lambda x: x),
    ew.max: Row(_larger),
    ew.min: Row(_smaller),
    ew.clamp: Row(lambda low, x, high: _smaller(_larger(x, low), high)),
    parts.abs: Row(_abs, "if"),
    parts.sign: Row(_sign, "if"),
    ew.copysign: Row(lambda x, y: x.b.call("copysign", x, y), "f"),
    ew.eq: Row(lambda x, y: x.equals(y), "biuf"),
    ew.ne: Row(lambda x, y: x.differs(y), "biuf"),
    ew.lt: Row(lambda x, y: x < y),
    ew.le: Row(lambda x, y: x <= y),
    ew.gt: Row(lambda x, y: x > y),
    ew.ge: Row(lambda x, y: x >= y),
    ew.logical_and: _as_bool(lambda x, y: x & y),
    ew.logical_or: _as_bool(lambda x, y: x | y),
    ew.logical_xor: _as_bool(lambda x, y: x ^ y),
    ew.logical_not: _as_bool(lambda x: ~x),
    ew.bitwise_and: Row(lambda x, y: x & y, "biu"),
    ew.bitwise_or: Row(lambda x, y: x | y, "biu"),
    ew.bitwise_xor: Row(lambda x, y: x ^ y, "biu"),
    ew.bitwise_not: Row(lambda x: ~x, "biu"),
    ew.isnan: Row(lambda x: x.isnan(), "f"),
    ew.isinf: Row(lambda x: x.b.call("fabs", x).equals(math.inf), "f"),
    ew.is_finite: Row(lambda x: x.b.call("fabs", x) < math.inf, "f"),
    ew.signbit: Row(lambda x: x.bits() < 0, "f"),
    ew.floor: _intrinsic("floor"),
    ew.ceil: _intrinsic("ceil"),
    ew.trunc: _intrinsic("trunc"),
    ew.round: _intrinsic("rint"),
    ew.sqrt: _intrinsic("sqrt", 6),
    ew.exp: _function(elementary.exp),
    ew.expm1: _function(elementary.expm1),
    ew.log: _function(elementary.log),
    ew.log1p: _function(elementary.log1p),
    ew.tanh: _function(elementary.tanh),
    ew.sinh: _function(elementary.sinh),
    ew.cosh: _function(elementary.cosh),
    ew.sin: _function(elementary.sin),
    ew.cos: _function(elementary.cos),
    ew.logaddexp: _function(elementary.logaddexp),
}
# Those that are only written for single precision, by way of double.
_SINGLE = {
    ew.log2: _function(elementary.log2),
    ew.log10: _function(elementary.log10),
    ew.pow: _function(elementary.power, 60),
}

_COMPARISONS = frozenset((ew.eq, ew.ne, ew.lt, ew.le, ew.gt, ew.ge))
_OF_TRUTH = frozenset((ew.logical_and, ew.logical_or, ew.logical_xor, ew.logical_not))


def row_of(eqn):
    """The row of an equation, or None if NumPy is to do it."""
    p = eqn.primitive
    row = ROWS.get(p)
    if row is None and p in _SINGLE and eqn.outvars[0].aval.dtype == F32:
        row = _SINGLE[p]
    return row


def operand_dtype(eqn):
    """The dtype in which an elementwise equation computes; of truth values each keeps its own."""
    p = eqn.primitive
    out = eqn.outvars[0].aval.dtype
    if p in _COMPARISONS or p in (ew.isnan, ew.isinf, ew.is_finite, ew.signbit):
        kinds = [promotion_operand(v.aval) for v in eqn.invars]
        return np.result_type(*(k(0) if isinstance(k, type) else k for k in kinds))
    return out


def is_written(eqn) -> bool:
    """Whether an elementwise equation can be vector code."""
    p = eqn.primitive
    dtypes = [v.aval.dtype for v in (*eqn.invars, *eqn.outvars)]
    if not DTYPES.issuperset(dtypes):
        return False
    out = dtypes[-1]
    if p is convert_element_type:
        return _converts(dtypes[0], out)
    if p is parts.select:
        return dtypes[0] == BOOL and all(_converts(d, out) for d in dtypes[1:3])
    row = row_of(eqn)
    if row is None:
        return False
    if p in _OF_TRUTH:
        return True
    dtype = operand_dtype(eqn)
    if p in _COMPARISONS and not _fit(eqn, dtype):
        return False
    return dtype.kind in row.kinds and all(_converts(d, dtype) for d in dtypes[:-1])


def _fit(eqn, dtype):
    """Whether literals are numbers of the dtype in which they are compared: 300 is no uint8."""
    if dtype.kind == "f":  # of int64 and uint64, which NumPy compares exactly
        return any(v.aval.dtype.kind == "f" for v in eqn.invars)
    return dtype in DTYPES and all(
        dtype == BOOL
        or (v.val == int(v.val) and np.iinfo(dtype).min <= v.val <= np.iinfo(dtype).max)
        for v in eqn.invars
        if type(v) is Literal
    )


def _converts(dtype, to):
    """Whether a conversion gives NumPy's numbers, out of range too."""
    if dtype.kind == "f" and to.kind in "iu":
        return to.kind == "i" and to.itemsize >= 4
    return True


def cost_of(eqn) -> int:
    """About how many instructions an equation is."""
    row = row_of(eqn)
    return 1 if row is None else row.cost


def write(b, eqn, operands) -> Value:
    """The value of an elementwise equation.

    Parameters
    ----------
    b : Builder
    eqn : JaxprEqn
    operands : list of Value or Python number
        Numbers for its literals.
    """
    p = eqn.primitive
    out = eqn.outvars[0].aval.dtype
    if p is convert_element_type:
        return _in(b, operands[0], out)
    if p is parts.select:
        condition, x, y = operands
        if type(condition) is not Value:
            condition = b.constant(bool(condition), BOOL)
        return condition.where(_in(b, x, out), _in(b, y, out))
    if p in _OF_TRUTH:
        values = [x if type(x) is Value else b.constant(bool(x), BOOL) for x in operands]
    else:
        dtype = operand_dtype(eqn)
        values = [_in(b, x, dtype) for x in operands]
    lanes = max(v.lanes for v in values)
    values = [b.spread(v, lanes) for v in values]
    return row_of(eqn).write(*values)


def _in(b, x, dtype):
    return x.astype(dtype) if type(x) is Value else b.constant(x, dtype)


class Reduction:
    """How a reduction is written.

    Parameters
    ----------
    join : callable
        Of two values.
    neutral : callable
        ``neutral(dtype)``: the number that changes nothing.
    """

    def __init__(self, join, neutral):
        self.join = join
        self.neutral = neutral


def _least(dtype):
    return -math.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _greatest(dtype):
    return math.inf if dtype.kind == "f" else np.iinfo(dtype).max


REDUCTIONS = {
    reduce_sum: Reduction(lambda x, y: x + y, lambda dtype: 0),
    reduce_prod: Reduction(lambda x, y: x * y, lambda dtype: 1),
    reduce_max: Reduction(_larger, _least),
    reduce_min: Reduction(_smaller, _greatest),
    reduce_and: Reduction(lambda x, y: x & y, lambda dtype: dtype == BOOL or -1),
    reduce_or: Reduction(lambda x, y: x | y, lambda dtype: 0),
}


def is_reduction(eqn) -> bool:
    """Whether an equation is a reduction of numbers that vector code can do."""
    dtype = eqn.invars[0].aval.dtype if eqn.invars else None
    if eqn.primitive not in REDUCTIONS or dtype not in DTYPES or not eqn.invars[0].aval.size:
        return False
    if eqn.primitive in (reduce_and, reduce_or):
        return dtype == BOOL
    return dtype != BOOL and dtype == eqn.outvars[0].aval.dtype and dtype.kind in "iuf"
