#!/usr/bin/env python3
"""One agent, seven endpoints of seven kinds, and each of them fails in turn.

The other six are as if nothing were, and in the end all seven have everything. LARIAT_FAULT_SECONDS
is how long each fails; as sold it is 60.
"""

import contextlib
import os
import time
import unittest
from typing import Any, Callable, NamedTuple

from suite import oracle, place
from suite.agent import HOST, Agent, Metrics
from suite.observation import SAMPLE, Observation
from suite.proxy import HttpProxy, Proxy
from suite.server import Points
from suite.seven import SevenServers
from suite.victoria import alike

FAULT_SECONDS = float(os.environ.get("LARIAT_FAULT_SECONDS", "2"))
# More of them in a second than a peer that does not read can take.
SERIES = 300
ADDED = {"host": HOST}
# KiB, beside what the log holds.
RSS_LIMIT = 16 << 10
ANONYMOUS_LIMIT = 4 << 10
RELEASE = "CMAKE_BUILD_TYPE:STRING=RelWithDebInfo" in (
    place.BUILD / "CMakeCache.txt").read_text("utf-8")


class Fault(NamedTuple):
    endpoint: str
    begin: Callable[[], None]
    end: Callable[[], None]
    # A counter of the agent that shows it, and its labels; empty: that frames are queued.
    shown_by: str = ""
    labels: dict[str, str] = {}


class World:
    """Seven servers, what stands before them, and the agent."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        enter = stack.enter_context
        self.servers = enter(SevenServers())
        self.aliases = self.servers.folder / "aliases"
        self.name_is_known(True)
        ports = self.servers.ports
        self.proxies = {name: enter(Proxy(ports[name]))
                        for name in ("tsdp", "tls", "graphite", "influx", "bolo")}
        self.web = {name: enter(HttpProxy(ports[name])) for name in ("influxdb", "prometheus")}
        self.agent = enter(Agent(self.endpoints(), environment={"HOSTALIASES": str(self.aliases)},
                                 log={"memory": "16MiB"}))

    def name_is_known(self, known: bool) -> None:
        """Whether the host that stands in the URL of bolo has an address."""
        self.aliases.write_text("aggregator localhost\n" if known else "", "ascii")

    def endpoints(self) -> dict[str, dict]:
        endpoints = self.servers.endpoints({name: proxy.port for name, proxy in
                                            [*self.proxies.items(), *self.web.items()]})
        for keys in endpoints.values():
            keys |= {"start": "begin", "connect_timeout": "2s",
                     "back_off": {"min": "50ms", "max": "300ms"}}
        for name in self.web:
            endpoints[name]["batch"] = {"age": "200ms"}
        bolo = endpoints["bolo"]
        bolo["url"] = bolo["url"].replace("127.0.0.1", "aggregator")
        return endpoints

    def faults(self) -> list[Fault]:
        proxies, web = self.proxies, self.web

        def expire() -> None:
            self.servers.certificates.sign(expired=True)
            proxies["tls"].cut()

        def forget_name() -> None:
            self.name_is_known(False)
            proxies["bolo"].cut()
        failures = "connect_failures_total"
        return [
            Fault("tsdp", proxies["tsdp"].refuse, proxies["tsdp"].mend, failures,
                  {"reason": "refused"}),
            Fault("influx", proxies["influx"].hang, proxies["influx"].mend),
            Fault("prometheus", lambda: web["prometheus"].answer(500),
                  lambda: web["prometheus"].answer(0)),
            Fault("influxdb", lambda: web["influxdb"].answer(429),
                  lambda: web["influxdb"].answer(0)),
            Fault("graphite", proxies["graphite"].slow, proxies["graphite"].mend),
            Fault("tls", expire, self.servers.certificates.sign, failures, {"reason": "tls"}),
            Fault("bolo", forget_name, lambda: self.name_is_known(True), failures,
                  {"reason": "resolve"}),
        ]


class Seven(unittest.TestCase):
    def setUp(self) -> None:
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.world = World(stack)
        self.agent = self.world.agent
        self.seen: list[Observation] = []
        self.second = 0

    def test_one_fails_and_six_do_not_notice(self) -> None:
        self.feed_for(1)
        self.rest(*self.names())
        for fault in self.world.faults():
            with self.subTest(fault.endpoint):
                self.one_fails(fault)
        self.look_at_memory()
        self.all_have_everything()

    def names(self) -> list[str]:
        return list(self.agent.configuration["endpoints"])

    def feed_for(self, seconds: float) -> None:
        """A value of each series in each second."""
        end = time.monotonic() + seconds
        while True:
            self.second = max(self.second + 1, int(time.time()))
            place.wait_for("the next second", lambda: time.time() >= self.second)
            new = [Observation(SAMPLE, "seven", (("number", str(number)),), self.second,
                               (len(self.seen) + number + 0.5,)) for number in range(SERIES)]
            self.seen += new
            self.agent.feed(b"".join(one.octets() for one in new))
            self.agent.fed(len(self.seen))
            self.look_at_memory()
            if time.monotonic() >= end:
                return

    def rest(self, *names: str) -> Metrics:
        """Waits until these have nothing queued."""
        def at_rest() -> Metrics | None:
            metrics = self.agent.metrics()
            return None if any(metrics.endpoint(name, "frames_queued")
                               for name in names) else metrics
        try:
            return place.wait_for("all is delivered", at_rest)
        except AssertionError as error:
            metrics = self.agent.metrics()
            raise AssertionError(f"{error}: " + ", ".join(
                f"{name}: {metrics.ledger(name)}" for name in names) +
                self.agent.said()[-3000:]) from error

    @staticmethod
    def troubles(metrics: Metrics, name: str) -> dict[str, Any]:
        """What would tell that a connection was not as it should be."""
        counts = {what: metrics.endpoint(name, what) for what in (
            "connects_total", "frames_resent_total", "stalled", "connected")}
        for what, reasons in (("disconnects_total", ("closed", "reset", "timeout", "local")),
                              ("connect_failures_total", ("resolve", "refused", "timeout", "tls",
                                                          "other"))):
            counts |= {f"{what} {reason}": metrics.endpoint(name, what, reason=reason)
                       for reason in reasons}
        return {**counts, "dropped": metrics.dropped(name)}

    def one_fails(self, fault: Fault) -> None:
        others = [name for name in self.names() if name != fault.endpoint]
        before = self.agent.metrics()
        fault.begin()
        self.feed_for(FAULT_SECONDS)
        now = self.rest(*others)
        for name in others:
            self.assertEqual(self.troubles(before, name), self.troubles(now, name), name)
        place.wait_for(f"{fault} shows", lambda: self.shows(fault, before))
        fault.end()
        self.rest(*self.names())
        self.assertEqual({}, self.agent.metrics().dropped(fault.endpoint))

    def shows(self, fault: Fault, before: Metrics) -> bool:
        now = self.agent.metrics()
        if now.endpoint(fault.endpoint, "frames_queued") == 0:
            return False
        return not fault.shown_by or (
            now.endpoint(fault.endpoint, fault.shown_by, **fault.labels) >
            before.endpoint(fault.endpoint, fault.shown_by, **fault.labels))

    def look_at_memory(self) -> None:
        """Of a program that is as released."""
        if not RELEASE:
            return
        memory = self.agent.memory_kib()
        log = self.agent.metrics().get("log_memory_bytes") >> 10
        self.assertLessEqual(memory["Anonymous"], log + ANONYMOUS_LIMIT, f"log {log} KiB")
        self.assertLessEqual(memory["Rss"], log + RSS_LIMIT, f"log {log} KiB")

    def all_have_everything(self) -> None:
        servers, seen = self.world.servers, self.seen
        for name, receiver in (("tsdp", servers.tsdp), ("tls", servers.tls)):
            self.at_least_once(name, [(one.metric, dict(one.tags)["number"], one.time, *one.values)
                                      for one in seen],
                               lambda receiver=receiver: [
                                   (one.metric, dict(one.tags)["number"], one.time, *one.values)
                                   for one in receiver.observations()])
        self.at_least_once("bolo", [pdu for one in seen for pdu in oracle.pdus(one, ADDED)],
                           lambda: [oracle.parsed(pdu) for pdu in servers.bolo.pdus])
        self.assertEqual([], servers.bolo.faults)
        self.once("graphite", oracle.graphite(ADDED), servers.carbon.read)
        self.once("influxdb", oracle.influx(ADDED, {}), servers.influxdb.read)
        self.once("prometheus", oracle.prometheus(ADDED, {}), servers.prometheus.read)
        self.once("influx", oracle.influx(ADDED, {}, "value"), servers.victoria.read)

    def at_least_once(self, name: str, wanted: list[tuple],
                      read: Callable[[], list[tuple]]) -> None:
        """Twice only what the agent says that it sent again."""
        place.wait_for(f"{name} has all", lambda: set(read()) >= set(wanted), between=0.3)
        found = read()
        self.assertEqual(set(wanted), set(found), name)
        resent = self.agent.metrics().endpoint(name, "frames_resent_total")
        self.assertLessEqual(len(found) - len(wanted), resent, name)

    def once(self, name: str, namer: oracle.Namer, read: Callable[[], Points]) -> None:
        """Each value is there; what came twice is as if it had come once."""
        def alike_points(points: list[tuple[int, float]], found: list[tuple[int, float]]) -> bool:
            found = sorted(set(found))
            return len(points) == len(found) and all(
                at == other and alike(value, kept)
                for (at, value), (other, kept) in zip(points, found))

        def all_there() -> bool:
            found = read()
            return found.keys() == wanted.keys() and all(
                alike_points(points, found[series]) for series, points in wanted.items())
        wanted, _ = oracle.points(self.seen, namer, 0)
        place.wait_for(f"{name} has all", all_there, between=0.3)


if __name__ == "__main__":
    unittest.main()
