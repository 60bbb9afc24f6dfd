"""The program that plays an aggregator: takes connections, keeps what it reads, obeys orders.

    receiver.py ADDRESS PORT PORTS FOLDER NAME

Listens on PORTS ports from PORT on; which one a connection came to tells which start of the agent
made it. Of each connection FOLDER gets `NAME.N.PORT.raw`, every octet it has read, and
`NAME.N.PORT.reads`: after each read the time and how many octets it had by then; N counts the
connections. What it has read it has stored: it obeys between reads, and dies there when it is told.

Orders are lines on standard input, each answered by a line:
    pause        reads no more, but takes connections
    resume       reads as fast as it can
    slow RATE    reads RATE octets a second from each connection
    trim COUNT   reads COUNT octets more from each, though paused
    unread       answers how many octets lie unread in the kernel
    peek         the same, and writes them to `NAME.N.PORT.peek`
    reset        ends each connection by a reset
    close        ends each in order: says that it will send nothing, reads on to the end
"""

import fcntl
import os
import pathlib
import selectors
import socket
import struct
import sys
import termios
import time

PIECE = 1 << 18
TICK = 0.1  # Of slow reading, seconds.
RECORD = struct.Struct("<dQ")


class Connection:
    def __init__(self, sock: socket.socket, path: str) -> None:
        self.sock = sock
        self.path = path
        self.octets = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self.raw = os.open(path + ".raw", flags, 0o600)
        self.reads = os.open(path + ".reads", flags, 0o600)
        self.note()

    def note(self) -> None:
        os.write(self.reads, RECORD.pack(time.monotonic(), self.octets))

    def read(self, most: int) -> bool:
        """False at its end."""
        try:
            octets = self.sock.recv(most, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            octets = b""
        ended = not octets
        self.octets += len(octets)
        while octets:
            octets = octets[os.write(self.raw, octets):]
        self.note()
        return not ended

    def unread(self) -> int:
        room = bytearray(4)
        fcntl.ioctl(self.sock, termios.FIONREAD, room)
        return struct.unpack("i", room)[0]

    def peek(self) -> int:
        unread = self.unread()
        octets = self.sock.recv(unread, socket.MSG_PEEK | socket.MSG_DONTWAIT) if unread else b""
        draft = pathlib.Path(self.path + ".peek")
        draft.write_bytes(octets)
        return len(octets)

    def forget(self) -> None:
        self.sock.close()
        os.close(self.raw)
        os.close(self.reads)


class Receiver:
    def __init__(self, address: str, port: int, ports: int, stem: str) -> None:
        self.stem = stem
        self.selector = selectors.DefaultSelector()
        self.connections: list[Connection] = []
        self.taken = 0
        self.rate: float | None = None  # None: as fast as it can; 0: not at all.
        self.orders = b""
        for number in range(port, port + ports):
            listener = socket.create_server((address, number), backlog=16)
            listener.setblocking(False)
            self.selector.register(listener, selectors.EVENT_READ, self.take)
        os.set_blocking(0, False)
        self.selector.register(0, selectors.EVENT_READ, self.hear)

    def take(self, listener: socket.socket) -> None:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        port = sock.getsockname()[1]
        connection = Connection(sock, f"{self.stem}.{self.taken}.{port}")
        self.taken += 1
        self.connections.append(connection)
        if self.rate is None:
            self.selector.register(sock, selectors.EVENT_READ, connection)

    def set_rate(self, rate: float | None) -> None:
        if (rate is None) != (self.rate is None):
            for connection in self.connections:
                if rate is None:
                    self.selector.register(connection.sock, selectors.EVENT_READ, connection)
                else:
                    self.selector.unregister(connection.sock)
        self.rate = rate

    def read(self, connection: Connection, most: int) -> None:
        if connection.read(most):
            return
        self.forget(connection)

    def forget(self, connection: Connection) -> None:
        if self.rate is None:
            self.selector.unregister(connection.sock)
        self.connections.remove(connection)
        connection.forget()

    def hear(self, _: int) -> None:
        octets = os.read(0, 4096)
        if not octets:
            sys.exit(0)
        self.orders += octets
        while b"\n" in self.orders:
            order, self.orders = self.orders.split(b"\n", 1)
            answer = self.obey(order.decode("ascii").split())
            os.write(1, f"{answer}\n".encode("ascii"))

    def obey(self, words: list[str]) -> int:
        match words:
            case ["pause"]:
                self.take_all()
                self.set_rate(0)
            case ["resume"]:
                self.set_rate(None)
            case ["slow", rate]:
                self.set_rate(float(rate))
            case ["trim", count]:
                for connection in list(self.connections):
                    self.read(connection, int(count))
            case ["unread"]:
                self.take_all()
                return sum(connection.unread() for connection in self.connections)
            case ["peek"]:
                return sum(connection.peek() for connection in self.connections)
            case ["reset"]:
                for connection in list(self.connections):
                    linger = struct.pack("ii", 1, 0)
                    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.forget(connection)
            case ["close"]:
                self.take_all()
                self.set_rate(None)
                for connection in self.connections:
                    try:
                        connection.sock.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass
            case _:
                sys.exit(f"what is {words}?")
        return 0

    def take_all(self) -> None:
        """What the kernel has taken for us lies on a connection of ours, not in a queue."""
        waiting = True
        while waiting:
            waiting = [key for key, _ in self.selector.select(0) if key.data == self.take]
            for key in waiting:
                self.take(key.fileobj)

    def run(self) -> None:
        due = 0.0
        while True:
            for key, _ in self.selector.select(TICK if self.rate else None):
                if isinstance(key.data, Connection):
                    # An order may have ended it since.
                    if key.data in self.connections and self.rate is None:
                        self.read(key.data, PIECE)
                else:
                    key.data(key.fileobj)
            if self.rate and time.monotonic() >= due:
                due = time.monotonic() + TICK
                for connection in list(self.connections):
                    self.read(connection, max(1, int(self.rate * TICK)))


def main() -> None:
    address, port, ports, folder, name = sys.argv[1:]
    receiver = Receiver(address, int(port), int(ports), f"{folder}/{name}")
    os.write(1, b"ready\n")
    receiver.run()


if __name__ == "__main__":
    main()
