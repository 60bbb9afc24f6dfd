"""What a round has: an agent with a spool, collectors, receivers, the network between."""

import pathlib
import random
import shutil
import struct
import subprocess
import sys
import time
from typing import Any

from . import agent, check, network, peers, plan

SCRAPE_EVERY = 0.03
SETTLE_WITHIN = 60.0
# So long it must look so: what an earlier life left for an endpoint with a filter counts as queued
# when it is read, and that is not at once.
REST = 0.15
SPOOL_DISK = "3m"  # Of the tmpfs that is filled.
COLLECTORS = ("a", "b")


class World:
    """Owns the processes of a round and its folder; `close` ends them."""

    def __init__(self, drawn: plan.Plan, abilities: plan.Abilities, build: pathlib.Path,
                 folder: pathlib.Path) -> None:
        self.plan = drawn
        self.abilities = abilities
        self.folder = folder
        self.chance = random.Random(f"{drawn}")
        self.spool = folder / "spool"
        self.problems: list[str] = []
        self.troubles: dict[int, list[check.Trouble]] = {i: [] for i in range(self.count)}
        self.cursors: dict[int, dict[str, check.Cursor]] = {}
        self.accepted: dict[tuple[int, str], int] = {}
        self.bad_ways: dict[int, list[str]] = {i: [] for i in range(self.count)}
        # Which port of a life's an endpoint is sent to, and which was the first of its ledger.
        self.stage = [0] * self.count
        self.ledger_stage: dict[tuple[int, int], int] = {}
        self.removed: set[int] = set()
        self.restaged: set[int] = set()
        self.reversed = False
        self.memory = drawn.memory
        self.stall_timeout = drawn.stall_timeout
        self.bursts = 0
        self.burst_frames = 0
        self.quiet = False
        (folder / "received").mkdir()
        (folder / "collectors").mkdir()
        self._make_disk()
        self.network = self._make_network()
        self.peers = [peers.Peer(i, self.network.address(i), self.network.inside(i),
                                 folder / "received") for i in range(self.count)]
        self.clock = folder / "clock"
        self.clock.write_bytes(struct.pack("=q", 0))
        self.agent = agent.Agent(agent.binary_of(build), folder, self._environment(build))

    @property
    def count(self) -> int:
        """Of endpoints, the witness included."""
        return self.plan.endpoints + 1

    def _make_disk(self) -> None:
        self.disk = None
        if any(fault.kind == "disk-full" for fault in self.plan.faults):
            self.disk = self.folder / "disk"
            self.disk.mkdir()
            network.run("mount", "-t", "tmpfs", "-o", f"size={SPOOL_DISK},mode=0700", "none",
                        str(self.disk))
            self.spool = self.disk / "spool"

    def _make_network(self) -> network.Cables | network.Loopback:
        if not self.abilities.cables:
            return network.Loopback(self.count)
        program = pathlib.Path(__file__).with_name("dns.py")
        return network.Cables(self.count, self.folder, [sys.executable, "-ISB", str(program)])

    def _environment(self, build: pathlib.Path) -> dict[str, str]:
        environment = {"UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
                       "XDG_RUNTIME_DIR": str(self.folder)}
        if any(fault.kind == "clock-stepped" for fault in self.plan.faults):
            # A sanitizer's runtime wants to be the first; the clock needs nothing of it.
            environment |= {"LD_PRELOAD": str(build / "tests" / "chaos" / "libstepped_clock.so"),
                            "STEPPED_CLOCK": str(self.clock),
                            "ASAN_OPTIONS": "verify_asan_link_order=0"}
        return environment

    def start(self) -> None:
        for peer in self.peers:
            peer.start()
        self.give_orders()
        self.start_agent()

    # The configuration.

    def configuration(self) -> dict[str, Any]:
        names = [i for i in range(self.count) if i not in self.removed]
        if self.reversed:
            names.reverse()
        return {
            "http": {"listen": "127.0.0.1:0"}, "control": {"socket": str(self.folder / "control")},
            "log": {"memory": self.memory, "segment": "64KiB",
                    "spool": {"directory": str(self.spool), "max_bytes": "64MiB", "sync": "100ms"}},
            "endpoints": {f"e{i}": self._endpoint(i) for i in names},
            "collectors": {"directories": [], "run": {name: self._collector(name)
                                                      for name in COLLECTORS}}}

    def _endpoint(self, i: int) -> dict[str, Any]:
        port = (peers.BASE_PORT + (self.agent.life_to_be % (peers.PORTS // peers.PORTS_A_LIFE))
                * peers.PORTS_A_LIFE + self.stage[i])
        keys: dict[str, Any] = {
            "url": f"tsdp://{self.network.host(i)}:{port}",
            "back_off": {"min": "20ms", "max": "200ms"}, "connect_timeout": "1s"}
        if i != 0:
            keys |= {"stall_timeout": self.stall_timeout, "heartbeat": "1s"}
        if i == self.plan.filtered:
            keys["match"] = [f"chaos_*_{self.plan.group} *"]
        if i == 1:
            keys |= self.plan.limits
        if self.abilities.orders:
            keys |= {"order": self.plan.orders[i], "catch_up": self.plan.catch_up}
        return keys

    def _collector(self, name: str) -> dict[str, Any]:
        program = pathlib.Path(__file__).with_name("collector.py")
        rate = self.plan.rate if name == "a" else self.plan.rate / 5
        return {"command": [sys.executable, "-ISB", str(program), name,
                            str(self.folder / "collectors"), str(rate),
                            str(self.agent.life_to_be)],
                "mode": "feed", "interval": "1s", "max_frames": 10_000_000, "max_output": "1GiB"}

    # The agent.

    def start_agent(self) -> None:
        self.stage = [0] * self.count
        self.agent.write(self.configuration())
        for i in range(self.count):
            self.ledger_stage[self.agent.life_to_be, i] = 0
        self.agent.start()

    def note_end(self) -> None:
        """Of a life: what the spool says, and what was counted before."""
        life = self.agent.life
        self.cursors[life] = self.agent.saved_cursors(self.spool)
        reading = self.agent.readings[life]
        for name in COLLECTORS:
            self.accepted[life, name] = reading.value("lariat_collector_frames_total",
                                                      collector=name)

    def reload(self) -> None:
        self.agent.reload(self.configuration())

    # Collectors.

    def give_orders(self) -> None:
        for name in COLLECTORS:
            path = self.folder / "collectors" / f"orders.{name}"
            # One of the two floods.
            bursts = self.bursts if name == COLLECTORS[-1] else 0
            draft = path.with_suffix(".draft")
            draft.write_text(f"{bursts} {self.burst_frames} {int(self.quiet)}\n", "ascii")
            draft.rename(path)

    def runs(self) -> list[check.Run]:
        found = []
        for path in (self.folder / "collectors").glob("run.*"):
            if path.suffix in (".count", ".draft"):
                continue
            name, life = path.read_text("ascii").split()
            number, life = int(path.name.split(".")[1]), int(life)
            count = path.with_name(path.name + ".count")
            printed = int(count.read_text("ascii")) if count.exists() else None
            found.append(check.Run(number, life, printed, self.accepted.get((life, name), 0)))
        return found

    # Time.

    def let_run(self, seconds: float) -> None:
        """The round goes on; meanwhile the agent is asked for its ledgers."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            if self.agent.alive:
                self.agent.scrape()
            time.sleep(max(0.0, min(SCRAPE_EVERY, left)))

    def settle(self) -> None:
        """All is healed: the collectors become quiet, and what is queued goes out."""
        self.quiet = True
        self.give_orders()
        ends = time.monotonic() + SETTLE_WITHIN
        since = time.monotonic()
        while time.monotonic() < since + REST:
            if not self._at_rest():
                since = time.monotonic()
            if time.monotonic() > ends:
                raise agent.Failure(f"it does not settle within {SETTLE_WITHIN:.0f} s: "
                                    f"{self.agent.ledgers[self.agent.life]}")
            time.sleep(SCRAPE_EVERY)

    def _at_rest(self) -> bool:
        reading = self.agent.scrape()
        mine = [run for run in self.runs() if run.life == self.agent.life]
        if len(mine) < len(COLLECTORS) or any(run.printed is None for run in mine):
            return False
        # As many as the collectors have printed, and as the log has taken.
        return (reading.value("lariat_log_frames_total") == sum(run.printed for run in mine)
                and reading.value("lariat_endpoint_frames_queued") == 0
                and reading.value("lariat_endpoint_bytes_in_flight") == 0
                and reading.value("lariat_endpoint_write_watcher_active") == 0
                and reading.value("lariat_endpoint_connected") == self.count)

    # The wire.

    def held(self, i: int) -> "Held":
        return Held(self, i)

    def spoil(self, i: int, way: str) -> None:
        self.troubles[i].append(check.Trouble(time.monotonic(), float("inf")))
        self.bad_ways[i].append(way)
        self.network.spoil(i, way)

    def mend(self, i: int, way: str) -> None:
        self.network.mend(i, way)
        self.bad_ways[i].remove(way)
        for trouble in self.troubles[i]:
            trouble.ended = min(trouble.ended, time.monotonic())

    def close(self) -> None:
        self.agent.close()
        for peer in self.peers:
            peer.close()
        self.network.close()
        if self.disk is not None:
            subprocess.run(["umount", "--lazy", str(self.disk)], check=False)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class Held:
    """While it lasts the agent is stopped, and what receiver `i` was sent and has not read is in
    its kernel, acknowledged and written down. So it is known what its death costs.

    On a cable that is bad, packets may come at any time: it is unplugged meanwhile.
    """

    def __init__(self, world: World, i: int) -> None:
        self.world = world
        self.i = i
        self.peer = world.peers[i]
        self.unplug = bool(world.bad_ways[i]) and "unplugged" not in world.bad_ways[i]

    def __enter__(self) -> "Held":
        if self.world.agent.alive:
            self.world.agent.hold()
        if self.peer.stopped:
            self.peer.go_on()
        self.peer.order("pause")
        if self.unplug:
            self.world.network.spoil(self.i, "unplugged")
        self.peer.settle()
        return self

    def write_down(self) -> None:
        unread = self.peer.peek()
        queued = self.peer.rx_queue()
        if queued > unread:
            self.world.problems.append(
                f"e{self.i}: rx_queue says {queued} octets, {unread} were found")

    def __exit__(self, *_: object) -> None:
        if self.unplug:
            self.world.network.plug_again(self.i, self.world.bad_ways[self.i])
        if self.world.agent.alive:
            self.world.agent.go_on()

