#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports are added and removed while clients use them and an administrator looks on.  Nobody gets an answer that makes
no sense, and the sanitizers have nothing to say."""

import threading
import time
import unittest
from urllib.parse import quote

import nfs_client as nfs
from admin_exports_test import EXPORTS, Case, LocalServer, at
from nfs_client import CLOSE, OK, PUTFH, Client, opaque, u32

LASTS_S = 5  # some ticks, with which backends go; a client that leaves recalls unanswered is cut off after 10 s
FREE_STATEID, REMOVE = 45, 28
SERVERFAULT, LOCKS_HELD = 10006, 10037
NAMES = ("mem", "local")


class Race(Case):
    def setUp(self):
        self.server = self.enterContext(LocalServer())
        self.over = threading.Event()
        self.errors, self.kept, self.late = [], {}, False

    def body(self, name):
        more = {"backend": "local", "argument": self.server.data} if name == "local" else {"backend": "mem"}
        return {"path": "/" + name, "squash": "no_root_squash", "ports": "insecure", **more}

    def run_until_over(self, step):
        try:
            while not self.over.is_set():
                step()
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)
            self.over.set()

    def call(self, session, *operations):
        status, results = session.call(*operations)
        self.assertNotEqual(status, SERVERFAULT)
        return status, results

    def note(self, session, opened):
        for stateid in (opened["stateid"], opened["delegation"]):
            if stateid:
                self.kept.setdefault(session.id, {})[stateid[4:]] = stateid

    def acknowledge(self, session):
        """Now and then: until what was revoked is freed it keeps the backend, whose descriptors the next one needs."""
        kept = self.kept.setdefault(session.id, {})
        if len(kept) < 16:
            return
        for other in list(kept):
            if self.call(session, (FREE_STATEID, kept[other]))[0] != LOCKS_HELD:
                del kept[other]

    def keep_open(self, session, name, create=True):
        self.acknowledge(session)
        access = nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION
        status, results = self.call(session, *session.open("kept", access=access, create=create, export=name))
        if status == OK:
            self.note(session, results[-2][2])

    def use(self, session, name, number):
        """One file stays open and delegated; another one is made, written, removed and closed."""
        file = f"file{number}"
        access = nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION
        self.keep_open(session, name)
        status, results = self.call(session, *session.open(file, access=access, export=name))
        if status != OK:
            return
        opened = {**results[-2][2], "handle": results[-1][2]}
        self.call(session, *nfs.write(opened, bytes(1 << 14)))
        self.call(session, (nfs.PUTROOTFH, b""), (nfs.LOOKUP, opaque(name)), (REMOVE, opaque(file)))
        self.call(session, (PUTFH, opaque(opened["handle"])), (CLOSE, u32(0) + opened["stateid"]))
        self.note(session, opened)

    def answer(self, method, path, body=None):
        """Its status and body; asked again if the machine was too busy for the server to do it in time.  (It may be
        done all the same, so `late` tells of it.)"""
        while True:
            reply = self.ask(self.server, method, path, body)
            if reply.status != 503 or b"does not answer" not in reply.body:
                return reply
            self.late = True

    def look(self, holder, name):
        for path in (EXPORTS, "/api/v1/opens", "/api/v1/delegations", f"/api/v1/clients/{holder.id}"):
            self.assertEqual(self.answer("GET", path).status, 200)
        path = "/api/v1/opens?path=" + quote(f"/{name}/kept", safe="")
        self.assertIn(self.answer("GET", path).status, (200, 404))

    def change(self, name):
        """It is in use, or not; it goes in any case.  Clients may still have all descriptors for more local ones."""
        reply = self.answer("POST", EXPORTS, self.body(name))
        if name == "local" and b"no file descriptors" in reply.body:
            return
        self.assertIn(reply.status, (201, 409) if self.late else (201,), reply.body)
        time.sleep(0.02)  # not to wait for something, but to let the others at it
        reply = self.answer("DELETE", at("/" + name) + "?force=true")
        self.assertIn(reply.status, (204, 404) if self.late else (204,), reply.body)

    def test_all_at_once(self):
        sessions = [Client(self.server.port, f"client{i}").start(flags=nfs.CONN_BACK_CHAN) for i in range(3)]
        number = iter(range(1 << 30))
        steps = [lambda: self.use(sessions[0], "mem", next(number)),
                 lambda: self.use(sessions[1], "local", next(number)),
                 # The others have them delegated: this makes the server recall them.
                 lambda: [self.keep_open(sessions[2], name, create=False) for name in NAMES],
                 lambda: self.look(sessions[0].client, "mem"), lambda: self.look(sessions[1].client, "local")]
        threads = [threading.Thread(target=self.run_until_over, args=(step,)) for step in steps]
        for thread in threads:
            thread.start()
        end, rounds = time.monotonic() + LASTS_S, 0
        try:
            while not self.over.is_set() and time.monotonic() < end:
                self.change(NAMES[rounds % 25 == 0])  # local needs descriptors, which come back with a tick
                rounds += 1
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
            for session in sessions:
                session.client.close()
        self.assertEqual(self.errors, [])


if __name__ == "__main__":
    unittest.main()
