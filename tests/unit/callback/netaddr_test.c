/* SPDX-License-Identifier: Apache-2.0 */
/* Universal addresses: their meaning, and all kinds of invalid ones. */
#include "callback/netaddr.h"

#include <arpa/inet.h>
#include <string.h>

#include "lib/test.h"

struct netaddr_case {
    const char *netid, *text;
    enum netaddr_status status;
    const char *host; /* of NETADDR_OK */
    uint16_t port;
};

static const struct netaddr_case cases[] = {
    {"tcp", "127.0.0.1.8.1", NETADDR_OK, "127.0.0.1", 2049},
    {"tcp", "192.0.2.255.255.255", NETADDR_OK, "192.0.2.255", 65535},
    {"tcp", "10.1.2.3.0.1", NETADDR_OK, "10.1.2.3", 1},
    {"tcp", "223.255.255.255.1.0", NETADDR_OK, "223.255.255.255", 256},
    {"tcp6", "::1.8.1", NETADDR_OK, "::1", 2049},
    {"tcp6", "2001:db8::a:b.128.0", NETADDR_OK, "2001:db8::a:b", 32768},
    {"tcp6", "2001:db8:1:2:3:4:5:6.0.111", NETADDR_OK, "2001:db8:1:2:3:4:5:6", 111},
    {"tcp6", "2001:DB8:ffff:ffff:ffff:ffff:ffff:ffff.8.1", NETADDR_OK,
     "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 2049},
    /* Both spellings of IPv4 in IPv6. */
    {"tcp6", "::ffff:192.0.2.7.8.1", NETADDR_OK, "192.0.2.7", 2049},
    {"tcp6", "::ffff:c000:207.8.1", NETADDR_OK, "192.0.2.7", 2049},
    {"tcp6", "2001:db8::192.0.2.7.8.1", NETADDR_OK, "2001:db8::c000:207", 2049},

    /* The client wants no callbacks. */
    {"", "", NETADDR_NONE, NULL, 0},
    {"tcp", "0.0.0.0.0.0", NETADDR_NONE, NULL, 0},
    {"tcp", "0.0.0.0.8.1", NETADDR_NONE, NULL, 0},
    {"tcp", "192.0.2.7.0.0", NETADDR_NONE, NULL, 0},
    {"tcp6", "::.0.0", NETADDR_NONE, NULL, 0},
    {"tcp6", "::.8.1", NETADDR_NONE, NULL, 0},
    {"tcp6", "2001:db8::1.0.0", NETADDR_NONE, NULL, 0},
    {"tcp6", "::ffff:0.0.0.0.8.1", NETADDR_NONE, NULL, 0},

    /* Other transports, other spellings. */
    {"udp", "127.0.0.1.8.1", NETADDR_NETID, NULL, 0},
    {"rdma", "127.0.0.1.8.1", NETADDR_NETID, NULL, 0},
    {"TCP", "127.0.0.1.8.1", NETADDR_NETID, NULL, 0},
    {"tcp ", "127.0.0.1.8.1", NETADDR_NETID, NULL, 0},
    {"tcp66", "::1.8.1", NETADDR_NETID, NULL, 0},
    {"", "127.0.0.1.8.1", NETADDR_NETID, NULL, 0},

    /* Addresses that must not be dialled. */
    {"tcp", "224.0.0.1.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp", "239.255.255.255.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp", "240.0.0.1.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp", "255.255.255.255.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp", "0.1.2.3.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp", "169.254.169.254.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp6", "::ffff:169.254.169.254.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp6", "ff02::1.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp6", "fe80::1.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp6", "::192.0.2.7.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp6", "::ffff:224.0.0.1.8.1", NETADDR_REFUSED, NULL, 0},
    {"tcp6", "::ffff:255.255.255.255.8.1", NETADDR_REFUSED, NULL, 0},

    /* Malformed addresses. */
    {"tcp", "", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "", NETADDR_MALFORMED, NULL, 0},
    {"tcp", ".", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "..", NETADDR_MALFORMED, NULL, 0},
    {"tcp", ".....", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.8", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.8.", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1..1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.8.1.", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.8.1.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", ".127.0.0.1.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.256.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.8.256", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.8.999", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.8.0001", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.08.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.8.01", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.-8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.+8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1. 8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", " 127.0.0.1.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.8.1 ", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1.0x8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "256.0.0.1.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.1.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "localhost.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "127.0.0.1:2049", NETADDR_MALFORMED, NULL, 0},
    {"tcp", "::1.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "127.0.0.1.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "[::1].8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "fe80::1%lo.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "::1::2.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", ":::1.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "1:2:3:4:5:6:7.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "1:2:3:4:5:6:7:8:9.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "12345::1.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "g::1.8.1", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "::1.8", NETADDR_MALFORMED, NULL, 0},
    {"tcp6", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000.8.1", NETADDR_MALFORMED, NULL,
     0},
    {"tcp", "111111111111111111111111111111111111111111111111111111.8.1", NETADDR_MALFORMED, NULL,
     0},
    {"tcp6", "00000000000000000000000000000000000000000000000000000000000000000000000000000000.8.1",
     NETADDR_MALFORMED, NULL, 0},
};

static void check_case(const struct netaddr_case *c)
{
    char host[INET6_ADDRSTRLEN];
    union netaddr address, untouched;
    enum netaddr_status status;
    const void *at;

    memset(&address, 0x5a, sizeof(address));
    untouched = address;
    status = netaddr_parse(c->netid, c->text, &address);
    if (status != c->status)
        fail_msg("%s \"%s\": %s", c->netid, c->text, netaddr_status_text(status));
    if (status != NETADDR_OK) {
        assert_memory_equal(&address, &untouched, sizeof(address));
        return;
    }
    at = address.sa.sa_family == AF_INET ? (void *)&address.in.sin_addr
                                         : (void *)&address.in6.sin6_addr;
    assert_non_null(inet_ntop(address.sa.sa_family, at, host, sizeof(host)));
    assert_string_equal(host, c->host);
    assert_int_equal(ntohs(address.in.sin_port), c->port);
    assert_int_equal(netaddr_len(&address), address.sa.sa_family == AF_INET
                                                ? sizeof(struct sockaddr_in)
                                                : sizeof(struct sockaddr_in6));
}

static void every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_case(&cases[i]);
}

static void equal_or_not(void **state)
{
    const char *texts[] = {"192.0.2.7.8.1", "192.0.2.7.8.2", "192.0.2.8.8.1"};
    const char *texts6[] = {"2001:db8::1.8.1", "2001:db8::1.8.2", "2001:db8::2.8.1"};
    union netaddr a[6];

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(netaddr_parse("tcp", texts[i], &a[i]), NETADDR_OK);
        assert_int_equal(netaddr_parse("tcp6", texts6[i], &a[3 + i]), NETADDR_OK);
    }
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++)
            assert_int_equal(netaddr_equal(&a[i], &a[j]), i == j);
    }
}

static void each_status_has_a_word(void **state)
{
    (void)state;
    for (int i = NETADDR_OK; i <= NETADDR_REFUSED; i++)
        assert_true(strlen(netaddr_status_text(i)) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form),
        cmocka_unit_test(equal_or_not),
        cmocka_unit_test(each_status_has_a_word),
    };

    return test_group_run(tests);
}
