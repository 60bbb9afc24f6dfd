"""The agent of a round: its configuration, its lives, and what it says of itself."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import time
from typing import Any

from . import check

SAMPLE = re.compile(r'^(lariat_\w+|process_\w+)(?:\{(.*)\})? (\S+)$', re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
# Lines of a log that no agent ever prints if all is well with it.
FAULTS = re.compile(r"assert|Sanitizer|runtime error|a fault of lariat|terminate called"
                    r"|Segmentation", re.IGNORECASE)
SCRAPE_TIMEOUT = 10.0
START_TIMEOUT = 30.0


class Failure(Exception):
    """The round cannot go on."""


class Reading:
    """One scrape of the agent's own metrics."""

    def __init__(self, text: str) -> None:
        self.values: dict[str, list[tuple[dict[str, str], float]]] = {}
        for name, labels, value in SAMPLE.findall(text):
            self.values.setdefault(name, []).append((dict(LABEL.findall(labels)), float(value)))

    def value(self, name: str, **labels: str) -> int:
        """The sum over all samples with these labels."""
        return int(sum(value for found, value in self.values.get(name, ())
                       if labels.items() <= found.items()))

    def endpoints(self) -> list[str]:
        return [labels["endpoint"]
                for labels, _ in self.values.get("lariat_endpoint_frames_accepted_total", ())]

    def ledger(self, endpoint: str) -> check.Ledger:
        def count(name: str) -> int:
            return self.value(f"lariat_endpoint_frames_{name}", endpoint=endpoint)

        dropped = {labels["reason"]: int(value) for labels, value in self.values.get(
            "lariat_endpoint_frames_dropped_total", ()) if labels["endpoint"] == endpoint and value}
        return check.Ledger(count("accepted_total"), count("delivered_total"), count("queued"),
                            count("resent_total"), dropped)


class Agent:
    """A life is one process from its start to its end; they are counted from 0."""

    def __init__(self, binary: str, folder: pathlib.Path, environment: dict[str, str]) -> None:
        self.binary = binary
        self.folder = folder
        self.environment = {**os.environ, **environment}
        self.life = -1
        self.process: subprocess.Popen | None = None
        self.problems: list[str] = []
        self.readings: dict[int, Reading] = {}  # The last of each life.
        self.ledgers: dict[int, dict[str, check.Ledger]] = {}  # The last of each endpoint.
        self.scrapes = 0
        self.resident_at_start = 0
        self.resident_most = 0
        self.connection: http.client.HTTPConnection | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None

    @property
    def life_to_be(self) -> int:
        """This one, or the next while there is none."""
        return self.life if self.alive else self.life + 1

    def log_path(self, life: int | None = None) -> pathlib.Path:
        return self.folder / f"agent.{self.life if life is None else life}.log"

    def write(self, configuration: dict[str, Any]) -> None:
        """The name that the agent reads is there with the whole text, or not at all."""
        path = self.folder / "lariat.json"
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(configuration, indent=1), "utf-8")
        draft.rename(path)

    def start(self) -> None:
        self.life += 1
        with open(self.log_path(), "wb") as log:
            self.process = subprocess.Popen(
                [self.binary, "agent", "--config", str(self.folder / "lariat.json")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        match = self._wait_for(r"metrics at http://127\.0\.0\.1:(\d+)/")
        self.connection = http.client.HTTPConnection("127.0.0.1", int(match[1]), SCRAPE_TIMEOUT)
        reading = self.scrape()
        self.resident_at_start = reading.value("process_resident_memory_bytes")

    def _wait_for(self, pattern: str, times: int = 1) -> re.Match:
        ends = time.monotonic() + START_TIMEOUT
        while True:
            found = list(re.finditer(pattern, self.log_path().read_text("utf-8", "replace")))
            if len(found) >= times:
                return found[-1]
            if time.monotonic() > ends or self.process.poll() is not None:
                raise Failure(f"the agent does not say '{pattern}'")
            time.sleep(0.005)

    def reload(self, configuration: dict[str, Any]) -> None:
        text = self.log_path().read_text("utf-8", "replace")
        pattern = r"configuration loaded again|the old configuration stays[^\n]*"
        before = len(re.findall(pattern, text))
        self.write(configuration)
        self.process.send_signal(signal.SIGHUP)
        said = self._wait_for(pattern, before + 1)[0]
        if said.startswith("the old"):
            raise Failure(f"a reload was refused: {said}")

    def scrape(self) -> Reading:
        """Reads its metrics; every ledger must balance at every scrape."""
        try:
            self.connection.request("GET", "/metrics?scope=agent")
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as fault:
            self.connection.close()
            status = self.process.poll()
            if status is not None:
                raise Failure(f"the agent ended by itself with {status}") from fault
            raise Failure(f"/metrics gives no answer: {fault!r}") from fault
        reading = Reading(text)
        ledgers = self.ledgers.setdefault(self.life, {})
        for name in reading.endpoints():
            ledger = ledgers[name] = reading.ledger(name)
            if not ledger.balances():
                self.problems.append(f"life {self.life}: {name} does not balance: {ledger}")
        self.readings[self.life] = reading
        self.scrapes += 1
        self.resident_most = max(self.resident_most,
                                 reading.value("process_resident_memory_bytes"))
        return reading

    def hold(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()
        self.process = None

    def end(self, patience: float = 30.0) -> None:
        """SIGTERM: it says nothing bad and ends with 0."""
        self.connection.close()
        self.process.terminate()
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise Failure("the agent does not end") from None
        self.process = None
        if status != 0:
            self.problems.append(f"life {self.life}: it ended with {status}")

    def limit_descriptors(self, spare: int) -> None:
        held = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        _, most = resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (held + spare, most))

    def free_descriptors(self) -> None:
        _, most = resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (min(most, 1024), most))

    def look_at_logs(self) -> None:
        for life in range(self.life + 1):
            text = self.log_path(life).read_text("utf-8", "replace")
            for line in text.splitlines():
                if FAULTS.search(line):
                    self.problems.append(f"life {life}: its log says: {line[:300]}")
                    break

    def told_lost(self) -> int:
        """Frames that damaged files cost, as its logs say."""
        return sum(int(count) for life in range(self.life + 1) for count in re.findall(
            r"is damaged, (\d+) frames", self.log_path(life).read_text("utf-8", "replace")))

    def saved_cursors(self, spool: pathlib.Path) -> dict[str, check.Cursor]:
        """As `lariat spool` shows them; the agent is not to be running."""
        shown = subprocess.run([self.binary, "spool", str(spool)], capture_output=True, text=True,
                               check=False, env=self.environment)
        cursors = {}
        for line in shown.stdout.partition("\ncursors")[2].splitlines()[1:]:
            found = re.match(r"  (\S+) +(\d+)  \d+ frames behind", line)
            if found:
                ranges = re.findall(r"backlog (\d+) to (\d+)", line)
                cursors[found[1]] = check.Cursor(int(found[2]),
                                                 [(int(a), int(b)) for a, b in ranges])
        return cursors

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
        if self.connection is not None:
            self.connection.close()


def accepts(binary: str, endpoint: dict[str, Any], folder: pathlib.Path) -> bool:
    """Whether `lariat check` takes an endpoint with these keys, with a spool."""
    path = folder / "probe.json"
    path.write_text(json.dumps({
        "log": {"spool": {"directory": "/nowhere"}}, "collectors": {"directories": []},
        "endpoints": {"e": {"url": "tsdp://127.0.0.1:1", **endpoint}}}), "utf-8")
    return subprocess.run([binary, "check", "--config", str(path)], capture_output=True,
                          check=False).returncode == 0


def binary_of(build: pathlib.Path) -> str | None:
    return shutil.which(str(build / "lariat"))
