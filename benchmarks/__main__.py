"""Print one table: median times of fgrad and of its peers on the same work, and their ratios.

python -m benchmarks                     all rows
python -m benchmarks MLP "scalar"        the rows whose names hold one of these
python -m benchmarks --quick             less time for each
python -m benchmarks --output table.md   also write the table, which is Markdown, to a file
"""

import argparse
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"  # read by JAX when it is first imported

from . import (
    adam,
    black_scholes,
    draws,
    indexing,
    linalg,
    mlp,
    networks,
    programs,
    recurrent,
    scalar,
    startup,
)
from .harness import markdown

MODULES = (
    startup, scalar, mlp, black_scholes, recurrent, networks, linalg, indexing, draws, programs,
    adam,
)  # fmt: skip
ROWS = [row for module in MODULES for row in module.ROWS]


def machine():
    peers = ", ".join(f"{name} {version(name)}" for name in ("numpy", "jax", "autograd"))
    return f"Python {platform.python_version()}, {peers}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", help="parts of the names of the rows to run")
    parser.add_argument("--quick", action="store_true", help="take less time for each row")
    parser.add_argument("--output", type=Path, help="a file to write the table to")
    args = parser.parse_args()

    rows = [row for row in ROWS if not args.names or any(n in row.work for n in args.names)]
    if not rows:
        parser.error("no row has such a name; there are:\n" + "\n".join(r.work for r in ROWS))
    measured = []
    for row in rows:
        print(row.work, file=sys.stderr)
        measured.append(row.run(seconds=0.3 if args.quick else 3.0))
    table = f"{machine()}\n\n{markdown(measured)}\n"
    print(table)
    if args.output:
        args.output.write_text(table)


if __name__ == "__main__":
    main()
