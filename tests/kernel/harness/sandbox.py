# SPDX-License-Identifier: Apache-2.0
"""Network, mount and pid namespaces for one run.

Everything a run starts lives below one process that is pid 1 of a pid namespace and dies with its
parent, so no way of ending the parent, KILL included, leaves a process, a tap or a bridge behind.
"""

import ctypes
import errno
import os
import signal
import subprocess
import sys
import traceback

from . import HarnessError, Unavailable

SERVER_ADDRESS = "10.77.0.1"
BRIDGE_ADDRESS = "52:54:00:77:ff:01"
CLIENT_ADDRESS = "10.77.0.{}"
FIRST_CLIENT_HOST = 10
CLIENTS_MAX = 8

CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
PR_SET_PDEATHSIG = 1
TCP_ESTABLISHED = "01"  # in /proc/net/tcp

libc = ctypes.CDLL(None, use_errno=True)


def client_address(number):
    return CLIENT_ADDRESS.format(FIRST_CLIENT_HOST + number)


def call_libc(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def run_isolated(work):
    """Run work() in new namespaces, as their first process; returns its status."""
    try:
        call_libc("unshare", CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET)
    except OSError as error:
        raise Unavailable(f"no network and pid namespaces for us ({error})") from error
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os._exit(first_process(work))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the child as well
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGTERM))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 125


def first_process(work):
    def terminated(*_):
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, terminated)
    signal.signal(signal.SIGHUP, terminated)
    status = 125
    try:
        call_libc("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        make_mounts_private()
        status = work()
    except SystemExit as end:
        status = end.code
    except KeyboardInterrupt:
        status = 130
    except Unavailable as error:
        status = skip(error)
    except HarnessError as error:
        print(f"kernel test: {error}", file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def make_mounts_private():
    """What is mounted from here on stays in this namespace; /proc shows its processes."""
    try:
        call_libc("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
    except OSError as error:
        why = "/ is no mount point: is this a chroot?" if error.errno == errno.EINVAL else error
        raise Unavailable(f"no mounts of our own ({why})") from error
    try:
        call_libc("mount", b"proc", b"/proc", b"proc", 0, None)
    except OSError as error:
        raise Unavailable(f"no /proc of our own ({error})") from error


def skip(reason):
    """Say why nothing was tested. Where skipping is not allowed, this is a failure."""
    if os.environ.get("CI") == "true" or os.environ.get("MAINSTAY_NO_SKIP") == "1":
        print(f"kernel test: FAILED, it cannot run here: {reason}", file=sys.stderr)
        return 1
    print(f"kernel test: skipped: {reason}")
    return 77


def make_network(clients):
    """A bridge with the server's address, and a tap for each client."""
    # Without an address of its own, the bridge would have that of one of its taps: when this tap is taken off, the
    # host still receives what comes from there, and the other guests' packets are lost until they ask for the new one.
    commands = ["link set lo up", f"link add br0 address {BRIDGE_ADDRESS} type bridge",
                f"addr add {SERVER_ADDRESS}/24 dev br0", "link set br0 up"]
    for number in range(1, clients + 1):
        commands += [f"tuntap add dev tap{number} mode tap",
                     f"link set tap{number} master br0 up"]
    done = subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise Unavailable(f"no bridge and taps: {done.stdout.strip()}")


def connect_client(number, connected):
    """Take a client's tap off the bridge, or put it back: a silent network partition."""
    subprocess.run(["ip", "link", "set", f"tap{number}", *(["master", "br0"] if connected else ["nomaster"])],
                   check=True)


def connections(port):
    """How many TCP connections are established at this local port."""
    rows = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if os.path.exists(table):
            with open(table) as file:
                rows += [line.split() for line in file.readlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == TCP_ESTABLISHED for row in rows)
