/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE_SESSION and DESTROY_SESSION.
 */
#include "state/session/session.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "state/client/client.h"
#include "state/client/client_exchange.h"
#include "state/session/session_back.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"
#include "state/session/session_status.h"

static const struct client_caller alice = CLIENT_CALLER_SYS(1000), bob = CLIENT_CALLER_SYS(1001);
static struct state *state;
static struct session_conn *conn;
static uint64_t clientid; /* unconfirmed after set_up() */

static uint64_t client_make(const char *owner)
{
    struct EXCHANGE_ID4args args = {.eia_state_protect = {.spa_how = SP4_NONE}};
    struct client_exchange out;

    args.eia_clientowner.co_ownerid =
        (struct wire_opaque){(const uint8_t *)owner, (uint32_t)strlen(owner)};
    assert_int_equal(client_exchange_id(state, &alice, NULL, &args, clock_now_ns(), &out), NFS4_OK);
    return out.clientid;
}

static int set_up(void **unused)
{
    const struct state_config config = {.lease_s = 10};

    (void)unused;
    state = state_create(&config);
    conn = session_conn_create(NULL);
    clientid = client_make("a");
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    session_conn_destroy(conn);
    state_destroy(state);
    return 0;
}

static struct CREATE_SESSION4args create_args(uint32_t sequence)
{
    return (struct CREATE_SESSION4args){
        .csa_clientid = clientid,
        .csa_sequence = sequence,
        .csa_fore_chan_attrs = {0, 8192, 8192, 4096, 16, 8, {0}, 0},
        .csa_back_chan_attrs = {0, 4096, 4096, 0, 2, 16, {0}, 0},
    };
}

static enum nfsstat4 create_with(const struct CREATE_SESSION4args *args,
                                 struct CREATE_SESSION4resok *res)
{
    return session_create(state, &alice, conn, 1, args, clock_now_ns(), res);
}

static enum nfsstat4 create(uint32_t sequence, struct CREATE_SESSION4resok *res)
{
    struct CREATE_SESSION4args args = create_args(sequence);

    return create_with(&args, res);
}

static struct session *made(uint32_t sequence)
{
    struct CREATE_SESSION4resok res;
    struct session *session;

    assert_int_equal(create(sequence, &res), NFS4_OK);
    session = session_lookup(state, res.csr_sessionid);
    assert_non_null(session);
    return session;
}

/* P-05, SR-12: a sequence of its own, replays, gaps. */
static void sequence_of_its_own(void **unused)
{
    struct CREATE_SESSION4resok first, again, second;

    (void)unused;
    assert_int_equal(create(0, &first), NFS4ERR_SEQ_MISORDERED); /* the initial cached reply */
    assert_int_equal(create(2, &first), NFS4ERR_SEQ_MISORDERED);
    assert_int_equal(create(1, &first), NFS4_OK);
    assert_int_equal(first.csr_sequence, 1);
    assert_int_equal(create(1, &again), NFS4_OK);
    assert_memory_equal(&first, &again, sizeof(first));
    assert_int_equal(state->session_count, 1);
    assert_int_equal(create(3, &second), NFS4ERR_SEQ_MISORDERED);
    assert_int_equal(create(2, &second), NFS4_OK);
    assert_int_equal(create(1, &again), NFS4ERR_SEQ_MISORDERED);
    assert_memory_not_equal(first.csr_sessionid, second.csr_sessionid, NFS4_SESSIONID_SIZE);
}

/* RFC 8881 §18.36.4, P-05: arguments are checked last; by then the sequence id is used, and a retry
 * gets the same answer. */
static void bad_arguments_use_the_number(void **unused)
{
    struct CREATE_SESSION4args flags = create_args(1), small = create_args(2);
    struct CREATE_SESSION4resok res;

    (void)unused;
    flags.csa_flags = 0x80;
    small.csa_fore_chan_attrs.ca_maxrequestsize = 20;
    assert_int_equal(create_with(&flags, &res), NFS4ERR_INVAL);
    assert_int_equal(create_with(&flags, &res), NFS4ERR_INVAL);
    assert_int_equal(create_with(&small, &res), NFS4ERR_TOOSMALL);
    assert_int_equal(create_with(&flags, &res), NFS4ERR_SEQ_MISORDERED);
    small.csa_flags = 0x80;
    assert_int_equal(create_with(&small, &res), NFS4ERR_TOOSMALL); /* the cached one */
    assert_int_equal(create(4, &res), NFS4ERR_SEQ_MISORDERED);
    assert_int_equal(create(3, &res), NFS4_OK);
    assert_int_equal(res.csr_sequence, 3);
    assert_int_equal(create_with(&small, &res), NFS4ERR_SEQ_MISORDERED);
}

/* Good arguments are no retry of bad ones (pynfs CSESS29), which had no effect. */
static void good_arguments_with_the_same_number(void **unused)
{
    struct CREATE_SESSION4args args = create_args(1);
    struct CREATE_SESSION4resok res, again;

    (void)unused;
    args.csa_back_chan_attrs.ca_maxoperations = 1;
    assert_int_equal(create_with(&args, &res), NFS4ERR_TOOSMALL);
    assert_int_equal(create_with(&args, &res), NFS4ERR_TOOSMALL);
    assert_int_equal(create(1, &res), NFS4_OK);
    assert_int_equal(create_with(&args, &again), NFS4_OK); /* and from then on it is cached */
    assert_memory_equal(res.csr_sessionid, again.csr_sessionid, NFS4_SESSIONID_SIZE);
    assert_int_equal(create(2, &res), NFS4_OK);
}

/* A CREATE_SESSION that is refused for its arguments confirms no client. */
static void bad_arguments_confirm_no_client(void **unused)
{
    struct CREATE_SESSION4args args = create_args(1);
    struct CREATE_SESSION4resok res;
    struct client *client = client_lookup(state, clientid);

    (void)unused;
    args.csa_fore_chan_attrs.ca_maxoperations = 0;
    assert_int_equal(create_with(&args, &res), NFS4ERR_TOOSMALL);
    assert_false(client->confirmed);
    assert_int_equal(create(2, &res), NFS4_OK);
    assert_true(client->confirmed);
    client_put(client);
}

/* P-05: errors after the sequence moved are cached as well. */
static void errors_replay(void **unused)
{
    struct CREATE_SESSION4args args = create_args(1);
    struct CREATE_SESSION4resok res;

    (void)unused;
    assert_int_equal(session_create(state, &bob, conn, 1, &args, clock_now_ns(), &res),
                     NFS4ERR_CLID_INUSE);
    assert_int_equal(create(1, &res), NFS4ERR_CLID_INUSE);
    assert_int_equal(create(2, &res), NFS4_OK);
}

static void unknown_client(void **unused)
{
    struct CREATE_SESSION4args args = create_args(1);
    struct CREATE_SESSION4resok res;

    (void)unused;
    args.csa_clientid = clientid + 1;
    assert_int_equal(create_with(&args, &res), NFS4ERR_STALE_CLIENTID);
    args.csa_flags = 0x80; /* checked first, whatever else is wrong */
    args.csa_fore_chan_attrs.ca_maxrequestsize = 20;
    assert_int_equal(create_with(&args, &res), NFS4ERR_STALE_CLIENTID);
}

/* W10, L-01; PERSIST is never granted (SR-25), the back channel's flag is when it is bound. */
static void flags(void **unused)
{
    struct CREATE_SESSION4args args = create_args(1);
    struct CREATE_SESSION4resok res;

    (void)unused;
    args.csa_flags = 0xf;
    assert_int_equal(create_with(&args, &res), NFS4ERR_INVAL);
    args.csa_flags = CREATE_SESSION4_FLAG_PERSIST | CREATE_SESSION4_FLAG_CONN_BACK_CHAN |
                     CREATE_SESSION4_FLAG_CONN_RDMA;
    assert_int_equal(create_with(&args, &res), NFS4_OK);
    assert_int_equal(res.csr_flags, CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    struct session *session = session_lookup(state, res.csr_sessionid);
    struct session_binding *binding =
        LIST_ENTRY(session->bindings.next, struct session_binding, session_link);
    assert_int_equal(session->binding_count, 1);
    assert_true(binding->fore && binding->back && binding->conn == conn);
    session_put(session);
}

/* P-13. */
static void too_small(void **unused)
{
    struct CREATE_SESSION4args good = create_args(1), args;
    struct CREATE_SESSION4resok res;

    (void)unused;
    args = good, args.csa_fore_chan_attrs.ca_maxrequestsize = 20;
    assert_int_equal(create_with(&args, &res), NFS4ERR_TOOSMALL);
    args = good, args.csa_fore_chan_attrs.ca_maxresponsesize = 0, args.csa_sequence = 2;
    assert_int_equal(create_with(&args, &res), NFS4ERR_TOOSMALL);
    args = good, args.csa_back_chan_attrs.ca_maxrequestsize = 10, args.csa_sequence = 3;
    assert_int_equal(create_with(&args, &res), NFS4ERR_TOOSMALL);
    args = good, args.csa_back_chan_attrs.ca_maxoperations = 1, args.csa_sequence = 4;
    assert_int_equal(create_with(&args, &res), NFS4ERR_TOOSMALL);
    args = good, args.csa_fore_chan_attrs.ca_maxresponsesize_cached = 10, args.csa_sequence = 5;
    assert_int_equal(create_with(&args, &res), NFS4_OK);
}

/* A recall carries the credentials that the client requested. */
static void too_small_for_credentials(void **unused)
{
    uint32_t gids[] = {1, 2, 3};
    struct callback_sec_parms4 sec[] = {
        {.cb_secflavor = AUTH_NONE},
        {.cb_secflavor = AUTH_SYS,
         .cbsp_sys_cred = {.machinename = {(const uint8_t *)"client", 6},
                           .gids = gids,
                           .gids_count = ARRAY_SIZE(gids)}}};
    struct CREATE_SESSION4args args = create_args(1);
    struct channel_attrs4 *back = &args.csa_back_chan_attrs;
    struct CREATE_SESSION4resok res;

    (void)unused;
    args.csa_sec_parms = sec;
    args.csa_sec_parms_count = ARRAY_SIZE(sec);
    back->ca_maxrequestsize = SESSION_BACK_REQUEST_BYTES_MIN + 20 + 8 + 12 - 1;
    assert_int_equal(create_with(&args, &res), NFS4ERR_TOOSMALL);
    args.csa_sec_parms_count = 1;
    assert_int_equal(create_with(&args, &res), NFS4_OK);
    args.csa_sequence++;
    args.csa_sec_parms_count = ARRAY_SIZE(sec);
    back->ca_maxrequestsize++;
    assert_int_equal(create_with(&args, &res), NFS4_OK);
}

/* The same when they change. */
static void too_long_credentials(void **unused)
{
    struct callback_sec_parms4 sec = {.cb_secflavor = AUTH_SYS,
                                      .cbsp_sys_cred.machinename = {(const uint8_t *)"client", 6}};
    struct BACKCHANNEL_CTL4args ctl = {
        .bca_cb_program = 7, .bca_sec_parms = &sec, .bca_sec_parms_count = 1};
    struct CREATE_SESSION4args args = create_args(1);
    struct session_back_params caller;
    struct CREATE_SESSION4resok res;
    struct session *session;

    (void)unused;
    args.csa_flags = CREATE_SESSION4_FLAG_CONN_BACK_CHAN;
    args.csa_back_chan_attrs.ca_maxrequestsize = SESSION_BACK_REQUEST_BYTES_MIN + 20 + 8 - 1;
    assert_int_equal(create_with(&args, &res), NFS4_OK);
    session = session_lookup(state, res.csr_sessionid);
    assert_non_null(session);
    assert_int_equal(session_back_control(session, alice.principal, &ctl), NFS4ERR_INVAL);
    session_back_params(session, &caller);
    assert_int_equal(caller.program, 0);
    assert_int_equal(caller.auth.flavor, AUTH_NONE);
    sec.cbsp_sys_cred.machinename.len = 4;
    assert_int_equal(session_back_control(session, alice.principal, &ctl), NFS4_OK);
    session_back_params(session, &caller);
    assert_int_equal(caller.program, 7);
    assert_int_equal(caller.auth.flavor, AUTH_SYS);
    session_put(session);
}

/* W10, W11: a client without callback slots has no back channel, and none can be bound. */
static void no_back_slots(void **unused)
{
    struct CREATE_SESSION4args args = create_args(1);
    struct CREATE_SESSION4resok res;
    enum channel_dir_from_server4 dir;
    struct session_conn *other = session_conn_create(NULL);
    struct session *session;

    (void)unused;
    args.csa_flags = CREATE_SESSION4_FLAG_CONN_BACK_CHAN;
    memset(&args.csa_back_chan_attrs, 0, sizeof(args.csa_back_chan_attrs));
    assert_int_equal(create_with(&args, &res), NFS4_OK);
    assert_int_equal(res.csr_flags, 0);
    assert_int_equal(res.csr_back_chan_attrs.ca_maxrequests, 0);
    session = session_lookup(state, res.csr_sessionid);
    assert_non_null(session);
    assert_int_equal(session_conn_bind_request(other, session, CDFC4_BACK, &dir), NFS4ERR_INVAL);
    assert_int_equal(session_conn_bind_request(other, session, CDFC4_BACK_OR_BOTH, &dir),
                     NFS4ERR_INVAL);
    assert_false(session_conn_is_bound(other, session));
    assert_int_equal(session_conn_bind_request(other, session, CDFC4_FORE_OR_BOTH, &dir), NFS4_OK);
    assert_int_equal(dir, CDFS4_FORE);
    assert_false(session_back_ever_bound(session));
    assert_false(client_back_up(session->client));
    assert_int_equal(session_status_flags(session), 0);
    session_conn_destroy(other);
    session_put(session);
}

static void negotiates(void **unused)
{
    struct CREATE_SESSION4args args = create_args(1);
    struct CREATE_SESSION4resok res;

    (void)unused;
    args.csa_fore_chan_attrs =
        (struct channel_attrs4){99, UINT32_MAX, UINT32_MAX, UINT32_MAX, 5000, 5000, {57}, 1};
    assert_int_equal(create_with(&args, &res), NFS4_OK);
    assert_int_equal(res.csr_fore_chan_attrs.ca_headerpadsize, 0);
    assert_int_equal(res.csr_fore_chan_attrs.ca_maxrequestsize, LIMIT_REQUEST_BYTES);
    assert_int_equal(res.csr_fore_chan_attrs.ca_maxresponsesize, LIMIT_REPLY_BYTES);
    assert_int_equal(res.csr_fore_chan_attrs.ca_maxresponsesize_cached, LIMIT_REPLY_CACHED_BYTES);
    assert_int_equal(res.csr_fore_chan_attrs.ca_maxoperations, LIMIT_COMPOUND_OPS);
    assert_int_equal(res.csr_fore_chan_attrs.ca_maxrequests, LIMIT_SLOTS_DEFAULT);
    assert_int_equal(res.csr_fore_chan_attrs.ca_rdma_ird_count, 0);
    /* The back channel's operations and slots stay as the client offers them. */
    assert_int_equal(res.csr_back_chan_attrs.ca_maxoperations, 2);
    assert_int_equal(res.csr_back_chan_attrs.ca_maxrequests, 16);
    assert_int_equal(res.csr_back_chan_attrs.ca_maxrequestsize, 4096);
    /* P-10: all granted slots exist. */
    struct session *session = session_lookup(state, res.csr_sessionid);
    assert_int_equal(slot_table_grant(&session->slots).enforced,
                     res.csr_fore_chan_attrs.ca_maxrequests);
    session_put(session);
}

/* SR-06: ids come from a strong source: all are different, and each bit is set in about half of
 * them (2000 coin tosses are outside 850 to 1150 once in 10^11). */
static void ids_are_random(void **unused)
{
    enum {
        IDS = 2000,
        BITS = 8 * NFS4_SESSIONID_SIZE
    };
    static uint8_t ids[IDS][NFS4_SESSIONID_SIZE];
    struct CREATE_SESSION4resok res;
    uint32_t set[BITS] = {0};

    (void)unused;
    for (uint32_t i = 0; i < IDS; i++) {
        struct CREATE_SESSION4args args = create_args(i + 1);

        assert_int_equal(create_with(&args, &res), NFS4_OK);
        memcpy(ids[i], res.csr_sessionid, NFS4_SESSIONID_SIZE);
        assert_int_equal(session_destroy(state, ids[i], conn, NULL, 0), NFS4_OK);
        for (uint32_t j = 0; j < i; j++)
            assert_memory_not_equal(ids[i], ids[j], NFS4_SESSIONID_SIZE);
        for (uint32_t bit = 0; bit < BITS; bit++)
            set[bit] += ids[i][bit / 8] >> bit % 8 & 1;
    }
    for (uint32_t bit = 0; bit < BITS; bit++)
        assert_in_range(set[bit], 850, 1150);
}

/* RFC 8881 §18.36.3: no "step up" to RDMA and no RDMA queue depth, whatever is requested. */
static void no_rdma(void **unused)
{
    struct CREATE_SESSION4args args = create_args(1);
    struct CREATE_SESSION4resok res;

    (void)unused;
    args.csa_flags = CREATE_SESSION4_FLAG_CONN_RDMA | CREATE_SESSION4_FLAG_CONN_BACK_CHAN;
    args.csa_fore_chan_attrs.ca_rdma_ird_count = args.csa_back_chan_attrs.ca_rdma_ird_count = 1;
    assert_int_equal(create_with(&args, &res), NFS4_OK);
    assert_int_equal(res.csr_flags, CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    assert_int_equal(res.csr_fore_chan_attrs.ca_rdma_ird_count, 0);
    assert_int_equal(res.csr_back_chan_attrs.ca_rdma_ird_count, 0);
}

static void callback_security(void **unused)
{
    uint32_t gids[] = {4, 5};
    struct callback_sec_parms4 parms[2] = {{.cb_secflavor = 6}, {.cb_secflavor = 6}};
    struct CREATE_SESSION4args args = create_args(1);
    struct CREATE_SESSION4resok res;

    (void)unused;
    args.csa_sec_parms = parms;
    args.csa_sec_parms_count = 2;
    assert_int_equal(create_with(&args, &res), NFS4ERR_NOENT);
    parms[1].cb_secflavor = 1;
    parms[1].cbsp_sys_cred = (struct authsys_parms){7, {(const uint8_t *)"host", 4}, 1, 2, gids, 2};
    assert_int_equal(create_with(&args, &res), NFS4_OK);
    struct session *session = session_lookup(state, res.csr_sessionid);
    assert_int_equal(session->cb_auth.flavor, 1);
    assert_string_equal(session->cb_auth.machine, "host");
    assert_int_equal(session->cb_auth.gids[1], 5);
    session_put(session);
}

/* Reaching a limit is NOSPC, W10. */
static void limits(void **unused)
{
    struct CREATE_SESSION4resok res;
    uint32_t sequence = 0;

    (void)unused;
    while (sequence < LIMIT_SESSIONS_PER_CLIENT)
        assert_int_equal(create(++sequence, &res), NFS4_OK);
    assert_int_equal(create(++sequence, &res), NFS4ERR_NOSPC);
    assert_int_equal(create(sequence, &res), NFS4ERR_NOSPC);
    state_limit_set(state, STATE_LIMIT_sessions, LIMIT_SESSIONS_PER_CLIENT);
    clientid = client_make("b");
    assert_int_equal(create(1, &res), NFS4ERR_NOSPC);
    state_limit_set(state, STATE_LIMIT_sessions, LIMIT_SESSIONS_PER_CLIENT + 1);
    assert_int_equal(create(2, &res), NFS4_OK);
}

static void destroy(void **unused)
{
    struct session *session = made(1);
    struct session_conn *other = session_conn_create(NULL);
    uint8_t none[NFS4_SESSIONID_SIZE] = {0};

    (void)unused;
    assert_int_equal(session_destroy(state, none, conn, NULL, 0), NFS4ERR_BADSESSION);
    assert_int_equal(session_destroy(state, session->id, other, NULL, 0),
                     NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    assert_int_equal(session_destroy(state, session->id, conn, NULL, 0), NFS4_OK);
    assert_int_equal(session_destroy(state, session->id, conn, NULL, 0), NFS4ERR_BADSESSION);
    assert_null(session_lookup(state, session->id));
    assert_int_equal(state->session_count, 0);
    assert_int_equal(session->binding_count, 0);
    session_put(session);
    session_conn_destroy(other);
}

/* W14: requests in other slots delay it, the one that carries DESTROY_SESSION does not. */
static void destroy_in_flight(void **unused)
{
    struct session *session = made(1);
    struct slot_request request = {0};
    struct slot_replay replay = {0};

    (void)unused;
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(slot_acquire(slot_at(&session->slots, i), 1, &request, &replay), SLOT_NEW);
    assert_int_equal(session_destroy(state, session->id, conn, session, 0), NFS4ERR_DELAY);
    session_slot_release(session, slot_at(&session->slots, 1), NULL, 0);
    assert_int_equal(session_destroy(state, session->id, conn, NULL, 0), NFS4ERR_DELAY);
    assert_int_equal(session_destroy(state, session->id, conn, session, 0), NFS4_OK);
    session_slot_release(session, slot_at(&session->slots, 0), "reply", 5);
    assert_int_equal(state->reply_bytes, 5);
    session_put(session);
    session_conn_destroy(conn); /* the binding held the last reference */
    conn = session_conn_create(NULL);
    assert_int_equal(state->reply_bytes, 0);
}

/* An idle session that has used a slot costs under 4 KiB. */
static void idle_cost(void **unused)
{
    (void)unused;
    assert_true(sizeof(struct session) + SLOT_CHUNK * sizeof(struct slot) +
                    sizeof(struct session_binding) + sizeof(struct session_conn) +
                    sizeof(struct client) <
                4096);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sequence_of_its_own),
        TEST(bad_arguments_use_the_number),
        TEST(good_arguments_with_the_same_number),
        TEST(bad_arguments_confirm_no_client),
        TEST(errors_replay),
        TEST(unknown_client),
        TEST(flags),
        TEST(too_small),
        TEST(too_small_for_credentials),
        TEST(too_long_credentials),
        TEST(no_back_slots),
        TEST(negotiates),
        TEST(ids_are_random),
        TEST(no_rdma),
        TEST(callback_security),
        TEST(limits),
        TEST(destroy),
        TEST(destroy_in_flight),
        TEST(idle_cost),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
