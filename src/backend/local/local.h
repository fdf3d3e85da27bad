/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of this machine, served through the kernel below it.
 *
 * What the kernel enforces it enforces on the caller's behalf: with the privilege (root), each
 * call runs under the caller's fsuid, fsgid and groups; without it, everything is done as the
 * server's own user and the callers' credentials are ignored.  Handles carry the kernel's own
 * file handle under a MAC, and are found again by open_by_handle_at where that is permitted,
 * otherwise by a persistent map of (directory, name) that is verified against the handle.
 *
 * Nothing outside the directory is reachable: names are single components, symlinks are never
 * followed, other file systems mounted below are not entered (they look absent), and `..` of a
 * directory that was moved out leads nowhere.  A plain file that is moved out on the server stays
 * reachable by handles given before, as with the kernel's own server.
 */
#pragma once

#include "vfs/vfs.h"

enum local_finding {
    LOCAL_FIND_AUTO,      /* by handle where it works, else by map */
    LOCAL_FIND_BY_HANDLE, /* open_by_handle_at or fail */
    LOCAL_FIND_BY_MAP,
};

struct local_options {
    const char *path; /* the directory */
    const char
        *state_dir; /* the server's; keeps the key of handles and the maps; not below `path` */
    enum local_finding finding;
    bool own_user;            /* act as the server's own user even when privileged */
    uint32_t descriptors_max; /* 0: a third of RLIMIT_NOFILE */
    uint32_t objects_max;     /* 0: LIMIT_LOCAL_OBJECTS */
};

/* 0 and *out, which ends by ops->destroy(); or -1 and a reason for people at `errbuf`.  The caller
 * sets umask(0): modes come from clients.  Exclusive creation keeps its verifier in the times of
 * the new file, so ATIME and MTIME cannot be set along with it (attrs_applied tells). */
int local_create(const struct local_options *options, struct vfs **out, char *errbuf,
                 size_t errbuf_size);

/* Would local_create() refuse them?  Makes and changes nothing; `state_dir` need not be there: give
 * the nearest directory above it.  0; or -1 and a reason for people at `errbuf`. */
int local_check(const struct local_options *options, char *errbuf, size_t errbuf_size);

/* Block the signals that tell of broken leases, which would end the process, in this thread and
 * those that it starts: before it starts any that goes on after local_create(), which does the
 * same. */
void local_block_signals(void);
