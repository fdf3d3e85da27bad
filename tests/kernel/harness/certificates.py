# SPDX-License-Identifier: Apache-2.0
"""Certificates of the server and of the guests (tests/lib/pki), and what the server has of them."""

import os
import shutil
import subprocess
from pathlib import Path

from . import HarnessError
from .sandbox import SERVER_ADDRESS
from .uml import PROJECT

OPTIONS = {"cert": "server.pem", "key": "server.key", "ca": "ca.pem", "crl": "none.crl"}  # mainstayd's --tls-...


class Certificates:
    def __init__(self, directory):
        self.directory = Path(directory) / "pki"
        self.server = Path(directory) / "tls"  # the server's own files, which a test changes

    def make(self):
        done = subprocess.run([PROJECT / "tests" / "lib" / "pki", self.directory, f"IP:{SERVER_ADDRESS}"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise HarnessError(f"no certificates: {done.stdout}")
        self.server.mkdir()
        self.change(OPTIONS)

    def options(self):
        """Of mainstayd."""
        return [word for name in OPTIONS for word in (f"--tls-{name}", str(self.server / f"{name}.pem"))]

    def change(self, files):
        """Give the server other files, by the names of its options: {"crl": "revoked.crl"}."""
        for name, file in files.items():
            new = self.server / f"{name}.new"
            shutil.copy(self.directory / file, new)
            os.rename(new, self.server / f"{name}.pem")
