/* SPDX-License-Identifier: Apache-2.0 */
/* Owners by name, their use counts, and how many idle ones are kept. */
#include "state/file/owner.h"

#include "unit/state/open/open_fixture.h"

static struct owner *use(enum owner_kind kind, const char *text)
{
    const struct wire_opaque name = name_of(text);

    return owner_get_or_create(owner_table_of(fx.alice), kind, &name);
}

static struct owner *find(enum owner_kind kind, const char *text)
{
    const struct wire_opaque name = name_of(text);

    return owner_lookup(owner_table_of(fx.alice), kind, &name);
}

static void test_same_name_is_same_owner(void **unused)
{
    struct owner *owner = use(OWNER_OPEN, "a"), *again = use(OWNER_OPEN, "a");
    struct owner *lock_owner = use(OWNER_LOCK, "a"), *other = use(OWNER_OPEN, "aa");

    (void)unused;
    assert_non_null(owner);
    assert_ptr_equal(owner, again);
    assert_int_equal(owner->uses, 2);
    assert_ptr_not_equal(owner, lock_owner);
    assert_ptr_not_equal(owner, other);
    owner_put(owner);
    owner_put(again);
    owner_put(lock_owner);
    owner_put(other);
}

static void test_clients_have_owners_of_their_own(void **unused)
{
    const struct wire_opaque name = name_of("a");
    struct owner *mine = use(OWNER_OPEN, "a");
    struct owner *theirs = owner_get_or_create(owner_table_of(fx.bob), OWNER_OPEN, &name);

    (void)unused;
    assert_ptr_not_equal(mine, theirs);
    owner_put(mine);
    owner_put(theirs);
}

static void test_find_makes_none(void **unused)
{
    struct owner *owner;

    (void)unused;
    assert_null(find(OWNER_LOCK, "a"));
    owner_put(use(OWNER_LOCK, "a"));
    owner = find(OWNER_LOCK, "a"); /* idle, but still known */
    assert_non_null(owner);
    assert_null(find(OWNER_OPEN, "a"));
    owner_put(owner);
}

static void test_idle_owners_are_bounded(void **unused)
{
    struct owner_table *table = owner_table_of(fx.alice);
    char name[16];

    (void)unused;
    for (uint32_t i = 0; i < 3 * LIMIT_IDLE_OWNERS_PER_CLIENT; i++) {
        (void)snprintf(name, sizeof(name), "owner %u", i);
        owner_put(use(OWNER_OPEN, name));
    }
    assert_int_equal(table->idle_count, LIMIT_IDLE_OWNERS_PER_CLIENT);
    assert_int_equal(table->count[OWNER_OPEN], LIMIT_IDLE_OWNERS_PER_CLIENT);
    assert_null(find(OWNER_OPEN, "owner 0"));
    owner_put(find(OWNER_OPEN, name));
}

static void test_owners_in_use_are_limited(void **unused)
{
    struct owner_table *table = owner_table_of(fx.alice);
    struct owner *other;
    char name[16];

    (void)unused;
    for (uint32_t i = 0; i < LIMIT_OWNERS_PER_CLIENT; i++) {
        (void)snprintf(name, sizeof(name), "owner %u", i);
        assert_non_null(use(OWNER_LOCK, name));
    }
    assert_null(use(OWNER_LOCK, "one more"));
    assert_non_null(use(OWNER_OPEN, "another kind"));
    other = find(OWNER_OPEN, "another kind");
    owner_put(other);
    owner_put(other);
    for (uint32_t i = 0; i < LIMIT_OWNERS_PER_CLIENT; i++) {
        struct owner *owner;

        (void)snprintf(name, sizeof(name), "owner %u", i);
        owner = find(OWNER_LOCK, name);
        assert_non_null(owner);
        owner_put(owner);
        owner_put(owner);
    }
    assert_int_equal(table->count[OWNER_LOCK] + table->count[OWNER_OPEN],
                     LIMIT_IDLE_OWNERS_PER_CLIENT);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_same_name_is_same_owner),   TEST(test_clients_have_owners_of_their_own),
        TEST(test_find_makes_none),           TEST(test_idle_owners_are_bounded),
        TEST(test_owners_in_use_are_limited),
    };

    return test_group_run(tests);
}
