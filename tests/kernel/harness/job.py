# SPDX-License-Identifier: Apache-2.0
"""One run from its beginning to its end: checks, directories, sandbox, session, logs.

The caller's process keeps out of the sandbox's pid namespace: whatever happens inside, it is there
to keep the logs and to remove the directories.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

from . import HarnessError, Unavailable
from .certificates import Certificates
from .etc import SERVER_NAME, name_hosts
from .guest import Guest
from .kerberos import Realm
from .proxy import Proxy
from .sandbox import CLIENTS_MAX, SERVER_ADDRESS, make_network, run_isolated, skip
from .server import PORT, PORT_BEHIND_PROXY
from .session import Session
from .uml import PROJECT, find_kernel

PROGRAMS = {"unshare": "util-linux", "bash": "bash", "ip": "iproute2", "mount.nfs4": "nfs-common",
            "modprobe": "kmod"}
PREFIX = "mainstay-kernel."
LOCK = "lock"
LOGS = ("console", "output", "dmesg", "mountstats", "rpc", "gssd", "agent")


@dataclass
class Job:
    command: list  # what every client runs, in the directory cwd
    make_server: Callable  # makes a Server, given the Directories of this run
    mounts: list = field(default_factory=list)  # (path on the server, mount point, mount options,
    #                                             the clients that mount it, or none for all)
    cwd: str = "/mnt/nfs"
    clients: int = 1
    proxied: bool = False  # the server listens on PORT_BEHIND_PROXY, and guests may cut connections
    late: bool = True  # what the proxy may do (harness/proxy.py)
    timeout_s: int = 120
    memory: str = "768M"
    environment: dict = field(default_factory=dict)
    visible: list = field(default_factory=list)
    shares: list = field(default_factory=list)
    logs: Optional[str] = None  # where to keep the logs of a run that failed
    keep_logs: bool = False  # ... and of one that did not
    capture: Optional[str] = None  # a pcap file of all traffic on the bridge
    unpack: str = "/var/tmp"  # where a packed kernel is unpacked
    scratch: str = "/var/tmp"  # a disk file system, for directories to export
    expected_log: Optional[str] = None  # complaints expected in the client's kernel log (a regex)
    tls: bool = False  # the guests need NFS over TLS, and there are certificates
    since: Optional[tuple] = None  # the oldest release of Linux that will do for the guests
    selinux: bool = False  # their kernel must have SELinux, without a policy
    agent: Optional[str] = None  # what does the guests' handshakes, then
    kerberos: Optional[tuple] = None  # with a realm: the lifetime of its tickets, and how far clocks may differ
    verbose: bool = True


@dataclass
class Directories:
    job: str
    memory: str  # on tmpfs


def run(job, work=None):
    """Runs a job; returns its exit status: the command's, or one of those in README.md.

    work(job, kernel, directories, started) is what happens inside the sandbox: without one, guests
    that run the job's command.
    """
    try:
        kernel = check(job)
    except Unavailable as error:
        return skip(error)
    started = time.time()
    directories = Directories(make_directory(job.scratch), make_directory("/dev/shm"))
    try:
        status = run_isolated(lambda: (work or inside)(job, kernel, directories, started))
        if job.logs and (status not in (0, 77) or job.keep_logs):
            keep_logs(directories.job, job.logs)
    except Unavailable as error:
        status = skip(error)
    finally:
        for directory in (directories.job, directories.memory):
            shutil.rmtree(directory, ignore_errors=True)
    return status


def make_directory(parent):
    """Make a directory for this run, locked as long as the run lives; remove those of killed runs."""
    for old in Path(parent).glob(f"{PREFIX}*"):
        try:
            with open(old / LOCK, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(old, ignore_errors=True)
        except OSError:
            pass  # in use, or being made or removed
    directory = tempfile.mkdtemp(prefix=PREFIX, dir=parent)
    os.chmod(directory, 0o755)
    # Made and locked under another name first: without a lock it would look abandoned.
    lock = os.open(f"{directory}/{LOCK}.new", os.O_CREAT | os.O_WRONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.rename(f"{directory}/{LOCK}.new", f"{directory}/{LOCK}")
    return directory


def check(job):
    if os.geteuid() != 0:
        raise Unavailable("only root can make the network namespace and the taps")
    if not os.path.exists("/dev/net/tun"):
        raise Unavailable("no /dev/net/tun")
    if not os.path.isdir("/dev/shm"):
        raise Unavailable("no /dev/shm")
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            raise Unavailable(f"{program} is missing (Debian package {package})")
    if not 1 <= job.clients <= CLIENTS_MAX:
        raise HarnessError(f"clients: 1 to {CLIENTS_MAX}")
    return find_kernel(job.unpack, job.tls, job.since, job.selinux)


def inside(job, kernel, directories, started):
    make_network(job.clients)
    capture = start_capture(job.capture) if job.capture else None
    name_hosts(directories.job, job.clients)
    realm = Realm(directories.job, job.clients) if job.kerberos else None
    if realm:
        realm.start(*job.kerberos)
    certificates = Certificates(directories.job) if job.agent else None
    if certificates:
        certificates.make()
    server = job.make_server(directories)
    if server:
        server.start()
    proxy = None
    if job.proxied:
        proxy = Proxy((SERVER_ADDRESS, PORT), (SERVER_ADDRESS, PORT_BEHIND_PROXY), job.late)
        proxy.start()
    guests = [Guest(number, directories.job, kernel, job.memory, selinux=job.selinux)
              for number in range(1, job.clients + 1)]
    session = Session(guests, server, job.timeout_s, job.expected_log, proxy, realm, certificates)
    status = session.run({
        "command": job.command, "cwd": job.cwd, "clients": job.clients, "started": time.time(),
        "mounts": [(f"{SERVER_NAME if realm or certificates else SERVER_ADDRESS}:{path}", target, options, who)
                   for path, target, options, who in job.mounts],
        "environment": dict(job.environment, MS_READ_PLUS=str(int(kernel.reads_plus()))), "verbose": job.verbose, "shares": job.shares,
        "kerberos": realm and {"directory": str(realm.directory), "environment": realm.environment},
        "tls": certificates and {"directory": str(certificates.directory), "agent": job.agent},
        "visible": sorted({str(PROJECT), kernel.modules, *job.visible,
                           *(str(each.directory) for each in (realm, certificates) if each),
                           *([os.path.dirname(job.agent)] if job.agent else [])})})
    if status != 0 and server:
        print(f"kernel test: the server's log ends:\n{server.tail(20)}")
    if server and server.process and server.died() is None:
        try:
            server.stop()
        except HarnessError as error:
            session.found(str(error))
    if status == 0 and session.findings:
        status = 1
    if capture:
        capture.send_signal(signal.SIGINT)
        capture.wait()
    if job.verbose:
        print(f"kernel test: status {status}, {time.time() - started:.1f} s", flush=True)
    return status


def start_capture(path):
    capture = subprocess.Popen(["tcpdump", "-U", "-i", "br0", "-w", path],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    return capture


def keep_logs(directory, target):
    """Keep what shows why a run failed, but none of the exported data."""
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    for file in Path(directory).glob("client*/*"):
        if file.name in LOGS:
            shutil.copy(file, f"{target}/{file.parent.name}.{file.name}")
    for file in ("server.log", "ganesha.conf"):
        if os.path.exists(f"{directory}/{file}"):
            shutil.copy(f"{directory}/{file}", target)
    print(f"kernel test: logs are in {target}", file=sys.stderr)
