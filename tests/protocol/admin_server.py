# SPDX-License-Identifier: Apache-2.0
"""A mainstayd for tests of its admin endpoint, and requests to that: over its socket or over TCP, also such as no
library would send."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

BIN = os.environ["MAINSTAY_BIN"]
MAINSTAYD = os.path.join(BIN, "mainstayd")
TIMEOUT_S = 60
READY = re.compile(r"(?:ready on|daemon.ready).*:(\d+)")
OBSTACLE = re.compile(r"cannot act as its callers: .*")  # to a `local` export, as in the namespace of `unshare -r`
FULL = "full-token-of-the-tests-0001"
READ = "read-token-of-the-tests-0002"


def wait_until(condition):
    """Its first true value; an error after TIMEOUT_S."""
    end = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError("this does not happen: " + repr(condition))


class Reply:
    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.empty = not data
        self.status = int(lines[0].split()[1]) if data else None
        self.fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}


def exchange(address, data, timeout_s=TIMEOUT_S):
    """Send bytes to a path or a (host, port), and read to the end."""
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as peer:
        peer.settimeout(timeout_s)
        peer.connect(address)
        got = []
        try:
            peer.sendall(data)
            while True:
                piece = peer.recv(1 << 16)
                if not piece:
                    break
                got.append(piece)
        except ConnectionError:  # it was refused before all was sent
            pass
    return Reply(b"".join(got))


def request(address, path, method="GET", fields=(), body=b""):
    fields = {"Host": "localhost", **dict(fields)}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return exchange(address, f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)


class Server:
    """Use it as a context.  `tokens`: there is a TCP address, too, with these lines in the file of tokens."""

    def __init__(self, *options, state=None, tokens=None):
        self.own = None if state else tempfile.mkdtemp(prefix="mainstay-admin-")
        self.state = state or os.path.join(self.own, "state")
        self.socket = os.path.join(self.state, "admin.sock")
        self.options = options
        self.tokens = tokens
        self.process = self.port = self.tcp = None
        self.lines = []

    def token_file(self):
        return os.path.join(self.own or self.state, "tokens")

    def write_tokens(self, *lines):
        with open(self.token_file(), "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) \
                as file:
            file.write("\n".join(lines) + "\n")

    def start(self, exports=("--export", "/=mem:")):
        command = [MAINSTAYD, "--listen", "127.0.0.1:0", *exports, "--state", self.state, *self.options]
        if self.tokens:
            self.write_tokens(*self.tokens)
            command += ["--admin", "127.0.0.1:0", "--admin-token", self.token_file()]
        self.log = os.path.join(os.path.dirname(self.state), f"log-{os.getpid()}-{id(self)}")
        with open(self.log, "w", encoding="utf-8") as file:
            self.process = subprocess.Popen(command, stderr=file)
        wait_until(lambda: READY.search(self.text()) or self.process.poll() is not None)
        text = self.text()
        if self.process.poll() is not None:
            obstacle = OBSTACLE.search(text)
            if obstacle:
                raise unittest.SkipTest(f"the server {obstacle[0]}")
            raise AssertionError(text)
        self.port = int(READY.search(text)[1])
        if self.tokens:
            self.tcp = ("127.0.0.1", int(re.search(r"admin.open\W.*127.0.0.1:(\d+)", text)[1]))
        return self

    def text(self):
        """Its log as far as it has whole lines."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        return text[:text.rfind("\n") + 1]

    def said(self, pattern):
        """What its log has of the pattern, once it has that: a thread of its own writes it, later."""
        return wait_until(lambda: re.findall(pattern, self.text()))

    def remove(self):
        if self.own:
            shutil.rmtree(self.own)

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(TIMEOUT_S) if self.process else None
        return status

    def __enter__(self):
        try:
            return self.start()
        except (AssertionError, unittest.SkipTest):
            self.remove()
            raise

    def __exit__(self, kind, *_):
        status = self.stop()
        text = self.text()
        self.remove()
        if kind is None and status not in (0, -signal.SIGKILL):
            raise AssertionError(f"mainstayd ended with {status}: {text}")
