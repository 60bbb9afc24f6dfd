"""VictoriaMetrics."""

import json
import ssl

from . import place
from .certificates import Certificates
from .server import Points, Server


def alike(written: float, kept: float) -> bool:
    return abs(written - kept) <= max(abs(written) * 1e-12, 1e-307)


class Victoria(Server):
    """Takes all, in any order, and several values of one second.

    Keeps numbers as decimal ones, of which 12 digits are sure, and none that is next to nothing. It
    shows what it took after a second, unless it is told to flush.
    """

    graphite_port = 0
    influx_port = 0

    def __init__(self, certificates: Certificates | None = None) -> None:
        """With certificates it speaks HTTPS."""
        self._options = []
        if certificates:
            self._options = ["-tls", f"-tlsCertFile={certificates.certificate}",
                             f"-tlsKeyFile={certificates.key}"]
            self.tls = ssl.create_default_context(cafile=certificates.authority)
        super().__init__()

    def start(self) -> None:
        self.port, self.graphite_port, self.influx_port = (place.free_port() for _ in range(3))
        self.launch(
            place.unpacked("victoria-metrics"), f"-storageDataPath={self.folder}/data",
            f"-httpListenAddr=127.0.0.1:{self.port}",
            f"-graphiteListenAddr=127.0.0.1:{self.graphite_port}",
            f"-influxListenAddr=127.0.0.1:{self.influx_port}",
            "-search.latencyOffset=0s", "-memory.allowedBytes=128MB",
            "-maxLabelsPerTimeseries=100", *self._options)

    def ready(self) -> bool:
        return self.http("/health")[0] == 200

    def read(self) -> Points:
        self.answer("/internal/force_flush")
        found: Points = {}
        for line in self.answer("/api/v1/export", {"match[]": '{__name__!=""}'}).splitlines():
            row = json.loads(line)
            name = row["metric"].pop("__name__")
            # One series may come in several rows.
            points = found.setdefault((name, frozenset(row["metric"].items())), [])
            # A null is a NaN: the marker that the series has ended.
            points += [(at // 1000, float(value)) for at, value in zip(
                row["timestamps"], row["values"]) if value is not None]
        for points in found.values():
            points.sort()
        return found

    def rows_invalid(self) -> int:
        """Lines that it took and threw away, all protocols together."""
        rows = [line.split() for line in self.answer("/metrics").decode().splitlines()
                if line.startswith("vm_rows_invalid_total{")]
        return sum(int(float(value)) for _, value in rows)
