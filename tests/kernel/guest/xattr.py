#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Extended attributes, by system calls and by the programs that people use for them."""

import errno
import os
import random
import sys

import mountstats
from check import BACKEND, as_user, drop_caches, equal, main, raises, read, run, test, true, write

KIB = 1 << 10
ALICE, BOB = (5001, 6001), (5002, 6002)  # uid, gid
CHANGES_MAX = 1000
SEED = 8276
RANDOM = random.Random(SEED)


def names(path):
    """Without those that the client makes of other things, such as the ACL."""
    return [name for name in os.listxattr(path) if not name.startswith("system.")]


def attributes(path):
    """{name: value}"""
    return {name: os.getxattr(path, name) for name in names(path)}


def asked(path):
    """The same, asked of the server."""
    drop_caches()
    return attributes(path)


@test
def set_get_list_and_remove():
    write("f", b"data")
    run("setfattr", "-n", "user.colour", "-v", "green", "f")
    run("setfattr", "-n", "user.binary", "-v", "0x00ff0a0d00", "f")
    run("setfattr", "-n", "user.empty", "f")
    drop_caches()
    listed = run("getfattr", "-d", "f")
    equal(sorted(line for line in listed.splitlines() if line.startswith("user.")),
          ["user.binary=0sAP8KDQA=", 'user.colour="green"', 'user.empty=""'], "what getfattr -d prints")
    for name in ("SETXATTR", "GETXATTR", "LISTXATTRS"):
        true(mountstats.operations(name) > 0, f"no {name} was sent")
    run("setfattr", "-x", "user.binary", "f")
    equal(asked("f"), {"user.colour": b"green", "user.empty": b""}, "after setfattr -x")
    raises(errno.ENODATA, os.getxattr, "f", "user.binary")
    raises(errno.ENODATA, os.removexattr, "f", "user.binary")
    equal(read("f"), b"data", "the file's data")


@test
def create_and_replace():
    write("f")
    raises(errno.ENODATA, os.setxattr, "f", "user.a", b"1", os.XATTR_REPLACE)
    os.setxattr("f", "user.a", b"1", os.XATTR_CREATE)
    raises(errno.EEXIST, os.setxattr, "f", "user.a", b"2", os.XATTR_CREATE)
    equal(asked("f"), {"user.a": b"1"}, "after a refused creation")
    os.setxattr("f", "user.a", b"a longer value", os.XATTR_REPLACE)
    os.setxattr("f", "user.a", b"2")
    equal(asked("f"), {"user.a": b"2"}, "after it was replaced")


@test
def names_and_values_at_their_limits():
    write("f")
    name = "user." + "n" * 250
    os.setxattr("f", name, b"long name")
    equal(asked("f"), {name: b"long name"}, "a name of 255 bytes")
    raises((errno.ERANGE, errno.ENAMETOOLONG), os.setxattr, "f", name + "n", b"")
    os.setxattr("f", "user.ümläut 名 \n", b"odd name")
    os.removexattr("f", name)
    equal(asked("f"), {"user.ümläut 名 \n": b"odd name"}, "a name of odd characters")
    sizes = [1, 3, 4, 255, 1000] + ([4096, 16000, 60000, 65536] if BACKEND == "mem" else [])
    for size in sizes:
        value = RANDOM.randbytes(size)
        os.setxattr("f", "user.value", value)
        equal(asked("f").get("user.value"), value, f"a value of {size} bytes")
    before = asked("f")
    raises((errno.E2BIG, errno.ENOSPC, errno.ERANGE), os.setxattr, "f", "user.value", bytes(65537))
    equal(asked("f"), before, "after a value that is too long")


@test
def many():
    """More names than one reply of a usual size has."""
    write("f")
    count, width = (2000, 200) if BACKEND == "mem" else (40, 20)  # file systems have a limit for all names together
    expected = {f"user.{number:05d}{'x' * width}": str(number).encode() for number in range(count)}
    for name, value in expected.items():
        os.setxattr("f", name, value)
    drop_caches()
    try:
        equal(sorted(names("f")), sorted(expected), "the names")
    except OSError as error:  # what is more than 64 KiB cannot be listed on Linux
        equal((error.errno, BACKEND), (errno.E2BIG, "mem"), "listxattr")
    for name in RANDOM.sample(sorted(expected), 20):
        equal(os.getxattr("f", name), expected[name], name)
    for name in sorted(expected)[25:]:
        os.removexattr("f", name)
    equal(asked("f"), {name: expected[name] for name in sorted(expected)[:25]}, "after the others were removed")


@test
def directories_links_and_others():
    os.mkdir("d")
    os.setxattr("d", "user.of", b"a directory")
    write("f")
    os.setxattr("f", "user.of", b"a file")
    os.link("f", "hard")
    os.symlink("f", "soft")
    os.mkfifo("pipe")
    equal(asked("d"), {"user.of": b"a directory"}, "a directory's")
    equal(asked("hard"), {"user.of": b"a file"}, "by another name")
    equal(os.getxattr("soft", "user.of"), b"a file", "by a symbolic link")
    for path in ("soft", "pipe"):
        raises((errno.EPERM, errno.EOPNOTSUPP), os.setxattr, path, "user.of", b"x", 0, follow_symlinks=False)
    os.rename("f", "g")
    equal(asked("g"), {"user.of": b"a file"}, "after a renaming")
    os.rmdir("d")
    os.mkdir("d")
    equal(asked("d"), {}, "a new directory's")


@test
def other_names_are_not_carried():
    write("f")
    for name in ("trusted.a", "nobody.a"):
        raises((errno.EOPNOTSUPP, errno.EPERM, errno.EINVAL), os.setxattr, "f", name, b"x")
        raises((errno.EOPNOTSUPP, errno.ENODATA, errno.EPERM), os.getxattr, "f", name)


@test
def the_change_shows():
    write("f", b"data")
    os.utime("f", (1e9, 1e9))
    drop_caches()
    after = before = os.stat("f")
    for number in range(CHANGES_MAX):  # the server's clock may be a coarse one
        os.setxattr("f", "user.a", str(number).encode())
        drop_caches()
        after = os.stat("f")
        if after.st_ctime_ns > before.st_ctime_ns:
            break
    true(after.st_ctime_ns > before.st_ctime_ns, "the time of the change stays")
    equal((after.st_mtime_ns, after.st_size), (before.st_mtime_ns, before.st_size), "time of modification, and size")


@test
def who_may():
    os.chmod(".", 0o777)
    write("f", b"data")
    os.setxattr("f", "user.a", b"1")
    os.chmod("f", 0o604)
    os.chown("f", *ALICE)
    equal(as_user(*BOB, os.getxattr, "f", "user.a"), b"1", "what another user reads")
    raises(errno.EACCES, as_user, *BOB, os.setxattr, "f", "user.a", b"2")
    raises(errno.EACCES, as_user, *BOB, os.removexattr, "f", "user.a")
    as_user(*ALICE, os.setxattr, "f", "user.a", b"3")
    os.chmod("f", 0o600)
    drop_caches()
    raises(errno.EACCES, as_user, *BOB, os.getxattr, "f", "user.a")
    equal(asked("f"), {"user.a": b"3"}, "after all that")


@test
def programs_keep_them():
    """rsync -aXS, cp -a and tar, with files that have holes."""
    os.makedirs("tree/sub")
    for number in range(20):
        path = f"tree/sub/{number}"
        with open(path, "wb") as file:
            file.write(b"begin")
            file.seek(number * 100 * KIB)
            file.write(RANDOM.randbytes(KIB))
        for name in range(number % 4):
            os.setxattr(path, f"user.{name}", RANDOM.randbytes(number))
    os.setxattr("tree/sub", "user.directory", b"too")
    os.symlink("0", "tree/sub/link")
    run("rsync", "-aXS", "tree/", "synced")
    run("cp", "-a", "tree", "copied")
    run("tar", "--create", "--xattrs", "--sparse", "--file=archive", "tree")
    os.mkdir("out")
    run("tar", "--extract", "--xattrs", "--file=archive", "--directory=out")
    drop_caches()
    for copy in ("synced", "copied", "out/tree"):
        run("diff", "--recursive", "--no-dereference", "tree", copy)
        for name in ("sub", *(f"sub/{number}" for number in range(20))):
            equal(attributes(f"{copy}/{name}"), attributes(f"tree/{name}"), f"{copy}/{name}")
        equal(run("rsync", "-aXS", "--dry-run", "--itemize-changes", "tree/", copy), "", f"what rsync finds in {copy}")
    true(os.stat("synced/sub/19").st_blocks * 512 < 1000 * KIB, "the hole of a file is filled by rsync")


sys.exit(main())
