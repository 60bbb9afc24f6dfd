#!/usr/bin/env python3
"""Runs the README's walk-through as it stands there, but for ports and folder, which may be taken.

    walk_through_test.py BUILD
"""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
HEADING = "## What happens when an aggregator is away"
# The longest that it sleeps, and what a busy machine may add.
TIME_LIMIT = 150


def block() -> str:
    text = README.read_text("utf-8")
    found = re.search(re.escape(HEADING) + r"\n+```sh\n(.*?)```", text, re.DOTALL)
    if not found:
        sys.exit(f"README.md has no commands below {HEADING!r}")
    return found[1]


def free_ports(count: int) -> list[int]:
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


def run(build: pathlib.Path, folder: str) -> str:
    east, west, http = free_ports(3)
    commands = block().replace("/tmp/away", folder)
    commands = commands.replace(":2600", f":{east}").replace(":2601", f":{west}")
    # The one that it takes without being told.
    commands = commands.replace('{"log":', f'{{"http": {{"listen": "127.0.0.1:{http}"}}, "log":', 1)
    env = {**os.environ, "PATH": f"{build}:{os.environ['PATH']}"}
    # A group of its own: what a failure leaves behind ends with it.
    with subprocess.Popen(["bash", "-c", commands], env=env, text=True, process_group=0,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as shell:
        try:
            said, _ = shell.communicate(timeout=TIME_LIMIT)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    print(said)
    return said


def main() -> None:
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        said = run(build, f"{folder}/away")
        times = [float(line.split()[-1]) for line in
                 (pathlib.Path(folder) / "away/east.txt").read_text("utf-8").splitlines()
                 if " node_time_seconds " in line]
    # It came back after 21 s away, and was there for 12.
    missed = [time for time in times if time < max(times) - 15]
    assert times != sorted(times), f"what is fresh does not go first: {times}"
    assert len(missed) >= 5, f"of the outage came {len(missed)} rounds: {times}"
    assert len(times) == len(set(times)), f"a round came twice: {times}"
    assert re.search(r"\d+ segments, \d+ frames", said), "lariat spool lists nothing"
    row = re.search(r"^  east +.* (\d[\d,]*) +(\d[\d,]*) +\S+ \S+ +.* (\d+) +\d+$", said, re.MULTILINE)
    assert row, "lariat status has no row for east"
    assert int(row[1].replace(",", "")) > 1000, f"delivered {row[1]}"
    # A round may have come since it left.
    rounds = int(row[1].replace(",", "")) / len(times)
    queued = int(row[2].replace(",", ""))
    assert queued <= 3 * rounds, f"queued {queued}, and a round is some {rounds:.0f} frames"
    assert row[3] == "0", f"dropped {row[3]}"


if __name__ == "__main__":
    main()
