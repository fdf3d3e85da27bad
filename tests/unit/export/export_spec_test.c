/* SPDX-License-Identifier: Apache-2.0 */
/* --export's grammar, client rules and squashing. */
#include "export/export.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "backend/mem/mem.h"
#include "base/arena.h"
#include "export/export_table.h"
#include "lib/test.h"

static void parse(const char *text, struct export_spec *spec)
{
    char error[256] = "";

    if (!export_spec_parse(text, spec, error, sizeof(error)))
        fail_msg("%s: %s", text, error);
}

/* `words` must be part of the reason. */
static void refused(const char *text, const char *words)
{
    struct export_spec spec;
    char error[256] = "";

    if (export_spec_parse(text, &spec, error, sizeof(error)))
        fail_msg("accepted: %s", text);
    if (!strstr(error, words))
        fail_msg("%s: %s", text, error);
}

static void defaults(void **state)
{
    struct export_spec spec;

    (void)state;
    parse("/=mem:", &spec);
    assert_string_equal(spec.path, "/");
    assert_string_equal(spec.backend, "mem");
    assert_string_equal(spec.arg, "");
    assert_int_equal(spec.squash, EXPORT_ROOT_SQUASH);
    assert_int_equal(spec.anon_uid, 65534);
    assert_false(spec.read_only);
    assert_false(spec.async);
    export_spec_fini(&spec);
}

static void all_options(void **state)
{
    struct export_spec spec;

    (void)state;
    parse("//a//b/=local:/srv/x:y,ro,async,all_squash,anonuid=7,anongid=8,client=10.0.0.0/8,"
          "client=fd00::/64,sec=krb5p:sys,xprtsec=mtls:tls,fsid=42",
          &spec);
    assert_string_equal(spec.path, "/a/b");
    assert_string_equal(spec.arg, "/srv/x:y");
    assert_true(spec.read_only);
    assert_true(spec.async);
    assert_int_equal(spec.squash, EXPORT_ALL_SQUASH);
    assert_int_equal(spec.anon_uid, 7);
    assert_int_equal(spec.anon_gid, 8);
    assert_int_equal(spec.client_count, 2);
    assert_int_equal(spec.clients[1].prefix_bits, 64);
    assert_int_equal(spec.security.flavor_count, 2);
    assert_int_equal(spec.security.flavors[0], SECURITY_KRB5P);
    assert_int_equal(spec.security.flavors[1], SECURITY_SYS);
    assert_int_equal(export_security_weakest(&spec.security), XPRTSEC_TLS);
    assert_true(spec.has_fsid);
    assert_int_equal(spec.fsid, 42);
    export_spec_fini(&spec);
}

/* The same option twice is no contradiction, and neither are options of different kinds. */
static void contradictions(void **state)
{
    static const char *const pairs[][2] = {{"ro", "rw"},
                                           {"sync", "async"},
                                           {"root_squash", "no_root_squash"},
                                           {"all_squash", "root_squash"},
                                           {"secure", "insecure"}};
    struct export_spec spec;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        char text[80], words[80];

        (void)snprintf(text, sizeof(text), "/=mem:,%s,strict_utf8,%s", pairs[i][0], pairs[i][1]);
        (void)snprintf(words, sizeof(words), "'%s' and '%s' contradict", pairs[i][0], pairs[i][1]);
        refused(text, words);
    }
    refused("/=mem:,anonuid=1,anonuid=2", "'anonuid' is given twice");
    refused("/=mem:,fsid=1,ro,fsid=1", "'fsid' is given twice");
    refused("/=mem:,sec=sys,sec=krb5", "'sec' is given twice");
    refused("/=mem:,attribute_cache=on",
            "expected attribute_cache=off, attribute_cache=own or attribute_cache=watched");
    refused("/=mem:,attribute_cache=own,attribute_cache=own", "'attribute_cache' is given twice");
    parse("/=mem:,ro,async,ro,all_squash,insecure", &spec);
    assert_true(spec.read_only && spec.async);
    export_spec_fini(&spec);
}

static void wrong(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "expected PSEUDO=BACKEND"},
        {"/", "expected PSEUDO=BACKEND"},
        {"a=mem:", "must be absolute"},
        {"/a/../b=mem:", "without '.' and '..'"},
        {"/=", "no backend after '='"},
        {"/=mem:,nonsense", "unknown option 'nonsense'"},
        {"/=mem:,squash_root", "unknown option 'squash_root'"},
        {"/=mem:,root_sqash", "did you mean 'root_squash'?"},
        {"/=mem:,clients=10.0.0.1", "did you mean 'client'?"},
        {"/=mem:,anonuid", "invalid option 'anonuid': expected anonuid=N"},
        {"/=mem:,anonuid=-1", "for example anonuid=65534"},
        {"/=mem:,anonuid=4294967296", "expected anonuid=N"},
        {"/=mem:,anongid=staff", "for example anongid=65534"},
        {"/=mem:,client=10.0.0.1/33", "expected client=ADDR or client=ADDR/BITS"},
        {"/=mem:,client=fd00::/129", "for example client=192.0.2.0/24"},
        {"/=mem:,client=host.example", "with a numeric address"},
        {"/=mem:,sec=krb6", "expected sec= with krb5p, krb5i, krb5, sys or none"},
        {"/=mem:,sec=", "for example sec=krb5p:krb5"},
        {"/=mem:,sec=sys:sys", "each once"},
        {"/=mem:,sec=sys:", "invalid option 'sec=sys:'"},
        {"/=mem:,sec=:sys", "invalid option 'sec=:sys'"},
        {"/=mem:,xprtsec=ssl", "expected xprtsec= with mtls, tls or none"},
        {"/=mem:,xprtsec=tls:tls", "for example xprtsec=mtls:tls"},
        {"/=mem:,fsid=", "for example fsid=7"},
        {"/=mem:,fsid=0", "a number from 1"}, /* 0 belongs to the pseudo file system */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        refused(rows[i].text, rows[i].words);
}

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage out = {0};
    struct sockaddr_in *in4 = (struct sockaddr_in *)&out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out;

    if (inet_pton(AF_INET, text, &in4->sin_addr) == 1)
        in4->sin_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
        in6->sin6_family = AF_INET6;
    else
        fail_msg("bad address in the test: %s", text);
    return out;
}

static void client_rules(void **state)
{
    struct {
        const char *rules;
        const char *peer;
        bool allowed;
    } rows[] = {
        {"/=mem:", "192.0.2.1", true},
        {"/=mem:,client=192.0.2.1", "192.0.2.1", true},
        {"/=mem:,client=192.0.2.1", "192.0.2.2", false},
        {"/=mem:,client=192.0.2.1", "::ffff:192.0.2.1", true},
        {"/=mem:,client=192.0.2.0/25", "192.0.2.127", true},
        {"/=mem:,client=192.0.2.0/25", "192.0.2.128", false},
        {"/=mem:,client=0.0.0.0/0", "198.51.100.7", true},
        {"/=mem:,client=0.0.0.0/0", "2001:db8::1", false},
        {"/=mem:,client=2001:db8::/32", "2001:db8:1::1", true},
        {"/=mem:,client=2001:db8::/32", "2001:db9::1", false},
        {"/=mem:,client=10.0.0.1,client=2001:db8::1", "2001:db8::1", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sockaddr_storage peer = address(rows[i].peer);
        struct export_spec spec;
        struct export export = {0};

        parse(rows[i].rules, &spec);
        export.client_count = spec.client_count;
        memcpy(export.clients, spec.clients, sizeof(export.clients));
        if (export_allows(&export, (struct sockaddr *)&peer) != rows[i].allowed)
            fail_msg("%s from %s", rows[i].rules, rows[i].peer);
        export_spec_fini(&spec);
    }
}

static void ports(void **state)
{
    static const struct {
        const char *rules;
        uint32_t caps;
        const char *peer;
        uint16_t port;
        enum export_admission admission;
    } rows[] = {
        {"/=mem:", 0, "192.0.2.1", 1024, EXPORT_ADMITTED},
        {"/=mem:", VFS_CAP_IDENTITY, "192.0.2.1", 1024, EXPORT_WRONG_PORT},
        {"/=mem:", VFS_CAP_IDENTITY, "192.0.2.1", 1023, EXPORT_ADMITTED},
        {"/=mem:", VFS_CAP_IDENTITY, "2001:db8::1", 1023, EXPORT_ADMITTED},
        {"/=mem:", VFS_CAP_IDENTITY, "2001:db8::1", 65535, EXPORT_WRONG_PORT},
        {"/=mem:,no_root_squash", VFS_CAP_IDENTITY, "192.0.2.1", 1024, EXPORT_WRONG_PORT},
        {"/=mem:,all_squash", VFS_CAP_IDENTITY, "192.0.2.1", 1024, EXPORT_ADMITTED},
        {"/=mem:,all_squash,secure", VFS_CAP_IDENTITY, "192.0.2.1", 1024, EXPORT_WRONG_PORT},
        {"/=mem:,insecure", VFS_CAP_IDENTITY, "192.0.2.1", 1024, EXPORT_ADMITTED},
        {"/=mem:,secure", 0, "192.0.2.1", 1024, EXPORT_WRONG_PORT},
        {"/=mem:,secure", 0, "192.0.2.1", 0, EXPORT_WRONG_PORT},
        {"/=mem:,secure,client=10.0.0.1", 0, "192.0.2.1", 1024, EXPORT_WRONG_ADDRESS},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct mem_options options = {.root_mode = 0777};
        struct sockaddr_storage peer = address(rows[i].peer);
        struct export_caller caller;
        struct export_table *table = export_table_create();
        struct vfs *fs = mem_create(&options);
        struct export_spec spec;
        char error[128];

        ((struct sockaddr_in *)&peer)->sin_port = htons(rows[i].port); /* same offset in in6 */
        fs->caps |= rows[i].caps;
        parse(rows[i].rules, &spec);
        assert_true(export_table_add(table, &spec, fs, error, sizeof(error)));
        export_caller_init(&caller, (struct sockaddr *)&peer, NULL, SECURITY_SYS, XPRTSEC_NONE);
        if (export_table_admit(table, &caller) != rows[i].admission)
            fail_msg("%s from %s, port %u", rows[i].rules, rows[i].peer, rows[i].port);
        export_spec_fini(&spec);
        export_table_destroy(table);
    }
}

static void squash(void **state)
{
    struct export export = {.anon_uid = 1001, .anon_gid = 1002};
    const uint32_t gids[] = {0, 5};
    struct vfs_cred cred;
    struct arena arena;

    (void)state;
    arena_init(&arena, 256);
    export.squash = EXPORT_ROOT_SQUASH;
    cred = (struct vfs_cred){.uid = 0, .gid = 0, .gid_count = 2, .gids = gids};
    export_squash_cred(&export, &arena, &cred);
    assert_int_equal(cred.uid, 1001);
    assert_int_equal(cred.gid, 1002);
    assert_int_equal(cred.gids[0], 1002);
    assert_int_equal(cred.gids[1], 5);
    assert_int_equal(gids[0], 0);
    cred = (struct vfs_cred){.uid = 7, .gid = 7, .gid_count = 1, .gids = gids + 1};
    export_squash_cred(&export, &arena, &cred);
    assert_ptr_equal(cred.gids, gids + 1);
    cred = (struct vfs_cred){.uid = 7, .gid = 0, .gid_count = 0, .gids = NULL};
    export_squash_cred(&export, &arena, &cred);
    assert_int_equal(cred.uid, 7);
    assert_int_equal(cred.gid, 1002);
    export.squash = EXPORT_NO_ROOT_SQUASH;
    cred = (struct vfs_cred){.uid = 0, .gid = 0, .gid_count = 2, .gids = gids};
    export_squash_cred(&export, &arena, &cred);
    assert_int_equal(cred.uid, 0);
    assert_int_equal(cred.gids[0], 0);
    export.squash = EXPORT_ALL_SQUASH;
    cred = (struct vfs_cred){.uid = 7, .gid = 7, .gid_count = 2, .gids = gids};
    export_squash_cred(&export, &arena, &cred);
    assert_int_equal(cred.uid, 1001);
    assert_int_equal(cred.gid_count, 0);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),       cmocka_unit_test(all_options),  cmocka_unit_test(wrong),
        cmocka_unit_test(contradictions), cmocka_unit_test(client_rules), cmocka_unit_test(ports),
        cmocka_unit_test(squash),
    };

    return test_group_run(tests);
}
