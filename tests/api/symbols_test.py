#!/usr/bin/env python3
"""Holds the C interface: the library exports what agent/api/symbols.txt lists, the header declares
that and no more, and the manual page tells of each, of every option and of every number. With
--plain, for a build without sanitizers, what it needs and its size, too.

    symbols_test.py LIBRARY [--plain]
"""

import pathlib
import re
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
LIST = PROJECT / "agent/api/symbols.txt"
HEADER = PROJECT / "agent/api/include/lariat/lariat.h"
MANUAL = PROJECT / "packaging/manual/lariat.3.scd"

NEEDED = {"libc.so.6", "libstdc++.so.6", "libev.so.4", "libcares.so.2"}
# What comes with libstdc++, and the loader itself.
COMPANY = {"libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
MOST_BYTES = 1 << 20


def run(*command: str) -> str:
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def exported(library: str) -> set[str]:
    """`NAME NODE` of each symbol that a program can link; the nodes themselves are left out."""
    found = set()
    for line in run("nm", "-D", "--defined-only", "--with-symbol-versions", library).splitlines():
        kind, symbol = line.split()[-2:]
        name, _, node = symbol.partition("@@")
        if kind != "A":
            found.add(f"{name} {node}".strip())
    return found


def declared(header: str) -> set[str]:
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return set(re.findall(r"LARIAT_API\b[^;(]*?\b(lariat_\w+)\(", code))


def options(header: str) -> set[str]:
    """The members of the structures, and the enumerators."""
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    found = set()
    for body in re.findall(r"typedef struct \w+ \{(.*?)\} \w+;", code, re.DOTALL):
        for member in body.split(";"):
            name = re.search(r"\(\*(\w+)\)|(\w+)\s*$", member.strip())
            if name:
                found.add(name[1] or name[2])
    for body in re.findall(r"enum \w+ \{(.*?)\};", code, re.DOTALL):
        found |= set(re.findall(r"\b(LARIAT_\w+)\b", body))
    return found


def differences(what: str, have: set[str], want: set[str]) -> list[str]:
    return ([f"{what} lacks {name}" for name in sorted(want - have)]
            + [f"{what} has {name} beyond that" for name in sorted(have - want)])


def problems(library: str) -> list[str]:
    lines = LIST.read_text("utf-8").splitlines()
    listed = set(lines)
    found = [] if lines == sorted(listed) else [f"{LIST.name} is not sorted"]
    found += differences("the library", exported(library), listed)
    header = HEADER.read_text("utf-8")
    names = {line.split()[0] for line in listed}
    found += differences("the header", declared(header), names)
    manual = MANUAL.read_text("utf-8").replace("\\_", "_")
    found += differences("the manual", set(re.findall(r"\*(lariat_\w+)\*\(", manual)), names)
    words = {word.strip("_") for word in re.findall(r"\w+", manual)}
    return found + [f"the manual lacks {name}" for name in sorted(options(header) - words)]


def needs(library: str) -> list[str]:
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", library)))
    return differences("what the library needs", needed - COMPANY, NEEDED)


def size(library: str) -> list[str]:
    with tempfile.NamedTemporaryFile() as stripped:
        run("strip", "-o", stripped.name, library)
        octets = pathlib.Path(stripped.name).stat().st_size
    print(f"stripped it has {octets} octets")
    return [f"stripped it has more than {MOST_BYTES}"] if octets > MOST_BYTES else []


def main() -> None:
    library = sys.argv[1]
    found = problems(library)
    if "--plain" in sys.argv[2:]:
        found += needs(library) + size(library)
    for problem in found:
        print(problem)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
