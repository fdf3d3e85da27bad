#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The privileges of the process: only what its exports need, in every thread, and not to be
regained; and what it logs where it cannot act as its callers."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

BIN = os.environ["MAINSTAY_BIN"]
MAINSTAYD = os.path.join(BIN, "mainstayd")
TIMEOUT_S = 60

CAPABILITIES = {"chown": 0, "dac_override": 1, "dac_read_search": 2, "fowner": 3, "fsetid": 4, "setgid": 6,
                "setuid": 7, "net_bind_service": 10, "sys_admin": 21, "mknod": 27, "lease": 28}
FOR_IDENTITIES = set(CAPABILITIES) - {"net_bind_service", "sys_admin"}
SYS_RESOURCE = 24
SKIPPED = 77
skips = []


def skip(why):
    print(f"skipped: {why}")
    skips.append(why)


class Server:
    """A mainstayd that runs for the duration of the block."""

    def __init__(self, export, listen="127.0.0.1:0", launcher=()):
        self.export, self.listen, self.launcher = export, listen, launcher

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="mainstay-privileges-")
        self.data = os.path.join(self.directory.name, "data")
        os.mkdir(self.data)
        program = MAINSTAYD
        if self.launcher:  # what that leaves may not be enough to enter the directory of the build
            program = shutil.copy(MAINSTAYD, self.directory.name)
        self.process = subprocess.Popen(
            [*self.launcher, program, "--listen", self.listen, "--export",
             self.export.format(data=self.data), "--state", os.path.join(self.directory.name, "state")],
            stderr=subprocess.PIPE, text=True)
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("mainstayd: ready on"):
                break
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=TIMEOUT_S)
        self.directory.cleanup()

    def end(self):
        """The exit status and output of one that does not start."""
        return self.process.wait(TIMEOUT_S), "".join(self.said)

    def threads(self):
        """/proc/PID/task/*/status as dictionaries, of the threads that have not ended since they were listed."""
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            try:
                with open(f"{tasks}/{task}/status") as file:
                    status = file.read()
            except (FileNotFoundError, ProcessLookupError):
                continue
            yield dict(line.split(":", 1) for line in status.splitlines())


def number(status, key):
    return int(status[key].strip(), 16)


def bits(names):
    return sum(1 << CAPABILITIES[name] for name in names)


def own_permitted():
    with open("/proc/self/status") as file:
        return int(re.search(r"^CapPrm:\s*(\w+)", file.read(), re.M).group(1), 16)


def low_port():
    """A free port; clients in other tests use ports from 600 up."""
    for port in range(512, 600):
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise AssertionError("no port below 600 is free")


class Kept(unittest.TestCase):
    def expect(self, export, names, **options):
        wanted = bits(names) & own_permitted()
        with Server(export, **options) as server:
            seen = 0
            for status in server.threads():
                seen += 1
                self.assertEqual(number(status, "CapPrm"), wanted, status["Name"])
                self.assertEqual(number(status, "CapEff") & ~wanted, 0, status["Name"])
                for empty in ("CapInh", "CapAmb"):
                    self.assertEqual(number(status, empty), 0, status["Name"])
                self.assertFalse(number(status, "CapEff") >> SYS_RESOURCE & 1)
                self.assertEqual(status["NoNewPrivs"].strip(), "1")
            self.assertGreater(seen, 1, server.said)
            self.assertTrue(any("daemon.capabilities" in line for line in server.said), server.said)

    def test_memory_needs_none(self):
        self.expect("/=mem:", ())

    def test_a_low_port(self):
        if os.geteuid() != 0:
            return skip("needs root for a port below 1024")
        self.expect("/=mem:", ("net_bind_service",), listen=f"127.0.0.1:{low_port()}")

    def test_labels(self):
        if os.geteuid() != 0:
            return skip("only root can keep what labels take")
        if os.path.exists("/sys/fs/selinux/enforce"):
            return skip("SELinux decides about labels")
        self.expect("/=local:{data},security_label", FOR_IDENTITIES | {"sys_admin"})
        with Server("/=local:{data},security_label") as server:
            for status in server.threads():
                self.assertFalse(number(status, "CapEff") >> CAPABILITIES["sys_admin"] & 1, status["Name"])

    def test_watching(self):
        if os.geteuid() != 0:
            return skip("only root can keep what watching takes")
        export = "/=local:{data},attribute_cache=watched"
        self.expect(export, FOR_IDENTITIES | {"sys_admin"})
        with Server(export) as server:
            for status in server.threads():
                self.assertFalse(number(status, "CapEff") >> CAPABILITIES["sys_admin"] & 1, status["Name"])

    def test_identities(self):
        names = FOR_IDENTITIES if os.geteuid() == 0 else ("dac_read_search", "lease")
        self.expect("/=local:{data}", names)


def can_unshare():
    return subprocess.run(["unshare", "-r", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


class Namespace(unittest.TestCase):
    """Root of a namespace that maps one user and denies setgroups."""

    def test_an_error_and_no_crash(self):
        if not can_unshare():
            return skip("no user namespaces here")
        with Server("/=local:{data}", launcher=("unshare", "-r")) as server:
            status, said = server.end()
        self.assertEqual(status, 1, said)
        self.assertIn("cannot act as its callers: setgroups is denied in this user namespace", said)

    def test_memory_works(self):
        if not can_unshare():
            return skip("no user namespaces here")
        with Server("/=mem:", launcher=("unshare", "-r")) as server:
            self.assertIn("mainstayd: ready on", server.said[-1])

    def test_lacking_capabilities(self):
        if os.geteuid() != 0:
            return skip("needs root")
        with Server("/=local:{data}", launcher=("setpriv", "--bounding-set", "-setuid")) as server:
            status, said = server.end()
        self.assertEqual(status, 1, said)
        self.assertIn("uid 0 needs CAP_SETUID", said)


if __name__ == "__main__":
    outcome = unittest.main(exit=False)
    if not outcome.result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if skips else 0)
