"""What it costs to send where people send, beside others that send the same."""

import contextlib
import statistics
import time

from . import processes, senders
from .child import Failure
from .context import MIB, Context
from .scraped import agent, linux
from .table import Row, spread

from suite import place, server, seven  # Of tests/aggregators, as `senders` says.
from suite.agent import Metrics


def remote_write(context: Context) -> list[Row]:
    """All three side by side: the same series, the same seconds, a server of the same kind each."""
    length, stretches = 10, 2 if context.quick else 5
    context.say(f"outputs: remote write for {length * stretches} s")
    source = senders.Source()
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(senders.exporter(source))
        begun = [stack.enter_context(senders.lariat(context, source)),
                 stack.enter_context(senders.prometheus(context, port)),
                 stack.enter_context(senders.vmagent(context, port))]
        for sender in begun:
            wait_for_samples(context, sender, 3 * senders.SERIES)
        time.sleep(context.left(3))
        readings = [[reading(sender) for sender in begun]]
        for _ in range(stretches):
            time.sleep(context.left(length))
            readings.append([reading(sender) for sender in begun])
    names = [sender.name for sender in begun]
    cpu: dict[str, list[float]] = {name: [] for name in names}
    wire: dict[str, list[float]] = {name: [] for name in names}
    for before, after in zip(readings, readings[1:]):
        for name, first, last in zip(names, before, after):
            samples = last[0] - first[0]
            if samples < senders.SERIES * length / 2:
                raise Failure(f"{name} sent {samples} samples in {length} s")
            cpu[name].append((last[1] - first[1]) / samples * 1e6)
            wire[name].append((last[2] - first[2]) / samples)
    others = [min(pair) for pair in zip(cpu["Prometheus"], cpu["vmagent"])]
    of_others = [own / other for own, other in zip(cpu["Lariat"], others)]
    of_prometheus = [own / other for own, other in zip(wire["Lariat"], wire["Prometheus"])]
    rows = [Row(f"{senders.SERIES} series a second to VictoriaMetrics: CPU s a million, {name}", "-",
                spread(cpu[name])) for name in names]
    rows.append(Row("… Lariat / the cheaper of Prometheus and vmagent", "≤ 0.25",
                    spread(of_others), statistics.median(of_others) <= 0.25))
    rows += [Row(f"… octets on the wire a sample, {name}", "-", spread(wire[name], "{:.2f}"))
             for name in names]
    rows.append(Row("… Lariat / Prometheus", "≤ 1", spread(of_prometheus),
                    statistics.median(of_prometheus) <= 1))
    return rows


def wait_for_samples(context: Context, sender: senders.Sender, count: int) -> None:
    ends = time.monotonic() + context.left(30)
    while sender.samples() < count:
        if time.monotonic() > ends:
            raise Failure(f"{sender.name} does not send")
        time.sleep(0.1)


def reading(sender: senders.Sender) -> tuple[int, float, int]:
    return sender.samples(), processes.cpu_seconds(sender.pid), sender.octets()


def encode(context: Context) -> list[Row]:
    """Frames of this host to lines, nothing else."""
    context.say("outputs: encoding")
    runs: dict[str, list[float]] = {}
    for _ in range(context.rounds):
        result = context.result([context.program("encode"), "--pin", str(context.sender)])
        for run in result["runs"]:
            runs.setdefault(run["format"], []).append(run["nanoseconds"])
    rows = []
    for name, costs in runs.items():
        # What goes into requests of HTTP is bounded by the whole of it, above.
        line = name.startswith(("graphite", "influx"))
        rows.append(Row(f"encoding a frame of this host, ns: {name}", "≤ 400" if line else "-",
                        spread(costs, "{:.0f}"),
                        statistics.median(costs) <= 400 if line else None))
    return rows


def resident(context: Context) -> list[Row]:
    """`linux` every second to seven servers of seven kinds."""
    seconds = 20
    context.say(f"outputs: memory with seven endpoints, {seconds} s")
    place.use_build(context.build)
    try:
        with seven.SevenServers() as servers, agent(
                context, collectors={"run": {"linux": linux("1s")}},
                endpoints=servers.endpoints(servers.ports)) as own:
            time.sleep(context.left(seconds))
            metrics = Metrics(own.scrape("/metrics?scope=agent"))
            memory = processes.status(own.pid)
            resident = own.child.resident()
            names = list(servers.ports)
    except (server.NotStarted, AssertionError) as problem:
        raise Failure(str(problem)) from problem
    log = metrics.get("log_memory_bytes")
    for name in names:
        ledger = metrics.ledger(name)
        if ledger["delivered"] < ledger["accepted"] / 2 or ledger["accepted"] == 0:
            raise Failure(f"{name} does not take it: {ledger}")
    anonymous = memory["RssAnon"] * 1024
    return [
        Row("seven endpoints of seven kinds: RSS, MiB", "≤ 16", f"{resident / MIB:.2f}",
            resident <= 16 * MIB),
        Row("… RssAnon, MiB, of which the log has", f"≤ 4 + {log / MIB:.2f}",
            f"{anonymous / MIB:.2f}", anonymous <= 4 * MIB + log),
    ]
