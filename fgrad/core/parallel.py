"""Work on several threads: NumPy releases the interpreter lock while a ufunc or a product runs."""

import _thread
import contextvars
import os
import threading
from collections import deque

_idle: deque = deque()  # workers that wait for a job


class _Job:
    """A call on another thread.

    A lock in place of a future of the standard library: it is given and taken in half the time.
    """

    __slots__ = ("_call", "_done", "_error", "_value")

    def __init__(self, *call):
        self._call = call
        self._error = self._value = None
        self._done = _thread.allocate_lock()
        self._done.acquire()

    def run(self):
        """Do what there is to do."""
        context, function, args = self._call
        try:
            self._value = context.run(function, *args)
        except BaseException as error:
            self._error = error
        self._call = None
        self._done.release()

    def result(self):
        """Wait for the call's value, or raise its error."""
        with self._done:
            if self._error is not None:
                raise self._error
            return self._value


class _Worker:
    """A thread that does one job after the other."""

    def __init__(self):
        self._job = None
        self._go = _thread.allocate_lock()
        self._go.acquire()
        threading.Thread(target=self._work, name="fgrad", daemon=True).start()

    def take(self, job):
        """Begin with a job."""
        self._job = job
        self._go.release()

    def _work(self):
        while True:
            self._go.acquire()
            job, self._job = self._job, None
            job.run()
            del job
            _idle.append(self)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a forked child has no other threads


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
    """Run ``function(*args)`` on another thread, in the caller's error state.

    The ``result()`` of what it gives waits for the value.
    """
    try:
        worker = _idle.pop()
    except IndexError:
        worker = _Worker()
    job = _Job(contextvars.copy_context(), function, args)
    worker.take(job)
    return job


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
