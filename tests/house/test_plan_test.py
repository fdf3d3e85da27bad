# SPDX-License-Identifier: Apache-2.0
"""tools/test-plan: it says what a target of the Makefile will do, and refuses when there is not enough space."""

import os
import subprocess
import tempfile
import unittest

TEST_PLAN = os.path.join(os.environ["MAINSTAY_SOURCE"], "tools/test-plan")
BUILD = os.path.join(os.environ["MAINSTAY_SOURCE"], "build/none_such")

# As `df -Pk` answers, with so many KB free.
DF = """#!/bin/sh
echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'
echo '/dev/sda 100000000 0 {free_kb} 0% /'
"""


class TestPlan(unittest.TestCase):
    def plan(self, free_kb, jobs=2, target="test"):
        with tempfile.TemporaryDirectory(prefix="mainstay-test-plan-") as directory:
            df = os.path.join(directory, "df")
            with open(df, "w", encoding="utf-8") as file:
                file.write(DF.format(free_kb=free_kb))
            os.chmod(df, 0o755)
            environment = dict(os.environ, PATH=f"{directory}:{os.environ['PATH']}")
            return subprocess.run([TEST_PLAN, target, BUILD, str(jobs)], env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)

    def test_what_it_says(self):
        done = self.plan(free_kb=50_000_000)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, "as .*, on 2 processors, with [0-9]+ file descriptors")
        self.assertRegex(done.stdout, "[0-9]+ MB more below build/, where 48828 MB are free")
        self.assertEqual("need root" in done.stdout, os.geteuid() != 0)

    def test_targets(self):
        plans = {target: self.plan(free_kb=50_000_000, target=target) for target in
                 ("test", "test-tsan", "test-user", "check")}
        for target, done in plans.items():
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertTrue(done.stdout.startswith(f"make {target} builds the server and its tests in {BUILD}, "))
        self.assertEqual(len({done.stdout.splitlines()[0].partition("runs ")[2] for done in plans.values()}), 4)
        self.assertEqual(self.plan(free_kb=50_000_000, target="nothing").returncode, 2)

    def test_not_enough_space(self):
        done = self.plan(free_kb=102_400)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, f"not enough space for {BUILD}: 100 MB free, [0-9]+ MB needed")
        self.assertRegex(done.stdout, "not enough space in /tmp: 100 MB free, [0-9]+ MB needed")


if __name__ == "__main__":
    unittest.main()
