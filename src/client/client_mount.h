/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection with a client of its own: what most users want.  In minor version 1 it has a
 * session, and calls of client_file.h run on its slot 0, one at a time; in minor version 0 it has a
 * client id and open owners.
 */
#pragma once

#include "client/client_callback.h"
#include "client/client_id.h"
#include "client/client_op.h"
#include "client/client_owner.h"
#include "client/client_session.h"

#define CLIENT_MOUNT_OWNERS 64u

struct client_mount {
    struct client_conn conn;
    bool v40;                      /* it is of minor version 0 */
    struct client_session session; /* of minor version 1 */
    struct client_id id;           /* of minor version 0, as are the owners */
    uint32_t owner_count;
    struct client_owner owners[CLIENT_MOUNT_OWNERS];
    enum client_status trouble; /* the first failure to get an answer at all */
};

/* Connect and open a session.  NULL wish: the default.  NFS4ERR_SERVERFAULT with `trouble` set
 * when there was no answer. */
MUST_USE enum nfsstat4 client_mount_open(struct client_mount *mount, const char *target,
                                         int timeout_ms, const struct client_cred *cred,
                                         const struct client_session_wish *wish);

/* The same in minor version 0: connect, SETCLIENTID and SETCLIENTID_CONFIRM. */
MUST_USE enum nfsstat4 client_mount_open_v40(struct client_mount *mount, const char *target,
                                             int timeout_ms, const struct client_cred *cred,
                                             const struct client_id_wish *wish);

/* Why the last call failed with `status`, for people.  Ask at once: errno may be needed. */
const char *client_mount_failure(const struct client_mount *mount, enum nfsstat4 status);

/* Its client id, whatever the minor version. */
uint64_t client_mount_clientid(const struct client_mount *mount);

/* In minor version 0 its owner of that name, a new one at first, at most CLIENT_MOUNT_OWNERS; in
 * minor version 1 NULL. */
struct client_owner *client_mount_owner(struct client_mount *mount, const char *name);

/* End the session and the client id as well as may be, and close. */
void client_mount_close(struct client_mount *mount);

/* A COMPOUND, in minor version 1 on slot 0; one whose reply is not kept, since it may be too long
 * for that. */
void client_mount_begin(struct client_mount *mount, struct client_compound *c);
void client_mount_begin_uncached(struct client_mount *mount, struct client_compound *c);

/* Call it, free it, fill `r`; NFS4ERR_SERVERFAULT and an empty result when there was no answer.
 * Always free the result. */
enum nfsstat4 client_mount_call(struct client_mount *mount, struct client_compound *c,
                                struct client_result *r);
