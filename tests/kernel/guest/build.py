#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""A source tree: unpacked with tar, compared, built with make and cc, changed and built again.

The project's own sources are unpacked, as a real tree; the program that is built is generated here, so
that its size and its output are known. make shows whether mtimes are right.
"""

import io
import os
import sys
import tarfile
import time

from check import drop_caches, equal, main, read, run, test, true
from sources import expected_answer, tree

MODULES = int(os.environ.get("MS_MODULES", "30"))
PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))


def compiled(output):
    return sum(" -c " in line for line in output.splitlines())


@test
def build_a_source_tree():
    files = tree(MODULES)
    with tarfile.open("/tmp/tree.tar", "w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(text), int(time.time()) - 3600, 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    run("tar", "-xf", "/tmp/tree.tar")
    drop_caches()
    for name, text in files.items():
        equal(read(name).decode(), text, name)
    started = time.monotonic()
    equal(compiled(run("make", "-j2")), MODULES + 1, "files compiled")
    print(f"     {MODULES + 1} files compiled in {time.monotonic() - started:.1f} s", flush=True)
    equal(int(run("./program")), expected_answer(MODULES), "what the program computed")
    true("up to date" in run("make"), "make finds something to do in a built tree")
    drop_caches()
    true("up to date" in run("make"), "make finds something to do once the cache is empty")
    os.utime("include/part1.h")
    equal(compiled(run("make")), 2, "files compiled after one header changed")
    equal(int(run("./program")), expected_answer(MODULES), "what the program computed then")
    run("make", "clean")
    left = sorted(os.path.relpath(os.path.join(path, name)) for path, _, names in os.walk(".")
                  for name in names)
    equal(left, sorted(files), "files left after make clean")


@test
def unpack_our_own_sources():
    run("tar", "-cf", "/tmp/own.tar", "--exclude=__pycache__", "-C", PROJECT, "src", "tests")
    run("tar", "-xf", "/tmp/own.tar")
    drop_caches()
    run("tar", "-df", "/tmp/own.tar")  # compares contents, sizes, modes, owners and times


sys.exit(main())
