"""What the program itself says of its commands, options, keys and metrics.

The tests beside this file hold documents to it. LARIAT_BUILD_DIR names the folder of the build.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from typing import Any, NamedTuple

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LARIAT_BUILD_DIR", PROJECT / "build/dev"))
LARIAT = str(BUILD / "lariat")
UNPACKED = PROJECT / "build/unpacked/usr/bin"
PATIENCE_SECONDS = 60


class Option(NamedTuple):
    names: frozenset[str]  # `-q`, `--quiet`.
    value: str    # How the help calls it: `FILE`; empty: it takes none.
    default: str  # As the help has it; empty: none.


def run(*words: str, **more: Any) -> subprocess.CompletedProcess:
    return subprocess.run([LARIAT, *words], capture_output=True, text=True,
                          timeout=PATIENCE_SECONDS, check=False, **more)


def commands() -> list[str]:
    text = run("--help").stdout
    found = re.findall(r"^  ([a-z]+)  ", text[text.index("\nSubcommands:"):], re.MULTILINE)
    assert len(found) > 5, text
    return found


def options(command: str = "") -> list[Option]:
    """Those of a command, or of the program itself, with `--help`."""
    text = run(*([command] if command else []), "--help").stdout
    text = text[text.index("\nOptions:\n"):].partition("\nSubcommands:")[0]
    found = []
    for names, rest in re.findall(r"^  (-\S+)(.*)$", text, re.MULTILINE):
        # Behind the names `FILE`, `TIME=5s` or `N:INT in [1 - 9]=3`; after two blanks the help.
        value = re.match(r" ([A-Z]+)(?::[A-Z]+(?: in \[[^]]*\])?)?(?:=(\S+))?( |$)", rest)
        found.append(Option(frozenset(names.split(",")), value[1] if value else "",
                            value[2] or "" if value else ""))
    assert found, text
    return found


def printed(configuration: dict) -> dict:
    """The configuration as it takes effect: all keys."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "c.json")
        file.write_text(json.dumps(configuration), encoding="utf-8")
        result = run("check", "--print", "--config", str(file))
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


# One for each set of keys that an endpoint can have.
URLS = ["tsdp://a:1", "tsdp+tls://a:1", "graphite://a", "influx://a:1",
        "influx+https://a:1/write?db=d", "prometheus+https://a:1/api/v1/write", "bolo://a"]


def defaults() -> dict[str, Any]:
    """Each key, as `endpoints.NAME.url`, with the value that it has unless the file says another.

    A key that must be there has None, as one that has no value; an object with keys of its own {}.
    """
    whole = printed({
        "http": {"tls": {"certificate": "/c", "key": "/k"}},
        "log": {"spool": {}},
        # Each scheme has some that others lack; of what several have, the first counts.
        "endpoints": {f"NAME{number}": {"url": url} for number, url in enumerate(URLS)},
        "collectors": {"run": {"NAME": {"command": ["linux"]}}},
    })
    found: dict[str, Any] = {}

    def walk(value: dict, path: str) -> None:
        for key, inner in value.items():
            at = f"{path}{key}"
            found.setdefault(at, {} if isinstance(inner, dict) else inner)
            # Of these the keys are the user's.
            if isinstance(inner, dict) and key not in ("tags", "endpoints", "run", "env",
                                                       "labels", "headers"):
                walk(inner, f"{at}.")

    walk(whole, "")
    for number, _ in enumerate(URLS):
        walk(whole["endpoints"][f"NAME{number}"], "endpoints.NAME.")
    walk(whole["collectors"]["run"]["NAME"], "collectors.run.NAME.")
    found["log.spool"] = printed({})["log"]["spool"]
    found["http.tls"] = printed({})["http"]["tls"]
    for written in ("endpoints.NAME.url", "collectors.run.NAME.command", "http.tls.certificate",
                    "http.tls.key"):
        found[written] = None
    return found


# Their values are the configuration's, or the build's.
OPEN_LABELS = {"endpoint", "collector", "version", "revision"}


class Metric(NamedTuple):
    type: str
    labels: tuple[str, ...]
    values: frozenset[str]  # Of labels that are not open.


class Agent:
    """One that runs, with an endpoint that is not there, a collector, and a spool."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.socket = f"{self.folder}/s"
        file = pathlib.Path(self.folder, "c.json")
        # The endpoint comes, so that it has had a success.
        self.receiver = subprocess.Popen(
            [LARIAT, "receive", f"tsdp+unix://{self.folder}/r", "--quiet"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        file.write_text(json.dumps({
            "http": {"listen": "127.0.0.1:0"},
            "control": {"socket": self.socket},
            "log": {"spool": {"directory": f"{self.folder}/spool"}},
            "endpoints": {"east": {"url": f"tsdp+unix://{self.folder}/r",
                                   "back_off": {"min": "10ms", "max": "50ms"}}},
            "collectors": {"directories": [], "run": {
                "mine": {"command": ["/bin/sh", "-c", "echo sample 1 a 1"], "interval": "1s"},
                # Keeps the agent from being ready: a 503 for /-/ready.
                "slow": {"command": ["/bin/sleep", "60"], "interval": "1m"}}},
        }), encoding="utf-8")
        self.process = subprocess.Popen([LARIAT, "agent", "--config", str(file)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self) -> "Agent":
        return self

    def __exit__(self, *_: Any) -> None:
        for process in (self.process, self.receiver):
            process.terminate()
            process.wait(PATIENCE_SECONDS)
        shutil.rmtree(self.folder)

    def ask(self, line: str) -> str:
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(PATIENCE_SECONDS)
            control.connect(self.socket)
            control.sendall(line.encode() + b"\n")
            control.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: control.recv(65536), b"")).decode()

    def ask_when(self, line: str, words: list[str]) -> str:
        """Its answer as soon as it has all these words."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        text = ""
        while time.monotonic() < deadline:
            try:
                text = self.ask(line)
            except OSError:
                text = ""
            if all(word in text for word in words):
                return text
            time.sleep(0.02)
        raise AssertionError(f"no {words} in {text}")

    def http(self, path: str, method: str = "GET") -> int:
        where = re.search(r"http://127\.0\.0\.1:(\d+)", self.ask_when("status", ["http://"]))
        with socket.create_connection(("127.0.0.1", int(where[1])), PATIENCE_SECONDS) as client:
            client.sendall(f"{method} {path} HTTP/1.0\r\nHost: a\r\n\r\n".encode())
            return int(client.recv(4096).split()[1])


def metrics() -> dict[str, Metric]:
    """What a running agent has of its own."""
    with Agent() as agent:
        for path in ("/", "/metrics", "/status", "/-/healthy", "/-/ready", "/no-such",
                     "/metrics?scope=no-such"):
            agent.http(path)
        agent.http("/", "POST")
        text = agent.ask_when("metrics agent", [
            "lariat_endpoint_last_success_timestamp_seconds{",
            "lariat_collector_last_success_timestamp_seconds{"])
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    found = {}
    for name, kind in types.items():
        samples = re.findall(rf"^{name}(?:{{(.*)}})? \S+$", text, re.MULTILINE)
        pairs = [re.findall(r'(\w+)="([^"]*)"', labels) for labels in samples]
        closed = {value for labels in pairs for label, value in labels
                  if label not in OPEN_LABELS}
        found[name] = Metric(kind, tuple(label for label, _ in pairs[0]), frozenset(closed))
    return found


def metric_names() -> set[str]:
    """All in the agent's table, whether an agent has a value for them or not."""
    table = (PROJECT / "agent/metrics/table.cc").read_text(encoding="utf-8")
    return set(re.findall(r'"((?:lariat|process)_[a-z_]+)"', table))


def metrics_in(expression: str) -> set[str]:
    """The metrics, recorded ones too, that an expression of Prometheus asks for."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right) ?\([^)]*\)", "", bare)
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]", "", bare)
    words = re.findall(r"\b[a-zA-Z_][\w:]*\b(?! *\()", bare)
    return set(words) - {"and", "or", "unless", "by", "without", "on", "bool", "inf"}


def unpacked(name: str) -> str:
    path = UNPACKED / name
    if not path.exists():
        raise AssertionError(f"{path} is missing; run packaging/install-dependencies unpack")
    return str(path)


def difference(document: set, program: set) -> list[str]:
    """What one has and the other lacks, in words, one a line."""
    return ([f"{item} is in the document, and not in the program"
             for item in sorted(document - program)] +
            [f"{item} is in the program, and not in the document"
             for item in sorted(program - document)])


class TestCase(unittest.TestCase):
    def same(self, document: set, program: set) -> None:
        self.assertEqual([], difference(document, program))
