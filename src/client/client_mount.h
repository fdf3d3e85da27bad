/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection with a session of a client of its own: what most users want.  Calls of
 * client_file.h run on its slot 0, one at a time.
 */
#pragma once

#include "client/client_callback.h"
#include "client/client_op.h"
#include "client/client_session.h"

struct client_mount {
    struct client_conn conn;
    struct client_session session;
    enum client_status trouble; /* the first failure to get an answer at all */
};

/* Connect and open a session.  NULL wish: the default.  NFS4ERR_SERVERFAULT with `trouble` set
 * when there was no answer. */
MUST_USE enum nfsstat4 client_mount_open(struct client_mount *mount, const char *target,
                                         int timeout_ms, const struct client_cred *cred,
                                         const struct client_session_wish *wish);

/* End the session and the client id as well as may be, and close. */
void client_mount_close(struct client_mount *mount);

/* A compound on slot 0. */
void client_mount_begin(struct client_mount *mount, struct client_compound *c);

/* Call it, free it, fill `r`; NFS4ERR_SERVERFAULT and an empty result when there was no answer.
 * Always free the result. */
enum nfsstat4 client_mount_call(struct client_mount *mount, struct client_compound *c,
                                struct client_result *r);
