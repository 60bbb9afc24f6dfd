#!/usr/bin/env python3
"""Each plugin of Debian's monitoring-plugins-basic runs unchanged as a collector of a real agent,
which finds out itself that it is one: its STATE comes and, of those that measure, its values."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
from typing import Any, NamedTuple

import loopback

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LARIAT_BUILD_DIR", PROJECT / "build/release")).resolve()
PLUGINS = PROJECT / "build/unpacked/usr/lib/nagios/plugins"
PATIENCE_SECONDS = 90.0
GOOD = {"OK"}
BAD = {"WARNING", "CRITICAL", "UNKNOWN"}
ANY = GOOD | BAD


class Plugin(NamedTuple):
    arguments: str
    states: set[str]
    metrics: tuple[str, ...] = ()  # Behind the name, with the label: `seconds time`.
    text: str = "."  # What its STATE says, as a regular expression.


# What it takes to be well is on loopback, in DIR or on any host. Where a plugin needs what is not
# there it has to say so.
EVERY = {
    "check_apt": Plugin("--input-file DIR/apt", BAD, ("value available_upgrades",), "APT"),
    "check_by_ssh": Plugin("-H 127.0.0.1 -p CLOSED -C true -t 5", BAD),
    "check_clamd": Plugin("-H 127.0.0.1 -p PORT", GOOD, ("seconds time",), "CLAMD OK"),
    "check_cluster": Plugin("-s -d 0,0,1 -w 1 -c 2 -l x", GOOD, text="CLUSTER OK: x: 2 ok"),
    "check_dhcp": Plugin("-i lo -t 1", BAD),
    "check_disk": Plugin("-w 0 -c 0 -p /", GOOD, ("bytes /", "max_bytes /"), "DISK OK"),
    "check_dummy": Plugin("1 words", {"WARNING"}, text="^WARNING: words$"),
    "check_file_age": Plugin("-f DIR/file -w 999999 -c 999999", GOOD,
                             ("seconds age", "bytes size"), "FILE_AGE OK"),
    "check_ftp": Plugin("-H 127.0.0.1 -p PORT", GOOD, ("seconds time",), "FTP OK"),
    "check_host": Plugin("-H 127.0.0.1 -n 1", ANY),
    "check_http": Plugin("-I 127.0.0.1 -p PORT", GOOD, ("seconds time", "bytes size"), "HTTP OK"),
    "check_icmp": Plugin("-H 127.0.0.1 -n 1", ANY),
    "check_ide_smart": Plugin("-d /dev/null", BAD),
    "check_imap": Plugin("-H 127.0.0.1 -p PORT", GOOD, ("seconds time",), "IMAP OK"),
    "check_ircd": Plugin("-H 127.0.0.1 -p CLOSED -w 10 -c 20", BAD, text="IRCD UNKNOWN"),
    "check_jabber": Plugin("-H 127.0.0.1 -p PORT", GOOD, ("seconds time",), "JABBER OK"),
    "check_load": Plugin("-w 9999,9999,9999 -c 9999,9999,9999", GOOD,
                         ("value load1", "value load5", "value load15", "warning load1",
                          "critical load15", "min load5"), "LOAD OK"),
    "check_log": Plugin("-F DIR/file -O DIR/old -q nothing", GOOD, text="Log check data init"),
    "check_mrtg": Plugin("-F DIR/mrtg -a AVG -v 1 -w 500 -c 600", GOOD, text="Avg"),
    "check_mrtgtraf": Plugin("-F DIR/mrtg -a AVG -w 500,500 -c 600,600", GOOD,
                             ("bytes in", "bytes out", "warning_bytes in"), "Traffic OK"),
    "check_nagios": Plugin("-F DIR/none -e 5 -C nagios", BAD, text="NAGIOS CRITICAL"),
    "check_nntp": Plugin("-H 127.0.0.1 -p PORT", GOOD, ("seconds time",), "NNTP OK"),
    "check_nntps": Plugin("-H 127.0.0.1 -p CLOSED -t 5", BAD),
    "check_nt": Plugin("-H 127.0.0.1 -p CLOSED -v UPTIME -t 5", BAD),
    "check_ntp": Plugin("-H 127.0.0.1 -t 1", BAD),
    "check_ntp_peer": Plugin("-H 127.0.0.1 -p CLOSED -t 1", BAD),
    "check_ntp_time": Plugin("-H 127.0.0.1 -p CLOSED -t 1", BAD),
    "check_nwstat": Plugin("-H 127.0.0.1 -p CLOSED -v LOAD1 -t 5", BAD),
    "check_overcr": Plugin("-H 127.0.0.1 -p CLOSED -v LOAD1 -t 5", BAD),
    "check_ping": Plugin("-H 127.0.0.1 -w 1000,50% -c 2000,80% -p 1", ANY),
    "check_pop": Plugin("-H 127.0.0.1 -p PORT", GOOD, ("seconds time",), "POP OK"),
    "check_procs": Plugin("-w 1: -c 1:", GOOD, ("value procs", "warning_low procs"), "PROCS OK"),
    "check_real": Plugin("-H 127.0.0.1 -p CLOSED -t 5", BAD),
    "check_rta_multi": Plugin("-H 127.0.0.1 -n 1", ANY),
    "check_sensors": Plugin("", ANY, text="SENSORS|sensor"),
    "check_simap": Plugin("-H 127.0.0.1 -p CLOSED -t 5", BAD),
    "check_smtp": Plugin("-H 127.0.0.1 -p PORT", GOOD, ("seconds time",), "SMTP OK"),
    "check_spop": Plugin("-H 127.0.0.1 -p CLOSED -t 5", BAD),
    "check_ssh": Plugin("-p PORT 127.0.0.1", GOOD, ("seconds time",), "SSH OK"),
    "check_ssmtp": Plugin("-H 127.0.0.1 -p CLOSED -t 5", BAD),
    "check_swap": Plugin("-w 1% -c 1%", ANY, ("bytes swap",), "SWAP"),
    "check_tcp": Plugin("-H 127.0.0.1 -p HTTP", GOOD, ("seconds time",), "TCP OK"),
    "check_time": Plugin("-H 127.0.0.1 -p PORT -W 999999 -C 999999", GOOD,
                         ("seconds time", "seconds offset"), "TIME OK"),
    "check_udp": Plugin("-H 127.0.0.1 -p PORT -s words -e words", GOOD, ("seconds time",),
                        "UDP OK"),
    "check_ups": Plugin("-H 127.0.0.1 -p CLOSED -u x -t 5", BAD),
    "check_users": Plugin("-w 9999 -c 9999", GOOD, ("value users", "critical users"), "USERS OK"),
}


class Run:
    """One agent with all of them, and `lariat receive` behind it."""

    def __init__(self) -> None:
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        (self.folder / "file").write_text("words\n", encoding="utf-8")
        (self.folder / "apt").write_text("Inst libx [1] (2 Debian:12/stable)\n", encoding="utf-8")
        now = int(time.time())
        (self.folder / "mrtg").write_text(f"{now} 1000 2000\n{now} 100 200 300 400\n" * 2,
                                          encoding="utf-8")
        self.loopback = loopback.Loopback()
        self.frames: list[dict[str, Any]] = []
        self.receiver = subprocess.Popen(
            [BUILD / "lariat", "receive", "--json", "tsdp://127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        url = self.receiver.stderr.readline().removeprefix("listening on ").strip()
        threading.Thread(target=self._read, daemon=True).start()
        self._configure(url)
        with (self.folder / "log").open("w") as log:
            self.agent = subprocess.Popen(
                [BUILD / "lariat", "agent", "--config", self.folder / "lariat.json"], stderr=log,
                env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"})

    def _configure(self, url: str) -> None:
        run = {name: {"command": [str(PLUGINS / name), *self._words(name, plugin.arguments)],
                      "interval": "6h", "timeout": "30s"} for name, plugin in EVERY.items()}
        configuration = {
            "tags": {"host": "here"}, "http": {"listen": "127.0.0.1:0"},
            "control": {"socket": str(self.folder / "control")}, "endpoints": {"e": {"url": url}},
            "collectors": {"directories": [], "run": run}}
        (self.folder / "lariat.json").write_text(json.dumps(configuration), encoding="utf-8")

    def _words(self, name: str, arguments: str) -> list[str]:
        ports = self.loopback.ports
        words = {"PORT": ports.get(name.removeprefix("check_")), "CLOSED": ports["closed"],
                 "HTTP": ports["http"]}
        return [str(words.get(word, word)).replace("DIR", str(self.folder))
                for word in arguments.split()]

    def _read(self) -> None:
        for line in self.receiver.stdout:
            self.frames.append(json.loads(line))

    def states(self) -> dict[str, dict[str, Any]]:
        return {frame["name"].split()[0]: frame for frame in list(self.frames)
                if frame.get("kind") == "state"}

    def wait(self) -> dict[str, dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.states()) < len(EVERY) and self.agent.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.states()

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def metrics(self) -> str:
        port = re.search(r"http://127\.0\.0\.1:(\d+)", self.log())[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics?scope=agent", timeout=10) as answer:
            return answer.read().decode()

    def end(self) -> None:
        for process in (self.agent, self.receiver):
            process.terminate()
            process.wait(PATIENCE_SECONDS)
        self.receiver.stdout.close()
        self.receiver.stderr.close()
        self.temporary.cleanup()


class Every(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        if not PLUGINS.exists():
            raise AssertionError(f"{PLUGINS} is missing; run packaging/install-dependencies unpack")
        cls.run_of_all = Run()
        cls.addClassCleanup(cls.run_of_all.end)
        cls.states = cls.run_of_all.wait()
        cls.metrics = cls.run_of_all.metrics()

    def test_all_of_the_package_are_here(self) -> None:
        self.assertEqual(sorted(path.name for path in PLUGINS.glob("check_*")), sorted(EVERY))

    def test_each_has_its_state_and_its_text(self) -> None:
        for name, plugin in EVERY.items():
            with self.subTest(name):
                self.assertIn(name, self.states, self.run_of_all.log())
                state = self.states[name]
                self.assertEqual(state["name"], f"{name} host=here")
                self.assertIn(state["status"], plugin.states, state)
                self.assertRegex(state["summary"], plugin.text)
                self.assertNotIn("(no output)", state["summary"])

    def test_those_that_measure_have_values(self) -> None:
        series = {frame["name"]: frame for frame in list(self.run_of_all.frames)
                  if frame.get("kind") == "sample"}
        for name, plugin in EVERY.items():
            for metric in plugin.metrics:
                suffix, label = metric.split()
                with self.subTest(f"{name} {metric}"):
                    self.assertIn(f"{name}_{suffix} host=here,label={label}", series)

    def test_no_run_failed_and_nothing_was_refused(self) -> None:
        for name in EVERY:
            with self.subTest(name):
                self.assertRegex(self.metrics, "(?m)^lariat_collector_runs_total"
                                 f'{{collector="{name}",result="ok"}} 1$')
        rejected = re.findall("(?m)^lariat_collector_rejected_total.*$", self.metrics)
        self.assertTrue(rejected)
        for line in rejected:
            self.assertRegex(line, " 0$")


if __name__ == "__main__":
    unittest.main()
