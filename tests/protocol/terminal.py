# SPDX-License-Identifier: Apache-2.0
"""A program in a terminal of its own, by tmux: what is on the screen, and keys that are typed."""

import os
import shutil
import subprocess
import tempfile
import unittest

from admin_server import TIMEOUT_S, wait_until


class Terminal:
    """Use it as a context.  The program's stderr and exit status are in files."""

    def __init__(self, command, columns=80, rows=24, term=None, env=()):
        if not shutil.which("tmux"):
            raise unittest.SkipTest("there is no tmux")
        self.folder = tempfile.mkdtemp(prefix="mainstay-tmux-")
        self.status_file = os.path.join(self.folder, "status")
        words = " ".join(f"'{word}'" for word in command)
        settings = "".join(f"{name}='{value}' " for name, value in dict(env).items())
        settings += f"TERM={term} " if term else ""
        script = f"{settings}{words} 2>{self.folder}/errors; echo $? >{self.status_file}.new; " \
                 f"mv {self.status_file}.new {self.status_file}; exec cat"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "/bin/sh", "-c", script,
                  env={"LC_ALL": "C.UTF-8", "SHELL": "/bin/sh", "TERM": "screen"})

    def tmux(self, *words, env=()):
        environ = {name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR")}
        done = subprocess.run(["tmux", "-u", "-S", os.path.join(self.folder, "tmux"), *words], capture_output=True,
                              text=True, timeout=TIMEOUT_S, check=False, env={**environ, **dict(env)})
        if done.returncode != 0:
            raise AssertionError((words, done.stderr))
        return done.stdout

    def text(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def coloured(self):
        """With the escape sequences of its colours."""
        return self.text("-e")

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def until(self, condition):
        """Wait until it is true of the screen.  Returns the screen."""
        seen = [""]

        def look():
            seen[0] = self.text()
            return condition(seen[0])
        try:
            wait_until(look)
        except AssertionError as error:
            raise AssertionError("the screen stays\n" + seen[0] + self.errors()) from error
        return seen[0]

    def shows(self, *words):
        return self.until(lambda text: all(word in text for word in words))

    def errors(self):
        with open(os.path.join(self.folder, "errors"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def status(self):
        """Wait for the end of the program."""
        wait_until(lambda: os.path.exists(self.status_file))
        with open(self.status_file, encoding="utf-8") as file:
            return int(file.read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")
        shutil.rmtree(self.folder)
