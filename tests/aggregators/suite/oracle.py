"""What each output makes of observations, after the project's own table of kinds and formats.

Written from its words alone, so that the agent's encoders are held to them, not to themselves.
"""

import re
from typing import Callable, Iterable

from .observation import DELTA, EVENT, FACT, SAMPLE, STATE, TALLY, Observation
from .server import Points, Series

STATUS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
MOST_INCREMENT = 2**31 - 1
SUFFIX = {EVENT: "_events_total", FACT: "_info"}

Namer = Callable[[Observation], Series | None]


def with_tags(observation: Observation, added: dict[str, str]) -> list[tuple[str, str]]:
    """Its tags in order, and those of `added` that it lacks."""
    own = {key for key, _ in observation.tags}
    more = [(key, value) for key, value in added.items() if key not in own]
    # Sorting is stable: of equal keys the first stays the first.
    return sorted([*observation.tags, *more], key=lambda tag: tag[0].encode())


def firsts(tags: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first of each key."""
    kept: dict[str, str] = {}
    for key, value in tags:
        kept.setdefault(key, value)
    return kept


def clean(pattern: str, text: str) -> str:
    """Each octet that the pattern matches as `_`."""
    octets = re.sub(pattern.encode(), b"_", text.encode())
    return octets.decode()


def points(seen: Iterable[Observation], namer: Namer, appended: int) -> tuple[Points, int]:
    """The points, one or more a second, in order of time, and how many cannot be expressed.

    `appended` is the time of a FACT, which has none.
    """
    totals: dict[Series, int] = {}
    found: Points = {}
    unsupported = 0
    for observation in seen:
        series = namer(observation)
        if series is None:
            unsupported += 1
            continue
        value = 1.0
        if observation.kind in (SAMPLE, DELTA):
            value = observation.values[-1]
        elif observation.kind in (TALLY, EVENT):
            # Of series that become alike here each has a total of its own.
            own = (observation.kind, observation.metric, observation.tags)
            totals[own] = totals.get(own, 0) + observation.count
            value = float(totals[own])
        elif observation.kind == STATE:
            value = float(observation.status)
        at = appended if observation.kind == FACT else observation.time
        found.setdefault(series, []).append((at, value))
    return found, unsupported


def last_of_second(found: Points) -> Points:
    """For those that keep one value a second, the last to come."""
    return {series: sorted(dict(rows).items()) for series, rows in found.items()}


def prometheus(added: dict[str, str], labels: dict[str, str]) -> Namer:
    """`added` are the agent's tags, `labels` the endpoint's."""
    def name(observation: Observation) -> Series:
        tags = [(re.sub("^(?=[0-9])", "_", clean(r"[^a-zA-Z0-9_]", key)), value)
                for key, value in with_tags(observation, added)]
        if observation.kind == FACT:
            tags = [("value", observation.text), *tags]
        kept = firsts(tags)
        for key, value in {"job": "lariat", "instance": kept["host"], **labels}.items():
            kept.setdefault(key, value)
        metric = re.sub("^(?=[0-9])", "_", clean(r"[^a-zA-Z0-9_:]", observation.metric))
        return (metric + SUFFIX.get(observation.kind, ""),
                frozenset((key, value) for key, value in kept.items() if value))
    return name


def influx(added: dict[str, str], labels: dict[str, str], field: str = "") -> Namer:
    """With `field`, as VictoriaMetrics names it: measurement and field."""
    def name(observation: Observation) -> Series:
        tags = with_tags(observation, {**labels, **added})
        if observation.kind == FACT:
            tags = [("value", observation.text), *tags]
        kept = firsts(tags)
        metric = observation.metric + SUFFIX.get(observation.kind, "")
        return (metric + (f"_{field}" if field else ""),
                frozenset((key, value) for key, value in kept.items() if value))
    return name


def _levels(metric: str) -> str:
    return re.sub(r"\.+", ".", clean(r"[^a-zA-Z0-9_:.-]", metric)).strip(".") or "_"


def graphite(added: dict[str, str]) -> Namer:
    """A path: host, metric, values of the other tags."""
    def name(observation: Observation) -> Series | None:
        if observation.kind == FACT:
            return None
        levels, host = [], []
        for key, value in with_tags(observation, added):
            level = clean(r"[^a-zA-Z0-9_:-]", value) or "_"
            (host if key == "host" and not host else levels).append(level)
        metric = _levels(observation.metric) + SUFFIX.get(observation.kind, "")
        return ".".join([*host, metric, *levels]), frozenset()
    return name


def graphite_tags(added: dict[str, str], labels: dict[str, str]) -> Namer:
    """A path, and tags."""
    def name(observation: Observation) -> Series | None:
        if observation.kind == FACT:
            return None
        kept = firsts((clean(r"[^!-~]|[;!^=]", key), clean(r"[^!-~]|;", value))
                      for key, value in with_tags(observation, {**labels, **added}))
        return (_levels(observation.metric) + SUFFIX.get(observation.kind, ""),
                frozenset((key, re.sub("^(~|$)", "_", value)) for key, value in kept.items()
                          if key != "name"))
    return name


def g1(observation: Observation, added: dict[str, str]) -> str:
    """The name of classic Bolo: tags only."""
    tags = [("metric", observation.metric), *with_tags(observation, added)]
    kept = firsts((re.sub("[,=]", "_", key), value.replace(",", "_")) for key, value in tags)
    return ",".join(f"{key}={value}" for key, value in sorted(kept.items()))


def pdus(observation: Observation, added: dict[str, str]) -> list[tuple]:
    """With numbers as such; none if it cannot be expressed."""
    name, at = g1(observation, added), observation.time
    kind, text = observation.kind, observation.text
    if kind == SAMPLE:
        return [("SAMPLE", at, name, *observation.values)]
    if kind == DELTA:
        value = observation.values[0]
        return [("RATE", at, name, int(value))] if value >= 0 else []
    if kind == TALLY:
        whole, rest = divmod(observation.count, MOST_INCREMENT)
        parts = [MOST_INCREMENT] * whole + [rest] * (rest > 0 or whole == 0)
        return [("COUNTER", at, name, part) for part in parts]
    if kind == STATE:
        status = observation.status
        return [("STATE", at, name, status, text or STATUS[status])]
    if kind == EVENT:
        return [("EVENT", at, name, text)]
    return [("SET.KEYS", name, text)]


def parsed(pdu: tuple[str, ...]) -> tuple:
    """A PDU as it came, its numbers as such."""
    kind, *fields = pdu
    if kind == "SET.KEYS":
        return pdu
    number = {"SAMPLE": float, "RATE": int, "COUNTER": int}.get(kind, str)
    numbers = [number(field) for field in fields[2:]]
    if kind == "STATE":
        numbers = [int(fields[2]), *fields[3:]]
    return (kind, int(fields[0]), fields[1], *numbers)
