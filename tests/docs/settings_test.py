#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of settings in docs/changing.md and docs/limits.md have the values and defaults of the program.
(docs/config.md, which has the rest, is made by the program.)  Each setting has a test of its effect on a running
server.  S20-51, L-16."""

import os
import re
import subprocess
import unittest

BIN = os.environ["MAINSTAY_BIN"]
ROOT = os.environ.get("MAINSTAY_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


def settings():
    """Name: default, meaning, values, effect."""
    done = subprocess.run([os.path.join(BIN, "mainstayd"), "--set", "help"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=True)
    rows = re.findall(r"^([\w.]+)=(\w+)\n    (.*): (.*) \(([^()]*)\)$", done.stdout, re.MULTILINE)
    if 2 * len(rows) != len(done.stdout.splitlines()):
        raise AssertionError("--set help has lines of another form:\n" + done.stdout)
    return {row[0]: row[1:] for row in rows}


def bounds(values):
    """The least and the greatest of a range, or all of a few values."""
    ends = re.search(r"(\d+)(?: \([^)]*\))? to (\d+)", values)
    if ends:
        return list(ends.groups())
    return [word for word in re.findall(r"\w+", re.sub(r"\([^)]*\)", "", values)) if word != "or"]


def guide_rows():
    """(names, values, defaults) of each row whose first cell has names of settings only."""
    for page in ("docs/changing.md", "docs/limits.md"):
        with open(os.path.join(ROOT, page), encoding="utf-8") as file:
            lines = file.readlines()
        for line in lines:
            cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            names = re.findall(r"`(\w+\.[\w.]+)`", cells[0])
            if names and re.sub(r"`\w+\.[\w.]+`|[, ]", "", cells[0]) == "" and len(cells) > 3:
                yield names, cells[1], cells[2]


def parts(cell, count):
    """One for each of several settings that share a row; or one for all."""
    pieces = cell.split(", ")
    return pieces if len(pieces) == count else [cell] * count


class Documents(unittest.TestCase):
    def test_guide(self):
        told, known = set(), settings()
        self.assertIn("nfs.delegations", known)
        for names, values, defaults in guide_rows():
            self.assertLessEqual(set(names), set(known))
            told.update(names)
            for name, default in zip(names, parts(defaults, len(names)), strict=True):
                self.assertEqual(default, known[name][0], name)
            for name, value in zip(names, parts(values, len(names)), strict=True):
                self.assertEqual(bounds(value), bounds(known[name][2]), name)
        self.assertEqual(told, set(known))


def cases():
    """Setting: (test, case, word in its source)."""
    with open(os.path.join(ROOT, "tests/protocol/setting_cases.txt"), encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    table = {row[0]: (row[1], row[2], row[3] if len(row) > 3 else row[0]) for row in rows}
    if len(table) != len(rows):
        raise AssertionError("a setting is there twice")
    return table


def registered_tests():
    done = subprocess.run(["ctest", "--test-dir", BIN, "-N"], stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    return set(re.findall(r"^ *Test +#\d+: (\S+)", done.stdout, re.MULTILINE))


def case_source(folder, noun, case):
    """That of one test of a program or a script, "" if there is none.  Of a program with what stands outside of all
    tests: that may be a step of several."""
    path = os.path.join(ROOT, "tests", folder, f"{noun}_test")
    if os.path.exists(path + ".py"):
        with open(path + ".py", encoding="utf-8") as file:
            body = re.search(rf"(?ms)^    def {case}\(self\):\n(.*?)(?=^    def |^\S|^    @|\Z)", file.read())
        return body[1] if body else ""
    with open(path + ".c", encoding="utf-8") as file:
        source = file.read()
    bodies = dict(re.findall(r"^static void (\w+)\(void \*\*\w+\)\n\{\n(.*?)^\}", source, re.MULTILINE | re.DOTALL))
    if case not in bodies or not re.search(
            rf"\b(cmocka_unit_test\w*|TEST|ON_BOTH)\((\w+, )?{case}\b|, {case}, NULL", source):
        return ""
    for other, body in bodies.items():
        source = source.replace(body, "") if other != case else source
    return source


class Effects(unittest.TestCase):
    """L-16: a setting that does nothing is a defect."""

    def test_each_setting_has_a_case(self):
        self.assertEqual(set(cases()), set(settings()))

    def test_the_cases_are_there(self):
        registered = registered_tests()
        for name, (test, case, word) in cases().items():
            self.assertIn(test, registered, name)
            self.assertTrue(re.search(rf"\b{re.escape(word)}\b", case_source(*test.split("."), case)),
                            f"{name}: {case} of {test} is not there, or does not name {word}")


if __name__ == "__main__":
    unittest.main()
