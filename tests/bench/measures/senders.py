"""Programs that send the same series by remote write, and what is between them and a server."""

import contextlib
import http.server
import os
import pathlib
import socket
import struct
import sys
import tempfile
import threading
import time
from typing import Any, Iterator

from .child import Child, Failure
from .context import PROJECT, Context
from .scraped import configured, free_port

sys.path.append(str(PROJECT / "tests" / "aggregators"))

from suite import observation, place, server, victoria  # noqa: E402

SERIES = 10_000
MODES = ("user", "nice", "system", "idle", "iowait")
HOST = "web-1"
# Where the time of an observation stands in octets that were made before it.
TIME_LATER = 0x7e57_7e57_7e57_7e57


def labels(number: int) -> dict[str, str]:
    return {"cpu": str(number % 400), "mode": MODES[number // 400 % 5]}


def metric(number: int) -> str:
    return f"node_bench_{number // 2000}_seconds_total"


class Source:
    """The series: each second has a value for each, some of which stay and some of which grow."""

    PAGES = 8

    def __init__(self) -> None:
        self.pages = []
        self.frames = []
        for page in range(self.PAGES):
            values = [round(number * 7.25 + (page * number % 97) * 0.01, 2)
                      for number in range(SERIES)]
            self.pages.append("".join(
                f"{metric(number)}{{" + ",".join(
                    f'{key}="{text}"' for key, text in labels(number).items()) + f"}} {value}\n"
                for number, value in enumerate(values)).encode())
            self.frames.append(b"".join(observation.Observation(
                observation.DELTA, metric(number), tuple(labels(number).items()), TIME_LATER,
                (value,)).octets() for number, value in enumerate(values)))

    def page(self) -> bytes:
        return self.pages[int(time.time()) % self.PAGES]

    def frames_now(self) -> bytes:
        now = int(time.time())
        return self.frames[now % self.PAGES].replace(struct.pack(">Q", TIME_LATER),
                                                     struct.pack(">Q", now))


@contextlib.contextmanager
def exporter(source: Source) -> Iterator[int]:
    """Its port."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802, the library's name.
            body = source.page()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield listener.server_address[1]
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


class Relay:
    """Hands a connection on, and counts the octets that the one who began it sends."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.octets = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                upstream = socket.create_connection(("127.0.0.1", self.target))
                for source, sink, counts in ((client, upstream, 1), (upstream, client, 0)):
                    threading.Thread(target=self._pump, args=(source, sink, counts),
                                     daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, counts: int) -> None:
        with contextlib.suppress(OSError):
            while octets := source.recv(1 << 16):
                self.octets += counts * len(octets)
                sink.sendall(octets)
            sink.shutdown(socket.SHUT_WR)


class Sender:
    """One that is under way: its process, what it has put on the wire, what the server has."""

    def __init__(self, name: str, child: Child, relay: Relay, sink: victoria.Victoria) -> None:
        self.name = name
        self.pid = child.process.pid
        self._relay = relay
        self._sink = sink

    def octets(self) -> int:
        return self._relay.octets

    def samples(self) -> int:
        text = self._sink.answer("/metrics").decode()
        return sum(int(line.split()[1]) for line in text.splitlines()
                   if line.startswith('vm_rows_inserted_total{type="promremotewrite"}'))


@contextlib.contextmanager
def _begun(context: Context, name: str, command: Any) -> Iterator[Sender]:
    """`command` makes one of the port to send to."""
    os.sched_setaffinity(0, {context.sink})
    with contextlib.ExitStack() as stack:
        try:
            sink = stack.enter_context(victoria.Victoria())
        except (server.NotStarted, AssertionError) as problem:
            raise Failure(f"victoria-metrics: {problem}") from problem
        finally:
            os.sched_setaffinity(0, context.all_processors)
        relay = Relay(sink.port)
        stack.callback(relay.listener.close)
        child = stack.enter_context(context.start(command(relay.port), context.sender))
        yield Sender(name, child, relay, sink)


@contextlib.contextmanager
def lariat(context: Context, source: Source) -> Iterator[Sender]:
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.mkfifo(folder / "feed")
        ends = threading.Event()

        def feed() -> None:
            with contextlib.suppress(OSError), (folder / "feed").open("wb", buffering=0) as pipe:
                while not ends.is_set():
                    rest = memoryview(source.frames_now())
                    while rest:
                        rest = rest[pipe.write(rest):]
                    ends.wait(1 - time.time() % 1)
        writer = threading.Thread(target=feed, daemon=True)
        writer.start()
        stack.callback(ends.set)
        run = {"command": ["/bin/cat", str(folder / "feed")], "mode": "feed",
               "max_series": 2 * SERIES, "max_frames": 1_000_000}

        def command(port: int) -> list[str]:
            config = stack.enter_context(configured(
                tags={"host": HOST}, collectors={"run": {"feed": run}}, endpoints={"vm": {
                    "url": f"prometheus+http://127.0.0.1:{port}/api/v1/write"}}))
            return [context.lariat, "agent", "--config", config]
        yield stack.enter_context(_begun(context, "Lariat", command))


SCRAPE = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, external_labels: {{{external}}}}}
scrape_configs:
  - job_name: lariat
    static_configs: [{{targets: ['127.0.0.1:{exporter}'], labels: {{instance: '{host}'}}}}]
"""


@contextlib.contextmanager
def prometheus(context: Context, port: int) -> Iterator[Sender]:
    """As an agent, which keeps nothing that can be asked for: the cheapest way."""
    with tempfile.TemporaryDirectory() as folder:
        def command(sink: int) -> list[str]:
            file = pathlib.Path(folder, "prometheus.yml")
            file.write_text(SCRAPE.format(external=f"host: {HOST}", exporter=port, host=HOST) +
                            f"remote_write: [{{url: 'http://127.0.0.1:{sink}/api/v1/write'}}]\n",
                            "ascii")
            return [place.unpacked("prometheus"), "--enable-feature=agent",
                    f"--config.file={file}", f"--storage.agent.path={folder}/data",
                    f"--web.listen-address=127.0.0.1:{free_port()}"]
        with _begun(context, "Prometheus", command) as sender:
            yield sender


@contextlib.contextmanager
def vmagent(context: Context, port: int) -> Iterator[Sender]:
    with tempfile.TemporaryDirectory() as folder:
        def command(sink: int) -> list[str]:
            file = pathlib.Path(folder, "scrape.yml")
            file.write_text(SCRAPE.format(external="", exporter=port, host=HOST), "ascii")
            return [place.unpacked("vmagent"), f"-promscrape.config={file}",
                    f"-remoteWrite.url=http://127.0.0.1:{sink}/api/v1/write",
                    f"-remoteWrite.label=host={HOST}", f"-remoteWrite.tmpDataPath={folder}/data",
                    f"-httpListenAddr=127.0.0.1:{free_port()}"]
        with _begun(context, "vmagent", command) as sender:
            yield sender
