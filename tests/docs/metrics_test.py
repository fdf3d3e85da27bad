#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The metrics whose causes protocol.metric_causes leaves to other tests: these tests are there, and name the counter.
L-16."""

import os
import re
import subprocess
import unittest

BIN = os.environ["MAINSTAY_BIN"]
ROOT = os.environ.get("MAINSTAY_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
WITHOUT = {"transport_no_memory", "transport_refused_memory"}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def source_of(test):
    folder, _, noun = test.replace(".", "/").rpartition("/")
    for end in (".c", ".py"):
        path = f"tests/{folder}/{noun}_test{end}"
        if os.path.exists(os.path.join(ROOT, path)):
            return read(path)
    raise AssertionError(f"{test} has no source")


class Elsewhere(unittest.TestCase):
    def test_the_tests_are_there(self):
        table = read("tests/protocol/metric_causes_test.c").partition("} elsewhere[] = {\n")[2].partition("};\n")[0]
        rows = re.findall(r'\{"(\w+)", "([\w.]*)",\s+"(\w*)"\}', table)
        self.assertGreater(len(rows), 10)
        self.assertEqual(len(rows), table.count("{"))
        self.assertEqual({family for family, test, _ in rows if not test}, WITHOUT)
        done = subprocess.run(["ctest", "--test-dir", BIN, "-N"], stdout=subprocess.PIPE, text=True, timeout=60,
                              check=True)
        registered = set(re.findall(r"^ *Test +#\d+: (\S+)", done.stdout, re.MULTILINE))
        for family, test, word in rows:
            if test:
                self.assertIn(test, registered, family)
                self.assertTrue(re.search(rf"\b{word}\b", source_of(test)), f"{family}: {test} does not name {word}")


if __name__ == "__main__":
    unittest.main()
