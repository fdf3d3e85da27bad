# SPDX-License-Identifier: Apache-2.0
"""What an installation must have, wherever it comes from."""

import os
import re
import subprocess
import tempfile

TIMEOUT_S = 60
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "installed.txt"), encoding="utf-8") as listing:
    EXPECTED = listing.read().split()
PROGRAMS = ("sbin/mainstayd", "bin/mainstay", "bin/mainstay-bench")


def output(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-8000:]}")
    return done.stdout


def files(top):
    return sorted(os.path.relpath(os.path.join(where, name), top)
                  for where, _, names in os.walk(top) for name in names)


def check(test, top, prefix):
    """It is at `top`, and is to be used at `prefix`."""
    test.assertEqual(files(top), EXPECTED)
    versions = {output(f"{top}/{name}", "--version", timeout=TIMEOUT_S).split("\n")[1] for name in PROGRAMS}
    test.assertEqual(len(versions), 1, versions)
    check_server(f"{top}/sbin/mainstayd")
    check_pages(test, top)
    for shell, name in (("bash", "bash-completion/completions/mainstay"), ("zsh", "zsh/vendor-completions/_mainstay")):
        output(shell, "-n", f"{top}/share/{name}")
    with open(f"{top}/lib/systemd/system/mainstayd.service", encoding="utf-8") as file:
        unit = file.read()
    for program in re.findall(r"^Exec\w+=(\S+)", unit, re.MULTILINE):
        test.assertTrue(program.startswith(f"{prefix}/"), program)
        test.assertTrue(os.access(f"{top}/{os.path.relpath(program, prefix)}", os.X_OK), program)
    return versions.pop().partition(":")[2].strip()


def check_server(program):
    with tempfile.TemporaryDirectory(prefix="mainstay-installed-") as state:
        output(program, "--check", "--listen", "127.0.0.1:0", "--export", "/=mem:", "--state", state,
               "--admin", "none", timeout=TIMEOUT_S)


def check_pages(test, top):
    for name in EXPECTED:
        match = re.fullmatch(r"share/man/man(\d)/(.*)\.\1", name)
        if match:
            with open(f"{top}/{name}", encoding="utf-8") as file:
                title = re.search(r"^\.TH (\S+) (\d)", file.read(), re.MULTILINE)
            test.assertEqual((title[1].lower(), title[2]), (match[2], match[1]))
