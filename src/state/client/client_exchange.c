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
    const struct client_caller *caller;
    const struct client_source *source;
    const struct EXCHANGE_ID4args *args;
    struct client_protection protection;
    int64_t now_ns;
    struct list doomed;
};

static enum nfsstat4 check_args(struct exchange *x)
{
    if (x->args->eia_flags & ~EXCHANGE_FLAGS)
        return NFS4ERR_INVAL;
    return client_protection_negotiate(&x->args->eia_state_protect, x->caller, &x->protection);
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
                                    .caller = x->caller,
                                    .source = x->source,
                                    .now_ns = x->now_ns};
    struct client *client = client_record_add_locked(x->state, &what);

    if (!client)
        return NULL;
    client->create_reply.sequence = 0;
    client->create_reply.status = NFS4ERR_SEQ_MISORDERED;
    client->protection = x->protection;
    impl_id_keep(client, x->args);
    return client;
}

static bool same_incarnation(const struct exchange *x, const struct client *client)
{
    return memcmp(client->verifier, x->args->eia_clientowner.co_verifier, NFS4_VERIFIER_SIZE) == 0;
}

/* Cases 6 to 9.  An update does not change the protection. */
static enum nfsstat4 update_locked(struct exchange *x, struct client_owner *owner,
                                   struct client **client)
{
    struct client *confirmed = owner ? owner->confirmed : NULL;

    if (!confirmed)
        return NFS4ERR_NOENT;
    if (!same_incarnation(x, confirmed))
        return NFS4ERR_NOT_SAME;
    if (!client_principal_equal(confirmed->caller.principal, x->caller->principal))
        return NFS4ERR_PERM;
    if (!client_protection_admits(confirmed, x->caller))
        return NFS4ERR_WRONG_CRED;
    impl_id_keep(confirmed, x->args);
    *client = confirmed;
    return NFS4_OK;
}

/* AUTH_SYS makes all machines one principal, so a certificate tells them apart.  Whoever knows the
 * verifier, too, is the machine itself, by a mount without its certificate. */
static bool is_own(const struct exchange *x, const struct client *confirmed)
{
    return client_principal_equal(confirmed->caller.principal, x->caller->principal) &&
           (client_caller_may_be(x->caller, &confirmed->caller) || same_incarnation(x, confirmed));
}

/* May the caller not have the owner string of a confirmed client?  As long as its lease lasts a
 * protected client keeps it without any state, too (§2.4, §18.35.3). */
static bool in_use_locked(const struct exchange *x, struct client *confirmed)
{
    if (confirmed->protection.machine)
        return !client_protection_admits(confirmed, x->caller) &&
               !client_lapsed_locked(confirmed, x->now_ns);
    return !is_own(x, confirmed) && client_busy_locked(confirmed) &&
           !client_lapsed_locked(confirmed, x->now_ns);
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

    if (confirmed && in_use_locked(x, confirmed))
        return NFS4ERR_CLID_INUSE;
    if (confirmed && !is_own(x, confirmed)) {
        client_unhash_locked(confirmed, &x->doomed); /* case 3 */
        taken = confirmed;
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
                                   x->caller);
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

enum nfsstat4 client_exchange_id(struct state *state, const struct client_caller *caller,
                                 const struct client_source *source,
                                 const struct EXCHANGE_ID4args *args, int64_t now_ns,
                                 struct client_exchange *out)
{
    struct exchange x = {
        .state = state, .caller = caller, .source = source, .args = args, .now_ns = now_ns};
    struct client *client = NULL;
    enum nfsstat4 status = check_args(&x);

    if (status != NFS4_OK)
        return status;
    list_init(&x.doomed);
    pthread_mutex_lock(&state->clients.lock);
    status = exchange_locked(&x, &client);
    if (status == NFS4_OK) {
        out->clientid = client->id;
        out->sequence = client->create_reply.sequence + 1;
        out->confirmed = client->confirmed;
        out->protection = client->protection;
    }
    pthread_mutex_unlock(&state->clients.lock);
    client_release(state, &x.doomed);
    if (status == NFS4_OK)
        exchange_log(args, out);
    return status;
}
