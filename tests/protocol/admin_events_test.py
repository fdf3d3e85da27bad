#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GET /api/v1/events: what the log says, as it happens, for readers that want some of it, that are slow, too many, or
gone; until the server ends."""

import http.client
import json
import os
import signal
import socket
import time
import unittest

from admin_server import FULL, READ, TIMEOUT_S, Server, request, wait_until

EVENTS = "/api/v1/events"
READERS = 8  # LIMIT_EVENT_READERS
REQUEST_S = 10  # LIMIT_ADMIN_REQUEST_S


class Reader:
    """A connection that follows the events."""

    def __init__(self, address, path=EVENTS, fields=""):
        self.peer = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.peer.settimeout(TIMEOUT_S)
        self.peer.connect(address)
        self.peer.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode())
        self.file = http.client.HTTPResponse(self.peer)
        self.file.begin()
        self.status, self.fields = self.file.status, self.file.headers
        if self.status == 200:
            self.block()  # the comment that it begins with

    def block(self):
        """The lines up to an empty one; None: the end."""
        lines = []
        for line in iter(self.file.readline, b""):
            if line == b"\n":
                return lines
            lines.append(line.decode().rstrip("\n"))
        return None

    def next(self):
        """(event, data) of the next event; None: the end."""
        while True:
            block = self.block()
            if block is None:
                return None
            fields = dict(line.split(": ", 1) for line in block if not line.startswith(":"))
            if "data" in fields:
                return fields.get("event", "message"), fields["data"]

    def until(self, event):
        """The first line of an event."""
        while True:
            found = self.next()
            assert found, f"the stream ended before {event}"
            if found[0] == "message" and json.loads(found[1])["event"] == event:
                return found[1]

    def rest(self):
        found = []
        for one in iter(self.next, None):
            found.append(json.loads(one[1])["event"])
        return found

    def close(self):
        self.file.close()
        self.peer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def hang_up(server):
    """Makes it log daemon.hangup; returns when it has."""
    before = server.text().count("daemon.hangup")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: server.text().count("daemon.hangup") > before)


def whole_lines(server):
    return [line for line in server.text().splitlines(keepends=True) if line.endswith("\n")]


class Events(unittest.TestCase):
    def test_as_they_happen(self):
        """The objects are those of the log, whatever its format; other requests go on; the time of a request is no
        limit, and a connection without lines has a sign of life now and then."""
        for form in ("text", "json"):
            with Server("--log-format", form) as server, Reader(server.socket) as reader:
                self.assertEqual(reader.fields["content-type"], "text/event-stream")
                self.assertEqual(reader.fields["cache-control"], "no-store")
                hang_up(server)
                line = json.loads(reader.until("daemon.hangup"))
                self.assertEqual(list(line), ["time", "level", "event", "read"])
                self.assertEqual((line["level"], line["read"]), ("info", "settings.db"))
                self.assertEqual(request(server.socket, "/healthz").status, 200)
                if form == "text":
                    begin, signs = time.monotonic(), 0
                    while time.monotonic() - begin <= REQUEST_S:
                        signs += reader.block() == [":"]
                    self.assertIn(signs, (1, 2, 3))
                else:
                    logged = [json.loads(line) for line in whole_lines(server)]
                    logged = [one for one in logged if one["event"] == "daemon.hangup"]
                    self.assertEqual([{**one, "time": ""} for one in logged], [{**line, "time": ""}])
                hang_up(server)
                reader.until("daemon.hangup")

    def test_filters(self):
        with Server("--log-level", "debug") as server:
            with Reader(server.socket, EVENTS + "?part=admin,client") as admin, \
                    Reader(server.socket, EVENTS + "?level=info&part=daemon,admin") as info, \
                    Reader(server.socket, EVENTS + "?level=error") as error:
                request(server.socket, "/healthz")
                hang_up(server)
                self.assertEqual(json.loads(admin.until("admin.request"))["level"], "debug")
                self.assertEqual(json.loads(info.next()[1])["event"], "daemon.hangup")
                server.stop()
                self.assertEqual({name.split(".")[0] for name in admin.rest()} - {"admin", "client"}, set())
                self.assertEqual({name.split(".")[0] for name in info.rest()}, {"daemon"})
                self.assertEqual(error.rest(), [])

    def test_mistakes(self):
        with Server(tokens=("full " + FULL, "read " + READ)) as server:
            for query, words in (("level=loud", "level"), ("part=nfs", "part"), ("part=", "part"),
                                 ("part=admin,", "part"), ("part=admin,,client", "part"), ("from=1", "from"),
                                 ("level=info&level=warn", "level")):
                reply = request(server.socket, f"{EVENTS}?{query}")
                self.assertEqual(reply.status, 400, query)
                self.assertIn(words, json.loads(reply.body)["detail"])
            self.assertEqual(request(server.socket, EVENTS, method="POST").status, 405)
            self.assertEqual(request(server.tcp, EVENTS).status, 401)
            self.assertEqual(request(server.socket, EVENTS, method="HEAD").status, 200)
            for token in (FULL, READ):
                with Reader(server.tcp, fields=f"Authorization: Bearer {token}\r\n") as reader:
                    hang_up(server)
                    reader.until("daemon.hangup")

    def test_bounded_readers(self):
        """One too many is refused; who is gone makes room at once."""
        with Server() as server:
            readers = [Reader(server.socket) for _ in range(READERS)]
            refused = request(server.socket, EVENTS)
            self.assertEqual(refused.status, 503)
            self.assertIn("readers", json.loads(refused.body)["detail"])
            readers.pop().close()

            def again():
                reader = Reader(server.socket)
                if reader.status == 200:
                    return reader
                reader.close()
                return None
            readers.append(wait_until(again))
            hang_up(server)
            for reader in readers:
                reader.until("daemon.hangup")
                reader.close()

    def test_slow_reader(self):
        """It delays nobody, loses lines, and is told how many in their place."""
        with Server("--log-queue", "0") as server, Reader(server.socket) as slow:
            while os.path.getsize(server.log) < 4 << 20:
                server.process.send_signal(signal.SIGUSR1)  # which makes some KiB
                time.sleep(0.002)
            hang_up(server)
            logged = [line.split()[2] for line in whole_lines(server) if line.startswith("20")]
            logged = logged[:logged.index("daemon.hangup") + 1]
            seen, lost = [], 0
            while not seen or seen[-1] != "daemon.hangup":
                event, data = slow.next()
                if event == "lost":
                    lost += json.loads(data)["lines"]
                    first_after = len(seen)
                else:
                    seen.append(json.loads(data)["event"])
            self.assertGreater(lost, 0)
            self.assertEqual(seen[first_after:], logged[-(len(seen) - first_after):])
            begin = logged.index("daemon.sessions")
            self.assertEqual(lost + len(seen), len(logged) - begin)

    def test_end(self):
        """A stream ends with the server, and not before it has told why."""
        with Server() as server, Reader(server.socket) as reader:
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(reader.rest()[-1], "daemon.stop")
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)

    def test_end_with_a_slow_reader(self):
        """One that reads nothing keeps the server from nothing."""
        with Server("--set", "log.level.admin=debug") as server, Reader(server.socket):
            for _ in range(50):
                request(server.socket, "/metrics")
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
