/* SPDX-License-Identifier: Apache-2.0 */
/* The database of users that this machine has: root is in every one. */
#include "identity/identity_source.h"

#include <grp.h>
#include <pwd.h>

#include "lib/test.h"

static void root_is_root(void **unused)
{
    struct identity *by_id, *by_name;

    (void)unused;
    if (!getpwuid(0) || strcmp(getpwuid(0)->pw_name, "root") != 0)
        test_skip("the user 0 of this machine is not called root");
    assert_int_equal(identity_system.ask(IDENTITY_ASK_UID, 0, "", &by_id), IDENTITY_FOUND);
    assert_int_equal(identity_system.ask(IDENTITY_ASK_ACCOUNT, 0, "root", &by_name),
                     IDENTITY_FOUND);
    assert_int_equal(by_id->uid, 0);
    assert_string_equal(by_id->name, "root");
    assert_true(identity_in_group(by_id, by_id->gid));
    assert_int_equal(by_name->gid_count, by_id->gid_count);
    assert_int_equal(by_id->origin, IDENTITY_FROM_DATABASE);
    identity_put(by_id);
    identity_put(by_name);
}

static void names_and_numbers(void **unused)
{
    struct identity *answer;

    (void)unused;
    if (!getgrgid(0))
        test_skip("this machine has no group 0");
    assert_int_equal(identity_system.ask(IDENTITY_ASK_GROUP, 0, "", &answer), IDENTITY_FOUND);
    assert_int_equal(answer->gid, 0);
    identity_put(answer);
    assert_int_equal(identity_system.ask(IDENTITY_ASK_DOMAIN, 0, "", &answer), IDENTITY_FOUND);
    assert_true(answer->name[0] != '\0');
    identity_put(answer);
}

/* Nobody here has such names; libnfsidmap takes no realm that is not ours. */
static void unknown(void **unused)
{
    static const char name[] = "no-such-user-5b2c";
    struct identity *answer = NULL;

    (void)unused;
    assert_int_equal(identity_system.ask(IDENTITY_ASK_ACCOUNT, 0, name, &answer), IDENTITY_UNKNOWN);
    assert_int_equal(identity_system.ask(IDENTITY_ASK_USER_ID, 0, name, &answer), IDENTITY_UNKNOWN);
    assert_int_equal(identity_system.ask(IDENTITY_ASK_GROUP_ID, 0, name, &answer),
                     IDENTITY_UNKNOWN);
    assert_int_equal(identity_system.ask(IDENTITY_ASK_USER, 3999999999, "", &answer),
                     IDENTITY_UNKNOWN);
    assert_int_equal(identity_system.ask(IDENTITY_ASK_GROUP, 3999999999, "", &answer),
                     IDENTITY_UNKNOWN);
    assert_int_equal(identity_system.ask(IDENTITY_ASK_PRINCIPAL, 0, "root@EVIL.EXAMPLE", &answer),
                     IDENTITY_UNKNOWN);
    assert_null(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_is_root),
        cmocka_unit_test(names_and_numbers),
        cmocka_unit_test(unknown),
    };

    return test_group_run(tests);
}
