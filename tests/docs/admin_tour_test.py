#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/admin.md: its commands, in their order, against a server with two clients. What they print is what the document
says, but for ids, times and the like.

    MAINSTAY_BIN=build tests/docs/admin_tour_test.py --write

puts what they print now into the document."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("MAINSTAY_SOURCE", os.path.join(HERE, "../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/protocol"))
from admin_server import BIN, Server, request, wait_until  # noqa: E402 pylint: disable=wrong-import-position
import nfs_client as nfs  # noqa: E402 pylint: disable=wrong-import-position

DOCUMENT = os.path.join(ROOT, "docs/admin.md")
TIMEOUT_S = 60
MASKS = ((r"\b[0-9a-f]{16,32}\b", "ID"), (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME"),
         (r"\b\d+(\.\d)? s\b|\b\d+[mhd]\d\d[smh]\b", "TIME"), (r"\b\d+(\.\d)? (B|[KMGT]iB)\b", "SIZE"),
         (r"(?m)^(pid|instance|version|commit) .*", r"\1 X"), (r"127\.0\.0\.1:\d+", "PEER"),
         (r"\b\d+\.\d+\.\d+\b", "VERSION"))


def masked(text):
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return [re.sub(r"  +", "  ", line).rstrip() for line in text.splitlines()]


def steps(document):
    """(begin, end, command, output) of each "    $ mainstay ..." with the indented lines behind it."""
    for match in re.finditer(r"(?m)^    \$ (.*)\n((?:    (?!\$ ).*\n|\n(?=    (?!\$ )))*)", document):
        yield match.start(), match.end(), match[1], re.sub(r"(?m)^    ", "", match[2])


class Scene:
    """The server of the tour, with a client that holds files and one that wants one of them."""

    def __enter__(self):
        self.server = Server("--set", "nfs.callback_timeout_ms=60000").start()  # the tour may be slow
        self.folder = tempfile.TemporaryDirectory(prefix="mainstay-tour-")
        with open(os.path.join(self.folder.name, "exports"), "w", encoding="utf-8") as file:
            file.write("/srv/data  192.0.2.0/24(rw,sync,no_subtree_check)\n"
                       "/srv/old   *.example(ro) @trusted(rw)\n")
        self.holder = nfs.Client(self.server.port, "Linux NFSv4.1 web1.example")
        held = self.holder.start(flags=nfs.CONN_BACK_CHAN)
        opened = held.opened("report")
        held.value(*nfs.lock(opened, self.holder.clientid, owner="writer"))
        held.opened("draft", access=nfs.ACCESS_BOTH | nfs.WANT_WRITE_DELEGATION)
        self.other = nfs.Client(self.server.port, "Linux NFSv4.1 web2.example")
        self.session = self.other.start(flags=nfs.CONN_BACK_CHAN)
        self.retry()
        wait_until(self.is_waiting)
        return self

    def retry(self):
        """The other client tries to open what the first one holds."""
        return self.session.call(*self.session.open("draft", create=False))[0]

    def is_waiting(self):
        """The holder has been silent for so long that the server says so."""
        return json.loads(request(self.server.socket, f"/api/v1/clients/{self.holder.id}").body)["waits"]

    def run(self, command):
        """In a shell in a folder of its own, without the need of an endpoint."""
        self.retry()
        environment = {**os.environ, "PATH": BIN + ":" + os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        script = f'mainstay() {{ command mainstay --admin "unix:{self.server.socket}" "$@"; }}\n{command}'
        return subprocess.run(["bash", "-c", script], cwd=self.folder.name, env=environment, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S).stdout

    def __exit__(self, kind, *_):
        self.holder.close()
        self.other.close()
        self.server.__exit__(kind)
        self.folder.cleanup()


def read():
    with open(DOCUMENT, encoding="utf-8") as file:
        return file.read()


class Tour(unittest.TestCase):
    def test_commands(self):
        self.maxDiff = None
        found = list(steps(read()))
        self.assertGreater(len(found), 12)
        ids = {}
        with Scene() as scene:
            for _, _, command, output in found:
                shown = scene.run(actual(command, ids))
                learn(output, shown, ids)
                self.assertEqual(sorted(masked(shown)), sorted(masked(output)),  # lists have no order
                                 f"{command}\n{shown}\nadmin_tour_test.py --write puts it into docs/admin.md")


def actual(command, ids):
    """The command with the ids of this server."""
    return re.sub(r"\b[0-9a-f]{16,32}\b", lambda match: ids.get(match[0], match[0]), command)


def learn(output, shown, ids):
    """Which id of the document is which here: those of lines that are alike, else those that come in the same order."""
    pattern = r"\b[0-9a-f]{16,32}\b"
    ids.update(zip(re.findall(pattern, output), re.findall(pattern, shown)))
    alike = {tuple(masked(line)): line for line in shown.splitlines()}
    for line in output.splitlines():
        ids.update(zip(re.findall(pattern, line), re.findall(pattern, alike.get(tuple(masked(line)), ""))))


def write():
    document, ids, out, at = read(), {}, [], 0
    with Scene() as scene:
        for begin, end, command, output in steps(document):
            shown = scene.run(actual(command, ids))
            learn(output, shown, ids)
            command = actual(command, ids)
            out += [document[at:begin], f"    $ {command}\n",
                    "".join(f"    {line}".rstrip() + "\n" for line in shown.splitlines())]
            at = end
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write("".join(out) + document[at:])


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        unittest.main()
