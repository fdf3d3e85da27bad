#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Settings and the grace period over REST: each setting is shown and changed, changes are whole, seen on the wire and
outlive the server; whatever is wrong is refused with its place, and changes nothing.  S20-27, S20-28, S20-51."""

import contextlib
import itertools
import json
import os
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import time
import unittest

from admin_server import BIN, FULL, READ, Server, request, wait_until
import nfs_client as nfs

SETTINGS = "/api/v1/settings"
TOKENS = (f"full {FULL}", f"read {READ}")
MINOR_VERS_MISMATCH = 10021
PROBE_TIMEOUT_S = 60


def call(address, path, method="GET", body=None, **fields):
    """`body` is bytes, or anything else as JSON.  Fields have '_' for '-'."""
    fields = {name.replace("_", "-"): value for name, value in fields.items()}
    if body is not None:
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"Content-Length": str(len(body)), "Content-Type": "application/json", **fields}
    return request(address, path, method, fields, body or b"")


def show(server, path):
    reply = call(server.socket, path)
    if reply.status != 200:
        raise AssertionError(f"{path}: {reply.status} {reply.body}")
    return json.loads(reply.body)


def setting(server, name):
    return show(server, f"{SETTINGS}/{name}")


def patch(server, changes, **fields):
    return call(server.socket, SETTINGS, "PATCH", changes, **fields)


def change(server, **changes):
    """A change that is accepted; names have '__' for '.'."""
    reply = patch(server, {name.replace("__", "."): value for name, value in changes.items()})
    if reply.status != 200:
        raise AssertionError(f"{changes}: {reply.status} {reply.body}")
    return json.loads(reply.body)


class Nfs:
    """A connection of a client, which sends a COMPOUND without operations in any minor version."""

    def __init__(self, port):
        self.peer = socket.create_connection(("127.0.0.1", port), timeout=PROBE_TIMEOUT_S)
        self.xid = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peer.close()

    def receive(self, count):
        data = b""
        while len(data) < count:
            piece = self.peer.recv(count - len(data))
            if not piece:
                raise AssertionError("the server closed the connection")
            data += piece
        return data

    def status(self, minor):
        self.xid += 1
        caller = struct.pack(">5I", 0, 0, 65534, 65534, 0)  # AUTH_SYS
        record = struct.pack(">8I", self.xid, 0, 2, 100003, 4, 1, 1, len(caller)) + caller
        record += struct.pack(">5I", 0, 0, 0, minor, 0)
        self.peer.sendall(struct.pack(">I", 1 << 31 | len(record)) + record)
        mark = struct.unpack(">I", self.receive(4))[0]
        reply = self.receive(mark & ~(1 << 31))
        xid, kind, accepted, _, verifier, success, status = struct.unpack(">7I", reply[:28])
        if (xid, kind, accepted, verifier, success) != (self.xid, 1, 0, 0, 0):
            raise AssertionError(reply)
        return status

    def served(self):
        return [minor for minor in range(4) if self.status(minor) != MINOR_VERS_MISMATCH]


def probe(server):
    """What a client of each minor version finds: those offered, and the one of its session."""
    done = subprocess.run([os.path.join(BIN, "mainstay"), "probe", f"127.0.0.1:{server.port}", "--json"],
                          stdout=subprocess.PIPE, timeout=PROBE_TIMEOUT_S, check=True)
    report = json.loads(done.stdout)
    return [row["minor"] for row in report["minor_versions"] if row["offered"]], report["minor_used"]


class Range(unittest.TestCase):
    def test_on_the_wire_and_after_a_crash(self):
        """S20-27, S20-28, S20-51: the very next request obeys, over connections that were there before; and after
        kill -9 the next life serves the same."""
        with Server() as server:
            with Nfs(server.port) as old:
                self.assertEqual(old.served(), [0, 1, 2])
                for low, high in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)):
                    change(server, nfs__min_minor_version=low, nfs__max_minor_version=high)
                    served = list(range(low, high + 1))
                    self.assertEqual(old.served(), served)
                    self.assertEqual(show(server, "/api/v1/server")["minor_versions"], {"min": low, "max": high})
                    self.assertEqual(probe(server), (served, high))
            change(server, nfs__min_minor_version=1, nfs__max_minor_version=1)
            server.stop(signal.SIGKILL)
            server.start()
            with Nfs(server.port) as new:
                self.assertEqual(new.served(), [1])
            self.assertEqual(probe(server), ([1], 1))
            self.assertEqual([setting(server, f"nfs.{end}_minor_version")["origin"] for end in ("min", "max")],
                             ["stored", "stored"])

    def test_options_are_overridden_until_the_next_start(self):
        with Server("--max-minor", "1") as server, Nfs(server.port) as client:
            before = setting(server, "nfs.max_minor_version")
            self.assertEqual([before[key] for key in ("value", "origin", "option", "stored", "restart")],
                             [1, "option", 1, None, 1])
            change(server, nfs__max_minor_version=2)
            self.assertEqual(client.served(), [0, 1, 2])
            after = setting(server, "nfs.max_minor_version")
            self.assertEqual([after[key] for key in ("value", "origin", "option", "stored", "restart")],
                             [2, "stored", 1, 2, 1])


def other_values(row):
    """Values that differ from the one in force; most settings accept the first."""
    if row["kind"] == "flag":
        return [not row["value"]]
    if row["kind"] == "word":
        return [word for word in re.findall(r"(\w+) \(\d+\)", row["wants"]) if word != row["value"]]
    value = row["value"] if isinstance(row["value"], int) else 30
    return [value + 1000, value - 1, value + 1]


class Table(unittest.TestCase):
    def test_each_is_shown_and_changed(self):
        with Server() as server:
            table = show(server, SETTINGS)
            self.assertEqual(table["revision"], 0)
            self.assertGreater(len(table["settings"]), 35)
            for row in table["settings"]:
                self.assertEqual(setting(server, row["name"]), row)
                self.change_and_forget(server, row)

    def change_and_forget(self, server, row):
        name, revision = row["name"], show(server, SETTINGS)["revision"]
        for value in other_values(row):
            reply = patch(server, {name: value})
            if reply.status == 200:
                break
            self.assertEqual(reply.status, 422, (name, reply.body))
        else:
            self.fail(f"{name} accepts no other value")
        now = next(row for row in json.loads(reply.body)["settings"] if row["name"] == name)
        waits = row["when"] == "at the next start"
        self.assertEqual((now["stored"], now["restart"]), (value, value))
        self.assertEqual((now["value"], now["origin"]), (row["value"], row["origin"]) if waits else (value, "stored"))
        self.assertEqual(setting(server, name), now)
        self.assertEqual(patch(server, {name: None}).status, 200)
        self.assertEqual(setting(server, name), row)
        self.assertEqual(show(server, SETTINGS)["revision"], revision + 2)

    def test_numbers_and_words(self):
        """A setting takes its number, its word and text of either; JSON has what it is."""
        with Server() as server:
            for name, value, shown in (("nfs.slots", "7", 7), ("nfs.slots", 8.0, 8), ("nfs.grace_s", 5, 5),
                                       ("nfs.grace_s", "lease", "lease"), ("nfs.delegations", 1, "read"),
                                       ("nfs.callback_own_address", 1, True),
                                       ("nfs.callback_own_address", "false", False)):
                self.assertEqual(patch(server, {name: value}).status, 200, (name, value))
                self.assertEqual(setting(server, name)["stored"], shown)

    def test_pending(self):
        """Those alone that a restart would change: because they wait for it, or because an option counts again."""
        with Server("--max-minor", "1") as server:
            def pending(query="?pending=true"):
                return [row["name"] for row in show(server, SETTINGS + query)["settings"]]

            self.assertEqual(pending(), [])
            change(server, nfs__lease_s=47, nfs__recall_park_ms=3)
            self.assertEqual(pending(), ["nfs.lease_s"])
            change(server, nfs__max_minor_version=2)
            self.assertEqual(sorted(pending()), ["nfs.lease_s", "nfs.max_minor_version"])
            self.assertEqual(pending("?pending=false"), pending(""))
            self.assertGreater(len(pending("")), 35)
            self.assertEqual(call(server.socket, SETTINGS + "?pending=yes").status, 400)
            change(server, nfs__lease_s=None, nfs__max_minor_version=1)
            self.assertEqual(pending(), [])

    def test_entity_tags(self):
        with Server() as server:
            etag = call(server.socket, SETTINGS).fields["etag"]
            self.assertEqual(etag, '"0"')
            reply = patch(server, {"nfs.slots": 7}, If_Match=etag)
            self.assertEqual((reply.status, reply.fields["etag"]), (200, '"1"'))
            late = patch(server, {"nfs.slots": 8}, If_Match=etag)
            self.assertEqual(late.status, 412)
            self.assertIn("the settings are at revision 1, not 0: read them again", json.loads(late.body)["detail"])
            self.assertNotIn("etag", late.fields)
            for tag, revision in (('"1"', 2), ("*", 3), (None, 4)):
                reply = patch(server, {"nfs.slots": 8}, If_Match=tag)
                self.assertEqual((reply.status, reply.fields["etag"]), (200, f'"{revision}"'))
            self.assertEqual(call(server.socket, f"{SETTINGS}/nfs.slots").fields["etag"], '"4"')
            head = call(server.socket, SETTINGS, "HEAD")
            self.assertEqual((head.status, head.fields["etag"], head.body), (200, '"4"', b""))

    def test_log(self):
        with Server() as server:
            self.assertEqual(patch(server, {"nfs.slots": 7, "nfs.delegations": None}).status, 200)
            wait_until(lambda: len(re.findall(r"admin\.setting name=.*\n", server.text())) == 2)
            lines = re.findall(r"admin\.setting (name=.*)\n", server.text())
            self.assertRegex(lines[0], r'name="?nfs.slots"? value="?7"? revision=1')
            self.assertRegex(lines[1], r'name="?nfs.delegations"? value="not stored" revision=1')

    def test_locked_store(self):
        """Another process has it: that is told soon, and nothing is changed."""
        with Server() as server:
            change(server, nfs__slots=7)
            before = show(server, SETTINGS)
            other = sqlite3.connect(os.path.join(server.state, "settings.db"), isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            reply = patch(server, {"nfs.slots": 8})
            self.assertEqual(reply.status, 503)
            self.assertIn("settings.db", json.loads(reply.body)["detail"])
            other.close()
            self.assertEqual(show(server, SETTINGS), before)
            change(server, nfs__slots=8)

    def test_memory_below_use(self):
        """The endpoint has memory of its own, so that a budget that is too low can be mended."""
        with Server() as server:
            client = nfs.Client(server.port, "holder")
            session = client.start()
            held = [session.opened(f"held-{number}") for number in range(20)]
            change(server, nfs__memory_mib=1)
            self.assertEqual(call(server.socket, "/healthz").status, 200)
            self.assertEqual(len(show(server, "/api/v1/opens")["items"]), len(held))
            change(server, nfs__memory_mib=None)
            session.opened("another")
            client.close()

    def test_a_disk_that_fails(self):
        with Server() as server:
            before = show(server, SETTINGS)
            with open(os.path.join(server.state, "settings.db"), "r+b") as file:
                file.write(b"\xff" * 200)
            reply = patch(server, {"nfs.slots": 7})
            self.assertEqual((reply.status, reply.fields["content-type"]), (500, "application/problem+json"))
            self.assertIn("settings.db", json.loads(reply.body)["detail"])
            self.assertEqual(show(server, SETTINGS), before)


def metric(server, name):
    return int(re.search(rf"(?m)^mainstay_{name} (\d+)$", request(server.socket, "/metrics").body.decode())[1])


def callback_path(server, client):
    return show(server, f"/api/v1/clients/{client.id}")["callback_path"]


class Listener:
    """Where a client of 4.0 wants to be called, and answers the first call."""

    def __init__(self, host):
        self.listener = socket.create_server((host, 0))
        port = self.listener.getsockname()[1]
        self.universal = f"{host}.{port >> 8}.{port & 255}"

    def answer(self):
        peer, _ = self.listener.accept()
        xid = peer.recv(1 << 16)[4:8]
        reply = xid + nfs.u32(1, 0, 0, 0, 0)
        peer.sendall(nfs.u32(1 << 31 | len(reply)) + reply)
        return peer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class Effects(unittest.TestCase):
    """What settings do that are changed while clients are at work: setting_cases.txt names these tests.  L-16."""

    @staticmethod
    def gives_up_after_s(server, name):
        """How long a client may keep a callback before its connection is closed."""
        holder, wants = nfs.Client(server.port, "holder"), nfs.Client(server.port, "wants")
        held, session = holder.start(flags=nfs.CONN_BACK_CHAN), wants.start()
        assert held.opened(name, access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)["delegation"]
        begun = time.monotonic()
        assert session.call(*session.open(name, create=False))[0] == nfs.DELAY
        while holder.connection.socket.recv(1 << 16):
            pass
        took_s = time.monotonic() - begun
        for client in (holder, wants):
            client.close()
            assert call(server.socket, f"/api/v1/clients/{client.id}", "DELETE").status == 204
        return took_s

    def test_callback_timeout(self):
        with Server() as server:
            usual_s = setting(server, "nfs.callback_timeout_ms")["value"] / 1000
            change(server, nfs__callback_timeout_ms=1500)
            self.assertGreater(self.gives_up_after_s(server, "long"), 1.4)
            change(server, nfs__callback_timeout_ms=100)
            names = (f"short {number}" for number in itertools.count())
            wait_until(lambda: self.gives_up_after_s(server, next(names)) < min(1, usual_s))

    def test_callback_own_address(self):
        """A client of 4.0 is called elsewhere, unless the setting forbids that."""
        with Server() as server, Listener("127.0.0.2") as elsewhere, Listener("127.0.0.1") as here:
            clients, peers = [], []
            for forbidden in (False, True, False):
                change(server, nfs__callback_own_address=forbidden)
                clients.append(nfs.OldClient(server.port, f"elsewhere {len(peers)}", elsewhere.universal))
                if forbidden:
                    wait_until(lambda: callback_path(server, clients[-1]) == "none")
                    clients.append(nfs.OldClient(server.port, "here", here.universal))
                    peers.append(here.answer())
                else:
                    peers.append(elsewhere.answer())
                wait_until(lambda: callback_path(server, clients[-1]) == "up")
            elsewhere.listener.settimeout(0)
            with self.assertRaises(BlockingIOError):
                elsewhere.listener.accept()
            for one in clients + peers:
                one.close()

    def test_memory(self):
        """A budget that is nearly used up has no room for a new client."""
        def is_admitted():
            try:
                nfs.Client(server.port, "new").close()
            except AssertionError:  # it is told to retry later, or not even that
                return False
            return True

        with Server() as server:
            usual = show(server, "/api/v1/server")["memory"]
            change(server, nfs__memory_mib=-(-usual["used_bytes"] >> 20) + 1)
            self.assertLess(show(server, "/api/v1/server")["memory"]["budget_bytes"], usual["budget_bytes"])
            self.assertFalse(is_admitted())
            self.assertEqual(show(server, "/api/v1/server")["counts"]["clients"], 0)
            change(server, nfs__memory_mib=None)
            self.assertEqual(show(server, "/api/v1/server")["memory"]["budget_bytes"], usual["budget_bytes"])
            self.assertTrue(is_admitted())

    def test_half_records(self):
        """Three requests of which most has arrived; with less memory for them only the one that goes on is kept."""
        mib = 1 << 20
        with Server("--threads", "1") as server, contextlib.ExitStack() as stack:
            peers = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(3)]
            for peer in peers:
                peer.sendall(nfs.u32(1 << 31 | mib) + bytes(mib * 3 // 4))
            wait_until(lambda: metric(server, "half_record_bytes") > 2 * mib)
            self.assertEqual(metric(server, "transport_half_records_evicted_total"), 0)
            change(server, transport__max_half_record_mib=1)
            peers[0].sendall(bytes(1))
            wait_until(lambda: metric(server, "transport_half_records_evicted_total") == 2)
            for peer in peers[1:]:
                peer.settimeout(PROBE_TIMEOUT_S)
                with contextlib.suppress(ConnectionError):
                    self.assertEqual(peer.recv(1), b"")
            peers[0].sendall(bytes(1))
            wait_until(lambda: metric(server, "half_record_bytes") in range(1, 2 * mib))


def slots(value):
    return json.dumps({"nfs.slots": value}).encode()


# Bodies of PATCH /settings: the status, and words of the detail.
BODIES = (
    (b"", 400, "the body is empty; expected a JSON object"), (b" \n", 400, "body, line"),
    (b"{", 400, "body, line 1 column 1:"), (b"{}x", 400, "body, line 1 column 3:"),
    (b'{\n"nfs.slots": }', 400, "body, line 2 column"), (b'{"nfs.slots": 7,}', 400, "body, line 1"),
    (b"{'nfs.slots': 7}", 400, "body, line 1 column 2:"), (b'{"nfs.slots": 7', 400, "body, line 1"),
    (b'{"nfs.slots": 7, "nfs.slots": 8}', 400, "duplicate object key"), (b'{"nfs.slots": 07}', 400, "body, line 1"),
    (b'{"nfs.slots": NaN}', 400, "body, line 1"), (b'{"nfs.slots": "\\u0000"}', 400, "body, line 1"),
    (b'{"nfs.slots": "\xff"}', 400, "body, line 1"), ('{"nfs.slots": 7}'.encode("utf-16"), 400, "body, line 1"),
    (b"\xef\xbb\xbf{}", 400, "body, line 1"), (b"7", 400, "body, line 1"), (b'"nfs.slots"', 400, "body, line 1"),
    (b"null", 400, "body, line 1"), (b"[" * 5000, 400, "body, line 1"), (b"nfs.slots=7", 400, "body, line 1"),
    (b"[]", 422, "expected a JSON object, not an array"), (b"{}", 422, "the change names no setting"),
    (b'{"nfs.slot": 7}', 404, "there is no setting 'nfs.slot'; did you mean 'nfs.slots'?"),
    (b'{"NFS.SLOTS": 7}', 404, "there is no setting 'NFS.SLOTS'"), (b'{"": 7}', 404, "there is no setting ''"),
    (b'{"slots": 7}', 404, "there is no setting 'slots'"), (b'{"' + b"x" * 5000 + b'": 7}', 404, "'xxxx"),
    (b'{"nfs.sl\\u001bots": 7}', 404, "there is no setting 'nfs.sl?ots'"),
    (b'{"nfs.slots": 7, "nfs.nothing": 7}', 404, "there is no setting 'nfs.nothing'"),
    (json.dumps({f"a{i}": i for i in range(100)}).encode(), 404, "there is no setting 'a0'"),
    (slots(0), 422, "nfs.slots wants 1 to 1024, not '0'"), (slots(1025), 422, "nfs.slots wants 1 to 1024, not '1025'"),
    (slots(-1), 422, "nfs.slots wants 1 to 1024, not '-1'"), (slots(1.5), 422, "not '1.5'"),
    (slots(2 ** 32 + 7), 422, "not '4294967303'"), (slots(10 ** 30), 400, "body, line 1"),
    (slots(1e300), 422, "not '1"),
    (slots(""), 422, "not ''"), (slots(" 7"), 422, "not ' 7'"), (slots("7 "), 422, "not '7 '"),
    (slots("0x7"), 422, "not '0x7'"), (slots("+7"), 422, "not '+7'"), (slots("lots"), 422, "not 'lots'"),
    (slots(True), 422, "not 'true'"), (slots([7]), 422, "body: nfs.slots wants a number, a string, a boolean or null"),
    (slots({}), 422, "body: nfs.slots wants"), (slots("7\n" * 1000), 422, "not '7?7?"),
    (b'{"nfs.delegations": "some"}', 422, "nfs.delegations wants none (0), read (1) or write (2), not 'some'"),
    (b'{"nfs.delegations": 3}', 422, "not '3'"), (b'{"log.level": "verbose"}', 422, "log.level wants error (0)"),
    (b'{"nfs.callback_own_address": "yes"}', 422, "wants false (0) or true (1), not 'yes'"),
    (b'{"nfs.callback_own_address": 2}', 422, "not '2'"), (b'{"nfs.lease_s": 0}', 422, "nfs.lease_s wants 1 to 3600"),
    (b'{"nfs.max_minor_version": 3}', 422, "wants 0, 1 or 2, not '3'"),
    (b'{"nfs.min_minor_version": 2, "nfs.max_minor_version": 1}', 422, "nfs.min_minor_version"),
    (b'{"nfs.callback_timeout_ms": 600000}', 422, "nfs.callback_timeout_ms"),
    (b'{"nfs.slots": 7, "nfs.max_clients": 0}', 422, "nfs.max_clients wants 1 to 65536, not '0'"),
)

# Method, path, fields, body; the status, and words of the detail.
REQUESTS = (
    ("GET", "/api", {}, None, 404, "nothing at this path"), ("GET", "/api/v1", {}, None, 404, "nothing at this path"),
    ("GET", "/api/v1/", {}, None, 404, ""), ("GET", "/api/v2/settings", {}, None, 404, ""),
    ("GET", "/API/v1/settings", {}, None, 404, ""), ("GET", "/api/v1//settings", {}, None, 404, ""),
    ("GET", SETTINGS + "/", {}, None, 404, ""), ("GET", SETTINGS + "/nfs.slots/value", {}, None, 404, ""),
    ("GET", "/api/v1/settings%2Fnfs.slots", {}, None, 404, ""),
    ("GET", SETTINGS + "/nfs.slot", {}, None, 404, "there is no setting 'nfs.slot'; did you mean 'nfs.slots'?"),
    ("GET", SETTINGS + "/%1b%5b2J", {}, None, 404, "there is no setting '?[2J'"),
    ("GET", SETTINGS + "/%ff", {}, None, 404, "there is no setting '?'"),
    ("GET", SETTINGS + "/%", {}, None, 400, "not percent-encoded correctly"),
    ("GET", SETTINGS + "/%zz", {}, None, 400, "not percent-encoded correctly"),
    ("GET", SETTINGS + "/nfs%00", {}, None, 400, "not percent-encoded correctly"),
    ("GET", SETTINGS + "/" + "x" * 300, {}, None, 400, "too long"),
    ("GET", SETTINGS + "?limit=1", {}, None, 400, "there is no parameter 'limit' here; there are: pending"),
    ("GET", SETTINGS + "?" + "&".join(f"p{i}" for i in range(20)), {}, None, 400, "too many parameters, from 'p8' on"),
    ("GET", SETTINGS + "?x=" + "y" * 6000, {}, None, 400, "parameter 'x' is too long"),
    ("GET", SETTINGS + "/nfs.slots?x=%zz", {}, None, 400, "parameter 'x' is too long or not percent-encoded"),
    ("GET", "/api/v1/server?verbose", {}, None, 400, "there is no parameter 'verbose'"),
    ("GET", "/api/v1/grace?%ff", {}, None, 400, "there is no parameter '?'"),
    ("GET", "/api/v1/openapi.json?=", {}, None, 400, "there is no parameter ''"),
    ("PATCH", SETTINGS + "?force=true", {}, {"nfs.slots": 7}, 400, "there is no parameter 'force'"),
    ("POST", "/api/v1/grace/end?now", {}, None, 400, "there is no parameter 'now'"),
    ("PUT", SETTINGS, {}, {"nfs.slots": 7}, 405, "see Allow"), ("POST", SETTINGS, {}, {}, 405, "see Allow"),
    ("DELETE", SETTINGS, {}, None, 405, "see Allow"), ("patch", SETTINGS, {}, {"nfs.slots": 7}, 405, "see Allow"),
    ("PATCH", SETTINGS + "/nfs.slots", {}, {"value": 7}, 405, "see Allow"),
    ("POST", "/api/v1/server", {}, None, 405, "see Allow"), ("GET", "/api/v1/grace/end", {}, None, 405, "see Allow"),
    ("DELETE", "/api/v1/grace", {}, None, 405, "see Allow"),
    ("GET", SETTINGS, {}, {"nfs.slots": 7}, 413, "takes no body"),
    ("PATCH", SETTINGS, {}, {"nfs.slots": "7" * 70000}, 413, "too large"),
    ("PATCH", SETTINGS, {"Content-Type": "text/plain"}, {"nfs.slots": 7}, 415, "send Content-Type: application/json"),
    ("PATCH", SETTINGS, {"Content-Type": "application/x-www-form-urlencoded"}, b"nfs.slots=7", 415, "must be JSON"),
    ("PATCH", SETTINGS, {"If-Match": '"99"'}, {"nfs.slots": 7}, 412, "the settings are at revision 0, not 99"),
    ("PATCH", SETTINGS, {"If-Match": 'W/"0"'}, {"nfs.slots": 7}, 412, "If-Match names no revision"),
    ("PATCH", SETTINGS, {"If-Match": '"zero"'}, {"nfs.slots": 7}, 412, "If-Match names no revision"),
    ("PATCH", SETTINGS, {"If-Match": '""'}, {"nfs.slots": 7}, 412, "If-Match names no revision"),
    ("PATCH", SETTINGS, {"If-Match": '"' + "9" * 30 + '"'}, {"nfs.slots": 7}, 412, "If-Match names no revision"),
    ("PATCH", SETTINGS, {"If-Match": "0"}, {"nfs.slots": 7}, 400, "If-Match wants * or one entity tag"),
    ("PATCH", SETTINGS, {"If-Match": '"0'}, {"nfs.slots": 7}, 400, "If-Match wants"),
    ("PATCH", SETTINGS, {"If-Match": '"0", "1"'}, {"nfs.slots": 7}, 400, "If-Match wants"),
    ("PATCH", SETTINGS, {"If-Match": '"0"x'}, {"nfs.slots": 7}, 400, "If-Match wants"),
    ("PATCH", SETTINGS, {"Origin": "http://evil.example"}, {"nfs.slots": 7}, 403, "Origin"),
    ("PATCH", SETTINGS, {"Sec-Fetch-Site": "cross-site"}, {"nfs.slots": 7}, 403, "Sec-Fetch-Site"),
    ("POST", "/api/v1/grace/end", {}, None, 409, "there is no grace period to end"),
    ("POST", "/api/v1/grace/end", {}, {}, 409, "there is no grace period to end"),
    ("POST", "/api/v1/grace/end", {}, {"now": True}, 422, "there is no member 'now' here; there is none"),
    ("POST", "/api/v1/grace/end", {}, b"now", 400, "body, line 1"),
    ("POST", "/api/v1/grace/end", {}, [], 422, "an array"),
)

# Over TCP: Authorization; the status of PATCH and of GET.
AUTHORITIES = (
    (None, 401, 401), (f"Bearer {FULL}x", 401, 401), (f"Basic {FULL}", 401, 401), (f"Bearer {READ}", 403, 200),
    ("Bearer", 401, 401), (f"Bearer  {FULL}x", 401, 401), (f"Bearer  {READ}", 403, 200),
)


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(tokens=TOKENS).start()
        cls.addClassCleanup(cls.server.__exit__, None)

    def setUp(self):
        self.before = show(self.server, SETTINGS), show(self.server, "/api/v1/grace")

    def tearDown(self):
        self.assertEqual((show(self.server, SETTINGS), show(self.server, "/api/v1/grace")), self.before)

    def expect_problem(self, reply, status, words, where):
        self.assertEqual(reply.status, status, (where, reply.body[:300]))
        self.assertEqual(reply.fields["content-type"], "application/problem+json", where)
        problem = json.loads(reply.body)
        self.assertEqual(problem["status"], status, where)
        self.assertIn(words, problem["detail"], where)
        self.assertNotEqual(problem["title"], "Error", where)
        self.assertNotRegex(problem["detail"], r"[\x00-\x1f\x7f]", where)
        self.assertNotIn("etag", reply.fields, where)
        self.assertEqual(show(self.server, SETTINGS)["revision"], self.before[0]["revision"], where)

    def test_bodies(self):
        self.assertGreater(len(BODIES), 50)
        for body, status, words in BODIES:
            self.expect_problem(patch(self.server, body), status, words, body[:60])

    def test_requests(self):
        self.assertGreater(len(REQUESTS), 50)
        for address, own in ((self.server.socket, {}), (self.server.tcp, {"Authorization": f"Bearer {FULL}"})):
            for method, path, fields, body, status, words in REQUESTS:
                reply = call(address, path, method, body, **own, **fields)
                self.expect_problem(reply, status, words, (method, path[:60], fields))
                self.assertEqual("allow" in reply.fields, status == 405)

    def test_authorities(self):
        for authority, changing, reading in AUTHORITIES:
            fields = {"Authorization": authority}
            reply = call(self.server.tcp, SETTINGS, "PATCH", {"nfs.slots": 7}, **fields)
            self.expect_problem(reply, changing, "this token may only read" if changing == 403 else "", authority)
            reply = call(self.server.tcp, "/api/v1/grace/end", "POST", **fields)
            self.expect_problem(reply, changing, "", authority)
            self.assertEqual(call(self.server.tcp, SETTINGS, **fields).status, reading, authority)

    def test_methods_of_a_path(self):
        for path, methods in ((SETTINGS, "GET, HEAD, PATCH"), (SETTINGS + "/nfs.slots", "GET, HEAD"),
                              ("/api/v1/grace/end", "POST")):
            reply = call(self.server.socket, path, "OPTIONS")
            self.assertEqual((reply.status, reply.fields["allow"]), (405, methods))


class Grace(unittest.TestCase):
    def test_none(self):
        with Server() as server:
            self.assertEqual(show(server, "/api/v1/grace"),
                             {"active": False, "ends_in_s": None, "clients_to_reclaim": 0, "awaited": []})

    def test_ended_early(self):
        """RFC 8881 section 8.4.2: whoever has not come back is not waited for, in the next life neither."""
        with Server("--grace", "600", tokens=TOKENS) as server:
            self.leave_a_client(server)
            server.stop(signal.SIGKILL)
            server.start()
            grace = show(server, "/api/v1/grace")
            self.assertEqual((grace["active"], grace["clients_to_reclaim"]), (True, 1))
            self.assertTrue(0 < grace["ends_in_s"] <= 600)
            self.assertTrue(show(server, "/api/v1/server")["grace"]["active"])
            self.assertEqual(call(server.tcp, "/api/v1/grace/end", "POST", Authorization=f"Bearer {READ}").status, 403)
            self.assertTrue(show(server, "/api/v1/grace")["active"])
            reply = call(server.tcp, "/api/v1/grace/end", "POST", Authorization=f"Bearer {FULL}")
            self.assertEqual((reply.status, json.loads(reply.body)), (200, {
                "changes": ["the grace period is over", "1 client had not reclaimed, and loses what it held"],
                "missing": 1}))
            self.assertFalse(show(server, "/api/v1/grace")["active"])
            self.assertEqual(request(server.socket, "/readyz").status, 200)
            wait_until(lambda: 'recovery.grace.end why="told to" missing=1 dropped=1\n' in server.text())
            self.assertEqual(call(server.socket, "/api/v1/grace/end", "POST").status, 409)
            server.stop(signal.SIGKILL)
            server.start()
            self.assertFalse(show(server, "/api/v1/grace")["active"])

    def test_awaited(self):
        """Who has to come back, and who has come but not reclaimed everything."""
        with Server("--grace", "600") as server:
            clients = [nfs.Client(server.port, name) for name in ("back", "gone", "done")]
            for client in clients:
                client.start()
            clients.append(nfs.OldClient(server.port, "old"))
            clients[-1].opened("f")
            server.stop(signal.SIGKILL)
            server.start()
            clients += [nfs.Client(server.port, "back"), nfs.Client(server.port, "done")]
            clients[-2].session()
            clients[-1].start()
            grace = show(server, "/api/v1/grace")
            self.assertEqual(grace["clients_to_reclaim"], 3)
            self.assertEqual([one["returned"] for one in grace["awaited"]], [False, False, True])
            self.assertEqual({(one["owner"], one["kind"]) for one in grace["awaited"]},
                             {("back", "4.1"), ("gone", "4.1"), ("old", "4.0")})
            self.assertEqual(grace["awaited"][2]["owner"], "back")
            ended = call(server.socket, "/api/v1/grace/end", "POST")
            self.assertEqual(json.loads(ended.body)["changes"][1],
                             "3 clients had not reclaimed, and lose what they held")
            self.assertEqual(show(server, "/api/v1/grace")["awaited"], [])
            for client in clients:
                client.close()

    @staticmethod
    def leave_a_client(server):
        bench = os.path.join(BIN, "mainstay-bench")
        with subprocess.Popen([bench, "--target", f"127.0.0.1:{server.port}", "--op", "getattr", "--time", "600"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
            wait_until(lambda: re.search(rb"\nmainstay_sequence_total [1-9]\d\d",
                                         request(server.socket, "/metrics").body))
            counts = show(server, "/api/v1/server")["counts"]
            client.kill()
        if counts["clients"] != 1 or counts["sessions"] < 1 or counts["connections"] < 1:
            raise AssertionError(counts)


if __name__ == "__main__":
    unittest.main()
