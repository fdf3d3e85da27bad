# SPDX-License-Identifier: Apache-2.0
"""For programs in which one of two clients holds delegations and the other conflicts with them."""

import functools
import os
import time

import host
from check import CLIENT, equal, test, write, write_all
from mountstats import VERSION, operations

LEASE_S = int(os.environ["MS_LEASE"])
TURNS = int(os.environ.get("MS_TURNS", "1"))  # 2: each client is the holder once
MIXED = TURNS > 1
DATA = b"what the holder has written\n" * 2000
STATS = ("recalled", "returned", "revoked", "reclaimed", "cb_getattr", "recalls", "granted_write", "granted_directory",
         "held_directory", "granted_with_times", "granted_without_open", "times_reported")
CALLBACKS = ("CB_RECALL", "CB_GETATTR", "CB_NOTIFY_LOCK")
FIGURES = {"daemon.delegations": STATS, "daemon.transport": ("dialled", "calls"), "daemon.dial_out": ("calls",),
           "daemon.callback all": ("callback_retries",),
           **{f"daemon.callback {operation}": ("callback_total",) for operation in CALLBACKS}}
OPERATIONS = ("DELEGRETURN", "OPEN", "READ", "WRITE", "LOCK", "GETATTR", "ACCESS", "LOOKUP", "READDIR")


class Role:
    """This client's role in one run of a test; version is the holder's."""

    def __init__(self, function, turn):
        self.name = f"{function.__name__} {turn}"
        self.directory = f"turn{turn}"
        self.holds = CLIENT == turn
        self.holder, self.other = turn, 3 - turn
        self.tell(f"version of {CLIENT}", VERSION)
        self.version, self.other_version = (self.told(f"version of {each}") for each in (self.holder, self.other))

    def step(self, name):
        host.barrier(f"{self.name}: {name}")

    def tell(self, name, value):
        """Short values only: a line to the other client is cut when it is too long."""
        host.put(f"{self.name}: {name}", value)

    def told(self, name):
        return host.get(f"{self.name}: {name}")


def each_holds(function):
    """A test in which client 1 is the holder; if the clients differ, client 2 is the holder in a second run."""
    @functools.wraps(function)
    def turns():
        for turn in range(1, TURNS + 1):
            role = Role(function, turn)
            if role.holds:
                os.mkdir(role.directory)
            role.step("made")
            top = os.getcwd()
            os.chdir(role.directory)
            function(role)
            os.chdir(top)
            role.step("end")
    return test(turns)


def stats():
    every = host.stats(FIGURES)
    found = every["daemon.delegations"]
    for operation in CALLBACKS:
        found[operation] = every.get(f"daemon.callback {operation}", {}).get("callback_total", 0)
    found["retries"] = every["daemon.callback all"]["callback_retries"]
    found["dialled"] = every["daemon.transport"]["dialled"]
    found["over_dialled"] = every["daemon.dial_out"]["calls"]
    found["calls"] = every["daemon.transport"]["calls"]
    return found


class Since:
    """What the server and this client's kernel have counted since this object was made."""

    def __init__(self):
        self.server = stats()
        self.client = {name: operations(name) for name in OPERATIONS}

    def counted(self):
        return {name: value - self.server[name] for name, value in stats().items()}

    def made(self, name):
        return operations(name) - self.client[name]

    def made_soon(self, name, limit_s=5):
        """For calls that the server has seen answered: the kernel counts a call only when it has processed the
        answer."""
        end = time.monotonic() + limit_s
        while self.made(name) == 0 and time.monotonic() < end:
            time.sleep(0.01)
        return self.made(name)


def hold(path, data=DATA):
    """Make a file with a WRITE delegation and data that only this client has. It stays open: the client would
    begin to write on close."""
    if VERSION == "4.0":
        write(f"{path}.first", b"")  # an open that needs a confirmation brings no delegation
    before = Since()
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    write_all(file, data)
    equal(before.counted()["granted_write"], 1, "WRITE delegations given")
    equal(before.made("WRITE"), 0, "calls of WRITE before the data was requested")
    return file


def one_recall(since):
    """The cost of recalling one delegation: the counters of the server and of the holder's kernel agree."""
    counted = since.counted()
    equal(counted["recalled"], 1, "delegations recalled")
    equal(counted["CB_RECALL"] - counted["retries"], 1, "calls of CB_RECALL, without retries")
    equal(since.made_soon("DELEGRETURN"), 1, "calls of DELEGRETURN")
    equal(counted["returned"], 1, "delegations returned")
    equal(counted["revoked"], 0, "delegations revoked")
    # With 4.0 the connection was made when the client registered.
    equal(counted["dialled"], 0, "connections made to clients")
    equal(counted["over_dialled"], 1 if VERSION == "4.0" else 0, "calls over a connection made to a client")
    return counted
