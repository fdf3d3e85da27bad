#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports over the REST interface: added, changed, removed; what is there after a crash; whom they belong to; and the
reload of the configuration file."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import unittest
from urllib.parse import quote

from admin_server import BIN, Server, request, wait_until

MAINSTAY = os.path.join(BIN, "mainstay")
BENCH = os.path.join(BIN, "mainstay-bench")
EXPORTS = "/api/v1/exports"


def at(path):
    return f"{EXPORTS}/{quote(path, safe='')}"


def shown(path):
    """Control characters and backslashes are shown as bytes."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\\]",
                  lambda found: "".join(f"\\x{byte:02x}" for byte in found[0].encode()), path)


class Case(unittest.TestCase):
    def ask(self, server, method, path, body=None):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"Content-Length": str(len(data)), "Content-Type": "application/json"} if data else {}
        return request(server.socket, path, method, fields, data)

    def must(self, status, server, method, path, body=None):
        reply = self.ask(server, method, path, body)
        self.assertEqual(reply.status, status, reply.body)
        return json.loads(reply.body) if reply.body else None

    def paths(self, server):
        return {one["path"]: one for one in self.must(200, server, "GET", EXPORTS)["items"]}


class LocalServer(Server):
    """It has a local export from the start: one that root starts without can add none.  `data` is another directory."""

    def __enter__(self):
        self.data = os.path.join(self.own, "data")
        first = os.path.join(self.own, "first")
        os.mkdir(self.data)
        os.mkdir(first)
        self.options = (*self.options, "--export", f"/first=local:{first}")
        return super().__enter__()


class Exports(Case):
    def test_life(self):
        """One is added, changed, there after a crash, and removed for good."""
        with LocalServer() as server:
            data = server.data
            one = self.must(201, server, "POST", EXPORTS,
                            {"path": "//a///b", "backend": "local", "argument": data, "clients": ["127.0.0.0/8"]})
            self.assertEqual((one["path"], one["origin"], one["read_only"], one["clients"], one["fsid"]),
                             ("/a/b", "stored", False, ["127.0.0.0/8"], None))
            self.assertEqual(one["uses"], {"clients": 0, "opens": 0, "delegations": 0})
            one = self.must(200, server, "PUT", at("/a/b"),
                            {"backend": "local", "argument": data, "access": "ro", "changes": "async"})
            one.pop("warnings", None)  # that data belong to one user
            self.assertEqual((one["read_only"], one["sync"], one["clients"]), (True, False, []))
            self.assertEqual(self.must(200, server, "GET", at("/a/b")), one)
            self.assertEqual(self.paths(server)["/"]["origin"], "option")
            server.stop(signal.SIGKILL)
            server.start()
            self.assertEqual(self.must(200, server, "GET", at("/a/b")), one)
            self.must(204, server, "DELETE", at("/a/b"))
            self.must(404, server, "GET", at("/a/b"))
            self.must(404, server, "DELETE", at("/a/b"))
            server.stop(signal.SIGKILL)
            server.start()
            self.assertEqual(list(self.paths(server)), ["/", "/first"])

    def test_warnings(self):
        """What a start warns of, whoever adds or changes an export is told, too; a refused change warns of nothing."""
        with LocalServer() as server:
            os.chmod(server.data, 0o755 if os.geteuid() == 0 else 0o555)
            body = {"path": "/data", "backend": "local", "argument": server.data, "squash": "all_squash"}
            found = self.must(201, server, "POST", EXPORTS, body)["warnings"]
            self.assertEqual(len(found), 1)
            self.assertRegex(found[0], "^warning: /data: .*may not write in.* Remedy: ")
            self.assertEqual(len(server.said("export.unwritable about=./data")), 1)
            self.must(409, server, "POST", EXPORTS, body)
            self.assertEqual(len(re.findall("export.unwritable about=./data", server.text())), 1)
            self.assertNotIn("warnings", self.must(200, server, "PUT", at("/data"), {**body, "access": "ro"}))
            done = subprocess.run([MAINSTAY, "--admin", "unix:" + server.socket, "export", "set", "/data", "rw"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
            self.assertRegex(done.stderr, "^mainstay: warning: /data: .*may not write")

    def test_characters(self):
        """Each that JSON can say is part of a path, those that YAML takes for the end of a line among them."""
        paths = ["/a\u0085b", "/a \u2028 b", "/\u2029", "/a\tb", "/a # b: {c}", "/\"'\\", "/\U0001f600"]
        with Server() as server:
            for path in paths:
                one = self.must(201, server, "POST", EXPORTS, {"path": path, "backend": "mem"})
                self.assertEqual(one["path"], shown(path))
                self.assertEqual(self.must(200, server, "GET", at(path)), one)
            server.stop(signal.SIGKILL)
            server.start()
            self.assertEqual(set(self.paths(server)), {"/", *map(shown, paths)})

    def test_stored_ones_that_cannot_be_served(self):
        """They do not keep the server from starting; the configuration goes before what is stored."""
        with LocalServer() as server:
            self.must(201, server, "POST", EXPORTS, {"path": "/gone", "backend": "local", "argument": server.data})
            self.must(201, server, "POST", EXPORTS, {"path": "/mine", "backend": "mem", "access": "ro"})
            server.stop()
            os.rmdir(server.data)
            server.options += ("--export", "/mine=mem:")
            server.start()
            mine = self.must(200, server, "GET", at("/mine"))
            self.assertEqual((mine["origin"], mine["read_only"]), ("option", False))
            self.assertRegex(server.text(), r"export\.overruled path=./mine")
            self.assertRegex(server.text(), r"export\.failed error=.*/gone")

    def test_stored_ones_that_are_not_served(self):
        """They are seen, with the reason; they can be tried again and removed, and what serves instead stays."""
        with LocalServer() as server:
            self.must(201, server, "POST", EXPORTS, {"path": "/gone", "backend": "local", "argument": server.data})
            for path in ("/mine", "/kept"):
                self.must(201, server, "POST", EXPORTS, {"path": path, "backend": "mem", "access": "ro"})
            server.stop()
            os.rmdir(server.data)
            options, server.options = server.options, server.options + ("--export", "/mine=mem:",
                                                                        "--export", "/kept=mem:")
            server.start()
            self.assertEqual(sorted(self.states(server)),
                             [("/", "served"), ("/first", "served"), ("/gone", "failed"), ("/kept", "overruled"),
                              ("/kept", "served"), ("/mine", "overruled"), ("/mine", "served")])
            gone = self.must(200, server, "GET", at("/gone"))
            self.assertEqual((gone["state"], gone["argument"], gone["origin"]), ("failed", server.data, "stored"))
            self.assertIn("No such file", gone["reason"])
            self.assertEqual(self.must(200, server, "GET", at("/mine"))["state"], "served")
            problem = self.must(409, server, "POST", EXPORTS, {"path": "/gone", "backend": "mem"})
            self.assertIn("stored", problem["reasons"][0])
            body = {"backend": "local", "argument": server.data}
            self.assertIn("No such file", self.must(422, server, "PUT", at("/gone"), body)["reasons"][0])
            os.mkdir(server.data)
            one = self.must(200, server, "PUT", at("/gone"), body)
            self.assertEqual((one["state"], one["reason"]), ("served", None))
            self.must(204, server, "DELETE", at("/mine"))
            self.must(409, server, "DELETE", at("/mine"))
            self.assertEqual(self.must(200, server, "GET", at("/mine"))["origin"], "option")
            server.stop()
            server.options = options
            server.start()
            self.assertEqual(sorted(self.states(server)), [("/", "served"), ("/first", "served"), ("/gone", "served"),
                                                           ("/kept", "served")])
            server.stop()
            os.rmdir(server.data)
            server.start()
            self.assertEqual(self.must(200, server, "GET", at("/gone"))["state"], "failed")
            self.must(204, server, "DELETE", at("/gone"))
            self.must(404, server, "GET", at("/gone"))

    def test_revision(self):
        """A change that expects another revision is refused; each change and each start makes a new one."""
        with Server() as server:
            tags = [self.tag(server)]

            def change(method, path, body, tag):
                data = json.dumps(body).encode() if body else b""
                fields = {"Content-Length": str(len(data)), "If-Match": tag}
                return request(server.socket, path, method, fields, data).status

            for method, path, body, status in (("POST", EXPORTS, {"path": "/x", "backend": "mem"}, 201),
                                               ("PUT", at("/x"), {"backend": "mem", "access": "ro"}, 200),
                                               ("DELETE", at("/x"), None, 204)):
                for tag in tags[:-1] + ['"7"', "W/" + tags[-1], '"x"']:
                    self.assertEqual(change(method, path, body, tag), 412)
                self.assertEqual(change(method, path, body, "x"), 400)
                self.assertEqual(self.tag(server), tags[-1])
                self.assertEqual(change(method, path, body, tags[-1]), status)
                tags.append(self.tag(server))
                self.assertNotIn(tags[-1], tags[:-1])
            self.assertEqual(change("POST", EXPORTS, {"path": "/y", "backend": "mem"}, "*"), 201)
            server.stop(signal.SIGKILL)
            server.start()
            self.assertNotIn(self.tag(server), tags)
            self.assertEqual(self.ask(server, "GET", at("/y")).fields["etag"], self.tag(server))

    def tag(self, server):
        return self.ask(server, "GET", EXPORTS).fields["etag"]

    def test_locked_store(self):
        """Another process has it: that is told soon, and nothing is changed."""
        with Server() as server:
            self.must(201, server, "POST", EXPORTS, {"path": "/x", "backend": "mem"})
            other = sqlite3.connect(os.path.join(server.state, "exports.db"), isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            for method, path, body in (("POST", EXPORTS, {"path": "/y", "backend": "mem"}),
                                       ("PUT", at("/x"), {"backend": "mem", "access": "ro"}),
                                       ("DELETE", at("/x"), None)):
                self.assertIn("locked", self.must(503, server, method, path, body)["reasons"][0])
            other.close()
            self.assertEqual({path: one["read_only"] for path, one in self.paths(server).items()},
                             {"/": False, "/x": False})
            self.must(204, server, "DELETE", at("/x"))

    def test_emptied_store(self):
        with Server() as server:
            self.must(201, server, "POST", EXPORTS, {"path": "/x", "backend": "mem"})
            server.stop()
            self.assertNotIn("export.store_empty", server.text())
            with open(os.path.join(server.state, "exports.db"), "w", encoding="utf-8"):
                pass
            server.start()
            self.assertEqual(list(self.paths(server)), ["/"])
            self.assertRegex(server.text(), r"warn export\.store_empty file=.exports\.db")

    def test_descriptors_come_back(self):
        """An export gets those of one that was removed just now."""
        with LocalServer("--descriptors", "1024") as server:
            body = {"path": "/x", "backend": "local", "argument": server.data}
            count = 0
            while self.ask(server, "POST", EXPORTS, {**body, "path": f"/x{count}"}).status == 201:
                count += 1
            self.assertGreater(count, 0)
            for _ in range(3):
                self.must(204, server, "DELETE", at("/x0"))
                self.must(201, server, "POST", EXPORTS, {**body, "path": "/x0"})

    def states(self, server):
        return [(one["path"], one["state"]) for one in self.must(200, server, "GET", EXPORTS)["items"]]

    def test_owners(self):
        with Server() as server:
            for method, body in (("PUT", {"backend": "mem"}), ("DELETE", None)):
                problem = self.must(409, server, method, at("/"), body)
                self.assertIn("command line", problem["reasons"][0])

    def test_use(self):
        """One that is in use is removed only by force, and says who uses it."""
        with Server() as server:
            self.must(201, server, "POST", EXPORTS, {"path": "/x", "backend": "mem", "squash": "no_root_squash"})
            with subprocess.Popen([BENCH, "--target", f"127.0.0.1:{server.port}", "--export", "/x", "--op", "read:4096",
                                   "--time", "600"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
                try:
                    wait_until(lambda: self.must(200, server, "GET", at("/x"))["uses"]["opens"])
                    problem = self.must(409, server, "DELETE", at("/x"))
                    self.assertRegex(problem["reasons"][0], r"1 client \(\d+ opens?, \d+ delegations?\) uses it")
                    self.assertRegex(problem["reasons"][1], r"\A.*\S \(127\.0\.0\.1\)\Z")
                    self.assertIn("/x", self.paths(server))
                    self.must(204, server, "DELETE", at("/x") + "?force=true")
                finally:
                    client.kill()
            wait_until(lambda: re.search(r"export\.revoke revoked=[1-9]", server.text()))
            self.must(201, server, "POST", EXPORTS, {"path": "/x", "backend": "mem"})

    def test_bad_input(self):
        """A clear word about each, and nothing is changed."""
        sound = {"path": "/x", "backend": "mem"}
        rows = [
            ("POST", EXPORTS, b"", 400, "empty"),
            ("POST", EXPORTS, b"{", 400, "line 1"),
            ("POST", EXPORTS, b"[]", 422, "object"),
            ("POST", EXPORTS, b'{"path": "/x", "path": "/y"}', 400, "duplicate"),
            ("POST", EXPORTS, b'{"path": "/x", "backend": "mem", "access": "ro", "access": "rw"}', 400, "duplicate"),
            ("POST", EXPORTS, b'{"path": "/x", "backend": "mem", "access": "ro", "acces\\u0073": "rw"}', 400,
             "duplicate"),
            ("POST", EXPORTS, {**sound, "access": "ro", "read_only": False}, 422, "unknown key 'read_only'"),
            ("POST", EXPORTS, {**sound, "access": ["ro", "rw"]}, 422, "rw or ro"),
            ("POST", EXPORTS, {}, 422, '"the export has no path; for example path: /data"'),
            ("POST", EXPORTS, {"path": "/x"}, 422, "has no backend"),
            ("POST", EXPORTS, {"backend": "mem"}, 422, "has no path"),
            ("POST", EXPORTS, {**sound, "path": "x"}, 422, '"path wants '),
            ("POST", EXPORTS, {**sound, "path": "/../x"}, 422, "path"),
            ("POST", EXPORTS, b'{"path": "/x\\u0000y", "backend": "mem"}', 400, "u0000"),
            ("POST", EXPORTS, {**sound, "squash": {"a": [{}]}}, 422, "not a map"),
            ("POST", EXPORTS, {**sound, "clients": [["192.0.2.1"]]}, 422, "not a list"),
            ("POST", EXPORTS, {**sound, "fsid": None}, 422, "no value"),
            ("POST", EXPORTS, {**sound, "path": 7}, 422, "path"),
            ("POST", EXPORTS, {**sound, "path": ["/x"]}, 422, "path"),
            ("POST", EXPORTS, {**sound, "path": "/" + 300 * "x"}, 422, "path"),
            ("POST", EXPORTS, {**sound, "backend": "nfs"}, 422, "unknown backend"),
            ("POST", EXPORTS, {**sound, "backend": "local"}, 422, "needs a directory"),
            ("POST", EXPORTS, {**sound, "argument": "/tmp"}, 422, "takes no argument"),
            ("POST", EXPORTS, {"path": "/x", "backend": "local", "argument": "/not/there"}, 422, "No such file"),
            ("POST", EXPORTS, {"path": "/x", "backend": "local", "argument": "/etc/passwd"}, 422, "not a directory"),
            ("POST", EXPORTS, {"path": "/x", "backend": "local", "argument": "tmp"}, 422, "absolute"),
            ("POST", EXPORTS, {**sound, "acess": "ro"}, 422, "access"),
            ("POST", EXPORTS, {**sound, "access": "r"}, 422, "rw or ro"),
            ("POST", EXPORTS, {**sound, "access": True}, 422, "rw or ro"),
            ("POST", EXPORTS, {**sound, "changes": 1}, 422, "sync or async"),
            ("POST", EXPORTS, {**sound, "squash": "root"}, 422, "root_squash"),
            ("POST", EXPORTS, {**sound, "anonuid": -1}, 422, "anonuid"),
            ("POST", EXPORTS, {**sound, "anongid": 1 << 32}, 422, "anongid"),
            ("POST", EXPORTS, {**sound, "fsid": 0}, 422, "fsid"),
            ("POST", EXPORTS, {**sound, "fsid": 1.5}, 422, "fsid"),
            ("POST", EXPORTS, {**sound, "ports": "all"}, 422, "ports"),
            ("POST", EXPORTS, {**sound, "sec": "krb6"}, 422, "sec: expected krb5p, krb5i, krb5, sys or none"),
            ("POST", EXPORTS, {**sound, "sec": ["krb5"]}, 422, "sec wants krb5p"),
            ("POST", EXPORTS, {**sound, "sec": ""}, 422, "sec: expected"),
            ("POST", EXPORTS, {**sound, "xprtsec": "mtls:mtls"}, 422, "'mtls' is there twice"),
            ("POST", EXPORTS, {**sound, "strict_utf8": "yes"}, 422, "strict_utf8"),
            ("POST", EXPORTS, {**sound, "clients": []}, 422, "clients"),
            ("POST", EXPORTS, {**sound, "clients": "192.0.2.1"}, 422, "clients"),
            ("POST", EXPORTS, {**sound, "clients": ["host"]}, 422, "clients"),
            ("POST", EXPORTS, {**sound, "clients": ["192.0.2.1/33"]}, 422, "clients"),
            ("POST", EXPORTS, {**sound, "path": "/"}, 409, "exported already"),
            ("POST", EXPORTS + "?x=1", sound, 400, "x"),
            ("PUT", at("/x"), sound, 404, "not exported"),
            ("PUT", at("x"), sound, 404, "absolute"),
            ("PUT", EXPORTS + "/%zz", sound, 400, ""),
            ("DELETE", at("/x") + "?force=yes", None, 400, "true or false"),
            ("DELETE", at("/x") + "?forse=true", None, 400, "forse"),
            ("DELETE", at("/x"), None, 404, "not exported"),
            ("GET", at("/x"), None, 404, "no such export"),
            ("POST", "/api/v1/reload?force=1", None, 400, "true or false"),
            ("POST", "/api/v1/reload", {"file": "x"}, 422, ""),
        ]
        with Server() as server:
            before = self.paths(server)
            for method, path, body, status, word in rows:
                with self.subTest(method=method, path=path, body=body):
                    problem = self.must(status, server, method, path, body)
                    self.assertIn(word, json.dumps(problem))
                    self.assertEqual(self.paths(server), before)
            self.must(201, server, "POST", EXPORTS, sound)
            before = self.paths(server)
            for body in ({"path": "/y", "backend": "mem"}, {"backend": "mem", "fsid": 3},
                         {"backend": "local", "argument": "/tmp"}):
                self.assertIn("remove it", self.must(422, server, "PUT", at("/x"), body)["reasons"][0])
                self.assertEqual(self.paths(server), before)


class Reload(Case):
    def write(self, server, *exports, more=""):
        with open(server.file, "w", encoding="utf-8") as file:
            file.write("exports:\n" + "".join(f"- {{ path: {one} }}\n" for one in exports) + more)

    def reload(self, server, query=""):
        return self.must(200, server, "POST", "/api/v1/reload" + query)["changes"]

    def test_without_a_file(self):
        with Server() as server:
            self.assertEqual(self.reload(server), [])

    def test_difference(self):
        """What differs is told line by line; what an administrator added stays, unless the file has it, too."""
        with FileServer() as server:
            self.write(server, "/, backend: mem")
            server.start()
            self.must(201, server, "POST", EXPORTS, {"path": "/own", "backend": "mem"})
            self.must(201, server, "POST", EXPORTS, {"path": "/both", "backend": "mem"})
            self.write(server, "/, backend: mem, access: ro", "/new, backend: mem", "/both, backend: mem",
                       more="settings: { nfs.recall_park_ms: 17 }\nthreads: 7\n")
            changes = "\n".join(self.reload(server))
            for line in ("setting nfs.recall_park_ms: 17, was ", "export / changed: access", "export /new added",
                         "export /both belongs to the configuration", "threads: 7 from the next start on"):
                self.assertIn(line, changes)
            self.assertEqual({path: one["origin"] for path, one in self.paths(server).items()},
                             {"/": "file", "/new": "file", "/own": "stored", "/both": "file"})
            self.assertEqual([line for line in self.reload(server) if not line.startswith("threads")], [])
            problem = self.must(409, server, "DELETE", at("/new"))
            self.assertIn("configuration file", problem["reasons"][0])

    def test_warnings(self):
        """Of exports that are new or changed; those that stay as they are were warned of before."""
        with FileServer() as server:
            data = os.path.join(server.own, "data")
            os.mkdir(data, 0o755 if os.geteuid() == 0 else 0o555)
            local = f"/data, backend: local, argument: {data}, squash: all_squash"
            self.write(server, f"{local}, access: ro")
            server.start()
            self.write(server, local)
            self.assertRegex("\n".join(self.reload(server)), "(?m)^warning: /data: .*may not write in")
            self.assertEqual(self.reload(server), [])
            self.assertEqual(len(server.said("export.unwritable")), 1)

    def test_dry_run(self):
        """It says what the reload says then, or what is wrong, and changes nothing; the log has none of it."""
        dry = "/api/v1/reload?dry_run=true"
        with FileServer() as server:
            self.write(server, "/, backend: mem", "/gone, backend: mem", "/other, backend: mem, fsid: 7")
            server.start()
            self.must(201, server, "POST", EXPORTS, {"path": "/both", "backend": "mem"})
            self.assertEqual(self.must(200, server, "POST", dry)["changes"], [])
            before = self.paths(server), self.must(200, server, "GET", "/api/v1/settings")
            self.write(server, "/, backend: mem, access: ro", "/new, backend: mem", "/both, backend: mem",
                       "/other, backend: mem, fsid: 8",
                       more="settings: { nfs.recall_park_ms: 17 }\nlease: 45\nthreads: 7\n")
            foreseen = self.must(200, server, "POST", dry)["changes"]
            self.assertEqual([re.sub(r", (is|now) .*", "", line) for line in foreseen], [
                "setting nfs.recall_park_ms: would be 17", "setting nfs.lease_s: 45 from the next start on",
                "export /gone would be removed", "export / would change: access", "export /new would be added",
                "export /both would belong to the configuration",
                "export /other would be removed, to get other files", "export /other would be added",
                "threads: 7 from the next start on"])
            self.assertEqual((self.paths(server), self.must(200, server, "GET", "/api/v1/settings")), before)
            self.assertNotIn("daemon.reload ", server.text())
            done = self.reload(server)
            for word in ("recall_park_ms: 17", "/gone removed", "/ changed: access", "/new added", "/both belongs"):
                self.assertIn(word, "\n".join(done))
            self.write(server, "/, backend: nope")
            self.assertIn(f"{server.file}:2: ", self.must(422, server, "POST", dry)["reasons"][0])
            self.must(400, server, "POST", "/api/v1/reload?dry_run=1")

    def test_an_overruled_one_comes_back(self):
        """When the file no longer has its path."""
        with FileServer() as server:
            self.write(server, "/, backend: mem")
            server.start()
            self.must(201, server, "POST", EXPORTS, {"path": "/x", "backend": "mem", "access": "ro"})
            server.stop()
            self.write(server, "/, backend: mem", "/x, backend: mem")
            server.start()
            self.assertFalse(self.must(200, server, "GET", at("/x"))["read_only"])
            self.write(server, "/, backend: mem")
            self.assertEqual(self.reload(server), ["export /x removed", "export /x added as it is stored"])
            one = self.must(200, server, "GET", at("/x"))
            self.assertEqual((one["origin"], one["state"], one["read_only"]), ("stored", "served", True))

    def test_mistakes(self):
        with FileServer() as server:
            self.write(server, "/, backend: mem")
            server.start()
            before = self.paths(server), self.must(200, server, "GET", "/api/v1/settings")
            self.write(server, "/x, backend: mem", "/y, backend: nope", "/z, backend: local, argument: /not/there",
                       more="settings: { nfs.recall_park_ms: 17 }\n")
            reasons = self.must(422, server, "POST", "/api/v1/reload")["reasons"]
            self.assertEqual([re.match(rf"{server.file}:(\d+): ", one)[1] for one in reasons], ["3", "4"])
            self.assertEqual((self.paths(server), self.must(200, server, "GET", "/api/v1/settings")), before)


class FileServer(Server):
    """Its exports are those of a configuration file, to be written before it is started."""

    def __enter__(self):
        os.mkdir(self.state)
        self.file = os.path.join(self.own, "mainstay.conf")
        return self

    def start(self):
        return super().start(("--config", self.file))


if __name__ == "__main__":
    unittest.main()
