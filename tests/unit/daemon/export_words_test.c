/* SPDX-License-Identifier: Apache-2.0 */
/* Exports in words, and the commands that mount them. */
#include "daemon/export_words.h"

#include "lib/test.h"

static char text[1024];

static struct export_spec parse(const char *option)
{
    struct export_spec spec;
    char error[256];

    if (!export_spec_parse(option, &spec, error, sizeof(error)))
        fail_msg("%s: %s", option, error);
    return spec;
}

static void expect_clients(const char *option, const char *words)
{
    struct export_spec spec = parse(option);

    assert_string_equal(export_words_clients(&spec, text, sizeof(text)), words);
    export_spec_fini(&spec);
}

static void clients(void **state)
{
    (void)state;
    expect_clients("/=mem:", "everybody");
    expect_clients("/=mem:,client=192.0.2.0/24,client=2001:db8::7,client=10.1.1.1",
                   "192.0.2.0/24, 2001:db8::7, 10.1.1.1");
    expect_clients("/=mem:,xprtsec=mtls,tls_peer=CN=a",
                   "everybody, with a certificate that tls_peer admits");
    expect_clients("/=mem:,client=10.0.0.1,client=10.0.0.2,client=10.0.0.3,client=10.0.0.4,"
                   "client=10.0.0.5,client=10.0.0.6,client=10.0.0.7,client=10.0.0.8,"
                   "client=10.0.0.9,client=10.0.0.10",
                   "10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7, "
                   "10.0.0.8 and 2 more");
}

static void expect_users(const char *option, uid_t own, const char *words)
{
    struct export_spec spec = parse(option);

    assert_string_equal(export_words_users(&spec, own, text, sizeof(text)), words);
    export_spec_fini(&spec);
}

static void users(void **state)
{
    (void)state;
    expect_users("/=mem:,anonuid=3999999999", 0,
                 "their callers; root of clients becomes uid 3999999999");
    expect_users("/=mem:,no_root_squash", 7, "their callers; root of clients is root here, too");
    expect_users("/=mem:,all_squash,anonuid=3999999998", 0,
                 "uid 3999999998, whoever the caller is");
    expect_users("/=local:/x,no_root_squash", 0,
                 "their callers; root of clients is root here, too");
    expect_users("/=local:/x,no_root_squash", 3999999997,
                 "uid 3999999997, who runs the server, whoever the caller is");
    expect_users("/=mem:,all_squash,anonuid=0", 0, "root (uid 0), whoever the caller is");
}

static void expect_security(const char *option, bool secure, bool tls, const char *words)
{
    struct export_spec spec = parse(option);

    assert_string_equal(export_words_security(&spec, secure, tls, text, sizeof(text)), words);
    export_spec_fini(&spec);
}

static void security(void **state)
{
    (void)state;
    expect_security("/=mem:", false, false, "AUTH_SYS, without TLS");
    expect_security("/=mem:", true, true, "AUTH_SYS from ports below 1024, with or without TLS");
    expect_security("/=mem:,sec=krb5p:krb5,xprtsec=tls", true, true, "krb5p, krb5, with TLS");
    expect_security("/=mem:,sec=none,xprtsec=mtls", false, true,
                    "AUTH_NONE, with TLS and a certificate of the client");
}

static void expect_mount(const char *option, const char *host, uint16_t port, const char *words)
{
    struct export_spec spec = parse(option);

    assert_string_equal(export_words_mount(&spec, host, port, text, sizeof(text)), words);
    export_spec_fini(&spec);
}

static void mount(void **state)
{
    (void)state;
    expect_mount("/=mem:", "server", 2049, "mount -t nfs4 server:/ /mnt");
    expect_mount("/data=mem:", "192.0.2.7", 20490,
                 "mount -t nfs4 -o port=20490 192.0.2.7:/data /mnt");
    expect_mount("/data=mem:,sec=krb5p:krb5,xprtsec=mtls", "2001:db8::7", 2050,
                 "mount -t nfs4 -o port=2050,sec=krb5p,xprtsec=mtls '[2001:db8::7]:/data' /mnt");
    expect_mount("/data=mem:,sec=krb5:sys,xprtsec=tls", "server", 2049,
                 "mount -t nfs4 -o xprtsec=tls server:/data /mnt");
    expect_mount("/a b's\033[m=mem:", "server", 2049, "mount -t nfs4 'server:/a b'\\''s?[m' /mnt");
}

static void cut(void **state)
{
    struct export_spec spec = parse("/data=mem:");
    char small[12];

    (void)state;
    assert_string_equal(export_words_mount(&spec, "server", 2049, small, sizeof(small)),
                        "mount -t nf");
    export_spec_fini(&spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients), cmocka_unit_test(users), cmocka_unit_test(security),
        cmocka_unit_test(mount),   cmocka_unit_test(cut),
    };

    return test_group_run(tests);
}
