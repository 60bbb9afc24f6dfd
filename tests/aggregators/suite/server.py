"""A program in a folder of its own, on loopback, that ends with the test."""

import ctypes
import pathlib
import signal
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from . import place

Labels = frozenset[tuple[str, str]]
Series = tuple[str, Labels]
# The points of each series, (seconds since 1970, value), by time; what came twice stands twice.
Points = dict[Series, list[tuple[int, float]]]

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def series(name: str, **labels: str) -> Series:
    return name, frozenset(labels.items())


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class NotStarted(Exception):
    pass


class Program:
    """Started with `start`, from the main thread, in a scratch folder that goes when it ends."""

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="lariat-")
        self.folder = pathlib.Path(self._scratch.name)
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()
        self._scratch.cleanup()

    def launch(self, *command: str, **more: Any) -> None:
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stderr=said,
                stdout=more.pop("stdout", said), preexec_fn=_die_with_parent, **more)

    def said(self) -> str:
        return (self.folder / "said").read_text("utf-8", "replace")

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_for(self, what: str, ask: Any) -> Any:
        """As `place.wait_for`; ends early, with what the program said, when it has ended."""
        def asked() -> Any:
            if not self.runs():
                raise NotStarted(f"{what}: {self.process.args[0]} ended: {self.said()[-2000:]}")
            return ask()
        return place.wait_for(f"{what} ({self.process.args[0]})", asked)

    def stop(self) -> None:
        """In order, so that it leaves nothing half done; by force if it does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(place.PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Server(Program):
    """One that answers HTTP on `port`.

    A subclass starts it in `start`, on ports that it draws there, and says in `ready` whether it
    takes data.
    """

    tls: ssl.SSLContext | None = None  # Of its HTTP, if that is encrypted.

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        for attempt in range(5):
            try:
                self.start()
                self.wait_for("gets ready", self.ready)
                return
            except NotStarted:
                # Somebody may have taken a port.
                self.stop()
                if attempt == 4 or "in use" not in self.said():
                    self._scratch.cleanup()
                    raise
            except BaseException:
                self.__exit__()
                raise

    def start(self) -> None:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def http(self, path: str, query: dict[str, str] | None = None, body: bytes | None = None,
             headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body; 0 if it does not answer."""
        url = f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}{path}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(url, data=body, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=place.PATIENCE_SECONDS,
                                        context=self.tls) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def answer(self, path: str, query: dict[str, str] | None = None) -> bytes:
        status, body = self.http(path, query)
        if status != 200:
            raise AssertionError(f"{path} {query}: {status} {body[:500]!r}")
        return body

    def read(self) -> Points:
        """All that it holds, asked in its own query language."""
        raise NotImplementedError
