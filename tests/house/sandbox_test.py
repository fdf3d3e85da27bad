# SPDX-License-Identifier: Apache-2.0
"""The kernel tests say why they cannot run here (tests/kernel/harness/sandbox.py)."""

import os
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
KERNEL_TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kernel")
IN_A_CHROOT = """
import os, sys
sys.path.insert(0, sys.argv[1])
from harness import Unavailable
from harness.sandbox import run_isolated, skip
os.chroot(sys.argv[2])
try:
    status = run_isolated(lambda: 0)
except Unavailable as error:
    status = skip(error)
sys.exit(status)
"""


class Sandbox(unittest.TestCase):
    def test_a_chroot_that_is_no_mount_point(self):
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("CI", "MAINSTAY_NO_SKIP")}
        with tempfile.TemporaryDirectory(prefix="mainstay-chroot-") as directory:
            done = subprocess.run([sys.executable, "-B", "-c", IN_A_CHROOT, KERNEL_TESTS, directory],
                                  env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, check=False)
        self.assertEqual(done.returncode, SKIPPED, done.stdout)
        self.assertRegex(done.stdout, r"\Akernel test: skipped: no (mounts|network and pid namespaces) .*\n\Z")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: needs root for a chroot")
        sys.exit(SKIPPED)
    unittest.main()
