/* SPDX-License-Identifier: Apache-2.0 */
/* The cursor (RFC 4506): byte order, padding, bounds, sticky failure. */
#include "lib/test.h"
#include "wire/xdr.h"

static void test_numbers(void **state)
{
    static const uint8_t want[] = {0x12, 0x34, 0x56, 0x78, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
                                   0x07, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd};
    uint8_t buffer[sizeof(want)];
    uint64_t wide = 0;
    int64_t below = -3;
    struct xdr x;

    (void)state;
    xdr_init_encode(&x, buffer, sizeof(buffer));
    xdr_put_u32(&x, 0x12345678);
    xdr_put_u64(&x, 0x0102030405060708);
    xdr_i64(&x, &below);
    assert_false(x.failed);
    assert_int_equal(xdr_left(&x), 0);
    assert_memory_equal(buffer, want, sizeof(want));

    below = 0;
    xdr_init_decode(&x, want, sizeof(want), NULL);
    assert_int_equal(xdr_get_u32(&x), 0x12345678);
    assert_true(xdr_u64(&x, &wide) && xdr_i64(&x, &below));
    assert_int_equal(wide, 0x0102030405060708);
    assert_int_equal(below, -3);
}

static void test_bool(void **state)
{
    static const uint8_t bytes[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2};
    struct xdr x;
    bool v;

    (void)state;
    memset(&v, 0xbe, sizeof(v)); /* its former contents are ignored */
    xdr_init_decode(&x, bytes, sizeof(bytes), NULL);
    assert_true(xdr_bool(&x, &v));
    assert_false(v);
    assert_true(xdr_bool(&x, &v));
    assert_true(v);
    assert_false(xdr_bool(&x, &v));
    assert_true(x.failed);
}

/* After the first failure the cursor stays, and reads return zero. */
static void test_sticky(void **state)
{
    static const uint8_t bytes[] = {0, 0, 0, 9, 0, 0};
    uint32_t word = 77;
    uint64_t wide = 77;
    uint8_t fixed[3] = {1, 2, 3};
    struct wire_opaque o = {bytes, 3};
    struct xdr x;

    (void)state;
    xdr_init_decode(&x, bytes, sizeof(bytes), NULL);
    assert_int_equal(xdr_get_u32(&x), 9);
    assert_false(xdr_u32(&x, &word));
    assert_int_equal(word, 0);
    assert_int_equal(xdr_pos(&x), 4);
    assert_false(xdr_u64(&x, &wide));
    assert_int_equal(wide, 0);
    assert_false(xdr_fixed(&x, fixed, sizeof(fixed)));
    assert_int_equal(fixed[0] | fixed[1] | fixed[2], 0);
    assert_false(xdr_opaque(&x, &o, 100));
    assert_null(o.data);
    assert_int_equal(o.len, 0);
}

static void test_padding(void **state)
{
    uint8_t buffer[16];
    struct wire_opaque o = {(const uint8_t *)"hello", 5};
    uint8_t three[3] = {1, 2, 3};
    struct xdr x;

    (void)state;
    memset(buffer, 0xee, sizeof(buffer));
    xdr_init_encode(&x, buffer, sizeof(buffer));
    assert_true(xdr_opaque(&x, &o, 5));
    assert_true(xdr_fixed(&x, three, sizeof(three)));
    assert_memory_equal(buffer, "\0\0\0\5hello\0\0\0\1\2\3\0", 16);
    xdr_init_decode(&x, buffer, sizeof(buffer), NULL);
    assert_true(xdr_opaque(&x, &o, 5));
    assert_ptr_equal(o.data, buffer + 4);
    xdr_init_decode(&x, buffer, sizeof(buffer), NULL);
    assert_false(xdr_opaque(&x, &o, 4)); /* longer than its bound */
    xdr_init_decode(&x, buffer, 9, NULL);
    assert_false(xdr_opaque(&x, &o, 5)); /* the padding is missing */
    xdr_init_encode(&x, buffer, 11);
    o = (struct wire_opaque){(const uint8_t *)"hello", 5};
    assert_false(xdr_opaque(&x, &o, 5));
}

/* A length near 2^32 must not wrap around. */
static void test_huge_opaque(void **state)
{
    static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0};
    struct wire_opaque o;
    struct xdr x;

    (void)state;
    xdr_init_decode(&x, bytes, sizeof(bytes), NULL);
    assert_false(xdr_opaque(&x, &o, UINT32_MAX));
}

/* Bytes that are in the reply already are not copied. */
static void test_opaque_in_place(void **state)
{
    uint8_t buffer[12] = {0, 0, 0, 0, 'd', 'a', 't', 'a', '!', 0xee, 0xee, 0xee};
    struct wire_opaque o = {buffer + 4, 5};
    struct xdr x;

    (void)state;
    xdr_init_encode(&x, buffer, sizeof(buffer));
    assert_true(xdr_opaque(&x, &o, 5));
    assert_memory_equal(buffer, "\0\0\0\5data!\0\0\0", 12);
}

static void test_array(void **state)
{
    static const uint8_t bytes[] = {0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6};
    struct arena arena;
    uint32_t count = 0;
    uint32_t *array;
    struct xdr x;

    (void)state;
    arena_init(&arena, 256);
    xdr_init_decode(&x, bytes, sizeof(bytes), &arena);
    array = xdr_array(&x, &count, 2, NULL, sizeof(*array));
    assert_non_null(array);
    assert_int_equal(count, 2);
    xdr_init_decode(&x, bytes, sizeof(bytes), &arena);
    assert_null(xdr_array(&x, &count, 1, NULL, sizeof(*array))); /* bound */
    assert_int_equal(count, 0);
    xdr_init_decode(&x, bytes, 8, &arena);
    assert_null(xdr_array(&x, &count, 2, NULL, sizeof(*array))); /* more than the bound */
    assert_int_equal(count, 0);
    xdr_init_decode(&x, bytes, sizeof(bytes), NULL);
    assert_null(xdr_array(&x, &count, 2, NULL, sizeof(*array))); /* arrays not allowed */
    assert_true(x.failed);
    arena_fini(&arena);
}

/* An array that does not fit into the buffer stays unchanged for another try. */
static void test_array_full(void **state)
{
    uint32_t elements[2] = {5, 6};
    uint32_t count = 2;
    struct xdr x;
    uint8_t byte;

    (void)state;
    xdr_init_encode(&x, &byte, 0);
    assert_ptr_equal(xdr_array(&x, &count, 2, elements, sizeof(elements[0])), elements);
    assert_int_equal(count, 2);
    assert_true(x.failed);
}

static void test_patch_rewind(void **state)
{
    uint8_t buffer[8];
    struct xdr x;

    (void)state;
    xdr_init_encode(&x, buffer, sizeof(buffer));
    xdr_put_u32(&x, 0);
    xdr_put_u32(&x, 2);
    xdr_put_u32(&x, 3);
    assert_true(x.failed);
    xdr_rewind(&x, 4);
    assert_false(x.failed);
    assert_int_equal(xdr_left(&x), 4);
    xdr_patch_u32(&x, 0, 0x01020304);
    assert_memory_equal(buffer, "\1\2\3\4", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),      cmocka_unit_test(test_bool),
        cmocka_unit_test(test_sticky),       cmocka_unit_test(test_padding),
        cmocka_unit_test(test_huge_opaque),  cmocka_unit_test(test_opaque_in_place),
        cmocka_unit_test(test_array),        cmocka_unit_test(test_array_full),
        cmocka_unit_test(test_patch_rewind),
    };

    return test_group_run(tests);
}
