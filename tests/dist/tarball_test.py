# SPDX-License-Identifier: Apache-2.0
"""`make dist`: two clones give the same bytes, and from these, without git, comes an installation that is whole.

    tarball_test.py CMAKE C-COMPILER
"""

import os
import sys
import tarfile
import tempfile
import unittest

from installation import check, output
from source_copy import copy_sources

CMAKE, COMPILER = sys.argv[1:3]
AUTHOR = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
          for what, value in (("NAME", "nobody"), ("EMAIL", "nobody@example.invalid"), ("DATE", "1700000000 +0000"))}


class Tarball(unittest.TestCase):
    """Of a repository with the sources at hand, be they committed or not."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="mainstay-dist-")
        cls.addClassCleanup(directory.cleanup)
        cls.directory = directory.name
        cls.home = cls.path("home")
        os.mkdir(cls.home)
        copy_sources(cls.path("sources"))
        archived = cls.path("sources", "cmake", "archived-commit")
        with open(archived, "w", encoding="utf-8") as file:  # of a tarball it names a commit
            file.write("$Format:%H$\n")
        for command in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", "--message=all"]):
            cls.git("sources", *command)
        cls.commit = cls.git("sources", "rev-parse", "HEAD").strip()
        cls.made = [cls.make("one", umask=0o022, environment={"TZ": "UTC"}),
                    cls.make("another/place", umask=0o077, environment={"TZ": "Asia/Tokyo", "XZ_OPT": "-0"})]

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.directory, *names)

    @classmethod
    def git(cls, where, *arguments):
        return output("git", "-C", cls.path(where), *arguments,
                      env={**os.environ, **AUTHOR, "HOME": cls.home, "GIT_CONFIG_NOSYSTEM": "1"})

    @classmethod
    def make(cls, name, umask, environment):
        """The bytes that a clone of this name makes."""
        cls.git(".", "clone", "--quiet", cls.path("sources"), cls.path(name))
        done = output("make", "--silent", "-C", cls.path(name), "dist", umask=umask,
                      env={**os.environ, "HOME": cls.home, "MAINSTAY_NO_SET_UP": "1", **environment})
        tarball = cls.path(name, done.splitlines()[-1])
        output("sha256sum", "--check", f"{os.path.basename(tarball)}.sha256", cwd=os.path.dirname(tarball))
        cls.tarball = tarball
        with open(tarball, "rb") as file:
            return file.read()

    def test_two_clones_give_the_same_bytes(self):
        self.assertTrue(self.made[0] == self.made[1], "they differ")

    def test_it_has_all_files_of_the_commit(self):
        with tarfile.open(self.tarball) as tar:
            members = [member for member in tar if not member.isdir()]
            self.assertEqual({(member.uid, member.gid, member.mtime) for member in tar}, {(0, 0, 1700000000)})
        top = os.path.basename(self.tarball).removesuffix(".tar.xz")
        names = self.git("sources", "ls-files").splitlines()
        self.assertEqual(sorted(member.name for member in members), sorted(f"{top}/{name}" for name in names))

    def test_it_builds_and_installs_without_git(self):
        with tarfile.open(self.tarball) as tar:
            tar.extractall(self.path("unpacked"))
        top, = os.listdir(self.path("unpacked"))
        tree, build, root = self.path("unpacked", top), self.path("build"), self.path("root")
        environment = {**os.environ, "PATH": f"{self.no_git()}:{os.environ['PATH']}", "DESTDIR": root,
                       "CCACHE_BASEDIR": self.directory, "CCACHE_NOHASHDIR": "1"}  # if there is a ccache
        # No optimiser and no debugging: the test is about what compiles. One job: other tests run beside it.
        output(CMAKE, "-S", tree, "-B", build, "-G", "Ninja", f"-DCMAKE_C_COMPILER={COMPILER}",
               "-DCMAKE_C_FLAGS_RELEASE=-O0", "-DMAINSTAY_TESTS=OFF", "-DCMAKE_INSTALL_PREFIX=/usr", env=environment)
        output(CMAKE, "--build", build, "-j", "1", env=environment)
        output(CMAKE, "--install", build, env=environment)
        self.assertFalse(os.path.exists(self.path("git was called")))
        self.assertEqual(check(self, f"{root}/usr", "/usr"), self.commit[:12])

    def no_git(self):
        """A directory with a git that fails, and tells that it was called."""
        os.mkdir(self.path("programs"))
        with open(self.path("programs", "git"), "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n: >'{self.path('git was called')}'\nexit 1\n")
        os.chmod(self.path("programs", "git"), 0o755)
        return self.path("programs")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
