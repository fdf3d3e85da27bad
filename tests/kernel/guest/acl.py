#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""ACLs on a directory of the server (docs/acls.md), by the tools of the client and of the server's machine."""

import errno
import os
import stat
import subprocess

import host
from check import as_user, drop_caches, equal, main, raises, read, run, test, true, write

ALICE, BOB, CAROL = (5001, 6001), (5002, 6002), (5003, 6003)  # uid, gid
TOP = "/mnt/nfs"


def on_server(path):
    """The same below the export's directory."""
    return os.path.relpath(os.path.abspath(path), TOP)


def nfs4_acl(path):
    return [line for line in run("nfs4_getfacl", path).split("\n") if line and not line.startswith("#")]


def nfs4_setfacl(*arguments):
    run("nfs4_setfacl", *arguments)


def overwrite(path):
    """Write to an existing file."""
    write(path, b"new", flags=os.O_WRONLY)


def create(path, permissions):
    write(path, b"text", mode=permissions, flags=os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def try_setfacl(*arguments):
    """The status of nfs4_setfacl, which says nothing."""
    return subprocess.call(["nfs4_setfacl", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def refused(*arguments):
    """nfs4_setfacl must fail for what cannot be expressed.  Linux has no errno for NFS4ERR_ATTRNOTSUPP but EIO."""
    done = subprocess.run(["nfs4_setfacl", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    true(done.returncode != 0, f"nfs4_setfacl {' '.join(arguments)} succeeded")
    true("Input/output error" in done.stdout, f"nfs4_setfacl {' '.join(arguments)}: {done.stdout}")


def mode(path):
    """As the server has it: the client does not ask for it again when it has set an ACL."""
    drop_caches()
    return stat.S_IMODE(os.stat(path).st_mode)


def made(path, permissions, owner=ALICE):
    write(path, b"text")
    os.chmod(path, permissions)
    os.chown(path, *owner)


@test
def one_more_user():
    made("f", 0o640)
    equal(nfs4_acl("f"), ["A::OWNER@:rwatTcCoy", "A::GROUP@:rtcy", "A::EVERYONE@:tcy"], "ACL of mode 640")
    raises(errno.EACCES, as_user, *BOB, read, "f")
    nfs4_setfacl("-a", "A::5002:RX", "f")
    equal(host.getfacl(on_server("f")),
          ["user::rw-", "user:5002:r-x", "group::r--", "mask::r-x", "other::---"], "ACL on the server")
    equal(as_user(*BOB, read, "f"), b"text", "what the user reads")
    raises(errno.EACCES, as_user, *BOB, overwrite, "f")
    raises(errno.EACCES, as_user, *CAROL, read, "f")
    equal(mode("f"), 0o650, "mode, with the mask")
    equal(nfs4_acl("f"), ["D::OWNER@:x", "A::OWNER@:rwatTcCoy", "A::5002:rxtcy", "A::GROUP@:rtcy", "A::EVERYONE@:tcy"],
          "ACL with one more user")
    nfs4_setfacl("-a", "A:g:6003:rwa", "f")
    as_user(*CAROL, overwrite, "f")
    nfs4_setfacl("-x", "A::5002:rxtcy", "f")
    raises(errno.EACCES, as_user, *BOB, read, "f")


@test
def round_trip():
    acls = ("u::rw,g::r,o::-", "u::rw,u:5002:rwx,g::r,m::r,o::-", "u::r,u:5002:-,g::rw,g:6003:x,m::rwx,o::r",
            "u::-,u:5001:rw,u:5002:x,g::rwx,g:6001:-,g:6003:rw,m::rw,o::rx")
    made("f", 0o600)
    os.mkdir("d")
    for acl in acls:
        for name, default in (("f", ()), ("d", ()), ("d", ("-d",))):
            host.setfacl(on_server(name), *default, "--set", acl)
            before = host.getfacl(on_server(name))
            with open("saved", "w") as file:
                file.write(run("nfs4_getfacl", name))
            nfs4_setfacl("-S", "saved", name)
            equal(host.getfacl(on_server(name)), before, f"ACL {acl} of {name} after a round trip")


@test
def set_on_the_server():
    made("f", 0o600)
    equal(as_user(*ALICE, read, "f"), b"text", "what the owner reads")
    raises(errno.EACCES, as_user, *BOB, read, "f")
    host.setfacl(on_server("f"), "-m", "u:5002:rw")
    drop_caches()  # or the client remembers what it was told that users may do
    as_user(*BOB, overwrite, "f")
    equal(nfs4_acl("f"), ["A::OWNER@:rwatTcCoy", "A::5002:rwatcy", "A::GROUP@:tcy", "A::EVERYONE@:tcy"], "ACL")
    os.chmod("f", 0o640)  # the mask
    raises(errno.EACCES, as_user, *BOB, overwrite, "f")
    equal(as_user(*BOB, read, "f"), b"newt", "what the user reads by the mask")


@test
def inheritance():
    os.mkdir("d")
    os.chmod("d", 0o755)
    nfs4_setfacl("-a", "A:fd:5002:RX", "d")
    nfs4_setfacl("-a", "A:fdg:6003:rwaDx", "d")
    true("A:fdi:5002:rxtcy" in nfs4_acl("d"), f"ACL of the directory: {nfs4_acl('d')}")
    true("default:group:6003:rwx" in host.getfacl(on_server("d")), "default ACL on the server")
    old = os.umask(0)  # which would limit what is inherited, where the client applies it
    os.makedirs("d/sub/sub")
    create("d/sub/sub/f", 0o660)
    os.umask(old)
    equal(as_user(*BOB, read, "d/sub/sub/f"), b"text", "what the user reads")
    as_user(*CAROL, overwrite, "d/sub/sub/f")
    as_user(*CAROL, create, "d/sub/new", 0o600)
    raises(errno.EACCES, as_user, *BOB, create, "d/sub/new2", 0o600)
    raises(errno.EACCES, as_user, *BOB, read, "d/sub/new")  # the mode limits it
    equal(host.getfacl(on_server("d/sub/sub/f")),
          ["user::rw-", "user:5002:r-x", "group::r-x",
           "group:6003:rwx", "mask::rw-", "other::---"], "inherited ACL on the server")


@test
def what_is_refused():
    made("f", 0o644)
    os.mkdir("d")
    before = nfs4_acl("f")
    for entry in ("A::5002:w", "A::5002:a", "A::5002:W", "A::5002:C", "A::5002:d", "D::5002:d", "D::5002:t", "D::OWNER@:C",
                  "D:g:6003:r"):
        refused("-a", entry, "f")
    for entry in ("A:f:5002:r", "A:d:5002:r", "A:fdn:5002:r"):
        refused("-a", entry, "d")
    equal(nfs4_acl("f"), before, "ACL after what was refused")
    equal(mode("f"), 0o644, "mode")
    nfs4_setfacl("-a", "D::5002:wa", "f")
    true("user:5002:r--" in host.getfacl(on_server("f")), "denied writing")


@test
def only_the_owner():
    made("f", 0o666)
    true(as_user(*BOB, try_setfacl, "-a", "A::5002:rwax", "f") != 0, "another user could set the ACL")
    equal(as_user(*ALICE, try_setfacl, "-a", "A::5002:rwax", "f"), 0, "the owner's nfs4_setfacl")
    true("user:5002:rwx" in host.getfacl(on_server("f")), "set by the owner")


if __name__ == "__main__":
    raise SystemExit(main())
