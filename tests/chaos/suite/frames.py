"""Numbered frames: how collectors print them, and what of them a receiver must find.

A frame's key is its run (one start of one collector) and its number in it, from 0. All else follows
from the number: its kind, its class, its values, its length. So a frame that came changed is seen.
"""

import struct

from . import tsdp

# Key = run * RUN + number.
RUN = 10_000_000
CLASSES = 3  # `match` of a filtered endpoint chooses one of them.
MAX_MORE = 6
MAX_PAD = 400
KINDS = ("sample", "sample", "event", "delta")
MASKS = {"sample": tsdp.SAMPLE, "event": tsdp.EVENT, "delta": tsdp.DELTA}


def more_values(number: int) -> int:
    """How many values a SAMPLE has beside its key."""
    return number * 7919 % 97 % MAX_MORE


def pad(number: int) -> int:
    """Octets behind the key of an EVENT."""
    return number * 31 % MAX_PAD


def class_of(key: int) -> int:
    return key % RUN % CLASSES


def line(time: int, key: int, collector: str) -> str:
    """The frame as a collector prints it."""
    number = key % RUN
    kind = KINDS[number % len(KINDS)]
    head = f"{kind} {time} chaos_{kind}_{number % CLASSES} c={collector} {key}"
    if kind == "sample":
        head += "".join(f" {key + i + 1}" for i in range(more_values(number)))
    elif kind == "event":
        head += " " + "x" * pad(number)
    return head + "\n"


def key_of(data: bytes, message: tsdp.Message, names: dict[bytes, tuple[str, int] | None]) -> int:
    """The key of a whole SUBMIT; -1 if it is not what its key says it must be. `names` is kept
    between calls: what each name was found to mean."""
    fields = message.fields
    name = data[fields[0][1]:fields[0][2]]
    meaning = names.get(name, ())
    if meaning == ():
        meaning = names[name] = _meaning(name)
    if meaning is None or len(fields) < 3 or message.mask != MASKS[meaning[0]]:
        return -1
    kind, group = meaning
    _, begin, end = fields[2]
    if kind == "event":
        return _event_key(data[begin:end], group)
    if end - begin != 8:
        return -1
    value = struct.unpack_from(">d", data, begin)[0]
    if not 0 <= value < 2**53 or value != int(value):
        return -1
    key = int(value)
    number = key % RUN
    if KINDS[number % len(KINDS)] != kind or number % CLASSES != group:
        return -1
    wanted = more_values(number) if kind == "sample" else 0
    if len(fields) != 3 + wanted:
        return -1
    for i in range(wanted):
        if struct.unpack_from(">d", data, fields[3 + i][1])[0] != key + i + 1:
            return -1
    return key


def _meaning(name: bytes) -> tuple[str, int] | None:
    """Kind and class; None for a name that no collector of ours printed."""
    parts = name.rstrip(b"\0").decode("ascii", errors="replace").split(" ", 1)
    words = parts[0].split("_")
    if len(words) != 3 or words[0] != "chaos" or words[1] not in MASKS or not words[2].isdigit():
        return None
    if len(parts) != 2 or not parts[1].startswith("c="):
        return None
    return words[1], int(words[2])


def _event_key(text: bytes, group: int) -> int:
    digits, _, rest = text.rstrip(b"\0").partition(b" ")
    if not digits.isdigit():
        return -1
    key = int(digits)
    number = key % RUN
    if KINDS[number % len(KINDS)] != "event" or number % CLASSES != group:
        return -1
    return key if rest.rstrip(b" ") == b"x" * pad(number) else -1
