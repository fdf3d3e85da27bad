#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Security labels, on a client with SELinux (docs/exports.md).

SELinux has no policy here, so the client hands on what a program sets, and what the server has.
Programs must ask with room for the answer: to a question for the length of a label alone, Linux
says ENOENT whatever the server answers.
"""

import errno
import os
import sys

import host
from check import BACKEND, as_user, drop_caches, equal, main, raises, test, true, write

NAME = "security.selinux"
LABEL = "system_u:object_r:etc_t:s0"
OTHER = "system_u:object_r:a_longer_one_t:s0:c1,c2"
LONGEST = 2047  # bytes; what Linux takes from a server
TOP = "/mnt/nfs"
STRANGER = (5001, 6001)  # uid, gid


def set_label(path, label):
    os.setxattr(path, NAME, label.encode() + b"\0", follow_symlinks=False)


def expect(path, label):
    """As the server tells it, and as its file system has it."""
    drop_caches()
    equal(os.getxattr(path, NAME, follow_symlinks=False), label.encode() + b"\0", f"the label of {path}")
    if BACKEND != "mem":
        below = os.path.relpath(os.path.abspath(path), TOP)
        equal(host.label(below), label + "\0", f"the label of {path} on the server")


@test
def set_and_read():
    write("f")
    os.mkdir("d")
    os.symlink("nowhere", "l")
    for path in ("f", "d", "l"):
        for label in (LABEL, OTHER, LABEL):
            set_label(path, label)
            expect(path, label)


@test
def long_ones():
    write("f")
    for length in (1, 127, 128, 1000, LONGEST - 1):
        set_label("f", "x" * length)
        expect("f", "x" * length)


@test
def of_a_new_object():
    """The client sends the label with the request that makes it."""
    write("f")
    os.mkdir("d")
    drop_caches()
    for path in ("f", "d"):
        label = os.getxattr(path, NAME)
        true(label, f"{path} has no label")
        expect(path, label[:-1].decode())


@test
def names_and_contents_stay():
    """Labels of many lengths are listed with the entries of a directory."""
    labels = {f"{number:03d}": "x" * (1 + number * 7 % 300) for number in range(200)}
    for name, label in labels.items():
        write(name, name.encode())
        set_label(name, label)
    drop_caches()
    equal(sorted(os.listdir(".")), sorted(labels), "the names")
    os.rename("000", "renamed")
    expect("renamed", labels["000"])
    os.link("001", "hard")
    expect("hard", labels["001"])
    set_label("hard", LABEL)
    expect("001", LABEL)


@test
def of_another_user():
    """Only the owner and root may set a label.  (A label beyond 2 KiB crashes this client before it is sent.)"""
    os.chmod(".", 0o777)
    write("f")
    os.chmod("f", 0o666)
    set_label("f", LABEL)
    raises((errno.EPERM, errno.EACCES), as_user, *STRANGER, set_label, "f", OTHER)
    expect("f", LABEL)


if "\tselinuxfs" not in open("/proc/filesystems", encoding="ascii").read():
    print("skipped: the client's kernel has no SELinux")
    sys.exit(77)
sys.exit(main())
