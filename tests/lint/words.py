#!/usr/bin/env python3
"""Holds the words: no notes to ourselves, no path of the machine that somebody works on."""

import pathlib
import re
from typing import Iterator

import sources

NOTE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# Where people and build machines keep their checkouts. A file installed below none of these.
HOME = re.compile(r"(?<![\w.}~*])/(home|root|Users|work|workspaces?|builds)/[\w.]")

FOLDERS = ["agent", "proto", "collectors", "tests", "packaging"]
SUFFIXES = {".cc", ".h", ".c", ".cmake", ".txt", ".py", ".sh", ".md", "run", "tidy", "format"}
# It has to spell what it forbids.
OWN_FOLDER = "tests/lint/"


def problems(root: pathlib.Path) -> Iterator[sources.Problem]:
    for source in sources.sources(root, FOLDERS, SUFFIXES):
        if source.path.startswith(OWN_FOLDER):
            continue
        for number, line in enumerate(source.lines, start=1):
            note = NOTE.search(line)
            if note:
                yield sources.Problem(
                    source.path, number, f"{note[1]}: do it, or open an issue")
            home = HOME.search(line)
            if home:
                yield sources.Problem(
                    source.path, number, f"a path of somebody's machine: /{home[1]}/")


if __name__ == "__main__":
    sources.main(problems)
