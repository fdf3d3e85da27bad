#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lines for the journal begin with their priority, in text and in JSON, from the first to the last; lines for any other
file do not."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from admin_server import MAINSTAYD, TIMEOUT_S, request, wait_until

PRIORITIES = {"error": "<3>", "warn": "<4>", "info": "<6>", "debug": "<7>"}


class Journal(unittest.TestCase):
    def setUp(self):
        self.own = tempfile.mkdtemp(prefix="mainstay-journal-")
        self.addCleanup(shutil.rmtree, self.own)
        self.state = os.path.join(self.own, "state")
        self.log = os.path.join(self.own, "log")
        self.process = None

    def start(self, *options, inode=0):
        """A server whose log is a file that JOURNAL_STREAM names, or another one with that inode."""
        with open(self.log, "w", encoding="utf-8") as file:
            st = os.fstat(file.fileno())
            stream = {"JOURNAL_STREAM": f"{st.st_dev}:{inode or st.st_ino}"}
            self.process = subprocess.Popen([MAINSTAYD, "--listen", "127.0.0.1:0", "--export", "/=mem:", "--state",
                                             self.state, *options], stderr=file, env={**os.environ, **stream})

    def lines(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read().splitlines()

    def run_server(self, *options, inode=0):
        """Its lines, from the start to the end, with a request for the admin endpoint between."""
        self.start(*options, inode=inode)
        wait_until(lambda: re.search(r"ready on|daemon\.ready", "\n".join(self.lines())) or
                   self.process.poll() is not None)
        self.assertIsNone(self.process.poll(), self.lines())
        request(os.path.join(self.state, "admin.sock"), "/healthz")
        self.process.terminate()
        self.assertEqual(self.process.wait(TIMEOUT_S), 0, self.lines())
        return self.lines()

    def expect(self, lines, pattern):
        """Each line has the priority of its level; returns the levels."""
        found = set()
        for line in lines:
            level = "info" if "mainstayd: ready on" in line else re.search(pattern, line)[1]
            self.assertTrue(line.startswith(PRIORITIES[level]), line)
            found.add(level)
        return found

    def test_text(self):
        self.run_server()
        os.remove(os.path.join(self.state, "recovery.db"))  # which is a warning
        found = self.expect(self.run_server("--log-level", "debug"), r"^<\d>\d\S+Z (\w+) ")
        self.assertEqual(found, {"warn", "info", "debug"})

    def test_json(self):
        found = self.expect(self.run_server("--log-level", "debug", "--log-format", "json"),
                            r'^<\d>\{"time":"[^"]*","level":"(\w+)"')
        self.assertEqual(found, {"info", "debug"})

    def test_errors_of_the_start(self):
        self.start("--slots", "0")
        self.assertEqual(self.process.wait(TIMEOUT_S), 2)
        self.assertTrue(self.lines())
        for line in self.lines():
            self.assertTrue(line.startswith("<3>mainstayd: "), line)

    def test_another_file(self):
        for line in self.run_server("--log-level", "debug", inode=1):
            self.assertNotEqual(line[0], "<", line)


if __name__ == "__main__":
    unittest.main()
