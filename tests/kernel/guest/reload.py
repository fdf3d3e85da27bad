#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Exports are added, changed and removed, and the configuration is reloaded, while the client builds a source tree.

A hundred times in all; also the options of the export that the client works in change. No request fails, no connection
ends, no grace period begins, and the server makes no pause.
"""

import sys

import host
from check import equal, main, test, true
from load import Build, Load
from mountstats import errors, transports

CHANGES = 100
PAUSE_MAX_MS = 100
BUILD_LIMIT_S = 60
BETWEEN_S = 0.03
GRACE = "recovery.grace.begin"
MISSING_NAMES = {"LOOKUP", "OPEN"}  # a compiler looks for headers in several places
FILED = ([{"path": "/filed", "backend": "mem"}], [{"path": "/filed", "backend": "mem", "access": "ro"}],
         [{"path": "/filed/deep/other", "backend": "local", "argument": "$DIR/extra"}], [])  # the last one at first


class Tree(Build):
    """It leaves time for the director."""

    NICE = 0


def rest(expected, method, path, body=None):
    status, value = host.rest(method, path, body)
    equal(status, expected, f"{method} {path}: {value}")
    return value


def added(number):
    """An export that lies in the one that the client works in; with a directory, or with RAM."""
    where = {"backend": "local", "argument": "$DIR/extra"} if number % 2 else {"backend": "mem"}
    return f"/added{number % 3}", where


def change(turn):
    """Make a change; returns the paths that are exported from now on."""
    number, kind = divmod(turn, 4)
    path, where = added(number)
    filed = FILED[number % len(FILED)] if kind == 3 else FILED[(number - 1) % len(FILED)]
    at = f"/exports/{path.replace('/', '%2F')}"
    if kind == 0:
        rest(201, "POST", "/exports", {"path": path, **where})
    elif kind == 1:
        rest(200, "PUT", at, {**where, "access": "ro", "squash": "all_squash"})
    elif kind == 2:
        rest(204, "DELETE", at)
    else:
        host.reload({"changes": ("sync", "async")[number % 2], "strict_utf8": number % 3 == 0}, filed)
    return sorted(["/", *([path] if kind < 2 else []), *(export["path"] for export in filed)])


@test
def the_build_goes_on():
    load = Load([Tree("tree")])
    before, graces = transports(), host.logged(GRACE)

    def direct():
        load.wait_until_all_go_on(BUILD_LIMIT_S)
        host.probe("start")
        for turn in range(CHANGES):
            paths = change(turn)
            equal(sorted(export["path"] for export in rest(200, "GET", "/exports")["items"]), paths, "exports")
            load.sleep(BETWEEN_S)
        load.wait_until_all_go_on(BUILD_LIMIT_S)
        return host.probe("stop")

    probed = load.run(direct)
    print(f"     {load.steps()} builds; {probed}", flush=True)
    true(probed["calls"] > CHANGES, "the probe did nothing")
    # A machine that wakes idle threads late does so to those of the server, too, and no sleeper sees that.
    true(probed["pause_ms"] <= PAUSE_MAX_MS + probed["machine_ms"], f"the server paused for {probed['pause_ms']} ms")
    equal({name: count for name, count in errors().items() if count and name not in MISSING_NAMES}, {},
          "requests of the client that failed")
    equal([each.connects for each in transports()], [each.connects for each in before], "connects")
    equal(host.logged(GRACE), graces, "grace periods")
    equal(rest(200, "GET", "/grace")["active"], False, "a grace period")


sys.exit(main())
