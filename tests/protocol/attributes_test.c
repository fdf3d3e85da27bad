/* SPDX-License-Identifier: Apache-2.0 */
/* GETATTR, SETATTR, VERIFY, NVERIFY, ACCESS. */
#include <string.h>
#include <unistd.h>

#include "script.h"

static struct bitmap4 supported(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_SUPPORTED_ATTRS)).supported_attrs;
}

/* The last three exist in 4.2 only (RFC 9754 §5, RFC 8275 §5). */
static bool is_write_only(uint32_t bit)
{
    return bit == FATTR4_TIME_ACCESS_SET || bit == FATTR4_TIME_MODIFY_SET ||
           bit == FATTR4_MODE_SET_MASKED ||
           (script_minor == 2 && (bit == FATTR4_TIME_DELEG_ACCESS ||
                                  bit == FATTR4_TIME_DELEG_MODIFY || bit == FATTR4_MODE_UMASK));
}

/* Every supported attribute that can be read is returned, alone and all together. */
static void all_supported(void **state)
{
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");
    struct bitmap4 all = supported(&file);
    struct nfs4_attrs attrs;

    for (uint32_t bit = 0; bit < 32 * LIMIT_BITMAP_WORDS; bit++) {
        begin(&alice, &file);
        client_op_getattr(C, CLIENT_BITS(bit));
        if (is_write_only(bit)) {
            bitmap4_clear(&all, bit);
            run(NFS4ERR_INVAL);
            continue;
        }
        run(NFS4_OK);
        assert_int_equal(bitmap4_isset(&result(OP_GETATTR)->opgetattr.obj_attributes.attrmask, bit),
                         bitmap4_isset(&all, bit));
    }
    attrs = attrs_of(&alice, &file, all);
    assert_int_equal(attrs.type, NF4REG);
    assert_int_equal(attrs.mode, 0644);
    assert_int_equal(attrs.numlinks, 1);
    assert_int_equal(attrs.size, 0);
    assert_int_equal(attrs.lease_time, 90);
    assert_int_equal(attrs.fh_expire_type, FH4_PERSISTENT);
    assert_true(attrs.unique_handles && attrs.homogeneous && attrs.case_preserving);
    assert_false(attrs.case_insensitive || attrs.named_attr);
    assert_int_equal(attrs.maxname, 255);
    assert_true(attrs.maxread >= 1u << 20 && attrs.maxwrite >= 1u << 20);
    assert_true(attrs.fileid != 0 && attrs.mounted_on_fileid == attrs.fileid);
    assert_int_equal(attrs_of(&alice, &dir, all).type, NF4DIR);
}

/* The values of a fattr4, copied. */
static uint32_t values_of(const struct client_fh *fh, struct bitmap4 bits, uint8_t values[512])
{
    const struct wire_opaque *got;

    begin(&alice, fh);
    client_op_getattr(C, bits);
    run(NFS4_OK);
    got = &result(OP_GETATTR)->opgetattr.obj_attributes.attr_vals;
    assert_true(got->len <= 512);
    memcpy(values, got->data, got->len);
    return got->len;
}

/* The server encodes these in another way if lease_time is wanted, too: with the same bytes around
 * that.  `before`: bytes of those with lower numbers. */
static void check_both_ways(const struct client_fh *fh, struct bitmap4 bits, uint32_t before)
{
    uint8_t one[512], other[512];
    uint32_t len = values_of(fh, bits, one);

    bitmap4_set(&bits, FATTR4_LEASE_TIME);
    assert_int_equal(values_of(fh, bits, other), len + 4);
    assert_memory_equal(one, other, before);
    assert_memory_equal(one + before, other + before + 4, len - before);
}

static void both_ways(void **state)
{
    static const struct {
        uint32_t attribute, bytes_before;
    } each[] = {
        {FATTR4_TYPE, 4},          {FATTR4_CHANGE, 8},      {FATTR4_SIZE, 8},
        {FATTR4_NAMED_ATTR, 4},    {FATTR4_FSID, 16},       {FATTR4_RDATTR_ERROR, 0},
        {FATTR4_FILEHANDLE, 0},    {FATTR4_FILEID, 0},      {FATTR4_MODE, 0},
        {FATTR4_NUMLINKS, 0},      {FATTR4_OWNER, 0},       {FATTR4_OWNER_GROUP, 0},
        {FATTR4_RAWDEV, 0},        {FATTR4_SPACE_USED, 0},  {FATTR4_TIME_ACCESS, 0},
        {FATTR4_TIME_METADATA, 0}, {FATTR4_TIME_MODIFY, 0}, {FATTR4_MOUNTED_ON_FILEID, 0},
        {FATTR4_TIME_CREATE, 0},
    };
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");
    struct bitmap4 all = {.count = 0}, has = supported(&file);
    uint32_t before = 0;

    for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
        if (!bitmap4_isset(&has, each[i].attribute))
            continue;
        check_both_ways(&file, CLIENT_BITS(each[i].attribute), each[i].bytes_before);
        bitmap4_set(&all, each[i].attribute);
        before += each[i].bytes_before;
    }
    check_both_ways(&file, all, before);
    check_both_ways(&dir, all, before);
}

static void set(const struct client_fh *fh, struct bitmap4 bits, const struct nfs4_attrs *attrs,
                enum nfsstat4 status)
{
    begin(&alice, fh);
    client_op_setattr(C, &client_stateid_anonymous, bits, attrs);
    run(status);
    /* The reply names the attributes that were set, also with an error. */
    if (status == NFS4_OK)
        assert_memory_equal(&result(OP_SETATTR)->attrsset.words, &bits.words, sizeof(bits.words));
}

static void setattr(void **state)
{
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");
    struct nfs4_attrs attrs, before;
    struct nfstime4 when = {.seconds = 1000000000, .nseconds = 123456789};

    before = attrs_of(&alice, &file, CLIENT_BITS(FATTR4_CHANGE));
    set(&file, CLIENT_BITS(FATTR4_SIZE, FATTR4_MODE),
        &(struct nfs4_attrs){.size = 10000, .mode = 06751}, NFS4_OK);
    attrs = attrs_of(&alice, &file, CLIENT_BITS(FATTR4_SIZE, FATTR4_MODE, FATTR4_CHANGE));
    assert_int_equal(attrs.size, 10000);
    assert_int_equal(attrs.mode, 06751);
    assert_true(attrs.change != before.change);
    set(&file, CLIENT_BITS(FATTR4_TIME_ACCESS_SET, FATTR4_TIME_MODIFY_SET),
        &(struct nfs4_attrs){.time_access_set = {SET_TO_CLIENT_TIME4, {.time = when}},
                             .time_modify_set = {SET_TO_SERVER_TIME4, {.time = {0, 0}}}},
        NFS4_OK);
    attrs = attrs_of(&alice, &file, CLIENT_BITS(FATTR4_TIME_ACCESS, FATTR4_TIME_MODIFY));
    assert_int_equal(attrs.time_access.seconds, when.seconds);
    assert_int_equal(attrs.time_access.nseconds, when.nseconds);
    assert_true(attrs.time_modify.seconds > when.seconds);
    set(&file, CLIENT_BITS(FATTR4_MODE_SET_MASKED),
        &(struct nfs4_attrs){.mode_set_masked = {.mm_value_to_set = 0777, .mm_mask_bits = 0022}},
        V40_OR(NFS4ERR_ATTRNOTSUPP, NFS4_OK));
    assert_int_equal(attrs_of(&alice, &file, CLIENT_BITS(FATTR4_MODE)).mode & 0777,
                     V40_OR(0751, 0773));
}

static void setattr_refused(void **state)
{
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");
    struct nfs4_attrs bad = {.mode = 1u << 13, .owner = client_text("nobody at all")};

    set(&file, CLIENT_BITS(FATTR4_NUMLINKS), &bad, NFS4ERR_INVAL); /* read-only */
    set(&file, CLIENT_BITS(FATTR4_HIDDEN), &bad, NFS4ERR_ATTRNOTSUPP);
    set(&file, CLIENT_BITS(FATTR4_MODE), &bad, NFS4ERR_INVAL);
    set(&file, CLIENT_BITS(FATTR4_OWNER), &bad, NFS4ERR_BADOWNER);
    bad.time_modify_set =
        (struct settime4){SET_TO_CLIENT_TIME4, {.time = {.nseconds = 1000000000}}};
    set(&file, CLIENT_BITS(FATTR4_TIME_MODIFY_SET), &bad, NFS4ERR_INVAL);
    set(&dir, CLIENT_BITS(FATTR4_SIZE), &bad, NFS4ERR_ISDIR);
    set(&file, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = NFS4_UINT64_MAX},
        NFS4ERR_FBIG);
    /* A body that does not match its mask. */
    begin(&alice, &file);
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_SETATTR,
                               .opsetattr = {.obj_attributes = {CLIENT_BITS(FATTR4_SIZE),
                                                                {(const uint8_t *)"1234", 4}}},
                           });
    run(NFS4ERR_BADXDR);
    begin(&alice, NULL);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE), &bad);
    run(NFS4ERR_NOFILEHANDLE);
}

/* L-10: a user neither reads nor changes another user's file; only root changes owners. */
static void stranger(void **state)
{
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");
    struct client_cred cred = alice.conn.cred;

    if (geteuid() != 0 && strcmp(*state, "/local") == 0)
        test_skip(TEST_NEEDS_CALLERS);
    set(&file, CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = 0600}, NFS4_OK);
    alice.conn.cred = script_stranger();
    set(&file, CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = 0666}, NFS4ERR_PERM);
    set(&file, CLIENT_BITS(FATTR4_OWNER), &(struct nfs4_attrs){.owner = client_text("4711")},
        NFS4ERR_PERM);
    begin(&alice, &file);
    client_op_read(C, &client_stateid_anonymous, 0, 1);
    run(NFS4ERR_ACCESS);
    begin(&alice, &file);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_ACCESS);
    expect_status(client_file_open_rw(&alice, &dir, "file", &(struct client_file){.fh = file}),
                  NFS4ERR_ACCESS);
    begin(&alice, &file);
    client_op_access(C, ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND | ACCESS4_EXECUTE);
    run(NFS4_OK);
    assert_int_equal(result(OP_ACCESS)->opaccess.access, 0);
    alice.conn.cred = cred;
}

static void access_bits(void **state)
{
    const uint32_t all = ACCESS4_READ | ACCESS4_LOOKUP | ACCESS4_MODIFY | ACCESS4_EXTEND |
                         ACCESS4_DELETE | ACCESS4_EXECUTE;
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");

    begin(&alice, &file);
    client_op_access(C, all);
    run(NFS4_OK);
    assert_int_equal(result(OP_ACCESS)->opaccess.supported,
                     ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND | ACCESS4_EXECUTE);
    /* Not even root executes a file without an execute bit. */
    assert_int_equal(result(OP_ACCESS)->opaccess.access,
                     ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND);
    begin(&alice, &dir);
    client_op_access(C, all);
    run(NFS4_OK);
    assert_int_equal(result(OP_ACCESS)->opaccess.supported, all & ~ACCESS4_EXECUTE);
    assert_int_equal(result(OP_ACCESS)->opaccess.access, all & ~ACCESS4_EXECUTE);
    begin(&alice, NULL);
    client_op_access(C, all);
    run(NFS4ERR_NOFILEHANDLE);
}

static void compare(const struct client_fh *fh, uint32_t op, uint32_t attribute, const void *value,
                    uint32_t len, enum nfsstat4 status)
{
    begin(&alice, fh);
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = op,
                               .opverify = {{CLIENT_BITS(attribute), {value, len}}},
                           });
    client_op_getfh(C);
    run(status);
}

static void verify(void **state)
{
    static const uint8_t reg[] = {0, 0, 0, NF4REG}, directory[] = {0, 0, 0, NF4DIR};
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");

    compare(&file, OP_VERIFY, FATTR4_TYPE, reg, 4, NFS4_OK);
    compare(&file, OP_VERIFY, FATTR4_TYPE, directory, 4, NFS4ERR_NOT_SAME);
    compare(&file, OP_NVERIFY, FATTR4_TYPE, reg, 4, NFS4ERR_SAME);
    compare(&file, OP_NVERIFY, FATTR4_TYPE, directory, 4, NFS4_OK);
    for (uint32_t op = OP_NVERIFY; op; op = op == OP_NVERIFY ? OP_VERIFY : 0) {
        compare(&file, op, FATTR4_RDATTR_ERROR, reg, 4, NFS4ERR_INVAL);
        compare(&file, op, FATTR4_TIME_MODIFY_SET, reg, 4, NFS4ERR_INVAL);
        compare(&file, op, FATTR4_HIDDEN, reg, 4, NFS4ERR_ATTRNOTSUPP);
        compare(NULL, op, FATTR4_TYPE, reg, 4, NFS4ERR_NOFILEHANDLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(all_supported), ON_BOTH(setattr), ON_BOTH(setattr_refused), ON_BOTH(stranger),
        ON_BOTH(access_bits),   ON_BOTH(verify),  ON_BOTH(both_ways),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
