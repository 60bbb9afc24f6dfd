#!/usr/bin/env python3
"""Runs the README's example of where to send as it stands there, against the servers it is for.

    where_to_send_test.py BUILD

Hosts and ports, and the folders of files, are other ones; nothing else.
"""

import contextlib
import json
import pathlib
import re
import sys
import tempfile
from typing import Any, Callable

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(PROJECT / "tests/aggregators"))

from suite import place  # noqa: E402
from suite.agent import HOST, Agent  # noqa: E402
from suite.bolo import Bolo  # noqa: E402
from suite.carbon import Carbon  # noqa: E402
from suite.certificates import Certificates  # noqa: E402
from suite.influxdb import Influxdb  # noqa: E402
from suite.prometheus import Prometheus  # noqa: E402
from suite.receiver import Receiver  # noqa: E402
from suite.server import Server  # noqa: E402
from suite.victoria import Victoria  # noqa: E402

HEADING = "## Where to send"
SCHEMES = {"tsdp", "tsdp+tls", "tsdp+unix", "prometheus+http", "prometheus+https", "influx+http",
           "influx", "graphite", "bolo"}


def example() -> dict[str, Any]:
    text = (PROJECT / "README.md").read_text("utf-8")
    found = re.search(re.escape(HEADING) + r"\n.*?```jsonc\n(.*?)```", text, re.DOTALL)
    if not found:
        sys.exit(f"README.md has no example below {HEADING!r}")
    return json.loads(re.sub(r"^ *//.*$", "", found[1], flags=re.MULTILINE))


class World:
    """For each scheme a server: the port or path to send to, and whether it has this host's load."""

    def __init__(self, stack: contextlib.ExitStack, folder: pathlib.Path) -> None:
        enter = stack.enter_context
        certificates = Certificates(folder)
        (folder / "token").write_text("secret\n", "ascii")
        (folder / "token").chmod(0o600)
        self.socket = str(folder / "aggregator.sock")
        options = ("--certificate", certificates.certificate, "--key", certificates.key)
        tsdp, tls = enter(Receiver()), enter(Receiver("tsdp+tls", *options))
        local = enter(Receiver(f"tsdp+unix://{self.socket}"))
        prometheus, influxdb = enter(Prometheus()), enter(Influxdb())
        victoria, lines = enter(Victoria(certificates)), enter(Victoria())
        carbon, bolo = enter(Carbon()), enter(Bolo())
        self.servers: dict[str, tuple[int, Callable[[], bool]]] = {
            "tsdp": (tsdp.port, lambda: received(tsdp)),
            "tsdp+tls": (tls.port, lambda: received(tls)),
            "tsdp+unix": (0, lambda: received(local)),
            "prometheus+http": (prometheus.port, lambda: has(prometheus, "node_load1", HOST)),
            "prometheus+https": (victoria.port, lambda: has(victoria, "node_load1", "east")),
            "influx+http": (influxdb.port, lambda: has(influxdb, "node_load1", HOST)),
            "influx": (lines.influx_port, lambda: has(lines, "node_load1_value", HOST)),
            "graphite": (carbon.port, lambda: has(carbon, f"servers.{HOST}.node_load1")),
            "bolo": (bolo.port, lambda: ("SAMPLE", f"host={HOST},metric=node_load1") in
                     {(pdu[0], pdu[2]) for pdu in bolo.pdus} and not bolo.faults),
        }


def received(receiver: Receiver) -> bool:
    return any(one.metric == "node_load1" and ("host", HOST) in one.tags
               for one in receiver.observations())


def has(server: Server, name: str, *values: str) -> bool:
    return any(series == name and {value for _, value in labels} >= set(values)
               for series, labels in server.read())


def here(text: str, world: World, folder: pathlib.Path) -> str:
    """The configuration with the ports and files that there are here."""
    def address(url: re.Match) -> str:
        return f"{url[1]}://127.0.0.1:{world.servers[url[1]][0]}"
    text = re.sub(r"([a-z+]+)://[a-z0-9.]+\.example:\d+", address, text)
    return text.replace("/run/aggregator.sock", world.socket).replace("/etc/lariat", str(folder))


def main() -> None:
    place.use_build(pathlib.Path(sys.argv[1]).resolve())
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        world = World(stack, folder)
        endpoints = json.loads(here(json.dumps(example()), world, folder))["endpoints"]
        schemes = {keys["url"].partition("://")[0]: name for name, keys in endpoints.items()}
        assert set(schemes) == SCHEMES, f"not one of each: {schemes}"
        run = {"linux": {"command": ["linux"], "mode": "stream", "interval": "1s"}}
        agent = stack.enter_context(Agent(
            endpoints, collectors={"directories": [], "run": run}))
        for scheme, name in schemes.items():
            place.wait_for(f"{name} has this host's load", world.servers[scheme][1], between=0.3)
        metrics = agent.metrics()
        for name in endpoints:
            assert metrics.dropped(name) == {}, (name, metrics.dropped(name))
            assert metrics.endpoint(name, "frames_delivered_total") > 100, name


if __name__ == "__main__":
    main()
