#!/usr/bin/env python3
"""Holds the floors: who may include whom, and by which door a library comes in.

A folder is a floor. A file includes its own folder and the floors named here, nothing above or
beside.
"""

import fnmatch
import pathlib
import re
from typing import Iterator

import sources

# Floor: the floors it may include, besides itself.
FLOORS = {
    "proto": [],
    "agent/base": [],
    "agent/loop": ["agent/base"],
    "agent/metrics": ["agent/base"],
    "agent/net": ["agent/loop", "agent/base"],
    "agent/config": ["proto", "agent/base"],
    "agent/publish": ["agent/net", "agent/loop", "agent/metrics", "proto", "agent/base"],
    "agent/collect": ["agent/config", "agent/loop", "agent/metrics", "proto", "agent/base"],
    "agent/expose": ["agent/net", "agent/loop", "agent/metrics", "proto", "agent/base"],
    "agent/api": [
        "agent/publish", "agent/net", "agent/loop", "agent/metrics", "proto", "agent/base",
    ],
    "agent/app": [
        "agent/api", "agent/expose", "agent/collect", "agent/publish", "agent/config",
        "agent/net", "agent/metrics", "agent/loop", "proto", "agent/base",
    ],
    "collectors": ["proto"],
}

# Header, as a pattern: the files that may include it, as patterns.
DOORS = {
    "ev.h": ["agent/loop/*", "agent/api/examples/libev.c"],
    "ev++.h": [],
    "nlohmann/*": ["agent/config/*", "agent/expose/*", "agent/app/frame_json.cc"],
    "prometheus/*": ["agent/metrics/*", "agent/expose/*"],
    "microhttpd.h": ["agent/expose/*"],
    "curl/*": ["agent/publish/http_*", "collectors/sdk/fetch.cc",
               "collectors/tcp/connect.cc"],
    "systemd/*": ["collectors/systemd/bus.cc"],
    "openssl/*": ["agent/net/*"],
    "ares*.h": ["agent/net/*"],
    "CLI/*": ["agent/app/*"],
    "fmt/*": ["agent/*"],
    "xxhash.h": ["agent/publish/*"],
    "snappy*.h": ["agent/publish/http_compress.cc"],
    "zlib.h": ["agent/publish/http_compress.cc"],
    "protozero/*": ["proto/*"],
}

# Floors of values alone: of the system they include nothing, so no header with .h but a door's.
PURE = ["proto"]

FOLDERS = ["agent", "proto", "collectors"]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def floor_of(path: str) -> str | None:
    """The floor that a file, or what an include names, is on."""
    for floor in FLOORS:
        if path.startswith(floor + "/"):
            return floor
    return None


def door_of(header: str) -> str | None:
    for door in DOORS:
        if fnmatch.fnmatchcase(header, door):
            return door
    return None


def fault(path: str, floor: str, bracket: str, header: str) -> str | None:
    """What is wrong with the include of `header` in the file `path`; None if nothing is."""
    target = floor_of(header)
    if target:
        if target != floor and target not in FLOORS[floor]:
            return f"{floor} may not include {target} ({header})"
        return None
    if bracket == '"' or header.startswith(tuple(folder + "/" for folder in FOLDERS)):
        return f'"{header}" is on no floor; write the path from the project\'s root'
    door = door_of(header)
    if door:
        if not any(fnmatch.fnmatchcase(path, who) for who in DOORS[door]):
            return f"<{header}> comes in by {', '.join(DOORS[door]) or 'no door'} alone"
        return None
    if floor in PURE and header.endswith(".h"):
        return f"{floor} is pure and includes no system header (<{header}>)"
    return None


def problems(root: pathlib.Path) -> Iterator[sources.Problem]:
    for source in sources.sources(root, FOLDERS, {".cc", ".h", ".c"}):
        floor = floor_of(source.path)
        if floor is None:
            yield sources.Problem(source.path, 0, "is on no floor; the table is in floors.py")
            continue
        for number, line in enumerate(source.lines, start=1):
            include = INCLUDE.match(line)
            text = include and fault(source.path, floor, include[1], include[2])
            if text:
                yield sources.Problem(source.path, number, text)


if __name__ == "__main__":
    sources.main(problems)
