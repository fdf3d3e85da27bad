#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/run-tests: its status is CTest's, it tells why tests were skipped, and runs them as another user."""

import os
import subprocess
import sys
import tempfile
import unittest

RUN_TESTS = os.path.join(os.environ["MAINSTAY_SOURCE"], "tools/run-tests")
TIMEOUT_S = 60
SKIPPED = 77
ORDINARY = 65534

TESTS = """
add_test(sound sh -c "echo skipped: no reason to skip; exit 0")
add_test(two_parts sh -c "echo skipped: needs root; echo; echo skipped: needs a disk; exit 77")
add_test(long sh -c "seq 2000; echo kernel test: skipped: needs root; seq 2000; exit 77")
add_test(silent sh -c "exit 77")
set_tests_properties(two_parts long silent PROPERTIES SKIP_RETURN_CODE 77)
"""
AS_USER = """
add_test(user sh -c "test $(id -u) -eq 65534 && test $(id -G) = 65534")
add_test(limits sh -c "test $(ulimit -n) -eq 1024 && test $(ulimit -Hn) -eq 1024")
add_test(places sh -c "touch $HOME/a $TMPDIR/b && test -z \\"$MAINSTAY_COVERAGE\\"")
add_test(not_ci sh -c "test -z \\"$CI\\"")
add_test(no_root sh -c "echo skipped: needs root; exit 77")
set_tests_properties(places PROPERTIES ENVIRONMENT MAINSTAY_COVERAGE=/nowhere)
"""
BELOW = """
add_test(user sh -c "test $(id -u) -eq 1000")
add_test(rights sh -c "grep 'CapEff:.*0000000000000000' /proc/self/status")
add_test(not_ci sh -c "test -z \\"$CI\\"")
"""
BROKEN = """add_test(broken sh -c "echo why it broke; exit 1")
"""


class RunTests(unittest.TestCase):
    def run_tests(self, tests, *options, mode=0o700, before=(), launcher=()):
        with tempfile.TemporaryDirectory(prefix="mainstay-run-tests-") as directory:
            os.chmod(directory, mode)
            with open(os.path.join(directory, "CTestTestfile.cmake"), "w", encoding="utf-8") as file:
                file.write(tests)
            return subprocess.run([*launcher, RUN_TESTS, *before, directory, *options], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S, check=False)

    def test_reasons(self):
        done = self.run_tests(TESTS)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(done.stdout.split("by reason:\n")[1],
                         "  (it printed no reason)\n      silent\n"
                         "  needs a disk\n      two_parts\n"
                         "  needs root\n      two_parts\n      long\n")

    def test_failure(self):
        done = self.run_tests(TESTS + BROKEN)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("why it broke", done.stdout)
        self.assertIn("needs a disk", done.stdout)

    def test_nothing_skipped(self):
        done = self.run_tests(TESTS, "-R", "sound")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("by reason", done.stdout)

    def test_no_tests(self):
        self.assertNotEqual(self.run_tests(TESTS, "-R", "none_such").returncode, 0)

    def test_root_of_a_namespace(self):
        """Which cannot become others: an ordinary user runs the tests."""
        namespace = ("unshare", "--user", "--map-root-user")
        if subprocess.run([*namespace, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("no user namespaces here")
        done = self.run_tests(BELOW, launcher=namespace)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("root cannot become other users here, so an ordinary user runs the tests\n3 tests as ", done.stdout)
        self.assertNotEqual(self.run_tests(BELOW + BROKEN, launcher=namespace).returncode, 0)

    def run_as(self, tests, mode=0o755):
        return self.run_tests(tests, mode=mode, before=("--as", str(ORDINARY)))

    def test_as_another_user(self):
        if os.geteuid() != 0:
            return self.assertIn("--as needs root", self.run_as(AS_USER).stdout)
        done = self.run_as(AS_USER)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("5 tests as nobody\n", done.stdout)
        self.assertEqual(done.stdout.split("by reason:\n")[1], "  needs root\n      no_root\n")
        self.assertNotEqual(self.run_as(AS_USER + BROKEN).returncode, 0)

    def test_a_closed_directory(self):
        if os.geteuid() == 0:
            done = self.run_as(AS_USER, mode=0o700)
            self.assertEqual(done.returncode, SKIPPED, done.stdout)
            self.assertRegex(done.stdout.split("Not run, by reason:\n")[1],
                             r"\A  skipped: nobody may not enter /tmp/mainstay-run-tests-.*\n"
                             r"      all 5 tests as nobody\n\Z")


if __name__ == "__main__":
    outcome = unittest.main(exit=False).result
    for _, why in outcome.skipped:
        print(f"skipped: {why}")
    sys.exit(1 if not outcome.wasSuccessful() else SKIPPED if outcome.skipped else 0)
