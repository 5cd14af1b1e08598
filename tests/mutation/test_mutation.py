"""The check of the tests is itself right: mutants are what they say, and a known one is caught."""

import ast
import subprocess
import sys

from tests.mutation import mutants

ONE_MUTANT = """
import sys
from pathlib import Path
from tests.mutation import mutants, runner

runner.import_libraries(Path(sys.argv[1]))
found = mutants.mutants_of("fgrad/primitives/elementwise.py")
(mutant,) = [m for m in found if m.scope == "sin" and m.change == "cos(x) -> sin(x)"]
test = "tests/primitives/test_table.py::test_derivatives_are_central_differences[sin]"
for m in (None, mutant):
    events = runner.run(m, ["tests/primitives/test_table.py"], [test])
    print(*[e[0] for e in events])
"""


def test_a_wrong_derivative_of_sin_is_caught(tmp_path):
    command = [sys.executable, "-c", ONE_MUTANT, str(tmp_path)]
    done = subprocess.run(command, cwd=mutants.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["test ended", "test failed ended"]


def test_each_mutant_is_one_change_of_python():
    every = mutants.sample()
    assert 350 <= len(every) <= 500
    assert len({m.key for m in every}) == len(every)
    for m in every[::10]:
        diff = m.diff().splitlines()
        assert any(line.startswith(("-", "+")) for line in diff), m
        compile(ast.unparse(m.tree()), m.path, "exec")
