# SPDX-License-Identifier: Apache-2.0
"""The small test framework of the guest programs, and helpers that several of them need.

Each function marked @test runs in an empty directory of its own on the mount. All run; the program
ends with 1 when any failed. A failure prints what was expected, what was found, and the line.
Several clients run the tests in step.
"""

import ctypes
import errno
import os
import pickle
import shutil
import subprocess
import sys
import time
import traceback

import host

CLIENT = int(os.environ.get("MS_CLIENT", "1"))
CLIENTS = int(os.environ.get("MS_CLIENTS", "1"))
BACKEND = os.environ.get("MS_BACKEND", "local")  # mem or local
SERVER = os.environ.get("MS_SERVER", "mainstayd")  # or ganesha
VERSION = os.environ.get("MS_VERSION", "4.1")
DESCRIPTORS_MAX = 256

libc = ctypes.CDLL(None, use_errno=True)
tests = []


class Failed(Exception):
    pass


def test(function):
    tests.append(function)
    return function


def main(argv=None):
    """Run the tests named in argv, or all; returns the exit status."""
    wanted = sys.argv[1:] if argv is None else argv
    top = os.getcwd()
    failed = ran = 0
    for function in tests:
        name = function.__name__
        if wanted and name not in wanted:
            continue
        ran += 1
        directory = f"{top}/{name}"
        os.makedirs(directory, exist_ok=True)
        os.chdir(directory)
        started = time.monotonic()
        try:
            function()
            verdict = "ok  "
        except Failed as failure:
            verdict = f"FAIL {place()}: {failure};"
        except Exception as error:
            verdict = f"FAIL {place()}: {type(error).__name__}: {error};"
        failed += not verdict.startswith("ok")
        print(f"{verdict} {name} ({time.monotonic() - started:.2f} s)", flush=True)
        os.chdir(top)
        os.closerange(3, DESCRIPTORS_MAX)  # files that a failed test left open, and locked
        if CLIENTS > 1:
            host.barrier(f"end of {name}")
        if CLIENT == 1:
            shutil.rmtree(directory, ignore_errors=True)
    print(f"{os.path.basename(sys.argv[0])}: {ran - failed} of {ran} ok", flush=True)
    return 1 if failed or not ran else 0


def place():
    """The line of the test that failed: the innermost one outside this file."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    lines = [f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in frames
             if frame.filename != __file__ and "/python3" not in frame.filename]
    return lines[-1] if lines else "?"


# ---- expectations

def equal(found, expected, what):
    if found != expected:
        raise Failed(f"{what}: expected {expected!r:.300}, found {found!r:.300}")


def true(condition, what):
    if not condition:
        raise Failed(what)


def raises(numbers, call, *arguments, **options):
    """The call must fail with this errno, or one of these."""
    numbers = (numbers,) if isinstance(numbers, int) else numbers
    expected = " or ".join(errno.errorcode[number] for number in numbers)
    name = f"{getattr(call, '__name__', 'the call')}{arguments!r:.100}"
    try:
        result = call(*arguments, **options)
    except OSError as error:
        if error.errno not in numbers:
            raise Failed(f"{name}: expected {expected}, "
                         f"failed with {errno.errorcode.get(error.errno, error.errno)}") from None
    else:
        raise Failed(f"{name}: expected {expected}, but it succeeded ({result!r:.60})")


def run(*argv):
    """Run a program that must succeed; returns its output."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    true(done.returncode == 0, f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


# ---- files

def write(path, data=b"", mode=0o666, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
    data = data.encode() if isinstance(data, str) else data
    descriptor = os.open(path, flags, mode)
    try:
        write_all(descriptor, data)
    finally:
        os.close(descriptor)


def write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]


def read(path):
    with open(path, "rb", buffering=0) as file:
        return file.read()


def drop_caches():
    """Make the client forget data, names and attributes, so that it asks the server again. Only root can: programs of
    other users have it done for them (flavor.py)."""
    os.sync()
    if os.geteuid() != 0:
        return
    with open("/proc/sys/vm/drop_caches", "w") as file:
        file.write("3")


# ---- other processes and users

def start(work, *arguments):
    """Run the call in a child process; returns a function that waits for it and returns its result, or raises what
    the call raised."""
    sys.stdout.flush()
    result, answer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            value = (True, work(*arguments))
        except OSError as error:
            value = (False, error.errno, f"{place()}: {error}")
        except BaseException as error:
            value = (False, 0, f"{place()}: {error}")
        with os.fdopen(answer, "wb") as file:
            pickle.dump(value, file)
        os._exit(0)
    os.close(answer)

    def wait():
        with os.fdopen(result, "rb") as file:
            data = file.read()
        os.waitpid(child, 0)
        good, *outcome = pickle.loads(data) if data else (False, 0, "a child died")
        if good:
            return outcome[0]
        raise OSError(*outcome) if outcome[0] else Failed(outcome[1])

    return wait


def children(count, work):
    """Run work(0) .. work(count-1) in a child process each; returns their results, or raises the first failure."""
    failure = None
    values = []
    for wait in [start(work, index) for index in range(count)]:
        try:
            values.append(wait())
        except (OSError, Failed) as error:
            failure = failure or error
    if failure:
        raise failure
    return values


def start_as(uid, gid, call, *arguments, groups=(), umask=0o022):
    """start() with these credentials."""
    def work():
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        os.umask(umask)
        return call(*arguments)

    return start(work)


def as_user(uid, gid, call, *arguments, groups=(), umask=0o022):
    """Run the call in a child with these credentials; returns its result, or raises its OSError."""
    return start_as(uid, gid, call, *arguments, groups=groups, umask=umask)()
