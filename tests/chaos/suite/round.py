"""One round: draws its faults, lets them happen, heals, waits for rest, judges."""

import dataclasses
import pathlib
import time
import traceback
from typing import Any

from . import agent, check, evidence, faults, peers, plan
from .world import World

MIB = 1 << 20
MEMORY = {"256KiB": MIB // 4, "1MiB": MIB}
# Beside `log.memory`: pages of files read back, in-flight bookkeeping, buffers of HTTP and pipes.
MEMORY_BESIDE = 8 * MIB
ENDS_WITHIN = 10.0


@dataclasses.dataclass
class Result:
    number: int
    faults: list[str]
    verdict: check.Verdict
    seconds: float
    scrapes: int = 0
    ledgers: str = ""  # The last of each life, for who looks into a failure.

    @property
    def good(self) -> bool:
        return not self.verdict.problems


def play(seed: int, number: int, abilities: plan.Abilities, build: pathlib.Path,
         folder: pathlib.Path, sanitized: bool) -> Result:
    began = time.monotonic()
    drawn = plan.draw(seed, number, abilities)
    verdict = check.Verdict()
    world = World(drawn, abilities, build, folder)
    try:
        world.start()
        _happen(world)
        world.settle()
        verdict = check.judge(_gather(world))
        _judge_memory(world, sanitized, verdict)
    except agent.Failure as failure:
        verdict.problems.append(str(failure))
    except Exception:  # A fault of the suite is a failed round, with its place.
        verdict.problems.append(traceback.format_exc())
    finally:
        world.close()
    world.agent.look_at_logs()
    verdict.problems += [*world.problems, *world.agent.problems[:5]]
    return Result(number, [str(fault) for fault in sorted(drawn.faults, key=lambda f: f.at)],
                  verdict, time.monotonic() - began, world.agent.scrapes, str(world.agent.ledgers))


def _happen(world: World) -> None:
    began = time.monotonic()
    steps = [(fault.at, n, faults.begin, fault) for n, fault in enumerate(world.plan.faults)]
    steps += [(fault.at + fault.lasts, n, faults.heal, fault)
              for n, fault in enumerate(world.plan.faults)]
    for at, _, action, fault in sorted(steps, key=lambda step: step[:2]):
        world.let_run(began + at - time.monotonic())
        action(world, fault)
    world.let_run(0.1)


def _gather(world: World) -> check.Round:
    """Ends everything, and collects what there is to be judged."""
    reading = world.agent.scrape()
    # What was said last stands for the last life.
    last = world.agent.life
    world.agent.end()
    world.note_end()
    deadline = time.monotonic() + ENDS_WITHIN
    while time.monotonic() < deadline and any(peer.order("unread") for peer in world.peers):
        time.sleep(0.01)
    for peer in world.peers:
        peer.close()
    _hold_to_rules(world, reading)
    runs = world.runs()
    for run in runs:
        if run.life == last:
            run.accepted = 0  # It told all that it printed.
    return check.Round([_endpoint(world, i) for i in range(world.count)], runs, last,
                       reading.value("lariat_log_frames_total"), world.plan.damages,
                       world.agent.told_lost(), world.plan.may_drop)


def _endpoint(world: World, i: int) -> check.Endpoint:
    name = f"e{i}"
    seen = check.Endpoint(
        name, world.plan.group if i == world.plan.filtered else None,
        evidence.load(world.folder / "received", name, peers.BASE_PORT, peers.PORTS_A_LIFE),
        world.troubles[i], restaged=i in world.restaged)
    for life, cursors in world.cursors.items():
        if name in cursors:
            seen.cursors[life] = cursors[name]
    for life, ledgers in world.agent.ledgers.items():
        if name in ledgers:
            seen.ledgers[life] = ledgers[name]
            seen.first_stage[life] = world.ledger_stage[life, i]
    return seen


def _hold_to_rules(world: World, reading: agent.Reading) -> None:
    for name in ("lariat_collector_rejected_total", "lariat_endpoint_write_wakeups_empty_total",
                 "lariat_loop_spins_total", "lariat_collector_restarts_total"):
        if value := reading.value(name):
            world.problems.append(f"{name} is {value}")


def _judge_memory(world: World, sanitized: bool, verdict: check.Verdict) -> None:
    """Beside a sanitizer's own the numbers would say nothing."""
    if sanitized:
        return
    grown = world.agent.resident_most - world.agent.resident_at_start
    most = MEMORY["1MiB"] + MEMORY_BESIDE
    if grown > most:
        verdict.problems.append(f"the agent grew by {grown / MIB:.1f} MiB, more than "
                                f"{most / MIB:.1f} MiB")


def as_json(result: Result) -> dict[str, Any]:
    return dataclasses.asdict(result)
