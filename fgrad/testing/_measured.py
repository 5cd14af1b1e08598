"""The derivatives of a function of pytrees, measured along directions."""

import numpy as np

from fgrad.testing._differences import Slope, complex_step, ladder, sharpened, slope
from fgrad.testing._leaves import as_reals, epsilon, moved, random_like

ONE_BY_ONE = 8  # a leaf of more numbers is measured along random directions
RANDOM = 2  # so many of them


class Direction:
    """Numbers of one leaf: to move along, or to weigh results with.

    Attributes
    ----------
    leaf : int
        Which of those that can move.
    step : array
        Like the leaf.
    index : tuple or None
        Of the one number that is not zero, if there is only one.
    """

    def __init__(self, leaf, step, index=None):
        self.leaf = leaf
        self.step = step
        self.index = index

    def among(self, values, factor=1.0):
        """Arrays like `values`: zeros, but for the leaf."""
        out = [np.zeros_like(np.asarray(x))[()] for x in values]
        out[self.leaf] = np.asarray(self.step * factor).astype(self.step.dtype)[()]
        return out

    def place(self, leaves):
        """What to call the numbers among some leaves."""
        text = leaves.place(self.leaf, self.index)
        if self.index is None:
            return f"a random combination of {text}"
        return text + (" (imaginary part)" if np.any(np.imag(self.step)) else "")

    def halves(self):
        """Two directions that each have half of the numbers."""
        for part in np.array_split(np.flatnonzero(self.step), 2):
            step = np.zeros_like(self.step)
            step.flat[part] = np.ravel(self.step)[part]
            index = np.unravel_index(part[0], step.shape) if part.size == 1 else None
            yield Direction(self.leaf, step, index)


def directions(leaves, rng, one_by_one):
    """For small leaves one for every number (and its imaginary part); for large ones random."""
    out = []
    for k, x in enumerate(map(np.asarray, leaves)):
        if x.size > one_by_one:
            out += [Direction(k, random_like(rng, x)) for _ in range(RANDOM)]
            continue
        for index in np.ndindex(x.shape):
            for one in (1, 1j) if x.dtype.kind == "c" else (1,):
                unit = np.zeros_like(x)
                unit[index] = one
                out.append(Direction(k, unit, index))
    return out


class Measured:
    """A problem's derivatives, from its values.

    Values are computed in double precision if the function gives doubles for doubles.

    Parameters
    ----------
    problem : Problem
    largest : float, optional
        The largest step.
    rounding : array, optional
        How much more the outputs round than their sizes show: those of a derivative round as the
        function does.
    one_by_one : int
        Leaves of more numbers are measured along random directions.

    Attributes
    ----------
    eps : float
        The relative spacing of the numbers of the problem itself.
    rounding : array
        How far each output may be off for rounding.
    inputs, outputs : list of Direction
        What to move along, and what to weigh results with.
    """

    def __init__(self, problem, largest=None, rounding=None, one_by_one=ONE_BY_ONE):
        rng = np.random.default_rng(0)
        self.problem = problem
        self.largest = largest
        self.eps = epsilon(*problem.inputs.values, *problem.outputs.values)
        self.inputs = directions(problem.inputs.values, rng, one_by_one)
        self.outputs = directions(problem.outputs.values, rng, one_by_one)
        self._known = {}
        problem.check_finite()
        self._values, outputs = in_double(problem)
        self._spacing = epsilon(*self._values, *outputs)
        here = as_reals(problem.outputs.values)
        smallest = max(map(_smallest, [*problem.inputs.values, *problem.outputs.values]), default=0)
        self.rounding = 4 * self.eps * np.abs(here) + np.abs(here - as_reals(outputs)) + smallest
        if rounding is not None:
            self.rounding += rounding

    def slope(self, direction) -> Slope:
        """The derivatives of all outputs along a direction."""
        if direction not in self._known:
            self._known[direction] = self._measure(direction)
        return self._known[direction]

    def _measure(self, direction):
        values, k = self._values, direction.leaf

        def real(t):
            at = [*values[:k], moved(values[k], t * direction.step), *values[k + 1 :]]
            return as_reals(self.problem.moving_outputs(at))

        def analytic(t):
            at = [_promoted(x, np.complex64) for x in values]
            at[k] = moved(at[k], t * direction.step)
            return np.concatenate([np.ravel(x) for x in self.problem.moving_outputs(at)])

        steps = ladder(values[k], self._spacing, self.largest)
        found = slope(real, steps, values[k], self._spacing)
        # What is complex already need not be analytic.
        if not any(np.iscomplexobj(x) for x in [*values, *self.problem.outputs.values]):
            try:
                with np.errstate(all="ignore"):
                    found = sharpened(found, *complex_step(analytic, self._spacing))
            except Exception:  # whatever a function says that does not take complex numbers
                pass
        error = np.where(found.still, np.maximum(found.error, np.abs(found.value)), found.error)
        return found._replace(error=error)

    def least_error(self, direction):
        """How well rounding lets a derivative of the outputs be known at best."""
        size = float(np.abs(self.problem.inputs.values[direction.leaf]).max(initial=0))
        return self.rounding / max(1.0, size / 16)


def _smallest(x):
    return float(np.finfo(np.asarray(x).dtype).tiny)


def in_double(problem):
    """The values where a problem is and those of its outputs, as doubles if it follows them."""
    values, outputs = problem.inputs.values, problem.outputs.values
    doubles = [_promoted(x, np.float64) for x in values]
    try:
        results = problem.moving_outputs(doubles)
    except Exception:  # whatever a function says that takes one dtype only
        return values, outputs
    follows = epsilon(*doubles, *results) < epsilon(*values, *outputs)
    return (doubles, results) if follows else (values, outputs)


def _promoted(x, dtype):
    return np.asarray(x).astype(np.result_type(np.asarray(x).dtype, dtype))[()]
