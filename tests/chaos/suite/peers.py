"""A receiver as the round sees it: a process that may be killed and started again."""

import contextlib
import pathlib
import select
import signal
import subprocess
import sys
import time
from typing import Sequence

from .agent import Failure

BASE_PORT = 2600
PORTS_A_LIFE = 4
PORTS = 40
# What is on its way has arrived, or does not arrive, when so long nothing has.
SETTLED = 0.06
PATIENCE = 20.0


class Peer:
    """The receiver of endpoint `number`."""

    def __init__(self, number: int, address: str, inside: Sequence[str],
                 folder: pathlib.Path) -> None:
        self.number = number
        self.name = f"e{number}"
        self.address = address
        self.inside = inside
        self.folder = folder
        self.starts = 0
        self.process: subprocess.Popen | None = None
        self.stopped = False

    @property
    def alive(self) -> bool:
        return self.process is not None

    def start(self) -> None:
        program = pathlib.Path(__file__).with_name("receiver.py")
        self.process = subprocess.Popen(
            [*self.inside, sys.executable, "-ISB", str(program), self.address, str(BASE_PORT),
             str(PORTS), str(self.folder), f"{self.name}.{self.starts}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.starts += 1
        self.stopped = False
        self._answer()

    def order(self, text: str) -> int:
        try:
            self.process.stdin.write(f"{text}\n".encode("ascii"))
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failure(f"the receiver of {self.name} has ended") from None
        return int(self._answer())

    def _answer(self) -> str:
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            raise Failure(f"the receiver of {self.name} does not answer")
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"the receiver of {self.name} has ended")
        return line.decode("ascii").strip()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.stopped = False

    def settle(self) -> None:
        """Until nothing more arrives; whoever sends is to be held before."""
        last, since = -1, time.monotonic()
        ends = since + 2
        while time.monotonic() < min(since + SETTLED, ends):
            unread = self.order("unread")
            if unread != last:
                last, since = unread, time.monotonic()
            time.sleep(0.005)

    def peek(self) -> int:
        """Writes down what lies unread until it stays the same."""
        unread = self.order("peek")
        while self.order("unread") != unread:
            unread = self.order("peek")
        return unread

    def rx_queue(self) -> int:
        """What the kernel tells of its sockets: octets acknowledged and not read."""
        queued = 0
        table = pathlib.Path(f"/proc/{self.process.pid}/net/tcp").read_text("ascii")
        for row in table.splitlines()[1:]:
            _, here, _, state, queues, *_ = row.split()
            port = int(here.split(":")[1], 16)
            # Of a connection that the peer has ended the FIN would count as an octet.
            if state == "01" and BASE_PORT <= port < BASE_PORT + PORTS and self._mine(here):
                queued += int(queues.split(":")[1], 16)
        return queued

    def _mine(self, here: str) -> bool:
        octets = bytes(int(part) for part in self.address.split("."))
        return bytes.fromhex(here.split(":")[0])[::-1] == octets

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process = None

    def close(self) -> None:
        if self.process is None:
            return
        with contextlib.suppress(OSError):
            self.go_on()
        self.kill()
