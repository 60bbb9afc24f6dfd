#!/usr/bin/env python3
"""Holds the JSON Schemas to `lariat check`: on a corpus, and on every key with many values."""

import json
import pathlib
import re
import tempfile
import unittest
from typing import Any, Iterator

import jsonschema

import program

SCHEMA = program.PROJECT / "packaging/schema"
FIXTURES = program.PROJECT / "tests/fixtures/config"

# What only `lariat check` can know, with a configuration of each kind that the schema lets pass.
CHECK_ONLY = [
    ("a value that follows from another", {"log": {"memory": "1MiB"}}),
    ("a value that follows from another", {"log": {"segment": "16MiB"}}),
    ("a value that follows from another", {"log": {"spool": {"max_bytes": "2MiB"}}}),
    ("a value that follows from another",
     {"endpoints": {"e": {"url": "tsdp://a:1", "back_off": {"min": "1m"}}}}),
    ("a value that follows from another",
     {"collectors": {"run": {"c": {"command": ["linux"], "timeout": "20s"}}}}),
    ("how much a quantity is", {"log": {"memory": "1MiB", "segment": "1KiB"}}),
    ("how much a quantity is", {"shutdown_grace": "100000d"}),
    ("how much a quantity is", {"endpoints": {"e": {"url": "tsdp://a:1", "max_bytes": "1B"}}}),
    ("how much a quantity is",
     {"collectors": {"run": {"c": {"command": ["linux"], "max_line": "1B"}}}}),
    ("that a fraction of a quantity is no whole one", {"shutdown_grace": "0.5ms"}),
    ("that a fraction of a quantity is no whole one", {"log": {"memory": "16777216.5B"}}),
    ("that a fraction of a quantity is no whole one", {"interval": "1.001m"}),
    ("whether an address is one", {"http": {"listen": "1.2.3:9299"}}),
    ("whether an address is one", {"endpoints": {"e": {"url": "tsdp://[1:2]:1"}}}),
    ("whether a host name is one", {"endpoints": {"e": {"url": "tsdp://-a:1"}}}),
    ("whether a host name is one",
     {"endpoints": {"e": {"url": "tsdp+tls://a:1", "tls": {"server_name": "-a"}}}}),
    ("how much a quantity is",
     {"endpoints": {"e": {"url": "influx+http://a/write", "batch": {"bytes": "1KiB"}}}}),
    ("whether two headers are the same",
     {"endpoints": {"e": {"url": "influx+http://a/write", "headers": {"X-a": "", "x-A": ""}}}}),
    ("whether two headers are the same",
     {"endpoints": {"e": {"url": "influx+http://a/write", "bearer_token": "t",
                          "headers": {"AUTHORIZATION": "x"}}}}),
    ("what a query says twice",
     {"endpoints": {"e": {"url": "influx+http://a/write?precision=s&precision=s"}}}),
    ("whether a pattern is one",
     {"endpoints": {"e": {"url": "tsdp://a:1", "match": ["cpu a=b*"]}}}),
    ("whether two tags are the same", {"tags": {"a": "1", " a": "2"}}),
    ("what is on this host", {"tags": {"a": "@env:LARIAT_TEST_NO_SUCH_VARIABLE"}}),
    ("what is on this host", {"tags": {"a": "@file:/no/such/file"}}),
    ("what is on this host", {"collectors": {"schedule_file": "/no/such/file"}}),
]

# Of these texts a schema sees less than the program.
CHECK_ONLY_TEXTS = [
    '{"interval": "10s", "interval": "20s"}',  # A repeated key.
    '{"max_series": 5.0}',                     # A whole number as a fraction: 5.0 is 5.
]

# Values of every kind, put at every key.
VALUES = [0, 5, -1, 1.5, True, None, "", "x", "@@x", "10s", "16MiB", "/a", "a b", [], [1], ["/a"],
          {}, {"x": 1}]


def without_comments(text: str) -> str:
    return re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda m: m[1] or "", text,
                  flags=re.DOTALL)


def schema_of(name: str) -> dict:
    return json.loads((SCHEMA / name).read_text(encoding="utf-8"))


WHOLE = schema_of("lariat.schema.json")
VALIDATOR = jsonschema.Draft202012Validator(WHOLE)
COLLECTOR = jsonschema.Draft202012Validator(
    {"$ref": "#/$defs/collector", "$defs": WHOLE["$defs"]})


def checked(text: str, collector: bool = False) -> tuple[bool, str]:
    """What `lariat check` says of a configuration, or of a description."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "c.json")
        if collector:
            file.write_text(json.dumps({"collectors": {"directories": [folder + "/d"]}}),
                            encoding="utf-8")
            pathlib.Path(folder, "d").mkdir()
            pathlib.Path(folder, "d/mine.json").write_text(text, encoding="utf-8")
        else:
            file.write_text(text, encoding="utf-8")
        result = program.run("check", "--config", str(file))
    assert result.returncode in (0, 78), result.stderr
    return result.returncode == 0, result.stderr


def with_value(key: str, value: Any, configuration: dict) -> dict:
    """`configuration` with one value more."""
    at = configuration
    *folders, last = key.split(".")
    for folder in folders:
        at = at.setdefault(folder, {})
    at[last] = value
    return configuration


def schema_keys() -> Iterator[tuple[str, dict]]:
    def walk(schema: dict, path: str) -> Iterator[tuple[str, dict]]:
        for key, inner in schema.get("properties", {}).items():
            yield path + key, inner
            for part in [inner, *inner.get("anyOf", [])]:
                yield from walk(part, f"{path}{key}.")

    yield from walk(WHOLE, "")
    yield from walk(WHOLE["$defs"]["endpoint"], "endpoints.NAME.")
    yield from walk(WHOLE["$defs"]["collector"], "collectors.run.NAME.")


class Schema(program.TestCase):
    def test_schemas_are_schemas(self) -> None:
        for name in ("lariat.schema.json", "collector.schema.json"):
            jsonschema.Draft202012Validator.check_schema(schema_of(name))
        self.assertEqual("lariat.schema.json#/$defs/collector",
                         schema_of("collector.schema.json")["$ref"])

    def test_keys_are_those_of_the_program(self) -> None:
        self.same({key for key, _ in schema_keys()}, set(program.defaults()))

    def test_every_key_is_described_and_has_the_default_of_the_program(self) -> None:
        # Those depend on others, or on the user.
        depends = {"endpoints.NAME.order", "control.socket", "collectors.run.NAME.interval",
                   "collectors.run.NAME.timeout", "endpoints.NAME.url",
                   "endpoints.NAME.compression", "collectors.run.NAME.command",
                   "http.tls.certificate", "http.tls.key"}
        for key, value in program.defaults().items():
            inner = dict(schema_keys())[key]
            with self.subTest(key):
                self.assertRegex(inner.get("description", ""), r"\.$")
                self.assertEqual(key in depends, "default" not in inner)
                if key not in depends:
                    self.assertEqual(value, inner["default"])


class Agreement(unittest.TestCase):
    def agree(self, text: str, collector: bool = False) -> bool:
        instance = json.loads(without_comments(text))
        errors = list((COLLECTOR if collector else VALIDATOR).iter_errors(instance))
        good, why = checked(text, collector)
        self.assertEqual(good, not errors, why or [error.message for error in errors])
        return good

    def test_on_the_corpus(self) -> None:
        lines = (FIXTURES / "corpus.txt").read_text(encoding="utf-8").split("\n")
        seen = {True: 0, False: 0}
        for line in lines:
            match = re.fullmatch(r"(collector )?(good|bad) (.*)", line)
            if not match:
                self.assertRegex(line, r"^(#.*)?$")
                continue
            with self.subTest(line):
                good = self.agree(match[3], collector=match[1] is not None)
                self.assertEqual(match[2] == "good", good)
                seen[good] += 1
        self.assertGreater(min(seen.values()), 50)

    def test_on_whole_files(self) -> None:
        for name in ("small", "types", "keys", "values"):
            text = (FIXTURES / f"{name}.json").read_text(encoding="utf-8")
            with self.subTest(name):
                self.assertEqual(name == "small", self.agree(text))
        # It names a schedule file that is not there, as its only mistake on most hosts.
        whole = (FIXTURES / "whole.json").read_text(encoding="utf-8")
        whole = re.sub(r'("schedule_file": )"[^"]*"', r"\1null", whole)
        self.assertTrue(self.agree(whole))

    def test_on_what_is_installed(self) -> None:
        files = sorted((program.PROJECT / "packaging/config").rglob("*.json"))
        if not files:
            self.skipTest("no configuration is installed")
        for file in files:
            with self.subTest(str(file)):
                self.assertTrue(self.agree(file.read_text(encoding="utf-8"),
                                           collector=file.name != "lariat.json"))

    def test_on_what_is_printed(self) -> None:
        endpoints = {f"e{number}": {"url": url} for number, url in enumerate(program.URLS)}
        whole = program.printed({"log": {"spool": {}}, "endpoints": endpoints,
                                 "http": {"tls": {"certificate": "/c", "key": "/k"}},
                                 "collectors": {"run": {"c": {"command": ["linux"]}}}})
        self.assertTrue(self.agree(json.dumps(whole)))

    def test_on_every_key_with_values_of_every_kind(self) -> None:
        for key in program.defaults():
            for value in VALUES:
                if "NAME" in key or (key, value) == ("collectors.schedule_file", "/a"):
                    continue  # The second is good if there is such a file.
                configuration = with_value(key, value, {"collectors": {"directories": []}})
                if key == "log.segment":
                    configuration["log"]["memory"] = "64MiB"  # Room for two.
                if key.startswith("http.tls."):
                    configuration["http"]["tls"] = {
                        "certificate": "/c", "key": "/k", **configuration["http"]["tls"]}
                with self.subTest(json.dumps(configuration)):
                    self.agree(json.dumps(configuration))

    def test_on_every_key_of_endpoints_and_collectors_with_values_of_every_kind(self) -> None:
        places = [("endpoints", {"url": url}) for url in program.URLS]
        for place, needed in [*places, ("collectors.run", {"command": ["linux"]})]:
            keys = [key.partition("NAME.")[2] for key in program.defaults()
                    if key.startswith(f"{place}.NAME.")]
            cases = [with_value(key, value, dict(needed)) for key in keys for value in VALUES]
            # All in one file: each mistake has the path of what it is in.
            many = {f"n{number}": case for number, case in enumerate(cases)}
            lines = checked(json.dumps(with_value(place, many, {})))[1].split("\n")
            bad = {match[1] for line in lines
                   if (match := re.search(rf":\d+: {re.escape(place)}\.(n\d+)\b", line))}
            self.assertTrue(bad)
            for name, case in many.items():
                errors = list(VALIDATOR.iter_errors(with_value(place, {name: case}, {})))
                with self.subTest(f"{place} {case}"):
                    self.assertEqual(name in bad, bool(errors))


class Exceptions(unittest.TestCase):
    def test_what_only_check_knows(self) -> None:
        for reason, configuration in CHECK_ONLY:
            with self.subTest(f"{reason}: {configuration}"):
                self.assertEqual([], list(VALIDATOR.iter_errors(configuration)))
                self.assertFalse(checked(json.dumps(configuration))[0])
        for text in CHECK_ONLY_TEXTS:
            with self.subTest(text):
                self.assertEqual([], list(VALIDATOR.iter_errors(json.loads(text))))
                self.assertFalse(checked(text)[0])


if __name__ == "__main__":
    unittest.main()
