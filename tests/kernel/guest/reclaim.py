#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Two clients hold locks over a restart of the server.

A client that reclaims keeps its locks and no other client gets them (SR-20, SR-21); a client that lost a lock
to another while it was cut off may not reclaim it after the restart (RFC 8881 §8.4.3).
"""

import contextlib
import errno
import fcntl
import os
import signal
import sys
import time

import host
from check import equal, main, raises, test, true, write
from sharing import (FIRST, LEASE_S, REFUSED, SECOND, lock,
                     lock_when_free, never_idle, prepared, put, step, unlock)


@contextlib.contextmanager
def second_cut_off():
    """Client 2 is off the network."""
    host.network("part", SECOND)
    try:
        yield
    finally:
        host.network("join", SECOND)


def beside(work, meanwhile):
    """The result of work(), run in another process while meanwhile() runs in this one."""
    answer, result = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            os.write(result, work())
        finally:
            os._exit(0)
    os.close(result)
    try:
        meanwhile()
        return os.read(answer, 100)
    finally:
        os.close(answer)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@test
def locks_over_a_crash():
    """Each client keeps its ranges; a third process, which waits during the crash, gets its own in the end."""
    file = prepared("f", bytes(300))
    mine, others = (0, 100) if FIRST else (100, 0)

    def wait_for_the_first():
        own = os.open("f", os.O_RDWR)
        lock(own, 0, 50, wait=True)
        return os.pread(own, 5, 0)

    def hold():
        if FIRST:
            time.sleep(1)  # the third process waits by now
            host.server("crash")
        step("crashed")
        put(file, b"again", mine)
        for start, length in ((others, 100), (others + 99, 1), (0, 0), (250, 1)):
            raises(REFUSED, lock, file, start, length)
        step("tried")
        if FIRST:
            put(file, b"freed")
            unlock(file, 0, 100)

    lock(file, mine, 100)
    lock(file, 200, 100, fcntl.LOCK_SH)
    step("taken")
    if FIRST:
        hold()
    else:
        equal(beside(wait_for_the_first, hold), b"freed", "what the third saw when it had the lock")
    step("third had it")
    if FIRST:
        lock(file, 0, 100)
    step("end")
    os.close(file)


@test
def cut_off_over_a_crash():
    """Client 2 misses the restart, but has lost nothing: it reclaims, and client 1 has to wait for it."""
    file = prepared("f", bytes(300))
    if not FIRST:
        lock(file)
        put(file, b"before")
    step("taken")
    if FIRST:
        with second_cut_off():
            host.server("crash")
        raises(REFUSED, lock, file)
    step("refused")
    if not FIRST:
        put(file, b"after ")
        unlock(file)
    step("freed")
    if FIRST:
        lock(file)
        equal(os.pread(file, 6, 0), b"after ", "what client 2 wrote under its lock")
    step("end")
    os.close(file)


@test
def locks_lost_while_cut_off():
    """Client 1 gets the locks of client 2, whose lease has expired; the server restarts; client 2 returns.

    It does not know what it has lost, and the server that knew has died. One of the locks does not
    conflict: client 1 has used and released it (the first edge condition of RFC 8881 §8.4.3).
    """
    held, released = prepared("held", bytes(300)), prepared("released", bytes(300))
    if not FIRST:
        for file in (held, released):
            lock(file)
            put(file, b"second")
    step("taken")
    if FIRST:
        with second_cut_off():
            waited = lock_when_free(held)
            print(f"     got the other's lock after {waited:.1f} s; the lease is {LEASE_S} s", flush=True)
            true(waited > LEASE_S / 4, "the other's lease was not over")
            lock_when_free(released)
            for file in (held, released):
                put(file, b"first ")
            unlock(released)
            host.server("crash")
            put(held, b"First ")  # reclaimed
    step("back")
    if not FIRST:
        for file in (held, released):
            raises(errno.EIO, put, file, b"SECOND")
        other = os.open("held", os.O_RDWR)
        raises(REFUSED, lock, other)
        os.close(other)
    step("tried")
    if FIRST:
        put(held, b"FIRST ")
        unlock(held)
        equal(os.pread(released, 6, 0), b"first ", "the file that was released")
    step("freed")
    if not FIRST:
        for file in (held, released):
            os.close(file)
        for name, data in ("held", b"FIRST "), ("released", b"first "):
            file = os.open(name, os.O_RDWR)
            lock(file)
            equal(os.pread(file, 6, 0), data, name)
            os.close(file)
    step("end")


never_idle()
sys.exit(main())
