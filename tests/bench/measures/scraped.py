"""The agent and node_exporter as children, and somebody who scrapes them."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import socket
import tempfile
import time
from typing import Any, Iterator, Sequence

from . import processes
from .child import Child, Failure
from .context import PROJECT, Context

EXPORTER = PROJECT / "build" / "unpacked" / "usr" / "bin" / "prometheus-node-exporter"
# Those that the collector `linux` has, and nothing about the exporter itself.
SAME_FAMILIES = ["--collector.disable-defaults", "--web.disable-exporter-metrics", *(
    f"--collector.{name}" for name in (
        "arp", "bonding", "btrfs", "conntrack", "cpu", "cpufreq", "diskstats", "dmi", "edac",
        "entropy", "filefd", "filesystem", "hwmon", "loadavg", "mdadm", "meminfo", "netclass",
        "netdev", "netstat", "nfs", "nvme", "os", "powersupplyclass", "pressure", "rapl",
        "schedstat", "sockstat", "softnet", "stat", "textfile", "thermal_zone", "time", "timex",
        "udp_queues", "uname", "vmstat", "xfs", "zfs"))]


class Scraped:
    """One of the two, with a connection that is kept, as Prometheus keeps it."""

    def __init__(self, child: Child, port: int, path: str) -> None:
        self.child = child
        self.pid = child.process.pid
        self.path = path
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def scrape(self, path: str = "") -> str:
        self.connection.request("GET", path or self.path)
        response = self.connection.getresponse()
        text = response.read().decode()
        if response.status != 200:
            raise Failure(f"{self.child.name()} answers {response.status}")
        return text

    def cpu_seconds(self) -> float:
        """With its collectors."""
        return processes.family_cpu_seconds(self.pid)

    def samples(self) -> int:
        """How many samples of the host a scrape has."""
        return sum(line.startswith("node_") for line in self.scrape().splitlines())


def said(child: Child) -> str:
    """What it has written to standard error."""
    return os.pread(child.said.fileno(), 1 << 20, 0).decode(errors="replace")


def port_of(child: Child, pattern: str) -> int:
    ends = time.monotonic() + 10
    while not (found := re.search(pattern, said(child))):
        if time.monotonic() > ends or child.process.poll() is not None:
            raise Failure(f"{child.name()} does not start: {said(child)[-500:].strip()}")
        time.sleep(0.01)
    return int(found[1])


def linux(interval: str = "10s") -> dict[str, Any]:
    """The collector as a member of `run`."""
    return {"command": ["linux"], "mode": "stream", "interval": interval}


def endpoints(urls: Sequence[str]) -> dict[str, Any]:
    return {f"e{number}": {"url": url} for number, url in enumerate(urls)}


@contextlib.contextmanager
def configured(**keys: Any) -> Iterator[str]:
    """The path of a configuration that shares nothing with other agents of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "lariat.json"
        path.write_text(json.dumps({
            "http": {"listen": "127.0.0.1:0"},
            "control": {"socket": f"{folder}/control.sock"}, **keys}), "utf-8")
        yield str(path)


@contextlib.contextmanager
def agent(context: Context, path: str = "/metrics", **keys: Any) -> Iterator[Scraped]:
    with configured(**keys) as config:
        with context.start([context.lariat, "agent", "--config", config], context.sender) as child:
            yield Scraped(child, port_of(child, r"metrics at http://127\.0\.0\.1:(\d+)/"), path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def exporter(context: Context, *flags: str) -> Iterator[Scraped]:
    if not EXPORTER.is_file():
        raise Failure(f"{EXPORTER} is not there: packaging/install-dependencies unpack")
    port = free_port()
    command = [str(EXPORTER), f"--web.listen-address=127.0.0.1:{port}", *flags]
    with context.start(command, context.sender) as child:
        port_of(child, r"[Ll]istening on.*127\.0\.0\.1:(\d+)")
        yield Scraped(child, port, "/metrics")


def hold_alike(ours: Scraped, theirs: Scraped) -> str:
    """A failure unless both tell about as much of the host; says how much."""
    own, other = ours.samples(), theirs.samples()
    if not 0.95 <= own / other <= 1.05:
        raise Failure(f"not the same work: {own} samples of the host, the exporter has {other}")
    return f"{own} samples, the exporter {other}"
