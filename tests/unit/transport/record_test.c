/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/record.h"

#include <stdlib.h>
#include <string.h>

#include "lib/test.h"

static struct buffer_pool pool;

static int setup(void **state)
{
    (void)state;
    buffer_pool_init(&pool);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buffer_pool_fini(&pool);
    return 0;
}

static void mark_put(uint8_t *p, uint32_t mark)
{
    p[0] = (uint8_t)(mark >> 24);
    p[1] = (uint8_t)(mark >> 16);
    p[2] = (uint8_t)(mark >> 8);
    p[3] = (uint8_t)mark;
}

static struct buffer *buffer_of(const void *bytes, size_t len)
{
    struct buffer *buffer = buffer_create(&pool, len ? len : 1);

    memcpy(buffer->data, bytes, len);
    return buffer;
}

/* Feed `len` bytes in pieces that end at the two cuts; the record must be `expected`. */
static void feed_in_pieces(const uint8_t *bytes, size_t len, size_t cut1, size_t cut2,
                           const void *expected, size_t expected_len)
{
    struct record_reader reader = {0};
    size_t ends[] = {cut1, cut2, len}, begin = 0;

    for (int i = 0; i < 3; i++) {
        struct buffer *from = buffer_of(bytes + begin, ends[i] - begin);
        uint8_t *p = from->data;
        enum record_status status = record_feed(&reader, from, &p, p + (ends[i] - begin));

        assert_ptr_equal(p, from->data + (ends[i] - begin));
        if (ends[i] == len)
            assert_true(reader.complete);
        else
            assert_int_equal(status, RECORD_MORE);
        buffer_put(from);
        begin = ends[i];
        if (reader.complete)
            break;
    }
    uint8_t *data;
    size_t got;
    struct buffer *record = record_take(&reader, &data, &got);

    assert_int_equal(got, expected_len);
    assert_memory_equal(data, expected, expected_len);
    buffer_put(record);
}

static void every_split_point(void **state)
{
    uint8_t bytes[64];
    const char *text = "0123456789abcdef";

    (void)state;
    /* Two fragments and an empty one between them, at every boundary. */
    for (uint32_t first = 0; first <= 16; first++) {
        uint8_t *p = bytes;

        mark_put(p, first);
        memcpy(p + 4, text, first);
        p += 4 + first;
        mark_put(p, 0);
        p += 4;
        mark_put(p, 0x80000000u | (16 - first));
        memcpy(p + 4, text + first, 16 - first);
        p += 4 + (16 - first);
        for (size_t cut1 = 0; cut1 < (size_t)(p - bytes); cut1++)
            for (size_t cut2 = cut1; cut2 < (size_t)(p - bytes); cut2++)
                feed_in_pieces(bytes, (size_t)(p - bytes), cut1, cut2, text, 16);
    }
}

static void whole_records_stay_in_place(void **state)
{
    struct record_reader reader = {0};
    uint8_t bytes[20] = {0x80, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0, 0, 5, 9};
    uint8_t *p = bytes, *data = NULL;
    size_t len = 0;

    (void)state;
    assert_true(record_in_place(&reader, &p, bytes + 17, &data, &len));
    assert_ptr_equal(data, bytes + 4);
    assert_int_equal(len, 8);
    assert_ptr_equal(p, bytes + 12);
    assert_false(record_in_place(&reader, &p, bytes + 17, &data, &len));
    assert_ptr_equal(p, bytes + 12);
}

static void announced_length_is_not_trusted(void **state)
{
    struct record_reader reader = {0};
    uint8_t head[100];
    struct buffer *from;
    uint8_t *p;
    size_t room;

    (void)state;
    mark_put(head, 0x80000000u | LIMIT_RPC_RECORD_BYTES);
    from = buffer_of(head, sizeof(head));
    p = from->data;
    assert_int_equal(record_feed(&reader, from, &p, p + sizeof(head)), RECORD_MORE);
    assert_true(reader.buffer->size <= 16 << 10);

    /* The buffer grows only as bytes arrive, to at most four times as much. */
    size_t arrived = reader.used;
    enum record_status status = RECORD_MORE;
    while (status == RECORD_MORE) {
        uint8_t *to = record_direct(&reader, &pool, &room);

        assert_true(room > 0);
        memset(to, 0xab, room);
        arrived += room;
        status = record_direct_done(&reader, room);
        assert_true(reader.buffer->size <= 16 << 10 || reader.buffer->size <= 6 * arrived);
    }
    assert_int_equal(status, RECORD_COMPLETE);
    assert_int_equal(reader.used, LIMIT_RPC_RECORD_BYTES);
    record_reset(&reader);
    buffer_put(from);
}

static void large_record_is_not_copied(void **state)
{
    struct record_reader reader = {0};
    struct buffer *from = buffer_create(&pool, BUFFER_LARGE_BYTES);
    uint8_t *p = from->data, *data;
    size_t len, room;

    (void)state;
    mark_put(p, 0x80000000u | (1 << 20));
    memset(p + 4, 7, 200000);
    assert_int_equal(record_feed(&reader, from, &p, from->data + 200000), RECORD_MORE);
    assert_ptr_equal(reader.buffer, from);
    assert_false(buffer_is_private(from));
    assert_ptr_equal(record_direct(&reader, &pool, &room), from->data + 200000);
    assert_int_equal(room, 4 + (1 << 20) - 200000);
    assert_int_equal(record_direct_done(&reader, room), RECORD_COMPLETE);
    buffer_put(record_take(&reader, &data, &len));
    assert_ptr_equal(data, from->data + 4);
    assert_true(buffer_is_private(from));
    buffer_put(from);
}

static enum record_status feed_mark(struct record_reader *reader, uint32_t mark)
{
    uint8_t bytes[4];
    struct buffer *from;
    uint8_t *p;
    enum record_status status;

    mark_put(bytes, mark);
    from = buffer_of(bytes, 4);
    p = from->data;
    status = record_feed(reader, from, &p, p + 4);
    buffer_put(from);
    return status;
}

static void too_long_is_refused(void **state)
{
    struct record_reader reader = {0};
    static uint8_t filler[1000];
    struct buffer *from = buffer_of(filler, sizeof(filler));
    uint8_t *p = from->data;

    (void)state;
    assert_int_equal(feed_mark(&reader, 0xffffffffu), RECORD_TOO_LONG);
    record_reset(&reader);
    assert_int_equal(feed_mark(&reader, 0x7fffffffu), RECORD_TOO_LONG);
    record_reset(&reader);
    assert_int_equal(feed_mark(&reader, 0x80000000u | (LIMIT_RPC_RECORD_BYTES + 1)),
                     RECORD_TOO_LONG);
    record_reset(&reader);

    /* The limit applies to the sum of the fragments. */
    assert_int_equal(feed_mark(&reader, sizeof(filler)), RECORD_MORE);
    assert_int_equal(record_feed(&reader, from, &p, p + sizeof(filler)), RECORD_MORE);
    assert_int_equal(feed_mark(&reader, 0x80000000u | (LIMIT_RPC_RECORD_BYTES - 999)),
                     RECORD_TOO_LONG);
    record_reset(&reader);
    buffer_put(from);
}

static void empty_fragments_are_bounded(void **state)
{
    struct record_reader reader = {0};

    (void)state;
    for (uint32_t i = 0; i < LIMIT_RPC_FRAGMENTS; i++)
        assert_int_equal(feed_mark(&reader, 0), RECORD_MORE);
    assert_int_equal(feed_mark(&reader, 0), RECORD_TOO_LONG);
    record_reset(&reader);
}

static void empty_record(void **state)
{
    struct record_reader reader = {0};
    uint8_t *data;
    size_t len = 1;

    (void)state;
    assert_int_equal(feed_mark(&reader, 0), RECORD_MORE);
    assert_int_equal(feed_mark(&reader, 0x80000000u), RECORD_COMPLETE);
    assert_null(record_take(&reader, &data, &len));
    assert_int_equal(len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_point),
        cmocka_unit_test(whole_records_stay_in_place),
        cmocka_unit_test(announced_length_is_not_trusted),
        cmocka_unit_test(large_record_is_not_copied),
        cmocka_unit_test(too_long_is_refused),
        cmocka_unit_test(empty_fragments_are_bounded),
        cmocka_unit_test(empty_record),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
