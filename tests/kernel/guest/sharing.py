# SPDX-License-Identifier: Apache-2.0
"""Helpers for two clients that share files: common steps, files made by the first client, locks."""

import errno
import fcntl
import os
import sys
import threading
import time

import host
from check import CLIENT, true, write

FIRST = CLIENT == 1
SECOND = 2
LEASE_S = int(os.environ["MS_LEASE"])
REFUSED = (errno.EAGAIN, errno.EACCES)
GIVEN_UP_LIMIT_S = 60


def step(name):
    """Both clients reach this step before either goes on. Step names include the calling test."""
    host.barrier(f"{sys._getframe(1).f_code.co_name}.{name}")


def prepared(path, data):
    if FIRST:
        write(path, data)
    host.barrier(f"prepared {sys._getframe(1).f_code.co_name} {path}")
    return os.open(path, os.O_RDWR)


def lock(file, start=0, length=0, kind=fcntl.LOCK_EX, wait=False):
    fcntl.lockf(file, kind if wait else kind | fcntl.LOCK_NB, length, start)


def unlock(file, start=0, length=0):
    fcntl.lockf(file, fcntl.LOCK_UN, length, start)


def put(file, data, start=0):
    os.pwrite(file, data, start)
    os.fsync(file)


def lock_when_free(file):
    """Try until it has the lock; returns how long that took."""
    started = time.monotonic()
    while True:
        try:
            lock(file)
            return time.monotonic() - started
        except OSError as error:
            true(error.errno in REFUSED and time.monotonic() - started < GIVEN_UP_LIMIT_S, error)
        time.sleep(0.2)


def never_idle():
    """From now on send the server a request every second while it can be reached.

    Linux renews its lease after 5 seconds at the earliest: too late for the short leases of these tests.
    """
    def ask():
        while True:
            os.statvfs(".")
            time.sleep(1)

    threading.Thread(target=ask, daemon=True).start()
