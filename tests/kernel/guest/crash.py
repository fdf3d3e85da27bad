#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""The server is killed under load and comes back: files, opens and locks are as before.

SR-20: the client reclaims and sends RECLAIM_COMPLETE, which ends the grace period long before its full time; a
client of 4.0 has no such operation, and waits for the end. SR-25: sessions of the server's former life are gone, so
unanswered requests are sent again; only these may find their work done. SR-21.
"""

import os
import sys
import time

import host
from check import SERVER, VERSION, main, test, true
from load import Counter, Holder, Load, Stream, Tree
from mountstats import operations

GRACE_S = int(os.environ["MS_GRACE"])
STANDSTILL_MAX_S = GRACE_S + 30 if VERSION == "4.0" else GRACE_S / 2
TRIES = 5
BADSESSION = "status=10052"
ENDED_EARLY = 'recovery.grace.end why="all have completed"'
RESTARTED = "SETCLIENTID_CONFIRM" if VERSION == "4.0" else "RECLAIM_COMPLETE"


def kill(load, in_grace=False):
    """Kill the server and start it again; returns how long the slowest worker then made no progress.

    With in_grace, kill it once more while the client reclaims.
    """
    load.kill_begins()
    load.longest_step()
    host.server("crash")
    times = 1
    while in_grace and times <= TRIES:
        times += 1
        if kill_while_reclaiming():
            break
    load.kill_ended()
    up = time.monotonic()
    load.wait_until_all_go_on(STANDSTILL_MAX_S)
    print(f"     killed {times} time(s): all went on {time.monotonic() - up:.1f} s after the server was "
          f"there, the longest step took {load.longest_step():.1f} s; grace is {GRACE_S} s", flush=True)
    true(times <= TRIES or not in_grace, "never killed in the midst of reclaiming")
    load.sleep(2)


def kill_while_reclaiming():
    """False when the client had reclaimed before."""
    opens = operations("OPEN_NOATTR")
    reclaims = operations("RECLAIM_COMPLETE")
    limit = time.monotonic() + STANDSTILL_MAX_S
    while operations("OPEN_NOATTR") < opens + 5:
        true(time.monotonic() < limit, "the client does not reclaim")
        time.sleep(0.002)
    host.server("crash")
    if VERSION == "4.0":
        return operations("OPEN_NOATTR") < opens + Holder.FILES
    return operations("RECLAIM_COMPLETE") == reclaims


@test
def the_work_goes_on():
    load = Load([Tree("tree1"), Tree("tree2"), Stream("stream"), Counter("counters"), Counter("counters"),
                 Holder("held")])
    reclaims = operations(RESTARTED)

    def direct():
        load.wait_until_all_go_on(STANDSTILL_MAX_S)
        load.sleep(2)
        kill(load)
        kill(load, in_grace=True)

    load.run(direct)
    print(f"     {load.steps()} steps, {load.repeated()} calls found themselves done", flush=True)
    true(operations(RESTARTED) >= reclaims + 2, "the client has not reclaimed twice")
    if SERVER == "mainstayd" and VERSION != "4.0":
        true(host.logged(BADSESSION) >= 2, "no client used a session of a former life")
        true(host.logged(ENDED_EARLY) >= 2, "no grace period has ended because all had reclaimed")


sys.exit(main())
