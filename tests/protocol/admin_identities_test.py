#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whom the server takes principals and users for, and why: over REST, and as `mainstay identity show` prints it."""

import json
import os
import pwd
import subprocess
import tempfile
import unittest
import urllib.parse

from admin_server import BIN, READ, Server, request

MAP = """# users
alice@LAB.EXAMPLE   70001:70002,70004,70003
bob@LAB.EXAMPLE     account root
carol@LAB.EXAMPLE   account no-such-account
*@PARTNER.EXAMPLE   account
*@GUESTS.EXAMPLE    nobody
host/web@LAB.EXAMPLE  0:0
"""
TIMEOUT_S = 60


class Identities(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile("w", prefix="mainstay-map-", delete=False) as file:
            file.write(MAP)
        os.chmod(file.name, 0o644)
        cls.map = file.name
        cls.addClassCleanup(os.unlink, file.name)
        cls.server = Server("--identity-map", file.name, "--identity-realms", "LAB.EXAMPLE",
                            tokens=[f"read {READ}"]).start()
        cls.addClassCleanup(cls.server.__exit__, None)

    def ask(self, who):
        return request(self.server.socket, "/api/v1/identities/" + urllib.parse.quote(who, safe=""))

    def show(self, who):
        reply = self.ask(who)
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body)

    def run_cli(self, who, *options):
        return subprocess.run([os.path.join(BIN, "mainstay"), "--admin", "unix:" + self.server.socket, "identity", "show",
                               who, *options], text=True, capture_output=True, timeout=TIMEOUT_S, check=False)

    def expect(self, who, kind, by, why, **others):
        """Asked for now, and then remembered."""
        shown = self.show(who)
        self.assertEqual((shown["who"], shown["kind"], shown["by"]), (who, kind, by))
        self.assertEqual(shown["known"], by != "nobody")
        self.assertIn(why, shown["why"])
        for name, value in others.items():
            self.assertEqual(shown[name], value, name)
        if by == "nobody":
            self.assertEqual((shown["uid"], shown["gid"], shown["groups"], shown["name"]), (None, None, [], None))
        again = self.show(who)
        self.assertGreaterEqual(again.pop("remembered_s"), 0)
        shown.pop("remembered_s")
        self.assertEqual(again, shown)

    def test_map(self):
        self.assertIsNone(self.show("dora@GUESTS.EXAMPLE")["remembered_s"])
        self.expect("alice@LAB.EXAMPLE", "principal", "map", f"{self.map}:2 says so", uid=70001, gid=70002,
                    groups=[70003, 70004], name="alice")
        self.expect("bob@LAB.EXAMPLE", "principal", "database", f"{self.map}:3 names the account root", uid=0,
                    name="root")
        self.expect("dora@GUESTS.EXAMPLE", "principal", "nobody", f"{self.map}:6 says so")
        self.expect("host/web@LAB.EXAMPLE", "principal", "map", f"{self.map}:7 says so", uid=0)

    def test_accounts_that_are_not_there(self):
        self.expect("carol@LAB.EXAMPLE", "principal", "nobody",
                    ":4 names the account no-such-account, which the database of users does not have")
        self.expect("no-such-account@PARTNER.EXAMPLE", "principal", "nobody", ":5 names the account no-such-account")
        self.expect("root@PARTNER.EXAMPLE", "principal", "nobody", "or which is root")
        daemon = pwd.getpwnam("daemon")
        self.expect("daemon@PARTNER.EXAMPLE", "principal", "database", ":5 names the account daemon",
                    uid=daemon.pw_uid, gid=daemon.pw_gid)

    def test_machines(self):
        self.expect("nfs/a.example@LAB.EXAMPLE", "principal", "machine", "one of the server's realms", uid=0)
        self.expect("nfs/a.example@EVIL.EXAMPLE", "principal", "nobody", "none of the server's realms")

    def test_others(self):
        self.expect("alice@EVIL.EXAMPLE", "principal", "nobody", "/etc/idmapd.conf")

    def test_users(self):
        daemon = pwd.getpwnam("daemon")
        self.expect(str(daemon.pw_uid), "uid", "database", "the database of users has it", name="daemon")
        self.expect("daemon", "name", "database", "the database of users has it", uid=daemon.pw_uid,
                    gid=daemon.pw_gid)
        self.assertEqual(self.show("daemon")["groups"], sorted(os.getgrouplist("daemon", daemon.pw_gid)))
        self.expect("70001", "uid", "map", ":2 says so", gid=70002, groups=[70003, 70004])
        self.expect("alice", "name", "map", ":2 says so", uid=70001, groups=[70003, 70004])
        self.expect("4000000001", "uid", "nobody", "neither the map file nor the database")
        self.expect("no-such-user", "name", "nobody", "neither the map file nor the database")

    def test_mistakes(self):
        for who, status in (("4294967295", 400), ("99999999999999999999999", 400), ("a\x01@LAB.EXAMPLE", 400),
                            ("x" * 300, 400)):
            reply = self.ask(who)
            self.assertEqual(reply.status, status, who)
            self.assertEqual(reply.fields["content-type"], "application/problem+json")
        self.assertEqual(request(self.server.socket, "/api/v1/identities/0?x=1").status, 400)

    def test_read_token(self):
        fields = {"Authorization": f"Bearer {READ}"}
        self.assertEqual(request(self.server.tcp, "/api/v1/identities/0", fields=fields).status, 200)
        self.assertEqual(request(self.server.tcp, "/api/v1/identities/0").status, 401)

    def test_command(self):
        run = self.run_cli("alice@LAB.EXAMPLE")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertRegex(run.stdout, r"(?m)^uid +70001$")
        self.assertRegex(run.stdout, r"(?m)^why +\S+:2 says so$")
        self.assertEqual(json.loads(self.run_cli("alice@LAB.EXAMPLE", "--json").stdout)["uid"], 70001)
        self.assertEqual(self.run_cli("4294967295").returncode, 1)


if __name__ == "__main__":
    unittest.main()
