#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports that change while clients use them, from the clients' side: who loses what, which handles are stale, what a
listing shows meanwhile, and as whom the server works after a restart."""

import os
import re
import unittest

from admin_exports_test import EXPORTS, Case, FileServer, LocalServer, at
from admin_server import Server, wait_until
from nfs_client import (ACCESS_BOTH, CLOSE, DENY_BOTH, GETATTR, GETFH, LOOKUP, OK, PUTFH, PUTROOTFH, ROFS, SHARE_DENIED,
                        STALE, TEST_STATEID, WANT_NO_DELEGATION, Client, opaque, read, readdir, u32, write)

NOENT, WRONGSEC, ADMIN_REVOKED = 2, 10016, 10047
CREATE, REMOVE = 6, 28
OWNER = GETATTR, u32(2, 0, 3 << 4)  # and group
ALL = {"squash": "no_root_squash", "ports": "insecure"}


class Excluded(Case):
    """A client that an export admits no longer, and one that it still admits."""

    def setUp(self):
        self.server = self.enterContext(Server())
        self.put(201, "POST", EXPORTS)
        self.inside = self.client("inside", "127.0.0.1")
        self.outside = self.client("outside", "127.0.0.2")

    def put(self, status, method, path, **more):
        return self.must(status, self.server, method, path, {"path": "/x", "backend": "mem", **ALL, **more})

    def client(self, owner, source):
        client = Client(self.server.port, owner, source=source)
        self.addCleanup(client.close)
        return client.start()

    def status(self, session, *operations):
        return session.call(*operations)[0]

    def test_addresses(self):
        """What it has open is revoked, so nobody waits for it; the others notice nothing."""
        kept = self.inside.opened("kept", export="x")
        lost = self.outside.opened("lost", deny=DENY_BOTH, export="x")
        elsewhere = self.outside.opened("elsewhere")
        self.assertEqual(self.status(self.inside, *self.inside.open("lost", export="x")), SHARE_DENIED)
        self.put(200, "PUT", at("/x"), clients=["127.0.0.1"])
        self.assertEqual(self.status(self.inside, *self.inside.open("lost", export="x")), OK)
        self.assertEqual(self.status(self.inside, *read(kept)), OK)
        self.assertEqual(self.status(self.outside, *read(lost)), STALE)
        self.assertEqual(self.status(self.outside, (PUTFH, opaque(lost["handle"])), (CLOSE, u32(0) + lost["stateid"])),
                         STALE)
        self.assertEqual(self.status(self.outside, *read(elsewhere)), OK)
        found = self.outside.value((TEST_STATEID, u32(2) + lost["stateid"] + elsewhere["stateid"]))
        self.assertEqual(found, [ADMIN_REVOKED, OK])
        wait_until(lambda: re.search(r"export\.revoke revoked=1 left=0", self.server.text()))

    def test_flavors(self):
        """A client without Kerberos loses what it has open when an export takes nothing else, and only then."""
        lost = self.outside.opened("lost", deny=DENY_BOTH, export="x")
        elsewhere = self.outside.opened("elsewhere")
        for sec, status, found in (("krb5:sys", OK, [OK, OK]), ("krb5p:krb5", WRONGSEC, [ADMIN_REVOKED, OK])):
            self.put(200, "PUT", at("/x"), sec=sec)
            self.assertEqual(self.status(self.outside, *read(lost)), status)
            test = TEST_STATEID, u32(2) + lost["stateid"] + elsewhere["stateid"]
            self.assertEqual(self.outside.value(test), found)
        wait_until(lambda: re.search(r"export\.revoke revoked=1 left=0", self.server.text()))

    def test_hidden_names(self):
        """Who may not see an export cannot find out its name by changing the directory it is in."""
        for name, more in (("secret", {"clients": ["127.0.0.1"]}), ("open", {})):
            self.must(201, self.server, "POST", EXPORTS, {"path": f"/top/{name}", "backend": "mem", **ALL, **more})
        top = (PUTROOTFH, b""), (LOOKUP, opaque("top"))
        self.assertEqual(self.status(self.inside, *top, (LOOKUP, opaque("secret"))), OK)
        for name in ("secret", "nothing"):
            self.assertEqual(self.status(self.outside, *top, (LOOKUP, opaque(name))), NOENT)
            for change in ((CREATE, u32(2) + opaque(name) + u32(0) + opaque(b"")), (REMOVE, opaque(name))):
                self.assertEqual(self.status(self.outside, *top, change), ROFS, (name, change))

    def test_read_only(self):
        """Writing fails, closing does not; nothing is revoked."""
        file = self.inside.opened("file", export="x")
        self.assertEqual(self.status(self.inside, *write(file)), OK)
        self.put(200, "PUT", at("/x"), access="ro")
        self.assertEqual(self.status(self.inside, *write(file)), ROFS)
        self.assertEqual(self.status(self.inside, *read(file)), OK)
        self.assertEqual(self.status(self.inside, (PUTFH, opaque(file["handle"])), (CLOSE, u32(0) + file["stateid"])),
                         OK)


class Foreseen(Case):
    """What a reload would do to an export that clients use."""

    def foreseen(self, query=""):
        return self.must(200, self.server, "POST", "/api/v1/reload?dry_run=true" + query)["changes"]

    def test_in_use(self):
        first = "exports:\n- { path: /, backend: mem }\n"
        with FileServer() as self.server:
            with open(self.server.file, "w", encoding="ascii") as file:
                file.write(first + "- { path: /x, backend: mem, squash: no_root_squash }\n")
            self.server.start()
            client = Client(self.server.port, "client")
            session = client.start()
            opened = session.opened("file", export="x")
            with open(self.server.file, "w", encoding="ascii") as file:
                file.write(first)
            stays = self.foreseen()
            self.assertEqual(len(stays), 1, stays)
            self.assertRegex(stays[0], r"\Aexport /x would stay as it is: 1 client \(1 open.*\) uses it; a reload with ")
            self.assertRegex(self.foreseen("&force=true")[0],
                             r"\Aexport /x would be removed: 1 client \(.*\) would lose what they have open\Z")
            self.assertEqual(session.call(*read(opened))[0], OK)
            client.close()


class Handles(Case):
    def test_stale(self):
        """Of an export that is gone, and of one whose path has got other files; and good again with the first."""
        with LocalServer() as server:
            other = os.path.join(server.own, "other")
            os.mkdir(other)
            first = {"path": "/x", "backend": "local", "argument": server.data, **ALL}
            client = Client(server.port, "client")
            session = client.start()
            self.must(201, server, "POST", EXPORTS, first)
            handle = session.value((PUTROOTFH, b""), (LOOKUP, opaque("x")), (GETFH, b""))
            self.assertEqual(session.call((PUTFH, opaque(handle)))[0], OK)
            for body in ({**first, "argument": other}, {"path": "/x", "backend": "mem"}, first):
                self.must(204, server, "DELETE", at("/x"))
                self.assertEqual(session.call((PUTFH, opaque(handle)))[0], STALE)
                self.must(201, server, "POST", EXPORTS, body)
                self.assertEqual(session.call((PUTFH, opaque(handle)))[0], OK if body is first else STALE)
            client.close()


class Listings(Case):
    def test_exports_come_and_go(self):
        """A listing that began before has each other name once."""
        with Server() as server:
            client = Client(server.port, "client")
            session = client.start()
            files, exports = [f"file{i}" for i in range(8)], [f"export{i}" for i in range(8)]
            for name in files:
                session.opened(name)
            for name in [f"passing{i}" for i in range(24)] + exports:
                self.must(201, server, "POST", EXPORTS, {"path": "/" + name, "backend": "mem"})
            seen, cookie, end, pages = [], 0, False, 0
            while not end:
                entries, end = session.value((PUTROOTFH, b""), readdir(cookie, 128))
                seen += [name for _, name in entries]
                cookie = entries[-1][0] if entries else cookie
                self.must(204, server, "DELETE", at(f"/passing{pages}"))
                self.must(201, server, "POST", EXPORTS, {"path": f"/passing-again{pages}", "backend": "mem"})
                pages += 1
            self.assertGreater(pages, 8)
            self.assertEqual(sorted(name for name in seen if not name.startswith("passing")), sorted(files + exports))
            client.close()


class Rights(Case):
    @unittest.skipUnless(os.geteuid() == 0, "only root can act as others")
    def test_after_a_restart(self):
        """A stored export of files needs the rights that one of the configuration needs."""
        with LocalServer() as server:
            os.chmod(server.data, 0o777)
            self.must(201, server, "POST", EXPORTS, {"path": "/x", "backend": "local", "argument": server.data, **ALL})
            server.stop()
            server.options = ()
            server.start()
            self.assertEqual(self.must(200, server, "GET", at("/x"))["state"], "served")
            client = Client(server.port, "client")
            session = client.start()
            for uid in (501, 502):
                session.connection.uid = uid
                made = session.opened(f"by{uid}", export="x", access=ACCESS_BOTH | WANT_NO_DELEGATION)
                self.assertEqual(session.value((PUTFH, opaque(made["handle"])), OWNER), (str(uid), str(uid)))
                self.assertEqual(os.stat(os.path.join(server.data, f"by{uid}")).st_uid, uid)
            client.close()

    @unittest.skipUnless(os.geteuid() == 0, "only root has rights to give up")
    def test_given_up(self):
        """It says why, and what to do."""
        with Server() as server:
            problem = self.must(422, server, "POST", EXPORTS,
                                {"path": "/x", "backend": "local", "argument": server.own, **ALL})
            self.assertRegex(problem["reasons"][0], "gave up the rights.*--export, then restart")
            self.assertEqual(list(self.paths(server)), ["/"])


if __name__ == "__main__":
    unittest.main()
