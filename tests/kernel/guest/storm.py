#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""A source tree, unpacked, built and removed, round after round, for MS_SECONDS; beside it a process that measures
small operations on the mount, and one that only sleeps and measures how late it wakes.

It fails when a round does, or when an operation took longer than MS_LIMIT_MS while the sleeper was on time.
"""

import io
import mmap
import os
import shutil
import sys
import tarfile
import time

import host
from check import children, drop_caches, equal, main, read, run, test, true, write
from sources import expected_answer, tree

SECONDS = int(os.environ["MS_SECONDS"])
LIMIT_S = int(os.environ["MS_LIMIT_MS"]) / 1000
MODULES = 12
NAP_S = 0.01
PERIOD_S = 0.1
SLOW_S = 0.4

STOP, LAG, WORST_LAG = range(3)


class Watch:
    """Words that the processes share."""

    def __init__(self):
        self.words = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("d")
        self.until = time.monotonic() + SECONDS

    def is_over(self):
        return self.words[STOP] or time.monotonic() > self.until


def sleep_only(watch):
    while not watch.is_over():
        began = time.monotonic()
        time.sleep(NAP_S)
        late = time.monotonic() - began - NAP_S
        watch.words[LAG] = max(watch.words[LAG], late)
        watch.words[WORST_LAG] = max(watch.words[WORST_LAG], late)


def little_things():
    yield "stat", lambda: os.stat("little")
    yield "create", lambda: write("little/file", b"x" * 2000)
    yield "read", lambda: read("little/file")
    yield "rename", lambda: os.rename("little/file", "little/other")
    yield "list", lambda: os.listdir("little")
    yield "unlink", lambda: os.unlink("little/other")


def look(watch):
    worst, over, count = {}, [], 0
    os.mkdir("little")
    while not watch.is_over():
        for name, call in little_things():
            watch.words[LAG] = 0
            began = time.monotonic()
            call()
            took, lag = time.monotonic() - began, watch.words[LAG]
            worst[name] = max(worst.get(name, 0), took)
            count += 1
            if took > SLOW_S:
                print(f"     guest: {name} took {took * 1000:.0f} ms, the sleeper was {lag * 1000:.0f} ms late",
                      flush=True)
            if took - lag > LIMIT_S:
                over.append((name, round(took, 3), round(lag, 3)))
        time.sleep(PERIOD_S)
    os.rmdir("little")
    return worst, over, count


def unpack(files):
    with tarfile.open("/tmp/tree.tar", "w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(text), int(time.time()) - 3600, 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    run("tar", "-xf", "/tmp/tree.tar", "-C", "tree")


def build_once(files):
    os.mkdir("tree")
    unpack(files)
    drop_caches()
    for name, text in files.items():
        equal(read(f"tree/{name}").decode(), text, name)
    run("make", "-C", "tree", "-j2")
    equal(int(run("tree/program")), expected_answer(MODULES), "what the program computed")
    drop_caches()
    true("up to date" in run("make", "-C", "tree", "program"), "make finds something to do in a built tree")
    run("make", "-C", "tree", "clean")
    left = sorted(os.path.relpath(os.path.join(path, name), "tree") for path, _, names in os.walk("tree")
                  for name in names)
    equal(left, sorted(files), "files left after make clean")
    shutil.rmtree("tree")


def build(watch):
    files, rounds, longest = tree(MODULES), 0, 0
    while not watch.is_over():
        began = time.monotonic()
        build_once(files)
        rounds += 1
        longest = max(longest, time.monotonic() - began)
        print(f"     guest: round {rounds} built in {time.monotonic() - began:.1f} s", flush=True)
    return rounds, longest


@test
def the_tree_is_built_round_after_round():
    watch = Watch()

    def work(index):
        try:
            return (build, look, sleep_only)[index](watch)
        finally:
            watch.words[STOP] = 1

    (rounds, longest), (worst, over, count), _ = children(3, work)
    print(f"     guest: {rounds} rounds, the longest {longest:.1f} s; {count} little things, the longest "
          f"{', '.join(f'{name} {took * 1000:.0f} ms' for name, took in worst.items())}; the sleeper at most "
          f"{watch.words[WORST_LAG] * 1000:.0f} ms late", flush=True)
    host.put("rounds", rounds)
    host.put("longest round s", round(longest, 1))
    host.put("little things", count)
    host.put("longest little thing ms", round(max(worst.values()) * 1000))
    host.put("sleeper ms", round(watch.words[WORST_LAG] * 1000))
    true(rounds > 0, "no round was built")
    equal(over, [], "what took longer than it may")


sys.exit(main())
