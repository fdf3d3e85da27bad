/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses the whole Internet may reach. */
#include "daemon/public_address.h"

#include "lib/test.h"
#include "transport/address.h"

static bool is_public(const char *host)
{
    struct sockaddr_storage address;
    char text[ADDRESS_TEXT_BYTES];
    socklen_t len;

    (void)snprintf(text, sizeof(text), "%s:2049", host);
    assert_true(address_parse(text, &address, &len));
    return public_address_is((const struct sockaddr *)&address);
}

static void public(void **state)
{
    static const char *const those[] = {
        "8.8.8.8",     "9.255.255.255",  "11.0.0.0",       "100.63.0.1",
        "100.128.0.1", "172.15.255.255", "172.32.0.0",     "192.167.1.1",
        "192.169.1.1", "198.17.0.1",     "198.20.0.1",     "223.255.255.255",
        "[2a00::1]",   "[2001:db7::1]",  "[3fff:ffff::1]", "[2001:db9::1]"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(those); i++) {
        if (!is_public(those[i]))
            fail_msg("%s is public", those[i]);
    }
}

static void not_public(void **state)
{
    static const char *const those[] = {
        "0.0.0.0",         "10.1.2.3",     "100.64.0.1",    "100.127.255.255",
        "127.0.0.1",       "169.254.1.1",  "172.16.0.1",    "172.31.255.255",
        "192.0.0.1",       "192.0.2.1",    "192.168.0.1",   "198.18.0.1",
        "198.19.255.255",  "198.51.100.1", "203.0.113.1",   "224.0.0.1",
        "255.255.255.255", "[::]",         "[::1]",         "[fe80::1]",
        "[fd00::1]",       "[ff02::1]",    "[2001:db8::1]", "[::ffff:10.0.0.1]"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(those); i++) {
        if (is_public(those[i]))
            fail_msg("%s is not public", those[i]);
    }
}

static void reached(void **state)
{
    struct sockaddr_storage address, found;
    char text[ADDRESS_TEXT_BYTES];
    socklen_t len;

    (void)state;
    assert_true(address_parse("8.8.8.8:2049", &address, &len));
    assert_true(public_address_reaches((const struct sockaddr *)&address, &found));
    assert_string_equal(address_format((const struct sockaddr *)&found, text, sizeof(text)),
                        "8.8.8.8:2049");
    assert_true(address_parse("127.0.0.1:2049", &address, &len));
    assert_false(public_address_reaches((const struct sockaddr *)&address, &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public),
        cmocka_unit_test(not_public),
        cmocka_unit_test(reached),
    };

    return test_group_run(tests);
}
