#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`mainstay probe` reports what a mainstayd is configured to serve, and fails as documented."""

import json
import os
import re
import socket
import subprocess
import tempfile
import unittest

BIN = os.environ["MAINSTAY_BIN"]
LEASE_S = 45
TIMEOUT_S = 60


def mainstay(*arguments):
    return subprocess.run([os.path.join(BIN, "mainstay"), *arguments], capture_output=True,
                          text=True, timeout=TIMEOUT_S, check=False)


class Server:
    """A mainstayd on a port of the kernel's choice; it ends with the block."""

    def __init__(self, *exports, more=()):
        self.exports = exports
        self.more = more

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="mainstay-probe-")
        command = [os.path.join(BIN, "mainstayd"), "--listen", "127.0.0.1:0", "--lease",
                   str(LEASE_S), "--log-level", "error", "--state", self.directory.name]
        for export in self.exports:
            command += ["--export", export]
        command += self.more
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        ready = re.match(r"mainstayd: ready on (\S+)$", line)
        if not ready:
            self.__exit__()
            raise AssertionError(f"mainstayd said: {line}")
        self.address = ready.group(1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=TIMEOUT_S)
        self.directory.cleanup()

    def probe(self, *options):
        run = mainstay("probe", self.address, "--json", *options)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("/one=mem:", "/deep/er/two=mem:,ro")
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__)
        cls.report = cls.server.probe()

    def test_minor_versions(self):
        answers = {m["minor"]: (m["offered"], m["answer"]) for m in self.report["minor_versions"]}
        self.assertEqual(list(answers), [0, 1, 2])
        self.assertEqual(answers[1], (True, "NFS4ERR_OP_NOT_IN_SESSION"))
        for offered, answer in answers.values():
            self.assertEqual(offered, answer != "NFS4ERR_MINOR_VERS_MISMATCH")
        self.assertEqual(self.report["minor_used"], 2)

    def test_the_highest_minor_version(self):
        """What it has more of than those below is shown, too."""
        root = self.report["tree"]["directories"][0]
        self.assertIn("xattr_support", root["supported_attrs"])
        self.assertIn("; what follows is of 4.2\n", mainstay("probe", self.server.address).stdout)
        for highest in (0, 1):
            with Server("/one=mem:", more=["--min-minor", "0", "--max-minor", str(highest)]) as server:
                report = server.probe()
            self.assertEqual(report["minor_used"], highest)
            self.assertNotIn("xattr_support", report["tree"]["directories"][0]["supported_attrs"])

    def test_server_and_lease(self):
        server = self.report["server"]
        self.assertTrue(server["owner_major"])
        self.assertTrue(server["scope"])
        self.assertIn("Mainstay", server["implementation"]["name"])
        self.assertEqual(self.report["lease_time_s"], LEASE_S)

    def test_session_is_granted_within_what_was_asked(self):
        session = self.report["session"]
        for channel in ("fore", "back"):
            for limit, granted in session[channel].items():
                self.assertGreater(granted, 0, limit)
                self.assertLessEqual(granted, session["asked"][channel][limit], limit)
        self.assertLess(session["highest_slot"], session["fore"]["slots"])
        self.assertFalse(session["persistent"])

    def test_tree(self):
        tree = self.report["tree"]
        found = {d["path"]: d for d in tree["directories"]}
        self.assertTrue(tree["complete"])
        self.assertEqual(set(found), {"/", "/one", "/deep", "/deep/er", "/deep/er/two"})
        self.assertEqual({path for path, d in found.items() if d["file_system"]},
                         {"/", "/one", "/deep/er/two"})
        self.assertEqual(len({d["fsid"] for d in found.values() if d["file_system"]}), 3)
        self.assertEqual({d["status"] for d in found.values()}, {"NFS4_OK"})

    def test_security(self):
        """Flavors by SECINFO, and of the root by SECINFO_NO_NAME."""
        self.assertEqual(self.report["security"], {"flavor": "sys", "tls_offered": False, "tls": None})
        for directory in self.report["tree"]["directories"]:
            self.assertEqual("sys" in directory.get("sec", []), directory["file_system"], directory["path"])

    def test_attributes(self):
        root = self.report["tree"]["directories"][0]
        for name in ("supported_attrs", "type", "fsid", "lease_time", "filehandle"):
            self.assertIn(name, root["supported_attrs"])

    def test_text_has_the_same(self):
        run = mainstay("probe", self.server.address)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("/deep/er/two", run.stdout)
        self.assertIn(f"{LEASE_S} s", run.stdout)
        self.assertIn(self.report["server"]["scope"], run.stdout)

    def test_pseudo_directories_below_an_exported_root(self):
        with Server("/=mem:", "/deep/er/two=mem:") as server:
            found = {d["path"]: d for d in server.probe()["tree"]["directories"]}
        self.assertEqual(set(found), {"/", "/deep", "/deep/er", "/deep/er/two"})
        # Both file systems are of one kind, so the second prints no list of its own.
        self.assertIn("supported_attrs", found["/"])
        self.assertNotIn("supported_attrs", found["/deep/er/two"])


class Secured(unittest.TestCase):
    """Kerberos and TLS, with a realm and certificates of the test's own."""
    @classmethod
    def setUpClass(cls):
        lib = os.path.join(os.environ["MAINSTAY_SOURCE"], "tests", "lib")
        directory = tempfile.TemporaryDirectory(prefix="mainstay-probe-")
        cls.addClassCleanup(directory.cleanup)
        cls.realm = os.path.join(directory.name, "realm")
        cls.pki = os.path.join(directory.name, "pki")
        subprocess.run([os.path.join(lib, "pki"), cls.pki], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        kdc = subprocess.Popen([os.path.join(lib, "realm"), cls.realm, "--server", "127.0.0.1"],
                               stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(kdc.communicate)
        cls.addClassCleanup(kdc.kill)
        for line in kdc.stdout:
            if line == "ready\n":
                break
            name, _, value = line.strip().partition("=")
            os.environ[name] = value
        os.environ["KRB5CCNAME"] = "FILE:" + os.path.join(directory.name, "ticket")
        cls.server = Server("/open=mem:,sec=sys:krb5:krb5i:krb5p", "/closed=mem:,sec=krb5p:krb5i",
                            "/mutual=mem:,xprtsec=mtls", more=[
            "--keytab", f"{cls.realm}/server.keytab", "--tls-cert", f"{cls.pki}/server.pem",
            "--tls-key", f"{cls.pki}/server.key", "--tls-ca", f"{cls.pki}/ca.pem"])
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__)

    def found(self, *options):
        """The report, and status and flavors of each path."""
        report = self.server.probe(*options)
        return report, {d["path"]: (d["status"], d.get("sec")) for d in report["tree"]["directories"]}

    def text(self, *options):
        run = mainstay("probe", self.server.address, *options)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout

    def fails(self, words, *options):
        run = mainstay("probe", self.server.address, *options)
        self.assertEqual((run.returncode, run.stdout), (1, ""), run.stderr)
        self.assertIn(words, run.stderr)

    def ticket(self):
        subprocess.run(["kinit", "-k", "-t", f"{self.realm}/alice.keytab", "alice"], check=True)
        self.addCleanup(subprocess.run, ["kdestroy", "-q"], check=True)

    def test_flavors(self):
        report, found = self.found()
        self.assertEqual(report["security"], {"flavor": "sys", "tls_offered": True, "tls": None})
        self.assertEqual(found["/open"], ("NFS4_OK", ["sys", "krb5", "krb5i", "krb5p"]))
        self.assertEqual(found["/closed"], ("NFS4ERR_WRONGSEC", ["krb5p", "krb5i"]))

    def test_advice(self):
        """Where the calls are refused, the text says which options help."""
        lines = self.text()
        self.assertRegex(lines, r"(?m)^ +/closed .*NFS4ERR_WRONGSEC: try --sec krb5p$")
        self.assertRegex(lines, r"(?m)^ +/mutual .*NFS4ERR_WRONGSEC: try --tls, and --tls-cert if that is not enough$")
        self.assertRegex(self.text("--tls", "--tls-ca", f"{self.pki}/ca.pem"),
                         r"(?m)^ +/mutual .*NFS4ERR_WRONGSEC: try --tls-cert with a certificate")

    def test_kerberos(self):
        self.fails("no ticket: run kinit first", "--sec", "krb5")
        self.ticket()
        for flavor, status in (("krb5", "NFS4ERR_WRONGSEC"), ("krb5i", "NFS4_OK"), ("krb5p", "NFS4_OK")):
            with self.subTest(flavor):
                report, found = self.found("--sec", flavor)
                self.assertEqual(report["security"]["flavor"], flavor)
                self.assertEqual((found["/open"][0], found["/closed"][0]), ("NFS4_OK", status))

    def test_tls(self):
        ca = ["--tls", "--tls-ca", f"{self.pki}/ca.pem"]
        own = ["--tls-cert", f"{self.pki}/client1.pem", "--tls-key", f"{self.pki}/client1.key"]
        for options in (ca, ca + own):
            tls = self.found(*options)[0]["security"]["tls"]
            self.assertEqual(tls["version"], "TLSv1.3")
            self.assertIn("CN=server.mainstay.test", tls["subject"])
            self.assertIn("IP:127.0.0.1", tls["names"])
        self.ticket()
        report, found = self.found(*ca, "--sec", "krb5p")
        self.assertEqual((report["security"]["flavor"], found["/closed"][0]), ("krb5p", "NFS4_OK"))

    def test_tls_that_fails(self):
        ca = ["--tls", "--tls-ca", f"{self.pki}/ca.pem"]
        self.fails("the server's certificate is from a CA that ", "--tls", "--tls-ca", f"{self.pki}/rogueca.pem")
        self.fails("the server's certificate is for other names than elsewhere: DNS:server", *ca, "--tls-name",
                   "elsewhere")
        for name in ("old", "rogue"):
            self.fails("the server ended TLS: ", *ca, "--tls-cert", f"{self.pki}/{name}.pem", "--tls-key",
                       f"{self.pki}/{name}.key")
        self.fails("/none: No such file or directory", "--tls", "--tls-ca", "/none")


class Failure(unittest.TestCase):
    def test_usage(self):
        """Each mistake is named, with the correct form."""
        for arguments, words in (([], "usage: mainstay COMMAND"),
                                 (["nonsense"], "unknown command 'nonsense' (--help lists them)"),
                                 (["prob"], "unknown command 'prob'; did you mean 'probe'?"),
                                 (["--halp"], "unknown option '--halp'"),
                                 (["probe"], "expected one HOST[:PORT], got 0; for example mainstay probe 127.0.0.1"),
                                 (["probe", "a:1", "b:1"], "expected one HOST[:PORT], got 2"),
                                 (["probe", "host:port"], "'host:port': a port is a number from 1 to 65535"),
                                 (["probe", "host:0"], "'host:0': a port is a number from 1 to 65535"),
                                 (["probe", "host:65536"], "'host:65536': a port is a number from 1 to 65535"),
                                 (["probe", "::1:2049"], "an IPv6 address must be in brackets, for example [::1]:2049"),
                                 (["probe", "::1"], "an IPv6 address must be in brackets"),
                                 (["probe", ":1"], "':1': the host is missing"),
                                 (["probe", "x" * 400], "the name is too long"),
                                 (["probe", "a:1", "--jsn"], "unknown option '--jsn'; did you mean '--json'?"),
                                 (["probe", "a:1", "--json=3"], "option '--json' takes no value"),
                                 (["probe", "a:1", "-j"], "unknown option '-j'")):
            with self.subTest(arguments):
                run = mainstay(*arguments)
                self.assertEqual((run.returncode, run.stdout), (2, ""))
                self.assertIn(words, run.stderr)

    def test_help_and_version(self):
        for arguments in (["--help"], ["-h"], ["--version"], ["probe", "--help"], ["probe", "-h"]):
            with self.subTest(arguments):
                run = mainstay(*arguments)
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertIn("mainstay", run.stdout)

    def test_default_port(self):
        """Port 2049 and any result: nothing may listen there, or the machine's own server."""
        for host in ("127.0.0.1", "[::1]"):
            run = mainstay("probe", host)
            self.assertIn(f"{host}:2049", run.stdout + run.stderr)

    def test_unknown_host(self):
        run = mainstay("probe", "no..host")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn("no..host:2049: ", run.stderr)

    def test_unreachable(self):
        with socket.socket() as held:  # bound and not listening: refused
            held.bind(("127.0.0.1", 0))
            run = mainstay("probe", "127.0.0.1:%d" % held.getsockname()[1], "--json")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn("Connection refused", run.stderr)

    def test_no_export_for_this_host(self):
        with Server("/=mem:,client=192.0.2.1") as server:
            run = mainstay("probe", server.address)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn("the server denies all calls: it has no export for this host, or only for ports below 1024 "
                      "(run the probe as root)", run.stderr)

    def test_peer_that_hangs_up(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            command = [os.path.join(BIN, "mainstay"), "probe", f"127.0.0.1:{port}"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True) as probe:
                listener.settimeout(TIMEOUT_S)
                for _ in range(3):  # one connection for each minor version
                    listener.accept()[0].close()
                out, error = probe.communicate(timeout=TIMEOUT_S)
        self.assertEqual((probe.returncode, out), (1, ""))
        self.assertIn("no answer of an NFSv4 server", error)


if __name__ == "__main__":
    unittest.main()
