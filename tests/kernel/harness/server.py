# SPDX-License-Identifier: Apache-2.0
"""The server under test as a process that a test can stop, kill, start again and steer."""

import http.client
import json
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
OPERATION = re.compile(r'^mainstay_operations_total\{[^}]*\bop="([A-Z_]+)"[^}]*\} ([0-9]+)$', re.MULTILINE)
LOCAL_CALLS = {"mkdir": os.mkdir, "rename": os.rename, "rmdir": os.rmdir, "unlink": os.unlink}
ADMIN_LIMIT_S = 20
ANSWER_MAX = 3000
RELOADED = "daemon.reload_done"
CERTIFICATES_READ = " tls.load "
RELOAD_ERROR = "daemon.reload error="
PORT = 2049
PORT_BEHIND_PROXY = 12049
BACKLOG = 4096
LISTEN_FDS_START = 3  # sd_listen_fds(3)
HAND_OVER = ("sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh")


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
        self.held = None  # its socket, if that outlives it

    def hold(self):
        """Listen for it from now on, and hand it the socket at each start, as systemd does."""
        self.held = socket.create_server((SERVER_ADDRESS, self.port), backlog=BACKLOG)

    def release(self):
        """From its next start on, which is now, it listens itself."""
        self.stop()
        self.held.close()
        self.held = None
        self.start()

    def start(self):
        offset = self.log.stat().st_size if self.log.exists() else 0
        given = {"preexec_fn": lambda: os.dup2(self.held.fileno(), LISTEN_FDS_START, inheritable=True),
                 "pass_fds": (LISTEN_FDS_START,)} if self.held else {}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*(HAND_OVER if self.held else ()), *self.argv],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                            start_new_session=True, **given)
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
        if action == "release":
            self.release()
            return
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

    def stats(self, figures=None):
        """Its stats, logged on request (SIGUSR1): {event: {name: number}}; the key is the event, with the
        operation if the line names one ("daemon.callback CB_RECALL"). All, or those of {event: names}."""
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
            if STATS_LAST in found and not figures:
                return found
            if STATS_LAST in found:
                return {event: {name: found[event][name] for name in names}
                        for event, names in figures.items() if event in found}
            if time.monotonic() > limit:
                raise HarnessError(f"the server logs no counters:\n{self.tail()}")
            time.sleep(0.02)

    def tail(self, lines=40):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


class AdminConnection(http.client.HTTPConnection):
    """To the socket of the admin endpoint."""

    def __init__(self, path):
        super().__init__("localhost", timeout=ADMIN_LIMIT_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Mainstayd(Server):
    """With its admin endpoint, its command line, and the exports of its configuration file if it has one."""

    def __init__(self, argv, program, directory, exports, port):
        super().__init__(argv, f"{directory}/server.log", ready=r"mainstayd: ready on", port=port)
        self.directory = directory
        self.socket = f"{directory}/state/admin.sock"
        self.command = os.path.join(os.path.dirname(program), "mainstay")
        self.exports = exports

    def rest(self, method, path, body=None):
        """A request to the REST interface: [status, value]. $DIR in the body is the directory of this run. The value is
        None if it is too long for the serial line of a guest, which fails after that."""
        data = None if body is None else json.dumps(body).replace("$DIR", self.directory)
        connection = AdminConnection(self.socket)
        try:
            connection.request(method, f"/api/v1{path}", data, {"Content-Type": "application/json"} if data else {})
            reply = connection.getresponse()
            text = reply.read()
            return [reply.status, json.loads(text) if 0 < len(text) < ANSWER_MAX else None]
        except (OSError, http.client.HTTPException) as error:
            raise HarnessError(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()

    def operations(self):
        """How many operations it has executed since it started: {name: number}, of all minor versions."""
        connection = AdminConnection(self.socket)
        found = {}
        try:
            connection.request("GET", "/metrics")
            for name, number in OPERATION.findall(connection.getresponse().read().decode()):
                found[name] = found.get(name, 0) + int(number)
        except (OSError, http.client.HTTPException) as error:
            raise HarnessError(f"/metrics: {error!r}") from error
        finally:
            connection.close()
        return {name: number for name, number in found.items() if number}

    def local(self, call, arguments):
        """A system call of a local program, with paths below the directory of the first export."""
        if call not in LOCAL_CALLS:
            raise HarnessError(f"unknown call {call}")
        try:
            LOCAL_CALLS[call](*(f"{self.exports[0].directory}/{argument}" for argument in arguments))
        except OSError as error:
            raise HarnessError(f"{call} of a local program: {error}") from error

    def acl(self, options, path):
        """What getfacl, or setfacl if there are options, of a local program prints."""
        command = ["setfacl", *options] if options else ["getfacl", "--omit-header", "--numeric", "--no-effective",
                                                           "--absolute-names"]
        done = subprocess.run([*command, f"{self.exports[0].directory}/{path}"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise HarnessError(f"{' '.join(command)}: {done.stdout}")
        return done.stdout

    def label(self, path):
        """The security label that a file has there."""
        return os.getxattr(f"{self.exports[0].directory}/{path}", "security.selinux", follow_symlinks=False).decode()

    def mainstay(self, arguments):
        """What the command line prints, with --json."""
        done = subprocess.run([self.command, "--admin", f"unix:{self.socket}", "--json", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=ADMIN_LIMIT_S,
                              check=False)
        if done.returncode != 0:
            raise HarnessError(f"mainstay {' '.join(arguments)}: {done.stdout}")
        return json.loads(done.stdout)

    def configure(self, keys, more):
        """Write the configuration file: the run's exports, all with these keys, and more exports."""
        exports = [{**export.keys(), **keys} for export in self.exports] + more
        text = json.dumps({"exports": exports}, indent=1)  # which is YAML, too
        path = configuration(self.directory)
        Path(f"{path}.new").write_text(text.replace("$DIR", self.directory) + "\n")
        os.rename(f"{path}.new", path)

    def reload(self, keys, more):
        """Change the configuration file, and have it read."""
        self.configure(keys, more)
        self.reread()

    def reread(self, done=RELOADED):
        """Have it read its files again (SIGHUP), until it logs that it has."""
        before, errors = self.logged(done), self.logged(RELOAD_ERROR)
        self.process.send_signal(signal.SIGHUP)
        limit = time.monotonic() + ADMIN_LIMIT_S
        while self.logged(done) == before:
            if self.logged(RELOAD_ERROR) > errors or time.monotonic() > limit:
                raise HarnessError(f"the configuration is not reloaded:\n{self.tail()}")
            time.sleep(0.005)


class Export:
    """One export of a theme: options are mainstayd's; directory None is a RAM file system."""

    def __init__(self, pseudo, options="", directory=None):
        self.pseudo = pseudo
        self.options = options
        self.directory = directory

    def argument(self):
        backend = f"local:{self.directory}" if self.directory else "mem:"
        return f"{self.pseudo}={backend}" + (f",{self.options}" if self.options else "")

    def keys(self):
        """As it stands in a configuration file; of the options only no_root_squash."""
        backend = {"backend": "local", "argument": self.directory} if self.directory else {"backend": "mem"}
        squash = {"squash": self.options} if self.options else {}
        return {"path": self.pseudo, **backend, **squash}


def configuration(directory):
    return f"{directory}/mainstay.conf"


def mainstayd(program, exports, directory, extra=(), launcher=(), user=0, port=PORT, configured=False, held=False):
    """The server under test; with fewer privileges when a launcher (setpriv) and a user are given; with its exports
    in a configuration file if it is `configured`, else as options; with a socket that is `held` for it."""
    state = f"{directory}/state"
    command = program
    os.mkdir(state, mode=0o700)
    if user:
        # The build directory may be accessible to root only, and the program has to bind a low port.
        program = shutil.copy(program, f"{directory}/mainstayd")
        os.chown(state, user, user)
        Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")
    argv = [*launcher, program, "--listen", f"{SERVER_ADDRESS}:{port}", "--state", state]
    argv += ["--config", configuration(directory)] if configured else []
    for export in [] if configured else exports:
        argv += ["--export", export.argument()]
    server = Mainstayd(argv + list(extra), command, directory, exports, port)
    if configured:
        os.mkdir(f"{directory}/extra")  # for exports that guests add
        server.configure({}, [])
    if held:
        server.hold()
    return server


def ganesha(exports, directory, grace, port=PORT, flavors=()):
    """NFS-Ganesha with the same exports, to tell a fault of the server from one of the test."""
    blocks = [f"""
NFS_CORE_PARAM {{ NFS_Port = {port}; NFS_Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false;
                 Enable_UDP = false; Bind_addr = {SERVER_ADDRESS}; }}
NFSv4 {{ Graceless = {"false" if grace else "true"}; Only_Numeric_Owners = true; RecoveryBackend = fs;
        RecoveryRoot = "{directory}/recovery"; Lease_Lifetime = 10; Grace_Period = {grace or 10}; }}
LOG {{ Default_Log_Level = EVENT; }}"""]
    if flavors:
        blocks.append(f'NFS_KRB5 {{ PrincipalName = nfs; KeytabPath = {os.environ["KRB5_KTNAME"]}; Active_krb5 = true; }}')
    for number, export in enumerate(exports, 1):
        options = dict(item.partition("=")[::2] for item in export.options.split(",") if item)
        squash = next((name for name in ("No_Root_Squash", "All_Squash") if name.lower() in options),
                      "Root_Squash")
        anonymous = "".join(f"Anonymous_{kind} = {options.get('anon' + kind, 65534)}; "
                            for kind in ("uid", "gid"))
        backend = "VFS" if export.directory else "MEM"
        blocks.append(f"""
EXPORT {{ Export_Id = {number}; Filesystem_Id = {1000 + number}.{number}; Pseudo = {export.pseudo};
         Path = {export.directory or f"/mem{number}"}; Protocols = 4; Transports = TCP; SecType = {",".join(flavors or ("sys",))};
         Access_Type = {"RO" if "ro" in options else "RW"}; Squash = {squash}; {anonymous}
         FSAL {{ Name = {backend}; }} }}""")
    Path(f"{directory}/ganesha.conf").write_text("\n".join(blocks) + "\n")
    Path(f"{directory}/recovery").mkdir()
    argv = ["ganesha.nfsd", "-F", "-f", f"{directory}/ganesha.conf", "-L", "/dev/stderr",
            "-p", f"{directory}/ganesha.pid"]
    return Server(argv, f"{directory}/server.log", port=port, must_end_well=False)
