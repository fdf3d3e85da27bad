#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Runs all commands of docs/security.md, from nothing to the mounts, in one guest that is server and client at once;
and those of other pages that tests/docs/commands.txt marks with `guest`.

An indented block of the page is a script, which root runs. In the place of programs that a guest does not have come
others: apt looks whether the packages are there, systemctl starts daemons, scp copies on the same machine.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

from check import main, test, true

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "docs"))
from blocks import blocks_to_run, rows  # noqa: E402 pylint: disable=wrong-import-position

PAGE = os.path.join(ROOT, "docs", "security.md")
NAMES = "127.0.0.1 server.example.org\n127.0.0.2 client.example.org client\n"
SHIMS = "/run/shims"
AGENT = os.environ["MS_AGENT"]
PROGRAMS = os.environ["MS_PROGRAMS"]
LIMIT_S = 30
PASSWORD = "a password\n" * 6
MACHINE = ("/srv", "/root", "/home", "/var/lib/krb5kdc")  # what the commands change, besides /etc
SHIM = {
    # sudo -u USER, and sudo
    "sudo": 'if [ "$1" = -u ]; then user=$2; shift 2\n'
            'exec setpriv --reuid "$user" --regid "$user" --init-groups env HOME="/home/$user" "$@"; fi\nexec "$@"\n',
    "apt": '[ "$1" = install ]; shift\nfor package; do [ "$package" = ktls-utils ] || dpkg -s "$package" >/dev/null; done\n',
    "useradd": 'getent passwd "${!#}" || exec /usr/sbin/useradd "$@"\n',  # client and server are one machine
    "scp": 'for last; do :; done\nwhile [ $# -gt 1 ]; do from=${1#*:}; case $from in /*) ;; *) from=/root/$from ;; esac\n'
           'cp "$from" "$last"; shift; done\n',
    "systemctl": '''[ "$1" != daemon-reload ] || exit 0
[ "$1" = restart ]
case $2 in
krb5-kdc) krb5kdc ;;
rpc-gssd) mkdir -p /run/rpc_pipefs; mount -t rpc_pipefs sunrpc /run/rpc_pipefs; rpc.gssd -p /run/rpc_pipefs; sleep 1 ;;
tlshd) file() { sed -n "s/^x509.$1=//p" /etc/tlshd.conf; }
    coproc "$AGENT" "$(file truststore)" "$(file certificate)" "$(file private_key)"
    read -r line <&"${COPROC[0]}"; [ "$line" = ready ] ;;
*) exit 1 ;;
esac
''',
}


def blocks():
    """[(heading, script)], in the page's order."""
    heading, found = "", []
    with open(PAGE) as file:
        for line in file:
            if line.startswith("#"):
                heading = line.strip("# \n")
            elif line.startswith("    "):
                if not found or found[-1][0] != heading or not found[-1][2]:
                    found.append([heading, "", True])
                found[-1][1] += line[4:]
            elif line.strip() and found:
                found[-1][2] = False
            elif found:
                found[-1][1] += "\n"
    return [(heading, script.strip() + "\n") for heading, script, _ in found]


def make_machine():
    """A machine of which nothing is left to the next one; once."""
    if os.path.isdir(SHIMS):
        return
    shutil.copytree("/etc", "/run/etc", symlinks=True)
    subprocess.run(["mount", "--bind", "/run/etc", "/etc"], check=True)
    for directory in MACHINE:
        if os.path.isdir(directory):
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", directory], check=True)
    with open("/etc/hosts", "a") as file:
        file.write(NAMES)
    with open("/proc/sys/kernel/hostname", "w") as file:
        file.write("client")
    os.symlink("/proc/self/fd", "/dev/fd")
    os.mkdir(SHIMS)
    for name, text in SHIM.items():
        with open(f"{SHIMS}/{name}", "w") as file:
            file.write(f"#!/bin/bash\nset -e\n{text}")
        os.chmod(f"{SHIMS}/{name}", 0o755)


def run(heading, script):
    """The output goes to a file: daemons that the script starts keep it open."""
    environment = {"PATH": f"{SHIMS}:{PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
                   "AGENT": AGENT}
    with open("/tmp/output", "w"):
        pass
    with open("/tmp/output", "a") as output:
        done = subprocess.run(["timeout", str(LIMIT_S), "bash", "-ex", "-o", "pipefail", "-c", script], input=PASSWORD,
                              text=True, stdout=output, stderr=output, env=environment, cwd="/root", check=False)
    with open("/tmp/output") as output:
        text = output.read()
    if done.returncode != 0:
        print(text)
    true(done.returncode == 0, f"{heading}: ended with {done.returncode}")
    return text


def follow(part):
    """All blocks of a part of the page; returns what the last one printed."""
    headings = [heading for heading, _ in blocks()]
    true(any(part in heading for heading in headings), f"no commands about {part}")
    text = ""
    for heading, script in blocks():
        if part in heading:
            text = run(heading, script)
    return text


def end_server():
    done = subprocess.run(["pgrep", "-x", "mainstayd"], stdout=subprocess.PIPE, text=True, check=True)
    for number in done.stdout.split():
        os.kill(int(number), signal.SIGTERM)
        limit = time.monotonic() + LIMIT_S
        while runs(number):
            true(time.monotonic() < limit, "the server does not end")
            time.sleep(0.05)


def runs(number):
    """Not so if it has ended, and only the guest's first process has not taken notice."""
    try:
        with open(f"/proc/{number}/cmdline", "rb") as file:
            return file.read() != b""
    except OSError:
        return False


@test
def kerberos():
    make_machine()
    follow("realm")
    listed = follow("Kerberos")
    true(re.search(r"alice +alice .* file$", listed, re.MULTILINE), f"alice's file is not listed as hers:\n{listed}")
    end_server()


@test
def certificates():
    follow("certificates")
    listed = follow("TLS")
    true("alice" in listed, f"the directory is not listed:\n{listed}")
    end_server()


@test
def every_command_is_run():
    for heading, _ in blocks():
        true(any(part in heading for part in ("realm", "Kerberos", "certificates", "TLS")), f"not run: {heading}")


# A page, where its commands run, and what is mounted there, if that is not for them to do.
MOUNTED = {"README.md": None, "docs/quick-start.md": None, "docs/running.md": None, "docs/changing.md": None,
           "docs/clients.md": None, "docs/delegations.md": "/data", "docs/exports.md": "/acl",
           "docs/acls.md": "/data", "docs/extended-attributes.md": "/acl"}
SERVER = """mkdir -p /srv/data /srv/state; chmod 1777 /srv/data
mainstayd --listen 0.0.0.0:2049 --listen 127.0.0.1:12049 --export /data=local:/srv/data,insecure \\
    --export /acl=mem:,no_root_squash --state /srv/state &
until mainstay --admin unix:/srv/state/admin.sock status; do sleep 0.1; done
"""


def unmount_all():
    while "nfs4" in open("/proc/mounts").read():
        subprocess.run(["umount", "--all", "--types", "nfs4"], check=True)


@test
def mounts():
    """The commands of clients. `mainstay` asks the guest's server."""
    make_machine()
    run("the server", SERVER)
    with open(f"{SHIMS}/mainstay", "w") as file:
        file.write(f'#!/bin/bash\nexec "{PROGRAMS}/mainstay" --admin unix:/srv/state/admin.sock "$@"\n')
    os.chmod(f"{SHIMS}/mainstay", 0o755)
    printed = {}
    for page, path in MOUNTED.items():
        for block in blocks_to_run(page, "guest"):
            before = ""
            if path:
                before = f"mount -t nfs4 server.example.org:{path} /mnt; cd /mnt; touch FILE; mkdir -p DIRECTORY\n"
            printed[block.first] = run(f"{page}:{block.line}", before + block.text)
            os.chdir("/")
            unmount_all()
    connections = [text.count("xprt:\ttcp") for first, text in printed.items() if "nconnect=" in first]
    true(connections == [4], f"{connections} connections with nconnect=4")
    end_server()


@test
def each_page_is_run():
    for row in rows():
        true(row.how != "guest" or row.page in MOUNTED, f"not run: {row}")


sys.exit(main())
