# SPDX-License-Identifier: Apache-2.0
"""System calls that Python has no functions for: fallocate(), and clones of files. And the holes of a file."""

import ctypes
import errno
import fcntl
import os
import struct

from check import libc

KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE = 1, 2, 16
FICLONE, FICLONERANGE = 0x40049409, 0x4020940D

libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


def fallocate(descriptor, mode, offset, length):
    """Not posix_fallocate(), which writes zeros where the file system cannot."""
    if libc.fallocate(descriptor, mode, offset, length) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"fallocate: {os.strerror(number)}")


def punch(descriptor, offset, length):
    fallocate(descriptor, PUNCH_HOLE | KEEP_SIZE, offset, length)


def clone_range(source, offset, length, target, to):
    """Have a range of one open file share its blocks with a range of another; length 0: to the end."""
    fcntl.ioctl(target, FICLONERANGE, struct.pack("qQQQ", source, offset, length, to))


def clone(source, target):
    fcntl.ioctl(target, FICLONE, source)


def data_ranges(descriptor):
    """[(from, to)] of what lseek() says is data, in order."""
    found, at = [], 0
    while True:
        try:
            start = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return found
        at = os.lseek(descriptor, start, os.SEEK_HOLE)
        found.append((start, at))
