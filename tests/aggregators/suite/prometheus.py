"""Prometheus, with its remote-write receiver on."""

import json
import time

from . import place
from .server import Points, Server


class Prometheus(Server):
    """Refuses what is not newer than its series' newest sample, with the whole request.

    And what is over an hour older than the newest of all.
    """

    def start(self) -> None:
        self.port = place.free_port()
        (self.folder / "prometheus.yml").write_text("global: {}\n", "ascii")
        self.launch(
            place.unpacked("prometheus"), f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}", "--web.enable-remote-write-receiver")

    def ready(self) -> bool:
        return self.http("/-/ready")[0] == 200

    def read(self) -> Points:
        """What is up to two hours old."""
        answer = json.loads(self.answer("/api/v1/query", {
            "query": '{__name__!=""}[2h]', "time": str(int(time.time()) + 60)}))
        found: Points = {}
        for row in answer["data"]["result"]:
            name = row["metric"].pop("__name__")
            found[name, frozenset(row["metric"].items())] = [
                (int(at), float(value)) for at, value in row["values"]]
        return found

    def now(self) -> list[dict]:
        """The series that have a value now."""
        answer = self.answer("/api/v1/query", {"query": '{__name__!=""}'})
        return json.loads(answer)["data"]["result"]
