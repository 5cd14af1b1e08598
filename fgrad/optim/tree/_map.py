"""Mapping over pytrees whose leaves may be missing."""

import fgrad.tree as tree


def map_present(f, first, *rest):
    """``tree.map`` that gives None wherever `first` holds None, whatever `rest` holds there."""
    return tree.map(
        lambda x, *others: None if x is None else f(x, *others),
        first,
        *rest,
        is_leaf=lambda x: x is None,
    )


def map_several(f, count, first, *rest):
    """`map_present` for a function with several results: as many trees."""
    results = map_present(f, first, *rest)
    pick = lambda i: map_present(lambda x, result: result[i], first, results)
    return tuple(pick(i) for i in range(count))
