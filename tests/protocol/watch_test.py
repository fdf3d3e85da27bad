#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`mainstay watch` prints what changes in a directory, and says when it begins again (SR-16)."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

import suite
from admin_server import TIMEOUT_S, Server
from nfs_client import Client

BIN = os.environ["MAINSTAY_BIN"]


def mainstay(*arguments):
    return subprocess.run([os.path.join(BIN, "mainstay"), *arguments], capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=False)


class Watch:
    """A running `mainstay watch`; it is interrupted at the end of the block."""

    def __init__(self, server, *options):
        command = [os.path.join(BIN, "mainstay"), "watch", f"127.0.0.1:{server.port}:/", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=TIMEOUT_S)

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def event(self):
        return json.loads(self.line())


class Recalled(unittest.TestCase):
    """By a server that only recalls."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--set", "nfs.directory_delegations=recall", "--lease", "3")
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None)
        cls.client = Client(cls.server.port, "other")
        cls.addClassCleanup(cls.client.close)
        cls.session = cls.client.start()

    def watchers(self):
        """{owner: ID}"""
        done = mainstay(f"--admin=unix:{self.server.socket}", "--json", "client", "list")
        return {c["owner"]: c["id"] for c in json.loads(done.stdout)["items"]
                if c["owner"].startswith("mainstay-client")}

    def change(self, name):
        """NFS4ERR_DELAY until the watcher has returned its delegation."""
        while self.session.call(*self.session.open(name))[0] != 0:
            pass

    def test_session_lost(self):
        with Watch(self.server, "--json") as watch:
            self.assertEqual(watch.event(), {"event": "begin", "entries": 0, "told": []})
            before = self.watchers()
            for client in before.values():
                mainstay(f"--admin=unix:{self.server.socket}", "client", "evict", client)
            self.assertEqual(watch.event(), {"event": "lost", "reason": "session_lost"})
            self.assertEqual(watch.event(), {"event": "begin", "entries": 0, "told": []})
            # A grace period would wait for a client that does not come back.
            self.assertEqual(self.watchers().keys(), before.keys())

    def test_interrupted(self):
        """It returns the delegation, and ends by the signal."""
        with Watch(self.server) as watch:
            watch.line()
        self.assertEqual(watch.process.returncode, -signal.SIGTERM)
        done = mainstay(f"--admin=unix:{self.server.socket}", "--json", "delegation", "list")
        self.assertEqual(json.loads(done.stdout)["items"], [])

    def test_the_change_is_seen(self):
        with Watch(self.server) as watch:
            self.assertEqual(watch.line(), "begin entries=0 told=none")
            self.change("made")
            self.assertEqual(watch.line(), "lost reason=recalled")


class Told(unittest.TestCase):
    """By a server that tells what changes."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--set", "nfs.directory_delegations=notify")
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None)
        cls.client = Client(cls.server.port, "other")
        cls.addClassCleanup(cls.client.close)
        cls.session = cls.client.start()

    def make(self, name):
        self.session.opened(name)

    def test_names(self):
        """Also those that a terminal must not see as they are."""
        with Watch(self.server, "--json") as watch:
            begin = watch.event()
            self.assertEqual(begin["event"], "begin")
            self.assertLessEqual({"add", "remove", "rename"}, set(begin["told"]))
            names = ["a name", "esc\x1b[2J", "back\\slash"]
            for name in names:
                self.make(name)
            added = []
            while len(added) < len(names):
                event = watch.event()
                if event["event"] == "add":
                    self.assertEqual(event["type"], "file")
                    added.append(event["name"])
            self.assertEqual(added, ["a name", "esc\\x1b[2J", "back\\x5cslash"])

    def test_text(self):
        with Watch(self.server) as watch:
            self.assertTrue(watch.line().startswith("begin entries="))
            self.make("plain")
            line = watch.line()
            while not line.startswith("add "):
                line = watch.line()
            self.assertTrue(line.startswith("add name=plain "), line)


def probe_bytes(sent):
    """The length of the first record, which asks for TLS."""
    return 4 + int.from_bytes(sent[:4], "big") % 2**31


class Proxy(threading.Thread):
    """Passes connections on to a server, keeps what their clients send, and can cut them.  `fates`: {number of a
    connection: "cut" in the handshake, or "bare", which says that the server has no TLS}."""

    def __init__(self, server, fates=None):
        super().__init__(daemon=True)
        self.server, self.fates = server, fates or {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pairs, self.sent = [], []
        self.start()

    def run(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.server.port))
            number = len(self.pairs)
            self.pairs.append((near, far))
            self.sent.append(bytearray())
            threading.Thread(target=self.copy_calls, args=(near, far, number), daemon=True).start()
            threading.Thread(target=self.copy, args=(far, near), daemon=True).start()

    def passes(self, near, number):
        """Does what was sent last go to the server?"""
        sent, fate = self.sent[number], self.fates.get(number)
        if fate == "bare" and len(sent) >= 8:
            near.sendall(bytes([0x80, 0, 0, 24]) + sent[4:8] + bytes([0, 0, 0, 1]) + bytes(16))
            return False
        if fate == "cut" and sent[probe_bytes(sent):]:
            self.cut_one(number)
            return False
        return fate != "bare"

    def copy_calls(self, near, far, number):
        try:
            while data := near.recv(65536):
                self.sent[number] += data
                if self.passes(near, number):
                    far.sendall(data)
        except OSError:
            pass

    @staticmethod
    def copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass

    def cut_one(self, number):
        for end in self.pairs[number]:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Also those that a client makes meanwhile."""
        number = 0
        while number < len(self.pairs):
            self.cut_one(number)
            number += 1

    def close(self):
        self.listener.close()
        self.cut()


class Secured(unittest.TestCase):
    """Over TLS, which a lost connection does not end."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="mainstay-watch-")
        cls.addClassCleanup(directory.cleanup)
        cls.pki = directory.name
        subprocess.run([os.path.join(os.environ["MAINSTAY_SOURCE"], "tests", "lib", "pki"), cls.pki], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.server = Server("--set", "nfs.directory_delegations=notify", "--tls-cert", f"{cls.pki}/server.pem",
                            "--tls-key", f"{cls.pki}/server.key", "--lease", "3")
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None)
        cls.client = Client(cls.server.port, "other")
        cls.addClassCleanup(cls.client.close)
        cls.session = cls.client.start()
        cls.made = []

    def watch(self, fates=None):
        """(proxy, watch) that have begun."""
        proxy = Proxy(self.server, fates)
        self.addCleanup(proxy.close)
        watch = Watch(proxy, "--json", "--tls", "--tls-ca", f"{self.pki}/ca.pem")
        watch.__enter__()
        self.addCleanup(watch.__exit__)
        self.assertEqual(watch.event()["event"], "begin")
        return proxy, watch

    def see(self, watch, name):
        """Make it, and wait until the watch tells, or has begun again since."""
        self.session.opened(name)
        entries = len(self.made) + 1
        self.made.append(name)
        event = watch.event()
        while event.get("name") != name and (event["event"], event.get("entries")) != ("begin", entries):
            event = watch.event()

    def check_secured(self, proxy):
        for sent in proxy.sent:
            self.assertTrue(b"\x16\x03".startswith(sent[probe_bytes(sent):][:2]), sent)

    def test_another_connection_is_secured_too(self):
        proxy, watch = self.watch()
        proxy.cut()
        self.see(watch, "secured")
        self.assertGreaterEqual(len(proxy.sent), 2)
        self.check_secured(proxy)

    def test_cut_in_the_handshake(self):
        """Of the connection that was to replace the first: the session is given up, and another follows."""
        proxy, watch = self.watch({1: "cut"})
        proxy.cut_one(0)
        self.assertEqual(watch.event(), {"event": "lost", "reason": "session_lost"})
        self.assertEqual(watch.event()["event"], "begin")
        self.see(watch, "cut")
        self.check_secured(proxy)

    def test_no_tls_any_more(self):
        """Nothing is sent over a connection without it."""
        proxy, watch = self.watch({1: "bare"})
        proxy.cut_one(0)
        self.assertEqual(watch.event(), {"event": "lost", "reason": "session_lost"})
        self.assertEqual(watch.event()["event"], "begin")
        self.assertEqual(len(proxy.sent[1]), probe_bytes(proxy.sent[1]))
        self.check_secured(proxy)


class Refused(unittest.TestCase):
    def test_arguments(self):
        for argument, words in (("host", "HOST:/PATH"), ("host:path", "HOST:/PATH"), (":/x", "the host is missing"),
                                ("::1:/x", "in brackets")):
            done = mainstay("watch", argument)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done)
            self.assertIn(words, done.stderr)

    def test_no_server(self):
        done = mainstay("watch", "127.0.0.1:1:/")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("refused", done.stderr)

    def test_no_directory(self):
        with Server("--set", "nfs.directory_delegations=recall") as server:
            done = mainstay("watch", f"127.0.0.1:{server.port}:/missing")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("NFS4ERR_NOENT", done.stderr)

    def test_not_delegated(self):
        with Server("--set", "nfs.directory_delegations=none") as server:
            done = mainstay("watch", f"127.0.0.1:{server.port}:/")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("does not delegate directories", done.stderr)


if __name__ == "__main__":
    suite.run()
