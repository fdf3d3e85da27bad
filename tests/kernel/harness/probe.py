# SPDX-License-Identifier: Apache-2.0
"""Measures pauses of the server, from the host: a client that asks for the attributes of the root again and again.

The machine has pauses of its own. A process on each processor only sleeps, and notes when it wakes late: that is taken
off what a reply took. As a program, until its standard input ends: probe.py PORT.
"""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

from . import HarnessError
from .sandbox import SERVER_ADDRESS

NAP_S = 0.004
LATE_S = 0.004
SLOW_S = 0.02  # replies that took longer are looked at
REPLY_LIMIT_S = 60
STOP_LIMIT_S = 20
RESERVED_PORTS = range(1023, 599, -1)


class Probe:
    """The program below, in a process of its own."""

    def __init__(self, port):
        self.process = subprocess.Popen([sys.executable, "-B", "-m", __name__, str(port)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True,
                                        cwd=os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
        if self.process.stdout.readline() != "ready\n":
            raise HarnessError("the probe does not start")

    def stop(self):
        """What it found."""
        text, _ = self.process.communicate(timeout=STOP_LIMIT_S)
        if self.process.returncode != 0:
            raise HarnessError(f"the probe ended with {self.process.returncode}")
        return json.loads(text)


def connected(port):
    """From a reserved port, as exports want it."""
    for own in RESERVED_PORTS:
        try:
            return socket.create_connection((SERVER_ADDRESS, port), REPLY_LIMIT_S, (SERVER_ADDRESS, own))
        except OSError as error:
            last = error
    raise last


def request(xid):
    """COMPOUND of minor version 0, which needs no client: PUTROOTFH, GETATTR of type and change.  By AUTH_SYS as
    root, without a name of the machine or further groups."""
    call = struct.pack(">8I", xid, 0, 2, 100003, 4, 1, 1, 20) + struct.pack(">5I", 0, 0, 0, 0, 0) + struct.pack(">2I", 0, 0)
    call += struct.pack(">3I", 0, 0, 2) + struct.pack(">4I", 24, 9, 1, 1 << 1 | 1 << 3)
    return struct.pack(">I", len(call) | 1 << 31) + call


def ask(server, xid):
    server.sendall(request(xid))
    data = b""
    while len(data) < 4 or len(data) < 4 + (struct.unpack(">I", data[:4])[0] & 0x7FFFFFFF):
        piece = server.recv(65536)
        if not piece:
            raise HarnessError("the server has closed the probe's connection")
        data += piece
    answered, _, refused, *words = struct.unpack(f">{len(data) // 4 - 1}I", data[4:])
    broken, status = words[2:4] if not refused else (0, words[1])
    if answered != xid or refused or broken or status:
        raise HarnessError(f"the probe was answered {refused} {broken} {status}")


def sleep_only(processor, until, result):
    """Write the times of waking late: (when it should have been, when it was)."""
    os.sched_setaffinity(0, {processor})
    late = []
    signal.signal(signal.SIGTERM, lambda *_: until.append(True))
    while not until:
        due = time.monotonic() + NAP_S
        time.sleep(NAP_S)
        woke = time.monotonic()
        if woke - due > LATE_S:
            late.append((due, woke))
    os.write(result, json.dumps(late).encode())


def start_sleepers():
    sleepers = []
    for processor in sorted(os.sched_getaffinity(0)):
        result, written = os.pipe()
        child = os.fork()
        if child == 0:
            sleep_only(processor, [], written)
            os._exit(0)
        os.close(written)
        sleepers.append((child, result))
    return sleepers


def stop_sleepers(sleepers):
    late = []
    for child, result in sleepers:
        os.kill(child, signal.SIGTERM)
        with os.fdopen(result, "rb") as file:
            late += json.loads(file.read())
        os.waitpid(child, 0)
    return sorted(late)


def overlap_s(late, sent, answered):
    """How much of this time some sleeper was late."""
    total, at = 0.0, sent
    for begin, end in late:
        begin, end = max(begin, at), min(end, answered)
        if end > begin:
            total += end - begin
            at = end
    return total


def measure(server):
    """(calls, [(sent, answered) of the slow ones], the longest in seconds), until standard input ends."""
    calls, slow, worst = 0, [], 0.0
    os.set_blocking(0, False)
    while not ended():
        calls += 1
        sent = time.monotonic()
        ask(server, calls)
        answered = time.monotonic()
        worst = max(worst, answered - sent)
        if answered - sent > SLOW_S:
            slow.append((sent, answered))
        time.sleep(NAP_S)
    return calls, slow, worst


def ended():
    try:
        return os.read(0, 1) == b""
    except BlockingIOError:
        return False


def main(port):
    server = connected(port)
    sleepers = start_sleepers()
    print("ready", flush=True)
    calls, slow, worst = measure(server)
    late = stop_sleepers(sleepers)
    print(json.dumps({
        "calls": calls, "worst_ms": round(worst * 1000, 1),
        "machine_ms": round(max((end - begin for begin, end in late), default=0) * 1000, 1),
        "pause_ms": round(max((answered - sent - overlap_s(late, sent, answered) for sent, answered in slow),
                              default=min(worst, SLOW_S)) * 1000, 1)}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
