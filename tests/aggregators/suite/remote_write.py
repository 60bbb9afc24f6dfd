"""A remote-write body by hand: snappy of literals only, protobuf of varints and lengths."""

import struct

from .server import Points, Server


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    return bytes([*out, number])


def _bytes(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def body(points: Points) -> bytes:
    request = b""
    for (name, labels), values in points.items():
        pairs = sorted([("__name__", name), *labels])
        row = b"".join(_bytes(1, _bytes(1, key.encode()) + _bytes(2, value.encode()))
                       for key, value in pairs)
        row += b"".join(_bytes(2, b"\x09" + struct.pack("<d", value) + b"\x10" +
                                  _varint(at * 1000)) for at, value in values)
        request += _bytes(1, row)
    pieces = (request[at:at + 65536] for at in range(0, len(request), 65536))
    return _varint(len(request)) + b"".join(
        b"\xf4" + struct.pack("<H", len(piece) - 1) + piece for piece in pieces)


def write(server: Server, points: Points, path: str = "/api/v1/write") -> int:
    """The status that the server answers."""
    return server.http(path, body=body(points), headers={
        "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0"})[0]
