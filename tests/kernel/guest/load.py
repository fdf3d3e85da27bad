# SPDX-License-Identifier: Apache-2.0
"""Load that goes on while a test disturbs the server, by workers that know the expected results.

Each worker is a process that repeats its step() until the test's own process, the director, has finished or a
worker has failed. No call may fail, not even with EEXIST of a mkdir that was sent twice. Only a call during which
the server was killed may find its work done, since the server's cached replies are gone then. check() runs in
the end, in another process, without caches.
"""

import errno
import fcntl
import hashlib
import mmap
import os
import random
import struct
import time

from check import children, drop_caches, equal, read, run, true, write, write_all
from sources import expected_answer, tree

STOP, KILLS, REPEATED, FIRST = 0, 1, 2, 3  # shared words; then for each worker:
STEPS, STARTED, LONGEST, WORDS = 0, 1, 2, 3


class Load:
    def __init__(self, workers):
        self.workers = workers
        self.words = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("d")

    def run(self, direct):
        """Run the workers until direct() returns; check their results. Returns the result of direct()."""
        def work(index):
            try:
                if index == len(self.workers):
                    return direct()
                return self.repeat(self.workers[index], FIRST + index * WORDS)
            finally:
                self.words[STOP] = 1

        *workers, answer = children(len(self.workers) + 1, work)
        drop_caches()
        for worker in workers:
            worker.check()
        for kind in {type(worker) for worker in workers}:
            if hasattr(kind, "check_all"):
                kind.check_all([worker for worker in workers if isinstance(worker, kind)])
        return answer

    def repeat(self, worker, base):
        worker.begin()
        while not self.words[STOP]:
            started = time.monotonic()
            worker.step(self)
            self.words[base + STEPS] += 1
            self.words[base + STARTED] = started
            self.words[base + LONGEST] = max(self.words[base + LONGEST], time.monotonic() - started)
        worker.end()
        return worker

    # ---- for the director

    def each(self, what):
        return [self.words[FIRST + index * WORDS + what] for index in range(len(self.workers))]

    def wait_until_all_go_on(self, limit_s):
        """Wait until every worker has begun and ended a step; fails when one makes no progress."""
        now = time.monotonic()
        while True:
            true(not self.words[STOP], "a worker has failed")
            waiting = [type(self.workers[index]).__name__
                       for index, started in enumerate(self.each(STARTED)) if started < now]
            if not waiting:
                return
            true(time.monotonic() < now + limit_s, f"still not going on after {limit_s} s: {waiting}")
            time.sleep(0.05)

    def longest_step(self):
        """The duration of the longest step since the last query."""
        longest = max(self.each(LONGEST))
        for index in range(len(self.workers)):
            self.words[FIRST + index * WORDS + LONGEST] = 0
        return longest

    def sleep(self, seconds):
        """Fails at once when a worker does."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            true(not self.words[STOP], "a worker has failed")
            time.sleep(0.05)

    def steps(self):
        return int(sum(self.each(STEPS)))

    # ---- the server is killed

    def kill_begins(self):
        self.words[KILLS] += 1

    def kill_ended(self):
        self.words[KILLS] += 1

    def once(self, already, call, *arguments):
        """A call that must not find its own work done, unless the server was killed during the call."""
        before = self.words[KILLS]
        try:
            call(*arguments)
        except OSError as error:
            killed = before % 2 or self.words[KILLS] != before
            if error.errno != already or not killed:
                raise
            self.words[REPEATED] += 1

    def repeated(self):
        """How many such calls there were."""
        return int(self.words[REPEATED])


class Worker:
    def begin(self):
        pass

    def end(self):
        pass


class Tree(Worker):
    """Names are created, moved and removed; files are written in part and as a whole. A directory of its own."""

    DIRECTORIES_MAX = 5
    FILES_MAX = 40
    BYTES_MAX = 40000

    def __init__(self, top):
        self.top = os.path.abspath(top)
        self.files = {}  # path: bytearray; hard links share one
        self.links = {}  # path: target of the symbolic link
        self.directories = [self.top]
        self.random = random.Random(top)
        self.made = 0
        os.mkdir(self.top)

    def step(self, load):
        methods = [self.create, self.create, self.overwrite, self.append, self.truncate, self.compare,
                   self.rename, self.replace, self.remove, self.link, self.symlink, self.mkdir,
                   self.rename_directory, self.rmdir]
        if len(self.files) >= self.FILES_MAX:
            methods = [self.remove]
        self.random.choice(methods)(load)

    def name(self):
        self.made += 1
        return f"{self.random.choice(self.directories)}/{self.made}"

    def some_file(self):
        return self.random.choice(list(self.files)) if self.files else None

    def some_bytes(self):
        return self.random.randbytes(self.random.randrange(1, self.BYTES_MAX))

    def write_to(self, path, flags, offset, data):
        file = os.open(path, os.O_WRONLY | flags)
        if offset:
            os.lseek(file, offset, os.SEEK_SET)
        write_all(file, data)
        if self.random.random() < 0.3:
            os.fsync(file)
        os.close(file)

    def create(self, load):
        path, data = self.name(), self.some_bytes()
        load.once(errno.EEXIST, lambda: os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)))
        self.write_to(path, 0, 0, data)
        self.files[path] = bytearray(data)

    def overwrite(self, _):
        path = self.some_file()
        if path:
            content, data = self.files[path], self.some_bytes()
            offset = self.random.randrange(len(content) + 1)
            self.write_to(path, 0, offset, data)
            content[offset:offset + len(data)] = data

    def append(self, _):
        path = self.some_file()
        if path and len(self.files[path]) < 4 * self.BYTES_MAX:
            data = self.some_bytes()
            self.write_to(path, os.O_APPEND, 0, data)
            self.files[path] += data

    def truncate(self, _):
        path = self.some_file()
        if path:
            content, size = self.files[path], self.random.randrange(self.BYTES_MAX)
            os.truncate(path, size)
            content[size:] = bytes(max(0, size - len(content)))

    def compare(self, _):
        path = self.some_file()
        if path:
            true(read(path) == self.files[path], f"{path} differs while the work goes on")

    def rename(self, load):
        old = self.some_file()
        if old:
            new = self.name()
            load.once(errno.ENOENT, os.rename, old, new)
            self.files[new] = self.files.pop(old)

    def replace(self, load):
        old, new = self.some_file(), self.some_file()
        if old and self.files[old] is not self.files[new]:
            load.once(errno.ENOENT, os.rename, old, new)
            self.files[new] = self.files.pop(old)

    def remove(self, load):
        table = self.random.choice([self.files, self.files, self.links])
        if table:
            path = self.random.choice(list(table))
            load.once(errno.ENOENT, os.unlink, path)
            del table[path]

    def link(self, load):
        old = self.some_file()
        if old:
            new = self.name()
            load.once(errno.EEXIST, os.link, old, new)
            self.files[new] = self.files[old]

    def symlink(self, load):
        path = self.name()
        load.once(errno.EEXIST, os.symlink, f"to {self.made}", path)
        self.links[path] = f"to {self.made}"

    def mkdir(self, load):
        if len(self.directories) <= self.DIRECTORIES_MAX:
            self.made += 1
            path = f"{self.top}/d{self.made}"
            load.once(errno.EEXIST, os.mkdir, path)
            self.directories.append(path)

    def rename_directory(self, load):
        if len(self.directories) > 1:
            old = self.directories.pop(self.random.randrange(1, len(self.directories)))
            self.made += 1
            new = f"{self.top}/d{self.made}"
            load.once(errno.ENOENT, os.rename, old, new)
            self.directories.append(new)
            for table in (self.files, self.links):
                for path in [path for path in table if os.path.dirname(path) == old]:
                    table[f"{new}/{os.path.basename(path)}"] = table.pop(path)

    def rmdir(self, load):
        used = {os.path.dirname(path) for table in (self.files, self.links) for path in table}
        empty = [path for path in self.directories[1:] if path not in used]
        if empty:
            path = self.random.choice(empty)
            load.once(errno.ENOENT, os.rmdir, path)
            self.directories.remove(path)

    def check(self):
        found = sorted(os.path.join(path, name) for path, directories, names in os.walk(self.top)
                       for name in directories + names)
        equal(found, sorted([*self.files, *self.links, *self.directories[1:]]), f"names in {self.top}")
        for path, target in self.links.items():
            equal(os.readlink(path), target, path)
        for path, content in self.files.items():
            true(read(path) == content, f"{path} differs in the end")


class Flip(Worker):
    """The same few names and bytes over and over: a request that runs twice, however late, shows."""

    BLOCK = 4096

    def __init__(self, top):
        self.top = os.path.abspath(top)
        self.version = 0
        os.mkdir(self.top)
        write(f"{self.top}/a")

    def begin(self):
        self.buffer = mmap.mmap(-1, self.BLOCK)
        self.file = os.open(f"{self.top}/a", os.O_RDWR | os.O_DIRECT)

    def end(self):
        os.close(self.file)
        del self.buffer

    def step(self, _):
        self.version += 1
        os.mkdir(f"{self.top}/d")
        self.buffer[:] = b"%08d" % self.version * (self.BLOCK // 8)
        os.pwritev(self.file, [self.buffer], 0)
        os.rename(f"{self.top}/a", f"{self.top}/b")
        os.rmdir(f"{self.top}/d")
        os.preadv(self.file, [self.buffer], 0)
        equal(int(self.buffer[:8]), self.version, "version")
        os.rename(f"{self.top}/b", f"{self.top}/a")

    def check(self):
        equal(os.listdir(self.top), ["a"], f"names in {self.top}")
        true(read(f"{self.top}/a") == b"%08d" % self.version * (self.BLOCK // 8), "the last version")


class Stream(Worker):
    """One growing file; synced data is read back from the server at once, and again now and then."""

    CHUNK = 1 << 18
    CHUNKS_MAX = 128  # then from the front, with other content

    def __init__(self, path):
        self.path = path
        self.digests = []
        self.round = 0

    def begin(self):
        self.file = os.open(self.path, os.O_CREAT | os.O_RDWR)
        self.direct = os.open(self.path, os.O_RDONLY | os.O_DIRECT)
        self.buffer = mmap.mmap(-1, self.CHUNK)

    def end(self):
        for file in (self.file, self.direct):
            os.close(file)
        del self.buffer

    def step(self, _):
        first = self.round * 4 % self.CHUNKS_MAX
        for index in range(first, first + 4):
            data = random.Random(f"{self.round}.{index}").randbytes(self.CHUNK)
            os.pwrite(self.file, data, index * self.CHUNK)
            self.digests[index:index + 1] = [hashlib.sha256(data).digest()]
        os.fsync(self.file)
        self.round += 1
        for index in (first, random.randrange(len(self.digests))):
            equal(os.preadv(self.direct, [self.buffer], index * self.CHUNK), self.CHUNK, "bytes read back")
            true(hashlib.sha256(self.buffer).digest() == self.digests[index], f"synced chunk {index} differs")

    def check(self):
        data = read(self.path)
        equal(len(data), len(self.digests) * self.CHUNK, f"size of {self.path}")
        for index, digest in enumerate(self.digests):
            chunk = data[index * self.CHUNK:(index + 1) * self.CHUNK]
            true(hashlib.sha256(chunk).digest() == digest, f"chunk {index} of {self.path} differs in the end")


class Counter(Worker):
    """Add to counters in a file that all workers of this kind share, each under a lock of its bytes."""

    COUNTERS = 4
    NUMBER = struct.Struct("q")

    def __init__(self, path):
        self.path = path
        self.added = [0] * self.COUNTERS
        if not os.path.exists(path):
            write(path, bytes(self.NUMBER.size * self.COUNTERS))

    def begin(self):
        self.file = os.open(self.path, os.O_RDWR)

    def end(self):
        os.close(self.file)

    def step(self, _):
        which = random.randrange(self.COUNTERS)
        size, place = self.NUMBER.size, which * self.NUMBER.size
        fcntl.lockf(self.file, fcntl.LOCK_EX, size, place)
        value, = self.NUMBER.unpack(os.pread(self.file, size, place))
        os.pwrite(self.file, self.NUMBER.pack(value + 1), place)
        fcntl.lockf(self.file, fcntl.LOCK_UN, size, place)
        self.added[which] += 1

    def check(self):
        pass

    @classmethod
    def check_all(cls, workers):
        data = read(workers[0].path)
        equal([value for value, in cls.NUMBER.iter_unpack(data)],
              [sum(added) for added in zip(*(worker.added for worker in workers))], "counters")


class Holder(Worker):
    """Keep files open, with locks, one of them without a name; write to them all the time."""

    FILES = 60
    BYTES = 64

    def __init__(self, top):
        self.top = os.path.abspath(top)
        self.contents = [bytes(self.BYTES)] * self.FILES
        os.mkdir(self.top)

    def begin(self):
        self.files = [os.open(f"{self.top}/{index}", os.O_CREAT | os.O_RDWR) for index in range(self.FILES)]
        for file, content in zip(self.files, self.contents):
            os.write(file, content)
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 0)
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, 10, 1 << 40)
        os.unlink(f"{self.top}/0")

    def end(self):
        true(os.pread(self.files[0], self.BYTES, 0) == self.contents[0], "the file without a name differs")
        for index, file in enumerate(self.files):
            self.write(index)  # EIO if its lock was lost
            os.close(file)
        del self.files

    def step(self, _):
        self.write(random.randrange(self.FILES))

    def write(self, index):
        self.contents[index] = os.urandom(self.BYTES)
        os.pwrite(self.files[index], self.contents[index], 0)
        os.fsync(self.files[index])

    def check(self):
        names = sorted(os.listdir(self.top))
        equal(names, sorted(str(index) for index in range(1, self.FILES)), "names of the held files")
        for index in range(1, self.FILES):
            true(read(f"{self.top}/{index}") == self.contents[index], f"held file {index} differs in the end")


class Build(Worker):
    """make and cc, again and again."""

    MODULES = 3
    NICE = -10  # many processes, against workers of one process each

    def __init__(self, top):
        self.top = os.path.abspath(top)
        for name, text in tree(self.MODULES).items():
            path = f"{self.top}/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, text)

    def begin(self):
        os.nice(self.NICE)

    def step(self, _):
        run("make", "-s", "-C", self.top)
        equal(int(run(f"{self.top}/program")), expected_answer(self.MODULES), "what the program computed")
        run("make", "-s", "-C", self.top, "clean")

    def check(self):
        for name, text in tree(self.MODULES).items():
            equal(read(f"{self.top}/{name}").decode(), text, name)
        left = sum(len(names) for _, _, names in os.walk(self.top))
        equal(left, len(tree(self.MODULES)), "files left after make clean")
