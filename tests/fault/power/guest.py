#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""In a guest: mounts the disk, which replays its journal, lists what is on it, and serves it.

    guest.py FILE_SYSTEM LISTING KEEP SERVER [ARGUMENT...]

LISTING is a file on the host; trees of cycles before KEEP are removed from the disk. Lines on the
output tell the host how far it is: "listed", then what the server says.
"""

import ctypes
import itertools
import json
import os
import re
import shutil
import stat
import sys

DISK = "/dev/ubda"
MOUNT_POINT = "/mnt"
MOUNT_OPTIONS = {"ext4": b"noinit_itable"}  # else a thread of the kernel fills it in
CYCLE = re.compile(r"c([0-9]+)$")

libc = ctypes.CDLL(None, use_errno=True)


def mount_disk(file_system):
    options = MOUNT_OPTIONS.get(file_system, b"")
    if libc.mount(DISK.encode(), MOUNT_POINT.encode(), file_system.encode(), 0, options) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {DISK}: {os.strerror(number)}")


def runs(path):
    """Contents as [[byte, how many], ...]: every WRITE of the load repeats one byte.

    Without a new atime, which may be where the server keeps the verifier of an exclusive create.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOATIME)) as file:
        return [[byte, len(list(same))] for byte, same in itertools.groupby(file.read())]


def describe(path):
    """What the verdict looks at; the inode number tells which names are links of one file."""
    found = os.lstat(path)
    entry = {"type": stat.S_IFMT(found.st_mode), "mode": stat.S_IMODE(found.st_mode)}
    if stat.S_ISLNK(found.st_mode):
        entry["target"] = os.readlink(path)
    elif stat.S_ISREG(found.st_mode):
        entry.update(size=found.st_size, links=found.st_nlink, inode=found.st_ino, runs=runs(path))
    return entry


def list_tree(top):
    tree = {}
    for directory, directories, files in os.walk(top):
        for name in directories + files:
            path = os.path.join(directory, name)
            tree[os.path.relpath(path, top)] = describe(path)
    return tree


def write_listing(path, tree):
    with open(path, "w") as file:
        json.dump(tree, file)
        file.flush()
        os.fsync(file.fileno())  # it is the host's file: out of this kernel's page cache


def remove_old(top, keep):
    for name in os.listdir(top):
        match = CYCLE.match(name)
        if match and int(match[1]) < keep:
            shutil.rmtree(os.path.join(top, name))


def main():
    file_system, listing, keep, *server = sys.argv[1:]
    mount_disk(file_system)
    for name in ("data", "state"):
        os.makedirs(f"{MOUNT_POINT}/{name}", mode=0o700, exist_ok=True)
    write_listing(listing, list_tree(f"{MOUNT_POINT}/data"))
    remove_old(f"{MOUNT_POINT}/data", int(keep))
    print("listed", flush=True)
    os.execv(server[0], server)


if __name__ == "__main__":
    main()
