"""Reads what receivers have left in their folder."""

import pathlib

from . import check, frames, tsdp
from .receiver import RECORD


def load(folder: pathlib.Path, name: str, base_port: int,
         ports_a_life: int) -> list[check.Connection]:
    """The connections of a receiver in the order in which it took them."""
    found = []
    names: dict[bytes, tuple[str, int] | None] = {}
    for path in folder.glob(f"{name}.*.raw"):
        _, receiver, number, port, _ = path.name.split(".")
        found.append((int(receiver), int(number), int(port), path))
    connections = []
    for receiver, number, port, path in sorted(found):
        life, stage = divmod(port - base_port, ports_a_life)
        connection = check.Connection(f"{name}.{receiver}.{number}", life, stage)
        peek = path.with_suffix(".peek")
        unread = peek.read_bytes() if peek.exists() else b""
        reads = path.with_suffix(".reads").read_bytes()
        whole = len(reads) // RECORD.size * RECORD.size
        connection.reads = list(RECORD.iter_unpack(reads[:whole]))
        take(connection, path.read_bytes(), unread, names)
        connections.append(connection)
    return connections


def take(connection: check.Connection, raw: bytes, unread: bytes,
         names: dict[bytes, tuple[str, int] | None]) -> None:
    """Cuts the octets of a connection, those read and those that were not, into frames."""
    data = raw + unread
    read = len(raw)
    count = 0
    try:
        for message in tsdp.messages(data):
            if message.opcode == tsdp.HEARTBEAT:
                said = tsdp.heartbeat_count(data, message)
                if said != count:
                    connection.bad.append(f"a heartbeat says {said} after {count} messages")
            else:
                if count == 0:
                    connection.bad.append("it does not begin with a heartbeat")
                key = frames.key_of(data, message, names)
                if key < 0:
                    connection.bad.append(f"octet {message.end}: not a frame that was printed")
                elif message.end <= read:
                    connection.keys.append(key)
                    connection.ends.append(message.end)
                else:
                    connection.unread.append(key)
                    connection.unread_ends.append(message.end)
            count += 1
    except tsdp.Malformed as fault:
        connection.bad.append(str(fault))
