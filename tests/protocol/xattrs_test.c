/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes (RFC 8276): what comes back, what is refused, and listings.  Alice and bob
 * use 4.2.  How they meet delegations and lost replies: xattr_conflicts_test.c.
 */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "script.h"

#define XATTR_BITS (ACCESS4_XAREAD | ACCESS4_XAWRITE | ACCESS4_XALIST)

enum {
    LIST_BYTES = 64 << 10,
    LIST_FIXED_BYTES = 8 + 4 + 4, /* cookie, count, eof */
    VERY_MANY = 10000,
};

static bool local_has_them; /* the file system of the test's directory */
static struct client_fh dir, file, read_only;

static int setup(void **state)
{
    static char local[128];
    const char *const options[] = {
        "--export", "/mem=mem:,no_root_squash",   "--export", local,
        "--export", "/ro=mem:,ro,no_root_squash", "--export", "/strict=mem:,strict_utf8",
        NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    local_has_them = setxattr(script_server.data, "user.probe", "1", 1, 0) == 0;
    if (local_has_them && removexattr(script_server.data, "user.probe") != 0)
        return -1;
    if (script_setup(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    return client_file_lookup(&alice, "/ro", &read_only) == NFS4_OK ? 0 : -1;
}

/* A file without extended attributes.  False if the export's file system has none: then all is
 * NOTSUPP. */
static bool begin_with_file(const char *export)
{
    dir = script_dir(export);
    file = make_file(&alice, &dir, "file");
    if (export != script_local || local_has_them)
        return true;
    begin(&alice, &file);
    client_op_listxattrs(C, 0, LIST_BYTES);
    run(NFS4ERR_NOTSUPP);
    return false;
}

static void set(const struct client_fh *fh, const char *name, enum setxattr_option4 how,
                const char *value, enum nfsstat4 status)
{
    begin(&alice, fh);
    client_op_setxattr(C, name, how, value, (uint32_t)strlen(value));
    run(status);
}

static void unset(const struct client_fh *fh, const char *name, enum nfsstat4 status)
{
    begin(&alice, fh);
    client_op_removexattr(C, name);
    run(status);
}

static void get_fails(const struct client_fh *fh, const char *name, enum nfsstat4 status)
{
    begin(&alice, fh);
    client_op_getxattr(C, name);
    run(status);
}

static void value_is(const struct client_fh *fh, const char *name, const char *want)
{
    const struct wire_opaque *value;

    begin(&bob, fh);
    client_op_getxattr(C, name);
    run(NFS4_OK);
    value = &result(OP_GETXATTR)->opgetxattr.gxr_value;
    assert_int_equal(value->len, strlen(want));
    assert_memory_equal(value->data, want, value->len);
}

static uint64_t change(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_CHANGE)).change;
}

/* One page. */
static const struct LISTXATTRS4resok *list(const struct client_fh *fh, uint64_t cookie,
                                           uint32_t max_bytes)
{
    begin(&bob, fh);
    client_op_listxattrs(C, cookie, max_bytes);
    run(NFS4_OK);
    return &result(OP_LISTXATTRS)->oplistxattrs;
}

static bool has_name(const struct LISTXATTRS4resok *page, const char *name)
{
    for (uint32_t i = 0; i < page->lxr_names_count; i++) {
        if (page->lxr_names[i].len == strlen(name) &&
            memcmp(page->lxr_names[i].data, name, strlen(name)) == 0)
            return true;
    }
    return false;
}

static void whole_life_of(const struct client_fh *fh)
{
    const struct LISTXATTRS4resok *page = list(fh, 0, LIST_BYTES);
    struct change_info4 info;
    uint64_t before = change(fh);

    assert_true(list(fh, 0, LIST_FIXED_BYTES)->lxr_eof);
    page = list(fh, 0, LIST_BYTES);
    assert_true(page->lxr_eof && page->lxr_names_count == 0);
    get_fails(fh, "colour", NFS4ERR_NOXATTR);
    unset(fh, "colour", NFS4ERR_NOXATTR);
    set(fh, "colour", SETXATTR4_REPLACE, "red", NFS4ERR_NOXATTR);
    assert_true(change(fh) == before);
    set(fh, "colour", SETXATTR4_CREATE, "red", NFS4_OK);
    info = result(OP_SETXATTR)->opsetxattr.sxr_info;
    assert_true(info.before == before && info.after == change(fh) && info.after != before);
    value_is(fh, "colour", "red");
    set(fh, "colour", SETXATTR4_CREATE, "blue", NFS4ERR_EXIST);
    set(fh, "colour", SETXATTR4_REPLACE, "green", NFS4_OK);
    set(fh, "empty", SETXATTR4_EITHER, "", NFS4_OK);
    value_is(fh, "colour", "green");
    value_is(fh, "empty", "");
    page = list(fh, 0, LIST_BYTES);
    assert_true(page->lxr_eof && page->lxr_names_count == 2);
    assert_true(has_name(page, "colour") && has_name(page, "empty"));
    before = change(fh);
    unset(fh, "colour", NFS4_OK);
    info = result(OP_REMOVEXATTR)->opremovexattr.rxr_info;
    assert_true(info.before == before && info.after == change(fh) && info.after != before);
    get_fails(fh, "colour", NFS4ERR_NOXATTR);
    assert_int_equal(list(fh, 0, LIST_BYTES)->lxr_names_count, 1);
}

static void whole_life(void **state)
{
    if (!begin_with_file(*state))
        return;
    whole_life_of(&file);
    whole_life_of(&dir);
}

/* On mem all objects have them.  Linux has user.* for files and directories only, and clients of
 * it do not ask. */
static void other_objects(void **state)
{
    struct client_fh link, fifo;
    bool have = begin_with_file(*state);

    expect_status(client_file_symlink(&alice, &dir, "link", "file", &link), NFS4_OK);
    begin(&alice, &dir);
    client_op_create(C, "fifo", NF4FIFO, NULL, 0644);
    client_op_getfh(C);
    run(NFS4_OK);
    fifo = result_fh();
    if (*state == script_mem) {
        whole_life_of(&link);
        whole_life_of(&fifo);
    } else if (have) {
        set(&file, "a", SETXATTR4_EITHER, "1", NFS4_OK);
        get_fails(&link, "a", NFS4ERR_NOXATTR); /* it is not followed */
        set(&link, "a", SETXATTR4_EITHER, "1", NFS4ERR_PERM);
        unset(&fifo, "a", NFS4ERR_PERM);
        assert_int_equal(list(&link, 0, LIST_BYTES)->lxr_names_count, 0);
    }
}

static uint32_t access_of(struct client_mount *mount, const struct client_fh *fh,
                          uint32_t *supported)
{
    begin(mount, fh);
    client_op_access(C, ACCESS4_READ | XATTR_BITS);
    run_on(&mount->conn, NFS4_OK);
    *supported = result(OP_ACCESS)->opaccess.supported;
    return result(OP_ACCESS)->opaccess.access;
}

static void support(void **state)
{
    bool have = begin_with_file(*state);
    struct client_fh root;
    uint32_t supported;

    assert_true(attrs_of(&alice, &file, CLIENT_BITS(FATTR4_XATTR_SUPPORT)).xattr_support == have);
    assert_int_equal(access_of(&alice, &file, &supported), ACCESS4_READ | (have ? XATTR_BITS : 0));
    assert_int_equal(supported, ACCESS4_READ | (have ? XATTR_BITS : 0));
    assert_int_equal(access_of(&alice, &dir, &supported), supported);
    expect_status(client_file_lookup(&alice, "/", &root), NFS4_OK);
    assert_false(attrs_of(&alice, &root, CLIENT_BITS(FATTR4_XATTR_SUPPORT)).xattr_support);
    access_of(&alice, &root, &supported);
    assert_int_equal(supported, ACCESS4_READ);
    set(&root, "a", SETXATTR4_EITHER, "1", NFS4ERR_NOTSUPP);
}

/* RFC 8276 §7, §8: they extend 4.2.  In 4.1 nothing is different. */
static void not_in_minor_one(void **state)
{
    struct client_mount carol;

    begin_with_file(*state);
    script_mount_v41(&carol);
    begin(&carol, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_XATTR_SUPPORT));
    run_on(&carol.conn, NFS4_OK);
    assert_false(bitmap4_isset(&result(OP_GETATTR)->opgetattr.obj_attributes.attrmask,
                               FATTR4_XATTR_SUPPORT));
    for (uint32_t bit = ACCESS4_XAREAD; bit <= ACCESS4_XALIST; bit <<= 1) {
        begin(&carol, &file);
        client_op_access(C, ACCESS4_READ | bit);
        run_on(&carol.conn, NFS4ERR_INVAL);
    }
    begin(&alice, &file);
    client_op_access(C, ACCESS4_XALIST << 1);
    run(NFS4ERR_INVAL);
    begin(&carol, &file);
    client_op_getxattr(C, "a");
    run_on(&carol.conn, NFS4ERR_OP_ILLEGAL);
    client_mount_close(&carol);
}

/* One of the three operations on one name, which is given as bytes. */
static void add_with_name(uint32_t number, const void *data, uint32_t len)
{
    struct nfs_argop4 op = {.argop = number};
    struct wire_opaque name = {data, len};

    if (number == OP_GETXATTR)
        op.opgetxattr.gxa_name = name;
    else if (number == OP_SETXATTR)
        op.opsetxattr.sxa_key = name;
    else
        op.opremovexattr.rxa_name = name;
    client_compound_add(C, &op);
}

static void bad_names(void **state)
{
    static const uint32_t ops[] = {OP_GETXATTR, OP_SETXATTR, OP_REMOVEXATTR};
    static char longest[LIMIT_XATTR_NAME_BYTES + 1];
    static char endless[100000];
    const struct {
        const char *data;
        uint32_t len;
        enum nfsstat4 status;
    } bad[] = {
        {"", 0, NFS4ERR_INVAL},
        {"a\0b", 3, NFS4ERR_INVAL},
        {"\0", 1, NFS4ERR_INVAL},
        {longest, sizeof(longest), NFS4ERR_NAMETOOLONG},
        {endless, sizeof(endless), NFS4ERR_NAMETOOLONG},
    };
    uint64_t before;

    if (!begin_with_file(*state))
        return;
    memset(longest, 'n', sizeof(longest));
    memset(endless, 'e', sizeof(endless));
    before = change(&file);
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(bad); j++) {
            begin(&alice, &file);
            add_with_name(ops[i], bad[j].data, bad[j].len);
            run(bad[j].status);
        }
    }
    assert_true(change(&file) == before);
    assert_int_equal(list(&file, 0, LIST_BYTES)->lxr_names_count, 0);
    begin(&alice, &file);
    add_with_name(OP_SETXATTR, longest, LIMIT_XATTR_NAME_BYTES);
    add_with_name(OP_GETXATTR, longest, LIMIT_XATTR_NAME_BYTES);
    run(NFS4_OK);
    set(&file, "../a\xff", SETXATTR4_CREATE, "any other bytes", NFS4_OK);
    value_is(&file, "../a\xff", "any other bytes");
}

static void refused(void **state)
{
    static const uint32_t ops[] = {OP_GETXATTR, OP_SETXATTR, OP_LISTXATTRS, OP_REMOVEXATTR};
    struct client_fh attrdir;

    (void)state;
    begin_with_file(script_mem);
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        begin(&alice, NULL);
        script_op_zeroed(ops[i]);
        run(NFS4ERR_NOFILEHANDLE);
    }
    set(&read_only, "a", SETXATTR4_EITHER, "1", NFS4ERR_ROFS);
    unset(&read_only, "a", NFS4ERR_ROFS);
    get_fails(&read_only, "a", NFS4ERR_NOXATTR);
    begin(&alice, &read_only);
    client_op_access(C, XATTR_BITS);
    run(NFS4_OK);
    assert_int_equal(result(OP_ACCESS)->opaccess.access, ACCESS4_XAREAD | ACCESS4_XALIST);
    begin(&alice, &file);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {true}});
    client_op_getfh(C);
    run(NFS4_OK);
    attrdir = result_fh();
    set(&attrdir, "a", SETXATTR4_EITHER, "1", NFS4ERR_WRONG_TYPE);
}

/* With strict_utf8, names are text. */
static void strict_names(void **state)
{
    static char strict[] = "/strict";

    (void)state;
    begin_with_file(strict);
    set(&file, "\xc3\xa4", SETXATTR4_CREATE, "text", NFS4_OK);
    set(&file, "\xc3", SETXATTR4_CREATE, "none", NFS4ERR_INVAL);
    get_fails(&file, "\xff", NFS4ERR_INVAL);
    unset(&file, "\xff", NFS4ERR_INVAL);
    assert_int_equal(list(&file, 0, LIST_BYTES)->lxr_names_count, 1);
}

static void strangers(void **state)
{
    struct client_cred own = alice.conn.cred;

    (void)state;
    begin_with_file(script_mem);
    set(&file, "a", SETXATTR4_EITHER, "1", NFS4_OK);
    expect_status(client_file_setattr(&alice, &file, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0644}),
                  NFS4_OK);
    alice.conn.cred = script_stranger();
    set(&file, "a", SETXATTR4_EITHER, "2", NFS4ERR_ACCESS);
    unset(&file, "a", NFS4ERR_ACCESS);
    begin(&alice, &file);
    client_op_access(C, XATTR_BITS);
    client_op_getxattr(C, "a");
    run(NFS4_OK);
    assert_int_equal(result(OP_ACCESS)->opaccess.access, ACCESS4_XAREAD | ACCESS4_XALIST);
    alice.conn.cred = own;
    expect_status(client_file_setattr(&alice, &file, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0600}),
                  NFS4_OK);
    alice.conn.cred = script_stranger();
    get_fails(&file, "a", NFS4ERR_ACCESS);
    begin(&alice, &file);
    client_op_listxattrs(C, 0, LIST_BYTES);
    run(NFS4ERR_ACCESS);
    alice.conn.cred = own;
    value_is(&file, "a", "1");
}

/* A compound whose reply is not to be kept. */
static void begin_uncached(const struct client_fh *fh)
{
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_slot(C, &alice.session, 0, false);
    client_op_putfh(C, fh);
}

static void large_values(void **state)
{
    static uint8_t value[LIMIT_XATTR_VALUE_BYTES + 1];
    const struct wire_opaque *back;

    (void)state;
    begin_with_file(script_mem);
    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (uint8_t)(i % 251);
    begin(&alice, &file);
    client_op_setxattr(C, "large", SETXATTR4_EITHER, value, sizeof(value));
    run(NFS4ERR_XATTR2BIG);
    get_fails(&file, "large", NFS4ERR_NOXATTR);
    begin(&alice, &file);
    client_op_setxattr(C, "large", SETXATTR4_EITHER, value, LIMIT_XATTR_VALUE_BYTES);
    run(NFS4_OK);
    begin_uncached(&file);
    client_op_getxattr(C, "large");
    client_op_getxattr(C, "large");
    run_on(&alice.conn, NFS4_OK);
    back = &R->ops[2].opgetxattr.gxr_value;
    assert_int_equal(back->len, LIMIT_XATTR_VALUE_BYTES);
    assert_memory_equal(back->data, value, back->len);
    begin(&alice, &file); /* a reply that is kept has less room */
    client_op_getxattr(C, "large");
    run(NFS4ERR_REP_TOO_BIG_TO_CACHE);
    begin_uncached(&file);
    for (uint32_t i = 0; i < 17; i++)
        client_op_getxattr(C, "large");
    run_on(&alice.conn, NFS4ERR_REP_TOO_BIG);
}

/* lxa_maxcount is a bound on all of the result. */
static void bounds_of_listings(void **state)
{
    const struct LISTXATTRS4resok *page;

    if (!begin_with_file(*state))
        return;
    set(&file, "12345", SETXATTR4_EITHER, "", NFS4_OK);
    for (uint32_t max = 0; max < LIST_FIXED_BYTES + 12; max += 4) {
        begin(&alice, &file);
        client_op_listxattrs(C, 0, max);
        run(NFS4ERR_TOOSMALL);
    }
    page = list(&file, 0, LIST_FIXED_BYTES + 12);
    assert_true(page->lxr_eof && page->lxr_names_count == 1);
    set(&file, "67890", SETXATTR4_EITHER, "", NFS4_OK);
    page = list(&file, 0, LIST_FIXED_BYTES + 23);
    assert_true(!page->lxr_eof && page->lxr_names_count == 1);
    page = list(&file, page->lxr_cookie, LIST_FIXED_BYTES + 12);
    assert_true(page->lxr_eof && page->lxr_names_count == 1);
    page = list(&file, page->lxr_cookie, LIST_FIXED_BYTES); /* behind the last */
    assert_true(page->lxr_eof && page->lxr_names_count == 0);
    page = list(&file, 0, UINT32_MAX);
    assert_true(page->lxr_eof && page->lxr_names_count == 2);
    if (*state == script_mem) {
        begin(&alice, &file);
        client_op_listxattrs(C, UINT64_MAX, LIST_BYTES);
        run(NFS4ERR_BAD_COOKIE);
    } else {
        assert_true(list(&file, UINT64_MAX, LIST_BYTES)->lxr_eof);
    }
}

static void set_many(const struct client_fh *fh, uint32_t count)
{
    char name[16];

    for (uint32_t i = 0; i < count;) {
        begin(&alice, fh);
        for (uint32_t j = 0; j < 32 && i < count; j++, i++) {
            (void)snprintf(name, sizeof(name), "name %u", i);
            client_op_setxattr(C, name, SETXATTR4_CREATE, "", 0);
        }
        run(NFS4_OK);
    }
}

/* Each name that stays is listed once, while others are set and removed. */
static void very_many(void **state)
{
    static uint8_t seen[VERY_MANY];
    uint64_t cookie = 0;
    uint32_t pages = 0;
    bool eof = false;

    (void)state;
    begin_with_file(script_mem);
    set_many(&file, VERY_MANY);
    while (!eof) {
        const struct LISTXATTRS4resok *page = list(&file, cookie, 4096);
        char name[16];

        for (uint32_t i = 0; i < page->lxr_names_count; i++) {
            unsigned number;

            (void)snprintf(name, sizeof(name), "%.*s", (int)page->lxr_names[i].len,
                           (const char *)page->lxr_names[i].data);
            if (sscanf(name, "name %u", &number) == 1)
                assert_int_equal(seen[number]++, 0);
        }
        cookie = page->lxr_cookie;
        eof = page->lxr_eof;
        (void)snprintf(name, sizeof(name), "name %u", 2 * pages); /* among those listed */
        unset(&file, name, NFS4_OK);
        (void)snprintf(name, sizeof(name), "new %u", pages++);
        set(&file, name, SETXATTR4_CREATE, "", NFS4_OK);
        assert_true(pages < VERY_MANY / 2);
    }
    for (uint32_t i = 0; i < VERY_MANY; i++)
        assert_true(seen[i] == 1 || (i % 2 == 0 && i <= 2 * pages));
}

/* What programs on the server see and make; other name spaces do not exist for clients. */
static void same_as_on_the_server(void **state)
{
    char path[128], value[8];
    struct client_fh root, shared;

    (void)state;
    if (!begin_with_file(script_local))
        return;
    expect_status(client_file_lookup(&alice, script_local, &root), NFS4_OK);
    shared = make_file(&alice, &root, "shared");
    (void)snprintf(path, sizeof(path), "%s/shared", script_server.data);
    set(&shared, "comment", SETXATTR4_CREATE, "hello", NFS4_OK);
    assert_int_equal(getxattr(path, "user.comment", value, sizeof(value)), 5);
    assert_memory_equal(value, "hello", 5);
    assert_int_equal(setxattr(path, "user.theirs", "1", 1, XATTR_CREATE), 0);
    if (geteuid() == 0)
        assert_int_equal(setxattr(path, "trusted.secret", "1", 1, XATTR_CREATE), 0);
    value_is(&shared, "theirs", "1");
    assert_int_equal(list(&shared, 0, LIST_BYTES)->lxr_names_count, 2);
    get_fails(&shared, "trusted.secret", NFS4ERR_NOXATTR);
    get_fails(&shared, "secret", NFS4ERR_NOXATTR);
    unset(&shared, "theirs", NFS4_OK);
    assert_int_equal(getxattr(path, "user.theirs", value, sizeof(value)), -1);
    assert_int_equal(errno, ENODATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(whole_life),
        ON_BOTH(other_objects),
        ON_BOTH(support),
        ON_BOTH(not_in_minor_one),
        ON_BOTH(bad_names),
        cmocka_unit_test(refused),
        cmocka_unit_test(strict_names),
        cmocka_unit_test(strangers),
        cmocka_unit_test(large_values),
        ON_BOTH(bounds_of_listings),
        cmocka_unit_test(very_many),
        cmocka_unit_test(same_as_on_the_server),
    };

    script_minor = 2;
    return test_group_run_fixtures(tests, setup, script_teardown);
}
