#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Two clients and their delegations: what a holder caches and does, and what the other client sees (S22-27).

The counters of the holder's kernel and of the server must agree. Where the clients mount with different
minor versions each is the holder once, so that each version is recalled for the other (S22-04).
"""

import errno
import fcntl
import os
import signal
import sys
import threading
import time

import host
from check import BACKEND, CLIENT, drop_caches, equal, main, read, test, true, write
from holding import DATA, LEASE_S, MIXED, Since, each_holds, stats, hold, one_recall
from mountstats import TARGET, VERSION

FILES = 20
BIG = b"".join(b"%07d\n" % line for line in range(1 << 19))  # 4 MiB: several calls of WRITE
BIG_FILES = 4
TURNS = 40


@each_holds
def the_other_opens_what_is_unwritten(role):
    """One CB_RECALL, on the holder's own connection except in 4.0; the data has arrived when the holder has closed
    (S22-01, S22-04, S22A-01). Linux does not write earlier, with any server."""
    if role.holds:
        file = hold("file")
        since = Since()
    role.step("held")
    if not role.holds:
        os.close(os.open("file", os.O_RDONLY))
    role.step("opened")
    if role.holds:
        one_recall(since)
        os.close(file)
        true(since.made("WRITE") > 0, "the data was not written")
        if not MIXED:
            equal(stats()["dialled"] > 0, VERSION == "4.0", "whether clients were dialled, ever")
    role.step("closed")
    if not role.holds:
        equal(read("file"), DATA, "what the other reads")


@each_holds
def the_other_sees_what_was_closed(role):
    """All data: no WRITE is outstanding, or follows the DELEGRETURN."""
    for turn in range(BIG_FILES):
        if role.holds:
            file = hold(f"file{turn}", BIG)
            since = Since()
            os.close(file)
        role.step(f"closed {turn}")
        if not role.holds:
            data = read(f"file{turn}")
            true(data == BIG, f"{len(data)} bytes of {len(BIG)}, or others")
        role.step(f"read {turn}")
        if role.holds:
            one_recall(since)


@each_holds
def the_holder_is_killed(role):
    """A process dies, not the machine: the data that it wrote is not lost."""
    if role.holds:
        ready, tell = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                hold("file")
                os.write(tell, b"!")
                time.sleep(3600)
            finally:
                os._exit(1)
        os.close(tell)
        equal(os.read(ready, 1), b"!", "the holder's word")
        since = Since()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.sync()  # Linux does not write back the data of a killed process on close
    role.step("killed")
    if not role.holds:
        equal(read("file"), DATA, "what the other reads")
    role.step("read")
    if role.holds:
        one_recall(since)


@each_holds
def the_other_looks_at_attributes(role):
    """The server asks the holder for the size (CB_GETATTR), and the holder keeps its delegation."""
    if role.holds:
        file = hold("file")
        since = Since()
    role.step("held")
    if not role.holds:
        equal(os.stat("file").st_size, len(DATA), "the size that the other sees")
    role.step("looked")
    if role.holds:
        counted = since.counted()
        true(counted["CB_GETATTR"] > 0, "the holder was not asked")
        equal(counted["CB_RECALL"], 0, "calls of CB_RECALL")
        equal(since.made("DELEGRETURN"), 0, "calls of DELEGRETURN")
        equal(since.made("WRITE"), 0, "calls of WRITE")
        os.close(file)


@each_holds
def a_cached_tree_costs_nothing(role):
    """Read again: no READ, no OPEN, and no other request either."""
    if role.holds:
        if VERSION == "4.0":
            write("first", b"")
        for number in range(FILES):
            write(f"file{number}", DATA)
        for _ in range(2):
            read_all()
    role.step("cached")
    if role.holds:
        since = Since()
        for _ in range(3):
            read_all()
        equal(since.made("READ"), 0, "calls of READ")
        equal(since.made("OPEN"), 0, "calls of OPEN")
        # Directories may not be delegated, and leases are renewed.
        calls = since.counted()["calls"]
        true(calls < FILES, f"{calls} calls in all")


def read_all():
    for number in range(FILES):
        equal(read(f"file{number}"), DATA, "what the holder reads")


@each_holds
def names_and_attributes_of_a_held_file(role):
    """What the other client does by name recalls the delegation first: rename, chmod, link, unlink, truncate."""
    names = ("renamed", "chmodded", "linked", "unlinked", "truncated")
    if role.holds:
        for name in names:
            write(name, DATA)
        since = Since()
    role.step("held")
    if not role.holds:
        os.rename("renamed", "new name")
        os.chmod("chmodded", 0o640)
        os.link("linked", "second name")
        os.unlink("unlinked")
        os.truncate("truncated", 10)
        equal(read("new name"), DATA, "a file that was renamed")
        equal(read("second name"), DATA, "a file that got a second name")
        equal(os.stat("chmodded").st_mode & 0o777, 0o640, "a mode that was set")
    role.step("changed")
    if role.holds:
        counted = since.counted()
        true(counted["recalled"] >= 3, f"{counted['recalled']} delegations recalled")
        equal(counted["returned"], since.made("DELEGRETURN"), "delegations returned, and calls of DELEGRETURN")
        equal(counted["revoked"], 0, "delegations revoked")
    drop_caches()
    role.step("written")
    equal(read("new name"), DATA, "a file that was renamed")
    equal(read("chmodded"), DATA, "a file whose mode was set")
    equal(os.stat("second name").st_nlink, 2, "links of a file that got one")
    equal(read("truncated"), DATA[:10], "a file that was truncated")
    true(not os.path.exists("unlinked"), "a file that was removed is there")


@each_holds
def a_fight(role):
    """Both append, rename, chmod, remove and look: nothing is lost or done twice, and no request waits for long.
    """
    if role.holds:
        write("log", b"")
        write("there", DATA)
    role.step("made")
    slowest = 0.0
    for turn in range(TURNS):
        started = time.monotonic()
        append("log", b"%d %03d\n" % (CLIENT, turn))
        move("there", f"moved{CLIENT}")
        move(f"moved{CLIENT}", "there")
        write(f"own{CLIENT}", DATA)
        os.chmod(f"own{CLIENT}", 0o600 + turn % 8)
        glance(f"own{3 - CLIENT}")
        os.unlink(f"own{CLIENT}")
        slowest = max(slowest, time.monotonic() - started)
    role.step("fought")
    drop_caches()  # the client may have cached that a name was briefly absent
    lines = read("log").splitlines()
    equal(sorted(lines), sorted(b"%d %03d" % (client, turn) for client in (1, 2) for turn in range(TURNS)),
          "lines that were appended")
    equal(read("there"), DATA, "the file that was fought over")
    print(f"     {role.name}: the slowest turn took {slowest:.2f} s", flush=True)


def append(path, line):
    with open(path, "ab", buffering=0) as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        file.seek(0, os.SEEK_END)
        file.write(line)


def move(old, new):
    try:
        os.rename(old, new)
    except FileNotFoundError:
        pass  # the other client has it


def glance(path):
    try:
        os.stat(path)
        data = read(path)
        true(data == DATA[:len(data)], "half written data that is wrong")
    except (FileNotFoundError, PermissionError):
        pass
    except OSError as error:
        true(error.errno == errno.ESTALE, error)


@each_holds
def who_waits_for_a_lock_is_told(role):
    """By itself a client of 4.1 retries every 30 seconds; with CB_NOTIFY_LOCK it gets the lock at once."""
    if role.holds:
        write("file", b"x")
    role.step("made")
    file = os.open("file", os.O_RDWR)
    since = Since()
    if role.holds:
        fcntl.lockf(file, fcntl.LOCK_EX)
    role.step("held")
    if not role.holds:
        waiter = threading.Thread(target=lambda: fcntl.lockf(file, fcntl.LOCK_EX))
        waiter.start()
        while since.made("LOCK") == 0:
            time.sleep(0.05)
    role.step("refused")
    if role.holds:
        fcntl.lockf(file, fcntl.LOCK_UN)
    else:
        started = time.monotonic()
        waiter.join()
        waited = time.monotonic() - started
        true(waited < 10, f"it took {waited:.1f} s")
    role.step("got")
    if role.holds:
        equal(since.counted()["CB_NOTIFY_LOCK"], 0 if role.other_version == "4.0" else 1, "calls of CB_NOTIFY_LOCK")
    os.close(file)


@each_holds
def a_restart(role):
    """The holder reclaims its delegations; the other client sees its data afterwards."""
    if BACKEND == "mem":
        return  # its files end with the server
    if role.holds:
        file = hold("file")
        since = Since()
        host.server("restart")
        os.fsync(file)  # the client need not write before it returns the delegation of an open file
        now = stats()  # of a life that has just begun
        equal((now["reclaimed"], now["granted_write"]), (1, 1), "delegations reclaimed, and given in all")
    role.step("restarted")
    if not role.holds:
        equal(read("file"), DATA, "what the other reads")
    role.step("read")
    if role.holds:
        now = stats()
        equal((now["CB_RECALL"], now["returned"]), (1, 1), "calls of CB_RECALL, and delegations returned")
        equal(since.made("DELEGRETURN"), 1, "calls of DELEGRETURN")
        os.close(file)


@each_holds
def a_silent_holder(role):
    """The holder is off the network: the other client goes on when its lease expires, and it is told what it has lost.

    It keeps state without a conflict, and with 4.1 it can tell.
    """
    if MIXED:
        return
    if role.holds:
        kept, file = hold("kept"), hold("file")
    role.step("held")
    if not role.holds:
        host.network("part", role.holder)
        started = time.monotonic()
        try:
            write("file", b"of the other")
            waited = time.monotonic() - started
        finally:
            host.network("join", role.holder)
        print(f"     it took {waited:.1f} s", flush=True)
        true(waited > LEASE_S - 2, "its delegation was taken away early")
        equal(stats()["revoked"], 1, "delegations revoked")
    role.step("joined")
    if role.holds:
        for each in (kept, file):
            try:
                os.fsync(each)  # data written without the delegation may be lost, or arrive late
            except OSError as error:
                true(each == file and error.errno == errno.EIO, error)
            os.close(each)
    role.step("written")
    drop_caches()
    if role.holds or VERSION != "4.0":  # the client has forgotten it, but not returned it
        equal(read("kept"), DATA, "a file without a conflict")
    data = read("file")
    true(data in (b"of the other", DATA, b"of the other" + DATA[12:]), f"a file of both: {data!r:.60}")
    role.tell(f"length {CLIENT}", len(data))
    equal(len(data), role.told(f"length {3 - CLIENT}"), "bytes that the other reads")


os.chdir(TARGET)
sys.exit(main())
