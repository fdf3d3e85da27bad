#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard as a browser gets it, without one: its files, who gets them, what is said of them, and that pages of
other sites get nothing that they did not get before.  What the page does is for protocol.dashboard_page."""

import json
import os
import re
import shutil
import ssl
import socket
import subprocess
import tempfile
import unittest

import suite
from admin_server import FULL, READ, TIMEOUT_S, Reply, Server, request, wait_until

PAGE = os.path.join(os.environ["MAINSTAY_SOURCE"], "src/admin/dashboard/page")
PKI = os.path.join(os.environ["MAINSTAY_SOURCE"], "tests/lib/pki")
TOKENS = (f"full {FULL}", f"read {READ}")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
OWN_PAGE = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}


def bearer(token):
    return {"Authorization": f"Bearer {token}"} if token else {}


def content(name):
    with open(os.path.join(PAGE, name), "rb") as file:
        return file.read()


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(tokens=TOKENS).start()
        cls.addClassCleanup(cls.server.__exit__, None)
        cls.own = f"{cls.server.tcp[0]}:{cls.server.tcp[1]}"

    def ask(self, path, method="GET", **fields):
        return request(self.server.tcp, path, method, {name.replace("_", "-"): value for name, value in fields.items()})

    def with_fields(self, path, fields, method="GET", address=None):
        return request(address or self.server.tcp, path, method, fields)

    def test_files(self):
        """All that the page has, byte for byte, of the right kind, without a token."""
        names = os.listdir(PAGE)
        self.assertGreater(len(names), 10)
        for name in names:
            for address in (self.server.tcp, self.server.socket):
                reply = request(address, f"/dashboard/{name}")
                self.assertEqual((reply.status, reply.body), (200, content(name)), name)
                self.assertEqual(reply.fields["content-type"], TYPES[os.path.splitext(name)[1]], name)
        self.assertEqual(self.ask("/").body, content("index.html"))

    def test_nothing_else(self):
        for path in ("/dashboard", "/dashboard/", "/dashboard/none.js", "/dashboard/..%2fstyle.css",
                     "/dashboard/%2e%2e", "/dashboard/style.css/", "/dashboard/STYLE.CSS", "//", "/index.html"):
            for token in (None, FULL):
                reply = self.with_fields(path, bearer(token))
                self.assertIn(reply.status, (401, 404) if token is None else (404,), path)
                self.assertEqual(reply.fields["cache-control"], "no-store")

    def test_no_other_resource(self):
        """The files name no other host, no code in attributes, and nothing that makes HTML of texts."""
        for name in os.listdir(PAGE):
            text = content(name).decode()
            self.assertEqual(set(re.findall(r"https?://[^\s\"']+", text)) - {"http://www.w3.org/2000/svg"}, set(), name)
            self.assertNotRegex(text, r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function", name)
        html = content("index.html").decode()
        self.assertNotRegex(html, r"\son\w+=|style=|<style|<script(?! type=\"module\" src=\"/dashboard/main\.js\")")

    def test_security_headers(self):
        policy = {}
        for part in self.ask("/").fields["content-security-policy"].split("; "):
            name, *values = part.split()
            policy[name] = values
        self.assertEqual(policy, {
            "default-src": ["'none'"], "script-src": ["'self'"], "style-src": ["'self'"], "img-src": ["'self'"],
            "connect-src": ["'self'"], "base-uri": ["'none'"], "form-action": ["'none'"],
            "frame-ancestors": ["'none'"], "require-trusted-types-for": ["'script'"], "trusted-types": ["'none'"]})
        for path in ("/", "/dashboard/main.js", "/api/v1/access", "/api/v1/server", "/nothing"):
            fields = self.ask(path).fields
            self.assertIn("frame-ancestors 'none'", fields["content-security-policy"], path)
            self.assertIn("default-src 'none'", fields["content-security-policy"], path)
            self.assertEqual(fields["x-content-type-options"], "nosniff", path)
            self.assertEqual(fields["referrer-policy"], "no-referrer", path)
            self.assertEqual(fields["cross-origin-resource-policy"], "same-origin", path)
            self.assertNotIn("access-control-allow-origin", fields, path)

    def test_caching(self):
        tags = set()
        for name in os.listdir(PAGE):
            path = f"/dashboard/{name}"
            first = self.ask(path)
            tag = first.fields["etag"]
            self.assertRegex(tag, r'^"[0-9a-f]{32}"$')
            self.assertEqual(first.fields["cache-control"], "no-cache")
            tags.add(tag)
            for known in (tag, f'W/{tag}', f'"other", {tag}', "*"):
                again = self.with_fields(path, {"If-None-Match": known})
                self.assertEqual((again.status, again.body, again.fields["etag"]), (304, b"", tag), known)
                self.assertIn("content-security-policy", again.fields)
            for other in ('"other"', tag.strip('"'), ""):
                self.assertEqual(self.with_fields(path, {"If-None-Match": other}).status, 200, other)
        self.assertEqual(len(tags), len(os.listdir(PAGE)))
        for path in ("/api/v1/access", "/api/v1/server", "/metrics"):
            reply = self.with_fields(path, {**bearer(READ), "If-None-Match": "*"})
            self.assertEqual((reply.status, reply.fields["cache-control"]), (200, "no-store"), path)

    def test_methods(self):
        head = self.ask("/", "HEAD")
        self.assertEqual((head.status, head.body, int(head.fields["content-length"])),
                         (200, b"", len(content("index.html"))))
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            for path in ("/", "/dashboard/main.js", "/api/v1/access"):
                self.assertEqual(self.ask(path, method).status, 401, (method, path))
                reply = self.with_fields(path, bearer(FULL), method)
                self.assertEqual((reply.status, reply.fields["allow"]), (405, "GET, HEAD"), (method, path))
        self.assertEqual(self.with_fields("/", {"Content-Length": "1"}).status, 413)

    def test_access(self):
        for token, found in ((None, ("none", "none")), ("x" * 30, ("none", "none")), (READ, ("read", "token")),
                             (FULL, ("full", "token"))):
            reply = self.with_fields("/api/v1/access", bearer(token))
            self.assertEqual(reply.status, 200)
            self.assertEqual(tuple(json.loads(reply.body)[key] for key in ("access", "by")), found)
        self.assertEqual(json.loads(request(self.server.socket, "/api/v1/access").body),
                         {"access": "full", "by": "socket"})

    def test_wrong_tokens_are_logged(self):
        """Also where none is needed: nobody tries one after the other unseen."""
        with Server(tokens=TOKENS) as server:
            for path, token in (("access", None), ("access", FULL), ("access", "x" * 30), ("server", None)):
                request(server.tcp, f"/api/v1/{path}", fields=bearer(token))
            # The log is written in order.
            wait_until(lambda: re.search(r" admin\.refused .*/api/v1/server", server.text()))
            self.assertEqual(re.findall(r" admin\.refused (.*)/api/v1/access", server.text()),
                             ['status=401 method="GET" path="'])

    def test_data_needs_a_token(self):
        for path in ("/api/v1/server", "/api/v1/activity", "/api/v1/clients", "/api/v1/events", "/metrics"):
            for fields in ({}, OWN_PAGE, {"Origin": f"http://{self.own}", "Host": self.own}):
                self.assertEqual(self.with_fields(path, fields).status, 401, (path, fields))

    def test_own_page(self):
        """Its requests pass, with the rights of their token."""
        own = {**OWN_PAGE, "Host": self.own}
        self.assertEqual(self.with_fields("/api/v1/server", {**own, **bearer(READ)}).status, 200)
        own["Origin"] = f"http://{self.own}"
        none = "/api/v1/opens/" + "0" * 24
        self.assertEqual(self.with_fields(none, {**own, **bearer(READ)}, "DELETE").status, 403)
        self.assertEqual(self.with_fields(none, {**own, **bearer(FULL)}, "DELETE").status, 404)
        self.assertEqual(self.with_fields(none, own, "DELETE", self.server.socket).status, 404)

    def test_other_sites(self):
        """Neither with a token nor over the socket, to which a browser may come by ssh."""
        strange = ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": f"https://{self.own}"},
                   {"Origin": f"http://{self.server.tcp[0]}:1"}, {"Sec-Fetch-Site": "cross-site"},
                   {"Sec-Fetch-Site": "same-site"}, {**OWN_PAGE, "Host": "evil.example"},
                   {"Host": "evil.example", "Origin": "http://evil.example"}, {"Host": f"evil.example:{self.own[-5:]}"})
        for address, token in ((self.server.tcp, bearer(FULL)), (self.server.socket, {})):
            for fields in strange:
                for method, path in (("GET", "/api/v1/clients"), ("POST", "/api/v1/drain"), ("GET", "/api/v1/access"),
                                     ("DELETE", "/api/v1/opens/" + "0" * 24), ("PATCH", "/api/v1/settings"),
                                     ("GET", "/"), ("GET", "/dashboard/main.js")):
                    reply = self.with_fields(path, {"Host": self.own, **token, **fields}, method, address)
                    self.assertEqual(reply.status, 403, (path, fields))
                    self.assertNotIn(b"<", reply.body)
        self.assertEqual(request(self.server.socket, "/readyz").status, 200)  # it does not drain

    def test_links(self):
        """May lead to the page from anywhere, but not into a frame, and not to data."""
        own = {"Host": self.own, **LINK}
        self.assertEqual(self.with_fields("/", own).status, 200)
        self.assertEqual(self.with_fields("/", {**own, "Sec-Fetch-Dest": "iframe"}).status, 403)
        self.assertEqual(self.with_fields("/", {**own, "Host": "evil.example"}).status, 403)
        self.assertEqual(self.with_fields("/", {**own, "Origin": "http://evil.example"}).status, 403)
        self.assertEqual(self.with_fields("/api/v1/server", {**own, **bearer(FULL)}).status, 403)
        self.assertEqual(self.with_fields("/api/v1/server", own, address=self.server.socket).status, 403)


class Https(unittest.TestCase):
    def test_page(self):
        folder = tempfile.mkdtemp(prefix="mainstay-dashboard-")
        self.addCleanup(shutil.rmtree, folder)
        subprocess.run([PKI, folder], check=True, timeout=TIMEOUT_S)
        name = lambda file: os.path.join(folder, file)  # pylint: disable=unnecessary-lambda-assignment
        context = ssl.create_default_context(cafile=name("ca.pem"))
        with Server("--admin-tls", "on", "--tls-cert", name("server.pem"), "--tls-key", name("server.key"),
                    tokens=TOKENS) as server:
            own = f"127.0.0.1:{server.tcp[1]}"

            def ask(path, **fields):
                head = "".join(f"{key}: {value}\r\n" for key, value in {"Host": own, **fields}.items())
                with socket.create_connection(server.tcp, timeout=TIMEOUT_S) as plain, \
                        context.wrap_socket(plain, server_hostname="localhost") as peer:
                    peer.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
                    return Reply(b"".join(iter(lambda: peer.recv(1 << 16), b"")))

            self.assertEqual(ask("/").body, content("index.html"))
            self.assertEqual(ask("/dashboard/style.css").body, content("style.css"))
            self.assertEqual(ask("/api/v1/server", **bearer(READ), Origin=f"https://{own}").status, 200)
            self.assertEqual(ask("/api/v1/server", **bearer(READ), Origin=f"http://{own}").status, 403)


if __name__ == "__main__":
    suite.run()
