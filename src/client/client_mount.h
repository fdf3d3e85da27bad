/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection with its own client, as most users need it.  In minor version 1 it has a session,
 * and the functions of client_file.h use its slot 0, one call at a time.  In minor version 0 it has
 * a client ID and open owners.
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
    bool v40;                      /* it uses minor version 0 */
    struct client_session session; /* of minor version 1 */
    struct client_id id;           /* minor version 0; the owners, too */
    uint32_t owner_count;
    struct client_owner owners[CLIENT_MOUNT_OWNERS];
    enum client_status trouble; /* the first failure to get a reply */
};

/* Connect and open a session.  NULL wish: the default.  NFS4ERR_SERVERFAULT, with `trouble` set, if
 * there was no reply. */
MUST_USE enum nfsstat4 client_mount_open(struct client_mount *mount, const char *target,
                                         int timeout_ms, const struct client_cred *cred,
                                         const struct client_session_wish *wish);

/* The same in minor version 0: connect, SETCLIENTID and SETCLIENTID_CONFIRM. */
MUST_USE enum nfsstat4 client_mount_open_v40(struct client_mount *mount, const char *target,
                                             int timeout_ms, const struct client_cred *cred,
                                             const struct client_id_wish *wish);

/* Why the last call failed with `status`, for messages.  To be called at once: errno may be
 * needed. */
const char *client_mount_failure(const struct client_mount *mount, enum nfsstat4 status);

/* Its client ID, of any minor version. */
uint64_t client_mount_clientid(const struct client_mount *mount);

/* In minor version 0: its owner of that name, created at the first use; at most
 * CLIENT_MOUNT_OWNERS.  In minor version 1: NULL. */
struct client_owner *client_mount_owner(struct client_mount *mount, const char *name);

/* Destroy the session and the client ID, ignoring errors, and close. */
void client_mount_close(struct client_mount *mount);

/* Begin a COMPOUND, in minor version 1 on slot 0.  The second form does not ask for the reply to be
 * cached; for replies that may be too long. */
void client_mount_begin(struct client_mount *mount, struct client_compound *c);
void client_mount_begin_uncached(struct client_mount *mount, struct client_compound *c);

/* Call the compound, free it, and fill `r`.  If there was no reply, NFS4ERR_SERVERFAULT and an
 * empty result.  The result must always be freed. */
enum nfsstat4 client_mount_call(struct client_mount *mount, struct client_compound *c,
                                struct client_result *r);
