/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE_SESSION (RFC 8881 §18.36). */
#pragma once

#include "state/session/session.h"

struct session_conn;

/* CREATE_SESSION over `conn`, in a COMPOUND of `minor_version`; the session is bound to both.  On
 * NFS4_OK *resok is the reply, without pointers. */
enum nfsstat4 session_create(struct state *state, const struct client_caller *caller,
                             struct session_conn *conn, uint32_t minor_version,
                             const struct CREATE_SESSION4args *args, int64_t now_ns,
                             struct CREATE_SESSION4resok *resok);
