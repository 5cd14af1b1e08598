"""Breaks fgrad in several hundred places, one at a time, and counts how many the tests catch.

python -m tests.mutation list                what the mutants are
python -m tests.mutation show 17             one mutant
python -m tests.mutation run [--only 17 18]  run those not run since their file changed, or some
python -m tests.mutation page                write docs/mutations.md

A part by itself, with a state of its own, since tests that were not run have caught nothing:

python -m tests.mutation run --under fgrad/compiler/native --count 120 \\
    --tests tests/compiler/native --state build/native
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

from tests.mutation import mutants as source
from tests.mutation.exceptions import EXCEPTIONS
from tests.mutation.report import page

_BATCHES = (3.0, 15.0)  # seconds of tests in one process; then all the rest


def _results(state):
    file = state / "results.jsonl"
    records = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
    return {r["key"]: r for r in records}


def digest(path):
    """What tells one version of a file from another."""
    return hashlib.sha256((source.ROOT / path).read_bytes()).hexdigest()[:12]


def _batches(tests, seconds):
    """The tests in a few portions, each to be run by one process."""
    start = 0
    for budget in _BATCHES:
        stop, spent, files = start, 0.0, set()
        while stop < len(tests) and spent < budget and (len(files) < 4 or start):
            spent += seconds[tests[stop]]
            files.add(tests[stop].split("::")[0])
            stop += 1
        if stop > start:
            yield tests[start:stop]
        start = stop
    if start < len(tests):
        yield tests[start:]


def _try(mutant, evidence, runner, effort):
    """The record of one mutant."""
    began = time.time()
    tests = evidence.covering(mutant)
    batches = list(_batches(tests, evidence.seconds))
    if effort == "quick":
        batches = batches[: len(_BATCHES)]
    if effort == "complete":
        known = set(tests)
        rest = sorted(evidence.seconds, key=evidence.seconds.get)
        batches.append([t for t in rest if t not in known])
    ran, failed = 0, None
    for batch in batches:
        failed, n = _failure(mutant, batch, evidence, runner)
        ran += n
        if failed:
            break
    return {
        "key": mutant.key,
        "caught": bool(failed),
        "by": failed,
        "tests": ran,
        "seconds": round(time.time() - began, 1),
        "source": digest(mutant.path),
    }


def _failure(mutant, batch, evidence, runner):
    """The first test that fails because of a mutant, with its reason, and how many were run.

    It must fail by itself too, and pass by itself without the mutant.
    """
    ran = 0
    while batch:
        files = sorted({t.split("::")[0] for t in batch})
        events = runner.run(mutant, files, batch, evidence.seconds)
        ran += sum(e[0] == "test" for e in events)
        failed = next((e[1:] for e in events if e[0] == "failed"), None)
        if failed is None or failed[0] not in evidence.seconds:  # it was not even collected
            return failed, ran
        test = failed[0]
        if evidence.trusts(test):
            alone = runner.run(mutant, [test.split("::")[0]], [test], evidence.seconds)
            if any(e[0] == "failed" for e in alone):
                return failed, ran
        batch = [t for t in batch if t != test]
    return None, ran


def _is_current(mutant, results):
    """Whether there is a result of this version of the file."""
    record = results.get(mutant.key)
    return record is not None and record["source"] == digest(mutant.path)


def _run(sample, options):
    from tests.mutation import runner
    from tests.mutation.evidence import SUITE, gather

    state = options.state
    state.mkdir(parents=True, exist_ok=True)
    runner.import_libraries(state / "jax")
    evidence = gather(state, options.tests or SUITE)
    results = _results(state)
    if options.only:
        todo = [m for m in sample if m.number in options.only]
    else:
        todo = [m for m in sample if m.key not in EXCEPTIONS and not _is_current(m, results)]
    if options.survivors:
        todo = [m for m in sample if not results.get(m.key, {"caught": True})["caught"]]
    for m in todo[:: options.step]:
        if _is_current(m, _results(state)) and not (options.only or options.survivors):
            continue  # another process was faster
        record = _try(m, evidence, runner, options.effort)
        with (state / "results.jsonl").open("a") as file:
            file.write(json.dumps(record) + "\n")
        by = " ".join(record["by"] or ("SURVIVES",))
        print(f"{m}\n    {by} [{record['tests']} tests, {record['seconds']} s]", flush=True)


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="tests.mutation", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("list", "show", "run", "page"))
    parser.add_argument("numbers", nargs="*", type=int)
    parser.add_argument("--only", nargs="+", type=int, help="numbers of mutants to run (again)")
    parser.add_argument("--survivors", action="store_true", help="run those again that survived")
    parser.add_argument(
        "--effort", choices=("quick", "covering", "complete"), default="covering",
        help="which tests: some seconds' worth, those that run the line (the default), or all",
    )  # fmt: skip
    parser.add_argument(
        "--step", type=int, default=1, help="run every n-th only; backward if negative"
    )
    parser.add_argument("--state", type=Path, default=source.ROOT / "build" / "mutation")
    parser.add_argument("--under", default="", help="break only files whose path begins so")
    parser.add_argument("--count", type=int, default=source.COUNT, help="how many mutants")
    parser.add_argument("--tests", nargs="+", help="files and folders of tests, if not all")
    options = parser.parse_args()
    if options.what == "page" and (options.under or options.tests or options.count != source.COUNT):
        parser.error("the page is of the whole sample and of all tests")
    sample = source.sample(options.count, options.under)
    if options.what == "list":
        print(*sample, sep="\n")
    elif options.what == "show":
        for m in sample:
            if m.number in options.numbers:
                print(m, f"key: {m.key}", m.diff(), sep="\n")
    elif options.what == "run":
        _run(sample, options)
    else:
        possible = sum(len(source.mutants_of(p)) for p in source.targets())
        text = page(sample, _results(options.state), possible)
        (source.ROOT / "docs" / "mutations.md").write_text(text)


if __name__ == "__main__":
    main()
