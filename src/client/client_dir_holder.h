/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that holds delegations of directories (RFC 8881 §10.9, §18.39): asks for them, fills its
 * caches, hands on what the server tells, looks up what is in doubt, returns what is recalled.
 *
 *     client_dir_holder_init(&holder, &mount, target, timeout_ms);
 *     client_dir_init(&dir, &fh);
 *     if (client_dir_holder_acquire(&holder, &dir, false) == CLIENT_DIR_GRANTED)
 *         while (dir.state == CLIENT_DIR_VALID && client_dir_holder_serve(&holder, 1000))
 *             ...
 *
 * The mount must have callbacks.  Not thread safe: all belongs to the mount's thread.
 */
#pragma once

#include "client/client_dir.h"
#include "client/client_mount.h"

struct client_dir_holder {
    struct client_mount *mount;
    const char *target; /* to connect to again */
    int timeout_ms;
    struct list dirs;          /* that are delegated, also those that are lost and not returned */
    struct client_dir *asking; /* GET_DIR_DELEGATION is outstanding for it */
    enum nfsstat4 status;      /* of the last compound */
    int64_t lease_ns, renewed_ns;
    uint32_t reconnects;
    bool gone; /* the session: no call is made any more */
};

enum client_dir_answer {
    CLIENT_DIR_GRANTED,
    CLIENT_DIR_UNAVAILABLE, /* not now */
    CLIENT_DIR_REFUSED,     /* holder->status says why: NFS4ERR_NOTSUPP, NFS4ERR_STALE, ... */
    CLIENT_DIR_GONE,        /* the session, or the server: see client_dir_holder_serve() */
};

/* Callbacks of the mount's connection go to the holder from now on.  Mount and target must outlive
 * it. */
void client_dir_holder_init(struct client_dir_holder *holder, struct client_mount *mount,
                            const char *target, int timeout_ms);

/* All directories are lost, and may be ended; the mount hands on no callbacks any more. */
void client_dir_holder_fini(struct client_dir_holder *holder);

/* Ask for the delegation, with all types of notifications, and read the directory.  When granted,
 * it is VALID, or lost again already.  `ordered` asks for the places and cookies of entries, too,
 * which not every server can tell. */
MUST_USE enum client_dir_answer client_dir_holder_acquire(struct client_dir_holder *holder,
                                                          struct client_dir *dir, bool ordered);

/* Return the delegation; the directory is lost. */
void client_dir_holder_return(struct client_dir_holder *holder, struct client_dir *dir);

/* An own change of a delegated directory: call the compound, which contains one CREATE, OPEN, LINK,
 * REMOVE or RENAME within the directory, free it, and apply what that did.  The result must always
 * be freed.  When the connection is lost, the same request goes over another one.  `dir` may be in
 * any state. */
enum nfsstat4 client_dir_holder_change(struct client_dir_holder *holder, struct client_dir *dir,
                                       const struct client_dir_change *change,
                                       struct client_compound *c, struct client_result *r);

/* Wait for a callback for at most `wait_ms`; then look up what is in doubt, return what is lost,
 * and renew the lease if that is due.  When the connection is lost, connect again, and go on in the
 * same session.  False: that is impossible, see holder->status and mount->trouble; all directories
 * are lost, no call is made any more, and the mount must be opened again with another verifier,
 * so that the server forgets the delegations. */
MUST_USE bool client_dir_holder_serve(struct client_dir_holder *holder, int wait_ms);
