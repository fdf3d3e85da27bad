#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What mainstayd says when it starts: what it serves, to whom, and how it is mounted."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from admin_server import MAINSTAYD, READY, TIMEOUT_S, Server, request, wait_until
from suite import run

FIELD = re.compile(r' (\w+)=("(?:[^"\\]|\\.)*"|\S+)')


def events(text, event):
    """The fields of each line of the event."""
    found = [line for line in text.splitlines() if f" {event} " in line]
    return [{key: value.strip('"') for key, value in FIELD.findall(line)} for line in found]


class Start(unittest.TestCase):
    def setUp(self):
        self.own = tempfile.mkdtemp(prefix="mainstay-start-")
        self.addCleanup(shutil.rmtree, self.own)
        self.state = os.path.join(self.own, "state")

    def directory(self, name="data", mode=0o755):
        path = os.path.join(self.own, name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        return path

    def command(self, *options):
        return [MAINSTAYD, "--listen", "127.0.0.1:0", "--state", self.state, *options]

    def launch(self, command, stderr):
        process = subprocess.Popen(command, stderr=stderr)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def text(self):
        with open(os.path.join(self.own, "log"), encoding="utf-8") as file:
            return file.read()

    def start(self, *options):
        """A server whose log is a file; it is ready."""
        with open(os.path.join(self.own, "log"), "w", encoding="utf-8") as file:
            process = self.launch(self.command(*options), file)
        wait_until(lambda: READY.search(self.text()) or "daemon.ready" in self.text() or process.poll() is not None)
        self.assertIsNone(process.poll(), self.text())
        return process

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_S), 0)

    def said(self, *options):
        """All that a start says until the server is ready."""
        self.end(self.start(*options))
        return self.text()


class Announcement(Start):
    def test_events(self):
        """One for each export: what it is, for whom, whose its files are, and how it is mounted."""
        data = self.directory()
        process = self.start("--export", f"/data=local:{data},ro,all_squash,anonuid={os.geteuid()}",
                             "--export", "/a b=mem:,client=192.0.2.0/24,client=::1,sec=krb5p:krb5,anonuid=4000000000")
        port = READY.search(self.text())[1]
        self.end(process)
        found = {one["path"]: one for one in events(self.text(), "daemon.serves")}
        self.assertEqual(found["/a b"], {
            "path": "/a b", "backend": "mem", "directory": "", "access": "rw", "clients": "192.0.2.0/24, ::1",
            "files_of": "their callers; root of clients becomes uid 4000000000",
            "security": "krb5p, krb5, without TLS",
            "mount": f"mount -t nfs4 -o port={port},sec=krb5p '127.0.0.1:/a b' /mnt"})
        self.assertEqual((found["/data"]["directory"], found["/data"]["access"], found["/data"]["clients"]),
                         (data, "ro", "everybody"))
        self.assertRegex(found["/data"]["files_of"], rf"\buid {os.geteuid()}\b.*, whoever the caller is$")
        self.assertLess(self.text().index("daemon.serves"), self.text().index("ready on"))
        self.assertNotIn("Mainstay", self.text())

    def test_json(self):
        self.start("--export", "/=mem:", "--log-format", "json")
        lines = [json.loads(line) for line in self.text().splitlines()]
        self.assertEqual([line["path"] for line in lines if line["event"] == "daemon.serves"], ["/"])

    def test_stored(self):
        """Exports that an administrator has added are among them; what changes later is not told so."""
        with Server() as server:
            body = json.dumps({"path": "/added", "backend": "mem"}).encode()
            fields = {"Content-Type": "application/json", "Content-Length": str(len(body))}
            reply = request(server.socket, "/api/v1/exports", "POST", fields, body)
            self.assertEqual(reply.status, 201, reply.body)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "daemon.hangup" in server.text() or "daemon.reload" in server.text())
            self.assertEqual([one["path"] for one in events(server.text(), "daemon.serves")], ["/"])
            self.assertEqual(server.stop(), 0)
            server.start()
            self.assertEqual({one["path"] for one in events(server.text(), "daemon.serves")}, {"/", "/added"})

    def test_name(self):
        """Who listens at all addresses is mounted by the name of the machine."""
        text = self.said("--export", "/=mem:", "--listen", "0.0.0.0:0")
        mount = events(text, "daemon.serves")[0]["mount"]
        self.assertRegex(mount, rf"^mount -t nfs4 -o port=\d+ '?{re.escape(socket.gethostname())}:/'? /mnt$")

    def terminal(self, *options):
        """What a terminal shows until the server is ready."""
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        process = self.launch(self.command(*options), follower)
        os.close(follower)
        shown = b""
        while b"ready on" not in shown or not shown.endswith(b"\n"):
            shown += os.read(leader, 65536)
        process.kill()
        return shown.decode().replace("\r\n", "\n")

    def test_terminal(self):
        """People get it to read, and not twice."""
        text = self.terminal("--export", "/data=mem:,ro", "--export", "/a\033[31mb=mem:,all_squash,anonuid=4000000000")
        port = READY.search(text)[1]
        self.assertNotIn("daemon.serves", text)
        block = text[text.index("\nMainstay "):text.index("mainstayd: ready")]
        for words in ("  /data\n    what      files in memory, gone when the server ends, read only\n",
                      "    for       everybody (AUTH_SYS, without TLS)\n",
                      f"    mount     mount -t nfs4 -o port={port} 127.0.0.1:/data /mnt\n",
                      "    files of  uid 4000000000, whoever the caller is\n",
                      "Only clients on this machine reach it",
                      f"To look after it: mainstay --admin unix:{self.state}/admin.sock status\n"):
            self.assertIn(words, block)
        self.assertNotIn("\033", block)

    def test_terminal_many(self):
        """Not more than a screen."""
        text = self.terminal("--listen", "0.0.0.0:0", *(word for number in range(40)
                                                        for word in ("--export", f"/{number}=mem:")))
        self.assertEqual(len(re.findall(r"^    mount ", text, re.MULTILINE)), 16)
        self.assertIn("  and 24 more: mainstay export list\n", text)


if __name__ == "__main__":
    run()
