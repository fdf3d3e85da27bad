/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and the sessions bound to them (RFC 8881 §2.10.3.1, §18.34). */
#include "state/session/session_conn.h"

#include "state/client/client_exchange.h"
#include "state/session/session_end.h"
#include "unit/state/client/client_fixture.h"

static enum nfsstat4 bind(struct session_conn *c, struct session *to,
                          enum channel_dir_from_client4 dir, enum channel_dir_from_server4 *got)
{
    return session_conn_bind_request(c, to, dir, got);
}

/* W11, §18.34.3. */
static void bind_conn_to_session(void **unused)
{
    static const struct {
        enum channel_dir_from_client4 ask;
        enum channel_dir_from_server4 get;
        enum nfsstat4 again[4]; /* FORE, BACK, FORE_OR_BOTH, BACK_OR_BOTH on the same connection */
    } rows[] = {
        {CDFC4_FORE, CDFS4_FORE, {NFS4_OK, NFS4ERR_INVAL, NFS4_OK, NFS4ERR_INVAL}},
        {CDFC4_BACK, CDFS4_BACK, {NFS4ERR_INVAL, NFS4_OK, NFS4ERR_INVAL, NFS4_OK}},
        {CDFC4_FORE_OR_BOTH, CDFS4_BOTH, {NFS4ERR_INVAL, NFS4ERR_INVAL, NFS4_OK, NFS4_OK}},
        {CDFC4_BACK_OR_BOTH, CDFS4_BOTH, {NFS4ERR_INVAL, NFS4ERR_INVAL, NFS4_OK, NFS4_OK}},
    };
    static const enum channel_dir_from_client4 dirs[] = {CDFC4_FORE, CDFC4_BACK, CDFC4_FORE_OR_BOTH,
                                                         CDFC4_BACK_OR_BOTH};
    struct party party = party_make("a", 0);
    struct session *held = party.session;
    enum channel_dir_from_server4 got;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct session_conn *other = session_conn_create(NULL);

        assert_int_equal(bind(other, held, rows[i].ask, &got), NFS4_OK);
        assert_int_equal(got, rows[i].get);
        for (size_t j = 0; j < ARRAY_SIZE(dirs); j++) {
            assert_int_equal(bind(other, held, dirs[j], &got), rows[i].again[j]);
            assert_int_equal(got, rows[i].get);
        }
        session_conn_destroy(other);
    }
    party_put(&party);
}

/* After a reconnect requests come first and bind; BIND_CONN_TO_SESSION then adds the back
 * channel. */
static void bind_after_implicit(void **unused)
{
    struct party party = party_make("a", 0);
    struct session *held = party.session;
    struct session_conn *other = session_conn_create(NULL);
    enum channel_dir_from_server4 got;

    (void)unused;
    session_conn_bind_implicit(other, held);
    assert_true(session_conn_is_bound(other, held));
    assert_int_equal(bind(other, held, CDFC4_BACK, &got), NFS4ERR_INVAL);
    assert_int_equal(bind(other, held, CDFC4_FORE_OR_BOTH, &got), NFS4_OK);
    assert_int_equal(got, CDFS4_BOTH);
    session_conn_destroy(other);
    assert_int_equal(held->binding_count, 1);
    party_put(&party);
}

/* P-08, L-05: bindings end with their connections. */
static void reconnects(void **unused)
{
    struct party party = party_make("a", 0);
    struct session *held = party.session;
    struct session_binding *binding;

    (void)unused;
    for (int i = 0; i < 200; i++) {
        struct session_conn *other = session_conn_create(NULL);
        struct session *found = session_conn_lookup(state, other, held->id, &binding);

        assert_ptr_equal(found, held);
        assert_null(binding);
        session_conn_bind_implicit(other, found);
        session_conn_done(found, binding);
        found = session_conn_lookup(state, other, held->id, &binding);
        assert_ptr_equal(found, held);
        assert_non_null(binding);
        session_conn_done(found, binding);
        assert_int_equal(held->binding_count, 2);
        session_conn_destroy(other);
    }
    assert_int_equal(held->binding_count, 1);
    party_put(&party);
}

/* One connection may be bound to many sessions; ended ones do not accumulate on it. */
static void many_sessions_on_one_connection(void **unused)
{
    struct party party = party_make("a", 0);

    (void)unused;
    for (uint32_t i = 2; i <= 500; i++) {
        struct CREATE_SESSION4resok res;

        assert_int_equal(session(party.client->id, i, &alice, &res), NFS4_OK);
        drop_session(&res);
        assert_true(conn->binding_count <= 17);
    }
    party_put(&party);
}

/* Many ended sessions, and no new one that would sweep them out: they use no memory. */
static void many_sessions_end_at_once(void **unused)
{
    enum {
        CLIENTS = 8,
        EACH = 40
    };
    struct CREATE_SESSION4resok res[CLIENTS][EACH];
    struct party party = party_make("a", 0);

    (void)unused;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        const char name[] = {'b', (char)('0' + i), '\0'};
        struct client_exchange made;

        assert_int_equal(exchange(name, 1, &alice, 0, &made), NFS4_OK);
        for (uint32_t j = 0; j < EACH; j++)
            assert_int_equal(session(made.clientid, j + 1, &alice, &res[i][j]), NFS4_OK);
    }
    assert_int_equal(conn->binding_count, CLIENTS * EACH + 1);
    for (uint32_t i = 0; i < CLIENTS * EACH; i++)
        drop_session(&res[i / EACH][i % EACH]);
    assert_int_equal(conn->binding_count, 1);
    party_put(&party);
}

static const struct session_binding *binding_of(const struct session_conn *c)
{
    assert_false(list_empty(&c->bindings));
    return LIST_ENTRY(c->bindings.prev, struct session_binding, conn_link);
}

/* A dead session is not found through a connection that still refers to it. */
static void dead_is_not_found(void **unused)
{
    struct party party = party_make("a", 0);
    enum channel_dir_from_server4 got;
    struct session_binding *binding;

    (void)unused;
    session_conn_bind_implicit(conn, party.session);
    assert_ptr_equal(conn->last->session, party.session);
    /* Between its end and the end of its bindings. */
    atomic_store(&party.session->dead, true);
    assert_int_equal(bind(conn, party.session, CDFC4_FORE, &got), NFS4ERR_BADSESSION);
    assert_false(binding_of(conn)->back);
    atomic_store(&party.session->dead, false);
    assert_int_equal(session_destroy(state, party.session->id, conn, NULL, 0), NFS4_OK);
    assert_null(session_conn_lookup(state, conn, party.session->id, &binding));
    assert_int_equal(bind(conn, party.session, CDFC4_FORE_OR_BOTH, &got), NFS4ERR_BADSESSION);
    assert_false(session_conn_bind(conn, party.session, true));
    session_conn_bind_implicit(conn, party.session);
    assert_int_equal(party.session->binding_count, 0);
    party_put(&party);
}

/* A request over a connection that is bound to the back channel alone binds it to the fore channel,
 * too. */
static void request_on_back_connection(void **unused)
{
    struct party party = party_make("a", 0);
    struct session_conn *other = session_conn_create(NULL);
    enum channel_dir_from_server4 got;

    (void)unused;
    assert_int_equal(bind(other, party.session, CDFC4_BACK, &got), NFS4_OK);
    assert_false(binding_of(other)->fore);
    session_conn_bind_implicit(other, party.session);
    assert_true(binding_of(other)->fore && binding_of(other)->back);
    assert_int_equal(party.session->binding_count, 2);
    session_conn_destroy(other);
    party_put(&party);
}

/* LIMIT_SESSION_CONNECTIONS unused connections keep no new one out; a displaced connection is bound
 * again by its next request. */
static void implicit_bindings_give_way(void **unused)
{
    struct session_conn *others[2 * LIMIT_SESSION_CONNECTIONS];
    struct party party = party_make("a", 0);
    struct session_binding *binding;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        others[i] = session_conn_create(NULL);
        session_conn_bind_implicit(others[i], party.session);
        assert_true(session_conn_is_bound(others[i], party.session));
    }
    assert_int_equal(party.session->binding_count, LIMIT_SESSION_CONNECTIONS);
    assert_true(session_conn_is_bound(conn, party.session)); /* by CREATE_SESSION */
    assert_false(session_conn_is_bound(others[0], party.session));
    for (size_t i = 0; i < 1000; i++) {
        struct session_conn *c = others[i * 37 % ARRAY_SIZE(others)];
        struct session *found = session_conn_lookup(state, c, party.session->id, &binding);

        session_conn_done(found, binding);
        if (!binding)
            session_conn_bind_implicit(c, party.session);
        assert_true(session_conn_is_bound(c, party.session));
        assert_int_equal(c->binding_count, 1);
    }
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        session_conn_destroy(others[i]);
    assert_int_equal(party.session->binding_count, 1);
    party_put(&party);
}

/* Explicitly bound connections are displaced only by others of their kind; those with a back
 * channel come last. */
static void explicit_bindings_give_way(void **unused)
{
    struct session_conn *others[LIMIT_SESSION_CONNECTIONS - 1], *more[3];
    struct party party = party_make("a", CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    enum channel_dir_from_server4 got;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        others[i] = session_conn_create(NULL);
        assert_int_equal(bind(others[i], party.session, CDFC4_FORE, &got), NFS4_OK);
    }
    for (size_t i = 0; i < ARRAY_SIZE(more); i++)
        more[i] = session_conn_create(NULL);
    session_conn_bind_implicit(more[0], party.session);
    assert_false(session_conn_is_bound(more[0], party.session));
    assert_int_equal(bind(more[1], party.session, CDFC4_FORE_OR_BOTH, &got), NFS4_OK);
    assert_int_equal(got, CDFS4_BOTH);
    assert_false(session_conn_is_bound(others[0], party.session));
    assert_true(session_conn_is_bound(conn, party.session));
    for (size_t i = 1; i < ARRAY_SIZE(others); i++) {
        session_conn_destroy(others[i]);
        others[i] = session_conn_create(NULL);
        assert_int_equal(bind(others[i], party.session, CDFC4_BACK, &got), NFS4_OK);
    }
    assert_int_equal(bind(more[2], party.session, CDFC4_BACK, &got), NFS4_OK);
    assert_false(session_conn_is_bound(conn, party.session));
    assert_int_equal(party.session->binding_count, LIMIT_SESSION_CONNECTIONS);
    assert_int_equal(party.session->back_bound, LIMIT_SESSION_CONNECTIONS);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        session_conn_destroy(others[i]);
    for (size_t i = 0; i < ARRAY_SIZE(more); i++)
        session_conn_destroy(more[i]);
    party_put(&party);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(bind_conn_to_session),
        CLIENT_TEST(bind_after_implicit),
        CLIENT_TEST(request_on_back_connection),
        CLIENT_TEST(reconnects),
        CLIENT_TEST(many_sessions_on_one_connection),
        CLIENT_TEST(many_sessions_end_at_once),
        CLIENT_TEST(dead_is_not_found),
        CLIENT_TEST(implicit_bindings_give_way),
        CLIENT_TEST(explicit_bindings_give_way),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
