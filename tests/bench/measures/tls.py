"""What a frame costs on its way to one endpoint over TLS."""

import statistics
import tempfile

from .context import Context
from .fanout import ours
from .sinks import Sink, all_received
from .table import Row, spread


def ceiling(context: Context, sink: Sink, folder: str, frames: int) -> float:
    """CPU seconds a million frames of plain OpenSSL, with the best block size."""
    blocks = "16,64,256"
    with all_received(sink, frames * len(blocks.split(","))):
        result = context.result(
            [context.program("tls"), "ceiling", folder, "--ports", sink.port_list, "--frames",
             str(frames), "--blocks", blocks, "--pin", str(context.sender)])
    return result["cpu_seconds_per_million"]


def tls(context: Context) -> list[Row]:
    ceilings, own = [], []
    with tempfile.TemporaryDirectory() as folder:
        command = [context.program("tls"), "sink", folder, "--pin", str(context.sink)]
        with context.start(command, context.sink) as child:
            sink = Sink(child)
            sink.urls = [f"tsdp+tls://127.0.0.1:{sink.ports[0]}"]
            for number in range(context.rounds):
                context.say(f"tls: round {number + 1} of {context.rounds}")
                ceilings.append(ceiling(context, sink, folder, 3_000_000))
                own.append(ours(context, sink, 5_000_000, "--ca", f"{folder}/ca.pem")
                           ["cpu_seconds_per_million"])
    ratio = [a / b for a, b in zip(own, ceilings)]
    return [
        Row("80 B to 1 over TLS, CPU s a million frames: plain OpenSSL", "-",
            spread(ceilings, "{:.4f}")),
        Row("… lariat", "-", spread(own, "{:.4f}")),
        Row("lariat / plain OpenSSL", "≤ 1.3", spread(ratio, "{:.2f}"),
            statistics.median(ratio) <= 1.3),
    ]
