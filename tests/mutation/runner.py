"""Running the tests on one mutant: a fork of a process that has imported all but fgrad."""

import contextlib
import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
import time
import traceback
import warnings

import pytest

from tests.mutation.mutants import ROOT, Mutant, module_name

# What cannot catch a mutant (other processes, benchmarks, this check itself) or measures time.
LEFT_OUT = ("tests/examples", "tests/benchmarks/test_harness.py", "tests/mutation")
_MEMORY = 12 << 30


def import_libraries(cache):
    """Import what tests use, once for all forks, and keep what JAX compiles in a folder."""
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(cache)
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
    import tests.conftest  # noqa: F401, I001  (sets JAX up)
    import hypothesis.extra.numpy  # noqa: F401
    import jax.numpy
    import jax.scipy.special  # noqa: F401
    import numpy  # noqa: F401
    import optax  # noqa: F401
    import scipy.special  # noqa: F401

    assert not any(name.split(".")[0] == "fgrad" for name in sys.modules)


class _MutantFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the broken module in place of the one on disk."""

    def __init__(self, mutant: Mutant):
        self.path = ROOT / mutant.path
        self.name = module_name(mutant.path)
        self.tree = mutant.tree()

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name:
            return None
        folders = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, self.path, loader=self, submodule_search_locations=folders
        )

    def exec_module(self, module):
        exec(compile(self.tree, str(self.path), "exec"), module.__dict__)


class _Plugin:
    """Runs chosen tests in a chosen order; reports to a pipe; gives up on one that hangs."""

    def __init__(self, chosen, report, limits):
        self.order = None if chosen is None else {name: i for i, name in enumerate(chosen)}
        self.report = report
        self.limits = limits
        self.started = 0.0

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config):
        from hypothesis import Phase, settings

        settings.register_profile(  # the same examples; no search for smaller ones
            "mutation",
            settings.get_profile("quick"),
            phases=(Phase.explicit, Phase.generate),
            database=None,
        )
        settings.load_profile("mutation")

    def pytest_collection_modifyitems(self, items):
        if self.order == {}:
            self.report("tests", [i.nodeid for i in items])
        if self.order is not None:
            items[:] = [i for i in items if i.nodeid in self.order]
            items.sort(key=lambda i: self.order[i.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        if self.limits is not None:
            signal.alarm(int(60 + 30 * self.limits.get(item.nodeid, 1.0)))
        self.report("test", item.nodeid)
        self.started = time.perf_counter()
        result = yield
        self.report("ended", item.nodeid, time.perf_counter() - self.started)
        signal.alarm(0)
        return result

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.report("failed", report.nodeid, _reason(report))

    def pytest_collectreport(self, report):
        if report.failed:
            self.report("failed", report.nodeid or "collection", _reason(report))


def _reason(report):
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash else str(report.longrepr)[-200:]).splitlines()[0][:120]


def run(mutant, files, chosen=None, limits=None, around=contextlib.nullcontext, first=True):
    """Run tests in a fork, on a mutant or (None) on the code as it is.

    Parameters
    ----------
    files : list of str
        What pytest collects.
    chosen : list of str or None
        The tests to run, in their order; None for all; of an empty list all are reported and none
        run.
    limits : dict or None
        How many seconds each takes; one that takes many times longer is taken to hang.
    around : callable
        ``around(plugins)`` gives a context manager to run pytest in.
    first : bool
        Whether to stop at the first failure.

    Returns
    -------
    list of tuple
        What the tests reported: ``("ended", test, seconds)``, ``("failed", test, reason)``.
    """
    read, write = os.pipe()
    sys.stdout.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JAX warns of forks; it has not started anything yet
        child = os.fork()
    if child == 0:
        try:
            _in_fork(mutant, files, chosen, limits, around, first, write, read)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(read) as pipe:
        events = [tuple(json.loads(line)) for line in pipe]
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return events
    if any(e[0] == "failed" for e in events):
        return events
    if code > 0:
        raise RuntimeError(f"pytest ended with {code} on {mutant} and {files}")
    running = next((e[1] for e in reversed(events) if e[0] == "test"), "import")
    return [*events, ("failed", running, f"ended by {signal.Signals(-code).name}")]


def _in_fork(mutant, files, chosen, limits, around, first, write, read):
    os.close(read)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2) if mutant is not None else (0, 1):
        os.dup2(nothing, stream)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))

    def report(*event):
        os.write(write, (json.dumps(event) + "\n").encode())

    if mutant is not None:
        sys.meta_path.insert(0, _MutantFinder(mutant))
    os.chdir(ROOT)
    if limits is not None:
        signal.alarm(120)  # for collection
    options = ["-q", "--tb=line", "-p", "no:cacheprovider", "-p", "no:xdist", "--disable-warnings"]
    options += ["--assert=plain"]  # pytest would read a module with doctests from the disk
    options += ["-x"] if first else []
    options += [f"--ignore={path}" for path in LEFT_OUT]
    plugin = _Plugin(chosen, report, limits)
    plugins = [plugin]
    with around(plugins):
        code = pytest.main([*options, *files], plugins=plugins)
    os._exit(int(code))
