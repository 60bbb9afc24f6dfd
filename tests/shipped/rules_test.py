#!/usr/bin/env python3
"""Holds the rules for Prometheus to promtool, to their cases, and to the metrics that there are."""

import pathlib
import re
import subprocess
import tempfile
import unittest

import program

RULES = program.PROJECT / "packaging/prometheus"
FILES = ["lariat.rules.yml", "lariat.alerts.yml"]
CASES = pathlib.Path(__file__).with_name("alerts.test.yml")


def text_of(name: str) -> str:
    return (RULES / name).read_text(encoding="utf-8")


def promtool(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([program.unpacked("promtool"), *words], capture_output=True, text=True,
                          timeout=program.PATIENCE_SECONDS, check=False)


def alerts() -> dict[str, str]:
    """Each alert with all that is said of it."""
    parts = re.split(r"^ +- alert: (\w+)$", text_of("lariat.alerts.yml"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def expressions(text: str) -> list[str]:
    """One line each, however they are folded."""
    found = re.findall(r"^( +)expr: (?:>-\n((?:\1 +.*\n)+)|(.*)\n)", text, re.MULTILINE)
    return [" ".join((folded or line).split()) for _, folded, line in found]


def failed(cases: str, alerts_text: str) -> set[str]:
    """The alerts whose cases do not hold with these rules."""
    with tempfile.TemporaryDirectory() as folder:
        for name in FILES:
            pathlib.Path(folder, name).write_text(text_of(name), encoding="utf-8")
        pathlib.Path(folder, "lariat.alerts.yml").write_text(alerts_text, encoding="utf-8")
        file = pathlib.Path(folder, "cases.yml")
        file.write_text(cases.replace("../../packaging/prometheus/", ""), encoding="utf-8")
        result = promtool("test", "rules", str(file))
    return set(re.findall(r"alertname: ?(\w+), time", result.stdout + result.stderr))


class Rules(program.TestCase):
    def test_promtool_takes_them(self) -> None:
        result = promtool("check", "rules", *(str(RULES / name) for name in FILES))
        self.assertEqual(0, result.returncode, result.stdout + result.stderr)
        self.assertIn(f"SUCCESS: {len(alerts())} rules found", result.stdout)

    def test_they_ask_for_metrics_that_there_are(self) -> None:
        recorded = set(re.findall(r"record: (\S+)", text_of("lariat.rules.yml")))
        known = program.metric_names() | recorded | {"up"}
        for name in FILES:
            for expression in expressions(text_of(name)):
                asked = program.metrics_in(expression)
                with self.subTest(expression):
                    self.assertTrue(asked)
                    self.assertEqual(set(), asked - known)

    def test_every_expression_is_looked_at(self) -> None:
        for name in FILES:
            self.assertEqual(len(re.findall("expr:", text_of(name))),
                             len(expressions(text_of(name))))

    def test_every_alert_says_what_to_do(self) -> None:
        for name, body in alerts().items():
            with self.subTest(name):
                self.assertRegex(body, r"\n +labels: \{severity: (critical|warning|info)\}\n")
                self.assertRegex(body, r"\n +summary: \S")
                self.assertRegex(body, r"\n +description: >-\n")


class Cases(program.TestCase):
    def setUp(self) -> None:
        self.text = CASES.read_text(encoding="utf-8")

    def test_every_alert_fires_and_is_silent(self) -> None:
        cases = re.findall(r"alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:( \[\])?", self.text)
        self.same({name for name, silent in cases if not silent}, set(alerts()))
        self.same({name for name, silent in cases if silent}, set(alerts()))

    def test_they_hold(self) -> None:
        result = promtool("test", "rules", str(CASES))
        self.assertEqual(0, result.returncode, result.stdout + result.stderr)

    def test_no_rule_without_its_case_failing(self) -> None:
        text = text_of("lariat.alerts.yml")
        expression = r"^( +)expr: (?:>-\n(?:\1 +.*\n)+|.*\n)(?: +for: .*\n)?"
        never = re.sub(expression, r"\1expr: vector(1) > 1\n", text, flags=re.MULTILINE)
        always = re.sub(expression, r"\1expr: vector(1)\n", text, flags=re.MULTILINE)
        self.assertEqual(set(alerts()), failed(self.text, never))
        silent = re.sub(r"exp_alerts:\n(?: {10}.*\n)+", "exp_alerts: []\n", self.text)
        self.assertEqual(set(alerts()), failed(silent, always))


if __name__ == "__main__":
    unittest.main()
