#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Kerberos: an export mounted with krb5, krb5i and krb5p by two clients, for users with tickets and without (S22-14).

Root of a client is the client machine, by its keytab. Users have accounts on the server's machine.
"""

import errno
import fcntl
import os
import sys
import time

import host
from check import CLIENT, SERVER, VERSION, as_user, drop_caches, equal, main, raises, read, start_as, test, true, write
from flavor import FLAVORS, CachesDropped, each_flavor, program
from kerberos import USERS, cache, drop_ticket, get_ticket

FIRST = CLIENT == 1
ALICE, BOB, CAROL, DAVE, ERIN = USERS.values()
TEAM = 5100  # the group of alice and bob, on the server's machine
REFUSED_S = 10
REFUSED = (errno.EACCES, errno.EKEYEXPIRED)
BACK_LIMIT_S = 60
LIFE_S = 10
SHORT_LIFE_S = 8
LIVES = 2.3
LONG_LIFE = "24h"
SKEW_S = 5
TURN_S = 0.2
DATA = b"what alice has written\n" * 1000


def run_as(user, call, *arguments):
    """Without the groups that the user has on this machine: the server knows them."""
    return as_user(user, user, call, *arguments)


@test
def users_get_tickets():
    for user in ("alice", "bob"):
        get_ticket(user)


@each_flavor
def who_is_who(flavor):
    """The server knows users by their tickets and groups by its own database, and owners have names on the wire."""
    if FIRST:
        run_as(ALICE, write, "private", b"alice only", 0o600)
        run_as(ALICE, write, "shared", b"for the team", 0o640)
        write("roots", b"of the machine", 0o600)
        os.chown("shared", ALICE, TEAM)
    host.barrier(f"made {flavor}")
    owners = {name: (os.stat(name).st_uid, os.stat(name).st_gid) for name in ("private", "shared", "roots")}
    equal(owners, {"private": (ALICE, ALICE), "shared": (ALICE, TEAM), "roots": (0, 0)}, "owners and groups")
    equal(run_as(ALICE, read, "private"), b"alice only", "what alice reads")
    raises(errno.EACCES, run_as, BOB, read, "private")
    equal(run_as(BOB, read, "shared"), b"for the team", "what bob reads as one of the team")
    raises(errno.EPERM, run_as, BOB, os.chmod, "shared", 0o666)
    raises(errno.EACCES, run_as, ALICE, read, "roots")
    equal(read("private"), b"alice only", "what root reads")


@each_flavor
def without_a_ticket(flavor):
    """EACCES, and soon, also for what all may read."""
    if FIRST:
        write("for all", b"hello", 0o666)
    host.barrier(f"made {flavor}")
    for call, *arguments in ((os.listdir, "."), (read, "for all"), (write, f"new {CLIENT}")):
        started = time.monotonic()
        raises(errno.EACCES, run_as, CAROL, call, *arguments)
        true(time.monotonic() - started < REFUSED_S, f"refused after {time.monotonic() - started:.1f} s")
    equal(os.path.exists(f"new {CLIENT}"), False, "whether the file was created")
    # The password of another user's ticket is of no use, either.
    get_ticket("dave")
    os.rename(cache("dave"), cache("carol"))
    os.chown(cache("carol"), CAROL, CAROL)
    run_as(CAROL, write, f"new {CLIENT}", b"who am I?")
    drop_ticket("carol")
    equal(os.stat(f"new {CLIENT}").st_uid, DAVE, "whose file it is with another user's ticket")


@each_flavor
def a_day_of_work(_flavor):
    """alice builds while bob uses git; then both clients lock and append, and recall each other's delegations."""
    user = ("alice", "bob")[CLIENT - 1]
    os.mkdir(user)
    os.chown(user, USERS[user], USERS[user])
    os.chdir(user)
    with CachesDropped():
        if FIRST:
            program("build.py", "build_a_source_tree", user=ALICE, alone=True, MS_MODULES="3")
        else:
            program("gitwork.py", user=BOB, alone=True, MS_GIT_FILES="10")
    os.chdir("..")
    program("pair.py", "ranges", "a_waiter_gets_the_lock", "locks_of_two_processes", "both_append", "both_count",
            "one_sees_the_names_of_the_other")
    if SERVER == "mainstayd":
        program("delegation.py", "the_other_opens_what_is_unwritten", "the_other_looks_at_attributes",
                "a_cached_tree_costs_nothing", "names_and_attributes_of_a_held_file")


def work_until(end, flavor):
    """Write to an open file, and create, read and remove others; returns how many turns were made."""
    turns = 0
    with open(f"log.{flavor}.{CLIENT}", "wb", buffering=0) as log:
        while time.monotonic() < end:
            log.write(b"%07d\n" % turns)
            os.fsync(log.fileno())
            write(f"file.{flavor}.{CLIENT}", DATA)
            equal(read(f"file.{flavor}.{CLIENT}"), DATA, "what alice reads")
            os.unlink(f"file.{flavor}.{CLIENT}")
            turns += 1
            time.sleep(TURN_S)
    return turns


def own_directory(flavor, name, user=ALICE):
    """Of that user, on that mount."""
    path = f"{FLAVORS[flavor]}/{name}.{flavor}.{CLIENT}"
    os.mkdir(path)
    os.chown(path, user, user)
    return path


@test
def tickets_end():
    """alice works on for more than two lifetimes of her tickets, and gets a new one in time."""
    if FIRST:
        host.kadmin(f"modprinc -maxlife {LIFE_S}s alice")
    host.barrier("short tickets")
    get_ticket("alice")
    directories = {flavor: own_directory(flavor, "tickets") for flavor in FLAVORS}
    end = time.monotonic() + LIVES * LIFE_S

    def work(flavor):
        os.chdir(directories[flavor])
        return work_until(end, flavor)

    workers = {flavor: start_as(ALICE, ALICE, work, flavor) for flavor in FLAVORS}
    while time.monotonic() < end:
        time.sleep(LIFE_S / 3)
        get_ticket("alice")
    for flavor, worker in workers.items():
        turns = worker()
        equal(read(f"{directories[flavor]}/log.{flavor}.{CLIENT}"),
              b"".join(b"%07d\n" % turn for turn in range(turns)), f"what alice wrote with {flavor}")
    host.barrier("worked")
    if FIRST:
        host.kadmin(f"modprinc -maxlife {LONG_LIFE} alice")
    host.barrier("long tickets")
    get_ticket("alice")


@test
def unwritten_data_of_an_ended_ticket():
    """The client writes it as the machine, which the server allows for a client with state protection, and only then
    (RFC 8881 2.10.8.3)."""
    if SERVER != "mainstayd" or VERSION == "4.0":
        return
    write("/sys/module/auth_rpcgss/parameters/key_expire_timeo", "0")  # else the end of a ticket makes all writes sync
    if FIRST:
        host.kadmin(f"modprinc -maxlife {SHORT_LIFE_S}s erin")
    host.barrier("very short tickets")
    directories = {flavor: own_directory(flavor, "unwritten", ERIN) for flavor in FLAVORS}
    get_ticket("erin")
    got = time.monotonic()
    ready, tell = os.pipe()
    let_go, go_on = os.pipe()

    def work():
        files = [os.open(f"{path}/file", os.O_WRONLY | os.O_CREAT) for path in directories.values()]
        for file in files:
            os.write(file, DATA)
        os.write(tell, b"!")
        os.read(let_go, 1)  # not closed: that would write the data
        for file in files:
            os.fsync(file)

    worker = start_as(ERIN, ERIN, work)
    os.read(ready, 1)
    true(time.monotonic() - got < SHORT_LIFE_S, "the ticket ended too early")
    drop_ticket("erin")
    time.sleep(max(0, got + SHORT_LIFE_S + SKEW_S + 1 - time.monotonic()))  # the server's clock may be behind
    for path in directories.values():
        raises(REFUSED, run_as, ERIN, write, f"{path}/new")
    os.write(go_on, b"!")
    worker()
    drop_caches()
    for flavor, path in directories.items():
        equal(read(f"{path}/file"), DATA, f"what the server has of erin's file with {flavor}")


@test
def the_server_restarts():
    """It knows no context any more: the client makes new ones and goes on, with its files and locks."""
    directories = {flavor: own_directory(flavor, "restart") for flavor in FLAVORS}
    ready, tell = os.pipe()
    let_go, go_on = os.pipe()

    def work():
        files = [os.open(f"{path}/file", os.O_RDWR | os.O_CREAT) for path in directories.values()]
        for file in files:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(file, DATA)
        os.write(tell, b"!")
        os.read(let_go, 1)
        for file in files:
            os.write(file, DATA)
            os.fsync(file)
            equal(os.pread(file, 2 * len(DATA) + 1, 0), 2 * DATA, "the open file")

    worker = start_as(ALICE, ALICE, work)
    os.read(ready, 1)
    host.barrier("locked")
    if FIRST:
        host.server("restart")
    host.barrier("restarted")
    os.write(go_on, b"!")
    worker()
    drop_caches()
    for flavor, path in directories.items():
        equal(read(f"{path}/file"), 2 * DATA, f"what alice wrote with {flavor}")


@test
def the_kdc_is_gone():
    """Who has tickets works on; another one is refused, soon, until the KDC is back."""
    directories = {flavor: own_directory(flavor, "kdc") for flavor in FLAVORS}
    get_ticket("dave")  # to get tickets with, but none for the server yet
    host.barrier("the KDC goes")
    if FIRST:
        host.kdc("stop")
    host.barrier("the KDC is gone")
    for path in directories.values():
        run_as(ALICE, write, f"{path}/file", DATA)
        equal(run_as(ALICE, read, f"{path}/file"), DATA, "what alice reads")
    started = time.monotonic()
    raises(REFUSED, run_as, DAVE, os.listdir, path)
    true(time.monotonic() - started < REFUSED_S, f"refused after {time.monotonic() - started:.1f} s")
    host.barrier("the KDC comes back")
    if FIRST:
        host.kdc("start")
    host.barrier("the KDC is back")
    limit = time.monotonic() + BACK_LIMIT_S
    while True:
        try:
            return run_as(DAVE, os.listdir, path)
        except OSError as error:
            true(error.errno in REFUSED and time.monotonic() < limit, f"dave is still refused: {error}")
            time.sleep(0.1)


@test
def who_the_clients_are():
    """As the server shows them: by the machine's principal, with state protection from 4.1 on."""
    if SERVER != "mainstayd" or not FIRST:
        return
    shown = host.mainstay("client", "list")
    equal(sorted(client["principal"]["name"] for client in shown["items"]),
          [f"host/client{number}.mainstay.test@MAINSTAY.TEST" for number in (1, 2)], "principals")
    equal({client["protection"] for client in shown["items"]}, {"none" if VERSION == "4.0" else "machine"},
          "how their state is protected")


sys.exit(main())
