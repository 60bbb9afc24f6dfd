"""The log on disk: what it costs, and what happens while an endpoint is far behind."""

import contextlib
import os
import pathlib
import shutil
import socket
import statistics
import tempfile
import time
from typing import Any, Iterator

from . import processes
from .agent import first_frame
from .child import Failure
from .context import FRAME_BYTES, MIB, Context
from .fanout import ours
from .scraped import Scraped, agent, free_port, said
from .sinks import Sink, sinks
from .table import Row, spread

BACKLOG_FRAMES = 256 * MIB // FRAME_BYTES + 1
MEMORY = 16 * MIB
# Of a backlog: as fast as it goes, and what is usual.
PACES = (0, 4)
# In which a median is taken, and how many of them.
WINDOW, WINDOWS = 0.1, 30


def log(folder: str) -> dict[str, Any]:
    return {"memory": f"{MEMORY // MIB}MiB", "segment": "1MiB",
            "spool": {"directory": folder, "max_bytes": "512MiB", "sync": "1s"}}


def flood(context: Context, frames: int) -> dict[str, Any]:
    """A collector that prints so many frames as fast as they are taken, and then nothing."""
    return {"flood": {"command": [context.program("flood"), "--frames", str(frames), "--pin",
                                  str(context.sink)], "mode": "feed", "interval": "1h",
                      "max_frames": frames, "max_output": "1GiB", "expose": False}}


def beat(context: Context) -> dict[str, Any]:
    """A collector that prints a frame every 2 ms."""
    return {"beat": {"command": [context.program("beat"), "--pin", str(context.sink)],
                     "mode": "feed", "interval": "1h"}}


def metric(target: Scraped, name: str) -> float:
    """The sum of it over its labels."""
    values = [float(line.rsplit(" ", 1)[1])
              for line in target.scrape("/metrics?scope=agent").splitlines()
              if line.startswith((name + " ", name + "{"))]
    if not values:
        raise Failure(f"{target.child.name()} has no {name}")
    return sum(values)


def wait_for(target: Scraped, name: str, value: float, seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while (now := metric(target, name)) < value:
        if time.monotonic() > ends:
            raise Failure(f"{name} is {now:.0f} after {seconds:.0f} s, not {value:.0f}")
        time.sleep(0.05)


@contextlib.contextmanager
def folder_on_disk(context: Context) -> Iterator[str]:
    """Beside the build, which is on a disk, as temporary files need not be."""
    with tempfile.TemporaryDirectory(dir=context.folder) as folder:
        yield folder


class Backlog:
    """256 MiB in a spool that the endpoint `behind` was never there to take."""

    def __init__(self, context: Context, folder: str) -> None:
        self.folder = folder
        self.copies = 0
        self.origin = f"{folder}/origin"
        began = time.monotonic()
        behind = {"behind": {"url": f"tsdp://127.0.0.1:{free_port()}", "start": "begin"}}
        with agent(context, log=log(self.origin), endpoints=behind, shutdown_grace="1s",
                   collectors={"run": flood(context, BACKLOG_FRAMES)}) as filling:
            wait_for(filling, "lariat_log_frames_total", BACKLOG_FRAMES)
            # So old that it is a backlog to an endpoint that comes back.
            time.sleep(max(1.0, began + 12 - time.monotonic()))
        held = sum(file.stat().st_size for file in self.segments(self.origin))
        if held < 256 * MIB:
            raise Failure(f"the spool was filled with {held / MIB:.0f} MiB only")

    @staticmethod
    def segments(folder: str) -> list[pathlib.Path]:
        return sorted(pathlib.Path(folder).glob("*.seg"))

    def copy(self) -> str:
        """As it was. Files that are never written again are the same files."""
        self.copies += 1
        folder = pathlib.Path(f"{self.folder}/{self.copies}")
        folder.mkdir(mode=0o700)
        segments = self.segments(self.origin)
        for file in segments[:-2]:
            os.link(file, folder / file.name)
        for file in (*segments[-2:], pathlib.Path(self.origin) / "cursors"):
            shutil.copy(file, folder / file.name)
        return str(folder)


def backlog_of(context: Context) -> Backlog:
    """Made once, for all that need one."""
    if context.backlog is None:
        context.say("spool: 256 MiB of backlog")
        context.backlog = Backlog(context, context.kept.enter_context(folder_on_disk(context)))
    return context.backlog


def cost(context: Context) -> list[Row]:
    """Flat out to 3, with the spool and in memory, in turn."""
    frames = 3_000_000
    disk, memory = [], []
    with folder_on_disk(context) as folder, sinks(context, 3) as sink:
        for number in range(context.rounds):
            context.say(f"spool: fan-out, round {number + 1} of {context.rounds}")
            for costs, words in ((memory, ()), (disk, ("--spool", f"{folder}/{number}"))):
                costs.append(ours(context, sink, frames, *words)["cpu_seconds_per_million"])
    ratios = [a / b for a, b in zip(disk, memory)]
    return [
        Row("80 B to 3 with spool, CPU s a million frames", "-", spread(disk, "{:.4f}")),
        Row("… in memory only", "-", spread(memory, "{:.4f}")),
        Row("with spool / in memory only", "≤ 1.5", spread(ratios, "{:.2f}"),
            statistics.median(ratios) <= 1.5),
    ]


def forget_cached(folder: str) -> None:
    """The system has none of the files in memory any more, as after its start."""
    for file in pathlib.Path(folder).iterdir():
        with open(file, "rb") as octets:
            os.fsync(octets.fileno())
            os.posix_fadvise(octets.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def first_live_frame(context: Context, folder: str, damaged: str = "") -> tuple[float, float]:
    """Seconds from before the start to the first frame at a receiver, and to the line that tells of
    the damage in the file that is checked last."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(15)
        endpoints = {
            "behind": {"url": f"tsdp://127.0.0.1:{free_port()}", "start": "begin"},
            "live": {"url": f"tsdp://127.0.0.1:{listener.getsockname()[1]}"}}
        keys = {"log": log(folder), "endpoints": endpoints, "shutdown_grace": "1s",
                "collectors": {"run": beat(context)}}
        began = time.monotonic()
        with agent(context, **keys) as started:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(15)
                if not first_frame(connection):
                    raise Failure("the agent sends no frame")
                live = time.monotonic() - began
                while damaged and f"{damaged} is damaged" not in said(started.child):
                    if time.monotonic() > began + 30:
                        raise Failure(f"nobody finds that {damaged} is damaged")
                    time.sleep(0.002)
                return live, time.monotonic() - began


def opening(context: Context) -> list[Row]:
    backlog = backlog_of(context)
    whole, empty, more, checked = [], [], [], []
    for number in range(context.rounds):
        context.say(f"spool: opening, round {number + 1} of {context.rounds}")
        folder = backlog.copy()
        victim = backlog.segments(folder)[-2]  # The last one is checked before all others.
        with open(victim, "r+b") as octets:
            octets.seek(victim.stat().st_size // 2)
            octets.write(bytes(64))
        forget_cached(folder)
        live, end = first_live_frame(context, folder, victim.name)
        none, _ = first_live_frame(context, f"{backlog.folder}/empty-{number}")
        whole.append(live * 1e3)
        empty.append(none * 1e3)
        more.append((live - none) * 1e3)
        checked.append(end * 1e3)
        shutil.rmtree(folder)
    before = all(live < end for live, end in zip(whole, checked))
    return [
        Row(f"spool of 256 MiB, {BACKLOG_FRAMES / 1e6:.1f} million frames, not cached:"
            " start to first live frame, ms", "-", spread(whole, "{:.0f}")),
        Row("… with an empty spool", "-", spread(empty, "{:.0f}")),
        Row("… so much longer: opening it", "≤ 1000", spread(more, "{:.0f}"),
            statistics.median(more) <= 1000),
        Row("… start to the end of the check of old segments, ms", "later",
            spread(checked, "{:.0f}"), before),
    ]


def anonymous(target: Scraped) -> int:
    return processes.status(target.pid)["RssAnon"] * 1024


def peak_until(target: Scraped, seconds: float, name: str, most: float) -> int:
    """The most of RssAnon until the metric is at `most` or below, and a second longer."""
    peak, ends = 0, time.monotonic() + seconds
    while metric(target, name) > most:
        if time.monotonic() > ends:
            raise Failure(f"{name} does not come down to {most:.0f}")
        for _ in range(4):
            peak = max(peak, anonymous(target))
            time.sleep(0.01)
    for _ in range(50):
        peak = max(peak, anonymous(target))
        time.sleep(0.02)
    return peak


def memory(context: Context) -> list[Row]:
    """Twice the budget comes in while one endpoint is a whole spool behind, and while it drains."""
    backlog = backlog_of(context)
    context.say("spool: memory")
    load = 2 * MEMORY // FRAME_BYTES
    keys = {"shutdown_grace": "1s"}
    with sinks(context, 1) as sink, agent(
            context, log=log(f"{backlog.folder}/idle"), **keys, collectors={"run": beat(context)},
            endpoints={"behind": {"url": sink.urls[0], "start": "begin"}}) as calm:
        time.sleep(3)
        resting = anonymous(calm)
    peaks = []
    for stuck in (1, 0):
        folder = backlog.copy()
        with sinks(context, 1, stuck) as sink, agent(
                context, log=log(folder), **keys,
                endpoints={"behind": {"url": sink.urls[0], "start": "begin", "catch_up": 0}},
                collectors={"run": beat(context) | flood(context, load)}) as behind:
            wait_for(behind, "lariat_log_frames_total", load)
            queued = metric(behind, "lariat_endpoint_bytes_queued")
            if stuck and queued < 256 * MIB:
                raise Failure(f"it is only {queued / MIB:.0f} MiB behind")
            least = 1e18 if stuck else 1 * MIB
            peaks.append(peak_until(behind, 60, "lariat_endpoint_bytes_queued", least))
        shutil.rmtree(folder)
    bar = MEMORY + 8 * MIB
    return [
        Row("one endpoint 256 MiB behind and stuck, 32 MiB came: RssAnon over calm and empty, MiB",
            f"≤ {bar // MIB}", f"{(peaks[0] - resting) / MIB:.2f}", peaks[0] - resting <= bar),
        Row("… the same while it drains, MiB", f"≤ {bar // MIB}",
            f"{(peaks[1] - resting) / MIB:.2f}", peaks[1] - resting <= bar),
        Row("… calm and empty, MiB", "-", f"{resting / MIB:.2f}"),
    ]


def delays(context: Context, folder: str, pace: float, draining: bool) -> float:
    """The median of the median delays of frames in each tenth of a second, in microseconds."""
    with context.start([context.program("arrivals"), "--pin", str(context.sink)],
                       context.sink) as child:
        receiver = Sink(child)
        behind = {"url": receiver.urls[0], "start": "begin", "order": "fresh-first",
                  "catch_up": pace}
        with agent(context, log=log(folder), endpoints={"behind": behind}, shutdown_grace="1s",
                   collectors={"run": beat(context)}):
            return statistics.median(medians_at(context, receiver, draining))


def medians_at(context: Context, receiver: Sink, draining: bool) -> list[float]:
    """With a backlog only those in which frames of it came too, until all have."""
    medians: list[float] = []
    others, ends = 0, time.monotonic() + context.left(20)
    while len(medians) < WINDOWS and others < BACKLOG_FRAMES:
        if time.monotonic() > ends:
            raise Failure(f"{others} frames of the backlog came, {len(medians)} times any live one")
        time.sleep(WINDOW)
        counts = receiver.counts()
        others += counts["others"]
        if counts["count"] and bool(counts["others"]) == draining:
            medians.append(counts["median"])
    if not medians:
        raise Failure("no live frame came while the backlog did")
    return medians


def live(context: Context) -> list[Row]:
    backlog = backlog_of(context)
    rows = []
    for pace in PACES:
        during, without, ratios = [], [], []
        for number in range(context.rounds):
            context.say(f"spool: live lane, round {number + 1} of {context.rounds}")
            folder = backlog.copy()
            during.append(delays(context, folder, pace, True))
            without.append(delays(context, f"{backlog.folder}/calm-{pace}-{number}", pace, False))
            ratios.append(during[-1] / without[-1])
            shutil.rmtree(folder)
        how = f"at {pace} times the arrival rate" if pace else "no pace"
        rows += [
            Row(f"live lane while 256 MiB drain, {how}: a frame's way, median, µs", "-",
                spread(during, "{:.0f}")),
            Row("… without a backlog", "-", spread(without, "{:.0f}")),
            # Who asks for no pace wants the backlog soon: what comes live then queues behind it.
            Row("… with / without", "≤ 2" if pace else "-", spread(ratios, "{:.2f}"),
                statistics.median(ratios) <= 2 if pace else None),
        ]
    return rows


def written(pid: int) -> dict[str, int]:
    text = pathlib.Path(f"/proc/{pid}/io").read_text("ascii")
    return {name: int(value) for name, value in (line.split(": ") for line in text.splitlines())}


def disk(context: Context) -> list[Row]:
    """What reaches the disk of 64 MiB that come flat out."""
    frames = 64 * MIB // FRAME_BYTES
    rows = []
    for many in (1, 8):
        context.say(f"spool: octets written, {many} endpoints")
        ratios: dict[str, list[float]] = {"write_bytes": [], "wchar": []}
        for _ in range(context.rounds):
            with folder_on_disk(context) as folder, sinks(context, many) as sink, agent(
                    context, log=log(f"{folder}/spool"), shutdown_grace="1s",
                    endpoints={f"e{number}": {"url": url, "start": "begin"}
                               for number, url in enumerate(sink.urls)},
                    collectors={"run": flood(context, frames)}) as target:
                wait_for(target, "lariat_endpoint_frames_delivered_total", many * frames)
                time.sleep(1.5)  # The last sync.
                counts, data = written(target.pid), metric(target, "lariat_log_bytes_total")
                for name, values in ratios.items():
                    values.append(counts[name] / data)
        if not max(ratios["write_bytes"]):
            raise Failure(f"{context.folder} is on no disk: the kernel counts no octets written")
        rows += [
            Row(f"disk written for {many} endpoint{'s' if many > 1 else ''} / data", "≤ 1.1",
                spread(ratios["write_bytes"]), statistics.median(ratios["write_bytes"]) <= 1.1),
            Row("… handed to write calls / data", "-", spread(ratios["wchar"])),
        ]
    return rows
