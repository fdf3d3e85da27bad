# SPDX-License-Identifier: Apache-2.0
"""One guest: a user-mode Linux kernel on tap N, with three ways out.

Serial line 0 carries the command's output, serial line 1 the requests of guest/host.py, and the
kernel's console goes to a file. The guest is told what to do by a file it reads while it boots.
"""

import json
import os
import socket
import struct
import subprocess
from pathlib import Path

from .sandbox import client_address

GUEST_INIT = Path(__file__).resolve().parents[1] / "guest" / "init"
MCONSOLE_MAGIC = 0xCAFEBABE
MCONSOLE_VERSION = 2

# bash is the first process of the guest's pid namespace, not the kernel: a kernel that panics ends
# by abort(), and the first process of a namespace does not die of its own signals.
HEAD = ["unshare", "--pid", "--fork", "--kill-child=KILL", "bash", "-c", '"$@"; exit $?', "guest"]


class Guest:
    def __init__(self, number, directory, kernel, memory="768M", disk=None, selinux=False):
        self.number = number
        self.kernel = kernel
        self.memory = memory
        self.selinux = selinux
        self.disk = disk  # an image, the guest's /dev/ubda
        self.directory = Path(directory) / f"client{number}"
        self.directory.mkdir()
        self.console = self.directory / "console"
        self.result = None  # the status the guest reported
        self.text = b""  # output not yet ended by a newline
        self.requests = b""  # of serial line 1, likewise
        self.process = None

    def start(self, config):
        config_file = self.directory / "config.json"
        mounts = [mount for *mount, who in config["mounts"] if not who or self.number in who]
        config_file.write_text(json.dumps(dict(config, mounts=mounts, number=self.number,
                                               address=client_address(self.number),
                                               modules=self.kernel.modules)))
        self.output, output = os.pipe()
        os.set_blocking(self.output, False)
        self.control, requests = os.pipe()
        os.set_blocking(self.control, False)
        answers, self.answers = os.pipe()
        argv = HEAD + [
            *self.kernel.command, f"mem={self.memory}", "umid=uml", f"uml_dir={self.directory}",
            "root=root", "rootfstype=hostfs", "rootflags=/", "ro", f"init={GUEST_INIT}",
            "con=null", "con0=null,fd:1", "ssl=null", f"ssl0=null,fd:{output}",
            f"ssl1=fd:{answers},fd:{requests}", "loglevel=4",
            *(["selinux=1", "enforcing=0"] if self.selinux else ["selinux=0"]),
            f"vec0:transport=tap,ifname=tap{self.number},depth=128,gro=1,"
            f"mac=52:54:00:77:00:{self.number:02x}",
            f"mainstay.config={config_file}"]
        if self.disk:
            argv.append(f"ubd0={self.disk}")
        memory_directory = "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp"
        with self.console.open("wb") as console:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                pass_fds=(output, requests, answers), start_new_session=True,
                env=dict(os.environ, TMPDIR=memory_directory))
        for file in (output, requests, answers):
            os.close(file)

    def kill(self):
        """End every process of the guest: its pid namespace ends with its first process."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def show_blocked_tasks(self):
        """Make the kernel print its blocked tasks on the console."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(3)
            try:
                line.bind(str(self.directory / "mconsole-reply"))
                for command in (b"sysrq 8", b"sysrq w"):  # 8: show messages of every level
                    line.sendto(struct.pack("=III512s", MCONSOLE_MAGIC, MCONSOLE_VERSION, len(command),
                                            command), str(self.directory / "uml" / "mconsole"))
                    line.recv(4096)
            except OSError:
                pass  # the kernel no longer answers

    def console_tail(self, lines=80):
        text = self.console.read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])
