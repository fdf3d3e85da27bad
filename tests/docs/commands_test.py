#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every block of code in the documents is run, by this test or by another one, as tests/docs/commands.txt says.

What it runs itself gets a directory in the place of /etc, /srv, /root and /var/lib, and a server in it. Programs that
would change this machine, or need root, have others in their place: sudo runs the command as this user, systemctl starts
and stops the server, mainstayd checks its options and does not start, mainstay asks the server."""

import glob
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from blocks import ROOT, blocks, read, rows, rows_of

BIN = os.path.abspath(os.environ["MAINSTAY_BIN"])
TIMEOUT_S = 300
SKIPPED = 77
PROGRAMS = ("curl", "jq", "openssl", "promtool", "sqlite3", "systemd-analyze")  # of the documents
KINDS = {"here", "until", "guest", "by", "config", "map", "prometheus", "unit", "text", "never"}
GUIDE = "tests/kernel/guest/guide.py"
WITHOUT_EXPORTS = ("docs/changing.md", "docs/quick-start.md")  # they add them
USER = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() in [one.pw_uid for one in pwd.getpwall()] else "nobody"

# Of a server that is its own CA.
CERTIFICATE = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=x "
               "-addext subjectAltName=DNS:nfs.example.com -keyout /etc/mainstay/server.key "
               "-out /etc/mainstay/server.pem && cp /etc/mainstay/server.pem /etc/mainstay/ca.pem && "
               "cp /etc/mainstay/server.* ~")

SHIMS = {
    "sudo": 'exec "$@"',
    "install": '[ "$1" != -o ] || shift 2\nexec /usr/bin/install "$@"',  # only root could give it away
    "mainstayd": 'exec "$BIN/mainstayd" "$@" --listen 127.0.0.1:0 --state "$D/state-$$" --check',
    "mainstay": 'case " $* " in *" --admin "*|*" probe "*|*" watch "*|*" tls "*) exec "$BIN/mainstay" "$@" ;; esac\n'
                'exec "$BIN/mainstay" --admin "unix:$D/var/lib/mainstay/admin.sock" "$@"',
    "mainstay-bench": 'exec "$BIN/mainstay-bench" "$@"',
    "systemctl": r"""case "$*" in
"start mainstayd")
    exports=$(cat "$D/exports")
    : >"$D/log"
    setsid "$BIN/mainstayd" --config "$D/etc/mainstay/mainstay.conf" --listen "127.0.0.1:$(cat "$D/port")" $exports \
        --state "$D/var/lib/mainstay" --admin "unix:$D/var/lib/mainstay/admin.sock" \
        --admin "127.0.0.1:$(cat "$D/tcp")" --admin-token "$D/etc/mainstay.tokens" </dev/null >/dev/null 2>"$D/log" &
    echo $! >"$D/pid"
    while ! grep -q 'ready on' "$D/log"; do kill -0 $(cat "$D/pid") || { cat "$D/log"; exit 1; }; sleep 0.1; done
    sed -n 's/.*ready on .*:\([0-9]*\)$/\1/p' "$D/log" >"$D/port"
    sed -n 's/.*admin.open .*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$D/log" >"$D/tcp"
    ;;
"stop mainstayd") kill $(cat "$D/pid"); tail --pid=$(cat "$D/pid") -f /dev/null ;;
*) echo "systemctl $*: unknown here"; exit 1 ;;
esac""",
}


class Scene:
    """A directory with a server in it, for the blocks of one page."""

    def __init__(self, page):
        self.top = tempfile.mkdtemp(prefix="mainstay-docs-")
        self.environment = {**os.environ, "PATH": f"{self.top}/bin:{BIN}:{os.environ['PATH']}", "BIN": BIN,
                            "D": self.top, "HOME": f"{self.top}/home", "LC_ALL": "C.UTF-8"}
        self.page = page

    def write(self, path, text, mode=0o644):
        path = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(text)
        return path

    def __enter__(self):
        for name, text in SHIMS.items():
            self.write(f"bin/{name}", f"#!/bin/bash\nset -e\n{text}\n", 0o755)
        for path in ("home/share", "srv/data", "root", "var/lib", "etc/prometheus"):
            os.makedirs(f"{self.top}/{path}")
        os.symlink(f"{self.top}/bin", f"{self.top}/home/build")
        self.write("etc/mainstay/mainstay.conf", "exports: []\n")
        self.write("etc/mainstay.tokens", "full a-token-of-the-documents-1\n", 0o600)
        self.write("exports", "" if self.page in WITHOUT_EXPORTS else "--export /data=mem:")
        self.write("port", "0")
        self.write("tcp", "0")
        self.must(CERTIFICATE)
        self.must("systemctl start mainstayd")
        return self

    def __exit__(self, *_):
        if os.path.exists(f"{self.top}/pid"):
            pid = int(self.text("pid"))
            try:
                os.kill(pid, signal.SIGTERM)
                while os.path.exists(f"/proc/{pid}"):
                    time.sleep(0.05)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.top, ignore_errors=True)

    def text(self, name):
        with open(f"{self.top}/{name}", encoding="utf-8") as file:
            return file.read().strip()

    def here(self, script):
        """With the paths, names and ports of this scene."""
        script = re.sub(r"(?<![\w/])/(etc|srv|root|var/lib)\b", rf"{self.top}/\1", script)
        script = script.replace("server.example.org", f"127.0.0.1:{self.text('port')}")
        script = script.replace("127.0.0.1:/", f"127.0.0.1:{self.text('port')}:/")
        script = re.sub(r" \.\.\.$", " --export /=mem:", script, flags=re.MULTILINE)  # the options that it has anyway
        script = re.sub(r"(--admin \S*):9101", rf"\1:{self.text('tcp')}" if "mainstay --admin" in script else r"\1:0",
                        script)
        return script.replace("127.0.0.1:12049", "127.0.0.1:0")

    def run(self, script):
        with open(f"{self.top}/output", "w+", encoding="utf-8") as output:  # a server that it starts keeps it open
            done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", self.here(script)], cwd=f"{self.top}/home",
                                  env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  timeout=TIMEOUT_S, check=False)
            output.seek(0)
            return done.returncode, output.read()

    def must(self, script):
        status, text = self.run(script)
        if status != 0:
            raise AssertionError(f"{self.page}: ended with {status}:\n{script}\n{text}")
        return text

    def until(self, pattern, command):
        """Run it until it has printed that, and end it."""
        errors = f"{self.top}/errors"  # not into the same pipe: curl draws there
        with open(errors, "w", encoding="utf-8") as file, \
                subprocess.Popen(["timeout", str(TIMEOUT_S), "bash", "-c", "exec " + self.here(command)], text=True,
                                 env=self.environment, cwd=f"{self.top}/home", stdout=subprocess.PIPE,
                                 stderr=file) as process:
            lines = []
            try:
                for line in process.stdout:
                    lines.append(line)
                    if re.search(pattern, line):
                        return
            finally:
                process.terminate()
        raise AssertionError(f"{self.page}: it did not print {pattern}:\n{command}\n{lines}\n{self.text('errors')}")


def pages():
    return ["README.md"] + sorted(glob.glob("docs/*.md", root_dir=ROOT))


def all_blocks():
    return [block for page in pages() for block in blocks(page)]


def where(block):
    return f"{block.page}:{block.line}: {block.first}"


def commands(script):
    """Each with its lines that go on."""
    return [line for line in script.replace("\\\n", " ").splitlines() if line.strip()]


class Table(unittest.TestCase):
    """tests/docs/commands.txt"""

    def test_each_block_has_a_row(self):
        table, found = rows(), all_blocks()
        self.assertGreater(len(found), 60)
        for block in found:
            mine = rows_of(block, table)
            self.assertEqual(len(mine), 1, f"{where(block)}: it has {len(mine)} rows in tests/docs/commands.txt")

    def test_each_row_has_a_block(self):
        found = all_blocks()
        for row in rows():
            self.assertIn(row.how, KINDS, row)
            self.assertTrue(any(rows_of(block, [row]) for block in found), f"{row}: there is no such block")
            if row.how in ("never", "by", "unit", "until"):
                self.assertTrue(row.more, f"{row}: which, or why?")

    def test_other_tests(self):
        """They are there, and run the same: their source names the page, or has the options of the block."""
        sources = {name: [os.path.join(ROOT, path) for path in paths] for name, paths in source_files().items()}
        for block in all_blocks():
            for row in rows_of(block, rows()):
                if row.how == "by":
                    self.assertTrue(row.more in sources, f"{row}: there is no such test")
                    text = "\n".join(read(path) for path in sources[row.more])
                    if os.path.basename(block.page) not in text:
                        missing = [option for option in re.findall(r"(?<=\s)--[a-z][a-z-]+", block.text)
                                   if option not in text and option not in ("--preset", "--build", "--target")]
                        self.assertEqual(missing, [], f"{where(block)}: {row.more} does not name these")

    def test_the_guide_reads_the_table(self):
        for row in rows():
            if row.how == "guest":
                self.assertIn(f'"{row.page}"', read(GUIDE), row)


def source_files(folder=os.environ["MAINSTAY_BIN"]):
    """Name of a test of this build: the scripts that it consists of."""
    with open(os.path.join(folder, "CTestTestfile.cmake"), encoding="utf-8") as file:
        listing = file.read()
    found = {}
    for name in re.findall(r"(?m)^add_test\((?:\[=*\[)?([\w.-]+)", listing):
        part, _, noun = name.partition(".")
        theme = name.split(".")[-1]
        candidates = [f"tests/{part}/{noun}_test.py", f"tests/{part}/{noun}_tour_test.py",
                      *glob.glob(f"contrib/*/{noun}_test.py", root_dir=ROOT)]
        if part == "kernel":
            candidates = [f"tests/kernel/guest/{theme}.py"]
        found[name] = [path for path in candidates if os.path.exists(os.path.join(ROOT, path))]
    for subfolder in re.findall(r'(?m)^subdirs\("([^"]+)"\)', listing):
        found.update(source_files(os.path.join(folder, subfolder)))
    return found


class Commands(unittest.TestCase):
    def of(self, how):
        table = rows()
        for block in all_blocks():
            for row in rows_of(block, table):
                if row.how == how:
                    yield block, row

    def test_here(self):
        """Page by page, in their order; what one leaves, such as a file, the next one finds."""
        for page in pages():
            mine = [(block, row) for how in ("here", "until") for block, row in self.of(how) if block.page == page]
            if mine:
                with self.subTest(page), Scene(page) as scene:
                    for block, row in sorted(mine, key=lambda one: one[0].line):
                        if row.how == "here":
                            scene.must(block.text)
                        else:
                            for command in commands(block.text):
                                scene.until(row.more, command)

    def test_configurations(self):
        """With --check; their users are this one, and their files are made."""
        for how, option in (("config", "--config"), ("map", "--identity-map")):
            for block, _ in self.of(how):
                with self.subTest(where(block)), Scene(block.page) as scene:
                    for name in re.findall(r"argument: (/srv/\w+)", block.text):
                        os.makedirs(scene.top + name, exist_ok=True)
                    text = scene.here(re.sub(r"^listen: .*\n", "", block.text))
                    text = text.replace('=alice"', f'={USER}"').replace("account robert", f"account {USER}")
                    path = scene.write("etc/block", text)
                    options = "" if how == "config" else "--export /=mem: "
                    if "tls_" in text:
                        options += " ".join(f"--tls-{name} /etc/mainstay/{file} " for name, file in
                                            (("cert", "server.pem"), ("key", "server.key"), ("ca", "ca.pem")))
                    scene.must(f"mainstayd {options} {option} {path}")

    def test_prometheus(self):
        for block, _ in self.of("prometheus"):
            with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
                file.write(block.text)
                file.flush()
                self.ended_well(["promtool", "check", "config", "--syntax-only", file.name], block)

    def test_units(self):
        for block, row in self.of("unit"):
            with tempfile.TemporaryDirectory(prefix="mainstay-docs-") as top:
                path = os.path.join(top, row.more)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(block.text)
                self.ended_well(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", path], block)

    def ended_well(self, command, block):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S,
                              check=False)
        self.assertEqual(done.returncode, 0, f"{where(block)}\n{done.stdout}")


if __name__ == "__main__":
    MISSING = [name for name in PROGRAMS if not shutil.which(name)]
    if MISSING:
        print(f"skipped: {', '.join(MISSING)} are missing: tools/set-up test")
        sys.exit(SKIPPED)
    unittest.main()
