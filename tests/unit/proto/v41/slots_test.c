/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client sees when the number of its slots grows or shrinks (W01, W02, S20-D1, S20-05): the
 * two highest slot ids in SEQUENCE's result, and what is refused then.
 */
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "v41_fixture.h"

enum {
    ASKED = LIMIT_SLOTS_DEFAULT,
    LOW = 16
};

static struct v41_call call;
static struct v41_session session;
static struct session *held;
static uint32_t seqids[LIMIT_SLOTS];
static struct SEQUENCE4resok told;

static int set_up(void **unused)
{
    struct channel_attrs4 attrs = v41_attrs();

    v41_set_up(unused);
    attrs.ca_maxrequests = ASKED;
    v41_session_make(v41_fd, "a", &attrs, &session);
    held = session_lookup(test_server.state, session.id);
    memset(seqids, 0, sizeof(seqids));
    return 0;
}

static int tear_down(void **unused)
{
    session_put(held);
    return v41_tear_down(unused);
}

static enum nfsstat4 sequence(uint32_t slot, uint32_t seqid, uint32_t highest)
{
    struct SEQUENCE4args args = {.sa_sequenceid = seqid,
                                 .sa_slotid = slot,
                                 .sa_highest_slotid = highest,
                                 .sa_cachethis = true};
    enum nfsstat4 status;

    memcpy(args.sa_sessionid, session.id, NFS4_SESSIONID_SIZE);
    v41_begin(&call);
    wire_SEQUENCE4args(v41_op(&call, OP_SEQUENCE), &args);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(xdr_get_u32(&call.results), OP_SEQUENCE);
    status = (enum nfsstat4)xdr_get_u32(&call.results);
    if (status == NFS4_OK)
        assert_true(wire_SEQUENCE4resok(&call.results, &told));
    return status;
}

static void use(uint32_t slot, uint32_t highest)
{
    assert_int_equal(sequence(slot, ++seqids[slot], highest), NFS4_OK);
}

static void expect_told(uint32_t highest, uint32_t target)
{
    assert_int_equal(told.sr_highest_slotid, highest);
    assert_int_equal(told.sr_target_highest_slotid, target);
}

static void set_target(uint32_t count)
{
    assert_true(slot_table_resize_try(&held->slots));
    slot_table_set_target(&held->slots, count);
    slot_table_resize_end(&held->slots);
}

static void force(void)
{
    assert_true(slot_table_resize_try(&held->slots));
    assert_true(slot_table_enforce_target(&held->slots));
    slot_table_resize_end(&held->slots);
}

/* The client follows the target, until fewer slots are enforced. */
static void shrink(void)
{
    set_target(LOW);
    for (int i = 0; i < 3; i++)
        use(0, 0);
    expect_told(LOW - 1, LOW - 1);
}

static void more(void **unused)
{
    (void)unused;
    use(0, 0);
    expect_told(63, 63);
    assert_int_equal(sequence(64, 1, 64), NFS4ERR_BADSLOT);
    use(63, 63);
    expect_told(95, 95);
    use(64, 64);
    assert_int_equal(sequence(96, 1, 96), NFS4ERR_BADSLOT);
    assert_int_equal(sequence(0, seqids[0] + 1, 96), NFS4ERR_BAD_HIGH_SLOT);
    use(0, 95);
}

static void fewer(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i + 1 < ASKED; i++)
        use(i, i);
    set_target(LOW);
    use(0, 40);
    expect_told(ASKED - 1, LOW - 1);
    use(40, 40); /* allowed as long as more are enforced */
    use(0, 0);
    use(0, 0);
    expect_told(LOW - 1, LOW - 1);
    assert_int_equal(sequence(40, seqids[40] + 1, 40), NFS4ERR_BADSLOT);
    assert_int_equal(sequence(40, seqids[40], 40), NFS4ERR_BADSLOT);
    assert_int_equal(sequence(LOW, seqids[LOW] + 1, LOW), NFS4ERR_BADSLOT);
    use(LOW - 1, LOW - 1);
    use(1, 40); /* it may have been sent when 40 was in use */
    assert_int_equal(sequence(1, seqids[1] + 1, ASKED), NFS4ERR_BAD_HIGH_SLOT);
    slot_table_forget_high(&held->slots);
    assert_int_equal(sequence(1, seqids[1] + 1, LOW), NFS4ERR_BAD_HIGH_SLOT);
    assert_int_equal(sequence(1, seqids[1], LOW), NFS4_OK); /* a retry */
    use(1, LOW - 1);
}

/* A slot that returns accepts the first seqid or the next; a request of its first life is not
 * executed again. */
static void again(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 3; i++) {
        use(20, 21);
        use(21, 21);
        use(22, 22);
    }
    shrink();
    assert_true(slot_table_resize_try(&held->slots));
    assert_int_equal(
        reply_budget_grow(&test_server.state->reply_budget, held->demand.cost, ASKED - LOW),
        ASKED - LOW);
    slot_table_grow(&held->slots, ASKED);
    slot_table_resize_end(&held->slots);
    use(0, 0);
    expect_told(ASKED - 1, ASKED - 1);
    assert_int_equal(sequence(20, 3, 20), NFS4ERR_SEQ_MISORDERED);
    assert_int_equal(sequence(20, 2, 20), NFS4ERR_SEQ_MISORDERED);
    assert_int_equal(sequence(20, 1, 20), NFS4_OK);
    assert_int_equal(sequence(20, 1, 20), NFS4_OK); /* a retry */
    assert_int_equal(sequence(20, 2, 20), NFS4_OK);
    assert_int_equal(sequence(21, 4, 21), NFS4_OK);
    assert_int_equal(sequence(21, 1, 21), NFS4ERR_SEQ_MISORDERED);
    assert_int_equal(sequence(22, 5, 22), NFS4ERR_SEQ_MISORDERED);
}

/* RFC 8881 §2.10.6.1: once forced, slots beyond accept only retries, until the next seqid shows
 * that the client has the reply, or a lower sa_highest_slotid, sent after a reply with the new
 * target, shows that it has all of them. */
static void forced(void **unused)
{
    (void)unused;
    use(30, 30);
    use(31, 31);
    set_target(LOW);
    force();
    assert_int_equal(sequence(30, 1, 31), NFS4_OK);
    assert_int_equal(sequence(0, 1, 31), NFS4ERR_BAD_HIGH_SLOT);
    assert_int_equal(sequence(30, 2, 31), NFS4ERR_BAD_HIGH_SLOT);
    assert_int_equal(sequence(30, 1, 31), NFS4_OK); /* the grant is unchanged */
    assert_int_equal(sequence(30, 2, 0), NFS4ERR_BADSLOT);
    assert_int_equal(sequence(30, 1, 0), NFS4ERR_BADSLOT); /* the slot is retired */
    assert_int_equal(sequence(31, 1, 31), NFS4_OK);
    use(0, LOW - 1); /* it may have been sent before the request in slot 31 */
    expect_told(LOW - 1, LOW - 1);
    assert_int_equal(sequence(31, 1, 31), NFS4_OK);
    use(0, LOW - 1);
    assert_int_equal(sequence(31, 1, 31), NFS4ERR_BADSLOT);
    assert_int_equal(slot_table_kept(&held->slots), LOW);
}

/* Two slots, one of which is busy: only that one gets DELAY (W01). */
static void busy_is_no_bad_slot(void **unused)
{
    struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct slot *slot = slot_at(&held->slots, 5);

    (void)unused;
    assert_int_equal(slot_acquire(slot, 1, &request, &replay), SLOT_NEW);
    assert_int_equal(sequence(5, 1, 5), NFS4ERR_DELAY);
    assert_int_equal(sequence(5, 2, 5), NFS4ERR_SEQ_MISORDERED);
    assert_int_equal(sequence(ASKED, 1, ASKED), NFS4ERR_BADSLOT);
    session_slot_release(held, slot, NULL, 0);
    assert_int_equal(sequence(5, 2, 5), NFS4_OK);
}

/* S20-08: a slot that was never used waits while the budget is used up, and nothing moves. */
static void waits_for_room(void **unused)
{
    struct reply_budget *budget = &test_server.state->reply_budget;
    uint64_t most = budget->bytes_max;

    (void)unused;
    use(3, 3);
    reply_budget_set(budget, budget->charged);
    assert_int_equal(sequence(4, 1, 4), NFS4ERR_DELAY);
    assert_int_equal(sequence(2, 1, 3), NFS4_OK);
    assert_int_equal(sequence(3, 1, 3), NFS4_OK); /* a retry */
    reply_budget_set(budget, most);
    assert_int_equal(sequence(4, 1, 4), NFS4_OK);
}

/* S20-06, S20-08, S20-33: memory in use and charged, from the first request to the end. */
static void accounts(void **unused)
{
    const struct reply_budget *budget = &test_server.state->reply_budget;
    uint64_t cost = v41_attrs().ca_maxresponsesize_cached + sizeof(struct slot);

    (void)unused;
    assert_int_equal(budget->charged, cost);
    use(0, 0);
    assert_int_equal(test_server.state->reply_bytes, call.body_len); /* size of the reply */
    use(40, 40);
    assert_int_equal(test_server.state->reply_bytes, 2 * call.body_len);
    assert_int_equal(budget->charged, 41 * cost);
    shrink();
    assert_int_equal(budget->charged, LOW * cost);
    assert_int_equal(test_server.state->reply_bytes, call.body_len);
    v41_begin(&call);
    memcpy(xdr_take(v41_op(&call, OP_DESTROY_SESSION), NFS4_SESSIONID_SIZE), session.id,
           NFS4_SESSIONID_SIZE);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    assert_int_equal(budget->charged, 0); /* although the connection is still there */
    assert_int_equal(test_server.state->reply_bytes, 0);
}

static void lock_all(int (*lock)(pthread_mutex_t *))
{
    assert_int_equal(lock(&test_server.state->clients.lock), 0);
    for (size_t i = 0; i < SESSION_SHARDS; i++)
        assert_int_equal(lock(&test_server.state->session_shards[i].lock), 0);
    assert_int_equal(lock(&held->lock), 0);
}

/* SR-07, P-02, L-09: a thread that holds all locks of clients and sessions blocks no SEQUENCE on
 * a connection that has had one, and the lease is renewed. (If SEQUENCE waits, the test never
 * ends.) */
static void waits_for_no_lock(void **unused)
{
    int64_t renewed;

    (void)unused;
    use(0, 0);
    atomic_fetch_sub(&held->client->renewed_ns, NSEC_PER_SEC);
    renewed = atomic_load(&held->client->renewed_ns);
    lock_all(pthread_mutex_lock);
    use(0, 0);
    use(63, 63); /* the table may grow again */
    lock_all(pthread_mutex_unlock);
    expect_told(95, 95);
    assert_true(atomic_load(&held->client->renewed_ns) >= renewed + NSEC_PER_SEC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(more),
        TEST(fewer),
        TEST(again),
        TEST(forced),
        TEST(busy_is_no_bad_slot),
        TEST(waits_for_room),
        TEST(accounts),
        TEST(waits_for_no_lock),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
