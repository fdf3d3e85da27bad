/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE_SESSION in the four phases of RFC 8881 §18.36.4: the client record; its sequence; the
 * confirmation; the session.  Whatever happens once the sequence has moved is kept, errors of the
 * arguments too, and is answered again to a retry.
 */
#include "state/session/session_create.h"

#include <sodium.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/memory.h"
#include "state/client/client_lease.h"
#include "state/client/client_record.h"
#include "state/client/client_room.h"
#include "state/client/client_table.h"
#include "state/session/session_back.h"
#include "state/session/session_conn.h"
#include "state/session/session_internal.h"

#define CREATE_FLAGS                                                                               \
    (CREATE_SESSION4_FLAG_PERSIST | CREATE_SESSION4_FLAG_CONN_BACK_CHAN |                          \
     CREATE_SESSION4_FLAG_CONN_RDMA)

/* A CREATE_SESSION in progress. */
struct creation {
    struct state *state;
    const struct client_caller *caller;
    const struct CREATE_SESSION4args *args;
    uint32_t minor_version;
    int64_t now_ns;
    enum nfsstat4 security; /* security_check() */
    uint64_t usable;        /* of csa_sec_parms */
    struct list doomed;
};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool fore_too_small(const struct channel_attrs4 *fore)
{
    return fore->ca_maxrequestsize < SESSION_REQUEST_BYTES_MIN ||
           fore->ca_maxresponsesize < SESSION_REPLY_BYTES_MIN || fore->ca_maxoperations < 1;
}

/* A back channel without slots has no use for the rest. */
static bool back_too_small(const struct CREATE_SESSION4args *args)
{
    const struct channel_attrs4 *back = &args->csa_back_chan_attrs;
    uint32_t cred = session_cb_auth_offered_bytes(args->csa_sec_parms, args->csa_sec_parms_count);

    if (back->ca_maxrequests == 0)
        return false;
    return back->ca_maxrequestsize < SESSION_BACK_REQUEST_BYTES_MIN + cred ||
           back->ca_maxresponsesize < SESSION_BACK_REPLY_BYTES_MIN || back->ca_maxoperations < 2;
}

static enum nfsstat4 check_args(const struct creation *x)
{
    const struct CREATE_SESSION4args *args = x->args;

    if (args->csa_flags & ~CREATE_FLAGS)
        return NFS4ERR_INVAL;
    if (fore_too_small(&args->csa_fore_chan_attrs) || back_too_small(args))
        return NFS4ERR_TOOSMALL;
    return x->security;
}

/* The number of slots is up to session_slots_init(). */
static void fore_negotiate(struct channel_attrs4 *granted, const struct channel_attrs4 *offer)
{
    memset(granted, 0, sizeof(*granted));
    granted->ca_maxrequestsize = min_u32(offer->ca_maxrequestsize, LIMIT_REQUEST_BYTES);
    granted->ca_maxresponsesize = min_u32(offer->ca_maxresponsesize, LIMIT_REPLY_BYTES);
    granted->ca_maxresponsesize_cached =
        min_u32(min_u32(offer->ca_maxresponsesize_cached, LIMIT_REPLY_CACHED_BYTES),
                granted->ca_maxresponsesize);
    granted->ca_maxoperations = min_u32(offer->ca_maxoperations, LIMIT_COMPOUND_OPS);
}

/* Operations and slots of the back channel are the client's to say (RFC 8881 §18.36.3); we use
 * LIMIT_BACK_SLOTS of them at the most. */
static void back_negotiate(struct channel_attrs4 *granted, const struct channel_attrs4 *offer)
{
    memset(granted, 0, sizeof(*granted));
    granted->ca_maxrequestsize = min_u32(offer->ca_maxrequestsize, LIMIT_REQUEST_BYTES);
    granted->ca_maxresponsesize = min_u32(offer->ca_maxresponsesize, LIMIT_REPLY_BYTES);
    granted->ca_maxresponsesize_cached =
        min_u32(offer->ca_maxresponsesize_cached, granted->ca_maxresponsesize);
    granted->ca_maxoperations = offer->ca_maxoperations;
    granted->ca_maxrequests = offer->ca_maxrequests;
}

static struct session *session_make(const struct creation *x, struct client *client)
{
    const struct CREATE_SESSION4args *args = x->args;
    struct session *session = memory_zalloc(MEMORY_sessions, sizeof(*session));

    if (!session || !session_cb_auth_add(&session->cb_auth, args->csa_sec_parms,
                                         args->csa_sec_parms_count, x->usable)) {
        memory_free(MEMORY_sessions, session);
        return NULL;
    }
    randombytes_buf(session->id, sizeof(session->id));
    atomic_init(&session->refs, 1);
    session->client = client_get(client);
    session->minor_version = x->minor_version;
    fore_negotiate(&session->fore, &args->csa_fore_chan_attrs);
    back_negotiate(&session->back, &args->csa_back_chan_attrs);
    session->cb_program = args->csa_cb_program;
    list_init(&session->client_link);
    list_init(&session->bindings);
    CHECK(pthread_mutex_init(&session->lock, NULL) == 0);
    session_slots_init(session, args->csa_fore_chan_attrs.ca_maxrequests, x->now_ns);
    session->fore.ca_maxrequests = session->demand.initial;
    return session;
}

/* Other clients whose lease is over give way. */
static bool session_room_locked(const struct client *client, int64_t now_ns, struct list *doomed)
{
    struct state *state = client->state;

    if (!state_limit_admits(state, STATE_LIMIT_sessions_per_client, client->session_count, 1))
        return false;
    while (atomic_load_explicit(&state->session_count, memory_order_relaxed) >=
           state_limit_max(state, STATE_LIMIT_sessions)) {
        if (!client_evict_locked(state, client, now_ns, doomed))
            return state_limit_has_room(state, STATE_LIMIT_sessions, client->session_count, 1);
    }
    return true;
}

/* Phases 3 and 4.  The answer stands in client->create_reply afterwards; a session that was made is
 * returned with a reference. */
static struct session *execute_locked(struct creation *x, struct client *client)
{
    const struct CREATE_SESSION4args *args = x->args;
    struct client_create_reply *reply = &client->create_reply;
    struct session *session;

    if (!client->confirmed &&
        !(client_principal_equal(client->caller.principal, x->caller->principal) &&
          client_caller_may_be(x->caller, &client->caller))) {
        reply->status = NFS4ERR_CLID_INUSE;
        return NULL;
    }
    reply->status = check_args(x);
    if (reply->status != NFS4_OK)
        return NULL;
    if (!session_room_locked(client, x->now_ns, &x->doomed)) {
        reply->status = NFS4ERR_NOSPC;
        return NULL;
    }
    session = session_make(x, client);
    if (!session) {
        reply->status = NFS4ERR_DELAY;
        return NULL;
    }
    session_get(session);
    session_hash_locked(client->state, session);
    if (!client->confirmed)
        client_confirm_locked(client, &x->doomed);
    reply->status = NFS4_OK;
    memcpy(reply->resok.csr_sessionid, session->id, NFS4_SESSIONID_SIZE);
    reply->resok.csr_sequence = args->csa_sequence;
    reply->resok.csr_flags = session_back_accepts_calls(session)
                                 ? args->csa_flags & CREATE_SESSION4_FLAG_CONN_BACK_CHAN
                                 : 0;
    reply->resok.csr_fore_chan_attrs = session->fore;
    reply->resok.csr_back_chan_attrs = session->back;
    return session;
}

/* What check_args() said, and nothing was done. */
static bool refused_for_arguments(const struct client_create_reply *reply)
{
    return reply->status == NFS4ERR_INVAL || reply->status == NFS4ERR_TOOSMALL ||
           reply->status == NFS4ERR_NOENT;
}

/* A retry has the arguments of the original.  So if they are good now, and were refused then, it is
 * another request, of a client that does not count refused ones; it may have the number. */
static bool is_retry(const struct creation *x, const struct client_create_reply *last)
{
    if (x->args->csa_sequence != last->sequence)
        return false;
    return !refused_for_arguments(last) || check_args(x) != NFS4_OK;
}

/* A protected client is created, confirmed and used by one principal alone. */
static enum nfsstat4 check_caller(const struct client *client, const struct client_caller *caller)
{
    if (client_protection_admits(client, caller))
        return NFS4_OK;
    return client->confirmed || client_principal_equal(client->caller.principal, caller->principal)
               ? NFS4ERR_WRONG_CRED
               : NFS4ERR_CLID_INUSE;
}

/* Phases 1 and 2.  Nobody but its machine credential moves the sequence of a protected client. */
static enum nfsstat4 create_locked(struct creation *x, struct CREATE_SESSION4resok *resok,
                                   bool *again)
{
    const struct CREATE_SESSION4args *args = x->args;
    struct client *client = client_lookup_kind_locked(x->state, args->csa_clientid, CLIENT_V41);
    enum nfsstat4 status;

    if (!client || (!client->confirmed && client_expired(client, x->now_ns)))
        return NFS4ERR_STALE_CLIENTID;
    status = check_caller(client, x->caller);
    if (status != NFS4_OK)
        return status;
    *again = is_retry(x, &client->create_reply);
    if (!*again) {
        const struct client_create_reply before = client->create_reply;
        struct session *session;

        if (args->csa_sequence - client->create_reply.sequence > 1)
            return NFS4ERR_SEQ_MISORDERED;
        client->create_reply.sequence = args->csa_sequence;
        session = execute_locked(x, client);
        if (session)
            client_renew(client, x->now_ns);
        session_put(session);
        /* Without memory nothing has happened: it may come again with the same number. */
        if (client->create_reply.status == NFS4ERR_DELAY) {
            client->create_reply = before;
            return NFS4ERR_DELAY;
        }
    }
    *resok = client->create_reply.resok;
    return client->create_reply.status;
}

/* The client's part of the log line: what the client record has under the table's lock. */
struct creator {
    struct client_peer peer;
    uint32_t owner_len;
    uint8_t owner[LIMIT_CLIENT_OWNER_BYTES];
};

static void creator_read(struct state *state, uint64_t id, struct creator *creator)
{
    struct client *client;

    memset(&creator->peer, 0, sizeof(creator->peer));
    creator->owner_len = 0;
    pthread_mutex_lock(&state->clients.lock);
    client = client_lookup_kind_locked(state, id, CLIENT_V41);
    if (client) {
        creator->peer = client->peer;
        creator->owner_len = client->owner->len;
        memcpy(creator->owner, client->owner->string, client->owner->len);
    }
    pthread_mutex_unlock(&state->clients.lock);
}

static void created_log(struct state *state, const struct session *session, uint32_t flags)
{
    char peer[CLIENT_PEER_TEXT_BYTES];
    struct creator creator;

    creator_read(state, session->client->id, &creator);
    log_info("session.create", LOG_HEX("session", session->id, NFS4_SESSIONID_SIZE),
             LOG_ID("client", session->client->id),
             LOG_STR("peer", client_peer_format(&creator.peer, peer)),
             LOG_STRN("owner", creator.owner, creator.owner_len),
             LOG_U64("minor", session->minor_version),
             LOG_U64("slots", session->fore.ca_maxrequests), LOG_U64("flags", flags));
}

/* The connection of a retry gets bound as that of the original was. */
static void bind_created(struct state *state, struct session_conn *conn,
                         const struct CREATE_SESSION4resok *resok, bool again)
{
    struct session *session = session_lookup(state, resok->csr_sessionid);

    if (!session)
        return;
    session_conn_bind(conn, session, resok->csr_flags & CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    if (!again && log_enabled(LOG_PART_client, LOG_LEVEL_INFO))
        created_log(state, session, resok->csr_flags);
    session_put(session);
}

/* NOENT only if nothing of the client's offer is left without the contexts that are not its own. */
static enum nfsstat4 security_check(struct creation *x)
{
    enum nfsstat4 status =
        session_cb_auth_check(x->state, x->caller->principal, x->args->csa_sec_parms,
                              x->args->csa_sec_parms_count, &x->usable);

    return status == NFS4ERR_NOENT && x->usable != 0 ? NFS4_OK : status;
}

enum nfsstat4 session_create(struct state *state, const struct client_caller *caller,
                             struct session_conn *conn, uint32_t minor_version,
                             const struct CREATE_SESSION4args *args, int64_t now_ns,
                             struct CREATE_SESSION4resok *resok)
{
    struct creation x = {.state = state,
                         .caller = caller,
                         .args = args,
                         .minor_version = minor_version,
                         .now_ns = now_ns};
    enum nfsstat4 status;
    bool again = false;

    list_init(&x.doomed);
    x.security = security_check(&x);
    pthread_mutex_lock(&state->clients.lock);
    status = create_locked(&x, resok, &again);
    pthread_mutex_unlock(&state->clients.lock);
    client_release(state, &x.doomed);
    if (status == NFS4_OK)
        bind_created(state, conn, resok, again);
    return status;
}
