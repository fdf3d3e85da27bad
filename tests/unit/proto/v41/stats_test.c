/* SPDX-License-Identifier: Apache-2.0 */
/* The counters of sessions: each moves with its own cause, and with no other. */
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "state/session/session_stats.h"
#include "v41_fixture.h"

static struct v41_call call;
static struct v41_session session;
static struct session_stats before;

static struct session_stats stats(void)
{
    struct session_stats now;

    session_stats_read(test_server.state, &now);
    return now;
}

/* One figure that must have moved, and by how much. */
struct moved {
    const char *name;
    uint64_t by;
};

static void expect_figure(const char *name, uint64_t was, uint64_t is, const struct moved *moved,
                          size_t count)
{
    uint64_t by = 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(moved[i].name, name) == 0)
            by = moved[i].by;
    }
    if (is - was == by)
        return;
    print_error("%s moved by %lu, not by %lu\n", name, (unsigned long)(is - was),
                (unsigned long)by);
    fail();
}

/* Exactly these counters have moved since `before`. */
static void expect_moved(const struct moved *moved, size_t count)
{
    struct session_stats now = stats();

#define X(name, help) expect_figure(#name, before.name, now.name, moved, count);
    SESSION_COUNTERS(X)
#undef X
#define X(type, status, help)                                                                      \
    expect_figure(#type, before.failures.type, now.failures.type, moved, count);
    SESSION_FAILURES(X)
#undef X
}

#define EXPECT_MOVED(...)                                                                          \
    expect_moved((const struct moved[]){__VA_ARGS__},                                              \
                 sizeof((const struct moved[]){__VA_ARGS__}) / sizeof(struct moved))

static void go(enum nfsstat4 status)
{
    before = stats();
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, status);
}

/* A refused SEQUENCE alone moves the two totals and the figure of its error. */
static void expect_refused(enum nfsstat4 status, const char *type)
{
    go(status);
    EXPECT_MOVED({"sequence_total", 1}, {"sequence_errors_total", 1}, {type, 1});
}

static void sequence(uint32_t slot, uint32_t seqid, uint32_t highest)
{
    struct SEQUENCE4args args = {
        .sa_sequenceid = seqid, .sa_slotid = slot, .sa_highest_slotid = highest};

    memcpy(args.sa_sessionid, session.id, NFS4_SESSIONID_SIZE);
    v41_begin(&call);
    wire_SEQUENCE4args(v41_op(&call, OP_SEQUENCE), &args);
}

/* S20-29, S20-30, S20-34. */
static void refusals(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    sequence(0, 1, 0);
    go(NFS4_OK);
    EXPECT_MOVED({"sequence_total", 1});
    sequence(0, 3, 0);
    expect_refused(NFS4ERR_SEQ_MISORDERED, "seq_misordered");
    sequence(8, 1, 0);
    expect_refused(NFS4ERR_BADSLOT, "badslot");
    sequence(0, 2, 8);
    expect_refused(NFS4ERR_BAD_HIGH_SLOT, "bad_high_slot");
    sequence(0, 2, 0);
    for (int i = 0; i < 16; i++)
        v41_op(&call, OP_PUTROOTFH);
    expect_refused(NFS4ERR_TOO_MANY_OPS, "too_many_ops");
    v41_begin(&call);
    xdr_put_u32(v41_op(&call, OP_SEQUENCE), 1);
    expect_refused(NFS4ERR_BADXDR, "bad_xdr");
    session.id[0] ^= 1;
    sequence(0, 2, 0);
    expect_refused(NFS4ERR_BADSESSION, "bad_session");
    session.id[0] ^= 1;
    sequence(0, 2, 0);
    go(NFS4_OK);
    EXPECT_MOVED({"sequence_total", 1});
}

/* S20-34: a second SEQUENCE is refused; the first one succeeded. */
static void position(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    sequence(0, 1, 0);
    v41_op_sequence(&call, &session, 1, 1, false);
    go(NFS4ERR_SEQUENCE_POS);
    EXPECT_MOVED({"sequence_total", 2}, {"sequence_errors_total", 1}, {"sequence_pos", 1});
}

/* S20-34: sizes that the client itself requested. */
static void sizes(void **unused)
{
    struct channel_attrs4 small = v41_attrs(), few = v41_attrs(), cached = v41_attrs();
    char name[200];

    (void)unused;
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    small.ca_maxrequestsize = 160;
    v41_session_make(v41_fd, "a", &small, &session);
    v41_begin_in(&call, &session, false);
    v41_op_lookup(&call, name);
    expect_refused(NFS4ERR_REQ_TOO_BIG, "req_too_big");
    few.ca_maxresponsesize = SESSION_REPLY_BYTES_MIN;
    v41_session_make(v41_fd, "b", &few, &session);
    v41_begin_in(&call, &session, false);
    v41_op(&call, OP_PUTROOTFH);
    expect_refused(NFS4ERR_REP_TOO_BIG, "rep_too_big");
    cached.ca_maxresponsesize_cached = 0;
    v41_session_make(v41_fd, "c", &cached, &session);
    v41_begin_in(&call, &session, true);
    expect_refused(NFS4ERR_REP_TOO_BIG_TO_CACHE, "rep_too_big_to_cache");
}

/* S20-31, S20-34: retries of all kinds. */
static void retries(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin(&call);
    v41_op_sequence(&call, &session, 0, 1, true);
    v41_op(&call, OP_PUTROOTFH);
    go(NFS4_OK);
    EXPECT_MOVED({"sequence_total", 1});
    for (int i = 0; i < 3; i++) {
        go(NFS4_OK);
        EXPECT_MOVED({"sequence_total", 1}, {"replay_hits_total", 1}, {"replay_hit", 1});
    }
    v41_begin(&call);
    v41_op_sequence(&call, &session, 0, 1, true);
    v41_op(&call, OP_PUTPUBFH);
    go(NFS4ERR_SEQ_FALSE_RETRY);
    EXPECT_MOVED({"sequence_total", 1}, {"sequence_errors_total", 1}, {"false_retry", 1});
    v41_begin(&call);
    v41_op_sequence(&call, &session, 1, 1, false);
    v41_op(&call, OP_PUTROOTFH);
    go(NFS4_OK);
    go(NFS4ERR_RETRY_UNCACHED_REP);
    EXPECT_MOVED({"sequence_total", 1}, {"uncached", 1});
}

/* S20-34: DESTROY_SESSION over a connection that is not bound to the session. */
static void not_bound(void **unused)
{
    int other = v41_connect();

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin(&call);
    xdr_fixed(v41_op(&call, OP_DESTROY_SESSION), session.id, NFS4_SESSIONID_SIZE);
    before = stats();
    v41_roundtrip(other, &call);
    assert_int_equal(call.status, NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    EXPECT_MOVED({"not_bound", 1});
    close(other);
}

struct seen {
    uint32_t sessions, in_use, total;
    const uint8_t *id;
};

/* Hooks may wait and may make any call, so no lock may be held. */
static void expect_no_lock(struct state *state)
{
    assert_int_equal(pthread_mutex_trylock(&state->clients.lock), 0);
    pthread_mutex_unlock(&state->clients.lock);
    for (size_t i = 0; i < SESSION_SHARDS; i++) {
        assert_int_equal(pthread_mutex_trylock(&state->session_shards[i].lock), 0);
        pthread_mutex_unlock(&state->session_shards[i].lock);
    }
}

static bool look(const struct session_gauges *gauges, void *arg)
{
    struct seen *seen = arg;

    expect_no_lock(test_server.state);
    seen->sessions++;
    if (memcmp(gauges->id, seen->id, NFS4_SESSIONID_SIZE) == 0) {
        seen->in_use = gauges->slots_in_use;
        seen->total = gauges->total_slots;
    }
    return true;
}

static struct seen gauges(void)
{
    struct seen seen = {.id = session.id};

    session_gauges_visit(test_server.state, look, &seen);
    return seen;
}

/* S20-32, and slot_busy of S20-34: with k busy slots the gauge reads k. */
static void slots_in_use(void **unused)
{
    const struct slot_request request = {0};
    struct session *held;

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    assert_int_equal(gauges().in_use, 0);
    assert_int_equal(gauges().total, 8);
    held = session_lookup(test_server.state, session.id);
    for (uint32_t k = 1; k <= 8; k++) {
        struct slot_replay replay = {0};

        assert_int_equal(slot_acquire(slot_at(&held->slots, k - 1), 1, &request, &replay),
                         SLOT_NEW);
        assert_int_equal(gauges().in_use, k);
    }
    sequence(3, 1, 0);
    expect_refused(NFS4ERR_DELAY, "slot_busy");
    for (uint32_t k = 8; k > 0; k--) {
        session_slot_release(held, slot_at(&held->slots, k - 1), NULL, 0);
        assert_int_equal(gauges().in_use, k - 1);
    }
    session_put(held);
}

static bool first_only(const struct session_gauges *unused, void *arg)
{
    (void)unused;
    ++*(int *)arg;
    return false;
}

/* S20-32: a session's series ends with it, so there are no more series than sessions. */
static void series_vanish(void **unused)
{
    enum {
        SESSIONS = 20
    };
    struct v41_session all[SESSIONS];
    int visits = 0;

    (void)unused;
    for (int i = 0; i < SESSIONS; i++) {
        const char owner[] = {(char)('a' + i), '\0'};

        v41_session_make(v41_fd, owner, NULL, &all[i]);
    }
    session = all[0];
    assert_int_equal(gauges().sessions, SESSIONS);
    assert_int_equal(stats().sessions, SESSIONS);
    session_gauges_visit(test_server.state, first_only, &visits);
    assert_int_equal(visits, 1);
    for (int i = 0; i < SESSIONS; i++) {
        v41_begin(&call);
        xdr_fixed(v41_op(&call, OP_DESTROY_SESSION), all[i].id, NFS4_SESSIONID_SIZE);
        go(NFS4_OK);
        assert_int_equal(gauges().sessions, SESSIONS - 1 - i);
        assert_int_equal(stats().sessions, SESSIONS - 1 - i);
    }
}

/* S20-33: cached replies of a session are counted, and released with it. */
static void reply_bytes(void **unused)
{
    uint32_t first;

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    assert_int_equal(stats().reply_bytes, 0);
    v41_begin(&call);
    v41_op_sequence(&call, &session, 0, 1, true);
    go(NFS4_OK);
    first = call.body_len;
    assert_int_equal(stats().reply_bytes, first);
    v41_begin(&call);
    v41_op_sequence(&call, &session, 1, 1, true);
    v41_op(&call, OP_PUTROOTFH);
    for (int i = 0; i < 14; i++)
        v41_op(&call, OP_GETFH);
    go(NFS4_OK);
    assert_int_equal(stats().reply_bytes, first + call.body_len);
    /* The slot's next request wants no cached reply; so large a buffer is freed. */
    v41_begin(&call);
    v41_op_sequence(&call, &session, 1, 2, false);
    go(NFS4_OK);
    assert_int_equal(stats().reply_bytes, first);
    v41_begin(&call);
    xdr_fixed(v41_op(&call, OP_DESTROY_SESSION), session.id, NFS4_SESSIONID_SIZE);
    go(NFS4_OK);
    /* The connection remembers the session until it closes. */
    close(v41_fd);
    v41_fd = v41_connect();
    wait_until(stats().reply_bytes == 0);
}

/* S20-29, S20-30, S20-31: the totals match the requests that were sent. */
static void scripted_run(void **unused)
{
    enum {
        ROUNDS = 500
    };

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    before = stats();
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        v41_begin(&call);
        v41_op_sequence(&call, &session, 0, i, true);
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, NFS4_OK);
        if (i % 5 == 0)
            v41_roundtrip(v41_fd, &call);
        if (i % 10 == 0) {
            v41_begin(&call);
            v41_op_sequence(&call, &session, 0, i + 2, true);
            v41_roundtrip(v41_fd, &call);
            assert_int_equal(call.status, NFS4ERR_SEQ_MISORDERED);
        }
    }
    EXPECT_MOVED({"sequence_total", ROUNDS + ROUNDS / 5 + ROUNDS / 10},
                 {"sequence_errors_total", ROUNDS / 10}, {"seq_misordered", ROUNDS / 10},
                 {"replay_hits_total", ROUNDS / 5}, {"replay_hit", ROUNDS / 5});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, v41_set_up, v41_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refusals),      TEST(position),    TEST(sizes),
        TEST(retries),       TEST(not_bound),   TEST(slots_in_use),
        TEST(series_vanish), TEST(reply_bytes), TEST(scripted_run),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
