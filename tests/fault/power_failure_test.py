#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Fails the power of a server at work, again and again, and looks for what it had acknowledged.

The server runs in a guest (user-mode Linux) and exports a file system on a disk image; clients outside of
it write down what they send and what is acknowledged. The guest is killed, at any moment: the image has
what its block layer had written by then. The next boot replays the journal and lists what is on the disk.

    tests/fault/power_failure_test.py --options sync --kills 100
    tests/fault/power_failure_test.py --options async --expect-loss
"""

import argparse
import json
import os
import random
import selectors
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "power"), str(HERE.parent / "kernel")]
import model  # noqa: E402
from harness import HarnessError, Unavailable  # noqa: E402
from harness.guest import Guest  # noqa: E402
from harness.job import Job, run  # noqa: E402
from harness.sandbox import client_address, make_network, skip  # noqa: E402

GUEST_PROGRAM = HERE / "power" / "guest.py"
SERVER = f"{client_address(1)}:2049"
MKFS = {"ext4": ("e2fsprogs", ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1"]),
        "xfs": ("xfsprogs", ["mkfs.xfs", "-q", "-f"]),
        "btrfs": ("btrfs-progs", ["mkfs.btrfs", "-q", "-f"])}
DISK_BYTES = 384 << 20  # sparse; XFS takes no less than 300 MiB
STEP_LIMIT_S = 60  # for a boot, or for the load to get going
WORKERS = 12
STOCK = 12  # files, directories and sizes that each worker has from the beginning
ACKNOWLEDGED_MAX = 400
PROBLEMS_SHOWN = 6
DELAY_MAX_S = 0.02

# The actions of each kill: syncs of other operations would hide a missing one.
EVERYTHING = ["create", "exclusive", "mkdir", "symlink", "link", "rename", "replace", "remove", "mode", "size",
              "truncate", "write", "commit"]
THEMES = [EVERYTHING, ["create"], ["exclusive"], ["mkdir", "symlink"], ["link"], ["rename"], ["replace"],
          ["remove"], ["mode"], ["size"], ["truncate"], ["write"], ["commit"]]
KILLS_MIN = 4  # regardless of the time limit


class Machine:
    """The guest and its disk, over many lives."""

    def __init__(self, options, kernel, directories):
        self.options = options
        self.kernel = kernel
        self.directory = Path(directories.job)
        self.disk = f"{directories.memory}/disk"
        self.guest = None
        self.said = b""  # output of this life, mostly the server's log
        package, mkfs = MKFS[options.file_system]
        with open(self.disk, "wb") as disk:
            disk.truncate(DISK_BYTES)
        try:
            subprocess.run([*mkfs, self.disk], check=True, stdout=subprocess.DEVNULL)
        except FileNotFoundError as error:
            raise Unavailable(f"{mkfs[0]} is missing (Debian package {package})") from error

    def boot(self, life):
        """Boot and wait until the server is ready; return what was on the disk."""
        directory = self.directory / f"life{life}"
        directory.mkdir()
        self.guest = Guest(1, directory, self.kernel, "192M", self.disk)
        listing = directory / "listing"
        self.guest.start({
            "mounts": [], "clients": 1, "started": time.time(), "environment": {}, "verbose": False,
            "cwd": "/", "shares": [str(directory)],
            "visible": [str(HERE.parents[1]), os.path.dirname(self.options.mainstayd)],
            "command": [str(GUEST_PROGRAM), self.options.file_system, str(listing), str(life - 1),
                        self.options.mainstayd, "--listen", SERVER, "--state", "/mnt/state",
                        "--grace", "0", "--log-level", "warn", "--export", self.export()]})
        self.await_output(b"mainstayd: ready on")
        return json.loads(listing.read_text())

    def export(self):
        return ",".join(filter(None, ("/=local:/mnt/data,no_root_squash", self.options.options)))

    def await_output(self, text):
        self.said, limit = b"", time.monotonic() + STEP_LIMIT_S
        with selectors.DefaultSelector() as selector:
            selector.register(self.guest.output, selectors.EVENT_READ)
            while text not in self.said:
                if not selector.select(limit - time.monotonic()):
                    raise HarnessError(f"the guest is not ready after {STEP_LIMIT_S} s: {self.last_words()}")
                data = os.read(self.guest.output, 65536)
                if not data:
                    raise HarnessError(f"the guest ended before it was ready: {self.last_words()}")
                self.said += data

    def last_words(self):
        return f"{self.said.decode(errors='replace')}\n{self.guest.console_tail(20)}"

    def fail_power(self):
        """Kill the guest. Once its output is closed, so is its disk."""
        self.guest.kill()
        os.set_blocking(self.guest.output, True)
        while data := os.read(self.guest.output, 65536):
            self.said += data
        for file in (self.guest.output, self.guest.control, self.guest.answers):
            os.close(file)


class Trial:
    """The kills, one after the other, and their results."""

    def __init__(self, options, kernel, directories):
        self.options = options
        self.machine = Machine(options, kernel, directories)
        self.directory = Path(directories.job)
        self.random = random.Random(options.seed)
        self.kills = 0
        self.lost = 0  # kills that lost something
        self.acknowledged = 0
        self.in_flight = 0

    def run(self):
        themes = self.options.theme or THEMES
        limit = time.monotonic() + self.options.seconds
        workers = theme = None
        for life in range(self.options.kills + 1):
            listing = self.machine.boot(life)
            if workers:
                self.judge(life, theme, workers, listing)
            if self.is_over(life, limit):
                break
            theme = themes[life % len(themes)]
            workers = self.load(life, theme)
        self.machine.fail_power()
        return self.verdict()

    def is_over(self, life, limit):
        late = life >= KILLS_MIN and time.monotonic() > limit
        return life == self.options.kills or late or (self.options.expect_loss and self.lost > 0)

    def load(self, life, theme):
        """Run the workers until they have so many acknowledgements, then fail the power."""
        record = self.directory / f"record{life}"
        process = subprocess.Popen(
            [self.options.load, SERVER, str(record), f"c{life}", str(self.random.getrandbits(60)),
             str(WORKERS), str(STOCK), str(1 + self.random.randrange(ACKNOWLEDGED_MAX)), *theme],
            stdout=subprocess.PIPE)
        if not process.stdout.readline():
            raise HarnessError("the load ended by itself")
        time.sleep(self.random.random() * DELAY_MAX_S)
        self.machine.fail_power()
        process.kill()
        process.wait()
        process.stdout.close()
        try:
            return model.read_record(record.read_text().splitlines())
        except ValueError as error:
            raise HarnessError(f"the server answered {error}") from error

    def judge(self, life, theme, workers, listing):
        mine = {path: entry for path, entry in listing.items() if path.split("/")[0] == f"c{life - 1}"}
        problems = model.judge(workers, mine)
        problems += self.repeat(model.exclusive_in_flight(workers, mine))
        acknowledged = sum(worker.acknowledged for worker in workers.values())
        in_flight = sum(worker.in_flight is not None for worker in workers.values())
        self.kills += 1
        self.acknowledged += acknowledged
        self.in_flight += in_flight
        print(f"kill {life}, {'+'.join(theme) if theme != EVERYTHING else 'everything'}: "
              f"{acknowledged} acknowledged, {in_flight} in flight, "
              f"{f'{len(problems)} LOST' if problems else 'all kept'}", flush=True)
        if problems:
            self.lost += 1
            self.show(life, problems)

    def show(self, life, problems):
        for problem in problems[:PROBLEMS_SHOWN]:
            print(f"    {problem}")
        if self.options.logs:
            os.makedirs(self.options.logs, exist_ok=True)
            shutil.copy(self.directory / f"record{life - 1}", f"{self.options.logs}/kill{life}.record")
            shutil.copy(self.directory / f"life{life}" / "listing", f"{self.options.logs}/kill{life}.listing")

    def repeat(self, creates):
        """A client without an answer retries its exclusive create: it must find its own file."""
        problems = []
        for create in creates:
            status = subprocess.run([self.options.load, SERVER, "again", *create], text=True,
                                    stdout=subprocess.PIPE, check=True).stdout.strip()
            if status != "NFS4_OK":
                problems.append(f"{create[1]} is there, and its exclusive create again is {status}")
        return problems

    def verdict(self):
        print(f"{self.options.file_system}, {self.options.options}, seed {self.options.seed}: {self.kills} kills, "
              f"{self.acknowledged} acknowledged, {self.in_flight} in flight; {self.lost} kills lost something")
        if self.options.expect_loss and not self.lost:
            print("nothing was lost: this test cannot tell a server that does not sync")
        return 0 if bool(self.lost) == self.options.expect_loss else 1


def arguments():
    build = os.environ.get("MAINSTAY_RELEASE_BIN", str(HERE.parents[1] / "build"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mainstayd", default=f"{build}/mainstayd", metavar="PROGRAM")
    parser.add_argument("--load", default=f"{HERE.parents[1]}/build/check/tests/fault/power_load", metavar="PROGRAM")
    parser.add_argument("--options", default="sync", help="of the export: sync (default), async")
    parser.add_argument("--kills", type=int, default=len(THEMES), metavar="N")
    parser.add_argument("--seconds", type=int, default=86400, metavar="S",
                        help=f"fewer kills, but {KILLS_MIN} at least, on a machine where they take longer")
    parser.add_argument("--expect-loss", action="store_true", help="fail unless a kill loses something; stop there")
    parser.add_argument("--file-system", default="ext4", choices=MKFS,
                        help="what the disk has (default ext4; xfs and btrfs want Debian's linux.uml)")
    parser.add_argument("--theme", type=lambda text: text.split("+"), action="append", metavar="ACTION[+ACTION...]",
                        help="what the workers do; repeatable (default: one after the other)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1000000)
    parser.add_argument("--logs", metavar="DIR", help="where to keep the logs of a failure")
    parser.add_argument("--unpack", default="/var/tmp", help="where to unpack a packed kernel")
    return parser.parse_args()


def use_reserved_ports():
    """Clients in this network namespace connect from ports below 1024, as `secure` exports require.
    """
    Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("600 1023")


def main():
    given = arguments()
    given.mainstayd = os.path.realpath(given.mainstayd)
    for program in (given.mainstayd, given.load):
        if not os.access(program, os.X_OK):
            return skip(f"no {program}: make build")

    def work(_job, kernel, directories, _started):
        make_network(1)
        use_reserved_ports()
        return Trial(given, kernel, directories).run()

    return run(Job(command=[], make_server=None, unpack=given.unpack), work)


if __name__ == "__main__":
    sys.exit(main())
