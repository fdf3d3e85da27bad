#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A directory that does not answer: who needs it is told so in time, and nobody else notices.  What comes of it later
changes nothing."""

import json
import os
import re
import signal
import sys
import threading
import time
import unittest
from urllib.parse import quote

from admin_server import TIMEOUT_S, Server, request, wait_until
from hanging_directory import HangingDirectory, why_not
from nfs_client import GETFH, LOOKUP, OK, PUTROOTFH, Client, Connection, opaque
from suite import SKIPPED, run

EXPORTS = "/api/v1/exports"
WAIT_S = 5  # LIMIT_ERRAND_S
WRITES = 6  # LIMIT_ADMIN_WRITES
LEASE_S = 2
OVERTAKE_TRIES = 5


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def wchan(task):
    """What a thread waits for: nothing, where it has ended since it was listed."""
    try:
        return read(f"{task}/wchan")
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Asked(threading.Thread):
    """A request that may wait."""

    def __init__(self, server, path, method="GET", body=None):
        super().__init__(daemon=True)
        data = json.dumps(body).encode() if body is not None else b""
        fields = {"Content-Length": str(len(data)), "Content-Type": "application/json"} if data else {}
        self.arguments = (server.socket, path, method, fields, data)
        self.reply, self.since = None, time.monotonic()
        self.start()

    def run(self):
        self.reply = request(*self.arguments)
        self.took_s = time.monotonic() - self.since


class HangServer(Server):
    """With a local export from the start, and a configuration file of its own."""

    def __enter__(self):
        self.first = os.path.join(self.own, "first")
        self.file = os.path.join(self.own, "mainstay.conf")
        os.mkdir(self.first)
        os.mkdir(self.state)
        self.write()
        self.start(("--config", self.file))
        return self

    def write(self, *directories):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(f"lease: {LEASE_S}\nexports:\n- {{ path: /, backend: mem, squash: no_root_squash }}\n"
                       f"- {{ path: /first, backend: local, argument: {self.first} }}\n")
            for number, directory in enumerate(directories):
                file.write(f"- {{ path: /of-file-{number}, backend: local, argument: {directory} }}\n")

    def waits(self):
        """Does a thread of it wait for FUSE?"""
        tasks = f"/proc/{self.process.pid}/task"
        return any("request_wait" in wchan(f"{tasks}/{task}") for task in os.listdir(tasks))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))


class Hang(unittest.TestCase):
    def setUp(self):
        why = why_not()
        if why:
            self.skipTest(why)
        self.directory = self.enterContext(HangingDirectory())
        self.server = self.enterContext(HangServer())
        self.addCleanup(self.directory.go)

    def ask(self, path, method="GET", body=None):
        asked = Asked(self.server, path, method, body)
        asked.join(TIMEOUT_S)
        return asked

    def paths(self):
        return [one["path"] for one in json.loads(self.ask(EXPORTS).reply.body)["items"]]

    def clients(self):
        return [one["id"] for one in json.loads(self.ask("/api/v1/clients").reply.body)["items"]]

    def add(self, path="/hung", directory=None):
        return Asked(self.server, EXPORTS, "POST",
                     {"path": path, "backend": "local", "argument": directory or self.directory.path})

    def hung(self, asked, *words):
        """It is told in time which directory does not answer."""
        asked.join(TIMEOUT_S)
        self.assertEqual(asked.reply.status, 503, asked.reply.body)
        self.assertEqual(asked.reply.fields["content-type"], "application/problem+json")
        detail = json.loads(asked.reply.body)["detail"]
        for word in words:
            self.assertIn(word, detail)
        self.assertGreater(asked.took_s, WAIT_S - 1)

    def prompt(self):
        """Everything else answers, while the directory hangs."""
        others = [Asked(self.server, path) for path in (
            "/healthz", "/readyz", "/metrics", "/api/v1/server", "/api/v1/sessions", "/api/v1/clients",
            "/api/v1/settings", EXPORTS, "/api/v1/exports/%2F", "/api/v1/callbacks")]
        peer = Connection(self.server.port)
        peer.socket.settimeout(TIMEOUT_S)
        self.assertEqual(peer.call(0, (PUTROOTFH, b""), (GETFH, b""))[0], OK)
        peer.close()
        for asked in others:
            asked.join(TIMEOUT_S)
            self.assertEqual(asked.reply.status, 200, (asked.arguments, asked.reply.body))

    def prompt_until(self, condition):
        def happens():
            self.prompt()
            return condition()

        wait_until(happens)

    def timers_go_on(self):
        """A client that is not confirmed is forgotten after a lease."""
        client = Client(self.server.port, "it stays unconfirmed")
        self.assertEqual(self.clients(), [client.id])
        wait_until(lambda: not self.clients())
        client.close()

    def settled(self, threads):
        """What hung is over."""
        wait_until(lambda: self.server.threads() <= threads)

    def test_export_that_is_added(self):
        """POST of an export: 503 in time; all else goes on; what comes late is dropped, and can be asked for again."""
        threads = self.server.threads()
        self.directory.hang()
        asked = self.add()
        wait_until(self.server.waits)
        self.prompt_until(lambda: asked.reply)
        self.hung(asked, self.directory.path, "nothing was changed")
        other = self.add("/other", self.server.first)
        other.join(TIMEOUT_S)
        self.assertEqual(other.reply.status, 201, other.reply.body)
        self.assertEqual(self.ask("/api/v1/exports/%2Fother", "DELETE").reply.status, 204)
        self.directory.go()
        self.settled(threads)
        self.assertEqual(sorted(self.paths()), ["/", "/first"])
        self.server.stop(signal.SIGKILL)
        self.server.start(("--config", self.server.file))
        self.assertEqual(sorted(self.paths()), ["/", "/first"])
        again = self.ask(EXPORTS, "POST", {"path": "/hung", "backend": "local", "argument": self.directory.path})
        self.assertEqual(again.reply.status, 201, again.reply.body)

    def test_places_are_limited(self):
        """So many requests wait, and no more: further ones are refused at once.  Afterwards there are places again."""
        threads = self.server.threads()
        self.directory.hang()
        first = [self.add(f"/hung-{i}") for i in range(WRITES + 2)]
        for asked in first:
            asked.join(TIMEOUT_S)
            self.assertEqual(asked.reply.status, 503, asked.reply.body)
        self.assertLessEqual(self.server.threads(), threads + WRITES)
        for path, method, body in ((EXPORTS, "POST", {"path": "/x", "backend": "mem"}), ("/api/v1/opens", "GET", None)):
            refused = self.ask(path, method, body)
            self.assertEqual(refused.reply.status, 503, refused.reply.body)
            detail = json.loads(refused.reply.body)["detail"]
            self.assertIn("as many requests as may wait already do so", detail)  # so it did not wait
            self.assertIn(self.directory.path, detail)
        self.prompt()
        self.directory.go()
        self.settled(threads)
        self.assertEqual(sorted(self.paths()), ["/", "/first"])
        self.assertEqual(self.ask("/api/v1/opens").reply.status, 200)

    def test_path_of_files(self):
        """GET of opens by a path below it."""
        made = self.ask(EXPORTS, "POST", {"path": "/hung", "backend": "local", "argument": self.directory.path})
        self.assertEqual(made.reply.status, 201, made.reply.body)
        self.directory.hang()
        asked = Asked(self.server, "/api/v1/opens?path=" + quote("/hung/f"))
        other = self.ask("/api/v1/opens?path=/")
        self.assertEqual(other.reply.status, 200, other.reply.body)
        self.prompt_until(lambda: asked.reply)
        self.hung(asked, "/hung does not answer")
        self.directory.go()
        asked = self.ask("/api/v1/opens?path=" + quote("/hung/f"))
        self.assertEqual(asked.reply.status, 200, asked.reply.body)

    def test_reload(self):
        """POST of a reload, which is done when the file names the directory no more, although the first one hangs."""
        self.directory.hang()
        self.server.write(self.directory.path)
        asked = Asked(self.server, "/api/v1/reload", "POST")
        self.prompt_until(lambda: asked.reply)
        self.hung(asked, self.directory.path, "nothing was changed")
        self.server.write(self.server.first)
        again = self.ask("/api/v1/reload", "POST")
        self.assertEqual(again.reply.status, 200, again.reply.body)
        self.assertIn("/of-file-0", self.paths())
        threads = self.server.threads()
        self.directory.go()
        self.settled(threads - 1)
        self.assertEqual(sorted(self.paths()), ["/", "/first", "/of-file-0"])
        items = json.loads(self.ask(EXPORTS).reply.body)["items"]
        self.assertEqual([one["argument"] for one in items if one["path"] == "/of-file-0"], [self.server.first])

    def overtake(self):
        """The answer to a reload that waits for the directory until another one has been applied."""
        self.directory.hang()
        self.server.write(self.directory.path)
        first = Asked(self.server, "/api/v1/reload", "POST")
        wait_until(self.server.waits)
        self.server.write()
        second = self.ask("/api/v1/reload", "POST")
        self.assertEqual(second.reply.status, 200, second.reply.body)
        self.directory.go()
        first.join(TIMEOUT_S)
        wait_until(lambda: not self.server.waits())
        return first.reply

    def test_reload_that_is_overtaken(self):
        """Of two reloads at once the one that began first is told so, and what to do, and changes nothing."""
        reply = self.overtake()
        for _ in range(OVERTAKE_TRIES):
            if reply.status != 503:  # else this took so long that the first was given up
                break
            reply = self.overtake()
        self.assertEqual(reply.status, 409, reply.body)
        self.assertEqual(reply.fields["content-type"], "application/problem+json")
        self.assertIn("repeat this one", json.loads(reply.body)["reasons"][0])
        self.assertEqual(sorted(self.paths()), ["/", "/first"])
        self.server.write(self.directory.path)
        self.assertEqual(self.ask("/api/v1/reload", "POST").reply.status, 200)
        self.assertIn("/of-file-0", self.paths())

    def test_removal(self):
        """One that hangs is removed, and the timers go on although it may not be possible to close it."""
        made = self.ask(EXPORTS, "POST", {"path": "/hung", "backend": "local", "argument": self.directory.path})
        self.assertEqual(made.reply.status, 201, made.reply.body)
        self.directory.hang()
        wait_until(self.server.waits)
        threads = self.server.threads()
        self.assertEqual(self.ask("/api/v1/exports/%2Fhung", "DELETE").reply.status, 204)
        self.timers_go_on()
        self.prompt()
        self.assertEqual(sorted(self.paths()), ["/", "/first"])
        self.directory.go()
        self.settled(threads - 1)

    def test_hangup(self):
        """SIGHUP: the timers go on, the log says which directory it is, and SIGTERM ends the server."""
        self.directory.hang()
        self.server.write(self.directory.path)
        said = re.compile(r"daemon\.reload error=.*does not answer.*nothing of the file was changed")
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(self.server.waits)
        for _ in range(2):  # while the first is served they are one
            self.server.process.send_signal(signal.SIGHUP)
        self.prompt_until(lambda: said.search(self.server.text()))
        self.assertIn(self.directory.path, said.search(self.server.text())[0])
        self.timers_go_on()
        self.prompt_until(lambda: len(said.findall(self.server.text())) >= 2)
        self.assertEqual(self.server.stop(), 0)
        self.assertRegex(self.server.text(), rf"daemon\.unanswered waits_for=\S*{self.directory.path}")

    def test_end(self):
        """SIGTERM ends the server although an export hangs, and with it the thread that looks after its files."""
        made = self.ask(EXPORTS, "POST", {"path": "/hung", "backend": "local", "argument": self.directory.path})
        self.assertEqual(made.reply.status, 201, made.reply.body)
        self.directory.hang()
        wait_until(self.server.waits)
        self.assertEqual(self.server.stop(), 0)
        self.assertRegex(self.server.text(), r"daemon\.unanswered waits_for=\S*/hung")

    def test_end_of_requests(self):
        """SIGTERM while a request of a client hangs: the server ends all the same, with status 1, and starts again."""
        made = self.ask(EXPORTS, "POST", {"path": "/hung", "backend": "local", "argument": self.directory.path,
                                          "squash": "no_root_squash", "ports": "insecure"})
        self.assertEqual(made.reply.status, 201, made.reply.body)
        self.directory.hang()
        peer = Connection(self.server.port)
        self.addCleanup(peer.close)
        peer.send(0, (PUTROOTFH, b""), (LOOKUP, opaque("hung")), (LOOKUP, opaque("f")))
        wait_until(lambda: re.search(rb'\nmainstay_threads{kind="blocked"} 1\n', self.ask("/metrics").reply.body))
        self.assertEqual(self.server.stop(), 1)
        self.assertRegex(self.server.text(), r'daemon\.drain error="a request has not ended"')
        self.directory.go()
        self.server.start(("--config", self.server.file))
        self.assertEqual(sorted(self.paths()), ["/", "/first", "/hung"])

    def hang_up_briefly(self):
        """SIGHUP, and the directory hangs until it is needed.  False: it took so long that this was given up."""
        given_up = self.server.text().count("does not answer")
        self.directory.hang()
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(self.server.waits)
        self.directory.go()
        wait_until(lambda: "daemon.reload_done" in self.server.text() or
                   self.server.text().count("does not answer") > given_up)
        wait_until(lambda: not self.server.waits())
        return "daemon.reload_done" in self.server.text()

    def test_hangup_that_comes_back(self):
        """Within the time the file is applied as ever; after it not at all, and the next SIGHUP is."""
        self.server.write(self.directory.path)
        wait_until(self.hang_up_briefly)  # on a busy machine the time may be over before the directory is back
        self.assertIn("/of-file-0", self.paths())
        given_up = self.server.text().count("does not answer")
        self.directory.hang()
        self.server.write(self.directory.path, self.directory.path)
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.server.text().count("does not answer") > given_up)
        threads = self.server.threads()
        self.directory.go()
        self.settled(threads - 1)
        self.assertNotIn("/of-file-1", self.paths())
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "/of-file-1" in self.paths())


if __name__ == "__main__":
    if why_not():
        print(f"skipped: {why_not()}")
        sys.exit(SKIPPED)
    run(*(f"Hang.{name}" for name in dir(Hang) if name.startswith("test_")))
