/* SPDX-License-Identifier: Apache-2.0 */
/* What an identity keeps of what it is made of. */
#include "identity/identity.h"

#include "lib/test.h"

static void groups_are_sorted_and_unique(void **unused)
{
    const uint32_t gids[] = {30, 10, 30, 20, 10};
    struct identity *identity =
        identity_create(IDENTITY_FROM_MAP, 1, 2, "alice", gids, ARRAY_SIZE(gids));

    (void)unused;
    assert_int_equal(identity->gid_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(identity->gids[i], 10 * (i + 1));
    assert_string_equal(identity->name, "alice");
    assert_true(identity_in_group(identity, 2));
    assert_true(identity_in_group(identity, 20));
    assert_false(identity_in_group(identity, 21));
    identity_put(identity);
}

/* A name or groups may be missing; a thousand groups are kept, of more the rest is dropped. */
static void few_and_many(void **unused)
{
    static uint32_t gids[LIMIT_CALLER_GIDS + 1];
    struct identity *identity = identity_create(IDENTITY_FROM_NOBODY, 1, 2, NULL, NULL, 0);

    (void)unused;
    assert_string_equal(identity->name, "");
    assert_false(identity_in_group(identity, 0));
    identity_put(identity_get(identity));
    identity_put(identity);
    for (uint32_t i = 0; i < ARRAY_SIZE(gids); i++)
        gids[i] = i;
    identity = identity_create(IDENTITY_FROM_DATABASE, 1, 2, "a", gids, ARRAY_SIZE(gids));
    assert_int_equal(identity->gid_count, LIMIT_CALLER_GIDS);
    assert_true(identity_in_group(identity, LIMIT_CALLER_GIDS - 1));
    assert_false(identity_in_group(identity, LIMIT_CALLER_GIDS));
    identity_put(identity);
    identity_put(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_sorted_and_unique),
        cmocka_unit_test(few_and_many),
    };

    return test_group_run(tests);
}
