#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Connections are cut under load, and all work goes on without an error.

SR-14, SR-21: the loss of a connection loses no state. S20-12: a reply that was lost with it comes from the
session's cache, over the next connection; operations that are not idempotent are executed once. In 4.0 the reply
comes from the owner of the open or lock, or from the duplicate request cache.
"""

import sys
import time

import host
from check import SERVER, VERSION, main, test, true
from load import Build, Counter, Flip, Load, Stream, Tree
from mountstats import transports

LEAST_S = 6
MOST_S = 90
CUTS = 6
REPLAYS = 3
LOGGED = ("compound.replay ", "owner.replay ") if VERSION == "4.0" else ("sequence.replay ",)


@test
def the_work_goes_on():
    load = Load([Tree("tree1"), Tree("tree2"), Flip("flip1"), Flip("flip2"), Flip("flip3"),
                 Stream("stream"), Counter("counters"), Counter("counters"), Build("build")])
    before = transports()

    def direct():
        host.network("disturb")
        started = time.monotonic()
        while time.monotonic() - started < MOST_S:
            load.sleep(0.5)
            cuts, replays = host.network("cuts"), sum(host.logged(line) for line in LOGGED)
            if time.monotonic() - started > LEAST_S and min(cuts.values()) and sum(cuts.values()) >= CUTS \
                    and (replays >= REPLAYS or SERVER != "mainstayd"):
                break
        host.network("calm")
        return cuts, replays

    cuts, replays = load.run(direct)
    connects = sum(transport.connects for transport in transports()) - sum(
        transport.connects for transport in before)
    print(f"     {load.steps()} steps; cuts: {cuts}; {replays} replays; "
          f"the longest step took {load.longest_step():.1f} s", flush=True)
    true(min(cuts.values()) > 0, f"not every kind of cut: {cuts}")
    true(connects > 0, "the client has not connected again")
    if SERVER == "mainstayd":
        true(replays >= REPLAYS, f"{replays} replays: nothing was resent that had been done")


sys.exit(main())
