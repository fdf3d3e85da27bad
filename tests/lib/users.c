/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/users.h"

#include "lib/test.h"

/* The library is not linked with the sanitizer, which wants to be the first one otherwise. */
static void sanitizer_permit(void)
{
    const char *old = getenv("ASAN_OPTIONS");
    char options[256];

    (void)snprintf(options, sizeof(options), "%s%sverify_asan_link_order=0", old ? old : "",
                   old ? ":" : "");
    assert_int_equal(setenv("ASAN_OPTIONS", options, 1), 0);
}

void test_users_begin(const char *passwd, const char *group)
{
    sanitizer_permit();
    assert_int_equal(setenv("TEST_PASSWD", passwd, 1), 0);
    assert_int_equal(setenv("TEST_GROUP", group, 1), 0);
    assert_int_equal(setenv("LD_PRELOAD", USERS_LIBRARY, 1), 0);
}

void test_users_end(void)
{
    (void)unsetenv("LD_PRELOAD");
}
