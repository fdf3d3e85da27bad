/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filters compared with bytes put together by hand (SR-09, S22B-10): decoded fields, the same
 * bytes when encoded again, a clean failure for every prefix, for every buffer that is too small,
 * and for what XDR does not allow.
 */
#include <stdlib.h>

#include "golden_tables.h"
#include "wire/op_table.h"

/* The filter of one kind of value. */
typedef bool (*filter)(struct xdr *x, void *v);

static bool filter_args(struct xdr *x, void *v)
{
    return wire_nfs_argop4(x, v);
}

static bool filter_results(struct xdr *x, void *v)
{
    return wire_nfs_resop4(x, v);
}

/* A copy of exactly `len` bytes, so that AddressSanitizer sees a read past them. */
static bool decode_copy(filter run, void *v, const uint8_t *bytes, size_t len, struct arena *arena,
                        size_t *left)
{
    uint8_t *copy = malloc(len ? len : 1);
    struct xdr x;
    bool ok;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    xdr_init_decode(&x, copy, len, arena);
    ok = run(&x, v);
    assert_int_equal(ok, !x.failed);
    *left = xdr_left(&x);
    free(copy);
    return ok;
}

static void check_prefixes(const char *name, filter run, const uint8_t *bytes, size_t len,
                           struct arena *arena)
{
    union {
        struct nfs_argop4 args;
        struct nfs_resop4 results;
    } v;
    size_t left;

    for (size_t cut = 0; cut < len; cut++) {
        memset(&v, 0xff, sizeof(v));
        if (decode_copy(run, &v, bytes, cut, arena, &left))
            fail_msg("%s: %zu of %zu bytes are enough", name, cut, len);
    }
}

/* Encodes the same bytes, and writes nothing outside a buffer that is too small. */
static void check_encoding(const char *name, filter run, void *v, const uint8_t *bytes, size_t len)
{
    struct xdr x;

    for (size_t room = 0; room <= len; room++) {
        uint8_t *buffer = malloc(room ? room : 1);

        assert_non_null(buffer);
        xdr_init_encode(&x, buffer, room);
        if (run(&x, v) != (room == len))
            fail_msg("%s: room for %zu of %zu bytes", name, room, len);
        if (room == len)
            assert_memory_equal(buffer, bytes, len);
        free(buffer);
    }
}

static void test_args(void **state)
{
    uint8_t bytes[GOLDEN_BYTES_MAX];
    struct arena arena;

    (void)state;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < golden_args_count; i++) {
        const struct golden_args *g = &golden_args[i];
        size_t len = golden_bytes(g->hex, bytes, sizeof(bytes));
        struct nfs_argop4 v;
        struct xdr x;

        memset(&v, 0xff, sizeof(v));
        xdr_init_decode(&x, bytes, len, &arena);
        if (!wire_nfs_argop4(&x, &v) || xdr_left(&x))
            fail_msg("%s: not decoded, %zu bytes left", g->name, xdr_left(&x));
        golden_fields(&v, g->fields);
        if (g->check)
            g->check(&v);
        check_encoding(g->name, filter_args, &v, bytes, len);
        check_prefixes(g->name, filter_args, bytes, len, &arena);
        arena_reset(&arena);
    }
    arena_fini(&arena);
}

static void test_results(void **state)
{
    uint8_t bytes[GOLDEN_BYTES_MAX];
    struct arena arena;

    (void)state;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < golden_results_count; i++) {
        const struct golden_results *g = &golden_results[i];
        size_t len = golden_bytes(g->hex, bytes, sizeof(bytes));
        struct nfs_resop4 v;
        struct xdr x;

        memset(&v, 0xff, sizeof(v));
        xdr_init_decode(&x, bytes, len, &arena);
        if (!wire_nfs_resop4(&x, &v) || xdr_left(&x))
            fail_msg("%s: not decoded, %zu bytes left", g->name, xdr_left(&x));
        golden_fields(&v, g->fields);
        if (g->check)
            g->check(&v);
        check_encoding(g->name, filter_results, &v, bytes, len);
        check_prefixes(g->name, filter_results, bytes, len, &arena);
        arena_reset(&arena);
    }
    arena_fini(&arena);
}

static uint32_t first_word(const char *hex)
{
    uint8_t bytes[GOLDEN_BYTES_MAX];
    struct xdr x;

    xdr_init_decode(&x, bytes, golden_bytes(hex, bytes, sizeof(bytes)), NULL);
    return xdr_get_u32(&x);
}

/* Every operation has an example, and no example exceeds the table's bound. */
static void test_coverage(void **state)
{
    bool args[OP_REMOVEXATTR + 1] = {false};
    bool results[OP_REMOVEXATTR + 1] = {false};
    uint8_t bytes[GOLDEN_BYTES_MAX];

    (void)state;
    for (size_t i = 0; i < golden_args_count; i++)
        args[first_word(golden_args[i].hex)] = true;
    for (size_t i = 0; i < golden_results_count; i++) {
        uint32_t op = first_word(golden_results[i].hex);
        const struct op_info *info = op_info(op);

        if (!info)
            continue;
        results[op] = true;
        if (info->reply_bound &&
            golden_bytes(golden_results[i].hex, bytes, sizeof(bytes)) > info->reply_bound)
            fail_msg("%s is longer than its bound", golden_results[i].name);
    }
    for (uint32_t op = OP_ACCESS; op <= OP_REMOVEXATTR; op++) {
        assert_true(args[op]);
        assert_true(results[op] || (op > OP_RECLAIM_COMPLETE && op < OP_GETXATTR));
    }
}

#define ZERO16 "00000000 00000000 00000000 00000000 "

/* Violations of XDR, RFC 4506 §4.3, §4.4, §4.15; bounds of the RFC and of our own. */
static const char *const bad_args[] = {
    "00000002", /* no such operation */
    "0000004c", /* behind the last */
    "0000273c", /* ILLEGAL */
    "0000000c 00000000 00000000 " OFFSET LENGTH "00000000 " STATEID "00000005", /* lock type 0 */
    "0000000c 00000005 00000000 " OFFSET LENGTH "00000000 " STATEID "00000005", /* 5 */
    "0000000c 00000001 00000002 " OFFSET LENGTH "00000000 " STATEID "00000005", /* bool 2 */
    "0000000c 00000001 00000000 " OFFSET LENGTH "00000002 " STATEID "00000005", /* locker 2 */
    "00000012 00000001 00000003 00000000 " OWNER "00000002 00000004",           /* opentype */
    "00000012 00000001 00000003 00000000 " OWNER "00000001 00000004 " FATTR "00000000 " NAME,
    "00000012 00000001 00000003 00000000 " OWNER "00000000 00000007",          /* claim */
    "00000012 00000001 00000003 00000000 " OWNER "00000000 00000001 00000006", /* delegation */
    "00000013 00000003",                                                       /* bool 3 */
    "00000016 00000084 " ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 ZERO16
    "00000000",                                              /* a handle of 132 bytes */
    "00000026 " STATEID OFFSET "00000003 " NAME,             /* stable_how4 */
    "00000026 " STATEID OFFSET "00000000 ffffffff 00000000", /* endless data */
    "00000009 00000041 " ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 ZERO16
        ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 "00000000",   /* 65 bitmap words */
    "00000028 40000001 00000001 00000005",                      /* flavor */
    "00000028 40000001 00000001 00000006 00000004 " NAME NAME2, /* GSS service */
    "00000029 " SESSIONID "00000004 00000000",                  /* direction 4 */
    "00000029 " SESSIONID "00000000 00000000",                  /* direction 0 */
    "0000002a " VERIFIER NAME "00000000 00000003 00000000",     /* state protection */
    "0000002a " VERIFIER NAME "00000000 00000000 00000002 " NAME NAME2 ZERO16 NAME NAME2 ZERO16,
    "0000002b 00000000 0000002a 00000001 00000003 00000000 00000000 00000000 00000000 00000000 "
    "00000000 00000002 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
    "00000000 00000000 00000000",                   /* two ca_rdma_ird */
    "00000033 00000000 00000001 00000003 00000000", /* return type 0 */
    "00000033 00000000 00000001 00000003 00000004", /* return type 4 */
    "00000034 00000002",                            /* secinfo style */
    "00000037 ffffffff " STATEID,                   /* endless array */
    "00000038 00000100 00000000 " NAME,             /* CLAIM_NULL wants no delegation */
    "0000003d " STATEID "00000004 " NAME,           /* location type */
    "00000049 00000003 " NAME NAME2,                /* setxattr option */
};

static void test_bad_args(void **state)
{
    uint8_t bytes[GOLDEN_BYTES_MAX];
    struct nfs_argop4 v;
    struct arena arena;
    size_t left;

    (void)state;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_SIZE(bad_args); i++) {
        size_t len = golden_bytes(bad_args[i], bytes, sizeof(bytes));

        if (decode_copy(filter_args, &v, bytes, len, &arena, &left))
            fail_msg("decoded: %s", bad_args[i]);
    }
    arena_fini(&arena);
}

/* Bitmap words of unknown attributes are read and dropped. */
static void test_long_bitmap(void **state)
{
    uint8_t bytes[GOLDEN_BYTES_MAX];
    size_t len = golden_bytes("00000009 00000005 00000008 00000000 80000000 ffffffff 00000001",
                              bytes, sizeof(bytes));
    struct nfs_argop4 v;
    struct xdr x;

    (void)state;
    xdr_init_decode(&x, bytes, len, NULL);
    assert_true(wire_nfs_argop4(&x, &v));
    EQ(xdr_left(&x), 0);
    EQ(v.opgetattr.attr_request.count, LIMIT_BITMAP_WORDS);
    EQ(v.opgetattr.attr_request.words[0], 8);
    EQ(v.opgetattr.attr_request.words[2], 0x80000000u);
    assert_false(bitmap4_isset(&v.opgetattr.attr_request, 96));
    assert_true(v.opgetattr.attr_request.beyond);
}

/* Values that the server judges, not XDR: CREATE answers BADTYPE, LAYOUTGET BADIOMODE. */
static void test_lenient(void **state)
{
    static const char *const fine[] = {
        "00000006 00000063 " NAME FATTR,
        "00000032 00000000 0000aaaa 00000009 " OFFSET LENGTH OFFSET STATEID "00002000",
    };
    uint8_t bytes[GOLDEN_BYTES_MAX];
    struct nfs_argop4 v;
    size_t left;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
        size_t len = golden_bytes(fine[i], bytes, sizeof(bytes));

        assert_true(decode_copy(filter_args, &v, bytes, len, NULL, &left));
        EQ(left, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_args),     cmocka_unit_test(test_results),
        cmocka_unit_test(test_coverage), cmocka_unit_test(test_bad_args),
        cmocka_unit_test(test_lenient),  cmocka_unit_test(test_long_bitmap),
    };

    return test_group_run(tests);
}
