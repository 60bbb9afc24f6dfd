#!/usr/bin/env python3
"""Holds the manual to the program: commands, options, keys and metrics, in both directions."""

import json
import pathlib
import re
import tempfile
import unittest

import program

MANUAL = program.PROJECT / "packaging/manual"

# Where a page says in words what a key is by default.
IN_WORDS = {
    "collectors.run.NAME.interval": "the *interval* of the whole",
    "collectors.run.NAME.timeout": "the interval",
    "endpoints.NAME.order": '"fresh-first" with a spool, else "fifo"',
    "endpoints.NAME.compression": '"gzip" for *influx+http*',
    "control.socket": '"/run/lariat/lariat.sock", for an ordinary user',
}

# Bold in the page of metrics beside values of labels.
KEYS_IN_METRICS = {"connect_timeout", "max_bytes", "max_age"}


def page(name: str) -> str:
    return (MANUAL / f"{name}.scd").read_text(encoding="utf-8")


def sections(text: str, mark: str) -> dict[str, str]:
    parts = re.split(rf"^{mark} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def entries(text: str) -> list[tuple[str, str]]:
    """What a section defines: the line, and the paragraphs below it as one line."""
    found = re.findall(r"^([*_].*)\n((?:\t.*\n|\n(?=\t))+)", text + "\n", re.MULTILINE)
    return [(head, " ".join(body.split())) for head, body in found]


def page_options(text: str) -> list[tuple[program.Option, str]]:
    """Those that a section has, and what it says of each."""
    found = []
    for head, body in entries(text):
        if not head.startswith("*-"):
            continue
        names = frozenset(re.findall(r"\*(-[-\w]+)\*", head))
        value = re.search(r" _([A-Z]+)_$", head)
        found.append((program.Option(names, value[1] if value else "", ""), body))
    return found


def named(options: list[program.Option]) -> set[str]:
    return {" ".join([*sorted(option.names), option.value]).rstrip() for option in options}


def page_keys(text: str) -> dict[str, str]:
    """Each key with what the page says of its default."""
    found = {}
    for title, section in sections(text, "#").items():
        prefix = "collectors.run.NAME." if title == "A COLLECTOR" else ""
        for head, body in entries(section):
            if " = " in head:
                key = re.sub(r"[*_](?=NAME)|(?<=NAME)[*_]|\*", "", head.partition(" = ")[0])
                assert prefix + key not in found, f"{key} is there twice"
                found[prefix + key] = body.partition("Default: ")[2]
    return found


def page_metrics(text: str) -> dict[str, tuple[program.Metric, str]]:
    found = {}
    for head, body in entries(text):
        match = re.fullmatch(r"\*(\w+)\*(?:{(.*)})?, (counter|gauge)", head)
        if match:
            labels = tuple(re.findall(r"\*(\w+)\*", match[2] or ""))
            found[match[1]] = (program.Metric(match[3], labels, frozenset()), body)
    return found


class Commands(program.TestCase):
    def setUp(self) -> None:
        self.text = page("lariat.8")
        self.about = sections(sections(self.text, "#")["COMMANDS"], "##")
        self.about = {title.removeprefix("lariat "): text for title, text in self.about.items()}

    def options_of(self, command: str) -> list[tuple[program.Option, str]]:
        found = page_options(self.about[command])
        if "the options of *ENDPOINT OPTIONS*" in self.about[command]:
            found += page_options(sections(self.text, "#")["ENDPOINT OPTIONS"])
        return found

    def test_every_command_has_its_part(self) -> None:
        self.same(set(self.about), set(program.commands()))

    def test_every_command_is_in_the_synopsis(self) -> None:
        synopsis = sections(self.text, "#")["SYNOPSIS"]
        self.same(set(re.findall(r"^\*lariat (\w+)\*", synopsis, re.MULTILINE)),
                  set(program.commands()))

    def test_options_are_those_of_the_program(self) -> None:
        general = page_options(sections(self.text, "#")["COMMANDS"].partition("\n## ")[0])
        self.same(named([option for option, _ in general]), named(program.options()))
        for command in program.commands():
            with self.subTest(command):
                document = named([option for option, _ in self.options_of(command)])
                self.same(document | {"--help -h"}, named(program.options(command)))

    def test_defaults_are_those_of_the_program(self) -> None:
        for command in program.commands():
            said = {option.names: body for option, body in self.options_of(command)}
            for option in program.options(command):
                if not option.default:
                    continue
                default = said[option.names].partition("Default: ")[2].rstrip(".")
                each = dict(re.findall(r"(\S+) for \*(\w+)\*", default))
                if each:
                    default = {of: value for value, of in each.items()}[command]
                with self.subTest(f"{command} {set(option.names)}"):
                    self.assertEqual(option.default, default)


class Keys(program.TestCase):
    def setUp(self) -> None:
        self.text = page("lariat.json.5")

    def test_keys_are_those_of_the_program(self) -> None:
        self.same(set(page_keys(self.text)), set(program.defaults()))

    def test_defaults_are_those_of_the_program(self) -> None:
        keys = page_keys(self.text)
        for key, value in program.defaults().items():
            with self.subTest(key):
                said = keys[key]
                if key in IN_WORDS:
                    self.assertTrue(said.startswith(IN_WORDS[key]), said)
                elif not said:
                    self.assertIsNone(value, "a default is missing")
                elif key == "endpoints.NAME.heartbeat":
                    self.assertEqual(("1m", '"60s".'), (value, said))
                else:
                    self.assertEqual(value, json.JSONDecoder().raw_decode(said)[0])

    def test_examples_are_good(self) -> None:
        blocks = re.findall(r"^```\n(\{.*?)^```", self.text, re.MULTILINE | re.DOTALL)
        self.assertEqual(3, len(blocks))
        for block in blocks:
            with tempfile.TemporaryDirectory() as folder, self.subTest(block):
                collectors = ""
                if '"command"' in block.partition("\n")[2].lstrip().partition("\n")[0]:
                    collectors = f'{{"collectors": {{"run": {{"backup": {block}}}}}}}'
                file = pathlib.Path(folder, "c.json")
                file.write_text(collectors or block, encoding="utf-8")
                result = program.run("check", "--config", str(file))
                self.assertEqual(0, result.returncode, result.stderr)


class Metrics(program.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.own = program.metrics()

    def setUp(self) -> None:
        self.document = page_metrics(page("lariat-metrics.7"))

    def test_an_agent_that_has_seen_something_has_all_of_the_table(self) -> None:
        self.same(set(self.own), program.metric_names())

    def test_metrics_are_those_of_the_program(self) -> None:
        self.same(set(self.document), set(self.own))

    def test_types_and_labels_are_those_of_the_program(self) -> None:
        for name, (metric, _) in self.document.items():
            with self.subTest(name):
                self.assertEqual((metric.type, metric.labels), self.own[name][:2])

    def test_values_of_labels_are_those_of_the_program(self) -> None:
        for name, (metric, body) in self.document.items():
            if set(metric.labels) <= program.OPEN_LABELS:
                continue
            said = {word for word in re.findall(r"\*([^*]+)\*", body)
                    if not word.startswith("Alert ") and word not in KEYS_IN_METRICS}
            with self.subTest(name):
                self.same(said, set(self.own[name].values))


class Examples(unittest.TestCase):
    """The scripts of lariat-collector(7) are run as the agent would run them."""

    def scripts(self) -> list[str]:
        blocks = re.findall(r"^```\n(#!.*?)^```", page("lariat-collector.7"),
                            re.MULTILINE | re.DOTALL)
        self.assertEqual(3, len(blocks))
        return blocks

    def collect(self, script: str, *arguments: str, mode: str = "oneshot") -> str:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "example")
            file.write_text(script, encoding="utf-8")
            file.chmod(0o755)
            configuration = pathlib.Path(folder, "c.json")
            configuration.write_text('{"tags": {"host": "h"}}', encoding="utf-8")
            result = program.run("collect", "--config", str(configuration), "--mode", mode,
                                 "--timeout", "50s", str(file), *arguments)
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertIn(" 0 rejected", result.stderr)
        return result.stdout

    def test_the_first_one_counts_files(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "cron/one").mkdir(parents=True)
            out = self.collect(self.scripts()[0].replace("/var/spool", folder))
        self.assertRegex(out, r"^sample \d+ spool_files dir=cron,host=h 1\n$")

    def test_the_stream_answers(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            out = self.collect(self.scripts()[1], folder, mode="stream")
        self.assertRegex(out, r"^sample \d+ queue_files folder=\S+,host=h 0\n$")

    def test_the_state_is_ok(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            out = self.collect(self.scripts()[2].replace("/srv/backup/last", folder))
        self.assertRegex(out, r"^state \d+ backup disk=nas,host=h OK last one 0 hours ago\n$")


class TheTestItself(unittest.TestCase):
    """Takes something out of a page, and puts something in: both are told by name."""

    def test_names_an_option_that_is_missing_and_one_too_many(self) -> None:
        text = "*--json*\n\tA.\n\n*-q*, *--quiet*\n\tB.\n\n*--old* _N_\n\tC.\n"
        document = named([option for option, _ in page_options(text)])
        self.assertEqual({"--json", "--quiet -q", "--old N"}, document)
        self.assertEqual(["--old N is in the document, and not in the program",
                          "--new is in the program, and not in the document"],
                         program.difference(document, {"--json", "--quiet -q", "--new"}))

    def test_sees_each_key_and_metric_that_is_taken_out(self) -> None:
        for name, read in (("lariat.json.5", page_keys), ("lariat-metrics.7", page_metrics)):
            text = page(name)
            every = set(read(text))
            self.assertGreater(len(every), 40)
            lines = text.split("\n")
            for number, line in enumerate(lines):
                if re.match(r"\*.*( = |, counter$|, gauge$)", line):
                    less = read("\n".join(lines[:number] + lines[number + 2:]))
                    self.assertEqual(1, len(every - set(less)), line)


if __name__ == "__main__":
    unittest.main()
