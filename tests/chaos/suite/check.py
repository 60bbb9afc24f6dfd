"""What must hold of a round, judged from what receivers have and what the agent said: no I/O here.

Each rule stands with its reason. A rule is as strict as what is known allows, and never stricter: a
finding is a fault, of the agent or of this suite.
"""

import bisect
import dataclasses
from typing import Sequence

from . import frames

# A receiver's kernel acknowledges at the latest so long after it took data (Linux: TCP_DELACK_MAX
# is 200 ms); what was read earlier than that before trouble began was known to be acknowledged.
ACKNOWLEDGED_WITHIN = 0.25


@dataclasses.dataclass
class Connection:
    """What one connection brought, in its order."""

    name: str
    life: int                                            # Which start of the agent made it.
    stage: int = 0                                       # To which address of that life.
    keys: list[int] = dataclasses.field(default_factory=list)
    ends: list[int] = dataclasses.field(default_factory=list)    # Offset behind each frame.
    # Frames that lay in the kernel when the reader died.
    unread: list[int] = dataclasses.field(default_factory=list)
    unread_ends: list[int] = dataclasses.field(default_factory=list)
    reads: list[tuple[float, int]] = dataclasses.field(default_factory=list)
    bad: list[str] = dataclasses.field(default_factory=list)

    @property
    def began(self) -> float:
        return self.reads[0][0]

    @property
    def ended(self) -> float:
        return self.reads[-1][0]

    def read_before(self, time: float) -> int:
        """Octets read by then."""
        at = bisect.bisect_right(self.reads, (time, 1 << 62))
        return self.reads[at - 1][1] if at else 0


@dataclasses.dataclass
class Trouble:
    """Acknowledgements of an endpoint may have been lost, or cut off, from `began` on.

    Either its network was bad, up to `ended`. Or all was well and the connections that there were
    at `began` were ended nevertheless, by the receiver or by the agent: `ended` is `began` then.
    Where the agent went to another address those up to `left` are meant, though their receiver may
    have been stopped and have taken them later."""

    began: float
    ended: float
    left: tuple[int, int] | None = None  # Life and stage.

    def meets(self, connection: Connection) -> bool:
        if self.left is not None and (connection.life, connection.stage) <= self.left:
            return connection.ended >= self.began - ACKNOWLEDGED_WITHIN
        return connection.began <= self.ended and connection.ended >= self.began - 1


@dataclasses.dataclass
class Cursor:
    """Where the spool says an endpoint goes on, as it stood when a life of the agent had ended."""

    acked: int
    backlog: list[tuple[int, int]] = dataclasses.field(default_factory=list)

    def behind(self, sequence: int) -> bool:
        """It goes out again in the next life."""
        return sequence >= self.acked or any(a <= sequence < b for a, b in self.backlog)


@dataclasses.dataclass
class Ledger:
    accepted: int = 0
    delivered: int = 0
    queued: int = 0
    resent: int = 0
    dropped: dict[str, int] = dataclasses.field(default_factory=dict)

    @property
    def given_up(self) -> int:
        return sum(self.dropped.values())

    def balances(self) -> bool:
        return self.accepted == self.delivered + self.given_up + self.queued


@dataclasses.dataclass
class Endpoint:
    name: str
    group: int | None = None              # The class of frames that `match` lets pass; None: all.
    connections: list[Connection] = dataclasses.field(default_factory=list)
    troubles: list[Trouble] = dataclasses.field(default_factory=list)
    cursors: dict[int, Cursor] = dataclasses.field(default_factory=dict)  # By the life that ended.
    ledgers: dict[int, Ledger] = dataclasses.field(default_factory=dict)  # The last of each life.
    # At which address the count of a life's ledger began: one that is removed and comes back counts
    # from 0, and `restaged` says that it did.
    first_stage: dict[int, int] = dataclasses.field(default_factory=dict)
    restaged: bool = False

    def wants(self, key: int) -> bool:
        return self.group is None or frames.class_of(key) == self.group


@dataclasses.dataclass
class Run:
    """One start of one collector."""

    number: int
    life: int
    printed: int | None = None  # All that it printed, if it lived to tell.
    accepted: int = 0           # Of it, as the agent said at a scrape before the life ended.


@dataclasses.dataclass
class Round:
    endpoints: list[Endpoint]      # The first is the witness: nothing is ever done to it.
    runs: list[Run]
    last_life: int                 # It ended at rest.
    published: int                 # Frames appended in the last life, as the agent says.
    damaged: bool = False          # Files of the spool were damaged,
    told_lost: int = 0             # and so many frames were lost with them by the agent's log.
    may_drop: bool = False         # Limits are tight or the disk was full: the ledger tells.


@dataclasses.dataclass
class Verdict:
    frames: int = 0       # Different ones that receivers have, summed over the endpoints.
    unread: int = 0       # Lost: acknowledged, and unread when their receiver was killed.
    dropped: int = 0      # Lost: the ledger says so.
    doubled: int = 0      # Came again, and may have.
    lost_beyond: int = 0
    doubled_beyond: int = 0
    bad: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)


class Order:
    """The sequence of each frame in the log: the order in which the witness has them first. Frames
    that only others have stand behind, without a number."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self.keys: list[int] = []
        self.sequence: dict[int, int] = {}
        for connection in endpoints[0].connections:
            for key in connection.keys:
                if key not in self.sequence:
                    self.sequence[key] = len(self.keys)
                    self.keys.append(key)
        self.others = sorted({key for endpoint in endpoints[1:] for connection in
                              endpoint.connections for key in connection.keys} -
                             self.sequence.keys())
        self.all = [*self.keys, *self.others]


def judge(seen: Round) -> Verdict:
    verdict = Verdict()
    order = Order(seen.endpoints)
    if order.others and not seen.damaged and not _given_up(seen.endpoints[0]):
        # Every frame is written to the spool before any peer gets it, and nothing delays the
        # witness: what one has the others get.
        verdict.problems.append(
            f"{len(order.others)} frames reached others and never the witness, the first "
            f"{_shown(order.others[0])}")
    nowhere = _judge_runs(seen, order, verdict)
    for endpoint in seen.endpoints:
        _judge_streams(endpoint, verdict)
        _judge_losses(endpoint, order, seen, nowhere, verdict)
        _judge_doubles(endpoint, order, seen, verdict)
        _judge_ledgers(endpoint, order, seen, verdict)
    return verdict


def _given_up(endpoint: Endpoint) -> int:
    return sum(ledger.given_up for ledger in endpoint.ledgers.values())


def _shown(key: int) -> str:
    return f"{key // frames.RUN}:{key % frames.RUN}"


def _judge_streams(endpoint: Endpoint, verdict: Verdict) -> None:
    for connection in endpoint.connections:
        verdict.bad += len(connection.bad)
        verdict.problems += [f"{endpoint.name}: connection {connection.name}: {text}"
                             for text in connection.bad[:3]]


def _received(endpoint: Endpoint) -> set[int]:
    return {key for connection in endpoint.connections for key in connection.keys}


def _unread(endpoint: Endpoint) -> set[int]:
    return {key for connection in endpoint.connections for key in connection.unread}


def _judge_losses(endpoint: Endpoint, order: Order, seen: Round, nowhere: int,
                  verdict: Verdict) -> None:
    """Of all that anybody has, and of `nowhere` frames that nobody has, (a) what the ledger counts
    as dropped and (b) what was acknowledged and unread at a kill may be missing, nothing else.
    Lives that ended without a last word are drawn only in rounds in which nothing may be dropped,
    so that the sum over the lives is all there is.

    Of what cannot be read any more nobody knows whether it would have passed a filter: it counts as
    dropped, whatever it was. For an endpoint that is not configured nothing is kept: when it is back
    it counts what it has missed as dropped."""
    have = _received(endpoint)
    unread = _unread(endpoint)
    missing = [key for key in order.all if endpoint.wants(key) and key not in have]
    with_reader = sum(key in unread for key in missing)
    given_up = _given_up(endpoint)
    verdict.frames += len(have)
    verdict.unread += with_reader
    verdict.dropped += given_up
    if endpoint.group is None and not seen.damaged:
        given_up -= min(nowhere, given_up)
    beyond = len(missing) - with_reader - given_up
    if beyond > 0:
        verdict.lost_beyond += beyond
        first = next(key for key in missing if key not in unread)
        verdict.problems.append(
            f"{endpoint.name}: {len(missing)} frames are missing, {with_reader} were unread by a "
            f"killed receiver, {given_up} are counted as dropped; the first is {_shown(first)}, "
            f"sequence {order.sequence.get(first)}")
    if given_up and not (seen.may_drop or seen.damaged or endpoint.restaged):
        verdict.problems.append(
            f"{endpoint.name}: {given_up} frames were dropped, and nothing allows it")
    strange = [key for key in have if not endpoint.wants(key)]
    if strange:
        verdict.bad += len(strange)
        verdict.problems.append(f"{endpoint.name}: {len(strange)} frames do not match its filter")


def _acknowledged_octets(endpoint: Endpoint, connection: Connection) -> int:
    """Octets of a connection that were surely known to be acknowledged when it died: all of them,
    unless there was trouble while it lived; then those that were read before the trouble."""
    begins = [trouble.began for trouble in endpoint.troubles if trouble.meets(connection)]
    if not begins:
        return 1 << 62
    return connection.read_before(min(begins) - ACKNOWLEDGED_WITHIN)


def _judge_doubles(endpoint: Endpoint, order: Order, seen: Round, verdict: Verdict) -> None:
    """Twice comes only what was unacknowledged when a connection died, or what lay behind the saved
    cursor when the agent ended."""
    last: dict[int, tuple[Connection, int, int]] = {}  # Where a frame came last: end, acknowledged.
    allowed = 0
    resent: dict[int, int] = {}  # By life: what came again within it.
    beyond: list[int] = []
    for connection in endpoint.connections:
        acknowledged = _acknowledged_octets(endpoint, connection)
        for key, end in zip(connection.keys, connection.ends):
            before = last.get(key)
            if before is not None:
                if before[0].life == connection.life:
                    resent[connection.life] = resent.get(connection.life, 0) + 1
                if _may_come_again(endpoint, order, key, before, connection):
                    allowed += 1
                else:
                    beyond.append(key)
            last[key] = (connection, end, acknowledged)
        # Of a reader that was killed while all was well: the kernel's word stands for it.
        for key, end in zip(connection.unread, connection.unread_ends):
            last.setdefault(key, (connection, end, acknowledged))
    _judge_resent(endpoint, resent, seen, verdict)
    verdict.doubled += allowed
    verdict.doubled_beyond += len(beyond)
    if beyond:
        verdict.problems.append(
            f"{endpoint.name}: {len(beyond)} frames came again although they were acknowledged, "
            f"the first is {_shown(beyond[0])}, sequence {order.sequence.get(beyond[0])}")


def _judge_resent(endpoint: Endpoint, resent: dict[int, int], seen: Round,
                  verdict: Verdict) -> None:
    """The agent knows what it has sent again, though not whether it had come before."""
    ledger = endpoint.ledgers.get(seen.last_life)
    came = resent.get(seen.last_life, 0)
    if ledger is not None and not endpoint.restaged and came > ledger.resent:
        verdict.problems.append(f"{endpoint.name}: {came} frames came again in the last life, and "
                                f"{ledger.resent} were resent by its word")


def _may_come_again(endpoint: Endpoint, order: Order, key: int,
                    before: tuple[Connection, int, int], now: Connection) -> bool:
    then, end, acknowledged = before
    if then is now:
        return False
    if then.life == now.life:
        return end > acknowledged
    sequence = order.sequence.get(key)
    # One that only others have has no number; that is told elsewhere.
    return sequence is None or any(
        endpoint.cursors[life].behind(sequence)
        for life in range(then.life, now.life) if life in endpoint.cursors)


def _judge_ledgers(endpoint: Endpoint, order: Order, seen: Round, verdict: Verdict) -> None:
    """At rest: what the agent says of its last life is what the receiver counts by the numbers."""
    def say(text: str) -> None:
        verdict.problems.append(f"{endpoint.name}: {text}")

    for life, ledger in endpoint.ledgers.items():
        taken = {key for connection in endpoint.connections
                 if connection.life == life
                 and connection.stage >= endpoint.first_stage.get(life, 0)
                 for key in [*connection.keys, *connection.unread]}
        if ledger.delivered > len(taken):
            say(f"life {life}: {ledger.delivered} frames delivered by its word, and its "
                f"connections brought {len(taken)}")
        if life != seen.last_life:
            continue
        if ledger.queued:
            say(f"at rest {ledger.queued} frames are queued")
        # What was not acknowledged when its connection died may have come, and if it is given up
        # before it can go out again, it stands as dropped.
        in_doubt = ledger.given_up if endpoint.troubles else 0
        if not ledger.delivered <= len(taken) <= ledger.delivered + in_doubt:
            say(f"at rest {ledger.delivered} frames are delivered by its word, and its connections "
                f"brought {len(taken)}")
        if seen.damaged or endpoint.restaged:
            continue
        start = endpoint.cursors.get(life - 1, Cursor(0))
        wanted = sum(endpoint.wants(key) and start.behind(sequence)
                     for sequence, key in enumerate(order.keys))
        if _given_up(seen.endpoints[0]):
            # The witness does not have all. There was one life then.
            if endpoint.group is not None:
                continue
            wanted = seen.published
        if ledger.accepted != wanted:
            say(f"at rest {ledger.accepted} frames were accepted by its word, and it went on at "
                f"{start.acked} of {len(order.keys)}: {wanted}")


def _judge_runs(seen: Round, order: Order, verdict: Verdict) -> int:
    """What a collector printed is in the log without a hole. The end of a run may be missing if the
    agent was killed before it took it, but not what was counted at a scrape before. How many frames
    nobody has: each endpoint must have given them up, or the log says that they were damaged."""
    numbers: dict[int, list[int]] = {}
    for key in order.all:
        numbers.setdefault(key // frames.RUN, []).append(key % frames.RUN)
    nowhere = 0
    for run in seen.runs:
        got = numbers.pop(run.number, [])
        least = max(run.accepted, max(got, default=-1) + 1)
        nowhere += (least if run.printed is None else run.printed) - len(got)
    allowed = min((_given_up(endpoint) for endpoint in seen.endpoints if endpoint.group is None),
                  default=0) + seen.told_lost
    if nowhere > allowed or nowhere < 0:
        verdict.lost_beyond += max(0, nowhere - allowed)
        verdict.problems.append(
            f"{nowhere} frames that collectors printed reached nobody, {allowed} were given up by "
            f"all or damaged")
    for number in numbers:
        verdict.bad += len(numbers[number])
        verdict.problems.append(f"frames of run {number} came, which never was")
    printed = sum(run.printed or 0 for run in seen.runs if run.life == seen.last_life)
    if printed != seen.published:
        verdict.problems.append(f"{seen.published} frames were published in the last life by its "
                                f"word, {printed} were printed")
    return nowhere
