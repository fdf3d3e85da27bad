/* SPDX-License-Identifier: Apache-2.0 */
/* What a COMPOUND of minor version 1 needs to be executed: head, first operation, SEQUENCE. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "state/session/session_conn.h"
#include "v41_fixture.h"

static struct v41_call call;
static struct v41_session session;

static void procedures(void **unused)
{
    (void)unused;
    v41_begin(&call);
    call.procedure = NFSPROC4_NULL;
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.accept_stat, 0);
    call.procedure = 7;
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.accept_stat, 3);
}

static void expect_tag(const void *tag, uint32_t len)
{
    assert_int_equal(call.reply_tag.len, len);
    assert_memory_equal(call.reply_tag.data, tag, len);
}

/* S20-24: any tag is returned unchanged; also with errors. */
static void tags(void **unused)
{
    static uint8_t tag[1024];

    (void)unused;
    for (size_t i = 0; i < sizeof(tag); i++)
        tag[i] = (uint8_t)(i * 7);
    for (uint32_t len = 0; len <= sizeof(tag); len = len * 2 + 1) {
        v41_begin(&call);
        call.tag = tag;
        call.tag_len = len;
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, NFS4_OK);
        expect_tag(tag, len);
        v41_op(&call, OP_PUTROOTFH);
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, NFS4ERR_OP_NOT_IN_SESSION);
        expect_tag(tag, len);
        call.minor = 9;
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, NFS4ERR_MINOR_VERS_MISMATCH);
        expect_tag(tag, len);
    }
}

static void tag_too_long(void **unused)
{
    static const uint8_t tag[1028];

    (void)unused;
    v41_begin(&call);
    call.tag = tag;
    call.tag_len = sizeof(tag);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.accept_stat, 4);
}

/* Checked before all other errors, without results: RFC 8881 §16.2.3. */
static void minor_versions(void **unused)
{
    static const uint32_t minors[] = {50, UINT32_MAX};

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(minors); i++) {
        v41_begin(&call);
        call.minor = minors[i];
        v41_op(&call, 2);
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, NFS4ERR_MINOR_VERS_MISMATCH);
        assert_int_equal(call.result_count, 0);
        assert_int_equal(xdr_left(&call.results), 0);
    }
}

static void no_operations(void **unused)
{
    (void)unused;
    v41_begin(&call);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    assert_int_equal(call.result_count, 0);
}

static void expect_only(uint32_t op, enum nfsstat4 status)
{
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, status);
    assert_int_equal(call.result_count, 1);
    assert_int_equal(v41_result(&call, op), status);
    assert_int_equal(xdr_left(&call.results), 0);
}

/* S20-01, S20-D2, P-04: other operations are refused without SEQUENCE. */
static void without_sequence(void **unused)
{
    static const uint32_t undefined[] = {0, 1, 2, 59, 75, 76, OP_ILLEGAL, UINT32_MAX};
    static const uint32_t others[] = {OP_PUTROOTFH, OP_RECLAIM_COMPLETE, OP_BACKCHANNEL_CTL,
                                      OP_FREE_STATEID};

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(undefined); i++) {
        v41_begin(&call);
        v41_op(&call, undefined[i]);
        v41_op(&call, OP_PUTROOTFH);
        expect_only(OP_ILLEGAL, NFS4ERR_OP_ILLEGAL);
    }
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        v41_begin(&call);
        v41_op(&call, others[i]);
        v41_op(&call, OP_GETFH);
        expect_only(others[i], NFS4ERR_OP_NOT_IN_SESSION);
    }
    v41_begin(&call);
    v41_op(&call, OP_SETCLIENTID);
    expect_only(OP_SETCLIENTID, NFS4ERR_NOTSUPP);
}

/* W09: operations that need no SEQUENCE must be alone without one. */
static void not_only_op(void **unused)
{
    static const uint32_t alone[] = {OP_EXCHANGE_ID, OP_CREATE_SESSION, OP_DESTROY_SESSION,
                                     OP_DESTROY_CLIENTID, OP_BIND_CONN_TO_SESSION};

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(alone); i++) {
        v41_begin(&call);
        v41_op(&call, alone[i]);
        v41_op(&call, OP_PUTROOTFH);
        expect_only(alone[i], NFS4ERR_NOT_ONLY_OP);
    }
}

static void sequence_result(void **unused)
{
    struct SEQUENCE4resok res;

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin(&call);
    v41_op_sequence(&call, &session, 5, 1, false);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    assert_int_equal(xdr_get_u32(&call.results), OP_SEQUENCE);
    assert_int_equal(xdr_get_u32(&call.results), NFS4_OK);
    assert_true(wire_SEQUENCE4resok(&call.results, &res));
    assert_memory_equal(res.sr_sessionid, session.id, NFS4_SESSIONID_SIZE);
    assert_int_equal(res.sr_sequenceid, 1);
    assert_int_equal(res.sr_slotid, 5);
    assert_int_equal(res.sr_highest_slotid, 7);
    assert_int_equal(res.sr_target_highest_slotid, 7);
    assert_int_equal(res.sr_status_flags, 0);
    assert_int_equal(xdr_left(&call.results), 0);
}

static void sequence_position(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin_in(&call, &session, false);
    v41_op_sequence(&call, &session, 1, 1, false);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_SEQUENCE_POS);
    assert_int_equal(v41_result(&call, OP_SEQUENCE), NFS4_OK);
    assert_int_equal(v41_result(&call, OP_SEQUENCE), NFS4ERR_SEQUENCE_POS);
}

static int64_t lease_of(const struct v41_session *s)
{
    struct client *client = client_lookup(test_server.state, s->clientid);
    int64_t renewed = atomic_load(&client->renewed_ns);

    client_put(client);
    return renewed;
}

/* Set the last renewal to a second ago; returns its time. */
static int64_t lease_age(const struct v41_session *s)
{
    struct client *client = client_lookup(test_server.state, s->clientid);
    int64_t renewed = atomic_fetch_sub(&client->renewed_ns, NSEC_PER_SEC) - NSEC_PER_SEC;

    client_put(client);
    return renewed;
}

static void refused(struct SEQUENCE4args *args, uint32_t more_ops, enum nfsstat4 status)
{
    v41_begin(&call);
    wire_SEQUENCE4args(v41_op(&call, OP_SEQUENCE), args);
    for (uint32_t i = 0; i < more_ops; i++)
        v41_op(&call, OP_PUTROOTFH);
    expect_only(OP_SEQUENCE, status);
}

/* S20-05, S20-46, P-07, W01, W05, W06, W16: what SEQUENCE refuses, and that neither slot nor lease
 * changes. */
static void sequence_refused(void **unused)
{
    static const struct {
        uint32_t seqid, slot, highest, more_ops;
        enum nfsstat4 status;
    } rows[] = {
        {1, 8, 8, 0, NFS4ERR_BADSLOT},
        {1, 64, 64, 0, NFS4ERR_BADSLOT},
        {1, 0x80000000, 1, 0, NFS4ERR_BADSLOT},
        {1, UINT32_MAX, 1, 0, NFS4ERR_BADSLOT},
        {1, 0, 8, 0, NFS4ERR_BAD_HIGH_SLOT},
        {1, 0, UINT32_MAX, 0, NFS4ERR_BAD_HIGH_SLOT},
        {0, 0, 0, 0, NFS4ERR_SEQ_MISORDERED},
        {2, 0, 0, 0, NFS4ERR_SEQ_MISORDERED},
        {0x80000001, 0, 0, 0, NFS4ERR_SEQ_MISORDERED},
        {1, 0, 0, 16, NFS4ERR_TOO_MANY_OPS},
    };
    struct SEQUENCE4args args = {0};
    int64_t renewed;

    (void)unused;
    refused(&args, 0, NFS4ERR_BADSESSION);
    v41_session_make(v41_fd, "a", NULL, &session);
    renewed = lease_age(&session);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        args = (struct SEQUENCE4args){.sa_sequenceid = rows[i].seqid,
                                      .sa_slotid = rows[i].slot,
                                      .sa_highest_slotid = rows[i].highest};
        memcpy(args.sa_sessionid, session.id, NFS4_SESSIONID_SIZE);
        refused(&args, rows[i].more_ops, rows[i].status);
    }
    assert_int_equal(lease_of(&session), renewed);
    v41_begin_in(&call, &session, false);
    for (int i = 0; i < 15; i++)
        v41_op(&call, OP_PUTROOTFH);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    assert_true(lease_of(&session) > renewed);
}

/* The next seqid of slot 0 is still 1, and the lease was last renewed at `renewed`. */
static void nothing_moved(int64_t renewed)
{
    struct session *held = session_lookup(test_server.state, session.id);

    assert_int_equal(lease_of(&session), renewed);
    assert_int_equal(atomic_load(&slot_at(&held->slots, 0)->word), SLOT_STATE_FRESH);
    session_put(held);
}

/* P-13, L-07, W05, W06: requests and replies that are too big for the session, as far as SEQUENCE
 * can tell. */
static void sizes_refused(void **unused)
{
    static const struct {
        uint32_t request, response, cached;
        bool cache;
        enum nfsstat4 status;
        const char *owner;
    } rows[] = {
        {120, 8192, 8192, false, NFS4ERR_REQ_TOO_BIG, "a"},
        {8192, 100, 100, false, NFS4ERR_REP_TOO_BIG, "b"},
        {8192, 8192, 0, true, NFS4ERR_REP_TOO_BIG_TO_CACHE, "c"},
        {8192, 8192, 60, true, NFS4ERR_REP_TOO_BIG_TO_CACHE, "d"},
    };

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct channel_attrs4 attrs = v41_attrs();
        int64_t renewed;

        attrs.ca_maxrequestsize = rows[i].request;
        attrs.ca_maxresponsesize = rows[i].response;
        attrs.ca_maxresponsesize_cached = rows[i].cached;
        v41_session_make(v41_fd, rows[i].owner, &attrs, &session);
        renewed = lease_age(&session);
        v41_begin(&call);
        v41_op_sequence(&call, &session, 0, 1, rows[i].cache);
        v41_op(&call, OP_PUTROOTFH);
        call.tag = "a tag of twenty bytes";
        call.tag_len = 20;
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, rows[i].status);
        assert_int_equal(call.result_count, 1);
        assert_int_equal(v41_result(&call, OP_SEQUENCE), rows[i].status);
        nothing_moved(renewed);
    }
}

/* P-13: RPC headers count in the size; one byte less than the request is too little. */
static void request_too_big(void **unused)
{
    struct channel_attrs4 attrs = v41_attrs();
    char name[300] = {0};

    (void)unused;
    attrs.ca_maxrequestsize = 60 + 16 + 36 + 8 + 100 + 4;
    memset(name, 'n', 100);
    for (int over = 0; over < 2; over++) {
        name[100] = over ? 'n' : '\0';
        v41_session_make(v41_fd, over ? "a" : "b", &attrs, &session);
        v41_begin_in(&call, &session, false);
        v41_op(&call, OP_PUTROOTFH);
        v41_op_lookup(&call, name);
        v41_roundtrip(v41_fd, &call);
        if (over) {
            assert_int_equal(call.status, NFS4ERR_REQ_TOO_BIG);
            assert_int_equal(call.result_count, 1);
        } else {
            assert_int_equal(call.status, NFS4ERR_NOENT);
        }
    }
}

/* S20-11: a retry gets DELAY at once while the request runs, and the reply afterwards. */
static void busy_slot(void **unused)
{
    struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct session *held;
    struct slot *slot;

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    held = session_lookup(test_server.state, session.id);
    slot = slot_at(&held->slots, 0);
    assert_int_equal(slot_acquire(slot, 1, &request, &replay), SLOT_NEW);
    v41_begin(&call);
    v41_op_sequence(&call, &session, 0, 1, true);
    expect_only(OP_SEQUENCE, NFS4ERR_DELAY);
    session_slot_release(held, slot, NULL, 0);
    v41_begin(&call);
    v41_op_sequence(&call, &session, 0, 2, true);
    expect_only(OP_SEQUENCE, NFS4_OK);
    session_put(held);
}

static uint32_t bindings_of(const struct v41_session *s)
{
    struct session *held = session_lookup(test_server.state, s->id);
    uint32_t count;

    pthread_mutex_lock(&held->lock);
    count = held->binding_count;
    pthread_mutex_unlock(&held->lock);
    session_put(held);
    return count;
}

/* W11 and P-08: SEQUENCE binds a connection, closing it unbinds it. */
static void binds_and_unbinds(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    assert_int_equal(bindings_of(&session), 1);
    for (int i = 0; i < 10; i++) {
        int fd = v41_connect();

        v41_begin_in(&call, &session, false);
        v41_roundtrip(fd, &call);
        assert_int_equal(call.status, NFS4_OK);
        assert_int_equal(bindings_of(&session), 2);
        close(fd);
        wait_until(bindings_of(&session) == 1);
    }
}

/* So does a SEQUENCE that is answered from the cache: RFC 8881 §18.34.3. */
static void replay_binds(void **unused)
{
    int fd = v41_connect();

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin_in(&call, &session, true);
    v41_roundtrip(v41_fd, &call);
    session.seqid--;
    v41_begin_in(&call, &session, true);
    v41_roundtrip(fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    assert_int_equal(bindings_of(&session), 2);
    close(fd);
}

/* DESTROY_SESSION comes between finding the session and taking a slot: nothing executes. */
static void dies_meanwhile(void **unused)
{
    struct session *held;
    int fd = v41_connect();

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    held = session_lookup(test_server.state, session.id);
    atomic_store(&held->ending, true);
    atomic_store(&held->dead, true);
    v41_begin(&call);
    v41_op_sequence(&call, &session, 0, 1, true);
    v41_roundtrip(fd, &call);
    atomic_store(&held->ending, false);
    atomic_store(&held->dead, false);
    assert_int_equal(call.status, NFS4ERR_BADSESSION);
    assert_int_equal(slot_table_busy(&held->slots, UINT32_MAX), 0);
    session_put(held);
    close(fd);
}

static void bad_xdr(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    /* The arguments end too early. */
    v41_begin_in(&call, &session, false);
    v41_op(&call, OP_PUTROOTFH);
    xdr_put_u32(v41_op(&call, OP_LOOKUP), 100);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_BADXDR);
    assert_int_equal(call.result_count, 3);
    /* Not even the operation number is there. */
    v41_begin_in(&call, &session, false);
    call.op_count = 4;
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_BADXDR);
    assert_int_equal(call.result_count, 2);
    /* SEQUENCE itself. */
    v41_begin(&call);
    xdr_put_u32(v41_op(&call, OP_SEQUENCE), 1);
    expect_only(OP_SEQUENCE, NFS4ERR_BADXDR);
    /* An empty body. */
    v41_begin(&call);
    call.op_count = 1;
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.accept_stat, 4);
    /* SETATTR's error result has a bitmap. */
    v41_begin_in(&call, &session, false);
    xdr_put_u32(v41_op(&call, OP_SETATTR), 1);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(v41_result(&call, OP_SEQUENCE), NFS4_OK);
    assert_int_equal(v41_result(&call, OP_SETATTR), NFS4ERR_BADXDR);
    assert_int_equal(xdr_left(&call.results), 4);
    assert_int_equal(xdr_get_u32(&call.results), 0);
}

static bool session_free(uint32_t op)
{
    return op == OP_EXCHANGE_ID || op == OP_CREATE_SESSION || op == OP_DESTROY_SESSION ||
           op == OP_DESTROY_CLIENTID || op == OP_BIND_CONN_TO_SESSION;
}

/* S20-01, S20-21: no operation succeeds except after a successful SEQUENCE, in any compound. */
static void no_result_past_sequence(void **unused)
{
    unsigned seed = 2;

    (void)unused;
    for (int i = 0; i < 2000; i++) {
        uint32_t first = (uint32_t)rand_r(&seed) % 80, more = (uint32_t)rand_r(&seed) % 4;
        uint32_t words = (uint32_t)rand_r(&seed) % 12;

        v41_begin(&call);
        v41_op(&call, first);
        for (uint32_t j = 0; j < words; j++)
            xdr_put_u32(&call.x, (uint32_t)rand_r(&seed) >> rand_r(&seed) % 32);
        for (uint32_t j = 0; j < more; j++)
            v41_op(&call, OP_PUTROOTFH);
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.result_count, 1);
        assert_true(call.status != NFS4_OK || (session_free(first) && more == 0));
    }
}

/* SR-28: random operations with random arguments: the server survives, and every reply can be
 * decoded up to the first error. */
static void garbage(void **unused)
{
    unsigned seed = 1;
    int fd = v41_connect();

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    for (int i = 0; i < 3000; i++) {
        uint32_t words = (uint32_t)rand_r(&seed) % 40;

        v41_begin_in(&call, &session, rand_r(&seed) % 2);
        if (rand_r(&seed) % 2)
            v41_op(&call, OP_PUTROOTFH);
        v41_op(&call, (uint32_t)rand_r(&seed) % 77);
        for (uint32_t j = 0; j < words; j++)
            xdr_put_u32(&call.x, (uint32_t)rand_r(&seed) >> rand_r(&seed) % 32);
        v41_roundtrip(fd, &call);
        assert_int_equal(call.accept_stat, 0);
        assert_true(call.result_count <= call.op_count);
    }
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, v41_set_up, v41_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(procedures),
        TEST(tags),
        TEST(tag_too_long),
        TEST(minor_versions),
        TEST(no_operations),
        TEST(without_sequence),
        TEST(not_only_op),
        TEST(sequence_result),
        TEST(sequence_position),
        TEST(sequence_refused),
        TEST(request_too_big),
        TEST(sizes_refused),
        TEST(busy_slot),
        TEST(binds_and_unbinds),
        TEST(replay_binds),
        TEST(dies_meanwhile),
        TEST(bad_xdr),
        TEST(garbage),
        TEST(no_result_past_sequence),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
