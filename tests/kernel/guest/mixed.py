#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""One machine mounts the same export with 4.0 and with 4.1, while two others each load one of them.

S20-23, S20-26, P-06: neither version notices the other, except in the files: data written by one is read by the
other, and a lock of one excludes the other.
"""

import fcntl
import os
import sys

import host
from check import CLIENT, CLIENTS, equal, main, read, test, true
from load import Counter, Load, Stream, Tree

MOUNTS = {version: f"/mnt/v{version}" for version in ("4.0", "4.1") if os.path.ismount(f"/mnt/v{version}")}
WORK_S = 10


class Common(Counter):
    """Its counters are shared by all machines."""

    @classmethod
    def check_all(cls, workers):
        host.put(f"added {CLIENT}", [sum(added) for added in zip(*(worker.added for worker in workers))])
        added = [host.get(f"added {client}") for client in range(1, CLIENTS + 1)]
        data = read(workers[0].path)
        equal([value for value, in cls.NUMBER.iter_unpack(data)], [sum(each) for each in zip(*added)],
              "counters")


@test
def side_by_side():
    equal(len(MOUNTS), 2 if CLIENT == 1 else 1, "mounts")
    workers = []
    for version, mount in MOUNTS.items():
        workers += [Tree(f"{mount}/tree{CLIENT}-{version}"), Stream(f"{mount}/stream{CLIENT}-{version}")]
    host.barrier("made")
    if CLIENT == 1:
        Common(f"{MOUNTS['4.0']}/counters")
    host.barrier("the counters are there")
    load = Load(workers + [Common(f"{mount}/counters") for mount in MOUNTS.values()])

    def direct():
        load.wait_until_all_go_on(60)
        load.sleep(WORK_S)

    load.run(direct)
    print(f"     {load.steps()} steps; the longest took {load.longest_step():.1f} s", flush=True)


@test
def one_sees_the_other():
    """Close-to-open between the two mounts of one machine, and a lock through one blocks the other."""
    if CLIENT != 1:
        return
    for turn, (mine, others) in enumerate([tuple(MOUNTS.values()), tuple(reversed(MOUNTS.values()))] * 5):
        with open(f"{mine}/seen", "w") as file:
            file.write(f"turn {turn}")
        equal(read(f"{others}/seen"), b"turn %d" % turn, f"what {others} reads of {mine}")
    for mine, others in (tuple(MOUNTS.values()), tuple(reversed(MOUNTS.values()))):
        locked_out(f"{mine}/seen", f"{others}/seen")


def locked_out(mine, others):
    with open(mine, "r+b") as first, open(others, "r+b") as second:
        fcntl.lockf(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.lockf(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
    true(False, f"a lock of {mine} is not seen at {others}")


sys.exit(main())
