#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A bare Debian 12 with systemd gets the packages, as user-mode Linux: from the installation to the purge. The program
`guest` has the steps, which it takes without a network.

    machine_test.py DIRECTORY      with the packages (contents_test.py); the bare Debian is kept there, too"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

from packages import named, need, older, run, skip

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = {"debootstrap": "debootstrap", "linux.uml": "user-mode-linux", "mke2fs": "e2fsprogs"}
MODULES = "/usr/lib/uml/modules"
SUITE, USUAL_MIRROR = "bookworm", "http://deb.debian.org/debian"
FETCHES = 3
# Besides what systemd needs: the programs of a client, and what `guest` is written in.
INCLUDED = "systemd,systemd-sysv,kmod,nfs-common,python3-minimal"
TESTED = ("mainstay-server", "mainstay-client-tools")
STEPS = ("installed", "started", "exported", "mounted", "restarted", "reloaded", "upgraded", "rated", "purged",
         "own_user", "watched", "purged_again")
DISK = "2G"  # sparse
BOOT_LIMIT_S = 2400
# Whatever ends this test, the guest ends with it: with the first process of its pid namespace. That is not the kernel,
# which ends by abort() if it panics: the first process does not die of its own signals.
HEAD = ["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child=KILL",
        "bash", "-c", '"$@"; exit $?', "guest"]
SERVICE = """[Unit]
After=multi-user.target
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/root/guest
ExecStopPost=systemctl poweroff --force
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
"""


def mirror():
    """Where this machine has its own packages from."""
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Origin: Debian",
                             "Component: main"], stdout=subprocess.PIPE, text=True, check=False).stdout
    return next((site for site in listed.split() if "security" not in site), USUAL_MIRROR)


def debootstrap(tree):
    """A mirror may fail once."""
    for _ in range(FETCHES):
        shutil.rmtree(tree, ignore_errors=True)
        done = subprocess.run(["debootstrap", "--variant=minbase", f"--include={INCLUDED}", SUITE, tree, mirror()],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode == 0:
            return
    skip(f"debootstrap cannot make a Debian from {mirror()}: {(done.stdout.strip() or 'nothing').splitlines()[-1]}")


def bare_debian(directory, tree):
    """Unpacks a bare Debian, which is fetched once."""
    kept = f"{directory}/{SUITE}-{hashlib.sha256(INCLUDED.encode()).hexdigest()[:8]}.tar"
    os.mkdir(tree)
    if not os.path.exists(kept):
        debootstrap(tree)
        run("chroot", tree, "apt-get", "clean")  # of the packages that are installed now
        run("tar", "--create", "--file", f"{kept}.{os.getpid()}", "--directory", tree, ".")
        os.rename(f"{kept}.{os.getpid()}", kept)
    else:
        run("tar", "--extract", "--file", kept, "--directory", tree)


def furnish(tree, packages):
    """All that the guest needs, so that it needs no network."""
    for when in ("old", "new"):
        os.mkdir(f"{tree}/root/{when}")
    for name in TESTED:
        shutil.copy(packages[name], f"{tree}/root/new")
        older(packages[name], f"{tree}/root/old")
    shutil.copytree(MODULES, f"{tree}/lib/modules", dirs_exist_ok=True)
    shutil.copy(f"{HERE}/guest", f"{tree}/root/guest")
    with open(f"{tree}/etc/systemd/system/guest.service", "w", encoding="utf-8") as file:
        file.write(SERVICE)


def fetch_dependencies(tree):
    """What the packages depend on, into the guest's cache."""
    shutil.copy("/etc/resolv.conf", f"{tree}/etc/resolv.conf")
    fetch = "apt-get -qq update && apt-get -qq --yes --no-install-recommends --download-only install /root/new/*.deb"
    done = subprocess.run(["chroot", tree, "sh", "-c", fetch], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode == 0:
        return
    if "Unable to fetch" in done.stdout or "Failed to fetch" in done.stdout:
        skip(f"packages of Debian cannot be fetched: {done.stdout.strip().splitlines()[-1]}")
    sys.exit(f"apt does not take the packages:\n{done.stdout}")


def boot(tree, directory):
    """Runs the machine from a disk with this tree until it has powered off; returns what it said."""
    disk = f"{directory}/disk"
    run("mke2fs", "-q", "-t", "ext4", "-d", tree, disk, DISK)
    command = ["linux.uml", "mem=512M", f"ubd0={disk}", "root=/dev/ubda", "rootfstype=ext4", "rw", "con=null",
               "con0=fd:0,fd:1", f"uml_dir={directory}", "quiet", "init=/lib/systemd/systemd", "systemd.show_status=0",
               "systemd.log_level=warning", "systemd.wants=guest.service"]
    shared = "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp"
    with subprocess.Popen(HEAD + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", env=dict(os.environ, TMPDIR=shared)) as process:
        try:
            return process.communicate(timeout=BOOT_LIMIT_S)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            return f"{process.communicate()[0]}\nThe machine was ended after {BOOT_LIMIT_S} s.\n"
        finally:
            process.kill()


def main():
    directory = os.path.abspath(sys.argv[1])
    if os.geteuid() != 0:
        skip("needs root")
    need(PROGRAMS)
    packages = named(f"{directory}/deb")
    if not set(TESTED) <= set(packages):
        skip("there are no packages: package.contents was skipped")
    with tempfile.TemporaryDirectory(prefix="mainstay-machine-", dir="/tmp") as work:
        tree = f"{work}/tree"
        bare_debian(directory, tree)
        furnish(tree, packages)
        fetch_dependencies(tree)
        said = boot(tree, work)
    missed = [step for step in STEPS if f"ok {step}:" not in said]
    print(said)
    if missed:
        sys.exit(f"not seen: {', '.join(missed)}")


if __name__ == "__main__":
    main()
