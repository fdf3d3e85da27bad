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

    def __init__(self, *exports):
        self.exports = exports

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="mainstay-probe-")
        command = [os.path.join(BIN, "mainstayd"), "--listen", "127.0.0.1:0", "--lease",
                   str(LEASE_S), "--log-level", "error", "--state", self.directory.name]
        for export in self.exports:
            command += ["--export", export]
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

    def probe(self):
        run = mainstay("probe", self.address, "--json")
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
        self.assertEqual(self.report["minor_used"], 1)

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
