/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoded examples, put together by hand from RFC 5662, 7863 and 8276: `hex` has the words as they
 * are on the wire, `fields` what must be decoded from them, and `check`, if any, asserts the rest.
 * Fields that recur have their bytes here, and a kind of their own.
 */
#pragma once

#include "lib/test.h"
#include "wire/nfs4_callback.h"
#include "wire/nfs4_op.h"

/* seqid 7 */
#define STATEID "00000007 a0a1a2a3 a4a5a6a7 a8a9aaab "
#define SESSIONID "10111213 14151617 18191a1b 1c1d1e1f "
#define DEVICEID "20212223 24252627 28292a2b 2c2d2e2f "
#define VERIFIER "51525354 55565758 "
/* "abc" */
#define NAME "00000003 61626300 "
/* "de" */
#define NAME2 "00000002 64650000 "
/* clientid 42, "owner" */
#define OWNER "00000000 0000002a 00000005 6f776e65 72000000 "
/* attribute 33, mode 0644 */
#define FATTR "00000002 00000000 00000002 00000004 000001a4 "
/* atomic, 100, 101 */
#define CINFO "00000001 00000000 00000064 00000000 00000065 "
/* bits 3, 4 and 33 */
#define BITMAP "00000002 00000018 00000002 "
/* 65536 and 4096 */
#define OFFSET "00000000 00010000 "
#define LENGTH "00000000 00001000 "
#define FH "00000005 01020304 05000000 "

enum golden_kind {
    GOLDEN_END,
    GOLDEN_NUMBER,
    GOLDEN_TEXT,
    GOLDEN_FIXED, /* bytes that count up from `number` */
    GOLDEN_STATEID,
    GOLDEN_CINFO,
    GOLDEN_BITMAP,
    GOLDEN_FATTR,
    GOLDEN_OWNER,
    GOLDEN_FH
};

/* A field of a decoded struct, and its value if the kind does not say it. */
struct golden_field {
    const char *name;
    size_t at, size;
    enum golden_kind kind;
    uint64_t number;
    const char *text;
};

/* The last one is GOLDEN_END.  MEMBER() is the includer's: name, place and size in its struct. */
#define FIELDS(...)                                                                                \
    .fields = (const struct golden_field[])                                                        \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            .kind = GOLDEN_END                                                                     \
        }                                                                                          \
    }
#define NO_FIELDS .fields = NULL
#define FIELD(kind_, member) .kind = (kind_), MEMBER(member)
#define IS(member, value)                                                                          \
    {                                                                                              \
        FIELD(GOLDEN_NUMBER, member), .number = (value)                                            \
    }
#define IS_TEXT(member, value)                                                                     \
    {                                                                                              \
        FIELD(GOLDEN_TEXT, member), .text = (value)                                                \
    }
#define IS_FIXED(member, first)                                                                    \
    {                                                                                              \
        FIELD(GOLDEN_FIXED, member), .number = (first)                                             \
    }
#define IS_STATEID(member)                                                                         \
    {                                                                                              \
        FIELD(GOLDEN_STATEID, member)                                                              \
    }
#define IS_CINFO(member)                                                                           \
    {                                                                                              \
        FIELD(GOLDEN_CINFO, member)                                                                \
    }
#define IS_BITMAP(member)                                                                          \
    {                                                                                              \
        FIELD(GOLDEN_BITMAP, member)                                                               \
    }
#define IS_FATTR(member)                                                                           \
    {                                                                                              \
        FIELD(GOLDEN_FATTR, member)                                                                \
    }
#define IS_OWNER(member)                                                                           \
    {                                                                                              \
        FIELD(GOLDEN_OWNER, member)                                                                \
    }
#define IS_FH(member)                                                                              \
    {                                                                                              \
        FIELD(GOLDEN_FH, member)                                                                   \
    }

struct golden_args {
    const char *name;
    const char *hex;
    const struct golden_field *fields; /* NULL: none */
    void (*check)(const struct nfs_argop4 *v);
};

struct golden_results {
    const char *name;
    const char *hex;
    const struct golden_field *fields; /* NULL: none */
    void (*check)(const struct nfs_resop4 *v);
};

/* Turn `hex` into at most `size` bytes; returns how many. */
size_t golden_bytes(const char *hex, uint8_t *bytes, size_t size);

#define GOLDEN_BYTES_MAX 1024

/* Assert all fields of the struct at `base`; NULL has none. */
void golden_fields(const void *base, const struct golden_field *fields);

void golden_stateid(const struct stateid4 *stateid);
void golden_fixed(const uint8_t *data, unsigned first, size_t len);
void golden_text(const struct wire_opaque *text, const char *want);
void golden_cinfo(const struct change_info4 *cinfo);
void golden_bitmap(const struct bitmap4 *bitmap);
void golden_fattr(const struct fattr4 *fattr);
void golden_owner(const struct state_owner4 *owner);
void golden_fh(const struct nfs_fh4 *fh);

#define EQ(field, value) assert_int_equal((field), (value))
