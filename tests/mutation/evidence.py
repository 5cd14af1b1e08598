"""What is known of the tests before anything is broken: that they pass, their time, their lines."""

import contextlib
import json
import os
from collections import defaultdict
from pathlib import Path

from tests.mutation.mutants import FOLDERS, ROOT, mutants_of, targets
from tests.mutation.runner import run

SUITE = ("tests", "fgrad")


class Evidence:
    """Which tests run what a mutant breaks, and how long they take.

    It is gathered once and kept; it only decides in which order tests are run. Tests that are
    newer than it count as quick, and as running all of their own room.

    Attributes
    ----------
    seconds : dict
        For each test its time.
    """

    def __init__(self, known, tests):
        self.seconds = {t: known["seconds"].get(t, 0.05) for t in tests}
        self._new = [t for t in tests if t not in known["seconds"]]
        self._names = list(known["seconds"])
        self._covering = known["covering"]

    def covering(self, mutant) -> list[str]:
        """Tests that run what a mutant breaks, those first that are quick or of the same room."""
        room = "tests/" + mutant.path.split("/")[1]
        tests = [self._names[i] for i in self._covering.get(mutant.key, ())]
        if not tests:
            tests = [t for t in self._names if t.startswith(room)]
        tests += [t for t in self._new if t.startswith((room, "tests/testing"))]

        def cost(test):
            return self.seconds[test] * (1 if test.startswith(room) else 3), test

        return sorted((t for t in tests if t in self.seconds), key=cost)


def _covering(lines, mutant, numbers):
    """The tests that run the lines of a mutant, by number."""
    of_file = lines.get(mutant.path, {})
    tests = {t for n in range(mutant.line, mutant.end + 1) for t in of_file.get(n, ())}
    if not tests:  # it runs when the module is imported
        tests = {t for found in of_file.values() for t in found}
    return sorted(numbers[t] for t in tests if t in numbers)


class _Contexts:
    """Tells coverage which test is running."""

    def __init__(self, coverage):
        self.coverage = coverage

    def pytest_runtest_logstart(self, nodeid):
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logfinish(self):
        self.coverage.switch_context("")


def gather(state: Path) -> Evidence:
    """Run the whole suite once, as it is, and note the lines and the time of each test."""
    file = state / "evidence.json"
    if not file.exists():
        lines_file = state / "lines.json"

        @contextlib.contextmanager
        def traced(plugins):
            import coverage

            folders = [str(ROOT / "fgrad" / f / "*") for f in FOLDERS]
            tracer = coverage.Coverage(data_file=None, include=folders, config_file=False)
            plugins.append(_Contexts(tracer))
            tracer.start()
            yield
            tracer.stop()
            data = tracer.get_data()
            found = {
                os.path.relpath(path, ROOT): data.contexts_by_lineno(path)
                for path in data.measured_files()
            }
            lines_file.write_text(json.dumps(found))

        seconds = _all_pass(run(None, SUITE, around=traced, first=False))
        found = json.loads(lines_file.read_text())
        lines = {path: {int(n): ts for n, ts in of.items()} for path, of in found.items()}
        numbers = {t: i for i, t in enumerate(seconds)}
        every = [m for path in targets() for m in mutants_of(path)]
        covering = {m.key: _covering(lines, m, numbers) for m in every}
        file.write_text(json.dumps({"seconds": seconds, "covering": covering}))
    (tests,) = [e[1] for e in run(None, SUITE, []) if e[0] == "tests"]
    return Evidence(json.loads(file.read_text()), tests)


def _all_pass(events):
    failed = [e for e in events if e[0] == "failed"]
    if failed:
        raise SystemExit(f"without a mutant {len(failed)} tests fail, first {failed[0]}")
    seconds = defaultdict(float)
    for kind, test, *rest in events:
        if kind == "ended":
            seconds[test] += rest[0]
    return dict(seconds)
