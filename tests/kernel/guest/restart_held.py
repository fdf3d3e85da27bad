#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""What a restart costs a client that writes and syncs: with a socket that is held for the server, as systemd does, and
without.

Without, the client is refused while the server is away, and waits for 3 seconds before it tries again. With it, it
connects once, and its requests wait in the socket.
"""

import os
import sys

import host
from check import main, test, true, write_all
from load import Load, Worker
from mountstats import transports

GO_ON_MAX_S = 90
SETTLED_S = 4  # the client waits for 3 s between two connections, if the first one has just been made
TURNS_HELD, TURNS_OWN = 3, 2


class Journal(Worker):
    """Appends a line to a file, and syncs it."""

    def begin(self):
        self.file = os.open("journal", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def step(self, load):
        write_all(self.file, b"a line of some journal, with what has just been done\n")
        os.fsync(self.file)

    def end(self):
        os.close(self.file)

    def check(self):
        pass


def restart(load, action):
    """(how long the longest write then took, how many connections the client's counter says that it asked for)"""
    load.sleep(SETTLED_S)
    load.longest_step()
    before = transports()[0].connects
    host.server(action)
    load.wait_until_all_go_on(GO_ON_MAX_S)
    return load.longest_step(), transports()[0].connects - before


def restarts(load, socket, turns):
    """Several of each kind, which are printed."""
    pauses, connects = [], []
    for action, name in (("restart", "SIGTERM"), ("crash", "SIGKILL")):
        found = [restart(load, action) for _ in range(turns)]
        print(f"     {name}, {socket}: the longest write took "
              f"{', '.join(f'{pause * 1000:.0f}' for pause, _ in found)} ms, with "
              f"{', '.join(str(count) for _, count in found)} connections", flush=True)
        pauses += [pause for pause, _ in found]
        connects += [count for _, count in found]
    return min(pauses), connects


@test
def a_held_socket_spares_clients_the_wait():
    load = Load([Journal()])

    def direct():
        load.wait_until_all_go_on(GO_ON_MAX_S)
        held = restarts(load, "held socket", TURNS_HELD)
        host.server("release")
        load.wait_until_all_go_on(GO_ON_MAX_S)
        return held, restarts(load, "its own socket", TURNS_OWN)

    (held_pause, held), (own_pause, own) = load.run(direct)
    true(len(set(held)) == 1, f"refused, or cut again, with a held socket: {held} connections")
    true(min(own) > held[0], f"never refused without: {own} connections, and {held[0]} with it")
    true(held_pause < own_pause, f"{held_pause} s with a held socket, {own_pause} s without")


sys.exit(main())
