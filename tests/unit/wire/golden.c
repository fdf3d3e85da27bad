/* SPDX-License-Identifier: Apache-2.0 */
#include "golden.h"

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

size_t golden_bytes(const char *hex, uint8_t *bytes, size_t size)
{
    size_t len = 0;

    while (*hex) {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        assert_true(len < size && hex[1]);
        bytes[len++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
        hex += 2;
    }
    assert_int_equal(len % 4, 0);
    return len;
}

void golden_fixed(const uint8_t *data, unsigned first, size_t len)
{
    for (size_t i = 0; i < len; i++)
        EQ(data[i], first + i);
}

void golden_stateid(const struct stateid4 *stateid)
{
    EQ(stateid->seqid, 7);
    golden_fixed(stateid->other, 0xa0, sizeof(stateid->other));
}

void golden_text(const struct wire_opaque *text, const char *want)
{
    EQ(text->len, strlen(want));
    assert_memory_equal(text->data, want, text->len);
}

void golden_cinfo(const struct change_info4 *cinfo)
{
    assert_true(cinfo->atomic);
    EQ(cinfo->before, 100);
    EQ(cinfo->after, 101);
}

void golden_bitmap(const struct bitmap4 *bitmap)
{
    for (uint32_t bit = 0; bit < 32 * LIMIT_BITMAP_WORDS; bit++)
        EQ(bitmap4_isset(bitmap, bit), bit == 3 || bit == 4 || bit == 33);
}

void golden_fattr(const struct fattr4 *fattr)
{
    for (uint32_t bit = 0; bit < 32 * LIMIT_BITMAP_WORDS; bit++)
        EQ(bitmap4_isset(&fattr->attrmask, bit), bit == FATTR4_MODE);
    EQ(fattr->attr_vals.len, 4);
    assert_memory_equal(fattr->attr_vals.data, "\0\0\1\xa4", 4);
}

void golden_owner(const struct state_owner4 *owner)
{
    EQ(owner->clientid, 42);
    golden_text(&owner->owner, "owner");
}

void golden_fh(const struct nfs_fh4 *fh)
{
    EQ(fh->len, 5);
    golden_fixed(fh->data, 1, 5);
}
