#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""The server restarts, after SIGTERM and after SIGKILL, while a client goes on.

In a local directory everything is as before: file numbers, filehandles, open files.
A RAM file system is gone: old handles are stale and must never mean another file.
"""

import errno
import json
import os
import subprocess
import sys

import host
from check import BACKEND, drop_caches, equal, main, raises, read, test, true, write

SOURCE, TARGET, OPTIONS = json.loads(os.environ["MS_MOUNTS"])[0]


def local_only(function):
    return test(function) if BACKEND == "local" else function


def numbers():
    return {os.path.join(path, name): os.lstat(os.path.join(path, name)).st_ino
            for path, directories, files in os.walk(".") for name in directories + files}


def remount(*umount_options, between=lambda: None):
    subprocess.run(["umount", *umount_options, TARGET], check=True)
    between()
    subprocess.run(["mount", "-t", "nfs4", "-o", OPTIONS, SOURCE, TARGET], check=True)


def make_tree():
    os.makedirs("d/e")
    for index in range(30):
        write(f"d/f{index}", f"content {index}")
    os.symlink("f0", "d/link")
    os.link("d/f1", "d/e/hard")


def check_tree(before):
    drop_caches()
    equal(numbers(), before, "file numbers after the restart")
    for index in range(30):
        equal(read(f"d/f{index}").decode(), f"content {index}", f"f{index}")
    equal(read("d/e/hard"), b"content 1", "the hard link")


def across(action):
    make_tree()
    os.rename("d/f2", "d/e/moved")  # where the remembered name of the handle does not lead to it
    os.rename("d/e/moved", "d/f2")
    before = numbers()
    directory = os.open("d/e", os.O_RDONLY | os.O_DIRECTORY)
    handle = os.open("d/f3", os.O_PATH)
    reader = os.open("d/f4", os.O_RDONLY)
    writer = os.open("d/f5", os.O_RDWR)
    equal(os.pread(writer, 7, 0), b"content", "before the restart")
    drop_caches()
    host.server(action)
    equal(os.fstat(handle).st_ino, before["./d/f3"], "a handle held over the restart")
    equal(os.listdir(directory), ["hard"], "a directory held open over the restart")
    drop_caches()
    equal(os.pread(reader, 100, 0), b"content 4", "a file held open for reading")
    os.pwrite(writer, b"CONTENT", 0)
    os.fsync(writer)
    os.pwrite(writer, b"content", 0)
    for descriptor in (directory, handle, reader, writer):
        os.close(descriptor)
    check_tree(before)
    write("after", "x")
    os.unlink("after")


@local_only
def an_orderly_restart():
    across("restart")


@local_only
def a_crash():
    across("crash")


@local_only
def a_mount_made_anew():
    make_tree()
    before = numbers()
    here = os.getcwd()
    os.chdir("/")
    remount(between=lambda: host.server("restart"))
    os.chdir(here)
    check_tree(before)


@local_only
def what_was_synced_survives_a_crash():
    file = os.open("log", os.O_CREAT | os.O_WRONLY)
    for turn in range(20):
        os.write(file, f"line {turn}\n".encode() * 50)
        os.fsync(file)
    host.server("crash")
    os.close(file)
    drop_caches()
    equal(read("log").decode(), "".join(f"line {turn}\n" * 50 for turn in range(20)), "the file")


@local_only
def writing_goes_on():
    """Unstable writes that a crash may lose are sent again, because the write verifier has changed."""
    data = os.urandom(1 << 20) * 8
    with open("big", "wb", buffering=0) as file:
        file.write(data[:4 << 20])
        subprocess.run(["sync", "-d", "/proc/self/fd/1"], stdout=file, check=False)
        file.write(data[4 << 20:6 << 20])
        os.sync()
        file.write(data[6 << 20:7 << 20])
        host.server("crash")
        file.write(data[7 << 20:])
        os.fsync(file.fileno())
    drop_caches()
    true(read("big") == data, "the file differs from what was written over the crash")


@test
def a_handle_of_no_file_is_stale():
    """An object that the server no longer has is ESTALE; it must not be taken for a file made since."""
    here = os.getcwd()
    files = [os.open(name, os.O_CREAT | os.O_RDWR) for name in ("one", "two", "three")]
    for file in files:
        os.write(file, b"old")
        os.fsync(file)
    if BACKEND == "local":
        for name in ("one", "two", "three"):
            os.unlink(name)  # kept as .nfs files, since they are open
    os.chdir("/")
    drop_caches()
    host.server("crash")
    os.chdir(TARGET)
    for name in ("one", "two", "three"):
        write(name, "new")
    for file in files:
        if BACKEND == "local":
            equal(os.pread(file, 10, 0), b"old", "a removed file that is held open")
        else:
            drop_caches()
            raises((errno.ESTALE, errno.EIO, errno.EBADF), os.pread, file, 10, 0)
        os.close(file)
    drop_caches()
    for name in ("one", "two", "three"):
        equal(read(name), b"new", name)
        os.unlink(name)
    os.makedirs(here, exist_ok=True)  # where the tests continue


sys.exit(main())
