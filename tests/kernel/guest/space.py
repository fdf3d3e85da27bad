#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Space and holes: fallocate(), lseek() to data and holes as they were made, copies that keep or make holes, and reads
that do not transfer the holes."""

import errno
import os
import random
import sys

import mountstats
from check import as_user, drop_caches, equal, main, raises, read, run, test, true, write
from falloc import KEEP_SIZE, ZERO_RANGE, data_ranges, fallocate, punch

KIB, MIB = 1 << 10, 1 << 20
BLOCK = 64 * KIB  # holes and data of this size can be told apart on each file system
READS_PLUS = os.environ.get("MS_READ_PLUS") == "1"  # the client's kernel is built with it
SEED = 7862
RANDOM = random.Random(SEED)
NOISE = RANDOM.randbytes(MIB).replace(b"\0", b"\1")
ALICE = (5001, 6001)  # uid, gid


def blocks(path):
    """What the server says the file takes, in bytes."""
    drop_caches()
    return os.stat(path).st_blocks * 512


def ranges(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return data_ranges(descriptor)
    finally:
        os.close(descriptor)


def requests(name, call, *arguments):
    """The result of the call, which must have made the client send this operation."""
    before = mountstats.operations(name)
    value = call(*arguments)
    true(mountstats.operations(name) > before, f"no {name} was sent")
    return value


def sparse(path, pieces, size):
    """A file with noise at these places, made by writing only that."""
    with open(path, "wb") as file:
        for start, end in pieces:
            file.seek(start)
            file.write(NOISE[:end - start])
        file.truncate(size)
        os.fsync(file.fileno())


def expected(pieces, size):
    data = bytearray(size)
    for start, end in pieces:
        data[start:end] = NOISE[:end - start]
    return bytes(data)


# ---- fallocate()

@test
def space_is_allocated():
    requests("ALLOCATE", run, "fallocate", "-l", "1M", "f")
    equal(os.stat("f").st_size, MIB, "size after fallocate -l")
    true(blocks("f") >= MIB, f"{blocks('f')} bytes are allocated")
    equal(read("f"), bytes(MIB), "what was allocated")
    run("fallocate", "-o", "512K", "-l", "1M", "f")
    equal(os.stat("f").st_size, 3 * MIB // 2, "size after a range beyond the end")
    write("g", NOISE)
    run("fallocate", "-l", "256K", "g")
    equal((os.stat("g").st_size, read("g")), (MIB, NOISE), "a file with data in that range")


@test
def more_space_than_there_is():
    write("f", b"data")
    descriptor = os.open("f", os.O_RDWR)
    raises((errno.ENOSPC, errno.EFBIG), fallocate, descriptor, 0, 0, 1 << 46)
    os.close(descriptor)
    drop_caches()
    equal(read("f"), b"data", "the file")


@test
def holes_are_punched():
    write("f", NOISE)
    before = blocks("f")
    requests("DEALLOCATE", run, "fallocate", "-p", "-o", "256K", "-l", "512K", "f")
    equal(os.stat("f").st_size, MIB, "size after fallocate -p")
    true(blocks("f") <= before - 7 * BLOCK, f"{before} bytes, then {blocks('f')} with a hole of half a MiB")
    equal(read("f"), NOISE[:256 * KIB] + bytes(512 * KIB) + NOISE[768 * KIB:], "a file with a hole")
    equal(ranges("f"), [(0, 256 * KIB), (768 * KIB, MIB)], "its data")
    run("fallocate", "-p", "-o", "100", "-l", "5000", "f")  # not a whole number of blocks
    drop_caches()
    equal(read("f")[:8192], NOISE[:100] + bytes(5000) + NOISE[5100:8192], "with a hole at odd places")
    run("fallocate", "-p", "-o", "900K", "-l", "10M", "f")
    equal(os.stat("f").st_size, MIB, "size after a hole over the end")
    equal(read("f")[768 * KIB:], NOISE[768 * KIB:900 * KIB] + bytes(124 * KIB), "with a hole over the end")


@test
def holes_through_a_descriptor_with_unwritten_data():
    descriptor = os.open("f", os.O_RDWR | os.O_CREAT)
    os.write(descriptor, NOISE)
    punch(descriptor, 4096, 8192)
    os.pwrite(descriptor, b"again", 5000)
    equal(os.pread(descriptor, 16384, 0), NOISE[:4096] + bytes(904) + b"again" + bytes(7283) + NOISE[12288:16384],
          "what the same descriptor reads")
    os.close(descriptor)
    drop_caches()
    equal(read("f"), NOISE[:4096] + bytes(904) + b"again" + bytes(7283) + NOISE[12288:], "the file")


@test
def ranges_are_zeroed():
    """Older clients refuse fallocate -z themselves; newer ones send DEALLOCATE and ALLOCATE."""
    write("f", NOISE)
    descriptor = os.open("f", os.O_RDWR)
    changed = mountstats.operations("DEALLOCATE")
    try:
        fallocate(descriptor, ZERO_RANGE, 64 * KIB, 128 * KIB)
        zeroed = 128 * KIB
    except OSError as error:
        equal(error.errno, errno.EOPNOTSUPP, "fallocate -z")
        equal(mountstats.operations("DEALLOCATE"), changed, "what this client sent")
        zeroed = 0
    os.close(descriptor)
    drop_caches()
    equal(read("f"), NOISE[:64 * KIB] + bytes(zeroed) + NOISE[64 * KIB + zeroed:], "the file")


@test
def who_may_not():
    write("f", NOISE, 0o600)
    os.chmod("f", 0o644)
    os.chmod(".", 0o755)

    def work():
        descriptor = os.open("f", os.O_RDONLY)
        raises(errno.EBADF, fallocate, descriptor, 0, 0, 2 * MIB)
        raises(errno.EBADF, punch, descriptor, 0, 4096)
        return data_ranges(descriptor)

    equal(as_user(*ALICE, work), [(0, MIB)], "what a reader is told")
    descriptor = os.open("f", os.O_RDWR)
    raises(errno.EOPNOTSUPP, fallocate, descriptor, KEEP_SIZE, 0, 2 * MIB)  # not in this protocol
    raises(errno.EINVAL, fallocate, descriptor, 0, 0, 0)
    os.close(descriptor)
    equal(read("f"), NOISE, "the file")


# ---- holes

@test
def lseek_sees_what_was_made():
    pieces = [(BLOCK, 2 * BLOCK), (4 * BLOCK, 7 * BLOCK), (15 * BLOCK, 16 * BLOCK)]
    sparse("f", pieces, 20 * BLOCK)
    drop_caches()
    equal(requests("SEEK", ranges, "f"), pieces, "the data of a sparse file")
    equal(read("f"), expected(pieces, 20 * BLOCK), "what it reads as")
    descriptor = os.open("f", os.O_RDWR)
    equal(os.lseek(descriptor, 0, os.SEEK_HOLE), 0, "the first hole")
    equal(os.lseek(descriptor, BLOCK + 5, os.SEEK_DATA), BLOCK + 5, "data, from within data")
    equal(os.lseek(descriptor, 3 * BLOCK, os.SEEK_HOLE), 3 * BLOCK, "a hole, from within a hole")
    raises(errno.ENXIO, os.lseek, descriptor, 17 * BLOCK, os.SEEK_DATA)
    raises(errno.ENXIO, os.lseek, descriptor, 20 * BLOCK, os.SEEK_DATA)
    raises(errno.ENXIO, os.lseek, descriptor, 20 * BLOCK, os.SEEK_HOLE)
    os.pwrite(descriptor, NOISE[:BLOCK], 10 * BLOCK)
    equal(data_ranges(descriptor), [*pieces[:2], (10 * BLOCK, 11 * BLOCK), pieces[2]], "after a write into a hole")
    punch(descriptor, 5 * BLOCK, BLOCK)
    equal(data_ranges(descriptor)[1:3], [(4 * BLOCK, 5 * BLOCK), (6 * BLOCK, 7 * BLOCK)], "after a hole in the data")
    os.ftruncate(descriptor, 30 * BLOCK)
    raises(errno.ENXIO, os.lseek, descriptor, 21 * BLOCK, os.SEEK_DATA)
    os.close(descriptor)


@test
def files_without_holes_and_without_data():
    write("full", NOISE)
    equal(ranges("full"), [(0, MIB)], "the data of a file without holes")
    descriptor = os.open("full", os.O_RDONLY)
    equal(os.lseek(descriptor, 10, os.SEEK_HOLE), MIB, "the hole at its end")
    os.close(descriptor)
    sparse("empty", [], MIB)
    equal(ranges("empty"), [], "the data of a hole")
    equal(read("empty"), bytes(MIB), "what a hole reads as")
    write("none")
    equal(ranges("none"), [], "the data of an empty file")


@test
def reads_transfer_no_holes():
    """64 MiB with 16 pieces of data."""
    size, pieces = 64 * MIB, [(at, at + BLOCK) for at in range(2 * MIB, 64 * MIB, 4 * MIB)]
    sparse("f", pieces, size)
    drop_caches()
    before = mountstats.wire_bytes()
    with open("f", "rb", buffering=0) as file:
        at = 0
        for start, end in [*pieces, (size, size)]:
            while at < end:
                part = file.read(min(MIB, (start if at < start else end) - at))
                equal(part, bytes(len(part)) if at < start else NOISE[at - start:at - start + len(part)],
                      f"what is at {at}")
                at += len(part)
        equal(file.read(1), b"", "the end")
    if not READS_PLUS:
        print("     this kernel is built without READ_PLUS", flush=True)
        return
    equal(mountstats.operations("READ"), 0, "READs beside READ_PLUS")
    true(mountstats.operations("READ_PLUS") > 0, "no READ_PLUS was sent")
    transferred = mountstats.wire_bytes() - before
    true(transferred < 8 * MIB, f"{transferred} bytes were transferred for a MiB of data")


@test
def reads_of_many_small_holes():
    """More pieces of data than one reply can have, at odd places, read whole, piecemeal, and directly."""
    data = bytearray(4 * MIB)
    with open("f", "wb", buffering=0) as file:
        for at in range(0, len(data), 12 * KIB):
            piece = NOISE[at % 7777:][:RANDOM.randrange(1, 5000)]
            file.seek(at)
            file.write(piece[:len(data) - at])
            data[at:at + len(piece)] = piece[:len(data) - at]
        file.truncate(len(data))
    drop_caches()
    equal(read("f"), bytes(data), "read whole")
    drop_caches()
    descriptor = os.open("f", os.O_RDONLY)
    for _ in range(200):
        offset, length = RANDOM.randrange(len(data)), RANDOM.randrange(1, 100000)
        equal(os.pread(descriptor, length, offset), bytes(data[offset:offset + length]), f"{length} bytes at {offset}")
    os.close(descriptor)


# ---- programs

def with_holes(path):
    """A file that has zeros where programs could make holes, which they do only of whole blocks of st_blksize; returns
    its bytes, and where there must be data then."""
    write(path)
    unit = max(BLOCK, os.stat(path).st_blksize)
    some = (NOISE * (unit // MIB + 1))[:unit]
    data = some + bytes(8 * unit) + some + bytes(3 * unit)
    write(path, data)
    return data, [(0, unit), (9 * unit, 10 * unit)]


@test
def cp_makes_holes():
    data, pieces = with_holes("f")
    run("cp", "--reflink=never", "--sparse=always", "f", "g")  # it would rather clone
    drop_caches()
    equal(ranges("g"), pieces, "the data of the copy")
    equal(read("g"), data, "the copy")
    true(blocks("g") <= len(data) // 2, f"the copy takes {blocks('g')} bytes")


@test
def programs_dig_and_archive_holes():
    data, pieces = with_holes("f")
    run("fallocate", "--dig-holes", "f")
    drop_caches()
    equal(ranges("f"), pieces, "the data of a file after fallocate -d")
    run("tar", "-c", "--sparse", "-f", "archive", "f")
    true(os.stat("archive").st_size < len(data) // 2, f"an archive of {os.stat('archive').st_size} bytes")
    os.mkdir("out")
    run("tar", "-x", "-f", "archive", "-C", "out")
    drop_caches()
    equal(read("out/f"), data, "the file from the archive")
    equal(ranges("out/f"), ranges("f"), "its data")


sys.exit(main())
