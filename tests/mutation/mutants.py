"""Which mutants there are: every way to break the files that hold rules and passes, sampled."""

import ast
import difflib
import hashlib
import math
import re
from collections import defaultdict
from pathlib import Path

from tests.mutation.operators import OPERATORS, called

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("primitives", "transforms", "control_flow", "compiler")
# What sets the number of threads: it holds no rule and no pass.
NOT_RULES = ("fgrad/compiler/blas.py",)
COUNT = 370


class Place:
    """Where a node stands.

    Attributes
    ----------
    top : bool
        Whether outside of all functions.
    inside : str
        What it is a part of: "call", "return", "index", "test" or "".
    """

    def __init__(self, top, inside=""):
        self.top = top
        self.inside = inside

    @staticmethod
    def method(node):
        """Whether a call is of a method rather than of a function of a module."""
        f = node.func
        return isinstance(f, ast.Attribute) and not (
            isinstance(f.value, ast.Name) and f.value.id in ("np", "ew", "sh", "parts", "reduce")
        )


class Mutant:
    """One break.

    Attributes
    ----------
    number : int
        Its place in the sample.
    path : str
        The file, below the root.
    line : int
    operator : str
    key : str
        What names it whatever else changes: file, function, operator and the change.
    """

    def __init__(self, tree, path, scope, operator, where, old, new, line, end, again):
        self.path = path
        self.scope = scope
        self.operator = operator
        self.line, self.end = line, end
        self.number = None
        self._tree, self._where, self._old, self._new = tree, where, old, new
        before, after = (" ".join(ast.unparse(n).split()) for n in (old, new))
        self.change = f"{before[:90]} -> {after[:90]}"
        repeat = f" ({again(before, after) + 1})"
        digest = hashlib.sha256(f"{before}->{after}".encode()).hexdigest()[:6]
        self.key = f"{path}:{scope or '-'} {operator} {digest}{repeat if again.last else ''}"

    def rank(self):
        return hashlib.sha256(self.key.encode()).hexdigest()

    def _put(self, node):
        parent, field, index = self._where
        if index is None:
            setattr(parent, field, node)
        else:
            getattr(parent, field)[index] = node

    def tree(self):
        """The syntax tree of the broken file; the file's own tree is broken for good."""
        self._put(self._located(self._new))
        return self._tree

    def _located(self, node):
        ast.copy_location(node, self._old)
        return ast.fix_missing_locations(node)

    def diff(self):
        """What changes, on normalized source."""
        before = ast.unparse(self._tree).splitlines()
        self._put(self._located(self._new))
        after = ast.unparse(self._tree).splitlines()
        self._put(self._old)
        lines = list(difflib.unified_diff(before, after, self.path, self.path, lineterm="", n=1))
        return "\n".join(lines[2:])

    def __str__(self):
        return f"{self.number} {self.path}:{self.line} {self.operator}: {self.change}"


def _only_raises(node):
    """Whether a function or a branch is there to refuse bad input."""
    if isinstance(node, ast.If):
        return isinstance(node.body[-1], ast.Raise)
    inner = list(ast.walk(node))
    return any(isinstance(n, ast.Raise) for n in inner) and not any(
        (isinstance(n, ast.Return) and n.value is not None)
        or isinstance(n, ast.Yield | ast.AugAssign)
        or (isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Attribute | ast.Subscript))
        for n in inner
    )


# What says things, and does nothing.
_SAID = re.compile(r"\.(__\w+__|source|debug_name)$")
_SAYS = {"__repr__", "__str__", "describe", "why_abstract", "located", "lru_cache", "doc", "warn"}


def _inside(node, field):
    """What a field of a node is a part of."""
    if (isinstance(node, ast.Call) and field != "func") or isinstance(node, ast.keyword):
        return "call"
    if isinstance(node, ast.Return | ast.Lambda):
        return "return"
    if (isinstance(node, ast.Subscript) and field == "slice") or isinstance(node, ast.Slice):
        return "index"
    return "test" if isinstance(node, ast.If | ast.IfExp | ast.While) and field == "test" else ""


def _walk(node, scope, place, found):
    """Find the places where operators may act; error paths, messages and types are left out."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "handlers", "type_params"):
            continue
        items = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in items:
            if not isinstance(child, ast.AST) or isinstance(child, ast.Raise | ast.Assert):
                continue
            if called(child) in _SAYS or getattr(child, "name", None) in _SAYS:
                continue
            if isinstance(child, ast.Attribute) and child.attr == "source":
                continue
            if isinstance(child, ast.Expr) and (called(child.value) or "").lstrip("_").startswith(
                "check"
            ):
                continue
            if isinstance(child, ast.Assign) and _SAID.search(ast.unparse(child.targets[0])):
                continue
            if isinstance(child, ast.keyword) and child.arg in ("strict", "source", "name"):
                continue
            if isinstance(child, ast.FormattedValue) and child.conversion == ord("r"):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue
            if isinstance(child, ast.FunctionDef) and _only_raises(child):
                continue
            if isinstance(child, ast.If) and _only_raises(child):
                for i, c in enumerate(child.orelse):
                    found.append(((child, "orelse", i), c, scope, place))
                    _walk(c, scope, place, found)
                continue
            if place.top and isinstance(child, ast.Assign):
                name = child.targets[0]
                if isinstance(name, ast.Name) and name.id in ("__all__", "__slots__"):
                    continue
                if not any(isinstance(n, ast.Call | ast.Name) and n is not name
                           for n in ast.walk(child)):  # fmt: skip
                    continue  # a constant of tuning, or a text
            inner_scope = scope
            top = place.top
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inner_scope = f"{scope}.{child.name}" if scope else child.name
                top = top and isinstance(child, ast.ClassDef)
            elif isinstance(child, ast.Lambda):
                top = False
            if not scope and place.top and isinstance(child, ast.Assign):
                target = child.targets[0]
                inner_scope = target.id if isinstance(target, ast.Name) else scope
            inner = Place(top, _inside(node, field))
            found.append(((node, field, index), child, inner_scope, inner))
            _walk(child, inner_scope, inner, found)


def mutants_of(path: str) -> list[Mutant]:
    """Every mutant of a file, in the order of its text."""
    tree = ast.parse((ROOT / path).read_text())
    found = []
    _walk(tree, "", Place(True), found)
    seen = defaultdict(int)
    out = []
    for where, node, scope, place in found:
        lines = [n for n in ast.walk(node) if hasattr(n, "lineno")]
        if not lines:
            continue
        line, end = lines[0].lineno, lines[0].end_lineno
        made = {ast.dump(node)}
        for operator in OPERATORS:
            for new in operator(node, place):
                if ast.dump(new) in made:
                    continue
                made.add(ast.dump(new))
                name = operator.__name__.replace("_", " ")

                def again(before, after, name=name, scope=scope):
                    again.last = seen[scope, name, before, after]
                    seen[scope, name, before, after] += 1
                    return again.last

                m = Mutant(tree, path, scope, name, where, node, new, line, end, again)
                out.append(m)
    return out


def module_name(path: str) -> str:
    """By which name a file is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def targets(under: str = "") -> list[str]:
    """The files to break, or those whose path begins so."""
    found = (
        str(p.relative_to(ROOT))
        for folder in FOLDERS
        for p in (ROOT / "fgrad" / folder).rglob("*.py")
    )
    return sorted(p for p in found if p not in NOT_RULES and p.startswith(under))


def sample(count: int = COUNT, under: str = "") -> list[Mutant]:
    """About `count` mutants: from each file in the proportion of the root of how many it has.

    Within a file operators take turns. Which of an operator's mutants are taken is decided by a
    digest of each, so that an edit of one function changes the sample there alone.
    """
    every = {path: mutants_of(path) for path in targets(under)}
    every = {path: found for path, found in every.items() if found}
    share = count / sum(math.sqrt(len(found)) for found in every.values())
    chosen = []
    for found in every.values():
        queues = defaultdict(list)
        for m in sorted(found, key=Mutant.rank):
            queues[m.operator].append(m)
        turns = sorted(queues.values(), key=lambda q: q[0].rank())
        taken = []
        while len(taken) < min(len(found), round(share * math.sqrt(len(found)))):
            taken += [q.pop(0) for q in turns if q]
        taken = taken[: round(share * math.sqrt(len(found)))]
        chosen += sorted(taken, key=lambda m: (m.line, m.key))
    for number, m in enumerate(chosen, 1):
        m.number = number
    return chosen
