"""Work on several threads: NumPy releases the interpreter lock while a ufunc or a product runs."""

import contextvars
import os

_pool = None


def _workers():
    global _pool
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor  # not everyone needs its import

        _pool = ThreadPoolExecutor(max(_threads() - 1, 1), "fgrad")
    return _pool


def _forget():
    """A forked child has no worker threads."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _threads() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


THREADS = _threads()


def shares(size: int) -> list[tuple[int, int]]:
    """A range cut into one piece for each thread."""
    bounds = [size * i // THREADS for i in range(THREADS + 1)]
    return list(zip(bounds[:-1], bounds[1:], strict=True))


def start(function, *args):
    """Run ``function(*args)`` on another thread, in the caller's error state; a future."""
    return _workers().submit(contextvars.copy_context().run, function, *args)


def run_all(function, calls) -> list:
    """``[function(*args) for args in calls]``, each on a thread of its own.

    NumPy's error state of the caller holds on all of them.
    """
    first, *rest = calls
    futures = [start(function, *c) for c in rest]
    return [function(*first), *(f.result() for f in futures)]


def run_loop(loop, size: int, *args):
    """Run ``loop(start, stop, *args)`` over a range, in shares on several threads.

    Parameters
    ----------
    loop : callable
        Fills its part of the result arrays, and gives a tuple of partial sums.
    size : int
        The number of elements.

    Returns
    -------
    tuple
        The sums over all shares.
    """
    sums = run_all(loop, [(lo, hi, *args) for lo, hi in shares(size)])
    return tuple([sum(column[1:], column[0]) for column in zip(*sums, strict=True)])
