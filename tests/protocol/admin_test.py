#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The admin endpoint of a running mainstayd: who may use it, what it refuses, what it bears, and what it says of the
server's health."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import suite
from admin_server import BIN, FULL, MAINSTAYD, READ, Reply, Server, exchange, request, wait_until

TOKENS = (f"full {FULL}", "# a comment", "", f"read {READ}")
REQUEST_S = 10  # LIMIT_ADMIN_REQUEST_S
CONNECTIONS = 32  # LIMIT_ADMIN_CONNECTIONS
CONNECTIONS_PER_ADDRESS = 16  # LIMIT_ADMIN_CONNECTIONS_PER_ADDRESS


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def check(*options):
    """What --check says: its status and words."""
    with tempfile.TemporaryDirectory(prefix="mainstay-admin-") as state:
        done = subprocess.run([MAINSTAYD, "--listen", "127.0.0.1:0", "--export", "/=mem:", "--state", state, "--check",
                               *options], stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


class Socket(unittest.TestCase):
    def test_mode_and_owner(self):
        with Server() as server:
            st = os.lstat(server.socket)
            self.assertEqual((st.st_mode & 0o7777, st.st_uid), (0o600, os.geteuid()))
            self.assertEqual(request(server.socket, "/healthz").status, 200)

    def test_goes_with_the_server(self):
        with Server() as server:
            self.assertTrue(os.path.exists(server.socket))
            self.assertEqual(server.stop(), 0)
            self.assertFalse(os.path.exists(server.socket))

    def test_of_a_dead_server_is_replaced(self):
        with Server() as server:
            server.stop(signal.SIGKILL)
            self.assertTrue(os.path.exists(server.socket))
            server.start()
            self.assertEqual(request(server.socket, "/healthz").status, 200)

    def test_of_a_live_process_is_refused(self):
        with tempfile.TemporaryDirectory(prefix="mainstay-admin-") as folder, socket.socket(socket.AF_UNIX) as other:
            path = os.path.join(folder, "socket")
            other.bind(path)
            other.listen()
            for found in (check("--admin", f"unix:{path}"), self.start(path)):
                self.assertEqual(found[0], 1)
                self.assertIn(f"--admin unix:{path}: another process listens there; end it, or choose another path",
                              found[1])
            self.assertTrue(os.path.exists(path))

    def test_other_files_stay(self):
        with tempfile.NamedTemporaryFile(prefix="mainstay-admin-") as file:
            for found in (check("--admin", f"unix:{file.name}"), self.start(file.name)):
                self.assertEqual(found[0], 1)
                self.assertIn("there is a file that is no socket; choose another path", found[1])
            self.assertTrue(os.path.isfile(file.name))

    def test_no_directory(self):
        for found in (check("--admin", "unix:/nonexistent/socket"), self.start("/nonexistent/socket")):
            self.assertEqual(found[0], 1)
            self.assertIn("--admin unix:/nonexistent/socket: No such file or directory", found[1])

    @staticmethod
    def start(path):
        server = Server("--admin", f"unix:{path}")
        try:
            with server:
                return None
        except AssertionError as error:
            return server.process.returncode, str(error)

    def test_a_long_path(self):
        """Longer than the kernel's address of a socket."""
        with tempfile.TemporaryDirectory(prefix="mainstay-admin-") as folder:
            state = os.path.join(folder, "d" * 100, "state")
            os.mkdir(os.path.dirname(state))
            with Server(state=state) as server:
                directory = os.open(state, os.O_PATH)
                self.assertEqual(request(f"/proc/self/fd/{directory}/admin.sock", "/healthz").status, 200)
                os.close(directory)
                server.stop()
                self.assertFalse(os.path.exists(server.socket))

    def test_none(self):
        with Server("--admin", "none") as server:
            self.assertFalse(os.path.exists(server.socket))

    @unittest.skipIf(os.geteuid() != 0, "needs root to become somebody else")
    def test_other_users(self):
        """Not by the mode of the socket alone: by who they are, too."""
        with Server() as server:
            for folder in (server.own, server.state):
                os.chmod(folder, 0o755)
            self.assertEqual(self.as_nobody(server.socket), "EACCES")
            os.chmod(server.socket, 0o666)
            self.assertEqual(self.as_nobody(server.socket), "403")
            self.assertEqual(request(server.socket, "/healthz").status, 200)

    @staticmethod
    def as_nobody(path):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            try:
                found = str(request(path, "/healthz").status)
            except PermissionError:
                found = "EACCES"
            os.write(writer, found.encode())
            os._exit(0)  # pylint: disable=protected-access
        os.close(writer)
        os.waitpid(child, 0)
        with os.fdopen(reader) as file:
            return file.read()


class Tokens(unittest.TestCase):
    def test_tcp_needs_one(self):
        self.assertEqual(check("--admin", "127.0.0.1:0")[0], 2)
        self.assertIn("over TCP requests need a token", check("--admin", "127.0.0.1:0")[1])
        with Server(tokens=TOKENS) as server:
            for fields in ({}, {"Authorization": FULL}, {"Authorization": f"Basic {FULL}"},
                           bearer(FULL[:-1]), bearer(FULL + "x"), bearer(""), bearer("x" * 5000)):
                reply = request(server.tcp, "/healthz", fields=fields)
                self.assertEqual((reply.status, reply.fields["www-authenticate"]), (401, "Bearer"))
            for token in (FULL, READ):
                self.assertEqual(request(server.tcp, "/healthz", fields=bearer(token)).status, 200)
            self.assertNotIn(FULL, server.text())

    def test_are_read_again(self):
        other = "another-token-of-the-tests"
        with Server(tokens=TOKENS) as server:
            server.write_tokens(f"full {other}")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: request(server.tcp, "/healthz", fields=bearer(other)).status == 200)
            self.assertEqual(request(server.tcp, "/healthz", fields=bearer(FULL)).status, 401)
            server.write_tokens("nonsense")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "the tokens stay as they were" in server.text())
            self.assertEqual(request(server.tcp, "/healthz", fields=bearer(other)).status, 200)

    def test_are_read_by_reload(self):
        """A token that is gone from the file is invalid, and the reply says so."""
        other = "another-token-of-the-tests"
        with Server(tokens=TOKENS) as server:
            def reload(status):
                reply = request(server.socket, "/api/v1/reload", method="POST")
                self.assertEqual(reply.status, status, reply.body)
                return json.loads(reply.body)["changes" if status == 200 else "reasons"]
            self.assertEqual(reload(200), [])
            server.write_tokens(f"full {other}")
            self.assertEqual(reload(200), ["--admin-token: the tokens have changed, and are 1 now"])
            self.assertEqual(request(server.tcp, "/healthz", fields=bearer(FULL)).status, 401)
            self.assertEqual(request(server.tcp, "/healthz", fields=bearer(other)).status, 200)
            server.write_tokens("nonsense")
            self.assertIn("the tokens stay as they were", reload(422)[0])
            self.assertEqual(request(server.tcp, "/healthz", fields=bearer(other)).status, 200)

    def test_stay_if_the_configuration_is_wrong(self):
        """A reload that is refused has changed nothing, and tells all that is wrong; the next one makes up for it."""
        other = "another-token-of-the-tests"
        with tempfile.TemporaryDirectory(prefix="mainstay-admin-") as folder:
            path = os.path.join(folder, "mainstay.conf")

            def write(more):
                with open(path, "w", encoding="ascii") as file:
                    file.write("exports: [{ path: /, backend: mem }]\n" + more)

            write("")
            with Server("--config", path, tokens=TOKENS) as server:
                def reload(status):
                    reply = request(server.socket, "/api/v1/reload", method="POST")
                    self.assertEqual(reply.status, status, reply.body)
                    return json.loads(reply.body)["changes" if status == 200 else "reasons"]

                def accepted():
                    return [request(server.tcp, "/healthz", fields=bearer(one)).status for one in (FULL, other)]

                server.write_tokens(f"full {other}")
                write("threads: many\n")
                reasons = reload(422)
                self.assertEqual(len(reasons), 1, reasons)
                self.assertIn(f"{path}:2: threads", reasons[0])
                self.assertEqual(accepted(), [200, 401])
                server.write_tokens("nonsense")
                reasons = reload(422)
                self.assertIn("the tokens stay as they were", reasons[0])
                self.assertIn(f"{path}:2: threads", reasons[1])
                server.write_tokens(f"full {other}")
                write("")
                self.assertEqual(len(reload(200)), 1)
                self.assertEqual(accepted(), [401, 200])

    def test_beyond_this_machine(self):
        with tempfile.NamedTemporaryFile(prefix="mainstay-admin-") as file:
            file.write(f"full {FULL}\n".encode())
            file.flush()
            for address in ("0.0.0.0:0", "[::]:0"):
                status, words = check("--admin", address, "--admin-token", file.name)
                self.assertEqual(status, 2)
                self.assertIn(f"--admin {address}: other machines could reach this address", words)
            self.assertEqual(check("--admin", "0.0.0.0:0", "--admin-open", "--admin-token", file.name), (0, ""))

    def test_files(self):
        """Each with its place and what would be right, and without the token."""
        long_enough = "x" * 20
        for content, mode, words in (
                (None, 0o600, ": No such file or directory"),
                (f"full {long_enough}\n", 0o640, ": can be used by others than its owner; chmod 600 mends that"),
                (f"full {long_enough}\n", 0o604, ": can be used by others than its owner"),
                ("", 0o600, ":1: there is no token; expected a line 'full TOKEN'"),
                ("# only this\n\n", 0o600, ":2: there is no token"),
                (long_enough + "\n", 0o600, ":1: expected 'full TOKEN' or 'read TOKEN'"),
                (f"write {long_enough}\n", 0o600, ":1: expected 'full TOKEN' or 'read TOKEN'"),
                ("full\n", 0o600, ":1: expected 'full TOKEN' or 'read TOKEN'"),
                (f"full {long_enough} more\n", 0o600, ":1: a token has only letters, digits and -._~+/="),
                (f"full {long_enough}\x01\n", 0o600, ":1: a token has only letters"),
                (f"# first\nfull {long_enough}ä\n", 0o600, ":2: a token has only letters"),
                ("read " + "x" * 19, 0o600, ":1: a token has 20 to 256 characters"),
                ("read " + "x" * 257, 0o600, ":1: a token has 20 to 256 characters"),
                (f"full {long_enough}\nread {long_enough}\n", 0o600, ":2: this token was there before"),
                ("".join(f"read {long_enough}{i}\n" for i in range(17)), 0o600, ":17: too many tokens"),
                ("#" * 20000, 0o600, ": is too long for a file of tokens")):
            with tempfile.TemporaryDirectory(prefix="mainstay-admin-") as folder:
                path = os.path.join(folder, "tokens")
                if content is not None:
                    with open(path, "w", encoding="utf-8") as file:
                        file.write(content)
                    os.chmod(path, mode)
                status, said = check("--admin", "127.0.0.1:0", "--admin-token", path)
            self.assertEqual(status, 1, words)
            self.assertIn(f"mainstayd: --admin-token {path}{words}", said)
            self.assertNotIn(long_enough, said)
        self.assertIn(": is no regular file", check("--admin", "127.0.0.1:0", "--admin-token", "/")[1])

    def test_options(self):
        for options, words in ((("--admin", "localhost:1"), "--admin wants unix:PATH, a numeric ADDR:PORT or none"),
                               (("--admin", "unix:"), "--admin wants unix:PATH"),
                               (("--admin", "127.0.0.1"), "--admin wants unix:PATH"),
                               (("--admin", "none", "--admin", "unix:/x"), "--admin none goes with no other"),
                               (("--admin", "unix:/1", "--admin", "unix:/2", "--admin", "unix:/3", "--admin",
                                 "unix:/4", "--admin", "unix:/5"), "--admin 'unix:/5': too many addresses")):
            self.assertEqual(check(*options)[0], 2)
            self.assertIn(words, check(*options)[1])


# Method, path, fields, body, and the status; None: whatever it is that says no, or none at all.
BAD = (
    ("GET", "//", {}, b"", 404), ("GET", "/healthz/", {}, b"", 404), ("GET", "/healthz/x", {}, b"", 404),
    ("GET", "//healthz", {}, b"", 404), ("GET", "/HEALTHZ", {}, b"", 404), ("GET", "/health%7a", {}, b"", 404),
    ("GET", "/metrics/../healthz", {}, b"", 404), ("GET", "/..%2fetc/passwd", {}, b"", 404),
    ("GET", "/%", {}, b"", 404), ("GET", "/%00", {}, b"", 404), ("GET", "/\xff\xfe", {}, b"", 404),
    ("GET", "/" + "a" * 2000, {}, b"", 404), ("GET", "*", {}, b"", 404), ("GET", "healthz", {}, b"", None),
    ("POST", "/healthz", {}, b"", 405), ("PUT", "/metrics", {}, b"", 405), ("DELETE", "/metrics", {}, b"", 405),
    ("PATCH", "/readyz", {}, b"", 405), ("OPTIONS", "/healthz", {}, b"", 405), ("TRACE", "/healthz", {}, b"", 405),
    ("get", "/healthz", {}, b"", 405), ("G" * 500, "/healthz", {}, b"", 405), ("CONNECT", "/healthz", {}, b"", 405),
    ("GET", "/healthz", {"Content-Length": "1"}, b"x", 413),
    ("GET", "/healthz", {"Content-Length": "999999999999"}, b"", 413),
    ("GET", "/healthz", {"Content-Length": "-1"}, b"", None),
    ("GET", "/healthz", {"Content-Length": "many"}, b"", None),
    ("GET", "/healthz", {"Transfer-Encoding": "chunked"}, b"1\r\nx\r\n0\r\n\r\n", 413),
    ("GET", "/healthz", {"Origin": "http://evil.example"}, b"", 403),
    ("GET", "/healthz", {"Origin": "null"}, b"", 403), ("GET", "/healthz", {"Origin": "http://127.0.0.1"}, b"", 403),
    ("GET", "/metrics", {"Sec-Fetch-Site": "cross-site"}, b"", 403),
    ("GET", "/metrics", {"Sec-Fetch-Site": "same-site"}, b"", 403),
    ("GET", "/metrics", {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site"},
     b"", 403),
    ("OPTIONS", "/metrics", {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"}, b"", 403),
    ("GET", "/healthz", {"X": "a" * 17000}, b"", 431), ("GET", "/healthz?" + "a" * 40000, {}, b"", 431),
    ("GET", "/healthz", {f"X-{i}": "a" * 5000 for i in range(9)}, b"", 431),
    # From here on it is libmicrohttpd that refuses it.
    ("GET", "/healthz?" + "a" * 80000, {}, b"", 414), ("GET", "/healthz", {"X": "a" * 80000}, b"", 431),
    ("GET", "/nothing", {f"X-{i}": "v" for i in range(3000)}, b"", None),
)

# Over TCP alone: bytes that are no request.
GARBAGE = (b"", b"\r\n\r\n", b"\0" * 100, b"GET\r\n\r\n", b"GET /healthz\r\n\r\n", b"GET /healthz HTTP/9.9\r\n\r\n",
           b"GET /healthz HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 300,
           b"\x80\x00\x00\x28\0\0\0\1\0\0\0\0\0\0\0\2\0\1\x86\xa3\0\0\0\4" + b"\0" * 20,
           b"GET /healthz HTTP/1.1\r\nHost localhost\r\n\r\n", b"GET /healthz HTTP/1.1\r\n: x\r\n\r\n",
           b"GET /healthz HTTP/1.1\nHost: localhost\nAuthorization: Bearer " + b"y" * 300 + b"\n\n")


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(tokens=TOKENS).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def alive(self):
        self.assertEqual(request(self.server.socket, "/healthz").status, 200)

    def test_table(self):
        self.assertGreater(len(BAD), 30)
        for address, own in ((self.server.socket, {}), (self.server.tcp, bearer(FULL))):
            for method, path, fields, body, status in BAD:
                reply = request(address, path, method, {**own, **fields}, body)
                where = (address, method[:20], path[:40], reply.status)
                if status is None:
                    self.assertTrue(reply.empty or 400 <= reply.status < 500, where)
                else:
                    self.assertEqual(reply.status, status, where)
                ours = reply.status != 431 or status == 431 and len(fields.get("X", "")) < 50000
                if reply.status in (403, 404, 405, 413, 431) and ours:
                    self.assertEqual(reply.fields["content-type"], "application/problem+json", where)
                    self.assertEqual("allow" in reply.fields, reply.status == 405)
                    if method != "HEAD":
                        problem = json.loads(reply.body)
                        self.assertEqual(problem["status"], reply.status)
                        self.assertTrue(problem["title"] and problem["detail"])
                self.assertNotIn("access-control-allow-origin", reply.fields)
        self.alive()

    def test_hosts(self):
        """Names that lead to a loopback address are those of web pages."""
        good = ("localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:9101", "[::1]", "[::1]:9101", "192.0.2.1:1")
        bad = ("evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1:x",
               "127.0.0.1:123456", "[::1", "[::1]x", "[127.0.0.1]", "::1", "1", "0x7f000001", "127.1")
        for hosts, status in ((good, 200), (bad, 403)):
            for host in hosts:
                for address in (self.server.tcp, self.server.socket):  # to which ssh -L can lead a browser
                    reply = request(address, "/healthz", fields={**bearer(READ), "Host": host})
                    self.assertEqual(reply.status, status, (address, host))

    def test_garbage(self):
        """All at once: for the rest of some of them the server waits until they are late."""
        self.assertLess(len(GARBAGE), CONNECTIONS_PER_ADDRESS)
        peers = [socket.create_connection(self.server.tcp, timeout=60) for _ in GARBAGE]
        for peer, data in zip(peers, GARBAGE):
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
        for peer, data in zip(peers, GARBAGE):
            got = b""
            with peer:
                try:
                    while piece := peer.recv(1 << 16):
                        got += piece
                except ConnectionError:
                    pass
            if got:
                self.assertIn(Reply(got).status, (400, 401, 403, 405, 505), data)
        self.alive()

    def test_head(self):
        reply = request(self.server.socket, "/metrics", "HEAD")
        self.assertEqual((reply.status, reply.body), (200, b""))

    def test_queries_are_allowed(self):
        self.assertEqual(request(self.server.socket, "/healthz?verbose=%zz&x").status, 200)

    def test_one_request_a_connection(self):
        reply = exchange(self.server.socket, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
        self.assertEqual(reply.body.count(b"HTTP/1.1"), 0)
        self.assertEqual(reply.fields["connection"], "close")


class Bounds(unittest.TestCase):
    def test_slow_peers_are_cut(self):
        """However they keep at it: a byte now and then, or a reply that they do not read."""
        with Server(tokens=TOKENS) as server:
            began = time.monotonic()
            with socket.create_connection(server.tcp, timeout=60) as slow:
                slow.settimeout(0.5)
                slow.sendall(b"GET /healthz HTTP/1.1\r\n")
                while time.monotonic() - began < 3 * REQUEST_S:
                    try:
                        slow.sendall(b"X")
                        if slow.recv(1000) == b"":
                            break
                    except socket.timeout:
                        continue
                    except ConnectionError:
                        break
            took = time.monotonic() - began
            self.assertGreater(took, REQUEST_S - 1)
            self.assertLess(took, 2 * REQUEST_S)
            self.assertEqual(request(server.socket, "/healthz").status, 200)

    def test_connections_of_an_address(self):
        """Above the limit they are closed at once, and the socket is still free."""
        with Server(tokens=TOKENS) as server:
            held = [socket.create_connection(server.tcp, timeout=60) for _ in range(CONNECTIONS_PER_ADDRESS)]
            for peer in held:
                peer.sendall(b"GET ")
            with socket.create_connection(server.tcp, timeout=60) as refused:
                try:
                    refused.sendall(b"GET ")
                    self.assertEqual(refused.recv(100), b"")
                except ConnectionError:
                    pass
            self.assertEqual(request(server.socket, "/healthz").status, 200)
            for peer in held:
                peer.close()
            wait_until(lambda: self.answered(server))

    @staticmethod
    def answered(server):
        try:
            return request(server.tcp, "/healthz", fields=bearer(READ)).status == 200
        except OSError:
            return False

    @staticmethod
    def begun(server, data):
        """A connection with part of a request."""
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(60)
        peer.connect(server.socket)
        peer.sendall(data)
        return peer

    def test_connections_in_all(self):
        """When there are many, those that ask for nothing are cut soon, and others get their places; a request that has
        begun stays."""
        with Server() as server:
            began = time.monotonic()
            asks = self.begun(server, b"PATCH /api/v1/settings HTTP/1.1\r\nHost: localhost\r\n"
                                      b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n")
            held = []
            for _ in range(CONNECTIONS + CONNECTIONS // 4):
                held.append(self.begun(server, b"GET "))
                self.assertEqual(request(server.socket, "/healthz").status, 200)
            asks.sendall(b"{}")
            self.assertTrue(asks.recv(100).startswith(b"HTTP/1.1 "))
            self.assertLess(time.monotonic() - began, REQUEST_S - 1)
            for peer in (asks, *held):
                peer.close()

    def test_requests_in_all(self):
        """Above the limit of requests others wait until these are late."""
        with Server() as server:
            began = time.monotonic()
            head = b"PATCH /api/v1/settings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
            held = [self.begun(server, head) for _ in range(CONNECTIONS)]
            self.assertEqual(request(server.socket, "/healthz").status, 200)
            self.assertGreater(time.monotonic() - began, REQUEST_S - 1)
            for peer in held:
                peer.close()


class Health(unittest.TestCase):
    def test_good(self):
        with Server() as server:
            for path, word in (("/healthz", "alive"), ("/readyz", "ready")):
                reply = request(server.socket, path)
                self.assertEqual((reply.status, reply.fields["content-type"], json.loads(reply.body)),
                                 (200, "application/json", {"status": word}))
                self.assertEqual(reply.fields["cache-control"], "no-store")

    def test_grace(self):
        """A client that was there before a crash keeps the server from being ready."""
        with Server("--lease", "10", "--grace", "5") as server:
            bench = os.path.join(BIN, "mainstay-bench")
            with subprocess.Popen([bench, "--target", f"127.0.0.1:{server.port}", "--op", "getattr", "--time", "600"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
                wait_until(lambda: self.calls(server) > 100)
                client.kill()
            server.stop(signal.SIGKILL)
            server.start()
            reply = request(server.socket, "/readyz")
            self.assertEqual((reply.status, json.loads(reply.body)["reasons"]), (503, [
                "the grace period is not over: clients may only reclaim what they held"]))
            self.assertEqual(request(server.socket, "/healthz").status, 200)
            self.assertIn(b"\nmainstay_grace 1\n", request(server.socket, "/metrics").body)
            wait_until(lambda: request(server.socket, "/readyz").status == 200)
            self.assertIn(b"\nmainstay_grace 0\n", request(server.socket, "/metrics").body)

    @staticmethod
    def calls(server):
        for line in request(server.socket, "/metrics").body.decode().splitlines():
            if line.startswith("mainstay_sequence_total "):
                return int(line.split()[1])
        return 0

    def test_a_stopped_timer(self):
        """The main thread alone stands still."""
        attach, detach, libc = 16, 17, ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        with Server() as server:
            if libc.ptrace(attach, server.process.pid, None, None) != 0:
                self.skipTest("processes cannot be traced here")
            os.waitpid(server.process.pid, 0)
            try:
                wait_until(lambda: request(server.socket, "/healthz").status == 503)
                reply = request(server.socket, "/healthz")
                self.assertEqual(json.loads(reply.body)["reasons"], ["the timer does not run"])
            finally:
                libc.ptrace(detach, server.process.pid, None, None)
            wait_until(lambda: request(server.socket, "/healthz").status == 200)


if __name__ == "__main__":
    suite.run("BadInput.test_garbage", "Bounds.test_slow_peers_are_cut", "Bounds.test_connections_in_all",
              "Bounds.test_requests_in_all", "Health.test_grace", "Health.test_a_stopped_timer")
