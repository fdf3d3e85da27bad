# SPDX-License-Identifier: Apache-2.0
"""File systems of a run's own, on images, for what the machine's own file system cannot do.

They are mounted in the mount namespace of the run, and their loop devices are freed with their mounts: however the run
ends, nothing of them is left.
"""

import ctypes
import fcntl
import os
import stat
import subprocess

from . import HarnessError, Unavailable
from .sandbox import call_libc

IMAGE_BYTES = 4 << 30  # sparse
KINDS = {"btrfs": ["mkfs.btrfs", "-q"], "xfs": ["mkfs.xfs", "-q"]}
CONTROL = "/dev/loop-control"
LOOP_CTL_GET_FREE, LOOP_CONFIGURE = 0x4C82, 0x4C0A
LO_FLAGS_AUTOCLEAR = 4
LOOP_MAJOR = 7
TRIES = 100  # other runs take devices, too


class LoopConfig(ctypes.Structure):
    """struct loop_config of <linux/loop.h>, with the struct loop_info64 in it."""
    _fields_ = [("fd", ctypes.c_uint32), ("block_size", ctypes.c_uint32), ("info_before", ctypes.c_uint64 * 5),
                ("info_number", ctypes.c_uint32 * 3), ("flags", ctypes.c_uint32), ("info_after", ctypes.c_uint8 * 176),
                ("reserved", ctypes.c_uint64 * 8)]


def mount_image(kind, directory):
    """Make a file system of that kind on an image in the directory, mount it there, and return where."""
    image, point = f"{directory}/{kind}.image", f"{directory}/{kind}"
    with open(image, "wb") as file:
        file.truncate(IMAGE_BYTES)
    run(*KINDS[kind], image)
    os.mkdir(point)
    with open(image, "r+b") as file:
        device, path = attach(file.fileno(), f"{directory}/{kind}.device")
    try:
        call_libc("mount", path.encode(), point.encode(), kind.encode(), 0, None)
    except OSError as error:
        raise Unavailable(f"no {kind} on an image ({error})") from error
    finally:
        os.close(device)
    return point


def attach(image, path):
    """A free loop device gets the image, until it is no longer in use; returns it open, and its name, which is `path`,
    as /dev may belong to a container that has no name for it."""
    for _ in range(TRIES):
        device = open_free(path)
        try:
            fcntl.ioctl(device, LOOP_CONFIGURE, bytes(LoopConfig(fd=image, flags=LO_FLAGS_AUTOCLEAR)))
            return device, path
        except OSError:  # somebody else has taken it
            os.close(device)
            os.unlink(path)
    raise HarnessError("no loop device takes the image")


def open_free(path):
    try:
        with open(CONTROL, "rb") as control:
            number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
        os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(LOOP_MAJOR, number))
        return os.open(path, os.O_RDWR)
    except OSError as error:
        raise Unavailable(f"no loop device ({error})") from error


def run(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise HarnessError(f"{' '.join(argv)} ended with {done.returncode}: {done.stdout}")
