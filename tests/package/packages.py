# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of this source, as tools/make-deb builds them."""

import glob
import os
import re
import shutil
import subprocess
import sys

SOURCE = os.environ["MAINSTAY_SOURCE"]
SKIPPED = 77
BUILDERS = {"dh": "debhelper", "dpkg-buildpackage": "dpkg-dev", "lintian": "lintian", "dwz": "debhelper"}


def run(*command, **options):
    """The output of a command, which ends the test if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def need(programs):
    """Skips the test unless they are there; the values are their packages."""
    missing = sorted({package for program, package in programs.items() if not shutil.which(program)})
    if missing:
        skip(f"packages are missing: {' '.join(missing)} (tools/set-up test)")


def build(directory, environment=None, **options):
    """Packages in that new directory, and what lintian says of them."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("CMAKE_", "CCACHE_"))}
    said = run(f"{SOURCE}/tools/make-deb", directory, env=dict(own, **(environment or {})), **options)
    return "".join(line for line in said.splitlines(keepends=True) if not line.endswith(".deb\n"))


def named(directory):
    """Paths of the packages by their names."""
    return {re.match(r"[^_]*", os.path.basename(path))[0]: path for path in glob.glob(f"{directory}/*.deb")}


def older(path, directory):
    """The same package as of a version before, in another directory; returns that version."""
    version = run("dpkg-deb", "--field", path, "Version").strip()
    tree = f"{directory}/tree"
    run("dpkg-deb", "--raw-extract", path, tree)
    with open(f"{tree}/DEBIAN/control", encoding="utf-8") as file:
        control = file.read()
    before = f"{version}~before"
    for form in ("Version: {}\n", "(= {})"):
        control = control.replace(form.format(version), form.format(before))
    with open(f"{tree}/DEBIAN/control", "w", encoding="utf-8") as file:
        file.write(control)
    run("dpkg-deb", "--root-owner-group", "--build", tree, directory)
    shutil.rmtree(tree)
    return before
