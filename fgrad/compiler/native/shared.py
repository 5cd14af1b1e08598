"""Python functions in machine code whose range is shared out among threads."""

import numpy as np

from fgrad.compiler.native.engine import Module
from fgrad.compiler.native.entry import job_of
from fgrad.compiler.native.pool import share
from fgrad.core.parallel import THREADS, shares


class Shared:
    """A function of arrays, over all of its range.

    Parameters
    ----------
    module : Module
    name : str
        Of a function of arrays, and of a range.
    length : int
        Of the range.
    wanted : bool
        Whether the work is worth several threads.
    nbytes : int
        Memory that each thread needs: the function's last array, if it is any.
    """

    __slots__ = ("_function", "_job", "_memory", "_nbytes", "_parts", "_share")

    def __init__(self, module: Module, name, length, wanted, nbytes=0):
        self._function, self._job = module.function(name), module.address(job_of(name))
        self._nbytes = nbytes
        self._memory = []
        several = wanted and THREADS > 1 and length >= THREADS
        self._parts = shares(length) if several else [(0, length)]
        self._share = share() if several else None

    def __call__(self, *arrays):
        """What the function gives, of all parts."""
        if not self._nbytes:
            return self._call([(*arrays, *part) for part in self._parts])
        try:
            memory = self._memory.pop()
        except IndexError:
            memory = [np.empty(self._nbytes, np.uint8) for _ in self._parts]
        parts = zip(memory, self._parts, strict=True)
        done = self._call([(*arrays, own, *part) for own, part in parts])
        self._memory.append(memory)
        return done

    def _call(self, calls):
        return self._function(*calls[0]) if self._share is None else self._share(self._job, *calls)
