#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mainstayd --config FILE: what is wrong with a file is told with its line, and nothing is started; what is sound is
obeyed; options win and the log says so; settings of the file are initial values.  The documents are those of the
tables.  S20-51, L-16."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import unittest

BIN = os.environ["MAINSTAY_BIN"]
SOURCE = os.environ["MAINSTAY_SOURCE"]
TIMEOUT_S = 60
MAINSTAYD = os.path.join(BIN, "mainstayd")
NOBODY = 65534


def source(*names):
    with open(os.path.join(SOURCE, *names), encoding="utf-8") as file:
        return file.read()


# Warnings about this machine, and who runs the test there.
OF_THE_MACHINE = re.compile(r" warn (daemon\.(descriptors_few|connections_few|memory_limit)|gss\.keytab_open|"
                            r"state_dir\.\w+|export\.(own_user|public|remote|unstable)) ")


def complaints(done):
    """Lines on stderr about the file."""
    return [line for line in done.stderr.splitlines() if not OF_THE_MACHINE.search(line)]


class Directory(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="mainstay-config-")
        self.addCleanup(shutil.rmtree, self.directory)
        os.chmod(self.directory, 0o755)
        os.mkdir(self.path("data"))
        self.file = self.path("mainstay.conf")
        self.state = self.path("state")
        self.program = MAINSTAYD

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, text):
        with open(self.file, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def write_tokens(self, line):
        path = self.path("tokens")
        with open(path, "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(line + "\n")
        return path

    def command(self, *options):
        return [self.program, "--config", self.file, *options]

    def run_file(self, *options, **more):
        """A mainstayd that is to end by itself."""
        return subprocess.run(self.command(*options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=TIMEOUT_S, check=False, **more)

    def start(self, *options):
        """Until it is ready; its lines up to there.  It is stopped at the end of the test."""
        process = subprocess.Popen(self.command(*options), stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(self.stop, process)
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "ready on" in line or "daemon.ready" in line:
                self.process = process
                return "".join(lines)
        self.fail("".join(lines))

    @staticmethod
    def stop(process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.stderr.read()
            process.wait(timeout=TIMEOUT_S)

    def sound(self, more=""):
        return f"listen: [127.0.0.1:0]\nstate: {self.state}\nexports:\n  - path: /\n    backend: mem\n{more}"


class Wrong(Directory):
    def refused(self, *words, **more):
        """By --check and by a start alike; nothing is made."""
        before = sorted(os.listdir(self.directory))
        for options in (("--check",), ()):
            done = self.run_file("--state", self.state, "--listen", "127.0.0.1:0", *options, **more)
            self.assertEqual(done.returncode, 2, done.stderr)
            for word in words:
                self.assertIn(f"mainstayd: {self.file}{word}", done.stderr)
        self.assertEqual(sorted(os.listdir(self.directory)), before)
        return done.stderr

    def test_files_that_are_none(self):
        self.refused(": cannot be read: No such file or directory: --config wants the path of a file")
        os.mkdir(self.file)
        self.refused(": is a directory: name a file in it")
        os.rmdir(self.file)
        os.mkfifo(self.file)
        self.refused(": is not a regular file: write the configuration to one")
        os.unlink(self.file)
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(self.file)
            self.refused(": cannot be read: ")
        os.unlink(self.file)
        os.symlink("/dev/zero", self.file)
        self.refused(": is not a regular file")
        os.unlink(self.file)
        os.symlink(self.file, self.file)
        self.refused(": cannot be read: Too many levels of symbolic links")

    def test_files_that_are_too_big_or_hidden(self):
        self.write("#" * (1 << 20) + "\n")
        self.refused(": has 1048577 bytes, more than 1048576: is it a configuration?")
        with open(self.file, "wb") as file:
            file.truncate(1 << 40)
        self.refused(": has 1099511627776 bytes, more than 1048576")
        self.write(self.sound())
        os.chmod(self.file, 0o000)
        self.program = shutil.copy(MAINSTAYD, self.directory)  # that user may not reach the build
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        self.refused(": cannot be read: Permission denied: let the user that runs the server read it", **user)

    def test_bytes(self):
        for text, words in ((b"", ":1: it says nothing"), (b"threads: 4\nstate: /\xff\n", ":2: not a text in UTF-8"),
                            (b"log:\n\tlevel: info\n", ":2: not YAML: found character that cannot start any token: "
                             "indent with spaces, not with tabs"),
                            (b"threads: 4\n---\nthreads: 4\n", ":2: a second document begins"),
                            (b"a: &a [1]\nb: *a\n", ":2: aliases (*name) are not supported"),
                            (b"[" * 50000, ":1: lists and maps are nested more than 8 deep"),
                            (b"threads: 4\nthreads: 4\n", ":2: the key 'threads' stands in line 1 already")):
            self.write(text)
            self.refused(words)

    def test_all_mistakes_in_one_run(self):
        self.write(f"""threads: none
lease: 0
exports:
  - path: /a
    backend: local
    argument: {self.path("missing")}
  - path: /a
    backend: mem
  - path: /b
    backend: local
    argument: {self.file}
  - path: /c
    backend: lokal
  - path: /d
    backend: local
  - path: /e
    backend: mem
    argument: /srv
  - path: /f
    backend: local
    argument: data
  - path: /a
    backend: mem
settings:
  nfs.delegations: 3
stat: /srv
""")
        text = self.refused(
            ":1: threads wants 1 to 64, not 'none'", ":2: lease wants 1 to 3600 seconds, not '0'",
            f":6: export /a: argument: '{self.path('missing')}': No such file or directory: name a directory of this "
            "machine", f":11: export /b: argument: '{self.file}': it is not a directory",
            ":13: export /c: unknown backend 'lokal'; did you mean 'local'? (available: mem and local)",
            ":15: export /d: backend local needs a directory, for example argument: /srv/data",
            ":18: export /e: backend mem takes no argument: remove the key",
            ":21: export /f: argument: 'data': an absolute path is expected",
            ":7: exports[1].path: /a is exported by line 4 already",
            ":22: exports[7].path: /a is exported by line 4 already",
            ":25: nfs.delegations wants none (0), read (1) or write (2), not '3'",
            ":26: unknown key 'stat'; did you mean 'state'?")
        self.assertEqual(len(text.splitlines()), 12)

    def told(self, status, *options):
        """What is wrong with the file, by a start and by --check alike."""
        told = []
        for more in (("--check",), ()):
            done = self.run_file(*options, *more)
            self.assertEqual(done.returncode, status, done.stderr)
            told.append([line.removeprefix(f"mainstayd: {self.file}") for line in complaints(done)
                         if line.startswith("mainstayd: ")])
        self.assertEqual(*told)
        return told[0]

    def test_files_that_cannot_be_used(self):
        """The state directory and the tokens are told with all other mistakes, each with its line; not if an option
        names another."""
        tokens = self.path("tokens")
        self.write(f"state: {self.file}\nexports: [{{ path: /, backend: mem }}]\nadmin: [127.0.0.1:0]\n"
                   f"admin_token: {tokens}\nthreads: none\n")
        threads = ":5: threads wants 1 to 64, not 'none'"
        self.assertEqual(self.told(2), [f":1: state {self.file}: Not a directory",
                                        f":4: admin_token {tokens}: No such file or directory", threads])
        self.write_tokens("full short")
        self.assertIn(f":4: admin_token {tokens}:1: a token has 20 to 256 characters", self.told(2)[1])
        for options in (("--admin-token", "/nonexistent"), ("--admin", "none")):
            self.assertEqual(self.told(2, "--state", self.state, *options), [threads])

    def test_state_directory_in_use(self):
        self.write(f"state: {self.state}\nexports: [{{ path: /, backend: mem }}]\nlisten: [127.0.0.1:0]\n")
        self.start()
        self.assertEqual(self.told(1), [f":1: state {self.state}: another mainstayd uses it; each server needs a "
                                        "directory of its own"])
        self.stop(self.process)

    def test_more_mistakes_than_are_told(self):
        self.write("".join(f"key{i}: 1\n" for i in range(150)))
        lines = self.refused(":100: unknown key", ": 50 more mistakes").splitlines()
        self.assertEqual(len(lines), 101)

    def test_in_json(self):
        self.write("threads: 0\nlease: 0\n")
        done = self.run_file("--log-format", "json")
        self.assertEqual(done.returncode, 2)
        errors = [json.loads(line)["error"] for line in done.stderr.splitlines()]
        self.assertEqual(errors, [f"{self.file}:1: threads wants 1 to 64, not '0'",
                                  f"{self.file}:2: lease wants 1 to 3600 seconds, not '0'"])

    def test_nothing_to_serve(self):
        self.write("threads: 4\n")
        self.refused(": nothing to serve: name at least one export, for example exports: [{ path: /data")

    def test_nothing_to_serve_yet(self):
        """The file says so: what is served is added while the server runs, also directories of this machine."""
        self.write("exports: []\n")
        self.start("--state", self.state, "--listen", "127.0.0.1:0", "--log-level", "info")
        os.mkdir(os.path.join(self.directory, "later"), 0o777)
        os.chmod(os.path.join(self.directory, "later"), 0o1777)  # or there would be a warning
        added = subprocess.run([os.path.join(BIN, "mainstay"), "--admin", f"unix:{self.state}/admin.sock", "export",
                                "add", f"/later=local:{self.directory}/later,all_squash"], capture_output=True,
                               text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual((added.returncode, added.stderr), (0, ""))

    def test_the_option(self):
        done = subprocess.run([MAINSTAYD, "--config"], stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (2, "mainstayd: option '--config' needs a value (--help lists the options)\n"))
        done = subprocess.run([MAINSTAYD, "--config", ""], stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (2, "mainstayd: --config wants a file, not ''\n"))


class Sound(Directory):
    def check(self, *options):
        done = self.run_file("--check", *options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertFalse(os.path.exists(self.state))

    def test_check_starts_nothing(self):
        self.write(self.sound("threads: 2\nlog: { level: debug }\n"))
        self.check()
        self.check("--threads", "1", "--log-level", "info")

    def test_what_it_says_is_obeyed(self):
        self.write(self.sound(f"""  - path: /data
    backend: local
    argument: {self.path("data")}
    access: ro
    changes: async
    squash: all_squash
    ports: secure
    clients: [192.0.2.0/24, 127.0.0.1]
lease: 10
log: {{ format: json, level: info }}
settings: {{ nfs.max_minor_version: 1 }}
"""))
        lines = [json.loads(line) for line in self.start().splitlines()]
        events = {}
        for line in lines:
            events.setdefault(line["event"], []).append(line)
        self.assertEqual(events["daemon.config"][0]["file"], self.file)
        self.assertNotIn("daemon.config_overruled", events)
        self.assertEqual(events["daemon.callback_waits"][0]["lease_s"], 10)
        self.assertEqual(events["daemon.minor_versions"][0]["served"], "4.0, 4.1")
        data = next(line for line in events["export.open"] if line["path"] == "/data")
        self.assertEqual([data[key] for key in ("access", "changes", "squash", "ports", "client_rules")],
                         ["ro", "async", "all_squash", "secure", 2])
        self.assertTrue(os.path.exists(os.path.join(self.state, "settings.db")))
        address = events["daemon.ready"][0]["address"]
        done = subprocess.run([os.path.join(BIN, "mainstay"), "probe", address], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_options_win_and_the_log_says_so(self):
        self.write(self.sound("threads: 2\nlease: 10\nslots: 8\nsettings: { nfs.max_minor_version: 1 }\n"))
        text = self.start("--threads", "1", "--lease", "10", "--set", "nfs.max_minor_version=2", "--export",
                          "/other=mem:,ro", "--grace", "0")
        told = re.findall(r"daemon\.config_overruled (.*)\n", text)
        self.assertEqual(sorted(told), [
            'option="--export" value="/other" configured="/" line=3',
            'option="--set nfs.max_minor_version" value="2" configured="1" line=9',
            'option="--threads" value="1" configured="2" line=6'])
        self.assertIn('daemon.setting name="nfs.max_minor_version" value="2" origin="option"', text)
        self.assertEqual(re.findall(r'export\.open path="([^"]*)"', text), ["/other"])

    def test_a_setting_is_told_under_the_option_that_was_given(self):
        self.write(self.sound("settings: { nfs.max_minor_version: 1 }\n"))
        for options, told in ((("--max-minor", "2"), "--max-minor"),
                              (("--max-minor", "0", "--set", "nfs.max_minor_version=2"),
                               "--set nfs.max_minor_version")):
            self.assertIn(f'daemon.config_overruled option="{told}" value="2" configured="1" line=6',
                          self.start(*options))
            self.stop(self.process)

    def test_the_admin_endpoint(self):
        tokens, path = self.write_tokens("full full-token-of-the-tests-0001"), self.path("socket")
        self.write(self.sound(f"admin: [unix:{path}, 127.0.0.1:0]\nadmin_token: {tokens}\n"))
        self.check()
        text = self.start()
        self.assertIn(f'admin.open socket="{path}"', text)
        port = int(re.search(r'admin\.open address="127\.0\.0\.1:(\d+)"', text)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as peer:
            peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         b"Authorization: Bearer full-token-of-the-tests-0001\r\n\r\n")
            self.assertRegex(peer.recv(1000), rb"\AHTTP/1.1 200 ")
        self.stop(self.process)
        text = self.start("--admin", "none")
        self.assertNotIn("admin.open", text)
        self.assertIn('daemon.config_overruled option="--admin" value="none"', text)

    def test_mistakes_about_the_admin_endpoint(self):
        good, tokens = self.write_tokens("full full-token-of-the-tests-0001"), self.path("no-tokens")
        for more, words in (
                ("admin: [127.0.0.1:0]", "{}:6: admin 127.0.0.1:0: over TCP requests need a token"),
                (f"admin_token: {good}\nadmin: [0.0.0.0:0]", "{}:7: admin 0.0.0.0:0: other machines could reach"),
                ("admin: [none, unix:/s]", "{}:6: admin none goes with no other address"),
                (f"admin_token: {tokens}\nadmin: [127.0.0.1:0]",
                 f"{{}}:6: admin_token {tokens}: No such file or directory"),
                ("admin: [unix:/nonexistent/socket]", "admin unix:/nonexistent/socket: No such file or directory")):
            self.write(self.sound(more + "\n"))
            for options in (("--check",), ()):
                done = self.run_file(*options)
                self.assertNotEqual(done.returncode, 0, more)
                self.assertIn("mainstayd: " + words.format(self.file), done.stderr)

    def test_the_log_of_the_option_wins(self):
        self.write(self.sound("log: { format: json, level: error }\n"))
        text = self.start("--log-format", "text", "--log-level", "info")
        self.assertRegex(text, r'info daemon\.config_overruled option="--log-level" value="info" configured="error"')
        self.assertRegex(text, r'daemon\.config_overruled option="--log-format" value="text" configured="json"')

    def test_exports_of_options_alone(self):
        self.write(f"state: {self.state}\n")
        self.check("--export", "/=mem:", "--listen", "127.0.0.1:0")

    def test_callbacks_fit_the_lease_of_the_file(self):
        self.write(self.sound("lease: 3600\n"))
        self.check("--set", "nfs.callback_timeout_ms=200000")
        self.write(self.sound("lease: 10\n"))
        done = self.run_file("--check", "--set", "nfs.callback_timeout_ms=200000")
        self.assertEqual(done.returncode, 2)
        self.assertIn("must take less than the lease, 10000 ms", done.stderr)


class Initial(Directory):
    """Settings of the file hold until somebody stores others: those survive a restart."""

    def store(self, name, value):
        database = sqlite3.connect(os.path.join(self.state, "settings.db"), timeout=TIMEOUT_S)
        with database:
            database.execute("INSERT OR REPLACE INTO setting VALUES (?, ?, (SELECT ifnull(max(revision), 0) + 1 "
                             "FROM setting))", (name, value))
        database.close()

    def setting(self, text):
        found = re.findall(r'daemon\.setting name="nfs\.recall_park_ms" value="(\d+)" origin="(\w+)"', text)
        self.assertEqual(len(found), 1, text)
        return found[0]

    def restart(self, *options):
        self.stop(self.process)
        return self.setting(self.start(*options))

    def hangup(self):
        """Read the settings again; what the log says."""
        self.process.send_signal(signal.SIGHUP)
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            if "daemon.setting" in line:
                return self.setting(line)
            if "daemon.hangup" in line and "error" in line:
                self.fail(line)
        self.fail("".join(lines))

    def test_precedence(self):
        self.write(self.sound("settings: { nfs.recall_park_ms: 5 }\n"))
        self.assertEqual(self.setting(self.start()), ("5", "file"))
        self.store("nfs.recall_park_ms", "6")
        self.assertEqual(self.hangup(), ("6", "stored"))
        self.assertEqual(self.restart(), ("6", "stored"))
        self.assertEqual(self.restart("--set", "nfs.recall_park_ms=7"), ("7", "option"))
        self.store("nfs.recall_park_ms", "8")
        self.assertEqual(self.hangup(), ("8", "stored"))
        self.store("nfs.recall_park_ms", None)
        self.assertEqual(self.hangup(), ("5", "file"))
        self.assertEqual(self.restart(), ("5", "file"))

    def test_what_does_not_fit_what_is_stored(self):
        self.write(self.sound())
        self.start()
        self.store("nfs.max_minor_version", "1")
        self.stop(self.process)
        self.write(self.sound("settings: { nfs.min_minor_version: 2 }\n"))
        for options in (("--check",), ()):
            done = self.run_file(*options)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("nfs.min_minor_version 2 (file) is above nfs.max_minor_version 1 (stored)", done.stderr)


class Documents(Directory):
    def test_the_reference_is_that_of_the_tables(self):
        done = subprocess.run([MAINSTAYD, "--config-reference"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(source("docs/config.md") == done.stdout,
                        "docs/config.md is out of date: mainstayd --config-reference >docs/config.md")

    def test_the_reference_has_each_option(self):
        """What the command line can say the file can say, too."""
        listing = subprocess.run([MAINSTAYD, "--help"], stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S,
                                 check=False).stdout
        options = set(re.findall(r"--[a-z][a-z-]+", listing))
        self.assertIn("--reply-cache", options)
        rows = set(re.findall(r"\| `(--[a-z-]+)` \|", source("docs/config.md")))
        self.assertEqual(options - rows, {"--config", "--config-reference", "--event-reference", "--check", "--help",
                                          "--version", "--man", "--config-man",
                                          "--min-minor", "--max-minor"})  # these two are settings
        self.assertEqual(rows - options, set())

    def sample(self, text):
        """Its directories are ours."""
        for name in ("/srv/pub", "/srv/data"):
            os.makedirs(self.path(name[1:]), exist_ok=True)
            os.chmod(self.path(name[1:]), 0o1777)
            text = text.replace(f"argument: {name}\n", f"argument: {self.path(name[1:])}\n")
        self.write(text.replace("state: /var/lib/mainstay\n", f"state: {self.state}\n"))
        return self.run_file("--check", "--listen", "127.0.0.1:0")

    def test_the_sample_is_sound(self):
        text = source("docs/mainstay.conf")
        self.assertIn("/srv/data", text)
        done = self.sample(text)
        self.assertEqual((done.returncode, complaints(done)), (0, []))
        done = self.sample(re.sub(r"(?m)^# (\w+: \d+)", r"\1", text))
        self.assertEqual((done.returncode, complaints(done)), (0, []))

    def test_the_sample_of_the_reference_is_sound(self):
        example = re.search(r"(?m)^(    listen: .*\n(?:    .*\n)+)", source("docs/config.md"))[1]
        done = self.sample(re.sub(r"(?m)^    ", "", example))
        self.assertEqual((done.returncode, complaints(done)), (0, []))

    def test_the_guide_names_it(self):
        guide = source("docs/running.md")
        for name in ("`--config FILE`", "`--config-reference`", "docs/config.md", "docs/mainstay.conf"):
            self.assertIn(name, guide)


if __name__ == "__main__":
    unittest.main()
