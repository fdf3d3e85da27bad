# SPDX-License-Identifier: Apache-2.0
"""`cmake --install` of this build: exactly the files of installed.txt, below DESTDIR and below another prefix, and
programs that run from there.

    install_test.py CMAKE BUILD-DIRECTORY
"""

import os
import sys
import tempfile
import unittest

from installation import EXPECTED, check, files, output

CMAKE, BUILD = sys.argv[1:3]


class Install(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="mainstay-install-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def install(self, *options, **environment):
        output(CMAKE, "--install", BUILD, *options, env={**os.environ, **environment})

    def test_below_destdir(self):
        self.install(DESTDIR=self.directory)
        self.assertEqual(os.listdir(self.directory), ["usr"])
        check(self, f"{self.directory}/usr/local", "/usr/local")

    def test_below_a_prefix(self):
        self.install("--prefix", self.directory)
        self.assertEqual(files(self.directory), EXPECTED)

    def test_the_parts_are_the_whole(self):
        """Packages have one each."""
        for part in ("server", "tools"):
            self.install("--prefix", f"{self.directory}/{part}", "--component", part)
        server, tools = (set(files(f"{self.directory}/{part}")) for part in ("server", "tools"))
        self.assertEqual(sorted(server | tools), EXPECTED)
        self.assertEqual(server & tools, set())
        self.assertIn("sbin/mainstayd", server)
        self.assertIn("bin/mainstay", tools)


if __name__ == "__main__":
    if not os.access(BUILD, os.W_OK):
        print("skipped: only who may write to the build directory can install from it")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
