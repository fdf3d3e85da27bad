/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXCHANGE_ID: tell the cases of RFC 8881 §18.35.4 apart, and carry them out.
 */
#include "state/client/client_exchange.h"

#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/memory.h"
#include "state/client/client_lease.h"
#include "state/client/client_record.h"
#include "state/client/client_room.h"
#include "state/client/client_table.h"

/* The flags that a client may set; EXCHGID4_FLAG_CONFIRMED_R is for replies only. */
#define EXCHANGE_FLAGS                                                                             \
    (EXCHGID4_FLAG_SUPP_MOVED_REFER | EXCHGID4_FLAG_SUPP_MOVED_MIGR |                              \
     EXCHGID4_FLAG_BIND_PRINC_STATEID | EXCHGID4_FLAG_USE_NON_PNFS | EXCHGID4_FLAG_USE_PNFS_MDS |  \
     EXCHGID4_FLAG_USE_PNFS_DS | EXCHGID4_FLAG_UPD_CONFIRMED_REC_A)

/* An EXCHANGE_ID in progress. */
struct exchange {
    struct state *state;
    const struct client_principal *principal;
    const struct client_source *source;
    const struct EXCHANGE_ID4args *args;
    int64_t now_ns;
    struct list doomed;
};

/* SP4_MACH_CRED and SP4_SSV require the request to use RPCSEC_GSS with integrity (§18.35.3),
 * which the server does not support. */
static enum nfsstat4 check_protection(const struct state_protect4_a *protect)
{
    const struct ssv_sp_parms4 *ssv = &protect->spa_ssv_parms;

    switch (protect->spa_how) {
    case SP4_NONE:
        return NFS4_OK;
    case SP4_MACH_CRED:
        return NFS4ERR_INVAL;
    case SP4_SSV:
        if (ssv->ssp_hash_algs_count == 0 || ssv->ssp_encr_algs_count == 0 || ssv->ssp_window == 0)
            return NFS4ERR_INVAL;
        return NFS4ERR_ENCR_ALG_UNSUPP;
    }
    return NFS4ERR_INVAL;
}

static enum nfsstat4 check_args(const struct EXCHANGE_ID4args *args)
{
    if (args->eia_flags & ~EXCHANGE_FLAGS)
        return NFS4ERR_INVAL;
    return check_protection(&args->eia_state_protect);
}

/* Copy the text, cut to the limit; it is only for people to read. */
static char *text_copy(const struct wire_opaque *text)
{
    size_t len = text->len < LIMIT_CLIENT_IMPL_BYTES ? text->len : LIMIT_CLIENT_IMPL_BYTES;
    char *copy = memory_alloc(MEMORY_clients, len + 1);

    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, text->data, len);
    copy[len] = '\0';
    return copy;
}

static void impl_id_keep(struct client *client, const struct EXCHANGE_ID4args *args)
{
    if (args->eia_client_impl_id_count == 0)
        return;
    memory_free(MEMORY_clients, client->impl_name);
    memory_free(MEMORY_clients, client->impl_domain);
    client->impl_name = text_copy(&args->eia_client_impl_id->nii_name);
    client->impl_domain = text_copy(&args->eia_client_impl_id->nii_domain);
    client->impl_date_s = args->eia_client_impl_id->nii_date.seconds;
}

/* Cases 1 and 4, and the last step of 3 and 5: add an unconfirmed record.  Its CREATE_SESSION slot
 * holds the contrived answer of §18.36.4. */
static struct client *record_add_locked(struct exchange *x)
{
    const struct client_owner4 *owner = &x->args->eia_clientowner;
    const struct client_new what = {.kind = CLIENT_V41,
                                    .id = owner->co_ownerid,
                                    .verifier = owner->co_verifier,
                                    .principal = x->principal,
                                    .source = x->source,
                                    .now_ns = x->now_ns};
    struct client *client = client_record_add_locked(x->state, &what);

    if (!client)
        return NULL;
    client->create_reply.sequence = 0;
    client->create_reply.status = NFS4ERR_SEQ_MISORDERED;
    impl_id_keep(client, x->args);
    return client;
}

static bool same_incarnation(const struct exchange *x, const struct client *client)
{
    return memcmp(client->verifier, x->args->eia_clientowner.co_verifier, NFS4_VERIFIER_SIZE) == 0;
}

/* Cases 6 to 9. */
static enum nfsstat4 update_locked(struct exchange *x, struct client_owner *owner,
                                   struct client **client)
{
    struct client *confirmed = owner ? owner->confirmed : NULL;

    if (!confirmed)
        return NFS4ERR_NOENT;
    if (!same_incarnation(x, confirmed))
        return NFS4ERR_NOT_SAME;
    if (!client_principal_equal(&confirmed->principal, x->principal))
        return NFS4ERR_PERM;
    impl_id_keep(confirmed, x->args);
    *client = confirmed;
    return NFS4_OK;
}

/* Case 3: another principal uses the owner string of a confirmed client. */
static enum nfsstat4 collision_locked(struct exchange *x, struct client *confirmed)
{
    if (client_busy_locked(confirmed) && !client_lapsed_locked(confirmed, x->now_ns))
        return NFS4ERR_CLID_INUSE;
    client_unhash_locked(confirmed, &x->doomed);
    return NFS4_OK;
}

static struct client_owner *owner_find_locked(const struct exchange *x)
{
    return client_owner_lookup_locked(x->state, CLIENT_V41, &x->args->eia_clientowner.co_ownerid);
}

/* Cases 1 to 5.  Unhashing may free the owner, so it is looked up anew after it. */
static enum nfsstat4 establish_locked(struct exchange *x, struct client **client)
{
    static const struct client_peer unknown;
    struct client_owner *owner = owner_find_locked(x);
    struct client *confirmed = owner ? owner->confirmed : NULL, *taken = NULL;
    enum nfsstat4 status;

    if (confirmed && !client_principal_equal(&confirmed->principal, x->principal)) {
        status = collision_locked(x, confirmed);
        if (status != NFS4_OK)
            return status;
        taken = confirmed; /* on the list x->doomed now */
    } else if (confirmed && same_incarnation(x, confirmed)) {
        *client = confirmed;
        return NFS4_OK;
    }
    owner = owner_find_locked(x);
    if (owner && owner->unconfirmed)
        client_unhash_locked(owner->unconfirmed, &x->doomed);
    if (!client_make_room_locked(x->state, x->source ? &x->source->address : NULL, x->now_ns,
                                 &x->doomed))
        return NFS4ERR_DELAY;
    *client = record_add_locked(x);
    if (*client && taken)
        client_peer_replace_locked(taken, (*client)->id, x->source ? &x->source->peer : &unknown,
                                   x->principal);
    return *client ? NFS4_OK : NFS4ERR_DELAY;
}

static enum nfsstat4 exchange_locked(struct exchange *x, struct client **client)
{
    if (x->args->eia_flags & EXCHGID4_FLAG_UPD_CONFIRMED_REC_A)
        return update_locked(x, owner_find_locked(x), client);
    return establish_locked(x, client);
}

static void exchange_log(const struct EXCHANGE_ID4args *args, const struct client_exchange *out)
{
    const struct wire_opaque *owner = &args->eia_clientowner.co_ownerid;
    struct wire_opaque impl = {0};

    if (args->eia_client_impl_id_count)
        impl = args->eia_client_impl_id->nii_name;
    if (impl.len > LIMIT_CLIENT_IMPL_BYTES)
        impl.len = LIMIT_CLIENT_IMPL_BYTES;
    log_debug("client.exchange_id", LOG_ID("client", out->clientid),
              LOG_U64("confirmed", out->confirmed), LOG_STRN("owner", owner->data, owner->len),
              LOG_STRN("implementation", impl.data, impl.len));
}

enum nfsstat4 client_exchange_id(struct state *state, const struct client_principal *principal,
                                 const struct client_source *source,
                                 const struct EXCHANGE_ID4args *args, int64_t now_ns,
                                 struct client_exchange *out)
{
    struct exchange x = {
        .state = state, .principal = principal, .source = source, .args = args, .now_ns = now_ns};
    struct client *client = NULL;
    enum nfsstat4 status = check_args(args);

    if (status != NFS4_OK)
        return status;
    list_init(&x.doomed);
    pthread_mutex_lock(&state->clients.lock);
    status = exchange_locked(&x, &client);
    if (status == NFS4_OK) {
        out->clientid = client->id;
        out->sequence = client->create_reply.sequence + 1;
        out->confirmed = client->confirmed;
    }
    pthread_mutex_unlock(&state->clients.lock);
    client_release(state, &x.doomed);
    if (status == NFS4_OK)
        exchange_log(args, out);
    return status;
}
