# SPDX-License-Identifier: Apache-2.0
"""Tells complaints in a guest's kernel log from harmless lines
(tests/kernel/harness/kernel_log.py)."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kernel"))

from harness.kernel_log import complaints  # noqa: E402 (the path is set above)

DIRECTORY = "/var/tmp/mainstay-kernel.agk37nfs/client2"


class KernelLog(unittest.TestCase):
    def test_a_complaint_is_found(self):
        line = "<4>NFS: nfs4_reclaim_open_state: unhandled error -10026"
        self.assertEqual(complaints("<6>quiet\n" + line + "\n", DIRECTORY), [line])

    def test_chatter_is_not(self):
        self.assertEqual(complaints("<6>RPC: Registered tcp transport module.", DIRECTORY), [])

    def test_what_a_test_foresees_is_not(self):
        line = "<4>nfs: server 10.0.0.1 reclaim failed"
        self.assertEqual(complaints(line, DIRECTORY, "reclaim failed"), [])
        self.assertEqual(complaints(line, DIRECTORY, "other"), [line])

    def test_the_name_of_its_own_directory_is_not(self):
        line = f"<6>mconsole (version 2) initialized on {DIRECTORY}/uml/mconsole"
        self.assertEqual(complaints(line, DIRECTORY), [])


if __name__ == "__main__":
    unittest.main()
