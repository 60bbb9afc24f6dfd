"""InfluxDB 1.6."""

import json

from . import place
from .server import Points, Server

CONFIGURATION = """
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
max-row-limit = 0
"""


class Influxdb(Server):
    """Keeps one value of a series and a second, the last to come; a field has one type for ever."""

    database = "lariat"

    def start(self) -> None:
        self.port = place.free_port()
        (self.folder / "influxdb.conf").write_text(
            CONFIGURATION.format(folder=self.folder, port=self.port), "utf-8")
        self.launch(place.unpacked("influxd"), "-config", f"{self.folder}/influxdb.conf")

    def ready(self) -> bool:
        return self.http("/query", {"q": f"CREATE DATABASE {self.database}"}, b"")[0] == 200

    def read(self) -> Points:
        """Each measurement's field `value`."""
        answer = json.loads(self.answer("/query", {
            "db": self.database, "epoch": "s",
            "q": "SELECT value::field FROM /.*/ GROUP BY *"}))
        found: Points = {}
        for row in answer["results"][0].get("series", []):
            # A tag that the series lacks is an empty one.
            labels = frozenset((key, value) for key, value in row["tags"].items() if value)
            found[row["name"], labels] = [(at, float(value)) for at, value in row["values"]]
        return found
