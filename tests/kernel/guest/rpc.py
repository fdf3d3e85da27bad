# SPDX-License-Identifier: Apache-2.0
"""One NFSv4.1 operation to the server, by root with AUTH_SYS, over a connection of its own: what the kernel's client
never sends."""

import errno
import os
import socket
import struct

SERVER_ADDRESS = "10.77.0.1"
PORT = 2049
LIMIT_S = 20
LOW_PORTS = range(600, 1024)
PROGRAM, VERSION, COMPOUND = 100003, 4, 1
AUTH_SYS = 1
LAST_FRAGMENT = 1 << 31
CLID_INUSE, WRONG_CRED = 10017, 10082  # of NFS4ERR_
CDFC4_FORE = 1


def word(*numbers):
    return struct.pack(f">{len(numbers)}I", *numbers)


def opaque(data):
    return word(len(data)) + data + bytes(-len(data) % 4)


def exchange_id(owner):
    """As a new incarnation of the client with this owner string."""
    return word(42) + os.urandom(8) + opaque(owner) + word(0, 0, 0)  # no flags, SP4_NONE, no implementation


def create_session(clientid):
    channel = word(0, 65536, 65536, 4096, 8, 4, 0)
    return word(43) + bytes.fromhex(clientid) + word(1, 0) + 2 * channel + word(0x40000000, 0)


def destroy_session(session):
    return word(44) + bytes.fromhex(session)


def bind_conn_to_session(session):
    return word(41) + bytes.fromhex(session) + word(CDFC4_FORE, 0)


def destroy_clientid(clientid):
    return word(57) + bytes.fromhex(clientid)


def bind_low_port(connection):
    """One that only root has, as the server wants of AUTH_SYS."""
    for port in LOW_PORTS:
        try:
            return connection.bind(("", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, "no low port is free")


def send(operation):
    """The status of a COMPOUND that has only this operation."""
    credential = opaque(word(0) + opaque(b"client") + word(0, 0, 0))
    call = word(1, 0, 2, PROGRAM, VERSION, COMPOUND, AUTH_SYS) + credential + word(0, 0)
    call += opaque(b"") + word(1, 1) + operation
    with socket.socket() as connection:
        bind_low_port(connection)
        connection.settimeout(LIMIT_S)
        connection.connect((SERVER_ADDRESS, PORT))
        connection.sendall(word(LAST_FRAGMENT | len(call)) + call)
        with connection.makefile("rb") as reply:
            length, = struct.unpack(">I", reply.read(4))
            data = reply.read(length & ~LAST_FRAGMENT)
    # xid, REPLY, MSG_ACCEPTED, a verifier of AUTH_NONE, SUCCESS, the status of the COMPOUND
    found = struct.unpack_from(">7I", data)
    if found[:6] != (1, 1, 0, 0, 0, 0):
        raise ConnectionError(f"refused by RPC: {found}")
    return found[6]
