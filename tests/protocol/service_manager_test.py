#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What mainstayd and a service manager tell each other: sockets that it holds, readiness, the watchdog.  The test is
the manager."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import unittest

from admin_server import MAINSTAYD, READY, Server, TIMEOUT_S, request, wait_until
from nfs_client import GETFH, OK, PUTROOTFH, Client, Connection
from suite import run

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17  # of ptrace()
WALL = 0x40000000  # waitpid() for threads, too
FIRST = 3  # of the descriptors that the manager gives
STATS_LAST = "daemon.delegations"


class Managed(Server):
    """Started as systemd does: with sockets from descriptor 3 on, and told its own process id."""

    def __init__(self, sockets=(), watchdog_us=0, export="/=mem:"):
        super().__init__()
        self.sockets, self.watchdog_us, self.export = sockets, watchdog_us, export
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(os.path.join(self.own, "notify"))
        self.manager.setblocking(False)
        self.told = []

    def launch(self):
        """Its process; the sockets are where the manager puts them."""
        environment = {**os.environ, "NOTIFY_SOCKET": self.manager.getsockname()}
        shell = 'export LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$@"'
        if self.sockets:
            environment["LISTEN_FDS"] = str(len(self.sockets))
        if self.watchdog_us:
            environment["WATCHDOG_USEC"] = str(self.watchdog_us)
        numbers = [one.fileno() for one in self.sockets]

        def place():
            high = [os.dup2(number, 100 + at) for at, number in enumerate(numbers)]
            for at, number in enumerate(high):
                os.dup2(number, FIRST + at, inheritable=True)

        command = [MAINSTAYD, "--export", self.export, "--state", self.state]
        if not self.sockets:
            command += ["--listen", "127.0.0.1:0"]
        self.log = os.path.join(self.own, "log")
        with open(self.log, "a", encoding="utf-8") as file:
            return subprocess.Popen(["sh", "-c", shell, "sh", *command], env=environment, stderr=file, close_fds=False,
                                    preexec_fn=place)

    def start(self, exports=None):
        self.process = self.launch()
        wait_until(lambda: self.has("READY=1") or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError(self.text())
        self.port = int(READY.findall(self.text())[-1])
        return self

    def has(self, word):
        """How often the manager was told this."""
        try:
            while True:
                self.told += self.manager.recv(4096).decode().split("\n")
        except BlockingIOError:
            return self.told.count(word)

    def ticks(self):
        """The main thread does once more what it does each second."""
        before = self.text().count(STATS_LAST)
        self.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: self.text().count(STATS_LAST) > before)


def held(family=socket.AF_INET, address="127.0.0.1", kind=socket.SOCK_STREAM, listens=True):
    one = socket.socket(family, kind)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    one.bind((address, 0))
    if listens:
        one.listen(16)
    return one


def answers(port, address="127.0.0.1"):
    peer = Connection(port, address)
    peer.socket.settimeout(TIMEOUT_S)
    status = peer.call(0, (PUTROOTFH, b""), (GETFH, b""))[0]
    peer.close()
    return status == OK


def read(path):
    """Of /proc; nothing of a thread that has ended."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def ptrace(what, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(what, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


class Sockets(unittest.TestCase):
    def test_served(self):
        """NFS is served on the manager's sockets, of both families, and on no port of its own."""
        first, second = held(), held()
        with Managed([first, second]) as server:
            for one in (first, second):
                self.assertTrue(answers(one.getsockname()[1]))
                self.assertIn(f"ready on 127.0.0.1:{one.getsockname()[1]}\n", server.text())
            self.assertRegex(server.text(), r"daemon\.sockets given=2")
            self.assertIn(f"STATUS=Serves NFS on 127.0.0.1:{first.getsockname()[1]}, "
                          f"127.0.0.1:{second.getsockname()[1]}", server.told)

    def test_wait_for_restart(self):
        """A client that connects while the server is down waits in the manager's socket, and is served by the next."""
        port_holder = held()
        port = port_holder.getsockname()[1]
        server = Managed([port_holder])
        with server:
            self.assertTrue(answers(port))
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.has("STOPPING=1"), 1)
            early = Connection(port)  # is not refused
            early.socket.settimeout(TIMEOUT_S)
            server.told.clear()
            server.start()
            self.assertEqual(early.call(0, (PUTROOTFH, b""), (GETFH, b""))[0], OK)
            early.close()

    def test_ipv4_by_ipv6_socket(self):
        """Who comes by IPv4 through an IPv6 socket of both families has its IPv4 address: for rules, and for limits."""
        try:
            both = held(socket.AF_INET6, "::")
        except OSError as error:
            self.skipTest(f"no IPv6: {error}")
        with Managed([both], export="/=mem:,client=127.0.0.0/8") as server:
            self.assertTrue(answers(both.getsockname()[1]))
            client = Client(both.getsockname()[1], "it speaks IPv4")
            found = json.loads(request(server.socket, "/api/v1/clients").body)["items"]
            self.assertRegex(found[0]["address"], r"^127\.0\.0\.1\b")
            client.close()

    def refused(self, sockets, words):
        server = Managed(sockets)
        process = server.launch()
        self.assertEqual(process.wait(TIMEOUT_S), 1)
        self.assertIn(words, server.text())
        self.assertEqual(server.has("READY=1"), 0)
        server.remove()

    def test_others_refused(self):
        """Sockets that cannot be served are named before anything is served."""
        good = held()
        self.refused([good, held(kind=socket.SOCK_DGRAM, listens=False)], "socket 2 of the service manager does not")
        self.refused([held(listens=False)], "socket 1 of the service manager does not listen for TCP")
        self.refused([good] * 17, "gives 17 sockets, more than 16")

    def test_others_process(self):
        """Sockets that were meant for another process are not taken."""
        with Managed() as server:
            self.assertNotIn("daemon.sockets", server.text())
            self.assertTrue(answers(server.port))


class Silence(unittest.TestCase):
    """A manager that does not read its socket holds up nothing, and is told all when it reads again."""

    def fill(self, server):
        """No more goes into the manager's socket."""
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sender.setblocking(False)
        with sender, self.assertRaises(BlockingIOError):
            while True:
                sender.sendto(b"FILLER=1", server.manager.getsockname())

    def start(self, server):
        server.process = server.launch()
        self.addCleanup(server.process.kill)
        wait_until(lambda: READY.search(server.text()) or server.process.poll() is not None)
        server.port = int(READY.findall(server.text())[-1])

    def test_start_and_end(self):
        server = Managed(watchdog_us=20000)
        self.addCleanup(server.remove)
        self.fill(server)
        self.start(server)
        self.assertTrue(answers(server.port))
        server.ticks()
        wait_until(lambda: server.has("READY=1"))
        wait_until(lambda: server.has("WATCHDOG=1"))
        self.assertEqual(server.told.count("READY=1"), 1)
        self.assertIn(f"STATUS=Serves NFS on 127.0.0.1:{server.port}", server.told)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(TIMEOUT_S), 0)
        self.assertEqual(server.has("STOPPING=1"), 1)

    def test_end(self):
        server = Managed()
        self.addCleanup(server.remove)
        self.start(server)
        wait_until(lambda: server.has("READY=1"))
        self.fill(server)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(TIMEOUT_S), 0)
        self.assertIn("daemon.stop", server.text())


class Watchdog(unittest.TestCase):
    def test_fed(self):
        """It is fed while all event loops turn; with one that does not, no more; and again when it does."""
        with Managed(watchdog_us=20000) as server:
            wait_until(lambda: server.has("WATCHDOG=1") > 1)
            thread = self.stop_loop(server)
            try:
                wait_until(lambda: request(server.socket, "/healthz").status == 503)
                server.has("WATCHDOG=1")  # it may have waited for room in the socket
                for _ in range(20):
                    server.ticks()
                before = server.has("WATCHDOG=1")
                for _ in range(20):
                    server.ticks()
                self.assertEqual(server.has("WATCHDOG=1"), before)
            finally:
                ptrace(DETACH, thread)
            wait_until(lambda: server.has("WATCHDOG=1") > before)

    def stop_loop(self, server):
        """Stop one thread that waits in an event loop, as a defect would.  Just after a request none may wait yet."""
        found = []
        wait_until(lambda: found.append(self.stop_waiting(server)) or found[-1])
        return found[-1]

    def stop_waiting(self, server):
        tasks = f"/proc/{server.process.pid}/task"
        for task in map(int, os.listdir(tasks)):
            if read(f"{tasks}/{task}/comm") != "worker\n" or "poll" not in read(f"{tasks}/{task}/wchan"):
                continue
            try:
                ptrace(SEIZE, task)
            except OSError as error:
                self.skipTest(f"this user may not trace processes: {error}")
            ptrace(INTERRUPT, task)
            os.waitpid(task, WALL)
            return task
        return None

    def test_not_asked_for(self):
        with Managed() as server:
            server.ticks()
            self.assertEqual(server.has("WATCHDOG=1"), 0)


if __name__ == "__main__":
    run("Watchdog.test_fed")
