"""`lariat bench`, the load generator, as a child."""

import contextlib
import time
from typing import Iterator

from .child import Child, Failure
from .context import FRAME_BYTES, Context
from .sinks import Sink


def bench_command(context: Context, sink: Sink, *words: str) -> list[str]:
    return [context.lariat, "bench", *sink.urls, "--size", str(FRAME_BYTES), "--json", *words]


@contextlib.contextmanager
def reading(context: Context, sink: Sink, *words: str) -> Iterator[Child]:
    """`lariat bench`, connected to all sinks, to be read with SIGUSR1."""
    before = sink.counts()["connections"]
    with context.start(bench_command(context, sink, "--metrics", *words), context.sender) as child:
        sink.wait_for("connections", [count + 1 for count in before])
        ends = time.monotonic() + 5
        while child.metrics()["lariat_endpoint_connected"] != len(before):
            if time.monotonic() > ends:
                raise Failure("lariat bench does not connect")
            time.sleep(0.1)
        time.sleep(1)
        yield child


def two_readings(child: Child) -> tuple[dict[str, float], float]:
    """The second of two readings back to back, and how many wake-ups a reading costs. Between them
    it is given the time to fall asleep again."""
    first = child.metrics()
    time.sleep(0.05)
    second = child.metrics()
    return second, second["lariat_loop_wakeups_total"] - first["lariat_loop_wakeups_total"]
