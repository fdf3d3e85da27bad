#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Client 2 is cut off for longer than its lease and comes back to a server that never stopped.

It keeps all state that did not conflict; it is told once of what another client took, acknowledges that, and
goes on with the rest (RFC 8881 §8.4.3, §18.46.3; S20-18, SR-18, L-04, P-08, P-11).
"""

import contextlib
import errno
import os
import sys
import time

import host
from check import VERSION, equal, main, raises, test, true, write
from mountstats import operations
from sharing import (FIRST, GIVEN_UP_LIMIT_S, LEASE_S, REFUSED, SECOND, lock,
                     lock_when_free, never_idle, prepared, put, step, unlock)

RECOVERY = ("TEST_STATEID", "FREE_STATEID", "EXCHANGE_ID", "CREATE_SESSION", "BIND_CONN_TO_SESSION")
if VERSION == "4.0":
    RECOVERY = ("SETCLIENTID", "SETCLIENTID_CONFIRM", "OPEN_NOATTR")


@contextlib.contextmanager
def second_silent():
    """Client 2 is off the network, and its lease has expired when the body ends."""
    host.network("part", SECOND)
    started = time.monotonic()
    try:
        yield
        time.sleep(max(0, started + 2 * LEASE_S - time.monotonic()))
    finally:
        host.network("join", SECOND)


def recovery_ends():
    """The client has nothing left to recover: it makes no more of those calls."""
    deadline = time.monotonic() + GIVEN_UP_LIMIT_S
    while True:
        before = [operations(name) for name in RECOVERY]
        time.sleep(LEASE_S)
        after = [operations(name) for name in RECOVERY]
        if before == after:
            return dict(zip(RECOVERY, after))
        true(time.monotonic() < deadline, f"the client recovers for ever: {before}, {after}")


@test
def without_a_conflict():
    """Its lock and its file are as before."""
    file = prepared("f", bytes(100))
    tests = operations("TEST_STATEID")
    if not FIRST:
        lock(file)
        put(file, b"before")
    step("taken")
    if FIRST:
        with second_silent():
            pass
    step("joined")
    if not FIRST:
        put(file, b"after ")
    step("back")
    if FIRST:
        raises(REFUSED, lock, file)
    else:
        recovery_ends()
        equal(operations("TEST_STATEID"), tests, "calls of TEST_STATEID")
        unlock(file)
    step("freed")
    if FIRST:
        lock(file)
        equal(os.pread(file, 6, 0), b"after ", "what client 2 wrote under its lock")
    step("end")
    os.close(file)


@test
def in_the_way():
    """One of its two locks is lost, and with it the data written under it; the other file is unaffected.

    When told of a lost lock, Linux takes all locks for lost, and does not release them before it closes the
    files: it may write under the lock that it still has only before it is told.
    """
    lost, kept = prepared("lost", bytes(100)), prepared("kept", bytes(100))
    if not FIRST:
        for file in (lost, kept):
            lock(file)
            put(file, b"second")
    step("taken")
    if FIRST:
        with second_silent():
            lock_when_free(lost)
            put(lost, b"first ")
        true(host.logged("client.revoke") > 0, "the log does not tell")
    step("joined")
    if not FIRST:
        try:
            put(kept, b"SECOND")
            host.put("kept", "SECOND")
        except OSError as error:
            equal(error.errno, errno.EIO, "errno of a write by a client that knows of a loss")
            host.put("kept", "second")
    step("back")
    if FIRST:
        raises(REFUSED, lock, kept)
    else:
        calls = recovery_ends()
        print(f"     {calls}", flush=True)
        true(VERSION == "4.0" or calls["FREE_STATEID"] > 0, "the loss was not acknowledged")
        raises(errno.EIO, put, lost, b"SECOND")
        raises(REFUSED, lock, os.open("lost", os.O_RDWR))
    step("told")
    if FIRST:
        equal(os.pread(lost, 6, 0), b"first ", "the file of the lost lock")
        unlock(lost)
    step("freed")
    if not FIRST:
        os.close(lost)
        again = os.open("lost", os.O_RDWR)
        lock(again)
        put(again, b"again ")
        os.close(kept)
        os.close(again)
    step("again")
    if FIRST:
        lock_when_free(kept)
        equal(os.pread(kept, 6, 0), host.get("kept").encode(), "the file of the lock that was kept")
    step("end")


@test
def everything_lost():
    """It has lost all its state: it registers again, once, and can open the file again."""
    file = prepared("all", bytes(100))
    if not FIRST:
        lock(file)
        put(file, b"second")
    step("taken")
    if FIRST:
        with second_silent():
            lock_when_free(file)
            put(file, b"first ")
    step("joined")
    if not FIRST:
        write("new", b"new")
        print(f"     {recovery_ends()}", flush=True)
        raises(errno.EIO, put, file, b"SECOND")
        os.close(file)
        file = os.open("all", os.O_RDWR)
        raises(REFUSED, lock, file)
    step("told")
    if FIRST:
        unlock(file)
    step("freed")
    if not FIRST:
        lock(file)
        equal(os.pread(file, 6, 0), b"first ", "what client 1 wrote meanwhile")
    step("end")


never_idle()
sys.exit(main())
