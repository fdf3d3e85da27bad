#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`mainstay`: each command against a running mainstayd, what it says and with which exit status, and what it says of
mistakes. S20-28 S20-50."""

import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from admin_server import BIN, FULL, READ, Server, request, wait_until
from krb5_check_test import Realm
import nfs_client as nfs
from nfs_client import Client
import suite

MAINSTAY = os.path.join(BIN, "mainstay")
PKI = os.path.join(os.environ["MAINSTAY_SOURCE"], "tests/lib/pki")
MAINSTAYD = os.path.join(BIN, "mainstayd")
TIMEOUT_S = 60
TOKENS = (f"full {FULL}", f"read {READ}")
RAN = set()  # commands that have succeeded


def mainstay(*arguments, env=None):
    return subprocess.run([MAINSTAY, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
                          env={**os.environ, **(env or {})})


def patch_settings(path, changes):
    body = json.dumps(changes).encode()
    reply = request(path, "/api/v1/settings", "PATCH",
                    {"Content-Type": "application/json", "Content-Length": str(len(body))}, body)
    assert reply.status == 200, reply.body


@functools.cache
def commands():
    """All of them, as --help lists them: ("client", "list"), ("status",)."""
    def terms(text):
        return re.findall(r"(?m)^  ([a-z0-9]+)", text)

    found = []
    for noun in terms(mainstay("--help").stdout):
        lines = mainstay(noun, "--help").stdout
        if lines.startswith(f"usage: mainstay {noun} COMMAND"):
            found += [(noun, verb) for verb in terms(lines)]
        else:
            found.append((noun,))
    return found


def tearDownModule():  # pylint: disable=invalid-name
    missing = set() if sys.argv[1:] else set(commands()) - RAN  # a choice of tests runs a choice of commands
    assert not missing, f"no test runs {missing}"


class Fixture(unittest.TestCase):
    """A server, and commands to it."""
    OPTIONS = ("--export", "/second=mem:,ro")

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.OPTIONS, tokens=TOKENS).start()
        cls.addClassCleanup(cls.server.__exit__, None)

    def run_cli(self, *arguments):
        return mainstay("--admin", f"unix:{self.server.socket}", *arguments)

    def good(self, *arguments):
        """What it prints; it succeeds and complains of nothing."""
        done = self.run_cli(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        words = [a for a in arguments if not a.startswith("-")]
        RAN.update({tuple(words[:1]), tuple(words[:2])})
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.good("--json", *arguments))

    def bad(self, words, *arguments, status=1):
        done = self.run_cli(*arguments)
        self.assertEqual((done.returncode, done.stdout), (status, ""), arguments)
        self.assertRegex(done.stderr, r"\A(mainstay: [^\n]*\n(  [^\n]*\n)*)+\Z")
        self.assertIn(words, done.stderr)


class Usage(Fixture):
    def test_mistakes(self):
        """Exit status 2 before anything is sent, and the nearest known word."""
        for words, *arguments in (
                ("unknown command 'clent'; did you mean 'client'?", "clent", "list"),
                ("unknown command 'nonsense' (--help lists them)", "nonsense"),
                ("client: which command? `mainstay client --help` lists them; for example mainstay client list",
                 "client"),
                ("client: unknown command 'lst'; did you mean 'list'?", "client", "lst"),
                ("client: unknown command 'revoke' (`mainstay client --help` lists them)", "client", "revoke"),
                ("client show: expected one CLIENT, got 0; for example mainstay client show", "client", "show"),
                ("client show: expected one CLIENT, got 2", "client", "show", "a", "b"),
                ("status: expected no arguments, got 1", "status", "now"),
                ("open list: unknown option '--pth'; did you mean '--path'?", "open", "list", "--pth", "/x"),
                ("client list: unknown option '--path'", "client", "list", "--path", "/x"),
                ("open list: option '--path' needs a value: PATH", "open", "list", "--path"),
                ("open list: option '--path' is given twice", "open", "list", "--path", "/", "--path", "/"),
                ("export remove: option '--force' takes no value", "export", "remove", "/x", "--force=yes"),
                ("unknown option '--jsn'; did you mean '--json'?", "--jsn", "status"),
                ("unknown option '-j'", "status", "-j"),
                ("setting set: unknown option '-5' (--help lists them; -- stands before a word that begins with a "
                 "hyphen)", "setting", "set", "nfs.slots", "-5"),
                ("drain: option '--timeout' wants 0 to 86400 seconds, not 'abc'", "drain", "--timeout", "abc"),
                ("drain: option '--timeout' wants 0 to 86400 seconds, not '86401'", "drain", "--timeout=86401"),
                ("not '-1'", "drain", "--timeout", "-1"), ("not ''", "drain", "--timeout="),
                ("setting set: expected NAME VALUE [NAME VALUE]..., got 1", "setting", "set", "nfs.slots"),
                ("setting set: nfs.slots has no value; for example", "setting", "set", "nfs.lease_s", "9", "nfs.slots"),
                ("nfs.slots is given twice", "setting", "set", "nfs.slots", "9", "nfs.slots", "8"),
                ("setting show: expected NAME..., got 0", "setting", "show"),
                ("export add: '/x': expected PATH=BACKEND[:ARGUMENT][,OPTION...]", "export", "add", "/x"),
                ("export add: unknown option 'asynk'; did you mean 'async'?", "export", "add", "/x=mem:,asynk"),
                ("completion: 'fish': expected bash or zsh", "completion", "fish"),
                ("probe: ':1': the host is missing", "probe", ":1"),
                ("watch: 'host': a directory is HOST:/PATH", "watch", "host"),
                ("probe: --sec is one of sys, none, krb5, krb5i, krb5p", "probe", "a:1", "--sec", "krb6"),
                ("watch: --sec is one of sys, none, krb5, krb5i, krb5p", "watch", "a:/x", "--sec", "tls"),
                ("probe: --tls-ca, --tls-cert, --tls-key and --tls-name go with --tls only", "probe", "a:1",
                 "--tls-ca", "ca.pem"),
                ("probe: --tls-key goes with --tls-cert only", "probe", "a:1", "--tls", "--tls-key", "k.pem")):
            with self.subTest(arguments):
                self.bad(words, *arguments, status=2)

    def test_endpoints(self):
        """Those that cannot be meant."""
        for text in ("", "nonsense", "unix:", "host:", "host:0", "host:65536", "host:x", "host/x:1", "user@host:1",
                     "[::1]", "[::1:1", "::1:1", "http://host:1", ":1", "[host]:1"):
            done = mainstay("--admin", text, "status")
            self.assertEqual((done.returncode, done.stdout), (2, ""), text)
            self.assertIn(f"mainstay: --admin '{text}': expected unix:PATH, HOST:PORT or [ADDR6]:PORT", done.stderr)
        done = mainstay("--admin", "unix:/" + "x" * 200, "status")
        self.assertIn("the path of a socket has at most 107 bytes", done.stderr)

    def test_help_at_every_level(self):
        everything = mainstay("--help").stdout
        for option in ("--admin", "--admin-token", "--json", "--version", "-h, --help"):
            self.assertIn(option, everything)
        self.assertGreater(len(commands()), 15)
        for words in [(), *commands(), *{(words[0],) for words in commands()}]:
            done = mainstay(*words, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(done.stdout.startswith("usage: mainstay "), words)
            self.assertRegex(done.stdout, r"\nexample: mainstay \w")
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80, done.stdout)
            self.assertEqual(done.stdout, mainstay("--help", *words).stdout)
        self.assertRegex(mainstay("--version").stdout, r"\Amainstay \d+\.\d+\.\d+\ncommit: ")

    def test_nothing_to_write_to(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([MAINSTAY, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                                  timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn("mainstay: stdout: No space left", done.stderr)


    def test_nobody_reads(self):
        """Of `mainstay ... | head` nothing is said; the status is that of other programs."""
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([MAINSTAY, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
                              timeout=TIMEOUT_S)
        os.close(writer)
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, ""))


class Examples(Fixture):
    """What --help and the manual page show can be typed as it stands."""
    ABSENT = re.compile(r"no client has|there is (no|nothing)|No such file|not exported|no export has|nothing is exported|"
                        r"Connection refused|export /data|clients see no such|Kerberos fail")
    STREAMS = ("events",)  # without an end: Others.test_events_of_the_example

    def example(self, words):
        text = re.search(r"\nexample: mainstay (.*)", mainstay(*words, "--help").stdout)[1]
        return re.sub(r" >.*", "", text).split()

    def test_each(self):
        """Nothing of it is wrong: it succeeds, or names a client, a file or a directory that is not here."""
        for words in sorted(commands(), key=lambda words: words == ("drain",)):
            example = self.example(words)
            self.assertEqual(example[:len(words)], list(words))
            if words[0] in self.STREAMS:
                continue
            with self.subTest(example):
                done = self.run_cli(*example)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                if done.returncode == 1:
                    self.assertRegex(done.stderr, self.ABSENT)


class Manuals(unittest.TestCase):
    PAGES = (("mainstay", "--man", "mainstay.1"), ("mainstayd", "--man", "mainstayd.8"),
             ("mainstayd", "--config-man", "mainstay.conf.5"), ("mainstay-bench", "--man", "mainstay-bench.1"))

    def page(self, program, option):
        done = subprocess.run([os.path.join(BIN, program), option], capture_output=True, text=True, check=False,
                              timeout=TIMEOUT_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def shown(self, program, option):
        """As man(1) shows it, in lines without a fill."""
        done = subprocess.run(["groff", "-man", "-ww", "-Tascii", "-P-c", "-P-b", "-P-u", "-rLL=2000n"],
                              input=self.page(program, option), capture_output=True, text=True, check=False,
                              timeout=TIMEOUT_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""), program)
        return re.sub(r"\s+", " ", done.stdout)

    @unittest.skipUnless(shutil.which("groff"), "there is no groff")
    def test_pages(self):
        for program, option, name in self.PAGES:
            text = self.shown(program, option)
            title, section = name.rsplit(".", 1)
            self.assertIn(f"{title.upper()}({section})", text)
            self.assertIn(f"NAME {title} - ", text)
            with open(os.path.join(BIN, "man", name), encoding="utf-8") as file:
                self.assertEqual(file.read(), self.page(program, option))

    @unittest.skipUnless(shutil.which("groff"), "there is no groff")
    def test_parts(self):
        """What one looks for in a manual page, and no signs of another format."""
        text = self.shown("mainstayd", "--man")
        self.assertIn(" DESCRIPTION Serves local directories ", text)
        for part in (" SIGNALS SIGTERM, SIGINT ", " SIGHUP Read the configuration file and the file of tokens ",
                     " SIGUSR1 ", " EXIT STATUS 0 ", " FILES /var/lib/mainstay ", " ADMIN ENDPOINT The server ",
                     " /metrics ", "repeatable. Backends: mem, local:DIRECTORY. Options: ro rw ", " systemd ",
                     "mainstay.conf(5), mainstay(1), mainstay-bench(1)"):
            self.assertIn(part, text)
        self.assertNotIn("docs/config.md); ", text)
        text = self.shown("mainstayd", "--config-man")
        self.assertIn(" It is required.", text)
        self.assertNotIn("required: ", text)
        self.assertIn(" EXAMPLES listen: [192.0.2.1:2049] exports: - path: /data ", text)
        for program, option, _ in self.PAGES:
            self.assertNotIn("`", self.shown(program, option))
        self.assertIn(" --warmup S seconds before that", self.shown("mainstay-bench", "--man"))

    @unittest.skipUnless(shutil.which("groff"), "there is no groff")
    def test_all_is_in_them(self):
        text = self.shown("mainstay", "--man")
        for words in commands():
            self.assertIn("mainstay " + " ".join(words), text)
            help_text = mainstay(*words, "--help").stdout
            self.assertIn(re.search(r"(?m)^example: (.*)", help_text)[1], text)
        for program, option, _ in self.PAGES[1::2]:
            text = self.shown(program, option)
            help_text = subprocess.run([os.path.join(BIN, program), "--help"], capture_output=True, text=True,
                                       check=False, timeout=TIMEOUT_S).stdout
            for name in re.findall(r"(?m)^  (--[a-z-]+)", help_text):
                self.assertIn(f" {name} ", text)
        text = self.shown("mainstayd", "--config-man")
        with open(os.path.join(os.environ["MAINSTAY_SOURCE"], "docs/config.md"), encoding="utf-8") as file:
            for name in re.findall(r"(?m)^\| `([a-z_.0-9]+)` \|", file.read()):
                self.assertIn(f" {name} ", text)


class Completion(unittest.TestCase):
    def complete(self, line):
        """What bash offers behind this line."""
        script = ('source <("$1" completion bash); shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '[[ $(complete -p mainstay) != *"-F _mainstay mainstay" ]] || _mainstay; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", MAINSTAY, *line.split(" ")], capture_output=True,
                              text=True, check=False, timeout=TIMEOUT_S,
                              env={**os.environ, "PATH": BIN + ":" + os.environ["PATH"]})
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split())

    def test_without_a_server(self):
        """A directory of state too long for a socket matters to commands that ask the server; root has another one."""
        far = {"XDG_STATE_HOME": "/" + "x" * 120}
        self.assertEqual(mainstay("completion", "bash", env=far).returncode, 0)
        done = mainstay("status", env=far)
        self.assertEqual(done.returncode, 1)
        if os.geteuid() != 0:
            self.assertIn("the path of a socket has at most 107 bytes", done.stderr)

    def test_bash(self):
        RAN.add(("completion",))
        nouns = {words[0] for words in commands()}
        self.assertEqual({w for w in self.complete("mainstay ") if w[0] != "-"}, nouns)
        self.assertEqual(self.complete("mainstay cl"), {"client"})
        self.assertEqual(self.complete("mainstay --js"), {"--json"})
        for noun in nouns:
            verbs = {words[1] for words in commands() if words[0] == noun and len(words) == 2}
            found = {w for w in self.complete(f"mainstay --json {noun} ") if w[0] != "-"}
            self.assertEqual(found, verbs or ({"bash", "zsh"} if noun == "completion" else set()), noun)
        self.assertIn("--path", self.complete("mainstay open list --"))
        self.assertNotIn("--path", self.complete("mainstay client list --"))
        self.assertEqual(self.complete("mainstay --admin "), set())
        self.assertEqual(self.complete("mainstay --admin unix:/x clien"), {"client"})
        self.assertEqual(self.complete("mainstay open list --path "), set())
        self.assertEqual(self.complete("mainstay events --level "), {"error", "warn", "info", "debug"})
        self.assertLessEqual({"callback", "daemon"}, self.complete("mainstay events --level warn --part "))
        self.assertEqual(self.complete("mainstay export set /x no"), {"no_root_squash"})
        self.assertEqual(self.complete("mainstay export set ro"), set())
        self.assertIn("--version", self.complete("mainstay --"))
        self.assertEqual(self.complete("mainstay client --v"), set())

    def test_settings(self):
        """Their names are those of the server that is meant."""
        with Server() as server:
            line = f"mainstay --admin unix:{server.socket} setting "
            for verb in ("show", "set", "unset"):
                self.assertEqual(self.complete(f"{line}{verb} nfs.max_minor"), {"nfs.max_minor_version"})
            self.assertEqual(self.complete(f"{line}set nfs.slots "), set())
            self.assertEqual(self.complete(f"{line}set nfs.slots 7 nfs.sl"), {"nfs.slots"})
            self.assertEqual(self.complete(f"{line}show nfs.slots nfs.sl"), {"nfs.slots"})
        self.assertEqual(self.complete(f"{line}set nfs."), set())

    def test_files(self):
        with tempfile.TemporaryDirectory(prefix="mainstay-cli-") as folder:
            path = os.path.join(folder, "exports")
            with open(path, "w", encoding="utf-8"):
                pass
            self.assertEqual(self.complete(f"mainstay export import {folder}/ex"), {path})
            self.assertEqual(self.complete(f"mainstay --admin-token {folder}/ex"), {path})
            self.assertNotIn("<files>", self.complete("mainstay export import "))
            self.assertEqual(self.complete(f"mainstay client show {folder}/ex"), set())

    @unittest.skipUnless(shutil.which("zsh"), "there is no zsh")
    def test_zsh(self):
        script = mainstay("completion", "zsh").stdout
        self.assertTrue(script.startswith("#compdef mainstay\n"))
        done = subprocess.run(["zsh", "-n"], input=script, capture_output=True, text=True, check=False,
                              timeout=TIMEOUT_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with tempfile.TemporaryDirectory(prefix="mainstay-cli-") as folder:
            with open(os.path.join(folder, "_mainstay"), "w", encoding="utf-8") as file:
                file.write(script)
            for line, offered, others in ((" ", {"open", "client", "--json"}, {"revoke", "--path", "FILES"}),
                                          ("open ", {"list", "revoke"}, {"client", "--path", "show"}),
                                          ("--admin unix:/x open li", {"list", "revoke"}, {"client"}),
                                          ("open list ", {"--path", "--client"}, {"list", "--force", "FILES"}),
                                          ("open list --path ", set(), {"--path", "--client", "list"}),
                                          ("completion ", {"bash", "zsh"}, {"list", "FILES"}),
                                          ("--admin-token ", {"FILES"}, {"open", "<files>"}),
                                          ("export import ", {"FILES", "--dry-run"}, {"list", "<files>"})):
                found = self.complete_in_zsh(folder, "mainstay", *line.lstrip().split(" "))
                self.assertEqual((offered - found, others & found), (set(), set()), line)

    def complete_in_zsh(self, folder, *words):
        """What zsh is told, which finds the function in a directory; and the same if it has read it like a script."""
        stubs = ('compadd() { shift; print -l -- "$@"; }; _files() { print FILES; }; compdef() { defined="$*"; }; '
                 'words=("${@:2}"); CURRENT=$#words; ')
        found = []
        for load in ('fpath=("$1"); autoload -Uz _mainstay; _mainstay',
                     'source "$1/_mainstay"; [[ $defined != "_mainstay mainstay" ]] || _mainstay'):
            done = subprocess.run(["zsh", "-f", "-c", stubs + load, "zsh", folder, *words], capture_output=True,
                                  text=True, check=False, timeout=TIMEOUT_S)
            self.assertEqual(done.stderr, "")
            found.append(set(done.stdout.split()))
        self.assertEqual(*found)
        return found[0]


class NoServer(unittest.TestCase):
    def fails(self, *arguments, env=None):
        done = mainstay(*arguments, "status", env=env)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        return done.stderr

    def test_socket(self):
        with tempfile.TemporaryDirectory(prefix="mainstay-cli-") as folder:
            path = os.path.join(folder, "admin.sock")
            self.assertIn(f"unix:{path}: there is no such socket; is mainstayd running", self.fails(f"--admin=unix:{path}"))
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(path)
            self.assertIn(f"unix:{path}: no server listens there", self.fails(f"--admin=unix:{path}"))

    def test_usual_socket(self):
        with tempfile.TemporaryDirectory(prefix="mainstay-cli-") as folder:
            said = self.fails(env={"XDG_STATE_HOME": folder})
            if os.geteuid() == 0:
                self.assertIn("unix:/var/lib/mainstay/admin.sock: ", said)
            else:
                self.assertIn(f"unix:{folder}/mainstay/admin.sock: ", said)
                self.assertIn("\n  a server that root runs is reached with sudo mainstay\n", said)

    def test_address(self):
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % held.getsockname()[1]
            self.assertIn(f"{address}: cannot connect: Connection refused; does mainstayd listen there",
                          self.fails("--admin", address))
        self.assertIn("no..host:1: ", self.fails("--admin", "no..host:1"))

    def test_no_proxy(self):
        """A token goes to nobody else."""
        with socket.create_server(("127.0.0.1", 0)) as proxy, socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % proxy.getsockname()[1]
            self.fails("--admin", "127.0.0.1:%d" % held.getsockname()[1],
                       env={"http_proxy": f"http://{address}", "ALL_PROXY": f"http://{address}"})
            proxy.settimeout(0)
            with self.assertRaises(BlockingIOError):
                proxy.accept()

    def test_other_servers(self):
        for said, words in ((b"", "closed the connection without an answer"),
                            (b"SSH-2.0-x\r\n", ""),
                            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "the answer is not JSON"),
                            (b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", "not JSON"),
                            (b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", "status 500 and no reason")):
            with Peer(said) as peer:
                self.assertIn(words, self.fails("--admin", peer.address))


    def test_top_says_why(self):
        """Also if only what a view needs is refused."""
        def answer(asked):
            good = asked.startswith((b"GET /api/v1/activity ", b"GET /api/v1/server "))
            return b"HTTP/1.1 %s X\r\nContent-Length: 2\r\n\r\n{}" % (b"200" if good else b"503")

        with Peer(answer) as peer:
            for options in ((), ("--json",)):
                done = mainstay("--admin", peer.address, "top", "--view", "sessions", "--batch", "1", *options)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn("top: the server answered a request with status 503\n", done.stderr)


class Peer:
    """Says this, or what a function makes of the request, to whoever connects."""

    def __init__(self, said):
        self.said = said

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def serve(self):
        try:
            while True:
                peer = self.listener.accept()[0]
                with peer:
                    asked = peer.recv(1 << 16)
                    peer.sendall(self.said(asked) if callable(self.said) else self.said)
        except OSError:
            pass

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def answer(value, status="200 OK"):
    body = json.dumps(value).encode()
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status.encode(), len(body)) + body


class Terminal(unittest.TestCase):
    """Whatever a server says, a terminal is not controlled by it."""

    EVIL = "\x1b[2J\x07\r\x7f\x9b1m\u202e\u2066\n"

    def check(self, value, *arguments, status="200 OK", code=0):
        with Peer(answer(value, status)) as peer:
            done = mainstay("--admin", peer.address, *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        for text in (done.stdout, done.stderr):
            self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]")
        return done.stdout + done.stderr

    def test_everywhere(self):
        evil = self.EVIL
        for value in ({evil: evil}, {"a": {evil: [evil, evil]}}, {"a": [{evil: evil}]}):
            self.assertIn("[2J", self.check(value, "status"))
            self.assertIn("[2J", self.check(value, "status", "--json"))
        item = {"id": evil, "owner": evil, "address": evil, "state": evil}
        self.assertIn("[2J", self.check({"items": [item]}, "client", "list"))
        self.assertIn("[2J", self.check({"items": [item]}, "client", "list", "--json"))
        self.assertIn("[2J", self.check({"detail": evil, "reasons": [evil]}, "status", status="409 X", code=1))
        twins = {"items": [{"id": "0" * 15 + str(i), "owner": "x" + evil} for i in range(3)]}
        self.assertIn("could be 3 clients", self.check(twins, "client", "show", "x", code=1))

    def test_a_list_without_end(self):
        """Of a server that turns in a circle: the same page again and again is not a hang, but a list."""
        with Peer(answer({"items": 7})) as peer:
            done = mainstay("--admin", peer.address, "client", "list")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the answer has no list 'items'", done.stderr)


class Access(Fixture):
    def tcp(self, *arguments):
        return mainstay("--admin", "127.0.0.1:%d" % self.server.tcp[1], *arguments)

    def token(self, *lines, mode=0o600):
        folder = tempfile.mkdtemp(prefix="mainstay-cli-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "token")
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
        os.chmod(path, mode)
        return path

    def test_tokens(self):
        for lines in (TOKENS, (f"read {READ}",), (FULL,), ("# comment", "", f"full {FULL}")):
            done = self.tcp("--admin-token", self.token(*lines), "status", "--json")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(json.loads(done.stdout)["pid"], self.server.process.pid)

    def test_none_or_a_wrong_one(self):
        done = self.tcp("status")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("\n  give a file with a token of the server: --admin-token FILE\n", done.stderr)
        done = self.tcp("--admin-token", self.token("full " + "x" * 30), "status")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("\n  the server does not know the token of --admin-token\n", done.stderr)
        self.assertNotIn("x" * 30, done.stderr)

    def test_one_that_may_only_look(self):
        path = self.token(f"read {READ}")
        self.assertEqual(self.tcp("--admin-token", path, "setting", "list").returncode, 0)
        done = self.tcp("--admin-token", path, "setting", "set", "nfs.recall_park_ms", "7")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("token", done.stderr)

    def test_files_of_tokens(self):
        for path, words in ((self.token(FULL, mode=0o640), "can be used by others than its owner; chmod 600 mends that"),
                            (self.token("short"), "has no token; expected a line 'full TOKEN' or 'read TOKEN'"),
                            (self.token("# nothing"), "has no token"), (self.token("x" * 300), "has no token"),
                            (self.token("x" * 20000), "is too long for a file of tokens"),
                            (self.token(f"write {FULL}"), "has no token"), ("/", "is no regular file"),
                            ("/nonexistent/token", "No such file or directory")):
            done = self.tcp("--admin-token", path, "status")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(f"mainstay: --admin-token {path}: {words}", done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can be somebody else")
    def test_another_user(self):
        with tempfile.TemporaryDirectory(prefix="mainstay-cli-") as folder:  # the build may be closed to others
            os.chmod(folder, 0o755)
            program = shutil.copy(MAINSTAY, folder)
            done = subprocess.run([program, "--admin", f"unix:{self.server.socket}", "status"], capture_output=True,
                                  text=True, check=False, timeout=TIMEOUT_S, user=65534, group=65534, extra_groups=[])
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("permission denied: only root and the user of the server may use its socket", done.stderr)


class Settings(Fixture):
    def value(self, name):
        reply = json.loads(request(self.server.socket, f"/api/v1/settings/{name}").body)
        return reply["value"]

    def offered(self):
        """Minor versions, as they are on the wire."""
        report = self.json("probe", f"127.0.0.1:{self.server.port}")
        return [minor["minor"] for minor in report["minor_versions"] if minor["offered"]]

    def test_list_and_show(self):
        listed = self.json("setting", "list")
        names = [s["name"] for s in listed["settings"]]
        self.assertIn("nfs.max_minor_version", names)
        lines = self.good("setting", "list").splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["NAME", *names])
        text = self.good("setting", "show", "nfs.recall_park_ms")
        for part in ("name ", "nfs.recall_park_ms", "wants ", "help "):
            self.assertIn(part, text)
        self.assertEqual(self.json("setting", "show", "nfs.slots")["name"], "nfs.slots")
        self.assertEqual([s["name"] for s in self.json("setting", "show", "nfs.slots", "nfs.lease_s")],
                         ["nfs.slots", "nfs.lease_s"])
        self.bad("unknown setting 'nfs.slotz'; did you mean 'nfs.slots'? (`mainstay setting list` shows all)",
                 "setting", "show", "nfs.slotz")

    def test_set_and_unset(self):
        """The range is set by the command line and read by REST, and the other way round."""
        self.assertEqual(self.good("setting", "set", "nfs.min_minor_version", "1", "nfs.max_minor_version", "1"),
                         "nfs.min_minor_version: 1, was 0\nnfs.max_minor_version: 1, was 2\n")
        self.assertEqual((self.value("nfs.min_minor_version"), self.value("nfs.max_minor_version")), (1, 1))
        self.assertEqual(self.offered(), [1])
        patch_settings(self.server.socket, {"nfs.max_minor_version": 2})
        self.assertEqual(self.json("setting", "show", "nfs.max_minor_version")["value"], 2)
        self.assertEqual(self.offered(), [1, 2])
        self.assertIn("nfs.min_minor_version: 0, was 1", self.good("setting", "unset", "nfs.min_minor_version"))
        after = self.json("setting", "unset", "nfs.max_minor_version")
        self.assertEqual([(s["name"], s["stored"]) for s in after["settings"]], [("nfs.max_minor_version", None)])

    def test_words_flags_and_starts(self):
        self.assertIn("log.level: debug, was info", self.good("setting", "set", "log.level", "debug"))
        for value in ("yes", "no"):  # as lists show it
            self.assertIn(f"nfs.callback_own_address: {value}", self.good("setting", "set", "nfs.callback_own_address",
                                                                          value))
        self.good("setting", "unset", "log.level")
        self.assertRegex(self.good("setting", "set", "nfs.slots", "32"),
                         r"\Anfs.slots: 32, was 64; takes effect for new sessions\n\Z")
        self.good("setting", "unset", "nfs.slots")

    def test_pending(self):
        self.assertEqual(self.good("setting", "list", "--pending"), "none\n")
        self.good("setting", "set", "nfs.lease_s", "47")
        lines = self.good("setting", "list", "--pending").splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertRegex(lines[1], r"\Anfs\.lease_s +\d+ .* 47\Z")
        self.assertRegex(self.good("setting", "unset", "nfs.lease_s"),
                         r"\Anfs\.lease_s: \d+, also after the next start\n\Z")
        self.assertEqual(self.good("setting", "list", "--pending"), "none\n")

    def test_refused(self):
        before = self.json("setting", "list")
        self.bad("nfs.max_minor_version", "setting", "set", "nfs.slots", "7", "nfs.max_minor_version", "3")
        self.bad("nfs.min_minor_version", "setting", "set", "nfs.min_minor_version", "2", "nfs.max_minor_version", "1")
        self.bad("nfs.slots", "setting", "set", "nfs.slots", "many")
        self.bad("unknown setting 'nfs.slot'; did you mean 'nfs.slots'?", "setting", "set", "nfs.slot", "7")
        self.bad("unknown setting 'x\\x1b'", "setting", "unset", "x\x1b")
        self.assertEqual(self.json("setting", "list"), before)

    def test_somebody_else_at_the_same_time(self):
        """Between our look and our change: nothing is changed, and nothing is tried again."""
        with Meddler(self.server.socket) as meddler:
            done = mainstay("--admin", meddler.address, "setting", "set", "nfs.recall_park_ms", "5")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("\n  somebody else changed settings at the same time; look at them with", done.stderr)
        self.assertEqual(meddler.methods, ["GET", "PATCH"])
        self.assertEqual(self.value("nfs.recall_park_ms"), Meddler.VALUE)
        self.good("setting", "unset", "nfs.recall_park_ms")


class Meddler(Peer):
    """Passes requests on to the server, and changes a setting behind the first one."""

    VALUE = 6

    def __init__(self, path):
        super().__init__(b"")
        self.path, self.methods = path, []

    def pass_on(self, data):
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(self.path)
            server.sendall(data)
            got = b""
            while piece := server.recv(1 << 16):
                got += piece
        return got

    def serve(self):
        try:
            while True:
                peer = self.listener.accept()[0]
                with peer:
                    self.serve_one(peer)
        except OSError:
            pass

    def serve_one(self, peer):
        data = peer.recv(1 << 16)
        while b"Content-Length: " in data and \
                len(data.partition(b"\r\n\r\n")[2]) < int(re.search(rb"Content-Length: (\d+)", data)[1]):
            data += peer.recv(1 << 16)
        self.methods.append(data.split()[0].decode())
        peer.sendall(self.pass_on(data))
        if len(self.methods) == 1:
            patch_settings(self.path, {"nfs.recall_park_ms": self.VALUE})


class Holdings(Fixture):
    """What clients have, and taking it away."""

    def setUp(self):
        self.clients = []

    def tearDown(self):
        for client in self.clients:
            client.close()
            request(self.server.socket, f"/api/v1/clients/{client.id}", method="DELETE")

    def client(self, owner, **how):
        """A client with a session, and that session."""
        self.clients.append(Client(self.server.port, owner, **how))
        return self.clients[-1], self.clients[-1].start(flags=nfs.CONN_BACK_CHAN)

    def rows(self, *arguments):
        """The cells of a table; that of --json has as many."""
        lines = self.good(*arguments).splitlines()
        self.assertEqual(len(self.json(*arguments)["items"]), len(lines) - 1)
        return [re.split(r"  +", line) for line in lines]

    def test_status(self):
        self.client("one")
        shown = self.good("status")
        self.assertRegex(shown, r"(?m)^phase +serving$")
        self.assertRegex(shown, r"(?m)^counts:\n    connections +1\n    clients +1\n    sessions +1$")
        self.assertEqual(self.json("status")["counts"]["clients"], 1)

    def test_health(self):
        """The exit status is for those who restart the server, or send clients to it."""
        self.assertEqual(self.json("health", "live"), {"status": "alive"})
        self.assertEqual(self.json("health", "ready"), {"status": "ready"})
        with Server("--lease", "3600") as server:
            client = Client(server.port, "to be awaited")  # a reason for a grace period
            client.start()
            server.stop(signal.SIGKILL)
            server.start()
            self.assertEqual(mainstay("--admin", f"unix:{server.socket}", "health", "live").returncode, 0)
            done = mainstay("--admin", f"unix:{server.socket}", "health", "ready")
            client.close()
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("the grace period is not over", done.stderr)

    def test_clients(self):
        self.assertEqual(self.good("client", "list"), "none\n")
        one, _ = self.client("Linux NFSv4.1 one.example")
        two, _ = self.client("Linux NFSv4.1 zw\u00f6lf")
        rows = self.rows("client", "list", "--wide")
        self.assertEqual(rows[0][:4], ["ID", "OWNER", "VER", "ADDRESS"])
        self.assertEqual({tuple(row[:4]) for row in rows[1:]},
                         {(one.id, one.owner, "4.1", "127.0.0.1"), (two.id, two.owner, "4.1", "127.0.0.1")})
        lines = self.good("client", "list").splitlines()
        self.assertEqual(len({line.index("4.1  ") for line in lines[1:]}), 1)
        for name in (one.id, one.owner, "one.example"):
            self.assertEqual(self.json("client", "show", name)["id"], one.id)
        shown = self.good("client", "show", "one.ex")
        self.assertRegex(shown, r"(?m)^lease age +\d")
        self.assertRegex(shown, r"(?m)^callback path +up$")
        self.bad("no client has the id, owner name or address 'nobody'", "client", "show", "nobody")
        self.bad("there is no such client", "client", "show", "0" * 16)
        done = self.run_cli("client", "show", "127.0.0.1")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(set(done.stderr.splitlines()),
                         {"mainstay: '127.0.0.1' could be 2 clients; name one by its id:",
                          f"  {one.id}  {one.owner}", f"  {two.id}  {two.owner}"})

    def test_long_names(self):
        """A list has both ends of a name, and show has all of it."""
        client, session = self.client("first.example " + "x" * 500 + " last.example")
        for noun in ("client", "session"):
            line = self.good(noun, "list", *(("--wide",) if noun == "client" else ())).splitlines()[1]
            self.assertRegex(line, r" first\.example x+\.\.\.x+ last\.example ")
            self.assertLess(len(line), 150)
        self.assertIn(client.owner, self.good("client", "show", client.id))
        self.assertIn(client.owner, self.good("session", "show", session.id))
        lines = self.good("client", "list").splitlines()
        self.assertLessEqual(max(len(line) for line in lines), 100)
        self.assertRegex(lines[1], r"\Afirst\.exam[ a-z]*\.\.\.[ a-z]*last\.example ")

    def test_order(self):
        """By owner, then by path."""
        sessions = [self.client(f"{name}.example")[1] for name in ("c", "a", "d", "b")]
        for name in ("z", "x", "y"):
            sessions[1].opened(name)
        self.assertEqual([row[0] for row in self.rows("client", "list")[1:]],
                         [f"{name}.example" for name in "abcd"])
        self.assertEqual([row[1] for row in self.rows("session", "list")[1:]],
                         [f"{name}.example" for name in "abcd"])
        self.assertEqual([row[2] for row in self.rows("open", "list")[1:]], ["/x", "/y", "/z"])

    def test_evict(self):
        one, session = self.client("one.example")
        _, other = self.client("two.example")
        done = self.run_cli("client", "evict", "one")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (
            1, "", "mainstay: 'one' is only a part of an owner name; here it must be the whole one, or the id or the "
            f"address of the client:\n  {one.id}  {one.owner}\n"))
        self.bad("no client has the id, owner name or address 'none'", "client", "evict", "none")
        self.assertEqual(self.good("client", "evict", "one.example"), "one.example evicted\n")
        self.assertEqual(session.call()[0], nfs.BADSESSION)
        self.assertEqual(other.call()[0], nfs.OK)
        self.bad("there is no such client", "client", "evict", one.id)

    def test_sessions(self):
        one, session = self.client("one.example")
        _, other = self.client("two.example")
        self.assertEqual({row[0] for row in self.rows("session", "list")}, {"ID", session.id, other.id})
        self.assertEqual([row[:3] for row in self.rows("session", "list", "--client", "one.")],
                         [["ID", "CLIENT", "SLOTS"], [session.id, "one.example", "8"]])
        self.assertEqual(self.json("session", "show", session.id)["client"], one.id)
        self.assertIn("connections:\n    peer", self.good("session", "show", session.id))
        self.assertEqual(self.good("session", "close", session.id), f"{session.id} closed\n")
        self.assertEqual(session.call()[0], nfs.BADSESSION)
        self.bad("", "session", "show", session.id)
        self.bad("", "session", "show", "x/../y")

    def test_pages(self):
        """All of them are followed, to the end."""
        while len(self.clients) * 64 < 1100:
            client, _ = self.client(f"many {len(self.clients)}")
            for _ in range(63):
                client.session()
        listed = self.json("session", "list")
        self.assertEqual((len(listed["items"]), list(listed)), (len(self.clients) * 64, ["items"]))
        self.assertEqual(len({session["id"] for session in listed["items"]}), len(listed["items"]))

    def test_opens_and_locks(self):
        """Who holds this file?"""
        client, session = self.client("holder.example")
        _, other = self.client("other.example")
        opened = session.opened("held")
        session.value(*nfs.lock(opened, client.clientid))
        elsewhere = other.opened("elsewhere")
        self.assertEqual(len(self.rows("open", "list")), 3)
        rows = self.rows("open", "list", "--path", "/held")
        self.assertEqual(rows[1][1:], ["holder.example", "/held", "both", "none", "1"])
        self.assertEqual(self.rows("lock", "list", "--path", "/held")[1][1:],
                         ["holder.example", "locker", "/held", "write", "0", "10"])
        self.assertEqual(self.good("lock", "list", "--client", "other."), "none\n")
        blocks = self.good("file", "show", "/held").split("\n\n")
        self.assertEqual(blocks, ["opens:\n" + self.good("open", "list", "--path", "/held").rstrip(),
                                  "locks:\n" + self.good("lock", "list", "--path", "/held").rstrip(),
                                  "delegations: none\n"])
        self.assertEqual({name: len(held) for name, held in self.json("file", "show", "/held").items()},
                         {"opens": 1, "locks": 1, "delegations": 0})
        self.bad("option '--path': clients see no such file", "file", "show", "/nowhere")
        self.assertEqual(self.good("open", "revoke", rows[1][0]), f"{rows[1][0]} revoked\n")
        self.assertEqual(self.good("lock", "list"), "none\n")
        self.assertNotEqual(session.call(*nfs.read(opened))[0], nfs.OK)
        self.assertEqual(other.call(*nfs.read(elsewhere))[0], nfs.OK)
        self.bad("", "open", "revoke", rows[1][0])
        other.value(*nfs.lock(elsewhere, other.client.clientid))
        lock = self.rows("lock", "list")[1][0]
        self.assertEqual(self.good("lock", "revoke", lock), f"{lock} revoked\n")
        self.assertNotEqual(other.call(*nfs.read(elsewhere))[0], nfs.OK)
        for noun in ("open", "lock", "delegation"):
            self.bad("option '--path': clients see no such file; its path begins with that of an export",
                     noun, "list", "--path", "/nowhere")
            self.bad("option '--export': nothing is exported at this path", noun, "list", "--export", "/nowhere")

    def begin_copies(self, owner):
        """More copies at a time than there are threads, by a client that will not hear of their end; their IDs."""
        _, session = self.client(owner, minor=2)
        source, target = session.opened("big"), session.opened("copied")
        for at in range(0, 32 << 20, 32 << 10):
            session.value(*nfs.write(source, b"x" * (32 << 10), at))
        copies = [session.value(*nfs.copy(source, target, 32 << 20)) for _ in range(40)]
        return [stateid[4:].hex() for begun in copies for stateid in begun]

    def test_copies(self):
        """How far is this copy?  End it."""
        for attempt in range(1000):  # until it is cancelled before it has ended by itself
            owner = f"copier{attempt}.example"
            cancelled = self.begin_copies(owner)[-1]
            done = self.run_cli("copy", "cancel", cancelled)
            if done.returncode == 0:
                break
            self.assertIn("the copy of this ID has ended", done.stderr)
        RAN.add(("copy", "cancel"))
        self.assertEqual(done.stdout, f"{cancelled} cancelled\n")
        wait_until(lambda: self.row_of(cancelled)[4] not in ("waiting", "running"))
        row = self.row_of(cancelled)
        self.assertEqual(row[1:4] + row[5:6] + row[7:8], [owner, "/big", "/copied", "NFS4ERR_IO", "32.0 MiB"])
        self.assertEqual(row[4], "ended")
        self.bad("has ended", "copy", "cancel", cancelled)
        self.bad("there is no copy of this ID", "copy", "cancel", "00" * 12)
        self.bad("option '--export': nothing is exported at this path", "copy", "list", "--export", "/nowhere")
        self.assertEqual(self.good("copy", "list", "--export", "/second"), "none\n")

    def row_of(self, copy):
        return next(row for row in self.rows("copy", "list", "--export", "/") if row[0] == copy)

    def test_delegations(self):
        """Why did this client stop? It is asked for a delegation, and does not return it."""
        _, session = self.client("holder.example")
        _, other = self.client("other.example")
        self.assertIsNotNone(
            session.opened("delegated", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)["delegation"])
        rows = self.rows("delegation", "list", "--path", "/delegated")
        self.assertEqual(rows[1][1:4], ["holder.example", "/delegated", "write"])
        self.assertIn("\ndelegations:\nID ", self.good("file", "show", "/delegated"))
        self.assertEqual(self.json("client", "show", "holder.example")["recalls"], [])
        self.assertEqual(other.call(*other.open("delegated"))[0], nfs.DELAY)
        shown = self.json("client", "show", "holder.example")
        self.assertEqual([recall["path"] for recall in shown["recalls"]], ["/delegated"])
        self.assertRegex(self.good("client", "show", "holder.example"),
                         r"recalls:\n    delegation +path +age\n    [0-9a-f]{24}  /delegated  \d")
        self.assertEqual(self.good("delegation", "revoke", rows[1][0]), f"{rows[1][0]} revoked\n")
        self.assertEqual(other.call(*other.open("delegated"))[0], nfs.OK)
        self.assertEqual(self.good("delegation", "list"), "none\n")

    def waits(self, client, text):
        """What `client show` says of it, as soon as it says this."""
        def shown():
            said = self.good("client", "show", client.id)
            return said if text in said else None
        return wait_until(shown)

    def stopped(self, session, operations, client, text):
        """`client show`, while the server makes a request of that client wait."""
        def attempt():
            xid = session.send(*operations)
            said = self.good("client", "show", client.id)
            self.assertEqual(session.connection.reply(xid)[0], nfs.DELAY)
            return said if text in said else None
        return wait_until(attempt)

    def test_why_waits_for_another(self):
        """It wants what another client does not return; and that one cannot be called any more."""
        changes = {"nfs.recall_park_ms": 1000, "nfs.callback_timeout_ms": 60000}
        patch_settings(self.server.socket, changes)
        self.addCleanup(patch_settings, self.server.socket, dict.fromkeys(changes))
        holder, held = self.client("holder.example")
        wants, session = self.client("wants.example")
        held.opened("wanted", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)
        said = self.stopped(session, session.open("wanted", create=False), wants,
                            "1 request waits until other clients have returned delegations")
        self.assertRegex(said, r"(?m)^lease age +\d.*\nlease +1m30s$")
        self.waits(holder, "it has not answered a callback for ")
        holder.close()
        said = self.waits(holder, "callback to it cannot be sent now")
        self.assertRegex(said, r"(?m)^callback path +down$")
        self.assertRegex(said, r"(?m)^flags:\n    cb_path_down\n    cb_path_down_session$")
        self.assertRegex(said, r"(?m)^    [0-9a-f]{24}  /wanted  \d")
        self.assertEqual(self.rows("client", "list")[0][-1], "CALLBACKS")
        self.assertEqual({row[0]: row[-1] for row in self.rows("client", "list")[1:]},
                         {"holder.example": "down", "wants.example": "up"})

    def test_why_waits_for_a_lock(self):
        """And who has it."""
        holder, held = self.client("holder.example")
        wants, session = self.client("wants.example")
        held.value(*nfs.lock(held.opened("locked"), holder.clientid))
        denied = nfs.lock(session.opened("locked"), wants.clientid, kind=4)
        self.assertEqual(session.call(*denied)[0], nfs.DENIED)
        self.waits(wants, "1 lock owner waits for byte-range locks")
        self.assertEqual([row[1:3] for row in self.rows("lock", "list", "--path", "/locked")[1:]],
                         [["holder.example", "locker"]])
        self.assertEqual({row[1] for row in self.rows("open", "list", "--path", "/locked")[1:]},
                         {"holder.example", "wants.example"})
        self.assertRegex(self.good("client", "show", holder.id), r"(?m)^waits +-$")

    def test_callbacks(self):
        client, session = self.client("holder.example")
        rows = [re.split(r"  +", line) for line in self.good("callback", "list").splitlines()]
        self.assertIn([client.id, "holder.example", "4.1", session.id, "-", "up"], rows)
        self.assertEqual([p["client"] for p in self.json("callback", "list")["paths"]], [client.id])
        self.assertRegex(self.good("callback", "show"), r"\Atotal +\d")
        self.assertIn("retries", self.json("callback", "show"))


class TheServer(Fixture):
    """The server itself."""

    def test_grace(self):
        self.assertRegex(self.good("grace", "show"), r"(?m)^active +no$")
        self.bad("", "grace", "end")
        client = Client(self.server.port, "reclaimer")
        client.start()
        self.server.stop(signal.SIGKILL)
        self.server.start()
        self.assertTrue(self.json("grace", "show")["active"])
        self.assertRegex(self.good("grace", "show"), r"(?m)^ +reclaimer +4\.1 +no$")
        self.assertEqual(self.good("grace", "end"),
                         "the grace period is over\n1 client had not reclaimed, and loses what it held\n")
        self.assertFalse(self.json("grace", "show")["active"])
        client.close()

    def test_identity(self):
        self.assertRegex(self.good("identity", "show", "root"), r"(?m)^uid +0$")
        self.bad("no user has this number", "identity", "show", "4294967295")

    def test_reload(self):
        self.assertEqual(self.good("reload"), "nothing has changed\n")
        self.assertEqual(self.good("reload", "--dry-run"), "nothing has changed\n")

    def follow(self, cause, *arguments):
        """The first line of `mainstay events`, while the cause happens again and again."""
        command = [MAINSTAY, "--admin", f"unix:{self.server.socket}", "events", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            stop = threading.Event()

            def cause_more():
                while not stop.wait(0.1):
                    cause()
            thread = threading.Thread(target=cause_more)
            thread.start()
            line = process.stdout.readline()
            stop.set()
            thread.join()
            process.terminate()
            process.communicate()
        return line

    def hang_up(self):
        self.server.process.send_signal(signal.SIGHUP)

    def evict_somebody(self):
        client = Client(self.server.port, "somebody")
        client.close()
        request(self.server.socket, f"/api/v1/clients/{client.id}", "DELETE")

    def test_events(self):
        line = self.follow(self.hang_up, "--part", "daemon")
        self.assertRegex(line, r'\A\S+ info daemon\.hangup read="')
        words = line.partition(" ")[2]  # those of the log, whose time is taken apart
        wait_until(lambda: words in [one.partition(" ")[2] for one in self.server.text().splitlines(True)])
        event = json.loads(self.follow(self.hang_up, "--part", "daemon", "--json"))
        self.assertEqual(event["event"], "daemon.hangup")
        RAN.add(("events",))
        self.bad("option '--level' wants", "events", "--level", "loud")
        self.bad("option '--part' wants some of admin,", "events", "--part", "nfs")

    def test_events_of_the_example(self):
        example = re.search(r"\nexample: mainstay events (.*)", mainstay("events", "--help").stdout)[1]
        self.assertRegex(self.follow(self.evict_somebody, *example.split()), r"\A\S+ warn client\.evicted ")

    def test_drain(self):
        with Server() as server:
            client = Client(server.port, "last one")
            done = mainstay("--admin", f"unix:{server.socket}", "drain", "--timeout", "3000")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "the server drains\n", ""))
            RAN.add(("drain",))
            with self.assertRaises(OSError):
                Client(server.port, "too late")
            client.close()
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)

    def test_tls_check(self):
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run([PKI, directory], check=True, timeout=TIMEOUT_S)
            found = self.json("tls", "check", "--tls-cert", f"{directory}/server.pem", "--tls-key",
                              f"{directory}/server.key")
            self.assertEqual(found["result"], "ok")

    def test_krb5_check(self):
        realm = Realm()
        self.addCleanup(realm.remove)
        done = realm.run("localhost")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        RAN.add(("krb5", "check"))

    def test_probe(self):
        self.assertEqual(self.json("probe", f"127.0.0.1:{self.server.port}")["minor_used"], 2)

    def test_top(self):
        """More of it in top_test.py."""
        self.assertIn("OPERATION", self.good("top", "--batch", "1", "--interval", "0.2"))
        self.assertEqual(self.json("top", "--view", "loops")["view"], "loops")
        self.bad("--interval '0': expected seconds from 0.2 to 60", "top", "--interval", "0", status=2)
        self.bad("--view 'disks': there is no such view\n  operations\n  clients\n", "top", "--view", "disks", status=2)
        self.bad("--sort 'p50': the view 'clients' has no such column\n  owner\n", "top", "--view", "clients", "--sort",
                 "p50", status=2)
        self.bad("--batch '0': expected a number of samples", "top", "--batch", "0", status=2)
        self.bad("stdin and stdout must be a terminal; `--batch N` prints N samples without one", "top")

    def test_watch(self):
        """More of it in watch_test.py."""
        where = f"127.0.0.1:{self.server.port}:/second"
        self.bad("NFS4ERR_NOENT", "watch", f"{where}/missing", status=1)
        with subprocess.Popen([MAINSTAY, "watch", where, "--json"], stdout=subprocess.PIPE, text=True) as watch:
            self.assertEqual(json.loads(watch.stdout.readline())["event"], "begin")
            watch.terminate()
            self.assertEqual(watch.wait(TIMEOUT_S), -signal.SIGTERM)
            RAN.add(("watch",))


EXPORTS = """\
# from another server
%(dir)s/one   192.0.2.0/24(rw,sync,no_subtree_check) \\
              2001:db8::/32(rw,sync,no_subtree_check)
"%(dir)s/two words"  -ro,all_squash,anonuid=1000  192.0.2.7 127.0.0.1
"""


class Exports(Fixture):
    def one(self, path):
        return self.json("export", "show", path)

    def test_add_set_remove(self):
        self.assertEqual(self.good("export", "add", "/new=mem:,ro,client=127.0.0.0/8"), "/new added\n")
        self.assertEqual((self.one("/new")["read_only"], self.one("/new")["clients"]), (True, ["127.0.0.0/8"]))
        rows = [re.split(r"  +", line) for line in self.good("export", "list").splitlines()]
        self.assertIn(["/new", "mem", "-", "ro", "yes", "sys", "none", "root_squash", "127.0.0.0/8", "0", "stored", "served"], rows)
        self.assertEqual(sorted(row[0] for row in rows), ["/", "/new", "/second", "PATH"])
        self.assertEqual(self.good("export", "set", "/new", "rw,anonuid=7"), "/new changed\n")
        self.assertEqual((self.one("/new")["read_only"], self.one("/new")["anonuid"]), (False, 7))
        self.assertEqual(self.one("/new")["clients"], ["127.0.0.0/8"])
        self.good("export", "set", "/new", "client=all")
        self.assertEqual((self.one("/new")["clients"], self.one("/new")["anonuid"]), ([], 7))
        self.assertRegex(self.good("export", "show", "/new"), r"(?m)^uses:\n    clients +0$")
        self.assertEqual(self.good("export", "remove", "/new"), "/new removed\n")
        self.bad("there is no such export", "export", "show", "/new")

    def test_refused(self):
        before = self.json("export", "list")
        self.bad("there is an export at this path already", "export", "add", "/second=mem:")
        self.bad("/nonexistent/directory", "export", "add", "/x=local:/nonexistent/directory")
        self.bad("export add: the path before '=' must be absolute", "export", "add", "x=mem:", status=2)
        self.bad("\n  ", "export", "add", "/x=mem:here")
        self.bad("there is no such export", "export", "remove", "/x")
        self.bad("there is no such export", "export", "set", "/x", "ro")
        self.bad("unknown option 'asynk'", "export", "set", "/second", "asynk", status=2)
        self.assertEqual(self.json("export", "list"), before)

    def test_contradictions(self):
        """Neither of two options wins: the same sentence as that of mainstayd's --export."""
        before = self.json("export", "list")
        for options, words in (("ro,rw", "options 'ro' and 'rw' contradict each other"),
                               ("insecure,secure", "options 'insecure' and 'secure' contradict each other"),
                               ("root_squash,no_root_squash",
                                "options 'root_squash' and 'no_root_squash' contradict each other"),
                               ("sync,async", "options 'sync' and 'async' contradict each other"),
                               ("anonuid=1,anonuid=2", "option 'anonuid' is given twice"),
                               ("fsid=1,fsid=2", "option 'fsid' is given twice"),
                               ("sec=sys,sec=sys", "option 'sec' is given twice"),
                               ("xprtsec=tls,xprtsec=tls", "option 'xprtsec' is given twice"),
                               ("client=nobody", "invalid option 'client=nobody': expected client=ADDR or")):
            self.bad(f"export add: {words}", "export", "add", f"/x=mem:,{options}", status=2)
            self.bad(f"export set: {words}", "export", "set", "/second", options, status=2)
            daemon = subprocess.run([MAINSTAYD, "--export", f"/x=mem:,{options}"], capture_output=True, text=True,
                                    check=False, timeout=TIMEOUT_S)
            self.assertEqual(daemon.returncode, 2)
            self.assertIn(words, daemon.stderr)
        self.assertEqual(self.json("export", "list"), before)

    def test_in_use(self):
        """The error says who uses it, and what removes it all the same."""
        self.good("export", "add", "/used=mem:,no_root_squash")
        client = Client(self.server.port, "user.example")
        session = client.start(flags=nfs.CONN_BACK_CHAN)
        root, *rest = session.open("held")
        status, results = session.call(root, (nfs.LOOKUP, nfs.opaque("used")), *rest)
        self.assertEqual(status, nfs.OK, results)
        self.assertEqual(self.one("/used")["uses"]["opens"], 1)
        self.assertIn("user.example  /used/held  ", self.good("open", "list", "--export", "/used"))
        self.assertEqual(self.good("open", "list", "--export", "/second"), "none\n")
        self.assertEqual(self.good("delegation", "list", "--export", "/used"), "none\n")
        self.assertEqual(self.good("lock", "list", "--export", "/used"), "none\n")
        done = self.run_cli("export", "remove", "/used")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (
            1, "", "mainstay: clients use the export; if it is removed by force, they lose what they have open\n"
            "  1 client (1 open, 0 delegations) uses it\n  user.example (127.0.0.1)\n"
            "  `mainstay open list` and `mainstay delegation list` show with --export what they have\n"
            "  the option --force does it all the same\n"))
        others = [Client(self.server.port, f"user{i}.example") for i in range(10)]
        for other in others:
            session = other.start()
            root, *rest = session.open(other.owner)
            self.assertEqual(session.call(root, (nfs.LOOKUP, nfs.opaque("used")), *rest)[0], nfs.OK)
        lines = self.run_cli("export", "remove", "/used").stderr.splitlines()
        self.assertEqual(lines[1], "  11 clients (11 opens, 0 delegations) use it")
        self.assertEqual(len({line for line in lines if re.fullmatch(r"  user\d*\.example \(127\.0\.0\.1\)", line)}), 10)
        self.assertEqual(lines[12], "  and others")
        self.assertEqual(self.good("export", "remove", "/used", "--force"), "/used removed\n")
        for one in (client, *others):
            one.close()


class Import(Fixture):
    SERVED = tempfile.TemporaryDirectory(prefix="mainstay-cli-")
    # One that begins without a local export has given up the rights that these need.
    OPTIONS = ("--export", f"/local=local:{SERVED.name},insecure")

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mainstay-cli-")
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("one", "two words"):
            os.mkdir(os.path.join(self.folder, name))

    def write(self, text):
        path = os.path.join(self.folder, "exports")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text % {"dir": self.folder})
        return path

    def test_dry_run_needs_no_server(self):
        path = self.write(EXPORTS)
        none = ("--admin", "unix:/nonexistent")
        done = mainstay(*none, "export", "import", path, "--dry-run", "--verbose")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        one, two = f"{self.folder}/one", f"{self.folder}/two words"
        self.assertEqual(done.stdout.splitlines(), [
            f"{path}:2: {one}: rw: taken", f"{path}:2: {one}: sync: taken",
            f"{path}:2: {one}: no_subtree_check: meaningless here: no filehandle leads out of its export",
            f"{path}:2: {one}: 192.0.2.0/24: taken",
            f"{path}:3: {one}: rw: taken", f"{path}:3: {one}: sync: taken",
            f"{path}:3: {one}: no_subtree_check: meaningless here: no filehandle leads out of its export",
            f"{path}:3: {one}: 2001:db8::/32: taken",
            f"{path}:4: {two}: ro: taken", f"{path}:4: {two}: all_squash: taken",
            f"{path}:4: {two}: anonuid=1000: taken", f"{path}:4: {two}: 192.0.2.7: taken",
            f"{path}:4: {two}: 127.0.0.1: taken",
            f"{one} would be added", f"{two} would be added",
            "no server was asked whether it has exports at these paths already"])
        silent = mainstay(*none, "export", "import", path, "--dry-run").stdout.splitlines()
        self.assertEqual(silent, [line for line in done.stdout.splitlines() if not line.endswith(": taken")])
        report = json.loads(mainstay(*none, "export", "import", path, "--dry-run", "--json").stdout)
        self.assertEqual(report["exports"][0]["clients"], ["192.0.2.0/24", "2001:db8::/32"])
        self.assertEqual((report["added"], len(report["remarks"])), (False, 13))

    def test_all_or_none(self):
        """Of a file with an export that the server refuses, the others are taken back."""
        before = self.json("export", "list")
        good = '"%(dir)s/two words"  192.0.2.0/24(ro,all_squash,anonuid=1000)  2001:db8::/32(ro,all_squash,anonuid=1000)\n'
        path = self.write(good + "%(dir)s/nowhere *(rw)\n")
        self.bad(f"{self.folder}/nowhere", "export", "import", path)
        self.assertEqual(self.json("export", "list"), before)
        path = self.write(good)
        # A server with few descriptors has some for one more export, and gets them back when that has ended.
        done = wait_until(lambda: next((d for d in [self.run_cli("export", "import", path)] if d.returncode == 0), None))
        RAN.add(("export", "import"))
        self.assertEqual((done.stdout.splitlines()[-1], done.stderr), (f"{self.folder}/two words added", ""))
        found = self.json("export", "show", f"{self.folder}/two words")
        self.assertEqual((found["read_only"], found["squash"], found["anonuid"], found["argument"], found["clients"]),
                         (True, "all_squash", 1000, found["path"], ["192.0.2.0/24", "2001:db8::/32"]))
        done = self.run_cli("export", "import", path)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (
            1, "", f"mainstay: there is an export at this path already\n  {found['path']} is exported already\n"
            "mainstay: nothing is imported\n"))
        done = self.run_cli("export", "import", path, "--dry-run")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (
            1, f"{found['path']} would be added\n",
            f"mainstay: {found['path']}: the server has an export at this path already\n"
            "mainstay: nothing would be imported\n"))
        self.good("export", "remove", found["path"])

    def test_refused(self):
        before = self.json("export", "list")
        path = self.write("%(dir)s/one *.example(rw)\n%(dir)s/two @group\nrelative *(rw)\n/x *(sec=lkey,crossmnt)\n")
        for more in ((), ("--dry-run",)):
            done = self.run_cli("export", "import", path, *more)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            lines = done.stderr.splitlines()
            self.assertEqual([line.split(": ")[0] for line in lines],
                             [f"{path}:1", f"{path}:2", f"{path}:3", f"{path}:4", f"{path}:4", "mainstay"])
            self.assertEqual(lines[-1], "mainstay: nothing is imported: 5 refused in lines 1, 2, 3, 4")
            for line in lines[:-1]:
                self.assertIn(": refused: ", line)
        self.assertEqual(self.json("export", "list"), before)
        done = self.run_cli("export", "import", path, "--json")
        self.assertEqual((done.returncode, done.stderr), (1, "mainstay: nothing is imported: 5 refused in lines 1, 2, 3, 4\n"))
        report = json.loads(done.stdout)
        self.assertEqual((report["exports"], report["added"]), ([], False))
        self.assertEqual([one["verdict"] for one in report["remarks"]], ["taken"] + ["refused"] * 5)

    def test_unreadable(self):
        self.bad(f"{self.folder}: Is a directory", "export", "import", self.folder)
        self.bad("/nonexistent: No such file or directory", "export", "import", "/nonexistent")
        with open(os.path.join(self.folder, "large"), "wb") as file:
            file.truncate((1 << 20) + 1)
        self.bad("is longer than 1 MiB", "export", "import", file.name)


if __name__ == "__main__":
    suite.run()
