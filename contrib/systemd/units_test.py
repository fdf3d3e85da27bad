#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The installed units, as systemd reads them: nothing in them is wrong, and what they leave to the server is as little
as their comments say."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = sys.argv.pop(1)
SKIPPED = 77
EXPOSURE = {"as it is": 3.2, "with own-user.conf": 2.0}  # of `systemd-analyze security`, at most


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="mainstay-units-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        done = run("cmake", "--install", BUILD, "--prefix", f"{cls.root}/usr")
        assert done.returncode == 0, done.stdout
        cls.units = f"{cls.root}/usr/lib/systemd/system"
        cls.own_user = f"{cls.root}/usr/share/mainstay/systemd/own-user.conf"

    def test_installed(self):
        """The programs are where the service starts them, with their manual pages and completions."""
        for path in ("sbin/mainstayd", "bin/mainstay", "bin/mainstay-bench", "share/man/man8/mainstayd.8",
                     "share/man/man1/mainstay.1", "share/man/man1/mainstay-bench.1", "share/man/man5/mainstay.conf.5",
                     "share/bash-completion/completions/mainstay", "share/zsh/vendor-completions/_mainstay"):
            self.assertGreater(os.path.getsize(f"{self.root}/usr/{path}"), 0, path)
        names = [os.path.basename(path) for path in glob.glob(f"{self.root}/usr/*bin/*")]
        self.assertEqual(sorted(names), ["mainstay", "mainstay-bench", "mainstayd"])

    def test_valid(self):
        """systemd finds no fault with them."""
        text = self.text()
        for program in re.findall(r"^Exec\w+=(\S+)", text, re.MULTILINE):
            text = text.replace(program, "/bin/true")  # it is not on this machine
        self.write(f"{self.root}/mainstayd.service", text)
        shutil.copy(f"{self.units}/mainstayd.socket", self.root)
        done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"{self.root}/mainstayd.service",
                   f"{self.root}/mainstayd.socket")
        found = [line for line in done.stdout.splitlines() if "mainstayd" in line]
        self.assertEqual((done.returncode, found), (0, []), done.stdout)

    def text(self):
        with open(f"{self.units}/mainstayd.service", encoding="utf-8") as file:
            return file.read()

    def write(self, path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def exposure(self, text):
        path = f"{self.root}/rated/mainstayd.service"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.write(path, text)
        done = run("systemd-analyze", "security", "--offline=true", "--no-pager", path)
        return float(re.search(r"exposure level for mainstayd.service: ([0-9.]+)", done.stdout)[1])

    def calls(self, text):
        """The system calls that the filters of a unit leave to it."""
        listed = run("systemd-analyze", "syscall-filter").stdout
        sets = {one.split()[0]: re.findall(r"^    ([@\w-]+)$", one, re.MULTILINE)
                for one in re.split(r"^(?=@)", listed, flags=re.MULTILINE) if one.startswith("@")}

        def expand(name):
            return set().union(*map(expand, sets[name])) if name.startswith("@") else {name}

        left = set()
        for deny, names in re.findall(r"^SystemCallFilter=(~?)(.*)", text, re.MULTILINE):
            found = set().union(*map(expand, names.split()))
            left = left - found if deny else left | found
        return left

    def test_system_calls(self):
        """What the server cannot do without, or would do less without, is left to it."""
        with open(self.own_user, encoding="utf-8") as file:
            own_user = file.read()
        always = {"capset", "prlimit64", "fanotify_init", "fanotify_mark", "name_to_handle_at"}
        as_callers = {"open_by_handle_at", "setfsuid", "setfsgid", "setgroups", "fchownat", "mknodat"}
        self.assertEqual((always | as_callers) - self.calls(self.text()), set())
        self.assertEqual(always - self.calls(self.text() + own_user), set())
        self.assertNotIn("setgroups", self.calls(self.text() + own_user))

    def test_exposure(self):
        with open(self.own_user, encoding="utf-8") as file:
            own_user = file.read()
        self.assertLess(self.exposure(self.text()), EXPOSURE["as it is"])
        self.assertLess(self.exposure(self.text() + own_user), EXPOSURE["with own-user.conf"])


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("skipped: systemd-analyze is missing (package systemd)")
        sys.exit(SKIPPED)
    unittest.main()
