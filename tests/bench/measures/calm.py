"""What happens while little happens, and while most endpoints are stuck."""

import contextlib
import math
import os
import time

from .child import Failure
from .context import MIB, Context
from .load import bench_command, reading, two_readings
from .sinks import sinks
from .table import Row


def burst(context: Context) -> list[Row]:
    context.say("burst: 10 s")
    size = 1000
    with sinks(context, 3) as sink, reading(
            context, sink, "--rate", str(size), "--every", "1s", "--seconds", "20s", "--wait",
            "--heartbeat", "0s") as child:
        # Half a second from any burst, so that a reading shares no wake-up with one.
        frames = child.metrics()["lariat_log_frames_total"]
        ends = time.monotonic() + 3
        while child.metrics()["lariat_log_frames_total"] == frames:
            if time.monotonic() > ends:
                raise Failure("lariat bench publishes nothing")
            time.sleep(0.05)
        time.sleep(0.5)
        before, cost = two_readings(child)
        time.sleep(context.left(10))
        after = child.metrics()
    gained = {name: after[name] - before[name] for name in (
        "lariat_log_frames_total", "lariat_endpoint_write_calls_total",
        "lariat_loop_wakeups_total")}
    bursts = gained["lariat_log_frames_total"] / size
    if bursts < 5 or bursts != int(bursts):
        raise Failure(f"there were {bursts} bursts in 10 s")
    sends = gained["lariat_endpoint_write_calls_total"]
    wakeups = gained["lariat_loop_wakeups_total"] - cost
    return [
        Row(f"sends in {bursts:.0f} bursts of {size} to 3", f"{3 * bursts:.0f}", f"{sends:.0f}",
            sends == 3 * bursts),
        Row("… wake-ups", f"{bursts:.0f}", f"{wakeups:.0f}", wakeups == bursts),
    ]


def idle(context: Context) -> list[Row]:
    seconds = 20 if context.quick else 120
    context.say(f"idle: {seconds} s, without and with heartbeats side by side")
    beats = ("0s", "60s")
    length = f"{seconds + 30}s"
    with contextlib.ExitStack() as stack:
        children = []
        for beat in beats:
            sink = stack.enter_context(sinks(context, 3))
            children.append(stack.enter_context(
                reading(context, sink, "--idle", length, "--heartbeat", beat)))
        before = [two_readings(child) for child in children]
        if context.left(seconds + 5) < seconds + 5:
            raise Failure("the time is up")
        time.sleep(seconds)
        after = [child.metrics() for child in children]
    rows = []
    for beat, (first, cost), last in zip(beats, before, after):
        wakeups = last["lariat_loop_wakeups_total"] - first["lariat_loop_wakeups_total"] - cost
        bar = 0 if beat == "0s" else math.ceil(seconds / 60)
        empty = last["lariat_endpoint_write_wakeups_empty_total"]
        rows.append(Row(f"wake-ups in {seconds} s idle, 3 endpoints, heartbeat {beat}",
                        f"≤ {bar}" if bar else "0",
                        f"{wakeups:.0f} (a reading costs {cost:.0f})",
                        wakeups <= bar and empty == 0))
    return rows


def peak_of_run(context: Context, stuck: int, *words: str) -> tuple[int, dict]:
    """The most that was resident, of twenty looks a second, and the result."""
    with sinks(context, 8, stuck) as sink:
        command = bench_command(context, sink, "--wait", "--heartbeat", "0s", "--flush", "1s",
                                *words)
        with context.start(command, context.sender) as child:
            ends = time.monotonic() + context.left(45)
            peak = 0
            while os.waitid(os.P_PID, child.process.pid,
                            os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                if time.monotonic() > ends:
                    raise Failure("lariat bench does not end")
                peak = max(peak, child.resident())
                time.sleep(0.05)
            # 1: not everything was delivered, which is how this is meant to end.
            return peak, child.result(5, (0, 1))


def stuck(context: Context) -> list[Row]:
    budget = 16 * MIB
    same = MIB // 4  # As much as two runs of one program differ by.
    load = ("--rate", "50000", "--seconds", "20s", "--memory", "16MiB", "--segment", "1MiB")
    context.say("stuck: an idle program, then 7 of 8 for 20 s, then 1 of 8 for 20 s")
    resting, _ = peak_of_run(context, 7, "--idle", "2s")
    most, result = peak_of_run(context, 7, *load)
    one, _ = peak_of_run(context, 1, *load)
    reader = result["endpoints"][0]
    lost = reader["accepted"] - reader["delivered"]
    evicted = min(endpoint["dropped"]["evicted"] for endpoint in result["endpoints"][1:])
    if result["frames"] < 900_000 or evicted == 0:
        raise Failure(f"no load: {result['frames']} frames, {evicted} evicted")
    return [
        Row("7 of 8 stuck, 50,000/s: MiB over the idle program", f"≤ {(budget + 4 * MIB) // MIB}",
            f"{(most - resting) / MIB:.2f}", most - resting <= budget + 4 * MIB),
        Row("… and over that with 1 stuck, MiB", f"≤ {same / MIB}", f"{(most - one) / MIB:.2f}",
            most - one <= same),
        Row("… frames that the reading endpoint lost", "0", f"{lost} of {reader['accepted']}",
            lost == 0),
    ]
