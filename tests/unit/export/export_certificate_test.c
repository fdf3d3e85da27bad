/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates an export takes, and whom they make of a caller. */
#include "export/export_certificate.h"

#include <netinet/in.h>
#include <pwd.h>
#include <string.h>

#include "backend/mem/mem.h"
#include "export/export_table.h"
#include "lib/test.h"
#include "tls/tls_peer.h"

static struct tls_peer certified(const char *name)
{
    return (struct tls_peer){
        .has_certificate = true, .subject = name, .issuer = "CN=Lab CA,O=Lab", .common_name = name};
}

static struct export_caller caller_of(enum security_flavor flavor, const struct tls_peer *peer)
{
    static const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 0xffff};
    struct export_caller caller;

    export_caller_init(&caller, (const struct sockaddr *)&address, peer, flavor,
                       !peer                     ? XPRTSEC_NONE
                       : tls_peer_is_known(peer) ? XPRTSEC_MTLS
                                                 : XPRTSEC_TLS);
    return caller;
}

static struct export_table *table_of(const char *text)
{
    struct export_table *table = export_table_create();
    struct vfs *fs = mem_create(NULL);
    struct export_spec spec;
    char error[256];

    if (!export_spec_parse(text, &spec, error, sizeof(error)) ||
        !export_table_add(table, &spec, fs, error, sizeof(error)))
        fail_msg("%s: %s", text, error);
    export_spec_fini(&spec);
    return table;
}

static struct export *top(struct export_table *table, const struct export_caller *caller)
{
    struct vfs_object *obj;
    struct export *export;

    assert_int_equal(export_root(table, caller, &obj, &export), VFS_OK);
    vfs_object_put(obj);
    return export;
}

/* One of the rules must match, in all its parts; a comma within a pattern has two backslashes
 * here. */
static void one_rule_must_match(void **state)
{
    static const struct {
        const char *name;
        enum export_admission admission;
    } rows[] = {
        {"web1.example", EXPORT_ADMITTED},
        {"db.example", EXPORT_ADMITTED},
        {"db.example.org", EXPORT_WRONG_CERTIFICATE},
        {"", EXPORT_WRONG_CERTIFICATE},
    };
    struct export_table *table =
        table_of("/=mem:,secure,tls_peer=CN=web*.example\\,issuer=CN=Lab CA\\\\\\,O=Lab,"
                 "tls_peer=CN=db.example");
    const struct tls_peer nameless = {.has_certificate = false};
    struct export_caller plain;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tls_peer peer = certified(rows[i].name);
        struct export_caller caller = caller_of(SECURITY_SYS, &peer);

        if (export_table_admit(table, &caller) != rows[i].admission)
            fail_msg("%s", rows[i].name);
    }
    plain = caller_of(SECURITY_SYS, NULL);
    assert_int_equal(export_table_admit(table, &plain), EXPORT_WRONG_TRANSPORT);
    plain = caller_of(SECURITY_SYS, &nameless);
    assert_int_equal(export_table_admit(table, &plain), EXPORT_WRONG_TRANSPORT);
    export_table_destroy(table);
}

/* The first rule that matches names the user, with the groups of the database; a call by Kerberos
 * has proved another one. */
static void certificates_are_users(void **state)
{
    struct export_table *table =
        table_of("/=mem:,sec=sys:krb5,xprtsec=mtls:none,tls_user=CN=laptop*=7:8,"
                 "tls_user=CN=*.example=root,tls_user=CN=laptop2=9:9");
    struct tls_peer laptop = certified("laptop2"), web = certified("web1.example"),
                    other = certified("other");
    struct export_caller by_laptop = caller_of(SECURITY_SYS, &laptop),
                         by_web = caller_of(SECURITY_NONE, &web),
                         by_other = caller_of(SECURITY_SYS, &other),
                         by_plain = caller_of(SECURITY_SYS, NULL),
                         by_ticket = caller_of(SECURITY_KRB5, &laptop);
    const struct export *export = top(table, &by_plain);
    const struct export_user *user = export_user_of(export, &by_laptop);

    (void)state;
    assert_non_null(user);
    assert_int_equal(user->uid, 7);
    assert_int_equal(user->gid, 8);
    assert_int_equal(user->gid_count, 0);
    user = export_user_of(export, &by_web);
    assert_non_null(user);
    assert_int_equal(user->uid, 0);
    assert_int_equal(user->gid, getpwnam("root")->pw_gid);
    assert_true(user->gid_count > 0);
    assert_null(export_user_of(export, &by_other));
    assert_null(export_user_of(export, &by_plain));
    assert_null(export_user_of(export, &by_ticket));
    assert_int_equal(export_admit(export, &by_other), EXPORT_ADMITTED);
    export_table_destroy(table);
}

static void wrong(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"/=mem:,tls_peer=", "invalid option 'tls_peer=': expected tls_peer=RULE"},
        {"/=mem:,tls_peer=Cn", "with a backslash before each comma"},
        {"/=mem:,tls_peer=name=x", "example tls_peer=SAN=DNS:*.lab.example"},
        {"/=mem:,tls_peer=CN=a,CN=b", "unknown option 'CN=b'"},
        {"/=mem:,tls_peer=CN=a,xprtsec=tls", "tls_peer contradicts xprtsec"},
        {"/=mem:,xprtsec=mtls:none,tls_peer=CN=a", "expected xprtsec=mtls"},
        {"/=mem:,tls_user=CN=a", "expected tls_user=RULE=USER"},
        {"/=mem:,tls_user=CN=a=", "example tls_user=CN=web1.example=alice"},
        {"/=mem:,tls_user=CN=a=alice,xprtsec=tls", "xprtsec has to name mtls"},
    };
    struct export_spec spec;
    char error[512];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_false(export_spec_parse(rows[i].text, &spec, error, sizeof(error)));
        if (!strstr(error, rows[i].words))
            fail_msg("%s: %s", rows[i].text, error);
    }
}

/* An export whose user is not there is not added, and one that has a change coming stays. */
static void users_must_exist(void **state)
{
    struct export_table *table = table_of("/=mem:,tls_user=CN=a=1:1");
    struct export_spec spec;
    char error[256];

    (void)state;
    assert_true(
        export_spec_parse("/=mem:,tls_user=CN=a=no such user", &spec, error, sizeof(error)));
    assert_false(export_table_change(table, &spec, error, sizeof(error)));
    assert_string_equal(error, "tls_user names 'no such user', but there is no such user");
    export_spec_fini(&spec);
    export_table_destroy(table);
}

static void bounded(void **state)
{
    struct export_rules rules = {0}, copy;
    char error[256];

    (void)state;
    for (unsigned i = 0; i < LIMIT_EXPORT_RULES; i++)
        assert_true(export_rules_add_peer(&rules, "CN=a", error, sizeof(error)));
    assert_false(export_rules_add_peer(&rules, "CN=a", error, sizeof(error)));
    assert_string_equal(error, "more than 64 rules");
    export_rules_copy(&copy, &rules);
    assert_true(export_rules_same(&copy, &rules));
    copy.of[1][3] = 'b';
    assert_false(export_rules_same(&copy, &rules));
    export_rules_fini(&rules);
    export_rules_fini(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rule_must_match),
        cmocka_unit_test(certificates_are_users),
        cmocka_unit_test(wrong),
        cmocka_unit_test(users_must_exist),
        cmocka_unit_test(bounded),
    };

    return test_group_run(tests);
}
