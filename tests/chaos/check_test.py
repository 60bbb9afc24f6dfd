#!/usr/bin/env python3
"""Shows of the suite's own judgement that it finds what it is for: octets as receivers leave them,
with a frame lost, doubled, cut or changed on purpose, and a ledger that is off by one."""

import pathlib
import socket
import struct
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True

from suite import (agent, check, dns, evidence, frames, network, peers, plan,
                   tsdp)


def field(kind: int, body: bytes, final: bool = False) -> bytes:
    return bytes([(0x80 if final else 0) | kind << 4 | len(body) >> 8, len(body) & 0xFF]) + body


def heartbeat(count: int) -> bytes:
    return b"\x10\0\0\0" + field(tsdp.TSTAMP, bytes(8)) + field(
        tsdp.UINT, struct.pack(">Q", count), True)


def frame(key: int) -> bytes:
    """As an agent sends what a collector printed."""
    words = frames.line(1, key, "a").split(" ")
    kind, name, values = words[0], f"{words[2]} {words[3]},host=h", words[4:]
    if kind == "event":
        bodies = [(tsdp.STRING, " ".join(values).rstrip("\n").encode() + b"\0")]
    else:
        bodies = [(tsdp.FLOAT, struct.pack(">d", float(value))) for value in values]
    out = bytes([0x11, 0, 0, frames.MASKS[kind]]) + field(tsdp.STRING, name.encode() + b"\0")
    out += field(tsdp.TSTAMP, struct.pack(">Q", 1))
    for i, (shape, body) in enumerate(bodies):
        out += field(shape, body, i == len(bodies) - 1)
    return out


def stream(keys: range | list[int]) -> bytes:
    return heartbeat(0) + b"".join(map(frame, keys))


class Receiver:
    """An endpoint whose connections are made up of octets. Each is read at once at `at`."""

    def __init__(self, name: str, group: int | None = None) -> None:
        self.endpoint = check.Endpoint(name, group)

    def connection(self, raw: bytes, life: int = 0, at: float = 10.0, unread: bytes = b"") -> None:
        made = check.Connection(f"{self.endpoint.name}.{len(self.endpoint.connections)}", life)
        made.reads = [(at - 1.0, 0), (at, len(raw))]
        evidence.take(made, raw, unread, {})
        self.endpoint.connections.append(made)

    def ledger(self, life: int, delivered: int, **dropped: int) -> None:
        accepted = delivered + sum(dropped.values())
        self.endpoint.ledgers[life] = check.Ledger(accepted, delivered, 0, 0, dropped)


class JudgeTest(unittest.TestCase):
    """A witness that has all, and another endpoint; 100 frames of one run in one life."""

    COUNT = 100

    def setUp(self) -> None:
        self.witness = Receiver("e0")
        self.witness.connection(stream(range(self.COUNT)))
        self.witness.ledger(0, self.COUNT)
        self.other = Receiver("e1")

    def judged(self, may_drop: bool = False, **keys) -> check.Verdict:
        seen = check.Round([self.witness.endpoint, self.other.endpoint],
                           [check.Run(0, 0, self.COUNT)], 0, self.COUNT, may_drop=may_drop, **keys)
        return check.judge(seen)

    def assert_good(self, verdict: check.Verdict) -> None:
        self.assertEqual(verdict.problems, [])
        self.assertEqual((verdict.lost_beyond, verdict.doubled_beyond, verdict.bad), (0, 0, 0))

    def assert_found(self, verdict: check.Verdict, **counts: int) -> None:
        self.assertNotEqual(verdict.problems, [])
        for name, count in counts.items():
            self.assertEqual(getattr(verdict, name), count, (name, verdict.problems))

    def test_all_that_is_whole_is_good(self):
        self.other.connection(stream(range(self.COUNT)))
        self.other.ledger(0, self.COUNT)
        verdict = self.judged()
        self.assert_good(verdict)
        self.assertEqual(verdict.frames, 2 * self.COUNT)

    def test_a_frame_that_never_came_is_lost(self):
        self.other.connection(stream([key for key in range(self.COUNT) if key != 40]))
        self.other.ledger(0, self.COUNT)
        self.assert_found(self.judged(), lost_beyond=1)

    def test_a_dropped_frame_is_lost_by_the_ledger_only_where_it_may(self):
        self.other.connection(stream([key for key in range(self.COUNT) if key != 40]))
        self.other.ledger(0, self.COUNT - 1, full=1)
        verdict = self.judged(may_drop=True)
        self.assert_good(verdict)
        self.assertEqual(verdict.dropped, 1)
        self.assert_found(self.judged())

    def test_a_frame_too_many_counted_as_dropped_is_found(self):
        self.other.connection(stream(range(self.COUNT)))
        self.other.ledger(0, self.COUNT - 1, full=1)
        self.assert_found(self.judged(may_drop=True), lost_beyond=0)

    def test_frames_unread_when_their_receiver_died_may_be_lost_and_no_more(self):
        self.other.connection(stream(range(40)), unread=b"".join(map(frame, range(40, 50))))
        self.other.connection(stream(range(50, self.COUNT)), at=20)
        self.other.ledger(0, self.COUNT)
        verdict = self.judged()
        self.assert_good(verdict)
        self.assertEqual(verdict.unread, 10)
        del self.other.endpoint.connections[1]
        self.other.connection(stream(range(51, self.COUNT)), at=20)
        self.assert_found(self.judged(), lost_beyond=1)

    def test_a_frame_cut_by_a_dying_connection_comes_again_whole(self):
        whole = stream(range(51))
        self.other.connection(whole[:-3])
        self.other.connection(stream(range(50, self.COUNT)), at=20)
        self.other.ledger(0, self.COUNT)
        self.assert_good(self.judged())

    def test_half_a_frame_with_another_behind_it_is_bad(self):
        self.other.connection(stream(range(50)) + frame(50)[:-3] + b"".join(
            map(frame, range(50, self.COUNT))))
        self.other.ledger(0, self.COUNT)
        self.assertGreater(self.judged().bad, 0)

    def test_a_changed_octet_is_bad(self):
        octets = bytearray(stream(range(self.COUNT)))
        for kind in range(len(frames.KINDS)):
            broken = octets.copy()
            broken[len(stream(range(40 + kind))) + len(frame(40 + kind)) - 2] ^= 1
            self.other.endpoint.connections.clear()
            self.other.connection(bytes(broken))
            self.other.ledger(0, self.COUNT)
            self.assert_found(self.judged(), bad=1)

    def test_an_acknowledged_frame_that_comes_again_is_doubled(self):
        self.other.connection(stream(range(51)))
        self.other.connection(stream(range(50, self.COUNT)), at=20)
        self.other.ledger(0, self.COUNT)
        self.assert_found(self.judged(), doubled_beyond=1)

    def test_so_is_one_that_comes_twice_on_one_connection(self):
        self.other.connection(stream([*range(51), *range(50, self.COUNT)]))
        self.other.ledger(0, self.COUNT)
        self.assert_found(self.judged(), doubled_beyond=1)

    def test_what_was_read_in_time_of_trouble_may_come_again(self):
        self.other.connection(stream(range(51)), at=10)
        self.other.connection(stream(range(50, self.COUNT)), at=20)
        self.other.ledger(0, self.COUNT)
        self.other.endpoint.ledgers[0].resent = 1
        self.other.endpoint.troubles = [check.Trouble(9.5, 12)]
        verdict = self.judged()
        self.assert_good(verdict)
        self.assertEqual(verdict.doubled, 1)
        self.other.endpoint.troubles = [check.Trouble(10.5, 12)]
        self.assert_found(self.judged(), doubled_beyond=1)
        self.other.endpoint.troubles = [check.Trouble(9.5, 12)]
        self.other.endpoint.ledgers[0].resent = 0
        self.assert_found(self.judged(), doubled_beyond=0)

    def test_a_connection_that_was_left_excuses_itself_and_not_the_next(self):
        self.other.connection(stream(range(51)), at=10)
        self.other.connection(stream(range(50, 80)), at=12)
        self.other.connection(stream(range(80, self.COUNT)), at=20)
        self.other.ledger(0, self.COUNT)
        self.other.endpoint.ledgers[0].resent = 10
        self.other.endpoint.troubles = [check.Trouble(10, 10)]
        self.assert_good(self.judged())
        self.other.endpoint.connections.pop()
        self.other.connection(stream(range(79, self.COUNT)), at=20)
        self.assert_found(self.judged(), doubled_beyond=1)

    def test_a_ledger_that_is_off_by_one_is_found(self):
        self.other.connection(stream(range(self.COUNT)))
        for delivered in (self.COUNT - 1, self.COUNT + 1):
            self.other.ledger(0, delivered)
            self.assert_found(self.judged(), lost_beyond=0, doubled_beyond=0)

    def test_a_frame_that_only_others_have_is_found(self):
        self.other.connection(stream(range(self.COUNT + 1)))
        self.other.ledger(0, self.COUNT + 1)
        self.assert_found(self.judged())

    def test_a_filtered_endpoint_has_its_class_and_nothing_else(self):
        mine = [key for key in range(self.COUNT) if frames.class_of(key) == 1]
        self.other = Receiver("e1", group=1)
        self.other.connection(stream(mine))
        self.other.ledger(0, len(mine))
        self.assert_good(self.judged())
        self.other.endpoint.connections.clear()
        self.other.connection(stream(mine[:-1]))
        self.assert_found(self.judged(), lost_beyond=1)
        self.other.endpoint.connections.clear()
        self.other.connection(stream([*mine, 0]))
        self.assert_found(self.judged(), bad=1)

    def test_a_hole_in_what_was_printed_is_lost_by_all(self):
        kept = [key for key in range(self.COUNT) if key != 40]
        for receiver in (self.witness, self.other):
            receiver.endpoint.connections.clear()
            receiver.connection(stream(kept))
            receiver.ledger(0, len(kept))
        self.assertGreater(self.judged().lost_beyond, 0)

    def test_a_heartbeat_that_counts_wrong_is_bad(self):
        self.other.connection(stream(range(50)) + heartbeat(50) + b"".join(
            map(frame, range(50, self.COUNT))))
        self.other.ledger(0, self.COUNT)
        self.assert_found(self.judged(), bad=1)


class LivesTest(JudgeTest):
    """The agent is killed after 60 frames; its cursor stood at 50."""

    def setUp(self) -> None:
        self.witness = Receiver("e0")
        self.other = Receiver("e1")
        for receiver in (self.witness, self.other):
            receiver.endpoint.cursors[0] = check.Cursor(50)

    def lives(self, receiver: Receiver, first: list[int], second: list[int],
              delivered: int) -> None:
        receiver.connection(stream(first))
        receiver.connection(stream(second), life=1, at=20)
        receiver.ledger(0, len(first))
        receiver.ledger(1, delivered)

    def judged(self, taken: int = 60, **_) -> check.Verdict:
        other = frames.RUN
        self.lives(self.witness, list(range(60)), [*range(50, 60), *range(other, other + 40)], 50)
        runs = [check.Run(0, 0, accepted=taken), check.Run(1, 1, 40)]
        return check.judge(check.Round([self.witness.endpoint, self.other.endpoint], runs, 1, 40))

    def test_what_lay_behind_the_cursor_comes_again(self):
        self.lives(self.other, list(range(55)), [*range(50, 60), *range(10**7, 10**7 + 40)], 50)
        verdict = self.judged()
        self.assert_good(verdict)
        self.assertEqual(verdict.doubled, 15)

    def test_what_lay_before_it_does_not(self):
        self.lives(self.other, list(range(55)), [*range(49, 60), *range(10**7, 10**7 + 40)], 51)
        self.assert_found(self.judged(), doubled_beyond=1)

    def test_what_was_taken_before_the_kill_is_not_lost(self):
        self.lives(self.other, list(range(55)), [*range(50, 60), *range(10**7, 10**7 + 40)], 50)
        self.assert_found(self.judged(taken=61), lost_beyond=1)


# Its own tests only, in the world that it makes.
for inherited in [name for name in dir(JudgeTest) if name.startswith("test_")]:
    if inherited not in vars(LivesTest):
        setattr(LivesTest, inherited, None)


class PartsTest(unittest.TestCase):
    def test_octets_that_are_no_message_are_told(self):
        with self.assertRaises(tsdp.Malformed):
            list(tsdp.messages(frame(1) + b"\x20\0\0\0"))

    def test_a_message_that_is_not_all_there_waits(self):
        whole = frame(1) + frame(2)
        for size in range(len(frame(1)), len(whole)):
            self.assertEqual(len(list(tsdp.messages(whole[:size]))), 1)

    def test_every_number_is_read_as_it_was_printed(self):
        for key in [*range(500), 3 * frames.RUN + 12345]:
            message, = tsdp.messages(frame(key))
            self.assertEqual(frames.key_of(frame(key), message, {}), key)

    def test_a_plan_is_drawn_from_its_seed_alone(self):
        able = plan.Abilities(True, True, True, True)
        self.assertEqual(plan.draw(1, 2, able), plan.draw(1, 2, able))
        self.assertNotEqual(plan.draw(1, 2, able), plan.draw(1, 3, able))

    def test_every_kind_of_fault_is_drawn_and_nothing_that_cannot_be(self):
        able = plan.Abilities(True, True, True, True)
        drawn = {fault.kind for number in range(300)
                 for fault in plan.draw(1, number, able).faults}
        self.assertEqual(drawn, set(plan.KINDS))
        unable = plan.Abilities()
        drawn = {fault.kind for number in range(300)
                 for fault in plan.draw(1, number, unable).faults}
        self.assertEqual(drawn, set(plan.KINDS) - set(unable.lacking()))

    def test_a_ledger_that_does_not_balance_is_seen(self):
        text = "\n".join(f'lariat_endpoint_frames_{name}{{endpoint="e"{more}}} {count}'
                         for name, more, count in (
                             ("accepted_total", "", 10), ("delivered_total", "", 5),
                             ("dropped_total", ',reason="full"', 2), ("queued", "", 3)))
        self.assertTrue(agent.Reading(text).ledger("e").balances())
        self.assertFalse(agent.Reading(text.replace("} 5", "} 6")).ledger("e").balances())

    def test_lines_of_crashes_are_seen(self):
        for line in ("lariat: x.cc:1: f: Assertion `a' failed.", "ERROR: AddressSanitizer: heap",
                     "x.cc:3:1: runtime error: signed integer overflow",
                     "this is a fault of lariat, please report it"):
            self.assertTrue(agent.FAULTS.search(line), line)
        self.assertFalse(agent.FAULTS.search("endpoint e: connected to 127.0.0.1:1"))

    def test_the_name_server_answers_as_it_is_told(self):
        query = b"\1\2\1\0\0\1\0\0\0\0\0\0\1a\4test\0\0\1\0\1"
        table = {"a.test": "10.0.0.1"}
        self.assertTrue(dns.answer(query, "good", table).endswith(b"\x0a\0\0\1"))
        self.assertIsNone(dns.answer(query, "silent", table))
        for mode, code in (("nxdomain", 3), ("servfail", 2)):
            self.assertEqual(dns.answer(query, mode, table)[3] & 15, code)
        self.assertEqual(dns.answer(query, "good", {})[3] & 15, 3)


class ProgramTest(unittest.TestCase):
    def test_the_receiver_keeps_what_it_reads_and_what_it_has_not_read(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            peer = peers.Peer(1, network.Loopback(2).address(1), (), folder)
            peer.start()
            try:
                self.talk_to(peer, folder)
            finally:
                peer.close()
            connection, = evidence.load(folder, "e1", peers.BASE_PORT, peers.PORTS_A_LIFE)
        self.assertEqual(connection.keys, list(range(10)))
        self.assertEqual(connection.unread, [10])
        self.assertEqual((connection.life, connection.stage), (1, 2))
        self.assertEqual(connection.bad, [])

    def talk_to(self, peer: peers.Peer, folder: pathlib.Path) -> None:
        port = peers.BASE_PORT + peers.PORTS_A_LIFE + 2
        with socket.create_connection((peer.address, port)) as sender:
            octets = stream(range(10))
            sender.sendall(octets)
            ends = time.monotonic() + 10
            while sum(path.stat().st_size for path in folder.glob("*.raw")) < len(octets):
                self.assertLess(time.monotonic(), ends)
                time.sleep(0.005)
            peer.order("pause")
            cut = frame(10) + frame(11)[:5]
            sender.sendall(cut)
            peer.settle()
            self.assertEqual(peer.peek(), len(cut))
            self.assertEqual(peer.rx_queue(), len(cut))


if __name__ == "__main__":
    unittest.main()
