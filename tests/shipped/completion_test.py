#!/usr/bin/env python3
"""Holds the completion to the program: asks it as bash does, and in a bash at a terminal."""

import os
import pathlib
import pty
import re
import select
import shlex
import subprocess
import tempfile
import time
import unittest

import program

COMPLETION = program.PROJECT / "packaging/completion/lariat"

ASK = """
source {file}
COMP_LINE={line} COMP_POINT={point} COMP_WORDS=({command}) COMP_CWORD=1
_lariat
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def complete(line: str, folder: str = "/", command: str = program.LARIAT) -> set[str]:
    """What bash would offer behind `line`."""
    script = ASK.format(file=shlex.quote(str(COMPLETION)), line=shlex.quote(line), point=len(line),
                        command=shlex.quote(command))
    result = subprocess.run(["bash", "--norc", "-u", "-c", script], cwd=folder, capture_output=True,
                            text=True, timeout=program.PATIENCE_SECONDS, check=True)
    assert not result.stderr, result.stderr
    return set(result.stdout.split("\n")) - {""}


class Words(program.TestCase):
    def test_commands_are_those_of_the_program(self) -> None:
        self.same(complete("lariat "), set(program.commands()))
        self.assertEqual({"send", "spool", "status"}, complete("lariat s"))

    def test_options_are_those_of_the_program(self) -> None:
        for command in ["", *program.commands()]:
            of_program = {name for option in program.options(command) for name in option.names}
            with self.subTest(command):
                # Behind - alone, and behind --, as far as it goes.
                long = {name for name in of_program if name.startswith("--")}
                line = f"lariat {command} --" if command else "lariat --"
                self.same(complete(line), long)
                if command != "send":  # There it is a word of its own.
                    self.same(complete(line[:-1]), of_program)

    def test_knows_which_options_take_a_value(self) -> None:
        for command in program.commands():
            for option in program.options(command):
                for name in option.names:
                    # Behind one without a value the next option comes; behind one with a value not.
                    offered = complete(f"lariat {command} {name} --")
                    with self.subTest(f"{command} {name}"):
                        self.assertEqual(not option.value, "--help" in offered, offered)

    def test_an_option_with_its_value_is_passed_over(self) -> None:
        self.assertIn("--json", complete("lariat status --socket /run/x --j"))
        self.assertIn("--json", complete("lariat status --socket=/run/x --j"))

    def test_words_of_options(self) -> None:
        self.assertEqual({"oneshot", "stream", "feed"}, complete("lariat collect --mode "))
        self.assertEqual({"auto", "tsdp", "bolo", "nagios", "prometheus", "influx", "graphite",
                          "collectd", "json"}, complete("lariat collect --format "))
        self.assertEqual({"stream"}, complete("lariat collect --mode s"))

    def test_kinds_of_send(self) -> None:
        kinds = {"sample", "tally", "delta", "state", "event", "fact"}
        urls = {"tsdp://", "tsdp+unix://"}
        self.assertEqual(urls, complete("lariat send "))
        self.assertEqual(kinds | urls | {"-"}, complete("lariat send tsdp://127.0.0.1:2600 "))
        self.assertEqual(kinds | urls | {"-"}, complete("lariat send tsdp://a:1 tsdp://b:1 "))
        self.assertEqual({"state"}, complete("lariat send --time 5 -q tsdp://127.0.0.1:2600 st"))
        self.assertEqual({"ok", "warning", "critical", "unknown"},
                         complete("lariat send tsdp://a:1 state backup "))
        self.assertEqual(set(), complete("lariat send tsdp://a:1 sample load "))
        self.assertEqual(set(), complete("lariat send tsdp://a:1 state backup ok "))
        self.assertEqual(set(), complete("lariat send state backup "))

    def test_every_kind_is_one_of_the_program(self) -> None:
        offered = complete("lariat send tsdp://127.0.0.1:1 ") - {"-", "tsdp://", "tsdp+unix://"}
        for kind in offered | {"sampl"}:
            # Nobody listens: a kind that is none is wrong use, others fail later.
            result = program.run("send", "--timeout", "1ms", "tsdp+unix:///no/such", kind, "a", "1")
            with self.subTest(kind):
                self.assertEqual(kind in offered, "is no kind" not in result.stderr, result.stderr)

    def test_nothing_behind_the_one_argument(self) -> None:
        for line in ("lariat receive tsdp://a:1 ", "lariat spool /var ", "lariat name "):
            self.assertEqual(set(), complete(line), line)


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        pathlib.Path(self.folder, "lariat.json").touch()
        pathlib.Path(self.folder, "my spool").mkdir()

    def test_files_and_directories(self) -> None:
        both = {"lariat.json", "my spool"}
        self.assertEqual(both, complete("lariat agent --config ", self.folder))
        self.assertEqual({"lariat.json"}, complete("lariat check --print --config la", self.folder))
        self.assertEqual(both, complete("lariat receive --raw ", self.folder))
        self.assertEqual({"my spool"}, complete("lariat spool ", self.folder))
        self.assertEqual({"my spool"}, complete("lariat spool --check my", self.folder))
        self.assertEqual({"my spool"}, complete("lariat bench --spool ", self.folder))
        self.assertEqual({"my spool"}, complete("lariat spool my\\ ", self.folder))
        self.assertEqual({"my spool"}, complete("lariat spool my\\ sp", self.folder))

    def test_programs_of_collect(self) -> None:
        self.assertEqual({"./lariat.json"}, complete("lariat collect ./la", self.folder))
        self.assertEqual({"lariat.json", "my spool"},
                         complete("lariat collect --mode feed ./x ", self.folder))

    def test_collectors_are_those_of_the_agent(self) -> None:
        with program.Agent() as agent:
            answer = agent.ask_when("status json", ['"mine"'])
            command = pathlib.Path(self.folder, "lariat")
            pathlib.Path(self.folder, "answer").write_text(answer, encoding="utf-8")
            command.write_text(
                f"#!/bin/sh\n[ \"$*\" = 'status --json' ] && cat '{self.folder}/answer'\n",
                encoding="utf-8")
            command.chmod(0o755)
        self.assertEqual({"mine", "slow"},
                         complete("lariat collect ", self.folder, str(command)))


class AtATerminal(unittest.TestCase):
    def test_the_tabulator_completes(self) -> None:
        self.assertIn("status --socket", self.typed("lariat stat\t--sock\t"))
        self.assertIn("tsdp://127.0.0.1:2600 tally",
                      self.typed("lariat send tsdp://127.0.0.1:2600 tal\t"))

    def typed(self, keys: str) -> str:
        """What stands at the prompt after these keys."""
        environment = {"PATH": os.environ["PATH"], "HOME": "/", "TERM": "dumb", "PS1": "",
                       "INPUTRC": "/dev/null"}
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environment)
        try:
            # Typed it is another word than printed: once that is there, bash reads keys.
            os.write(terminal, f"source {shlex.quote(str(COMPLETION))}; PS1=re''ady'>'\n".encode())
            self.read_until(terminal, "ready>")
            os.write(terminal, keys.encode() + b"#end")
            return self.read_until(terminal, "#end")
        finally:
            os.close(terminal)
            os.waitpid(pid, 0)

    def read_until(self, terminal: int, mark: str) -> str:
        text = ""
        deadline = time.monotonic() + program.PATIENCE_SECONDS
        while mark not in text and time.monotonic() < deadline:
            if select.select([terminal], [], [], 1)[0]:
                text += os.read(terminal, 4096).decode(errors="replace")
        self.assertIn(mark, text)
        return re.sub(r"\x1b\[[?0-9]*[a-zA-Z]|\x07", "", text)


if __name__ == "__main__":
    unittest.main()
