"""Rows, and how they are printed."""

import statistics
from typing import NamedTuple, Sequence


class Row(NamedTuple):
    """A line of the table; `met` is None where there is no bar."""

    what: str
    bar: str
    measured: str
    met: bool | None = None


def spread(values: Sequence[float], form: str = "{:.3f}") -> str:
    """`median [min … max]`."""
    return (f"{form.format(statistics.median(values))} "
            f"[{form.format(min(values))} … {form.format(max(values))}]")


def print_table(rows: Sequence[Row]) -> None:
    words = {True: "met", False: "NOT MET", None: ""}
    head = Row("what", "bar", "measured: median [min … max]")
    cells = [(row.what, row.bar, row.measured) for row in [head, *rows]]
    width = [max(len(cell[i]) for cell in cells) for i in range(3)]
    for row, cell in zip([head, *rows], cells):
        line = "  ".join(text.ljust(width[i]) for i, text in enumerate(cell))
        print(f"{line}  {words[row.met] if row is not head else ''}".rstrip())
        if row is head:
            print("-" * (sum(width) + 13))
