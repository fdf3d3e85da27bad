/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a COMPOUND acts for, as far as the server has to find that out: a principal (RPCSEC_GSS), or
 * the groups of a user by the server's own database (manage_gids).  It is asked for before the
 * first filehandle, since only operations on files need it.  struct rpc_cred stays as it came:
 * digests of retries are made of it.
 */
#pragma once

#include "proto/compound.h"

/* Who it is has to be found out, and is not known yet. */
static inline bool caller_is_open(const struct compound *c)
{
    const enum rpc_auth_flavor flavor = c->call->cred.flavor;

    return (flavor == RPC_AUTH_GSS ||
            (flavor == RPC_AUTH_SYS &&
             atomic_load_explicit(&c->server->manage_gids, memory_order_relaxed))) &&
           !c->identity && c->server->identities;
}

/* If caller_is_open(): find it out, and keep it in c->identity.  May wait, without locks.
 * NFS4ERR_DELAY: the database of users does not answer now. */
enum nfsstat4 caller_identify(struct compound *c);

/* The caller, or the user that tls_user= makes of its certificate, as the export squashes it.  Who
 * is not known (RPCSEC_GSS) is the export's anonymous user; a user without an account (manage_gids)
 * is in no group but the export's anonymous one. */
void caller_squash(struct compound *c, const struct export *export, struct vfs_cred *out);

/* The user ID before the squash, for the log. */
uint32_t caller_uid(const struct compound *c);

/* Before and after a wait for the database of users.  False: too many requests wait already; don't
 * wait, and don't call caller_waited(). */
bool caller_may_wait(struct compound *c) MUST_USE;
void caller_waited(struct compound *c);
