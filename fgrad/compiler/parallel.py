"""Loops over blocks on several threads: NumPy releases the interpreter lock while a ufunc runs."""

import contextvars
import os

# Elements for each thread below which handing work over costs more than it saves.
SHARE = 1 << 15

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


def run_loop(loop, size: int, *args):
    """Run ``loop(start, stop, *args)`` over a range, in shares on several threads if it is long.

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
    shares = min(THREADS, size // SHARE)
    if shares < 2:
        return loop(0, size, *args)
    bounds = [size * i // shares for i in range(shares + 1)]
    # each share sees the caller's np.errstate
    futures = [
        _workers().submit(contextvars.copy_context().run, loop, lo, hi, *args)
        for lo, hi in zip(bounds[1:], bounds[2:], strict=False)
    ]
    total = loop(bounds[0], bounds[1], *args)
    for f in futures:
        total = tuple([a + b for a, b in zip(total, f.result(), strict=True)])
    return total
