# SPDX-License-Identifier: Apache-2.0
"""Mounts that a test makes itself. A new one would use the connection of the theme's, if those are of its kind."""

import os
import subprocess
import time

from check import VERSION, true
from flavor import MOUNTS

SERVER_NAME = "server.mainstay.test"
IN_TIME_S = 10


def mount(path, options, target="/mnt/try"):
    """Returns whether it was mounted, and what mount said."""
    os.makedirs(target, exist_ok=True)
    started = time.monotonic()
    done = subprocess.run(["mount", "-t", "nfs4", "-o", f"vers={VERSION},{options}", f"{SERVER_NAME}:{path}", target],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    true(time.monotonic() - started < IN_TIME_S, f"it took {time.monotonic() - started:.1f} s: {done.stdout}")
    return done.returncode == 0, done.stdout.strip()


def unmount(target="/mnt/try"):
    subprocess.run(["umount", target], check=True)


class OwnMountsOff:
    """Meanwhile, this client has none of the theme's mounts."""

    def __enter__(self):
        os.chdir("/tmp")
        for _, target, _ in MOUNTS:
            unmount(target)

    def __exit__(self, *_):
        for source, target, options in MOUNTS:
            subprocess.run(["mount", "-t", "nfs4", "-o", options, source, target], check=True)
