/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sr_status_flags (RFC 8881 §18.46.3): what sets each of them and what clears it.  SR-24, S20-18,
 * P-11; the table is docs/status-flags.md.
 */
#include "state/session/session_status.h"

#include "state/recovery/recovery.h"
#include "state/session/session_end.h"
#include "unit/state/client/client_fixture.h"

#define BACK CREATE_SESSION4_FLAG_CONN_BACK_CHAN
#define DOWN (SEQ4_STATUS_CB_PATH_DOWN | SEQ4_STATUS_CB_PATH_DOWN_SESSION)

static uint32_t flags_of(const struct session *of)
{
    return session_status_flags(of);
}

static struct session *session_add(const struct client *client, uint32_t sequence, uint32_t flags)
{
    struct CREATE_SESSION4resok res;

    assert_int_equal(session_flagged(client->id, sequence, flags, &alice, &res), NFS4_OK);
    return session_lookup(state, res.csr_sessionid);
}

/* Close the fixture's connection, and end its bindings. */
static void connection_close(void)
{
    session_conn_destroy(conn);
    conn = session_conn_create(NULL);
}

static void bind_back(struct session *to, enum channel_dir_from_client4 dir)
{
    enum channel_dir_from_server4 got;

    assert_int_equal(session_conn_bind_request(conn, to, dir, &got), NFS4_OK);
}

static void nothing_wrong(void **unused)
{
    struct party party = party_make("a", BACK);

    (void)unused;
    assert_int_equal(flags_of(party.session), 0);
    assert_int_equal(session_renew(party.session, clock_now_ns()), 0);
    party_put(&party);
}

/* S22A-06, W08, P-08: set when the last back connection closes, cleared by a new binding. */
static void path_down(void **unused)
{
    static const enum channel_dir_from_client4 dirs[] = {CDFC4_BACK, CDFC4_FORE_OR_BOTH,
                                                         CDFC4_BACK_OR_BOTH};
    struct party party = party_make("a", BACK);

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
        connection_close();
        assert_int_equal(flags_of(party.session), DOWN);
        if (dirs[i] != CDFC4_BACK)
            session_conn_bind_implicit(conn, party.session);
        assert_int_equal(flags_of(party.session), DOWN); /* requests alone bind no back channel */
        bind_back(party.session, dirs[i]);
        assert_int_equal(flags_of(party.session), 0);
    }
    party_put(&party);
}

/* While one of several connections remains, the path is up. */
static void path_up_with_another(void **unused)
{
    struct party party = party_make("a", BACK);
    struct session_conn *other = session_conn_create(NULL);
    enum channel_dir_from_server4 got;

    (void)unused;
    assert_int_equal(session_conn_bind_request(other, party.session, CDFC4_BACK, &got), NFS4_OK);
    connection_close();
    assert_int_equal(flags_of(party.session), 0);
    session_conn_destroy(other);
    assert_int_equal(flags_of(party.session), DOWN);
    party_put(&party);
}

/* CB_PATH_DOWN is about all sessions of a client, CB_PATH_DOWN_SESSION about one. */
static void path_down_of_one_session(void **unused)
{
    struct party party = party_make("a", BACK);
    struct session *second, *fore;

    (void)unused;
    connection_close();
    second = session_add(party.client, 2, BACK);
    assert_int_equal(flags_of(party.session), SEQ4_STATUS_CB_PATH_DOWN_SESSION);
    assert_int_equal(flags_of(second), 0);
    connection_close();
    fore = session_add(party.client, 3, 0);
    assert_int_equal(flags_of(party.session), DOWN);
    assert_int_equal(flags_of(second), DOWN);
    assert_int_equal(flags_of(fore), SEQ4_STATUS_CB_PATH_DOWN);
    bind_back(second, CDFC4_BACK);
    assert_int_equal(flags_of(fore), 0);
    assert_int_equal(flags_of(party.session), SEQ4_STATUS_CB_PATH_DOWN_SESSION);
    session_put(second);
    session_put(fore);
    party_put(&party);
}

/* A client that never wanted callbacks must not be told to repair them. */
static void path_never_given(void **unused)
{
    struct party party = party_make("a", 0), other = party_make("b", BACK);

    (void)unused;
    connection_close();
    assert_int_equal(flags_of(party.session), 0);
    assert_int_equal(flags_of(other.session), DOWN);
    party_put(&party);
    party_put(&other);
}

/* A destroyed session no longer counts, with a path or without. */
static void path_of_dead_sessions(void **unused)
{
    struct party party = party_make("a", 0);
    struct session *second = session_add(party.client, 2, BACK);

    (void)unused;
    connection_close();
    assert_int_equal(flags_of(party.session), SEQ4_STATUS_CB_PATH_DOWN);
    session_conn_bind_implicit(conn, second);
    assert_int_equal(session_destroy(state, second->id, conn, NULL, 0), NFS4_OK);
    assert_int_equal(flags_of(party.session), 0);
    session_put(second);
    second = session_add(party.client, 3, BACK);
    assert_int_equal(session_destroy(state, second->id, conn, NULL, 0), NFS4_OK);
    assert_int_equal(party.client->back_sessions, 0);
    assert_int_equal(party.client->back_up, 0);
    session_put(second);
    party_put(&party);
}

static void expire(void)
{
    clock_advance_ns(state->lease_ns + state->margin_ns + 1);
}

/* W16: until the last one is freed, with or without other state; the lease runs. */
static void expired(void **unused)
{
    struct party party = party_make("a", BACK);

    (void)unused;
    expire();
    assert_int_equal(flags_of(party.session), 0); /* nothing was lost yet */
    client_revoked_add(party.client, NFS4ERR_EXPIRED);
    client_revoked_add(party.client, NFS4ERR_EXPIRED);
    for (int i = 0; i < 2; i++) {
        holds_state = i;
        assert_int_equal(session_renew(party.session, clock_now_ns()),
                         SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
        assert_false(client_lease_over(party.client, clock_now_ns()));
    }
    assert_false(client_revoked_sub(party.client, NFS4ERR_EXPIRED));
    assert_int_equal(session_renew(party.session, clock_now_ns()),
                     SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    assert_true(client_revoked_sub(party.client, NFS4ERR_EXPIRED));
    assert_int_equal(session_renew(party.session, clock_now_ns()), 0);
    party_put(&party);
}

/* An administrator revokes state of live clients: their leases run. */
static void admin_revoked(void **unused)
{
    struct party party = party_make("a", BACK);

    (void)unused;
    client_revoked_add(party.client, NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(session_renew(party.session, clock_now_ns()), SEQ4_STATUS_ADMIN_STATE_REVOKED);
    expire();
    assert_int_equal(session_renew(party.session, clock_now_ns()), SEQ4_STATUS_ADMIN_STATE_REVOKED);
    assert_false(client_lease_over(party.client, clock_now_ns()));
    client_revoked_add(party.client, NFS4ERR_EXPIRED);
    assert_int_equal(session_renew(party.session, clock_now_ns()),
                     SEQ4_STATUS_ADMIN_STATE_REVOKED | SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    client_revoked_sub(party.client, NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(session_renew(party.session, clock_now_ns()),
                     SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    client_revoked_sub(party.client, NFS4ERR_EXPIRED);
    assert_int_equal(session_renew(party.session, clock_now_ns()), 0);
    party_put(&party);
}

/* A recalled delegation; one that was lost with the lease sets another flag. */
static void not_returned(void **unused)
{
    struct party party = party_make("a", BACK);

    (void)unused;
    client_revoked_add(party.client, NFS4ERR_DELEG_REVOKED);
    assert_int_equal(flags_of(party.session), SEQ4_STATUS_RECALLABLE_STATE_REVOKED);
    client_revoked_add(party.client, NFS4ERR_EXPIRED);
    client_revoked_add(party.client, NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(flags_of(party.session), SEQ4_STATUS_RECALLABLE_STATE_REVOKED |
                                                  SEQ4_STATUS_ADMIN_STATE_REVOKED |
                                                  SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    client_revoked_sub(party.client, NFS4ERR_EXPIRED);
    client_revoked_sub(party.client, NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(flags_of(party.session), SEQ4_STATUS_RECALLABLE_STATE_REVOKED);
    client_revoked_sub(party.client, NFS4ERR_DELEG_REVOKED);
    assert_int_equal(flags_of(party.session), 0);
    party_put(&party);
}

/* Until RECLAIM_COMPLETE, in grace and after it. */
static void reclaim_needed(void **unused)
{
    struct party party = party_make("a", BACK);

    (void)unused;
    atomic_store(&party.client->may_reclaim, true);
    assert_int_equal(session_renew(party.session, clock_now_ns()),
                     SEQ4_STATUS_RESTART_RECLAIM_NEEDED);
    assert_int_equal(client_reclaim_complete(party.client), NFS4_OK);
    assert_int_equal(session_renew(party.session, clock_now_ns()), 0);
    party_put(&party);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(nothing_wrong),
        CLIENT_TEST(path_down),
        CLIENT_TEST(path_up_with_another),
        CLIENT_TEST(path_down_of_one_session),
        CLIENT_TEST(path_never_given),
        CLIENT_TEST(path_of_dead_sessions),
        CLIENT_TEST(expired),
        CLIENT_TEST(admin_revoked),
        CLIENT_TEST(not_returned),
        CLIENT_TEST(reclaim_needed),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
