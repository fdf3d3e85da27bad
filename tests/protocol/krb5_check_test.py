#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`mainstay krb5 check` finds what is wrong with a keytab, against a real KDC, and says so."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

BIN = os.environ["MAINSTAY_BIN"]
REALM = os.path.join(os.environ["MAINSTAY_SOURCE"], "tests/lib/realm")
TIMEOUT_S = 60


class Realm:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="mainstay-realm-")
        self.process = subprocess.Popen(["python3", REALM, self.directory], text=True,
                                        stdout=subprocess.PIPE)
        self.environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        for line in self.process.stdout:
            if line == "ready\n":
                return
            name, value = line.rstrip("\n").split("=", 1)
            self.environment[name] = value
        raise AssertionError("no realm")

    def stop(self):
        self.process.kill()
        self.process.communicate(timeout=TIMEOUT_S)

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def admin(self, command):
        subprocess.run(["kadmin.local", "-q", command], env=self.environment, check=True,
                       stdout=subprocess.DEVNULL, timeout=TIMEOUT_S)

    def run(self, *arguments, keytab="server.keytab"):
        command = [os.path.join(BIN, "mainstay"), "krb5", "check", "--keytab", self.path(keytab)]
        return subprocess.run([*command, *arguments], env=self.environment, text=True,
                              capture_output=True, timeout=TIMEOUT_S, check=False)

    def check(self, *arguments, keytab="server.keytab"):
        """The exit status, and results and reasons by the names of the checks."""
        run = self.run("--json", *arguments, keytab=keytab)
        report = json.loads(run.stdout)
        found = {one["check"]: (one["result"], one["why"]) for one in report["checks"]}
        return run.returncode, report, found


class Check(unittest.TestCase):
    def assert_finding(self, found, check, result, words):
        self.assertEqual(found[check][0], result, found[check])
        self.assertIn(words, found[check][1])


class Realms(Check):
    """One realm for all."""

    @classmethod
    def setUpClass(cls):
        cls.realm = Realm()
        cls.addClassCleanup(cls.realm.remove)

    def test_good(self):
        code, report, found = self.realm.check("localhost")
        self.assertEqual(code, 0)
        self.assertEqual(report["service"], "nfs/localhost@MAINSTAY.TEST")
        self.assertEqual(report["host"], "localhost")
        self.assertEqual(report["keytab"], self.realm.path("server.keytab"))
        for check in ("keytab", "principal", "enctypes", "kdc", "version", "clock"):
            self.assertEqual(found[check][0], "ok", found[check])
        self.assertRegex(found["clock"][1], "differs by [0-5] s")
        text = self.realm.run("localhost")
        self.assertEqual(text.returncode, 0)
        self.assertRegex(text.stdout, r"(?m)^keytab +ok +.*server\.keytab has 8 keys")

    def test_keytab_missing(self):
        code, report, found = self.realm.check("localhost", keytab="none")
        self.assertEqual((code, report["result"]), (1, "failed"))
        self.assert_finding(found, "keytab", "failed", "it does not exist")

    def test_keytab_of_a_user(self):
        code, _, found = self.realm.check("localhost", keytab="alice.keytab")
        self.assertEqual(code, 1)
        self.assert_finding(found, "keytab", "failed", "no key of an nfs/ principal")

    def test_other_host(self):
        code, _, found = self.realm.check("elsewhere.example")
        self.assertEqual(code, 1)
        self.assertEqual(self.realm.run("elsewhere.example").stderr,
                         "mainstay: krb5 check: clients with Kerberos fail here\n")
        self.assert_finding(found, "principal", "failed", "nfs/elsewhere.example is not in the keytab")

    def test_user(self):
        user = "nobody" if os.geteuid() == 0 else "root"
        code, _, found = self.realm.check("localhost", "--user", user)
        if os.geteuid() == 0:
            self.assertEqual(code, 1)
            self.assert_finding(found, "user", "failed", "nobody cannot read the keytab")
        else:
            self.assert_finding(found, "user", "warning", "only root can find out")
        code, _, found = self.realm.check("localhost", "--user", "no-such-user")
        self.assertEqual(code, 1)
        self.assert_finding(found, "user", "failed", "there is no user no-such-user")

    def test_old_enctypes(self):
        self.realm.admin("addprinc -randkey -e arcfour-hmac:normal nfs/old")
        self.realm.admin(f"ktadd -norandkey -k {self.realm.path('old.keytab')} nfs/old")
        code, _, found = self.realm.check("old", keytab="old.keytab")
        self.assertEqual(code, 1)
        self.assert_finding(found, "enctypes", "failed", "none of AES")


class Changes(Check):
    """Each spoils its own."""

    def setUp(self):
        self.realm = Realm()
        self.addCleanup(self.realm.remove)

    def test_key_is_old_then_wrong(self):
        self.realm.admin("cpw -randkey nfs/localhost")
        code, _, found = self.realm.check("localhost")
        self.assertEqual(code, 1)
        self.assert_finding(found, "version", "failed",
                            "need version 3 of the key, the keytab's newest is 2")
        self.realm.admin("modprinc -kvno 2 nfs/localhost")
        code, _, found = self.realm.check("localhost")
        self.assertEqual(code, 1)
        self.assert_finding(found, "version", "failed", "and is another one")

    def test_kdc_is_gone(self):
        self.realm.stop()
        code, report, found = self.realm.check("localhost")
        self.assertEqual((code, report["result"]), (0, "warning"))
        self.assert_finding(found, "kdc", "warning", "cannot be asked: Cannot contact any KDC")

    def test_kdc_does_not_know(self):
        self.realm.admin("delprinc -force nfs/localhost")
        code, _, found = self.realm.check("localhost")
        self.assertEqual(code, 0)
        self.assert_finding(found, "kdc", "warning", "not found in Kerberos database")


if __name__ == "__main__":
    unittest.main()
