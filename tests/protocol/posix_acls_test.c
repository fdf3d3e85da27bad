/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACLs over those of the file system below (docs/acls.md): what a client reads it can write back,
 * what cannot be expressed is refused before anything changes, and both sides see and obey the
 * same.
 */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/namespace.h"
#include "script.h"

enum {
    ALLOW = ACE4_ACCESS_ALLOWED_ACE_TYPE,
    DENY = ACE4_ACCESS_DENIED_ACE_TYPE,
    R_ = ACE4_READ_DATA,
    W_ = ACE4_WRITE_DATA | ACE4_APPEND_DATA,
    X_ = ACE4_EXECUTE,
    ALL = ACE4_READ_ATTRIBUTES | ACE4_READ_ACL | ACE4_SYNCHRONIZE,
    OWN = ALL | ACE4_WRITE_ATTRIBUTES | ACE4_WRITE_ACL | ACE4_WRITE_OWNER,
    DIR_W = W_ | ACE4_DELETE_CHILD,
    FD = ACE4_FILE_INHERIT_ACE | ACE4_DIRECTORY_INHERIT_ACE,
    FDI = FD | ACE4_INHERIT_ONLY_ACE,
    /* The aliases R and W of nfs4_setfacl. */
    ALIAS_R = R_ | ACE4_READ_NAMED_ATTRS | ALL,
    ALIAS_W = W_ | ACE4_WRITE_NAMED_ATTRS | ALL | ACE4_WRITE_ATTRIBUTES | ACE4_WRITE_ACL,
    ACES = 16,
    NAME_BYTES = 64 << 10,
};

static struct client_fh dir, file;
static bool has_acls;

static struct nfsace4 ace(uint32_t type, uint32_t flag, uint32_t mask, const char *who)
{
    return (struct nfsace4){
        .type = type, .flag = flag, .access_mask = mask, .who = client_text(who)};
}

static int setup(void **state)
{
    char bytes[64];

    if (script_setup_default(state) != 0)
        return -1;
    has_acls = getxattr(script_server.data, "system.posix_acl_access", bytes, sizeof(bytes)) >= 0 ||
               errno != EOPNOTSUPP;
    return 0;
}

static int begin_with_file(void **state)
{
    (void)state;
    dir = script_dir(script_local);
    file = make_file(&alice, &dir, "file");
    alice.conn.cred = bob.conn.cred = script_cred();
    return 0;
}

#define NEED_ACLS()                                                                                \
    do {                                                                                           \
        if (!has_acls)                                                                             \
            test_skip("the file system of the tests has no POSIX ACLs");                           \
    } while (0)

/* Entries that name users are stored. */
#define NEED_OTHERS()                                                                              \
    do {                                                                                           \
        NEED_ACLS();                                                                               \
        if (!namespace_has_others())                                                               \
            test_skip(NAMESPACE_ALONE);                                                            \
    } while (0)

static struct fattr4 fattr_of(struct nfsace4 *aces, uint32_t count)
{
    static uint8_t bytes[32 * ACES];
    struct nfs4_attrs attrs = {.acl = aces, .acl_count = count};
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(fattr_value(&x, &attrs, FATTR4_ACL));
    return (struct fattr4){CLIENT_BITS(FATTR4_ACL), {bytes, (uint32_t)xdr_pos(&x)}};
}

static void set(const struct client_fh *fh, const struct fattr4 *attrs, enum nfsstat4 status)
{
    begin(&alice, fh);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_SETATTR, .opsetattr = {.obj_attributes = *attrs}});
    run(status);
}

#define LIST(...)                                                                                  \
    (struct nfsace4[])                                                                             \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define COUNT(...) (sizeof(LIST(__VA_ARGS__)) / sizeof(struct nfsace4))
#define FATTR(...) fattr_of(LIST(__VA_ARGS__), COUNT(__VA_ARGS__))
#define SET_ACL(fh, status, ...)                                                                   \
    do {                                                                                           \
        const struct fattr4 given = FATTR(__VA_ARGS__);                                            \
        set(fh, &given, status);                                                                   \
    } while (0)

/* In a static buffer. */
static struct fattr4 acl_of(const struct client_fh *fh)
{
    static uint8_t bytes[4096];
    struct fattr4 got;

    begin(&alice, fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_ACL));
    run(NFS4_OK);
    got = result(OP_GETATTR)->opgetattr.obj_attributes;
    assert_true(bitmap4_isset(&got.attrmask, FATTR4_ACL) && got.attr_vals.len <= sizeof(bytes));
    memcpy(bytes, got.attr_vals.data, got.attr_vals.len);
    got.attr_vals.data = bytes;
    return got;
}

static void expect_acl(const struct client_fh *fh, struct nfsace4 *aces, uint32_t count)
{
    struct fattr4 got = acl_of(fh), want = fattr_of(aces, count);

    assert_int_equal(got.attr_vals.len, want.attr_vals.len);
    assert_memory_equal(got.attr_vals.data, want.attr_vals.data, want.attr_vals.len);
}

#define EXPECT_ACL(fh, ...) expect_acl(fh, LIST(__VA_ARGS__), COUNT(__VA_ARGS__))

static uint32_t mode_of(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_MODE)).mode;
}

static void said_to_be_supported(void **state)
{
    struct nfs4_attrs attrs =
        attrs_of(&alice, &file, CLIENT_BITS(FATTR4_SUPPORTED_ATTRS, FATTR4_ACLSUPPORT));

    (void)state;
    assert_int_equal(bitmap4_isset(&attrs.supported_attrs, FATTR4_ACL), has_acls);
    assert_int_equal(bitmap4_isset(&attrs.supported_attrs, FATTR4_DACL),
                     has_acls && script_minor > 0);
    assert_int_equal(attrs.aclsupport,
                     has_acls ? ACL4_SUPPORT_ALLOW_ACL | ACL4_SUPPORT_DENY_ACL : 0);
    if (!has_acls)
        SET_ACL(&file, NFS4ERR_ATTRNOTSUPP, ace(ALLOW, 0, R_, "EVERYONE@"));
}

/* nfs4_setfacl -a A::4711:RX reads the ACL, puts an entry before it, and writes it back. */
static void one_more_user(void **state)
{
    struct fattr4 read;

    (void)state;
    NEED_OTHERS();
    EXPECT_ACL(&file, ace(ALLOW, 0, OWN | R_ | W_, "OWNER@"), ace(ALLOW, 0, ALL | R_, "GROUP@"),
               ace(ALLOW, 0, ALL | R_, "EVERYONE@"));
    SET_ACL(&file, NFS4_OK, ace(ALLOW, 0, ALIAS_R | X_, "4711"),
            ace(ALLOW, 0, OWN | R_ | W_, "OWNER@"), ace(ALLOW, 0, ALL | R_, "GROUP@"),
            ace(ALLOW, 0, ALL | R_, "EVERYONE@"));
    assert_int_equal(mode_of(&file), 0654);
    EXPECT_ACL(&file, ace(DENY, 0, X_, "OWNER@"), ace(ALLOW, 0, OWN | R_ | W_, "OWNER@"),
               ace(ALLOW, 0, ALL | R_ | X_, "4711"), ace(ALLOW, 0, ALL | R_, "GROUP@"),
               ace(ALLOW, 0, ALL | R_, "EVERYONE@"));
    read = acl_of(&file);
    set(&file, &read, NFS4_OK);
    EXPECT_ACL(&file, ace(DENY, 0, X_, "OWNER@"), ace(ALLOW, 0, OWN | R_ | W_, "OWNER@"),
               ace(ALLOW, 0, ALL | R_ | X_, "4711"), ace(ALLOW, 0, ALL | R_, "GROUP@"),
               ace(ALLOW, 0, ALL | R_, "EVERYONE@"));
}

static void refused(void **state)
{
    const struct {
        struct nfsace4 ace;
        enum nfsstat4 status;
    } cases[] = {
        {ace(ALLOW, 0, ALIAS_W, "4711"), NFS4ERR_ATTRNOTSUPP}, /* grants WRITE_ACL */
        {ace(ALLOW, 0, ACE4_WRITE_DATA, "4711"), NFS4ERR_ATTRNOTSUPP},
        {ace(ALLOW, 0, ACE4_APPEND_DATA, "4711"), NFS4ERR_ATTRNOTSUPP},
        {ace(ALLOW, 0, ACE4_DELETE, "4711"), NFS4ERR_ATTRNOTSUPP},
        {ace(DENY, 0, ACE4_DELETE, "4711"), NFS4ERR_ATTRNOTSUPP},
        {ace(DENY, 0, ACE4_READ_ATTRIBUTES, "4711"), NFS4ERR_ATTRNOTSUPP},
        {ace(DENY, 0, ACE4_READ_ACL, "EVERYONE@"), NFS4ERR_ATTRNOTSUPP},
        {ace(DENY, 0, ACE4_WRITE_ACL, "OWNER@"), NFS4ERR_ATTRNOTSUPP},
        {ace(DENY, ACE4_IDENTIFIER_GROUP, R_, "4712"), NFS4ERR_ATTRNOTSUPP},
        {ace(ALLOW, ACE4_FILE_INHERIT_ACE, R_, "4711"), NFS4ERR_ATTRNOTSUPP},
        {ace(ALLOW, ACE4_DIRECTORY_INHERIT_ACE, R_, "4711"), NFS4ERR_ATTRNOTSUPP},
        {ace(ALLOW, FD | ACE4_NO_PROPAGATE_INHERIT_ACE, R_, "4711"), NFS4ERR_ATTRNOTSUPP},
        {ace(ALLOW, ACE4_INHERITED_ACE, R_, "4711"), NFS4ERR_INVAL},
        {ace(ALLOW, 0, R_, "nobody"), NFS4ERR_BADOWNER},
        {ace(ACE4_SYSTEM_AUDIT_ACE_TYPE, 0, R_, "4711"), NFS4ERR_ATTRNOTSUPP},
    };
    uint64_t change = attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_CHANGE)).change;
    struct fattr4 given;

    (void)state;
    NEED_ACLS();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        given = FATTR(cases[i].ace, ace(ALLOW, 0, R_ | X_, "EVERYONE@"));
        set(&dir, &given, cases[i].status);
    }
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        given = FATTR(cases[i].ace, ace(ALLOW, 0, R_ | X_, "EVERYONE@"));
        begin(&alice, &dir);
        client_compound_add(C, &(struct nfs_argop4){.argop = OP_CREATE,
                                                    .opcreate = {.objtype = {.type = NF4DIR},
                                                                 .objname = client_text("new"),
                                                                 .createattrs = given}});
        run(cases[i].status);
    }
    assert_int_equal(attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_CHANGE)).change, change);
    begin(&alice, &dir);
    client_op_lookup(C, "new");
    run(NFS4ERR_NOENT);
}

static uint32_t stranger_access(const struct client_fh *fh)
{
    bob.conn.cred = script_stranger();
    begin(&bob, fh);
    client_op_access(C, ACCESS4_READ | ACCESS4_LOOKUP | ACCESS4_MODIFY | ACCESS4_EXTEND |
                            ACCESS4_DELETE | ACCESS4_EXECUTE);
    run(NFS4_OK);
    return result(OP_ACCESS)->opaccess.access;
}

/* The kernel decides, for the caller if the server acts as its callers, and else for the server,
 * which is the owner. */
static void obeyed(void **state)
{
    struct client_file opened = {.fh = file};

    (void)state;
    NEED_OTHERS();
    SET_ACL(&file, NFS4_OK, ace(DENY, 0, W_, "4711"), ace(ALLOW, 0, R_ | W_, "EVERYONE@"));
    if (geteuid() != 0) {
        assert_int_equal(stranger_access(&file), ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND);
        SET_ACL(&file, NFS4_OK, ace(DENY, 0, W_, "OWNER@"), ace(ALLOW, 0, R_ | W_, "EVERYONE@"));
        assert_int_equal(stranger_access(&file), ACCESS4_READ);
        return;
    }
    assert_int_equal(stranger_access(&file), ACCESS4_READ);
    expect_status(client_file_open_rw(&bob, &dir, "file", &opened), NFS4ERR_ACCESS);
    begin(&bob, &file);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_ACCESS);
    begin(&bob, &file);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_ACL),
                      &(struct nfs4_attrs){0});
    run(NFS4ERR_PERM);
    SET_ACL(&file, NFS4_OK, ace(ALLOW, 0, R_ | W_, "OWNER@"),
            ace(ALLOW, ACE4_IDENTIFIER_GROUP, R_ | W_, "4712"));
    assert_int_equal(stranger_access(&file), ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND);
    expect_status(client_file_open_rw(&bob, &dir, "file", &opened), NFS4_OK);
    expect_status(client_file_close(&bob, &opened), NFS4_OK);
    SET_ACL(&dir, NFS4_OK, ace(ALLOW, 0, DIR_W | R_ | X_, "OWNER@"), ace(ALLOW, 0, X_, "4711"));
    assert_int_equal(stranger_access(&dir), ACCESS4_LOOKUP);
    begin(&bob, &dir);
    client_op_create(C, "sub", NF4DIR, NULL, 0777);
    run(NFS4ERR_ACCESS);
}

static void compared_and_listed(void **state)
{
    struct fattr4 same, other;

    (void)state;
    NEED_ACLS();
    same = acl_of(&file);
    begin(&alice, &file);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_VERIFY, .opverify = {same}});
    run(NFS4_OK);
    begin(&alice, &file);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_NVERIFY, .opverify = {same}});
    run(NFS4ERR_SAME);
    other = FATTR(ace(ALLOW, 0, R_, "EVERYONE@"));
    begin(&alice, &file);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_VERIFY, .opverify = {other}});
    run(NFS4ERR_NOT_SAME);
    begin(&alice, &dir);
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_ACL));
    run(NFS4_OK);
    assert_int_equal(result(OP_READDIR)->opreaddir.reply.entries[0].attrs.attr_vals.len,
                     same.attr_vals.len);
    assert_memory_equal(result(OP_READDIR)->opreaddir.reply.entries[0].attrs.attr_vals.data,
                        same.attr_vals.data, same.attr_vals.len);
}

static void inherited(void **state)
{
    struct client_fh made;

    (void)state;
    NEED_OTHERS();
    SET_ACL(&dir, NFS4_OK, ace(ALLOW, FD, R_ | X_, "4711"),
            ace(ALLOW, FD, DIR_W | R_ | X_, "OWNER@"), ace(ALLOW, 0, R_, "GROUP@"),
            ace(ALLOW, FDI, X_, "EVERYONE@"));
    EXPECT_ACL(&dir, ace(ALLOW, 0, OWN | DIR_W | R_ | X_, "OWNER@"),
               ace(ALLOW, 0, ALL | R_ | X_, "4711"), ace(ALLOW, 0, ALL | R_, "GROUP@"),
               ace(ALLOW, 0, ALL, "EVERYONE@"), ace(ALLOW, FDI, OWN | DIR_W | R_ | X_, "OWNER@"),
               ace(ALLOW, FDI, ALL | R_ | X_, "4711"), ace(ALLOW, FDI, ALL | X_, "GROUP@"),
               ace(ALLOW, FDI, ALL | X_, "EVERYONE@"));
    made = make_file(&alice, &dir, "inherits"); /* with mode 0644 */
    EXPECT_ACL(&made, ace(ALLOW, 0, OWN | R_ | W_, "OWNER@"), ace(ALLOW, 0, ALL | R_, "4711"),
               ace(ALLOW, 0, ALL, "GROUP@"), ace(ALLOW, 0, ALL, "EVERYONE@"));
    assert_int_equal(mode_of(&made), 0640);
}

static void given_with_a_new_file(void **state)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                   .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = GUARDED4}},
                   .claim = {.claim = CLAIM_NULL, .file = client_text("opened")}}};
    struct client_fh made;

    (void)state;
    NEED_OTHERS();
    op.opopen.openhow.how.createattrs =
        FATTR(ace(ALLOW, 0, R_ | X_, "4711"), ace(ALLOW, 0, R_ | W_, "OWNER@"));
    begin(&alice, &dir);
    script_op_as(&alice, "acls", &op);
    client_op_getfh(C);
    run(NFS4_OK);
    assert_true(bitmap4_isset(&result(OP_OPEN)->opopen.attrset, FATTR4_ACL));
    made = result_fh();
    assert_int_equal(mode_of(&made), 0650);
}

/* One that is there keeps its attributes (RFC 8881 §18.16.3), and needs none that are stored. */
static void inexpressible_at_a_file_that_is_there(void **state)
{
    const struct client_fh dirs[] = {script_dir(script_mem), dir};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
        const struct client_fh there = make_file(&alice, &dirs[i], "there");
        struct OPEN4args open = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                                 .openhow = {.opentype = OPEN4_CREATE},
                                 .claim = {.claim = CLAIM_NULL, .file = client_text("there")}};
        struct nfs_argop4 op = {.argop = OP_OPEN, .opopen = open};
        uint64_t change;

        if (i == 1)
            NEED_ACLS();
        change = attrs_of(&alice, &there, CLIENT_BITS(FATTR4_CHANGE)).change;
        op.opopen.openhow.how.createattrs = FATTR(ace(DENY, 0, ACE4_DELETE, "4711"));
        begin(&alice, &dirs[i]);
        script_op_as(&alice, "acls", &op);
        client_op_getfh(C);
        run(NFS4_OK);
        assert_false(bitmap4_isset(&result(OP_OPEN)->opopen.attrset, FATTR4_ACL));
        assert_int_equal(attrs_of(&alice, &there, CLIENT_BITS(FATTR4_CHANGE)).change, change);
        op.opopen.openhow.how.mode = GUARDED4;
        begin(&alice, &dirs[i]);
        script_op_as(&alice, "acls", &op);
        run(NFS4ERR_EXIST);
        begin(&alice, &dirs[i]);
        client_compound_add(
            C, &(struct nfs_argop4){
                   .argop = OP_CREATE,
                   .opcreate = {.objtype = {.type = NF4DIR},
                                .objname = client_text("there"),
                                .createattrs = FATTR(ace(DENY, 0, ACE4_DELETE, "4711"))}});
        run(NFS4ERR_EXIST);
    }
}

/* SETATTR, CREATE, OPEN with one entry: nothing is made or changed. */
static void refused_everywhere(const struct client_fh *there, const struct client_fh *in,
                               const struct wire_opaque *who, uint32_t flag, enum nfsstat4 status)
{
    static uint8_t bytes[NAME_BYTES + 64];
    struct nfsace4 one = {.type = ALLOW, .flag = flag, .access_mask = R_, .who = *who};
    struct nfs4_attrs attrs = {.acl = &one, .acl_count = 1};
    struct fattr4 given = {.attrmask = CLIENT_BITS(FATTR4_ACL)};
    struct nfs_argop4 open = {
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                   .openhow = {.opentype = OPEN4_CREATE},
                   .claim = {.claim = CLAIM_NULL, .file = client_text("new")}}};
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(fattr_value(&x, &attrs, FATTR4_ACL));
    given.attr_vals = (struct wire_opaque){bytes, (uint32_t)xdr_pos(&x)};
    set(there, &given, status);
    begin(&alice, in);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_CREATE,
                                                .opcreate = {.objtype = {.type = NF4DIR},
                                                             .objname = client_text("new"),
                                                             .createattrs = given}});
    run(status);
    open.opopen.openhow.how.createattrs = given;
    begin(&alice, in);
    script_op_as(&alice, "acls", &open);
    run(status);
}

/* Names of 64 KiB, of other bytes than text, or with NUL, on either backend. */
static void names_of_any_length(void **state)
{
    static uint8_t text[NAME_BYTES];
    const struct client_fh dirs[] = {script_dir(script_mem), dir};
    const struct wire_opaque whole = {text, sizeof(text)};
    const struct wire_opaque nul = {(const uint8_t *)"OWNER@", 7};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
        const struct client_fh there = make_file(&alice, &dirs[i], "there");
        const struct bitmap4 bits = CLIENT_BITS(FATTR4_CHANGE, FATTR4_MODE);
        struct nfs4_attrs before[2], after[2];

        if (i == 1)
            NEED_ACLS();
        before[0] = attrs_of(&alice, &dirs[i], bits);
        before[1] = attrs_of(&alice, &there, bits);
        for (uint32_t flag = 0; flag <= ACE4_IDENTIFIER_GROUP; flag += ACE4_IDENTIFIER_GROUP) {
            memset(text, 'n', sizeof(text));
            refused_everywhere(&there, &dirs[i], &whole, flag, NFS4ERR_BADOWNER);
            memset(text, '9', sizeof(text));
            refused_everywhere(&there, &dirs[i], &whole, flag, NFS4ERR_BADOWNER);
            memset(text, 0xff, sizeof(text));
            refused_everywhere(&there, &dirs[i], &whole, flag, NFS4ERR_INVAL);
            memset(text, 'n', sizeof(text) - 1); /* an end amid a character */
            text[sizeof(text) - 1] = 0xc3;
            refused_everywhere(&there, &dirs[i], &whole, flag, NFS4ERR_INVAL);
            refused_everywhere(&there, &dirs[i], &nul, flag, NFS4ERR_BADOWNER);
        }
        after[0] = attrs_of(&alice, &dirs[i], bits);
        after[1] = attrs_of(&alice, &there, bits);
        for (size_t j = 0; j < ARRAY_SIZE(before); j++)
            assert_true(before[j].change == after[j].change && before[j].mode == after[j].mode);
    }
}

int main(void)
{
#define WITH_FILE(test) cmocka_unit_test_setup(test, begin_with_file)
    const struct CMUnitTest tests[] = {
        WITH_FILE(said_to_be_supported),
        WITH_FILE(one_more_user),
        WITH_FILE(refused),
        WITH_FILE(obeyed),
        WITH_FILE(compared_and_listed),
        WITH_FILE(inherited),
        WITH_FILE(given_with_a_new_file),
        WITH_FILE(inexpressible_at_a_file_that_is_there),
        WITH_FILE(names_of_any_length),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
