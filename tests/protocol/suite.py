# SPDX-License-Identifier: Apache-2.0
"""Runs the unittest tests of a script as CTest wants them: a skip shows, and tests that wait do so beside the others.
"""

import subprocess
import sys
import unittest

SKIPPED = 77


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def run(*waiting):
    """Instead of unittest.main(): run the tests that the command line names, or else all.  These, "Class.test", sleep
    most of their time: each then runs in a process of its own.  Ends this process."""
    loader = unittest.TestLoader()
    here = sys.modules["__main__"]
    names = sys.argv[1:]
    suite = loader.loadTestsFromNames(names, here) if names else loader.loadTestsFromModule(here)
    others = []
    if not names:
        found = {test.id().removeprefix("__main__."): test for test in flat(suite)}
        assert found.keys() >= set(waiting), waiting
        suite = unittest.TestSuite(test for name, test in found.items() if name not in waiting)
        others = [subprocess.Popen([sys.executable, "-B", sys.argv[0], name], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True) for name in waiting]
    result = unittest.TextTestRunner().run(suite)
    statuses = {0 if result.wasSuccessful() else 1}
    for _, why in result.skipped:
        print(f"skipped: {why}")
        statuses.add(SKIPPED)
    for other in others:
        print(other.communicate()[0], end="")
        statuses.add(other.returncode)
    statuses.discard(0)
    sys.stdout.flush()
    sys.exit(0 if not statuses else SKIPPED if statuses == {SKIPPED} else 1)
