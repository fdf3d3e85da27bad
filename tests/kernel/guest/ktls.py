#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""The kernel encrypts what the server sends with TLS (tls.offload): server and client are in one guest, since the host's
kernel may have no TLS.

The counters of /proc/net/tls_stat are those of both. The client's kernel counts each connection once for sending and
once for receiving, the server only for sending: the difference is the server's.
"""

import contextlib
import hashlib
import os
import random
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from check import VERSION, drop_caches, equal, main, read, run, test, true, write

PROGRAMS = os.environ["MS_PROGRAMS"]
HERE = os.path.dirname(os.path.realpath(__file__))
PKI = os.environ["MS_PKI"]
EXPORT, STATE, FILES, MOUNT = "/tmp/export", "/tmp/state", "/tmp/server", "/mnt/ktls"
LOG = "/tmp/server.log"  # of the server that runs
PORT = 2049
LIMIT_S = 60
KIB, MIB = 1 << 10, 1 << 20
SIZES = (1, 4 * KIB, 4 * KIB + 1, 16 * KIB, 64 * KIB - 3, MIB, 8 * MIB)
NOISE = random.Random(9289).randbytes(8 * MIB)
METRIC = "mainstay_transport_tls_"


class Server:
    """Of this guest; `now` is the one that runs."""

    now = None

    def __init__(self, *options):
        files = [word for name in ("cert", "key", "ca") for word in (f"--tls-{name}", f"{FILES}/{name}.pem")]
        with open(LOG, "wb") as log:
            self.process = subprocess.Popen(
                [f"{PROGRAMS}/mainstayd", "--listen", f"127.0.0.1:{PORT}", "--export", f"/=local:{EXPORT},no_root_squash,xprtsec=tls",
                 "--state", STATE, "--lease", os.environ["MS_LEASE"], "--grace", os.environ["MS_GRACE"], *files, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self.answers, "the server does not listen")
        Server.now = self

    def answers(self):
        true(self.process.poll() is None, f"the server has ended:\n{self.text()}")
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", PORT)) == 0

    def text(self):
        with open(LOG) as file:
            return file.read()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        equal(self.process.wait(LIMIT_S), 0 if number == signal.SIGTERM else -number, "the end of the server")

    def metric(self, name):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(f"{STATE}/admin.sock")
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        values = [line.split()[-1] for line in answer.splitlines() if line.startswith(f"{name} ")]
        equal(len(values), 1, f"lines of {name}")
        return int(values[0])


def wait_for(condition, what):
    limit = time.monotonic() + LIMIT_S
    while not condition():
        true(time.monotonic() < limit, what)
        time.sleep(0.05)


def restart(*options, number=signal.SIGTERM):
    Server.now.end(number)
    Server(*options)


def certificate(name):
    for target, file in (("cert", f"{name}.pem"), ("key", f"{name}.key"), ("ca", "ca.pem")):
        shutil.copy(f"{PKI}/{file}", f"{FILES}/{target}.new")
        os.rename(f"{FILES}/{target}.new", f"{FILES}/{target}.pem")


def mount(target=MOUNT):
    os.makedirs(target, exist_ok=True)
    run("mount", "-t", "nfs4", "-o", f"vers={VERSION},xprtsec=tls", "127.0.0.1:/", target)


def unmount():
    os.chdir("/tmp")
    run("umount", MOUNT)


def tls_stat():
    with open("/proc/net/tls_stat") as file:
        return {name: int(value) for name, value in map(str.split, file)}


def sent_by_server(before):
    """On how many connections, since these counters, the kernel encrypts for the server; the client has at least one."""
    now = tls_stat()
    received = now["TlsRxSw"] - before["TlsRxSw"]
    true(received > 0, "the client's kernel has made no TLS session")
    equal(now["TlsDecryptError"], 0, "records that the client could not decrypt")
    return now["TlsTxSw"] - before["TlsTxSw"] - received


def expect_sender(kernel, before):
    """Every session of the server is the kernel's, or none: by the kernel's counters, the server's and its log."""
    server = Server.now
    sessions = server.metric(f"{METRIC}sessions_total")
    true(sessions > 0, "no session")
    equal(sent_by_server(before) > 0, kernel, "what /proc/net/tls_stat says of the server")
    equal(server.metric(f"{METRIC}kernel_total"), sessions if kernel else 0, "sessions with the kernel as the sender")
    equal(server.metric(f"{METRIC}refused_protocol_total"), 0, "sessions refused")
    for line in server.text().splitlines():
        if " tls.load " in line or " tls.open " in line:
            true(f' sender="{"kernel" if kernel else "server"}"' in line, f"the log says: {line}")


def digest(data):
    return hashlib.sha256(data).hexdigest()


def files_come_and_go(label):
    """Files of all sizes, written by either side, read by the other."""
    for size in SIZES:
        data = NOISE[-size:]
        write(f"{MOUNT}/{label}.{size}.client", data)
        write(f"{EXPORT}/{label}.{size}.server", data)
    drop_caches()
    for size in SIZES:
        expected = digest(NOISE[-size:])
        equal(digest(read(f"{EXPORT}/{label}.{size}.client")), expected, f"{size} bytes that the client wrote")
        equal(digest(read(f"{MOUNT}/{label}.{size}.client")), expected, f"{size} bytes that the client wrote, read again")
        equal(digest(read(f"{MOUNT}/{label}.{size}.server")), expected, f"{size} bytes that were there")


def pieces_at_odd_places():
    """Of a file that is read here and there, with and without the cache."""
    write(f"{EXPORT}/odd", NOISE)
    source = random.Random(20)
    with open(f"{MOUNT}/odd", "rb", buffering=0) as file:
        for turn in range(40):
            offset, length = source.randrange(len(NOISE)), source.choice((1, 511, 4096, 70001, 300000))
            if turn % 8 == 0:
                drop_caches()
            equal(os.pread(file.fileno(), length, offset), NOISE[offset:offset + length], f"{length} bytes at {offset}")


@test
def the_kernel_encrypts():
    for directory in (EXPORT, STATE, FILES):
        os.mkdir(directory)
    certificate("server")
    Server()  # this loads the kernel's module
    before = tls_stat()
    mount()
    files_come_and_go("first")
    pieces_at_odd_places()
    expect_sender(True, before)


@test
def a_build():
    os.mkdir(f"{MOUNT}/build")
    os.chdir(f"{MOUNT}/build")
    done = subprocess.run([f"{HERE}/build.py", "build_a_source_tree"], env=dict(os.environ, MS_MODULES="6"),
                          stdout=sys.stdout, stderr=sys.stdout, check=False)
    equal(done.returncode, 0, "the end of the build")


@test
def callbacks_arrive():
    """A program on the server's machine opens a file for which the client holds a delegation."""
    server = Server.now
    write(f"{MOUNT}/held", NOISE[:KIB])
    recalled, returned = (server.metric(f"mainstay_delegation_{word}_total") for word in ("recalled", "returned"))
    with open(f"{MOUNT}/held", "rb") as file:
        equal(file.read(), NOISE[:KIB], "what was written")
        write(f"{EXPORT}/held", NOISE[-KIB:])
        true(server.metric("mainstay_delegation_recalled_total") > recalled, "nothing was recalled")
        true(server.metric("mainstay_delegation_returned_total") > returned, "nothing was returned")
    drop_caches()  # both writes may have the same time
    equal(read(f"{MOUNT}/held"), NOISE[-KIB:], "what the other program wrote")


@test
def certificates_are_reloaded():
    """The connection stays as it is; the next one has the new certificate."""
    server = Server.now
    sessions = server.metric(f"{METRIC}sessions_total")
    loads = server.text().count("info tls.load ")
    certificate("server2")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: server.text().count("info tls.load ") > loads, "the certificate is not read again")
    files_come_and_go("reloaded")
    equal(server.metric(f"{METRIC}sessions_total"), sessions, "sessions")
    before = tls_stat()
    unmount()
    mount()
    files_come_and_go("renewed")
    true(sent_by_server(before) > 0, "the kernel does not encrypt for the new connection")


# A call of NULL with AUTH_TLS (RFC 9289 4.1), with its mark.
PROBE = struct.pack(">11I", 1 << 31 | 40, 1, 0, 2, 100003, 4, 0, 7, 0, 0, 0)


def relay(listener):
    """For one client that knows nothing of RPC: ask the server for TLS, then pass on what comes."""
    client, _ = listener.accept()
    with client, socket.create_connection(("127.0.0.1", PORT)) as server, contextlib.suppress(ConnectionError):
        server.sendall(PROBE)
        true(b"STARTTLS" in server.recv(KIB), "the server offers no TLS")
        while True:
            for ready in select.select([client, server], [], [])[0]:
                data = ready.recv(64 * KIB)
                if not data:
                    return
                (server if ready is client else client).sendall(data)


@test
def a_new_key_is_asked_for():
    """By a KeyUpdate: the kernel's key stays, so the server ends the connection, in order. That of the mount goes on."""
    server = Server.now
    refused = server.metric(f"{METRIC}refused_protocol_total")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=relay, args=(listener,))
        thread.start()
        client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{listener.getsockname()[1]}", "-CAfile", f"{PKI}/ca.pem",
                                   "-verify_return_error", "-msg"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        client.stdin.write(b"K\nx\n")  # a command of s_client, and a line that makes it send
        client.stdin.flush()
        late = threading.Timer(LIMIT_S, client.kill)
        late.start()
        said = client.stdout.read().decode(errors="replace")
        late.cancel()
        thread.join()
    client.stdin.close()
    client.wait()
    true("KEYUPDATE" in said, f"nothing was asked: {said}")
    true("<<< TLS 1.3, Alert [length 0002], warning close_notify" in said, f"no end in order: {said}")
    equal(server.metric(f"{METRIC}refused_protocol_total"), refused + 1, "sessions refused")
    true("asks for a new key" in server.text(), "the log does not say why")
    files_come_and_go("beside")


class Load:
    """Files are written and read until the end; each must be right."""

    def __init__(self, name):
        self.name, self.turns, self.wrong, self.ended = name, 0, None, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        try:
            while not self.ended.is_set():
                data = NOISE[self.turns * 4099 % MIB:][:2 * MIB]
                path = f"{MOUNT}/{self.name}.{self.turns % 3}"
                write(path, data)
                with open(path, "rb", buffering=0) as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                    equal(digest(file.read()), digest(data), f"turn {self.turns}")
                self.turns += 1
        except Exception as error:
            self.wrong = error

    def go_on(self):
        """Until it has done three more turns."""
        target = self.turns + 3
        wait_for(lambda: self.turns >= target or self.wrong, "the load does not go on")


@test
def connections_are_cut():
    """The server is killed and started again in the middle of transfers: nothing is lost, and the kernel sends again."""
    load = Load("load")
    load.thread.start()
    try:
        for _ in range(2):
            load.go_on()
            before = tls_stat()
            restart(number=signal.SIGKILL)
            load.go_on()
            expect_sender(True, before)
    finally:
        load.ended.set()
        load.thread.join()
    equal(load.wrong, None, "what went wrong")


@test
def the_server_encrypts():
    """tls.offload: off."""
    before = tls_stat()
    restart("--tls-offload", "off")
    files_come_and_go("off")
    pieces_at_odd_places()
    expect_sender(False, before)


@test
def everything_ends():
    unmount()
    Server.now.end()
    wait_for(lambda: tls_stat()["TlsCurrTxSw"] == 0, "sessions are left in the kernel")


sys.exit(main())
