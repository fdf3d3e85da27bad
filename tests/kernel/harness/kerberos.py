# SPDX-License-Identifier: Apache-2.0
"""A Kerberos realm beside the server: its KDC, and the names and accounts that server and guests need.

The realm is that of tests/lib/realm. Accounts and the domain of owner strings are files of this run's own in /etc.
"""

import os
import subprocess
from pathlib import Path

from . import HarnessError
from .etc import DOMAIN, SERVER_NAME, add_lines, client_name, replace
from .sandbox import SERVER_ADDRESS
from .uml import PROJECT

KDC_PORT = 88
USERS = {"alice": 5001, "bob": 5002, "carol": 5003, "dave": 5004, "erin": 5005}  # each with a group of the same number and name
TEAM = ("team", 5100, ("alice", "bob"))
LIMIT_S = 20


class Realm:
    def __init__(self, directory, clients):
        self.directory = Path(directory) / "realm"
        self.clients = clients
        self.environment = {"KRB5_CONFIG": f"{self.directory}/krb5.conf",
                            "KRB5_KDC_PROFILE": f"{self.directory}/kdc.conf"}
        self.process = None

    def start(self, life, skew):
        """Make the realm, start its KDC, and let the server find its key (KRB5_KTNAME) and its users."""
        self.directory.mkdir()
        argv = [str(PROJECT / "tests" / "lib" / "realm"), str(self.directory), "--realm", DOMAIN.upper(),
                "--server", SERVER_NAME, "--address", SERVER_ADDRESS, "--port", str(KDC_PORT),
                "--life", life, "--skew", skew]
        argv += [word for number in range(1, self.clients + 1) for word in ("--client", client_name(number))]
        argv += [word for user in USERS for word in ("--user", user)]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.strip() == "ready":
                break
        else:
            raise HarnessError(f"the realm ended with {self.process.wait()}")
        os.chmod(self.directory, 0o711)
        os.chmod(f"{self.directory}/krb5.conf", 0o644)
        os.environ.update(self.environment, KRB5_KTNAME=f"{self.directory}/server.keytab")
        self.replace_files()

    def replace_files(self):
        add_lines("/etc/passwd", [f"{name}:x:{number}:{number}::/tmp:/bin/bash" for name, number in USERS.items()],
                  self.directory)
        name, number, members = TEAM
        add_lines("/etc/group", [f"{user}:x:{own}:" for user, own in USERS.items()] +
                  [f"{name}:x:{number}:{','.join(members)}"], self.directory)
        replace("/etc/idmapd.conf", f"[General]\nDomain = {DOMAIN}\nLocal-Realms = {DOMAIN.upper()}\n"
                "[Mapping]\nNobody-User = nobody\nNobody-Group = nogroup\n[Translation]\nMethod = nsswitch\n",
                self.directory)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        """Start the KDC again, with the database that it had."""
        self.process = subprocess.Popen(["krb5kdc", "-n"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            if "starting" in line:
                return
        raise HarnessError(f"the KDC ended with {self.process.wait()}")

    def do(self, action):
        if action == "stop":
            self.stop()
        elif action == "start":
            self.restart()
        else:
            raise HarnessError(f"the KDC cannot {action}")

    def change(self, command):
        """A command for kadmin.local, such as `modprinc -maxlife 10s alice`."""
        done = subprocess.run(["kadmin.local", "-r", DOMAIN.upper(), "-q", command], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False)
        if done.returncode != 0 or "while " in done.stdout:
            raise HarnessError(f"kadmin.local {command}: {done.stdout}")

