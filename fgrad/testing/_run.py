"""How a check runs: on the arguments given, and on smaller ones when it fails."""

import sys

from fgrad.testing._leaves import Problem, check_args
from fgrad.testing._report import CheckFailure
from fgrad.testing._shrink import smallest


def run(name, f, args, check):
    """Do ``check(problem)``; make a failure say what the smallest input is that fails.

    Parameters
    ----------
    name : str
        The name of the check, for messages.
    f : callable
    args : tuple of pytrees
    check : callable
        Takes a `Problem` and raises `CheckFailure`.
    """
    args = check_args(name, f, args)

    def failure_of(args):
        try:
            check(Problem(name, f, args))
        except CheckFailure as failure:
            return failure
        return None

    failure = failure_of(args)
    if failure is None:
        return
    if not _hypothesis_shrinks():
        cut, cut_failure = smallest(args, failure_of)
        failure.with_smallest(cut, cut_failure or failure)
    raise failure


def _hypothesis_shrinks():
    """Whether hypothesis drew the arguments, and will look for smaller ones itself."""
    hypothesis = sys.modules.get("hypothesis")
    return hypothesis is not None and hypothesis.currently_in_test_context()
