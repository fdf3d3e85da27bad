#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The admin endpoint over HTTPS: who gets a session, which certificate it shows after a reload, whose certificates it
lets in, what it bears; and the command that talks to it."""

import json
import os
import random
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import suite
from admin_server import BIN, FULL, MAINSTAYD, READ, Reply, Server, request, wait_until

PKI = os.path.join(os.environ["MAINSTAY_SOURCE"], "tests/lib/pki")
TIMEOUT_S = 60
TOKENS = (f"full {FULL}", f"read {READ}")
CONNECTIONS_PER_ADDRESS = 16  # LIMIT_ADMIN_CONNECTIONS_PER_ADDRESS
GARBAGE = 1000
# While handshakes hang for 9 s: a server that needs little processor time has not been busy, nor has one that has slept
# often, however slow the machine is.
IDLE_S = 0.1
SLEEPS = 100
SEED = 14
folder = None


def path(name):
    return os.path.join(folder, name)


def setUpModule():
    global folder  # pylint: disable=global-statement
    folder = tempfile.mkdtemp(prefix="mainstay-pki-")
    unittest.addModuleCleanup(shutil.rmtree, folder)
    subprocess.run([PKI, folder], check=True, timeout=TIMEOUT_S)


def client_context(cert=None, ca="ca"):
    context = ssl.create_default_context(cafile=path(f"{ca}.pem"))
    if cert:
        context.load_cert_chain(path(f"{cert}.pem"), path(f"{cert}.key"))
    return context


def connect(server, context=None, name="localhost", source=None):
    peer = socket.create_connection(server.tcp, timeout=TIMEOUT_S, source_address=source and (source, 0))
    try:
        return (context or client_context()).wrap_socket(peer, server_hostname=name)
    except BaseException:
        peer.close()
        raise


def ask(peer, target="/healthz", token=READ, method="GET"):
    """Send a request; the whole reply."""
    peer.sendall((f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n" +
                  (f"Authorization: Bearer {token}\r\n" if token else "") + "\r\n").encode())
    got = b""
    while piece := peer.recv(1 << 16):
        got += piece
    return Reply(got)


def fetch(server, target="/healthz", token=READ, method="GET", **how):
    with connect(server, **how) as peer:
        return ask(peer, target, token, method)


def serial(server):
    with connect(server) as peer:
        return peer.getpeercert()["serialNumber"]


class Secure(Server):
    """Its files are copies, so that they can be replaced."""

    def __init__(self, mode, *options, cert="server", crl="none"):
        self.files = tempfile.mkdtemp(prefix="mainstay-admin-tls-")
        super().__init__("--admin-tls", mode, "--tls-cert", self.file("cert"), "--tls-key", self.file("key"),
                         "--tls-ca", path("ca.pem"), "--tls-crl", self.file("crl"), *options, tokens=TOKENS)
        self.use(cert)
        self.use_list(crl)

    def file(self, name):
        return os.path.join(self.files, name)

    def use(self, cert):
        shutil.copy(path(f"{cert}.pem"), self.file("cert"))
        shutil.copy(path(f"{cert}.key"), self.file("key"))

    def use_list(self, crl):
        shutil.copy(path(f"{crl}.crl"), self.file("crl"))

    def reload(self):
        before = self.text().count("tls.load")
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.text().count("tls.load") > before)

    def refusals(self):
        return re.findall(r'admin\.tls_refused .*why="([^"]*)"', self.text())

    def remove(self):
        shutil.rmtree(self.files, ignore_errors=True)
        super().remove()


class Stream:
    """The events, over HTTPS."""

    def __init__(self, server, **how):
        self.peer = connect(server, **how)
        self.peer.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {READ}\r\n\r\n"
                          .encode())
        self.got = b""
        assert self.until(b"\r\n\r\n")

    def until(self, what):
        """Read up to this; False: the stream ended before."""
        end = time.monotonic() + TIMEOUT_S
        while what not in self.got:
            assert time.monotonic() < end, f"neither {what} nor the end"
            try:
                piece = self.peer.recv(1 << 16)
            except (ConnectionError, ssl.SSLError):
                return False
            if not piece:
                return False
            self.got += piece
        return True

    def close(self):
        self.peer.close()


class Https(unittest.TestCase):
    def test_requests(self):
        with Secure("on") as server:
            self.assertRegex(server.text(), r"admin.open address=127\.0\.0\.1:\d+ scheme=https|"
                             r'admin.open address="127\.0\.0\.1:\d+" scheme="https"')
            with connect(server) as peer:
                self.assertEqual((peer.version(), peer.session_reused), ("TLSv1.3", False))
                self.assertEqual(ask(peer).status, 200)
            self.assertEqual(fetch(server, token=None).status, 401)
            self.assertEqual(fetch(server, token="x" * 30).status, 401)
            self.assertEqual(fetch(server, "/api/v1/reload", method="POST").status, 403)
            self.assertEqual(request(server.socket, "/healthz").status, 200)  # never over the Unix socket

    def test_a_reply_of_many_records(self):
        with Secure("on") as server:
            reply = fetch(server, "/metrics")
            self.assertEqual(reply.status, 200)
            self.assertEqual(len(reply.body), int(reply.fields["content-length"]))
            self.assertGreater(len(reply.body), 1 << 14)

    def test_a_request_that_waits(self):
        """Its connection is suspended meanwhile."""
        with Secure("on") as server:
            for _ in range(20):
                reply = fetch(server, "/api/v1/reload", FULL, "POST")
                self.assertEqual((reply.status, json.loads(reply.body)["changes"]),
                                 (200, ["tls: the certificates were read again"]))

    def test_alpn(self):
        with Secure("on") as server:
            context = client_context()
            context.set_alpn_protocols(["h2", "http/1.1"])
            with connect(server, context) as peer:
                self.assertEqual(peer.selected_alpn_protocol(), "http/1.1")

    def test_no_tickets(self):
        with Secure("on") as server, connect(server) as peer:
            ask(peer)
            self.assertFalse(peer.session and peer.session.has_ticket)

    def test_intermediate(self):
        """The whole chain is shown: the client knows only its end."""
        with Secure("on", cert="server-chain") as server:
            self.assertEqual(fetch(server).status, 200)

    def test_wrong_ca(self):
        with Secure("on") as server:
            with self.assertRaisesRegex(ssl.SSLCertVerificationError, "unable to get local issuer"):
                connect(server, client_context(ca="rogueca"))
            wait_until(server.refusals)
            self.assertIn("the client refuses the server's certificate", server.refusals()[0])
            self.assertEqual(fetch(server).status, 200)

    def test_wrong_name(self):
        with Secure("on") as server:
            with self.assertRaisesRegex(ssl.SSLCertVerificationError, "[Hh]ostname mismatch"):
                connect(server, name="other.mainstay.test")
            self.assertEqual(fetch(server, name="server.mainstay.test").status, 200)

    def test_expired(self):
        """The server says so, and begins; clients refuse it."""
        with Secure("on", cert="server-old") as server:
            self.assertRegex(server.text(), "warn tls.load .*the certificate has expired: clients will refuse it")
            with self.assertRaisesRegex(ssl.SSLCertVerificationError, "certificate has expired"):
                connect(server)

    def test_older_tls(self):
        with Secure("on") as server:
            context = client_context()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                connect(server, context)
            wait_until(server.refusals)
            self.assertIn("the client speaks an older TLS, something else, or nothing", server.refusals()[0])
            self.assertEqual(fetch(server).status, 200)

    def test_plain_http(self):
        """Not even a token gets an answer."""
        with Secure("on") as server:
            self.assertTrue(request(server.tcp, "/healthz", fields={"Authorization": f"Bearer {FULL}"}).empty)
            wait_until(server.refusals)
            self.assertIn("no TLS 1.3 handshake began", server.refusals()[0])
            self.assertEqual(fetch(server).status, 200)


class Mutual(unittest.TestCase):
    def refused(self, server, cert, alert, why):
        """In TLS 1.3 the client hears of it when it reads.  Without an alert the session ends, or the connection.  It
        sends nothing: a server that closes what it has not read resets the connection, and the alert is lost."""
        count = len(server.refusals())
        try:
            with connect(server, client_context(cert)) as peer:
                self.assertEqual(peer.recv(1), b"")
            heard = ""
        except (ssl.SSLError, ConnectionError) as error:
            heard = str(error)
        self.assertIn(alert, heard)
        wait_until(lambda: len(server.refusals()) > count)
        self.assertIn(why, server.refusals()[-1], cert)

    def test_certificates(self):
        with Secure("mutual", crl="revoked") as server:
            for cert, alert, why in (
                    (None, "certificate required", "the client has shown no certificate"),
                    ("revoked", "certificate revoked", "the client's certificate is revoked"),
                    ("old", "certificate expired", "has expired"),
                    ("future", "certificate expired", "is not valid yet"),
                    ("rogue", "unknown ca", "is not signed by a CA of the tls.ca file"),
                    ("self", "unknown ca", "is signed by itself"),
                    ("forged", "unknown ca", "is signed by one that is no CA"),
                    ("chain-leaf", "unknown ca", "an intermediate certificate is missing"),
                    ("client-server-only", "unknown ca", "is not for clients"),
                    ("long", "", "the handshake did not end")):
                if cert == "chain-leaf":
                    shutil.copy(path("chain.key"), path("chain-leaf.key"))
                with self.subTest(cert=cert):
                    self.refused(server, cert, alert, why)
            for cert in ("client1", "client-rpc", "client-any", "nosan", "chain"):
                self.assertEqual(fetch(server, context=client_context(cert)).status, 200, cert)
            self.assertEqual(fetch(server, context=client_context("client1"), token=None).status, 401)

    def test_on_asks_for_none(self):
        """So one that is not good does no harm."""
        with Secure("on", crl="revoked") as server:
            for cert in ("client1", "revoked", "rogue"):
                self.assertEqual(fetch(server, context=client_context(cert)).status, 200, cert)


class Reload(unittest.TestCase):
    def test_certificate(self):
        """New connections get the new one; those that are there go on."""
        with Secure("on") as server:
            stream = Stream(server)
            first = serial(server)
            with connect(server) as begun:
                server.use("server2")
                server.reload()
                wait_until(lambda: serial(server) != first)
                self.assertEqual(begun.getpeercert()["serialNumber"], first)
                self.assertEqual(ask(begun).status, 200)
            self.assertTrue(stream.until(b"tls.load"))
            stream.close()

    def test_by_the_interface(self):
        with Secure("on") as server:
            first = serial(server)
            server.use("server2")
            self.assertEqual(fetch(server, "/api/v1/reload?dry_run=true", FULL, "POST").status, 200)
            self.assertEqual(serial(server), first)
            self.assertEqual(fetch(server, "/api/v1/reload", FULL, "POST").status, 200)
            self.assertNotEqual(serial(server), first)

    def test_wrong_files(self):
        """All stays as it was."""
        with Secure("on") as server:
            first = serial(server)
            shutil.copy(path("server2.pem"), server.file("cert"))
            reply = fetch(server, "/api/v1/reload", FULL, "POST")
            self.assertEqual(reply.status, 422)
            self.assertIn("does not belong to the certificate", reply.body.decode())
            self.assertEqual(serial(server), first)

    def test_revoked(self):
        """Whose certificate is revoked now is cut off; others go on."""
        with Secure("mutual") as server:
            one, two = (Stream(server, context=client_context(name)) for name in ("client1", "client2"))
            server.use_list("client1")
            server.reload()
            self.assertFalse(one.until(b"a line that never comes"))
            wait_until(lambda: "the client's certificate is revoked" in server.refusals())
            with connect(server, client_context("client1")) as peer, self.assertRaisesRegex(ssl.SSLError, "revoked"):
                peer.recv(1)
            server.reload()
            self.assertTrue(two.until(b"admin.tls_refused"))
            self.assertEqual(fetch(server, context=client_context("client2")).status, 200)
            one.close()
            two.close()

    def test_revoked_in_the_handshake(self):
        """Who connected before the reload, and goes on after it, is judged by the new list."""
        with Secure("mutual") as server:
            context = client_context("client1")
            self.assertEqual(fetch(server, context=context).status, 200)
            early = socket.create_connection(server.tcp, timeout=TIMEOUT_S)
            self.assertEqual(fetch(server, context=context).status, 200)  # so the one before was accepted
            server.use_list("client1")
            server.reload()
            try:
                with early, context.wrap_socket(early, server_hostname="localhost") as peer:
                    self.assertTrue(ask(peer).empty)
            except (ssl.SSLError, ConnectionError):
                pass
            wait_until(server.refusals)


def client_hello():
    outgoing = ssl.MemoryBIO()
    half = client_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    try:
        half.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Bounds(unittest.TestCase):
    @staticmethod
    def half(server, source, data):
        peer = socket.create_connection(server.tcp, timeout=TIMEOUT_S, source_address=(source, 0))
        peer.sendall(data)
        return peer

    @staticmethod
    def processor_s(server):
        with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def sleeps(server):
        """How often the thread that did it most often."""
        tasks = f"/proc/{server.process.pid}/task"
        most = 0
        for task in os.listdir(tasks):
            with open(os.path.join(tasks, task, "status"), encoding="ascii") as file:
                most = max(most, int(re.search(r"(?m)^voluntary_ctxt_switches:\s*(\d+)", file.read())[1]))
        return most

    @staticmethod
    def ended(peer):
        with peer:
            try:
                while peer.recv(1 << 16):
                    pass
            except ConnectionError:
                pass
        return True

    def test_half_handshakes(self):
        """Of an address so many, and no more; they end by themselves, keep nobody else out, and the server idle."""
        hello = client_hello()
        pieces = (b"", hello[:1], hello[:40], hello)  # nothing, parts, and a handshake that never goes on
        with Secure("on") as server:
            held = [self.half(server, "127.0.0.1", pieces[i % len(pieces)]) for i in range(CONNECTIONS_PER_ADDRESS)]
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                fetch(server, source="127.0.0.1")
            self.assertEqual(fetch(server, source="127.0.0.2").status, 200)
            held += [self.half(server, "127.0.0.2", pieces[i % len(pieces)]) for i in range(CONNECTIONS_PER_ADDRESS)]
            self.assertEqual(request(server.socket, "/healthz").status, 200)
            wait_until(lambda: self.answered(server, "127.0.0.3"))
            used, slept = self.processor_s(server), self.sleeps(server)
            for peer in held:
                self.assertTrue(self.ended(peer))
            if self.processor_s(server) - used >= IDLE_S:
                self.assertGreater(self.sleeps(server) - slept, SLEEPS)
            self.assertEqual(fetch(server, source="127.0.0.1").status, 200)

    @staticmethod
    def answered(server, source):
        try:
            return fetch(server, source=source).status == 200
        except (ssl.SSLError, ConnectionError):
            return False

    @staticmethod
    def mistaken(hello, chance):
        kind = chance.randrange(4)
        if kind == 0:
            return chance.randbytes(chance.randrange(1, 600))
        if kind == 1:  # a record of TLS, with whatever in it
            size = chance.randrange(1, 600)
            return b"\x16\x03\x01" + size.to_bytes(2, "big") + chance.randbytes(size)
        if kind == 2:
            return hello[:chance.randrange(1, len(hello))]
        hello = bytearray(hello)
        for _ in range(chance.randrange(1, 6)):
            hello[chance.randrange(len(hello))] ^= 1 << chance.randrange(8)
        return bytes(hello)

    def test_garbage(self):
        chance, hello = random.Random(SEED), client_hello()
        with Secure("mutual") as server:
            for _ in range(GARBAGE):
                with self.half(server, "127.0.0.1", b"") as peer:
                    try:
                        peer.sendall(self.mistaken(hello, chance))
                        peer.shutdown(socket.SHUT_WR)
                        while peer.recv(1 << 16):
                            pass
                    except OSError:  # it was closed before
                        pass
            self.assertEqual(fetch(server, context=client_context("client1")).status, 200)
            self.assertEqual(request(server.socket, "/healthz").status, 200)

    def test_garbage_in_a_session(self):
        """What is no HTTP gets an error, or none; what is no record of TLS ends the session."""
        chance = random.Random(SEED)
        with Secure("on") as server:
            for i in range(60):
                with connect(server) as peer:
                    try:
                        if i % 2:
                            peer.sendall(chance.randbytes(500) + b"\r\n\r\n")
                        else:
                            os.write(peer.fileno(), chance.randbytes(500))
                        peer.recv(1 << 16)
                    except (ssl.SSLError, ConnectionError):
                        pass
            self.assertEqual(fetch(server).status, 200)


class Options(unittest.TestCase):
    CERT = ("--tls-cert", "server.pem", "--tls-key", "server.key")

    def check(self, *options, config=None):
        with tempfile.TemporaryDirectory(prefix="mainstay-admin-tls-") as state:
            command = [MAINSTAYD, "--state", os.path.join(state, "state"), "--check", *options]
            if config:
                file = os.path.join(state, "conf")
                with open(file, "w", encoding="utf-8") as out:
                    out.write(config)
                command += ["--config", file]
            else:
                command += ["--listen", "127.0.0.1:0", "--export", "/=mem:"]
            done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False, cwd=folder)
        return done.returncode, done.stderr.replace(state, "DIR")

    def test_what_cannot_work(self):
        for options, words in (
                (("--admin-tls", "on"), "--admin-tls needs a certificate: name one with --tls-cert and --tls-key"),
                (("--admin-tls", "mutual", *self.CERT), "--admin-tls mutual needs the CAs that sign clients' certificates"),
                (("--admin-tls", "yes", *self.CERT), "--admin-tls wants off, on or mutual, not 'yes'")):
            status, text = self.check(*options)
            self.assertEqual(status, 2)
            self.assertIn(words, text)
        self.assertEqual(self.check("--admin-tls", "on", *self.CERT), (0, ""))
        self.assertEqual(self.check("--admin-tls", "mutual", *self.CERT, "--tls-ca", "ca.pem"), (0, ""))

    def test_the_line(self):
        exports = "exports: [{ path: /, backend: mem }]\nlisten: [127.0.0.1:0]\n"
        self.assertEqual(self.check(config=exports + "admin_tls: on\n"),
                         (2, "mainstayd: DIR/conf:3: admin_tls needs a certificate: name one with --tls-cert and "
                          "--tls-key, or as tls.cert and tls.key in the configuration file\n"))
        self.assertEqual(self.check(config=exports + f"tls: {{ cert: {path('server.pem')}, key: {path('server.key')} }}"
                                    "\nadmin_tls: mutual\n")[1].split(" mutual")[0], "mainstayd: DIR/conf:4: admin_tls")

    def test_other_machines(self):
        """They need --admin-open, encrypted or not."""
        with tempfile.NamedTemporaryFile("w", prefix="mainstay-admin-tls-") as tokens:
            tokens.write(f"full {FULL}\n")
            tokens.flush()
            address = ("--admin", "0.0.0.0:0", "--admin-token", tokens.name)
            self.assertIn("and requests are not encrypted (--admin-tls)", self.check(*address)[1])
            status, text = self.check(*address, "--admin-tls", "on", *self.CERT)
            self.assertEqual(status, 2)
            self.assertIn("0.0.0.0:0: other machines could reach this address; if that is meant, say --admin-open", text)

    def test_warning(self):
        with Server("--admin", "0.0.0.0:0", "--admin-open", tokens=TOKENS) as server:
            self.assertEqual(re.findall(r"warn admin\.unencrypted address=\"?([0-9.]+)", server.text()), ["0.0.0.0"])
        with Secure("on", "--admin", "0.0.0.0:0", "--admin-open") as server:
            self.assertNotIn("admin.unencrypted", server.text())


class Command(unittest.TestCase):
    def run_command(self, endpoint, *options):
        with tempfile.NamedTemporaryFile("w", prefix="mainstay-admin-tls-") as token:
            token.write(FULL)
            token.flush()
            done = subprocess.run([os.path.join(BIN, "mainstay"), "--admin", endpoint, "--admin-token", token.name,
                                   *options], capture_output=True, text=True, timeout=TIMEOUT_S, check=False, cwd=folder)
        return done.returncode, done.stdout + done.stderr

    def expect(self, status, words, endpoint, *options, command="status"):
        found = self.run_command(endpoint, *options, command)
        self.assertEqual(found[0], status, found[1])
        self.assertIn(words, found[1])

    def test_success(self):
        with Secure("on") as server:
            for host in ("127.0.0.1", "localhost"):
                self.expect(0, "instance", f"https://{host}:{server.tcp[1]}", "--admin-ca", "ca.pem")

    def test_errors(self):
        with Secure("on") as server:
            endpoint = f"https://127.0.0.1:{server.tcp[1]}"
            self.expect(1, "the server's certificate is not good: SSL certificate problem: unable to get local issuer",
                        endpoint, "--admin-ca", "rogueca.pem")
            self.expect(1, "name the CA that has signed it: --admin-ca FILE", endpoint)
            self.expect(1, "/nonexistent", endpoint, "--admin-ca", "/nonexistent")
            self.expect(1, "or it has --admin-tls: then say --admin https://HOST:PORT", endpoint[8:])
            server.use("client1")  # a name of its own
            server.reload()
            self.expect(1, "the server's certificate is not good: SSL", endpoint, "--admin-ca", "ca.pem")
            server.use("server-old")
            server.reload()
            self.expect(1, "the server's certificate is not good: SSL certificate problem: certificate has expired",
                        endpoint, "--admin-ca", "ca.pem")

    def test_wrong_name(self):
        with Secure("on", "--admin", "127.0.0.2:0") as server:
            port = re.search(r"127\.0\.0\.2:(\d+)", server.text())[1]
            self.expect(1, "the server's certificate is not good: SSL: no alternative certificate subject name matches",
                        f"https://127.0.0.2:{port}", "--admin-ca", "ca.pem")
            self.assertNotIn("--admin-ca FILE",
                             self.run_command(f"https://127.0.0.2:{port}", "--admin-ca", "ca.pem", "status")[1])

    def test_mutual(self):
        with Secure("mutual", crl="revoked") as server:
            options = (f"https://127.0.0.1:{server.tcp[1]}", "--admin-ca", "ca.pem")
            self.expect(0, "instance", *options, "--admin-cert", "client1.pem", "--admin-key", "client1.key")
            self.expect(1, "the server ends the connection without an answer", *options)
            self.expect(1, "it may want a certificate: --admin-cert FILE, --admin-key FILE", *options)
            self.expect(1, "it may not let the certificate of --admin-cert in", *options, "--admin-cert",
                        "revoked.pem", "--admin-key", "revoked.key")
            with open(path("both.pem"), "w", encoding="utf-8") as both:
                for part in ("client2.pem", "client2.key"):
                    with open(path(part), encoding="utf-8") as file:
                        both.write(file.read())
            self.expect(0, "instance", *options, "--admin-cert", "both.pem")

    def test_a_plain_server(self):
        with Server(tokens=TOKENS) as server:
            self.expect(1, "a server without --admin-tls is reached without https://",
                        f"https://127.0.0.1:{server.tcp[1]}", "--admin-ca", "ca.pem")

    def test_usage(self):
        only = "--admin-ca, --admin-cert and --admin-key go with --admin https://HOST:PORT only"
        self.expect(2, only, "127.0.0.1:1", "--admin-ca", "ca.pem")
        self.expect(2, only, "unix:/socket", "--admin-cert", "client1.pem")
        self.expect(2, "--admin-key goes with --admin-cert only", "https://127.0.0.1:1", "--admin-key", "client1.key")
        self.expect(2, "expected unix:PATH, HOST:PORT or [ADDR6]:PORT, or https://HOST:PORT", "https://127.0.0.1")

    def test_events(self):
        """A stream, through libcurl."""
        with Secure("on") as server, tempfile.NamedTemporaryFile("w", prefix="mainstay-admin-tls-") as token:
            token.write(FULL)
            token.flush()
            command = [os.path.join(BIN, "mainstay"), "--admin", f"https://127.0.0.1:{server.tcp[1]}", "--admin-token",
                       token.name, "--admin-ca", path("ca.pem"), "events"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                try:
                    def told():
                        server.reload()
                        return os.path.exists(f"/proc/{process.pid}") and select_line(process.stdout)
                    self.assertTrue(wait_until(told))
                finally:
                    process.terminate()


class Prometheus(unittest.TestCase):
    def test_scrape(self):
        """A real one, with a certificate of its own."""
        prometheus = shutil.which("prometheus")
        if not prometheus:
            self.assertNotEqual(os.environ.get("CI"), "true", "prometheus is not installed")
            self.skipTest("prometheus is not installed")
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            own = held.getsockname()
        with Secure("mutual") as server, tempfile.TemporaryDirectory(prefix="mainstay-prom-") as data:
            config = os.path.join(data, "prometheus.yml")
            with open(config, "w", encoding="utf-8") as file:
                json.dump({"scrape_configs": [{  # JSON is YAML
                    "job_name": "mainstay", "scrape_interval": "500ms", "scrape_timeout": "500ms", "scheme": "https",
                    "authorization": {"credentials": READ},
                    "tls_config": {"ca_file": path("ca.pem"), "cert_file": path("client1.pem"),
                                   "key_file": path("client1.key")},
                    "static_configs": [{"targets": [f"localhost:{server.tcp[1]}"]}]}]}, file)
            with subprocess.Popen([prometheus, f"--config.file={config}", f"--storage.tsdb.path={data}/data",
                                   f"--web.listen-address=127.0.0.1:{own[1]}"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as process:
                try:
                    wait_until(lambda: self.query(own, "up") == "1")
                    self.assertIsNotNone(self.query(own, "mainstay_build_info"))
                finally:
                    process.terminate()
                    process.wait(TIMEOUT_S)

    @staticmethod
    def query(own, expression):
        try:
            reply = request(own, f"/api/v1/query?query={expression}", fields={"Connection": "close"})
            result = json.loads(reply.body)["data"]["result"]
        except (OSError, ValueError, KeyError):
            return None
        return result[0]["value"][1] if result else None


def select_line(file):
    return bool(select.select([file], [], [], 0.2)[0]) and file.readline()


if __name__ == "__main__":
    suite.run("Bounds.test_half_handshakes", "Prometheus.test_scrape")
