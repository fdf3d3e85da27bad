#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Copies that the server makes: cp moves no data over the wire, clones share blocks, copies within a file and between
exports, and holes stay holes. Another export is mounted at /mnt/two."""

import errno
import os
import random
import subprocess
import sys
import threading

import host
import mountstats
from check import as_user, drop_caches, equal, main, raises, read, run, test, true, write
from falloc import clone, clone_range, data_ranges

KIB, MIB = 1 << 10, 1 << 20
BIG_MIB = int(os.environ.get("MS_COPY_MIB", "1024"))
FILE_SYSTEM = os.environ["MS_FILE_SYSTEM"]
CLONES = FILE_SYSTEM in ("mem", "btrfs", "xfs")
OTHER = "/mnt/two"
BLOCK = 64 * KIB
SEED = 7862
RANDOM = random.Random(SEED)
NOISE = RANDOM.randbytes(2 * MIB).replace(b"\0", b"\1")
ALICE = (5001, 6001)  # uid, gid


def block(index):
    """The MiB at this index of a big file."""
    start = index * 4099 % MIB
    return index.to_bytes(8, "big") + NOISE[start:start + MIB - 8]


class Wire:
    """What goes over the wire in a block of code, and what the server does."""

    def __enter__(self):
        drop_caches()
        self.operations = host.operations()
        self.bytes = mountstats.wire_bytes()
        return self

    def __exit__(self, *_):
        self.bytes = mountstats.wire_bytes() - self.bytes
        now = host.operations()
        self.operations = {name: now[name] - self.operations.get(name, 0) for name in now
                           if now[name] > self.operations.get(name, 0)}

    def expect(self, names, bytes_max=256 * KIB):
        """One of these operations, none that transfers data, and few bytes."""
        true(any(name in self.operations for name in names), f"{' or '.join(names)}: {self.operations}")
        moved = {name for name in ("READ", "READ_PLUS", "WRITE") if name in self.operations}
        equal(moved, set(), "operations that move data")
        true(self.bytes < bytes_max, f"{self.bytes} bytes were transferred")


def copy_range(source, offset, length, target, to):
    """With copy_file_range(), all of it; returns how much there was."""
    done = 0
    while done < length:
        count = os.copy_file_range(source, target, length - done, offset + done, to + done)
        if count == 0:
            break
        done += count
    return done


def make_big(path):
    with open(path, "wb", buffering=0) as file:
        for index in range(BIG_MIB):
            equal(file.write(block(index)), MIB, "bytes written")
        os.fsync(file.fileno())


def compare_big(path):
    """All of it would take minutes here: the ends, and MiBs at random. Readahead would go on after the last of them."""
    equal(os.stat(path).st_size, BIG_MIB * MIB, "its size")
    with open(path, "rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        for index in sorted({0, BIG_MIB - 1, *RANDOM.sample(range(BIG_MIB), 30)}):
            file.seek(index * MIB)
            equal(file.read(MIB), block(index), f"MiB {index}")


@test
def cp_of_a_big_file():
    make_big("big")
    with Wire() as wire:
        run("cp", "big", "copy")
    wire.expect(("COPY", "CLONE"))
    drop_caches()
    compare_big("copy")
    os.unlink("copy")
    with Wire() as wire:  # cp may have cloned it
        with open("big", "rb") as source, open("copy", "wb") as target:
            equal(copy_range(source.fileno(), 0, BIG_MIB * MIB, target.fileno(), 0), BIG_MIB * MIB, "bytes copied")
    wire.expect(("COPY",))
    drop_caches()
    compare_big("copy")
    compare_big("big")


@test
def cp_between_exports():
    data = b"".join(block(index) for index in range(16))
    write("f", data)
    with Wire() as wire:
        run("cp", "f", f"{OTHER}/f")
    wire.expect(("COPY",))
    with Wire() as wire:
        run("cp", f"{OTHER}/f", "back")
    wire.expect(("COPY",))
    drop_caches()
    equal(read(f"{OTHER}/f"), data, "the copy on the other export")
    equal(read("back"), data, "the copy of that")
    os.unlink(f"{OTHER}/f")


@test
def clones_by_cp():
    write("f", NOISE)
    if not CLONES:
        done = subprocess.run(["cp", "--reflink=always", "f", "g"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        true(done.returncode == 0 or "not supported" in done.stdout, f"cp --reflink=always: {done.stdout}")
        return
    with Wire() as wire:
        run("cp", "--reflink=always", "f", "g")
    wire.expect(("CLONE",))
    drop_caches()
    equal(read("g"), NOISE, "the clone")
    with open("g", "r+b") as file:
        file.seek(MIB)
        file.write(b"other")
        file.truncate(MIB + 5)
    with open("f", "r+b") as file:
        file.write(b"first")
    drop_caches()
    equal(read("f"), b"first" + NOISE[5:], "the original, changed")
    equal(read("g"), NOISE[:MIB] + b"other", "the clone, changed otherwise")
    os.unlink("f")
    drop_caches()
    equal(read("g"), NOISE[:MIB] + b"other", "the clone, after its original")


@test
def clones_of_ranges():
    if not CLONES:
        return
    write("f", NOISE)
    write("g", bytes(4 * MIB))
    source, target = os.open("f", os.O_RDWR), os.open("g", os.O_RDWR)
    clone_range(source, BLOCK, 4 * BLOCK, target, MIB)
    clone_range(source, MIB, 0, target, 5 * MIB)  # to the end, beyond the target's
    clone_range(source, 0, BLOCK, source, 16 * BLOCK)  # within a file
    raises(errno.EINVAL, clone_range, source, 5, BLOCK, target, 0)
    raises(errno.EINVAL, clone_range, source, 0, BLOCK, target, 7)
    raises(errno.EINVAL, clone_range, source, 0, 2 * BLOCK, source, BLOCK)  # overlapping
    raises(errno.EINVAL, clone_range, source, 0, 100 * MIB, target, 0)  # beyond the end
    os.close(source)
    os.close(target)
    drop_caches()
    changed = NOISE[:MIB] + NOISE[:BLOCK] + NOISE[MIB + BLOCK:]
    equal(read("f"), changed, "a file with a range twice")
    equal(read("g"), bytes(MIB) + NOISE[BLOCK:5 * BLOCK] + bytes(4 * MIB - 4 * BLOCK) + NOISE[MIB:],
          "a file with cloned ranges")


@test
def clones_see_unwritten_data():
    """What the client has not written yet is in a copy or clone, too."""
    with open("f", "wb", buffering=0) as source, open("g", "wb", buffering=0) as target:
        source.write(NOISE)
        equal(copy_range(os.open("f", os.O_RDONLY), 0, 2 * MIB, target.fileno(), 0), 2 * MIB, "bytes copied")
        source.write(b"more")
        if CLONES:
            with open("h", "wb", buffering=0) as third:
                clone(os.open("f", os.O_RDONLY), third.fileno())
            equal(read("h"), NOISE + b"more", "the clone")
    drop_caches()
    equal(read("g"), NOISE, "the copy")


@test
def ranges_at_odd_places():
    model = {name: bytearray(NOISE[:300000]) for name in ("f", "g")}
    for name, data in model.items():
        write(name, data)
    files = {name: os.open(name, os.O_RDWR) for name in model}
    for _ in range(100):
        source, target = RANDOM.choice("fg"), RANDOM.choice("fg")
        offset, to = RANDOM.randrange(len(model[source])), RANDOM.randrange(400000)
        length = RANDOM.randrange(1, 100000)
        data = model[source][offset:offset + length]
        if source == target and offset < to + len(data) and to < offset + len(data):
            raises(errno.EINVAL, os.copy_file_range, files[source], files[target], length, offset, to)
            continue
        equal(copy_range(files[source], offset, len(data), files[target], to), len(data), "bytes copied")
        if len(model[target]) < to:
            model[target] += bytes(to - len(model[target]))
        model[target][to:to + len(data)] = data
    equal(os.copy_file_range(files["f"], files["g"], 10, len(model["f"]), 0), 0, "bytes copied from the end")
    equal(os.copy_file_range(files["f"], files["g"], 10, len(model["f"]) + 999, 0), 0, "bytes copied from beyond it")
    for descriptor in files.values():
        os.close(descriptor)
    drop_caches()
    for name, data in model.items():
        equal(read(name), bytes(data), f"file {name}")


@test
def holes_stay_holes():
    size, pieces = 32 * MIB, [(MIB, MIB + BLOCK), (30 * MIB, 31 * MIB)]
    with open("f", "wb") as file:
        for start, end in pieces:
            file.seek(start)
            file.write(NOISE[:end - start])
        file.truncate(size)
    with Wire() as wire:
        with open("f", "rb") as source, open("g", "wb") as target:
            equal(copy_range(source.fileno(), 0, size, target.fileno(), 0), size, "bytes copied")
    wire.expect(("COPY",))
    drop_caches()
    with open("g", "rb") as file:
        equal(data_ranges(file.fileno()), pieces, "the data of the copy")
        for start, end in pieces:
            equal(os.pread(file.fileno(), end - start, start), NOISE[:end - start], f"what is at {start}")
    true(os.stat("g").st_blocks * 512 < 4 * MIB, f"the copy takes {os.stat('g').st_blocks * 512} bytes")


@test
def who_may_not():
    write("mine", b"secret", 0o600)
    write("f", b"public")
    os.chmod("f", 0o644)
    os.chmod(".", 0o755)

    def work():
        raises(errno.EACCES, os.open, "mine", os.O_RDONLY)
        with open("f", "rb") as source, open("f", "rb") as target:
            raises(errno.EBADF, os.copy_file_range, source.fileno(), target.fileno(), 6)

    as_user(*ALICE, work)
    with open("f", "rb") as source, open("mine", "ab") as target:
        raises(errno.EBADF, os.copy_file_range, source.fileno(), target.fileno(), 6)
    equal(read("mine"), b"secret", "the file")


@test
def several_at_once():
    """While a big file is copied, other work goes on, and each copy is right."""
    data = b"".join(block(index) for index in range(32))
    write("f", data)
    failures = []

    def copy(number):
        try:
            with open("f", "rb") as source, open(f"copy{number}", "wb") as target:
                equal(copy_range(source.fileno(), 0, len(data), target.fileno(), 0), len(data), "bytes copied")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=copy, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for number in range(20):
        write(f"small{number}", NOISE[:100])
        equal(read(f"small{number}"), NOISE[:100], "a file written meanwhile")
    for thread in threads:
        thread.join()
    equal(failures, [], "failures")
    drop_caches()
    for number in range(4):
        equal(read(f"copy{number}"), data, f"copy {number}")


sys.exit(main())
