/* SPDX-License-Identifier: Apache-2.0 */
/* Who is taken by which exports, and what a directory of the pseudo file system says of them. */
#include "export/export_security.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "backend/mem/mem.h"
#include "export/export_path.h"
#include "export/export_table.h"
#include "lib/test.h"

static struct sockaddr_in peer_in = {.sin_family = AF_INET};

static struct export_caller caller_make(enum security_flavor flavor, enum export_xprtsec xprtsec,
                                        uint16_t port)
{
    struct export_caller caller;

    peer_in.sin_port = htons(port);
    export_caller_init(&caller, (const struct sockaddr *)&peer_in, NULL, flavor, xprtsec);
    return caller;
}

static void set(struct export_security *security, const char *sec, const char *xprtsec)
{
    char error[256] = "";

    export_security_init(security);
    if (!export_security_set_flavors(security, sec, error, sizeof(error)) ||
        !export_security_set_xprtsecs(security, xprtsec, error, sizeof(error)))
        fail_msg("%s, %s: %s", sec, xprtsec, error);
}

static void lists_are_read_and_printed(void **state)
{
    static const struct {
        const char *sec, *xprtsec;
        enum export_xprtsec weakest;
    } rows[] = {
        {"sys", "none", XPRTSEC_NONE},
        {"krb5p:krb5i:krb5:sys:none", "mtls:tls:none", XPRTSEC_NONE},
        {"none:krb5", "tls:mtls", XPRTSEC_TLS},
        {"krb5i", "mtls", XPRTSEC_MTLS},
    };
    struct export_security security;
    char text[EXPORT_SECURITY_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        set(&security, rows[i].sec, rows[i].xprtsec);
        assert_string_equal(export_security_print_flavors(&security, text, sizeof(text)),
                            rows[i].sec);
        assert_string_equal(export_security_print_xprtsecs(&security, text, sizeof(text)),
                            rows[i].xprtsec);
        assert_int_equal(export_security_weakest(&security), rows[i].weakest);
    }
}

static void wrong_lists(void **state)
{
    static const char *const rows[][2] = {
        {"krb6", "did you mean 'krb5'"},
        {"", "expected"},
        {"sys:", "expected"},
        {":sys", "expected"},
        {"sys::none", "not ''"},
        {"krb5:sys:krb5", "'krb5' is there twice"},
        {"SYS", "not 'SYS'"},
    };
    struct export_security security;
    char error[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        export_security_init(&security);
        assert_false(export_security_set_flavors(&security, rows[i][0], error, sizeof(error)));
        if (!strstr(error, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], error);
    }
}

/* What the mask of an export says of each caller, against the rules one by one. */
static void each_caller(void **state)
{
    static const char *const secs[] = {"sys", "none", "krb5", "krb5p:sys", "krb5i:krb5:none"};
    static const char *const xprtsecs[] = {"none", "tls", "mtls", "mtls:none"};

    (void)state;
    for (unsigned n = 0; n < 5 * 4 * 2 * 5 * 3 * 2; n++) {
        unsigned rest = n;
        const char *sec = secs[rest % 5], *xprtsec = xprtsecs[(rest /= 5) % 4];
        bool secure = (rest /= 4) % 2;
        enum security_flavor flavor = (rest /= 2) % 5;
        enum export_xprtsec transport = (rest /= 5) % 3;
        bool reserved = (rest / 3) % 2;
        struct export_caller caller = caller_make(flavor, transport, reserved ? 1023 : 1024);
        bool proven = flavor >= SECURITY_KRB5 || transport == XPRTSEC_MTLS;
        struct export export = {.secure = secure};
        enum export_admission wanted = EXPORT_ADMITTED;

        set(&export.security, sec, xprtsec);
        export.takes = export_security_mask(&export.security, secure);
        if (secure && !reserved && !proven)
            wanted = EXPORT_WRONG_PORT;
        if (!export_security_has_flavor(&export.security, flavor))
            wanted = EXPORT_WRONG_FLAVOR;
        if (transport < export_security_weakest(&export.security))
            wanted = EXPORT_WRONG_TRANSPORT;
        if (export_admit(&export, &caller) != wanted)
            fail_msg("%s %s %d: %s over %s %d", sec, xprtsec, secure, security_flavor_name(flavor),
                     export_xprtsec_name(transport), reserved);
    }
}

/* ---- the name space ---- */

static void add(struct export_table *table, const char *text)
{
    struct export_spec spec;
    char error[256];

    if (!export_spec_parse(text, &spec, error, sizeof(error)) ||
        !export_table_add(table, &spec, mem_create(NULL), error, sizeof(error)))
        fail_msg("%s: %s", text, error);
    export_spec_fini(&spec);
}

/* The result is to be put. */
static struct vfs_object *object_at(struct export_table *table, const char *name,
                                    const struct export_caller *caller, struct export **export)
{
    struct vfs_name n = {.data = name, .len = strlen(name)};
    struct vfs_object *top, *obj;
    struct export *above;

    assert_int_equal(export_root(table, caller, &top, &above), VFS_OK);
    *export = above;
    if (!*name)
        return top;
    assert_int_equal(export_cross_down(table, above, top, &n, caller, &obj, export), VFS_OK);
    vfs_object_put(top);
    return obj;
}

static void expect_at(struct export_table *table, const char *name,
                      const struct export_caller *caller, enum export_admission admission,
                      const char *flavors)
{
    struct export *export;
    struct vfs_object *obj = object_at(table, name, caller, &export);
    struct export_security told = {0};
    char text[EXPORT_SECURITY_TEXT_BYTES];

    assert_int_equal(export_admit_at(export, obj, caller), admission);
    if (export_admits_anywhere(export, caller))
        assert_int_equal(admission, EXPORT_ADMITTED);
    told.flavor_count = (uint8_t)export_flavors_at(export, obj, caller, told.flavors);
    assert_string_equal(export_security_print_flavors(&told, text, sizeof(text)), flavors);
    vfs_object_put(obj);
}

/* The root is open to whom an export below takes, and tells the flavors of those that the caller
 * can use over its connection. */
static void pseudo_is_open_as_far_as_it_must_be(void **state)
{
    struct export_table *table = export_table_create();
    struct export_caller sys = caller_make(SECURITY_SYS, XPRTSEC_NONE, 700),
                         krb5 = caller_make(SECURITY_KRB5, XPRTSEC_NONE, 5000),
                         none = caller_make(SECURITY_NONE, XPRTSEC_NONE, 700),
                         krb5i = caller_make(SECURITY_KRB5I, XPRTSEC_NONE, 700),
                         none_tls = caller_make(SECURITY_NONE, XPRTSEC_TLS, 700);

    (void)state;
    add(table, "/a=mem:,sec=krb5p:krb5");
    expect_at(table, "", &sys, EXPORT_WRONG_FLAVOR, "krb5p:krb5");
    add(table, "/b=mem:,sec=none,xprtsec=tls");
    expect_at(table, "", &sys, EXPORT_WRONG_FLAVOR, "krb5p:krb5");
    expect_at(table, "", &none, EXPORT_WRONG_FLAVOR, "krb5p:krb5");
    expect_at(table, "", &none_tls, EXPORT_ADMITTED, "krb5p:krb5:none");
    expect_at(table, "", &krb5, EXPORT_ADMITTED, "krb5p:krb5");
    expect_at(table, "a", &krb5i, EXPORT_WRONG_FLAVOR, "krb5p:krb5");
    expect_at(table, "b", &krb5, EXPORT_WRONG_TRANSPORT, "none");
    add(table, "/c=mem:,sec=krb5i,client=192.0.2.1"); /* not for this caller */
    expect_at(table, "", &krb5i, EXPORT_WRONG_FLAVOR, "krb5p:krb5");
    add(table, "/d=mem:,secure");
    expect_at(table, "", &sys, EXPORT_ADMITTED, "krb5p:krb5:sys");
    export_table_destroy(table);
}

/* Who has the wrong flavor for an export sees it, to ask which one is right; who has the wrong
 * connection sees it unless there is something for it below. */
static void export_above_export(void **state)
{
    struct export_table *table = export_table_create();
    struct export_caller sys = caller_make(SECURITY_SYS, XPRTSEC_NONE, 700),
                         krb5 = caller_make(SECURITY_KRB5, XPRTSEC_NONE, 700);

    (void)state;
    add(table, "/=mem:,sec=krb5,xprtsec=tls");
    expect_at(table, "", &krb5, EXPORT_WRONG_TRANSPORT, "krb5");
    add(table, "/open=mem:,sec=sys");
    expect_at(table, "", &sys, EXPORT_ADMITTED, "sys");
    expect_at(table, "", &krb5, EXPORT_WRONG_TRANSPORT, "krb5");
    expect_at(table, "open", &krb5, EXPORT_WRONG_FLAVOR, "sys");
    export_table_destroy(table);
}

/* Who needs no closer look: neither the address nor a certificate decides, and the security and the
 * port are right. */
static void admitted_by_security_alone(void **state)
{
    static const struct {
        const char *options;
        enum export_xprtsec xprtsec;
        uint16_t port;
        bool anywhere;
    } rows[] = {
        {"", XPRTSEC_NONE, 5000, true},
        {",secure", XPRTSEC_NONE, 700, true},
        {",secure", XPRTSEC_NONE, 5000, false},
        {",sec=krb5", XPRTSEC_NONE, 700, false},
        {",sec=krb5:sys", XPRTSEC_NONE, 700, true},
        {",xprtsec=tls", XPRTSEC_NONE, 700, false},
        {",xprtsec=tls", XPRTSEC_TLS, 700, true},
        {",client=0.0.0.0/0", XPRTSEC_NONE, 700, false},
        {",client=0.0.0.0/0,xprtsec=mtls", XPRTSEC_MTLS, 700, false},
        {",xprtsec=mtls,tls_peer=CN=a", XPRTSEC_MTLS, 700, false},
        {",xprtsec=mtls", XPRTSEC_MTLS, 700, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct export_table *table = export_table_create();
        struct export_caller caller = caller_make(SECURITY_SYS, rows[i].xprtsec, rows[i].port);
        const struct export *export;
        struct export *pseudo;
        char text[256];

        vfs_object_put(object_at(table, "", &caller, &pseudo));
        assert_false(export_admits_anywhere(pseudo, &caller));
        (void)snprintf(text, sizeof(text), "/a=mem:%s", rows[i].options);
        add(table, text);
        export = export_of_fs(table, export_table_backend(table, "/a"));
        if (export_admits_anywhere(export, &caller) != rows[i].anywhere)
            fail_msg("%s over %s, port %u", text, export_xprtsec_name(rows[i].xprtsec),
                     rows[i].port);
        export_table_destroy(table);
    }
}

static void the_server(void **state)
{
    struct export_table *table = export_table_create();
    struct export_caller sys = caller_make(SECURITY_SYS, XPRTSEC_NONE, 700),
                         krb5 = caller_make(SECURITY_KRB5, XPRTSEC_MTLS, 700);

    (void)state;
    add(table, "/a=mem:,sec=krb5i,xprtsec=mtls");
    assert_int_equal(export_table_admit(table, &sys), EXPORT_WRONG_TRANSPORT);
    assert_int_equal(export_table_admit(table, &krb5), EXPORT_WRONG_FLAVOR);
    add(table, "/b=mem:,sec=krb5,xprtsec=tls");
    assert_int_equal(export_table_admit(table, &krb5), EXPORT_ADMITTED);
    export_table_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read_and_printed),
        cmocka_unit_test(wrong_lists),
        cmocka_unit_test(each_caller),
        cmocka_unit_test(pseudo_is_open_as_far_as_it_must_be),
        cmocka_unit_test(export_above_export),
        cmocka_unit_test(admitted_by_security_alone),
        cmocka_unit_test(the_server),
    };

    return test_group_run(tests);
}
