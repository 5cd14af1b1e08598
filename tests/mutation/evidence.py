"""What is known of the tests before anything is broken: that they pass, their time, their lines."""

import contextlib
import importlib
import json
import os
import re
from collections import Counter
from pathlib import Path

from tests.mutation.mutants import FOLDERS, ROOT, module_name, mutants_of, targets
from tests.mutation.runner import run

SUITE = ("tests", "fgrad")


class Evidence:
    """Which tests run what a mutant breaks, and how long they take.

    It is gathered once and kept; it only decides in which order tests are run. Tests that are
    newer than it count as running everything. Tests that fail without a mutant are left
    out.

    Attributes
    ----------
    seconds : dict
        For each test its time.
    """

    def __init__(self, known, tests):
        times = known["seconds"] | known["newer"]
        self.seconds = {t: times[t] for t in tests}
        self._new = [t for t in tests if t in known["newer"]]
        self._names = list(known["seconds"])
        self._covering = known["covering"]
        self._trusted = set()

    def trusts(self, test) -> bool:
        """Whether a test passes by itself without a mutant; one that does not is left out."""
        if test in self.seconds and test not in self._trusted:
            events = run(None, [test.split("::")[0]], [test])
            if any(e[0] == "failed" for e in events):
                print(f"left out, for it fails as it is: {test}", flush=True)
                del self.seconds[test]
                return False
            self._trusted.add(test)
        return True

    def covering(self, mutant) -> list[str]:
        """Tests that run what a mutant breaks, those first that are quick or of the same room."""
        room = "tests/" + mutant.path.split("/")[1]
        tests = [self._names[i] for i in self._covering.get(mutant.key, ())]
        if not tests:
            tests = [t for t in self._names if t.startswith(room)]
        tests += self._new

        names = f"{Path(mutant.path).stem}_{mutant.scope.split('.')[0]}"
        words = {w for w in names.split("_") if len(w) > 1}

        def cost(test):
            return self.seconds[test] * (1 if test.startswith(room) else 3), test

        # a few cases of each test first, then more and more; those that name it before others
        seen = Counter()
        turns = []
        for t in sorted((t for t in tests if t in self.seconds), key=cost):
            name = t.split("[")[0]
            named = not words.isdisjoint(re.split(r"\W|_", t))
            first = named and seen[name] < 5
            turns.append((0 if first else 1 + seen[name].bit_length(), t))
            seen[name] += 1
        return [t for _, t in sorted(turns, key=lambda turn: turn[0])]


def _covering(lines, mutant, numbers):
    """The tests that run the lines of a mutant, by number."""
    of_file = lines.get(mutant.path, {})
    tests = {t for n in range(mutant.line, mutant.end + 1) for t in of_file.get(n, ())}
    if tests <= {""}:  # it runs when the module is imported
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


def gather(state: Path, suite=SUITE) -> Evidence:
    """Run the tests of `suite` once, as they are, and note the lines and the time of each test."""
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
            for path in targets():  # before all tests, not in the first that needs it
                importlib.import_module(module_name(path))
            yield
            tracer.stop()
            data = tracer.get_data()
            found = {
                os.path.relpath(path, ROOT): data.contexts_by_lineno(path)
                for path in data.measured_files()
            }
            lines_file.write_text(json.dumps(found))

        seconds, failing = _outcome(run(None, suite, around=traced, first=False))
        found = json.loads(lines_file.read_text())
        lines = {path: {int(n): ts for n, ts in of.items()} for path, of in found.items()}
        numbers = {t: i for i, t in enumerate(seconds)}
        every = [m for path in targets() for m in mutants_of(path)]
        covering = {m.key: _covering(lines, m, numbers) for m in every}
        known = {"seconds": seconds, "failing": failing, "covering": covering, "newer": {}}
        file.write_text(json.dumps(known))
    known = json.loads(file.read_text())
    (tests,) = [e[1] for e in run(None, suite, []) if e[0] == "tests"]
    new = [t for t in tests if t not in known["seconds"] and t not in known["newer"]]
    if new:
        files = sorted({t.split("::")[0] for t in new})
        seconds, failing = _outcome(run(None, files, new, first=False))
        known["newer"].update(seconds)
        known["failing"] += failing
        file.write_text(json.dumps(known))
    print(f"left out, for they fail as it is: {known['failing']}", flush=True)
    return Evidence(known, [t for t in tests if t not in known["failing"]])


def _outcome(events):
    """How long each test took, and which failed."""
    seconds = {test: rest[0] for kind, test, *rest in events if kind == "ended"}
    return seconds, sorted({test for kind, test, *_ in events if kind == "failed"})
