#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""S20-49: minor version 0 can be left out.  Builds the tree without it, runs some tests of the rest there,
and looks at the mainstayd that comes out.

    without_v40_test.py BUILD-DIRECTORY C-COMPILER
"""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ["MAINSTAY_SOURCE"]
TIMEOUT_S = 60
TESTS = ("unit.state.session.session", "unit.proto.v41.gate", "unit.proto.v41.lease",
         "unit.admin.setting", "protocol.opens", "protocol.sessions", "protocol.delegation_claims")
BUILD, COMPILER = sys.argv[1:3]


def command(*arguments, **more):
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **more)


def must(*arguments, **more):
    run = command(*arguments, **more)
    if run.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)}: exit {run.returncode}\n{run.stdout[-8000:]}")
    return run.stdout


def build():
    """No optimiser and no debugging: the test is about what compiles."""
    must("cmake", "-S", SOURCE, "-B", BUILD, "-G", "Ninja", f"-DCMAKE_C_COMPILER={COMPILER}",
         "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O0", "-DMAINSTAY_WERROR=ON",
         "-DMAINSTAY_V40=OFF")
    # One job: other tests run beside it, and it need not wait until there is room for two.
    must("cmake", "--build", BUILD, "-j", "1", "--target", "mainstayd", "mainstay", *TESTS)


def mainstayd(state, *options):
    return [os.path.join(BUILD, "mainstayd"), "--listen", "127.0.0.1:0", "--export", "/=mem:", "--state",
            state, *options]


class Server:
    """A running mainstayd; its output up to the line that says it is ready."""

    def __init__(self, state, *options):
        self.process = subprocess.Popen(mainstayd(state, *options), stderr=subprocess.PIPE, text=True)
        self.lines = []

    def __enter__(self):
        for line in self.process.stderr:
            self.lines.append(line)
            ready = re.match(r"mainstayd: ready on (\S+)$", line)
            if ready:
                self.address = ready.group(1)
                return self
        self.__exit__()
        raise AssertionError(f"mainstayd said: {''.join(self.lines)}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=TIMEOUT_S)

    def hang_up(self):
        """The next line of that event."""
        self.process.send_signal(signal.SIGHUP)
        for line in self.process.stderr:
            if "daemon.hangup" in line:
                return line
        raise AssertionError("mainstayd has ended")


class WithoutV40(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        build()

    def setUp(self):
        self.state = tempfile.mkdtemp(prefix="mainstay-without-v40-")
        self.addCleanup(shutil.rmtree, self.state)

    def store(self, name, value):
        database = sqlite3.connect(os.path.join(self.state, "settings.db"), timeout=TIMEOUT_S)
        with database:
            database.execute("INSERT OR REPLACE INTO setting VALUES (?, ?, (SELECT "
                             "ifnull(max(revision), 0) + 1 FROM setting))", (name, value))
        database.close()

    def answers(self, server):
        report = json.loads(must(os.path.join(BUILD, "mainstay"), "probe", server.address, "--json",
                                 timeout=TIMEOUT_S))
        self.assertTrue(report["server"]["owner_major"])
        answers = {m["minor"]: m["answer"] for m in report["minor_versions"]}
        offered = [minor for minor, answer in answers.items() if answer == "NFS4ERR_OP_NOT_IN_SESSION"]
        self.assertEqual(report["minor_used"], max(offered))
        return answers

    def refused(self, *options):
        run = command(*mainstayd(self.state, *options), timeout=TIMEOUT_S)
        self.assertIn("this build has no NFSv4.0", run.stdout)
        return run.returncode

    def test_nothing_of_it_is_built(self):
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
            files = [os.path.relpath(entry["file"], SOURCE) for entry in json.load(file)]
        self.assertIn("src/proto/v41/compound41.c", files)
        self.assertEqual([f for f in files if f.startswith("src/") and "v40" in f], [])

    def test_tests_pass(self):
        listed = must("ctest", "--test-dir", BUILD, "-N")
        for test in TESTS:
            self.assertRegex(listed, rf": {re.escape(test)}\n")
        must("ctest", "--test-dir", BUILD, "--output-on-failure", "-R",
             f"^({'|'.join(map(re.escape, TESTS))})$")

    def test_4_0_is_not_served(self):
        for options in ((), ("--min-minor", "0"), ("--min-minor", "0", "--max-minor", "1")):
            served = "4.1" if "--max-minor" in options else "4.1, 4.2"
            with Server(self.state, *options) as server:
                self.assertIn(f'served="{served}"', "".join(server.lines))
                answers = self.answers(server)
            self.assertEqual(answers[0], "NFS4ERR_MINOR_VERS_MISMATCH")
            self.assertEqual(answers[1], "NFS4ERR_OP_NOT_IN_SESSION")

    def test_4_0_alone_is_an_error(self):
        self.assertEqual(self.refused("--max-minor", "0"), 2)

    def test_what_another_build_has_stored(self):
        with Server(self.state) as server:
            self.store("nfs.max_minor_version", "0")
            self.assertIn("this build has no NFSv4.0", server.hang_up())
            self.assertEqual(self.answers(server)[1], "NFS4ERR_OP_NOT_IN_SESSION")
        self.assertEqual(self.refused(), 1)
        with Server(self.state, "--max-minor", "1") as server:
            self.assertEqual(self.answers(server)[0], "NFS4ERR_MINOR_VERS_MISMATCH")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
