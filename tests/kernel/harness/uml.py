# SPDX-License-Identifier: Apache-2.0
"""Which user-mode Linux kernel to boot.

MAINSTAY_UML=FILE, else a faster kernel kept beside the checkout, else Debian's linux.uml; where Debian's is too old for
a theme, one of tools/build-uml, or of tools/fetch-uml. A file whose name ends in .xz is unpacked once, into the given directory.
"""

import hashlib
import lzma
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import Unavailable

PROJECT = Path(__file__).resolve().parents[3]
BESIDE = PROJECT.parent / "shared" / "tools" / "linux-client" / "linux-6.12.uml.xz"
DEBIAN_MODULES = "/usr/lib/uml/modules"  # of the package user-mode-linux
FETCHED = PROJECT / "build" / "uml"
BUILT = PROJECT / "build" / "uml-read-plus" / "linux.uml"
PROGRAM, MODULES, LIBRARIES = "linux.uml", "modules", "lib"  # in FETCHED
TLS_SINCE = (6, 5)
MINOR_2_SINCE = (6, 12)  # knows OPEN_XOR_DELEGATION and delegated times, and may read with READ_PLUS


@dataclass
class Kernel:
    command: list
    modules: str = DEBIAN_MODULES  # where a directory of its release may be

    def reads_plus(self):
        """If it is built to read with READ_PLUS, as Linux is by default; those of Debian are not."""
        done = subprocess.run([*self.command, "--showconfig"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=False)
        return "CONFIG_NFS_V4_2_READ_PLUS=y" in done.stdout.splitlines()


def find_kernel(unpack_directory, tls=False, since=None, selinux=False):
    """With NFS over TLS, at least of this release, or with SELinux, if that is asked for."""
    named = os.environ.get("MAINSTAY_UML")
    if named:
        if not Path(named).is_file() and not shutil.which(named):
            raise Unavailable(f"MAINSTAY_UML={named}: no such file")
        return kernel(unpacked(Path(shutil.which(named) or named), unpack_directory))
    if BESIDE.is_file() and not tls and not selinux:
        return Kernel([str(unpacked(BESIDE, unpack_directory))])
    if BUILT.is_file() and since == MINOR_2_SINCE and not tls and not selinux:
        return Kernel([str(BUILT)])
    since = TLS_SINCE if tls else since
    if since and not newer(DEBIAN_MODULES, since):
        return fetched(since)
    debian = shutil.which("linux.uml")
    if debian is None:
        raise Unavailable("linux.uml is missing (Debian package user-mode-linux)")
    return Kernel([debian])


def newer(modules, since):
    """If the kernel of these modules, by the name of their directory, is of that release or newer."""
    releases = [directory.name.split(".") for directory in Path(modules).glob("[0-9]*.[0-9]*")]
    return any((int(release[0]), int(release[1])) >= since for release in releases)


def fetched(since):
    if not (FETCHED / PROGRAM).is_file() or not newer(FETCHED / MODULES, since):
        release = ".".join(map(str, since))
        raise Unavailable(f"this needs Linux {release} or newer, and Debian's linux.uml is older (run tools/fetch-uml)")
    return kernel(FETCHED / PROGRAM)


def kernel(program):
    """With the library and the modules that tools/fetch-uml has put beside it, if it is from there."""
    directory = program.parent
    if not (directory / LIBRARIES).is_dir():
        return Kernel([str(program)])
    return Kernel(["env", f"LD_LIBRARY_PATH={directory / LIBRARIES}", str(program)], str(directory / MODULES))


def unpacked(path, directory):
    if path.suffix != ".xz":
        return path.resolve()
    packed = path.read_bytes()
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    kernel = directory / f"linux-{hashlib.sha256(packed).hexdigest()[:16]}.uml"
    if not kernel.exists():
        # Written aside and renamed: two runs may do this at the same time.
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".uml.", delete=False) as file:
            file.write(lzma.decompress(packed))
        os.chmod(file.name, 0o755)
        os.rename(file.name, kernel)
    return kernel
