#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names that the documents must have: each figure and each event of calls and delegations, each operation that
is sent, each limit with its value, each test of an attack or fault.  And names that they have must be there: files,
tests, settings.  S22B-07."""

import fnmatch
import glob
import os
import re
import subprocess
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


GUIDE = text("docs/user-guide.md")
CALLBACKS = text("docs/callbacks.md")


class Figures(unittest.TestCase):
    def named(self, name):
        """Whole, or as the last part of a list: `refused_setting`, `_limit`."""
        return f"`{name}`" in GUIDE or ("_" in name and f"`_{name.split('_', 1)[1]}`" in GUIDE)

    def test_of_calls(self):
        names = rows("src/callback/callback_figures.h", "CALLBACK_COUNTERS")
        self.assertEqual(set(names), {"total", "failures", "retries"})
        for name in names:
            self.assertTrue(self.named(f"callback_{name}"), name)
        buckets = rows("src/callback/callback_figures.h", "CALLBACK_BUCKETS")
        for name in (f"le_{buckets[0]}", f"le_{buckets[-1]}", "longer", "count", "sum_us"):
            self.assertTrue(self.named(name), name)

    def test_of_delegations(self):
        names = rows("src/state/delegation/delegation_stats.h", "DELEGATION_COUNTERS")
        self.assertIn("revoked", names)
        for name in names + ["held_read", "held_write", "recalls", "oldest_recall_ms"]:
            self.assertTrue(self.named(name), name)

    def test_lines(self):
        events = re.findall(r'line_log\("([\w.]+)"', text("src/daemon/figures.c"))
        self.assertIn("daemon.callback", events)
        for event in events:
            self.assertIn(f"`{event}`", GUIDE)


class Events(unittest.TestCase):
    def test_of_calls_and_delegations(self):
        source = texts("src/callback/*.c", "src/state/delegation/*.c", "src/state/session/session_back.c")
        events = set(re.findall(r'log_(?:error|warn|info|debug)\(\s*"([\w.]+)"', source))
        self.assertTrue({"callback.silent", "recall.retry"} <= events)
        for event in events:
            self.assertIn(f"`{event}`", GUIDE)


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
    """docs/robustness.md names tests that exist, and has a row for each attack and fault."""

    @staticmethod
    def tests():
        listing = subprocess.run(["ctest", "-N"], cwd=os.environ["MAINSTAY_BIN"], check=True, capture_output=True,
                                 text=True).stdout
        return set(re.findall(r"Test +#\d+: (\S+)", listing))

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
