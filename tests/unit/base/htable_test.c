/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes in is found again, whatever shares its hash or its bucket, while the table grows or
 * shrinks and when it cannot.
 */
#include "base/htable.h"

#include "base/memory.h"
#include "lib/test.h"

enum {
    MANY = 1000,
    MOST_MOVED = 16, /* buckets, with one change */
    LAG = 100        /* rounds after which what came goes */
};

struct item {
    struct hnode node;
    unsigned visits;
};

static struct item items[MANY];
static struct htable table;

static int set_up(void **state)
{
    (void)state;
    memset(items, 0, sizeof(items));
    htable_init(&table, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_fail_nth(0);
    htable_fini(&table);
    return 0;
}

static void insert_many(void)
{
    for (size_t i = 0; i < MANY; i++)
        htable_insert(&table, &items[i].node, hash_u64(i));
}

static void remove_many(void)
{
    for (size_t i = 0; i < MANY; i++)
        htable_remove(&table, &items[i].node);
}

static void expect_many(void)
{
    assert_int_equal(table.count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(htable_first(&table, hash_u64(i)), &items[i].node);
        assert_null(htable_next(&items[i].node));
    }
    assert_null(htable_first(&table, hash_u64(MANY)));
}

static void grows(void **state)
{
    (void)state;
    insert_many();
    assert_true(table.mask + 1 >= MANY);
    expect_many();
    remove_many();
    assert_null(htable_first(&table, hash_u64(0)));
}

/* With one more change, which has begun a move or gone on with it. */
static void expect_few_moved(size_t *moved)
{
    size_t now = table.old ? table.moved : 0;

    assert_true(now <= MOST_MOVED || now - *moved <= MOST_MOVED);
    *moved = now;
}

/* One change moves a few buckets only, and at each moment all nodes are found. */
static void moves_in_steps(void **state)
{
    size_t moved = 0, steps = 0;

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        htable_insert(&table, &items[i].node, hash_u64(i));
        expect_few_moved(&moved);
        steps += moved > 0;
        for (size_t j = 0; j <= i; j++)
            assert_ptr_equal(htable_first(&table, hash_u64(j)), &items[j].node);
    }
    assert_true(steps > MANY / 8);
    remove_many();
}

static uint64_t bytes_of_tables(void)
{
    struct memory_stats stats;

    memory_settle();
    memory_stats_read(&stats);
    return stats.of[MEMORY_tables];
}

/* Down to the first size, and each node that is left is found meanwhile. */
static void shrinks(void **state)
{
    uint64_t before = bytes_of_tables();
    bool moving = false;
    size_t moved = 0;

    (void)state;
    insert_many();
    assert_true(bytes_of_tables() >= before + MANY * sizeof(struct hnode *));
    for (size_t i = 0; i < MANY; i++) {
        htable_remove(&table, &items[i].node);
        expect_few_moved(&moved);
        moving |= table.old && table.old_mask > table.mask;
        for (size_t j = i + 1; j < MANY; j++)
            assert_ptr_equal(htable_first(&table, hash_u64(j)), &items[j].node);
    }
    assert_true(moving);
    for (size_t i = 0; table.old; i++) { /* the last array empties with what comes next */
        htable_insert(&table, &items[i].node, hash_u64(i));
        htable_remove(&table, &items[i].node);
    }
    assert_int_equal(table.mask + 1, HTABLE_FEW);
    assert_int_equal(bytes_of_tables(), before);
}

/* Without memory it stays as it is, and grows with the next node for which there is some. */
static void grows_later(void **state)
{
    (void)state;
    for (size_t i = 0; i < HTABLE_FEW; i++)
        htable_insert(&table, &items[i].node, hash_u64(i));
    memory_fail_nth(1);
    htable_insert(&table, &items[HTABLE_FEW].node, hash_u64(HTABLE_FEW));
    assert_true(memory_fail_done());
    assert_int_equal(table.mask, HTABLE_FEW - 1);
    for (size_t i = HTABLE_FEW + 1; i < MANY; i++)
        htable_insert(&table, &items[i].node, hash_u64(i));
    assert_true(table.mask + 1 >= MANY);
    expect_many();
    remove_many();
}

static void begins_as_hinted(void **state)
{
    (void)state;
    htable_fini(&table);
    htable_init(&table, MANY);
    assert_int_equal(table.mask + 1, 1024);
    insert_many();
    assert_int_equal(table.mask + 1, 1024);
    expect_many();
    remove_many();
    assert_int_equal(table.mask + 1, 1024); /* and as many stay */
    htable_fini(&table);
    memory_fail_nth(1);
    htable_init(&table, MANY);
    assert_true(memory_fail_done());
    assert_int_equal(table.mask + 1, HTABLE_FEW);
    insert_many();
    expect_many();
    remove_many();
}

/* Three of one hash, between others of the same bucket. */
static void one_hash_for_several(void **state)
{
    static const uint64_t hashes[] = {7, 7 + HTABLE_FEW, 7, 7 + 2 * HTABLE_FEW, 7};
    unsigned found = 0;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        htable_insert(&table, &items[i].node, hashes[i]);
    for (struct hnode *node = htable_first(&table, 7); node; node = htable_next(node)) {
        assert_int_equal(node->hash, 7);
        found++;
    }
    assert_int_equal(found, 3);
    assert_ptr_equal(htable_guess(&table, 7), &items[4].node); /* the last one that came */
    assert_null(htable_guess(&table, 8));
    htable_remove(&table, &items[2].node);
    for (struct hnode *node = htable_first(&table, 7); node; node = htable_next(node))
        assert_true(node == &items[0].node || node == &items[4].node);
    assert_ptr_equal(htable_first(&table, hashes[3]), &items[3].node);
    for (size_t i = 0; i < 5; i++) {
        if (i != 2)
            htable_remove(&table, &items[i].node);
    }
}

static bool visit(struct hnode *node, void *arg)
{
    unsigned *left = arg;

    ((struct item *)node)->visits++;
    htable_remove(&table, node);
    return --*left > 0;
}

/* Each once, though it goes; no more of them once the visitor has enough. */
static void visits(void **state)
{
    unsigned left = MANY / 2;

    (void)state;
    insert_many();
    htable_visit(&table, visit, &left);
    assert_int_equal(left, 0);
    assert_int_equal(table.count, MANY - MANY / 2);
    left = MANY;
    htable_visit(&table, visit, &left);
    assert_int_equal(table.count, 0);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(items[i].visits, 1);
}

static bool note(struct hnode *node, void *arg)
{
    unsigned *left = arg;

    ((struct item *)node)->visits++;
    return *left == 0 || --*left > 0;
}

/* One half is there from the beginning, and none of the other half comes or goes twice. */
static void come_and_go(size_t round)
{
    size_t comes = MANY / 2 + round, goes = MANY / 2 + round - LAG;

    if (comes < MANY)
        htable_insert(&table, &items[comes].node, hash_u64(comes));
    if (round >= LAG && goes < MANY)
        htable_remove(&table, &items[goes].node);
}

/* In pieces of a few nodes or buckets, while the table grows. */
static void walk_in_pieces(void **state)
{
    struct htable_place place = {0};
    size_t rounds = 0, mask;

    (void)state;
    for (size_t i = 0; i < MANY / 2; i++)
        htable_insert(&table, &items[i].node, hash_u64(i));
    mask = table.mask;
    for (; !place.end; rounds++) {
        unsigned left = rounds % 3; /* 0: no limit but that of buckets */

        htable_walk(&table, &place, 1 + rounds % 2, note, &left);
        come_and_go(rounds);
    }
    assert_true(rounds > MANY / 4);
    assert_true(table.mask > mask); /* it has grown, or the test shows nothing */
    for (size_t i = 0; i < MANY; i++)
        assert_true(i < MANY / 2 ? items[i].visits == 1 : items[i].visits <= 1);
    for (; rounds < MANY; rounds++)
        come_and_go(rounds);
    for (size_t i = 0; i < MANY / 2; i++)
        htable_remove(&table, &items[i].node);
}

static void expect_walk_of(size_t from, size_t to)
{
    struct htable_place place = {0};
    unsigned left = 0;

    assert_non_null(table.old);
    htable_walk(&table, &place, UINT32_MAX, note, &left);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(items[i].visits, i >= from && i < to);
        items[i].visits = 0;
    }
}

/* Each node once, in whichever array it is. */
static void walk_amid_a_move(void **state)
{
    size_t to = 0, from = 0;

    (void)state;
    for (; !table.old || table.mask + 1 < MANY || table.moved < 100; to++)
        htable_insert(&table, &items[to].node, hash_u64(to));
    expect_walk_of(from, to);
    for (; !table.old || table.old_mask < table.mask || table.moved < 100; from++)
        htable_remove(&table, &items[from].node);
    expect_walk_of(from, to);
    for (; from < to; from++)
        htable_remove(&table, &items[from].node);
}

/* The ends of the order, and nodes of one hash, are visited once, too. */
static void walk_of_all_hashes(void **state)
{
    static const uint64_t hashes[] = {0, UINT64_MAX, 7, 7, UINT64_MAX - HTABLE_FEW, 1, UINT64_MAX};
    struct htable_place place = {0};
    unsigned calls = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
        htable_insert(&table, &items[i].node, hashes[i]);
    for (; !place.end; calls++) {
        unsigned left = 1;

        htable_walk(&table, &place, UINT32_MAX, note, &left);
    }
    assert_int_equal(calls, 5); /* after the last hash of all it is at the end */
    for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
        assert_int_equal(items[i].visits, 1);
        htable_remove(&table, &items[i].node);
    }
}

static void hashes(void **state)
{
    (void)state;
    assert_int_equal(hash_bytes("abc", 3, 1), hash_bytes("abc", 3, 1));
    assert_int_not_equal(hash_bytes("abc", 3, 1), hash_bytes("abd", 3, 1));
    assert_int_not_equal(hash_bytes("abc", 3, 1), hash_bytes("abc", 3, 2));
    assert_int_not_equal(hash_bytes("abc", 3, 1), hash_bytes("abc", 2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(grows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moves_in_steps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shrinks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(grows_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(begins_as_hinted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_hash_for_several, set_up, tear_down),
        cmocka_unit_test_setup_teardown(visits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(walk_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(walk_amid_a_move, set_up, tear_down),
        cmocka_unit_test_setup_teardown(walk_of_all_hashes, set_up, tear_down),
        cmocka_unit_test(hashes),
    };

    return test_group_run(tests);
}
