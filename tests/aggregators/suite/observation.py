"""Observations, and TSDP written and read here, so that the agent is not judged by its own code."""

import dataclasses
import struct
from typing import Iterator

SAMPLE, TALLY, DELTA, STATE, EVENT, FACT = 1, 2, 4, 8, 16, 32
_UINT, _FLOAT, _STRING, _TSTAMP, _FINAL = 0x00, 0x10, 0x20, 0x60, 0x80
_SUBMIT = 0x11


@dataclasses.dataclass(frozen=True)
class Observation:
    kind: int
    metric: str
    tags: tuple[tuple[str, str], ...]  # Plain, not escaped; an empty value is none.
    time: int = 0                      # Of a FACT 0.
    values: tuple[float, ...] = ()
    count: int = 1                     # Of a TALLY.
    status: int = 0                    # Of a STATE.
    text: str = ""                     # Of STATE, EVENT and FACT.

    def name(self) -> str:
        """As the wire has it, in latin-1: tags in order, each octet that needs it escaped."""
        entries = sorted(self.tags, key=lambda tag: escaped(tag[0]))
        tags = ",".join(escaped(key) + (f"={escaped(value)}" if value else "")
                        for key, value in entries)
        return f"{self.metric.encode().decode('latin-1')} {tags}".rstrip()

    def octets(self) -> bytes:
        fields = [(_STRING, self.name().encode("latin-1") + b"\0")]
        if self.kind != FACT:
            fields.append((_TSTAMP, struct.pack(">Q", self.time)))
        if self.kind == TALLY:
            fields.append((_UINT, struct.pack(">Q", self.count)))
        if self.kind == STATE:
            fields.append((_UINT, struct.pack(">I", 0)))
        if self.kind in (SAMPLE, DELTA):
            fields += [(_FLOAT, struct.pack(">d", value)) for value in self.values]
        if self.kind in (EVENT, FACT) or self.text:
            fields.append((_STRING, self.text.encode() + b"\0"))
        out = struct.pack(">BBH", _SUBMIT, self.status, self.kind)
        for number, (kind, body) in enumerate(fields, 1):
            out += struct.pack(">H", (kind | _FINAL * (number == len(fields))) << 8 | len(body))
            out += body
        return out


def escaped(text: str) -> str:
    """A key or value; characters stand for octets of UTF-8."""
    octets = text.encode()
    return "".join(chr(octet) if 0x20 <= octet < 0x7f and octet not in b"*,=\\"
                   else "\\" + chr(octet) for octet in octets)


def _split(text: bytes, at: bytes) -> list[bytes]:
    """At unescaped `at`."""
    pieces, piece, escape = [], bytearray(), False
    for octet in text:
        if not escape and octet == at[0]:
            pieces.append(bytes(piece))
            piece.clear()
            continue
        piece.append(octet)
        escape = octet == 0x5c
    return [*pieces, bytes(piece)]


def _plain(text: bytes) -> str:
    return text.replace(b"\\", b"").decode()


def split_name(name: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    metric, _, tags = name.partition(b" ")
    pairs = []
    for entry in _split(tags, b",") if tags else []:
        key, *value = _split(entry, b"=")
        pairs.append((_plain(key), _plain(value[0]) if value else ""))
    return metric.decode(), tuple(pairs)


def _observation(kind: int, flags: int, fields: list[bytes]) -> Observation:
    metric, tags = split_name(fields[0].rstrip(b"\0"))
    if kind == FACT:
        return Observation(kind, metric, tags, text=fields[1].rstrip(b"\0").decode())
    time = struct.unpack(">Q", fields[1])[0]
    rest = fields[2:]
    if kind in (SAMPLE, DELTA):
        values = tuple(struct.unpack(">d", field)[0] for field in rest)
        return Observation(kind, metric, tags, time, values)
    if kind == TALLY:
        return Observation(kind, metric, tags, time,
                           count=struct.unpack(">Q", rest[0])[0] if rest else 1)
    if kind == STATE:
        rest = rest[1:]
    text = rest[0].rstrip(b"\0").decode() if rest else ""
    return Observation(kind, metric, tags, time, status=flags & 3, text=text)


def observations(stream: bytes) -> Iterator[Observation]:
    """Those of each SUBMIT of whole and valid TSDP; what else there is, is left out."""
    at = 0
    while at < len(stream):
        head, flags, kind = struct.unpack_from(">BBH", stream, at)
        at += 4
        fields, final = [], False
        while not final:
            field = struct.unpack_from(">H", stream, at)[0]
            length = field & 0x0fff
            fields.append(stream[at + 2:at + 2 + length])
            at += 2 + length
            final = field >> 8 & _FINAL != 0
        if head == _SUBMIT:
            yield _observation(kind, flags, fields)
