"""The faces `fgrad.tree` and `fgrad.tree_util` hold the functions of the core."""

import inspect

import jax
import pytest

from fgrad import tree, tree_util
from fgrad.core import tree as core


@pytest.mark.parametrize("name", tree_util.__all__)
def test_tree_util_holds_the_core_function(name):
    assert getattr(tree_util, name) is getattr(core, name)


@pytest.mark.parametrize("name", sorted(set(tree.__all__) - {"static"}))
def test_tree_holds_the_core_function_under_its_short_name(name):
    assert getattr(tree, name) is getattr(core, f"tree_{name}")


@pytest.mark.parametrize("module, theirs", [(tree, jax.tree), (tree_util, jax.tree_util)])
def test_functions_take_the_arguments_of_their_namesakes(module, theirs):
    for name in module.__all__:
        function, namesake = getattr(module, name), getattr(theirs, name)
        if inspect.isfunction(namesake):
            ours = inspect.signature(function).parameters.values()
            expected = inspect.signature(namesake).parameters.values()
            assert [(p.name, p.kind) for p in ours] == [(p.name, p.kind) for p in expected], name
