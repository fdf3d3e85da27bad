#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of settings in the user guide have the values and defaults of the program.  (docs/config.md, which has the
rest, is made by the program.)  S20-51, L-16."""

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
    rows = re.findall(r"^(\w+\.\w+)=(\w+)\n    (.*): (.*) \(([^()]*)\)$", done.stdout, re.MULTILINE)
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
    with open(os.path.join(ROOT, "docs/user-guide.md"), encoding="utf-8") as file:
        for line in file:
            cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            names = re.findall(r"`(\w+\.\w+)`", cells[0])
            if names and re.sub(r"`\w+\.\w+`|[, ]", "", cells[0]) == "" and len(cells) > 3:
                options = cells[1].startswith("`--")
                yield names, cells[2 if options else 1], cells[3 if options else 2]


def parts(cell, count):
    """One for each of several settings that share a row; one for all is fine."""
    if count == 1 or (", " not in cell and " to " in cell):
        return [cell] * count
    return cell.split(", ")


class Documents(unittest.TestCase):
    def test_guide(self):
        told, known = set(), settings()
        self.assertIn("nfs.delegations", known)
        for names, values, defaults in guide_rows():
            self.assertLessEqual(set(names), set(known))
            told.update(names)
            for name, default in zip(names, parts(defaults, len(names)), strict=True):
                self.assertEqual(default, known[name][0], name)
            if values == "see above":
                continue
            for name, value in zip(names, parts(values, len(names)), strict=True):
                self.assertEqual(bounds(value), bounds(known[name][2]), name)
        self.assertEqual(told, set(known))


if __name__ == "__main__":
    unittest.main()
