#!/usr/bin/env python3
"""An hour of this host's numbers, and all that is odd, through the agent to every real server.

Each is asked in its own language for all that it has, and has to have it: each value, none missing,
none twice. The agent's ledger accounts for every frame, with the reason for each that is not there.
"""

import contextlib
import dataclasses
import operator
import time
import unittest
from typing import Any, Callable, Iterable

from suite import oddities, oracle, place
from suite.agent import HOST, Agent, Metrics
from suite.bolo import Bolo
from suite.carbon import Carbon
from suite.hour import hour
from suite.influxdb import Influxdb
from suite.observation import FACT, Observation
from suite.prometheus import Prometheus
from suite.receiver import Receiver
from suite.server import Points, Series
from suite.victoria import Victoria, alike

ADDED = {"host": HOST}
# What makes the three endpoints of one server tellable apart.
VIA = {name: {"via": name} for name in ("remote", "lines", "tags")}

# Names that have no room for an endpoint's labels: they are as long as names may be.
FULL = ("odd_long", "odd_many")


class Servers:
    """One of each."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        enter = stack.enter_context
        self.receiver = enter(Receiver())
        self.carbon = enter(Carbon())
        self.victoria = enter(Victoria())
        self.influxdb = enter(Influxdb())
        self.prometheus = enter(Prometheus())
        self.bolo = enter(Bolo())

    def endpoints(self) -> dict[str, dict]:
        at = "://127.0.0.1"
        urls = {
            "receiver": {"url": self.receiver.url},
            "carbon": {"url": f"graphite{at}:{self.carbon.port}"},
            "tags": {"url": f"graphite{at}:{self.victoria.graphite_port}", "tags": True,
                     "labels": VIA["tags"]},
            "lines": {"url": f"influx{at}:{self.victoria.influx_port}", "field": "v",
                      "labels": VIA["lines"]},
            "influxdb": {"url": f"influx+http{at}:{self.influxdb.port}/write?"
                                f"db={self.influxdb.database}"},
            "prometheus": {"url": f"prometheus+http{at}:{self.prometheus.port}/api/v1/write"},
            "remote": {"url": f"prometheus+http{at}:{self.victoria.port}/api/v1/write",
                       "labels": VIA["remote"]},
            "bolo": {"url": f"bolo{at}:{self.bolo.port}"},
        }
        more: dict[str, Any] = {"start": "begin"}
        batch = {"batch": {"age": "500ms"}}
        return {name: {**keys, **more, **(batch if "+http" in keys["url"] else {})}
                for name, keys in urls.items()}


def frames(seen: list[Observation]) -> bytes:
    return b"".join(one.octets() for one in seen)


def names(of: Iterable[Series]) -> list[str]:
    """Some of them, to be read."""
    return sorted(f"{name} {sorted(labels)}"[:200] for name, labels in of)[:5]


def count(points: Points) -> int:
    return sum(map(len, points.values()))


def difference(wanted: Points, found: Points, equal: Callable[[float, float], bool]) -> str:
    """The first that there is, in words."""
    if missing := wanted.keys() - found.keys():
        return f"{len(missing)} are missing, of them {names(missing)}"
    if more := found.keys() - wanted.keys():
        return f"{len(more)} are too many, of them {names(more)}"
    for series, points in wanted.items():
        other = found[series]
        if not (len(points) == len(other) and all(
                mine[0] == theirs[0] and equal(mine[1], theirs[1])
                for mine, theirs in zip(points, other))):
            return f"{names([series])}:\n  wanted {points[-8:]}\n  found  {other[-8:]}"
    return ""


class ReadBack(unittest.TestCase):
    """The agent is fed once, each test looks at one server."""

    stack: contextlib.ExitStack
    began: int
    seen: list[Observation]
    metrics: Metrics

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.servers = Servers(cls.stack)
        cls.agent = cls.stack.enter_context(Agent(cls.servers.endpoints()))
        cls.began = int(time.time())
        cls.at = cls.began - 900
        pieces = [hour(), oddities.kinds(cls.at) + oddities.names(cls.at) +
                  oddities.long_names(cls.at, HOST) + oddities.numbers(cls.at) +
                  oddities.exact(cls.at) + oddities.ordered(cls.at) +
                  [oddities.negative(cls.at)], oddities.late(cls.at)]
        cls.seen = []
        for piece in pieces:
            cls.seen += piece
            cls.agent.feed(frames(piece))
            cls.agent.fed(len(cls.seen))
            cls.metrics = cls.agent.at_rest()
        cls.refused = oddities.refused(cls.at)
        cls.agent.feed(frames(cls.refused))
        place.wait_for("what is refused has come", lambda: cls.agent.metrics().get(
            "collector_rejected_total", collector="feed", reason="bad-number") ==
            len(cls.refused))

    def ledger(self, endpoint: str, **dropped: int) -> None:
        """Every frame was accepted, and all but these delivered."""
        self.assertEqual({"accepted": len(self.seen), "queued": 0, "dropped": dropped,
                          "delivered": len(self.seen) - sum(dropped.values())},
                         self.agent.metrics().ledger(endpoint))

    def same(self, wanted: Points, read: Callable[[], Points],
             equal: Callable[[float, float], bool] = operator.eq) -> None:
        """What it has is what it shall have, as soon as it has taken it all."""
        why = ["not asked"]

        def is_same() -> bool:
            found = {series: [(self.known(at), value) for at, value in points]
                     for series, points in read().items()}
            why[0] = difference(wanted, found, equal)
            return not why[0]
        try:
            place.wait_for("all is there", is_same, patience=60, between=0.3)
        except AssertionError:
            self.fail(why[0])

    def known(self, at: int) -> int:
        """The times of appends, which nobody else knows, are the time that this began."""
        return self.began if at >= self.began - 1 else at

    def wanted(self, namer: oracle.Namer, without: tuple[str, ...] = ()) -> Points:
        seen = [one for one in self.seen if one.metric not in without]
        points, _ = oracle.points(seen, namer, self.began)
        return points

    def test_our_own_receiver_has_each_octet(self) -> None:
        wanted = [dataclasses.replace(one, tags=tuple(oracle.with_tags(one, ADDED)))
                  for one in self.seen]
        found = self.servers.receiver.observations()
        for number, (mine, other) in enumerate(zip(wanted, found)):
            self.assertEqual(mine, other, f"frame {number}")
        self.assertEqual(len(wanted), len(found))
        self.ledger("receiver")

    def test_carbon(self) -> None:
        # A piece of a path is the name of a file, which has 255 octets at most.
        wanted = oracle.last_of_second(self.wanted(oracle.graphite(ADDED), ("odd_long",)))
        self.same(wanted, self.servers.carbon.read)
        self.ledger("carbon", unsupported=sum(one.kind == FACT for one in self.seen))

    def test_influxdb(self) -> None:
        wanted = oracle.last_of_second(self.wanted(oracle.influx(ADDED, {})))
        self.same(wanted, self.servers.influxdb.read)
        self.ledger("influxdb")

    def test_prometheus(self) -> None:
        late = oddities.late(self.at)
        points, _ = oracle.points(self.seen[:-len(late)], oracle.prometheus(ADDED, {}), self.began)
        self.same(oracle.last_of_second(points), self.servers.prometheus.read)
        self.ledger("prometheus", rejected=len(late))

    def victoria(self, via: str, wanted: Points) -> None:
        def read() -> Points:
            return {(name, labels - {("via", via)}): points
                    for (name, labels), points in self.servers.victoria.read().items()
                    if ("via", via) in labels}

        wanted = {(name, labels - {("via", via)}): sorted(points)
                  for (name, labels), points in wanted.items()}
        self.same(wanted, read, alike)

    def test_victoria_metrics_by_remote_write(self) -> None:
        late = oddities.late(self.at)
        namer = oracle.prometheus(ADDED, VIA["remote"])
        seen = [one for one in self.seen[:-len(late)] if one.metric not in FULL]
        wanted = oracle.last_of_second(oracle.points(seen, namer, self.began)[0])
        for one in late:
            wanted[namer(one)].append((one.time, one.values[-1]))
        self.victoria("remote", wanted)
        self.ledger("remote", unsupported=len(FULL))

    def test_victoria_metrics_by_influx_lines(self) -> None:
        self.victoria("lines", self.wanted(oracle.influx(ADDED, VIA["lines"], "v"), FULL))
        self.ledger("lines", unsupported=len(FULL))

    def test_victoria_metrics_by_graphite_with_tags(self) -> None:
        self.victoria("tags", self.wanted(oracle.graphite_tags(ADDED, VIA["tags"]), FULL))
        facts = sum(one.kind == FACT for one in self.seen)
        self.ledger("tags", unsupported=facts + len(FULL))
        self.assertEqual(0, self.servers.victoria.rows_invalid())

    def test_classic_bolo(self) -> None:
        wanted = [pdu for one in self.seen for pdu in oracle.pdus(one, ADDED)]
        place.wait_for("all is there", lambda: len(self.servers.bolo.pdus) >= len(wanted))
        found = [oracle.parsed(pdu) for pdu in self.servers.bolo.pdus]
        self.assertEqual([], self.servers.bolo.faults)
        for number, (mine, other) in enumerate(zip(wanted, found)):
            self.assertEqual(mine, other, f"PDU {number}")
        self.assertEqual(len(wanted), len(found))
        self.ledger("bolo", unsupported=sum(not oracle.pdus(one, ADDED) for one in self.seen))


class End(unittest.TestCase):
    def test_series_end_with_the_agent(self) -> None:
        with Prometheus() as server:
            url = f"prometheus+http://127.0.0.1:{server.port}/api/v1/write"
            with Agent({"prometheus": {"url": url, "start": "begin",
                                       "batch": {"age": "200ms"}}}) as agent:
                seen = oddities.numbers(int(time.time()) - 5)
                agent.feed(frames(seen))
                place.wait_for("all is there", lambda: len(server.now()) == len(seen))
                agent.stop()
                place.wait_for("none is there", lambda: not server.now())
            self.assertEqual(len(seen), count(server.read()))


if __name__ == "__main__":
    unittest.main()
