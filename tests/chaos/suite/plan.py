"""What happens in a round: drawn from the seed and the round's number alone."""

import dataclasses
import random
from typing import Any

from . import network

# Seconds before the first fault, and those in which faults begin.
WARM_UP = 0.4
SPREAD = 1.2
LONG_OUTAGE = 11.0

RECEIVER = ("receiver-killed", "receiver-stopped", "receiver-slow", "receiver-reset",
            "receiver-closed")
AGENT = ("agent-killed", "agent-restarted", "agent-reloaded")
RELOADS = ("limits", "reorder", "remove", "readdress")
KINDS = (*RECEIVER, "half-open", "throttled", "dns-failing", *AGENT, "disk-full", "segment-damaged",
         "segment-damaged-down", "clock-stepped", "flood", "descriptors-exhausted")
# A ledger that ends without a last word is not drawn beside what may drop frames: it would be read
# too early.
ENDS_LEDGER = {"agent-killed", "agent-restarted", "agent-reloaded"}
DROPS = {"disk-full", "descriptors-exhausted", "segment-damaged", "segment-damaged-down"}


@dataclasses.dataclass
class Abilities:
    """What this host and this agent allow; a fault that needs more is not drawn."""

    cables: bool = False
    clock: bool = False
    tmpfs: bool = False
    orders: bool = False  # The key `order` is known.
    kinds: list[str] = dataclasses.field(default_factory=list)  # Asked for alone; none: all.

    def lacking(self) -> dict[str, str]:
        """Kinds of fault that cannot be had, and why."""
        lacks = {}
        if not self.cables:
            lacks |= dict.fromkeys(("half-open", "throttled", "dns-failing"),
                                   "no network namespaces")
        if not self.tmpfs:
            lacks["disk-full"] = "no tmpfs can be mounted"
        if not self.clock:
            lacks["clock-stepped"] = "libstepped_clock.so is not built"
        return lacks


@dataclasses.dataclass
class Fault:
    kind: str
    at: float
    lasts: float
    target: int = 0                # The endpoint.
    how: Any = None

    def __str__(self) -> str:
        where = f"@e{self.target}" if self.target else ""
        how = f"({self.how})" if self.how is not None else ""
        return f"{self.kind}{where}{how}"


@dataclasses.dataclass
class Plan:
    endpoints: int                 # Beside the witness, which is number 0.
    filtered: int | None           # The endpoint with a `match`, and the class that it passes.
    group: int
    memory: str
    stall_timeout: str
    orders: list[str]              # By endpoint.
    catch_up: float
    limits: dict[str, str]         # Of endpoint 1.
    rate: int
    faults: list[Fault]

    @property
    def may_drop(self) -> bool:
        return bool(self.limits) or any(fault.kind in DROPS for fault in self.faults)

    @property
    def damages(self) -> bool:
        return any(fault.kind.startswith("segment-damaged") for fault in self.faults)

    def ends(self) -> float:
        return max(fault.at + fault.lasts for fault in self.faults)


def draw(seed: int, number: int, abilities: Abilities) -> Plan:
    chance = random.Random(f"lariat {seed} {number}")
    endpoints = chance.choice((2, 3))
    plan = Plan(
        endpoints=endpoints, filtered=endpoints if chance.random() < 0.4 else None,
        group=chance.randrange(3), memory=chance.choice(("256KiB", "1MiB")),
        stall_timeout=chance.choice(("500ms", "1s", "30s")),
        orders=["fifo", *(chance.choice(("fifo", "fresh-first")) for _ in range(3))],
        catch_up=chance.choice((0.0, 4.0, 20.0)), limits={}, rate=chance.choice((500, 1500, 3000)),
        faults=[])
    if chance.random() < 0.1:
        plan.limits = chance.choice(({"max_bytes": "128KiB"}, {"max_age": "1s"},
                                     {"max_bytes": "256KiB", "max_age": "1s"}))
    lacking = abilities.lacking()
    kinds = [kind for kind in abilities.kinds or KINDS if kind not in lacking]
    # What a spool is there for, and what does not fit beside much else.
    kinds += [kind for kind in kinds if kind == "agent-killed"] * 3
    if not kinds:
        raise ValueError("of the faults asked for none can be had here")
    wanted = chance.choice((1, 2, 2, 3, 3, 4, 5))
    for _ in range(50):  # Some do not fit beside others.
        if len(plan.faults) < wanted:
            _add(plan, chance.choice(kinds), chance)
    if chance.random() < 0.5:
        # Without a backlog many faults have nothing to hit.
        _add(plan, "flood", chance)
    if abilities.orders and chance.random() < 0.03:
        _add_long_outage(plan, chance)
    return plan


def _add_long_outage(plan: Plan, chance: random.Random) -> None:
    target = chance.randint(1, plan.endpoints)
    plan.faults = [fault for fault in plan.faults if fault.target != target]
    plan.faults.append(Fault("receiver-killed", WARM_UP, LONG_OUTAGE, target, "long"))


def _fits(plan: Plan, kind: str) -> bool:
    drawn = {fault.kind for fault in plan.faults}
    if kind in ENDS_LEDGER:
        return not plan.may_drop and len([f for f in plan.faults if f.kind in AGENT]) < 3
    if kind in DROPS and drawn & ENDS_LEDGER:
        return False
    # One at a time of what works on the spool or the descriptors as a whole.
    return kind not in DROPS or not drawn & DROPS


def _add(plan: Plan, kind: str, chance: random.Random) -> None:
    if not _fits(plan, kind) or (plan.limits and kind in DROPS):
        return
    at = WARM_UP + chance.random() * SPREAD
    lasts = 0.1 + chance.random() * 1.2
    target = chance.randint(1, plan.endpoints)
    fault = Fault(kind, at, lasts, target)
    match kind:
        case "half-open":
            fault.how = chance.choice(("unplugged", "acks-lost", "data-lost"))
            # Often so long that the agent gives the connection up.
            fault.lasts = 0.5 + 2.5 * chance.random()
        case "throttled":
            fault.how = chance.choice(("trickle", "lossy"))
        case "dns-failing":
            fault.target = chance.randrange(1, plan.endpoints + 1, 2)
            fault.how = chance.choice(("silent", "nxdomain", "servfail"))
        case "agent-reloaded":
            fault.how = chance.choice(RELOADS)
        case "agent-killed":
            # Each endpoint is known to the spool by then.
            fault.at = max(fault.at, WARM_UP + 0.4)
        case "clock-stepped":
            fault.how = chance.choice((-3600, -60, -5, 5, 60, 3600))
        case "flood":
            fault.how = chance.choice((3000, 8000, 20000))
        case "descriptors-exhausted":
            fault.how = chance.choice((0, 0, 1, 2))
    _place(plan, fault, chance)


def _place(plan: Plan, fault: Fault, chance: random.Random) -> None:
    """What one receiver, cable or process can have only once at a time follows what it has."""
    with_it = []
    if fault.kind in ("segment-damaged", "segment-damaged-down"):
        # Somebody has to be behind, so that what is damaged is missed.
        with_it = [Fault("receiver-killed", WARM_UP, 1.4 + chance.random(), fault.target),
                   Fault("flood", WARM_UP + 0.3, 0.0, 0, 20000)]
        fault.at = WARM_UP + 0.7 + 0.3 * chance.random()
        fault.lasts = 0.3
    elif fault.kind == "agent-killed" and chance.random() < 0.5:
        # In the middle of work.
        with_it = [Fault("flood", fault.at - 0.02 - 0.2 * chance.random(), 0.0, 0, 20000)]
        if chance.random() < 0.5:
            # And of catching up: its receiver is back just before.
            away = Fault("receiver-killed", fault.at - 0.35, 0.25 + 0.1 * chance.random(),
                         fault.target)
            with_it.append(away)
    elif fault.kind == "half-open" and chance.random() < 0.4:
        # It dies with data on its way, and nobody hears of it before the cable is mended.
        with_it = [Fault("flood", fault.at - 0.1 + 0.2 * chance.random(), 0.0, 0, 3000),
                   Fault("receiver-killed", fault.at + 0.3 * fault.lasts, 0.4 * fault.lasts,
                         fault.target)]
    elif fault.kind in ("dns-failing", "descriptors-exhausted"):
        with_it = [Fault("receiver-killed", fault.at + 0.05, 0.1 + fault.lasts / 2, fault.target)]
    placed = [*with_it, fault]
    for one in placed:
        for other in plan.faults:
            if _room(one) == _room(other) and one.at < other.at + other.lasts + 0.1 \
                    and other.at < one.at + one.lasts + 0.1:
                return
    plan.faults += placed


def _room(fault: Fault) -> tuple[str, int]:
    if fault.kind in RECEIVER:
        return "receiver", fault.target
    if fault.kind in ("half-open", "throttled"):
        return "cable", fault.target
    if fault.kind in AGENT or fault.kind.startswith("segment-damaged"):
        return "agent", 0
    return fault.kind, 0


assert set(network.WAYS) == {"unplugged", "acks-lost", "data-lost", "trickle", "lossy"}
