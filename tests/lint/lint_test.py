#!/usr/bin/env python3
"""Shows of each lint that it finds what it is for, and leaves alone what is right."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import floors
import sizes
import sources
import words


class LintTest(unittest.TestCase):
    """A lint and a project of files made up for it."""

    lint = None

    def found(self, files: dict[str, str]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            return [str(problem) for problem in self.lint.problems(root)]

    def assert_good(self, path: str, text: str) -> None:
        self.assertEqual(self.found({path: text}), [])

    def assert_bad(self, path: str, text: str, what: str) -> None:
        found = self.found({path: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(what, found[0])


class FloorsTest(LintTest):
    lint = floors

    def test_a_floor_includes_itself_and_what_is_named(self):
        self.assert_good("agent/net/dialer.cc",
                         '#include "agent/net/dialer.h"\n#include "agent/loop/loop.h"\n'
                         '#include "agent/base/result.h"\n#include <vector>\n')

    def test_every_floor_is_held_to_its_row(self):
        for floor, allowed in floors.FLOORS.items():
            for other in floors.FLOORS:
                text = f'#include "{other}/a.h"\n'
                if other == floor or other in allowed:
                    self.assert_good(f"{floor}/b.cc", text)
                else:
                    self.assert_bad(f"{floor}/b.cc", text, f"{floor} may not include {other}")

    def test_the_table_has_no_circle(self):
        for floor, allowed in floors.FLOORS.items():
            for other in allowed:
                self.assertNotIn(floor, floors.FLOORS[other], f"{floor} and {other}")
                self.assertLessEqual(set(floors.FLOORS[other]), set(allowed),
                                     f"{floor} may use {other}, but not all below it")

    def test_a_line_and_a_file_are_named(self):
        self.assertEqual(
            self.found({"agent/base/a.h": '#pragma once\n\n# include "agent/loop/loop.h"\n'}),
            ["agent/base/a.h:3: agent/base may not include agent/loop (agent/loop/loop.h)"])

    def test_brackets_are_no_way_around(self):
        self.assert_bad("proto/a.cc", "#include <agent/base/a.h>\n", "may not include")

    def test_a_path_is_written_from_the_root(self):
        self.assert_bad("agent/net/a.cc", '#include "peer.h"\n', "on no floor")
        self.assert_bad("agent/net/a.cc", '#include "../app/main.h"\n', "on no floor")
        self.assert_bad("agent/net/a.cc", '#include "tests/support/vectors.h"\n', "on no floor")

    def test_a_new_folder_needs_a_row(self):
        self.assert_bad("agent/cellar/a.cc", "", "on no floor")

    def test_a_library_has_its_door(self):
        for header, good, bad in [
            ("ev.h", "agent/loop/loop.cc", "agent/net/dialer.cc"),
            ("ev.h", "agent/loop/loop_impl.h", "agent/app/main.cc"),
            ("nlohmann/json.hpp", "agent/config/reader.cc", "agent/publish/endpoint.cc"),
            ("nlohmann/json.hpp", "agent/expose/status.cc", "proto/print.cc"),
            ("nlohmann/json.hpp", "agent/app/frame_json.cc", "agent/app/main.cc"),
            ("nlohmann/json_fwd.hpp", "agent/app/frame_json.cc", "agent/app/frame_json.h"),
            ("prometheus/registry.h", "agent/metrics/registry.cc", "agent/publish/endpoint.cc"),
            ("prometheus/registry.h", "agent/expose/metrics.cc", "agent/app/main.cc"),
            ("microhttpd.h", "agent/expose/server.cc", "agent/net/listener.cc"),
            ("curl/curl.h", "agent/publish/http_client.cc", "agent/publish/endpoint.cc"),
            ("openssl/ssl.h", "agent/net/tls.cc", "agent/publish/endpoint.cc"),
            ("ares.h", "agent/net/resolver.cc", "agent/publish/endpoint.cc"),
            ("CLI/CLI.hpp", "agent/app/main.cc", "agent/base/units.cc"),
            ("fmt/format.h", "agent/base/units.cc", "proto/print.cc"),
            ("xxhash.h", "agent/publish/wire_map.cc", "agent/collect/ingest.cc"),
        ]:
            self.assert_good(good, f"#include <{header}>\n")
            self.assert_bad(bad, f"#include <{header}>\n", f"<{header}> comes in by")

    def test_proto_is_pure(self):
        self.assert_good("proto/a.cc", "#include <cstdint>\n")
        self.assert_bad("proto/a.cc", "#include <unistd.h>\n", "pure")
        self.assert_good("agent/base/a.cc", "#include <unistd.h>\n")

    def test_a_comment_is_no_include(self):
        self.assert_good("proto/a.cc", "// #include <ev.h>\n")


class SizesTest(LintTest):
    lint = sizes

    def test_a_file_has_500_lines_at_most(self):
        self.assert_good("agent/base/a.cc", "\n" * 500)
        self.assert_bad("agent/base/a.cc", "\n" * 501, "501 lines")
        self.assert_bad("proto/a.h", "\n" * 501, "501 lines")

    def test_a_line_has_100_columns_at_most(self):
        self.assert_good("collectors/linux/a.cc", "x" * 100)
        self.assert_good("collectors/linux/a.cc", "ü" * 100)
        self.assert_bad("collectors/linux/a.cc", "\n" + "x" * 101, "a.cc:2: has 101 columns")

    def test_other_files_are_not_looked_at(self):
        self.assert_good("proto/PROTOCOL.md", "x" * 101)


class WordsTest(LintTest):
    lint = words

    def test_no_note_to_ourselves(self):
        for note in ["TODO", "FIXME", "XXX", "HACK"]:
            self.assert_bad("agent/base/a.cc", f"// {note}: later\n", note)
            self.assert_bad("tests/CMakeLists.txt", f"# {note}(me) later\n", note)

    def test_a_template_of_a_file_name_is_no_note(self):
        self.assert_good("agent/base/a.cc", 'char name[] = "/tmp/lariat-XXXXXX";\n')

    def test_no_path_of_a_machine(self):
        for path in ["/home/me/lariat", "/root/x", "/Users/me/x", "/workspace/lariat", "/builds/1"]:
            self.assert_bad("agent/base/a.cc", f'"{path}"\n', "a path of somebody's machine")

    def test_a_path_of_every_machine_is_good(self):
        for path in ["/proc/self/stat", "/usr/lib/lariat", "/tmp/x", "/var/lib/lariat",
                     "${root}/builds/x", "tests/home/x", "https://example.org/home"]:
            self.assert_good("agent/base/a.cc", f'"{path}"\n')


class ProgramTest(unittest.TestCase):
    """Each lint as CTest runs it."""

    def status(self, program: str, root: pathlib.Path) -> int:
        return subprocess.run([sys.executable, sources.PROJECT / "tests/lint" / program, root],
                              capture_output=True, check=False).returncode

    def test_the_exit_status_is_1_for_a_problem(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for program in ["floors.py", "sizes.py", "words.py"]:
                self.assertEqual(self.status(program, root), 0, program)
            (root / "proto").mkdir()
            (root / "proto/a.cc").write_text(
                "// TODO" + " " * 100 + "\n#include <ev.h>\n", encoding="utf-8")
            for program in ["floors.py", "sizes.py", "words.py"]:
                self.assertEqual(self.status(program, root), 1, program)

    def test_a_folder_that_is_not_there_is_a_problem(self):
        self.assertEqual(self.status("floors.py", pathlib.Path("/does/not/exist")), 1)

    def test_our_own_sources_are_found(self):
        paths = {s.path for s in sources.sources(sources.PROJECT, floors.FOLDERS, {".cc", ".h"})}
        self.assertIn("agent/loop/loop.cc", paths)
        self.assertIn("proto/message.h", paths)


if __name__ == "__main__":
    unittest.main()
