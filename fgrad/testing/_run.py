"""How a check runs: on the arguments given, and on smaller ones when it fails."""

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
    if failure is not None:
        cut, cut_failure = smallest(args, failure_of)
        raise failure.with_smallest(cut, cut_failure or failure)
