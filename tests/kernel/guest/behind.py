#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Clients that the server cannot connect to: it sees only the connections of a proxy (S22-01, S22A-01).

Recalls use these, and the next ones when they are cut (W07, P-08): a delegation is recalled once, returned once,
and never revoked because of a lost connection.
"""

import fcntl
import os
import sys
import threading
import time

import host
from check import CLIENT, equal, main, read, true, write
from holding import DATA, Since, each_holds, stats, hold, one_recall

FIGHT_S = 6
CUTS = 4
CUT_LIMIT_S = 60


@each_holds
def clients_cannot_be_dialled(role):
    if role.holds:
        file = hold("file")
        since = Since()
        os.close(file)
    role.step("held")
    if not role.holds:
        equal(read("file"), DATA, "what the other reads")
    role.step("read")
    if role.holds:
        equal(one_recall(since)["retries"], 0, "calls that were sent again")


@each_holds
def cut_before_the_holder_hears(role):
    """The connection is cut while the recall is in transit. The recall is repeated over the next one."""
    counted = cut_while_recalled(role, "deaf")
    true(not role.holds or counted["retries"] > 0, "the recall was not sent again")


@each_holds
def cut_before_the_holder_answers(role):
    """The client got the recall and has returned the delegation, but its replies are dropped."""
    cut_while_recalled(role, "mute")


def cut_while_recalled(role, how):
    if role.holds:
        file = hold("file")
        since = Since()
        os.close(file)
    role.step("held")
    if not role.holds:
        host.network(how, role.holder)
        found = []
        reader = threading.Thread(target=lambda: found.append(read("file")))
        started = time.monotonic()
        reader.start()
        while stats()["recalls"] == 0:
            time.sleep(0.05)
        time.sleep(0.2)  # time to send and answer it
        host.network("cut", role.holder)
    role.step("cut")
    if role.holds:
        os.path.exists("something to ask for")  # otherwise it connects only when it has to renew its lease
    else:
        reader.join()
        waited = time.monotonic() - started
        equal(found[0], DATA, "what the other reads")
        print(f"     it took {waited:.1f} s", flush=True)
    role.step("read")
    if role.holds:
        return one_recall(since)
    return None


@each_holds
def cut_again_and_again(role):
    """Both append to a file and read what the other has written, while connections are cut all the time."""
    if role.holds:
        write("log", b"")
    role.step("made")
    if role.holds:
        host.network("disturb")
    since = Since()
    started = time.monotonic()
    turn, cuts = 0, 0
    while time.monotonic() - started < CUT_LIMIT_S:
        with open("log", "ab", buffering=0) as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            file.seek(0, os.SEEK_END)
            file.write(b"%d %03d\n" % (CLIENT, turn))
            write(f"own{CLIENT}", DATA)
            if turn > 0 and os.path.exists(f"own{3 - CLIENT}"):
                equal(read(f"own{3 - CLIENT}"), DATA, "the other's file")
        turn += 1
        cuts = sum(host.network("cuts").values())
        if time.monotonic() - started > FIGHT_S and cuts >= CUTS:
            break
    role.tell(f"turns {CLIENT}", turn)
    role.step("fought")
    if role.holds:
        host.network("calm")
    lines = [tuple(map(int, line.split())) for line in read("log").splitlines()]
    expected = [(client, turn) for client in (1, 2) for turn in range(role.told(f"turns {client}"))]
    equal(sorted(lines), expected, "lines that were appended")
    if role.holds:
        counted = since.counted()
        print(f"     {cuts} cuts, {len(lines)} turns, {counted}", flush=True)
        equal(counted["revoked"], 0, "delegations revoked")
        equal(counted["dialled"], 0, "connections made to clients")


sys.exit(main())
