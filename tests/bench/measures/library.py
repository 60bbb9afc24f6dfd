"""What the library costs, by its C interface, and what others cost that do the same."""

import os
import pathlib
import re
import signal
import statistics
import subprocess
import tempfile
import time

from . import processes
from .child import Child, Failure
from .context import MIB, Context
from .fanout import ceiling
from .sinks import Sink, all_received, sinks
from .table import Row, spread

SHARED_LIBRARY = "liblariat.so.0"
# libm and libgcc_s come with libstdc++.
NEEDED = {"libc", "libstdc++", "libev", "libcares", "libm", "libgcc_s",
          "ld-linux-x86-64"}
# Marks of libzmq, in messages: the default, and two that let it wait less often.
ZMQ_LIMITS = (1_000, 10_000, 100_000)
# nng drops over 8192 in a peer's buffer.
NNG_WINDOW = 7_000


def command(context: Context, sink: Sink, *words: str) -> list[str]:
    return [context.program("library"), "--ports", sink.port_list, "--pin", str(context.sender),
            *words]


def ours(context: Context, sink: Sink, frames: int) -> float:
    with all_received(sink, frames):
        result = context.result(command(context, sink, "--frames", str(frames)))
    return result["cpu_seconds_per_million"]


def rival(context: Context, name: str, frames: int, *words: str) -> float:
    result = context.result([
        context.program(name), "--peers", "3", "--frames", str(frames), "--pin",
        str(context.sender), "--sink-pin", str(context.sink), *words])
    return result["cpu_seconds_per_million"]


def zmq(context: Context) -> float:
    return min(rival(context, "zmq", 500_000, "--limit", str(limit)) for limit in ZMQ_LIMITS)


def cost(context: Context) -> list[Row]:
    ceilings, own, zmqs, nngs = [], [], [], []
    with sinks(context, 3) as sink:
        for number in range(context.rounds):
            context.say(f"library: round {number + 1} of {context.rounds}")
            ceilings.append(ceiling(context, sink, 3_000_000))
            own.append(ours(context, sink, 5_000_000))
            zmqs.append(zmq(context))
            nngs.append(rival(context, "nng", 100_000, "--window", str(NNG_WINDOW)))
    context.ceilings += ceilings
    over_ceiling = [a / b for a, b in zip(own, ceilings)]
    of_better = [a / min(b, c) for a, b, c in zip(own, zmqs, nngs)]
    return [
        Row("publish() of 80 B to 3, CPU s a million: ceiling", "-", spread(ceilings, "{:.4f}")),
        Row("… liblariat", "-", spread(own, "{:.4f}")),
        Row("… libzmq PUB, best of three marks", "-", spread(zmqs, "{:.4f}")),
        Row("… nng pub0", "-", spread(nngs, "{:.4f}")),
        Row("liblariat / ceiling", "≤ 1.5", spread(over_ceiling, "{:.2f}"),
            statistics.median(over_ceiling) <= 1.5),
        Row("liblariat / the better of libzmq and nng", "≤ 0.2", spread(of_better, "{:.3f}"),
            statistics.median(of_better) <= 0.2),
    ]


def idle(context: Context) -> list[Row]:
    seconds = 20 if context.quick else 120
    context.say(f"library: idle for {seconds} s")
    with sinks(context, 3) as sink, context.start(
            command(context, sink, "--idle", "1"), context.sender) as child:
        connected(child)
        time.sleep(1)
        before = processes.voluntary_switches(child.process.pid)
        if context.left(seconds + 5) < seconds + 5:
            raise Failure("the time is up")
        time.sleep(seconds)
        switches = processes.voluntary_switches(child.process.pid) - before
        child.signal(signal.SIGTERM)
        result = child.result(10, (0,))
    empty = sum(endpoint["write_wakeups_empty"] for endpoint in result["endpoints"])
    return [Row(f"wake-ups in {seconds} s idle, 3 endpoints, by the kernel's count", "0",
                f"{switches}, and {empty} empty write wake-ups", switches == 0 and empty == 0)]


def connected(child: Child) -> None:
    if (child.line(10) or "") != '{"connected":3}':
        raise Failure("the library's program does not connect")


def stuck(context: Context) -> list[Row]:
    budget = 16 * MIB
    context.say("library: one of three stuck for 20 s")
    with sinks(context, 3, 1) as sink, context.start(
            command(context, sink, "--rate", "50000", "--seconds", "20", "--memory",
                    str(budget // MIB)), context.sender) as child:
        connected(child)
        pid = child.process.pid
        first = most = processes.status(pid)["RssAnon"]
        ends = time.monotonic() + context.left(45)
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if time.monotonic() > ends:
                raise Failure("the library's program does not end")
            most = max(most, processes.status(pid).get("RssAnon", 0))
            time.sleep(0.05)
        result = child.result(5, (0,))
    readers, last = result["endpoints"][:2], result["endpoints"][2]
    lost = sum(reader["accepted"] - reader["delivered"] for reader in readers)
    if result["frames"] != 1_000_000 or last["evicted"] == 0:
        raise Failure(f"no load: {result['frames']} frames, {last['evicted']} evicted")
    grown = (most - first) * 1024
    return [
        Row("1 of 3 stuck, 50,000/s for 20 s: messages lost at the others", "0",
            f"{lost} of {sum(reader['accepted'] for reader in readers)}", lost == 0),
        Row("… RssAnon over that at the start, MiB", f"≤ {(budget + 4 * MIB) // MIB}",
            f"{grown / MIB:.2f}", grown <= budget + 4 * MIB),
    ]


def size(context: Context) -> list[Row]:
    library = pathlib.Path(context.lariat).parent / SHARED_LIBRARY
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "stripped"
        subprocess.run(["strip", "-o", stripped, library], check=True)
        octets = stripped.stat().st_size
    text = subprocess.run(["readelf", "-d", library], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    needed = sorted(re.findall(r"\(NEEDED\).*\[(.*?)\.so", text))
    return [
        Row("shared library, stripped, KiB", "≤ 1024", f"{octets / 1024:.0f}", octets <= MIB),
        Row("… needs", "libc, libstdc++, libev, c-ares", " ".join(needed),
            set(needed) <= NEEDED),
    ]
