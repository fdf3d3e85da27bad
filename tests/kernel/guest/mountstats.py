# SPDX-License-Identifier: Apache-2.0
"""The client kernel's counters for the mount under test: its connections and its operations."""

import json
import os
from collections import namedtuple

_, TARGET, OPTIONS = json.loads(os.environ["MS_MOUNTS"])[0][:3]
VERSION = next(option[5:] for option in OPTIONS.split(",") if option.startswith("vers="))

Transport = namedtuple("Transport", "connects sent received")


def lines():
    """The lines of the mount, without the ones of other mounts before them."""
    with open("/proc/self/mountstats") as file:
        mounts = file.read().split("device ")
    block = next(mount for mount in mounts if f" mounted on {TARGET} with fstype nfs4" in mount)
    return [line.strip() for line in block.splitlines()]


def transports():
    """A Transport for each connection."""
    found = []
    for line in lines():
        if line.startswith("xprt:\ttcp "):
            _, _, connects, _, _, sent, received = map(int, line.split()[2:9])
            found.append(Transport(connects, sent, received))
    return found


def operations(name):
    """How many calls of that name were made ("LOCK", "RECLAIM_COMPLETE")."""
    return sum(int(line.split()[1]) for line in lines() if line.startswith(f"{name}:"))


def wire_bytes():
    """How many bytes the calls and replies of all mounts have had."""
    with open("/proc/self/mountstats") as file:
        rows = [(name.strip(), numbers.split()) for name, _, numbers in (line.partition(":") for line in file)]
    return sum(int(numbers[3]) + int(numbers[4]) for name, numbers in rows if name.isupper() and len(numbers) == 9)


def errors():
    """{name: how many calls of it failed}."""
    found = {}
    for line in lines():
        name, _, numbers = line.partition(":")
        fields = numbers.split()
        if name.isupper() and len(fields) == 9 and all(field.isdigit() for field in fields):
            found[name] = int(fields[8])
    return found
