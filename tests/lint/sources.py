"""What the lints share: which files there are, and how a lint reports."""

import argparse
import pathlib
import sys
from typing import Callable, Iterator, NamedTuple

PROJECT = pathlib.Path(__file__).resolve().parents[2]


class Problem(NamedTuple):
    """A rule broken: at a line of a file, or at line 0 if at the file as a whole."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


class Source(NamedTuple):
    """A file: its path under the project's root, with /, and its lines."""

    path: str
    lines: list[str]


def sources(root: pathlib.Path, folders: list[str], suffixes: set[str]) -> Iterator[Source]:
    """Each file in `folders` whose name ends in one of `suffixes`; a folder need not exist."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and (path.suffix in suffixes or path.name in suffixes):
                text = path.read_text(encoding="utf-8", errors="replace")
                yield Source(path.relative_to(root).as_posix(), text.splitlines())


def main(problems: Callable[[pathlib.Path], Iterator[Problem]]) -> None:
    """Prints each problem. Ends the program with 1 if there was one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=PROJECT)
    root = parser.parse_args().root
    if not root.is_dir():
        sys.exit(f"{root} is no folder")
    found = list(problems(root))
    for problem in found:
        print(problem)
    if found:
        sys.exit(f"{len(found)} to mend")
