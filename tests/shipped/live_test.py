#!/usr/bin/env python3
"""A real Prometheus scrapes a real agent: each query of the dashboard has an answer there, and each
rule can be evaluated."""

import json
import pathlib
import re
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import dashboard_test
import program

CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: ['{rules}/*.yml']
scrape_configs:
  - job_name: lariat
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""
LISTENS = re.compile(r'msg="Listening on" address=127\.0\.0\.1:(\d+)')


class Prometheus:
    def __init__(self, agent_port: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        file = pathlib.Path(self.folder.name, "prometheus.yml")
        file.write_text(CONFIGURATION.format(rules=program.PROJECT / "packaging/prometheus",
                                             port=agent_port), encoding="utf-8")
        self.log = pathlib.Path(self.folder.name, "log")
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [program.unpacked("prometheus"), f"--config.file={file}",
                 f"--storage.tsdb.path={self.folder.name}/data",
                 "--web.listen-address=127.0.0.1:0"], stdout=log, stderr=log)
        self.port = ""

    def __enter__(self) -> "Prometheus":
        deadline = time.monotonic() + program.PATIENCE_SECONDS
        while not self.port and time.monotonic() < deadline:
            listens = LISTENS.search(self.log.read_text(encoding="utf-8"))
            self.port = listens[1] if listens else ""
            time.sleep(0.02)
        return self

    def __exit__(self, *_: Any) -> None:
        self.process.terminate()
        self.process.wait(program.PATIENCE_SECONDS)
        self.folder.cleanup()

    def get(self, path: str) -> dict:
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}"
        try:
            with urllib.request.urlopen(url, timeout=program.PATIENCE_SECONDS) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # Not ready yet.
                return {}
            raise AssertionError(f"{path}: {error.read().decode()}") from error


class Live(unittest.TestCase):
    def test_every_query_has_an_answer_and_every_rule_can_be_evaluated(self) -> None:
        dashboard = dashboard_test.Dashboard()
        dashboard.setUp()
        wanted = {query: title for title, query in dashboard.queries(
            {"__rate_interval": "5s", "__range": "1h"})}
        with program.Agent() as agent:
            status = agent.ask_when("status", ["http://"])
            with Prometheus(int(re.search(r"http://127\.0\.0\.1:(\d+)", status)[1])) as prometheus:
                self.wait_for_answers(prometheus, wanted)
                self.wait_for_rules(prometheus)

    def wait_for_answers(self, prometheus: Prometheus, wanted: dict[str, str]) -> None:
        deadline = time.monotonic() + program.PATIENCE_SECONDS
        missing = dict(wanted)
        while missing and time.monotonic() < deadline:
            for query in list(missing):
                answer = prometheus.get("query?query=" + urllib.parse.quote(query))
                # These show trouble only, of which there is none here.
                if answer and (answer["result"] or query.endswith(" > 0")):
                    del missing[query]
            time.sleep(0.2)
        self.assertEqual({}, missing)
        self.assertLess(sum(query.endswith(" > 0") for query in wanted), len(wanted) / 5)

    def wait_for_rules(self, prometheus: Prometheus) -> None:
        deadline = time.monotonic() + program.PATIENCE_SECONDS
        health: set[str] = set()
        while health != {"ok"} and time.monotonic() < deadline:
            rules = [rule for group in prometheus.get("rules")["groups"]
                     for rule in group["rules"]]
            health = {rule["health"] for rule in rules}
            self.assertGreater(len(rules), 20)
            self.assertEqual([], [rule["lastError"] for rule in rules if rule.get("lastError")])
            time.sleep(0.2)
        self.assertEqual({"ok"}, health)


if __name__ == "__main__":
    unittest.main()
