# SPDX-License-Identifier: Apache-2.0
"""A server that is told to drain refuses new connections at once, serves those that it has, and ends when the last of
them is closed or the time is over."""

import json
import re
import socket
import struct
import unittest

from admin_server import FULL, READ, TIMEOUT_S, Server, request, wait_until

DRAIN = "/api/v1/drain"
NFS = 100003


def null_call(peer):
    """NFSPROC4_NULL and its reply."""
    peer.sendall(struct.pack(">11I", 0x80000000 | 40, 7, 0, 2, NFS, 4, 0, 0, 0, 0, 0))
    reply = peer.recv(28, socket.MSG_WAITALL)
    return struct.unpack(">7I", reply)[1:4] == (7, 1, 0)


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), TIMEOUT_S).close()
    except ConnectionRefusedError:
        return True
    return False


class Drain(unittest.TestCase):
    def post(self, server, query=""):
        return request(server.socket, DRAIN + query, "POST")

    def test_it_serves_until_the_last_connection_is_closed(self):
        with Server() as server:
            with socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S) as peer:
                self.assertTrue(null_call(peer))
                self.assertEqual(self.post(server, "?timeout_s=3600").status, 202)
                wait_until(lambda: refuses(server.port))
                ready = request(server.socket, "/readyz")
                self.assertEqual(ready.status, 503)
                self.assertIn("drains", json.loads(ready.body)["reasons"][0])
                self.assertTrue(null_call(peer))
                self.assertIsNone(server.process.poll())
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)
            self.assertRegex(server.text(), r"daemon\.draining .*timeout_s=3600")
            self.assertRegex(server.text(), r'daemon\.stop why="drained" ')

    def test_it_ends_when_the_time_is_over(self):
        with Server() as server, socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S) as peer:
            self.assertTrue(null_call(peer))
            self.assertEqual(self.post(server, "?timeout_s=3600").status, 202)
            self.assertTrue(null_call(peer))
            self.assertEqual(self.post(server, "?timeout_s=0").status, 202)
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)
            self.assertTrue(re.search(r'daemon\.stop why="drain timeout" .*connections=1 ', server.text()))

    def test_a_bad_request_changes_nothing(self):
        with Server(tokens=(f"full {FULL}", f"read {READ}")) as server:
            for query in ("?timeout_s=", "?timeout_s=-1", "?timeout_s=+1", "?timeout_s=1x", "?timeout_s=86401",
                          "?timeout_s=99999999999999999999", "?timeout_s=1&timeout_s=2", "?timeout=1"):
                reply = self.post(server, query)
                self.assertEqual(reply.status, 400, query)
                self.assertIn("timeout", json.loads(reply.body)["detail"])
            self.assertEqual(request(server.tcp, DRAIN, "POST", {"Authorization": f"Bearer {READ}"}).status, 403)
            self.assertEqual(request(server.socket, DRAIN).status, 405)
            junk = request(server.socket, DRAIN, "POST", {"Content-Length": "3"}, b"[1]")
            self.assertIn(junk.status, (400, 415, 422))
            self.assertEqual(request(server.socket, "/readyz").status, 200)
            self.assertFalse(refuses(server.port))


unittest.main()
