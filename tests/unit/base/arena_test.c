/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an arena hands out does not overlap, is aligned, and is freed all at once.  Its end is that
 * of the machine's memory, or its own limit.
 */
#include "base/arena.h"

#include <stdalign.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lib/test.h"

enum {
    CHUNK_BYTES = 1024
};

static struct arena arena;

static uint64_t held_bytes(void)
{
    struct memory_stats stats;

    memory_stats_read(&stats);
    return stats.of[MEMORY_calls];
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, CHUNK_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_fail_nth(0);
    arena_fini(&arena);
    return 0;
}

/* Each has its bytes for itself, over many chunks. */
static void apart_and_aligned(void **state)
{
    enum {
        PIECES = 100
    };
    uint8_t *pieces[PIECES];

    (void)state;
    for (unsigned i = 0; i < PIECES; i++) {
        pieces[i] = arena_alloc(&arena, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)i, i);
    }
    for (unsigned i = 0; i < PIECES; i++) {
        for (unsigned byte = 0; byte < i; byte++)
            assert_int_equal(pieces[i][byte], i);
    }
}

/* A request that stays small has the same memory as the one before. */
static void reset_keeps_the_first_chunk(void **state)
{
    void *first = arena_alloc(&arena, 100);
    uint64_t before;

    (void)state;
    before = held_bytes();
    for (unsigned i = 0; i < 8; i++)
        assert_non_null(arena_alloc(&arena, CHUNK_BYTES));
    assert_true(held_bytes() >= before + (uint64_t)8 * CHUNK_BYTES);
    arena_reset(&arena);
    assert_int_equal(held_bytes(), before);
    assert_int_equal(arena.total, 0);
    assert_ptr_equal(arena_alloc(&arena, 100), first);
}

/* But for one that was made for something large. */
static void reset_keeps_no_large_chunk(void **state)
{
    uint64_t before = held_bytes();

    (void)state;
    assert_non_null(arena_alloc(&arena, (size_t)10 * CHUNK_BYTES));
    assert_true(held_bytes() > before);
    arena_reset(&arena);
    assert_int_equal(held_bytes(), before);
    assert_non_null(arena_alloc(&arena, 1));
}

static void has_a_limit(void **state)
{
    (void)state;
    assert_null(arena_alloc(&arena, LIMIT_ARENA_BYTES + 1));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_strndup(&arena, "", SIZE_MAX));
    assert_non_null(arena_alloc(&arena, LIMIT_ARENA_BYTES - 100));
    assert_null(arena_alloc(&arena, 100));
    assert_non_null(arena_alloc(&arena, 16));
    assert_false(arena.out_of_memory); /* it was the limit, not the machine */
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, LIMIT_ARENA_BYTES));
}

static void without_memory(void **state)
{
    void *first = arena_alloc(&arena, CHUNK_BYTES - 100);

    (void)state;
    memory_fail_nth(1);
    assert_null(arena_alloc(&arena, 200));
    assert_true(memory_fail_done());
    assert_true(arena.out_of_memory);
    assert_non_null(arena_alloc(&arena, 50)); /* what is left of its chunk */
    arena_reset(&arena);
    assert_false(arena.out_of_memory);
    assert_ptr_equal(arena_alloc(&arena, 1), first);
}

static void cleared_and_copied(void **state)
{
    const uint8_t zero[CHUNK_BYTES] = {0};
    char *copy;

    (void)state;
    memset(arena_alloc(&arena, CHUNK_BYTES), 0xff, CHUNK_BYTES);
    arena_reset(&arena);
    assert_memory_equal(arena_zalloc(&arena, CHUNK_BYTES), zero, CHUNK_BYTES);
    copy = arena_strndup(&arena, "abcdef", 3);
    assert_string_equal(copy, "abc");
    assert_string_equal(arena_strndup(&arena, NULL, 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(apart_and_aligned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reset_keeps_the_first_chunk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reset_keeps_no_large_chunk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(has_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cleared_and_copied, set_up, tear_down),
    };

    return test_group_run(tests);
}
