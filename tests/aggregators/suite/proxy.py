"""What stands before a server and breaks what passes, on order."""

import contextlib
import http.client
import http.server
import socket
import threading
import time
from typing import Any

from . import place

_PIECE = 1 << 16


class Proxy:
    """Of TCP connections, on a port that stays its own.

    What it has read it hands on, whatever happens: it loses nothing that a peer's kernel was told
    has come. Its receive buffer is small, so that a sender notices when it does not read.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._reads = threading.Event()
        self._reads.set()
        self._slow = False
        self._ends = False
        self._clients: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.port = place.free_port()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._listener.settimeout(0.05)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen()
        self._run(self._accept)

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: Any) -> None:
        self._ends = True
        self._reads.set()
        for client in list(self._clients):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def refuse(self) -> None:
        """Connections are refused; those that there are end in order."""
        self._listener.shutdown(socket.SHUT_RDWR)  # It stays bound.
        self.cut()

    def hang(self) -> None:
        """Takes connections and reads nothing."""
        self._reads.clear()

    def slow(self) -> None:
        """Reads some 5 kB a second of each."""
        self._slow = True

    def mend(self) -> None:
        self._listener.listen()
        self._slow = False
        self._reads.set()

    def cut(self) -> None:
        """Says on each connection that it ends, and reads on to the other's end."""
        for client in list(self._clients):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_WR)

    def _run(self, what: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=what, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ends:
            try:
                client, _ = self._listener.accept()
            except OSError:
                time.sleep(0.01)  # None comes, or it refuses.
                continue
            client.setblocking(True)
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            self._clients.add(client)
            self._run(self._forth, client, server)
            self._run(self._back, client, server)

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            while not self._ends:
                self._reads.wait()
                octets = client.recv(512 if self._slow else _PIECE)
                if not octets:
                    break
                server.sendall(octets)
                if self._slow:
                    time.sleep(0.1)
        self._clients.discard(client)
        # The other direction ends as soon as the server has taken all.
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    @staticmethod
    def _back(client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError), server:
            while octets := server.recv(_PIECE):
                client.sendall(octets)
            client.shutdown(socket.SHUT_WR)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_HttpServer"

    def do_POST(self) -> None:  # noqa: N802, the library's name.
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests += 1
        self.server.octets += len(body)
        if self.server.status:
            return self._answer(self.server.status, b"not now\n")
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.target,
                                              timeout=place.PATIENCE_SECONDS)
        try:
            upstream.request("POST", self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            return self._answer(answer.status, answer.read())
        finally:
            upstream.close()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class _HttpServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    status = 0
    target = 0
    requests = 0
    octets = 0


class HttpProxy:
    """Of requests: hands them on, or answers them itself with a status; counts them."""

    def __init__(self, target: int) -> None:
        self._server = _HttpServer(("127.0.0.1", 0), _Handler)
        self._server.target = target
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,),
                                        daemon=True)
        self._thread.start()

    def __enter__(self) -> "HttpProxy":
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, status: int) -> None:
        """To all requests from now on; 0: what the server answers."""
        self._server.status = status

    @property
    def requests(self) -> int:
        return self._server.requests

    @property
    def octets(self) -> int:
        """Of bodies."""
        return self._server.octets
