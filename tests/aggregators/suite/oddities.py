"""What breaks senders: one of every kind, and what is odd about names, numbers and times."""

import dataclasses
import math

from .observation import DELTA, EVENT, FACT, SAMPLE, STATE, TALLY, Observation

NAME_OCTETS = 4094  # On the wire with its NUL.


def _sample(metric: str, time: int, *values: float, kind: int = SAMPLE,
            **tags: str) -> Observation:
    return Observation(kind, metric, tuple(tags.items()), time, tuple(map(float, values)))


def _tally(time: int, count: int, metric: str = "odd_tally") -> Observation:
    return Observation(TALLY, metric, (("queue", "in"),), time, count=count)


def kinds(at: int) -> list[Observation]:
    """Each kind, as often as it takes for totals; `at` is the first second of ten."""
    web = (("site", "web"),)
    return [
        _sample("odd_values", at, 1.5, -2.5, 3.25, a="1"),
        _tally(at, 1), _tally(at, 2), _tally(at + 1, 40), _tally(at + 2, 5_000_000_000),
        _tally(at, 7, "odd_other_tally"),
        _sample("odd_delta", at, 10, kind=DELTA, a="1"),
        _sample("odd_delta", at + 1, 20.75, kind=DELTA, a="1"),
        _sample("odd_delta", at + 2, 3, kind=DELTA, a="1"),  # It has begun again.
        *(Observation(STATE, "odd_state", (*web, ("code", str(status))), at + status,
                      status=status, text="" if status == 3 else f"tëxt {status}, \"=\"")
          for status in range(4)),
        Observation(EVENT, "odd_event", web, at, text="it böomed, twice"),
        Observation(EVENT, "odd_event", web, at + 3),
        Observation(FACT, "odd_fact", web, text='v=1, "ü" a b'),
    ]


def names(at: int) -> list[Observation]:
    return [
        _sample("odd.dots..and-more", at, 1, a="x.y/z"),
        _sample("odd:classic", at, 2, a="1"),
        _sample("odd_bare", at, 3),
        Observation(SAMPLE, "odd_up", (("up", ""), ("b", "1")), at, (4.0,)),
        _sample("odd_ünicode", at, 5, city="Zürich 東京 🙂", name="n"),
        Observation(SAMPLE, "odd_special", (("a b", "c,d=e"), ("*", '"*"')), at, (6.0,)),
        Observation(SAMPLE, "odd_twice", (("a", "1"), ("a", "2")), at, (7.0,)),
        Observation(SAMPLE, "odd_alike", (("a-b", "1"), ("a_b", "2")), at, (8.0,)),
        _sample("odd_own_host", at, 9, host="other.example"),
        _sample("odd_own_job", at, 10, job="mine", instance="me"),
    ]


def long_names(at: int, host: str) -> list[Observation]:
    """As long as a name may be with the agent's tag: in one value, and in all the tags there are."""
    free = NAME_OCTETS - len(f"odd_long a=,host={host}")
    many = (NAME_OCTETS - len(f"odd_many host={host}")) // 63 - len("k00=,")
    return [
        _sample("odd_long", at, 1, a="x" * free),
        Observation(SAMPLE, "odd_many", tuple((f"k{key:02}", f"{key:02}" + "y" * (many - 2))
                                              for key in range(63)), at, (2.0,)),
    ]


def numbers(at: int) -> list[Observation]:
    """Those that a decimal of 15 digits can hold; and the ones that it cannot, `exact`."""
    big = 2.0**53
    return [_sample("odd_number", at, value, which=str(which)) for which, value in enumerate(
        (big, big - 1, -big, 0.0, -0.5, 1e-9, 123456.789, 1e21, -1e-300))]


def exact(at: int) -> list[Observation]:
    return [_sample("odd_exact", at, value, which=str(which)) for which, value in enumerate(
        (0.1 + 0.2, math.pi, 1.7976931348623157e308, 5e-324, 2.0**63, -1 / 3))]


def refused(at: int) -> list[Observation]:
    """No output may ever see these."""
    return [_sample("odd_nan", at, math.nan, a="1"), _sample("odd_inf", at, math.inf, a="1"),
            _sample("odd_nan", at, 1, math.nan, a="1"),
            _sample("odd_nan", at, -math.inf, kind=DELTA, a="1")]


def negative(at: int) -> Observation:
    return _sample("odd_negative", at, -5, kind=DELTA, a="1")


def ordered(at: int) -> list[Observation]:
    """One after the other, but for two in one second, of which the later one counts."""
    return [_sample("odd_second", at, 1, a="1"), _sample("odd_second", at, 2, a="1"),
            _sample("odd_late", at + 5, 1, a="1"), _sample("odd_late", at + 6, 2, a="1")]


def late(at: int) -> list[Observation]:
    """To come after `ordered`, in another batch."""
    return [dataclasses.replace(ordered(at)[0], values=(3.0,)),
            dataclasses.replace(ordered(at)[2], time=at, values=(4.0,))]
