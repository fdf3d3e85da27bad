/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of this machine, served through the kernel.
 *
 * The kernel enforces its rules on the caller's behalf: with privilege (root), each call runs under
 * the caller's fsuid, fsgid and groups.  Without it, everything is done as the server's own user,
 * and the callers' credentials are ignored.  Handles contain the kernel's file handle, protected by
 * a MAC.  They are resolved by open_by_handle_at() where that is permitted, otherwise by a
 * persistent map of (directory, name) whose result is verified against the handle.
 *
 * Nothing outside of the directory can be reached: names are single components, symlinks are never
 * followed, file systems mounted below are not entered (they seem absent), and `..`  of a directory
 * that was moved out leads nowhere.  A regular file that is moved out on the server remains
 * reachable by existing handles, as with the kernel's own server.
 */
#pragma once

#include "vfs/vfs.h"

enum local_finding {
    LOCAL_FIND_AUTO,      /* by handle if that works, else by map */
    LOCAL_FIND_BY_HANDLE, /* by open_by_handle_at(), or fail */
    LOCAL_FIND_BY_MAP,
};

struct local_options {
    const char *path; /* the directory */
    const char
        *state_dir; /* of the server; holds the handle key and the maps; must not be below `path` */
    enum local_finding finding;
    bool own_user;            /* act as the server's own user even when privileged */
    uint32_t descriptors_max; /* 0: a third of RLIMIT_NOFILE */
    uint32_t objects_max;     /* 0: LIMIT_LOCAL_OBJECTS */
};

/* 0 and *out, to be freed with ops->destroy(); or -1 and a message in `errbuf`.  The caller must
 * set umask(0), because clients choose the modes.  Exclusive creation stores its verifier in the
 * times of the new file, so ATIME and MTIME cannot be set in the same request (see
 * attrs_applied). */
int local_create(const struct local_options *options, struct vfs **out, char *errbuf,
                 size_t errbuf_size);

/* Would local_create() fail?  Creates and changes nothing.  If the state directory does not exist,
 * `state_dir` is its nearest existing parent.  0; or -1 and a message in `errbuf`. */
int local_check(const struct local_options *options, char *errbuf, size_t errbuf_size);

/* Block the signals of lease breaks, which would end the process, in this thread and the threads
 * that it starts.  To be called before starting any thread that outlives local_create(), which
 * calls it, too. */
void local_block_signals(void);
