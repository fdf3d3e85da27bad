/* SPDX-License-Identifier: Apache-2.0 */
/* Attribute values compared with bytes put together by hand from RFC 8881 §5.8 and its
 * successors. */
#include <stdlib.h>

#include "golden.h"
#include "wire/fattr.h"

struct value_case {
    uint32_t attribute;
    const char *hex;
};

/* One value of every attribute that the codec knows, in ascending order. */
static const struct value_case values[] = {
    {FATTR4_SUPPORTED_ATTRS, BITMAP},
    {FATTR4_TYPE, "00000002"},
    {FATTR4_FH_EXPIRE_TYPE, "00000003"},
    {FATTR4_CHANGE, "00000001 00000002"},
    {FATTR4_SIZE, "00000003 00000004"},
    {FATTR4_LINK_SUPPORT, "00000001"},
    {FATTR4_SYMLINK_SUPPORT, "00000000"},
    {FATTR4_NAMED_ATTR, "00000001"},
    {FATTR4_FSID, "00000000 00000005 00000000 00000006"},
    {FATTR4_UNIQUE_HANDLES, "00000001"},
    {FATTR4_LEASE_TIME, "0000005a"},
    {FATTR4_RDATTR_ERROR, "0000000d"},
    {FATTR4_ACL, "00000002 00000000 00000000 00000001 " NAME "00000001 00000040 00000002 " NAME2},
    {FATTR4_ACLSUPPORT, "00000003"},
    {FATTR4_ARCHIVE, "00000000"},
    {FATTR4_CANSETTIME, "00000001"},
    {FATTR4_CASE_INSENSITIVE, "00000000"},
    {FATTR4_CASE_PRESERVING, "00000001"},
    {FATTR4_CHOWN_RESTRICTED, "00000001"},
    {FATTR4_FILEHANDLE, FH},
    {FATTR4_FILEID, "00000000 00000007"},
    {FATTR4_FILES_AVAIL, "00000000 00000008"},
    {FATTR4_FILES_FREE, "00000000 00000009"},
    {FATTR4_FILES_TOTAL, "00000000 0000000a"},
    {FATTR4_HIDDEN, "00000000"},
    {FATTR4_HOMOGENEOUS, "00000001"},
    {FATTR4_MAXFILESIZE, "7fffffff ffffffff"},
    {FATTR4_MAXLINK, "0000000b"},
    {FATTR4_MAXNAME, "000000ff"},
    {FATTR4_MAXREAD, "00000000 00100000"},
    {FATTR4_MAXWRITE, "00000000 00100000"},
    {FATTR4_MIMETYPE, NAME},
    {FATTR4_MODE, "000001ed"},
    {FATTR4_NO_TRUNC, "00000001"},
    {FATTR4_NUMLINKS, "0000000c"},
    {FATTR4_OWNER, "00000004 31303030"},
    {FATTR4_OWNER_GROUP, "00000003 31303000"},
    {FATTR4_QUOTA_AVAIL_HARD, "00000000 0000000d"},
    {FATTR4_QUOTA_AVAIL_SOFT, "00000000 0000000e"},
    {FATTR4_QUOTA_USED, "00000000 0000000f"},
    {FATTR4_RAWDEV, "00000008 00000011"},
    {FATTR4_SPACE_AVAIL, "00000000 00000010"},
    {FATTR4_SPACE_FREE, "00000000 00000011"},
    {FATTR4_SPACE_TOTAL, "00000000 00000012"},
    {FATTR4_SPACE_USED, "00000000 00000013"},
    {FATTR4_SYSTEM, "00000000"},
    {FATTR4_TIME_ACCESS, "00000000 00000014 00000015"},
    {FATTR4_TIME_ACCESS_SET, "00000001 ffffffff ffffffff 00000016"},
    {FATTR4_TIME_BACKUP, "00000000 00000017 00000018"},
    {FATTR4_TIME_CREATE, "00000000 00000019 0000001a"},
    {FATTR4_TIME_DELTA, "00000000 00000000 00000001"},
    {FATTR4_TIME_METADATA, "00000000 0000001b 0000001c"},
    {FATTR4_TIME_MODIFY, "00000000 0000001d 0000001e"},
    {FATTR4_TIME_MODIFY_SET, "00000000"},
    {FATTR4_MOUNTED_ON_FILEID, "00000000 0000001f"},
    {FATTR4_DIR_NOTIF_DELAY, "00000000 00000020 00000021"},
    {FATTR4_DIRENT_NOTIF_DELAY, "00000000 00000022 00000023"},
    {FATTR4_DACL, "00000002 00000001 00000001 00000083 00000020 " NAME},
    {FATTR4_CHANGE_POLICY, "00000000 00000024 00000000 00000025"},
    {FATTR4_MODE_SET_MASKED, "00000124 00000fff"},
    {FATTR4_SUPPATTR_EXCLCREAT, BITMAP},
    {FATTR4_FS_CHARSET_CAP, "00000002"},
    {FATTR4_CLONE_BLKSIZE, "00001000"},
    {FATTR4_SPACE_FREED, "00000000 00000026"},
    {FATTR4_CHANGE_ATTR_TYPE, "00000001"},
    {FATTR4_SEC_LABEL, "0000002b 0000002c 00000003 61626300"},
    {FATTR4_MODE_UMASK, "000001b6 00000012"},
    {FATTR4_XATTR_SUPPORT, "00000001"},
    {FATTR4_TIME_DELEG_ACCESS, "00000000 00000027 00000028"},
    {FATTR4_TIME_DELEG_MODIFY, "00000000 00000029 0000002a"},
    {FATTR4_OPEN_ARGUMENTS, "00000001 0000000e 00000001 0000000f 00000001 00300038 "
                            "00000002 00000077 00000001 00000000"},
};

/* The bitmap and all the values behind one another. */
static size_t all_values(struct bitmap4 *mask, uint8_t *bytes, size_t size)
{
    size_t len = 0;

    memset(mask, 0, sizeof(*mask));
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        bitmap4_set(mask, values[i].attribute);
        len += golden_bytes(values[i].hex, bytes + len, size - len);
    }
    return len;
}

static void check_some(const struct nfs4_attrs *a)
{
    golden_bitmap(&a->supported_attrs);
    EQ(a->type, NF4DIR);
    EQ(a->change, 0x100000002);
    EQ(a->size, 0x300000004);
    assert_true(a->link_support && !a->symlink_support && a->named_attr);
    EQ(a->fsid.major, 5);
    EQ(a->fsid.minor, 6);
    EQ(a->acl_count, 2);
    golden_text(&a->acl[1].who, "de");
    EQ(a->dacl_flag, ACL4_PROTECTED);
    EQ(a->dacl_count, 1);
    EQ(a->dacl[0].flag, 0x83);
    golden_fh(&a->filehandle);
    EQ(a->fileid, 7);
    EQ(a->maxname, 255);
    EQ(a->mode, 0755);
    golden_text(&a->owner, "1000");
    golden_text(&a->owner_group, "100");
    EQ(a->rawdev.specdata2, 17);
    EQ(a->space_used, 19);
    EQ(a->time_access_set.set_it, SET_TO_CLIENT_TIME4);
    EQ(a->time_access_set.time.seconds, -1);
    EQ(a->time_modify_set.set_it, SET_TO_SERVER_TIME4);
    EQ(a->time_modify.seconds, 29);
    EQ(a->time_modify.nseconds, 30);
    EQ(a->mounted_on_fileid, 31);
    EQ(a->mode_set_masked.mm_mask_bits, 0xfff);
    golden_bitmap(&a->suppattr_exclcreat);
    EQ(a->sec_label.slai_lfs, 43);
    EQ(a->sec_label.slai_pi, 44);
    golden_text(&a->sec_label.slai_data, "abc");
    EQ(a->mode_umask.mu_umask, 022);
    assert_true(a->xattr_support);
    EQ(a->time_deleg_modify.seconds, 41);
    EQ(a->open_arguments.oa_share_access.words[0], 0xe);
    EQ(a->open_arguments.oa_share_access_want.words[0], 0x300038);
    EQ(a->open_arguments.oa_open_claim.count, 2);
    EQ(a->open_arguments.oa_open_claim.words[1], 1);
    EQ(a->open_arguments.oa_create_mode.count, 0);
}

static bool decode(const struct bitmap4 *mask, const uint8_t *bytes, size_t len,
                   struct nfs4_attrs *attrs, struct arena *arena)
{
    struct fattr4 in = {*mask, {bytes, (uint32_t)len}};

    return fattr_decode(&in, attrs, arena);
}

static void test_all(void **state)
{
    uint8_t bytes[GOLDEN_BYTES_MAX], again[GOLDEN_BYTES_MAX];
    struct nfs4_attrs attrs;
    struct bitmap4 mask;
    struct arena arena;
    struct xdr x;
    size_t len = all_values(&mask, bytes, sizeof(bytes));

    (void)state;
    arena_init(&arena, 4096);
    memset(&attrs, 0xff, sizeof(attrs));
    assert_true(decode(&mask, bytes, len, &attrs, &arena));
    check_some(&attrs);
    assert_memory_equal(mask.words, fattr_known.words, sizeof(mask.words));

    xdr_init_encode(&x, again, sizeof(again));
    assert_true(fattr_encode(&x, &mask, &attrs));
    EQ(xdr_pos(&x), 16 + 4 + len); /* bitmap of three words, length, values */
    assert_memory_equal(again + 20, bytes, len);
    xdr_init_decode(&x, again, 20, NULL);
    EQ(xdr_get_u32(&x), 3);
    for (int w = 0; w < 3; w++)
        EQ(xdr_get_u32(&x), fattr_known.words[w]);
    EQ(xdr_get_u32(&x), len);
    arena_fini(&arena);
}

/* Each prefix is too short, one word more is too long. */
static void test_lengths(void **state)
{
    uint8_t bytes[GOLDEN_BYTES_MAX + 4] = {0};
    struct nfs4_attrs attrs;
    struct bitmap4 mask;
    struct arena arena;
    size_t len = all_values(&mask, bytes, GOLDEN_BYTES_MAX);

    (void)state;
    arena_init(&arena, 4096);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);

        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        if (decode(&mask, copy, cut, &attrs, &arena))
            fail_msg("%zu of %zu bytes are enough", cut, len);
        free(copy);
    }
    assert_false(decode(&mask, bytes, len + 4, &attrs, &arena));
    arena_fini(&arena);
}

static void test_unknown(void **state)
{
    static const uint32_t unknown[] = {FATTR4_FS_LOCATIONS, FATTR4_SACL, 95};
    struct nfs4_attrs attrs = {0};
    uint8_t bytes[8] = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
        struct bitmap4 mask = {0};
        struct xdr x;

        bitmap4_set(&mask, unknown[i]);
        assert_false(decode(&mask, bytes, 8, &attrs, NULL));
        xdr_init_encode(&x, bytes, sizeof(bytes));
        assert_false(fattr_value(&x, &attrs, unknown[i]));
    }
}

static void test_bad_values(void **state)
{
    static const struct value_case bad[] = {
        {FATTR4_HIDDEN, "00000002"},
        {FATTR4_TIME_MODIFY_SET, "00000002 00000000 00000000 00000000"},
        {FATTR4_FILEHANDLE, "00000081 00000000"},
        {FATTR4_ACL, "00000003 00000000 00000000 00000001 " NAME},
        {FATTR4_DACL, "00000000 00000003 00000000 00000000 00000001 " NAME},
    };
    uint8_t bytes[64];
    struct nfs4_attrs attrs;
    struct arena arena;

    (void)state;
    arena_init(&arena, 256);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct bitmap4 mask = {0};
        size_t len = golden_bytes(bad[i].hex, bytes, sizeof(bytes));

        bitmap4_set(&mask, bad[i].attribute);
        assert_false(decode(&mask, bytes, len, &attrs, &arena));
    }
    arena_fini(&arena);
}

/* Lists that are too long to be kept are read to their end, and take no memory. */
static void test_long_acl(void **state)
{
    static uint8_t bytes[4 + 16 * (LIMIT_WIRE_ARRAY + 1)];
    struct bitmap4 mask = {0};
    struct nfs4_attrs attrs;
    struct arena arena;

    (void)state;
    bitmap4_set(&mask, FATTR4_ACL);
    arena_init(&arena, 256);
    xdr_store_u32(bytes, LIMIT_WIRE_ARRAY + 1);
    assert_true(decode(&mask, bytes, sizeof(bytes), &attrs, &arena));
    EQ(attrs.acl_count, LIMIT_WIRE_ARRAY + 1);
    assert_null(attrs.acl);
    EQ(arena.total, 0);
    assert_false(decode(&mask, bytes, sizeof(bytes) - 4, &attrs, &arena));
    EQ(attrs.acl_count, 0);
    xdr_store_u32(bytes, UINT32_MAX);
    assert_false(decode(&mask, bytes, sizeof(bytes), &attrs, &arena));
    EQ(arena.total, 0);
    xdr_store_u32(bytes, LIMIT_WIRE_ARRAY);
    assert_true(decode(&mask, bytes, sizeof(bytes) - 16, &attrs, &arena));
    assert_non_null(attrs.acl);
    arena_fini(&arena);
}

/* Trailing zero words are not encoded; no attributes are a bitmap and a length of zero. */
static void test_trimmed(void **state)
{
    struct nfs4_attrs attrs = {.type = NF4REG};
    struct bitmap4 mask = {.count = 3, .words = {1u << FATTR4_TYPE}};
    uint8_t bytes[64];
    struct xdr x;

    (void)state;
    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(fattr_encode(&x, &mask, &attrs));
    EQ(xdr_pos(&x), 16);
    assert_memory_equal(bytes, "\0\0\0\1\0\0\0\2\0\0\0\4\0\0\0\1", 16);
    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(fattr_encode(&x, &(struct bitmap4){0}, &attrs));
    EQ(xdr_pos(&x), 8);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\0\0", 8);
}

/* With a full buffer the cursor fails, whatever was requested. */
static void test_full(void **state)
{
    struct nfs4_attrs attrs = {.type = NF4REG};
    struct bitmap4 one = {.count = 1, .words = {1u << FATTR4_TYPE}};
    struct xdr x;

    (void)state;
    for (size_t room = 0; room < 16; room++) {
        uint8_t *buffer = malloc(room ? room : 1);

        assert_non_null(buffer);
        xdr_init_encode(&x, buffer, room);
        assert_false(fattr_encode(&x, &one, &attrs));
        assert_true(x.failed);
        xdr_init_encode(&x, buffer, room);
        EQ(fattr_encode(&x, &(struct bitmap4){0}, &attrs), room >= 8);
        free(buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),      cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_unknown),  cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_long_acl), cmocka_unit_test(test_trimmed),
        cmocka_unit_test(test_full),
    };

    return test_group_run(tests);
}
