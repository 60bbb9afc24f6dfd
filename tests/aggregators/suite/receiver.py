"""`lariat receive`: an aggregator of our own."""

from . import place
from .observation import Observation, observations
from .server import Program


class Receiver(Program):
    """Keeps each message, octet for octet."""

    def __init__(self, where: str = "tsdp", *options: str) -> None:
        """`where` is a scheme, or a whole URL."""
        super().__init__()
        self.port = place.free_port()
        self.url = where if "://" in where else f"{where}://127.0.0.1:{self.port}"
        self._options = options
        self._runs = 0
        self.start()

    def start(self) -> None:
        """Again after `stop`, on the same port; what came before is kept."""
        self._runs += 1
        self.launch(place.LARIAT, "receive", self.url, "--raw", f"raw.{self._runs}",
                    *self._options)

    def observations(self) -> list[Observation]:
        """In order; heartbeats are left out."""
        streams = (self.folder / f"raw.{run}" for run in range(1, self._runs + 1))
        return [seen for stream in streams if stream.exists()
                for seen in observations(stream.read_bytes())]
