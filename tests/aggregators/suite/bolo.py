"""A classic Bolo aggregator's submission port: a PULL socket of libzmq."""

import ctypes
import ctypes.util
import threading
from typing import Any

_PULL, _LAST_ENDPOINT, _RCVMORE, _RCVHWM, _RCVTIMEO, _LINGER = 7, 32, 13, 24, 27, 17
_MOST = 1 << 16
# Of each type, delimiter not counted: how many frames.
_FRAMES = {"STATE": lambda n: n == 5, "COUNTER": lambda n: n == 4, "SAMPLE": lambda n: n >= 4,
           "RATE": lambda n: n == 4, "EVENT": lambda n: n == 4,
           "SET.KEYS": lambda n: n >= 3 and n % 2 == 1}


def load_libzmq() -> ctypes.CDLL:
    library = ctypes.CDLL("libzmq.so.5", use_errno=True)
    for name in ("zmq_ctx_new", "zmq_socket"):
        getattr(library, name).restype = ctypes.c_void_p
    library.zmq_socket.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.zmq_bind.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.zmq_setsockopt.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p,
                                       ctypes.c_size_t]
    library.zmq_getsockopt.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p,
                                       ctypes.c_void_p]
    library.zmq_recv.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    library.zmq_close.argtypes = library.zmq_ctx_term.argtypes = [ctypes.c_void_p]
    return library


def fault_of(frames: list[bytes]) -> str:
    """What a real aggregator would drop a message for, or worse; empty: nothing."""
    if not frames or frames[0] != b"":
        return "no delimiter in front: the aggregator would abort"
    if len(frames) < 2 or not _FRAMES.get(frames[1].decode("latin-1"), lambda n: False)(
            len(frames) - 1):
        return "unknown type, or not its number of frames"
    for field in frames[2:]:
        if not field.endswith(b"\0") or b"\0" in field[:-1]:
            return f"{field!r} does not end in the one NUL that it has"
    kind, fields = frames[1], [field[:-1] for field in frames[2:]]
    if kind != b"SET.KEYS" and not (fields[0].isdigit() and int(fields[0]) < 1 << 32):
        return f"{fields[0]!r} is no time"
    if kind == b"STATE" and not (fields[1] and fields[2] in (b"0", b"1", b"2", b"3") and fields[3]):
        return "a STATE needs a name, a code from 0 to 3 and a text"
    if kind == b"COUNTER" and not -(1 << 31) <= int(fields[2]) < 1 << 31:
        return f"{fields[2]!r} is over 32 bits"
    if kind == b"RATE" and not fields[2].isdigit():
        return f"{fields[2]!r} is no whole number without a sign"
    return ""


class Bolo:
    """Keeps each PDU as (type, fields without their NUL), and each fault."""

    def __init__(self, port: int = 0) -> None:
        self.pdus: list[tuple[str, ...]] = []
        self.faults: list[str] = []
        self._zmq = load_libzmq()
        self._context = self._zmq.zmq_ctx_new()
        self._socket = self._zmq.zmq_socket(self._context, _PULL)
        for option, value in ((_RCVHWM, 0), (_RCVTIMEO, 50), (_LINGER, 0)):
            self._set(option, value)
        if self._zmq.zmq_bind(self._socket, f"tcp://127.0.0.1:{port or '*'}".encode()) != 0:
            raise OSError(ctypes.get_errno(), "zmq_bind")
        bound = ctypes.create_string_buffer(128)
        self._zmq.zmq_getsockopt(self._socket, _LAST_ENDPOINT, bound,
                                     ctypes.byref(ctypes.c_size_t(128)))
        self.port = int(bound.value.rsplit(b":", 1)[1])
        self._ends = False
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Bolo":
        return self

    def __exit__(self, *_: Any) -> None:
        self._ends = True
        self._thread.join()
        self._zmq.zmq_close(self._socket)
        self._zmq.zmq_ctx_term(self._context)

    def _set(self, option: int, value: int) -> None:
        self._zmq.zmq_setsockopt(self._socket, option, ctypes.byref(ctypes.c_int(value)),
                                     ctypes.sizeof(ctypes.c_int))

    def _receive(self) -> None:
        buffer = ctypes.create_string_buffer(_MOST)
        more, size = ctypes.c_int(0), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int))
        frames: list[bytes] = []
        while not self._ends:
            got = self._zmq.zmq_recv(self._socket, buffer, _MOST, 0)
            if got < 0:
                continue
            frames.append(ctypes.string_at(buffer, min(got, _MOST)))
            self._zmq.zmq_getsockopt(self._socket, _RCVMORE, ctypes.byref(more),
                                         ctypes.byref(size))
            if not more.value:
                self._keep(frames)
                frames = []

    def _keep(self, frames: list[bytes]) -> None:
        fault = fault_of(frames)
        if fault:
            self.faults.append(f"{fault}: {frames!r}")
            return
        kind, *fields = (frame.rstrip(b"\0").decode() for frame in frames[1:])
        self.pdus.append((kind, *fields))
