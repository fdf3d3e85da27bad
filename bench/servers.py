# SPDX-License-Identifier: Apache-2.0
#
# Starts the servers to be measured on ports of the loopback interface, each with an export /mem in
# memory and /local on a tmpfs. Stops them and removes their files at the end. Shared by all scripts
# here.
import atexit
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
START_S = 30
STOP_S = 10
IDLE_RUNS = 50  # until other work on the machine lets the bench do anything
PORTS = range(20000, 32768)  # below those that the kernel gives to clients

GANESHA_CONF = """
NFS_CORE_PARAM {{
    NFS_Port = {port}; NFS_Protocols = 4; Bind_addr = 127.0.0.1;
    Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false;
    RPC_Max_Connections = 10000;
}}
NFSv4 {{
    Graceless = true; Only_Numeric_Owners = true; Lease_Lifetime = 60; Grace_Period = 60;
    RecoveryBackend = fs; RecoveryRoot = "{state}";
}}
EXPORT {{
    Export_Id = 1; Filesystem_Id = 1001.1; Path = /mem; Pseudo = /mem;
    Protocols = 4; Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Transports = TCP; {cache}
    FSAL {{ Name = MEM; }}
}}
EXPORT {{
    Export_Id = 2; Filesystem_Id = 1002.2; Path = "{data}"; Pseudo = /local;
    Protocols = 4; Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Transports = TCP; {cache}
    FSAL {{ Name = VFS; }}
}}
LOG {{ Default_Log_Level = EVENT; }}
"""


class Failure(Exception):
    """An error message for the user, without a stack trace."""


def free_port():
    """No connection of anybody's takes it before the server does."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failure(f"no port from {PORTS.start} to {PORTS.stop - 1} is free")


class Server:
    """A process with a scratch directory on a tmpfs; its data may be on a disk."""

    def __init__(self, name, disk=None):
        self.name = name
        self.scratch = tempfile.mkdtemp(prefix=f"mainstay-bench-{name}.", dir="/dev/shm")
        self.data = os.path.join(disk or self.scratch, f"data-{name}" if disk else "data")
        self.state = os.path.join(self.scratch, "state")
        self.log = os.path.join(self.scratch, "log")
        self.port = free_port()
        self.process = None
        os.mkdir(self.data)
        os.mkdir(self.state)
        atexit.register(self.stop)

    def start(self, command):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.1)
        with open(self.log, errors="replace") as log:
            tail = "".join(log.readlines()[-20:])
        raise Failure(f"{self.name} did not start:\n{tail}")

    @property
    def target(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)


def start_mainstay(program, disk=None, option=None, more=(), name=None, local=True):
    """If an option of /local is given, the server is named after it unless it has a name. `more`
    options of mainstayd. Without `local`, there is only /mem, and more descriptors for connections."""
    server = Server(name or option or "mainstay", disk)
    squash = "no_root_squash" if os.geteuid() == 0 else "all_squash"
    # A run may need more connections than there are reserved ports. Versions without this option
    # accept all ports.
    check = [program, "--listen", "127.0.0.1:0", "--state", server.state, "--export", "/=mem:,insecure", "--check"]
    if subprocess.run(check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0:
        squash += ",insecure"
    options = ",".join(filter(None, (squash, option)))
    return server.start([program, "--listen", server.target, "--state", server.state,
                         "--export", "/mem=mem:,no_root_squash" + (",insecure" if "insecure" in squash else ""),
                         *(("--export", f"/local=local:{server.data},{options}") if local else ()), *more])


def start_other(program):
    """Another build of mainstayd."""
    if not os.access(program, os.X_OK):
        raise Failure(f"{program} is not a program; give the mainstayd of another build")
    return start_mainstay(program)


def start_ganesha(disk=None, cached=True):
    """cached=False: it asks the file system for attributes each time, as Mainstay does."""
    program = shutil.which("ganesha.nfsd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
    if not program:
        raise Failure("ganesha.nfsd is not installed: apt install nfs-ganesha nfs-ganesha-mem "
                      "nfs-ganesha-vfs")
    if os.geteuid() != 0:
        raise Failure("NFS-Ganesha needs root to serve a directory")
    server = Server("ganesha" if cached else "ganesha-uncached", disk)
    conf = os.path.join(server.scratch, "ganesha.conf")
    with open(conf, "w") as file:
        file.write(GANESHA_CONF.format(port=server.port, state=server.state, data=server.data,
                                       cache="" if cached else "Attr_Expiration_Time = 0;"))
    return server.start([program, "-F", "-f", conf, "-L", server.log,
                         "-p", os.path.join(server.scratch, "pid"), "-N", "EVENT"])


def was_idle(output):
    """Did other work on the machine let the bench do nothing?"""
    return '"operations":0,"errors":0,' in output


def run_bench(program, server, *options, delays=False):
    """The results of one run. `delays`: operations may be delayed, and are then repeated."""
    command = [program, "--target", server.target, "--pid", str(server.pid), "--json", *options]
    for _ in range(IDLE_RUNS):
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if not was_idle(done.stdout):
            break
    if done.returncode == 1 and delays and '"first_error":"NFS4ERR_DELAY"' in done.stdout:
        return json.loads(done.stdout)
    if done.returncode != 0:
        raise Failure(f"{server.name}: {' '.join(command)}\n{done.stderr}{done.stdout}")
    return json.loads(done.stdout)


def add_options(parser):
    build = os.path.join(ROOT, "build")
    parser.add_argument("--build", default=build, metavar="DIR",
                        help="directory of mainstayd and mainstay-bench (build/, the release preset)")
    parser.add_argument("--time", type=float, default=0.8, metavar="S", help="seconds per run (0.8)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="number of rounds (3)")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="only cases whose name contains this: mem, local, read, ...")
    parser.add_argument("--json", metavar="FILE", help="also write the results to this file")


def programs(args):
    found = [os.path.join(args.build, name) for name in ("mainstayd", "mainstay-bench")]
    for path in found:
        if not os.access(path, os.X_OK):
            raise Failure(f"{path} is missing: run make build")
    return found


def guarded(main):
    """Run main() so that the servers are stopped in any case, and failures print a message."""
    def interrupted(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, interrupted)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"{os.path.basename(sys.argv[0])}: {failure}", file=sys.stderr)
        sys.exit(2)
