#!/usr/bin/env python3
"""Each server starts, takes what is written by hand, and is read back; what it refuses is known.

So a failure of the tests beside this file is the agent's, not the server's or the harness's.
"""

import contextlib
import ctypes
import socket
import time
import unittest

from suite import bolo, place, remote_write
from suite.carbon import Carbon
from suite.influxdb import Influxdb
from suite.prometheus import Prometheus
from suite.server import Points, series
from suite.victoria import Victoria

NOW = int(time.time()) - 10
BIG = 2.0**53
# A number with 17 digits, which not all of them keep.
THIRD = 0.1 + 0.2


def send(port: int, text: str) -> None:
    with socket.create_connection(("127.0.0.1", port), place.PATIENCE_SECONDS) as client:
        client.sendall(text.encode())


def by_hand() -> Points:
    return {series("m", a="é\"\\", host="h"): [(NOW - 3500, 1.5), (NOW - 1, -2.25), (NOW, BIG)],
            series("n_total", host="h"): [(NOW, THIRD)]}


class Servers(unittest.TestCase):
    maxDiff = None

    def wait_for(self, server: object, points: Points) -> None:
        with contextlib.suppress(AssertionError):
            place.wait_for("all is there", lambda: server.read() == points)
        self.assertEqual(points, server.read())

    def test_prometheus(self) -> None:
        with Prometheus() as server:
            points = by_hand()
            self.assertEqual(204, remote_write.write(server, points))
            self.assertEqual(points, server.read())
            name = series("m", a="é\"\\", host="h")
            for at, value in ((NOW, 1.0), (NOW - 2, 1.0), (NOW - 9000, 1.0)):
                self.assertEqual(400, remote_write.write(server, {name: [(at, value)]}))
            # A good one beside a bad one is lost with it.
            self.assertEqual(400, remote_write.write(server, {
                name: [(NOW, 1.0)], series("good"): [(NOW, 1.0)]}))
            self.assertEqual(points, server.read())

    def test_victoria_metrics_by_remote_write(self) -> None:
        with Victoria() as server:
            points = {**by_hand(), series("o"): [(NOW, 1.0), (NOW, 2.0), (NOW + 1, 3.0)]}
            self.assertEqual(204, remote_write.write(server, points))
            points[series("n_total", host="h")] = [(NOW, 0.3)]
            self.wait_for(server, points)

    def test_victoria_metrics_by_lines(self) -> None:
        with Victoria() as server:
            send(server.influx_port, f"m,host=h\\ 1 value={BIG:.0f} {NOW}000000000\n")
            send(server.graphite_port, f"a.b;host=h 1.5 {NOW}\nno number {NOW}\n")
            self.wait_for(server, {series("m_value", host="h 1"): [(NOW, BIG)],
                                   series("a.b", host="h"): [(NOW, 1.5)]})
            self.assertEqual(1, server.rows_invalid())

    def test_influxdb(self) -> None:
        with Influxdb() as server:
            lines = (f"m,a=é,value=t value=1.5 {NOW}\nm,a=é,value=t value=2.5 {NOW}\n"
                     f"m value={THIRD!r} {NOW - 3500}\nm value={BIG!r} {NOW}\n")
            write = {"db": server.database, "precision": "s"}
            self.assertEqual(204, server.http("/write", write, lines.encode())[0])
            self.assertEqual({series("m", a="é", value="t"): [(NOW, 2.5)],
                              series("m"): [(NOW - 3500, THIRD), (NOW, BIG)]}, server.read())
            for line in (f"m value=NaN {NOW}", f"m value=1i {NOW}", "m value= 1"):
                self.assertEqual(400, server.http("/write", write, line.encode())[0])

    def test_carbon(self) -> None:
        with Carbon() as server:
            send(server.port, f"a.b {BIG!r} {NOW}\na.c 1 {NOW}\na.c {THIRD!r} {NOW}\n"
                              f"a.c 3 {NOW - 3500}\na.b nan {NOW - 1}\n"
                              f"{'x' * 300} 1 {NOW}\na.b 7 {NOW}")
            self.wait_for(server, {series("a.b"): [(NOW, BIG)],
                                   series("a.c"): [(NOW - 3500, 3.0), (NOW, THIRD)]})


class BoloPeer:
    """A PUSH socket of libzmq."""

    def __init__(self, port: int) -> None:
        self.zmq = bolo.load_libzmq()
        self.zmq.zmq_connect.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self.zmq.zmq_send.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t,
                                      ctypes.c_int]
        self.context = self.zmq.zmq_ctx_new()
        self.socket = self.zmq.zmq_socket(self.context, 8)
        self.zmq.zmq_connect(self.socket, f"tcp://127.0.0.1:{port}".encode())

    def send(self, *frames: bytes) -> None:
        for number, frame in enumerate(frames, 1):
            self.zmq.zmq_send(self.socket, frame, len(frame), 2 * (number < len(frames)))

    def close(self) -> None:
        self.zmq.zmq_close(self.socket)
        self.zmq.zmq_ctx_term(self.context)


class BoloTest(unittest.TestCase):
    GOOD = (("SAMPLE", "5", "n", "1.5", "2"), ("RATE", "5", "n", "7"), ("EVENT", "5", "n", ""),
            ("STATE", "5", "n", "2", "t"), ("COUNTER", "5", "n", "-2147483648"),
            ("SET.KEYS", "k", "v", "l", "w"))
    BAD = (("", "SAMPLE", "5\0", "n\0"), ("SAMPLE", "5\0", "n\0", "1\0"), ("", "FACT", "a\0"),
           ("", "RATE", "5\0", "n\0", "-1\0"), ("", "RATE", "5\0", "n\0", "1.5\0"),
           ("", "COUNTER", "5\0", "n\0", "2147483648\0"), ("", "SET.KEYS", "k\0"),
           ("", "STATE", "5\0", "n\0", "CRITICAL\0", "t\0"), ("", "STATE", "5\0", "n\0", "1\0", "\0"),
           ("", "EVENT", "4294967296\0", "n\0", "t\0"), ("", "EVENT", "5", "n\0", "t\0"))

    def test_keeps_what_is_good_and_tells_what_is_not(self) -> None:
        with bolo.Bolo() as server:
            peer = BoloPeer(server.port)
            for kind, *fields in self.GOOD:
                peer.send(b"", kind.encode(), *(f"{field}\0".encode() for field in fields))
            for frames in self.BAD:
                peer.send(*(frame.encode() for frame in frames))
            place.wait_for("all have come", lambda: len(server.pdus) + len(server.faults) ==
                           len(self.GOOD) + len(self.BAD))
            peer.close()
            self.assertEqual(list(self.GOOD), server.pdus)
            self.assertEqual(len(self.BAD), len(server.faults))


if __name__ == "__main__":
    unittest.main()
