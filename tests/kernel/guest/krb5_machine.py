#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""A client whose machine has a key and whose users have no tickets: sec=sys with state protection (S22-14).

Linux registers by krb5i then, and has its sessions protected by SP4_MACH_CRED (RFC 8881 2.10.8.3): nobody else may make,
bind or end them, not even with the client's name and numbers.
"""

import fcntl
import os
import sys

import host
from check import as_user, drop_caches, equal, main, read, test, write
from rpc import (CLID_INUSE, WRONG_CRED, bind_conn_to_session, create_session, destroy_clientid, destroy_session,
                 exchange_id, send)

MACHINE = "host/client1.mainstay.test@MAINSTAY.TEST"
OWNER = b"Linux NFSv4.1 client1"
USER = 5001
DATA = b"some data of a file\n" * 1000


def registered():
    """This client, as the server knows it."""
    clients = host.mainstay("client", "list")["items"]
    equal([each["owner"] for each in clients], [OWNER.decode()], "clients")
    return clients[0]


@test
def the_machine_registered():
    client = registered()
    equal((client["principal"]["name"], client["principal"]["flavor"]), (MACHINE, "krb5i"), "who registered")
    equal(client["protection"], "machine", "how its state is protected")


@test
def users_need_no_tickets():
    os.chmod(".", 0o777)
    as_user(USER, USER, write, "file", DATA)
    equal(os.stat("file").st_uid, USER, "whose file it is")
    equal(as_user(USER, USER, read, "file"), DATA, "what the user reads")
    write("roots")
    equal(os.stat("roots").st_uid, 0, "whose file root's is")


@test
def nobody_else_ends_what_it_holds():
    """By AUTH_SYS, which is how the client's own users call."""
    file = os.open("file", os.O_RDWR | os.O_CREAT)
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    clientid = registered()["id"]
    sessions = [each["id"] for each in host.mainstay("session", "list")["items"]]
    equal(len(sessions), 1, "sessions")
    attempts = {"destroy_session": destroy_session(sessions[0]), "bind_conn_to_session": bind_conn_to_session(sessions[0]),
                "destroy_clientid": destroy_clientid(clientid), "create_session": create_session(clientid)}
    equal({name: send(operation) for name, operation in attempts.items()}, dict.fromkeys(attempts, WRONG_CRED), "answers")
    equal(send(exchange_id(OWNER)), CLID_INUSE, "the answer to one with its name")
    client = registered()
    equal((client["id"], client["opens"]), (clientid, 1), "the client and its open file")
    os.write(file, DATA)
    os.fsync(file)
    equal(host.logged("session.create"), 1, "sessions made")


@test
def the_server_restarts():
    """The client reclaims, as its machine, and is protected again."""
    file = os.open("file", os.O_RDWR | os.O_CREAT)
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.write(file, DATA)
    host.server("restart")
    os.write(file, DATA)
    os.fsync(file)
    client = registered()
    equal((client["principal"]["name"], client["protection"], client["opens"]), (MACHINE, "machine", 1),
          "the client after the restart")
    os.close(file)
    drop_caches()
    equal(read("file"), 2 * DATA, "what was written before and after")


sys.exit(main())
