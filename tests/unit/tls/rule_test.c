/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates a rule matches, and which texts are no rules. */
#include "base/check.h"
#include "lib/test.h"
#include "tls/tls_peer.h"
#include "tls/tls_rule.h"

static const struct tls_name names[] = {
    {TLS_NAME_DNS, "node7.Lab.example"},   {TLS_NAME_IP, "192.0.2.7"},
    {TLS_NAME_IP, "2001:db8::7"},          {TLS_NAME_URI, "spiffe://lab.example/node/7"},
    {TLS_NAME_EMAIL, "node7@lab.example"},
};

static const struct tls_peer peer = {
    .has_certificate = true,
    .subject = "CN=node7,O=Lab\\, Inc.",
    .issuer = "CN=Lab CA,O=Lab",
    .common_name = "node7",
    .serial = "0a1b2c",
    .fingerprint = "00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff",
    .names = names,
    .name_count = ARRAY_SIZE(names),
};

static bool matches(const char *text, const struct tls_peer *whom)
{
    char why[128] = "";
    struct tls_rule *rule = tls_rule_parse(text, why, sizeof(why));
    bool match;

    if (!rule)
        print_message("%s: %s\n", text, why);
    assert_non_null(rule);
    assert_string_equal(tls_rule_text(rule), text);
    match = tls_rule_match(rule, whom);
    tls_rule_destroy(rule);
    return match;
}

static void rules_that_match(void **state)
{
    static const char *const rules[] = {
        "SAN=DNS:node7.lab.example",
        "san=dns:NODE7.LAB.EXAMPLE",
        "SAN=DNS:*.lab.example",
        "SAN=DNS:node*.*.example",
        "SAN=DNS:*7.*b.example",
        "SAN=IP:192.0.2.7",
        "SAN=IP:2001:db8::7",
        "SAN=IP:2001:DB8:0::0:7",
        "SAN=IP:2001:db8:0:0:0:0:0.0.0.7",
        "SAN=IP:192.0.2.0/24",
        "SAN=IP:192.0.2.7/32",
        "SAN=IP:192.0.2.4/30",
        "SAN=IP:0.0.0.0/0",
        "SAN=IP:2001:DB8::/32",
        "SAN=IP:2001:db8::4/126",
        "SAN=IP:*",
        "SAN=URI:spiffe://lab.example/*",
        "SAN=EMAIL:*@lab.example",
        "CN=node7",
        "CN=node*",
        "CN=*",
        "issuer=CN=Lab CA\\,O=Lab",
        "issuer=*O=Lab",
        "subject=CN=node7\\,O=Lab\\\\\\, Inc.",
        "subject=*\\,O=Lab*",
        "subject=*\\\\\\, Inc.",
        "serial=0a:1B:2c",
        "fingerprint=00:FF:00ff*",
        "SAN=DNS:*.lab.example,issuer=CN=Lab CA\\,O=Lab,CN=node7",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        print_message("%s\n", rules[i]);
        assert_true(matches(rules[i], &peer));
    }
}

static void rules_that_do_not(void **state)
{
    static const char *const rules[] = {
        "SAN=DNS:lab.example",
        "SAN=DNS:*.example", /* a label, not two */
        "SAN=DNS:*",
        "SAN=DNS:node7.lab.exampl",
        "SAN=DNS:\\*.lab.example",
        "SAN=IP:192.0.2.70",
        "SAN=IP:192.0.2.8/30",
        "SAN=IP:192.0.3.0/24",
        "SAN=IP:::ffff:192.0.2.7", /* of IPv6 */
        "SAN=IP:2001:db8::8",
        "SAN=IP:2001:db9::/32",
        "SAN=IP:2001:db8::8/126",
        "SAN=IP:c000:207::/32", /* the same bytes */
        "SAN=URI:node7.lab.example",
        "CN=node",
        "subject=*\\, Inc.", /* the comma is escaped */
        "subject=CN=node7\\,O=*\\, Inc.",
        "CN=NODE7",
        "issuer=CN=Lab CA",
        "serial=0a1b2c0",
        "serial=a1b2c",
        "SAN=DNS:*.lab.example,issuer=CN=Other CA",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        print_message("%s\n", rules[i]);
        assert_false(matches(rules[i], &peer));
    }
}

/* Whoever shows no certificate matches nothing, not even "any". */
static void nobody(void **state)
{
    const struct tls_peer anonymous = {.subject = "", .issuer = "", .common_name = ""};

    (void)state;
    assert_false(matches("CN=*", NULL));
    assert_false(matches("CN=*", &anonymous));
    assert_false(matches("subject=*", &anonymous));
}

static void texts_that_are_no_rules(void **state)
{
    static const char *const texts[] = {
        "",        "SAN",       "SAN=",   "SAN=node7",  "SAN=DNS:", "name=node7",
        "CN=a,",   "CN=a,,b=c", "CN=a\\", "serial=xyz", "serial=",  "fingerprint=:",
        "CN=a\nb", "=a",        " CN=a",  "CN=a, CN=b", "CN=\x01",  "SAN=DNS",
    };
    static const char *const addresses[] = {
        "192.0.2.*",    "2001:db8:*",
        "*.7",          "**",
        "192.0.2",      "192.0.2.256",
        "192.0.2.7/33", "192.0.2.7/",
        "node7",        "2001:db8::/129",
        "192.0.2.7/+1", "192.0.2.7/8/8",
        "2001:db8",     "2001::db8::7",
        " 192.0.2.7",   "2001:0db8:0000:0000:0000:0000:0000:0000:0007",
        "/24",          "192.0.2.7/0024",
        "\\*",          "::1%lo",
    };
    char why[128], longer[2000], many[200] = "";

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        why[0] = '\0';
        assert_null(tls_rule_parse(texts[i], why, sizeof(why)));
        assert_true(why[0] != '\0');
    }
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        char text[128];

        snprintf(text, sizeof(text), "SAN=IP:%s", addresses[i]);
        print_message("%s\n", text);
        why[0] = '\0';
        assert_null(tls_rule_parse(text, why, sizeof(why)));
        assert_non_null(strstr(why, "192.0.2.0/24"));
    }
    memset(longer, 'a', sizeof(longer));
    memcpy(longer, "CN=", 3);
    longer[sizeof(longer) - 1] = '\0';
    assert_null(tls_rule_parse(longer, why, sizeof(why)));
    for (int i = 0; i < 17; i++)
        memcpy(many + (size_t)i * 5, ",CN=a", 6);
    assert_null(tls_rule_parse(many + 1, why, sizeof(why)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_that_match),
        cmocka_unit_test(rules_that_do_not),
        cmocka_unit_test(nobody),
        cmocka_unit_test(texts_that_are_no_rules),
    };

    return test_group_run(tests);
}
