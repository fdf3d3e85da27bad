/* SPDX-License-Identifier: Apache-2.0 */
/* Which clients are refused when all together are near a limit. */
#include "state/state_limit.h"

#include "base/clock.h"
#include "base/memory.h"
#include "lib/test.h"
#include "open/open_fixture.h"

enum {
    MOST = LIMIT_SHARED,
    SHARE = MOST / LIMIT_SHARES,
    THREE_QUARTERS = MOST - MOST / 4
};

static void have(uint32_t count)
{
    uint32_t used =
        atomic_load_explicit(&fx.state->limits.of[STATE_LIMIT_opens].used, memory_order_relaxed);

    if (count > used)
        state_limit_add(fx.state, STATE_LIMIT_opens, count - used);
    else
        state_limit_sub(fx.state, STATE_LIMIT_opens, used - count);
}

static bool has_room(uint32_t mine)
{
    return state_limit_has_room(fx.state, STATE_LIMIT_opens, mine, 1);
}

static void the_last_quarter_is_for_those_with_little(void **state)
{
    (void)state;
    state_limit_set(fx.state, STATE_LIMIT_opens, MOST);
    have(THREE_QUARTERS);
    assert_true(has_room(THREE_QUARTERS));
    have(THREE_QUARTERS + 1);
    assert_false(has_room(SHARE));
    assert_true(has_room(SHARE - 1));
    have(MOST);
    assert_false(has_room(0));
    /* A small limit is not divided. */
    state_limit_set(fx.state, STATE_LIMIT_opens, MOST - 1);
    have(MOST - 2);
    assert_true(has_room(MOST - 2));
    have(0);
}

/* So is what is left of the memory budget. */
static void scarce_memory_is_for_those_with_little(void **state)
{
    enum {
        BUDGET = 64 << 20,
        MEMORY_SHARE = BUDGET / LIMIT_SHARE_BYTES
    };
    void *block;

    (void)state;
    state_limit_set(fx.state, STATE_LIMIT_opens, MOST);
    memory_budget_set(BUDGET);
    assert_true(has_room(MEMORY_SHARE));
    block = memory_alloc(MEMORY_buffers, BUDGET / 8 * 5 + (1 << 20));
    assert_non_null(block);
    assert_false(has_room(MEMORY_SHARE));
    assert_true(has_room(MEMORY_SHARE - 1));
    memory_free(MEMORY_buffers, block);
    assert_true(has_room(MEMORY_SHARE));
    memory_budget_set(0);
}

static void half_is_scarce(void **state)
{
    (void)state;
    state_limit_set(fx.state, STATE_LIMIT_opens, MOST);
    have(MOST / 2);
    assert_false(state_limits_scarce(fx.state));
    have(MOST / 2 + 1);
    assert_true(state_limits_scarce(fx.state));
    have(0);
}

/* A request that was admitted, and has created a file since, gets its open at the limit, too. */
static void the_admitted_get_in(void **state)
{
    struct wire_opaque first = name_of("first"), second = name_of("second");
    struct open_request request = {.client = fx.alice,
                                   .owner = second,
                                   .obj = fx.files[1],
                                   .cred = &fx.cred,
                                   .access = R,
                                   .now_ns = clock_now_ns(),
                                   .admitted = true};
    struct stateid4 stateid;

    (void)state;
    state_limit_set(fx.state, STATE_LIMIT_opens, 1);
    state_limit_set(fx.state, STATE_LIMIT_owners, 1);
    assert_true(open_has_room(fx.alice, &first));
    must_open(fx.alice, "first", fx.files[0], R, NONE);
    assert_int_equal(do_open(fx.alice, "second", fx.files[1], R, NONE, &stateid), NFS4ERR_DELAY);
    assert_false(open_has_room(fx.alice, &second));
    assert_int_equal(fx.fs->ops->open(fx.files[1], &fx.cred, VFS_WANT_READ, true), VFS_OK);
    assert_int_equal(open_reserve(&request), NFS4_OK);
    assert_int_equal(open_commit(&request, &stateid), NFS4_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_last_quarter_is_for_those_with_little),
        TEST(scarce_memory_is_for_those_with_little),
        TEST(half_is_scarce),
        TEST(the_admitted_get_in),
    };

    return test_group_run(tests);
}
