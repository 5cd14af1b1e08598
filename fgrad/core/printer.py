"""Jaxprs as text, in JAX's notation."""

import itertools

from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, JaxprEqn, Literal
from fgrad.core.letters import LOWERCASE


class _Names(dict):
    """A name for every variable: a, b, ..., z, ba, bb, ..."""

    def __init__(self):
        letters = LOWERCASE
        self._fresh = itertools.chain(
            letters,
            (
                a + "".join(rest)
                for n in itertools.count(1)
                for a in letters[1:]
                for rest in itertools.product(letters, repeat=n)
            ),
        )

    def __missing__(self, var):
        self[var] = name = next(self._fresh)
        return name


def _atom(names, v):
    if type(v) is Literal:
        return f"{_number(v.val)}:{v.aval}"
    return names[v]


def _number(val):
    return repr(val.item()) if hasattr(val, "item") else repr(val)


def _binder(names, v):
    return f"{names[v]}:{v.aval}"


def _param(value, indent):
    if isinstance(value, ClosedJaxpr):
        return format_jaxpr(value.jaxpr, indent)
    if isinstance(value, Jaxpr):
        return format_jaxpr(value, indent)
    if isinstance(value, tuple) and any(isinstance(x, ClosedJaxpr) for x in value):
        return "(" + ", ".join(_param(x, indent) for x in value) + ")"
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__
    return str(value)


def format_eqn(eqn: JaxprEqn, names=None, indent=0) -> str:
    """One equation as text."""
    names = _Names() if names is None else names
    out = " ".join(_binder(names, v) for v in eqn.outvars)
    params = "".join(
        f"\n{' ' * (indent + 2)}{k}={_param(v, indent + 4)}"
        if any(True for _ in _nested(v))
        else f" {k}={_param(v, indent)}"
        for k, v in sorted(eqn.params.items())
    )
    params = f"[{params.lstrip(' ')}]" if params else ""
    args = " ".join(_atom(names, v) for v in eqn.invars)
    return f"{out} = {eqn.primitive.name}{params} {args}".rstrip()


def _nested(value):
    for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, ClosedJaxpr | Jaxpr):
            yield item


def format_jaxpr(jaxpr: Jaxpr, indent=0) -> str:
    """A jaxpr as text.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.make_jaxpr(lambda x: fnp.sin(x) * 2)(1.0)
    { lambda ; a:f64[]~. let b:f64[]~ = sin a; c:f64[]~ = mul b 2:i64[]~ in (c,) }
    """
    names = _Names()
    consts = " ".join(_binder(names, v) for v in jaxpr.constvars)
    args = " ".join(_binder(names, v) for v in jaxpr.invars)
    pad = "\n" + " " * (indent + 4)
    lines = [format_eqn(e, names, indent + 4) for e in jaxpr.eqns]
    outs = ", ".join(_atom(names, v) for v in jaxpr.outvars) + "," * (len(jaxpr.outvars) == 1)
    flat = f"{{ lambda {consts}; {args}. let {'; '.join(lines)} in ({outs}) }}"
    flat = flat.replace("lambda ;", "lambda ;").replace("let  in", "let in")
    if len(flat) <= 96 and "\n" not in flat:
        return flat
    body = "".join(pad + line for line in lines)
    foot = "\n" + " " * (indent + 2)
    return f"{{ lambda {consts}; {args}. let{body}{foot}in ({outs}) }}"
