"""The page of functions names them all."""

import re

from tests.numpy.table import PAGE, public_names


def test_every_function_is_on_the_page():
    """New functions are not forgotten."""
    named = set(re.findall(r"^\| `([\w.]+)` \|", PAGE.read_text(), re.MULTILINE))
    missing = [name for name, _ in public_names() if name not in named]
    assert not missing, f"run python -m tests.numpy.table for {missing}"
