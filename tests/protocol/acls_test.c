/* SPDX-License-Identifier: Apache-2.0 */
/* The attribute acl: the form of names, what is refused, and which access it grants (RFC 8881 §6,
 * RFC 7530 §6). */
#include <string.h>

#include "script.h"

static struct client_fh dir, file;

enum {
    ALLOW = ACE4_ACCESS_ALLOWED_ACE_TYPE,
    DENY = ACE4_ACCESS_DENIED_ACE_TYPE,
    RIGHTS_W = ACE4_WRITE_DATA | ACE4_APPEND_DATA,
    STRANGER = 4711,
    ACES = LIMIT_ACL_ACES + 1,
    MANY_ACES = 65000, /* of 16 bytes each: nearly the largest call */
};

static struct nfsace4 ace(uint32_t type, uint32_t flag, uint32_t mask, const char *who)
{
    return (struct nfsace4){
        .type = type, .flag = flag, .access_mask = mask, .who = client_text(who)};
}

static int setup(void **state)
{
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--export",
                                   "/mem/inner=mem:,no_root_squash", NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static int begin_with_file(void **state)
{
    (void)state;
    dir = script_dir(script_mem);
    file = make_file(&alice, &dir, "file");
    alice.conn.cred = bob.conn.cred = script_cred();
    return 0;
}

static void as_stranger(void)
{
    bob.conn.cred = script_stranger();
}

/* SETATTR of attributes that do not fit into client_op_setattr(). */
static void op_setattr(struct bitmap4 bits, const struct nfs4_attrs *attrs)
{
    static uint8_t bytes[16 * MANY_ACES + 64];
    struct nfs_argop4 op = {.argop = OP_SETATTR};
    struct nfs4_attrs values = *attrs;
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    for (uint32_t bit = 0; bit < 32 * LIMIT_BITMAP_WORDS; bit++)
        assert_true(!bitmap4_isset(&bits, bit) || fattr_value(&x, &values, bit));
    op.opsetattr.obj_attributes = (struct fattr4){bits, {bytes, (uint32_t)xdr_pos(&x)}};
    client_compound_add(C, &op);
}

static void set(struct client_mount *mount, const struct client_fh *fh, struct bitmap4 bits,
                const struct nfs4_attrs *attrs, enum nfsstat4 status)
{
    begin(mount, fh);
    op_setattr(bits, attrs);
    run(status);
    if (status == NFS4_OK)
        assert_memory_equal(&result(OP_SETATTR)->attrsset.words, &bits.words, sizeof(bits.words));
}

static void set_acl(struct client_mount *mount, const struct client_fh *fh, struct nfsace4 *aces,
                    uint32_t count, enum nfsstat4 status)
{
    set(mount, fh, CLIENT_BITS(FATTR4_ACL), &(struct nfs4_attrs){.acl = aces, .acl_count = count},
        status);
}

#define SET_ACL(fh, status, ...)                                                                   \
    set_acl(&alice, fh, (struct nfsace4[]){__VA_ARGS__},                                           \
            sizeof((struct nfsace4[]){__VA_ARGS__}) / sizeof(struct nfsace4), status)

static void set_mode(const struct client_fh *fh, uint32_t mode)
{
    set(&alice, fh, CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = mode}, NFS4_OK);
}

static uint32_t mode_of(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_MODE)).mode;
}

/* Compare entries with bytes: type, flag and mask of each, and its name. */
static void expect_aces(const struct fattr4 *got, const struct nfsace4 *want, uint32_t count)
{
    struct nfs4_attrs attrs;
    struct arena arena;

    arena_init(&arena, 1 << 14);
    assert_true(fattr_decode(got, &attrs, &arena));
    assert_int_equal(attrs.acl_count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(attrs.acl[i].type, want[i].type);
        assert_int_equal(attrs.acl[i].flag, want[i].flag);
        assert_int_equal(attrs.acl[i].access_mask, want[i].access_mask);
        assert_int_equal(attrs.acl[i].who.len, want[i].who.len);
        assert_memory_equal(attrs.acl[i].who.data, want[i].who.data, want[i].who.len);
    }
    arena_fini(&arena);
}

static void expect_acl(const struct client_fh *fh, const struct nfsace4 *want, uint32_t count)
{
    begin(&alice, fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_ACL));
    run(NFS4_OK);
    assert_true(bitmap4_isset(&result(OP_GETATTR)->opgetattr.obj_attributes.attrmask, FATTR4_ACL));
    expect_aces(&result(OP_GETATTR)->opgetattr.obj_attributes, want, count);
}

#define EXPECT_ACL(fh, ...)                                                                        \
    expect_acl(fh, (struct nfsace4[]){__VA_ARGS__},                                                \
               sizeof((struct nfsace4[]){__VA_ARGS__}) / sizeof(struct nfsace4))

static void supported_where_it_is_kept(void **state)
{
    struct client_fh there;
    struct bitmap4 bits = CLIENT_BITS(FATTR4_SUPPORTED_ATTRS, FATTR4_ACLSUPPORT);
    struct nfs4_attrs attrs = attrs_of(&alice, &file, bits);
    struct nfsace4 one = ace(ALLOW, 0, ACE4_READ_DATA, "EVERYONE@");

    (void)state;
    assert_true(bitmap4_isset(&attrs.supported_attrs, FATTR4_ACL));
    assert_int_equal(attrs.aclsupport, ACL4_SUPPORT_ALLOW_ACL | ACL4_SUPPORT_DENY_ACL);
    begin(&alice, NULL);
    client_op_putrootfh(C); /* of the name space */
    client_op_getfh(C);
    run(NFS4_OK);
    there = result_fh();
    attrs = attrs_of(&alice, &there, bits);
    assert_false(bitmap4_isset(&attrs.supported_attrs, FATTR4_ACL));
    assert_int_equal(attrs.aclsupport, 0);
    set_acl(&alice, &there, &one, 1, NFS4ERR_ATTRNOTSUPP);
    begin(&alice, &there);
    client_op_getattr(C, CLIENT_BITS(FATTR4_ACL));
    run(NFS4_OK);
    assert_false(bitmap4_isset(&result(OP_GETATTR)->opgetattr.obj_attributes.attrmask, FATTR4_ACL));
}

static void names_of_entries(void **state)
{
    (void)state;
    SET_ACL(&file, NFS4_OK, ace(DENY, 0, ACE4_EXECUTE, "123"),
            ace(ALLOW, ACE4_IDENTIFIER_GROUP, ACE4_READ_DATA, "456@some.domain"),
            ace(ALLOW, 0, RIGHTS_W, "OWNER@"),
            ace(ALLOW, ACE4_IDENTIFIER_GROUP, ACE4_READ_DATA, "GROUP@"), ace(ALLOW, 0, 0, "0"),
            ace(ALLOW, 0, ACE4_SYNCHRONIZE, "EVERYONE@"));
    EXPECT_ACL(&file, ace(DENY, 0, ACE4_EXECUTE, "123"),
               ace(ALLOW, ACE4_IDENTIFIER_GROUP, ACE4_READ_DATA, "456"),
               ace(ALLOW, 0, RIGHTS_W, "OWNER@"), ace(ALLOW, 0, ACE4_READ_DATA, "GROUP@"),
               ace(ALLOW, 0, 0, "0"), ace(ALLOW, 0, ACE4_SYNCHRONIZE, "EVERYONE@"));
    assert_int_equal(mode_of(&file), 0240);
    set_acl(&alice, &file, NULL, 0, NFS4_OK);
    expect_acl(&file, NULL, 0);
    assert_int_equal(mode_of(&file), 0);
}

static void refused(void **state)
{
    static const char *const special[] = {"INTERACTIVE@", "NETWORK@",       "DIALUP@", "BATCH@",
                                          "ANONYMOUS@",   "AUTHENTICATED@", "SERVICE@"};
    static const struct {
        uint32_t type, flag, mask;
        const char *who;
        enum nfsstat4 status;
    } cases[] = {
        {ACE4_SYSTEM_AUDIT_ACE_TYPE, 0, 1, "1", NFS4ERR_ATTRNOTSUPP},
        {ACE4_SYSTEM_ALARM_ACE_TYPE, 0, 1, "1", NFS4ERR_ATTRNOTSUPP},
        {4, 0, 1, "1", NFS4ERR_ATTRNOTSUPP},
        {ALLOW, 0, ACE4_WRITE_RETENTION, "1", NFS4ERR_ATTRNOTSUPP},
        {ALLOW, 0, 0x80000000, "1", NFS4ERR_ATTRNOTSUPP},
        {ALLOW, 0x100, 1, "1", NFS4ERR_ATTRNOTSUPP},
        {ALLOW, ACE4_SUCCESSFUL_ACCESS_ACE_FLAG, 1, "1", NFS4ERR_INVAL},
        {DENY, ACE4_FAILED_ACCESS_ACE_FLAG, 1, "1", NFS4ERR_INVAL},
        {ALLOW, ACE4_INHERITED_ACE, 1, "1", NFS4ERR_INVAL},
        {ALLOW, ACE4_DIRECTORY_INHERIT_ACE, 1, "1", NFS4ERR_ATTRNOTSUPP},
        {ALLOW, ACE4_FILE_INHERIT_ACE, 1, "1", NFS4ERR_ATTRNOTSUPP},
        {ALLOW, 0, 1, "", NFS4ERR_INVAL},
        {ALLOW, 0, 1, "\xff", NFS4ERR_INVAL},
        {ALLOW, 0, 1, "nobody", NFS4ERR_BADOWNER},
        {ALLOW, 0, 1, "owner@", NFS4ERR_BADOWNER},
        {ALLOW, 0, 1, "OWNER@some.domain", NFS4ERR_BADOWNER},
        {ALLOW, 0, 1, "4294967295", NFS4ERR_BADOWNER},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        SET_ACL(&file, cases[i].status, ace(ALLOW, 0, 1, "2"),
                ace(cases[i].type, cases[i].flag, cases[i].mask, cases[i].who));
    for (size_t i = 0; i < ARRAY_SIZE(special); i++)
        SET_ACL(&file, NFS4ERR_ATTRNOTSUPP, ace(ALLOW, 0, 1, special[i]));
    SET_ACL(&dir, NFS4ERR_ATTRNOTSUPP, ace(ALLOW, ACE4_INHERIT_ONLY_ACE, 1, "1"));
    SET_ACL(&dir, NFS4_OK, ace(ALLOW, ACE4_INHERIT_ONLY_ACE | ACE4_FILE_INHERIT_ACE, 1, "1"));
    assert_int_equal(mode_of(&file), 0644);
}

static void up_to_the_limit(void **state)
{
    static struct nfsace4 aces[ACES];

    (void)state;
    for (uint32_t i = 0; i < ACES; i++)
        aces[i] = ace(ALLOW, 0, ACE4_READ_DATA, "7");
    set_acl(&alice, &file, aces, ACES, NFS4ERR_ATTRNOTSUPP);
    set_acl(&alice, &file, aces, ACES - 1, NFS4_OK);
    expect_acl(&file, aces, ACES - 1);
}

static struct fattr4 acl_fattr(struct nfsace4 *aces, uint32_t count, uint8_t *bytes, size_t room);
static struct client_fh create_with(const char *name, const struct fattr4 *attrs,
                                    enum nfsstat4 status);
static struct client_fh open_with(const char *name, const struct fattr4 *attrs,
                                  enum nfsstat4 status);
static void op_compare(uint32_t op, const struct fattr4 *attrs);

/* However long: what cannot be stored is ATTRNOTSUPP (RFC 8881 §6.2.1), and the same as no ACL. */
static void far_beyond_the_limit(void **state)
{
    static struct nfsace4 aces[MANY_ACES];
    static uint8_t bytes[16 * MANY_ACES + 64];
    static const uint32_t counts[] = {LIMIT_WIRE_ARRAY, LIMIT_WIRE_ARRAY + 1, MANY_ACES};
    const uint64_t change = attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_CHANGE)).change;

    (void)state;
    for (uint32_t i = 0; i < MANY_ACES; i++)
        aces[i] = ace(ALLOW, 0, ACE4_READ_DATA, "");
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        const struct nfs4_attrs dacl = {.dacl = aces, .dacl_count = counts[i]};
        struct fattr4 given = acl_fattr(aces, counts[i], bytes, sizeof(bytes));

        set_acl(&alice, &file, aces, counts[i], NFS4ERR_ATTRNOTSUPP);
        set(&alice, &file, CLIENT_BITS(FATTR4_DACL), &dacl, NFS4ERR_ATTRNOTSUPP);
        (void)create_with("bad", &given, NFS4ERR_ATTRNOTSUPP);
        (void)open_with("bad", &given, NFS4ERR_ATTRNOTSUPP);
        begin(&alice, &file);
        op_compare(OP_VERIFY, &given);
        run(NFS4ERR_NOT_SAME);
        begin(&alice, &file);
        op_compare(OP_NVERIFY, &given);
        run(NFS4_OK);
    }
    assert_int_equal(mode_of(&file), 0644);
    assert_true(attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_CHANGE)).change == change);
}

/* A mode becomes a list, and a list a mode. */
static void mode_and_acl(void **state)
{
    const uint32_t all = ACE4_READ_ATTRIBUTES | ACE4_READ_ACL | ACE4_SYNCHRONIZE;
    const uint32_t r = ACE4_READ_DATA | ACE4_READ_NAMED_ATTRS;
    const uint32_t w = RIGHTS_W | ACE4_WRITE_NAMED_ATTRS;
    const uint32_t owners = ACE4_WRITE_ATTRIBUTES | ACE4_WRITE_ACL | ACE4_WRITE_OWNER;
    struct nfsace4 for_all = ace(ALLOW, 0, ACE4_EXECUTE, "EVERYONE@");

    (void)state;
    EXPECT_ACL(&file, ace(ALLOW, 0, all | owners | r | w, "OWNER@"),
               ace(ALLOW, 0, all | r, "GROUP@"), ace(ALLOW, 0, all | r, "EVERYONE@"));
    SET_ACL(&file, NFS4_OK, ace(ALLOW, 0, r | RIGHTS_W, "4711"), for_all);
    assert_int_equal(mode_of(&file), 0111);
    set_mode(&file, 0640);
    assert_int_equal(mode_of(&file), 0640);
    EXPECT_ACL(&file, ace(ALLOW, 0, r | w, "OWNER@"), ace(ALLOW, 0, r, "4711"),
               ace(ALLOW, 0, r, "GROUP@"));
    /* Both at once: the ACL decides. */
    set(&alice, &file, CLIENT_BITS(FATTR4_ACL, FATTR4_MODE),
        &(struct nfs4_attrs){.mode = 04777, .acl = &for_all, .acl_count = 1}, NFS4_OK);
    assert_int_equal(mode_of(&file), 04111);
    EXPECT_ACL(&file, for_all);
    if (script_minor == 0)
        return;
    /* Mode bits that an ACL cannot express leave it as it is. */
    set(&alice, &file, CLIENT_BITS(FATTR4_MODE_SET_MASKED),
        &(struct nfs4_attrs){.mode_set_masked = {.mm_value_to_set = 01000, .mm_mask_bits = 07000}},
        NFS4_OK);
    assert_int_equal(mode_of(&file), 01111);
    EXPECT_ACL(&file, for_all);
}

static uint32_t stranger_access(const struct client_fh *fh)
{
    begin(&bob, fh);
    client_op_access(C, ACCESS4_READ | ACCESS4_LOOKUP | ACCESS4_MODIFY | ACCESS4_EXTEND |
                            ACCESS4_DELETE | ACCESS4_EXECUTE);
    run(NFS4_OK);
    return result(OP_ACCESS)->opaccess.access;
}

static void lets_in(void **state)
{
    struct client_file opened = {.fh = file};

    (void)state;
    as_stranger();
    SET_ACL(&file, NFS4_OK, ace(DENY, 0, RIGHTS_W, "4711"),
            ace(ALLOW, 0, ACE4_READ_DATA | RIGHTS_W, "EVERYONE@"));
    assert_int_equal(mode_of(&file), 0666);
    assert_int_equal(stranger_access(&file), ACCESS4_READ);
    expect_status(client_file_open_rw(&bob, &dir, "file", &opened), NFS4ERR_ACCESS);
    begin(&bob, &file);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_ACCESS);
    SET_ACL(&file, NFS4_OK, ace(ALLOW, ACE4_IDENTIFIER_GROUP, ACE4_READ_DATA | RIGHTS_W, "4712"));
    assert_int_equal(mode_of(&file), 0);
    assert_int_equal(stranger_access(&file), ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND);
    expect_status(client_file_open_rw(&bob, &dir, "file", &opened), NFS4_OK);
    expect_status(client_file_close(&bob, &opened), NFS4_OK);

    SET_ACL(&dir, NFS4_OK, ace(ALLOW, 0, ACE4_EXECUTE | ACE4_ADD_SUBDIRECTORY, "4711"));
    assert_int_equal(stranger_access(&dir), ACCESS4_LOOKUP | ACCESS4_EXTEND);
    begin(&bob, &dir);
    client_op_create(C, "sub", NF4DIR, NULL, 0777);
    run(NFS4_OK);
    begin(&bob, &dir);
    client_op_create(C, "fifo", NF4FIFO, NULL, 0777);
    run(NFS4ERR_ACCESS);
    begin(&bob, &dir);
    client_op_remove(C, "file");
    run(NFS4ERR_ACCESS);
}

static void op_compare(uint32_t op, const struct fattr4 *attrs)
{
    client_compound_add(C, &(struct nfs_argop4){.argop = op, .opverify = {*attrs}});
}

static void hidden(void **state)
{
    static const uint8_t size[8];
    const struct fattr4 empty = {CLIENT_BITS(FATTR4_SIZE), {size, sizeof(size)}};
    const struct fattr4 no_acl = {CLIENT_BITS(FATTR4_ACL), {size, 4}};

    (void)state;
    as_stranger();
    SET_ACL(&file, NFS4_OK, ace(DENY, 0, ACE4_READ_ATTRIBUTES | ACE4_READ_ACL, "4711"),
            ace(ALLOW, 0, ACE4_READ_DATA, "EVERYONE@"));
    (void)attrs_of(&alice, &file, CLIENT_BITS(FATTR4_SIZE));
    begin(&bob, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    run(NFS4ERR_ACCESS);
    begin(&bob, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_ACL));
    run(NFS4ERR_ACCESS);
    begin(&bob, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_LEASE_TIME)); /* of the server, not of the file */
    run(NFS4_OK);
    begin(&bob, &file);
    op_compare(OP_VERIFY, &empty);
    run(NFS4ERR_ACCESS);
    begin(&bob, &file);
    op_compare(OP_NVERIFY, &no_acl);
    run(NFS4ERR_ACCESS);
    begin(&bob, &file);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_ACL),
                      &(struct nfs4_attrs){0});
    run(NFS4ERR_PERM);
}

static void verified(void **state)
{
    uint8_t bytes[64];
    struct nfsace4 one = ace(ALLOW, 0, ACE4_READ_DATA, "GROUP@");
    struct nfs4_attrs attrs = {.acl = &one, .acl_count = 1};
    struct fattr4 given = {CLIENT_BITS(FATTR4_ACL), {bytes, 0}};
    struct xdr x;

    (void)state;
    SET_ACL(&file, NFS4_OK, one);
    for (uint32_t i = 0; i < 3; i++) {
        bool same = i < 2;

        one.flag = i == 1 ? ACE4_IDENTIFIER_GROUP : 0; /* no meaning there */
        one.access_mask = same ? ACE4_READ_DATA : ACE4_EXECUTE;
        xdr_init_encode(&x, bytes, sizeof(bytes));
        assert_true(fattr_value(&x, &attrs, FATTR4_ACL));
        given.attr_vals.len = (uint32_t)xdr_pos(&x);
        begin(&alice, &file);
        op_compare(OP_VERIFY, &given);
        run(same ? NFS4_OK : NFS4ERR_NOT_SAME);
        begin(&alice, &file);
        op_compare(OP_NVERIFY, &given);
        run(same ? NFS4ERR_SAME : NFS4_OK);
    }
}

struct listed {
    const struct nfsace4 *want; /* for the name "file" */
    uint32_t count, error, seen;
};

static bool list_one(const struct entry4 *entry, void *context)
{
    struct listed *listed = context;
    struct nfs4_attrs attrs = {0};
    struct arena arena;

    if (entry->name.len != 4 || memcmp(entry->name.data, "file", 4) != 0)
        return true;
    listed->seen++;
    if (listed->want) {
        expect_aces(&entry->attrs, listed->want, listed->count);
        return true;
    }
    arena_init(&arena, 1 << 14);
    assert_true(fattr_decode(&entry->attrs, &attrs, &arena));
    assert_false(bitmap4_isset(&entry->attrs.attrmask, FATTR4_ACL));
    assert_int_equal(attrs.rdattr_error, listed->error);
    arena_fini(&arena);
    return true;
}

static void listed(void **state)
{
    struct nfsace4 aces[] = {ace(DENY, 0, ACE4_READ_ACL, "4711"),
                             ace(ALLOW, 0, ACE4_READ_DATA, "EVERYONE@")};
    struct listed want = {.want = aces, .count = 2}, hide = {.error = NFS4ERR_ACCESS};

    (void)state;
    as_stranger();
    (void)make_file(&alice, &dir, "other");
    set_acl(&alice, &file, aces, 2, NFS4_OK);
    expect_status(client_file_readdir(&alice, &dir, CLIENT_BITS(FATTR4_ACL), list_one, &want),
                  NFS4_OK);
    assert_int_equal(want.seen, 1);
    expect_status(client_file_readdir(&bob, &dir, CLIENT_BITS(FATTR4_ACL, FATTR4_RDATTR_ERROR),
                                      list_one, &hide),
                  NFS4_OK);
    assert_int_equal(hide.seen, 1);
    begin(&bob, &dir);
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_ACL));
    run(NFS4ERR_ACCESS); /* RFC 8881 §18.23.3 */
    begin(&bob, &dir);
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_SIZE));
    run(NFS4_OK);
    begin(&alice, NULL); /* exports in directories without and with ACLs */
    client_op_putrootfh(C);
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_ACL));
    client_op_lookup(C, "mem");
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_ACL));
    run(NFS4_OK);
}

/* The values of an ACL in a fattr4. */
static struct fattr4 acl_fattr(struct nfsace4 *aces, uint32_t count, uint8_t *bytes, size_t room)
{
    struct nfs4_attrs attrs = {.acl = aces, .acl_count = count};
    struct xdr x;

    xdr_init_encode(&x, bytes, room);
    assert_true(fattr_value(&x, &attrs, FATTR4_ACL));
    return (struct fattr4){CLIENT_BITS(FATTR4_ACL), {bytes, (uint32_t)xdr_pos(&x)}};
}

static struct client_fh create_with(const char *name, const struct fattr4 *attrs,
                                    enum nfsstat4 status)
{
    begin(&alice, &dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_CREATE,
                                                .opcreate = {.objtype = {.type = NF4DIR},
                                                             .objname = client_text(name),
                                                             .createattrs = *attrs}});
    client_op_getfh(C);
    run(status);
    if (status != NFS4_OK)
        return (struct client_fh){0};
    assert_memory_equal(&result(OP_CREATE)->opcreate.attrset.words, &attrs->attrmask.words,
                        sizeof(attrs->attrmask.words));
    return result_fh();
}

static struct client_fh open_with(const char *name, const struct fattr4 *attrs,
                                  enum nfsstat4 status)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {
            .share_access = OPEN4_SHARE_ACCESS_BOTH,
            .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = GUARDED4, .createattrs = *attrs}},
            .claim = {.claim = CLAIM_NULL, .file = client_text(name)}}};

    begin(&alice, &dir);
    script_op_as(&alice, "acls", &op);
    client_op_getfh(C);
    run(status);
    if (status != NFS4_OK)
        return (struct client_fh){0};
    assert_true(bitmap4_isset(&result(OP_OPEN)->opopen.attrset, FATTR4_ACL));
    return result_fh();
}

static void at_create(void **state)
{
    uint8_t bytes[256];
    struct nfsace4 aces[] = {ace(ALLOW, ACE4_DIRECTORY_INHERIT_ACE, ACE4_READ_DATA, "4711"),
                             ace(ALLOW, 0, ACE4_EXECUTE, "EVERYONE@")};
    struct fattr4 attrs = acl_fattr(aces, 2, bytes, sizeof(bytes));
    struct client_fh made = create_with("made", &attrs, NFS4_OK);

    (void)state;
    expect_acl(&made, aces, 2);
    assert_int_equal(mode_of(&made), 0111);
    aces[0].flag = 0;
    attrs = acl_fattr(aces, 2, bytes, sizeof(bytes));
    made = open_with("opened", &attrs, NFS4_OK);
    expect_acl(&made, aces, 2);
    aces[1].who = client_text("nobody");
    attrs = acl_fattr(aces, 2, bytes, sizeof(bytes));
    (void)create_with("bad", &attrs, NFS4ERR_BADOWNER);
    aces[1] = ace(ACE4_SYSTEM_ALARM_ACE_TYPE, 0, 0, "OWNER@");
    attrs = acl_fattr(aces, 2, bytes, sizeof(bytes));
    (void)create_with("bad", &attrs, NFS4ERR_ATTRNOTSUPP);
}

/* The same ACL with flags of its own, from minor version 1 on (RFC 8881 §6.2.2). */
static void as_dacl(void **state)
{
    static const struct {
        uint32_t flag, ace_flag;
        enum nfsstat4 status;
    } cases[] = {
        {ACL4_PROTECTED, 0, NFS4ERR_ATTRNOTSUPP},
        {ACL4_AUTO_INHERIT, 0, NFS4ERR_ATTRNOTSUPP},
        {ACL4_DEFAULTED, 0, NFS4ERR_ATTRNOTSUPP},
        {8, 0, NFS4ERR_INVAL},
        {0, ACE4_INHERITED_ACE, NFS4ERR_ATTRNOTSUPP},
        {0, ACE4_FAILED_ACCESS_ACE_FLAG, NFS4ERR_INVAL},
        {0, 0, NFS4_OK},
    };
    struct nfsace4 one = ace(ALLOW, 0, ACE4_READ_DATA, "EVERYONE@");
    struct nfs4_attrs attrs = {.dacl = &one, .dacl_count = 1, .acl = &one, .acl_count = 1};
    struct bitmap4 bits = CLIENT_BITS(FATTR4_DACL);
    uint8_t bytes[64];
    struct fattr4 given = {bits, {bytes, 0}};
    struct xdr x;

    (void)state;
    if (script_minor == 0) {
        set(&alice, &file, bits, &attrs, NFS4ERR_ATTRNOTSUPP);
        return;
    }
    set(&alice, &file, CLIENT_BITS(FATTR4_ACL, FATTR4_DACL), &attrs, NFS4ERR_ATTRNOTSUPP);
    assert_int_equal(mode_of(&file), 0644);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        attrs.dacl_flag = cases[i].flag;
        one.flag = cases[i].ace_flag;
        set(&alice, &file, bits, &attrs, cases[i].status);
        assert_int_equal(mode_of(&file), cases[i].status == NFS4_OK ? 0444 : 0644);
    }
    EXPECT_ACL(&file, one);
    begin(&alice, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_ACL, FATTR4_DACL));
    run(NFS4_OK);
    assert_int_equal(result(OP_GETATTR)->opgetattr.obj_attributes.attr_vals.len, 2 * 32 + 4);
    one.flag = ACE4_IDENTIFIER_GROUP; /* no meaning there */
    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(fattr_value(&x, &attrs, FATTR4_DACL));
    given.attr_vals.len = (uint32_t)xdr_pos(&x);
    begin(&alice, &file);
    op_compare(OP_VERIFY, &given);
    run(NFS4_OK);
}

static void inherited(void **state)
{
    const uint32_t both = ACE4_FILE_INHERIT_ACE | ACE4_DIRECTORY_INHERIT_ACE;
    struct fattr4 nothing = {CLIENT_BITS(FATTR4_ACL), {NULL, 0}};
    struct client_fh made;

    (void)state;
    SET_ACL(&dir, NFS4_OK, ace(ALLOW, 0, RIGHTS_W | ACE4_EXECUTE, "OWNER@"),
            ace(ALLOW, both, ACE4_READ_DATA | RIGHTS_W | ACE4_READ_ACL, "4711"),
            ace(ALLOW, ACE4_FILE_INHERIT_ACE | ACE4_INHERIT_ONLY_ACE, ACE4_EXECUTE, "4712"));
    made = make_file(&alice, &dir, "inherits"); /* with mode 0644 */
    EXPECT_ACL(&made,
               ace(ALLOW, 0,
                   ACE4_READ_DATA | RIGHTS_W | ACE4_READ_NAMED_ATTRS | ACE4_WRITE_NAMED_ATTRS,
                   "OWNER@"),
               ace(ALLOW, 0, ACE4_READ_DATA | ACE4_READ_ACL, "4711"),
               ace(ALLOW, 0, ACE4_READ_DATA | ACE4_READ_NAMED_ATTRS, "GROUP@"),
               ace(ALLOW, 0, ACE4_READ_DATA | ACE4_READ_NAMED_ATTRS, "EVERYONE@"));
    assert_int_equal(mode_of(&made), 0644);
    nothing.attrmask = (struct bitmap4){0};
    made = create_with("dir", &nothing, NFS4_OK);
    EXPECT_ACL(&made, ace(ALLOW, both, ACE4_READ_DATA | RIGHTS_W | ACE4_READ_ACL, "4711"),
               ace(ALLOW, ACE4_FILE_INHERIT_ACE | ACE4_INHERIT_ONLY_ACE, ACE4_EXECUTE, "4712"));
}

int main(void)
{
#define WITH_FILE(test) cmocka_unit_test_setup(test, begin_with_file)
    const struct CMUnitTest tests[] = {
        WITH_FILE(supported_where_it_is_kept),
        WITH_FILE(names_of_entries),
        WITH_FILE(refused),
        WITH_FILE(up_to_the_limit),
        WITH_FILE(far_beyond_the_limit),
        WITH_FILE(mode_and_acl),
        WITH_FILE(lets_in),
        WITH_FILE(hidden),
        WITH_FILE(verified),
        WITH_FILE(listed),
        WITH_FILE(at_create),
        WITH_FILE(as_dacl),
        WITH_FILE(inherited),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
