#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`mainstay tls check` finds what is wrong with certificates, keys and revocation lists, and says so."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

BIN = os.environ["MAINSTAY_BIN"]
PKI = os.path.join(os.environ["MAINSTAY_SOURCE"], "tests/lib/pki")
TIMEOUT_S = 60


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="mainstay-pki-")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        subprocess.run([PKI, cls.directory], check=True, timeout=TIMEOUT_S)

    def path(self, name):
        return os.path.join(self.directory, name)

    def run_check(self, *words, cert="server", key=None, ca="ca.pem", crl=None):
        command = [os.path.join(BIN, "mainstay"), "tls", "check", "--tls-cert", self.path(f"{cert}.pem"),
                   "--tls-key", self.path(f"{key or cert}.key"), "--tls-ca", self.path(ca)]
        if crl:
            command += ["--tls-crl", self.path(crl)]
        return subprocess.run([*command, *words], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)

    def check(self, *words, **files):
        done = self.run_check("--json", *words, **files)
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, int(report["result"] == "failed"), done.stderr)
        return report["result"], {one["check"]: (one["result"], one["why"]) for one in report["checks"]}

    def expect(self, check, result, words, *arguments, **files):
        whole, found = self.check(*arguments, **files)
        self.assertEqual(found[check][0], result, found[check])
        self.assertIn(words, found[check][1])
        if result == "failed":
            self.assertEqual(whole, "failed")

    def test_good(self):
        result, found = self.check("server.mainstay.test", crl="revoked.crl")
        self.assertEqual(result, "ok", found)
        self.assertEqual(set(found), {"cert", "dates", "names", "usage", "chain", "key", "ca", "crl", "server"})
        self.assertEqual(found["cert"][1], "CN=server.mainstay.test,O=Mainstay tests")
        self.assertIn("localhost", found["names"][1])
        self.assertIn("clients must trust CN=Mainstay test CA", found["chain"][1])
        self.assertIn("has 1 certificates", found["crl"][1])
        done = self.run_check("127.0.0.1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^names +ok +server\.mainstay\.test")
        self.assertEqual(self.check(cert="server-rpc")[0], "ok")

    def test_names(self):
        self.expect("names", "failed", "is none of its names", "elsewhere.example")
        self.expect("names", "failed", "is none of its names", "192.0.2.1")
        self.expect("names", "failed", "no subjectAltName", cert="nosan")

    def test_dates(self):
        self.expect("dates", "failed", "has expired", cert="old")
        self.expect("dates", "failed", "is not valid before 2096-01-01", cert="future")

    def test_the_server_says_so_too(self):
        """mainstayd --check warns of a certificate that has expired."""
        done = subprocess.run([os.path.join(BIN, "mainstayd"), "--check", "--listen", "127.0.0.1:0", "--state",
                               self.directory, "--export", "/=mem:", "--tls-cert", self.path("old.pem"), "--tls-key",
                               self.path("old.key")], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("the certificate has expired", done.stderr)

    def test_usage(self):
        self.expect("usage", "failed", "not for servers", cert="client1")

    def test_chain(self):
        self.expect("chain", "ok", "2 certificates", cert="chain")
        with open(self.path("mixed.pem"), "wb") as mixed:
            for name in ("server", "middle"):
                with open(self.path(f"{name}.pem"), "rb") as part:
                    mixed.write(part.read())
        self.expect("chain", "failed", "not signed by the one behind it", cert="mixed", key="server")

    def test_key(self):
        self.expect("server", "failed", "does not belong to the certificate", key="server2")
        self.expect("key", "failed", "No such file", key="none")
        shutil.copy(self.path("server.key"), self.path("open.key"))
        os.chmod(self.path("open.key"), 0o644)
        self.expect("key", "warning", "mode 644; chmod 600 mends that", key="open")

    def test_ca(self):
        self.expect("ca", "failed", "no certificate of a CA", ca="server.key")

    def test_intermediate_alone(self):
        """Chains end at roots, so that an intermediate certificate alone lets nobody in."""
        self.expect("ca", "failed", "no chain ends at CN=Mainstay test intermediate", ca="middle.pem")
        self.expect("server", "failed", "only intermediate certificates", ca="middle.pem")
        for name, parts, result, words in (("both", ("middle", "ca"), "ok", "2 of 2"),
                                           ("loose", ("middle", "rogueca"), "warning", "no chain ends at")):
            with open(self.path(f"{name}.pem"), "wb") as whole:
                for part in parts:
                    with open(self.path(f"{part}.pem"), "rb") as one:
                        whole.write(one.read())
            self.expect("ca", result, words, ca=f"{name}.pem")
            self.expect("server", "ok", "can use these files", ca=f"{name}.pem")

    def test_crl(self):
        self.expect("crl", "failed", "out of date since 2020-02-01", crl="old.crl")
        self.expect("crl", "warning", "no CA of the file", crl="none.crl", ca="rogueca.pem")
        self.expect("crl", "failed", "no list in PEM format", crl="ca.pem")

    def test_missing(self):
        done = self.run_check(cert="none")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be read: No such file or directory", done.stderr)
        done = subprocess.run([os.path.join(BIN, "mainstay"), "tls", "check"], capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
