"""The agent, with endpoints and one collector that prints what a file has."""

import http.client
import json
import pathlib
import re
from typing import Any

from . import place
from .server import Program

HOST = "web-1"
_SAMPLE = re.compile(r'^(lariat_\w+?)(?:\{(.*)\})? (\S+)$', re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_REASONS = ("evicted", "full", "expired", "rejected", "unsupported", "damaged")


class Metrics:
    """A reading of the agent's own metrics."""

    def __init__(self, text: str) -> None:
        self._values = {(name, frozenset(_LABEL.findall(labels))): float(value)
                        for name, labels, value in _SAMPLE.findall(text)}

    def get(self, name: str, **labels: str) -> int:
        """0 if it is not there."""
        return int(self._values.get((f"lariat_{name}", frozenset(labels.items())), 0))

    def endpoint(self, endpoint: str, what: str, **labels: str) -> int:
        return self.get(f"endpoint_{what}", endpoint=endpoint, **labels)

    def dropped(self, endpoint: str) -> dict[str, int]:
        """By reason; what is 0 is left out."""
        counts = {reason: self.endpoint(endpoint, "frames_dropped_total", reason=reason)
                  for reason in _REASONS}
        return {reason: count for reason, count in counts.items() if count}

    def ledger(self, endpoint: str) -> dict[str, Any]:
        return {"accepted": self.endpoint(endpoint, "frames_accepted_total"),
                "delivered": self.endpoint(endpoint, "frames_delivered_total"),
                "dropped": self.dropped(endpoint),
                "queued": self.endpoint(endpoint, "frames_queued")}


class Agent(Program):
    """Its collector prints each file that is put into `feed`, once, in order of their names."""

    FEED = """
cd "$1" && number=1
while :; do
  if [ -e "$number" ]; then cat "$number"; number=$((number + 1)); else sleep 0.05; fi
done
"""

    def __init__(self, endpoints: dict[str, dict], environment: dict[str, str] | None = None,
                 **members: Any) -> None:
        super().__init__()
        self.port = place.free_port()
        self._files = 0
        (self.folder / "feed").mkdir()
        self.configuration = {
            "tags": {"host": HOST}, "http": {"listen": f"127.0.0.1:{self.port}"},
            "control": {"socket": str(self.folder / "control")}, "endpoints": endpoints,
            "log": {"memory": "64MiB"},
            "collectors": {"directories": [], "run": {"feed": {
                "command": ["/bin/sh", "-c", self.FEED, "feed", str(self.folder / "feed")],
                "mode": "feed", "max_frames": 10_000_000}}}, **members}
        self.configure(self.configuration)
        try:
            self.launch(place.LARIAT, "agent", "--config", str(self.folder / "lariat.json"),
                        env={"PATH": "/usr/bin:/bin", **(environment or {})})
            self.wait_for("answers", self._answers)
        except BaseException:
            self.__exit__()
            raise

    def configure(self, configuration: dict) -> None:
        (self.folder / "lariat.json").write_text(json.dumps(configuration), "utf-8")

    def feed(self, octets: bytes) -> None:
        self._files += 1
        part = self.folder / "feed" / "part"
        part.write_bytes(octets)
        part.rename(self.folder / "feed" / str(self._files))

    def get(self, path: str) -> tuple[int, str]:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=place.PATIENCE_SECONDS)
        try:
            client.request("GET", path)
            answer = client.getresponse()
            return answer.status, answer.read().decode()
        finally:
            client.close()

    def _answers(self) -> bool:
        try:
            return self.get("/-/healthy")[0] == 200
        except OSError:
            return False

    def metrics(self) -> Metrics:
        """The ledger of each endpoint balances, or the test fails."""
        metrics = Metrics(self.get("/metrics?scope=agent")[1])
        for endpoint in self.configuration["endpoints"]:
            ledger = metrics.ledger(endpoint)
            assert ledger["accepted"] == (ledger["delivered"] + ledger["queued"] +
                                          sum(ledger["dropped"].values())), (endpoint, ledger)
        return metrics

    def fed(self, frames: int) -> None:
        """Waits until so many frames are in the log."""
        self.wait_for(f"{frames} frames fed", lambda: self.metrics().get(
            "log_frames_total") >= frames)

    def at_rest(self, patience: float = place.PATIENCE_SECONDS) -> Metrics:
        """Waits until no endpoint has anything queued."""
        def rest() -> Metrics | None:
            metrics = self.metrics()
            queued = [metrics.endpoint(name, "frames_queued")
                      for name in self.configuration["endpoints"]]
            return None if any(queued) else metrics
        try:
            return place.wait_for("nothing is queued", rest, patience)
        except AssertionError as error:
            ledgers = {name: self.metrics().ledger(name)
                       for name in self.configuration["endpoints"]}
            raise AssertionError(f"{error}: {ledgers}\n{self.said()[-4000:]}") from error

    def memory_kib(self) -> dict[str, int]:
        """Of `smaps_rollup`: Rss, Anonymous and the others, KiB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text("ascii")
        return {key: int(value) for key, value in re.findall(r"^(\w+): +(\d+) kB", text,
                                                             re.MULTILINE)}
