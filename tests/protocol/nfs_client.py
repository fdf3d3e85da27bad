# SPDX-License-Identifier: Apache-2.0
"""A small NFS client for tests that look at a server from two sides.  It does as it is told, and answers callbacks only
when it is asked to."""

import os
import socket
import struct

TIMEOUT_S = 60

OK = 0
EXPIRED, DENIED, DELAY = 10011, 10010, 10008
STALE_CLIENTID, BAD_STATEID = 10022, 10025
STALE, SHARE_DENIED, ROFS = 70, 10015, 30
BADSESSION, DELEG_REVOKED = 10052, 10087

(CLOSE, GETATTR, GETFH, LOCK, LOOKUP, OPEN, OPEN_CONFIRM, PUTFH, PUTROOTFH, READ, READDIR, RENEW, SETCLIENTID,
 SETCLIENTID_CONFIRM, WRITE) = (4, 9, 10, 12, 15, 18, 20, 22, 24, 25, 26, 30, 35, 36, 38)
(BIND_CONN_TO_SESSION, EXCHANGE_ID, CREATE_SESSION, DESTROY_SESSION, SEQUENCE, TEST_STATEID, RECLAIM_COMPLETE) = \
    (41, 42, 43, 44, 53, 55, 58)
FREE_STATEID, SAVEFH, COPY = 45, 32, 60
CB_RECALL, CB_SEQUENCE = 4, 11

ACCESS_READ, ACCESS_WRITE, ACCESS_BOTH, DENY_NONE, DENY_BOTH = 1, 2, 3, 0, 3
WANT_WRITE_DELEGATION, WANT_NO_DELEGATION = 0x200, 0x400
CONN_BACK_CHAN = 2
CREATE, NOCREATE = 1, 0


def u32(*values):
    return struct.pack(f">{len(values)}I", *values)


def u64(*values):
    return struct.pack(f">{len(values)}Q", *values)


def opaque(data):
    data = data.encode() if isinstance(data, str) else data
    return u32(len(data)) + data + bytes(-len(data) % 4)


def create_how():
    """openflag4: UNCHECKED4 with a mode."""
    return u32(CREATE, 0, 2, 0, 2) + opaque(u32(0o666))


class Xdr:
    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, size):
        self.at += size + -size % 4
        assert self.at <= len(self.data), "the reply is short"
        return self.data[self.at - size - -size % 4:][:size]

    def u32(self):
        return struct.unpack(">I", self.bytes(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.bytes(8))[0]

    def opaque(self):
        return self.bytes(self.u32())


def decode_open(x):
    found = {"stateid": x.bytes(16), "delegation": None}
    x.bytes(20)  # cinfo
    found["flags"] = x.u32()
    x.bytes(4 * x.u32())
    kind = x.u32()
    if kind in (1, 2):
        found["delegation"] = x.bytes(16)
        x.u32()
        if kind == 2:
            x.bytes(12)
        x.bytes(12)
        x.opaque()
    elif kind == 3 and x.u32() in (1, 2):
        x.u32()
    return found


def decode_readdir(x):
    x.bytes(8)
    entries = []
    while x.u32():
        entries.append((x.u64(), x.opaque().decode()))
        x.bytes(4 * x.u32())
        x.opaque()
    return entries, bool(x.u32())


def decode_owner(x):
    """The attributes of a GETATTR of owner and group alone."""
    x.bytes(4 * x.u32())
    x.u32()
    return x.opaque().decode(), x.opaque().decode()


def decode_exchange_id(x):
    return {"clientid": x.u64(), "sequence": x.u32(), "flags": x.u32(), "how": x.u32(), "owner": (x.u64(), x.opaque()),
            "scope": x.opaque(), "implementation": [(x.opaque(), x.opaque(), x.bytes(12)) for _ in range(x.u32())]}


def decode_channel(x):
    names = ("pad", "request", "response", "cached", "operations", "slots")
    channel = {name: x.u32() for name in names}
    x.bytes(4 * x.u32())
    return channel


RESULTS = {
    CLOSE: lambda x: x.bytes(16),
    GETATTR: decode_owner,
    GETFH: Xdr.opaque,
    LOCK: lambda x: x.bytes(16),
    OPEN: decode_open,
    OPEN_CONFIRM: lambda x: x.bytes(16),
    READ: lambda x: (x.u32(), x.opaque()),
    READDIR: decode_readdir,
    SETCLIENTID: lambda x: (x.u64(), x.bytes(8)),
    BIND_CONN_TO_SESSION: lambda x: (x.bytes(16), x.u32(), x.u32()),
    EXCHANGE_ID: decode_exchange_id,
    CREATE_SESSION: lambda x: {"id": x.bytes(16), "sequence": x.u32(), "flags": x.u32(),
                               "fore": decode_channel(x), "back": decode_channel(x)},
    SEQUENCE: lambda x: (x.bytes(16), x.u32(), x.u32(), x.u32(), x.u32(), x.u32()),
    TEST_STATEID: lambda x: [x.u32() for _ in range(x.u32())],
}


def decode_copy(x):
    """The stateid of the copy, or none."""
    stateids = [x.bytes(16) for _ in range(x.u32())]
    x.bytes(8 + 4 + 8 + 4 + 4)
    return stateids


RESULTS[COPY] = decode_copy


class Connection:
    """Calls and their replies, as the user `uid`.  Calls of the server are kept in `calls`."""

    def __init__(self, port, address="127.0.0.1", source=None):
        self.socket = socket.create_connection((address, port), TIMEOUT_S, source and (source, 0))
        self.uid = 0
        self.socket.settimeout(TIMEOUT_S)
        self.xid = int.from_bytes(os.urandom(4), "big") & 0x7fffffff
        self.replies, self.calls = {}, []
        self.name = "%s:%d" % self.socket.getsockname()

    def close(self):
        self.socket.close()

    def send(self, minor, *operations):
        """Without waiting for the reply.  Returns the xid."""
        self.xid += 1
        cred = u32(0) + opaque("test") + u32(self.uid, self.uid, 0)
        call = u32(self.xid, 0, 2, 100003, 4, 1, 1) + opaque(cred) + u32(0, 0)
        call += opaque("") + u32(minor, len(operations))
        call += b"".join(u32(number) + arguments for number, arguments in operations)
        self.socket.sendall(u32(len(call) | 1 << 31) + call)
        return self.xid

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            assert piece, "the server has closed the connection"
            data += piece
        return data

    def receive(self):
        """One record."""
        data, last = b"", 0
        while not last:
            mark = struct.unpack(">I", self._exactly(4))[0]
            last = mark >> 31
            data += self._exactly(mark & 0x7fffffff)
        xid, kind = struct.unpack(">2I", data[:8])
        if kind:
            self.replies[xid] = data
        else:
            self.calls.append(data)

    def reply(self, xid):
        """The status of the COMPOUND, and (number, status, value) for each operation."""
        while xid not in self.replies:
            self.receive()
        x = Xdr(self.replies.pop(xid))
        x.bytes(12)
        x.u32()
        x.opaque()
        assert x.u32() == 0, "the call was refused"
        status = x.u32()
        x.opaque()
        results = []
        for _ in range(x.u32()):
            number, of = x.u32(), x.u32()
            results.append((number, of, RESULTS[number](x) if of == OK and number in RESULTS else None))
        return status, results

    def call(self, minor, *operations):
        return self.reply(self.send(minor, *operations))

    def value(self, minor, *operations):
        """The value of the last operation; all must succeed."""
        status, results = self.call(minor, *operations)
        assert status == OK, results
        return results[-1][2]

    def callback(self):
        """Wait for a call of the server, and say its first operation after CB_SEQUENCE."""
        while not self.calls:
            self.receive()
        x = Xdr(self.calls.pop(0))
        x.bytes(24)
        for _ in range(2):  # credentials and verifier
            x.u32()
            x.opaque()
        x.opaque()
        x.bytes(12)  # minor version, callback_ident, number of operations
        assert x.u32() == CB_SEQUENCE
        x.bytes(16 + 16)
        for _ in range(x.u32()):  # referring calls
            x.bytes(16)
            x.bytes(8 * x.u32())
        return x.u32()


def create_session(clientid, sequence, flags=0, slots=8, cached=2048):
    fore, back = u32(0, 1 << 16, 1 << 16, cached, 16, slots, 0), u32(0, 4096, 4096, 0, 2, 4, 0)
    return CREATE_SESSION, u64(clientid) + u32(sequence, flags) + fore + back + u32(0x40000000, 1, 0)


class Client:
    """Of 4.1 or later, with its sessions over connections of its own."""

    def __init__(self, port, owner, implementation=None, verifier=b"verifier", source=None, minor=1):
        self.minor = minor
        self.port, self.owner, self.implementation, self.verifier = port, owner, implementation, verifier
        self.connection = Connection(port, source=source)
        self.register()

    def register(self):
        """EXCHANGE_ID."""
        arguments = self.verifier + opaque(self.owner) + u32(0, 0)
        if self.implementation:
            domain, name, date_s = self.implementation
            arguments += u32(1) + opaque(domain) + opaque(name) + u64(date_s) + u32(0)
        else:
            arguments += u32(0)
        made = self.connection.value(self.minor, (EXCHANGE_ID, arguments))
        self.clientid, self.sequence = made["clientid"], made["sequence"]
        self.id = f"{self.clientid:016x}"

    def start(self, **how):
        """The first session, and RECLAIM_COMPLETE."""
        session = self.session(**how)
        session.value((RECLAIM_COMPLETE, u32(0)))
        return session

    def session(self, connection=None, **how):
        connection = connection or self.connection
        made = connection.value(self.minor, create_session(self.clientid, self.sequence, **how))
        self.sequence += 1
        return Session(self, connection, made)

    def close(self):
        self.connection.close()


def copy(source, target, count):
    """COPY from the beginning of one open file to that of another, which may go on after the reply: operations."""
    arguments = source["stateid"] + target["stateid"] + u64(0, 0, count) + u32(1, 0, 0)
    return ((PUTFH, opaque(source["handle"])), (SAVEFH, b""), (PUTFH, opaque(target["handle"])), (COPY, arguments))


class Session:
    def __init__(self, client, connection, made):
        self.client, self.connection, self.sessionid = client, connection, made["id"]
        self.id = self.sessionid.hex()
        self.seqids = [0] * made["fore"]["slots"]

    def sequence(self, slot=0):
        self.seqids[slot] += 1
        return SEQUENCE, self.sessionid + u32(self.seqids[slot], slot, slot, 1)

    def send(self, *operations, slot=0):
        return self.connection.send(self.client.minor, self.sequence(slot), *operations)

    def call(self, *operations, slot=0):
        return self.connection.reply(self.send(*operations, slot=slot))

    def value(self, *operations, slot=0):
        return self.connection.value(self.client.minor, self.sequence(slot), *operations)

    def open(self, name, access=ACCESS_BOTH | WANT_NO_DELEGATION, deny=DENY_NONE, create=True, export=None):
        """Operations that open a file of the root directory, or of an export below it."""
        where = [(PUTROOTFH, b"")] + ([(LOOKUP, opaque(export))] if export else [])
        how = create_how() if create else u32(NOCREATE)
        owner = u64(self.client.clientid) + opaque("owner")
        return *where, (OPEN, u32(0, access, deny) + owner + how + u32(0) + opaque(name)), (GETFH, b"")

    def opened(self, name, **how):
        """What OPEN said, with the filehandle."""
        status, results = self.call(*self.open(name, **how))
        assert status == OK, results
        return {**results[-2][2], "handle": results[-1][2]}


def lock(opened, clientid, owner="locker", offset=0, length=10, kind=2):
    """LOCK by a new owner: operations."""
    new = u32(1, 0) + opened["stateid"] + u32(0) + u64(clientid) + opaque(owner)
    return (PUTFH, opaque(opened["handle"])), (LOCK, u32(kind, 0) + u64(offset, length) + new)


class OldClient:
    """Of 4.0, without callbacks unless it gives a universal address."""

    def __init__(self, port, owner, address=""):
        self.connection = Connection(port)
        callback = u32(0x40000000) + opaque("tcp" if address else "") + opaque(address) + u32(1)
        self.clientid, confirm = self.connection.value(0, (SETCLIENTID, b"verifier" + opaque(owner) + callback))
        self.connection.value(0, (SETCLIENTID_CONFIRM, u64(self.clientid) + confirm))
        self.id = f"{self.clientid:016x}"

    def opened(self, name):
        arguments = u32(1, ACCESS_BOTH, DENY_NONE) + u64(self.clientid) + opaque("owner")
        arguments += create_how() + u32(0) + opaque(name)
        status, results = self.connection.call(0, (PUTROOTFH, b""), (OPEN, arguments), (GETFH, b""))
        assert status == OK, results
        found = {**results[1][2], "handle": results[2][2]}
        found["stateid"] = self.connection.value(0, (PUTFH, opaque(found["handle"])),
                                                 (OPEN_CONFIRM, found["stateid"] + u32(2)))
        return found

    def renew(self):
        return self.connection.call(0, (RENEW, u64(self.clientid)))[0]

    def close(self):
        self.connection.close()


def write(opened, data=b"data", offset=0):
    return (PUTFH, opaque(opened["handle"])), (WRITE, opened["stateid"] + u64(offset) + u32(2) + opaque(data))


def readdir(cookie, maxcount):
    """Of the current filehandle, without attributes."""
    return READDIR, u64(cookie) + bytes(8) + u32(0, maxcount, 0)


def read(opened):
    """Operations that read by its stateid."""
    return (PUTFH, opaque(opened["handle"])), (READ, opened["stateid"] + u64(0) + u32(16))
