"""Mutants that change nothing a test could see, each with the reason."""

EXCEPTIONS: dict[str, str] = {}
