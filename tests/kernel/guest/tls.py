#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""RPC-with-TLS: client 1 shows a certificate (xprtsec=mtls), client 2 does not (xprtsec=tls) (S22-15).

Who may mount what is tried after the mounts of a client are gone: a new mount of the same kind would use their
connection.
"""

import os
import shutil
import subprocess
import sys
import time

import host
from check import CLIENT, SERVER, drop_caches, equal, main, read, test, true, write
from flavor import program
from mounting import OwnMountsOff, mount, unmount
from mountstats import transports

FIRST = CLIENT == 1
TOP = "/mnt/tls"
PKI = os.environ["MS_PKI"]
USED = "/run/tls"  # the agent's files
ROW = 20
REVOKED_S = 2
BACK_S = 60
DATA = b"some data of a file\n" * 1000

# certificate, xprtsec, export, and whether it can be mounted
WHO_MAY = (
    ("client1", "tls", "/tls", True),
    ("client1", "mtls", "/tls", True),
    ("client1", "mtls", "/mtls", True),
    ("client1", "tls", "/open", True),
    ("client1", "none", "/open", True),
    ("client1", "none", "/tls", False),
    ("client1", "none", "/mtls", False),
    ("client1", "tls", "/mtls", False),
    ("nosan", "mtls", "/mtls", True),
    ("client-rpc", "mtls", "/mtls", True),
    ("chain", "mtls", "/mtls", True),
    ("chain-leaf", "mtls", "/mtls", False),
    ("client-server-only", "mtls", "/mtls", False),
    ("rogue", "mtls", "/mtls", False),
    ("rogue", "mtls", "/tls", False),
    ("self", "mtls", "/mtls", False),
    ("old", "mtls", "/mtls", False),
    ("future", "mtls", "/mtls", False),
    ("revoked", "mtls", "/mtls", False),
)


def show(name, ca="ca"):
    """The files that the agent uses from now on."""
    key = name.removesuffix("-leaf")  # of a certificate without the rest of its chain
    for target, file in (("certificate", f"{name}.pem"), ("key", f"{key}.key"), ("ca", f"{ca}.pem")):
        shutil.copy(f"{PKI}/{file}", f"{USED}/{target}.new")
        os.rename(f"{USED}/{target}.new", f"{USED}/{target}.pem")


@test
def a_day_of_work():
    """A build and git at once, then locks; recalls and other callbacks arrive on the connections with TLS."""
    directory = f"{TOP}/day"
    if FIRST:
        os.mkdir(directory)
    host.barrier("made")
    os.mkdir(f"{directory}/{CLIENT}")
    os.chdir(f"{directory}/{CLIENT}")
    if FIRST:
        program("build.py", "build_a_source_tree", alone=True, MS_MODULES="6")
    else:
        program("gitwork.py", alone=True, MS_GIT_FILES="40")
    os.chdir(directory)
    program("pair.py", "ranges", "a_waiter_gets_the_lock", "locks_of_two_processes", "both_append", "both_count",
            "one_sees_the_names_of_the_other")
    if SERVER == "mainstayd":
        program("delegation.py", "the_other_opens_what_is_unwritten", "the_other_sees_what_was_closed",
                "the_other_looks_at_attributes", "a_cached_tree_costs_nothing", "who_waits_for_a_lock_is_told")


@test
def the_certificate_decides():
    """An export that wants certificates is mounted by client 1 beside the other, on the same connection."""
    if FIRST:
        write("/mnt/mtls/file", DATA)
        drop_caches()
        equal(read("/mnt/mtls/file"), DATA, "what was written")


@test
def who_may_mount():
    """Refusals come at once."""
    host.barrier("who may mount")
    if not FIRST:
        return
    wrong = []

    def attempt(certificate, xprtsec, path, expected, ca="ca"):
        show(certificate, ca)
        mounted, said = mount(path, f"xprtsec={xprtsec}")
        if mounted:
            write("/mnt/try/file", DATA)
            unmount()
        if mounted != expected:
            wrong.append(f"{certificate} xprtsec={xprtsec} {path}: {said or 'mounted'}")

    with OwnMountsOff():
        host.certificates(crl="revoked.crl")
        for case in WHO_MAY:
            attempt(*case)
        attempt("client1", "tls", "/tls", False, ca="rogueca")
        show("client1")
        host.certificates(crl="none.crl")
    equal(wrong, [], "what went wrong")


@test
def many_mounts():
    """One after the other: none hangs."""
    if FIRST:
        with OwnMountsOff():
            for turn in range(ROW):
                mounted, said = mount("/tls", "xprtsec=mtls")
                true(mounted, f"mount {turn}: {said}")
                os.listdir("/mnt/try")
                unmount()


@test
def the_server_restarts():
    """New connections have TLS again, and files and locks are kept."""
    directory = f"{TOP}/restart.{CLIENT}"
    os.mkdir(directory)
    with open(f"{directory}/file", "wb", buffering=0) as file:
        file.write(DATA)
        host.barrier("written")
        if FIRST:
            host.server("restart")
        host.barrier("restarted")
        file.write(DATA)
        os.fsync(file.fileno())
    drop_caches()
    equal(read(f"{directory}/file"), 2 * DATA, "what was written before and after")


@test
def certificates_are_renewed():
    """The server reads a new certificate: connections stay, and the next one sees it."""
    before = [each.connects for each in transports()]
    host.barrier("mounted")
    if FIRST:
        host.certificates(cert="server2.pem", key="server2.key")
    host.barrier("renewed")
    write(f"{TOP}/renewed.{CLIENT}", DATA)
    equal([each.connects for each in transports()], before, "connections made")
    host.barrier("written")
    if FIRST:
        host.server("restart")
    host.barrier("restarted with the new one")
    drop_caches()
    equal(read(f"{TOP}/renewed.{CLIENT}"), DATA, "what the new connection brings")


@test
def a_certificate_is_revoked():
    """While its client is mounted: the connection ends, and another one is refused; the other client goes on."""
    write(f"{TOP}/before.{CLIENT}", DATA)
    connects = [each.connects for each in transports()]
    host.barrier("before the revocation")
    if FIRST:
        host.certificates(crl="client1.crl")
    host.barrier("revoked")
    drop_caches()
    if FIRST:
        reader = subprocess.Popen(["cat", f"{TOP}/before.{CLIENT}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(REVOKED_S)
        true(reader.poll() != 0 or reader.stdout.read() != DATA, "a revoked certificate still reads")
    else:
        equal(read(f"{TOP}/before.{CLIENT}"), DATA, "what the other client reads")
        equal([each.connects for each in transports()], connects, "its connections made")
    host.barrier("refused")
    if FIRST:
        host.certificates(crl="none.crl")
        limit = time.monotonic() + BACK_S
        reader.wait()
        while True:
            try:
                equal(read(f"{TOP}/before.{CLIENT}"), DATA, "what is read when it is valid again")
                break
            except OSError as error:
                true(time.monotonic() < limit, f"still refused: {error}")
                time.sleep(0.2)


sys.exit(main())
