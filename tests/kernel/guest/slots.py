#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""The table of slots grows when the client needs more, shrinks when it does not, and grows again.

S20-D1, W02: Linux follows the target, drops slots that are no longer enforced, and begins
them again at seqid 1; no request is refused.
"""

import os
import sys
import time

import host
from check import SERVER, children, drop_caches, equal, main, read, test, true

SLOTS = 2  # of a new session
PROCESSES = 12
CYCLES = 2
MOST_S = 40
SMALL = f"enforced={SLOTS} target={SLOTS} "
LARGER = f"enforced={SLOTS + SLOTS // 2} "


def busy(cycle):
    def work(owner):
        for index in range(20):
            data = b"%d %d %d " % (cycle, owner, index) * 2000
            file = os.open(f"f{owner}", os.O_CREAT | os.O_TRUNC | os.O_RDWR)
            os.write(file, data)
            os.fsync(file)
            os.close(file)
            os.rename(f"f{owner}", f"g{owner}.{index % 4}")

    children(PROCESSES, work)
    drop_caches()
    for owner in range(PROCESSES):
        for index in range(16, 20):
            equal(read(f"g{owner}.{index % 4}"), b"%d %d %d " % (cycle, owner, index) * 2000, f"file of {owner}")


def quiet_until(done):
    """Little load, one request at a time."""
    limit = time.monotonic() + MOST_S
    while not done() and time.monotonic() < limit:
        os.mkdir("little")  # a file's CLOSE and DELEGRETURN would run beside the next request
        os.rmdir("little")
        time.sleep(0.2)


@test
def the_table_follows_the_use():
    if SERVER != "mainstayd":
        busy(0)
        return
    for cycle in range(CYCLES):
        limit = time.monotonic() + MOST_S
        while host.logged(LARGER) <= cycle and time.monotonic() < limit:
            busy(cycle)  # for a lease period after it shrank, the table does not grow
        true(host.logged(LARGER) == cycle + 1, "more slots")
        busy(cycle)
        quiet_until(lambda: host.logged(SMALL) > cycle)
        true(host.logged(SMALL) == cycle + 1, "fewer slots")
    busy(CYCLES)
    equal(host.logged("sequence.refused"), 0, "refused requests")


sys.exit(main())
