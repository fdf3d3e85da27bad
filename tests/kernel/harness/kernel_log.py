# SPDX-License-Identifier: Apache-2.0
"""Complaints in a guest's kernel log that a test must report."""

import re

# Any message of the client's NFS and RPC code is a complaint, except known harmless ones.
COMPLAINT = re.compile(r"NFS|nfs|RPC|BUG:|WARNING:|Call Trace|hung|blocked for more")
CHATTER = re.compile(
    r"RPC: Registered|NFS: Registering|nfs: server \S+ (not responding|OK)|nfs4?filelayout|"
    r"Key type|FS-Cache|Installing knfsd|Command line|Kernel command line|nfs4flexfilelayout|"
    r"unknown parameter|[Pp]assed to user space|Run \S+ as init|with arguments|with environment")


def complaints(log, own_directory, expected=None):
    """The lines of a kernel's log that complain; `expected` is a regex of those a test foresees.

    The guest's own directory is named in some lines, and the random part of its name can spell
    anything ("hung", "nfs"): it does not count.
    """
    found = []
    for line in log.splitlines():
        said = line.replace(str(own_directory), "")
        foreseen = CHATTER.search(said) or (expected and re.search(expected, said))
        if COMPLAINT.search(said) and not foreseen:
            found.append(line)
    return found
