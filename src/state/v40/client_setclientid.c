/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SETCLIENTID and SETCLIENTID_CONFIRM: which of the cases of RFC 7530 §16.33.5 and §16.34.5 it is,
 * and what follows.  An unconfirmed record that only brings a new callback is no record of its own
 * here: it waits in the confirmed one.
 */
#include "state/v40/client_setclientid.h"

#include <sodium.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/memory.h"
#include "state/client/client_info.h"
#include "state/client/client_lease.h"
#include "state/client/client_record.h"
#include "state/client/client_room.h"
#include "state/client/client_table.h"
#include "state/file/revocation.h"

/* One SETCLIENTID on its way. */
struct setting {
    struct state *state;
    const struct client_caller *caller;
    const struct client_source *source;
    const struct SETCLIENTID4args *args;
    int64_t now_ns;
    struct list doomed;
};

static void v40_free(struct client_v40 *v40)
{
    memory_free(MEMORY_clients, v40);
}

static void v40_describe(const struct client_v40 *v40, struct client_info *info)
{
    info->callback = v40->callback;
}

static const struct client_v40_hooks v40_hooks = {.free = v40_free, .describe = v40_describe};

static bool text_copy(char *to, size_t most, const struct wire_opaque *text)
{
    bool fits = text->len <= most && (text->len == 0 || !memchr(text->data, '\0', text->len));

    if (fits && text->len)
        memcpy(to, text->data, text->len);
    to[fits ? text->len : 0] = '\0';
    return fits;
}

static void callback_of(const struct SETCLIENTID4args *args, struct client_callback *out)
{
    const struct netaddr4 *location = &args->callback.cb_location;

    memset(out, 0, sizeof(*out));
    out->program = args->callback.cb_program;
    out->ident = args->callback_ident;
    if (!text_copy(out->netid, LIMIT_CALLBACK_NETID_BYTES, &location->na_r_netid) ||
        !text_copy(out->addr, LIMIT_CALLBACK_ADDR_BYTES, &location->na_r_addr))
        out->netid[0] = out->addr[0] = '\0';
}

static struct client_owner *owner_find_locked(const struct setting *x)
{
    return client_owner_lookup_locked(x->state, CLIENT_V40, &x->args->client.id);
}

static bool same_incarnation(const struct setting *x, const struct client *client)
{
    return memcmp(client->verifier, x->args->client.verifier, NFS4_VERIFIER_SIZE) == 0;
}

/* AUTH_SYS makes all machines one principal, so a certificate tells them apart.  Whoever knows the
 * verifier, too, is the machine itself, by a mount without its certificate. */
static bool is_own(const struct client *client, const struct client_caller *caller,
                   const uint8_t verifier[NFS4_VERIFIER_SIZE])
{
    return client_principal_equal(client->caller.principal, caller->principal) &&
           (client_caller_may_be(caller, &client->caller) ||
            memcmp(client->verifier, verifier, NFS4_VERIFIER_SIZE) == 0);
}

/* May another client not have the name (RFC 7530 §9.1.2)? */
static bool in_use_locked(struct client *client, const struct client_caller *caller,
                          const uint8_t verifier[NFS4_VERIFIER_SIZE], int64_t now_ns)
{
    return !is_own(client, caller, verifier) && client_busy_locked(client) &&
           !client_lapsed_locked(client, now_ns);
}

/* The same incarnation: all that may change is where to call it back. */
static void update_locked(const struct setting *x, struct client *client,
                          struct client_setclientid *out)
{
    struct client_v40 *v40 = client->v40;

    v40->update.waits = true;
    v40->update.made_ns = x->now_ns;
    randombytes_buf(v40->update.confirm, NFS4_VERIFIER_SIZE);
    callback_of(x->args, &v40->update.callback);
    out->clientid = client->id;
    memcpy(out->confirm, v40->update.confirm, NFS4_VERIFIER_SIZE);
}

/* False without memory. */
static bool record_add_locked(const struct setting *x, struct client_setclientid *out)
{
    const struct client_new what = {.kind = CLIENT_V40,
                                    .id = x->args->client.id,
                                    .verifier = x->args->client.verifier,
                                    .caller = x->caller,
                                    .source = x->source,
                                    .now_ns = x->now_ns};
    struct client_v40 *v40 = memory_zalloc(MEMORY_clients, sizeof(*v40));
    struct client *client = v40 ? client_record_add_locked(x->state, &what) : NULL;

    if (!client) {
        memory_free(MEMORY_clients, v40);
        return false;
    }
    client->v40_hooks = &v40_hooks;
    client->v40 = v40;
    callback_of(x->args, &client->v40->callback);
    randombytes_buf(client->v40->confirm, NFS4_VERIFIER_SIZE);
    out->clientid = client->id;
    memcpy(out->confirm, client->v40->confirm, NFS4_VERIFIER_SIZE);
    return true;
}

/* A confirmed client keeps all its state until the new record is confirmed. */
static enum nfsstat4 establish_locked(struct setting *x, struct client_setclientid *out)
{
    struct client_owner *owner = owner_find_locked(x);
    struct client *confirmed = owner ? owner->confirmed : NULL;

    if (confirmed && in_use_locked(confirmed, x->caller, x->args->client.verifier, x->now_ns)) {
        out->using = confirmed->v40->callback;
        return NFS4ERR_CLID_INUSE;
    }
    if (confirmed && same_incarnation(x, confirmed) &&
        client_principal_equal(confirmed->caller.principal, x->caller->principal)) {
        update_locked(x, confirmed, out);
        return NFS4_OK;
    }
    if (owner && owner->unconfirmed)
        client_unhash_locked(owner->unconfirmed, &x->doomed);
    if (!client_make_room_locked(x->state, x->source ? &x->source->address : NULL, x->now_ns,
                                 &x->doomed))
        return NFS4ERR_DELAY;
    return record_add_locked(x, out) ? NFS4_OK : NFS4ERR_DELAY;
}

enum nfsstat4 client_setclientid(struct state *state, const struct client_caller *caller,
                                 const struct client_source *source,
                                 const struct SETCLIENTID4args *args, int64_t now_ns,
                                 struct client_setclientid *out)
{
    struct setting x = {
        .state = state, .caller = caller, .source = source, .args = args, .now_ns = now_ns};
    const struct wire_opaque *id = &args->client.id;
    enum nfsstat4 status;

    memset(out, 0, sizeof(*out));
    list_init(&x.doomed);
    pthread_mutex_lock(&state->clients.lock);
    status = establish_locked(&x, out);
    pthread_mutex_unlock(&state->clients.lock);
    client_release(state, &x.doomed);
    log_debug("client.setclientid", LOG_ID("client", out->clientid), LOG_U64("status", status),
              LOG_STRN("owner", id->data, id->len));
    return status;
}

/* One SETCLIENTID_CONFIRM on its way. */
struct confirming {
    struct state *state;
    const uint8_t *verifier;
    int64_t now_ns;
    bool updated; /* what waited in a record has taken effect */
    struct list doomed;
};

static bool update_matches(const struct confirming *x, const struct client_v40 *v40)
{
    return v40->update.waits && x->now_ns - v40->update.made_ns <= x->state->lease_ns &&
           memcmp(v40->update.confirm, x->verifier, NFS4_VERIFIER_SIZE) == 0;
}

/* Again, or another callback. */
static enum nfsstat4 confirm_known_locked(struct confirming *x, struct client_v40 *v40)
{
    x->updated = update_matches(x, v40);
    if (x->updated) {
        v40->callback = v40->update.callback;
        v40->callback_serial++;
        memcpy(v40->confirm, x->verifier, NFS4_VERIFIER_SIZE);
        v40->update.waits = false;
    }
    return memcmp(v40->confirm, x->verifier, NFS4_VERIFIER_SIZE) == 0 ? NFS4_OK
                                                                      : NFS4ERR_STALE_CLIENTID;
}

/* The first time.  All that another incarnation had goes. */
static enum nfsstat4 confirm_new_locked(struct confirming *x, struct client *client)
{
    struct client *before = client->owner->confirmed;

    if (client_expired(client, x->now_ns) ||
        memcmp(client->v40->confirm, x->verifier, NFS4_VERIFIER_SIZE) != 0)
        return NFS4ERR_STALE_CLIENTID;
    /* It may have got state since the SETCLIENTID. */
    if (before && in_use_locked(before, &client->caller, client->verifier, x->now_ns))
        return NFS4ERR_CLID_INUSE;
    client_renew(client, x->now_ns);
    client->v40->callback_serial++;
    client_confirm_locked(client, &x->doomed);
    return NFS4_OK;
}

static enum nfsstat4 confirm_locked(struct confirming *x, struct client_principal principal,
                                    uint64_t clientid, struct client **out)
{
    struct client *client = client_lookup_kind_locked(x->state, clientid, CLIENT_V40);
    enum nfsstat4 status;

    if (!client)
        return NFS4ERR_STALE_CLIENTID;
    if (!client_principal_equal(client->caller.principal, principal))
        return NFS4ERR_CLID_INUSE;
    status =
        client->confirmed ? confirm_known_locked(x, client->v40) : confirm_new_locked(x, client);
    if (status == NFS4_OK)
        *out = client_get(client);
    return status;
}

enum nfsstat4 client_setclientid_confirm(struct state *state, struct client_principal principal,
                                         const struct SETCLIENTID_CONFIRM4args *args,
                                         int64_t now_ns, struct client **confirmed)
{
    struct confirming x = {.state = state, .verifier = args->setclientid_confirm, .now_ns = now_ns};
    enum nfsstat4 status;

    *confirmed = NULL;
    list_init(&x.doomed);
    pthread_mutex_lock(&state->clients.lock);
    status = confirm_locked(&x, principal, args->clientid, confirmed);
    pthread_mutex_unlock(&state->clients.lock);
    client_release(state, &x.doomed);
    /* It has opened nothing anew yet, but knows that it must. */
    if (x.updated)
        revocation_settle_announced(*confirmed);
    return status;
}
