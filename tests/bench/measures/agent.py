"""The whole agent with its collectors, against node_exporter where there is a like of it."""

import contextlib
import os
import socket
import statistics
import tempfile
import time
from typing import Iterator, Sequence

from . import processes
from .child import Failure
from .context import MIB, Context
from .scraped import (SAME_FAMILIES, Scraped, agent, configured, endpoints, exporter, hold_alike,
                      linux)
from .sinks import Sink, sinks
from .table import Row, spread

PREFERRED = -19


def share(what: str, bar: float | None, own: Sequence[float], theirs: Sequence[float]) -> Row:
    """CPU seconds against CPU seconds, of the same stretches of time: all of them, and in brackets
    the least and the most of one stretch."""
    ratio = sum(own) / sum(theirs)
    each = [a / b for a, b in zip(own, theirs)]
    return Row(what, "-" if bar is None else f"≤ {bar:g}",
               f"{ratio:.3f} [{min(each):.3f} … {max(each):.3f}]",
               None if bar is None else ratio <= bar)


def cost(what: str, seconds: Sequence[float], per: str) -> Row:
    return Row(what, "-", f"{statistics.mean(seconds) * 1e3:.2f} ms {per}"
                          f" [{min(seconds) * 1e3:.2f} … {max(seconds) * 1e3:.2f}]")


def minute(context: Context) -> list[Row]:
    """All of them side by side, for the same minute."""
    stretches, length = (2 if context.quick else 6), 10
    seconds = stretches * length
    context.say(f"agent: {seconds} s beside node_exporter")
    with contextlib.ExitStack() as stack:
        three = stack.enter_context(sinks(context, 6)).urls
        run = {"linux": linux()}
        calm = stack.enter_context(
            agent(context, endpoints=endpoints(three[:3]), collectors={"run": run}))
        looked_at = stack.enter_context(
            agent(context, endpoints=endpoints(three[3:]), collectors={"run": run}))
        default = stack.enter_context(agent(
            context, collectors={"run": run | {"hostinfo": {"command": ["hostinfo"],
                                                            "mode": "stream"}}}))
        whole = stack.enter_context(exporter(context))
        same = stack.enter_context(exporter(context, *SAME_FAMILIES))
        began = time.monotonic()
        scraped = (looked_at, whole, same)
        alike = hold_alike(looked_at, same)
        for target in scraped * 2:
            target.scrape()
        time.sleep(max(0.0, began + 3 - time.monotonic()))
        if context.left(seconds + 5) < seconds + 5:
            raise Failure("the time is up")
        switches = processes.voluntary_switches(calm.pid)
        costs = stretches_of(stretches, length, (calm, *scraped), scraped)
        switches = processes.voluntary_switches(calm.pid) - switches
        memory = processes.status(default.pid)
        resident = default.child.resident()
        log = sample(default, "lariat_log_memory_bytes")
    bar = seconds // 2
    anonymous = memory["RssAnon"] * 1024
    return [
        Row(f"linux every 10 s, 3 endpoints, {seconds} s: voluntary switches", f"≤ {bar}",
            f"{switches}", switches <= bar),
        share("… CPU with its collector / node_exporter scraped every 10 s", 0.25, costs[0],
              costs[2]),
        share("… the same, both scraped every 10 s", None, costs[1], costs[2]),
        share("… the same, both scraped, node_exporter with our families only", None, costs[1],
              costs[3]),
        cost("… CPU, calm", costs[0], "in 10 s"),
        cost("… CPU, scraped", costs[1], "in 10 s"),
        cost("… CPU of node_exporter", costs[2], "in 10 s"),
        cost(f"… CPU of node_exporter with our families ({alike})", costs[3], "in 10 s"),
        Row(f"default configuration after {seconds} s: RSS, MiB", "≤ 10", f"{resident / MIB:.2f}",
            resident <= 10 * MIB),
        Row("… RssAnon, MiB, of which the log has", f"≤ 4 + {log / MIB:.2f}",
            f"{anonymous / MIB:.2f}", anonymous <= 4 * MIB + log),
        Row("… threads", "1", f"{memory['Threads']}", memory["Threads"] == 1),
    ]


def stretches_of(count: int, length: float, measured: Sequence[Scraped],
                 scraped: Sequence[Scraped]) -> list[list[float]]:
    """For each of `measured` its CPU seconds in each stretch; all of `scraped` are scraped in the
    middle of each."""
    costs: list[list[float]] = [[] for _ in measured]
    began = time.monotonic()
    before = [target.cpu_seconds() for target in measured]
    for number in range(count):
        time.sleep(max(0.0, began + (number + 0.5) * length - time.monotonic()))
        for target in scraped:
            target.scrape()
        time.sleep(max(0.0, began + (number + 1) * length - time.monotonic()))
        now = [target.cpu_seconds() for target in measured]
        for own, first, last in zip(costs, before, now):
            own.append(last - first)
        before = now
    return costs


def sample(target: Scraped, name: str) -> float:
    for line in target.scrape("/metrics?scope=agent").splitlines():
        if line.startswith(name + " "):
            return float(line.split(" ")[1])
    raise Failure(f"{target.child.name()} has no {name}")


def rounds(context: Context) -> list[Row]:
    """What the collector asks the kernel, what the agent takes in, and what it shows: one of them a
    second, and as many as fit behind each other, which finds the caches warm on either side."""
    return [*rounds_of(context, 1, "a round a second"), *rounds_of(context, 20, "20 in a row")]


def rounds_of(context: Context, many: int, title: str) -> list[Row]:
    stretches = 6 if context.quick else 12
    context.say(f"agent: {title}, {2 * stretches} s")
    run = {f"linux{number}": linux("1s") for number in range(many)}
    costs: list[list[float]] = []
    with agent(context, "/metrics?scope=host", collectors={"run": run}) as own, \
            exporter(context, *SAME_FAMILIES) as theirs:
        time.sleep(2)
        alike = hold_alike(own, theirs)
        for part in stretches_of(2 * stretches, 1, (own, theirs), (own, theirs) * many):
            costs.append([sum(pair) / 2 / many for pair in zip(part[::2], part[1::2])])
    return [
        share(f"linux, {title}: CPU, ingest and render / node_exporter's scrape", 0.2, *costs),
        cost(f"… CPU of it ({alike})", costs[0], "each"),
        cost("… CPU of node_exporter", costs[1], "each"),
    ]


@contextlib.contextmanager
def many_series(context: Context, url: str, count: int) -> Iterator[Scraped]:
    """An agent with so many series and a frame on its way to `url` every 2 ms."""
    lines = "".join(f"sample {int(time.time())} bench_{number // 100} host=h,series={number} "
                    f"{number}.25\n" for number in range(count))
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "series")
        with open(source, "w", encoding="ascii") as file:
            file.write(lines)
        run = {
            "many": {"command": ["/bin/sh", "-c", f"cat '{source}'; exec sleep 3600"],
                     "mode": "feed", "interval": "1h"},
            "beat": {"command": [context.program("beat"), "--pin", str(context.sink)],
                     "mode": "feed", "interval": "1h"},
        }
        with agent(context, "/metrics?scope=host", endpoints=endpoints([url]),
                   collectors={"run": run}) as target:
            ends = time.monotonic() + 10
            while sample(target, "lariat_series") < count + 1:
                if time.monotonic() > ends:
                    raise Failure(f"there are only {sample(target, 'lariat_series'):.0f} series")
                time.sleep(0.1)
            yield target


def prefer(nice: int, *pids: int) -> bool:
    """The machine's other work has next to nothing while these have something to do, if we may say
    so: who is late is late by what it does itself. Pid 0 is this process, and what it starts."""
    with contextlib.suppress(PermissionError):
        for pid in pids:
            os.setpriority(os.PRIO_PROCESS, pid, nice)
        return True
    return False


def without_preference(rows: list[Row], preferred: bool) -> list[Row]:
    if not preferred:
        rows.append(Row("… without priority, for lack of the right", "", ""))
    return rows


def render(context: Context) -> list[Row]:
    series = 10_000
    context.say(f"agent: /metrics with {series} series")
    costs, octets = [], 0
    with context.start([context.program("arrivals"), "--pin", str(context.sink)],
                       context.sink) as arrivals:
        receiver = Sink(arrivals)
        with many_series(context, receiver.urls[0], series) as target:
            preferred = prefer(PREFERRED, arrivals.process.pid, target.pid,
                               *processes.children(target.pid))
            target.scrape()
            delays: dict[bool, list[dict[str, float]]] = {False: [], True: []}
            for _ in range(context.rounds):
                for scraping in (False, True):
                    receiver.counts()
                    ends = time.monotonic() + 1
                    before = processes.cpu_seconds(target.pid)
                    scrapes = 0
                    while time.monotonic() < ends:
                        if scraping:
                            octets = len(target.scrape())
                            scrapes += 1
                        time.sleep(0.01)
                    used = processes.cpu_seconds(target.pid) - before
                    delays[scraping].append(receiver.counts() | {"cpu": used})
                    if scraping:
                        idle = delays[False][-1]["cpu"]
                        costs.append((used - idle) / scrapes * 1e3)
    rows = [Row(f"/metrics, {series} series, {octets / 1e6:.2f} MB: CPU, ms", "≤ 5",
                spread(costs, "{:.2f}"), statistics.median(costs) <= 5)]
    for name in ("median", "p99", "max"):
        during, without = ([delay[name] for delay in delays[scraping]] for scraping in (True, False))
        longer = statistics.median(during) - statistics.median(without)
        # A loop that did nothing else would be away for as long as a scrape takes.
        bar = 1000 if name == "p99" else None
        rows += [
            Row(f"… a frame's way to an endpoint, {name}, µs", "-", spread(without, "{:.0f}")),
            Row("… during scrapes", "-", spread(during, "{:.0f}")),
            Row("… so much longer", f"≤ {bar}" if bar else "-", f"{longer:+.0f}",
                longer <= bar if bar else None),
        ]
    return without_preference(rows, preferred)


def pipeline(context: Context) -> list[Row]:
    context.say("agent: from a pipe to log and snapshot")
    result = context.result([context.program("pipeline"), "--pin", str(context.sender)])
    rows, allocations = [], 0
    for run in result["runs"]:
        taken = run["nanoseconds"]
        allocations += run["allocations"]
        rows.append(Row(f"pipe to log and snapshot, {run['series']} series, ns a frame", "≤ 500",
                        f"{taken['median']:.0f} [{taken['min']:.0f} … {taken['max']:.0f}]",
                        taken["median"] <= 500))
    rows.append(Row("… allocations in all of them", "0", f"{allocations}", allocations == 0))
    return rows


def first_frame(connection: socket.socket) -> bool:
    """Reads until a SUBMIT has begun; a heartbeat comes before it."""
    held = b""
    while True:
        while len(held) >= 4:
            if held[0] & 0x0f == 1:
                return True
            at, final = 4, False
            while not final and len(held) >= at + 2:
                final = bool(held[at] & 0x80)
                at += 2 + (int.from_bytes(held[at:at + 2], "big") & 0x0fff)
            if not final or len(held) < at:
                break
            held = held[at:]
        piece = connection.recv(65536)
        if not piece:
            return False
        held += piece


def start(context: Context) -> list[Row]:
    context.say("agent: start to first frame")
    delays, costs = [], []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(15)
        keys = {"endpoints": endpoints([f"tsdp://127.0.0.1:{listener.getsockname()[1]}"]),
                "collectors": {"run": {"linux": linux()}}}
        preferred = prefer(PREFERRED, 0)
        try:
            for _ in range(2 * context.rounds + 1):
                with configured(**keys) as config:
                    delay, cost = start_once(context, listener, config)
                delays.append(delay * 1e3)
                costs.append(cost * 1e3)
        finally:
            prefer(0, 0)
    return without_preference([
        Row("start to the first frame at a receiver, ms", "≤ 300", spread(delays, "{:.0f}"),
            statistics.median(delays) <= 300),
        Row("… CPU of agent and collector until then, ms", "-", spread(costs, "{:.1f}")),
    ], preferred)


def start_once(context: Context, listener: socket.socket, config: str) -> tuple[float, float]:
    """Seconds until a frame is there, and those that the processor worked."""
    began = time.monotonic()
    with context.start([context.lariat, "agent", "--config", config], context.sender) as child:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(15)
            if not first_frame(connection):
                raise Failure("the agent sends no frame")
            return time.monotonic() - began, processes.family_cpu_seconds(child.process.pid)
