#!/usr/bin/env python3
"""Holds the dashboard for Grafana to its grid, to Prometheus, and to the metrics that there are."""

import itertools
import json
import pathlib
import re
import subprocess
import tempfile
import unittest
from typing import Any

import program

DASHBOARD = program.PROJECT / "packaging/grafana/lariat.json"
COLUMNS = 24
# What Grafana puts in by itself.
BUILT_IN = {"__rate_interval": "5m", "__range": "6h"}


def no_repeated_key(pairs: list[tuple[str, Any]]) -> dict:
    assert len(pairs) == len(dict(pairs)), pairs
    return dict(pairs)


def load() -> dict:
    return json.loads(DASHBOARD.read_text(encoding="utf-8"), object_pairs_hook=no_repeated_key)


def filled(expression: str, built_in: dict[str, str], variables: set[str]) -> str:
    """As Grafana sends it when all is chosen."""
    def value(match: re.Match) -> str:
        name = match[1] or match[2]
        if name in built_in:
            return built_in[name]
        assert name in variables, f"there is no variable {name}"
        return ".*"
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", value, expression)


def overlapping(a: dict, b: dict) -> bool:
    return (a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and
            a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"])


class Dashboard(program.TestCase):
    def setUp(self) -> None:
        self.dashboard = load()
        self.panels = self.dashboard["panels"]
        self.shown = [panel for panel in self.panels if panel["type"] != "row"]
        self.variables = {each["name"] for each in self.dashboard["templating"]["list"]}

    def queries(self, built_in: dict[str, str]) -> list[tuple[str, str]]:
        """Each with the title of its panel."""
        found = [(panel["title"], filled(target["expr"], built_in, self.variables))
                 for panel in self.shown for target in panel["targets"]]
        for variable in self.dashboard["templating"]["list"]:
            if variable["type"] == "query":
                inner = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"])
                self.assertEqual(variable["definition"], variable["query"]["query"])
                found.append((variable["name"],
                              f"count by ({inner[2]}) ({filled(inner[1], {}, self.variables)})"))
        return found

    def test_ids_are_unique(self) -> None:
        ids = [panel["id"] for panel in self.panels]
        self.assertEqual(len(ids), len(set(ids)))

    def test_titles_are_unique_within_their_row(self) -> None:
        row = ""
        titles = []
        for panel in self.panels:
            row = panel["title"] if panel["type"] == "row" else row
            titles.append((row, panel["title"]))
        self.assertEqual(len(titles), len(set(titles)))

    def test_panels_lie_on_the_grid_and_on_nothing_else(self) -> None:
        for panel in self.panels:
            place = panel["gridPos"]
            with self.subTest(panel["title"]):
                self.assertGreaterEqual(min(place["x"], place["y"]), 0)
                self.assertGreater(min(place["w"], place["h"]), 0)
                self.assertLessEqual(place["x"] + place["w"], COLUMNS)
        for one, other in itertools.combinations(self.panels, 2):
            self.assertFalse(overlapping(one["gridPos"], other["gridPos"]),
                             f"{one['title']} lies on {other['title']}")

    def test_rows_are_full_and_follow_each_other(self) -> None:
        taken = {(x, y) for panel in self.panels for place in [panel["gridPos"]]
                 for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        bottom = max(y for _, y in taken) + 1
        holes = set(itertools.product(range(COLUMNS), range(bottom))) - taken
        self.assertEqual(set(), holes)

    def test_every_panel_says_what_it_shows_and_in_which_unit(self) -> None:
        for panel in self.shown:
            with self.subTest(panel["title"]):
                self.assertRegex(panel["description"], r"\.$")
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                self.assertTrue(panel["targets"])

    def test_everything_asks_the_chosen_data_source(self) -> None:
        chosen = {"type": "prometheus", "uid": "${datasource}"}
        self.assertIn("datasource", self.variables)
        for asking in self.shown + [target for panel in self.shown for target in panel["targets"]]:
            self.assertEqual(chosen, asking["datasource"], asking)
        for panel in self.shown:
            names = [target["refId"] for target in panel["targets"]]
            self.assertEqual(len(names), len(set(names)), panel["title"])

    def test_queries_ask_for_metrics_that_there_are_and_leave_none_out(self) -> None:
        asked = set()
        for title, expression in self.queries(BUILT_IN):
            found = program.metrics_in(expression)
            with self.subTest(title):
                self.assertTrue(found)
                self.assertEqual(set(), found - program.metric_names())
            asked |= found
        self.same(asked, program.metric_names())

    def test_variables_hold_in_every_query(self) -> None:
        metrics = re.compile(r"\b(?:lariat|process)_\w+(?:\{[^}]*\})?")
        only_says_which = " and on (job, instance) lariat_build_info"
        for panel in self.shown:
            for target in panel["targets"]:
                for metric in metrics.findall(target["expr"].removesuffix(only_says_which)):
                    of_endpoint = metric.startswith("lariat_endpoint_")
                    of_collector = metric.startswith("lariat_collector_")
                    with self.subTest(f"{panel['title']}: {metric}"):
                        self.assertIn('instance=~"$instance"', metric)
                        self.assertEqual(of_endpoint, 'endpoint=~"$endpoint"' in metric)
                        self.assertEqual(of_collector, 'collector=~"$collector"' in metric)

    def test_prometheus_can_read_every_query(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for number, (title, expression) in enumerate(self.queries(BUILT_IN)):
                file = pathlib.Path(folder, f"{number}.yml")
                file.write_text("groups: [{name: a, rules: [{record: b, expr: %s}]}]\n"
                                % json.dumps(expression), encoding="utf-8")
            result = subprocess.run(
                [program.unpacked("promtool"), "check", "rules",
                 *sorted(map(str, pathlib.Path(folder).iterdir()))],
                capture_output=True, text=True, timeout=program.PATIENCE_SECONDS, check=False)
        self.assertEqual(0, result.returncode, result.stdout + result.stderr)
        self.assertEqual(number + 1, result.stdout.count("SUCCESS: 1 rules found"))


if __name__ == "__main__":
    unittest.main()
