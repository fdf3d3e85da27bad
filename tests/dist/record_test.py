# SPDX-License-Identifier: Apache-2.0
"""What the build writes down of its sources (cmake/build_record.cmake).

    record_test.py CMAKE
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ["MAINSTAY_SOURCE"]
SCRIPT = os.path.join(SOURCE, "cmake", "build_record.cmake")
CMAKE = sys.argv[1]
NOT_ARCHIVED = "$Format:%H$\n"


class Record(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="mainstay-record-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.tree = os.path.join(self.directory, "tree")
        self.output = os.path.join(self.directory, "record.c")
        os.makedirs(os.path.join(self.tree, "cmake"))
        self.write("cmake/archived-commit", NOT_ARCHIVED)
        self.write("file", "one\n")

    def write(self, name, text):
        with open(os.path.join(self.tree, name), "w", encoding="utf-8") as file:
            file.write(text)

    def git(self, *arguments):
        who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.invalid"]
        return subprocess.run(["git", *who, *arguments], cwd=self.tree, stdout=subprocess.PIPE, text=True,
                              check=True).stdout.strip()

    def commit(self):
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=first")
        return self.git("rev-parse", "HEAD")

    def recorded(self, **environment):
        subprocess.run([CMAKE, "-D", f"SOURCE={self.tree}", "-D", f"OUTPUT={self.output}", "-D", "TYPE=Release",
                        "-D", "COMPILER=GNU 12", "-P", SCRIPT], env={**os.environ, **environment}, check=True)
        with open(self.output, encoding="utf-8") as file:
            return re.search(r'\.commit = "(.*)",', file.read())[1]

    def test_a_checkout(self):
        head = self.commit()
        self.assertEqual(self.recorded(), head[:12])
        self.write("new", "not known to git\n")
        self.assertEqual(self.recorded(), head[:12])
        self.write("file", "two\n")
        self.assertEqual(self.recorded(), f"{head[:12]}+")

    def test_a_checkout_of_another_user(self):
        """Git refuses these, unless told otherwise; root builds what others have checked out."""
        if os.geteuid() != 0:
            self.skipTest("only root can give the checkout to another user")
        head = self.commit()
        for where, folders, files in os.walk(self.tree):
            for name in [".", *folders, *files]:
                os.lchown(os.path.join(where, name), 65534, 65534)
        self.assertEqual(self.recorded(), head[:12])

    def test_an_archive(self):
        """Its file names the commit, and git is not asked."""
        self.write(".gitattributes", "/cmake/archived-commit export-subst\n")
        head = self.commit()
        archive = subprocess.run(["git", "archive", "HEAD", "cmake/archived-commit"], cwd=self.tree,
                                 stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["tar", "--extract"], cwd=self.tree, input=archive, check=True)
        self.assertEqual(self.recorded(PATH="/nonexistent"), head[:12])

    def test_a_package(self):
        """Made of a checkout with changes."""
        self.write("cmake/archived-commit", f"{'0123456789abcdef' * 2}01234567+\n")
        self.assertEqual(self.recorded(PATH="/nonexistent"), "0123456789ab+")

    def packaged(self):
        """What tools/make-deb tells a package of its commit, of which it makes nothing here."""
        bin_directory = os.path.join(self.directory, "bin")
        os.mkdir(bin_directory)
        os.makedirs(os.path.join(self.tree, "tools"), exist_ok=True)
        shutil.copy(os.path.join(SOURCE, "tools", "make-deb"), os.path.join(self.tree, "tools"))
        for name, script in (("dpkg-parsechangelog", "echo 1"), ("lintian", ""),
                             ("dpkg-buildpackage", "cp cmake/archived-commit ../commit; touch ../a.deb")):
            with open(os.path.join(bin_directory, name), "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\n{script}\n")
            os.chmod(file.name, 0o755)
        target = os.path.join(self.directory, "deb")
        subprocess.run([os.path.join(self.tree, "tools", "make-deb"), target], stdout=subprocess.DEVNULL, check=True,
                       env={**os.environ, "PATH": f"{bin_directory}:{os.environ['PATH']}"})
        with open(os.path.join(target, "commit"), encoding="utf-8") as file:
            return file.read().strip()

    def test_a_package_of_a_checkout(self):
        head = self.commit()
        self.assertEqual(self.packaged(), head)

    def test_a_package_of_an_archive_in_another_checkout(self):
        """Whose commit is not that of these sources."""
        head = "0123456789" * 4
        self.commit()
        self.tree = os.path.join(self.tree, "mainstay")
        os.makedirs(os.path.join(self.tree, "cmake"))
        self.write("cmake/archived-commit", f"{head}\n")
        self.assertEqual(self.packaged(), head)

    def test_neither(self):
        self.assertEqual(self.recorded(), "unknown")
        os.mkdir(os.path.join(self.tree, ".git"))  # of a damaged checkout
        self.assertEqual(self.recorded(), "unknown")

    def test_it_is_written_only_if_it_changes(self):
        """Else each build would compile and link."""
        self.commit()
        self.recorded()
        os.utime(self.output, (1, 1))
        self.recorded()
        self.assertEqual(os.stat(self.output).st_mtime, 1)
        self.write("file", "two\n")
        self.recorded()
        self.assertNotEqual(os.stat(self.output).st_mtime, 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
