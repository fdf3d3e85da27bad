# SPDX-License-Identifier: Apache-2.0
"""The server under test as a process that a test can stop, kill and start again."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import HarnessError
from .sandbox import SERVER_ADDRESS

START_LIMIT_S = 30
STOP_LIMIT_S = 20
STATS_LIMIT_S = 20
STATS = re.compile(r' info (daemon\.[a-z_]+) (?:operation="?([A-Z_]+|all)"? )?')
STATS_LAST = "daemon.delegations"  # the last line of stats that the tests read
FIGURE = re.compile(r" ([a-z_0-9]+)=([0-9]+)\b")
PORT = 2049
PORT_BEHIND_PROXY = 12049


class Server:
    """Run argv with its output in a log; it is ready when the log contains `ready`, or else when the port answers.
    """

    def __init__(self, argv, log, ready=None, port=PORT, must_end_well=True):
        self.argv = argv
        self.log = Path(log)
        self.ready = re.compile(ready) if ready else None
        self.port = port
        self.must_end_well = must_end_well
        self.process = None

    def start(self):
        offset = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)
        limit = time.monotonic() + START_LIMIT_S
        while not self.is_ready(offset):
            ended = self.process.poll()
            if ended is not None:
                raise HarnessError(f"the server ended with {ended} before it was ready:\n{self.tail()}")
            if time.monotonic() > limit:
                raise HarnessError(f"the server is not ready after {START_LIMIT_S} s:\n{self.tail()}")
            time.sleep(0.02)

    def is_ready(self, offset):
        if self.ready:
            with self.log.open("rb") as log:
                log.seek(offset)
                return self.ready.search(log.read().decode(errors="replace")) is not None
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((SERVER_ADDRESS, self.port)) == 0

    def stop(self):
        """Ask it to end (SIGTERM). With must_end_well it has to exit with 0, in time."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            if self.must_end_well:
                raise HarnessError(f"the server did not end within {STOP_LIMIT_S} s of SIGTERM")
            return
        if status != 0 and self.must_end_well:
            raise HarnessError(f"on SIGTERM the server ended with {status}:\n{self.tail()}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def do(self, action):
        """Actions that a guest may request."""
        if action in ("stop", "restart"):
            self.stop()
        elif action in ("kill", "crash"):
            self.kill()
        elif action != "start":
            raise HarnessError(f"unknown server action {action}")
        if action in ("start", "restart", "crash"):
            self.start()
        else:
            self.process = None

    def died(self):
        """The status of a server that ended without being told to, else None."""
        return self.process.poll() if self.process else None

    def logged(self, text):
        """How many lines of its log, since its first start, contain this text."""
        with self.log.open("rb") as log:
            return sum(text.encode() in line for line in log)

    def stats(self):
        """Its stats, logged on request (SIGUSR1): {event: {name: number}}; the key is the event, with the
        operation if the line names one ("daemon.callback CB_RECALL")."""
        offset = self.log.stat().st_size
        self.process.send_signal(signal.SIGUSR1)
        limit = time.monotonic() + STATS_LIMIT_S
        while True:
            with self.log.open("rb") as log:
                log.seek(offset)
                lines = log.read().decode(errors="replace").splitlines(keepends=True)
            found = {match[1] + (f" {match[2]}" if match[2] else ""):
                     {name: int(number) for name, number in FIGURE.findall(line)}
                     for line in lines if line.endswith("\n") and (match := STATS.search(line))}
            if STATS_LAST in found:
                return found
            if time.monotonic() > limit:
                raise HarnessError(f"the server logs no counters:\n{self.tail()}")
            time.sleep(0.02)

    def tail(self, lines=40):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


class Export:
    """One export of a theme: options are mainstayd's; directory None is a RAM file system."""

    def __init__(self, pseudo, options="", directory=None):
        self.pseudo = pseudo
        self.options = options
        self.directory = directory

    def argument(self):
        backend = f"local:{self.directory}" if self.directory else "mem:"
        return f"{self.pseudo}={backend}" + (f",{self.options}" if self.options else "")


def mainstayd(program, exports, directory, extra=(), launcher=(), user=0, port=PORT):
    """The server under test; with fewer privileges when a launcher (setpriv) and a user are given."""
    state = f"{directory}/state"
    os.mkdir(state, mode=0o700)
    if user:
        # The build directory may be accessible to root only, and the program has to bind a low port.
        program = shutil.copy(program, f"{directory}/mainstayd")
        os.chown(state, user, user)
        Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")
    argv = [*launcher, program, "--listen", f"{SERVER_ADDRESS}:{port}", "--state", state]
    for export in exports:
        argv += ["--export", export.argument()]
    return Server(argv + list(extra), f"{directory}/server.log", port=port,
                  ready=r"mainstayd: ready on")


def ganesha(exports, directory, grace, port=PORT):
    """NFS-Ganesha with the same exports, to tell a fault of the server from one of the test."""
    blocks = [f"""
NFS_CORE_PARAM {{ NFS_Port = {port}; NFS_Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false;
                 Enable_UDP = false; Bind_addr = {SERVER_ADDRESS}; }}
NFSv4 {{ Graceless = {"false" if grace else "true"}; Only_Numeric_Owners = true; RecoveryBackend = fs;
        RecoveryRoot = "{directory}/recovery"; Lease_Lifetime = 10; Grace_Period = {grace or 10}; }}
LOG {{ Default_Log_Level = EVENT; }}"""]
    for number, export in enumerate(exports, 1):
        options = dict(item.partition("=")[::2] for item in export.options.split(",") if item)
        squash = next((name for name in ("No_Root_Squash", "All_Squash") if name.lower() in options),
                      "Root_Squash")
        anonymous = "".join(f"Anonymous_{kind} = {options.get('anon' + kind, 65534)}; "
                            for kind in ("uid", "gid"))
        backend = "VFS" if export.directory else "MEM"
        blocks.append(f"""
EXPORT {{ Export_Id = {number}; Filesystem_Id = {1000 + number}.{number}; Pseudo = {export.pseudo};
         Path = {export.directory or f"/mem{number}"}; Protocols = 4; Transports = TCP; SecType = sys;
         Access_Type = {"RO" if "ro" in options else "RW"}; Squash = {squash}; {anonymous}
         FSAL {{ Name = {backend}; }} }}""")
    Path(f"{directory}/ganesha.conf").write_text("\n".join(blocks) + "\n")
    Path(f"{directory}/recovery").mkdir()
    argv = ["ganesha.nfsd", "-F", "-f", f"{directory}/ganesha.conf", "-L", "/dev/stderr",
            "-p", f"{directory}/ganesha.pid"]
    return Server(argv, f"{directory}/server.log", port=port, must_end_well=False)
