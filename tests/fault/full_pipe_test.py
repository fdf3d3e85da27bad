#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""While nobody reads its log the server keeps serving, and later it logs how many lines are
missing."""

import fcntl
import os
import re
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

BIN = os.environ["MAINSTAY_BIN"]
TIMEOUT_S = 60
PIPE_BYTES = 4096
NULL_CALL = struct.pack(">11I", 0x80000000 | 40, 7, 0, 2, 100003, 4, 0, 0, 0, 0, 0)
# Neither CALL nor REPLY: the server closes the connection and logs that.
BAD_RECORD = struct.pack(">11I", 0x80000000 | 40, 7, 2, 2, 100003, 4, 0, 0, 0, 0, 0)


class Server:
    """A mainstayd whose log goes into a small pipe."""

    def __init__(self, *options):
        self.directory = tempfile.TemporaryDirectory(prefix="mainstay-pipe-")
        self.pipe, write_end = os.pipe()
        fcntl.fcntl(write_end, 1031, PIPE_BYTES)  # F_SETPIPE_SZ
        self.process = subprocess.Popen(
            [os.path.join(BIN, "mainstayd"), "--listen", "127.0.0.1:0", "--state",
             self.directory.name, "--export", "/mem=mem:", "--log-level", "debug", *options],
            stderr=write_end)
        os.close(write_end)
        self.port = int(self.read_until(rb"ready on 127\.0\.0\.1:(\d+)\n").group(1))

    def read_until(self, pattern):
        text = b""
        while not re.search(pattern, text):
            more = os.read(self.pipe, 1)
            assert more, text
            text += more
        return re.search(pattern, text)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), TIMEOUT_S)

    def ping(self):
        with self.connect() as conn:
            conn.sendall(NULL_CALL)
            self.answer_of(conn)

    @staticmethod
    def answer_of(conn):
        answer = b""
        while len(answer) < 28:
            more = conn.recv(28 - len(answer))
            assert more, "closed"
            answer += more

    def bad_records(self, count):
        for _ in range(count):
            with self.connect() as conn:
                conn.sendall(BAD_RECORD)
                try:
                    assert conn.recv(1) == b""
                except ConnectionResetError:
                    pass

    def end(self):
        self.process.terminate()
        return self.process.wait(TIMEOUT_S)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.pipe)
        self.directory.cleanup()


class FullPipe(unittest.TestCase):
    def server(self, *options):
        server = Server(*options)
        self.addCleanup(server.close)
        return server

    def test_requests_do_not_wait(self):
        server = self.server("--log-queue", "8")
        with server.connect() as before:
            server.bad_records(1101)
            server.ping()
            before.sendall(NULL_CALL)
            server.answer_of(before)

    def test_the_end_does_not_wait(self):
        server = self.server()
        server.bad_records(200)
        self.assertEqual(server.end(), 0)

    def test_what_is_missing_is_told(self):
        server = self.server("--log-queue", "8")
        server.bad_records(300)
        missing = []
        reader = threading.Thread(target=lambda: missing.append(
            int(server.read_until(rb" warn log\.dropped count=(\d+)\n").group(1))))
        reader.start()
        reader.join(TIMEOUT_S)
        self.assertTrue(missing)
        self.assertGreater(missing[0], 0)
        server.ping()


if __name__ == "__main__":
    unittest.main()
