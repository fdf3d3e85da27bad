#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients, sessions and callbacks over REST: each value with its cause, why a client waits, what a client sees that is
evicted or whose session is closed, pages."""

import json
import os
import re
import resource
import socket
import time
import unittest
import urllib.parse

from admin_server import FULL, READ, Server, request, wait_until
import nfs_client as nfs
from nfs_client import Client, Connection, OldClient

MANY = 10000 if os.environ.get("MAINSTAY_SANITIZE", "none") == "none" else 2000
SESSIONS_PER_CLIENT = 64  # LIMIT_SESSIONS_PER_CLIENT


def ask(server, path, status=200, method="GET"):
    reply = request(server.socket, "/api/v1" + path, method=method)
    if reply.status != status:
        raise AssertionError((method, path, reply.status, reply.body))
    return json.loads(reply.body) if reply.body else None


def client_of(server, client):
    return ask(server, f"/clients/{client.id}")


def pages(server, path, limit, member="items"):
    """The items of all pages."""
    items, after = [], ""
    while True:
        page = ask(server, f"{path}{'&' if '?' in path else '?'}limit={limit}{after}")
        assert len(page[member]) <= limit, page
        items += page[member]
        if "next" not in page:
            return items
        after = "&after=" + page["next"]


class OneServer(unittest.TestCase):
    """A server for all tests of the class, which remove their clients."""
    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.OPTIONS).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def setUp(self):
        self.clients = []

    def tearDown(self):
        for client in self.clients:
            client.close()
            request(self.server.socket, f"/api/v1/clients/{client.id}", method="DELETE")
        self.assertEqual(ask(self.server, "/sessions")["items"], [])

    def client(self, owner=None, **how):
        self.clients.append(Client(self.server.port, owner or self.id(), **how))
        return self.clients[-1]

    def old_client(self, *how):
        self.clients.append(OldClient(self.server.port, self.id(), *how))
        return self.clients[-1]

    def waits(self, client, text):
        """One of the texts says so, in time."""
        return wait_until(lambda: any(text in wait for wait in client_of(self.server, client)["waits"]))

    def sees(self, session, operations, condition):
        """Send these operations, which wait for a while and then fail, until the condition is true meanwhile."""
        def attempt():
            xid = session.send(*operations)
            begun, seen = time.monotonic(), False
            while not seen and time.monotonic() < begun + 0.8:
                seen = condition()
            status, results = session.connection.reply(xid)
            self.assertEqual(status, nfs.DELAY, results)
            return seen
        wait_until(attempt)


class Members(OneServer):
    def test_identity(self):
        client = self.client("name \\ \xfc", implementation=("example.org", "Client 1", 1700000000))
        found = client_of(self.server, client)
        self.assertEqual(list(found), [
            "id", "owner", "kind", "address", "implementation", "security", "principal", "transport", "protection", "state", "lease_age_s", "lease_s",
            "reclaims_now", "reclaim_complete", "flags", "sessions", "opens", "locks", "delegations", "revoked",
            "lock_waiters", "parked", "callback_path", "session_ids", "recalls", "waits"])
        self.assertEqual((found["owner"], found["kind"], found["address"]), ("name \\x5c \xfc", "4.1", "127.0.0.1"))
        self.assertEqual(found["implementation"],
                         {"name": "Client 1", "domain": "example.org", "date": "2023-11-14T22:13:20Z"})
        self.assertEqual(found["security"], "sys")
        self.assertEqual(found["principal"], {"flavor": "sys", "uid": 0, "name": None})
        self.assertEqual(found["transport"], {"security": "tcp", "certificate": None})
        self.assertEqual(found["protection"], "none")
        self.assertIsNone(client_of(self.server, self.client())["implementation"])

    def test_states(self):
        client = self.client()
        found = client_of(self.server, client)
        self.assertEqual((found["state"], found["sessions"], found["session_ids"]), ("unconfirmed", 0, []))
        session = client.session()
        found = client_of(self.server, client)
        self.assertEqual((found["state"], found["session_ids"]), ("active", [session.id]))
        self.assertFalse(found["reclaim_complete"] or found["reclaims_now"])
        session.value((nfs.RECLAIM_COMPLETE, nfs.u32(0)))
        self.assertTrue(client_of(self.server, client)["reclaim_complete"])

    def test_lease(self):
        client = self.client()
        session = client.start()
        self.assertEqual(client_of(self.server, client)["lease_s"], 90)
        before = wait_until(lambda: client_of(self.server, client)["lease_age_s"] > 0.2)
        self.assertTrue(before)
        begun = time.monotonic()
        session.call()
        age = client_of(self.server, client)["lease_age_s"]
        self.assertLessEqual(age, time.monotonic() - begun)

    def test_holdings(self):
        client = self.client()
        session = client.start()
        names = ("sessions", "opens", "locks", "delegations", "revoked")
        self.assertEqual([client_of(self.server, client)[name] for name in names], [1, 0, 0, 0, 0])
        opened = session.opened("held")
        session.value(*nfs.lock(opened, client.clientid))
        client.session()
        self.assertEqual([client_of(self.server, client)[name] for name in names], [2, 1, 1, 0, 0])

    def test_delegations(self):
        client = self.client()
        session = client.start(flags=nfs.CONN_BACK_CHAN)
        opened = session.opened("delegated", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)
        self.assertIsNotNone(opened["delegation"])
        self.assertEqual(client_of(self.server, client)["delegations"], 1)

    def test_callback_path(self):
        client = self.client()
        first = client.start()
        self.assertEqual(client_of(self.server, client)["callback_path"], "none")
        other = Connection(self.server.port)
        session = client.session(connection=other, flags=nfs.CONN_BACK_CHAN)
        found = client_of(self.server, client)
        self.assertEqual((found["callback_path"], found["flags"]), ("up", []))
        other.close()
        found = wait_until(lambda: next((found for found in [client_of(self.server, client)]
                                         if found["callback_path"] == "down"), None))
        self.assertEqual(found["flags"], ["cb_path_down", "cb_path_down_session"])
        self.assertEqual(ask(self.server, f"/sessions/{session.id}")["back_channel"], "down")
        self.assertEqual(ask(self.server, f"/sessions/{first.id}")["back_channel"], "none")

    def test_session(self):
        client = self.client()
        session = client.start(slots=5, flags=nfs.CONN_BACK_CHAN)
        found = ask(self.server, f"/sessions/{session.id}")
        self.assertEqual(list(found), ["id", "client", "client_owner", "slots", "slots_in_use", "highest_slot",
                                       "requests", "reply_cache_bytes", "connections", "back_channel",
                                       "last_activity_s", "slot_states"])
        self.assertEqual((found["id"], found["client"], found["client_owner"]), (session.id, client.id, self.id()))
        self.assertEqual((found["slots"], found["slots_in_use"], found["highest_slot"]), (5, 0, 0))
        self.assertEqual(found["connections"], [{"peer": client.connection.name, "fore": True, "back": True}])
        self.assertEqual(found["back_channel"], "up")
        self.assertEqual((found["requests"], found["slot_states"]), (1, [{"slot": 0, "in_use": False, "requests": 1}]))
        session.call(slot=3)
        found = ask(self.server, f"/sessions/{session.id}")
        self.assertEqual((found["requests"], found["slot_states"][1:]),
                         (2, [{"slot": 3, "in_use": False, "requests": 1}]))
        self.assertEqual(ask(self.server, f"/sessions/{session.id}")["highest_slot"], 3)
        self.assertGreater(ask(self.server, f"/sessions/{session.id}")["reply_cache_bytes"], 0)
        other = Connection(self.server.port)
        self.assertEqual(other.call(1, session.sequence())[0], nfs.OK)
        found = ask(self.server, f"/sessions/{session.id}")["connections"]
        self.assertEqual(found[1:], [{"peer": other.name, "fore": True, "back": False}])
        other.close()
        wait_until(lambda: len(ask(self.server, f"/sessions/{session.id}")["connections"]) == 1)

    def test_last_activity(self):
        session = self.client().start()
        path = f"/sessions/{session.id}"
        wait_until(lambda: ask(self.server, path)["last_activity_s"] > 1.5)
        begun = time.monotonic()
        session.call()
        self.assertLessEqual(ask(self.server, path)["last_activity_s"], time.monotonic() - begun)

    def test_old(self):
        client = self.old_client()
        client.opened("old")
        found = client_of(self.server, client)
        self.assertEqual((found["kind"], found["state"], found["opens"], found["sessions"]), ("4.0", "active", 1, 0))
        self.assertEqual((found["callback_path"], found["flags"], found["session_ids"]), ("none", [], []))

    def test_old_callback_path(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            client = self.old_client(f"127.0.0.1.{port >> 8}.{port & 255}")
            peer, _ = listener.accept()
            self.assertEqual(client_of(self.server, client)["callback_path"], "down")
            with peer:
                xid = peer.recv(1 << 16)[4:8]
                reply = xid + nfs.u32(1, 0, 0, 0, 0)
                peer.sendall(nfs.u32(1 << 31 | len(reply)) + reply)
                wait_until(lambda: client_of(self.server, client)["callback_path"] == "up")
                paths = ask(self.server, "/callbacks")["paths"]
        self.assertEqual(paths, [{"client": client.id, "client_owner": self.id(), "kind": "4.0", "state": "up",
                                  "address": f"127.0.0.1.{port >> 8}.{port & 255}", "waiting": 0, "oldest_s": 0}])


class Courtesy(OneServer):
    OPTIONS = ("--lease", "1")

    def test_silent(self):
        """It is shown as such, and again as active when it is back."""
        client = self.client()
        session = client.start()
        wait_until(lambda: client_of(self.server, client)["state"] == "courtesy")
        session.call()
        self.assertEqual(client_of(self.server, client)["state"], "active")


class Waits(OneServer):
    OPTIONS = ("--set", "nfs.recall_park_ms=1000")

    def test_delegation(self):
        """Why did this client stop?  Another one does not answer a recall."""
        holder, wants = self.client("holder"), self.client("wants")
        held = holder.start(flags=nfs.CONN_BACK_CHAN)
        session = wants.start()
        before = ask(self.server, "/callbacks")["counters"]
        delegation = held.opened("f", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)["delegation"]
        found = client_of(self.server, holder)
        self.assertEqual((found["recalls"], found["waits"]), ([], []))
        conflict = session.open("f", create=False)
        self.sees(session, conflict, lambda: "1 request waits until other clients have returned delegations" in
                  client_of(self.server, wants)["waits"])
        self.sees(session, conflict, lambda: re.search(
            r"for [\d.]+ s it has waited to use /f: client holder has not returned its delegation, recalled [\d.]+ s ago",
            str(client_of(self.server, wants)["waits"])))
        self.waits(holder, "it has not answered a callback for ")
        self.assertEqual(holder.connection.callback(), nfs.CB_RECALL)
        self.sees(session, conflict,
                  lambda: ask(self.server, f"/sessions/{session.id}")["slots_in_use"] == 1)
        self.sees(session, conflict, lambda: client_of(self.server, wants)["parked"] == 1)
        self.sees(session, conflict,
                  lambda: ask(self.server, f"/sessions/{session.id}")["slot_states"][0]["in_use"])
        recall, = client_of(self.server, holder)["recalls"]
        self.assertEqual((recall["delegation"], recall["path"]), (delegation[4:].hex(), "/f"))
        self.assertGreater(recall["age_s"], 0)
        found = ask(self.server, "/callbacks")
        self.assertEqual(found["counters"]["total"], before["total"] + 1)
        self.assertEqual(found["counters"]["by_op"]["CB_RECALL"], before["by_op"].get("CB_RECALL", 0) + 1)
        self.assertEqual((found["counters"]["failures"], found["counters"]["retries"]),
                         (before["failures"], before["retries"]))
        path, = found["paths"]
        self.assertGreater(path.pop("oldest_s"), 0)
        self.assertEqual(path, {"client": holder.id, "client_owner": "holder", "kind": "4.1", "session": held.id,
                                "state": "up", "waiting": 1})
        told, = client_of(self.server, wants)["waits"]
        self.assertRegex(told, r"^[\d.]+ s ago it was told to retry to use /f \(NFS4ERR_DELAY\): client holder has not "
                         r"returned its delegation, recalled [\d.]+ s ago$")
        ask(self.server, f"/clients/{holder.id}", 204, "DELETE")
        self.assertEqual(client_of(self.server, wants)["waits"], [])
        self.assertEqual(session.call(*conflict)[0], nfs.OK)

    def test_old_delegation(self):
        """The same of a client of 4.0, whose name stands in its OPEN."""
        holder, wants = self.client("holder"), self.old_client()
        held = holder.start(flags=nfs.CONN_BACK_CHAN)
        self.assertIsNotNone(held.opened("o", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)["delegation"])
        arguments = nfs.u32(1, nfs.ACCESS_READ, nfs.DENY_NONE) + nfs.u64(wants.clientid) + nfs.opaque("owner")
        self.assertEqual(wants.connection.call(0, (nfs.PUTROOTFH, b""), (
            nfs.OPEN, arguments + nfs.u32(nfs.NOCREATE, 0) + nfs.opaque("o")))[0], nfs.DELAY)
        self.waits(wants, " s ago it was told to retry to use /o (NFS4ERR_DELAY): client holder has not returned")

    def test_busy_session(self):
        """It is not closed while a request is in progress in it."""
        holder, wants = self.client("holder"), self.client("wants")
        held = holder.start(flags=nfs.CONN_BACK_CHAN)
        self.assertIsNotNone(held.opened("b", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)["delegation"])
        wants.start()

        def refused():
            session = wants.session()
            xid = session.send(*session.open("b", create=False))
            reply = request(self.server.socket, f"/api/v1/sessions/{session.id}", method="DELETE")
            status, _ = session.connection.reply(xid)
            if reply.status != 409:  # it came before the request, or after it
                return False
            self.assertIn("requests are in progress", json.loads(reply.body)["detail"])
            self.assertEqual((status, session.call()[0]), (nfs.DELAY, nfs.OK))
            return True
        wait_until(refused)

    def test_lock(self):
        """A denied lock that is wanted."""
        holder, wants = self.client("holder"), self.client("wants")
        held, session = holder.start(), wants.start()
        held.value(*nfs.lock(held.opened("f"), holder.clientid))
        operations = nfs.lock(session.opened("f"), wants.clientid, kind=4)
        self.assertEqual(session.call(*operations)[0], nfs.DENIED)
        self.assertEqual(client_of(self.server, wants)["lock_waiters"], 1)
        self.waits(wants, "1 lock owner waits for byte-range locks")
        self.waits(wants, " s it has waited for a byte-range lock of /f: client holder holds it")
        self.assertEqual(client_of(self.server, holder)["waits"], [])
        third = self.client("third")
        later = third.start()
        operations = nfs.lock(later.opened("f"), third.clientid, kind=4)
        self.assertEqual(later.call(*operations)[0], nfs.DENIED)
        ask(self.server, f"/clients/{holder.id}", 204, "DELETE")
        self.waits(wants, "a byte-range lock of /f, which it gets when it asks again")

    def test_unrecorded(self):
        """The state directory cannot be written, until it can be; /readyz and /metrics say so, too."""
        with Server() as server:
            client, old = Client(server.port, "a"), OldClient(server.port, "b")
            session = client.session()
            pid = ask(server, "/server")["pid"]
            usual = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            self.assertEqual(self.says_writable(server), (200, "1"))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, usual[1]))
            self.assertEqual(session.call((nfs.RECLAIM_COMPLETE, nfs.u32(0)))[0], nfs.DELAY)
            self.assertEqual(self.says_writable(server), (503, "0"))
            self.assertIn("the state directory cannot be written", request(server.socket, "/readyz").body.decode())
            for one in (client, old):
                self.assertIn("it cannot be recorded in the state directory", str(client_of(server, one)["waits"]))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, usual)
            wait_until(lambda: self.says_writable(server) == (200, "1"))
            self.assertEqual(client_of(server, old)["waits"], [])
            session.value((nfs.RECLAIM_COMPLETE, nfs.u32(0)))
            client.close()
            old.close()

    @staticmethod
    def says_writable(server):
        metrics = request(server.socket, "/metrics").body.decode()
        return request(server.socket, "/readyz").status, re.search(r"(?m)^mainstay_state_writable (\d)$", metrics)[1]

    def test_reclaim(self):
        """After a restart."""
        with Server() as server:
            client = Client(server.port, "a")
            client.start()
            client.close()
            server.stop()
            server.start()
            client = Client(server.port, "a")
            session = client.session()
            found = client_of(server, client)
            self.assertTrue(found["reclaims_now"] and not found["reclaim_complete"])
            self.assertEqual(found["flags"], ["restart_reclaim_needed"])
            self.assertIn("has not sent RECLAIM_COMPLETE", found["waits"][0])
            session.value((nfs.RECLAIM_COMPLETE, nfs.u32(0)))
            found = client_of(server, client)
            self.assertEqual((found["flags"], found["waits"], found["reclaim_complete"]), ([], [], True))
            self.assertFalse(found["reclaims_now"])
            client.close()


class Evict(OneServer):
    OPTIONS = ("--set", "nfs.recall_park_ms=1000")

    def evict(self, client):
        ask(self.server, f"/clients/{client.id}", 204, "DELETE")
        ask(self.server, f"/clients/{client.id}", 404)
        ask(self.server, f"/clients/{client.id}", 404, "DELETE")

    def test_client(self):
        """It sees that its session and its ID are gone; others get what it held."""
        client, other = self.client("evicted"), self.client("other")
        session, theirs = client.start(), other.start()
        session.opened("mine", deny=nfs.DENY_BOTH)
        self.assertNotEqual(theirs.call(*theirs.open("mine"))[0], nfs.OK)
        self.evict(client)
        ask(self.server, f"/sessions/{session.id}", 404)
        self.assertEqual(session.call()[0], nfs.BADSESSION)
        again = client.connection.call(1, nfs.create_session(client.clientid, client.sequence))
        self.assertEqual(again[0], nfs.STALE_CLIENTID)
        theirs.opened("mine")
        client.register()
        self.assertEqual(client.start().call()[0], nfs.OK)

    def test_log(self):
        """It names the client and who evicted it."""
        client = self.client("evicted \"by name\"")
        client.start()
        self.evict(client)
        line = wait_until(lambda: next((line for line in self.server.text().splitlines()
                                        if "client.evicted" in line and client.id in line), None))
        for word in ("by name", "127.0.0.1", f"uid {os.geteuid()}"):
            self.assertIn(word, line)

    def test_waits_meanwhile(self):
        """A request of its own that waits is answered."""
        holder, client = self.client("holder"), self.client("evicted")
        held, session = holder.start(flags=nfs.CONN_BACK_CHAN), client.start()
        self.assertIsNotNone(held.opened("g", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)["delegation"])
        conflict = session.open("g", create=False)
        self.sees(session, conflict, lambda: client_of(self.server, client)["waits"])
        xid = session.send(*conflict)
        self.evict(client)
        self.assertNotEqual(session.connection.reply(xid)[0], nfs.OK)
        self.assertEqual(session.call()[0], nfs.BADSESSION)

    def test_unconfirmed(self):
        client = self.client()
        self.evict(client)
        again = client.connection.call(1, nfs.create_session(client.clientid, client.sequence))
        self.assertEqual(again[0], nfs.STALE_CLIENTID)

    def test_old(self):
        client = self.old_client()
        opened = client.opened("old")
        self.assertEqual(client.renew(), nfs.OK)
        self.evict(client)
        self.assertEqual(client.renew(), nfs.STALE_CLIENTID)
        self.assertEqual(client.connection.call(0, *nfs.read(opened))[0], nfs.EXPIRED)

    def test_may_not(self):
        with Server(tokens=(f"full {FULL}", f"read {READ}")) as server:
            client = Client(server.port, "a")
            session = client.start()
            for path in (f"/clients/{client.id}", f"/sessions/{session.id}"):
                reply = request(server.tcp, "/api/v1" + path, "DELETE", {"Authorization": f"Bearer {READ}"})
                self.assertEqual(reply.status, 403)
            self.assertEqual(session.call()[0], nfs.OK)
            path = f"/api/v1/clients/{client.id}"
            self.assertEqual(request(server.tcp, path, "DELETE", {"Authorization": f"Bearer {FULL}"}).status, 204)
            server.said(r"client.evicted.*127\.0\.0\.1:\d+")
            client.close()


class Counts(OneServer):
    def test_revoked(self):
        """What is revoked is counted apart from what is listed, until the client acknowledges it."""
        client = self.client()
        session = client.start()
        lost, _ = session.opened("lost"), session.opened("kept")
        self.assertEqual(self.counted(), (2, 0, 2))
        ask(self.server, f"/opens/{lost['stateid'][4:].hex()}", 204, "DELETE")
        self.assertEqual(self.counted(), (1, 1, 1))
        again = ask(self.server, f"/opens/{lost['stateid'][4:].hex()}", 404, "DELETE")
        self.assertEqual(again["detail"],
                         "the open of this ID has been revoked already; its client has not acknowledged that")
        metrics = request(self.server.socket, "/metrics").body.decode()
        self.assertEqual(re.findall(r'(?m)^mainstay_state\{kind="(?:revoked_)?opens"\} (\d)$', metrics), ["1", "1"])
        session.value((nfs.FREE_STATEID, lost["stateid"]))
        self.assertEqual(self.counted(), (1, 0, 1))

    def counted(self):
        counts = ask(self.server, "/server")["counts"]
        return counts["opens"], counts["revoked_opens"], len(ask(self.server, "/opens")["items"])


class Close(OneServer):
    def test_session(self):
        """Its client makes another one, and has its opens and locks."""
        client = self.client()
        session = client.start()
        opened = session.opened("kept")
        ask(self.server, f"/sessions/{session.id}", 204, "DELETE")
        self.assertEqual(session.call()[0], nfs.BADSESSION)
        ask(self.server, f"/sessions/{session.id}", 404)
        ask(self.server, f"/sessions/{session.id}", 404, "DELETE")
        self.assertEqual(client_of(self.server, client)["opens"], 1)
        again = client.session()
        self.assertEqual(again.call(*nfs.read(opened))[0], nfs.OK)
        line = wait_until(lambda: next((line for line in self.server.text().splitlines()
                                        if "session.closed" in line and session.id in line), None))
        self.assertIn(f"uid {os.geteuid()}", line)


class Lists(OneServer):
    def test_filters(self):
        first, second = self.client("a name"), self.client("b\\name")
        mine, _ = first.start(), second.start()

        def found(query):
            return [item["id"] for item in ask(self.server, f"/clients?{query}")["items"]]

        self.assertEqual(sorted(found("")), sorted([first.id, second.id]))
        self.assertEqual(found("owner=a%20name"), [first.id])
        self.assertEqual(found("owner=" + urllib.parse.quote("b\\name")), [second.id])
        self.assertEqual(found("owner=" + urllib.parse.quote("b\\x5cname")), [second.id])
        self.assertEqual(found("owner=a"), [])
        self.assertEqual(len(found("address=127.0.0.1")), 2)
        self.assertEqual(found("address=127.0.0.2") + found("address=::1"), [])
        self.assertEqual([item["id"] for item in ask(self.server, f"/sessions?client={first.id}")["items"]], [mine.id])
        self.assertEqual(ask(self.server, "/sessions?client=0123456789abcdef")["items"], [])

    def holdings(self):
        counts = ask(self.server, "/server")["counts"]
        return {name: counts[name] for name in ("clients", "sessions", "opens", "locks", "delegations")}

    def test_bad_input(self):
        """Each says what is wrong, and changes nothing."""
        session = self.client().start()
        before = self.holdings()
        for path, status, words in (
                ("/clients?address=here", 400, "'address'"), ("/clients?after=x", 400, "'after'"),
                ("/clients?after=00", 400, "'after'"), ("/clients?limit=0", 400, "'limit'"),
                ("/clients?owners=x", 400, "'owners'"), ("/clients?owner=a&owner=b", 400, "'owner'"),
                ("/clients/x", 404, "16 hexadecimal digits"), ("/clients/0123456789ABCDEF", 404, "16 hexadecimal"),
                ("/clients/0123456789abcdef", 404, "no such client"), ("/clients/0123456789abcdef?x=1", 400, "'x'"),
                ("/sessions?client=1", 400, "'client'"), ("/sessions?after=400000000000000000", 400, "'after'"),
                ("/sessions?after=0000", 400, "'after'"), ("/sessions/12", 404, "32 hexadecimal digits"),
                ("/sessions/0123456789abcdef0123456789abcdef", 404, "no such session"),
                ("/callbacks?after=0000000000000000", 400, "'after'"), ("/callbacks?after=s", 400, "'after'"),
                ("/callbacks?after=c00", 400, "'after'"), ("/callbacks?client=1", 400, "'client'")):
            with self.subTest(path):
                self.assertIn(words, ask(self.server, path, status)["detail"])
        for path, status, words in (
                ("/clients/x", 404, "16 hexadecimal digits"), ("/clients/0123456789abcdef", 404, "no such client"),
                (f"/clients/{session.client.id}?force=true", 400, "'force'"), ("/clients", 405, "see Allow"),
                ("/sessions/12", 404, "32 hexadecimal digits"), (f"/sessions/{session.id}?x", 400, "'x'"),
                (f"/sessions/{session.id[:-1]}g", 404, "32 hexadecimal"), (f"/opens/{session.id}", 404, "no open of this ID"),
                ("/locks/" + "0" * 24, 404, "no lock of this ID"), ("/delegations/" + "0" * 24 + "?x", 400, "'x'"),
                ("/callbacks", 405, "see Allow")):
            with self.subTest(path, method="DELETE"):
                self.assertIn(words, ask(self.server, path, status, "DELETE")["detail"])
        self.assertEqual(self.holdings(), before)
        self.assertEqual(session.call()[0], nfs.OK)

    def test_pages(self):
        """Those that stay are shown once, though others come and go."""
        stay = [self.client(f"stay {number}") for number in range(20)]
        sessions = [client.start(flags=nfs.CONN_BACK_CHAN).id for client in stay]
        for limit in (1, 3, 20, 21):
            self.assertEqual(sorted(item["id"] for item in pages(self.server, "/clients", limit)),
                             sorted(client.id for client in stay))
            self.assertEqual(sorted(item["id"] for item in pages(self.server, "/sessions", limit)), sorted(sessions))
            self.assertEqual(sorted(path["session"] for path in pages(self.server, "/callbacks", limit, "paths")),
                             sorted(sessions))
        seen, after = [], ""
        while True:
            page = ask(self.server, f"/clients?limit=3{after}")
            seen += [item["id"] for item in page["items"] if item["owner"].startswith("stay")]
            if "next" not in page:
                break
            after = "&after=" + page["next"]
            self.client(f"comes {len(seen)}")
            gone = self.client("goes")
            ask(self.server, f"/clients/{gone.id}", 204, "DELETE")
        self.assertEqual(sorted(seen), sorted(client.id for client in stay))

    def test_many(self):
        """Ten thousand sessions, in a second of the server's time at most."""
        with Server("--set", "nfs.slots=1") as server:
            connection, sessions = Connection(server.port), []
            for first in range(0, MANY, SESSIONS_PER_CLIENT):
                client = Client.__new__(Client)
                client.owner, client.implementation, client.verifier = f"many {first}", None, b"verifier"
                client.connection, client.minor = connection, 1
                client.register()
                for _ in range(first, min(first + SESSIONS_PER_CLIENT, MANY)):
                    sessions.append(client.session(slots=1, cached=0).id)
            before = self.cpu_s(server)
            begun = time.monotonic()
            page = ask(server, "/sessions?limit=10000")
            took, used = time.monotonic() - begun, self.cpu_s(server) - before
            self.assertEqual(sorted(item["id"] for item in page["items"]), sorted(sessions))
            print(f"{MANY} sessions listed in {took:.3f} s, {used:.2f} s of them at work")
            self.assertLess(used, 1)
            self.assertEqual(sorted(item["id"] for item in pages(server, "/sessions", 999)), sorted(sessions))
            self.assertEqual(len(ask(server, "/clients")["items"]), -(-MANY // SESSIONS_PER_CLIENT))
            connection.close()

    @staticmethod
    def cpu_s(server):
        with open(f"/proc/{server.process.pid}/stat", encoding="utf-8") as file:
            times = file.read().rpartition(")")[2].split()[11:13]
        return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    unittest.main()
