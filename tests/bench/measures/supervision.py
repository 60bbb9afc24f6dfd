"""What it costs the agent to run hundreds of programs, and how late they get."""

import contextlib
import dataclasses
import json
import os
import re
import time

from . import processes
from .child import Failure
from .context import MIB, Context
from .scraped import Scraped, agent, endpoints
from .sinks import sinks
from .table import Row, spread

MANY = 500
INTERVAL = 10
WAIT = 1000  # As a check that asks a server which is slow, in ms.


def values(target: Scraped, name: str) -> dict[str, float]:
    """Of each collector; of several series of one the sum."""
    found: dict[str, float] = {}
    pattern = re.compile(rf'^{name}\{{collector="([^"]+)"[^}}]*\}} (\S+)$', re.MULTILINE)
    for collector, value in pattern.findall(target.scrape("/metrics?scope=agent")):
        found[collector] = found.get(collector, 0.0) + float(value)
    return found


@dataclasses.dataclass
class Crowd:
    """What MANY oneshots, all due at the same second, did."""
    costs: list[float]  # Of the agent, in each round, in % of a core.
    runs: float
    late: float
    children: float     # CPU, in seconds.
    took: list[float]   # The last run of each, in ms.


def crowd(context: Context, rounds: int, *words: str) -> Crowd:
    """Runs them with WORDS behind the number of each."""
    run = {f"n{number}": {"command": [context.program("oneshot"), str(number), *words],
                          "interval": f"{INTERVAL}s"} for number in range(MANY)}
    with contextlib.ExitStack() as stack:
        urls = stack.enter_context(sinks(context, 1)).urls
        own = stack.enter_context(agent(context, endpoints=endpoints(urls),
                                        collectors={"run": run}))
        # On all processors, as its children are: on one it would wait for them.
        for pid in (own.pid, *processes.children(own.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(pid, context.all_processors)
        ends = time.monotonic() + 30
        while len([n for n in values(own, "lariat_collector_frames_total").values() if n]) < MANY:
            if time.monotonic() > ends:
                raise Failure("not all of them have run")
            time.sleep(0.2)
        costs = []
        runs = sum(values(own, "lariat_collector_runs_total").values())
        first = sum(values(own, "lariat_collector_late_total").values())
        children = sum(values(own, "lariat_collector_cpu_seconds_total").values())
        for _ in range(rounds):
            before = processes.cpu_seconds(own.pid)
            time.sleep(INTERVAL)
            costs.append((processes.cpu_seconds(own.pid) - before) / INTERVAL * 100)
        runs = sum(values(own, "lariat_collector_runs_total").values()) - runs
        late = sum(values(own, "lariat_collector_late_total").values()) - first
        children = sum(values(own, "lariat_collector_cpu_seconds_total").values()) - children
        good = json.loads(own.scrape("/status"))["collectors"]
    bad = sum(one["runs"]["bad"] for one in good)
    if bad or runs < MANY * (rounds - 1):
        raise Failure(f"{runs:.0f} runs in {rounds} rounds, {bad} of them bad")
    return Crowd(costs, runs, late, children,
                 [(one["last_duration_seconds"] or 0) * 1e3 for one in good])


def oneshots(context: Context) -> list[Row]:
    """They are all due at the same second. Each prints one line and ends."""
    rounds = 3 if context.quick else 6
    seconds = rounds * INTERVAL
    context.say(f"collectors: {MANY} oneshots every {INTERVAL} s, {seconds} s")
    quick = crowd(context, rounds)
    context.say(f"collectors: the same, each waits for {WAIT} ms")
    slow = crowd(context, 2, str(WAIT))
    return [
        Row(f"{MANY} oneshots every {INTERVAL} s, {seconds} s: the agent's own CPU, % of a core",
            "≤ 2", spread(quick.costs, "{:.2f}"), max(quick.costs) <= 2),
        Row("… runs that began over 1 s late", "0", f"{quick.late:.0f} of {quick.runs:.0f}",
            quick.late == 0),
        Row("… how long the last run of each took, ms", "-", spread(quick.took, "{:.0f}")),
        Row("… CPU of the programs, ms a run", "-", f"{quick.children / quick.runs * 1e3:.2f}"),
        Row(f"… each waits for {WAIT} ms: runs that began over 1 s late", "0",
            f"{slow.late:.0f} of {slow.runs:.0f}", slow.late == 0),
        Row("… the agent's own CPU then, % of a core", "-", spread(slow.costs, "{:.2f}")),
    ]


def resident(context: Context) -> list[Row]:
    """The program `linux` alone, after some answers."""
    context.say("collectors: memory of linux")
    path = str(context.build / "collectors" / "linux")
    with context.start([path], context.sender) as child:
        for number in range(5):
            child.process.stdin.write(f"tick {int(time.time()) + number}\n".encode())
            child.process.stdin.flush()
            time.sleep(0.3)
        size = child.resident()
        anonymous = processes.status(child.process.pid)["RssAnon"] * 1024
    return [Row("linux, default set: RSS, MiB", "≤ 4", f"{size / MIB:.2f}", size <= 4 * MIB),
            Row("… RssAnon, MiB", "-", f"{anonymous / MIB:.2f}")]
