/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that may run out: what is counted, the budget, and what works without memory. */
#include "base/limits.h"
#include "base/memory.h"

#include "base/arena.h"
#include "base/htable.h"
#include "lib/test.h"

enum {
    BLOCK_BYTES = 1 << 20,
    NODES = 1000,
};

static uint64_t used(enum memory_class of)
{
    struct memory_stats stats;

    memory_stats_read(&stats);
    return stats.of[of];
}

static void counted(void **unused)
{
    void *block = memory_alloc(MEMORY_opens, BLOCK_BYTES);
    void *aligned = memory_alloc_aligned(MEMORY_locks, 64, BLOCK_BYTES);

    (void)unused;
    assert_non_null(block);
    assert_int_equal((uintptr_t)aligned % 64, 0);
    assert_in_range(used(MEMORY_opens), BLOCK_BYTES, 2 * BLOCK_BYTES);
    assert_in_range(used(MEMORY_locks), BLOCK_BYTES, 2 * BLOCK_BYTES);
    memory_free(MEMORY_opens, block);
    memory_free(MEMORY_locks, aligned);
    memory_free(MEMORY_locks, NULL);
    assert_int_equal(used(MEMORY_opens), 0);
    assert_int_equal(used(MEMORY_locks), 0);
}

static void budget(void **unused)
{
    struct memory_stats stats;
    void *first, *second;

    (void)unused;
    memory_budget_set(2 * BLOCK_BYTES);
    first = memory_zalloc(MEMORY_buffers, BLOCK_BYTES);
    assert_non_null(first);
    assert_false(memory_is_short());
    assert_null(memory_alloc(MEMORY_buffers, BLOCK_BYTES + 1));
    memory_stats_read(&stats);
    assert_int_equal(stats.refused, 1);
    assert_true(memory_is_short());
    assert_false(memory_is_short());
    assert_null(memory_alloc(MEMORY_opens, BLOCK_BYTES * 3 / 5));
    assert_true(memory_is_short());
    second = memory_alloc(MEMORY_buffers, BLOCK_BYTES * 3 / 5);
    assert_non_null(second);
    assert_true(memory_is_short());
    assert_true(memory_is_short());
    memory_free(MEMORY_buffers, first);
    memory_free(MEMORY_buffers, second);
    assert_false(memory_is_short());
    memory_budget_set(0);
}

/* Who opens files without end leaves room for others to come, and to look up theirs. */
static void opens_leave_room(void **unused)
{
    static const enum memory_class endless[] = {MEMORY_opens, MEMORY_locks, MEMORY_delegations};
    static const enum memory_class others[] = {MEMORY_cached, MEMORY_clients, MEMORY_sessions,
                                               MEMORY_tables};
    void *held;

    (void)unused;
    memory_budget_set(16 * BLOCK_BYTES);
    held = memory_alloc(MEMORY_opens, 10 * BLOCK_BYTES + BLOCK_BYTES / 2);
    assert_non_null(held);
    for (size_t i = 0; i < ARRAY_SIZE(endless); i++)
        assert_null(memory_alloc(endless[i], BLOCK_BYTES));
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        void *more = memory_alloc(others[i], BLOCK_BYTES);

        assert_non_null(more);
        memory_free(others[i], more);
        assert_null(memory_alloc(others[i], 2 * BLOCK_BYTES));
    }
    memory_free(MEMORY_opens, held);
    assert_true(memory_is_short());
    memory_budget_set(0);
}

/* Memory of mem exports has a limit of its own: the two limits are independent, and a full store is
 * no reason to forget clients. */
static void store(void **unused)
{
    void *data, *request;

    (void)unused;
    assert_int_equal(memory_store_free(), UINT64_MAX);
    memory_budget_set(BLOCK_BYTES);
    memory_store_set(2 * BLOCK_BYTES);
    data = memory_alloc(MEMORY_data, BLOCK_BYTES * 3 / 2);
    assert_non_null(data);
    assert_in_range(memory_store_free(), 1, BLOCK_BYTES / 2);
    assert_null(memory_alloc(MEMORY_objects, BLOCK_BYTES));
    assert_false(memory_is_short());
    request = memory_alloc(MEMORY_cached, BLOCK_BYTES / 2);
    assert_non_null(request);
    assert_null(memory_alloc(MEMORY_cached, BLOCK_BYTES / 2));
    assert_true(memory_is_short());
    memory_free(MEMORY_data, data);
    data = memory_alloc(MEMORY_objects, BLOCK_BYTES);
    assert_non_null(data);
    memory_free(MEMORY_objects, data);
    memory_free(MEMORY_cached, request);
    memory_budget_set(0);
    memory_store_set(0);
}

/* Whoever raises a budget that is too low must be able to ask for it. */
static void admin(void **unused)
{
    void *held, *request;

    (void)unused;
    held = memory_alloc(MEMORY_buffers, BLOCK_BYTES);
    assert_non_null(held);
    memory_budget_set(1);
    assert_null(memory_alloc(MEMORY_buffers, BLOCK_BYTES));
    assert_true(memory_is_short());
    request = memory_alloc(MEMORY_admin, BLOCK_BYTES);
    assert_non_null(request);
    memory_free(MEMORY_buffers, held);
    (void)memory_is_short();
    assert_null(memory_alloc(MEMORY_admin, LIMIT_ADMIN_MEMORY_BYTES));
    assert_false(memory_is_short());
    memory_free(MEMORY_admin, request);
    memory_budget_set(0);
}

/* A cache may check at any rate without disturbing the timer's measurement. */
static void tight(void **unused)
{
    void *block;

    (void)unused;
    (void)memory_is_short();
    memory_budget_set(2 * BLOCK_BYTES);
    assert_false(memory_is_tight());
    block = memory_alloc(MEMORY_buffers, BLOCK_BYTES * 3 / 2);
    assert_non_null(block);
    assert_true(memory_is_tight());
    assert_true(memory_is_short());
    memory_free(MEMORY_buffers, block);
    assert_null(memory_alloc(MEMORY_buffers, 3 * BLOCK_BYTES));
    assert_false(memory_is_tight());
    assert_true(memory_is_short());
    memory_budget_set(0);
}

static void fault(void **unused)
{
    void *p;

    (void)unused;
    memory_fail_nth(2);
    p = memory_alloc(MEMORY_calls, 1);
    assert_non_null(p);
    assert_false(memory_fail_done());
    assert_null(memory_zalloc(MEMORY_calls, 1));
    assert_true(memory_fail_done());
    memory_free(MEMORY_calls, p);
    p = memory_alloc(MEMORY_calls, 1);
    assert_non_null(p);
    memory_free(MEMORY_calls, p);
    memory_fail_nth(0);
    assert_false(memory_fail_done());
}

/* An arena whose allocation failed can be used again. */
static void arena(void **unused)
{
    struct arena arena;

    (void)unused;
    arena_init(&arena, 4096);
    memory_fail_nth(1);
    assert_null(arena_alloc(&arena, 1));
    assert_true(arena.out_of_memory);
    assert_non_null(arena_alloc(&arena, 1));
    memory_fail_nth(1);
    assert_null(arena_alloc(&arena, BLOCK_BYTES));
    assert_non_null(arena_alloc(&arena, BLOCK_BYTES));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_false(arena.out_of_memory); /* reaching a limit is not starvation */
    arena_reset(&arena);
    assert_in_range(used(MEMORY_calls), 4096, 2 * 4096);
    arena_fini(&arena);
    assert_int_equal(used(MEMORY_calls), 0);
}

/* A hash table that cannot grow still stores entries. */
static void table(void **unused)
{
    static struct hnode nodes[NODES];
    struct htable table;

    (void)unused;
    htable_init(&table, 0);
    memory_budget_set(1);
    for (uint64_t i = 0; i < NODES; i++)
        htable_insert(&table, &nodes[i], hash_u64(i));
    memory_budget_set(0);
    for (uint64_t i = 0; i < NODES; i++)
        assert_ptr_equal(htable_first(&table, hash_u64(i)), &nodes[i]);
    for (int i = 0; i < NODES; i++)
        htable_remove(&table, &nodes[i]);
    htable_fini(&table);
    assert_int_equal(used(MEMORY_tables), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted), cmocka_unit_test(budget), cmocka_unit_test(opens_leave_room),
        cmocka_unit_test(fault),   cmocka_unit_test(store),  cmocka_unit_test(admin),
        cmocka_unit_test(tight),   cmocka_unit_test(arena),  cmocka_unit_test(table),
    };

    return test_group_run(tests);
}
