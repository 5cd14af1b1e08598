"""What the project promises to those who install it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_numpy_is_the_only_runtime_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == ["numpy>=2"]


def test_importing_everything_loads_nothing_but_numpy():
    # A plugin of the environment may load modules at start; only those that come later count.
    code = """
import sys, numpy
before = set(sys.modules)
import importlib, pathlib
for file in sorted(pathlib.Path("fgrad").rglob("*.py")):
    # What draws examples needs the extra "testing".
    if file.parent.name != "strategies" and not file.stem.startswith(("_hypothesis", "_programs")):
        importlib.import_module(".".join(file.with_suffix("").parts))
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - set(sys.stdlib_module_names) - {"numpy", "fgrad"}))
"""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == []


def test_the_readme_has_two_commands_of_one_line():
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    train, test = blocks
    assert train.count("\n") == test.count("\n") == 1
    assert train.strip().endswith("examples/digits.py")
    assert test.strip().endswith("-m pytest -n auto --dist worksteal")
