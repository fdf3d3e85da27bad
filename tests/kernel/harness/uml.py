# SPDX-License-Identifier: Apache-2.0
"""Which user-mode Linux kernel to boot.

MAINSTAY_UML=FILE, else a faster kernel kept beside the checkout, else Debian's linux.uml. A file
whose name ends in .xz is unpacked once, into the given directory.
"""

import hashlib
import lzma
import os
import shutil
import tempfile
from pathlib import Path

from . import Unavailable

PROJECT = Path(__file__).resolve().parents[3]
BESIDE = PROJECT.parent / "shared" / "tools" / "linux-client" / "linux-6.12.uml.xz"


def find_kernel(unpack_directory):
    named = os.environ.get("MAINSTAY_UML")
    if named:
        if not Path(named).is_file() and not shutil.which(named):
            raise Unavailable(f"MAINSTAY_UML={named}: no such file")
        return unpacked(Path(shutil.which(named) or named), unpack_directory)
    if BESIDE.is_file():
        return unpacked(BESIDE, unpack_directory)
    debian = shutil.which("linux.uml")
    if debian is None:
        raise Unavailable("linux.uml is missing (Debian package user-mode-linux)")
    return Path(debian)


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
