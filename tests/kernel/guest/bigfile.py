#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""A 256 MiB file: written, dropped from the cache and compared; then rewritten here and there."""

import mmap
import os
import random
import sys
import time

from check import drop_caches, equal, main, test, true

MIB = 1 << 20
SIZE_MIB = int(os.environ.get("MS_BIG_MIB", "256"))
SEED = 1813
RANDOM = random.Random(SEED)
NOISE = RANDOM.randbytes(2 * MIB)


def block(index):
    """The MiB at this index: unlike all others, and cheap to compute again."""
    start = index * 4099 % MIB
    return index.to_bytes(8, "big") + NOISE[start:start + MIB - 8]


def rate(started):
    return f"{SIZE_MIB / (time.monotonic() - started):.0f} MiB/s"


@test
def big_file():
    started = time.monotonic()
    with open("big", "wb", buffering=0) as file:
        for index in range(SIZE_MIB):
            equal(file.write(block(index)), MIB, "bytes written")
        os.fsync(file.fileno())
    print(f"     write and fsync: {rate(started)}", flush=True)
    drop_caches()
    status = os.stat("big")
    equal(status.st_size, SIZE_MIB * MIB, "size")
    true(status.st_blocks * 512 >= SIZE_MIB * MIB * 0.9, f"st_blocks {status.st_blocks}")
    started = time.monotonic()
    compare({})
    print(f"     read: {rate(started)}", flush=True)
    patches = rewrite()
    drop_caches()
    compare(patches)
    read_directly(patches)
    os.truncate("big", 5 * MIB + 17)
    drop_caches()
    with open("big", "rb") as file:
        file.seek(5 * MIB)
        equal(file.read(), patched(5, patches)[:17], "the end of the truncated file")


def compare(patches):
    with open("big", "rb", buffering=0) as file:
        for index in range(SIZE_MIB):
            data = b""
            while len(data) < MIB:
                more = file.read(MIB - len(data))
                true(more, f"the file ends in MiB {index}")
                data += more
            expected = patched(index, patches)
            if data != expected:
                at = next(at for at in range(MIB) if data[at] != expected[at])
                equal(data[at:at + 16], expected[at:at + 16], f"bytes at {index} MiB + {at}")
        equal(file.read(1), b"", "what follows the end")


def patched(index, patches):
    data = bytearray(block(index))
    for offset, patch in patches.get(index, ()):
        data[offset:offset + len(patch)] = patch
    return bytes(data)


def rewrite():
    """Short writes at odd offsets, in random order; returns the expected content of each MiB."""
    patches = {}
    with open("big", "r+b", buffering=0) as file:
        for _ in range(200):
            index = RANDOM.randrange(SIZE_MIB)
            data = RANDOM.randbytes(RANDOM.choice((1, 100, 4096, 9000)))
            offset = RANDOM.randrange(MIB - len(data))
            os.pwrite(file.fileno(), data, index * MIB + offset)
            patches.setdefault(index, []).append((offset, data))
    return patches


def read_directly(patches):
    buffer = mmap.mmap(-1, MIB)
    file = os.open("big", os.O_RDONLY | os.O_DIRECT)
    for index in range(0, SIZE_MIB, 16):
        equal(os.preadv(file, [buffer], index * MIB), MIB, "bytes of a direct read")
        true(buffer[:] == patched(index, patches), f"a direct read of MiB {index} differs")
    os.close(file)


sys.exit(main())
