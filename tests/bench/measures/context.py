"""What the measures share."""

import contextlib
import os
import pathlib
import statistics
import sys
import time
from typing import Any, Sequence

from .child import Child, Failure

PROJECT = pathlib.Path(__file__).resolve().parents[3]
FRAME_BYTES = 80
MIB = 1 << 20


class Context:
    """What the measures share: where the programs are, the processors, the time left."""

    def __init__(self, build: pathlib.Path, rounds: int, quick: bool, limit: float) -> None:
        self.build = build
        self.lariat = str(build / "lariat")
        self.folder = build / "tests" / "bench"
        self.rounds = rounds
        self.quick = quick
        self.ends = time.monotonic() + limit
        processors = sorted(os.sched_getaffinity(0))
        self.pinned = len(processors) > 1
        self.all_processors = set(processors)
        self.sender = processors[0]
        self.sink = processors[1] if self.pinned else processors[0]
        self.ceilings: list[float] = []
        self.kept = contextlib.ExitStack()  # To the end of the run.
        self.backlog: Any = None

    def program(self, name: str) -> str:
        return str(self.folder / f"bench_{name}")

    def left(self, wanted: float) -> float:
        """So many seconds, or as many as there are; none left is a failure."""
        left = self.ends - time.monotonic()
        if left <= 1:
            raise Failure("the time is up")
        return min(wanted, left)

    def start(self, command: Sequence[str], processor: int) -> "Child":
        """A child inherits the processor, so it never runs on another one."""
        os.sched_setaffinity(0, {processor})
        try:
            return Child(command)
        finally:
            os.sched_setaffinity(0, self.all_processors)

    def result(self, command: Sequence[str], good: Sequence[int] = (0,), wanted: float = 60) -> dict:
        """The object that a sender prints at its end."""
        with self.start(command, self.sender) as child:
            return child.result(self.left(wanted), good)

    def say(self, text: str) -> None:
        print(f"{text}  ({max(0, self.ends - time.monotonic()):.0f} s left)", file=sys.stderr)


def print_machine(context: Context) -> None:
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    pinned = (f"sender on processor {context.sender}, sinks on {context.sink}"
              if context.pinned else "one processor: sender and sinks share it, nothing is as meant")
    print(f"\n{pinned}; Linux {os.uname().release}; load {load}")
    if len(context.ceilings) > 1:
        noise = (max(context.ceilings) - min(context.ceilings)) / statistics.median(
            context.ceilings)
        print(f"noise: the ceiling itself spread over {noise:.0%} of its median"
              + ("; too much for a verdict close to a bar" if noise > 0.2 else ""))
