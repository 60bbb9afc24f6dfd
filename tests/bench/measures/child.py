"""Processes that we started."""

import contextlib
import json
import os
import pathlib
import re
import selectors
import signal
import subprocess
import tempfile
import time
from typing import Sequence


class Failure(Exception):
    """A measure could not be taken."""


class Child:
    """A process that we started: its lines with a deadline, and its end, whatever happens."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self.said = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.buffer = b""

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.selector.close()
        self.process.stdout.close()
        self.said.close()

    def line(self, seconds: float) -> str | None:
        """The next line; None at the end of its output."""
        ends = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            if not self.selector.select(max(0.0, ends - time.monotonic())):
                raise Failure(f"{self.name()} says nothing for {seconds:.0f} s")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                return None
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def result(self, seconds: float, good: Sequence[int]) -> dict:
        """The last object that it prints before it ends."""
        ends = time.monotonic() + seconds
        last = None
        while (line := self.line(max(0.1, ends - time.monotonic()))) is not None:
            if line.startswith("{"):
                last = line
        status = self.process.wait(5)
        if status not in good or last is None:
            self.said.seek(0)
            said = self.said.read(2000).decode(errors="replace").strip()
            raise Failure(f"{self.name()} ended with {status}: {said or 'it said nothing'}")
        return json.loads(last)

    def signal(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def name(self) -> str:
        return os.path.basename(self.command[0])

    def metrics(self) -> dict[str, float]:
        """A reading of `lariat bench`: the sum of each metric over its labels."""
        self.signal(signal.SIGUSR1)
        sums: dict[str, float] = {}
        while (line := self.line(5)) != "# end":
            if line is None:
                raise Failure(f"{self.name()} ended before it was read")
            sample = re.fullmatch(r"(\w+)(?:\{.*\})? (\S+)", line)
            if sample:
                sums[sample[1]] = sums.get(sample[1], 0.0) + float(sample[2])
        return sums

    def resident(self) -> int:
        """Octets resident now; of the rollup, which is exact, not of statm, which is batched."""
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text("ascii")
            if found := re.search(r"^Rss:\s+(\d+) kB", text, re.MULTILINE):
                return int(found[1]) * 1024
        return 0
