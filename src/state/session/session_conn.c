/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bindings of connections to sessions.  Order of locks: the connection's, then the session's.
 */
#include "state/session/session_conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/memory.h"
#include "state/session/session_back.h"

enum {
    SWEEP_MIN = 16
};

struct session_conn *session_conn_create(void *transport)
{
    struct session_conn *conn = memory_zalloc(MEMORY_connections, sizeof(*conn));

    if (!conn)
        return NULL;
    conn->transport = transport;
    CHECK(pthread_mutex_init(&conn->lock, NULL) == 0);
    list_init(&conn->bindings);
    conn->sweep_at = SWEEP_MIN;
    return conn;
}

/* session->lock is held. */
static void back_set_locked(struct session_binding *binding, bool back)
{
    if (binding->back == back)
        return;
    binding->back = back;
    session_back_count_locked(binding->session, back);
}

/* session->lock is held; nothing happens to one that has ended already. */
static void binding_end_locked(struct session_binding *binding)
{
    if (list_empty(&binding->session_link))
        return;
    list_remove(&binding->session_link);
    binding->session->binding_count--;
    back_set_locked(binding, false);
    atomic_store_explicit(&binding->ended, true, memory_order_relaxed);
}

static bool binding_ended(const struct session_binding *binding)
{
    return atomic_load_explicit(&binding->ended, memory_order_relaxed);
}

static void binding_put(struct session_binding *binding)
{
    if (atomic_fetch_sub_explicit(&binding->refs, 1, memory_order_acq_rel) > 1)
        return;
    session_put(binding->session);
    memory_free(MEMORY_connections, binding);
}

/* conn->lock is held. */
static void binding_leave_locked(struct session_binding *binding)
{
    struct session_conn *conn = binding->conn;

    list_remove(&binding->conn_link);
    conn->binding_count--;
    if (conn->last == binding)
        conn->last = NULL;
}

/* End a binding of any connection.  session->lock is held, and the caller has a reference on the
 * session.  The connection lives, since its end needs that lock; but its own lock comes before: if
 * it is taken, the binding stays there until it is swept out. */
static void binding_expel_locked(struct session_binding *binding)
{
    struct session_conn *conn = binding->conn;

    binding_end_locked(binding);
    if (pthread_mutex_trylock(&conn->lock) != 0)
        return;
    binding_leave_locked(binding);
    pthread_mutex_unlock(&conn->lock);
    binding_put(binding);
}

/* conn->lock is held. */
static void binding_remove_locked(struct session_binding *binding)
{
    struct session *session = binding->session;

    binding_leave_locked(binding);
    pthread_mutex_lock(&session->lock);
    binding_end_locked(binding);
    pthread_mutex_unlock(&session->lock);
    binding_put(binding);
}

void session_conn_destroy(struct session_conn *conn)
{
    if (!conn)
        return;
    pthread_mutex_lock(&conn->lock);
    LIST_FOREACH_SAFE (binding, &conn->bindings, struct session_binding, conn_link)
        binding_remove_locked(binding);
    pthread_mutex_unlock(&conn->lock);
    if (conn->first_v40)
        client_put(conn->first_v40);
    pthread_mutex_destroy(&conn->lock);
    memory_free(MEMORY_connections, conn);
}

void session_conn_used_by(struct session_conn *conn, struct client *client)
{
    struct client *first = atomic_load_explicit(&conn->first_v40, memory_order_acquire);

    if (first == client)
        return;
    if (!first &&
        atomic_compare_exchange_strong_explicit(&conn->first_v40, &first, client,
                                                memory_order_acq_rel, memory_order_acquire)) {
        client_get(client);
        return;
    }
    if (first != client)
        atomic_store_explicit(&conn->several_v40, true, memory_order_relaxed);
}

struct client *session_conn_sole_client(struct session_conn *conn)
{
    struct client *first = atomic_load_explicit(&conn->first_v40, memory_order_acquire);

    if (!first || atomic_load_explicit(&conn->several_v40, memory_order_relaxed))
        return NULL;
    return client_dead(first) ? NULL : first;
}

/* Sweeping when the number has doubled keeps the cost of a bind constant. */
static void sweep_locked(struct session_conn *conn)
{
    if (conn->last && binding_ended(conn->last))
        binding_remove_locked(conn->last);
    if (conn->binding_count < conn->sweep_at)
        return;
    LIST_FOREACH_SAFE (binding, &conn->bindings, struct session_binding, conn_link) {
        if (binding_ended(binding))
            binding_remove_locked(binding);
    }
    conn->sweep_at = conn->binding_count * 2 > SWEEP_MIN ? conn->binding_count * 2 : SWEEP_MIN;
}

struct session *session_conn_lookup(struct state *state, struct session_conn *conn,
                                    const uint8_t *id, struct session_binding **binding)
{
    struct session_binding *last;

    pthread_mutex_lock(&conn->lock);
    last = conn->last;
    if (last && (memcmp(last->session->id, id, NFS4_SESSIONID_SIZE) != 0 || binding_ended(last) ||
                 session_dead(last->session)))
        last = NULL;
    if (last)
        atomic_fetch_add_explicit(&last->refs, 1, memory_order_relaxed);
    pthread_mutex_unlock(&conn->lock);
    *binding = last;
    return last ? last->session : session_lookup(state, id);
}

void session_conn_done(struct session *session, struct session_binding *binding)
{
    if (binding)
        binding_put(binding);
    else
        session_put(session);
}

/* session->lock is held. */
static struct session_binding *binding_find_locked(const struct session_conn *conn,
                                                   struct session *session)
{
    LIST_FOREACH (binding, &session->bindings, struct session_binding, session_link) {
        if (binding->conn == conn)
            return binding;
    }
    return NULL;
}

/* Which binding a new one may replace: an implicit one, or, for one that is wanted for certain, one
 * that can be spared for callbacks.  session->lock is held. */
static struct session_binding *binding_spare_locked(struct session *session, bool implicit)
{
    LIST_FOREACH (binding, &session->bindings, struct session_binding, session_link) {
        if (binding->implicit)
            return binding;
    }
    if (implicit)
        return NULL;
    LIST_FOREACH (binding, &session->bindings, struct session_binding, session_link) {
        if (!binding->back)
            return binding;
    }
    return LIST_ENTRY(session->bindings.next, struct session_binding, session_link);
}

static bool binding_room_locked(struct session *session, bool implicit)
{
    struct session_binding *spare;

    if (session->binding_count < LIMIT_SESSION_CONNECTIONS)
        return true;
    spare = binding_spare_locked(session, implicit);
    if (spare)
        binding_expel_locked(spare);
    return spare != NULL;
}

/* Both locks are held; NULL when there is no room or the session has ended. */
static struct session_binding *binding_add_locked(struct session_conn *conn,
                                                  struct session *session, bool implicit)
{
    struct session_binding *binding;

    if (session_dead(session) || !binding_room_locked(session, implicit))
        return NULL;
    binding = memory_zalloc(MEMORY_connections, sizeof(*binding));
    if (!binding)
        return NULL;
    atomic_init(&binding->refs, 1);
    binding->conn = conn;
    binding->implicit = implicit;
    binding->fore = implicit;
    binding->session = session_get(session);
    list_push_back(&conn->bindings, &binding->conn_link);
    conn->binding_count++;
    list_push_back(&session->bindings, &binding->session_link);
    session->binding_count++;
    return binding;
}

void session_conn_bind_implicit(struct session_conn *conn, struct session *session)
{
    struct session_binding *binding;

    pthread_mutex_lock(&conn->lock);
    sweep_locked(conn);
    pthread_mutex_lock(&session->lock);
    binding = binding_find_locked(conn, session);
    if (binding)
        binding->fore = true;
    else
        binding = binding_add_locked(conn, session, true);
    pthread_mutex_unlock(&session->lock);
    if (binding)
        conn->last = binding;
    pthread_mutex_unlock(&conn->lock);
}

bool session_conn_bind(struct session_conn *conn, struct session *session, bool back)
{
    struct session_binding *binding;

    pthread_mutex_lock(&conn->lock);
    sweep_locked(conn);
    pthread_mutex_lock(&session->lock);
    binding = binding_find_locked(conn, session);
    if (!binding)
        binding = binding_add_locked(conn, session, false);
    if (binding && !session_dead(session)) {
        binding->fore = true;
        back_set_locked(binding, binding->back || back);
        binding->implicit = false;
    }
    pthread_mutex_unlock(&session->lock);
    pthread_mutex_unlock(&conn->lock);
    if (binding && back)
        session_back_hook_bound(session);
    return binding != NULL;
}

/* What `dir` makes of a connection that is not bound yet, or was by a mere SEQUENCE. */
static enum nfsstat4 binding_apply_locked(struct session_binding *binding,
                                          enum channel_dir_from_client4 dir)
{
    bool fore = dir != CDFC4_BACK;
    bool back = dir != CDFC4_FORE && session_back_accepts_calls(binding->session);

    if (binding->implicit && !fore)
        return NFS4ERR_INVAL;
    binding->fore = fore;
    back_set_locked(binding, back);
    binding->implicit = false;
    return NFS4_OK;
}

/* An explicit binding does not change; INVAL when the client insists, RFC 8881 §18.34.3. */
static enum nfsstat4 binding_match_locked(const struct session_binding *binding,
                                          enum channel_dir_from_client4 dir)
{
    bool match = false;

    switch (dir) {
    case CDFC4_FORE:
        match = binding->fore && !binding->back;
        break;
    case CDFC4_BACK:
        match = binding->back && !binding->fore;
        break;
    case CDFC4_FORE_OR_BOTH:
        match = binding->fore;
        break;
    case CDFC4_BACK_OR_BOTH:
        match = binding->back;
        break;
    }
    return match ? NFS4_OK : NFS4ERR_INVAL;
}

static enum nfsstat4 bind_request_locked(struct session_conn *conn, struct session *session,
                                         enum channel_dir_from_client4 dir,
                                         enum channel_dir_from_server4 *result)
{
    struct session_binding *binding = binding_find_locked(conn, session);
    enum nfsstat4 status;

    if (session_dead(session))
        return NFS4ERR_BADSESSION;
    if (!session_back_accepts_calls(session) && (dir == CDFC4_BACK || dir == CDFC4_BACK_OR_BOTH))
        return NFS4ERR_INVAL;
    if (binding && !binding->implicit) {
        status = binding_match_locked(binding, dir);
    } else {
        if (!binding)
            binding = binding_add_locked(conn, session, false);
        if (!binding)
            return NFS4ERR_BADSESSION;
        status = binding_apply_locked(binding, dir);
    }
    *result = (enum channel_dir_from_server4)((binding->fore ? CDFS4_FORE : 0) |
                                              (binding->back ? CDFS4_BACK : 0));
    return status;
}

enum nfsstat4 session_conn_bind_request(struct session_conn *conn, struct session *session,
                                        enum channel_dir_from_client4 dir,
                                        enum channel_dir_from_server4 *result)
{
    enum nfsstat4 status;

    pthread_mutex_lock(&conn->lock);
    sweep_locked(conn);
    pthread_mutex_lock(&session->lock);
    status = bind_request_locked(conn, session, dir, result);
    pthread_mutex_unlock(&session->lock);
    pthread_mutex_unlock(&conn->lock);
    if (status == NFS4_OK && (*result & CDFS4_BACK))
        session_back_hook_bound(session);
    if (status == NFS4_OK)
        log_debug("session.bind", LOG_HEX("session", session->id, NFS4_SESSIONID_SIZE),
                  LOG_U64("channels", *result));
    return status;
}

bool session_conn_is_bound(struct session_conn *conn, struct session *session)
{
    bool bound;

    pthread_mutex_lock(&session->lock);
    bound = binding_find_locked(conn, session) != NULL;
    pthread_mutex_unlock(&session->lock);
    return bound;
}

void session_conn_unbind_all(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    LIST_FOREACH_SAFE (binding, &session->bindings, struct session_binding, session_link)
        binding_expel_locked(binding);
    session_back_forget_locked(session);
    pthread_mutex_unlock(&session->lock);
}
