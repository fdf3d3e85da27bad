#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""The range of minor versions changes under the load of a client of 4.1: S20-27, S20-28, S20-51.

It is set over REST, read by the command line, and seen by what can be mounted. It holds when the server is killed under
the load, which goes on. A mount of 4.2 that is excluded fails, and has lost nothing when the range is wide again.
"""

import errno
import fcntl
import os
import subprocess
import sys

import host
from check import equal, main, raises, read, test, true
from load import Counter, Holder, Load, Stream, Tree

SOURCE = "10.77.0.1:/"
OLD, NEW = "/mnt/v4.1", "/mnt/v4.2"
TRIAL = "/mnt/trial"
MOUNT_LIMIT_S = 60
GO_ON_LIMIT_S = 30
GRACE_S = int(os.environ["MS_GRACE"])


def set_range(low, high):
    """By REST; the command line reads the same."""
    names = {"nfs.min_minor_version": low, "nfs.max_minor_version": high}
    status, value = host.rest("PATCH", "/settings", names)
    equal(status, 200, f"PATCH of the range: {value}")
    expect_range(low, high)


def expect_range(low, high):
    for name, value in (("nfs.min_minor_version", low), ("nfs.max_minor_version", high)):
        shown = host.mainstay("setting", "show", name)
        equal((shown["value"], shown["origin"]), (value, "stored"), name)
    status, server = host.rest("GET", "/server")
    equal((status, server["minor_versions"]), (200, {"min": low, "max": high}), "what the server says")


def mounted(version=None):
    """Mount with this version, or the highest one that both sides have: the version, or None if it is refused."""
    os.makedirs(TRIAL, exist_ok=True)
    done = subprocess.run(["mount", "-t", "nfs4", "-o", f"vers={version}" if version else "rw", SOURCE, TRIAL],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MOUNT_LIMIT_S,
                          check=False)
    if done.returncode != 0:
        true("not supported" in done.stdout, done.stdout)
        return None
    os.statvfs(TRIAL)
    with open("/proc/mounts") as file:
        options = next(line.split()[3] for line in file if line.split()[1] == TRIAL)
    subprocess.run(["umount", TRIAL], check=True)
    return next(option[5:] for option in options.split(",") if option.startswith("vers="))


def expect_mounts(low, high):
    for minor in range(3):
        version = f"4.{minor}"
        equal(mounted(version), version if low <= minor <= high else None, f"a mount with vers={version}")
    equal(mounted(), f"4.{high}", "a mount that names no version")


class Newer:
    """A file that is open and locked on the mount of 4.2."""

    def __init__(self):
        self.file = os.open(f"{NEW}/newer", os.O_RDWR | os.O_CREAT)
        self.write(b"first")
        fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, data):
        os.pwrite(self.file, data, 0)
        os.fsync(self.file)

    def expect_kept(self):
        with open(f"{OLD}/newer", "r+b") as other:
            raises((errno.EAGAIN, errno.EACCES), fcntl.lockf, other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.write(b"again")
        equal(read(f"{OLD}/newer"), b"again", "what 4.2 wrote")

    def leave(self):
        os.close(self.file)
        subprocess.run(["umount", NEW], check=True)


def narrow(load):
    """To 4.1 and up, and to 4.1 alone, with the mount of 4.2 in use."""
    newer = Newer()
    expect_mounts(0, 2)
    set_range(1, 2)
    expect_mounts(1, 2)
    set_range(1, 1)
    raises(errno.EPROTONOSUPPORT, os.statvfs, NEW)
    equal(mounted("4.2"), None, "a mount with vers=4.2")
    set_range(1, 2)
    os.statvfs(NEW)
    newer.expect_kept()
    newer.leave()
    set_range(1, 1)
    expect_mounts(1, 1)
    load.wait_until_all_go_on(GO_ON_LIMIT_S)


def crash(load):
    load.kill_begins()
    host.server("crash")
    load.kill_ended()
    expect_range(1, 1)
    load.wait_until_all_go_on(GRACE_S / 2)
    expect_mounts(1, 1)


@test
def the_range_changes_under_load():
    load = Load([Tree(f"{OLD}/tree"), Stream(f"{OLD}/stream"), Counter(f"{OLD}/counters"), Holder(f"{OLD}/held")])

    def direct():
        load.wait_until_all_go_on(GO_ON_LIMIT_S)
        narrow(load)
        crash(load)
        load.sleep(1)

    load.run(direct)
    print(f"     {load.steps()} steps; the longest took {load.longest_step():.1f} s", flush=True)
    true(not os.path.ismount(NEW), f"{NEW} is still mounted")


sys.exit(main())
