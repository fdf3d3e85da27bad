#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Every attack at once on a server under AddressSanitizer, beside a Linux client that builds a source tree.

The tree must be built, round after round, without an error and without a stall of a second; acknowledged small
changes must be there; intruders must get no access; and in the end the server is alive, ends with status 0 and leaves
no sanitizer report. docs/robustness.md, "The storm", lists what runs.

    tests/fault/storm_test.py --minutes 60
    tests/fault/storm_test.py --seconds 20 --no-guest --limit-ms 10000
"""

import argparse
import mmap
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "power"), str(HERE.parent / "kernel")]
import guest as listing_of  # noqa: E402
import model  # noqa: E402
from harness import HarnessError, Unavailable  # noqa: E402
from harness.guest import Guest  # noqa: E402
from harness.job import Job, run  # noqa: E402
from harness.sandbox import SERVER_ADDRESS, call_libc, make_network, skip  # noqa: E402
from harness.server import PORT, Server  # noqa: E402
from harness.session import Session  # noqa: E402

GUEST_PROGRAM = HERE.parent / "kernel" / "guest" / "storm.py"
TARGET = f"{SERVER_ADDRESS}:{PORT}"
ATTACKERS = "127.0.1.0/24"  # may use some exports
STRANGER = "127.0.9.{}"  # may use none
ADDRESSES = 20
SEVERAL = {"ancient": 2, "hold": 3, "dial": 2, "locks": 2, "names": 2, "nonsense": 3, "garbage": 2}  # else one
LIFE_S = (3, 20)
PAUSE_S = (0, 3)
LOG_AWAKE_S, LOG_ASLEEP_S = 3, 5
SLOW_MS = (0, 30, -1)  # duration of a mkdir in the slow file system, in turn; -1: for ever
SLOW_EVERY_S = 10
WATCH_ROOM = 256  # of the path in struct disk_watch (tests/lib/disk_watch.h)
WATCH_BYTES = 1 << 20  # more than that struct has
FUSE = 0x65735546  # FUSE_SUPER_MAGIC: attributes may have to be fetched
SLOW_CALLS = 1 << 9  # DISK_MKDIR
LOAD_S = 25
LOAD_WORKERS, LOAD_STOCK = 6, 4
LOAD_ACTIONS = ["create", "exclusive", "mkdir", "symlink", "link", "rename", "replace", "remove", "mode", "size",
                "truncate", "write", "commit"]
TELL_EVERY_S = 30
END_LIMIT_S = 10
DISK_PERIOD_S = 0.05


class Findings:
    """Problems, printed at once."""

    def __init__(self):
        self.all = []

    def add(self, text):
        self.all.append(text)
        print(f"FOUND: {text}", flush=True)


class StormServer(Server):
    """The server, with a log that is read in bursts only and a file system that can be made slow.
    """

    def __init__(self, argv, directory, library):
        super().__init__(argv, f"{directory}/server.log", ready="mainstayd: ready on")
        self.directory = directory
        self.watch = self.make_watch(f"{directory}/slow", f"{directory}/disk_watch")
        options = [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0", f"log_path={directory}/sanitizer"]
        self.environment = dict(os.environ, MAINSTAY_DISK_WATCH=f"{directory}/disk_watch", LD_PRELOAD=library,
                                ASAN_OPTIONS=":".join(filter(None, options)),
                                UBSAN_OPTIONS="print_stacktrace=1")
        self.reader_sleeps = False

    def make_watch(self, root, path):
        """struct disk_watch."""
        with open(path, "wb") as file:
            file.write(root.encode().ljust(WATCH_ROOM, b"\0") + struct.pack("=II", FUSE, SLOW_CALLS))
            file.truncate(WATCH_BYTES)
        with open(path, "r+b") as file:
            return mmap.mmap(file.fileno(), 0)

    def set_slow(self, delay_ms):
        struct.pack_into("=i", self.watch, WATCH_ROOM + 8, delay_ms)

    def waiting(self):
        return struct.unpack_from("=I", self.watch, WATCH_ROOM + 12)[0]

    def start(self):
        reader, writer = os.pipe()
        self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer,
                                        env=self.environment, start_new_session=True)
        os.close(writer)
        self.log.touch()
        threading.Thread(target=self.copy_log, args=(reader,), daemon=True).start()
        while not self.is_ready(0):
            if self.process.poll() is not None:
                raise HarnessError(f"the server ended before it was ready:\n{self.tail()}")
            time.sleep(0.02)

    def copy_log(self, reader):
        with self.log.open("ab", buffering=0) as log:
            awake_until = time.monotonic() + LOG_AWAKE_S
            while data := os.read(reader, 65536):
                log.write(data)
                if self.reader_sleeps and time.monotonic() > awake_until:
                    time.sleep(LOG_ASLEEP_S)
                    awake_until = time.monotonic() + LOG_AWAKE_S

    def reports(self):
        return [path.read_text(errors="replace") for path in Path(self.directory).glob("sanitizer.*")]

    def usage(self):
        """Resident MiB, descriptors, threads, seconds of processor time."""
        base = f"/proc/{self.process.pid}"
        with open(f"{base}/statm") as file:
            resident = int(file.read().split()[1]) * mmap.PAGESIZE >> 20
        with open(f"{base}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return resident, len(os.listdir(f"{base}/fd")), int(fields[17]), seconds


class Seat:
    """One attack that goes on: a process with some address for some time, then the next one."""

    def __init__(self, storm, attack, seed):
        self.storm = storm
        self.attack = attack
        self.random = random.Random(seed)
        self.process = None
        self.next = time.monotonic() + self.random.uniform(0, 1)
        self.output = None

    def source(self):
        if self.attack == "impostor":
            return STRANGER.format(self.random.randint(1, ADDRESSES))
        return ATTACKERS.replace("0/24", str(self.random.randint(1, ADDRESSES)))

    def begin(self):
        life = self.random.randint(LIFE_S[0], max(LIFE_S[0], min(LIFE_S[1], self.storm.given.seconds // 3)))
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["nice", "-n", str(self.storm.given.nice), f"{self.storm.given.programs}/storm_attack", TARGET,
             self.source(), str(life), str(self.random.getrandbits(60)), self.attack],
            stdout=self.output, stderr=self.output, env=self.storm.attack_environment)
        self.storm.started += 1
        # Some are killed in the middle of their work.
        self.kill_at = time.monotonic() + (life / 2 if self.random.random() < 0.3 else life + 30)

    def tick(self, now):
        if self.process is None:
            if now >= self.next:
                self.begin()
        elif self.process.poll() is not None:
            self.end(now)
        elif now >= self.kill_at:
            self.process.kill()

    def end(self, now):
        self.output.seek(0)
        text = self.output.read().decode(errors="replace")
        self.output.close()
        status = self.process.returncode
        if status not in (0, -signal.SIGKILL):
            self.storm.findings.add(f"{self.attack} ended with {status}:\n{text[-3000:]}")
        for line in text.splitlines():
            if line.startswith("FINDING"):
                self.storm.findings.add(line)
            elif line.startswith(f"{self.attack} answered="):
                self.storm.count(self.attack, line)
        self.process = None
        self.next = now + self.random.uniform(*PAUSE_S)

    def kill(self):
        if self.process:
            self.process.kill()

    def wait(self):
        if self.process:
            self.process.wait()
            self.end(time.monotonic())


class Load:
    """Many small changes, whose acknowledged results must be there: the load of the power failures.
    """

    def __init__(self, storm, directory):
        self.storm = storm
        self.directory = Path(directory)
        self.life = 0
        self.acknowledged = 0
        self.process = None

    def tick(self, now):
        if self.process is None:
            self.begin(now)
        elif self.process.poll() is not None or now >= self.until:
            self.end()

    def begin(self, now):
        self.life += 1
        self.record = Path(self.storm.directories.job) / "record"
        self.record.unlink(missing_ok=True)
        self.errors = open(f"{self.storm.directories.job}/load.errors", "w+")
        self.process = subprocess.Popen(
            [f"{self.storm.given.programs}/power_load", TARGET, str(self.record), f"c{self.life}",
             str(self.storm.random.getrandbits(60)), str(LOAD_WORKERS), str(LOAD_STOCK), "1000000000", *LOAD_ACTIONS],
            stdout=subprocess.DEVNULL, stderr=self.errors)
        self.until = now + LOAD_S

    def end(self):
        early = self.process.poll()
        self.process.kill()
        self.process.wait()
        self.process = None
        self.errors.seek(0)
        text = self.errors.read()
        self.errors.close()
        if early is not None or text:
            self.storm.findings.add(f"the load ended with {early}: {text[-2000:]}")
        time.sleep(1)  # requests in flight have arrived by now or never will
        self.judge()

    def break_leases(self, top):
        """Leases of delegated files of the load are all waited for at once, not in turn."""
        for directory, _, files in os.walk(top):
            for file in files:
                try:
                    os.close(os.open(f"{directory}/{file}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW))
                except OSError:
                    pass  # being recalled, or a symbolic link

    def judge(self):
        name = f"c{self.life}"
        self.break_leases(self.directory / name)
        listing = {path: entry for path, entry in listing_of.list_tree(self.directory).items()
                   if path.split("/")[0] == name}
        try:
            workers = model.read_record(self.record.read_text().splitlines())
        except ValueError as error:
            self.storm.findings.add(f"the load was answered {error}")
            return
        self.acknowledged += sum(worker.acknowledged for worker in workers.values())
        for problem in model.judge(workers, listing)[:5]:
            self.storm.findings.add(f"the load: {problem}")
        shutil.rmtree(self.directory / name, ignore_errors=True)


class Storm:
    def __init__(self, given, directories):
        self.given = given
        self.directories = directories
        self.random = random.Random(given.seed)
        self.findings = Findings()
        self.counts = {}
        self.started = 0
        self.load_acknowledged = 0
        self.peak = [0, 0, 0]
        self.over = threading.Event()
        self.disk_worst_s = 0.0
        self.seats = []
        self.probes = []
        self.guest = {}  # stats that it printed about itself
        self.rows = []  # of the table at the end
        self.attack_environment = dict(os.environ, STORM_CORPUS=str(HERE.parent / "fuzz" / "corpus"))
        self.server = self.make_server()

    # ---- what there is

    def make_server(self):
        top, fast = self.directories.job, f"{self.directories.memory}/attacked"
        for name in ("victim", "load", "state"):
            os.mkdir(f"{top}/{name}", mode=0o700 if name == "state" else 0o755)
        os.mkdir(f"{top}/victim/build")
        os.mkdir(fast)
        # The attacked file system has a size limit, and is not on the victim's disk.
        call_libc("mount", b"tmpfs", fast.encode(), b"tmpfs", 0, b"size=1g,nr_inodes=200000")
        for name in ("files", "slow"):
            os.mkdir(f"{fast}/{name}")
            os.chmod(f"{fast}/{name}", 0o777)
        os.symlink(f"{fast}/slow", f"{top}/slow")
        guests, attackers = "client=10.77.0.0/24", f"insecure,client={ATTACKERS}"
        exports = [f"/=local:{top}/load,no_root_squash,insecure,{guests}",
                   f"/victim=local:{top}/victim,no_root_squash,{guests}",
                   f"/peek=local:{top}/victim,ro,{attackers}",
                   f"/attack=local:{fast}/files,no_root_squash,{attackers}",
                   f"/again=local:{fast}/files,root_squash,{attackers}",
                   f"/slow=local:{fast}/slow,no_root_squash,{attackers}",
                   f"/mem=mem:,no_root_squash,{attackers}"]
        argv = [self.given.mainstayd, "--listen", TARGET, "--state", f"{top}/state", "--lease", str(self.given.lease),
                "--grace", "0", "--set", "nfs.memory_mib=1024", *self.given.server]
        for export in exports:
            argv += ["--export", export]
        server = StormServer(argv, top, f"{self.given.programs}/libdisk_watch_library.so")
        server.watch[:WATCH_ROOM] = f"{fast}/slow".encode().ljust(WATCH_ROOM, b"\0")
        return server

    def count(self, attack, line):
        into = self.counts.setdefault(attack, {})
        for word in line.split()[1:]:
            name, _, number = word.partition("=")
            into[name] = into.get(name, 0) + int(number)

    def start_probes(self, seconds):
        environment = dict(os.environ)
        if self.given.on_stall:
            environment["STORM_ON_STALL"] = self.given.on_stall.replace("PID", str(self.server.process.pid))
        for minor in ("1", "0"):
            output = open(f"{self.directories.job}/probe{minor}", "w+")
            process = subprocess.Popen(
                [f"{self.given.programs}/storm_probe", TARGET, "/victim", minor, str(seconds),
                 str(self.given.limit_ms), str(self.server.process.pid)], stdout=output, stderr=output, env=environment)
            self.probes.append((minor, process, output))
        while not (handle := Path(f"{self.directories.job}/probe1").read_text()).endswith("\n"):
            if self.probes[0][1].poll() is not None:
                raise HarnessError(f"the probe does not begin: {handle}")
            time.sleep(0.02)
        self.attack_environment["STORM_VICTIM_FH"] = handle.split("\n")[0]

    def start_attacks(self):
        names = subprocess.run([f"{self.given.programs}/storm_attack", "list"], stdout=subprocess.PIPE, text=True,
                               check=True).stdout.split()
        for name in names:
            if self.given.attack and name not in self.given.attack:
                continue
            for number in range(SEVERAL.get(name, 1)):
                self.seats.append(Seat(self, name, f"{self.given.seed} {name} {number}"))

    # ---- while it lasts

    def weather(self):
        """A thread: attacks, load, the slow disk, stats."""
        began = told = slowed = time.monotonic()
        while not self.over.wait(0.1):
            now = time.monotonic()
            for seat in self.seats:
                seat.tick(now)
            if now - slowed > SLOW_EVERY_S:
                slowed = now
                self.server.set_slow(SLOW_MS[int((now - began) / SLOW_EVERY_S) % len(SLOW_MS)])
            if now - told > TELL_EVERY_S:
                told = now
                self.tell(now - began)
                self.sweep()
            if self.server.died() is not None:
                self.findings.add(f"the server ended by itself with {self.server.died()}")
                break
        self.server.set_slow(0)
        for seat in self.seats:
            seat.kill()
        for seat in self.seats:
            seat.wait()

    def work(self):
        """A thread: the load."""
        load = Load(self, f"{self.directories.job}/load")
        while not self.over.wait(0.1) and self.server.died() is None:
            load.tick(time.monotonic())
        if load.process:
            load.end()
        self.load_acknowledged = load.acknowledged

    def tell(self, seconds):
        usage = self.server.usage()
        self.peak = [max(pair) for pair in zip(self.peak, usage)]
        print(f"{seconds:6.0f} s: server {usage[0]} MiB, {usage[1]} descriptors, {usage[2]} threads, "
              f"{usage[3]:.0f} s of processor time; {self.started} attackers so far, "
              f"{self.server.waiting()} calls wait for the slow disk; the disk's longest sync "
              f"{self.disk_worst_s * 1000:.0f} ms; load {os.getloadavg()[0]:.0f}", flush=True)

    def sweep(self):
        """A local user of the attacked directory removes what is in it."""
        top = f"{self.directories.memory}/attacked/files"
        for name in os.listdir(top):
            if self.random.random() < 0.3:
                shutil.rmtree(f"{top}/{name}", ignore_errors=True)

    def watch_disk(self):
        """A thread: measures a sync of one page on the victim's disk, without any server."""
        descriptor = os.open(f"{self.directories.job}/disk", os.O_RDWR | os.O_CREAT, 0o600)
        while not self.over.wait(DISK_PERIOD_S):
            os.pwrite(descriptor, b"x" * 512, 0)
            began = time.monotonic()
            os.fdatasync(descriptor)
            self.disk_worst_s = max(self.disk_worst_s, time.monotonic() - began)
        os.close(descriptor)

    # ---- its end

    def end_probes(self):
        for minor, process, output in self.probes:
            try:
                status = process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                status = "no end"
            output.seek(0)
            text = output.read()
            lines = [line for line in text.splitlines()[1:] if not line.startswith("so far")]
            print(f"probe 4.{minor}: " + f"\nprobe 4.{minor}: ".join(lines[-60:]), flush=True)
            self.rows += [(f"probe of 4.{minor}: {line.split(' ', 1)[0]}", line.split(" ", 1)[1])
                          for line in lines if line.startswith(("latency", "end"))]
            if status != 0:
                self.findings.add(f"the probe of 4.{minor} ended with {status}")

    def end_server(self):
        try:
            stats = self.server.stats()
            transport = stats["daemon.transport"]
            self.rows += [("connections accepted, refused, displaced", "{accepted}, {refused}, {displaced}"
                           .format(**transport)),
                          ("calls, bytes received, sent", "{calls}, {bytes_in}, {bytes_out}".format(**transport))]
            for event in ("daemon.sessions", "daemon.transport", "daemon.memory", "daemon.limits", "daemon.delegations"):
                print(event, " ".join(f"{name}={number}" for name, number in stats.get(event, {}).items()))
        except HarnessError as error:
            self.findings.add(f"no counters: {error}")
        began = time.monotonic()
        self.server.process.send_signal(signal.SIGTERM)
        try:
            status = self.server.process.wait(120)
            seconds = time.monotonic() - began
            self.rows.append(("SIGTERM ended the server", f"status {status}, after {seconds:.1f} s"))
            if status != 0 or seconds > self.given.end_s:
                self.findings.add(f"SIGTERM ended the server with {status} in {seconds:.1f} s")
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.findings.add("SIGTERM does not end the server")

    def run(self, kernel):
        seconds = self.given.seconds
        self.server.start()
        self.server.reader_sleeps = True
        self.start_probes(seconds)
        self.start_attacks()
        threads = [threading.Thread(target=work) for work in (self.weather, self.work, self.watch_disk)]
        for thread in threads:
            thread.start()
        try:
            if kernel:
                self.run_guest(kernel, seconds)
            else:
                self.wait(seconds)
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        return self.verdict()

    def wait(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.server.died() is None:
            time.sleep(0.1)

    def run_guest(self, kernel, seconds):
        guest = Guest(1, self.directories.job, kernel, "768M")
        session = Session([guest], self.server, seconds + 300)
        status = session.run({
            "command": [str(GUEST_PROGRAM)], "cwd": "/mnt/nfs/build", "clients": 1, "started": time.time(),
            "mounts": [(f"{SERVER_ADDRESS}:/victim", "/mnt/nfs", f"vers={self.given.vers}", [])],
            "environment": {"MS_SECONDS": str(seconds), "MS_LIMIT_MS": str(self.given.limit_ms)}, "verbose": True,
            "shares": [], "visible": [str(HERE.parents[1])]})
        self.guest = session.values
        for finding in session.findings:
            self.findings.add(finding)
        if status != 0:
            self.findings.add(f"the guest ended with {status}")

    def verdict(self):
        if self.server.died() is None:
            self.end_probes()
            self.server.reader_sleeps = False
            self.tell(self.given.seconds)
            self.end_server()
        for report in self.server.reports():
            self.findings.add(f"a sanitizer says\n{report[:8000]}")
        for attack in sorted(self.counts):
            print(f"{attack:12}", " ".join(f"{name}={number}" for name, number in self.counts[attack].items()))
        self.print_table()
        if self.findings.all and self.given.logs:
            os.makedirs(self.given.logs, exist_ok=True)
            for name in ("server.log", "probe0", "probe1", "record"):
                if os.path.exists(f"{self.directories.job}/{name}"):
                    shutil.copy(f"{self.directories.job}/{name}", self.given.logs)
        return 1 if self.findings.all else 0

    def print_table(self):
        """The table of docs/robustness.md."""
        total = {name: sum(count[name] for count in self.counts.values())
                 for name in ("answered", "delayed", "refused", "broken")}
        rows = [("time, seed", f"{self.given.seconds} s, {self.given.seed}"),
                *((f"guest: {name}", value) for name, value in self.guest.items()), *self.rows,
                ("acknowledged changes of the load, all there", self.load_acknowledged),
                ("attackers; of those that told: requests OK, DELAY, other errors, broken off",
                 f"{self.started}; {', '.join(str(number) for number in total.values())}"),
                ("server's peak", f"{self.peak[0]} MiB, {self.peak[1]} descriptors, {self.peak[2]} threads"),
                ("the disk's longest sync, without a server", f"{self.disk_worst_s * 1000:.0f} ms"),
                ("findings", len(self.findings.all))]
        print("| | |\n|---|---|")
        for name, value in rows:
            print(f"| {name} | {value} |")


def arguments():
    programs = f"{HERE.parents[1]}/build/check"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mainstayd", default=f"{programs}/mainstayd", metavar="PROGRAM")
    parser.add_argument("--programs", default=f"{programs}/tests/fault", metavar="DIR")
    parser.add_argument("--minutes", type=float, metavar="N")
    parser.add_argument("--seconds", type=int, default=60, metavar="N")
    parser.add_argument("--vers", default="4.1", help="that the guest mounts with")
    parser.add_argument("--no-guest", action="store_true", help="probes and load only")
    parser.add_argument("--attack", action="append", metavar="NAME", help="not all of them; repeatable")
    parser.add_argument("--server", action="append", default=[], metavar="OPTION", help="one more for mainstayd")
    parser.add_argument("--limit-ms", type=int, default=1000, help="of what anything may take (default 1000)")
    parser.add_argument("--end-s", type=int, default=END_LIMIT_S, help="in which SIGTERM ends the server")
    parser.add_argument("--lease", type=int, default=15, help="of the server, in seconds (default 15)")
    parser.add_argument("--nice", type=int, default=10, help="of the attackers (default 10)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1000000)
    parser.add_argument("--logs", metavar="DIR", help="where to keep the logs of a failure")
    parser.add_argument("--on-stall", metavar="COMMAND", help="for the shell, when a probe waits for half a second; "
                        "PID in it is the server's")
    parser.add_argument("--unpack", default="/var/tmp", help="where to unpack a packed kernel")
    given = parser.parse_args()
    if given.minutes:
        given.seconds = int(given.minutes * 60)
    return given


def main():
    given = arguments()
    given.mainstayd, given.programs = os.path.realpath(given.mainstayd), os.path.realpath(given.programs)
    for program in (given.mainstayd, f"{given.programs}/storm_attack"):
        if not os.access(program, os.X_OK):
            return skip(f"no {program}")
    print(f"seed {given.seed}", flush=True)

    def work(_job, kernel, directories, _started):
        make_network(0 if given.no_guest else 1)
        return Storm(given, directories).run(None if given.no_guest else kernel)

    return run(Job(command=[], make_server=None, unpack=given.unpack), work)


if __name__ == "__main__":
    sys.exit(main())
