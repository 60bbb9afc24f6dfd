"""Services on loopback as far as a plugin asks: a greeting, and one answer to whatever is said."""

import dataclasses
import socket
import struct
import threading
import time

SINCE_1900 = 2_208_988_800  # Seconds until 1970.


@dataclasses.dataclass(frozen=True)
class Service:
    greeting: bytes = b""
    answer: bytes = b""
    end: bool = True  # Hangs up after it has said what there is.


def services() -> dict[str, Service]:
    return {
        "clamd": Service(answer=b"PONG\n"),
        "ftp": Service(b"220 ready\r\n", b"221 bye\r\n"),
        "http": Service(answer=b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nhi\n"),
        "imap": Service(b"* OK ready\r\n", b"a1 OK bye\r\n"),
        "jabber": Service(answer=b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                                 b"xmlns:stream='http://etherx.jabber.org/streams'>"),
        "nntp": Service(b"200 ready\r\n", b"205 bye\r\n"),
        "pop": Service(b"+OK ready\r\n", b"+OK bye\r\n"),
        "smtp": Service(b"220 here ESMTP\r\n", b"250 fine\r\n", end=False),
        "ssh": Service(b"SSH-2.0-Here_1.0\r\n", b" ", end=False),
        "time": Service(struct.pack(">I", (int(time.time()) + SINCE_1900) & 0xffffffff)),
    }


class Loopback:
    """All of them, each on a port of its own, until the program ends."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        for name, service in services().items():
            listener = socket.create_server(("127.0.0.1", 0))
            self.ports[name] = listener.getsockname()[1]
            self._begin(self._accept, listener, service)
        echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        echo.bind(("127.0.0.1", 0))
        self.ports["udp"] = echo.getsockname()[1]
        self._begin(self._echo, echo)
        # Bound, and not listening: who connects is refused, and nobody else gets the port.
        self._shut = socket.socket()
        self._shut.bind(("127.0.0.1", 0))
        self.ports["closed"] = self._shut.getsockname()[1]

    @staticmethod
    def _begin(work, *arguments) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _accept(self, listener: socket.socket, service: Service) -> None:
        while True:
            peer, _ = listener.accept()
            self._begin(self._talk, peer, service)

    @staticmethod
    def _talk(peer: socket.socket, service: Service) -> None:
        with peer:
            try:
                peer.sendall(service.greeting)
                while service.answer and peer.recv(4096):
                    peer.sendall(service.answer)
                    if service.end:
                        return
            except OSError:
                pass  # It has heard enough.

    @staticmethod
    def _echo(echo: socket.socket) -> None:
        while True:
            text, sender = echo.recvfrom(4096)
            echo.sendto(text, sender)
