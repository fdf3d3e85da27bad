#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Two clients of 4.2, one of which holds delegations with the times of their files and no opens (RFC 9754).

Linux asks for both from 6.12 on. An older kernel must not be affected: what is seen is the same, but for the times of
what a holder has written, which are the server's.
"""

import fcntl
import os
import shutil
import sys
import time

import host
from check import BACKEND, drop_caches, equal, main, read, true, write, write_all
from holding import DATA, Since, each_holds, hold, one_recall, stats
from mountstats import TARGET, operations

ASKS = tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 12)
FILES = 20
PAST_NS = (981173106_000000789, 1012907045_000000123)  # atime, mtime


def closes():
    return operations("CLOSE")


def times(path):
    """What this client sees, in nanoseconds: atime, mtime."""
    found = os.stat(path)
    return found.st_atime_ns, found.st_mtime_ns


@each_holds
def opens_under_a_delegation_cost_nothing(role):
    """As many OPENs as files, no CLOSE, and no open at the server; also for what is opened again, and locked."""
    if role.holds:
        before, closed = Since(), closes()
        for number in range(FILES):
            write(f"file{number}", DATA)
            file = os.open(f"file{number}", os.O_RDWR)
            fcntl.lockf(file, fcntl.LOCK_EX)
            equal(os.read(file, len(DATA)), DATA, "what the holder reads")
            opens = len(host.mainstay("open", "list")["items"])
            true(opens == 0 or not ASKS, f"{opens} opens at the server")
            os.close(file)
        counted = before.counted()
        equal(counted["granted_write"], FILES, "WRITE delegations given")
        equal(counted["granted_with_times"], FILES if ASKS else 0, "of them with times")
        equal(counted["granted_without_open"], FILES if ASKS else 0, "and without opens")
        equal(before.made("OPEN"), FILES, "calls of OPEN")
        equal(closes() - closed, 0 if ASKS else FILES, "calls of CLOSE")
    role.step("done")
    if not role.holds:
        for number in range(FILES):
            equal(read(f"file{number}"), DATA, "what the other reads")


@each_holds
def the_other_sees_the_time_of_unwritten_data(role):
    """The server asks the holder: its mtime is that of the write(), before any data has come. It is the same when the
    data has come, and when the delegation has gone."""
    if role.holds:
        file = hold("file")
        mine = times("file")[1]
        role.tell("mtime", mine)
        since = Since()
    role.step("held")
    if not role.holds:
        told = role.told("mtime")
        seen = times("file")[1]
        true(seen == told or not ASKS, f"the holder's mtime is {told}, the other sees {seen}")
    role.step("seen")
    if role.holds:
        counted = since.counted()
        true(counted["CB_GETATTR"] > 0, "the holder was not asked")
        equal(counted["CB_RECALL"], 0, "calls of CB_RECALL")
        time.sleep(0.05)  # the server's clock moves on before the data comes
        os.close(file)
        equal(times("file")[1] if ASKS else mine, mine, "the holder's mtime, after close()")
        since = Since()
    role.step("closed")
    if not role.holds:
        equal(read("file"), DATA, "what the other reads")
        seen = times("file")[1]
        true(seen == told or not ASKS, f"the holder's mtime was {told}, the file has {seen}")
    role.step("read")
    if role.holds:
        one_recall(since)
        equal(since.counted()["times_reported"], 1 if ASKS else 0, "reports of times")


@each_holds
def times_that_a_program_sets(role):
    """utimes() of the owner: kept by the holder, seen by the other at once, and afterwards."""
    if role.holds:
        write("file", DATA)
        since = Since()
        os.utime("file", ns=PAST_NS)
        equal(times("file"), PAST_NS, "what the holder sees")
        equal(since.counted()["times_reported"], 0, "reports of times, so far")
    role.step("set")
    if not role.holds:
        equal(times("file"), PAST_NS, "what the other sees")
    role.step("seen")
    if not role.holds:
        equal(read("file"), DATA, "what the other reads")
        equal(times("file")[1], PAST_NS[1], "the mtime that the other sees when it has been returned")
    role.step("read")
    drop_caches()
    equal(times("file")[1], PAST_NS[1], "the mtime that each sees")


@each_holds
def copies_keep_their_times(role):
    """As with `cp -p`: files are written, closed, and get the mtime of the original, which is in the past."""
    if role.holds:
        write("original", DATA)
        os.utime("original", ns=PAST_NS)
        for number in range(FILES):
            shutil.copy2("original", f"copy{number}")
    role.step("copied")
    for number in range(FILES):
        equal(times(f"copy{number}")[1], PAST_NS[1], f"the mtime of copy {number}")
    role.step("seen")
    if not role.holds:
        for number in range(FILES):
            equal(read(f"copy{number}"), DATA, "what the other reads")
            equal(times(f"copy{number}")[1], PAST_NS[1], f"the mtime of copy {number} that was returned")


@each_holds
def a_restart(role):
    """The holder reclaims its delegation with the times, and still needs no open."""
    if BACKEND == "mem":
        return  # its files end with the server
    if role.holds:
        file = hold("file")
        host.server("restart")
        os.fsync(file)
        role.tell("mtime", times("file")[1])
        now = stats()  # of a life that has just begun
        equal(now["reclaimed"], 1, "delegations reclaimed")
        equal(now["granted_with_times"], 1 if ASKS else 0, "of them with times")
        equal(len(host.mainstay("open", "list")["items"]), 0 if ASKS else 1, "opens at the server")
        os.close(file)
    role.step("restarted")
    if not role.holds:
        equal(read("file"), DATA, "what the other reads")
        seen = times("file")[1]
        true(seen == role.told("mtime") or not ASKS, f"the file has the mtime {seen}")


os.chdir(TARGET)
sys.exit(main())
