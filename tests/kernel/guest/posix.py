#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""What programs expect of a file system, one small test for each thing, by one client as root and
as other users. The export is mounted no_root_squash."""

import ctypes
import errno
import mmap
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import time

from check import (BACKEND, Failed, as_user, children, drop_caches, equal, libc, main, raises, read,
                   test, true, write)

ALICE, BOB = (5001, 6001), (5002, 6002)  # uid, gid
MIB = 1 << 20


# ---- creating, truncating, writing

@test
def exclusive_create():
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    os.close(os.open("f", flags, 0o640))
    equal(stat.S_IMODE(os.stat("f").st_mode), 0o640, "mode of an exclusively created file")
    raises(errno.EEXIST, os.open, "f", flags)
    os.symlink("nowhere", "dangling")
    raises(errno.EEXIST, os.open, "dangling", flags)
    winners = sum(children(4, lambda index: not fails(os.open, "race", flags, 0o600)))
    equal(winners, 1, "winners of 4 exclusive creates of one file")


def fails(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        return True
    return False


@test
def create_modes_and_umask():
    old = os.umask(0o027)
    try:
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, 0o777))
        os.mkdir("d", 0o777)
        os.mkfifo("p", 0o666)
    finally:
        os.umask(old)
    for name, mode in (("f", 0o750), ("d", 0o750), ("p", 0o640)):
        equal(stat.S_IMODE(os.stat(name).st_mode), mode, f"mode of {name} under umask 027")


@test
def unwritable_mode_yet_writable_descriptor():
    os.chmod(".", 0o777)

    def work():
        # As tar and git do: the mode forbids what the open descriptor allows.
        descriptor = os.open("mine", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o444)
        os.write(descriptor, b"hello")
        os.fsync(descriptor)
        os.fchmod(descriptor, 0)
        os.write(descriptor, b" again")
        os.fsync(descriptor)
        os.close(descriptor)

    as_user(*ALICE, work)
    drop_caches()
    equal(read("mine"), b"hello again", "a file written by its owner through a mode of 0")
    raises(errno.EACCES, as_user, *ALICE, read, "mine")


@test
def open_modes():
    write("f", "0123456789")
    reader = os.open("f", os.O_RDONLY)
    raises(errno.EBADF, os.write, reader, b"x")
    writer = os.open("f", os.O_WRONLY)
    raises(errno.EBADF, os.read, writer, 1)
    both = os.open("f", os.O_RDWR)
    os.pwrite(both, b"AB", 3)
    equal(os.pread(both, 20, 0), b"012AB56789", "what O_RDWR reads of what it wrote")
    os.close(writer)  # a downgrade, as the other opens remain
    os.close(both)
    equal(os.pread(reader, 20, 0), b"012AB56789", "after the writers closed")
    os.close(reader)
    raises(errno.ENOENT, os.open, "absent", os.O_RDONLY)
    write("f", "x")
    equal(os.stat("f").st_size, 1, "size after O_TRUNC")


@test
def truncate_and_grow():
    write("f", b"a" * 10000)
    os.truncate("f", 5000)
    equal(os.stat("f").st_size, 5000, "size after truncate to 5000")
    os.truncate("f", 9000)
    drop_caches()
    equal(read("f"), b"a" * 5000 + bytes(4000), "data after shrinking and growing")
    descriptor = os.open("f", os.O_RDWR)
    os.ftruncate(descriptor, 3)
    os.pwrite(descriptor, b"z", 10)
    os.close(descriptor)
    drop_caches()
    equal(read("f"), b"aaa" + bytes(7) + b"z", "data after ftruncate and a write behind the end")
    os.truncate("f", 0)
    equal((os.stat("f").st_size, os.stat("f").st_blocks), (0, 0), "size and blocks of an emptied file")
    raises(errno.EISDIR, os.truncate, ".", 0)
    raises(errno.ENOENT, os.truncate, "absent", 0)


@test
def sparse_file():
    size = 64 * MIB
    with open("f", "wb") as file:
        file.write(b"head")
        file.seek(size)
        file.write(b"tail")
    drop_caches()
    status = os.stat("f")
    equal(status.st_size, size + 4, "size")
    true(0 < status.st_blocks * 512 < 4 * MIB,
         f"st_blocks of a sparse file is {status.st_blocks}: {status.st_blocks * 512} bytes")
    descriptor = os.open("f", os.O_RDONLY)
    equal(os.pread(descriptor, 8, 0), b"head" + bytes(4), "its beginning")
    for offset in (MIB, 17 * MIB + 3, size - 4096):
        equal(os.pread(descriptor, 4096, offset), bytes(4096), f"the hole at {offset}")
    equal(os.pread(descriptor, 8, size - 4), bytes(4) + b"tail", "its end")
    os.close(descriptor)
    os.truncate("f", 1 << 40)
    drop_caches()
    status = os.stat("f")
    equal(status.st_size, 1 << 40, "size of a file of 1 TiB")
    true(status.st_blocks * 512 < 4 * MIB, f"1 TiB of hole has {status.st_blocks} blocks")
    descriptor = os.open("f", os.O_RDWR)
    os.pwrite(descriptor, b"far", (1 << 40) - 3)
    os.fsync(descriptor)
    os.close(descriptor)
    drop_caches()
    with open("f", "rb") as file:
        file.seek((1 << 40) - 5)
        equal(file.read(), bytes(2) + b"far", "the end of 1 TiB")


@test
def append():
    write("f", "one\n")
    descriptor = os.open("f", os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, b"two\n")
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, b"three\n")
    os.close(descriptor)
    drop_caches()
    equal(read("f"), b"one\ntwo\nthree\n", "an appended file")


@test
def synchronous_and_direct():
    descriptor = os.open("f", os.O_RDWR | os.O_CREAT | os.O_SYNC)
    for index in range(16):
        os.pwrite(descriptor, bytes([65 + index]) * 777, index * 777)
    os.fdatasync(descriptor)
    os.close(descriptor)
    expected = b"".join(bytes([65 + index]) * 777 for index in range(16))
    drop_caches()
    equal(read("f"), expected, "what O_SYNC wrote")
    buffer = mmap.mmap(-1, 3 * 4096)
    buffer[:] = bytes(range(256)) * 48
    descriptor = os.open("f", os.O_RDWR | os.O_DIRECT)
    os.pwritev(descriptor, [buffer], 4096)
    back = mmap.mmap(-1, 3 * 4096)
    equal(os.preadv(descriptor, [back], 4096), 3 * 4096, "bytes that O_DIRECT read")
    equal(back[:], buffer[:], "what O_DIRECT wrote and read")
    os.close(descriptor)
    drop_caches()
    equal(read("f"), expected[:4096] + buffer[:], "the file after the direct write")


@test
def memory_map():
    write("f", b"." * 20000)
    descriptor = os.open("f", os.O_RDWR)
    with mmap.mmap(descriptor, 20000) as memory:
        memory[0:5] = b"start"
        memory[9000:9006] = b"middle"
        memory[19997:20000] = b"end"
        memory.flush()
    os.close(descriptor)
    drop_caches()
    expected = bytearray(b"." * 20000)
    expected[0:5], expected[9000:9006], expected[19997:] = b"start", b"middle", b"end"
    equal(read("f"), bytes(expected), "a file written through a shared map")
    with open("f", "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
        equal(memory[9000:9006], b"middle", "the map of a file that was not in the cache")


@test
def copies_inside():
    data = os.urandom(300000)
    write("from", data)
    with open("from", "rb") as source, open("to", "wb") as target:
        try:
            while os.copy_file_range(source.fileno(), target.fileno(), 1 << 20):
                pass
        except OSError as error:
            true(error.errno in (errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS), f"copy_file_range: {error}")
            while os.sendfile(target.fileno(), source.fileno(), None, 1 << 20):
                pass
    drop_caches()
    equal(read("to"), data, "the copy")
    os.mkdir("tree")
    write("tree/a", "a", 0o600)
    os.symlink("a", "tree/link")
    os.link("tree/a", "tree/hard")
    os.utime("tree/a", (1e9, 1e9))
    subprocess.run(["cp", "-a", "tree", "copy"], check=True)
    subprocess.run(["diff", "-r", "--no-dereference", "tree", "copy"], check=True)
    equal(os.stat("copy/a").st_mtime, 1e9, "mtime that cp -a kept")
    equal(os.stat("copy/a").st_nlink, 2, "links that cp -a kept")


# ---- names in directories

@test
def rename_files():
    write("a", "old a")
    write("b", "old b")
    held = os.open("b", os.O_RDONLY)
    inode = os.stat("a").st_ino
    os.rename("a", "b")
    equal(os.pread(held, 100, 0), b"old b", "what a descriptor reads of a file renamed over")
    drop_caches()
    equal(os.pread(held, 100, 0), b"old b", "the same without the cache")
    os.close(held)
    equal((read("b"), os.stat("b").st_ino), (b"old a", inode), "the renamed file")
    raises(errno.ENOENT, os.stat, "a")
    raises(errno.ENOENT, os.rename, "a", "c")
    os.rename("b", "b")
    os.link("b", "c")
    os.rename("b", "c")  # two names of one file: no effect
    equal((os.path.exists("b"), os.path.exists("c")), (True, True), "names after renaming to a hard link")
    os.mkdir("d")
    os.rename("c", "d/c")
    equal(read("d/c"), b"old a", "a file renamed into a directory")
    raises(errno.EISDIR, os.rename, "b", "d")
    raises(errno.ENOTDIR, os.rename, "d", "b")
    equal(sorted(os.listdir(".")), ["b", "d"], "names left")


@test
def rename_directories():
    os.makedirs("a/sub/deep")
    write("a/sub/f", "x")
    os.mkdir("empty")
    os.mkdir("full")
    write("full/f")
    raises((errno.ENOTEMPTY, errno.EEXIST), os.rename, "a", "full")
    raises(errno.EINVAL, os.rename, "a", "a/sub/deep/a")
    before = os.stat(".").st_nlink
    os.rename("a", "empty")
    equal(os.path.exists("a"), False, "the old name of a renamed directory")
    equal(read("empty/sub/f"), b"x", "a file in a renamed directory")
    if before > 2:
        equal(os.stat(".").st_nlink, before - 1, "links of the parent, one directory less in it")
    here = os.open("empty/sub", os.O_RDONLY)
    os.rename("empty/sub", "full/moved")
    equal(os.stat("full/moved/..").st_ino, os.stat("full").st_ino, "the .. of a moved directory")
    equal(os.listdir(here), os.listdir("full/moved"), "a directory held open over its move")
    os.close(here)
    equal(os.listdir("empty"), [], "the directory it left")


@test
def hard_links():
    write("a", "data")
    os.link("a", "b")
    equal((os.stat("a").st_nlink, os.stat("a").st_ino), (2, os.stat("b").st_ino), "links and inode")
    write("b", "more", flags=os.O_WRONLY | os.O_APPEND)
    equal(read("a"), b"datamore", "what was written by the other name")
    raises(errno.EEXIST, os.link, "a", "b")
    raises(errno.ENOENT, os.link, "absent", "c")
    os.mkdir("d")
    raises(errno.EPERM, os.link, "d", "e")
    os.link("a", "d/c")
    os.unlink("a")
    drop_caches()
    equal((os.stat("b").st_nlink, read("d/c")), (2, b"datamore"), "after one of three names went")
    for index in range(200):
        os.link("b", f"n{index}")
    equal(os.stat("b").st_nlink, 202, "links of a file with many")
    os.symlink("b", "s")
    os.link("s", "t", follow_symlinks=False)
    equal((os.readlink("t"), os.lstat("s").st_nlink), ("b", 2), "a hard link of a symbolic link")


@test
def symbolic_links():
    write("file", "content")
    os.makedirs("d/e")
    targets = {"plain": "file", "up": "../symbolic_links/file", "absolute": os.path.abspath("file"),
               "dangling": "no/such/thing", "long": "x/" * 1000 + "y", "text": "naïve 日本語 🐚",
               "dots": "./d/.././file", "slash": "d/"}
    for name, target in targets.items():
        os.symlink(target, name)
    drop_caches()
    for name, target in targets.items():
        equal(os.readlink(name), target, f"the target of {name}")
        equal(os.lstat(name).st_size, len(target.encode()), f"the size of {name}")
        true(stat.S_ISLNK(os.lstat(name).st_mode), f"{name} is no symbolic link")
    for name in ("plain", "up", "absolute", "dots"):
        equal(read(name), b"content", f"the file behind {name}")
    raises(errno.ENOENT, os.stat, "dangling")
    raises(errno.EEXIST, os.symlink, "x", "plain")
    raises(errno.EINVAL, os.readlink, "file")
    raises(errno.ELOOP, os.open, "plain", os.O_RDONLY | os.O_NOFOLLOW)
    os.symlink("loop2", "loop1")
    os.symlink("loop1", "loop2")
    raises(errno.ELOOP, os.stat, "loop1")
    equal(os.listdir("slash"), ["e"], "a directory through a symbolic link")
    write("dangling2")
    os.unlink("plain")
    equal(read("file"), b"content", "the file after its symbolic link went")
    os.chown("up", 77, 78, follow_symlinks=False)
    equal((os.lstat("up").st_uid, os.stat("up").st_uid), (77, 0), "owner of the link, and of its file")


@test
def special_files():
    os.mkfifo("fifo", 0o640)
    os.mknod("char", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    os.mknod("block", stat.S_IFBLK | 0o600, os.makedev(259, 70000))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("socket")
    drop_caches()
    for name, check in (("fifo", stat.S_ISFIFO), ("char", stat.S_ISCHR), ("block", stat.S_ISBLK),
                        ("socket", stat.S_ISSOCK)):
        true(check(os.lstat(name).st_mode), f"{name} has mode {os.lstat(name).st_mode:o}")
    equal(os.stat("char").st_rdev, os.makedev(1, 3), "device of char")
    equal(os.stat("block").st_rdev, os.makedev(259, 70000), "device of block")
    write("char", "to /dev/null")
    listener.listen(1)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect("socket")
    listener.close()
    if os.fork() == 0:
        write("fifo", "through", flags=os.O_WRONLY)
        os._exit(0)
    equal(read("fifo"), b"through", "what came through the fifo")
    os.wait()
    for name in ("fifo", "char", "block", "socket"):
        os.unlink(name)
    equal(os.listdir("."), [], "names left")


@test
def unlink_of_an_open_file():
    os.mkdir("d")
    write("d/f", "first")
    descriptor = os.open("d/f", os.O_RDWR)
    os.unlink("d/f")
    raises(errno.ENOENT, os.stat, "d/f")
    os.pwrite(descriptor, b"written after", 5)
    os.fsync(descriptor)
    drop_caches()
    equal(os.pread(descriptor, 100, 0), b"firstwritten after", "an unlinked file")
    write("d/f", "second")
    equal(os.pread(descriptor, 5, 0), b"first", "an unlinked file beside a new one of its name")
    os.close(descriptor)
    # The client removes its .nfs file after close() has returned.
    end = time.monotonic() + 10
    while len(os.listdir("d")) > 1 and time.monotonic() < end:
        time.sleep(0.01)
    equal(os.listdir("d"), ["f"], "names after the close: the client's .nfs file must be gone")
    os.unlink("d/f")
    os.rmdir("d")


@test
def removed_directory_stays_usable():
    os.mkdir("d")
    descriptor = os.open("d", os.O_RDONLY)
    os.rmdir("d")
    raises((errno.ENOENT, errno.ESTALE), os.open, "x", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor)
    os.close(descriptor)
    raises(errno.ENOENT, os.rmdir, "d")


@test
def error_numbers():
    write("file")
    os.mkdir("dir")
    write("dir/f")
    raises(errno.ENOENT, os.unlink, "absent")
    raises(errno.ENOENT, os.mkdir, "absent/x")
    raises(errno.ENOENT, os.chmod, "absent", 0o600)
    raises(errno.EEXIST, os.mkdir, "dir")
    raises(errno.EEXIST, os.mkdir, "file")
    raises(errno.EEXIST, os.mkfifo, "file")
    raises((errno.ENOTEMPTY, errno.EEXIST), os.rmdir, "dir")
    raises(errno.ENOTDIR, os.rmdir, "file")
    raises(errno.EISDIR, os.unlink, "dir")
    raises(errno.EISDIR, os.open, "dir", os.O_WRONLY)
    raises(errno.EISDIR, os.open, "dir", os.O_RDWR | os.O_CREAT)
    raises(errno.ENOTDIR, os.open, "file/x", os.O_RDONLY)
    raises(errno.ENOTDIR, os.open, "file", os.O_RDONLY | os.O_DIRECTORY)
    raises(errno.ENOTDIR, os.listdir, "file")
    raises(errno.ENAMETOOLONG, os.open, "n" * 256, os.O_CREAT | os.O_WRONLY)
    raises(errno.ENAMETOOLONG, os.mkdir, "n" * 256)
    raises(errno.ENAMETOOLONG, os.symlink, "x", "n" * 256)
    raises(errno.EINVAL, os.rmdir, "dir/.")
    raises((errno.ENOTEMPTY, errno.EEXIST), os.rmdir, "dir/..")
    equal(sorted(os.listdir(".")), ["dir", "file"], "names after all that failed")


@test
def names():
    good = ["n" * 255, "日" * 85, "ß" * 127, "🐚" * 63, " leading and trailing ", "new\nline", "-rf", "*?[",
            "back\\slash", "..almost", "...", "a" * 128 + "é", "e\u0301", "\u00e9", "tab\t\x01\x7f", "CASE",
            "case", "quote'\"", ":colon;", "~", "#x#", "con"]
    for name in good:
        write(name, name)
    drop_caches()
    equal(sorted(os.listdir(".")), sorted(good), "the names")
    for name in good:
        equal(read(name), name.encode(), f"the file {name!r:.40}")
        os.rename(name, "x")
        os.unlink("x")
    equal(os.listdir("."), [], "names left")


@test
def names_that_are_no_utf8():
    name = b"latin1-\xe9"
    try:
        write(name, "x")
    except OSError as error:
        true(error.errno in (errno.EINVAL, errno.EILSEQ), f"refused with {errno.errorcode[error.errno]}")
        return
    drop_caches()
    equal(os.listdir(b"."), [name], "an accepted name")


@test
def deep_directories():
    depth = 100
    top = os.getcwd()
    for level in range(depth):
        os.mkdir(f"level-{level:03}")
        os.chdir(f"level-{level:03}")
    write("bottom", "here")
    drop_caches()
    path = "/".join(f"level-{level:03}" for level in range(depth))
    equal(os.getcwd(), f"{top}/{path}", "the working directory")
    equal(read(f"{top}/{path}/bottom"), b"here", f"a file {depth} directories down")
    equal(os.stat("../" * depth).st_ino, os.stat(top).st_ino, f"the directory {depth} times ..")
    os.chdir(top)
    shutil.rmtree("level-000")
    equal(os.listdir("."), [], "names left")


# ---- reading directories

def fill(count, prefix="f"):
    for index in range(count):
        os.mknod(f"{prefix}{index:05}", 0o600 | stat.S_IFREG)


def name_list():
    with os.scandir(".") as entries:
        return [entry.name for entry in entries]


@test
def big_directory():
    fill(1500)
    drop_caches()
    inodes = {}
    with os.scandir(".") as entries:
        for entry in entries:
            true(entry.name not in inodes, f"{entry.name} is listed twice")
            inodes[entry.name] = entry.inode()
    equal(len(inodes), 1500, "entries listed")
    equal(len(set(inodes.values())), 1500, "different inode numbers")
    for name in list(inodes)[::250]:
        equal(os.stat(name).st_ino, inodes[name], f"inode number of {name}, by readdir and by stat")
    listing = subprocess.run(["ls", "-ai"], check=True, stdout=subprocess.PIPE, text=True).stdout
    dots = {name: int(inode) for inode, name in (line.split() for line in listing.splitlines())
            if name in (".", "..")}
    equal(dots, {".": os.stat(".").st_ino, "..": os.stat("..").st_ino}, "inode numbers of . and ..")


@test
def directory_that_shrinks():
    fill(1000)
    drop_caches()
    seen = []
    with os.scandir(".") as entries:
        for position, entry in enumerate(entries):
            seen.append(entry.name)
            if position % 2 == 0:
                os.unlink(entry.name)
    equal(len(seen), len(set(seen)), "entries listed once")
    gone = set(seen[0::2])
    drop_caches()
    left = set(name_list())
    equal(left & gone, set(), "names that were removed, yet are listed")
    equal(left - set(seen), set(), "names that stayed, yet were not listed")
    equal(len(gone) + len(left), 1000, "names removed and left")


@test
def directory_that_grows():
    fill(1000)
    drop_caches()
    seen = []
    with os.scandir(".") as entries:
        for position, entry in enumerate(entries):
            seen.append(entry.name)
            if position % 5 == 0:
                os.mknod(f"new{position:05}", 0o600 | stat.S_IFREG)
            if position > 3000:
                raise Failed("the listing does not end")
    old = [name for name in seen if name.startswith("f")]
    equal((len(old), len(set(old))), (1000, 1000), "names that were there all the time, and once each")
    drop_caches()
    equal(len(name_list()), 1000 + (len(seen) + 4) // 5, "names in the end")


@test
def directory_removed_while_listed():
    fill(900)
    os.mkdir("sub")
    drop_caches()
    with os.scandir(".") as entries:
        for entry in entries:
            (os.rmdir if entry.is_dir(follow_symlinks=False) else os.unlink)(entry.name)
    drop_caches()
    equal(name_list(), [], "names left after each was removed as it was listed")


# ---- owners and modes

@test
def modes():
    write("f")
    os.mkdir("d")
    for mode in (0o000, 0o600, 0o755, 0o4711, 0o2755, 0o1644, 0o7777):
        for name in ("f", "d"):
            os.chmod(name, mode)
            drop_caches()
            equal(oct(stat.S_IMODE(os.stat(name).st_mode)), oct(mode), f"mode of {name}")


@test
def owners():
    write("f")
    for uid, gid in (ALICE, (65534, 65534), (3000000000, 4000000000), (0, 5)):
        os.chown("f", uid, gid)
        drop_caches()
        equal((os.stat("f").st_uid, os.stat("f").st_gid), (uid, gid), "owner and group")
    os.chown("f", -1, 7)
    equal((os.stat("f").st_uid, os.stat("f").st_gid), (0, 7), "after only the group changed")
    os.chmod(".", 0o777)
    as_user(*ALICE, write, "hers")
    equal((os.stat("hers").st_uid, os.stat("hers").st_gid), ALICE, "owner of a file that alice made")


@test
def who_may_change_what():
    os.chmod(".", 0o777)
    as_user(*ALICE, write, "f")
    raises(errno.EPERM, as_user, *BOB, os.chmod, "f", 0o777)
    raises(errno.EPERM, as_user, *BOB, os.chown, "f", BOB[0], -1)
    raises(errno.EPERM, as_user, *ALICE, os.chown, "f", BOB[0], -1)
    raises(errno.EPERM, as_user, *ALICE, os.chown, "f", -1, BOB[1])
    as_user(*ALICE, os.chown, "f", -1, BOB[1], groups=[BOB[1]])
    equal(os.stat("f").st_gid, BOB[1], "the group after its owner gave it to one of her groups")
    raises(errno.EPERM, as_user, *BOB, os.utime, "f", (1, 1))
    raises((errno.EACCES, errno.EPERM), as_user, *BOB, os.utime, "f")
    os.chmod("f", 0o666)
    as_user(*BOB, os.utime, "f")  # set to now: allowed to all who may write


@test
def who_may_read_and_write():
    os.chmod(".", 0o755)
    write("f", "secret")
    os.chown("f", *ALICE)
    os.chmod("f", 0o640)
    os.mkdir("d", 0o777)
    write("d/f", "inside")
    os.chmod("d", 0o700)
    os.chown("d", *ALICE)
    drop_caches()
    equal(as_user(*ALICE, read, "f"), b"secret", "the owner's read")
    equal(as_user(*BOB, read, "f", groups=[ALICE[1]]), b"secret", "a group member's read")
    raises(errno.EACCES, as_user, *BOB, read, "f")
    raises(errno.EACCES, as_user, *BOB, os.open, "f", os.O_WRONLY, groups=[ALICE[1]])
    raises(errno.EACCES, as_user, *BOB, os.open, "new", os.O_WRONLY | os.O_CREAT)
    raises(errno.EACCES, as_user, *BOB, os.mkdir, "new")
    raises(errno.EACCES, as_user, *BOB, os.symlink, "x", "new")
    raises(errno.EACCES, as_user, *BOB, os.unlink, "f")
    raises(errno.EACCES, as_user, *BOB, os.rename, "f", "g")
    raises(errno.EACCES, as_user, *BOB, os.listdir, "d")
    raises(errno.EACCES, as_user, *BOB, os.stat, "d/f")
    raises(errno.EACCES, as_user, *BOB, os.truncate, "f", 0)
    equal(as_user(*ALICE, os.listdir, "d"), ["f"], "the owner's listing")
    equal(read("d/f"), b"inside", "root's read")
    os.chmod("d", 0o711)
    drop_caches()
    equal(as_user(*BOB, read, "d/f"), b"inside", "a read through a directory with x alone")
    raises(errno.EACCES, as_user, *BOB, os.listdir, "d")
    for mode, uid, wanted in ((os.R_OK, ALICE, True), (os.W_OK, ALICE, True), (os.X_OK, ALICE, False),
                              (os.R_OK, BOB, False)):
        equal(as_user(*uid, os.access, "f", mode), wanted, f"access({mode}) as {uid[0]}")


@test
def sixteen_groups():
    write("f", "x")
    os.chown("f", 0, 7015)
    os.chmod("f", 0o040)
    drop_caches()
    groups = [7000 + index for index in range(16)]
    equal(as_user(*ALICE, read, "f", groups=groups), b"x", "the read by the 16th group")
    raises(errno.EACCES, as_user, *BOB, read, "f", groups=groups[:15])


@test
def execute():
    os.chmod(".", 0o755)
    shutil.copy("/bin/true", "program")
    os.chmod("program", 0o711)
    drop_caches()
    equal(as_user(*BOB, lambda: subprocess.run([os.path.abspath("program")], check=False).returncode), 0,
          "a program that others may only execute")
    os.chmod("program", 0o600)
    drop_caches()
    raises(errno.EACCES, as_user, *BOB, subprocess.run, [os.path.abspath("program")])


@test
def set_group_id_directory():
    os.mkdir("d")
    os.chown("d", 0, 6500)
    os.chmod("d", 0o2777)
    as_user(*ALICE, write, "d/f")
    as_user(*ALICE, os.mkdir, "d/sub")
    as_user(*ALICE, os.symlink, "x", "d/link")
    equal(os.stat("d/f").st_gid, 6500, "group of a file made in a set-group-id directory")
    equal(os.stat("d/sub").st_gid, 6500, "group of a directory made there")
    equal(os.lstat("d/link").st_gid, 6500, "group of a symbolic link made there")
    true(os.stat("d/sub").st_mode & stat.S_ISGID, "a directory made there lacks set-group-id itself")


@test
def sticky_directory():
    os.mkdir("d")
    os.chmod("d", 0o1777)
    as_user(*ALICE, write, "d/hers")
    as_user(*BOB, write, "d/his")
    raises((errno.EPERM, errno.EACCES), as_user, *BOB, os.unlink, "d/hers")
    raises((errno.EPERM, errno.EACCES), as_user, *BOB, os.rename, "d/hers", "d/x")
    raises((errno.EPERM, errno.EACCES), as_user, *BOB, os.rename, "d/his", "d/hers")
    as_user(*ALICE, os.unlink, "d/hers")
    equal(os.listdir("d"), ["his"], "names left")


@test
def set_id_bits_fall():
    os.chmod(".", 0o777)
    for change in ("write", "truncate", "chown"):
        as_user(*ALICE, write, change, b"x" * 100, 0o777, umask=0)
        as_user(*ALICE, os.chmod, change, 0o6777)
        if change == "write":
            as_user(*BOB, write, change, "y", 0, os.O_WRONLY)
        elif change == "truncate":
            as_user(*BOB, os.truncate, change, 5)
        else:
            as_user(*ALICE, os.chown, change, -1, 6800, groups=[6800])
        drop_caches()
        equal(oct(stat.S_IMODE(os.stat(change).st_mode)), oct(0o777), f"mode of a program after {change}")


# ---- times, sizes, the file system

@test
def explicit_times():
    write("f")
    for nanoseconds in (10 ** 18 + 123456789, 0, -86400 * 10 ** 9, 4102444800 * 10 ** 9 + 5,
                        2 ** 31 * 10 ** 9 + 999999999):
        os.utime("f", ns=(nanoseconds + 10 ** 9, nanoseconds))
        drop_caches()
        status = os.stat("f")
        equal((status.st_atime_ns, status.st_mtime_ns), (nanoseconds + 10 ** 9, nanoseconds),
              "atime and mtime that were set")
    os.symlink("f", "s")
    os.utime("s", (5, 6), follow_symlinks=False)
    equal(os.lstat("s").st_mtime, 6, "mtime of a symbolic link")


def changes(path, call, which):
    """The call must advance these times of path and no others."""
    before = os.stat(path)
    time.sleep(0.02)
    call()
    drop_caches()
    after = os.stat(path)
    for name in ("st_mtime_ns", "st_ctime_ns"):
        moved = getattr(after, name) > getattr(before, name)
        equal(moved, name[3:8] in which, f"whether {name} of {path} moved")


@test
def times_that_move():
    write("f", "x")
    os.mkdir("d")
    changes("f", lambda: write("f", "y", flags=os.O_WRONLY), ("mtime", "ctime"))
    changes("f", lambda: os.truncate("f", 0), ("mtime", "ctime"))
    changes("f", lambda: os.chmod("f", 0o600), ("ctime",))
    changes("f", lambda: os.link("f", "g"), ("ctime",))
    changes("f", lambda: os.unlink("g"), ("ctime",))
    changes("d", lambda: write("d/a"), ("mtime", "ctime"))
    changes("d", lambda: os.rename("d/a", "d/b"), ("mtime", "ctime"))
    changes("d", lambda: os.unlink("d/b"), ("mtime", "ctime"))
    changes("d", lambda: os.mkdir("d/s"), ("mtime", "ctime"))
    changes("d", lambda: write("d/s/deeper"), ())
    true(abs(os.stat("f").st_ctime - time.time()) < 60, "ctime is not of now")


@test
def no_change_goes_unseen():
    """The change attribute must advance with each write: otherwise the client keeps stale data."""
    write("f", "0")
    equal(read("f"), b"0", "first")
    for index in range(1, 30):
        write("f", str(index % 10), flags=os.O_WRONLY)
        equal(read("f"), str(index % 10).encode(), f"after write {index}")


@test
def directory_links():
    start = os.stat(".").st_nlink
    for index in range(5):
        os.mkdir(f"d{index}")
    drop_caches()
    if start >= 2:  # some file systems do not count links of directories
        equal(os.stat(".").st_nlink, start + 5, "links of a directory with five more in it")
        equal(os.stat("d0").st_nlink, 2, "links of an empty directory")
    os.rmdir("d0")
    drop_caches()
    if start >= 2:
        equal(os.stat(".").st_nlink, start + 4, "links after one went")


@test
def file_system_status():
    status = os.statvfs(".")
    true(status.f_bsize >= 512 and status.f_frsize >= 512, f"block sizes {status.f_bsize}, {status.f_frsize}")
    true(status.f_blocks >= status.f_bfree >= status.f_bavail > 0, f"blocks: {status}")
    true(status.f_files >= status.f_ffree > 0, f"files: {status}")
    equal(status.f_namemax, 255, "longest name")
    shown = subprocess.run(["df", "--output=size,used,avail,itotal", "."], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()[1].split()
    true(int(shown[0]) >= int(shown[2]) > 0, f"df shows {shown}")
    if BACKEND != "mem":
        return
    write("f", os.urandom(8 * MIB))
    drop_caches()
    time.sleep(1)
    taken = (status.f_bfree - os.statvfs(".").f_bfree) * status.f_frsize
    true(4 * MIB <= taken, f"8 MiB took {taken} bytes of what df shows as free")


@test
def extended_status():
    """statx(), which also requests the birth time."""
    AT_FDCWD, STATX_BASIC_STATS, STATX_BTIME = -100, 0x7FF, 0x800
    write("f", b"x" * 12345)
    os.chmod("f", 0o640)
    drop_caches()
    buffer = ctypes.create_string_buffer(256)
    if libc.statx(AT_FDCWD, b"f", 0, STATX_BASIC_STATS | STATX_BTIME, buffer) == -1:
        raise OSError(ctypes.get_errno(), "statx")
    mask, _, _, links, uid, gid, mode, _, inode, size, _ = struct.unpack_from("=IIQIIIHHQQQ", buffer)
    equal(mask & STATX_BASIC_STATS, STATX_BASIC_STATS, "fields that statx filled")
    equal((links, uid, gid, mode & 0o7777, size), (1, 0, 0, 0o640, 12345), "links, owners, mode, size")
    equal(inode, os.stat("f").st_ino, "inode number")


@test
def extended_attributes_are_no_error():
    write("f")
    try:
        names = os.listxattr("f")
    except OSError as error:
        equal(error.errno, errno.EOPNOTSUPP, "what listxattr failed with")
    else:
        true(all(name.startswith(("system.", "security.")) for name in names), f"names {names}")


@test
def many_processes():
    """Six processes create, move, link, list and remove in one directory at once."""
    def work(index):
        for turn in range(25):
            name = f"{index}.{turn}"
            write(name, name * 50)
            os.rename(name, f"r{name}")
            os.link(f"r{name}", f"l{name}")
            true(f"l{name}" in os.listdir("."), f"l{name} is not listed by its creator")
            equal(read(f"l{name}"), (name * 50).encode(), "content")
            os.unlink(f"r{name}")
            if turn % 2:
                os.unlink(f"l{name}")

    children(6, work)
    drop_caches()
    equal(len(os.listdir(".")), 6 * 13, "names left")


sys.exit(main())
