#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/monitoring.md and docs/container.md: the commands of `mainstay` that they name are there, those in lines of their
own succeed, and so do settings, events and tests of alerts that they name."""

import os
import re
import shlex
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("MAINSTAY_SOURCE", os.path.join(HERE, "../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/protocol"))
from admin_server import BIN, Server  # noqa: E402 pylint: disable=wrong-import-position

MAINSTAY = os.path.join(BIN, "mainstay")
TIMEOUT_S = 60


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def run(*words):
    return subprocess.run([MAINSTAY, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=TIMEOUT_S)


class Guide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = read("docs/monitoring.md") + read("docs/container.md")

    def test_commands(self):
        """`mainstay client show CLIENT`: its help has that command, with an argument, and with that option."""
        named = {re.sub(r"\s+", " ", words) for words in re.findall(r"`mainstay ([a-z][^`]*)`", self.text)}
        self.assertGreater(len(named), 12)
        for words in named:
            with self.subTest(words):
                plain = [word for word in re.findall(r"(?<!\S)[a-z0-9]+(?!\S)", words)][:2]
                done = run(*plain, "--help")
                self.assertEqual(done.returncode, 0, done.stdout)
                usage = re.match(r"usage: mainstay (.*)", done.stdout)[1]
                self.assertTrue(usage.startswith(plain[0]), usage)
                for option in re.findall(r"--[a-z-]+", words):
                    self.assertIn(option, done.stdout)
                for argument in re.findall(r"\b[A-Z]{2,}\b", words):
                    self.assertIn(argument, usage + done.stdout)

    def test_lines(self):
        lines = [shlex.split(line) for line in re.findall(r"(?m)^    mainstay (.*)$", self.text)]
        self.assertGreater(len(lines), 1)
        with Server() as server:
            for words in lines:
                done = run("--admin", f"unix:{server.socket}", *words)
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_names(self):
        config, events = read("docs/config.md"), read("docs/events.md")
        settings = set(re.findall(r"`((?:nfs|transport|log|metrics)\.[a-z_]+)`", self.text)) - {"nfs.max_session_slots"}
        self.assertGreater(len(settings), 4)
        for name in settings:
            self.assertIn(f"| `{name}` |", config)
        named = set(re.findall(r"`((?:gss|tls|state|delegation|identity)\.[a-z_]+)`", self.text))
        self.assertGreater(len(named), 4)
        for name in named:
            self.assertIn(f"| `{name}` |", events)


if __name__ == "__main__":
    unittest.main()
