"""What is known of the tests before anything is broken: that they pass, their time, their lines."""

import contextlib
import json
import os
from collections import defaultdict
from pathlib import Path

from tests.mutation.mutants import FOLDERS, ROOT
from tests.mutation.runner import run

SUITE = ("tests", "fgrad")


class Evidence:
    """Which tests run which lines, and how long they take.

    Attributes
    ----------
    seconds : dict
        For each test its time.
    lines : dict
        For each file and line the tests that ran it.
    """

    def __init__(self, seconds, lines):
        self.seconds = seconds
        self.lines = lines

    def covering(self, mutant):
        """Tests that run what a mutant breaks, those first that are quick or of the same room."""
        lines = self.lines.get(mutant.path, {})
        tests = {t for n in range(mutant.line, mutant.end + 1) for t in lines.get(str(n), ())}
        if not tests:  # it runs when the module is imported
            tests = {t for found in lines.values() for t in found}
        room = "tests/" + mutant.path.split("/")[1]

        def cost(test):
            return self.seconds.get(test, 1.0) * (1 if test.startswith(room) else 3), test

        return sorted((t for t in tests if t in self.seconds), key=cost)


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
    lines_file, seconds_file = state / "lines.json", state / "seconds.json"
    if not seconds_file.exists():

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
            found = {}
            for path in data.measured_files():
                of_file = data.contexts_by_lineno(path)
                tests = {n: [t for t in ts if t] for n, ts in of_file.items()}
                found[os.path.relpath(path, ROOT)] = {n: ts for n, ts in tests.items() if ts}
            lines_file.write_text(json.dumps(found))

        seconds = _all_pass(run(None, SUITE, around=traced, first=False))
        seconds_file.write_text(json.dumps(seconds))
    return Evidence(json.loads(seconds_file.read_text()), json.loads(lines_file.read_text()))


def _all_pass(events):
    failed = [e for e in events if e[0] == "failed"]
    if failed:
        raise SystemExit(f"without a mutant {len(failed)} tests fail, first {failed[0]}")
    seconds = defaultdict(float)
    for kind, test, *rest in events:
        if kind == "ended":
            seconds[test] += rest[0]
    return dict(seconds)
