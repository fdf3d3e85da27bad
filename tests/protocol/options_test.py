#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How mainstayd reacts to wrong options and to settings that it cannot use: exit status and
message. --check refuses what a start refuses. A log in JSON is JSON from its first line to its
last. S20-50, S20-51."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import sqlite3
import subprocess
import sys
import tempfile
import unittest

BIN = os.environ["MAINSTAY_BIN"]
SOURCE = os.environ["MAINSTAY_SOURCE"]
TIMEOUT_S = 60
MAINSTAYD = os.path.join(BIN, "mainstayd")


def run(*options):
    """Run a mainstayd that must exit by itself."""
    return subprocess.run([MAINSTAYD, "--listen", "127.0.0.1:0", *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False)


OUT_OF_RANGE = (
    ("nfs.delegations", "none (0), read (1) or write (2)", ("3", "-1", "all")),
    ("nfs.max_delegations", "0 to 524288", ("524289", "-1", "many", "")),
    ("nfs.local_delegations", "none (0), leased (1) or all (2)", ("3", "-1", "yes")),
    ("nfs.recall_park_ms", "0 to 1000 milliseconds", ("1001", "-1", "0.5", "1s")),
    ("nfs.callback_timeout_ms", "100 to 600000 milliseconds", ("99", "600001", "0", "-100", "10s")),
    ("nfs.callback_backoff_ms", "10 to 600000 milliseconds", ("9", "600001", "0", "-10")),
    ("nfs.callback_backoff_max_ms", "10 to 600000 milliseconds", ("9", "600001", "0", "-10")),
)


class Wrong(unittest.TestCase):
    """Nothing is made."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mainstay-options-")
        self.addCleanup(shutil.rmtree, self.folder)

    def expect(self, words, *options):
        done = run("--export", "/=mem:", "--state", os.path.join(self.folder, "state"), *options)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_no_minor_version(self):
        for option in ("--min-minor", "--max-minor"):
            for value in ("3", "12", "-1", "4.1", "", "one", "1 ", "99999999999999999999"):
                self.expect(f"mainstayd: {option} wants 0, 1 or 2, not '{value}'",
                            f"{option}={value}")

    def test_no_value(self):
        self.expect("mainstayd: option '--max-minor' needs a value (--help lists the options)", "--max-minor")
        self.expect("mainstayd: option '--check' takes no value", "--check=1")

    def test_upside_down(self):
        self.expect("mainstayd: --min-minor 1 is above --max-minor 0", "--min-minor", "1",
                    "--max-minor", "0")
        self.expect("mainstayd: --min-minor 1 is above --max-minor 0", "--max-minor", "0",
                    "--min-minor", "1")

    def test_settings(self):
        self.expect("mainstayd: --set wants NAME=VALUE, for example nfs.delegations=0, not 'nfs.delegations'", "--set",
                    "nfs.delegations")
        for name in ("nfs.no_such", "", "nfs.delegations ", "NFS.DELEGATIONS", "x" * 200):
            self.expect(f"mainstayd: --set: unknown setting '{name}'", "--set", f"{name}=1")
        self.expect("unknown setting 'nfs.delegation'; did you mean 'nfs.delegations'? (--set help lists them)",
                    "--set", "nfs.delegation=1")
        for text in ("", "1001", "-1", "ten", "1 "):
            self.expect("mainstayd: --set nfs.recall_park_ms wants 0 to 1000 milliseconds, not "
                        f"'{text}'", "--set", f"nfs.recall_park_ms={text}")
        self.expect("mainstayd: --set nfs.delegations wants none (0), read (1) or write (2), not '3'",
                    "--set", "nfs.delegations=3")
        self.expect("mainstayd: --min-minor 1 is above --max-minor 0", "--min-minor", "1", "--set",
                    "nfs.max_minor_version=0")

    def test_values_out_of_range(self):
        for name, words, values in OUT_OF_RANGE:
            for value in values:
                self.expect(f"mainstayd: --set {name} wants {words}, not '{value}'", "--set", f"{name}={value}")

    def test_calls_that_outlast_the_lease(self):
        """S22-12: what waiting for a client comes to stays below the lease."""
        self.expect("nfs.callback_timeout_ms 20000 (option), callbacks could take 20010 ms and "
                    "must take less than the lease, 10000 ms", "--lease", "10", "--set",
                    "nfs.callback_timeout_ms=20000")
        self.expect("nfs.callback_backoff_ms 5000 (option) is above nfs.callback_backoff_max_ms 4000 "
                    "(option)", "--set", "nfs.callback_backoff_ms=5000", "--set",
                    "nfs.callback_backoff_max_ms=4000")

    @unittest.skipIf(os.geteuid() == 0, "root has a state directory of its own")
    def test_no_home(self):
        """Without a home there is no place that keeps what clients hold."""
        for home in ({}, {"HOME": ""}):
            done = subprocess.run([MAINSTAYD, "--export", "/=mem:", "--check"], env=home, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False)
            self.assertEqual((done.returncode, done.stderr),
                             (2, "mainstayd: HOME is not set: name a directory for stable storage, for example "
                              "--state /srv/mainstay-state\n"))

    def test_unknown(self):
        for option, words in (("--exprot", "unknown option '--exprot'; did you mean '--export'?"),
                              ("--log_level=info", "unknown option '--log_level'; did you mean '--log-level'?"),
                              ("--nonsense", "unknown option '--nonsense' (--help"),
                              ("--log-", "option '--log-' is ambiguous"),
                              ("-x", "unknown option '-x' (--help"),
                              ("more", "unexpected argument 'more' (--help"),
                              ("/b=mem:", "unexpected argument '/b=mem:'; is --export missing before it?")):
            self.expect(f"mainstayd: {words}", option)

    def test_nothing_to_serve(self):
        done = run("--check")
        self.assertEqual((done.returncode, done.stderr),
                         (2, "mainstayd: nothing to serve: give at least one --export, for example --export "
                          "/data=local:/srv/data\n"))

    def test_exports(self):
        for export, words in (
                ("/a=mem:,sec=krb6", "invalid option 'sec=krb6': expected sec= with krb5p, krb5i, krb5, sys or none, or "
                 "several with colons between them, each once, the best first, for example sec=krb5p:krb5"),
                ("/a=mem:,sec=", "invalid option 'sec=': expected sec="),
                ("/a=mem:,sec=sys:sys", "invalid option 'sec=sys:sys': expected sec="),
                ("/a=mem:,xprtsec=ssl", "invalid option 'xprtsec=ssl': expected xprtsec= with mtls, tls or none, or "
                 "several with colons between them, each once, for example xprtsec=mtls:tls"),
                ("/a=mem:,anonuid", "invalid option 'anonuid': expected anonuid=N with the number of a user, for "
                 "example anonuid=65534"),
                ("/a=mem:,anongid=staff", "invalid option 'anongid=staff': expected anongid=N with the number of a "
                 "group, for example anongid=65534"),
                ("/a=mem:,fsid=0", "invalid option 'fsid=0': expected fsid=N with a number from 1, for example fsid=7"),
                ("/a=mem:,client=host.name", "invalid option 'client=host.name': expected client=ADDR or "
                 "client=ADDR/BITS with a numeric address, up to 64 of them, for example client=192.0.2.0/24"),
                ("/a=mem:,client=192.0.2.1/33", "invalid option 'client=192.0.2.1/33': expected client=ADDR"),
                ("/a=mem:,ro,rw", "options 'ro' and 'rw' contradict each other"),
                ("/a=mem:,async,sync", "options 'async' and 'sync' contradict each other"),
                ("/a=mem:,all_squash,no_root_squash", "options 'all_squash' and 'no_root_squash' contradict"),
                ("/a=mem:,secure,insecure", "options 'secure' and 'insecure' contradict each other"),
                ("/a=mem:,anonuid=1,anonuid=2", "option 'anonuid' is given twice"),
                ("/a=mem:,secured", "unknown option 'secured'; did you mean 'secure'?"),
                ("/a=mem:,client2=192.0.2.1", "unknown option 'client2=192.0.2.1'; did you mean 'client'?"),
                ("/a=mem:,sec=krb5,krb5i", "unknown option 'krb5i'; sec= and xprtsec= take colons, not commas, for "
                 "example sec=krb5p:krb5"),
                ("/a=mem:,tls_peer=CN=a,issuer=CN=b", "unknown option 'issuer=CN=b'; a comma within a rule needs a "
                 "backslash before it"),
                ("/a=mem:,tls_user=CN=alice", "invalid option 'tls_user=CN=alice': expected tls_user=RULE=USER"),
                ("/a=mem:,=1", "unknown option '=1'"), ("/a=mem:,", "unknown option ''"),
                ("/a=mem:,no_subtree_check", "unknown option 'no_subtree_check' (--help lists them)"),
                ("/srv/data", "expected PSEUDO=BACKEND[:ARG][,OPT...], for example /data=local:/srv/data,ro"),
                ("a=mem:", "the path before '=' must be absolute and without '.' and '..', for example"),
                ("/a=", "no backend after '=', for example /data=local:/srv/data")):
            self.expect(f"mainstayd: --export '{export}': {words}", "--export", export)
        self.expect("mainstayd: export /a: unknown backend 'lokal'; did you mean 'local'? (available: mem: and "
                    "local:DIRECTORY)", "--export", "/a=lokal:/srv")
        self.expect("mainstayd: export /a: unknown backend '/srv/data'; did you mean 'local'? (available: mem: "
                    "and local:DIRECTORY)", "--export", "/a=/srv/data")
        self.expect("mainstayd: export /a: backend local needs a directory after its colon, for example "
                    "local:/srv/data", "--export", "/a=local")

    def test_exports_that_nobody_could_use(self):
        """--check tells of those for which the server lacks a keytab or certificates."""
        for options, why in ((",sec=krb5p:krb5", "sec takes only callers with Kerberos, but "),
                             (",xprtsec=mtls:tls", "xprtsec takes only connections with TLS: give --tls-cert"),
                             (",sec=krb5:sys,xprtsec=none:tls", "")):
            with tempfile.TemporaryDirectory(prefix="mainstay-options-") as state:
                done = run("--check", "--state", state, "--keytab", f"{state}/none", "--export", f"/a=mem:{options}")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(f'export.unreachable path="/a" why="{why}' in done.stderr, why != "", done.stderr)

    def test_addresses(self):
        for address, words in (("localhost:2049", "the address must be numeric; names are not resolved"),
                               ("192.0.2.1:99999", "a port is a number from 0 to 65535"),
                               ("192.0.2.1:nfs", "a port is a number from 0 to 65535"),
                               ("192.0.2.1", "the port is missing"), ("[::1]", "the port is missing"),
                               ("::1:2049", "an IPv6 address must be in brackets"),
                               ("[fe80::1%lo]:2049", "the address must be numeric")):
            self.expect(f"mainstayd: --listen '{address}': {words}", "--listen", address)
        self.expect("; for example 127.0.0.1:2049 or [::1]:2049\n", "--listen", "localhost:2049")

    def test_sound(self):
        for options in (("--min-minor", "0"), ("--max-minor", "1"), ("--min-minor", "2"),
                        ("--min-minor", "0", "--max-minor", "0"), ("--max-minor", "0"),
                        ("--set", "nfs.delegations=0", "--set", "nfs.delegations=1"),
                        ("--lease", "1"),
                        ("--lease", "10", "--set", "nfs.callback_timeout_ms=9000")):
            with tempfile.TemporaryDirectory(prefix="mainstay-options-") as state:
                done = run("--export", "/=mem:", "--state", state, "--check", *options)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class Help(unittest.TestCase):
    def test_short(self):
        self.assertEqual(run("-h").stdout, run("--help").stdout)

    def test_names_each_option_and_so_does_the_guide(self):
        text = run("--help").stdout
        with open(os.path.join(SOURCE, "docs/running.md"), encoding="utf-8") as file:
            guide = file.read()
        options = set(re.findall(r"--[a-z][a-z-]+", text))
        self.assertTrue({"--min-minor", "--max-minor", "--lease", "--export"} <= options)
        for option in options - {"--help", "--version"}:
            self.assertIn(f"`{option}", guide)

    def test_names_each_export_option_and_so_does_the_guide(self):
        """The options that the parser knows."""
        text = run("--help").stdout
        with open(os.path.join(SOURCE, "src/export/export_spec.c"), encoding="utf-8") as file:
            source = file.read()
        with open(os.path.join(SOURCE, "docs/exports.md"), encoding="utf-8") as file:
            guide = file.read()
        options = set(re.findall(r'\{"(\w+)", GROUP_', source))
        options |= {f"{name}=" for name in re.findall(r'\{"(\w+)", parse_\w+, ', source)}
        self.assertTrue({"ro", "secure", "strict_utf8", "fsid="} <= options)
        for option in options:
            self.assertRegex(text, rf"\s{option}" if option.endswith("=") else rf"\s{option}\s")
            self.assertRegex(guide, rf"`{option}\S*`")


class Stored(unittest.TestCase):
    def setUp(self):
        self.state = tempfile.mkdtemp(prefix="mainstay-options-")
        self.addCleanup(shutil.rmtree, self.state)
        self.settings = os.path.join(self.state, "settings.db")
        self.start()

    def start(self, *options):
        """Run until ready; returns the lines up to there."""
        lines = []
        with subprocess.Popen([MAINSTAYD, "--listen", "127.0.0.1:0", "--export", "/=mem:", "--state",
                               self.state, *options], stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr:
                lines.append(line)
                if "ready on" in line:
                    break
            process.terminate()
            process.communicate(timeout=TIMEOUT_S)
        self.assertIn("ready on", lines[-1] if lines else "")
        return "".join(lines)

    def store(self, **values):
        database = sqlite3.connect(self.settings, timeout=TIMEOUT_S)
        with database:
            for name, value in values.items():
                database.execute("INSERT OR REPLACE INTO setting VALUES (?, ?, 1)",
                                 (f"nfs.{name}_minor_version", value))
        database.close()

    def store_one(self, name, value):
        database = sqlite3.connect(self.settings, timeout=TIMEOUT_S)
        with database:
            database.execute("INSERT OR REPLACE INTO setting VALUES (?, ?, 1)", (name, value))
        database.close()

    def refused(self, status, words, *options):
        done = run("--export", "/=mem:", "--state", self.state, *options)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(words, done.stderr)

    def test_the_log_says_what_is_served(self):
        self.assertIn('daemon.minor_versions served="4.0, 4.1, 4.2"', self.start())
        text = self.start("--max-minor", "0")
        self.assertIn('daemon.minor_versions served="4.0"\n', text)
        self.assertIn('daemon.setting name="nfs.max_minor_version" value="0" origin="option"', text)
        self.store(min="1")
        text = self.start()
        self.assertIn('daemon.minor_versions served="4.1, 4.2"', text)
        self.assertIn('daemon.setting name="nfs.min_minor_version" value="1" origin="stored"', text)
        self.assertNotIn("nfs.max_minor_version", text)

    def test_the_log_says_how_exports_are_open(self):
        """Defaults are printed too."""
        with tempfile.TemporaryDirectory(prefix="mainstay-options-") as directory:
            text = self.start("--export", f"/local=local:{directory}",
                              "--export", f"/squashed=local:{directory},all_squash,ro,async,client=192.0.2.1",
                              "--export", "/named=mem:,rw,sync,secure,no_root_squash")
        ports = "secure" if os.geteuid() == 0 else "insecure"
        for words in ('path="/" access="rw" changes="sync" squash="root_squash" ports="insecure" sec="sys" xprtsec="none" client_rules=0',
                      f'path="/local" access="rw" changes="sync" squash="root_squash" ports="{ports}" sec="sys" xprtsec="none" client_rules=0',
                      'path="/squashed" access="ro" changes="async" squash="all_squash" ports="insecure" '
                      'sec="sys" xprtsec="none" client_rules=1',
                      'path="/named" access="rw" changes="sync" squash="no_root_squash" ports="secure" '
                      'sec="sys" xprtsec="none" client_rules=0'):
            self.assertIn(f"export.open {words}\n", text)

    def test_options_that_do_not_fit(self):
        self.store(min="1")
        self.refused(2, "nfs.min_minor_version 1 (stored) is above nfs.max_minor_version 0 (option)",
                     "--max-minor", "0")
        self.assertIn('served="4.0"', self.start("--min-minor", "0", "--max-minor", "0"))

    def test_waits_for_clients(self):
        """S22-12: defaults adapt to a short lease, explicit values are refused."""
        self.assertIn("daemon.callback_waits timeout_ms=10000 backoff_ms=1000 backoff_max_ms=20000 "
                      "lease_s=90\n", self.start())
        self.assertIn("daemon.callback_waits timeout_ms=1250 backoff_ms=125 backoff_max_ms=2500 "
                      "lease_s=10\n", self.start("--lease", "10"))
        self.assertIn("daemon.callback_waits timeout_ms=8000 ",
                      self.start("--lease", "10", "--set", "nfs.callback_timeout_ms=8000"))
        self.store_one("nfs.callback_timeout_ms", "20000")
        self.assertIn("daemon.callback_waits timeout_ms=20000 ", self.start())
        self.refused(2, "nfs.callback_timeout_ms 20000 (stored), callbacks could take 20010 ms "
                     "and must take less than the lease, 10000 ms", "--lease", "10")
        self.store_one("nfs.lease_s", "10")
        self.refused(1, "must take less than the lease, 10000 ms", "--log-level", "warn")
        self.store_one("nfs.lease_s", None)
        self.assertIn("daemon.callback_waits timeout_ms=900 ",
                      self.start("--lease", "10", "--set", "nfs.callback_timeout_ms=900"))

    def test_settings_that_make_no_sense(self):
        self.store(min="1", max="0")
        self.refused(1, "nfs.min_minor_version 1 (stored) is above nfs.max_minor_version 0 (stored)")
        self.store(max="7")
        self.refused(1, "settings.db: nfs.max_minor_version wants 0, 1 or 2, not '7'", "--max-minor", "1")

    def test_stored_values_out_of_range(self):
        for name, words, values in OUT_OF_RANGE:
            self.store_one(name, values[0])
            self.refused(1, f"settings.db: {name} wants {words}, not '{values[0]}'")
            self.store_one(name, None)
        self.start()

    def test_damage(self):
        junk = b"nothing at all, and longer than the name of SQLite's format"
        with open(self.settings, "wb") as file:
            file.write(junk)
        self.refused(1, "settings.db: file is not a database")
        with open(self.settings, "rb") as file:
            self.assertEqual(file.read(), junk)


class Check(unittest.TestCase):
    """--check and a start give the same result, but --check writes nothing."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="mainstay-options-")
        self.addCleanup(shutil.rmtree, self.directory)
        for name in ("data", "state"):
            os.mkdir(self.path(name))
        os.chmod(self.path("data"), 0o1777)  # which nobody may use, too
        with open(self.path("file"), "w", encoding="utf-8"):
            pass

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def files(self):
        """All files, with the attributes that a change would alter."""
        found = {}
        for where, folders, names in os.walk(self.directory):
            for name in folders + names:
                path = os.path.join(where, name)
                st = os.lstat(path)
                content = b""
                if stat.S_ISREG(st.st_mode):
                    with open(path, "rb") as file:
                        content = file.read()
                found[path] = (st.st_mode, st.st_ino, st.st_mtime_ns, st.st_ctime_ns, content)
        return found

    def check(self, *options):
        before = self.files()
        done = run("--check", *options)
        self.assertEqual(self.files(), before)
        return done

    def refused(self, words, *options):
        for done in (self.check(*options), run(*options)):
            self.assertIn(done.returncode, (1, 2), done.stderr)
            self.assertIn(words, done.stderr)
        self.assertEqual(self.check(*options).returncode, done.returncode)

    def options(self, state="state", export=None):
        return ("--state", self.path(state), "--export", export or f"/data=local:{self.path('data')},all_squash")

    def start(self, *options):
        """A server that is ready; to be ended with stop()."""
        process = subprocess.Popen([MAINSTAYD, "--listen", "127.0.0.1:0", *options], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "ready on" in line:
                return process
        self.fail("".join(lines))

    @staticmethod
    def stop(process):
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        process.wait(timeout=TIMEOUT_S)

    def expect_silence(self, options):
        """But for what /tmp of a container is."""
        done = self.check(*options)
        lines = [line for line in done.stderr.splitlines()
                 if not re.search(r" warn (state_dir\.volatile|export\.unstable|daemon\.memory_limit) ", line)]
        self.assertEqual((done.returncode, lines), (0, []))

    def test_sound(self):
        for options in (self.options(), self.options("new/state"), self.options() + self.options()[2:3] + (
                f"/ro=local:{self.path('data')},ro,all_squash",)):
            self.expect_silence(options)
            self.stop(self.start(*options))
            self.expect_silence(options)

    def test_exports(self):
        self.refused("export /a: " + self.path("none") + ": No such file or directory",
                     *self.options(export=f"/a=local:{self.path('none')}"))
        self.refused("Not a directory", *self.options(export=f"/a=local:{self.path('file')}"))
        self.refused("/data is exported twice", *self.options(), "--export", "/data=mem:")
        self.refused("/b has the same fsid as another export", *self.options(), "--export", "/a=mem:,fsid=7",
                     "--export", "/b=mem:,fsid=7")
        self.refused("the state directory lies within the export, where clients could read its keys: give it another "
                     "place (--state)", *self.options("data/state"))

    def test_state_directory(self):
        self.refused("Not a directory", *self.options("file"))
        self.refused("Not a directory", *self.options("file/state"))
        os.chmod(self.path("state"), 0o500)  # root without its capabilities is denied, too
        self.refused("Permission denied", *self.options(export="/=mem:"))
        self.refused("Permission denied", *self.options("state/below", export="/=mem:"))
        os.chmod(self.path("state"), 0o700)
        process = self.start(*self.options())
        self.refused("another mainstayd uses it", *self.options())
        self.stop(process)

    def test_what_is_stored(self):
        self.stop(self.start(*self.options()))
        kept = self.path("kept")
        for names, words in ((("settings.db",), "settings.db: file is not a database"),
                             (("recovery.db",), "recovery.db: file is not a database"),
                             (("exports.db",), "exports.db: file is not a database"),
                             (("instance-id", "instance-id.copy"), "instance-id: damaged"),
                             (("local.key", "local.key.copy"), "local.key: damaged")):
            shutil.copytree(self.path("state"), kept)
            for name in names:
                with open(self.path("state", name), "wb") as file:
                    file.write(b"nothing at all, and longer than the name of SQLite's format")
            self.refused(words, *self.options())
            shutil.rmtree(self.path("state"))
            os.rename(kept, self.path("state"))
        if os.path.exists(self.path("state", "exports.db")):
            os.unlink(self.path("state", "exports.db"))
        os.mkfifo(self.path("state", "exports.db"))  # nobody waits for a writer
        self.refused("exports.db: not a regular file", *self.options())
        os.unlink(self.path("state", "exports.db"))
        os.symlink("nowhere", self.path("state", "exports.db"))
        self.refused("exports.db: No such file or directory", *self.options())
        os.unlink(self.path("state", "exports.db"))
        for name in ("instance-id", "instance-id.copy"):
            os.unlink(self.path("state", name))
        self.refused("instance-id: missing, but recovery.db exists", *self.options())

    def test_settings(self):
        self.stop(self.start(*self.options()))
        database = sqlite3.connect(self.path("state", "settings.db"), timeout=TIMEOUT_S)
        with database:
            database.execute("INSERT OR REPLACE INTO setting VALUES ('nfs.min_minor_version', '1', 1)")
        database.close()
        self.refused("nfs.min_minor_version 1 (stored) is above nfs.max_minor_version 0 (option)", *self.options(),
                     "--max-minor", "0")

    def test_ports(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            words = rf"cannot listen on {address}: Address already in use; \S+ uses the port \(process {os.getpid()}\)"
            for done in (self.check(*self.options(), "--listen", address), run(*self.options(), "--listen", address)):
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, words)
        self.refused("cannot listen on 192.0.2.1:2049: Cannot assign requested address; no interface of this machine",
                     *self.options(), "--listen", "192.0.2.1:2049")

    def test_port_of_hostile(self):
        """What a process calls itself steers no terminal."""
        call = ("import ctypes, socket, sys; ctypes.CDLL(None).prctl(15, b'\\x1b[31m\\x9bA\\x07', 0, 0, 0); "
                "taken = socket.create_server(('127.0.0.1', 0)); print(taken.getsockname()[1], flush=True); "
                "sys.stdin.read()")
        with subprocess.Popen([sys.executable, "-c", call], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            address = f"127.0.0.1:{int(holder.stdout.readline())}"
            self.refused(f"already in use; ?[31m?A? uses the port (process {holder.pid})", *self.options(), "--listen",
                         address)
            holder.stdin.close()

    def test_ports_below_1024(self):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            if os.geteuid() == 0 or int(file.read()) <= 1:
                self.skipTest("this user may listen on any port")
        self.refused("cannot listen on 127.0.0.1:1: Permission denied; ports below 1024 need root or "
                     "CAP_NET_BIND_SERVICE", *self.options(), "--listen", "127.0.0.1:1")

    def test_limits(self):
        self.refused("20 file descriptors are too few", *self.options(), "--descriptors", "20")


class Json(unittest.TestCase):
    """With --log-format json each line is a JSON object of the log, and the programs report the
    same."""

    def lines(self, text):
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertTrue(lines)
        for line in lines:
            self.assertLessEqual({"time", "level", "event"}, set(line))
        return lines

    def test_mistakes(self):
        """Wherever the option is on the command line."""
        for options in (("--log-format", "json", "--lease", "0"), ("--lease", "0", "--log-format=json"),
                        ("--export", "/=mem:", "--log-format", "json", "--nonsense"),
                        ("--log-format", "json"), ("more", "--log-format", "json"),
                        ("--log-format", "json", "--export", "/=none:"),
                        ("--log-format", "json", "--export", "x" * 9000),
                        ("--log-format", "json", "--export", "\xe4" * 9000)):
            done = run(*options)
            self.assertEqual(done.returncode, 2)
            line, = self.lines(done.stderr)
            self.assertEqual((line["level"], line["event"]), ("error", "daemon.error"))
            self.assertTrue(line["error"])

    def test_failure(self):
        with tempfile.TemporaryDirectory(prefix="mainstay-options-") as directory:
            for more in ((), ("--check",)):
                done = run("--log-format", "json", "--state", f"{directory}/state", "--export",
                           f"/=local:{directory}/none", *more)
                self.assertEqual(done.returncode, 1)
                last = self.lines(done.stderr)[-1]
                self.assertIn("No such file or directory", last["error"])

    def test_from_the_first_line_to_the_last(self):
        for sig, name in ((signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "SIGINT")):
            lines = self.lines(self.log_of_a_run(sig, "--log-format", "json"))
            ready, = (line for line in lines if line["event"] == "daemon.ready")
            self.assertRegex(ready["address"], r"^127\.0\.0\.1:[0-9]+$")
            stop, = (line for line in lines if line["event"] == "daemon.stop")
            self.assertEqual((stop["why"], stop["by_pid"], stop["by_uid"]), (name, os.getpid(), os.geteuid()))
            self.assertEqual((stop["connections"], stop["parked_calls"], stop["opens"]), (1, 0, 0))

    def test_text_is_as_it_was(self):
        text = self.log_of_a_run(signal.SIGTERM)
        self.assertRegex(text, r"(?m)^mainstayd: ready on 127\.0\.0\.1:[0-9]+$")
        self.assertRegex(text, rf'(?m)^\S+ info daemon\.stop why="SIGTERM" by_pid={os.getpid()} ')

    @staticmethod
    def log_of_a_run(sig, *options):
        """Until it is ready; ended while a connection is open."""
        text = ""
        with tempfile.TemporaryDirectory(prefix="mainstay-options-") as state:
            with subprocess.Popen([MAINSTAYD, "--listen", "127.0.0.1:0", "--export", "/=mem:", "--state", state,
                                   *options], stderr=subprocess.PIPE, text=True) as process:
                ready = None
                while not ready:
                    line = process.stderr.readline()
                    if not line:
                        raise AssertionError(f"mainstayd ended: {text}")
                    text += line
                    ready = re.search(r'(?:ready on |daemon\.ready","address":")127\.0\.0\.1:([0-9]+)', text)
                with socket.create_connection(("127.0.0.1", int(ready[1])), TIMEOUT_S) as connection:
                    # A NULL call: after its reply the connection counts.
                    connection.sendall(bytes.fromhex("80000028" "00000001" "00000000" "00000002" "000186a3" "00000004"
                                                     "00000000" + "00000000" * 4))
                    connection.recv(28)
                    process.send_signal(sig)
                    text += process.stderr.read()
                process.wait(timeout=TIMEOUT_S)
        return text


if __name__ == "__main__":
    unittest.main()
