/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of slots that grows and shrinks (S20-D1, W02), by the steps of
 * slot_table_retire_unused(); the model in slot_resize_test.c shows what they are for.
 */
#include "state/session/slot_table.h"

#include <string.h>

#include "base/check.h"
#include "lib/test.h"

enum {
    COUNT = 8,
    LOW = 4
};

static struct slot_table table;
static uint32_t seqids[LIMIT_SLOTS];

static int set_up(void **unused)
{
    (void)unused;
    memset(seqids, 0, sizeof(seqids));
    slot_table_init(&table, COUNT);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    slot_table_fini(&table);
    return 0;
}

/* A request begins; its reply will report the present grant. */
static struct slot *begin(uint32_t id, uint32_t highest, int64_t *grown)
{
    struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct slot *slot = slot_at(&table, id);

    assert_int_equal(slot_acquire(slot, ++seqids[id], &request, &replay), SLOT_NEW);
    assert_true(slot_table_resize_try(&table));
    *grown = slot_table_retire_unused(&table, slot, highest);
    slot_table_resize_end(&table);
    atomic_store(&slot->told_generation, slot_table_grant(&table).generation);
    return slot;
}

static int64_t use(uint32_t id, uint32_t highest)
{
    int64_t grown;

    slot_release(begin(id, highest, &grown), "reply", 5);
    return grown;
}

static void expect(uint32_t target, uint32_t enforced, uint32_t kept)
{
    struct slot_grant grant = slot_table_grant(&table);

    assert_int_equal(grant.target, target);
    assert_int_equal(grant.enforced, enforced);
    assert_int_equal(slot_table_kept(&table), kept);
}

static void set_target(uint32_t target)
{
    uint32_t generation = slot_table_grant(&table).generation;

    slot_table_set_target(&table, target);
    assert_true(slot_table_grant(&table).generation > generation);
}

/* All slots have been used, then fewer are wanted. */
static void aim_low(void)
{
    for (uint32_t i = 0; i < COUNT; i++)
        use(i, COUNT - 1);
    expect(COUNT, COUNT, COUNT);
    set_target(LOW);
    expect(LOW, COUNT, COUNT);
}

static void one_changes_at_a_time(void **unused)
{
    (void)unused;
    assert_true(slot_table_resize_try(&table));
    assert_false(slot_table_resize_try(&table));
    slot_table_resize_end(&table);
    assert_true(slot_table_resize_try(&table));
}

static void grows(void **unused)
{
    (void)unused;
    slot_table_grow(&table, LIMIT_SLOTS);
    expect(LIMIT_SLOTS, LIMIT_SLOTS, LIMIT_SLOTS);
    assert_int_equal(slot_table_high(&table), LIMIT_SLOTS);
    use(LIMIT_SLOTS - 1, LIMIT_SLOTS - 1);
    assert_int_equal(slot_table_reply_bytes(&table), 5);
}

/* The client must have seen every earlier reply, then a later one. */
static void shrinks_in_two_steps(void **unused)
{
    (void)unused;
    aim_low();
    for (uint32_t i = 0; i < LOW; i++) { /* the last reply in the slot reported COUNT */
        assert_int_equal(use(i, LOW - 1), 0);
        assert_false(slot_table_grant(&table).settled);
    }
    use(1, LOW - 1); /* the replies in 0 to 3 have reported LOW */
    assert_true(slot_table_grant(&table).settled);
    expect(LOW, COUNT, COUNT);
    use(0, LOW - 1); /* but the last reply in this slot was before that */
    expect(LOW, COUNT, COUNT);
    assert_int_equal(use(1, LOW - 1), -5 * (COUNT - LOW));
    expect(LOW, LOW, LOW);
    assert_int_equal(slot_table_reply_bytes(&table), 5 * LOW);
    assert_int_equal(slot_table_high(&table), COUNT);
    slot_table_forget_high(&table);
    assert_int_equal(slot_table_high(&table), LOW);
}

/* The first request in a slot may have been in transit since before the target was lowered, and
 * replies to later ones in slots beyond may have reported the old target. */
static void first_use_proves_nothing(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < LOW - 1; i++)
        use(i, LOW - 1);
    set_target(LOW);
    for (uint32_t i = 0; i < LOW - 1; i++)
        use(i, LOW - 1);
    use(LOW - 1, LOW - 1);
    assert_false(slot_table_grant(&table).settled);
    use(LOW - 1, LOW - 1);
    assert_true(slot_table_grant(&table).settled);
}

static void not_while_slots_beyond_are_used(void **unused)
{
    (void)unused;
    aim_low();
    for (int i = 0; i < 10; i++) {
        use(0, COUNT - 1);
        use(1, COUNT - 1);
    }
    assert_false(slot_table_grant(&table).settled); /* 2 to 7 have not reported it */
    use(0, 0);
    assert_true(slot_table_grant(&table).settled);
    for (int i = 0; i < 10; i++)
        use(0, LOW);
    expect(LOW, COUNT, COUNT);
    use(0, LOW - 1);
    expect(LOW, LOW, LOW);
}

/* A changed target begins the steps anew. */
static void changes_its_mind(void **unused)
{
    (void)unused;
    aim_low();
    use(0, 0);
    use(0, 0);
    assert_true(slot_table_grant(&table).settled);
    set_target(COUNT);
    expect(COUNT, COUNT, COUNT);
    use(0, 0);
    set_target(LOW - 1);
    assert_false(slot_table_grant(&table).settled);
    use(0, 0);
    use(0, 0);
    expect(LOW - 1, COUNT, COUNT);
    use(0, 0);
    expect(LOW - 1, LOW - 1, LOW - 1);
}

/* A retry that is being answered keeps its slot, and those below it. */
static void stops_at_a_slot_in_use(void **unused)
{
    int64_t grown;
    struct slot *busy;

    (void)unused;
    aim_low();
    use(0, 0);
    use(0, 0);
    busy = slot_at(&table, 5);
    atomic_fetch_add(&busy->word, SLOT_STATE_READING - SLOT_STATE_CACHED);
    assert_int_equal(use(0, 0), -10);
    expect(LOW, 6, 6);
    assert_int_equal(slot_table_busy(&table, UINT32_MAX), 0);
    atomic_fetch_sub(&busy->word, SLOT_STATE_READING - SLOT_STATE_CACHED);
    slot_release(begin(0, 0, &grown), NULL, 0);
    assert_int_equal(grown, -10);
    expect(LOW, LOW, LOW);
}

static void forced(void **unused)
{
    struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct slot *beyond;
    int64_t grown;

    (void)unused;
    aim_low();
    beyond = begin(6, 6, &grown);
    assert_false(slot_table_enforce_target(&table));
    expect(LOW, COUNT, COUNT);
    slot_release(beyond, NULL, 0);
    assert_true(slot_table_enforce_target(&table));
    expect(LOW, LOW, COUNT);
    assert_int_equal(slot_table_high(&table), LOW);
    assert_int_equal(slot_acquire_retry(beyond, 2, &request, &replay, &grown), SLOT_UNCACHED);
    assert_int_equal(use(0, LOW), 0); /* this may be a retry */
    expect(LOW, LOW, COUNT);
    assert_int_equal(use(0, LOW - 1), -20); /* 6 kept nothing, but had room */
    expect(LOW, LOW, LOW);
}

/* Slots kept for retries beyond a forced target are not enforced again. */
static void forced_and_lowered(void **unused)
{
    struct slot *busy = slot_at(&table, COUNT - 1);

    (void)unused;
    aim_low();
    assert_true(slot_table_enforce_target(&table));
    set_target(LOW - 1);
    use(0, 0);
    use(0, 0);
    assert_true(slot_table_grant(&table).settled);
    atomic_fetch_add(&busy->word, SLOT_STATE_READING - SLOT_STATE_CACHED);
    use(0, 0);
    expect(LOW - 1, LOW, COUNT);
    atomic_fetch_sub(&busy->word, SLOT_STATE_READING - SLOT_STATE_CACHED);
    use(0, 0);
    use(0, 0);
    expect(LOW - 1, LOW - 1, LOW - 1);
}

/* A retired slot can be used again: see slot_test.c for the seqids. */
static void grows_again(void **unused)
{
    (void)unused;
    aim_low();
    use(0, 0);
    use(0, 0);
    use(0, 0);
    expect(LOW, LOW, LOW);
    slot_table_grow(&table, COUNT);
    expect(COUNT, COUNT, COUNT);
    seqids[5] = 0;
    use(5, 5);
    use(6, 6);
    use(5, 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_changes_at_a_time),
        TEST(grows),
        TEST(shrinks_in_two_steps),
        TEST(first_use_proves_nothing),
        TEST(not_while_slots_beyond_are_used),
        TEST(changes_its_mind),
        TEST(stops_at_a_slot_in_use),
        TEST(forced),
        TEST(forced_and_lowered),
        TEST(grows_again),
    };

    return test_group_run(tests);
}
