# SPDX-License-Identifier: Apache-2.0
"""A directory that stops answering when a test wants it: a FUSE file system with one file, spoken over /dev/fuse."""

import ctypes
import errno
import os
import select
import struct
import tempfile
import threading

LIBC = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2
POLL_MS = 20
REQUEST_BYTES = 1 << 17

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE = 1, 2, 3, 14, 15, 17, 18
FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, INTERRUPT, BATCH_FORGET = 25, 26, 27, 28, 29, 36, 42
SILENT = (FORGET, INTERRUPT, BATCH_FORGET)
ROOT, FILE = 1, 2


def attributes(node):
    mode, links = (0o040755, 2) if node == ROOT else (0o100644, 1)
    return struct.pack("<6Q10I", node, 0, 0, 1, 1, 1, 0, 0, 0, mode, links, 0, 0, 0, 4096, 0)


def answer(number, node, body):
    """The body of a reply, or an errno.  Nothing is cached, so that each stat() asks."""
    if number == INIT:
        return struct.pack("<4I2H2I2H8I", 7, 31, 1 << 16, 0, 16, 12, 1 << 16, 1, 16, 0, *bytes(8))
    if number == LOOKUP:
        if node != ROOT or body != b"f\0":
            return errno.ENOENT
        return struct.pack("<4Q2I", FILE, 1, 0, 0, 0, 0) + attributes(FILE)
    if number == GETATTR:
        return struct.pack("<Q2I", 0, 0, 0) + attributes(node)
    if number in (OPEN, OPENDIR):
        return struct.pack("<Q2I", 0, 0, 0)
    if number == STATFS:
        return struct.pack("<5Q10I", 9, 9, 9, 9, 9, 4096, 255, 4096, *bytes(7))
    if number in (READ, READDIR, RELEASE, RELEASEDIR, FLUSH):
        return b""
    return errno.ENOSYS


def why_not():
    """None, or why there can be no such directory here."""
    if not os.path.exists("/dev/fuse"):
        return "there is no /dev/fuse"
    try:
        with HangingDirectory() as directory:
            os.stat(directory.path)
    except OSError as error:
        return f"no FUSE file system can be mounted here: {error}"
    return None


class HangingDirectory:
    """Use it as a context.  Between hang() and go() nothing in `path` answers; requests are not even read, so that a
    process that waits for one can be killed."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="mainstay-hanging-")
        self.lock = threading.Lock()
        self.hanging = self.ending = False
        self.fd = os.open("/dev/fuse", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        options = f"fd={self.fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        if LIBC.mount(b"hanging", self.path.encode(), b"fuse.hanging", 0, options) != 0:
            error = OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            os.close(self.fd)
            os.rmdir(self.path)
            raise error
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.go()
        LIBC.umount2(self.path.encode(), MNT_DETACH)
        self.ending = True
        self.thread.join()
        os.close(self.fd)  # whoever still waits gets ENOTCONN
        os.rmdir(self.path)

    def hang(self):
        with self.lock:
            self.hanging = True

    def go(self):
        with self.lock:
            self.hanging = False

    def serve(self):
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        while not self.ending:
            if not poll.poll(POLL_MS):
                continue
            with self.lock:
                try:
                    if not self.hanging:
                        self.serve_one()
                        continue
                except BlockingIOError:
                    continue
                except OSError:
                    return  # it is not mounted any more
            select.select([], [], [], POLL_MS / 1000)

    def serve_one(self):
        data = os.read(self.fd, REQUEST_BYTES)
        _, number, unique, node = struct.unpack("<2I2Q", data[:24])
        if number in SILENT:
            return
        reply = answer(number, node, data[40:])
        error = reply if isinstance(reply, int) else 0
        body = b"" if error else reply
        try:
            os.write(self.fd, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)
        except OSError as failure:
            if failure.errno != errno.ENOENT:  # it was interrupted
                raise
