/* SPDX-License-Identifier: Apache-2.0 */
/* The list of parts of a READ_PLUS, and where their bytes stand. */
#include "vfs/vfs_read_plus.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "lib/test.h"

enum {
    HOLE_ROOM = 20,
    DATA_ROOM = 16,
    HOLE = LIMIT_READ_PLUS_HOLE,
};

static uint8_t buf[1 << 20];

static struct vfs_read_plus io;

static void begin(uint64_t offset, uint32_t len)
{
    io = (struct vfs_read_plus){
        .offset = offset, .len = len, .hole_room = HOLE_ROOM, .data_room = DATA_ROOM, .buf = buf};
    vfs_read_plus_begin(&io);
}

static void expect_part(uint32_t i, bool hole, uint64_t offset, uint32_t len)
{
    assert_true(i < io.count);
    assert_int_equal(io.parts[i].hole, hole);
    assert_int_equal(io.parts[i].offset, offset);
    assert_int_equal(io.parts[i].len, len);
}

static void parts_have_room_for_their_heads(void **state)
{
    (void)state;
    begin(1000, 100000);
    assert_int_equal(vfs_read_plus_len(&io), 0);
    assert_ptr_equal(vfs_read_plus_data(&io, 5), buf + DATA_ROOM);
    assert_ptr_equal(vfs_read_plus_data(&io, 6), buf + DATA_ROOM + 5); /* the same part */
    vfs_read_plus_hole(&io, HOLE);
    vfs_read_plus_hole(&io, HOLE + 1); /* a neighbour */
    assert_ptr_equal(vfs_read_plus_data(&io, 4), buf + DATA_ROOM + 12 + 2 * HOLE_ROOM + DATA_ROOM);
    assert_int_equal(io.count, 4);
    expect_part(0, false, 1000, 11);
    expect_part(1, true, 1011, HOLE);
    expect_part(2, true, 1011 + HOLE, HOLE + 1);
    expect_part(3, false, 1012 + 2 * HOLE, 4);
    assert_int_equal(vfs_read_plus_len(&io), 16 + 2 * HOLE);
}

static void short_holes_are_zeros(void **state)
{
    (void)state;
    begin(0, 100000);
    memset(buf, 'x', sizeof(buf));
    vfs_read_plus_hole(&io, HOLE - 1);
    vfs_read_plus_hole(&io, 0);
    *vfs_read_plus_data(&io, 1) = 'a';
    assert_int_equal(io.count, 1);
    expect_part(0, false, 0, HOLE);
    assert_int_equal(buf[DATA_ROOM], 0);
    assert_int_equal(buf[DATA_ROOM + HOLE - 2], 0);
    assert_int_equal(buf[DATA_ROOM + HOLE - 1], 'a');
}

static void cut_data_are_gone(void **state)
{
    (void)state;
    begin(0, 100000);
    vfs_read_plus_hole(&io, HOLE);
    vfs_read_plus_data(&io, 10);
    vfs_read_plus_cut(&io, 4);
    expect_part(1, false, HOLE, 6);
    vfs_read_plus_cut(&io, 6);
    assert_int_equal(io.count, 1);
    assert_int_equal(vfs_read_plus_len(&io), HOLE);
    io.fd = 3;
    vfs_read_plus_fd(&io, 100);
    expect_part(1, false, HOLE, 100);
    assert_null(io.parts[1].data);
}

/* There is always room for the rest, in the list and in the buffer: `len` bytes and the first
 * head. */
static void the_rest_fits(void **state)
{
    const uint32_t len = 500000;

    (void)state;
    for (uint32_t first = 0; first < 2; first++) {
        uint32_t left = len;
        uint8_t *end = buf;

        begin(7, len);
        for (uint32_t i = first; left > 2 * HOLE; i++) {
            if (i % 2 == 0)
                vfs_read_plus_hole(&io, HOLE);
            else
                end = vfs_read_plus_data(&io, 1) + 1;
            left -= i % 2 == 0 ? HOLE : 1;
        }
        assert_true(vfs_read_plus_full(&io));
        end = vfs_read_plus_data(&io, left) + left;
        assert_true(io.count <= LIMIT_READ_PLUS_PARTS);
        assert_false(io.parts[io.count - 1].hole);
        assert_int_equal(vfs_read_plus_len(&io), len);
        assert_true(end <= buf + len + DATA_ROOM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_have_room_for_their_heads),
        cmocka_unit_test(short_holes_are_zeros),
        cmocka_unit_test(cut_data_are_gone),
        cmocka_unit_test(the_rest_fits),
    };

    return test_group_run(tests);
}
