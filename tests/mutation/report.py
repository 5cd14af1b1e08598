"""The page that says what was found."""

from collections import defaultdict

from tests.mutation.exceptions import EXCEPTIONS

_HEAD = """\
# What the tests catch

The rules and passes of fgrad are broken one at a time, and the tests are run on each break. This
page is written by

```sh
python -m tests.mutation run && python -m tests.mutation page
```

The breaks (mutants) are made from the syntax trees of `fgrad/primitives`, `fgrad/transforms`,
`fgrad/control_flow` and `fgrad/compiler`: a term dropped, a sign flipped, operands swapped, a sum
over broadcast axes skipped, an index moved by one, a condition negated, a pass left out, ... Error
paths, messages and checks of types are left out. Of {possible} possible mutants {count} are
sampled, spread over files and operators by a fixed digest: as the code changes, so does the sample,
and the page shows the last one that was run. A mutant is caught if a test fails or
hangs; one that changes nothing a test could see is an exception, listed below with the reason.
`python -m tests.mutation show N` prints a mutant, `python -m tests.mutation run --only N` runs it.

**{caught} of {counted} are caught: {percent:.1f} %.** {exceptions} more are exceptions.
"""


def page(mutants, results, possible) -> str:
    """The text of the page.

    Parameters
    ----------
    mutants : list of Mutant
    results : dict
        For each key of a mutant that was run, the record.
    possible : int
        How many mutants there are to sample from.
    """
    excepted = [m for m in mutants if m.key in EXCEPTIONS]
    counted = [m for m in mutants if m.key not in EXCEPTIONS]
    missing = [m for m in counted if m.key not in results]
    if missing:
        raise SystemExit(f"{len(missing)} mutants have not been run, first {missing[0]}")
    caught = [m for m in counted if results[m.key]["caught"]]
    survivors = [m for m in counted if not results[m.key]["caught"]]
    text = _HEAD.format(
        possible=possible,
        count=len(mutants),
        caught=len(caught),
        counted=len(counted),
        percent=100 * len(caught) / max(len(counted), 1),
        exceptions=len(excepted),
    )
    for title, of in (("operator", lambda m: m.operator), ("file", lambda m: m.path)):
        rows = defaultdict(lambda: [0, 0, 0, 0])
        for m in mutants:
            rows[of(m)][0] += 1
        for i, group in enumerate((caught, survivors, excepted), 1):
            for m in group:
                rows[of(m)][i] += 1
        text += f"\n## By {title}\n\n| {title} | mutants | caught | survivors | exceptions |\n"
        text += "|---|---|---|---|---|\n"
        for name in sorted(rows):
            text += f"| {name} | {' | '.join(map(str, rows[name]))} |\n"
    if survivors:
        text += "\n## Survivors\n\n"
        text += "".join(f"- {_line(m)}\n" for m in survivors)
    if excepted:
        text += "\n## Exceptions\n\n"
        text += "".join(f"- {_line(m)} {EXCEPTIONS[m.key]}\n" for m in excepted)
    return text


def _line(m):
    return f"{m.number}. `{m.path}`, `{m.scope or 'module'}`, {m.operator}: `{m.change}`."
