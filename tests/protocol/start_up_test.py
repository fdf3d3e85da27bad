#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What mainstayd says when it starts: what it serves, and what a newcomer has got wrong.  --check says the same of the
latter."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from admin_server import MAINSTAYD, READY, TIMEOUT_S, Server, request, wait_until
from hanging_directory import HangingDirectory, why_not
from suite import run

LIBRARY = os.environ["MACHINE_LIBRARY"]
SOURCE = os.environ["MAINSTAY_SOURCE"]
ROOT = os.geteuid() == 0
NOBODY = 65534
# Types of statfs(2).
EXT4, TMPFS, RAMFS, OVERLAY, FUSE, NFS, CIFS = "ef53", "1021994", "858458f6", "794c7630", "65735546", "6969", "ff534d42"
SOCKET_OF_BOTH = """
import os, socket, sys
both = socket.socket(socket.AF_INET6)
both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
both.bind(("::", 0))
both.listen()
os.dup2(both.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[1], sys.argv[1:])
"""
FIELD = re.compile(r' (\w+)=("(?:[^"\\]|\\.)*"|\S+)')
# Where these tests run may be such a place, or have such files.
OF_THE_MACHINE = {"state_dir.volatile", "state_dir.remote", "export.unstable", "export.remote", "daemon.memory_limit",
                  "gss.keytab_open"}


def events(text, event):
    """The fields of each line of the event."""
    found = [line for line in text.splitlines() if f" {event} " in line]
    return [{key: value.strip('"') for key, value in FIELD.findall(line)} for line in found]


class Start(unittest.TestCase):
    def setUp(self):
        self.own = tempfile.mkdtemp(prefix="mainstay-start-")
        self.addCleanup(shutil.rmtree, self.own)
        self.state = os.path.join(self.own, "state")
        for name in ("container", "KUBERNETES_SERVICE_HOST"):  # where these tests run
            os.environ.pop(name, None)
        self.environment = {}

    def directory(self, name="data", mode=0o755):
        path = os.path.join(self.own, name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        return path

    def file(self, name, text="", mode=0o600):
        path = os.path.join(self.own, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def machine(self, **variables):
        """From now on servers are on a machine of which this is so (tests/lib/machine_library.c)."""
        asan = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
        self.environment = {"LD_PRELOAD": LIBRARY, "ASAN_OPTIONS": asan, **variables}

    def command(self, *options):
        return [MAINSTAYD, "--listen", "127.0.0.1:0", "--state", self.state, *options]

    def launch(self, command, stderr):
        process = subprocess.Popen(command, stderr=stderr, env={**os.environ, **self.environment})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def text(self):
        with open(os.path.join(self.own, "log"), encoding="utf-8") as file:
            return file.read()

    def start(self, *options):
        """A server whose log is a file; it is ready."""
        with open(os.path.join(self.own, "log"), "w", encoding="utf-8") as file:
            process = self.launch(self.command(*options), file)
        wait_until(lambda: READY.search(self.text()) or "daemon.ready" in self.text() or process.poll() is not None)
        self.assertIsNone(process.poll(), self.text())
        return process

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_S), 0)

    def said(self, *options):
        """All that a start says until the server is ready."""
        self.end(self.start(*options))
        return self.text()


class Announcement(Start):
    def test_events(self):
        """One for each export: what it is, for whom, whose its files are, and how it is mounted."""
        data = self.directory()
        process = self.start("--export", f"/data=local:{data},ro,all_squash,anonuid={os.geteuid()}",
                             "--export", "/a b=mem:,client=192.0.2.0/24,client=::1,sec=krb5p:krb5,anonuid=4000000000")
        port = READY.search(self.text())[1]
        self.end(process)
        found = {one["path"]: one for one in events(self.text(), "daemon.serves")}
        self.assertEqual(found["/a b"], {
            "path": "/a b", "backend": "mem", "directory": "", "access": "rw", "clients": "192.0.2.0/24, ::1",
            "files_of": "their callers; root of clients becomes uid 4000000000",
            "security": "krb5p, krb5, without TLS",
            "mount": f"mount -t nfs4 -o port={port},sec=krb5p '127.0.0.1:/a b' /mnt"})
        self.assertEqual((found["/data"]["directory"], found["/data"]["access"], found["/data"]["clients"]),
                         (data, "ro", "everybody"))
        self.assertRegex(found["/data"]["files_of"], rf"\buid {os.geteuid()}\b.*, whoever the caller is$")
        self.assertLess(self.text().index("daemon.serves"), self.text().index("ready on"))
        self.assertNotIn("Mainstay", self.text())

    def test_json(self):
        self.start("--export", "/=mem:", "--log-format", "json")
        lines = [json.loads(line) for line in self.text().splitlines()]
        self.assertEqual([line["path"] for line in lines if line["event"] == "daemon.serves"], ["/"])

    def test_accounts(self):
        """A machine of very many users starts as quickly as others: only the first have names."""
        first = "".join(f"user{number}:x:{number}:1::/:/bin/sh\n" for number in range(1000000, 1002000))
        self.machine(TEST_ACCOUNTS=self.file("passwd", first + "late:x:3000000:1::/:/bin/sh\n"))
        text = self.said("--export", "/first=mem:,all_squash,anonuid=1001999",
                         "--export", "/late=mem:,all_squash,anonuid=3000000")
        self.assertEqual({one["path"]: one["files_of"] for one in events(text, "daemon.serves")},
                         {"/first": "user1001999 (uid 1001999), whoever the caller is",
                          "/late": "uid 3000000, whoever the caller is"})

    def test_stored(self):
        """Exports that an administrator has added are among them; what changes later is not told so."""
        with Server() as server:
            body = json.dumps({"path": "/added", "backend": "mem"}).encode()
            fields = {"Content-Type": "application/json", "Content-Length": str(len(body))}
            reply = request(server.socket, "/api/v1/exports", "POST", fields, body)
            self.assertEqual(reply.status, 201, reply.body)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "daemon.hangup" in server.text() or "daemon.reload" in server.text())
            self.assertEqual([one["path"] for one in events(server.text(), "daemon.serves")], ["/"])
            self.assertEqual(server.stop(), 0)
            server.start()
            self.assertEqual({one["path"] for one in events(server.text(), "daemon.serves")}, {"/", "/added"})

    def test_name(self):
        """Who listens at all addresses is mounted by the name of the machine."""
        text = self.said("--export", "/=mem:", "--listen", "0.0.0.0:0")
        mount = events(text, "daemon.serves")[0]["mount"]
        self.assertRegex(mount, rf"^mount -t nfs4 -o port=\d+ '?{re.escape(socket.gethostname())}:/'? /mnt$")

    def terminal(self, *options):
        """What a terminal shows until the server is ready."""
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        process = self.launch(self.command(*options), follower)
        os.close(follower)
        shown = b""
        while b"ready on" not in shown or not shown.endswith(b"\n"):
            shown += os.read(leader, 65536)
        process.kill()
        return shown.decode().replace("\r\n", "\n")

    def test_terminal(self):
        """People get it to read, and not twice."""
        text = self.terminal("--export", "/data=mem:,ro", "--export", "/a\033[31mb=mem:,all_squash,anonuid=4000000000")
        port = READY.search(text)[1]
        self.assertNotIn("daemon.serves", text)
        block = text[text.index("\nMainstay "):text.index("mainstayd: ready")]
        for words in ("  /data\n    what      files in memory, gone when the server ends, read only\n",
                      "    for       everybody (AUTH_SYS, without TLS)\n",
                      f"    mount     mount -t nfs4 -o port={port} 127.0.0.1:/data /mnt\n",
                      "    files of  uid 4000000000, whoever the caller is\n",
                      "Only clients on this machine reach it",
                      f"To look after it: mainstay --admin unix:{self.state}/admin.sock status\n"):
            self.assertIn(words, block)
        self.assertNotIn("\033", block)

    def test_terminal_none(self):
        """With the configuration of the package."""
        text = self.terminal("--config", os.path.join(SOURCE, "debian/mainstay.conf"))
        self.assertRegex(text, r"\nMainstay \S+ serves nothing yet: mainstay export add ")

    def test_terminal_many(self):
        """Not more than a screen."""
        text = self.terminal("--listen", "0.0.0.0:0", *(word for number in range(40)
                                                        for word in ("--export", f"/{number}=mem:")))
        self.assertEqual(len(re.findall(r"^    mount ", text, re.MULTILINE)), 16)
        self.assertIn("  and 24 more: mainstay export list\n", text)


class Warnings(Start):
    def warned(self, *options, machine=False):
        """The warnings of a start, event -> what they are about, which are those of --check."""
        done = subprocess.run(self.command("--check", *options), env={**os.environ, **self.environment},
                              stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = []
        for text in (done.stderr, self.said(*options)):
            lines = re.findall(r" warn (\S+) about=(.*)", text)
            for event, rest in lines:
                self.assertRegex(rest, r'^".*" note=".+" remedy=".+"$', event)
            found.append([(event, rest[1:rest.index('" note=')]) for event, rest in lines
                          if machine or event not in OF_THE_MACHINE])
        self.assertEqual(found[0], found[1])
        self.assertEqual(len(dict(found[0])), len(found[0]), "twice")
        return dict(found[0])

    def local(self, path, *options):
        """An export in which all belongs to the server's user."""
        return "--export", ",".join((f"/data=local:{path}", f"all_squash,anonuid={os.geteuid()}", *options))

    def test_none(self):
        """None in the configuration of the package, nor with an export in it that is as it should be."""
        self.machine(TEST_FILE_SYSTEM=f"{self.own}={EXT4}")
        package = "--config", os.path.join(SOURCE, "debian/mainstay.conf")
        self.assertEqual(set(self.warned(*package, machine=True)) - {"gss.keytab_open", "daemon.memory_limit"}, set())
        self.assertEqual(set(self.warned(*package, *self.local(self.directory()), machine=True)) -
                         {"gss.keytab_open", "daemon.memory_limit"}, set())

    def test_own_user(self):
        """Without root files belong to one user: a warning, unless the export says that."""
        data = self.directory()
        self.assertEqual(self.warned(*self.local(data)), {})
        self.assertEqual(self.warned("--export", f"/data=local:{data},no_root_squash"),
                         {} if ROOT else {"export.own_user": "/data"})
        self.assertEqual(self.warned("--export", "/data=mem:"), {})

    def test_unwritable(self):
        """Nobody can write where only root may and root is squashed, or where the server may not."""
        data = self.directory(mode=0o755 if ROOT else 0o555)
        wrong = {"export.unwritable": "/data"}
        squashed = "--export", f"/data=local:{data},all_squash"
        self.assertEqual(self.warned(*squashed), wrong)
        self.assertEqual(self.warned("--export", f"/data=local:{data},all_squash,ro"), {})
        os.chmod(data, 0o1777)
        self.assertEqual(self.warned(*squashed), {})

    def test_unwritable_by_root(self):
        """root is squashed by default; that is no mistake if there is something for others."""
        if not ROOT:
            return  # such a server does everything as its own user
        data = self.directory()
        plain = "--export", f"/data=local:{data}"
        wrong = {"export.unwritable": "/data"}
        self.assertEqual(self.warned(*plain), wrong)
        self.assertEqual(self.warned("--export", f"/data=local:{data},no_root_squash"), {})
        os.chown(data, 0, 1000)
        os.chmod(data, 0o2775)
        self.assertEqual(self.warned(*plain), {})
        os.chown(data, 0, 0)
        self.assertEqual(self.warned(*plain), wrong)
        self.directory("data/of_root")
        self.assertEqual(self.warned(*plain), wrong)
        os.chown(self.directory("data/home"), 1000, 1000)
        self.assertEqual(self.warned(*plain), {})
        self.assertEqual(self.warned("--export", f"/data=local:{data},all_squash"), wrong)
        os.chown(data, NOBODY, NOBODY)
        self.assertEqual(self.warned("--export", f"/data=local:{data},all_squash"), {})

    def test_mount_that_hangs(self):
        """What is mounted in an export, and does not answer, does not keep the server from its start."""
        why = why_not()
        if why:
            self.skipTest(why)
        data = self.directory()
        with mock.patch.object(tempfile, "tempdir", data), HangingDirectory() as hanging:
            hanging.hang()
            self.end(self.start("--export", f"/data=local:{data}"))

    def test_read_only(self):
        """As systemd makes directories for services."""
        data = self.directory()
        self.machine(TEST_READ_ONLY=data)
        self.assertEqual(self.warned(*self.local(data)), {"export.unwritable": "/data"})
        self.assertIn("ReadWritePaths=", self.text())
        self.assertEqual(self.warned(*self.local(data, "ro")), {})

    def test_unanswered(self):
        """What hangs keeps the server from nothing but its warnings."""
        data = self.directory()
        self.machine(TEST_HANGS=data)
        self.assertEqual(self.warned(*self.local(data)), {"export.unanswered": data})

    def test_file_system_of_export(self):
        data = self.directory()
        for kind, event in ((EXT4, None), (TMPFS, None), (NFS, "export.remote"), (CIFS, "export.remote"),
                            (OVERLAY, "export.unstable"), (FUSE, "export.unstable")):
            self.machine(TEST_FILE_SYSTEM=f"{data}={kind}")
            found = self.warned(*self.local(data), machine=True)
            self.assertEqual({one for one in found if one in ("export.remote", "export.unstable")}, {event} - {None})

    def test_not_cached(self):
        """attribute_cache, where there is nothing that it could do."""
        data = self.directory()
        for word in ("own", "watched"):
            self.assertEqual(self.warned("--export", f"/data=mem:,attribute_cache={word}"),
                             {"export.not_cached": "/data"})
        self.assertEqual(self.warned("--export", "/data=mem:,attribute_cache=off"), {})
        for kind, wrong in ((EXT4, False), (TMPFS, False), (NFS, True), (OVERLAY, True), (FUSE, True)):
            self.machine(TEST_FILE_SYSTEM=f"{data}={kind}")
            self.assertEqual("export.not_cached" in self.warned(*self.local(data, "attribute_cache=own")), wrong)
            self.assertNotIn("export.not_cached", self.warned(*self.local(data)))

    def test_state_directory(self):
        """It has to last, if what is served does."""
        local = self.local(self.directory())
        for kind, container, options, event in (
                (EXT4, "", local, None), (TMPFS, "", local, "state_dir.volatile"),
                (TMPFS, "", (), "state_dir.volatile"),
                (OVERLAY, "", local, None), (RAMFS, "", local, "state_dir.volatile"),
                (TMPFS, "", ("--export", "/=mem:"), None),
                (OVERLAY, "podman", local, "state_dir.volatile"), (NFS, "", local, "state_dir.remote"),
                (CIFS, "", ("--export", "/=mem:"), "state_dir.remote")):
            if not options:
                options = "--config", self.file("none.conf", "exports: []\n")
            self.machine(TEST_FILE_SYSTEM=f"{self.own}={kind}", **({"container": container} if container else {}))
            found = self.warned(*options, machine=True)
            self.assertEqual({one: about for one, about in found.items() if one.startswith("state_dir.")},
                             {event: self.state} if event else {}, (kind, options))

    def outside(self):
        """The beginning of a command that runs where there are a public and a private address."""
        address = ("ip address add 198.18.0.1/32 dev lo && ip address add 9.9.9.9/32 dev lo && ip link set lo up && "
                   'exec "$@"')
        command = ["unshare", *(() if ROOT else ("--user", "--map-root-user")), "--net", "sh", "-c", address, "sh"]
        if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("this user may have no network of its own")
        return command

    def test_public(self):
        """Only where the whole Internet may come, and be anybody."""
        outside = self.outside()
        for listen, option, public in (
                ("0.0.0.0:0", "", True), ("9.9.9.9:0", "", True), ("198.18.0.1:0", "", False),
                ("127.0.0.1:0", "", False), ("0.0.0.0:0", ",client=10.0.0.0/8", False),
                ("0.0.0.0:0", ",client=0.0.0.0/0,client=::/0", False), ("0.0.0.0:0", ",ro", True),
                ("0.0.0.0:0", ",sec=krb5p:sys", True), ("0.0.0.0:0", ",sec=krb5p", False),
                ("0.0.0.0:0", ",xprtsec=tls", True), ("0.0.0.0:0", ",xprtsec=mtls", False)):
            done = subprocess.run([*outside, *self.command("--check", "--listen", listen, "--export",
                                                           f"/data=mem:{option}")],
                                  stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = events(done.stderr, "export.public")
            self.assertEqual([one["about"] for one in found], ["/data"] if public else [], (listen, option))
            if public:
                self.assertIn("9.9.9.9,", found[0]["note"])

    def test_public_by_socket(self):
        """A socket of the service manager takes clients with IPv4 addresses, too."""
        if not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6")
        command = [*self.outside(), sys.executable, "-c", SOCKET_OF_BOTH, MAINSTAYD, "--state", self.state, "--export",
                   "/data=mem:"]
        process = self.launch(command, subprocess.PIPE)
        text = ""
        for line in process.stderr:
            text += line.decode()
            if "ready on" in text:
                break
        process.stderr.close()
        self.assertIn("ready on [::]:", text)
        self.assertEqual([one["about"] for one in events(text, "export.public")], ["/data"])

    def test_secrets(self):
        """Keys that every user can read."""
        key, cert = self.file("key"), os.path.join(self.own, "cert")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", cert], stderr=subprocess.DEVNULL, check=True)
        keytab = self.file("keytab")
        options = ("--export", "/=mem:", "--tls-cert", cert, "--tls-key", key, "--keytab", keytab)
        for mode, found in ((0o600, {}), (0o640, {}), (0o644, {"gss.keytab_open": keytab, "tls.key_open": key}),
                            (0o602, {"gss.keytab_open": keytab, "tls.key_open": key})):
            os.chmod(key, mode)
            os.chmod(keytab, mode)
            warned = self.warned(*options, machine=True)
            self.assertEqual({one: about for one, about in warned.items() if one.endswith("_open")}, found)

    def test_memory(self):
        """The budget has room in the control group, or not; the default always has."""
        group = self.directory("group")
        self.machine(TEST_CGROUP=self.file("cgroup", f"0::/../../..{group}\n"))
        if not os.path.isdir("/sys/fs/cgroup"):
            self.skipTest("this machine has no control groups")
        for limit, mib, few in (("max", 100, False), (200 << 20, 100, False), (200 << 20, 300, True)):
            self.file("group/memory.max", f"{limit}\n")
            found = self.warned("--export", "/=mem:", "--set", f"nfs.memory_mib={mib}", machine=True)
            self.assertEqual(found.get("daemon.memory_limit"), "nfs.memory_mib" if few else None)
        self.file("group/memory.max", f"{200 << 20}\n")
        self.assertNotIn("daemon.memory_limit", self.warned("--export", "/=mem:", machine=True))

    def test_connections(self):
        options = "--export", "/=mem:", "--descriptors", "512"
        self.assertEqual(self.warned(*options), {})
        self.assertEqual(self.warned(*options, "--set", "transport.max_connections=20"), {})
        self.assertEqual(self.warned(*options, "--set", "transport.max_connections=5000"),
                         {"daemon.connections_few": "transport.max_connections"})

    def test_clock(self):
        """A jump is told once, with its size."""
        clock = self.file("clock", "0\n")
        self.machine(TEST_CLOCK=clock)
        process = self.start("--export", "/=mem:")
        process.send_signal(signal.SIGUSR1)  # at the end of the second's turn the clock has been read
        wait_until(lambda: "daemon.delegations" in self.text())
        self.assertNotIn("daemon.clock_jump", self.text())
        for before, ahead, words in ((0, 7200, "forward"), (7200, 7100, "back")):
            self.replace(clock, f"{ahead}\n")
            wait_until(lambda: words in str(events(self.text(), "daemon.clock_jump")))
            jump = events(self.text(), "daemon.clock_jump")[-1]
            self.assertAlmostEqual(int(jump["ms"]), (ahead - before) * 1000, delta=900)
        self.assertEqual(len(events(self.text(), "daemon.clock_jump")), 2)
        self.end(process)

    def replace(self, path, text):
        os.rename(self.file("new", text), path)


if __name__ == "__main__":
    run()
