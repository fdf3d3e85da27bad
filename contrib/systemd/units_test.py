#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The installed units, as systemd reads them: nothing in them is wrong, and what they leave to the server is as little
as docs/hardening.md says."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = sys.argv.pop(1)
SOURCE = os.environ["MAINSTAY_SOURCE"]
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

    def analyzed(self, text, *options):
        path = f"{self.root}/rated/mainstayd.service"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.write(path, text)
        return run("systemd-analyze", "security", "--offline=true", "--no-pager", *options, path).stdout

    def exposure(self, text):
        said = self.analyzed(text)
        return float(re.search(r"exposure level for mainstayd.service: ([0-9.]+)", said)[1])

    def findings(self, text):
        return {row["name"] for row in json.loads(self.analyzed(text, "--json=short")) if float(row["exposure"] or 0)}

    def table(self, section):
        """The rows of a table in docs/hardening.md, as lists of cells."""
        with open(f"{SOURCE}/docs/hardening.md", encoding="utf-8") as file:
            text = re.search(rf"^## {section}$(.*?)(^## |\Z)", file.read(), re.MULTILINE | re.DOTALL)[1]
        rows = [[cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
                for line in text.splitlines() if line.startswith("|")]
        return rows[2:]

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
        always = {"capset", "prlimit64", "fanotify_init", "fanotify_mark", "name_to_handle_at", "unshare"}
        as_callers = {"open_by_handle_at", "setfsuid", "setfsgid", "setgroups", "fchownat", "mknodat"}
        self.assertEqual((always | as_callers) - self.calls(self.text()), set())
        self.assertEqual(always - self.calls(self.own_user_text()), set())
        self.assertNotIn("setgroups", self.calls(self.own_user_text()))

    def own_user_text(self):
        with open(self.own_user, encoding="utf-8") as file:
            return self.text() + file.read()

    def test_exposure(self):
        self.assertLess(self.exposure(self.text()), EXPOSURE["as it is"])
        self.assertLess(self.exposure(self.own_user_text()), EXPOSURE["with own-user.conf"])
        with open(f"{SOURCE}/docs/hardening.md", encoding="utf-8") as file:
            documented = re.search(r"It is ([0-9.]+) for .*?and ([0-9.]+) with `own-user", file.read(), re.DOTALL)
        self.assertEqual([float(figure) for figure in documented.groups()],
                         [self.exposure(self.text()), self.exposure(self.own_user_text())])

    def test_what_is_left_has_a_reason(self):
        rows = [(name.strip("`"), own_user, why) for name, own_user, why in self.table("What is left to the service")]
        self.assertEqual({name for name, _, _ in rows}, self.findings(self.text()))
        self.assertEqual({name for name, own_user, _ in rows if own_user}, self.findings(self.own_user_text()))
        self.assertEqual([name for name, _, why in rows if not why], [])

    def test_capabilities(self):
        """Those of the unit are those that the server would keep, each with its reason."""
        documented = [name for name, why in self.table("Capabilities") if why]
        lines = re.findall(r"^CapabilityBoundingSet=(.*)", self.text(), re.MULTILINE)
        of_unit = re.findall(r"CAP_\w+", " ".join(lines))
        with open(f"{SOURCE}/src/daemon/privilege.c", encoding="utf-8") as file:
            kept = re.findall(r"CAP_\w+", "".join(re.findall(r"cap_value_t for_\w+\[\] = (\{[^}]*\})", file.read())))
        self.assertEqual(sorted(documented), sorted(of_unit))
        self.assertEqual(sorted(documented), sorted(kept))

    def test_directives_are_documented(self):
        def key(line):
            return line.partition("=")[0]

        section = self.text().partition("# ---- what it may do ----")[2].partition("[Install]")[0]
        lines = [line for line in section.splitlines() if re.match(r"\w+=", line)]
        documented = [name.strip("`").removesuffix(" …") for name, _ in self.table("What the unit sets")]
        self.assertEqual({key(line) for line in lines} - {key(name) for name in documented}, set())
        self.assertEqual([name for name in documented if f"\n{name}" not in self.text()], [])


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("skipped: systemd-analyze is missing (package systemd)")
        sys.exit(SKIPPED)
    if not os.access(BUILD, os.W_OK):
        print("skipped: only who may write to the build directory can install from it")
        sys.exit(SKIPPED)
    unittest.main()
