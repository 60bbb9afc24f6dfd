"""A reader of TSDP of its own, so that the agent's encoder is not judged by its own decoder."""

import struct
from typing import Iterator, NamedTuple

HEARTBEAT = 0
SUBMIT = 1
UINT, FLOAT, STRING, TSTAMP = 0, 1, 2, 6
# The kinds of SUBMIT that numbered frames come as.
SAMPLE, DELTA, EVENT = 0x0001, 0x0004, 0x0010
# Most fields of a message that we take; the frames of this suite have a dozen.
MAX_FIELDS = 300


class Malformed(Exception):
    """What is at `offset` is no message; nothing behind it can be trusted."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"octet {offset}: {why}")
        self.offset = offset


class Message(NamedTuple):
    opcode: int
    mask: int
    fields: list[tuple[int, int, int]]  # type, first octet of the body, behind its last
    end: int                            # offset behind its last octet


def messages(data: bytes) -> Iterator[Message]:
    """Whole messages from the front. Ends in front of one that is not all there."""
    position = 0
    size = len(data)
    while position + 4 <= size:
        start = position
        first = data[position]
        if first not in (0x10, 0x11):
            raise Malformed(start, f"an agent sends no message that begins with {first:#04x}")
        mask = data[position + 2] << 8 | data[position + 3]
        position += 4
        fields = []
        while True:
            if position + 2 > size:
                return
            head = data[position]
            body = position + 2
            position = body + ((head & 0x0F) << 8 | data[position + 1])
            if position > size:
                return
            fields.append(((head & 0x70) >> 4, body, position))
            if head & 0x80:
                break
            if len(fields) > MAX_FIELDS:
                raise Malformed(start, f"a message of more than {MAX_FIELDS} fields")
        yield Message(first & 0x0F, mask, fields, position)


def heartbeat_count(data: bytes, message: Message) -> int | None:
    """The messages before it on its connection, as it says; None if it is no whole heartbeat."""
    shape = [(kind, end - begin) for kind, begin, end in message.fields]
    if message.mask != 0 or shape != [(TSTAMP, 8), (UINT, 8)]:
        return None
    return struct.unpack_from(">Q", data, message.fields[1][1])[0]
