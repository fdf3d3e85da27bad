/* SPDX-License-Identifier: Apache-2.0 */
/* Values of stateids, which client may use them, and their seqids (RFC 8881 §8.2; L-10). */
#include "state/file/stateid.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "lib/test.h"
#include "state/client/client.h"

static struct stateid_table *table;
static struct client alice = {.id = 1}, bob = {.id = 2};
static int released;

static void count_release(struct stateid *sid)
{
    (void)sid;
    released++;
}

static int set_up(void **unused)
{
    (void)unused;
    table = stateid_table_create(1);
    released = 0;
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    stateid_table_destroy(table);
    return 0;
}

static void insert(struct stateid *sid, struct client *client, uint64_t spread)
{
    assert_true(stateid_insert(table, sid, STATEID_OPEN, client, spread, count_release));
}

static void drop(struct stateid *sid)
{
    stateid_kill(sid);
    stateid_put(sid);
}

static void test_found_by_its_client_alone(void **unused)
{
    struct stateid sid;
    struct stateid4 value;

    (void)unused;
    insert(&sid, &alice, 5);
    stateid_value(&sid, &value);
    assert_int_equal(value.seqid, 1);
    assert_ptr_equal(stateid_lookup(table, &value, &alice), &sid);
    stateid_put(&sid);
    assert_null(stateid_lookup(table, &value, &bob));
    drop(&sid);
    assert_int_equal(released, 1);
}

/* With any bit wrong, including those of the index, none is found. */
static void test_no_other_value_is_found(void **unused)
{
    struct stateid sids[64];
    struct stateid4 value;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(sids); i++)
        insert(&sids[i], &alice, i);
    stateid_value(&sids[7], &value);
    for (uint32_t bit = 0; bit < 96; bit++) {
        value.other[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_null(stateid_lookup(table, &value, &alice));
        value.other[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t i = 0; i < ARRAY_SIZE(sids); i++)
        drop(&sids[i]);
}

static void test_killed_is_gone_but_lives_on(void **unused)
{
    struct stateid sid;
    struct stateid4 value;

    (void)unused;
    insert(&sid, &alice, 0);
    stateid_value(&sid, &value);
    assert_ptr_equal(stateid_lookup(table, &value, &alice), &sid);
    drop(&sid);
    assert_int_equal(released, 0);
    assert_null(stateid_lookup(table, &value, &alice));
    stateid_put(&sid);
    assert_int_equal(released, 1);
    assert_null(stateid_lookup(table, &value, &alice));
}

/* For a client of 4.0, which is identified by it. */
/* Whoever walks with `later` ends nothing: that waits until somebody settles it. */
static void test_last_reference_is_kept(void **unused)
{
    const struct stateid_filter filter = {.kind = STATEID_OPEN, .later = true};
    struct stateid sid;
    uint32_t at = 0;

    (void)unused;
    insert(&sid, &alice, 1);
    assert_ptr_equal(stateid_next(table, &filter, &at), &sid);
    stateid_put_later(&sid);
    assert_false(stateid_unsettled(table)); /* it was not the last */
    at = 0;
    assert_ptr_equal(stateid_next(table, &filter, &at), &sid);
    drop(&sid); /* closed meanwhile */
    assert_int_equal(released, 0);
    stateid_put_later(&sid);
    assert_int_equal(released, 0);
    assert_true(stateid_unsettled(table));
    at = 0;
    assert_null(stateid_next(table, &filter, &at)); /* met once more, as the last again */
    assert_int_equal(released, 0);
    stateid_settle(table);
    assert_int_equal(released, 1);
    assert_false(stateid_unsettled(table));
}

static void test_found_for_any_client(void **unused)
{
    struct stateid sid;
    struct stateid4 value;

    (void)unused;
    insert(&sid, &bob, 9);
    stateid_value(&sid, &value);
    assert_ptr_equal(stateid_lookup_any(table, &value), &sid);
    assert_ptr_equal(sid.client, &bob);
    stateid_put(&sid);
    value.other[11] ^= 1;
    assert_null(stateid_lookup_any(table, &value));
    value.other[11] ^= 1;
    drop(&sid);
    assert_null(stateid_lookup_any(table, &value));
}

/* RFC 7530 §9.1.4.4: a stateid of another life of the server is distinguished from a wrong one. */
static void test_epoch(void **unused)
{
    struct stateid_table *other;
    struct stateid sid;
    struct stateid4 value;

    (void)unused;
    insert(&sid, &alice, 0);
    stateid_value(&sid, &value);
    for (uint64_t boot_id = 2; boot_id < 100; boot_id++) {
        other = stateid_table_create(boot_id);
        assert_false(stateid_epoch_ours(other, &value));
        assert_null(stateid_lookup_any(other, &value));
        stateid_table_destroy(other);
    }
    assert_true(stateid_epoch_ours(table, &value));
    value.other[4] ^= 1;
    assert_true(stateid_epoch_ours(table, &value));
    value.other[3] ^= 1;
    assert_false(stateid_epoch_ours(table, &value));
    drop(&sid);
}

/* A stateid of a removed client is distinguished from one that never was, until its slot is
 * reused. */
static void test_of_removed(void **unused)
{
    struct client gone = {.id = 3};
    struct stateid sid, next;
    struct stateid4 value, closed;

    (void)unused;
    insert(&sid, &gone, 0);
    stateid_value(&sid, &closed);
    drop(&sid);
    assert_false(stateid_client_removed(table, &closed));
    insert(&sid, &gone, 0);
    stateid_value(&sid, &value);
    assert_false(stateid_client_removed(table, &value));
    atomic_store(&gone.dead, true);
    drop(&sid);
    assert_null(stateid_lookup_any(table, &value));
    assert_true(stateid_client_removed(table, &value));
    assert_false(stateid_client_removed(table, &closed));
    insert(&next, &alice, 0);
    assert_false(stateid_client_removed(table, &value));
    drop(&next);
}

/* The number of stateids of one file must not be limited by its shard of the table. */
static void test_full_shard(void **unused)
{
    enum {
        COUNT = LIMIT_STATEID_CHUNKS * 4096 + 10
    };
    struct stateid *sids = must_calloc(COUNT, sizeof(*sids));
    struct stateid4 value;

    (void)unused;
    for (size_t i = 0; i < COUNT; i++)
        insert(&sids[i], &alice, 63);
    for (size_t i = 0; i < COUNT; i++) {
        stateid_value(&sids[i], &value);
        assert_ptr_equal(stateid_lookup(table, &value, &alice), &sids[i]);
        stateid_put(&sids[i]);
    }
    for (size_t i = 0; i < COUNT; i++)
        drop(&sids[i]);
    assert_int_equal(released, COUNT);
    free(sids);
}

/* RFC 8881 §8.2.4: `other` is never reused, though the slot is. */
static void test_values_never_come_twice(void **unused)
{
    static uint8_t seen[1000][12];
    struct stateid sid;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
        insert(&sid, &alice, 3);
        memcpy(seen[i], sid.other, 12);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(seen[i], seen[j], 12);
        assert_memory_equal(seen[i], seen[0], 7); /* the same slot */
        drop(&sid);
    }
}

static void test_many_at_once(void **unused)
{
    enum {
        COUNT = 20000
    };
    struct stateid *sids = must_calloc(COUNT, sizeof(*sids));
    struct stateid4 value;

    (void)unused;
    for (size_t i = 0; i < COUNT; i++)
        insert(&sids[i], i % 2 ? &alice : &bob, i % 3); /* several chunks of a shard */
    for (size_t i = 0; i < COUNT; i++) {
        stateid_value(&sids[i], &value);
        assert_ptr_equal(stateid_lookup(table, &value, i % 2 ? &alice : &bob), &sids[i]);
        stateid_put(&sids[i]);
    }
    for (size_t i = 0; i < COUNT; i++)
        drop(&sids[i]);
    assert_int_equal(released, COUNT);
    free(sids);
}

static void test_seqids(void **unused)
{
    static const struct {
        uint32_t current, given;
        enum nfsstat4 want;
    } cases[] = {
        {1, 0, NFS4_OK},
        {1, 1, NFS4_OK},
        {1, 2, NFS4ERR_BAD_STATEID},
        {5, 4, NFS4ERR_OLD_STATEID},
        {5, 1, NFS4ERR_OLD_STATEID},
        {5, 6, NFS4ERR_BAD_STATEID},
        {5, 0x80000000u, NFS4ERR_BAD_STATEID},
        {1, UINT32_MAX, NFS4ERR_OLD_STATEID}, /* its seqid has wrapped since */
        {UINT32_MAX, 1, NFS4ERR_BAD_STATEID}, /* not reached yet */
        {UINT32_MAX, UINT32_MAX - 1, NFS4ERR_OLD_STATEID},
        {UINT32_MAX, 0, NFS4_OK},
    };
    struct stateid sid;

    (void)unused;
    insert(&sid, &alice, 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        sid.seqid = cases[i].current;
        assert_int_equal(stateid_check_seqid(&sid, cases[i].given), cases[i].want);
    }
    drop(&sid);
}

static void test_seqid_skips_zero(void **unused)
{
    struct stateid sid;

    (void)unused;
    insert(&sid, &alice, 0);
    stateid_bump(&sid);
    assert_int_equal(sid.seqid, 2);
    sid.seqid = UINT32_MAX;
    stateid_bump(&sid);
    assert_int_equal(sid.seqid, 1);
    drop(&sid);
}

static enum stateid_special special(uint32_t seqid, uint8_t byte, uint8_t last)
{
    struct stateid4 value = {.seqid = seqid};

    memset(value.other, byte, 12);
    value.other[11] = last;
    return stateid_special(&value);
}

/* RFC 8881 §8.2.3 */
static void test_special_values(void **unused)
{
    struct stateid4 closed;

    (void)unused;
    assert_int_equal(special(0, 0, 0), STATEID_ANONYMOUS);
    assert_int_equal(special(1, 0, 0), STATEID_CURRENT);
    assert_int_equal(special(UINT32_MAX, 0, 0), STATEID_INVALID);
    assert_int_equal(special(2, 0, 0), STATEID_INVALID);
    assert_int_equal(special(UINT32_MAX, 0xff, 0xff), STATEID_READ_BYPASS);
    assert_int_equal(special(0, 0xff, 0xff), STATEID_INVALID);
    assert_int_equal(special(1, 0xff, 0xff), STATEID_INVALID);
    assert_int_equal(special(0, 0, 1), STATEID_ORDINARY);
    assert_int_equal(special(UINT32_MAX, 0xff, 0xfe), STATEID_ORDINARY);
    stateid_invalid_value(&closed);
    assert_int_equal(stateid_special(&closed), STATEID_INVALID);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_found_by_its_client_alone),
        TEST(test_no_other_value_is_found),
        TEST(test_found_for_any_client),
        TEST(test_epoch),
        TEST(test_of_removed),
        TEST(test_full_shard),
        TEST(test_killed_is_gone_but_lives_on),
        TEST(test_last_reference_is_kept),
        TEST(test_values_never_come_twice),
        TEST(test_many_at_once),
        TEST(test_seqids),
        TEST(test_seqid_skips_zero),
        TEST(test_special_values),
    };

    return test_group_run(tests);
}
