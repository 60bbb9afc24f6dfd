"""`lariat receive`: an aggregator of our own."""

import json
import re

from . import place
from .server import Program

LISTENS = re.compile(r"(?:listening|listens)\D*(?:127\.0\.0\.1):(\d+)", re.IGNORECASE)


class Receiver(Program):
    """Prints each frame as a JSON object; `frames` are those that came, in order."""

    def __init__(self, *options: str, scheme: str = "tsdp", port: int = 0) -> None:
        super().__init__()
        self.port = port or place.free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self._options = options
        self.start()

    def start(self) -> None:
        """Again after `stop`, on the same port; what came before is kept."""
        with (self.folder / "frames").open("ab") as frames:
            self.launch(place.LARIAT, "receive", self.url, "--json", *self._options, stdout=frames)

    def frames(self) -> list[dict]:
        """Whole lines only; heartbeats are left out."""
        text = (self.folder / "frames").read_text("utf-8")
        rows = (json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines())
        return [row for row in rows if "opcode" not in row]
