"""Seven servers of the seven kinds that an endpoint may send to."""

import contextlib
import pathlib
import tempfile
from typing import Any

from .bolo import Bolo
from .carbon import Carbon
from .certificates import Certificates
from .influxdb import Influxdb
from .prometheus import Prometheus
from .receiver import Receiver
from .victoria import Victoria


class SevenServers:
    """They run until the end; `folder` goes then, too."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            enter = stack.enter_context
            self.folder = pathlib.Path(enter(tempfile.TemporaryDirectory(prefix="lariat-")))
            self.certificates = Certificates(self.folder)
            self.tsdp = enter(Receiver())
            self.tls = enter(Receiver("tsdp+tls", "--certificate", self.certificates.certificate,
                                      "--key", self.certificates.key))
            self.carbon = enter(Carbon())
            self.victoria = enter(Victoria())
            self.influxdb = enter(Influxdb())
            self.prometheus = enter(Prometheus())
            self.bolo = enter(Bolo())
            self._stack = stack.pop_all()
        self.ports = {"tsdp": self.tsdp.port, "tls": self.tls.port, "graphite": self.carbon.port,
                      "influx": self.victoria.influx_port, "influxdb": self.influxdb.port,
                      "prometheus": self.prometheus.port, "bolo": self.bolo.port}

    def __enter__(self) -> "SevenServers":
        return self

    def __exit__(self, *_: Any) -> None:
        self._stack.close()

    def endpoints(self, ports: dict[str, int]) -> dict[str, dict]:
        """The configuration of endpoints at these ports, or others that stand before them."""
        at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
        return {
            "tsdp": {"url": f"tsdp://{at['tsdp']}"},
            "tls": {"url": f"tsdp+tls://{at['tls']}",
                    "tls": {"ca": self.certificates.authority}},
            "graphite": {"url": f"graphite://{at['graphite']}"},
            "influx": {"url": f"influx://{at['influx']}"},
            "influxdb": {"url": f"influx+http://{at['influxdb']}/write?"
                                f"db={self.influxdb.database}"},
            "prometheus": {"url": f"prometheus+http://{at['prometheus']}/api/v1/write"},
            "bolo": {"url": f"bolo://{at['bolo']}"},
        }
