"""Where things are, ports that are free, and how long a test waits."""

import os
import pathlib
import random
import socket
import time
from typing import Callable, TypeVar

PROJECT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("LARIAT_BUILD_DIR", PROJECT / "build/release")).resolve()
LARIAT = str(BUILD / "lariat")
UNPACKED = PROJECT / "build/unpacked/usr"
# For what ought to happen at once, on a busy machine.
PATIENCE_SECONDS = 120.0

Answer = TypeVar("Answer")


def use_build(build: pathlib.Path) -> None:
    """Its programs from now on."""
    global BUILD, LARIAT
    BUILD, LARIAT = build, str(build / "lariat")


def unpacked(name: str) -> str:
    """The path of a program that packaging/dependencies has unpacked."""
    path = UNPACKED / "bin" / name
    if not path.exists():
        raise AssertionError(f"{path} is missing; run packaging/install-dependencies unpack")
    return str(path)


def free_port() -> int:
    """Of loopback, below those that the kernel gives to others in the meantime."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    while True:
        port = random.randrange(min(10_000, low - 1000), low)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_for(what: str, ask: Callable[[], Answer | None],
             patience: float = PATIENCE_SECONDS, between: float = 0.02) -> Answer:
    """The first answer that is true, or an AssertionError that says what did not come."""
    deadline = time.monotonic() + patience
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {patience:.0f} s")
        time.sleep(between)
