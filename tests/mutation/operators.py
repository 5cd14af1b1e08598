"""Ways to break code: each gives, for a node of a syntax tree, what could stand in its place.

They are the slips that rules and passes invite: a lost term, a wrong sign, swapped operands, a
forgotten sum over broadcast axes, an axis off by one.
"""

import ast
import copy

SWAPPABLE = {"sub", "div", "pow", "gt", "ge", "lt", "le", "concatenate", "complex", "matmul"}
FITS = {
    "fit_cotangent", "fit_tangent", "restore", "broadcast_to", "moveaxis", "move_to", "align",
    "astype", "real_part_like", "instantiate", "reshape", "conj", "real", "convert_element_type",
    "stop_gradient", "expand_dims", "sorted", "reversed", "_flipped", "_permute", "_permuted",
}  # fmt: skip
NEIGHBOURS = {
    "sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh", "gt": "lt", "lt": "gt",
    "eq": "ne", "ne": "eq", "ge": "gt", "le": "lt", "logical_and": "logical_or", "floor": "ceil",
    "trunc": "floor", "mul": "div", "add": "mul", "real": "imag", "imag": "real", "all": "any",
    "any": "all", "max": "min", "min": "max", "exp": "exp2", "log": "log2", "cumsum": "cumprod",
    "zeros_like": "ones_like", "zeros": "ones", "sqrt": "rsqrt", "rsqrt": "sqrt",
    "ONE": "MINUS_ONE", "MINUS_ONE": "ONE",
}  # fmt: skip
PARAMETERS = {"keepdims", "reverse", "weak_type", "donated", "unroll", "unique", "keep_unused"}


def called(node):
    """The last name of what a call calls, or None."""
    if not isinstance(node, ast.Call):
        return None
    f = node.func
    return f.id if isinstance(f, ast.Name) else f.attr if isinstance(f, ast.Attribute) else None


def _text(node):
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _prose(node):
    """Whether a formatted text is for people: it has spaces that code and subscripts have not."""
    text = "".join(v.value for v in node.values if isinstance(v, ast.Constant))
    return " " in text.replace(", ", "").replace(" = ", "").replace(": ", "")


def _sum(node):
    """Whether a node adds or subtracts numbers."""
    numbers = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)
    return numbers and not (_text(node.left) or _text(node.right))


def _table(node):
    """Whether a node is a table of rules: a dict of names of things."""
    return (
        isinstance(node, ast.Dict)
        and len(node.values) > 2
        and all(node.keys)
        and all(isinstance(v, ast.Name | ast.Attribute | ast.Lambda) for v in node.values)
    )


def _with(node, **fields):
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _replaced(items, i, *new):
    return [*items[:i], *new, *items[i + 1 :]]


def _plus(node, n):
    op = ast.Add() if n > 0 else ast.Sub()
    return ast.BinOp(node, op, ast.Constant(abs(n)))


def drop_term(node, place):
    if _sum(node):
        minus = isinstance(node.op, ast.Sub)
        yield node.left
        yield ast.UnaryOp(ast.USub(), node.right) if minus else node.right
    if called(node) in ("add", "sub") and len(node.args) == 2:
        yield node.args[0]
        yield node.args[1]


def flip_sign(node, place):
    if _sum(node):
        yield _with(node, op=ast.Sub() if isinstance(node.op, ast.Add) else ast.Add())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    if called(node) == "neg" and len(node.args) == 1:
        yield node.args[0]


def swap_operands(node, place):
    if isinstance(node, ast.BinOp) and isinstance(
        node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow | ast.MatMult
    ):
        yield _with(node, left=node.right, right=node.left)
    if called(node) in SWAPPABLE and len(node.args) == 2:
        yield _with(node, args=node.args[::-1])


def swap_neighbours(node, place):
    """Two axes, letters, operands or results that stand side by side."""
    if (
        isinstance(node, ast.Tuple)
        and not place.top  # there they are sets of things
        and place.inside in ("call", "return")
        and not any(isinstance(e, ast.Constant | ast.Starred) for e in node.elts)
    ):
        for i in range(len(node.elts) - 1):
            a, b = node.elts[i : i + 2]
            yield _with(node, elts=[*node.elts[:i], b, a, *node.elts[i + 2 :]])
    if isinstance(node, ast.JoinedStr) and not _prose(node):
        holes = [i for i, v in enumerate(node.values) if isinstance(v, ast.FormattedValue)]
        for i, j in zip(holes, holes[1:], strict=False):
            values = list(node.values)
            values[i], values[j] = values[j], values[i]
            yield _with(node, values=values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _text(node.right):
        yield _with(node, left=node.right, right=node.left)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
        (target,) = node.targets[:1]
        if isinstance(target, ast.Tuple) and len(target.elts) == len(node.value.elts) == 2:
            yield _with(node, value=_with(node.value, elts=node.value.elts[::-1]))


def skip_fit(node, place):
    if called(node) in FITS and node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]


def drop_rule(node, place):
    if isinstance(node, ast.Call) and place.top:
        for i, a in enumerate(node.args):
            if isinstance(a, ast.Lambda):
                yield _with(node, args=_replaced(node.args, i, ast.Constant(None)))
        for i, k in enumerate(node.keywords):
            if k.arg in ("jvp", "transpose", "linear", "linearize"):
                new = _with(k, value=ast.Constant(None))
                yield _with(node, keywords=_replaced(node.keywords, i, new))
    if _table(node):
        for i in range(len(node.keys)):
            yield _with(node, keys=_replaced(node.keys, i), values=_replaced(node.values, i))


def neighbour(node, place):
    """Another rule, function or entry, of those that stand near."""
    if isinstance(node, ast.Call):
        names = [i for i, a in enumerate(node.args) if isinstance(a, ast.Lambda)]
        for i, j in zip(names, names[1:], strict=False):
            args = list(node.args)
            args[i], args[j] = args[j], args[i]
            yield _with(node, args=args)
        empty = bool(node.args) and ast.unparse(node.args[0]) == "0"
        if (new := NEIGHBOURS.get(called(node))) and not (empty or place.method(node)):
            if isinstance(node.func, ast.Name):
                yield _with(node, func=ast.Name(new, ast.Load()))
            else:
                yield _with(node, func=_with(node.func, attr=new))
    if isinstance(node, ast.Name) and node.id in NEIGHBOURS and place.inside == "call":
        yield ast.Name(NEIGHBOURS[node.id], ast.Load())
    if _table(node):
        for i in range(len(node.keys)):
            other = node.values[(i + 1) % len(node.values)]
            yield _with(node, values=_replaced(node.values, i, other))


def off_by_one(node, place):
    """An index, a bound or an axis moved by one."""
    if isinstance(node, ast.Subscript):
        s = node.slice
        if isinstance(s, ast.Constant) and type(s.value) is int:
            yield _with(node, slice=ast.Constant(s.value + 1))
        if isinstance(s, ast.Slice):
            for side in ("lower", "upper"):
                bound = getattr(s, side)
                if bound is not None:
                    yield _with(node, slice=_with(s, **{side: _plus(bound, 1)}))
    if isinstance(node, ast.Call):
        for i, k in enumerate(node.keywords):
            if k.arg in ("axis", "dimension") and isinstance(k.value, ast.Name | ast.Attribute):
                new = _with(k, value=_plus(k.value, -1))
                yield _with(node, keywords=_replaced(node.keywords, i, new))
        i = {"moveaxis": 1, "insert": 0, "range": len(node.args) - 1}.get(called(node))
        if i is not None and not isinstance(node.args[i], ast.Constant | ast.Starred):
            yield _with(node, args=_replaced(node.args, i, _plus(node.args[i], -1)))


_FLIPPED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn,
    ast.NotIn: ast.In, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
_ORDERED = (ast.Lt, ast.Gt, ast.LtE, ast.GtE)


def _checks_types(node):
    return any(
        called(n) in ("isinstance", "issubclass", "hasattr", "callable", "type")
        for n in ast.walk(node)
    )


def _negated(test):
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) not in _ORDERED:
        return _with(test, ops=[_FLIPPED[type(test.ops[0])]()])
    return ast.UnaryOp(ast.Not(), test)


def negate_condition(node, place):
    if isinstance(node, ast.If | ast.IfExp) and not _checks_types(node.test):
        yield _with(node, test=_negated(node.test))
    if isinstance(node, ast.comprehension):
        for i, test in enumerate(node.ifs):
            if not _checks_types(test):
                yield _with(node, ifs=_replaced(node.ifs, i, _negated(test)))


def move_bound(node, place):
    """A comparison that includes its bound, or no longer does; one turned around elsewhere."""
    if isinstance(node, ast.Compare) and not _checks_types(node):
        for i, op in enumerate(node.ops):
            other = node.comparators[i]
            if isinstance(other, ast.Name) and other.id.isupper():
                continue  # a threshold between two ways that are both right
            if type(op) in _ORDERED or place.inside != "test":
                yield _with(node, ops=_replaced(node.ops, i, _FLIPPED[type(op)]()))


def drop_guard(node, place):
    """A choice that is always made one way; a condition with one part forgotten."""
    if called(node) in ("select", "where") and len(node.args) == 3:
        yield node.args[1]
        yield node.args[2]
    if isinstance(node, ast.IfExp) and not _checks_types(node.test):
        yield node.body
        yield node.orelse
    if isinstance(node, ast.BoolOp) and not _checks_types(node):
        for i in range(len(node.values)):
            rest = _replaced(node.values, i)
            yield rest[0] if len(rest) == 1 else _with(node, values=rest)
    if isinstance(node, ast.comprehension) and node.ifs and not _checks_types(node.ifs[0]):
        yield _with(node, ifs=node.ifs[1:])


def drop_pass(node, place):
    if (
        isinstance(node, ast.Tuple | ast.List)
        and place.top
        and len(node.elts) > 2
        and all(isinstance(e, ast.Name | ast.Attribute) for e in node.elts)
    ):
        for i in range(len(node.elts)):
            yield _with(node, elts=_replaced(node.elts, i))


def ignore_parameter(node, place):
    if isinstance(node, ast.Call):
        for i, k in enumerate(node.keywords):
            if k.arg in PARAMETERS and not isinstance(k.value, ast.Constant):
                new = _with(k, value=ast.Constant(False))
                yield _with(node, keywords=_replaced(node.keywords, i, new))


def drop_statement(node, place):
    if not place.top and (
        isinstance(node, ast.AugAssign)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        or (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Subscript | ast.Attribute)
        )
    ):
        yield ast.Pass()


def change_constant(node, place):
    if isinstance(node, ast.Constant) and place.inside != "index":
        v = node.value
        if type(v) is bool:
            yield ast.Constant(not v)
        elif type(v) is int:
            yield ast.Constant(v + 1)
        elif type(v) is float:
            yield ast.Constant(2 * v if v else 1.0)


OPERATORS = (
    drop_term, flip_sign, swap_operands, swap_neighbours, skip_fit, drop_rule, neighbour,
    off_by_one, negate_condition, move_bound, drop_guard, drop_pass, ignore_parameter,
    drop_statement, change_constant,
)  # fmt: skip
