# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy between the clients and the server that cuts connections as a bad network would.

It stands where the clients think the server is. Left alone it carries every byte; told to disturb, it
picks a connection every moment and ends it in the next of these ways:

    between       at once, whatever is on its way
    request       in the middle of a request: the server sees a part of it
    reply         the server has answered, the client gets none of it
    half a reply  the client gets the first bytes
    late          requests arrive when the client has resent them over its next connection (unless told not to)

A thread with one loop; what another thread asks for is done at the loop's next turn.
"""

import random
import selectors
import socket
import struct
import threading
import time

KINDS = ("reply", "request", "late", "half a reply", "between")
CHUNK = 1 << 18
TURN_S = 0.05
ARMED_LIMIT_S = 1.0  # a connection without traffic is spared
GATHER_S = 0.1  # how long replies are dropped, or requests kept back, before the cut
LATE_S = (0.05, 1.0)  # after the client's next connection
RESET = struct.pack("ii", 1, 0)  # SO_LINGER that ends a connection by RST


class Link:
    """A client's connection, and the one to the server that belongs to it."""

    def __init__(self, client, server, address):
        self.peer = {client: server, server: client}
        self.client = client
        self.server = server
        # Bytes to be sent to each side. The session's slots limit the number of bytes in flight.
        self.queued = {client: bytearray(), server: bytearray()}
        self.address = address
        self.armed = None  # how it will end
        self.armed_at = 0.0
        self.cut_at = None  # ... at the latest
        self.kept = bytearray()  # requests that will be delivered late


class Proxy(threading.Thread):
    def __init__(self, address, server_address, late=True):
        super().__init__(daemon=True)
        self.server_address = server_address
        self.links = set()
        self.late = []  # [when, socket to the server, bytes]; when is not known before the next connection
        self.every_s = None  # (least, most) seconds between two cuts
        self.next_cut = 0.0
        self.to_come = []  # kinds not used yet in this round
        self.cuts = dict.fromkeys([kind for kind in KINDS if late or kind != "late"], 0)
        self.lost = {}  # address of a client: the side ("client" or "server") whose bytes are dropped
        self.to_cut = set()  # addresses of clients
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(address, backlog=64)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ)

    # ---- called by other threads

    def disturb(self, every_s):
        """Cut a connection whenever that long has passed: (least, most) seconds, or None: no more."""
        self.every_s = every_s

    def lose(self, address, side):
        """From now on drop everything that this side sends."""
        self.lost[address] = side

    def end_all(self, address):
        """Cut the connections of this client; new ones are forwarded normally."""
        self.to_cut.add(address)

    # ---- the loop

    def run(self):
        while True:
            for key, events in self.selector.select(TURN_S):
                if key.fileobj is self.listener:
                    self.accept()
                elif key.data in self.links:
                    self.serve(key.data, key.fileobj, events)
            now = time.monotonic()
            for link in [link for link in self.links if link.cut_at and now >= link.cut_at]:
                self.cut(link)
            self.deliver_late(now)
            while self.to_cut:
                self.end_links_of(self.to_cut.pop())
            if self.every_s and now >= self.next_cut:
                self.next_cut = now + random.uniform(*self.every_s)
                self.arm(now)

    def accept(self):
        try:
            client, (address, _) = self.listener.accept()
        except OSError:
            return
        server = socket.socket()
        try:
            server.connect(self.server_address)
        except OSError:
            reset(client)  # no server: answer like a machine without one
            server.close()
            return
        for entry in self.late:
            entry[0] = entry[0] or time.monotonic() + random.uniform(*LATE_S)
        link = Link(client, server, address)
        self.links.add(link)
        for side in (client, server):
            side.setblocking(False)
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(side, selectors.EVENT_READ, link)

    def serve(self, link, side, events):
        try:
            if events & selectors.EVENT_WRITE:
                self.send(link, side)
            if events & selectors.EVENT_READ:
                data = side.recv(CHUNK)
                if not data:
                    self.end(link)
                    return
                self.carry(link, side, data)
        except BlockingIOError:
            pass
        except OSError:
            self.end(link)
            return
        if link in self.links:
            self.watch(link)

    def carry(self, link, side, data):
        other = link.peer[side]
        if self.lost.get(link.address) == ("client" if side is link.client else "server"):
            return
        self.let_off_the_idle(link)
        if link.armed in (("request", "late") if side is link.client else ("reply", "half a reply")):
            if link.armed in ("request", "half a reply"):
                link.queued[other] += data[:random.randrange(1, len(data))] if len(data) > 1 else b""
                self.send(link, other)
                self.cut(link)
                return
            if link.armed == "late":
                link.kept += data
            link.cut_at = link.cut_at or time.monotonic() + GATHER_S
            return
        link.queued[other] += data
        self.send(link, other)

    def let_off_the_idle(self, link):
        """No traffic came in time for the cut, or disturbing has stopped."""
        late = time.monotonic() - link.armed_at > ARMED_LIMIT_S
        if link.armed and not link.cut_at and (late or not self.every_s):
            link.armed = None

    def send(self, link, side):
        queue = link.queued[side]
        while queue:
            try:
                sent = side.send(queue)
            except BlockingIOError:
                return
            del queue[:sent]

    def watch(self, link):
        for side, queue in link.queued.items():
            writing = selectors.EVENT_WRITE if queue else 0
            self.selector.modify(side, selectors.EVENT_READ | writing, link)

    # ---- faults

    def arm(self, now):
        links = [link for link in self.links if not link.armed]
        if not links:
            return
        if not self.to_come:
            self.to_come = list(self.cuts)
            random.shuffle(self.to_come)
        link = random.choice(links)
        link.armed, link.armed_at = self.to_come.pop(), now
        if link.armed == "between":
            self.cut(link)

    def cut(self, link):
        self.cuts[link.armed] += 1
        if link.armed != "late":
            self.end(link)
            return
        self.links.discard(link)
        self.forget(link)
        reset(link.client)
        self.late.append([None, link.server, bytes(link.queued[link.server] + link.kept)])

    def deliver_late(self, now):
        for entry in [entry for entry in self.late if entry[0] and entry[0] <= now]:
            self.late.remove(entry)
            _, server, data = entry
            try:
                server.setblocking(True)
                server.settimeout(1)
                server.sendall(data)
                server.shutdown(socket.SHUT_WR)  # the server may still run it; the answer is dropped
            except OSError:
                pass
            server.close()

    # ---- ends

    def end_links_of(self, address):
        self.lost.pop(address, None)
        for link in [link for link in self.links if link.address == address]:
            self.end(link)

    def forget(self, link):
        for side in link.peer:
            self.selector.unregister(side)

    def end(self, link):
        """Each side sees an orderly end or a reset, at random."""
        self.links.discard(link)
        self.forget(link)
        for side in link.peer:
            if random.random() < 0.5:
                reset(side)
            else:
                side.close()


def reset(side):
    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    side.close()
