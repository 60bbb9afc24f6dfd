"""The shipped collectors that others send to."""

import re
import statistics
import time

from . import processes
from .child import Child, Failure
from .context import Context
from .table import Row, spread

LINES = 4_000_000


class Statsd:
    """Our `statsd` at a port that the kernel has chosen."""

    def __init__(self, context: Context) -> None:
        self.child = context.start(
            [str(context.build / "collectors" / "statsd"), "--text", "--listen",
             "udp://127.0.0.1:0"], context.sender)
        self.pid = self.child.process.pid
        ends = time.monotonic() + 5
        while not (found := re.search(r"listens at udp://127\.0\.0\.1:(\d+)", self.said())):
            if time.monotonic() > ends:
                raise Failure("statsd does not listen")
            time.sleep(0.01)
        self.port = int(found[1])

    def said(self) -> str:
        self.child.said.seek(0)
        return self.child.said.read().decode(errors="replace")

    def settled(self, packets: int) -> dict[str, float]:
        """What it says of itself when it or the kernel's count of drops has each packet."""
        ends = time.monotonic() + 30
        while True:
            numbers = self.answer()
            if numbers["statsd_packets_total"] + numbers["statsd_packets_dropped_total"] == packets:
                return numbers
            if time.monotonic() > ends:
                raise Failure(f"{packets} packets were sent; statsd tells of {numbers}")
            time.sleep(0.05)

    def answer(self) -> dict[str, float]:
        self.child.process.stdin.write(b"tick 1700000000\n")
        self.child.process.stdin.flush()
        numbers: dict[str, float] = {}
        while (line := self.child.line(30)) != "done":
            if line is None:
                raise Failure("statsd has ended")
            words = line.split(" ")
            if words[2].startswith("statsd_") and len(words) == 4:
                numbers[words[2]] = float(words[3])
        return numbers


def send(context: Context, port: int, single: bool) -> tuple[int, int, float]:
    """Lines and packets sent, and how long that took."""
    began = time.monotonic()
    with context.start([context.program("statsd"), "--ports", str(port), "--lines", str(LINES),
                        "--single", str(int(single))], context.sink) as sender:
        result = sender.result(context.left(60), (0,))
    return result["lines"], result["packets"], time.monotonic() - began


def statsd(context: Context) -> list[Row]:
    """Lines over loopback, from one processor to the other, as fast as they can be sent."""
    rows = []
    for single, what in ((False, "in datagrams of 1432 octets"), (True, "in datagrams of their own")):
        context.say(f"statsd, lines {what}")
        costs, speeds, lost = [], [], []
        for _ in range(context.rounds):
            program = Statsd(context)
            with program.child:
                before = processes.cpu_seconds(program.pid)
                _, packets, seconds = send(context, program.port, single)
                numbers = program.settled(packets)
                used = processes.cpu_seconds(program.pid) - before
            taken = numbers["statsd_packets_total"]
            costs.append(numbers["statsd_lines_total"] / used / 1e6)
            speeds.append(taken / seconds)
            lost.append(1 - taken / packets)
        met = statistics.median(costs) >= 1
        rows += [
            Row(f"statsd, lines {what}: million a CPU second", "≥ 1",
                spread(costs, "{:.2f}"), met),
            Row("… packets taken a second", "-", spread(speeds, "{:.0f}")),
            Row("… share of packets that the kernel dropped", "-", spread(lost, "{:.4f}")),
        ]
    return rows
