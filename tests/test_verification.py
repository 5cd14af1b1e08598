"""The page of what was verified is about all of fgrad."""

import re

from tests.verification import PAGE, difference, registry


def test_every_primitive_is_on_the_page():
    named = set(re.findall(r"^\| (\w+) \|", PAGE.read_text(), re.MULTILINE))
    missing = [p.name for p in registry if p.name not in named]
    assert not missing, f"run python -m tests.verification for {missing}"


def test_errors_are_in_units_of_the_dtype():
    assert difference(1.0 + 2**-52, 1.0) == 1.0
    assert difference([3, 4], [3, 5]) == 1 / 5
    assert difference((), ()) is None
