"""What a frame costs on its way to many endpoints."""

import statistics

from .context import FRAME_BYTES, Context
from .load import bench_command
from .sinks import Sink, all_received, sinks
from .table import Row, spread


def ceiling(context: Context, sink: Sink, frames: int, blocks: str = "32,64,256") -> float:
    """CPU seconds a million frames of the best block size."""
    with all_received(sink, frames * len(blocks.split(","))):
        result = context.result([context.program("ceiling"), "--ports", sink.port_list, "--frames",
                                 str(frames), "--blocks", blocks, "--pin", str(context.sender)])
    return result["cpu_seconds_per_million"]


def naive(context: Context, sink: Sink, frames: int) -> float:
    with all_received(sink, frames):
        result = context.result([context.program("naive"), "--ports", sink.port_list, "--frames",
                                 str(frames), "--pin", str(context.sender)])
    return result["cpu_seconds_per_million"]


def ours(context: Context, sink: Sink, frames: int, *words: str) -> dict:
    """Flat out, no heartbeats: the sinks get the frames and nothing else."""
    with all_received(sink, frames):
        return context.result(
            bench_command(context, sink, "--frames", str(frames), "--heartbeat", "0s", *words))


def fanout(context: Context) -> list[Row]:
    ceilings, own, naives = [], [], []
    with sinks(context, 3) as sink:
        for number in range(context.rounds):
            context.say(f"fanout: round {number + 1} of {context.rounds}")
            ceilings.append(ceiling(context, sink, 3_000_000))
            own.append(ours(context, sink, 5_000_000)["cpu_seconds_per_million"])
            naives.append(naive(context, sink, 300_000))
    context.ceilings += ceilings
    over_ceiling = [a / b for a, b in zip(own, ceilings)]
    under_naive = [b / a for a, b in zip(own, naives)]
    return [
        Row("80 B to 3, CPU s a million frames: ceiling", "-", spread(ceilings, "{:.4f}")),
        Row("… lariat", "-", spread(own, "{:.4f}")),
        Row("… naive", "-", spread(naives, "{:.4f}")),
        Row("lariat / ceiling", "≤ 1.5", spread(over_ceiling, "{:.2f}"),
            statistics.median(over_ceiling) <= 1.5),
        Row("naive / lariat", "≥ 50", spread(under_naive, "{:.1f}"),
            statistics.median(under_naive) >= 50),
    ]


def wide(context: Context) -> list[Row]:
    many = 256
    own, raw = [], []
    for number in range(context.rounds):
        context.say(f"wide: round {number + 1} of {context.rounds}")
        costs = {}
        for endpoints, frames in ((3, 8_000_000), (many, 100_000)):
            # New sinks each time: what 256 connections leave behind is not charged to 3.
            with sinks(context, endpoints) as sink:
                result = ours(context, sink, frames)
                costs[endpoints] = (result["cpu_seconds"] / result["delivered_total"],
                                    ceiling(context, sink, frames // 2, "64") / endpoints)
        own.append(costs[many][0] / costs[3][0])
        raw.append(costs[many][1] / costs[3][1])
    return [
        Row(f"CPU a delivery, {many} endpoints / 3", "≤ 1.3", spread(own, "{:.2f}"),
            statistics.median(own) <= 1.3),
        Row("… the same of the raw ceiling, 64 KiB", "-", spread(raw, "{:.2f}")),
    ]
