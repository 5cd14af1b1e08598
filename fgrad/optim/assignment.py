"""The cheapest one-to-one assignment.

>>> import numpy as np
>>> from fgrad import optim
>>> costs = np.array([[8.0, 4.0, 7.0], [5.0, 2.0, 3.0], [9.0, 4.0, 8.0]])
>>> rows, columns = optim.assignment.hungarian_algorithm(costs)
>>> float(costs[rows, columns].sum())
15.0
"""

from typing import Any

import fgrad.numpy as fnp
from fgrad import lax

__all__ = ["base_hungarian_algorithm", "hungarian_algorithm"]


def _search(costs, u, v, row_of) -> Any:
    """The shortest augmenting path from the row at the last column, which is not a real one.

    Returns the potentials, for each column the one before it on its path, and the free column
    that was reached.
    """
    columns = costs.shape[1]

    def unfinished(state):
        return row_of[state[-1]] >= 0

    def visit(state):
        u, v, used, distance, before, column = state
        used = used.at[column].set(True)
        free = ~used[:-1]
        row = row_of[column]
        reduced = fnp.where(free, costs[row] - u[row] - v[:-1], fnp.inf)
        nearer = reduced < distance
        before = fnp.where(nearer, column, before)
        distance = fnp.where(nearer, reduced, distance)
        nearest: Any = fnp.argmin(fnp.where(free, distance, fnp.inf))
        step = distance[nearest]
        # Rows of unused columns share the last entry, which belongs to no row.
        u = u.at[fnp.where(used, row_of, -1)].add(step)
        v = fnp.where(used, v - step, v)
        distance = fnp.where(free, distance - step, distance)
        return u, v, used, distance, before, nearest

    start = (
        u,
        v,
        fnp.zeros(columns + 1, bool),
        fnp.full(columns, fnp.inf),
        fnp.full(columns, columns),
        fnp.asarray(columns),
    )
    u, v, _, _, before, column = lax.while_loop(unfinished, visit, start)
    return u, v, before, column


def _match(costs) -> Any:
    """The row of each column, -1 where it has none; there are no fewer columns than rows."""
    rows, columns = costs.shape

    def add_row(carry, row):
        u, v, row_of = carry
        row_of = row_of.at[columns].set(row)
        u, v, before, column = _search(costs, u, v, row_of)

        def shift(state: Any):
            row_of, column = state
            previous = before[column]
            return row_of.at[column].set(row_of[previous]), previous

        row_of, _ = lax.while_loop(lambda s: s[1] != columns, shift, (row_of, column))
        return (u, v, row_of.at[columns].set(-1)), None

    start = (fnp.zeros(rows + 1), fnp.zeros(columns + 1), fnp.full(columns + 1, -1))
    (_, _, row_of), _ = lax.scan(add_row, start, fnp.arange(rows))
    return row_of[:-1]


def _checked(cost_matrix, name) -> Any:
    costs = fnp.asarray(cost_matrix)
    if costs.ndim != 2:
        raise ValueError(f"{name}: `cost_matrix` must have two axes, got shape {costs.shape}")
    return costs.astype(float)


def _assigned(costs):
    """For a matrix of no fewer columns than rows, the column of each row."""
    row_of = _match(costs)
    order: Any = fnp.argsort(fnp.where(row_of < 0, costs.shape[1], row_of))
    return order[: costs.shape[0]]


def base_hungarian_algorithm(cost_matrix: Any) -> tuple[Any, Any]:
    """`hungarian_algorithm` with the pairs in the order of the rows.

    Parameters
    ----------
    cost_matrix : array of shape (n, m)

    Returns
    -------
    rows, columns : array of integers of shape (min(n, m),)
        Of the pairs.
    """
    costs = _checked(cost_matrix, "base_hungarian_algorithm")
    if costs.size == 0:
        return fnp.zeros(0, int), fnp.zeros(0, int)
    if costs.shape[0] <= costs.shape[1]:
        return fnp.arange(costs.shape[0]), _assigned(costs)
    rows = _assigned(costs.T)
    order = fnp.argsort(rows)
    return rows[order], order


def hungarian_algorithm(cost_matrix: Any) -> tuple[Any, Any]:
    """The one-to-one assignment of rows to columns with the smallest sum of costs.

    Where there are more of the ones than of the others, some stay without a partner. It takes
    time of the order :math:`n^2 m` for :math:`n` of the fewer and :math:`m` of the more.

    Parameters
    ----------
    cost_matrix : array of shape (n, m)

    Returns
    -------
    rows, columns : array of integers of shape (min(n, m),)
        Of the pairs.

    Raises
    ------
    ValueError
        If `cost_matrix` does not have two axes.

    References
    ----------
    Kuhn, "The Hungarian Method for the assignment problem", 1955.

    Jonker, Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment
    problems", https://doi.org/10.1007/BF02278710, 1987.
    """
    costs = _checked(cost_matrix, "hungarian_algorithm")
    rows, columns = costs.shape
    if costs.size == 0:
        return fnp.zeros(0, int), fnp.zeros(0, int)
    if rows == columns:
        return _match(costs), fnp.arange(columns)
    if rows < columns:
        return fnp.arange(rows)[::-1], _assigned(costs)[::-1]
    return _assigned(costs.T)[::-1], fnp.arange(columns)[::-1]
