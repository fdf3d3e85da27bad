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

void caller_squash(struct compound *c, const struct export *export, struct vfs_cred *out)
{
    const struct rpc_cred *cred = &c->call->cred;
    const struct export_user *certified = export_user_of(export, &c->caller);
    const struct identity *identity = c->identity;
    uint32_t uid, gid;

    if (__builtin_expect(certified != NULL, 0)) {
        export_squash_cred(export, certified->uid, certified->gid, certified->gid_count,
                           certified->gids, c->arena, out);
        return;
    }
    if (!identity) {
        export_squash_cred(export, cred->uid, cred->gid, cred->gid_count, cred->gids, c->arena,
                           out);
        return;
    }
    if (cred->flavor == RPC_AUTH_SYS) {
        uid = cred->uid;
        gid = first_group(c, export);
    } else if (identity->origin == IDENTITY_FROM_NOBODY) {
        uid = export->anon_uid;
        gid = export->anon_gid;
    } else {
        uid = identity->uid;
        gid = identity->gid;
    }
    export_squash_cred(export, uid, gid, identity->gid_count, identity->gids, c->arena, out);
}

uint32_t caller_uid(const struct compound *c)
{
    return c->identity && c->call->cred.flavor == RPC_AUTH_GSS ? c->identity->uid
                                                               : c->call->cred.uid;
}
