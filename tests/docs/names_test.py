#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks names in the documents against the code: each counter, each callback operation that is
sent, each limit with its value, each test of an attack or fault must be documented; files, tests
and settings that documents name must exist. S22B-07."""

import fnmatch
import glob
import os
import re
import unittest

ROOT = os.environ.get("MAINSTAY_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def texts(*patterns):
    paths = [path for pattern in patterns for path in glob.glob(os.path.join(ROOT, pattern))]
    return "\n".join(text(path) for path in sorted(paths))


def rows(path, macro):
    """The first words of the rows of an X macro."""
    body = re.search(rf"#define {macro}\(X\)((?:.*\\\n)*.*)", text(path))
    return re.findall(r"X\((\w+)", body[1])


COUNTERS = texts("docs/log.md", "docs/limits.md")
CALLBACKS = text("docs/callbacks.md")


class Figures(unittest.TestCase):
    def named(self, name):
        """In full, or as the last part of a list: `refused_setting`, `_limit`."""
        return f"`{name}`" in COUNTERS or ("_" in name and f"`_{name.split('_', 1)[1]}`" in COUNTERS)

    def test_of_calls(self):
        names = rows("src/callback/callback_counters.h", "CALLBACK_COUNTERS")
        self.assertEqual(set(names), {"total", "failures", "retries"})
        for name in names:
            self.assertTrue(self.named(f"callback_{name}"), name)
        buckets = rows("src/callback/callback_counters.h", "CALLBACK_BUCKETS")
        for name in (f"le_{buckets[0]}", f"le_{buckets[-1]}", "longer", "count", "sum_us"):
            self.assertTrue(self.named(name), name)

    def test_of_delegations(self):
        names = rows("src/state/delegation/delegation_stats.h", "DELEGATION_COUNTERS")
        self.assertIn("revoked", names)
        for name in names + ["held_read", "held_write", "held_directory", "recalls", "oldest_recall_ms",
                             "notify_bytes"]:
            self.assertTrue(self.named(name), name)

    def test_of_all_else(self):
        for path, macro in (("src/state/session/session_stats.h", "SESSION_COUNTERS"),
                            ("src/transport/transport.h", "TRANSPORT_COUNTERS"),
                            ("src/base/memory.h", "MEMORY_CLASSES"),
                            ("src/state/state_limit.h", "STATE_LIMITS_IN_ALL"),
                            ("src/proto/v40/duplicate_cache.h", "DUPLICATE_COUNTERS"),
                            ("src/callback/dial_out.h", "DIAL_OUT_COUNTERS")):
            names = rows(path, macro)
            self.assertGreater(len(names), 2, macro)
            for name in names:
                self.assertTrue(self.named(name), f"{macro} {name}")
        written = re.findall(r'LOG_\w+\(\s*"(\w+)",', text("src/daemon/stats.c"))
        self.assertIn("silent_ms", written)
        for name in [name for name in written if not name.endswith("_")]:
            self.assertTrue(self.named(name) or name in ("client", "session", "operation"), name)

    def test_lines(self):
        events = re.findall(r'line_log\("([\w.]+)"', text("src/daemon/stats.c"))
        self.assertIn("daemon.callback", events)
        for event in events:
            self.assertTrue(f"`{event}`" in COUNTERS, event)


class Callbacks(unittest.TestCase):
    def test_operations(self):
        sent = set(re.findall(r"\bOP_(CB_\w+)", texts("src/callback/[!c]*.c")))  # not the codecs
        self.assertTrue({"CB_RECALL", "CB_SEQUENCE", "CB_RECALL_ANY"} <= sent)
        for operation in sent:
            self.assertRegex(CALLBACKS, rf"(?m)^\| {operation} \|")

    def test_limits(self):
        values = dict(re.findall(r"#define (LIMIT_\w+) (\d+)?", text("src/base/limits.h")))
        named = re.findall(r"`(LIMIT_\w+)`", CALLBACKS)
        self.assertIn("LIMIT_BACK_QUEUE", named)
        self.assertEqual(set(named) - set(values), set())
        for name in ("LIMIT_BACK_QUEUE", "LIMIT_BACK_SLOTS", "LIMIT_CALLBACK_CALLS_PER_PATH"):
            self.assertRegex(CALLBACKS, rf"\b{values[name]}\b[^|.;]*\(`{name}`\)")

    def test_settings(self):
        known = set(re.findall(r'"(nfs\.\w+)"', text("src/admin/setting.c")))
        named = set(re.findall(r"`(nfs\.[a-z_]+)`", CALLBACKS))
        self.assertIn("nfs.callback_timeout_ms", named)
        self.assertEqual(named - known, set())
        for name in known:
            if "callback" in name or "recall" in name:
                self.assertIn(name, named)

    def test_tests(self):
        """`losses`: `sent`, `lost_unread` are cases of tests/protocol/backchannel_losses_test.c."""
        found = 0
        for row in re.findall(r"(?m)^\|[^|]+\|(.*)\|$", CALLBACKS.split("\n## Tests\n")[1]):
            for name, colon in re.findall(r"`([^`]+)`(:?)", row):
                if colon:
                    cases = text(f"tests/protocol/backchannel_{name}_test.c")
                elif re.fullmatch(r"[\w ]+", name) and not os.path.exists(self.file_of(name)):
                    self.assertIn(name, cases)
                    found += 1
        self.assertGreater(found, 8)

    @staticmethod
    def file_of(name):
        return os.path.join(ROOT, f"tests/protocol/backchannel_{name}_test.c")


class Robustness(unittest.TestCase):
    """docs/robustness.md names existing tests, and has a row for each attack and fault."""

    @classmethod
    def tests(cls, folder=os.environ["MAINSTAY_BIN"]):
        """Those of this build. Not by `ctest -N`, which would truncate the log of the ctest run
        that this test is part of."""
        with open(os.path.join(folder, "CTestTestfile.cmake"), encoding="utf-8") as file:
            listing = file.read()
        names = set(re.findall(r"(?m)^add_test\((?:\[=*\[)?([\w.-]+)", listing))
        for subfolder in re.findall(r'(?m)^subdirs\("([^"]+)"\)', listing):
            names |= cls.tests(os.path.join(folder, subfolder))
        return names

    @staticmethod
    def named():
        """In the third column: `fault.x`, and `_v40` for `fault.x_v40` behind it."""
        for row in re.findall(r"(?m)^\|(?:[^|]*\|){4}$", text("docs/robustness.md")):
            last = ""
            for name in re.findall(r"`([^`]+)`", row.split("|")[3]):
                last = name if "." in name else last
                yield name if "." in name else last + name

    def test_tests(self):
        tests, named = self.tests(), list(self.named())
        if "fault.identity" not in tests:
            self.skipTest("built without the tests of attacks and faults")
        self.assertIn("fault.identity", named)
        without_v40 = "fault.ports_v40" not in tests
        for name in named:
            self.assertTrue(fnmatch.filter(tests, name) or without_v40 and name.endswith("_v40"), name)

    def test_rows(self):
        named = list(self.named())
        for path in glob.glob(os.path.join(ROOT, "tests/fault/*_test.*")):
            test = "fault." + re.sub(r"_test\.\w+$", "", os.path.basename(path))
            self.assertTrue(any(fnmatch.fnmatch(test, name) for name in named), f"{test} has no row")


if __name__ == "__main__":
    unittest.main()
