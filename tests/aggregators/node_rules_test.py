#!/usr/bin/env python3
"""A Prometheus that was set up for node_exporter scrapes the agent: rules and alerts go on working.

Two hosts: this one, and one of the fixtures, which has what few machines have.
"""

import contextlib
import json
import re
import unittest

from suite import place
from suite.agent import Agent
from suite.node_rules import ALERTS, NODE, RECORDED
from suite.server import Server

FIXTURES = place.PROJECT / "tests/fixtures/linux"
# A Prometheus that compares keeps what is true; told to judge it keeps all, as 0 or 1.
_COMPARED = re.compile(r"(?<=\s)([<>]=?|[=!]=)(?= -?[\d.]+)")
_METRIC = re.compile(r"\bnode_\w+(?=[{\[ )]|$)")


class Watcher(Server):
    """Scrapes each second, and judges by the rules each second."""

    targets: list[str] = []

    def start(self) -> None:
        self.port = place.free_port()
        rules = [{"record": name, "expr": expression} for name, expression in RECORDED]
        rules += [{"alert": name, "expr": expression} for name, expression in ALERTS]
        (self.folder / "rules.json").write_text(json.dumps(
            {"groups": [{"name": "node-exporter", "rules": rules}]}), "utf-8")
        (self.folder / "prometheus.json").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                       "evaluation_interval": "1s"},
            "rule_files": ["rules.json"],
            "scrape_configs": [{"job_name": "node",
                                "static_configs": [{"targets": self.targets}]}]}), "utf-8")
        self.launch(
            place.unpacked("prometheus"), f"--config.file={self.folder}/prometheus.json",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}")

    def ready(self) -> bool:
        return self.http("/-/ready")[0] == 200

    def query(self, expression: str) -> list[dict]:
        """The series that it results in now."""
        answer = json.loads(self.answer("/api/v1/query", {"query": expression}))
        return answer["data"]["result"]

    def rules(self) -> list[dict]:
        groups = json.loads(self.answer("/api/v1/rules"))["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def hosts_of(self, expression: str) -> set[str]:
        return {row["metric"].get("instance", "") for row in self.query(expression)}


def agent_with(*options: str, said: str = "") -> Agent:
    """An agent whose collector `linux` has these options, and one that prints what is `said`."""
    run = {"linux": {"command": [str(place.BUILD / "collectors/linux"), *options],
                     "mode": "stream", "interval": "1s"}}
    if said:
        run["said"] = {"command": ["/bin/sh", "-c", f'echo "{said}"'], "interval": "1s"}
    return Agent({}, collectors={"directories": [], "run": run})


class NodeRulesTest(unittest.TestCase):
    def setUp(self) -> None:
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        here = stack.enter_context(agent_with())
        there = stack.enter_context(agent_with(
            "--procfs", str(FIXTURES / "proc"), "--sysfs", str(FIXTURES / "sys"),
            "--rootfs", str(FIXTURES / "rootfs"),
            said="sample $(date +%s) node_systemd_unit_state name=x.service,state=failed 1"))
        self.here, self.there = (f"127.0.0.1:{agent.port}" for agent in (here, there))
        Watcher.targets = [self.here, self.there]
        self.watcher = stack.enter_context(Watcher())
        # Of the last rule a rate needs two scrapes of both.
        place.wait_for("rules have data of both hosts", lambda: all(
            self.watcher.hosts_of(name) >= {self.here, self.there} for name in (
                "instance:node_cpu_utilisation:rate5m",
                "instance:node_network_transmit_drop_excluding_lo:rate5m")))

    def judged_without_error(self) -> list[dict]:
        rules = self.watcher.rules()
        self.assertEqual(len(rules), len(RECORDED) + len(ALERTS))
        return rules if all(rule["health"] == "ok" for rule in rules) else []

    def test_rules_have_data_and_alerts_find_what_is_wrong(self) -> None:
        rules = place.wait_for("all rules are judged", self.judged_without_error)
        self.assertEqual([rule["lastError"] for rule in rules if rule.get("lastError")], [])

        for name, _ in RECORDED:
            self.assertNotEqual(self.watcher.hosts_of(name), set(), name)
        for name, expression in ALERTS:
            self.holds_data(name, expression)

        # The host of the fixtures has a broken array, a bond with an end down, a failed service.
        place.wait_for("what is wrong there is found", lambda: {
            rule["name"] for rule in self.watcher.rules() if rule.get("state") == "firing"
        } >= {"NodeRAIDDegraded", "NodeRAIDDiskFailure", "NodeBondingDegraded",
              "NodeSystemdServiceFailed"})

    def holds_data(self, name: str, expression: str) -> None:
        """Each metric is there, and what an alert compares is something, whatever it says of it."""
        for metric in set(_METRIC.findall(expression)):
            self.assertTrue(self.watcher.query(f"{metric}{{{NODE}}}"), f"{name}: {metric}")
        judged, count = _COMPARED.subn(r"\1 bool", expression)
        self.assertGreater(count, 0, f"{name} compares nothing")
        self.assertTrue(self.watcher.query(judged), f"{name}: {judged}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
