#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Exercises two files with random operations of every kind, and compares them with a model in memory: reads, writes,
truncation, maps, direct I/O, space, holes, copies and clones, at places that are odd more often than not.

MAINSTAY_OPERATIONS=N makes it longer or shorter, MAINSTAY_SEED=N repeats a run. A failure prints the last operations.
"""

import collections
import errno
import mmap
import os
import random
import sys
import time

import mountstats
from check import Failed, drop_caches, equal, main, test, true
from falloc import KEEP_SIZE, ZERO_RANGE, clone_range, data_ranges, fallocate, punch

OPERATIONS = int(os.environ.get("MAINSTAY_OPERATIONS", os.environ.get("MS_OPERATIONS", "10000")))
SEED = int(os.environ.get("MAINSTAY_SEED", "0")) or int.from_bytes(os.urandom(4), "big")
FILE_SYSTEM = os.environ["MS_FILE_SYSTEM"]
CLONES = FILE_SYSTEM in ("mem", "btrfs", "xfs")
READS_PLUS = os.environ.get("MS_READ_PLUS") == "1"  # the client's kernel is built with it
BLOCK = 4096  # of clones and of direct I/O
FILE_MAX = 1 << 20
LENGTH_MAX = 1 << 17
COMPARE_EVERY = 2000
HISTORY = 40
# What the protocol or this client does not have, and it says so itself
CLIENT_LACKS = (errno.EOPNOTSUPP,)


class File:
    """An open file, and what it must contain."""

    def __init__(self, name):
        self.name = name
        self.model = bytearray()
        self.descriptor = os.open(name, os.O_RDWR | os.O_CREAT)

    def reopen(self):
        os.close(self.descriptor)
        self.descriptor = os.open(self.name, os.O_RDWR)

    def put(self, offset, data):
        """In the model: a write."""
        if len(self.model) < offset:
            self.model += bytes(offset - len(self.model))
        self.model[offset:offset + len(data)] = data

    def differs(self, found, offset):
        """A failure that tells where, if the file has not `found` at the offset."""
        expected = self.model[offset:offset + len(found)]
        if found == expected:
            return
        at = next(index for index in range(len(found))
                  if index >= len(expected) or found[index] != expected[index])
        raise Failed(f"{self.name} at {offset + at} of {len(self.model)}: "
                     f"expected {bytes(expected[at:at + 8])!r}, found {bytes(found[at:at + 8])!r}")

    def compare(self):
        equal(os.fstat(self.descriptor).st_size, len(self.model), f"size of {self.name}")
        self.differs(os.pread(self.descriptor, FILE_MAX + 1, 0), 0)


class Exerciser:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.noise = self.random.randbytes(FILE_MAX)
        self.files = [File("f"), File("g")]
        self.done = collections.Counter()
        self.lacking = collections.Counter()
        self.history = collections.deque(maxlen=HISTORY)
        self.kinds = {self.read: 10, self.write: 10, self.truncate: 3, self.read_map: 4, self.write_map: 4,
                      self.read_direct: 2, self.write_direct: 2, self.allocate: 3, self.keep_size: 1,
                      self.punch_hole: 5, self.zero: 2, self.copy: 5, self.seek: 4, self.sync: 1, self.forget: 1}
        if CLONES:
            self.kinds[self.clone] = 5

    def run(self, operations):
        kinds, weights = list(self.kinds), list(self.kinds.values())
        for number in range(1, operations + 1):
            kind = self.random.choices(kinds, weights)[0]
            file = self.random.choice(self.files)
            try:
                kind(file)
            except OSError as error:
                if error.errno not in CLIENT_LACKS:
                    raise
                self.lacking[kind.__name__] += 1
            else:
                self.done[kind.__name__] += 1
            if number % COMPARE_EVERY == 0 or number == operations:
                self.compare()

    def note(self, kind, *arguments):
        self.history.append(f"{kind}({', '.join(map(str, arguments))})")

    def compare(self):
        """Both, as the server has them."""
        for file in self.files:
            os.fsync(file.descriptor)
        drop_caches()
        for file in self.files:
            file.compare()

    # ---- places

    def place(self, limit=FILE_MAX):
        """(offset, length), not both at whole blocks for most of them."""
        length = self.random.choice((self.random.randrange(1, 200), self.random.randrange(1, LENGTH_MAX)))
        offset = self.random.randrange(max(1, min(limit, FILE_MAX - length)))
        if self.random.random() < 0.3:
            offset, length = offset // BLOCK * BLOCK, max(length // BLOCK, 1) * BLOCK
        return offset, min(length, FILE_MAX - offset)

    def place_inside(self, file):
        offset, length = self.place(max(1, len(file.model)))
        return offset, max(0, min(length, len(file.model) - offset))

    def some(self, length):
        at = self.random.randrange(FILE_MAX - length + 1)
        return self.noise[at:at + length]

    # ---- operations

    def read(self, file):
        offset, length = self.place()
        self.note("read", file.name, offset, length)
        found = os.pread(file.descriptor, length, offset)
        equal(len(found), max(0, min(length, len(file.model) - offset)), f"bytes read of {file.name} at {offset}")
        file.differs(found, offset)

    def write(self, file):
        offset, length = self.place()
        self.note("write", file.name, offset, length)
        data = self.some(length)
        equal(os.pwrite(file.descriptor, data, offset), length, "bytes written")
        file.put(offset, data)

    def truncate(self, file):
        size = self.random.randrange(FILE_MAX)
        self.note("truncate", file.name, size)
        os.ftruncate(file.descriptor, size)
        file.model = file.model[:size] + bytes(max(0, size - len(file.model)))

    def read_map(self, file):
        offset, length = self.place_inside(file)
        self.note("read_map", file.name, offset, length)
        if length:
            with mmap.mmap(file.descriptor, len(file.model), prot=mmap.PROT_READ) as memory:
                file.differs(memory[offset:offset + length], offset)

    def write_map(self, file):
        offset, length = self.place_inside(file)
        self.note("write_map", file.name, offset, length)
        if length:
            data = self.some(length)
            with mmap.mmap(file.descriptor, len(file.model)) as memory:
                memory[offset:offset + length] = data
            file.put(offset, data)

    def read_direct(self, file):
        offset, length = (each // BLOCK * BLOCK for each in self.place())
        self.note("read_direct", file.name, offset, length)
        direct = os.open(file.name, os.O_RDONLY | os.O_DIRECT)
        with mmap.mmap(-1, max(length, BLOCK)) as memory:
            count = os.preadv(direct, [memoryview(memory)[:max(length, BLOCK)]], offset)
            equal(count, max(0, min(len(memory), len(file.model) - offset)), f"bytes read of {file.name} at {offset}")
            file.differs(memory[:count], offset)
        os.close(direct)

    def write_direct(self, file):
        offset, length = self.place()
        offset, length = offset // BLOCK * BLOCK, max(length // BLOCK, 1) * BLOCK
        self.note("write_direct", file.name, offset, length)
        data = self.some(length)
        direct = os.open(file.name, os.O_WRONLY | os.O_DIRECT)
        with mmap.mmap(-1, length) as memory:
            memory[:] = data
            equal(os.pwritev(direct, [memory], offset), length, "bytes written")
        os.close(direct)
        file.put(offset, data)

    def allocate(self, file):
        offset, length = self.place()
        self.note("allocate", file.name, offset, length)
        fallocate(file.descriptor, 0, offset, length)
        file.model += bytes(max(0, offset + length - len(file.model)))

    def keep_size(self, file):
        offset, length = self.place()
        self.note("keep_size", file.name, offset, length)
        fallocate(file.descriptor, KEEP_SIZE, offset, length)

    def punch_hole(self, file):
        offset, length = self.place()
        self.note("punch_hole", file.name, offset, length)
        punch(file.descriptor, offset, length)
        end = min(offset + length, len(file.model))
        if end > offset:
            file.model[offset:end] = bytes(end - offset)

    def zero(self, file):
        offset, length = self.place()
        self.note("zero", file.name, offset, length)
        fallocate(file.descriptor, ZERO_RANGE, offset, length)
        file.put(offset, bytes(length))

    def copy(self, source):
        """Copies may be short. Before one, Linux writes only what is in the range: with more to be written behind it,
        the server may not know yet that the file is so long."""
        target = self.random.choice(self.files)
        offset, length = self.place()
        to = self.random.randrange(FILE_MAX - length + 1)
        if source is target and offset < to + length and to < offset + length:
            return
        self.note("copy", source.name, offset, length, target.name, to)
        os.fsync(source.descriptor)
        count = os.copy_file_range(source.descriptor, target.descriptor, length, offset, to)
        available = max(0, min(length, len(source.model) - offset))
        true(count <= available and (count > 0) == (available > 0), f"{count} bytes of {available} copied")
        if count:
            target.put(to, bytes(source.model[offset:offset + count]))

    def clone(self, source):
        """Of whole blocks, or to the end of the source, to beyond the end of the target."""
        target = self.random.choice(self.files)
        offset, length = (each // BLOCK * BLOCK for each in self.place(max(1, len(source.model))))
        to = self.random.randrange(FILE_MAX - length + 1) // BLOCK * BLOCK
        end = len(source.model)
        if offset + length > end:
            length = end - offset
            if to + length < len(target.model) and length % BLOCK:
                return  # the rest of a block in the middle of the target
        if length <= 0 or (source is target and offset < to + length and to < offset + length):
            return
        self.note("clone", source.name, offset, length, target.name, to)
        clone_range(source.descriptor, offset, length, target.descriptor, to)
        target.put(to, bytes(source.model[offset:offset + length]))

    def seek(self, file):
        """What is a hole is zero, and what the file has beyond zeros is data."""
        self.note("seek", file.name)
        at = 0
        for start, end in [*data_ranges(file.descriptor), (len(file.model), len(file.model))]:
            true(at <= start <= end <= len(file.model), f"data from {start} to {end} of {len(file.model)}")
            true(not any(file.model[at:start]), f"{file.name} has data from {at} to {start}, a hole by lseek()")
            at = end

    def sync(self, file):
        self.note("sync", file.name)
        os.fsync(file.descriptor)

    def forget(self, file):
        """Have the server asked for the file again."""
        self.note("forget", file.name)
        os.fsync(file.descriptor)
        os.posix_fadvise(file.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        if self.random.random() < 0.5:
            file.reopen()


@test
def random_operations():
    print(f"     MAINSTAY_SEED={SEED} MAINSTAY_OPERATIONS={OPERATIONS}", flush=True)
    exerciser = Exerciser(SEED)
    started = time.monotonic()
    try:
        exerciser.run(OPERATIONS)
    except Exception:
        print("     the last operations:", *exerciser.history, sep="\n        ", flush=True)
        raise
    rate = OPERATIONS / (time.monotonic() - started)
    print(f"     {rate:.0f} a second: {dict(exerciser.done)}", flush=True)
    if exerciser.lacking:
        print(f"     not on this client: {dict(exerciser.lacking)}", flush=True)
    true(set(exerciser.lacking) <= {"keep_size", "zero"}, f"not supported: {dict(exerciser.lacking)}")
    for name in ("READ_PLUS" if READS_PLUS else "READ", "ALLOCATE", "DEALLOCATE", "SEEK", "COPY", *(["CLONE"] if CLONES else [])):
        true(mountstats.operations(name) > 0, f"no {name} was sent")


sys.exit(main())
