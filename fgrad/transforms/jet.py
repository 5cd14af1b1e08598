"""Taylor mode: values are truncated power series of one variable.

Operations that are linear, or products, act on coefficients. For any other one, ``y' = f'(x) x'``
is an equation between power series: coefficient k of `y` is a k-th of coefficient k - 1 of the
right-hand side, which is what the operation's JVP rule gives on power series, and needs `y` up to
coefficient k - 1 alone. So series are made coefficient by coefficient, each when it is asked for.
"""

import math

import numpy as np

from fgrad.core.source import located, user_source
from fgrad.core.trace import MINUS_ONE, ONE, Trace, Tracer, get_aval, thread
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.primitives.elementwise import add, div, mul, neg
from fgrad.primitives.fit import fit_tangent
from fgrad.primitives.shape import convert_element_type
from fgrad.transforms.checkpoint import remat
from fgrad.transforms.custom_vjp import custom_vjp_call
from fgrad.transforms.face import as_argument, as_results, check_callable
from fgrad.transforms.jit import jit_call
from fgrad.transforms.linear import instantiate


class _Series:
    """The coefficients of a power series, made in their order; None for zero.

    Parameters
    ----------
    first : value
        The constant coefficient.
    make : callable
        ``make(k)``: coefficient k; it may ask for those before.
    """

    __slots__ = ("_known", "_make")

    def __init__(self, first, make):
        self._known = [first]
        self._make = make

    def __getitem__(self, k):
        while len(self._known) <= k:
            self._known.append(self._make(len(self._known)))
        return self._known[k]


class JetTracer(Tracer):
    """A power series."""

    __slots__ = ("series",)

    def __init__(self, trace, series):
        self._trace = trace
        self.series = series
        self.aval = get_aval(series[0])

    def __repr__(self):
        return f"Tracer<{self.series[0]}>"

    def concrete(self, error, what):
        p = self.series[0]
        return p.concrete(error, what) if isinstance(p, Tracer) else p


class JetTrace(Trace):
    """Does to power series what the program does to their constant coefficients.

    Attributes
    ----------
    order : int
        The highest coefficient.
    """

    __slots__ = ("_depth", "_seen", "order")
    transformation = "jet"

    def __init__(self, parent, fun, order):
        super().__init__(parent, fun)
        self.order = order
        self._depth = 0  # of derivative rules, in which series wait until they are asked
        self._seen = {}

    def process(self, primitive, args, params):
        mine = [type(a) is JetTracer and a._trace is self for a in args]
        if True not in mine:
            return self.parent.process(primitive, args, params)
        inside = _INSIDE.get(primitive)
        if inside is not None:
            return inside(*args, **params)
        # tracers of our own: those of the program may be assigned into
        args = [JetTracer(self, a.series) if m else a for a, m in zip(args, mine, strict=True)]
        # Rules ask again for what they differentiate: sin for cos, and that for sin.
        key = self._key(primitive, args, params)
        found = self._seen.get(key)
        if found is None:
            primals = [a.series[0] if m else a for a, m in zip(args, mine, strict=True)]
            out = self.parent.process(primitive, primals, params)
            outs = out if primitive.multiple_results else [out]
            found = args, outs, self._extend(primitive, args, mine, params, outs)
            if key is not None:
                self._seen[key] = found
        results = []
        for out, series in zip(*found[1:], strict=True):
            if get_aval(out).inexact:
                out = JetTracer(self, series)
                if not self._depth:
                    series[self.order]
            results.append(out)
        return results if primitive.multiple_results else results[0]

    def _extend(self, primitive, args, mine, params, outs):
        """The series of an operation's results, from their constant coefficients."""
        if not primitive.multiple_results:
            if primitive.linear == "each":
                return [_Series(outs[0], _product(primitive, args, mine, params))]
            linear = _linear_operands(primitive, len(args))
            if all(flag for flag, m in zip(linear, mine, strict=True) if m):
                return [_Series(outs[0], _coefficientwise(primitive, args, mine, params, linear))]
        rates = []

        def rate(i, k):
            if not rates:
                rates.append(self._rates(primitive, args, mine, params, tied))
            r = rates[0][i]
            if type(r) is JetTracer and r._trace is self:
                return r.series[k]
            return r if k == 0 else None

        def following(i, aval):
            def make(k):
                r = rate(i, k - 1)
                return None if r is None else fit_tangent(div(r, float(k)), aval.strong())

            return make

        series = [_Series(o, following(i, get_aval(o))) for i, o in enumerate(outs)]
        tied = JetTracer(self, series[0])
        return series

    def _rates(self, primitive, args, mine, params, ans):
        """The derivatives of the results along the series, as series."""
        current, thread.trace = thread.trace, self
        self._depth += 1
        try:
            tangents = [
                JetTracer(self, _derivative(a.series)) if m else None
                for a, m in zip(args, mine, strict=True)
            ]
            if primitive.partials is None:
                if primitive.jvp is None:
                    raise NotImplementedError(located(f"{primitive.name} has no derivative rule"))
                out, rates = primitive.jvp(list(args), tangents, **params)
                return rates if primitive.multiple_results else [rates]
            total = None
            for t, d in zip(tangents, primitive.partials, strict=True):
                if t is None or d is None:
                    continue
                if d is MINUS_ONE:
                    t = neg(t)
                elif d is not ONE:
                    t = mul(t, d(ans, *args, **params))
                total = t if total is None else add(total, t)
            return [total]
        finally:
            self._depth -= 1
            thread.trace = current

    def _key(self, primitive, args, params):
        """What an operation on series is found again by; None if arrays take part."""
        key = [primitive, *sorted(params.items())]
        for a in args:
            if type(a) is JetTracer and a._trace is self:
                key.append(id(a.series))
            elif isinstance(a, Tracer | np.ndarray):
                return None
            else:
                key.append((type(a), a))
        try:
            hash(tuple(key))
        except TypeError:
            return None
        return tuple(key)

    def lift(self, x):
        if not get_aval(x).inexact:
            return self.parent.lift(x)
        return JetTracer(self, _Series(x, lambda k: None))  # it may be assigned traced values

    def coefficients(self, x):
        """All coefficients of a result."""
        mine = isinstance(x, JetTracer) and x._trace is self
        first = x.series[0] if mine else x
        aval = get_aval(first).strong()
        rest = [x.series[k] if mine else None for k in range(1, self.order + 1)]
        return [first, *(instantiate(c, aval) for c in rest)]

    def why_abstract(self, tracer, what):
        return f"{what} needs the value of a power series: {self.describe()}."


def _linear_operands(primitive, count):
    """Which operands it is jointly linear in; none, if it is linear in each alone or in no one."""
    linear = primitive.linear
    if linear == "all":
        return (True,) * count
    if not isinstance(linear, tuple):
        return (False,) * count
    return (*linear, *(False for _ in range(count)))[:count]


def _coefficientwise(primitive, args, mine, params, linear):
    def make(k):
        parts = [a.series[k] if m else None for a, m in zip(args, mine, strict=True)]
        if all(p is None for p in parts):
            return None
        full = [
            instantiate(p, get_aval(a).strong()) if flag else a
            for p, a, flag in zip(parts, args, linear, strict=True)
        ]
        return primitive.bind(*full, **params)

    return make


def _product(primitive, args, mine, params):
    places = [i for i, m in enumerate(mine) if m]

    def make(k):
        total = None
        for orders in _compositions(k, len(places)):
            full = list(args)
            for i, j in zip(places, orders, strict=True):
                full[i] = args[i].series[j]
            if any(f is None for f in full):
                continue
            term = primitive.bind(*full, **params)
            total = term if total is None else add(total, term)
        return total

    return make


def _compositions(k, n):
    """All ways to write k as a sum of n numbers that are not negative."""
    if n == 1:
        yield (k,)
        return
    for j in range(k + 1):
        for rest in _compositions(k - j, n - 1):
            yield (j, *rest)


def _derivative(series):
    """The derivative of a series."""

    def make(k):
        c = series[k + 1]
        return None if c is None else mul(c, float(k + 1))

    first = make(0)
    if first is None:
        first = instantiate(None, get_aval(series[0]).strong())
    return _Series(first, make)


_INSIDE = {
    jit_call: lambda *args, jaxpr, name: jaxpr(*args),
    remat: lambda *args, jaxpr, policy: jaxpr(*args),
    custom_vjp_call: lambda *args, call: call.run(*args),
}


def jet(fun, primals, series, factorial_scaled=True):
    """The Taylor series of a function along a curve.

    For a curve ``x(t)``, it gives the derivatives of ``fun(x(t))`` by t at zero from those of
    ``x(t)``, to any order at once: the cost grows with the square of the order.

    Parameters
    ----------
    fun : callable
        A pure function of arrays.
    primals : sequence of arrays
        ``x(0)``: one for each positional argument.
    series : sequence of sequences of arrays
        For each argument the first, second, ... derivative of ``x(t)`` at zero, equally many.
    factorial_scaled : bool
        If false, series are of Taylor coefficients: derivative k divided by k!.

    Returns
    -------
    value
        ``fun(*primals)``.
    series
        Of the structure of the value, with a list of derivatives in place of each array.

    Raises
    ------
    ValueError
        If the series differ in length, or a term does not have the shape of its argument.
    TypeError
        If an argument is no array of a floating dtype.

    Notes
    -----
    Griewank and Walther, Evaluating Derivatives, chapter 13. A loop is differentiated as often as
    there are orders, each time at twice the cost.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.experimental.jet import jet
    >>> jet(fnp.exp, (0.0,), ((1.0, 0.0, 0.0),))
    (np.float64(1.0), [np.float64(1.0), np.float64(1.0), np.float64(1.0)])
    """
    check_callable(fun, "jet")
    values, terms, order = _check(primals, series)
    trace = JetTrace(thread.trace, fun, order)
    trace.source = user_source()
    inputs = []
    for v, row in zip(values, terms, strict=True):
        if factorial_scaled:
            row = [div(t, float(math.factorial(k))) for k, t in enumerate(row, 1)]
        inputs.append(JetTracer(trace, _Series(v, lambda k, row=row: row[k - 1])))
    with trace:
        leaves, tree = tree_flatten(fun(*inputs))
    outs = [
        trace.coefficients(as_argument(o, "jet: an output", tree, i)) for i, o in enumerate(leaves)
    ]
    value = as_results(tree, [o[0] for o in outs], [*values, *leaves])
    _, row_tree = tree_flatten([0] * order)
    rows = []
    for _, *row in outs:
        if factorial_scaled:
            row = [mul(t, float(math.factorial(k))) for k, t in enumerate(row, 1)]
        rows.append(as_results(row_tree, row, [t for row in terms for t in row]))
    return value, tree_unflatten(tree, rows)


def _check(primals, series):
    """Values, their terms in their dtypes, and the order."""
    for name, x in (("primals", primals), ("series", series)):
        if not isinstance(x, tuple | list):
            raise TypeError(
                located(f"jet: {name} must be a tuple of arguments; got {type(x).__name__}")
            )
    if len(primals) != len(series) or not primals:
        raise ValueError(
            located(
                f"jet: give a series for each of the arguments; got {len(series)} for "
                f"{len(primals)}"
            )
        )
    lengths = {len(row) for row in series}
    if len(lengths) > 1:
        raise ValueError(located(f"jet: the series differ in length: {sorted(lengths)}"))
    values, terms = [], []
    for i, (x, row) in enumerate(zip(primals, series, strict=True)):
        v = as_argument(x, f"jet: argument {i}")
        aval = get_aval(v).strong()
        if not aval.inexact:
            raise TypeError(located(f"jet: argument {i} must be of a floating dtype; got {aval}"))
        found = []
        for k, t in enumerate(row, 1):
            t = as_argument(t, f"jet: term {k} of argument {i}")
            if get_aval(t).shape != aval.shape:
                raise ValueError(
                    located(
                        f"jet: term {k} of argument {i} must have its shape, {aval.shape}; "
                        f"got {get_aval(t)}"
                    )
                )
            found.append(convert_element_type(t, new_dtype=aval.dtype))
        values.append(v)
        terms.append(found)
    return values, terms, lengths.pop()
