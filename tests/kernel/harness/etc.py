# SPDX-License-Identifier: Apache-2.0
"""Files in /etc of a run's own: mounted over those of the machine in the run's mount namespace, where the server and
the guests see them and the host does not."""

import os
from pathlib import Path

from .sandbox import SERVER_ADDRESS, call_libc, client_address

DOMAIN = "mainstay.test"
SERVER_NAME = f"server.{DOMAIN}"
MS_BIND = 0x1000


def client_name(number):
    return f"client{number}.{DOMAIN}"


def name_hosts(directory, clients):
    hosts = {SERVER_NAME: SERVER_ADDRESS}
    hosts.update((client_name(number), client_address(number)) for number in range(1, clients + 1))
    add_lines("/etc/hosts", [f"{address} {name} {name.partition('.')[0]}" for name, address in hosts.items()], directory)


def add_lines(path, lines, directory):
    """Mount a file over the one of this path, which has its lines and these, and is kept in the directory."""
    replace(path, Path(path).read_text() + "\n".join(lines) + "\n", directory)


def replace(path, text, directory):
    new = Path(directory) / Path(path).name
    new.write_text(text)
    os.chmod(new, 0o644)
    call_libc("mount", os.fsencode(new), os.fsencode(path), None, MS_BIND, None)
