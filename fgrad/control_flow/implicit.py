"""What solvers given by the user share: their functions as programs, and checks of the results."""

from fgrad.control_flow.stage import as_carry_aval, closed_over, taking
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.core.tree import explain_mismatch, tree_unflatten
from fgrad.transforms.face import function_name, leaf_path
from fgrad.transforms.stage import stage_function


class Unknown:
    """What is solved for: its structure and types.

    Attributes
    ----------
    owner : str
        The solver, for messages.
    name : str
        The argument of it that is like the unknown.
    tree : PyTreeDef
    avals : list of ShapedArray
    """

    def __init__(self, owner, name, tree, values):
        self.owner = owner
        self.name = name
        self.tree = tree
        self.avals = [get_aval(v) for v in values]
        self.example = tree_unflatten(tree, self.avals)

    def stage(self, what, fun, count=1, has_aux=False):
        """The program of a function of `count` values like the unknown.

        Parameters
        ----------
        what : str
            The name of the argument that is this function.
        has_aux : bool
            Whether it gives more than a value like the unknown.

        Returns
        -------
        ClosedJaxpr
        list of ShapedArray
            Of its results.
        PyTreeDef
            Of its results.
        """
        closed, _, out_tree = stage_function(fun, [self.example] * count, {}, self.owner)
        tree = self._first(what, fun, out_tree) if has_aux else out_tree
        if tree != self.tree:
            trees = [tree_unflatten(t, [0.0] * t.num_leaves) for t in (self.tree, tree)]
            text = explain_mismatch(*trees, self.name, f"the result of {what}")
            raise TypeError(
                located(f"{self.owner}: {what} must give a value like {self.name}: {text}")
            )
        n = len(self.avals)
        for i, (want, got) in enumerate(zip(self.avals, closed.out_avals, strict=False)):
            if as_carry_aval(got, want) != want:
                at = leaf_path(tree, i)
                raise TypeError(
                    located(
                        f"{self.owner}: {what} must give a value like {self.name}{at}, {want}; "
                        f"{function_name(fun)} gave {got}"
                    )
                )
        return closed, [*self.avals, *closed.out_avals[n:]], out_tree

    def _first(self, what, fun, out_tree):
        data = out_tree.node_data()
        children = out_tree.children()
        if data is None or data[0] is not tuple or len(children) != 2:
            raise TypeError(
                located(
                    f"{self.owner} with has_aux=True: {what} must give a pair (solution, aux); "
                    f"{function_name(fun)} gave {out_tree}"
                )
            )
        return children[0]


def together(staged):
    """Programs that take what all of them close over as their first inputs.

    Parameters
    ----------
    staged : list of (ClosedJaxpr, list of ShapedArray, PyTreeDef)
        As `Unknown.stage` gives them.

    Returns
    -------
    list
        What they close over.
    list of ClosedJaxpr
    """
    outer = closed_over([closed for closed, *_ in staged])
    return outer, [taking(closed, outer, avals) for closed, avals, _ in staged]
