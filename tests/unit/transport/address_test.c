/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/address.h"

#include <netinet/in.h>

#include "lib/test.h"

static void expect_same(const char *text)
{
    struct sockaddr_storage address;
    char back[ADDRESS_TEXT_BYTES];
    socklen_t len;

    assert_true(address_parse(text, &address, &len));
    assert_string_equal(address_format((struct sockaddr *)&address, back, sizeof(back)), text);
    assert_int_equal(len, address.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                       : sizeof(struct sockaddr_in6));
}

static void good_addresses(void **state)
{
    (void)state;
    expect_same("127.0.0.1:2049");
    expect_same("0.0.0.0:0");
    expect_same("[::]:65535");
    expect_same("[fe80::1]:1");
}

static void bad_addresses(void **state)
{
    static const char *const texts[] = {
        "",
        "2049",
        ":2049",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "::1:2049",
        "[::1]",
        "[::1]2049",
        "[::1]:",
        "[]:1",
        "host:1",
        "[::1:1",
        "1.2.3:1",
        "1.2.3.4:-1",
        "1.2.3.4:65536",
        "[1.2.3.4]:1",
        "1.2.3.4:99999999999",
        "[1]:",
        "[0:0]]:1",
        "1.2.3.4 :80",
    };
    struct sockaddr_storage address;
    socklen_t len;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (address_parse(texts[i], &address, &len))
            fail_msg("accepted: %s", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses),
        cmocka_unit_test(bad_addresses),
    };

    return test_group_run(tests);
}
