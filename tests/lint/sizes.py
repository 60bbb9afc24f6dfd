#!/usr/bin/env python3
"""Holds the sizes: no source over 500 lines, no line over 100 columns."""

import pathlib
from typing import Iterator

import sources

MAX_LINES = 500
MAX_COLUMNS = 100
FOLDERS = ["agent", "proto", "collectors", "tests"]


def problems(root: pathlib.Path) -> Iterator[sources.Problem]:
    for source in sources.sources(root, FOLDERS, {".cc", ".h", ".c"}):
        if len(source.lines) > MAX_LINES:
            yield sources.Problem(
                source.path, 0, f"has {len(source.lines)} lines, more than {MAX_LINES}")
        for number, line in enumerate(source.lines, start=1):
            if len(line) > MAX_COLUMNS:
                yield sources.Problem(
                    source.path, number, f"has {len(line)} columns, more than {MAX_COLUMNS}")


if __name__ == "__main__":
    sources.main(problems)
