/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte-range locks compared with a model of every byte: random requests of several owners, also at
 * the end of the 64-bit space; and that many locks stay fast.
 */
#include "state/file/lock_table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "lib/test.h"

enum {
    BYTES = 48,
    OWNERS = 4,
    SETS = 6, /* two of the owners have two sets each */
    TURNS = 60000,
};

/* The table only compares the addresses of owners. */
static struct owner *owner_of(int index)
{
    static char owners[OWNERS];

    return (struct owner *)(void *)&owners[index];
}

static struct lock_table table;
static struct lock_set sets[SETS];

static int set_up(void **unused)
{
    (void)unused;
    lock_table_init(&table);
    for (int i = 0; i < SETS; i++) {
        assert_int_equal(lock_table_holder(&table, owner_of(i % OWNERS)) == NULL, i < OWNERS);
        assert_true(lock_set_init(&table, &sets[i], owner_of(i % OWNERS)));
        assert_ptr_equal(sets[i].holder, lock_table_holder(&table, owner_of(i % OWNERS)));
    }
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    for (int i = 0; i < SETS; i++) {
        while (!lock_table_drop(&table, &sets[i], 1000))
            ;
        lock_set_fini(&table, &sets[i]);
        assert_int_equal(lock_table_holder(&table, owner_of(i % OWNERS)) == NULL,
                         i >= SETS - OWNERS);
    }
    assert_null(table.read.root);
    assert_null(table.write.root);
    lock_table_fini(&table);
    return 0;
}

static void lock_reserved(struct lock_set *set, bool write, const struct lock_range *range)
{
    assert_true(lock_table_reserve(&table));
    lock_table_lock(&table, set, write, range);
}

/* In the smallest possible steps. */
static void unlock_all(int s, const struct lock_range *range)
{
    assert_true(lock_table_reserve(&table));
    while (!lock_table_unlock(&table, sets[s].holder, range, 1))
        ;
}

/* What each owner has locked, by byte: 0 nothing, 1 read, 2 write; and through which set. */
static struct {
    uint8_t kind, set;
} model[OWNERS][BYTES];

/* The first byte that conflicts with another owner's lock, or BYTES. */
static uint32_t model_conflict(int owner, bool write, uint32_t start, uint32_t end)
{
    for (uint32_t b = start; b <= end; b++) {
        for (int o = 0; o < OWNERS; o++) {
            if (o != owner && (model[o][b].kind == 2 || (write && model[o][b].kind == 1)))
                return b;
        }
    }
    return BYTES;
}

/* The runs of equal bytes of all owners: the table must have as many locks. */
static uint32_t model_count(void)
{
    uint32_t count = 0;

    for (int o = 0; o < OWNERS; o++) {
        for (uint32_t b = 0; b < BYTES; b++) {
            bool same = b > 0 && memcmp(&model[o][b], &model[o][b - 1], sizeof(model[o][b])) == 0;

            count += model[o][b].kind != 0 && !same;
        }
    }
    return count;
}

/* Every lock of a set matches the model, and no byte is missing. */
static void compare(uint64_t base)
{
    uint32_t bytes = 0, model_bytes = 0;

    for (int s = 0; s < SETS; s++) {
        LIST_FOREACH (lock, &sets[s].locks, struct lock, set_link) {
            const struct lock_range *range = &lock->in_file.range;

            assert_int_equal(range->start, lock->in_holder.range.start);
            assert_int_equal(range->end, lock->in_holder.range.end);
            for (uint64_t b = range->start - base; b <= range->end - base; b++, bytes++) {
                assert_int_equal(model[s % OWNERS][b].kind, lock->write ? 2 : 1);
                assert_int_equal(model[s % OWNERS][b].set, s);
            }
        }
    }
    for (int o = 0; o < OWNERS; o++) {
        for (uint32_t b = 0; b < BYTES; b++)
            model_bytes += model[o][b].kind != 0;
    }
    assert_int_equal(bytes, model_bytes);
    assert_int_equal(table.count, model_count());
}

static void check_tree(const struct lock_node *node, uint32_t *count)
{
    const void *all_of = node->whose;
    uint64_t max = node->range.end;

    (*count)++;
    for (int side = 0; side < 2; side++) {
        const struct lock_node *child = side ? node->right : node->left;

        if (!child)
            continue;
        assert_ptr_equal(child->parent, node);
        assert_true(side ? child->range.start >= node->range.start
                         : child->range.start <= node->range.start);
        check_tree(child, count);
        if (child->max_end > max)
            max = child->max_end;
        if (child->all_of != node->whose)
            all_of = NULL;
    }
    assert_int_equal(node->max_end, max);
    assert_ptr_equal(node->all_of, all_of);
}

static void check_trees(void)
{
    uint32_t count = 0;

    if (table.read.root)
        check_tree(table.read.root, &count);
    if (table.write.root)
        check_tree(table.write.root, &count);
    assert_int_equal(count, table.count);
}

static void turn(uint64_t base)
{
    int s = rand() % SETS, owner = s % OWNERS;
    uint32_t start = (uint32_t)rand() % BYTES;
    uint32_t end = start + (uint32_t)rand() % (rand() % 4 ? 8 : BYTES);
    bool unlock = rand() % 3 == 0, write = rand() % 2;
    struct lock_range range;
    const struct lock *conflict;
    uint32_t first;

    if (end >= BYTES)
        end = BYTES - 1;
    range = (struct lock_range){base + start, base + end};
    conflict = lock_table_conflict(&table, sets[s].holder, write, &range, NULL);
    first = model_conflict(owner, write, start, end);
    assert_int_equal(conflict != NULL, first < BYTES);
    if (conflict) {
        assert_true(conflict->set->holder != sets[s].holder &&
                    lock_range_overlaps(&conflict->in_file.range, &range));
        assert_true(conflict->in_file.range.start <= base + first);
    }
    if (unlock)
        unlock_all(s, &range);
    else if (!conflict)
        lock_reserved(&sets[s], write, &range);
    else
        return;
    for (uint32_t b = start; b <= end; b++) {
        model[owner][b].kind = unlock ? 0 : write ? 2 : 1;
        model[owner][b].set = unlock ? 0 : (uint8_t)s;
    }
}

static void run_model(uint64_t base)
{
    memset(model, 0, sizeof(model));
    for (int i = 0; i < TURNS; i++) {
        turn(base);
        if (i % 64 == 0) {
            compare(base);
            check_trees();
        }
    }
    compare(base);
}

static void test_model_at_the_start(void **unused)
{
    (void)unused;
    srand(1);
    run_model(0);
}

static void test_model_at_the_end(void **unused)
{
    (void)unused;
    srand(2);
    run_model(UINT64_MAX - BYTES + 1);
}

static void test_whole_range(void **unused)
{
    const struct lock_range all = {0, UINT64_MAX}, first = {0, 0}, last = {UINT64_MAX, UINT64_MAX};

    (void)unused;
    lock_reserved(&sets[0], true, &all);
    assert_non_null(lock_table_conflict(&table, NULL, false, &first, NULL));
    assert_non_null(lock_table_conflict(&table, NULL, false, &last, NULL));
    unlock_all(0, &first);
    unlock_all(0, &last);
    assert_null(lock_table_conflict(&table, NULL, true, &first, NULL));
    assert_null(lock_table_conflict(&table, NULL, true, &last, NULL));
    assert_int_equal(table.count, 1);
    lock_reserved(&sets[0], true, &first);
    assert_int_equal(table.count, 1);
}

/* The last byte does not adjoin the first. */
static void test_ends_do_not_touch(void **unused)
{
    const struct lock_range first = {0, 0}, last = {UINT64_MAX, UINT64_MAX}, middle = {5, 5};

    (void)unused;
    lock_reserved(&sets[0], true, &first);
    lock_reserved(&sets[0], true, &last);
    assert_int_equal(table.count, 2);
    assert_null(lock_table_conflict(&table, NULL, true, &middle, NULL));
}

/* Replacing the middle leaves both ends. */
static void test_downgrade_in_the_middle(void **unused)
{
    const struct lock_range ten = {10, 19}, two = {14, 15};
    const struct lock *lock;

    (void)unused;
    lock_reserved(&sets[0], true, &ten);
    lock_reserved(&sets[0], false, &two);
    assert_int_equal(table.count, 3);
    assert_null(lock_table_conflict(&table, sets[1].holder, false, &two, NULL));
    lock = lock_table_conflict(&table, sets[1].holder, true, &ten, NULL);
    assert_int_equal(lock->in_file.range.start, 10);
    assert_int_equal(lock->in_file.range.end, 13);
    lock_reserved(&sets[0], true, &two);
    assert_int_equal(table.count, 1);
}

static void test_split_is_foreseen(void **unused)
{
    const struct lock_range ten = {10, 19}, middle = {14, 15}, left = {10, 12}, over = {5, 30};

    (void)unused;
    lock_reserved(&sets[0], true, &ten);
    assert_true(lock_table_splits(sets[0].holder, &middle));
    assert_false(lock_table_splits(sets[0].holder, &left));
    assert_false(lock_table_splits(sets[0].holder, &over));
    assert_false(lock_table_splits(sets[1].holder, &middle));
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* 100,000 locks of one owner, and as many requests of others between and across them: walking all
 * locks would take 10^10 steps. */
static void test_many_locks_stay_fast(void **unused)
{
    enum {
        LOCKS = 100000
    };
    double start = seconds();

    (void)unused;
    for (uint64_t i = 0; i < LOCKS; i++) {
        const struct lock_range range = {i * 10, i * 10 + 4};

        lock_reserved(&sets[0], i % 2, &range);
    }
    for (uint64_t i = 0; i < LOCKS; i++) {
        const struct lock_range hole = {i * 10 + 5, i * 10 + 9}, wide = {i * 10, i * 10 + 50};

        assert_null(lock_table_conflict(&table, sets[1].holder, true, &hole, NULL));
        assert_non_null(lock_table_conflict(&table, sets[1].holder, false, &wide, NULL));
        lock_reserved(&sets[1], false, &hole);
    }
    assert_int_equal(table.count, 2 * LOCKS);
    assert_true(seconds() - start < 20); /* takes 0.1 s, longer under a sanitizer */
}

/* The same for testing a range that contains only one's own locks. */
static void test_own_locks_are_passed_over(void **unused)
{
    enum {
        LOCKS = 100000
    };
    const struct lock_range all = {0, UINT64_MAX}, last = {LOCKS * 10ull, LOCKS * 10ull};
    double start = seconds();

    (void)unused;
    for (uint64_t i = 0; i < LOCKS; i++)
        lock_reserved(&sets[0], i % 2, &(struct lock_range){i * 10, i * 10 + 4});
    for (uint64_t i = 0; i < LOCKS; i++)
        assert_null(lock_table_conflict(&table, sets[0].holder, true, &all, NULL));
    lock_reserved(&sets[1], true, &last);
    for (uint64_t i = 0; i < LOCKS; i++)
        assert_non_null(lock_table_conflict(&table, sets[0].holder, true, &all, NULL));
    assert_true(seconds() - start < 20); /* takes 0.1 s, longer under a sanitizer */
}

static bool of_set(const struct lock *lock, void *set)
{
    return lock->set == set;
}

static void test_filter(void **unused)
{
    const struct lock_range ten = {0, 9}, five = {5, 9}, all = {0, UINT64_MAX};
    const struct lock_filter filter = {of_set, &sets[2]};

    (void)unused;
    lock_reserved(&sets[1], false, &ten);
    assert_non_null(lock_table_conflict(&table, NULL, true, &all, NULL));
    assert_null(lock_table_conflict(&table, NULL, true, &all, &filter));
    lock_reserved(&sets[2], false, &five);
    assert_ptr_equal(lock_table_conflict(&table, NULL, true, &all, &filter)->set, &sets[2]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_model_at_the_start),
        TEST(test_model_at_the_end),
        TEST(test_whole_range),
        TEST(test_ends_do_not_touch),
        TEST(test_downgrade_in_the_middle),
        TEST(test_split_is_foreseen),
        TEST(test_many_locks_stay_fast),
        TEST(test_own_locks_are_passed_over),
        TEST(test_filter),
    };

    return test_group_run(tests);
}
