/* SPDX-License-Identifier: Apache-2.0 */
/* The radix tree compared with a plain sorted array, and its memory accounting. */
#include <stdlib.h>

#include "backend/mem/radix.h"
#include "base/check.h"
#include "lib/test.h"

static struct space open_space(uint64_t limit)
{
    struct space space;

    space_init(&space, limit);
    return space;
}

/* Take all that is left.  Returns how much that was. */
static uint64_t exhaust(struct space *space)
{
    uint64_t left = space_free(space);

    assert_true(space_take(space, left));
    return left;
}

static void empty_tree(void **state)
{
    struct space space = open_space(1 << 20);
    struct radix radix = {0};
    uint64_t at = 0;

    (void)state;
    assert_null(radix_get(&radix, 0));
    assert_null(radix_get(&radix, RADIX_INDEX_MAX));
    assert_null(radix_next(&radix, &at));
    assert_null(radix_prev(&radix, &at));
    assert_null(radix_remove(&radix, &space, 5));
    radix_fini(&radix, &space);
}

static void lone_first_value_needs_no_node(void **state)
{
    struct space space = open_space(0);
    struct radix radix = {0};
    uint64_t at = 0;
    int value;

    (void)state;
    assert_true(radix_insert(&radix, &space, 0, &value, false));
    assert_ptr_equal(radix_get(&radix, 0), &value);
    assert_null(radix_get(&radix, 1));
    assert_ptr_equal(radix_next(&radix, &at), &value);
    at = 1;
    assert_null(radix_next(&radix, &at));
    assert_ptr_equal(radix_prev(&radix, &at), &value);
    assert_int_equal(at, 0);
    assert_ptr_equal(radix_remove(&radix, &space, 0), &value);
    radix_fini(&radix, &space);
}

static void ends_of_the_indexes(void **state)
{
    const uint64_t indexes[] = {
        0, 1, 63, 64, 4095, 4096, 1ull << 40, RADIX_INDEX_MAX - 1, RADIX_INDEX_MAX};
    struct space space = open_space(1 << 20);
    struct radix radix = {0};
    uint64_t at = 0;

    (void)state;
    for (size_t i = ARRAY_SIZE(indexes); i-- > 0;)
        assert_true(radix_insert(&radix, &space, indexes[i], (void *)&indexes[i], false));
    for (size_t i = 0; i < ARRAY_SIZE(indexes); i++, at++) {
        assert_ptr_equal(radix_get(&radix, indexes[i]), &indexes[i]);
        assert_ptr_equal(radix_next(&radix, &at), &indexes[i]);
        assert_int_equal(at, indexes[i]);
    }
    assert_null(radix_next(&radix, &at));
    at = UINT64_MAX;
    for (size_t i = ARRAY_SIZE(indexes); i-- > 0; at--) {
        assert_ptr_equal(radix_prev(&radix, &at), &indexes[i]);
        assert_int_equal(at, indexes[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(indexes); i++)
        assert_ptr_equal(radix_remove(&radix, &space, indexes[i]), &indexes[i]);
    radix_fini(&radix, &space);
    assert_int_equal(space_free(&space), 1 << 20);
}

enum {
    KEYS = 512,
};

static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed >> 3;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Keys of all sizes, in ascending order. */
static void draw_keys(uint64_t *keys, uint64_t *seed)
{
    for (size_t i = 0; i < KEYS; i++)
        keys[i] = (draw(seed) & RADIX_INDEX_MAX) >> (draw(seed) % 60);
    qsort(keys, KEYS, sizeof(*keys), compare);
    for (size_t i = 1; i < KEYS; i++) {
        if (keys[i] <= keys[i - 1])
            keys[i] = keys[i - 1] + 1;
    }
}

static void check_walk(const struct radix *radix, const uint64_t *keys, const bool *in)
{
    uint64_t at = 0;

    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(radix_get(radix, keys[i]), in[i] ? (const void *)&keys[i] : NULL);
        if (!in[i])
            continue;
        assert_ptr_equal(radix_next(radix, &at), &keys[i]);
        assert_int_equal(at, keys[i]);
        at++;
    }
    assert_null(radix_next(radix, &at));
}

static void check_walk_back(const struct radix *radix, const uint64_t *keys, const bool *in)
{
    uint64_t at = RADIX_INDEX_MAX;

    for (size_t i = KEYS; i-- > 0;) {
        if (!in[i])
            continue;
        assert_ptr_equal(radix_prev(radix, &at), &keys[i]);
        assert_int_equal(at, keys[i]);
        if (at-- == 0)
            return;
    }
    assert_null(radix_prev(radix, &at));
}

static void like_a_sorted_array(void **state)
{
    struct space space = open_space(1 << 30);
    struct radix radix = {0};
    uint64_t seed = 4711, keys[KEYS];
    bool in[KEYS] = {false};

    (void)state;
    draw_keys(keys, &seed);
    for (uint32_t round = 0; round < 40000; round++) {
        /* mostly filling, then mostly emptying */
        bool add = draw(&seed) % 10 < (round / 4000 % 2 ? 2 : 8);
        size_t i = draw(&seed) % KEYS;

        if (add && !in[i])
            assert_true(radix_insert(&radix, &space, keys[i], &keys[i], false));
        else if (!add)
            assert_ptr_equal(radix_remove(&radix, &space, keys[i]), in[i] ? &keys[i] : NULL);
        in[i] = add;
        if (round % 500 == 0) {
            check_walk(&radix, keys, in);
            check_walk_back(&radix, keys, in);
        }
    }
    for (size_t i = 0; i < KEYS; i++)
        radix_remove(&radix, &space, keys[i]);
    radix_fini(&radix, &space);
    assert_int_equal(space_free(&space), 1 << 30);
}

static void exchanged_values_stay_in_place(void **state)
{
    struct space space = open_space(1 << 20);
    struct radix radix = {0};
    int a, b;

    (void)state;
    assert_true(radix_insert(&radix, &space, 0, &a, false));
    assert_ptr_equal(radix_exchange(&radix, 0, &b), &a);
    assert_true(radix_insert(&radix, &space, 70, &a, false));
    assert_ptr_equal(radix_exchange(&radix, 70, &b), &a);
    assert_ptr_equal(radix_get(&radix, 70), &b);
    assert_ptr_equal(radix_exchange(&radix, 0, &a), &b);
    assert_ptr_equal(radix_remove(&radix, &space, 0), &a);
    assert_ptr_equal(radix_remove(&radix, &space, 70), &b);
    radix_fini(&radix, &space);
    assert_int_equal(space_free(&space), 1 << 20);
}

/* With a third of the keys, add a third and remove the rest of the first one, alternately. */
static void planned_inserts_round(uint64_t *seed)
{
    struct space space = open_space(1 << 30);
    struct radix radix = {0};
    struct radix_plan plan = {0};
    uint64_t keys[KEYS];
    bool in[KEYS] = {false};
    uint64_t taken;

    draw_keys(keys, seed);
    for (size_t i = 0; i < KEYS; i++) {
        in[i] = draw(seed) % 3 == 0;
        if (in[i])
            assert_true(radix_insert(&radix, &space, keys[i], &keys[i], false));
    }
    for (size_t i = 0; i < KEYS; i += 3) {
        if (!in[i])
            radix_plan(&plan, keys[i]);
    }
    assert_true(radix_reserve(&radix, &space, &plan));
    taken = exhaust(&space);
    for (size_t i = 0; i < KEYS; i++) {
        if (in[i] && i % 3 != 0)
            radix_remove(&radix, &space, keys[i]);
        else if (!in[i] && i % 3 == 0)
            assert_true(radix_insert(&radix, &space, keys[i], &keys[i], false));
        in[i] = i % 3 == 0;
        taken += exhaust(&space);
    }
    radix_trim(&radix, &space);
    check_walk(&radix, keys, in);
    for (size_t i = 0; i < KEYS; i++)
        radix_remove(&radix, &space, keys[i]);
    radix_fini(&radix, &space);
    space_give(&space, taken);
    assert_int_equal(space_free(&space), 1 << 30);
}

static void planned_inserts_succeed(void **state)
{
    uint64_t seed = 815;

    (void)state;
    for (uint32_t round = 0; round < 300; round++)
        planned_inserts_round(&seed);
}

static void what_cannot_be_reserved_is_not_kept(void **state)
{
    struct space space = open_space(8000);
    struct radix radix = {0};
    struct radix_plan plan = {0};

    (void)state;
    for (uint64_t index = 0; index < 64; index++)
        radix_plan(&plan, index << 12);
    assert_false(radix_reserve(&radix, &space, &plan));
    radix_trim(&radix, &space);
    radix_fini(&radix, &space);
    assert_int_equal(space_free(&space), 8000);
}

static void full_account_inserts_nothing(void **state)
{
    struct space space = open_space(1500);
    struct radix radix = {0};
    uint64_t at = 0;
    int value;

    (void)state;
    assert_true(radix_insert(&radix, &space, 5, &value, false));
    assert_false(radix_insert(&radix, &space, 1ull << 50, &value, false));
    assert_null(radix_get(&radix, 1ull << 50));
    assert_ptr_equal(radix_get(&radix, 5), &value);
    assert_ptr_equal(radix_next(&radix, &at), &value);
    assert_true(radix_insert(&radix, &space, 1ull << 50, &value, true));
    assert_int_equal(space_free(&space), 0);
    radix_remove(&radix, &space, 1ull << 50);
    radix_remove(&radix, &space, 5);
    radix_fini(&radix, &space);
    assert_int_equal(space_free(&space), 1500);
}

/* As a search one by one, also where nodes are missing and where the tree is too low. */
static void gaps(void **state)
{
    struct space space = open_space(64 << 20);
    struct radix radix = {0};
    bool present[20000] = {false};
    int value;

    (void)state;
    assert_int_equal(radix_gap(&radix, 0, 10), 0);
    assert_int_equal(radix_gap(&radix, 7, 10), 7);
    srand(64);
    for (uint32_t run = 0; run < 40; run++) {
        uint32_t first = (uint32_t)rand() % 19000, count = 1 + (uint32_t)rand() % 900;

        if (run == 0)
            first = 0, count = 1; /* a value without a node */
        for (uint32_t i = first; i < first + count && i < ARRAY_SIZE(present); i++) {
            if (!present[i])
                assert_true(radix_insert(&radix, &space, i, &value, false));
            present[i] = true;
        }
        for (uint32_t i = 0; i < 500; i++) {
            uint32_t at = i < 3 ? i : (uint32_t)rand() % 20000;
            uint32_t end = at + (uint32_t)rand() % (20001 - at), want = at;

            while (want < end && present[want])
                want++;
            assert_int_equal(radix_gap(&radix, at, end), want);
        }
    }
    assert_int_equal(radix_gap(&radix, 1ull << 50, 1ull << 51), 1ull << 50);
    for (uint32_t i = 0; i < ARRAY_SIZE(present); i++) {
        if (present[i])
            assert_ptr_equal(radix_remove(&radix, &space, i), &value);
    }
    radix_fini(&radix, &space);
    assert_int_equal(space_free(&space), 64 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_tree),
        cmocka_unit_test(gaps),
        cmocka_unit_test(lone_first_value_needs_no_node),
        cmocka_unit_test(ends_of_the_indexes),
        cmocka_unit_test(like_a_sorted_array),
        cmocka_unit_test(exchanged_values_stay_in_place),
        cmocka_unit_test(planned_inserts_succeed),
        cmocka_unit_test(what_cannot_be_reserved_is_not_kept),
        cmocka_unit_test(full_account_inserts_nothing),
    };

    return test_group_run(tests);
}
