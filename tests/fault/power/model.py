# SPDX-License-Identifier: Apache-2.0
"""What must be on the disk after a power failure, according to the record of the load.

Every worker touches names of its own and has one request in flight, so its names must be as its
acknowledged requests left them, or as the unacknowledged request would leave them.
"""

import copy
import re
import stat
from dataclasses import dataclass, field

WORKER = re.compile(r"/w([0-9]+)\.[0-9]+$")
TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symbolic link"}


@dataclass
class Node:
    """A file, directory or symbolic link; two links of one file share one node."""
    type: int
    mode: int | None = None  # None: the server chose it
    target: str | None = None
    data: bytes = b""
    before: bytes | None = None  # while data changes: each byte is from before or from data


@dataclass
class Worker:
    names: dict = field(default_factory=dict)  # path: Node
    in_flight: list | None = None
    acknowledged: int = 0

    def apply(self, action, path, *arguments):
        getattr(self, f"do_{action}")(path, *arguments)

    def do_create(self, path, mode, *_exclusive):
        self.names[path] = Node(stat.S_IFREG, None if mode == "-" else int(mode, 8))

    def do_mkdir(self, path):
        self.names[path] = Node(stat.S_IFDIR, 0o755)

    def do_symlink(self, path, target):
        self.names[path] = Node(stat.S_IFLNK, target=target)

    def do_link(self, path, new):
        self.names[new] = self.names[path]

    def do_rename(self, path, new):
        self.names[new] = self.names.pop(path)

    def do_remove(self, path):
        del self.names[path]

    def do_mode(self, path, mode):
        self.names[path].mode = int(mode, 8)

    def do_size(self, path, size):
        node, size = self.names[path], int(size)
        node.data = node.data[:size].ljust(size, b"\0")

    def do_write(self, path, offset, length, byte):
        node, offset, length = self.names[path], int(offset), int(length)
        node.data = (node.data[:offset].ljust(offset, b"\0") + bytes([int(byte)]) * length +
                     node.data[offset + length:])

    def possible(self):
        """The states that the disk may be in."""
        if not self.in_flight:
            return [self.names]
        after = copy.deepcopy(self)
        after.apply(*self.in_flight)
        action, path = self.in_flight[:2]
        states = [self.names, after.names]
        if action == "write":  # any part of it may be there
            after.names[path].before = self.names[path].data
        elif action == "size":  # file systems clear the rest of a block before they shorten the file
            cleared, data = copy.deepcopy(self), self.names[path].data
            node = cleared.names[path]
            node.before, node.data = data, after.names[path].data[:len(data)].ljust(len(data), b"\0")
            states.append(cleared.names)
        return states


def read_record(lines):
    """The workers by number; ValueError when the server returned an error."""
    workers = {}
    for line in lines:
        number, event, *words = line.split()
        worker = workers.setdefault(int(number), Worker())
        if event == "sent":
            worker.in_flight = words
            continue
        if words == ["NFS4_OK"]:
            worker.apply(*worker.in_flight)
            worker.acknowledged += 1
        elif words != ["NFS4ERR_DELAY"]:
            raise ValueError(f"{' '.join(worker.in_flight)}: {words[0]}")
        worker.in_flight = None
    return workers


def contents(entry):
    return b"".join(bytes([byte]) * count for byte, count in entry["runs"])


def data_problem(node, found):
    if node.before is None:
        if found == node.data:
            return None
        if len(found) != len(node.data):
            return f"has {len(found)} bytes, not {len(node.data)}"
        return "has other contents"
    if not len(node.before) <= len(found) <= len(node.data):
        return f"has {len(found)} bytes, as neither before nor after what is in flight"
    before = node.before.ljust(len(node.data), b"\0")
    if all(byte in (old, new) for byte, old, new in zip(found, before, node.data)):
        return None
    return "has contents that are neither from before nor from after what is in flight"


def node_problems(path, node, entry, links):
    if entry is None:
        return [f"{path} is not there"]
    if entry["type"] != node.type:
        return [f"{path} is a {TYPES.get(entry['type'], 'thing')}, not a {TYPES[node.type]}"]
    problems = []
    if node.mode is not None and entry["mode"] != node.mode:
        problems.append(f"{path} has mode {entry['mode']:o}, not {node.mode:o}")
    if entry.get("target") != node.target:
        problems.append(f"{path} leads to {entry['target']}, not {node.target}")
    if node.type == stat.S_IFREG:
        if entry["links"] != links:
            problems.append(f"{path} has {entry['links']} links, not {links}")
        wrong = data_problem(node, contents(entry))
        if wrong:
            problems.append(f"{path} {wrong}")
    return problems


def state_problems(names, listing):
    """The differences between one state and what the disk has of this worker's names."""
    problems, inodes, links = [], {}, {}
    for node in names.values():
        links[id(node)] = links.get(id(node), 0) + 1
    for path, node in names.items():
        entry = listing.get(path)
        problems += node_problems(path, node, entry, links[id(node)])
        if entry and "inode" in entry and inodes.setdefault(id(node), entry["inode"]) != entry["inode"]:
            problems.append(f"{path} is not the file that it was linked to")
    return problems + [f"{path} is there" for path in listing if path not in names]


def worker_of(path):
    match = WORKER.search(path)
    return int(match[1]) if match else 0


def judge(workers, listing):
    """What was acknowledged and is not on the disk: a list of sentences."""
    found = {}
    for path, entry in listing.items():
        found.setdefault(worker_of(path), {})[path] = entry
    problems = []
    for number, worker in workers.items():
        states = [state_problems(state, found.get(number, {})) for state in worker.possible()]
        if all(states):
            in_flight = f" (in flight: {' '.join(worker.in_flight)})" if worker.in_flight else ""
            problems += [problem + in_flight for problem in states[0]]
    return problems


def exclusive_in_flight(workers, listing):
    """(minor version, path, verifier) of exclusive creates that were not acknowledged, but are on
    the disk."""
    creates = [worker.in_flight for worker in workers.values() if worker.in_flight]
    return [(action[3], action[1], action[4]) for action in creates
            if action[0] == "create" and len(action) == 5 and action[1] in listing]
