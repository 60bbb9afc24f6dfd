"""Where senders send to."""

import contextlib
import json
import signal
import time
from typing import Iterator, Sequence

from .child import Child, Failure
from .context import FRAME_BYTES, Context


class Sink:
    """A process with listeners that discards what it gets; the last `stuck` never read."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.ports: list[int] = json.loads(child.line(10) or "{}")["ports"]
        self.urls = [f"tsdp://127.0.0.1:{port}" for port in self.ports]
        self.port_list = ",".join(map(str, self.ports))

    def counts(self) -> dict[str, list[int]]:
        self.child.signal(signal.SIGUSR1)
        return json.loads(self.child.line(10) or "{}")

    def wait_for(self, key: str, counts: Sequence[int], seconds: float = 10) -> None:
        """Until each listener has had just so much."""
        ends = time.monotonic() + seconds
        while (now := self.counts()[key]) != list(counts):
            if time.monotonic() > ends:
                raise Failure(f"the sinks have {key} {now[:8]}, not {list(counts)[:8]}")
            time.sleep(0.02)


@contextlib.contextmanager
def sinks(context: Context, listeners: int, stuck: int = 0) -> Iterator[Sink]:
    command = [context.program("sink"), "--listeners", str(listeners), "--stuck", str(stuck),
               "--pin", str(context.sink)]
    with context.start(command, context.sink) as child:
        yield Sink(child)


@contextlib.contextmanager
def all_received(sink: Sink, frames: int) -> Iterator[None]:
    """Holds that what runs inside brings every listener just so many frames: else its cost is none
    of what it is said to be."""
    before = sink.counts()["received"]
    yield
    sink.wait_for("received", [count + frames * FRAME_BYTES for count in before])
