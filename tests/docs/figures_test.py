#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of the README are those of bench/figures.json, which are those of docs/performance.md; and the picture is
what bench/figures makes of them."""

import json
import os
import subprocess
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.normpath(os.environ.get("MAINSTAY_SOURCE", os.path.join(HERE, "../..")))


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


class Figures(unittest.TestCase):
    def setUp(self):
        self.figures = json.loads(text("bench/figures.json"))["figures"]
        self.assertEqual(len(self.figures), 5)

    def test_measured(self):
        """Each is in a table of docs/performance.md, and so is the command that measures it."""
        page = text("docs/performance.md")
        for figure in self.figures:
            self.assertIn("\n" + figure["row"], page)
            for server in ("mainstay", "ganesha"):
                digits = figure["digits"]
                values = (f"| {figure[server]:,.{digits}f} ", f"| {figure[server]:.{digits}f} ")
                self.assertTrue(any(value in page for value in values), figure)
            self.assertIn(figure["command"].split(" --rounds")[0], page)

    def test_readme(self):
        page = text("README.md")
        for figure in self.figures:
            row = f"| {figure['mainstay']:,.{figure['digits']}f} | {figure['ganesha']:,.{figure['digits']}f} |"
            self.assertIn(row, page, figure["name"])

    def test_picture(self):
        done = subprocess.run([os.path.join(ROOT, "bench/figures")], stdout=subprocess.PIPE, text=True, check=True,
                              timeout=60)
        self.assertEqual(text("docs/pictures/figures.svg"), done.stdout, "bench/figures --write renews it")
        self.assertIn("(docs/pictures/figures.svg)", text("README.md"))


if __name__ == "__main__":
    unittest.main()
