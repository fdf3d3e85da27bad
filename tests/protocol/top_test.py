#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`mainstay top` in a real terminal: what it shows is what REST says, in every size, with and without colour, and
after a restart of the server.  `--write` makes the picture of the guide."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import unittest

from admin_server import BIN, READ, Server, request, wait_until
import nfs_client as nfs
from nfs_client import Client
from terminal import Terminal
import terminal_svg

MAINSTAY = os.path.join(BIN, "mainstay")
BENCH = os.path.join(BIN, "mainstay-bench")
PICTURES = os.path.join(os.environ["MAINSTAY_SOURCE"], "docs/pictures")
WIDE, HIGH = 92, 24  # of the pictures
SIZES = ((80, 24), (120, 40), (40, 10))
SESSIONS = 200


def rows_of(screen, title):
    """The lines below that of the titles, without the last one, as lists of cells."""
    lines = screen.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(title))
    return [re.split(r"  +", line.strip()) for line in lines[at + 1:-1] if line.strip()]


class Strange:
    """A server that is none of ours: every text steers the terminal, ids are long, and lists have no end."""
    TEXT = "\x1b[31m\x07\u202eevil, and longer than any name of a version is"
    ID = "1." * 100

    def __init__(self):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(Strange.answer(self.path, len(asked))).encode())

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def answer(path, count):
        items = [] if "after" in path else [{"id": Strange.ID, "client": Strange.ID, "owner": Strange.TEXT,
                                             "requests": count}]
        return {"started": "then", "pid": 1, "monotonic_s": count, "requests": {"count": count}, "time": Strange.TEXT,
                "version": Strange.TEXT, "phase": Strange.TEXT, "items": items, "next": Strange.ID}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Hostile(unittest.TestCase):
    def test_server(self):
        """It can neither steer the terminal, nor crash or occupy the program."""
        strange = Strange()
        self.addCleanup(strange.close)
        done = subprocess.run([MAINSTAY, "--admin", f"127.0.0.1:{strange.server.server_address[1]}", "top", "--view",
                               "clients", "--interval", "0.2", "--batch", "1"], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("1b[31m", done.stdout)
        self.assertNotRegex(done.stdout, "[\x00-\x09\x0b-\x1f\u202e]")
        self.assertRegex(done.stdout, r"(?m)^\\x1b.* +[1-9]\S* +")
        self.assertLess(len(strange.asked), 20)


class Top(unittest.TestCase):
    def setUp(self):
        self.server = Server("--set", "nfs.recall_park_ms=1000").start()
        self.addCleanup(self.server.__exit__, None)

    def terminal(self, *options, columns=80, rows=24, **how):
        command = [MAINSTAY, "--admin", f"unix:{self.server.socket}", "top", "--interval", "0.2", *options]
        terminal = Terminal(command, columns, rows, **how)
        self.addCleanup(terminal.__exit__)
        return terminal

    def client(self, owner):
        client = Client(self.server.port, owner)
        self.addCleanup(client.close)
        return client

    def load(self, conns=3, operation="getattr"):
        bench = subprocess.Popen([BENCH, "--target", f"127.0.0.1:{self.server.port}", "--op", operation, "--conns",
                                  str(conns), "--slots", "4", "--time", "600"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        self.addCleanup(bench.wait)
        self.addCleanup(bench.kill)
        wait_until(lambda: self.ask("/activity")["counts"]["sessions"] >= conns)
        wait_until(lambda: self.ask("/activity")["requests"]["count"] > 100 * conns)

    def ask(self, path):
        reply = request(self.server.socket, "/api/v1" + path)
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body)

    def quit(self, terminal):
        terminal.keys("q")
        self.assertEqual((terminal.status(), terminal.errors()), (0, ""))

    def test_as_rest(self):
        """What does not change under load is shown as it is."""
        holder = self.client("a holder of things")
        session = holder.start(flags=nfs.CONN_BACK_CHAN)
        for number in range(3):
            session.value(*nfs.lock(session.opened(f"f{number}"), holder.clientid))
        self.load()
        counts = self.ask("/server")["counts"]
        terminal = self.terminal(columns=120, rows=40)
        terminal.shows(f"clients {counts['clients']}  sessions {counts['sessions']}  opens {counts['opens']}  "
                       f"locks {counts['locks']}  delegations {counts['delegations']}", "SEQUENCE")
        terminal.until(lambda text: re.search(r"GETATTR +4\.1 +[1-9]", text))
        # The load may just have begun, and execute operations that are not on the screen yet.
        screen = terminal.until(lambda text: {row[0] for row in rows_of(text, "OPERATION")} ==
                                {one["name"] for one in self.ask("/activity")["operations"]})
        lock = next(row for row in rows_of(screen, "OPERATION") if row[0] == "LOCK")
        self.assertEqual((lock[2], lock[6], lock[7]), ("0", "3", "0"))
        terminal.keys("2")
        screen = terminal.shows("a holder of things")
        found = next(one for one in self.ask("/clients")["items"] if one["owner"] == "a holder of things")
        row = next(row for row in rows_of(screen, "OWNER") if row[0] == found["owner"])
        self.assertEqual([row[1], row[2], row[3], *row[5:]],
                         [found["kind"], found["address"], found["security"], str(found["sessions"]),
                          str(found["opens"]), str(found["locks"]), str(found["delegations"]), found["callback_path"]])
        terminal.keys("7")
        loops = self.ask("/activity")["loops"]
        screen = terminal.until(lambda text: "LOOP^" in text and len(rows_of(text, "LOOP")) == len(loops))
        self.assertEqual([(row[0], row[1]) for row in rows_of(screen, "LOOP")],
                         [(str(one["number"]), str(one["connections"])) for one in loops])
        self.quit(terminal)

    def test_sizes(self):
        """No line breaks, whatever the size is and becomes."""
        self.load()
        terminal = self.terminal(columns=80, rows=24)
        terminal.shows("1 Operations", "7 Loops", "q quit")
        for view, title in zip("1234567", ("OPERATION", "OWNER", "SESSION", "CLIENT", "no delegation", "no client",
                                           "LOOP")):
            terminal.keys(view)
            for columns, rows in SIZES:
                terminal.resize(columns, rows)
                screen = terminal.until(lambda text, rows=rows, title=title: len(text.splitlines()) == rows and
                                        title in text and "q quit" in text.splitlines()[-1])
                self.assertTrue(screen.startswith("mainstayd "), screen)
        for columns, rows in ((10, 3), (3, 2), (1, 1), (200, 50)):
            terminal.resize(columns, rows)
        terminal.keys("1")
        terminal.shows("SEQUENCE", "q quit")
        self.quit(terminal)

    def test_sorts(self):
        for number in range(4):
            session = self.client(f"owner {number}").start()
            for opened in range((number * 3) % 4):
                session.opened(f"{number}-{opened}")
        terminal = self.terminal("--view", "clients", "--sort", "opens")
        order = [f"owner {number}" for number in (1, 2, 3, 0)]

        def shown(text):
            return [row[0] for row in rows_of(text, "OWNER")] if "OWNER" in text else None
        terminal.until(lambda text: shown(text) == order and "OPENSv" in text)
        terminal.keys("r")
        terminal.until(lambda text: shown(text) == order[::-1] and "OPENS^" in text)
        for _ in range(6):
            terminal.keys("<")
        terminal.until(lambda text: shown(text) == sorted(order) and "OWNER^" in text)
        terminal.keys("r")
        terminal.until(lambda text: shown(text) == sorted(order)[::-1] and "OWNERv" in text)
        terminal.keys("/")
        terminal.type("OWNER 2")
        terminal.until(lambda text: shown(text) == ["owner 2"] and "filter: OWNER 2_" in text)
        terminal.keys("Enter")
        terminal.shows("filter 'OWNER 2': 1 of 4")
        terminal.keys("Escape")
        terminal.until(lambda text: shown(text) == sorted(order)[::-1])
        self.quit(terminal)

    def test_drill_down(self):
        """To the client at the cursor, to its session, to its slots, and back."""
        client = self.client("deep")
        session = client.start(slots=5)
        session.call(slot=3)
        self.client("shallow").start()
        terminal = self.terminal("--view", "clients", "--sort", "owner")
        terminal.until(lambda text: "deep" in text and "shallow" in text)
        terminal.keys("Enter")
        terminal.shows("2 Clients  > Client", client.id, "127.0.0.1  NFSv4.1  sys", session.id[:4])
        terminal.keys("Enter")
        screen = terminal.shows("2 Clients  > Client  > Session", f"session {session.id}", "of deep", "0 of 5 slots in use", "SLOT^")
        self.assertEqual([(row[0], row[1], row[3]) for row in rows_of(screen, "SLOT")],
                         [(str(one["slot"]), "in use" if one["in_use"] else "free", str(one["requests"]))
                          for one in self.ask(f"/sessions/{session.id}")["slot_states"]])
        self.assertEqual(request(self.server.socket, f"/api/v1/clients/{client.id}", method="DELETE").status, 204)
        terminal.shows(f"session {session.id}: it is gone")
        terminal.keys("Escape")
        terminal.shows(f"client {client.id}: it is gone")
        terminal.keys("Escape")
        terminal.until(lambda text: "shallow" in text and "deep" not in text)
        self.quit(terminal)

    def test_waits(self):
        """A recall in flight, its callback, who waits for it, and who waits for a lock."""
        holder, wants = self.client("holder"), self.client("wants")
        held, session = holder.start(flags=nfs.CONN_BACK_CHAN), wants.start()
        self.assertIsNotNone(held.opened("d", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)["delegation"])
        held.value(*nfs.lock(held.opened("f"), holder.clientid))
        self.assertEqual(session.call(*nfs.lock(session.opened("f"), wants.clientid, kind=4))[0], nfs.DENIED)
        self.assertEqual(session.call(*session.open("d", create=False))[0], nfs.DELAY)
        terminal = self.terminal("--view", "callbacks")
        terminal.until(lambda text: re.search(r"holder +4\.1 +1 +[\d.]+ m?s +up +" + held.id[:4], text) and
                       "in flight: callbacks 1  recalls 1  locks waited for 1" in text)
        terminal.keys("5")
        terminal.until(lambda text: re.search(r"(?m)^/d +holder +[\d.]+ m?s +write", text))
        terminal.keys("6")
        terminal.until(lambda text: re.search(r"(?m)^wants +127\.0\.0\.1 +1 .*\bwait", text))
        self.quit(terminal)

    def test_restart(self):
        """The last values stay and are marked; then the new ones come."""
        self.client("before").start()
        terminal = self.terminal("--view", "clients")
        terminal.shows("before", "clients 1")
        self.server.stop()
        terminal.shows("OLD VALUES", "server not reachable, retrying", "before")
        self.server.start()
        terminal.until(lambda text: "OLD VALUES" not in text and "clients 0" in text and "before" not in text)
        self.client("after").start()
        terminal.shows("after", "q quit")
        self.quit(terminal)

    def test_quits_while_lost(self):
        terminal = self.terminal()
        self.client("a").start()
        terminal.shows("SEQUENCE")
        self.server.stop()
        terminal.shows("server not reachable, retrying")
        self.quit(terminal)

    def test_pause(self):
        session = self.client("a").start()
        terminal = self.terminal("--view", "loops")
        terminal.shows("LOOP^", "serving")
        terminal.keys("p")
        before = terminal.shows("PAUSED")
        session.call()
        seen = self.ask("/activity")["time"]
        wait_until(lambda: self.ask("/activity")["time"][:19] > seen[:19])  # the header has another second
        self.assertEqual(terminal.text(), before)
        terminal.keys("p")
        terminal.until(lambda text: "PAUSED" not in text and text != before)
        terminal.keys("?")
        terminal.shows("mainstay top: keys", "Any key leaves this text")
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)

    def test_colours(self):
        """Some by default; none with NO_COLOR or on a terminal without, where what is marked still is."""
        self.client("a").start()
        for how, colours in (({}, True), ({"env": {"NO_COLOR": "1"}}, False), ({"term": "vt100"}, False)):
            terminal = self.terminal(**how)
            terminal.shows("SEQUENCE", "q quit")
            screen = terminal.coloured()
            self.assertEqual(bool(re.search(r"\x1b\[(?:\d+;)*3[0-7]m", screen)), colours, how)
            self.assertRegex(screen, r"\x1b\[(?:\d+;)*7m")
            self.quit(terminal)

    def test_terminals_that_cannot(self):
        for how, words in (({"term": "dumb"}, "cannot move its cursor"), ({"term": "nonsense"}, "is not known"),
                           ({"env": {"TERM": ""}}, "TERM is not set")):
            terminal = self.terminal(**how)
            self.assertEqual(terminal.status(), 1)
            self.assertRegex(terminal.errors(), rf"\Amainstay: top: [^\n]*{words}[^\n]*\n\Z")

    def test_hostile_names(self):
        """They control no terminal."""
        self.client("\x1b[2J\x1b]0;mine\x07\x9b31m\r\nx").start()
        terminal = self.terminal("--view", "clients", columns=120)
        terminal.shows("1b[2J", "x0d", "q quit", "1 Operations")
        self.quit(terminal)

    def test_batch(self):
        """Samples without a terminal, as text and as JSON."""
        self.client("a").start()
        command = [MAINSTAY, "--admin", f"unix:{self.server.socket}", "top", "--interval", "0.2", "--batch", "2"]
        done = subprocess.run([*command, "--filter", "seq"], capture_output=True, text=True, check=True)
        self.assertEqual((done.stdout.count("mainstayd "), done.stdout.count("\nSEQUENCE"), done.stderr), (2, 2, ""))
        self.assertNotIn("CREATE_SESSION", done.stdout)
        done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(lines), 2)
        activity = self.ask("/activity")
        for line in lines:
            self.assertEqual((line["started"], line["counts"]), (activity["started"], activity["counts"]))
            self.assertEqual({row["operation"]: row["total"] for row in line["rows"]},
                             {one["name"]: one["count"] for one in activity["operations"]})
        self.server.stop()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("mainstay: unix:", done.stderr)

    def test_token(self):
        """With a token that may only read."""
        with Server(tokens=(f"read {READ}",)) as server:
            command = [MAINSTAY, "--admin", f"127.0.0.1:{server.tcp[1]}", "--admin-token", server.token_file(), "top"]
            with Terminal(command) as terminal:
                terminal.shows("Operations", "q quit")
                self.quit(terminal)

    def test_two_hundred_sessions(self):
        """All of them are there, under load; the picture of the guide is made of it."""
        self.load(SESSIONS, "read:4096")
        terminal = self.terminal("--view", "sessions", columns=WIDE, rows=HIGH)
        terminal.shows(f"clients {SESSIONS}  sessions {SESSIONS}  opens {SESSIONS}")
        terminal.until(lambda text: re.search(r"(?m)^[0-9a-f.]+ +mainstay\S* .* [1-9]\d* +[1-4] +4 ", text))
        self.draw(terminal, "top-sessions.svg", "The sessions in mainstay top")
        sessions = {one["id"] for one in self.ask("/sessions")["items"]}
        terminal.keys("End")
        terminal.until(lambda text: "SESSION" in text)
        done = subprocess.run([MAINSTAY, "--admin", f"unix:{self.server.socket}", "top", "--view", "sessions",
                               "--json", "--interval", "0.2"], capture_output=True, text=True, check=True)
        self.assertEqual({row["session"] for row in json.loads(done.stdout)["rows"]}, sessions)
        terminal.keys("1")
        terminal.until(lambda text: re.search(r"(?m)^READ +4\.1 +[1-9]\S* +0 +\d+ [mu]s +\d+", text))
        self.draw(terminal, "top.svg", "The operations in mainstay top")
        self.quit(terminal)

    def draw(self, terminal, name, title):
        svg = terminal_svg.make(terminal.coloured(), WIDE, HIGH, f"{title}, under a load of {SESSIONS} sessions")
        self.assertNotIn("\x1b", svg)
        self.assertIn(">mainstayd", svg)
        if "--write" in OPTIONS:
            with open(os.path.join(PICTURES, name), "w", encoding="utf-8") as file:
                file.write(svg)


OPTIONS = {word for word in sys.argv[1:] if word.startswith("--")}

if __name__ == "__main__":
    sys.argv[1:] = [word for word in sys.argv[1:] if word not in OPTIONS]
    unittest.main()
