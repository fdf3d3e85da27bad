/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/caller.h"

#include "gss/gss_principal.h"
#include "identity/identity_cache.h"
#include "transport/worker.h"

bool caller_may_wait(struct compound *c)
{
    c->call->blocked_in = &c->server->identity_blocked;
    if (rpc_call_is_crowded(c->call))
        return false;
    worker_will_block();
    return true;
}

void caller_waited(struct compound *c)
{
    worker_unblock();
    c->call->blocked_in = c->current.export ? &c->current.export->fs->volume->blocked : NULL;
}

static struct identity *ask(const struct compound *c, enum identity_wait wait)
{
    const struct rpc_cred *cred = &c->call->cred;
    const struct gss_principal *principal = cred->principal;

    if (!principal)
        return identity_of_uid(c->server->identities, cred->uid, wait);
    return identity_of_principal(c->server->identities,
                                 &(struct identity_principal){
                                     .key = principal->exported,
                                     .key_len = principal->exported_bytes,
                                     .name = principal->name,
                                     .is_machine = principal->machine,
                                 },
                                 wait);
}

enum nfsstat4 caller_identify(struct compound *c)
{
    c->identity = ask(c, IDENTITY_NO_WAIT);
    if (!c->identity && caller_may_wait(c)) {
        c->identity = ask(c, IDENTITY_WAIT);
        caller_waited(c);
    }
    return c->identity ? NFS4_OK : NFS4ERR_DELAY;
}

/* The first group may be any of those that the user has: newgrp(1). */
static uint32_t first_group(const struct compound *c, const struct export *export)
{
    const uint32_t claimed = c->call->cred.gid;

    if (c->identity->origin == IDENTITY_FROM_NOBODY)
        return export->anon_gid;
    return identity_in_group(c->identity, claimed) ? claimed : c->identity->gid;
}

/* For another than the caller says. */
static void act_as(const struct compound *c, const struct export *export,
                   const struct export_user *certified, struct vfs_cred *out)
{
    const struct rpc_cred *cred = &c->call->cred;
    const struct identity *identity = c->identity;

    if (certified) {
        *out = (struct vfs_cred){.uid = certified->uid,
                                 .gid = certified->gid,
                                 .gid_count = certified->gid_count,
                                 .gids = certified->gids};
        return;
    }
    *out = (struct vfs_cred){.uid = identity->uid,
                             .gid = identity->gid,
                             .gid_count = identity->gid_count,
                             .gids = identity->gids};
    if (cred->flavor == RPC_AUTH_SYS) {
        out->uid = cred->uid;
        out->gid = first_group(c, export);
    } else if (identity->origin == IDENTITY_FROM_NOBODY) {
        out->uid = export->anon_uid;
        out->gid = export->anon_gid;
    }
}

void caller_squash(struct compound *c, const struct export *export, struct vfs_cred *out)
{
    const struct rpc_cred *cred = &c->call->cred;
    const struct export_user *certified = export_user_of(export, &c->caller);

    if (__builtin_expect(certified || c->identity, 0)) {
        act_as(c, export, certified, out);
    } else {
        out->uid = cred->uid;
        out->gid = cred->gid;
        out->gid_count = cred->gid_count;
        out->gids = cred->gids;
        out->actor = NULL;
    }
    export_squash_cred(export, c->arena, out);
}

uint32_t caller_uid(const struct compound *c)
{
    return c->identity && c->call->cred.flavor == RPC_AUTH_GSS ? c->identity->uid
                                                               : c->call->cred.uid;
}
