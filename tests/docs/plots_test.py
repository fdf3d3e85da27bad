#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The curves of docs/performance.md are what bench/plot makes of bench/curves.json and bench/growth.json; and each figure
of the tables beside them is one of theirs."""

import json
import os
import subprocess
import unittest
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.normpath(os.environ.get("MAINSTAY_SOURCE", os.path.join(HERE, "../..")))


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


class Plots(unittest.TestCase):
    def test_pictures(self):
        for name in ("throughput", "latency", "growth"):
            done = subprocess.run([os.path.join(ROOT, "bench/plot"), name], stdout=subprocess.PIPE, text=True, check=True,
                                  timeout=60)
            self.assertEqual(text(f"docs/pictures/{name}.svg"), done.stdout, "bench/plot --write renews it")
            xml.etree.ElementTree.fromstring(done.stdout)
            self.assertIn(f"(pictures/{name}.svg)", text("docs/performance.md"))

    def test_growth(self):
        """Each cost in the table of docs/performance.md."""
        page = text("docs/performance.md")
        for line in json.loads(text("bench/growth.json")):
            costs = " | ".join(f"{us:,.2f}" for us in line["us"].values())
            self.assertIn(f"| {costs} |", page, line)


if __name__ == "__main__":
    unittest.main()
