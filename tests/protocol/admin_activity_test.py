#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GET /activity: each counter with its cause, the same numbers as /server and /metrics, and who may ask."""

import json
import os
import re
import unittest

from admin_server import FULL, READ, Server, request, wait_until
import nfs_client as nfs
from nfs_client import Client, OldClient


class Activity(unittest.TestCase):
    def setUp(self):
        self.server = Server().start()
        self.addCleanup(self.server.__exit__, None)

    def client(self, owner, kind=Client):
        client = kind(self.server.port, owner)
        self.addCleanup(client.close)
        return client

    def ask(self, path="/activity"):
        reply = request(self.server.socket, "/api/v1" + path)
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body)

    def evict(self, client):
        self.assertEqual(request(self.server.socket, f"/api/v1/clients/{client.id}", method="DELETE").status, 204)

    @staticmethod
    def operation(activity, name, minor=1):
        found = [one for one in activity["operations"] if (one["minor"], one["name"]) == (minor, name)]
        return found[0] if found else {"count": 0, "errors": 0}

    def metric(self, line):
        body = request(self.server.socket, "/metrics").body.decode()
        return [float(value) for value in re.findall(rf"(?m)^{line} ([\d.e+-]+)$", body)]

    def test_who_may(self):
        with Server(tokens=(f"full {FULL}", f"read {READ}")) as server:
            for token, status in ((READ, 200), (FULL, 200), ("wrong-token-of-the-tests-000", 401)):
                fields = {"Authorization": f"Bearer {token}"}
                self.assertEqual(request(server.tcp, "/api/v1/activity", fields=fields).status, status)
        self.assertEqual(request(self.server.socket, "/api/v1/activity?all=1").status, 400)

    def test_the_server(self):
        session = self.client("a").start()
        session.value(*nfs.lock(session.opened("f"), session.client.clientid))
        server, activity = self.ask("/server"), self.ask()
        for name in ("instance", "started", "phase", "counts"):
            self.assertEqual(activity[name], server[name], name)
        self.assertEqual((activity["counts"]["opens"], activity["counts"]["locks"]), (1, 1))
        self.assertEqual(activity["memory"]["budget_bytes"], server["memory"]["budget_bytes"])
        self.assertRegex(activity["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertGreater(self.ask()["monotonic_s"], activity["monotonic_s"])

    def test_operations(self):
        session = self.client("a").start()
        before = self.ask()
        for _ in range(7):
            session.value((nfs.PUTROOTFH, b""))
        for _ in range(2):
            self.assertNotEqual(session.call((nfs.PUTROOTFH, b""), (nfs.LOOKUP, nfs.opaque("none")))[0], nfs.OK)
        after = self.ask()
        for name, count, errors in (("PUTROOTFH", 9, 0), ("SEQUENCE", 9, 0), ("LOOKUP", 2, 2)):
            was, found = self.operation(before, name), self.operation(after, name)
            self.assertEqual((found["count"] - was["count"], found["errors"] - was["errors"]), (count, errors), name)
        self.assertEqual(after["requests"]["count"] - before["requests"]["count"], 9)
        self.assertEqual([one for one in after["operations"] if one["minor"] == 0], [])

    def test_old(self):
        old = self.client("old", OldClient)
        before = self.operation(self.ask(), "RENEW", 0)["count"]
        self.assertEqual(old.renew(), nfs.OK)
        self.assertEqual(self.operation(self.ask(), "RENEW", 0)["count"] - before, 1)

    def test_bytes(self):
        session = self.client("a").start()
        opened = session.opened("f")
        session.value(*nfs.write(opened, b"twelve bytes"))
        session.value(*nfs.read(opened))
        session.value(*nfs.read(opened))
        self.assertEqual(self.ask()["bytes"], {"read": 24, "written": 12})

    def test_durations(self):
        """As in /metrics, of a server that rests."""
        session = self.client("a").start()

        def timed():
            for _ in range(200):
                session.value((nfs.PUTROOTFH, b""))
            return self.operation(self.ask(), "PUTROOTFH")["durations"]["count"]
        wait_until(timed)
        found = self.operation(self.ask(), "PUTROOTFH")["durations"]
        labels = r'mainstay_operation_duration_seconds%s\{minor="1",op(?:eration)?="PUTROOTFH"%s\}'
        cumulative = self.metric(labels % ("_bucket", r',le="[^"]+"'))
        self.assertEqual(len(found["counts"]), len(found["le_s"]) + 1)
        self.assertEqual([sum(found["counts"][:end + 1]) for end in range(len(found["counts"]))], cumulative)
        self.assertEqual([found["count"]], self.metric(labels % ("_count", "")))
        self.assertAlmostEqual(found["sum_s"], self.metric(labels % ("_sum", ""))[0], places=4)
        self.assertEqual(found["le_s"], sorted(found["le_s"]))

    def test_loops(self):
        """All that they have is what there is."""
        sessions = [self.client(f"client {number}").start() for number in range(3)]
        for number, session in enumerate(sessions):
            for _ in range(number):
                session.call()
        found = self.ask()
        self.assertEqual([one["number"] for one in found["loops"]], list(range(len(found["loops"]))))
        self.assertEqual([len(found["loops"])], self.metric("mainstay_event_loops"))
        self.assertEqual(sum(one["connections"] for one in found["loops"]), 3)
        self.assertEqual(sum(one["requests"] for one in found["loops"]), found["requests"]["count"])
        wait_until(lambda: any(one["lag_s"] > 0 for one in self.ask()["loops"]))
        self.assertGreater(found["threads"]["cpu_s"], 0)
        self.assertLessEqual(len(found["loops"]), found["threads"]["count"])

    def test_one_processor(self):
        """The server has one loop if it may use one processor, and that loop stays awake for the next request."""
        usual = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(usual)})
        try:
            server = Server().start()
        finally:
            os.sched_setaffinity(0, usual)
        self.addCleanup(server.__exit__, None)
        self.assertEqual(len(json.loads(request(server.socket, "/api/v1/activity").body)["loops"]), 1)
        wait_until(lambda: re.search(r"(?m)^mainstay_transport_spins_vain_total [1-9]",
                                     request(server.socket, "/metrics").body.decode()))

    def test_recall(self):
        """It is in flight, and so is its callback, until the client is gone that does not answer."""
        holder, wants = self.client("holder"), self.client("wants")
        held, session = holder.start(flags=nfs.CONN_BACK_CHAN), wants.start()
        self.assertIsNotNone(held.opened("f", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)["delegation"])
        found = self.ask()
        self.assertEqual(found["recalls"], {"in_flight": 0, "done": 0, "revoked": 0, "oldest_s": 0})
        self.assertEqual(found["callbacks"], {"sent": 0, "failed": 0, "in_flight": 0})
        xid = session.send(*session.open("f", create=False))
        wait_until(lambda: self.ask()["callbacks"]["sent"] == 1)
        found = self.ask()
        self.assertEqual((found["recalls"]["in_flight"], found["recalls"]["done"]), (1, 0))
        self.assertGreater(found["recalls"]["oldest_s"], 0)
        self.assertEqual(found["callbacks"], {"sent": 1, "failed": 0, "in_flight": 1})
        self.assertEqual(found["counts"]["delegations"], 1)
        self.evict(holder)
        session.connection.reply(xid)
        found = self.ask()
        self.assertEqual((found["recalls"]["in_flight"], found["recalls"]["done"]), (0, 1))
        wait_until(lambda: self.ask()["callbacks"]["in_flight"] == 0)

    def test_parked(self):
        holder, wants = self.client("holder"), self.client("wants")
        held, session = holder.start(flags=nfs.CONN_BACK_CHAN), wants.start()
        self.assertIsNotNone(held.opened("f", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)["delegation"])

        def parked():
            xid = session.send(*session.open("f", create=False))
            seen = wait_until(lambda: self.ask()["requests"]["parked"] or xid_came())
            session.connection.reply(xid)
            return seen == 1

        def xid_came():
            session.connection.socket.setblocking(False)
            try:
                return session.connection.socket.recv(1, 2) and "reply"  # MSG_PEEK
            except BlockingIOError:
                return None
            finally:
                session.connection.socket.settimeout(nfs.TIMEOUT_S)
        wait_until(parked)
        self.evict(holder)
        self.assertEqual(self.ask()["requests"]["parked"], 0)

    def test_locks(self):
        """Who wants a lock that is held is waiting, until the one who waits has gone."""
        holder, wants = self.client("holder"), self.client("wants")
        held, session = holder.start(), wants.start()
        held.value(*nfs.lock(held.opened("f"), holder.clientid))
        self.assertEqual(self.ask()["locks"], {"held": 1, "waited_for": 0})
        operations = nfs.lock(session.opened("f"), wants.clientid, kind=4)
        self.assertEqual(session.call(*operations)[0], nfs.DENIED)
        self.assertEqual(self.ask()["locks"], {"held": 1, "waited_for": 1})
        self.evict(wants)
        self.assertEqual(self.ask()["locks"], {"held": 1, "waited_for": 0})


if __name__ == "__main__":
    unittest.main()
