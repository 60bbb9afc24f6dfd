"""A name server on 127.0.0.1:53, in a network of its own: dns.py NAME=ADDRESS…

A line on standard input says what it does from then on, and is answered by one: `good`, `silent`,
`nxdomain`, `servfail`.
"""

import os
import selectors
import socket
import struct
import sys

A, IN = 1, 1
CODES = {"good": 0, "servfail": 2, "nxdomain": 3}


def answer(query: bytes, mode: str, table: dict[str, str]) -> bytes | None:
    """To a query with one question; None: none."""
    if mode == "silent" or len(query) < 17:
        return None
    at, labels = 12, []
    while at < len(query) and query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", errors="replace"))
        at += 1 + query[at]
    question = query[12:at + 5]
    address = table.get(".".join(labels).lower())
    kind, = struct.unpack_from(">H", query, at + 1)
    code = CODES[mode] or (0 if address else CODES["nxdomain"])
    found = code == 0 and kind == A
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, int(found), 0, 0)
    if not found:
        return head + question
    return head + question + struct.pack(">HHHIH", 0xC00C, A, IN, 0, 4) + socket.inet_aton(address)


def main() -> None:
    table = dict(word.split("=") for word in sys.argv[1:])
    mode = "good"
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    selector.register(0, selectors.EVENT_READ)
    os.write(1, b"ready\n")
    while True:
        for key, _ in selector.select():
            if key.fd == 0:
                order = os.read(0, 100)
                if not order:
                    return
                mode = order.decode("ascii").split()[-1]
                os.write(1, b"done\n")
            else:
                query, peer = server.recvfrom(2000)
                if reply := answer(query, mode, table):
                    server.sendto(reply, peer)


if __name__ == "__main__":
    main()
