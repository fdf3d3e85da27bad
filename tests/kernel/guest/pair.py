#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Two clients on one export: byte-range locks, appending, and what one sees of the other's changes.

Both run every test in step, by barriers; client 1 prepares the files.
"""

import errno
import fcntl
import os
import signal
import struct
import sys
import time

import host
from check import CLIENT, drop_caches, equal, main, raises, read, test, true, write

FIRST = CLIENT == 1
RANGE = struct.Struct("hhqqi4x")  # struct flock
LOCK_WAIT_LIMIT_S = 60
STARVED_LIMIT_S = 60  # the client retries after 1, 3, 7 and 15 seconds


def step(name):
    """Both clients reach this step before either goes on. Step names include the calling test."""
    host.barrier(f"{sys._getframe(1).f_code.co_name}.{name}")


def prepared(path, data=b"", mode=0o666):
    if FIRST:
        write(path, data)
        os.chmod(path, mode)
    host.barrier(f"prepared {sys._getframe(1).f_code.co_name} {path}")
    return os.open(path, os.O_RDWR)


def lock(file, kind, start=0, length=0, wait=False):
    fcntl.fcntl(file, fcntl.F_SETLKW if wait else fcntl.F_SETLK,
                RANGE.pack(kind, os.SEEK_SET, start, length, 0))


def who_holds(file, kind, start=0, length=0):
    """F_GETLK: (kind, start, length) of a conflicting lock, or None."""
    answer = fcntl.fcntl(file, fcntl.F_GETLK, RANGE.pack(kind, os.SEEK_SET, start, length, 0))
    found, _, start, length, _ = RANGE.unpack(answer)
    return None if found == fcntl.F_UNLCK else (found, start, length)


REFUSED = (errno.EAGAIN, errno.EACCES)


@test
def exclusive_lock_is_refused_to_the_other():
    file = prepared("f")
    if FIRST:
        lock(file, fcntl.F_WRLCK)
    step("taken")
    if not FIRST:
        for kind in (fcntl.F_WRLCK, fcntl.F_RDLCK):
            raises(REFUSED, lock, file, kind)
            raises(REFUSED, lock, file, kind, 100, 1)
    step("tried")
    if FIRST:
        lock(file, fcntl.F_UNLCK)
    step("released")
    if not FIRST:
        lock(file, fcntl.F_WRLCK)
    step("other took it")
    if FIRST:
        raises(REFUSED, lock, file, fcntl.F_RDLCK)
    step("tried back")
    os.close(file)  # closing releases it
    step("closed")
    if FIRST:
        file = os.open("f", os.O_RDWR)
        lock(file, fcntl.F_WRLCK)
        os.close(file)
    step("end")


@test
def shared_locks_go_together():
    file = prepared("f")
    lock(file, fcntl.F_RDLCK, 0, 100)
    step("both")
    if FIRST:
        raises(REFUSED, lock, file, fcntl.F_WRLCK, 0, 100)  # an upgrade, while the other client has a read lock
    step("tried")
    if not FIRST:
        lock(file, fcntl.F_UNLCK, 0, 100)
    step("one left")
    if FIRST:
        lock(file, fcntl.F_WRLCK, 0, 100)
    step("upgraded")
    if not FIRST:
        raises(REFUSED, lock, file, fcntl.F_RDLCK, 50, 1)
    step("refused")
    if FIRST:
        lock(file, fcntl.F_RDLCK, 0, 100)
    step("downgraded")
    if not FIRST:
        lock(file, fcntl.F_RDLCK, 50, 1)
    step("end")
    os.close(file)


@test
def ranges():
    file = prepared("f")
    far = (1 << 62) + 5
    if FIRST:
        lock(file, fcntl.F_WRLCK, 0, 1000)
        lock(file, fcntl.F_UNLCK, 400, 200)  # splits it: 0-399 and 600-999
        lock(file, fcntl.F_WRLCK, far, 10)
        lock(file, fcntl.F_WRLCK, 2000, 0)  # to the end of all files, merging with the distant one
        lock(file, fcntl.F_UNLCK, 3000, 0)
    step("taken")
    if not FIRST:
        for start, length in ((400, 200), (1000, 1000), (3000, 0), (far, 10)):
            lock(file, fcntl.F_WRLCK, start, length)
            lock(file, fcntl.F_UNLCK, start, length)
        for start, length in ((399, 1), (600, 1), (999, 1), (2000, 1), (2999, 1), (0, 0), (300, 150),
                              (590, 20)):
            raises(REFUSED, lock, file, fcntl.F_RDLCK, start, length)
    step("tried")
    os.close(file)
    step("end")


@test
def who_holds_a_lock():
    file = prepared("f")
    if FIRST:
        lock(file, fcntl.F_WRLCK, 10, 20)
        lock(file, fcntl.F_RDLCK, 50, 10)
        equal(who_holds(file, fcntl.F_WRLCK), None, "F_GETLK by the holder itself")
    step("taken")
    if not FIRST:
        equal(who_holds(file, fcntl.F_RDLCK, 0, 40), (fcntl.F_WRLCK, 10, 20), "F_GETLK of 0-39")
        equal(who_holds(file, fcntl.F_WRLCK, 45, 10), (fcntl.F_RDLCK, 50, 10), "F_GETLK of 45-54")
        equal(who_holds(file, fcntl.F_RDLCK, 45, 10), None, "F_GETLK of a reader, 45-54")
        equal(who_holds(file, fcntl.F_WRLCK, 30, 20), None, "F_GETLK of 30-49")
    step("end")
    os.close(file)


def lock_before_alarm(file, limit_s):
    """Wait for a lock of the whole file; EINTR when it has not come in time."""
    def interrupted(*_):
        raise InterruptedError(errno.EINTR, f"no lock in {limit_s} s")

    signal.signal(signal.SIGALRM, interrupted)
    signal.alarm(limit_s)
    try:
        lock(file, fcntl.F_WRLCK, wait=True)
    finally:
        signal.alarm(0)


@test
def a_waiter_gets_the_lock():
    file = prepared("f")
    if FIRST:
        lock(file, fcntl.F_WRLCK)
        write("f", "before", flags=os.O_WRONLY)
    step("taken")
    # write() closed the file, and thereby dropped this process's locks: take the lock again.
    if FIRST:
        lock(file, fcntl.F_WRLCK)
    step("held")
    if FIRST:
        host.get("waits")
        time.sleep(1.5)
        os.pwrite(file, b"after!", 0)
        lock(file, fcntl.F_UNLCK)
    else:
        started = time.monotonic()
        host.put("waits", started)
        lock_before_alarm(file, LOCK_WAIT_LIMIT_S)
        waited = time.monotonic() - started
        # Written just before the release, so whoever has the lock too early reads something else.  The guests' clocks
        # differ too much to tell.
        equal(os.pread(file, 6, 0), b"after!", "what the waiter reads under the lock")
        true(waited > 0.5, "the waiter did not wait")
        print(f"     the waiter had it after {waited:.2f} s", flush=True)
    step("end")
    os.close(file)


@test
def a_waiter_is_not_starved():
    """Although the other client takes the lock again as soon as it has released it (RFC 8881 §9.6)."""
    file = prepared("f")
    if FIRST:
        lock(file, fcntl.F_WRLCK)
    step("held")
    limit = time.monotonic() + STARVED_LIMIT_S
    if FIRST:
        while os.pread(file, 4, 0) != b"done":
            true(time.monotonic() < limit, f"the other waits for more than {STARVED_LIMIT_S} s")
            time.sleep(0.05)  # it has the lock most of the time
            lock(file, fcntl.F_UNLCK)
            lock(file, fcntl.F_WRLCK, wait=True)
    else:
        started = time.monotonic()
        lock(file, fcntl.F_WRLCK, wait=True)
        print(f"     the waiter had it after {time.monotonic() - started:.1f} s", flush=True)
        os.pwrite(file, b"done", 0)
        lock(file, fcntl.F_UNLCK)
    step("end")
    os.close(file)


@test
def an_interrupted_waiter_leaves_nothing():
    file = prepared("f")
    if FIRST:
        lock(file, fcntl.F_WRLCK)
    step("held")
    if not FIRST:
        raises(errno.EINTR, lock_before_alarm, file, 1)
    step("interrupted")
    if FIRST:
        lock(file, fcntl.F_UNLCK)
        lock(file, fcntl.F_WRLCK)
    step("end")
    os.close(file)


@test
def whole_file_locks():
    """flock(), which the client turns into a byte-range lock."""
    file = prepared("f")
    if FIRST:
        fcntl.flock(file, fcntl.LOCK_EX)
    step("taken")
    if not FIRST:
        raises(REFUSED, fcntl.flock, file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    step("refused")
    if FIRST:
        fcntl.flock(file, fcntl.LOCK_UN)
    step("released")
    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    step("end")
    os.close(file)


@test
def locks_of_two_processes():
    """Two lock owners of one client, and the locks that remain when one of them dies."""
    file = prepared("f")
    if FIRST:
        ready, go = os.pipe()
        child = os.fork()
        if child == 0:
            lock(file, fcntl.F_WRLCK, 0, 10)
            os.write(go, b".")
            time.sleep(60)
            os._exit(0)
        os.read(ready, 1)
        lock(file, fcntl.F_WRLCK, 20, 10)
        raises(REFUSED, lock, file, fcntl.F_WRLCK, 5, 1)
    step("taken")
    if not FIRST:
        raises(REFUSED, lock, file, fcntl.F_WRLCK, 0, 1)
        raises(REFUSED, lock, file, fcntl.F_WRLCK, 25, 1)
    step("refused")
    if FIRST:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    step("one died")
    if not FIRST:
        lock(file, fcntl.F_WRLCK, 0, 10)
        raises(REFUSED, lock, file, fcntl.F_WRLCK, 25, 1)
    step("end")
    os.close(file)


APPENDS = 150


@test
def both_append():
    """Each client appends lines under a lock; none may be lost or torn."""
    file = prepared("log")
    os.close(file)
    file = os.open("log", os.O_WRONLY | os.O_APPEND)
    for turn in range(APPENDS):
        lock(file, fcntl.F_WRLCK, wait=True)
        os.write(file, f"{CLIENT} {turn} {'x' * (turn % 70)}\n".encode())
        lock(file, fcntl.F_UNLCK)
    os.close(file)
    step("written")
    drop_caches()
    lines = read("log").decode().splitlines()
    for client in (1, 2):
        mine = [line for line in lines if line.startswith(f"{client} ")]
        expected = [f"{client} {turn} {'x' * (turn % 70)}" for turn in range(APPENDS)]
        equal(mine, expected, f"the lines of client {client}")
    equal(len(lines), 2 * APPENDS, "lines in all")
    step("end")


COUNTS = 60


@test
def both_count():
    """A counter that each client reads, increments and writes under a lock."""
    file = prepared("counter", b"00000000")
    for _ in range(COUNTS):
        lock(file, fcntl.F_WRLCK, wait=True)
        value = int(os.pread(file, 8, 0))
        os.pwrite(file, f"{value + 1:08}".encode(), 0)
        lock(file, fcntl.F_UNLCK)
    os.close(file)
    step("counted")
    equal(int(read("counter")), 2 * COUNTS, "the counter")
    step("end")


@test
def one_sees_what_the_other_wrote():
    """Close-to-open: an open after the other client's close sees its data, at the same size too."""
    os.close(prepared("f", b"0000"))
    for turn in range(1, 21):
        if FIRST == bool(turn % 2):
            write("f", f"{turn:04}", flags=os.O_WRONLY)
        step(f"written {turn}")
        equal(read("f"), f"{turn:04}".encode(), f"in turn {turn}")
        step(f"read {turn}")


@test
def one_sees_the_names_of_the_other():
    if FIRST:
        write("a", "a")
        os.mkdir("d")
    step("made")
    if not FIRST:
        equal(read("a"), b"a", "a file of the other")
        os.rename("a", "d/b")
        write("c", "c")
    step("renamed")
    if FIRST:
        drop_caches()  # cached names may be half a minute old, unless the cache is dropped
        raises(errno.ENOENT, os.open, "a", os.O_RDONLY)
        equal(read("d/b"), b"a", "the renamed file")
        descriptor = os.open("c", os.O_RDONLY)
    step("seen")
    if not FIRST:
        os.unlink("c")
        os.rename("d", "e")
    step("removed")
    if FIRST:
        drop_caches()
        raises(errno.ENOENT, os.open, "c", os.O_RDONLY)
        equal(sorted(os.listdir(".")), ["e"], "names left")
        equal(os.listdir("e"), ["b"], "names in the renamed directory")
        os.close(descriptor)
    step("end")


@test
def what_the_other_removed():
    """A file that another client removed while it is open: its data or ESTALE, nothing else."""
    file = prepared("f", b"still here")
    step("opened")  # both have the old file open before there is a new one
    if FIRST:
        os.close(file)
        os.unlink("f")
        write("f", "another one")
    step("removed")
    if not FIRST:
        drop_caches()
        try:
            data = os.pread(file, 100, 0)
        except OSError as error:
            equal(error.errno, errno.ESTALE, "what the read failed with")
        else:
            equal(data, b"still here", "data of the removed file")
        os.close(file)
        equal(read("f"), b"another one", "the new file of that name")
    step("end")


ROUNDS = 40


@test
def one_of_both_creates():
    """Exclusive creates and mkdirs of both clients at once: each name has exactly one winner."""
    # The verifier of an exclusive create is the client's clock and the process id. Two guests that booted together
    # could agree in both: use a process with an odd id on one client, with an even id on the other.
    while os.getpid() % 2 != CLIENT % 2:
        child = os.fork()
        if child:
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.makedirs("race", exist_ok=True)
    step("ready")
    won = []
    for index in range(ROUNDS):
        try:
            os.close(os.open(f"race/f{index}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            won.append(f"f{index}")
        except FileExistsError:
            pass
        try:
            os.mkdir(f"race/d{index}")
            won.append(f"d{index}")
        except FileExistsError:
            pass
    host.put(f"won {CLIENT}", won)
    other = host.get(f"won {3 - CLIENT}")
    equal(sorted(won + other), sorted([f"f{i}" for i in range(ROUNDS)] + [f"d{i}" for i in range(ROUNDS)]),
          "the names both won")
    step("end")


sys.exit(main())
