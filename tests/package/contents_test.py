#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of this source: what is in them, that lintian finds no fault, and that the same source makes the
same packages.

    contents_test.py DIRECTORY      where they are left for the test of a machine"""

import os
import re
import shutil
import sys
import tempfile
import unittest

from packages import BUILDERS, build, named, need, run

DIRECTORY = os.path.abspath(sys.argv.pop(1))
SERVER, TOOLS = "mainstay-server", "mainstay-client-tools"
FILES = {
    SERVER: """
        /etc/mainstay/mainstay.conf
        /lib/systemd/system/mainstayd.service
        /lib/systemd/system/mainstayd.socket
        /usr/sbin/mainstayd
        /usr/share/doc/mainstay-server/changelog.gz
        /usr/share/doc/mainstay-server/copyright
        /usr/share/doc/mainstay-server/examples/mainstay.conf
        /usr/share/mainstay/mainstay.spdx.json
        /usr/share/mainstay/systemd/own-user.conf
        /usr/share/man/man5/mainstay.conf.5.gz
        /usr/share/man/man8/mainstayd.8.gz""",
    TOOLS: """
        /usr/bin/mainstay
        /usr/bin/mainstay-bench
        /usr/share/bash-completion/completions/mainstay
        /usr/share/doc/mainstay-client-tools/changelog.gz
        /usr/share/doc/mainstay-client-tools/copyright
        /usr/share/man/man1/mainstay-bench.1.gz
        /usr/share/man/man1/mainstay.1.gz
        /usr/share/zsh/vendor-completions/_mainstay""",
}
PROGRAMS = {SERVER: ("sbin/mainstayd",), TOOLS: ("bin/mainstay", "bin/mainstay-bench")}
# A machine that differs in all that a build should not depend on; the directory differs, too.
ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "HOME": "/nonexistent", "JOBS": "3"}


class Contents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp(prefix="mainstay-packages-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.work)
        built = f"{DIRECTORY}/deb"
        if os.access(os.path.dirname(DIRECTORY), os.W_OK):
            os.makedirs(DIRECTORY, exist_ok=True)
            shutil.rmtree(built, ignore_errors=True)
        else:  # this user has no machine to test
            built = f"{cls.work}/built"
        cls.lintian = build(built)
        cls.packages = named(built)
        for name, path in cls.packages.items():
            run("dpkg-deb", "--extract", path, f"{cls.work}/{name}")

    def test_names(self):
        self.assertEqual(sorted(self.packages), sorted([SERVER, TOOLS, f"{SERVER}-dbgsym", f"{TOOLS}-dbgsym"]))

    def test_lintian(self):
        self.assertEqual(self.lintian, "")

    def test_files(self):
        for name, wanted in FILES.items():
            top = f"{self.work}/{name}"
            found = [os.path.join(where, file)[len(top):] for where, _, files in os.walk(top) for file in files]
            self.assertEqual(sorted(found), wanted.split(), name)
            self.assertEqual([path for path in found if os.path.getsize(top + path) == 0], [], "empty files")

    def test_configuration_is_kept(self):
        """What an administrator has changed survives an upgrade."""
        self.assertEqual(run("dpkg-deb", "--info", self.packages[SERVER], "conffiles").split(),
                         ["/etc/mainstay/mainstay.conf"])

    def test_symbols(self):
        """Debuggers find the symbols of each program by its build ID."""
        for name, programs in PROGRAMS.items():
            for program in programs:
                notes = run("readelf", "--notes", f"{self.work}/{name}/usr/{program}")
                build_id = re.search(r"Build ID: (\w+)", notes)[1]
                path = f"{self.work}/{name}-dbgsym/usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug"
                self.assertIn(".debug_info", run("readelf", "--sections", "--wide", path), program)

    def test_manual_pages(self):
        """Each page is in its section, and names itself so."""
        for name in (SERVER, TOOLS):
            for page in re.findall(r"/usr/share/man/\S+", FILES[name]):
                section = re.search(r"man/man(\d)/", page)[1]
                title = re.search(r'^\.TH "?(\S+?)"? "?(\d)', run("gzip", "-dc", self.work + "/" + name + page), re.M)
                self.assertEqual((title[1].lower(), title[2]),
                                 (os.path.basename(page)[:-len(f".{section}.gz")].lower(), section))

    def test_reproducible(self):
        """Another directory, time zone, umask and number of jobs make the same bytes."""
        build(f"{self.work}/again", ELSEWHERE, umask=0o027)
        for name, path in named(f"{self.work}/again").items():
            with open(path, "rb") as again, open(self.packages[name], "rb") as first:
                self.assertEqual(first.read() == again.read(), True, name)


if __name__ == "__main__":
    need(BUILDERS)
    unittest.main()
