/* SPDX-License-Identifier: Apache-2.0 */
/* Known IDs: which are kept, and when they are dropped. */
#include "backend/local/known.h"

#include <linux/magic.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lib/test.h"

enum {
    BORN_S = 1000,
    MS = 1000000,
    BUDGET = 1 << 16,
    SHARE_BYTES = 1 << 20,        /* of another budget, */
    PARTS = 64,                   /* which has so many */
    SHARE_IDS = SHARE_BYTES / 48, /* entries fill it */
};

static struct local_known *known;

static struct clock_wall clock_at(int64_t s, int64_t set_s)
{
    return (struct clock_wall){.now_ns = s * NSEC_PER_SEC, .set_ns = set_s * NSEC_PER_SEC};
}

static struct statx statx_of(uint64_t ino)
{
    return (struct statx){.stx_mask = STATX_BTIME,
                          .stx_ino = ino,
                          .stx_btime = {.tv_sec = BORN_S, .tv_nsec = 500 * MS}};
}

/* As tmpfs has it: type, generation, inode number. */
static struct local_id id_of(uint64_t ino, uint32_t generation)
{
    struct local_id id = {.len = 13, .data = {1}};

    memcpy(id.data + 1, &generation, 4);
    memcpy(id.data + 5, &ino, 8);
    return id;
}

/* Find, or else keep.  Found: its generation; kept: 0; neither: -1. */
static int64_t meet(uint64_t ino, uint32_t generation, struct clock_wall clock)
{
    const struct statx st = statx_of(ino);
    struct local_id id = id_of(ino, generation), found = {.len = 0};
    struct local_known_look look;
    uint32_t number;

    if (!local_known_find_at(known, &st, &clock, &look, &found))
        return local_known_keep(known, &st, &look, &id) ? 0 : -1;
    assert_int_equal(found.len, id.len);
    memcpy(&number, found.data + 1, 4);
    assert_memory_equal(found.data + 5, id.data + 5, 8);
    return number;
}

static int set_up(void **state)
{
    (void)state;
    known = local_known_create(TMPFS_MAGIC);
    return known ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    memory_budget_set(0);
    local_known_destroy(known);
    return 0;
}

static void old_objects_are_known(void **state)
{
    (void)state;
    assert_int_equal(meet(7, 3, clock_at(BORN_S + 1, 0)), 0);
    assert_int_equal(meet(7, 4, clock_at(BORN_S + 1, 0)), 3);
    assert_int_equal(meet(7, 4, clock_at(BORN_S + 100, 0)), 3);
    assert_int_equal(meet(8, 4, clock_at(BORN_S + 1, 0)), 0);
    local_known_forget(known, 7);
    assert_int_equal(meet(7, 4, clock_at(BORN_S + 1, 0)), 0);
    assert_int_equal(meet(8, 5, clock_at(BORN_S + 1, 0)), 4);
    local_known_drop(known);
    assert_int_equal(meet(7, 5, clock_at(BORN_S + 1, 0)), 0);
}

static void another_birth_is_another_object(void **state)
{
    struct statx st = statx_of(7);
    struct clock_wall clock = clock_at(BORN_S + 1, 0);
    struct local_known_look look;
    struct local_id id;

    (void)state;
    assert_int_equal(meet(7, 3, clock), 0);
    assert_true(local_known_find_at(known, &st, &clock, &look, &id));
    st.stx_btime.tv_nsec++;
    assert_false(local_known_find_at(known, &st, &clock, &look, &id));
    st = statx_of(7);
    st.stx_btime.tv_sec++;
    assert_false(local_known_find_at(known, &st, &clock, &look, &id));
}

/* Another object could get the same inode number and birth time within the same tick. */
static void young_objects_are_not_kept(void **state)
{
    struct clock_wall clock = clock_at(BORN_S, 0);

    (void)state;
    clock.now_ns += 500 * MS;
    assert_int_equal(meet(7, 3, clock), -1);
    clock.now_ns += 100 * MS;
    assert_int_equal(meet(7, 3, clock), -1);
    clock.now_ns += 99 * MS;
    assert_int_equal(meet(7, 3, clock), -1);
    assert_int_equal(meet(7, 3, clock_at(BORN_S - 1, 0)), -1);
    clock.now_ns += 2 * MS;
    assert_int_equal(meet(7, 3, clock), 0);
}

/* The age counts that was seen before the ID was read. */
static void late_keepers_have_early_looks(void **state)
{
    const struct statx st = statx_of(7);
    struct clock_wall young = clock_at(BORN_S, 0), old = clock_at(BORN_S + 9, 0);
    struct local_known_look early, late;
    struct local_id id = id_of(7, 3);

    (void)state;
    assert_false(local_known_find_at(known, &st, &young, &early, &id));
    assert_false(local_known_find_at(known, &st, &old, &late, &id));
    id = id_of(7, 3);
    assert_false(local_known_keep(known, &st, &early, &id));
    assert_true(local_known_keep(known, &st, &late, &id));
}

static void handles_of_other_inodes_are_not_kept(void **state)
{
    static const int64_t magics[] = {TMPFS_MAGIC, EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,
                                     BTRFS_SUPER_MAGIC};
    const struct clock_wall clock = clock_at(BORN_S + 1, 0);
    const struct statx st = statx_of(7);
    struct local_known_look look;
    struct local_id id;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
        struct local_known *one = local_known_create(magics[i]);

        assert_non_null(one);
        assert_false(local_known_find_at(one, &st, &clock, &look, &id));
        id = id_of(8, 3);
        assert_false(local_known_keep(one, &st, &look, &id));
        id = id_of(7, 3);
        id.data[0] = 0x77; /* a form that we do not know */
        assert_false(local_known_keep(one, &st, &look, &id));
        id = (struct local_id){.len = 0};
        assert_false(local_known_keep(one, &st, &look, &id));
        id = (struct local_id){.len = LOCAL_ID_BYTES_MAX};
        assert_false(local_known_keep(one, &st, &look, &id));
        local_known_destroy(one);
    }
    assert_null(local_known_create(OVERLAYFS_SUPER_MAGIC));
    assert_false(local_known_find(NULL, &st, &look, &id));
    assert_false(local_known_keep(NULL, &st, &look, &id));
}

/* An object that is made then may have the birth time of one that is known. */
static void a_clock_set_back_drops_all(void **state)
{
    const struct statx st = statx_of(7);
    struct clock_wall before = clock_at(BORN_S + 1, 0), after = clock_at(BORN_S + 1, -1);
    struct local_known_look look;
    struct local_id id = id_of(7, 3);

    (void)state;
    assert_int_equal(meet(8, 3, before), 0);
    before.set_ns -= 20 * MS; /* no more than what two reads of the clock differ by */
    assert_int_equal(meet(8, 4, before), 3);
    assert_false(local_known_find_at(known, &st, &before, &look, &id));
    assert_int_equal(meet(8, 4, after), 0);
    assert_int_equal(meet(8, 5, after), 4);
    /* What was looked for before that comes too late. */
    id = id_of(7, 3);
    assert_true(local_known_keep(known, &st, &look, &id));
    assert_int_equal(meet(7, 4, after), 0);
    /* Forward is harmless; and back from there is back. */
    assert_int_equal(meet(8, 6, clock_at(BORN_S + 1, 50)), 4);
    assert_int_equal(meet(8, 6, after), 0);
}

static uint32_t count_known(uint32_t count)
{
    uint32_t found = 0;

    for (uint32_t i = 1; i <= count; i++)
        found += meet(i, 9, clock_at(BORN_S + 1, 0)) > 0;
    return found;
}

static void memory_is_bounded(void **state)
{
    const uint32_t many = 2 * LIMIT_LOCAL_KNOWN_IDS;
    struct memory_stats before, after;
    uint32_t kept;

    (void)state;
    memory_stats_read(&before);
    for (uint32_t i = 1; i <= 1000; i++)
        assert_int_equal(meet(i, 2, clock_at(BORN_S + 1, 0)), 0);
    assert_int_equal(count_known(1000), 1000);
    for (uint32_t i = 1001; i <= many; i++)
        assert_int_equal(meet(i, 2, clock_at(BORN_S + 1, 0)), 0);
    memory_stats_read(&after);
    kept = count_known(many);
    assert_true(kept <= LIMIT_LOCAL_KNOWN_IDS);
    assert_true(kept > LIMIT_LOCAL_KNOWN_IDS / 4);
    assert_true(after.of[MEMORY_cached] - before.of[MEMORY_cached] <=
                (uint64_t)LIMIT_LOCAL_KNOWN_IDS * 48 + 64);
}

static uint64_t bytes_cached(void)
{
    struct memory_stats stats;

    memory_stats_read(&stats);
    return stats.of[MEMORY_cached];
}

/* No more than a share of the budget; and not much less, as arrays only double. */
static void a_small_budget_bounds_them_further(void **state)
{
    const uint64_t before = bytes_cached();

    (void)state;
    memory_budget_set((uint64_t)SHARE_BYTES * PARTS);
    for (uint32_t i = 1; i <= 4 * SHARE_IDS; i++)
        assert_int_equal(meet(i, 2, clock_at(BORN_S + 1, 0)), 0);
    assert_in_range(bytes_cached() - before, SHARE_BYTES / 4, SHARE_BYTES);
    assert_false(memory_is_tight()); /* which would be another reason */
}

static void without_memory_others_give_way(void **state)
{
    (void)state;
    memory_budget_set(BUDGET);
    for (uint32_t i = 1; i <= 100000; i++)
        assert_int_equal(meet(i, 2, clock_at(BORN_S + 1, 0)), 0);
    memory_fail_nth(1);
    assert_null(local_known_create(TMPFS_MAGIC));
    memory_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(old_objects_are_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_birth_is_another_object, set_up, tear_down),
        cmocka_unit_test_setup_teardown(young_objects_are_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(late_keepers_have_early_looks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(handles_of_other_inodes_are_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_set_back_drops_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_small_budget_bounds_them_further, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_others_give_way, set_up, tear_down),
    };

    return test_group_run(tests);
}
