"""What each kind of fault does to the world, and how it is healed."""

import os
import pathlib
import struct
import time
from typing import Callable

from . import check, plan
from .world import World

SLOW = 1024          # Octets a second.
DAMAGED_FILES = 2


def begin(world: World, fault: plan.Fault) -> None:
    """A fault finds what other faults have left: one that makes no sense then is left out."""
    BEGIN[fault.kind](world, fault)


def heal(world: World, fault: plan.Fault) -> None:
    if action := HEAL.get(fault.kind):
        action(world, fault)


# Receivers.

def _kill_receiver(world: World, fault: plan.Fault) -> None:
    peer = world.peers[fault.target]
    if world.chance.random() < 0.7:
        # So that something lies unread.
        peer.order("pause")
        world.let_run(world.chance.random() * 0.1)
    with world.held(fault.target) as held:
        held.write_down()
        peer.kill()


def _start_receiver(world: World, fault: plan.Fault) -> None:
    world.peers[fault.target].start()


def _stop_receiver(world: World, fault: plan.Fault) -> None:
    world.peers[fault.target].stop()


def _continue_receiver(world: World, fault: plan.Fault) -> None:
    world.peers[fault.target].go_on()


def _slow_receiver(world: World, fault: plan.Fault) -> None:
    world.peers[fault.target].order(f"slow {SLOW}")


def _resume_receiver(world: World, fault: plan.Fault) -> None:
    world.peers[fault.target].order("resume")


def _pause_receiver(world: World, fault: plan.Fault) -> None:
    world.peers[fault.target].order("pause")


def _reset_receiver(world: World, fault: plan.Fault) -> None:
    peer = world.peers[fault.target]
    with world.held(fault.target) as held:
        # Few frames end where this ends.
        peer.order(f"trim {world.chance.randint(1, 300)}")
        held.write_down()
        peer.order("reset")
    peer.order("resume")


def _close_receiver(world: World, fault: plan.Fault) -> None:
    _left(world, fault.target)
    world.peers[fault.target].order("close")


def _left(world: World, target: int, left: tuple[int, int] | None = None) -> None:
    """A connection ends although all is well with it: what is on its way comes twice."""
    now = time.monotonic()
    world.troubles[target].append(check.Trouble(now, now, left))


# Cables and names.

def _spoil_cable(world: World, fault: plan.Fault) -> None:
    world.spoil(fault.target, fault.how)


def _mend_cable(world: World, fault: plan.Fault) -> None:
    world.mend(fault.target, fault.how)


def _break_names(world: World, fault: plan.Fault) -> None:
    world.network.names(fault.how)


def _mend_names(world: World, _: plan.Fault) -> None:
    world.network.names("good")


# The agent.

def _kill_agent(world: World, _: plan.Fault) -> None:
    world.agent.kill()
    world.note_end()


def _end_agent(world: World, _: plan.Fault) -> None:
    # It has a few seconds for what can be delivered; a receiver that is away costs it those.
    world.agent.end()
    world.note_end()


def _start_agent(world: World, _: plan.Fault) -> None:
    world.start_agent()


def _reload_agent(world: World, fault: plan.Fault) -> None:
    match fault.how:
        case "limits":
            world.memory = "1MiB" if world.memory == "256KiB" else "256KiB"
            world.stall_timeout = "2s" if world.stall_timeout == "1s" else "1s"
        case "reorder":
            world.reversed = not world.reversed
        case "remove":
            _left(world, fault.target, (world.agent.life, world.stage[fault.target]))
            world.removed.add(fault.target)
        case "readdress":
            _left(world, fault.target, (world.agent.life, world.stage[fault.target]))
            world.stage[fault.target] += 1
    world.reload()


def _reload_back(world: World, fault: plan.Fault) -> None:
    if fault.how != "remove":
        return
    i = fault.target
    world.removed.remove(i)
    world.restaged.add(i)
    world.stage[i] += 1
    world.ledger_stage[world.agent.life, i] = world.stage[i]
    world.reload()


def _take_descriptors(world: World, fault: plan.Fault) -> None:
    world.agent.limit_descriptors(fault.how)


def _give_descriptors(world: World, _: plan.Fault) -> None:
    world.agent.free_descriptors()


# The disk.

def _fill_disk(world: World, _: plan.Fault) -> None:
    with open(world.disk / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass


def _empty_disk(world: World, _: plan.Fault) -> None:
    (world.disk / "filler").unlink()


def _damage(world: World, _: plan.Fault) -> None:
    files = sorted(world.spool.glob("*.seg"))
    for path in world.chance.sample(files, min(DAMAGED_FILES, len(files))):
        _damage_file(world, path)


def _damage_file(world: World, path: pathlib.Path) -> None:
    """Some octets of it become others, or zeros, anywhere in it: its head too."""
    with open(path, "r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        at = world.chance.randrange(max(1, size))
        octets = os.pread(file.fileno(), world.chance.choice((1, 8, 64, 4096)), at)
        if world.chance.random() < 0.3:
            changed = bytes(len(octets))
        else:
            changed = bytes(octet ^ 0x5A for octet in octets)
        os.pwrite(file.fileno(), changed, at)


def _damage_while_down(world: World, fault: plan.Fault) -> None:
    _kill_agent(world, fault)
    _damage(world, fault)


# The rest.

def _step_clock(world: World, fault: plan.Fault) -> None:
    with open(world.clock, "r+b", buffering=0) as file:
        os.pwrite(file.fileno(), struct.pack("=q", fault.how), 0)


def _flood(world: World, fault: plan.Fault) -> None:
    world.bursts += 1
    world.burst_frames = fault.how
    world.give_orders()


Action = Callable[[World, plan.Fault], None]

BEGIN: dict[str, Action] = {
    "receiver-killed": _kill_receiver, "receiver-stopped": _stop_receiver,
    "receiver-slow": _slow_receiver, "receiver-reset": _pause_receiver,
    "receiver-closed": _close_receiver, "half-open": _spoil_cable, "throttled": _spoil_cable,
    "dns-failing": _break_names, "agent-killed": _kill_agent, "agent-restarted": _end_agent,
    "agent-reloaded": _reload_agent, "disk-full": _fill_disk, "segment-damaged": _damage,
    "segment-damaged-down": _damage_while_down, "clock-stepped": _step_clock, "flood": _flood,
    "descriptors-exhausted": _take_descriptors}
HEAL: dict[str, Action] = {
    "receiver-killed": _start_receiver, "receiver-stopped": _continue_receiver,
    "receiver-slow": _resume_receiver, "receiver-reset": _reset_receiver,
    "half-open": _mend_cable, "throttled": _mend_cable, "dns-failing": _mend_names,
    "agent-killed": _start_agent, "agent-restarted": _start_agent, "agent-reloaded": _reload_back,
    "disk-full": _empty_disk, "segment-damaged-down": _start_agent,
    "descriptors-exhausted": _give_descriptors}
assert set(BEGIN) == set(plan.KINDS)
