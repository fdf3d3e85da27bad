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

static uint64_t number_at(const void *at, size_t size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)at;
    case 4:
        return *(const uint32_t *)at;
    default:
        assert_int_equal(size, 8);
        return *(const uint64_t *)at;
    }
}

/* The kinds that are structs: their size, and what asserts their value. */
#define GOLDEN_STRUCTS(X)                                                                          \
    X(GOLDEN_STATEID, struct stateid4, golden_stateid)                                             \
    X(GOLDEN_CINFO, struct change_info4, golden_cinfo)                                             \
    X(GOLDEN_BITMAP, struct bitmap4, golden_bitmap)                                                \
    X(GOLDEN_FATTR, struct fattr4, golden_fattr)                                                   \
    X(GOLDEN_OWNER, struct state_owner4, golden_owner)                                             \
    X(GOLDEN_FH, struct nfs_fh4, golden_fh)

static void check_field(const void *at, const struct golden_field *field)
{
    switch (field->kind) {
    case GOLDEN_END:
        break;
    case GOLDEN_NUMBER:
        if (number_at(at, field->size) != field->number)
            fail_msg("%s is %ju, not %ju", field->name, (uintmax_t)number_at(at, field->size),
                     (uintmax_t)field->number);
        break;
    case GOLDEN_TEXT:
        assert_int_equal(field->size, sizeof(struct wire_opaque));
        golden_text(at, field->text);
        break;
    case GOLDEN_FIXED:
        golden_fixed(at, (unsigned)field->number, field->size);
        break;
#define CASE(kind, type, check)                                                                    \
    case kind:                                                                                     \
        assert_int_equal(field->size, sizeof(type));                                               \
        check(at);                                                                                 \
        break;
        GOLDEN_STRUCTS(CASE)
#undef CASE
    }
}

void golden_fields(const void *base, const struct golden_field *fields)
{
    for (; fields && fields->kind != GOLDEN_END; fields++)
        check_field((const uint8_t *)base + fields->at, fields);
}
