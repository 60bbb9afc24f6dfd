#!/usr/bin/env python3
"""Installs the library as its two packages do, builds a project of somebody else's against it, with
CMake and with pkg-config, and looks at what its programs send. So with the program of the manual.

    consumer_test.py BUILD
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Mapping, Sequence

PROJECT = pathlib.Path(__file__).resolve().parents[2]
CONSUMER = PROJECT / "tests/consumer"
MANUAL = PROJECT / "packaging/manual/lariat.3.scd"
# A step may have to wait for a busy machine; nothing here waits for time to pass.
PATIENCE = 90

REPORT = [
    "sample 1700000000 temperature room=attic 1.5 2",
    "tally 1700000000 visits room=attic 3",
    "delta 1700000000 steps room=attic 12345",
    "state 1700000000 roof room=attic WARNING a drip",
    "event 1700000000 rain room=attic it began",
    "fact floor room=attic oak",
]


def run(*command: str | pathlib.Path, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, env={**os.environ, **(env or {})}, text=True, timeout=PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}")
    return done.stdout


class Receiver:
    """`lariat receive` on a port of its own, that ends after so many messages."""

    def __init__(self, build: pathlib.Path, count: int) -> None:
        self.process = subprocess.Popen(
            [build / "lariat", "receive", "tsdp://127.0.0.1:0", "--count", str(count)], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.url = self.process.stderr.readline().split()[-1]

    def lines(self) -> list[str]:
        try:
            said, _ = self.process.communicate(timeout=PATIENCE)
        finally:
            self.process.kill()
        return said.splitlines()


def install(build: pathlib.Path, prefix: pathlib.Path) -> pathlib.Path:
    """Returns the folder of lariat.pc."""
    for component in ("library", "devel"):
        run("cmake", "--install", build, "--prefix", prefix, "--component", component)
    for header in ("lariat.h", "lariat.hpp"):
        if not (prefix / "include/lariat" / header).is_file():
            sys.exit(f"{header} is not installed")
    found = list(prefix.rglob("lariat.pc"))
    if len(found) != 1:
        sys.exit(f"lariat.pc is there {len(found)} times")
    return found[0].parent


def by_cmake(prefix: pathlib.Path, out: pathlib.Path) -> None:
    run("cmake", "-S", CONSUMER, "-B", out, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", out)
    cache = (out / "CMakeCache.txt").read_text("utf-8")
    if not re.search(rf"^lariat_DIR:PATH={re.escape(str(prefix))}/", cache, re.MULTILINE):
        sys.exit("it found another lariat than the one that was installed")


def by_pkg_config(packages: pathlib.Path, out: pathlib.Path) -> None:
    out.mkdir()
    run("make", "-C", CONSUMER, f"OUT={out}", env={"PKG_CONFIG_PATH": str(packages)})


def check_report(build: pathlib.Path, program: pathlib.Path, env: Mapping[str, str]) -> None:
    """Its messages reach three receivers, each in order."""
    receivers = [Receiver(build, len(REPORT)) for _ in range(3)]
    run(program, *(receiver.url for receiver in receivers), env=env)
    for receiver in receivers:
        got = receiver.lines()
        if got != REPORT:
            sys.exit(f"{program}: a receiver has got {got}")
    print(f"{program.parent.name}/{program.name}: {len(REPORT)} messages at each of 3 receivers")


def program_of_manual() -> str:
    text = MANUAL.read_text("utf-8")
    blocks: Sequence[str] = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    programs = [block for block in blocks if "int main" in block]
    if len(programs) != 1:
        sys.exit(f"the manual has {len(programs)} programs")
    return programs[0].replace("\\\\", "\\")


def check_manual(build: pathlib.Path, packages: pathlib.Path, folder: pathlib.Path,
                 env: Mapping[str, str]) -> None:
    """Its first two messages come; it would go on for ten seconds."""
    source, program = folder / "manual.c", folder / "manual"
    source.write_text(program_of_manual(), "utf-8")
    flags = run("pkg-config", "--cflags", "--libs", "lariat",
                env={"PKG_CONFIG_PATH": str(packages)}).split()
    run("cc", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", program, source, *flags)
    receiver = Receiver(build, 2)
    with subprocess.Popen([program, receiver.url], env={**os.environ, **env}) as process:
        try:
            got = [re.sub(r" \d{10,} ", " ", line) for line in receiver.lines()]
        finally:
            process.kill()
    if got != ["sample beat program=example 0", "sample beat program=example 1"]:
        sys.exit(f"the manual's program sent {got}")
    print("the manual's program: good")


def main() -> None:
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prefix = folder / "installed"
        packages = install(build, prefix)
        env = {"LD_LIBRARY_PATH": str(packages.parent)}
        by_cmake(prefix, folder / "cmake")
        by_pkg_config(packages, folder / "pkg-config")
        for way in ("cmake", "pkg-config"):
            for program in ("report_c", "report_cpp"):
                check_report(build, folder / way / program, env)
        check_manual(build, packages, folder, env)


if __name__ == "__main__":
    main()
