#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Ten thousand small files: made, listed, stat-ed, read in part, removed. Prints the rates."""

import os
import sys
import time

from check import drop_caches, equal, main, read, test

COUNT = int(os.environ.get("MS_FILES", "10000"))


def step(name, work):
    started = time.monotonic()
    result = work()
    took = time.monotonic() - started
    print(f"     {name}: {COUNT / took:.0f}/s ({took:.1f} s)", flush=True)
    return result


def content(index):
    return f"file {index}\n" * (index % 50)


@test
def many_files():
    def create():
        for index in range(COUNT):
            file = os.open(f"file-{index}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 + index % 64)
            if index % 10 == 0:  # writing to every file would measure the emulated network
                os.write(file, content(index).encode())
            os.close(file)

    def check_all():
        for index in range(COUNT):
            status = os.stat(f"file-{index}")
            size = len(content(index)) if index % 10 == 0 else 0
            if (status.st_size, status.st_mode & 0o777) != (size, 0o600 + index % 64):
                equal((status.st_size, oct(status.st_mode)), (size, oct(0o600 + index % 64)),
                      f"size and mode of file-{index}")

    def remove():
        for index in range(COUNT):
            os.unlink(f"file-{index}")

    expected = {f"file-{index}" for index in range(COUNT)}
    old = os.umask(0)
    step("create", create)
    os.umask(old)
    drop_caches()
    names = step("list", lambda: os.listdir("."))
    equal(len(names), COUNT, "names listed")
    equal(set(names), expected, "the names listed")
    step("stat", check_all)
    drop_caches()
    for index in range(0, COUNT, 250):
        equal(read(f"file-{index}").decode(), content(index), f"content of file-{index}")
    step("remove", remove)
    drop_caches()
    equal(os.listdir("."), [], "names left")


sys.exit(main())
