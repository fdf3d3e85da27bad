#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Many requests in flight, over several connections: processes write and read at once.

SR-14: all connections serve one session, to which their requests bound them.
"""

import mmap
import os
import random
import sys

import host
from mountstats import OPTIONS, transports
from check import VERSION, SERVER, children, drop_caches, equal, main, read, test, true, write

CONNECTIONS = next(int(option[9:]) for option in OPTIONS.split(",") if option.startswith("nconnect="))
PROTECTED = "sec=krb5i" in OPTIONS.split(",")
PROCESSES = 6
RECORD = 4096
RECORDS = 96


def record(owner, index, version=0):
    return b"%08d%08d%08d" % (owner, index, version) + bytes([owner + index & 255]) * (RECORD - 24)


@test
def each_its_own_file():
    def work(owner):
        order = list(range(512))
        random.Random(owner).shuffle(order)
        file = os.open(f"f{owner}", os.O_CREAT | os.O_RDWR)
        for step, index in enumerate(order):
            os.pwrite(file, record(owner, index), index * RECORD)
            if step % 100 == 0:
                os.fsync(file)
        os.close(file)

    children(PROCESSES, work)
    drop_caches()

    def check(owner):
        data = read(f"f{(owner + 1) % PROCESSES}")
        expected = b"".join(record((owner + 1) % PROCESSES, index) for index in range(512))
        true(data == expected, f"f{(owner + 1) % PROCESSES} differs")

    children(PROCESSES, check)


@test
def all_one_file():
    """Records of all processes are interleaved in one file, written with direct I/O."""
    write("f")

    def work(owner):
        buffer = mmap.mmap(-1, RECORD)
        file = os.open("f", os.O_RDWR | os.O_DIRECT)
        for version in range(2):
            for index in range(RECORDS):
                buffer[:] = record(owner, index, version)
                equal(os.pwritev(file, [buffer], (index * PROCESSES + owner) * RECORD), RECORD, "bytes written")
                os.preadv(file, [buffer], (index * PROCESSES + owner) * RECORD)
                equal(buffer[:], record(owner, index, version), "the record just written")
        os.close(file)

    children(PROCESSES, work)
    drop_caches()
    data = read("f")
    equal(len(data), PROCESSES * RECORDS * RECORD, "size")
    for position in range(PROCESSES * RECORDS):
        index, owner = divmod(position, PROCESSES)
        equal(data[position * RECORD:(position + 1) * RECORD], record(owner, index, 1), f"record {position}")


@test
def readers_beside_a_writer():
    """The size only grows, and data below it is whole for a reader."""
    write("f")

    def work(owner):
        if owner == 0:
            with open("f", "ab", buffering=0) as file:
                for index in range(150):
                    file.write(record(0, index))
                    os.fsync(file.fileno())
            write("done")
            return
        buffer = mmap.mmap(-1, RECORD)
        file = os.open("f", os.O_RDONLY | os.O_DIRECT)
        reached = 0
        while not os.path.exists("done"):
            while os.preadv(file, [buffer], reached * RECORD) == RECORD:
                equal(buffer[:], record(0, reached), f"record {reached}")
                reached += 1
        os.close(file)

    children(4, work)


@test
def directories_of_all():
    """Create, move and remove between two directories, from both ends at once."""
    os.mkdir("a")
    os.mkdir("b")

    def work(owner):
        here, there = ("a", "b") if owner % 2 else ("b", "a")
        for index in range(60):
            write(f"{here}/{owner}.{index}", "x")
            os.rename(f"{here}/{owner}.{index}", f"{there}/{owner}.{index}")
            if index % 3 == 0:
                os.unlink(f"{there}/{owner}.{index}")

    children(PROCESSES, work)
    drop_caches()
    left = [name for directory in ("a", "b") for name in os.listdir(directory)]
    expected = [f"{owner}.{index}" for owner in range(PROCESSES) for index in range(60) if index % 3]
    equal(sorted(left), sorted(expected), "names left")


@test
def all_connections_serve_one_session():
    def work(owner):
        for index in range(40):
            write(f"{owner}.{index}", record(owner, index))
            equal(read(f"{owner}.{index}"), record(owner, index), f"{owner}.{index}")

    before = transports()
    equal(len(before), CONNECTIONS, "connections of the mount")
    equal(host.connections(), CONNECTIONS, "connections at the server")
    children(PROCESSES, work)
    after = transports()
    for number, (old, new) in enumerate(zip(before, after)):
        true(new.received - old.received >= 20, f"connection {number} idles: {before} -> {after}")
        equal(new.connects, old.connects, f"connects of connection {number}")
    if SERVER == "mainstayd" and VERSION != "4.0":
        equal(host.logged("session.create"), 1, "sessions made")
        # The client's machine has to bind each connection itself if its state is protected (RFC 8881 2.10.8.3), and
        # Linux does so when its first request over one is refused.
        refused = host.logged("sequence.refused")
        if PROTECTED:
            refused -= host.logged('type="not_bound"')
        equal(refused, 0, "requests refused by the session")


sys.exit(main())
