"""Graphite's carbon-cache, and its whisper files."""

import importlib.util
import os
import struct
import time
from types import ModuleType

from . import place
from .server import Points, Server

MODULES = place.UNPACKED / "lib/python3/dist-packages"
CONFIGURATION = """
[cache]
STORAGE_DIR = {folder}
CONF_DIR = {folder}
LOG_DIR = {folder}
PID_DIR = {folder}
LOCAL_DATA_DIR = {folder}/whisper
USER =
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {port}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = 0
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = 0
MAX_UPDATES_PER_SECOND = inf
MAX_CREATES_PER_MINUTE = inf
WHISPER_SPARSE_CREATE = True
CARBON_METRIC_INTERVAL = 0
ENABLE_TAGS = False
ENABLE_LOGROTATION = False
LOG_UPDATES = False
LOG_CREATES = False
LOG_CACHE_QUEUE_SORTS = False
"""
# A place for each second of two hours.
SECONDS = 7200


def whisper() -> ModuleType:
    spec = importlib.util.spec_from_file_location("whisper", MODULES / "whisper.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Carbon(Server):
    """Keeps one value of a path and a second, the last to come; a piece of a path up to 255 octets.

    A point is in its file a second after it came, or later; nobody is told when.
    """

    def start(self) -> None:
        self.port = place.free_port()
        (self.folder / "carbon.conf").write_text(
            CONFIGURATION.format(folder=self.folder, port=self.port), "utf-8")
        (self.folder / "storage-schemas.conf").write_text(
            f"[all]\npattern = .*\nretentions = 1s:{SECONDS}\n", "ascii")
        # Its modules are not installed.
        environment = {**os.environ, "PYTHONPATH": str(MODULES), "PYTHONDONTWRITEBYTECODE": "1"}
        self.launch(place.unpacked("carbon-cache"), "--nodaemon",
                    f"--config={self.folder}/carbon.conf", "start", env=environment)

    def ready(self) -> bool:
        return f"CarbonReceiverFactory starting on {self.port}" in self.said()

    def read(self) -> Points:
        """What is in the files now; a path is a name without labels."""
        reader = whisper()
        now = int(time.time())
        found: Points = {}
        root = self.folder / "whisper"
        for file in root.rglob("*.wsp"):
            try:
                fetched = reader.fetch(str(file), now - SECONDS + 5, now + 1, now=now + 1)
            except (reader.CorruptWhisperFile, struct.error):
                continue  # It is being made.
            if fetched is None:
                continue
            (begin, _, step), values = fetched
            name = str(file.relative_to(root).with_suffix("")).replace("/", ".")
            found[name, frozenset()] = [(begin + step * place_, value)
                                        for place_, value in enumerate(values)
                                        if value is not None]
        return found
