#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Several exports of one server at once: their names, numbers, rules and squashing.

    /open no_root_squash   /squash the default   /all all_squash,anonuid=4242,anongid=4343
    /deep/in/side no_root_squash   /ro ro: the directory of /open, where the backend is local
"""

import errno
import os
import sys

from check import BACKEND, as_user, drop_caches, equal, main, raises, read, test, true, write

NOBODY = 65534
ALICE = (5001, 6001)
OPEN, SQUASH, ALL, DEEP, READ_ONLY, TREE = (f"/mnt/{name}" for name in
                                            ("open", "squash", "all", "deep", "ro", "tree"))


def owner(path):
    return os.lstat(path).st_uid, os.lstat(path).st_gid


@test
def each_is_a_file_system_of_its_own():
    mounts = (OPEN, SQUASH, ALL, DEEP, READ_ONLY)
    devices = {os.stat(path).st_dev for path in mounts}
    equal(len(devices), len(mounts), "different device numbers")
    for path in mounts:
        true(os.stat(path).st_ino != 0, f"file number 0 on {path}")
        os.statvfs(path)
    write(f"{OPEN}/here", "open")
    write(f"{DEEP}/here", "deep")
    drop_caches()
    equal((read(f"{OPEN}/here"), read(f"{DEEP}/here")), (b"open", b"deep"), "files of one name in two exports")
    raises(errno.EXDEV, os.rename, f"{OPEN}/here", f"{DEEP}/there")
    raises(errno.EXDEV, os.link, f"{OPEN}/here", f"{DEEP}/there")
    os.unlink(f"{OPEN}/here")
    os.unlink(f"{DEEP}/here")


@test
def the_tree_above_the_exports():
    equal(sorted(os.listdir(TREE)), ["all", "deep", "open", "ro", "squash"], "names in the root")
    equal(os.listdir(f"{TREE}/deep"), ["in"], "names in /deep")
    equal(os.listdir(f"{TREE}/deep/in"), ["side"], "names in /deep/in")
    write(f"{DEEP}/seen", "through both")
    equal(read(f"{TREE}/deep/in/side/seen"), b"through both", "a file through the root's mount")
    os.unlink(f"{TREE}/deep/in/side/seen")
    equal(os.stat(f"{TREE}/deep/in/side").st_dev == os.stat(TREE).st_dev, False,
          "whether an export and the tree above it share a device number")
    equal(os.stat(f"{TREE}/deep/in/side/..").st_ino, os.stat(f"{TREE}/deep/in").st_ino, "the .. of an export")
    refused = (errno.EROFS, errno.EACCES, errno.EPERM)
    raises(refused, os.mkdir, f"{TREE}/new")
    raises(refused, os.open, f"{TREE}/deep/new", os.O_CREAT | os.O_WRONLY)
    raises(refused + (errno.EBUSY, errno.EXDEV, errno.ENOTEMPTY), os.rmdir, f"{TREE}/deep/in/side")
    raises(errno.ENOENT, os.stat, f"{TREE}/absent")
    raises(errno.ENOENT, os.stat, f"{TREE}/deep/absent")


@test
def read_only():
    write(f"{OPEN}/f", "data")
    names = ["f"] if BACKEND == "local" else []
    drop_caches()
    equal(os.listdir(READ_ONLY), names, "names in the read-only export")
    for call, arguments in ((os.mkdir, ("new",)), (os.mknod, ("new",)), (os.symlink, ("x", "new")),
                            (os.open, ("new", os.O_CREAT | os.O_WRONLY))):
        path = [f"{READ_ONLY}/{part}" if part == "new" else part for part in arguments]
        raises(errno.EROFS, call, *path)
    raises(errno.EROFS, os.chmod, READ_ONLY, 0o777)
    if BACKEND == "local":
        file = f"{READ_ONLY}/f"
        equal(read(file), b"data", "a file in the read-only export")
        for call, arguments in ((os.unlink, ()), (os.utime, ((1, 1),)), (os.chmod, (0o600,)),
                                (os.chown, (1, 1)), (os.rename, (f"{READ_ONLY}/g",)),
                                (os.link, (f"{READ_ONLY}/g",)), (os.open, (os.O_RDWR,))):
            raises(errno.EROFS, call, file, *arguments)
        raises((errno.EROFS, errno.EACCES), os.truncate, file, 0)  # the client checks with ACCESS first
        raises(errno.ENOENT, os.stat, f"{READ_ONLY}/absent")
    os.unlink(f"{OPEN}/f")


def open_to_all(export):
    """A directory that all may write to: made by the run, or the root of a squashed mem export."""
    return f"{export}/shared" if BACKEND == "local" else export


@test
def root_is_nobody():
    """root_squash, the default: root has no special rights here."""
    refused = (errno.EACCES, errno.EPERM)
    if BACKEND == "local":
        raises(refused, os.mkdir, f"{SQUASH}/new")  # root's own directory, 0755
    raises(refused, os.chmod, SQUASH, 0o777)
    raises(refused, os.chown, SQUASH, 1, 1)
    os.mkdir(f"{open_to_all(SQUASH)}/new")
    equal(owner(f"{open_to_all(SQUASH)}/new"), (NOBODY, NOBODY), "owner of what root made")
    os.rmdir(f"{open_to_all(SQUASH)}/new")


@test
def anybody_else_is_who_he_is():
    shared = open_to_all(SQUASH)
    write(f"{shared}/by-root", "x")
    as_user(*ALICE, write, f"{shared}/by-alice")
    as_user(*ALICE, write, f"{shared}/private", "hers", 0o600)
    drop_caches()
    equal(owner(f"{shared}/by-alice"), ALICE, "owner of what alice made")
    raises(errno.EACCES, read, f"{shared}/private")  # root has no more rights than nobody
    raises(errno.EPERM, os.chown, f"{shared}/by-root", 5, 5)
    equal(as_user(*ALICE, read, f"{shared}/private"), b"hers", "alice's own read")
    os.chmod(f"{shared}/by-root", 0o640)
    os.unlink(f"{shared}/by-root")
    as_user(*ALICE, os.unlink, f"{shared}/by-alice")
    as_user(*ALICE, os.unlink, f"{shared}/private")


@test
def all_users_are_one():
    """all_squash: every user acts as anonuid and anongid."""
    shared = open_to_all(ALL)
    write(f"{shared}/by-root")
    as_user(*ALICE, write, f"{shared}/by-alice", "x", 0o600)
    as_user(*ALICE, os.mkdir, f"{shared}/dir")
    drop_caches()
    for name in ("by-root", "by-alice", "dir"):
        equal(owner(f"{shared}/{name}"), (4242, 4343), f"owner of {name}")
    equal(as_user(5002, 6002, read, f"{shared}/by-alice"), b"x",
          "one client user's read of another's file, both being squashed")


@test
def groups_reach_the_server():
    write(f"{OPEN}/f", "x")
    os.chown(f"{OPEN}/f", 0, 7007)
    os.chmod(f"{OPEN}/f", 0o640)
    drop_caches()
    equal(as_user(*ALICE, read, f"{OPEN}/f", groups=[7001, 7007]), b"x", "a read by a supplementary group")
    raises(errno.EACCES, as_user, *ALICE, read, f"{OPEN}/f", groups=[7001])
    os.unlink(f"{OPEN}/f")


sys.exit(main())
