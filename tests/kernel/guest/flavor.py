# SPDX-License-Identifier: Apache-2.0
"""For programs that do the same on several mounts of one export: /mnt/<flavor> of two clients."""

import json
import os
import subprocess
import sys
import threading

import host
from check import CLIENT, drop_caches, test, true

MOUNTS = json.loads(os.environ["MS_MOUNTS"])
FLAVORS = {os.path.basename(mount[1]): mount[1] for mount in MOUNTS}
PROGRAMS = os.path.dirname(os.path.realpath(__file__))


def each_flavor(function):
    """A test for each mount, in a directory of its own there that all may write to."""
    def make(flavor):
        def on_flavor():
            os.chdir(shared_directory(flavor, function.__name__))
            function(flavor)
        on_flavor.__name__ = f"{function.__name__}_{flavor}"
        return test(on_flavor)

    for each in FLAVORS:
        make(each)
    return function


def shared_directory(flavor, name):
    path = f"{FLAVORS[flavor]}/{name}.{flavor}"
    if CLIENT == 1:
        os.mkdir(path)
        os.chmod(path, 0o1777)
    host.barrier(f"{path} is made")
    return path


def program(name, *tests, user=0, alone=False, **environment):
    """Run another program of these tests in the working directory, as that user: on this client alone, or on both at
    once. Its values between clients are its own ones."""
    place = os.getcwd()
    if alone:
        environment["MS_CLIENTS"] = "1"
    environment = dict(os.environ, **environment, MS_PART=place,
                       MS_MOUNTS=json.dumps([mount for mount in MOUNTS if place.startswith(mount[1])]))
    print(f"     {name} in {place}", flush=True)
    done = subprocess.run([f"{PROGRAMS}/{name}", *tests], user=user, group=user, extra_groups=[], env=environment,
                          stdout=sys.stdout, stderr=sys.stdout, check=False)
    true(done.returncode == 0, f"{name} ended with {done.returncode}")


class CachesDropped:
    """Meanwhile, root drops the caches again and again, which programs of other users cannot."""

    def __init__(self, every_s=1.0):
        self.every_s = every_s
        self.end = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while not self.end.wait(self.every_s):
            drop_caches()

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()
