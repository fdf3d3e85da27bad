/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XDR (RFC 4506) over one contiguous buffer.  A cursor decodes or encodes; the filters
 * (`xdr_u32()`, and wire_XXX() for whole types) go in either direction, so what one side
 * writes the other side reads.  Failure is sticky: after the first one nothing moves and every
 * later call is a no-op, so a caller checks `failed` once, at the end.
 *
 * Decoded opaques point into the buffer and live as long as it; arrays come from the arena.
 * Not thread safe: a cursor belongs to the thread that runs the request.
 */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"

enum xdr_op {
    XDR_DECODE,
    XDR_ENCODE,
};

struct xdr {
    uint8_t *p; /* next byte */
    uint8_t *end;
    uint8_t *start;
    struct arena *arena; /* decode only; NULL forbids arrays */
    enum xdr_op op;
    bool failed; /* short buffer, bad padding, bound exceeded, bad discriminant */
};

/* Variable-length opaque or string: `len` bytes at `data`, no NUL. */
struct wire_opaque {
    const uint8_t *data;
    uint32_t len;
};

static inline void xdr_init_decode(struct xdr *x, const void *data, size_t len, struct arena *arena)
{
    /* Decoding never writes through these pointers. */
    x->start = x->p = (uint8_t *)data;
    x->end = x->p + len;
    x->arena = arena;
    x->op = XDR_DECODE;
    x->failed = false;
}

static inline void xdr_init_encode(struct xdr *x, void *buffer, size_t size)
{
    x->start = x->p = buffer;
    x->end = x->p + size;
    x->arena = NULL;
    x->op = XDR_ENCODE;
    x->failed = false;
}

static inline size_t xdr_pos(const struct xdr *x)
{
    return (size_t)(x->p - x->start);
}

/* Bytes left to decode, or room left to encode into. */
static inline size_t xdr_left(const struct xdr *x)
{
    return (size_t)(x->end - x->p);
}

static inline bool xdr_fail(struct xdr *x)
{
    x->failed = true;
    return false;
}

/* Take `len` bytes at the cursor (already a multiple of four), or NULL and failure. */
static inline uint8_t *xdr_take(struct xdr *x, size_t len)
{
    uint8_t *p = x->p;

    if (__builtin_expect(x->failed || len > xdr_left(x), 0)) {
        x->failed = true;
        return NULL;
    }
    x->p += len;
    return p;
}

static inline size_t xdr_padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static inline bool xdr_u32(struct xdr *x, uint32_t *v)
{
    uint8_t *p = xdr_take(x, 4);
    uint32_t be;

    if (!p) {
        if (x->op == XDR_DECODE)
            *v = 0;
        return false;
    }
    if (x->op == XDR_DECODE) {
        memcpy(&be, p, 4);
        *v = be32toh(be);
    } else {
        /* The analyser forgets the direction of a cursor that it has not seen being made.
         * NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
        be = htobe32(*v);
        memcpy(p, &be, 4);
    }
    return true;
}

static inline bool xdr_u64(struct xdr *x, uint64_t *v)
{
    uint8_t *p = xdr_take(x, 8);
    uint64_t be;

    if (!p) {
        if (x->op == XDR_DECODE)
            *v = 0;
        return false;
    }
    if (x->op == XDR_DECODE) {
        memcpy(&be, p, 8);
        *v = be64toh(be);
    } else {
        be = htobe64(*v);
        memcpy(p, &be, 8);
    }
    return true;
}

static inline bool xdr_i64(struct xdr *x, int64_t *v)
{
    uint64_t u = (uint64_t)*v;
    bool ok = xdr_u64(x, &u);

    if (x->op == XDR_DECODE)
        *v = (int64_t)u;
    return ok;
}

/* Anything but 0 and 1 is a failure, RFC 4506 §4.4. */
static inline bool xdr_bool(struct xdr *x, bool *v)
{
    uint32_t u = x->op == XDR_ENCODE && *v; /* decoding, *v may be no bool yet */
    bool ok = xdr_u32(x, &u);

    if (x->op == XDR_DECODE) {
        *v = u == 1;
        if (u > 1)
            return xdr_fail(x);
    }
    return ok;
}

static inline bool xdr_put_u32(struct xdr *x, uint32_t v)
{
    return xdr_u32(x, &v);
}

static inline bool xdr_put_u64(struct xdr *x, uint64_t v)
{
    return xdr_u64(x, &v);
}

static inline uint32_t xdr_get_u32(struct xdr *x)
{
    uint32_t v = 0;

    xdr_u32(x, &v);
    return v;
}

/* ---- where there is room for sure: each returns the end of what it wrote to p ---- */

static inline uint8_t *xdr_store_u32(uint8_t *p, uint32_t v)
{
    uint32_t be = htobe32(v);

    memcpy(p, &be, sizeof(be));
    return p + sizeof(be);
}

static inline uint8_t *xdr_store_u64(uint8_t *p, uint64_t v)
{
    uint64_t be = htobe64(v);

    memcpy(p, &be, sizeof(be));
    return p + sizeof(be);
}

/* Behind `len` bytes at p.  (A call of memset() would cost more than these.) */
static inline uint8_t *xdr_store_padding(uint8_t *p, size_t len)
{
    uint8_t *end = p + xdr_padded(len);

    switch (len % 4) {
    case 1:
        end[-3] = 0; /* fallthrough */
    case 2:
        end[-2] = 0; /* fallthrough */
    case 3:
        end[-1] = 0;
        break;
    default:
        break;
    }
    return end;
}

/* Bytes that already stand where they belong are not copied. */
static inline uint8_t *xdr_store_bytes(uint8_t *p, const void *data, size_t len)
{
    if (len > 0 && p != data)
        memcpy(p, data, len);
    return xdr_store_padding(p, len);
}

static inline uint8_t *xdr_store_opaque(uint8_t *p, const void *data, uint32_t len)
{
    return xdr_store_bytes(xdr_store_u32(p, len), data, len);
}

/* ---- filters ---- */

/* Fixed-length opaque, copied; padded to four bytes on the wire.  On a failed decode `data` is
 * zeroed. */
static inline bool xdr_fixed(struct xdr *x, void *data, size_t len)
{
    uint8_t *p = xdr_take(x, xdr_padded(len));

    if (!p) {
        if (x->op == XDR_DECODE)
            memset(data, 0, len);
        return false;
    }
    if (x->op == XDR_DECODE)
        memcpy(data, p, len);
    else
        xdr_store_bytes(p, data, len);
    return true;
}

/* Variable-length opaque of at most `max` bytes.  Encoding bytes that already stand where they
 * belong (a READ that went straight into the reply) copies nothing. */
static inline bool xdr_opaque(struct xdr *x, struct wire_opaque *o, uint32_t max)
{
    bool decode = x->op == XDR_DECODE;
    uint8_t *p;

    if (decode)
        *o = (struct wire_opaque){NULL, 0};
    if (!xdr_u32(x, &o->len) || o->len > max) {
        if (decode)
            o->len = 0;
        return xdr_fail(x);
    }
    p = xdr_take(x, xdr_padded(o->len));
    if (!p) {
        if (decode)
            o->len = 0;
        return false;
    }
    if (decode)
        o->data = p;
    else
        xdr_store_bytes(p, o->data, o->len);
    return true;
}

/* Array count of at most `max`; when decoding, the elements come from the arena, cleared. */
static inline void *xdr_array(struct xdr *x, uint32_t *count, uint32_t max, void *elements,
                              size_t element_size)
{
    void *array = elements;

    if (!xdr_u32(x, count) || *count > max) {
        if (x->op == XDR_DECODE)
            *count = 0;
        xdr_fail(x);
        return x->op == XDR_DECODE ? NULL : elements;
    }
    if (x->op == XDR_DECODE) {
        /* Every element takes at least four bytes, which bounds what a liar can make us take. */
        if (*count > xdr_left(x) / 4) {
            *count = 0;
            xdr_fail(x);
            return NULL;
        }
        array = x->arena ? arena_zalloc(x->arena, *count * element_size) : NULL;
        if (!array) {
            *count = 0;
            xdr_fail(x);
        }
    }
    return array;
}

/* Overwrite a word that was encoded before, at `pos` bytes from the start. */
static inline void xdr_patch_u32(struct xdr *x, size_t pos, uint32_t v)
{
    uint32_t be = htobe32(v);

    CHECK(pos + 4 <= xdr_pos(x));
    memcpy(x->start + pos, &be, 4);
}

/* Go back to `pos` and forget a failure that came after it (encode only). */
static inline void xdr_rewind(struct xdr *x, size_t pos)
{
    CHECK(x->op == XDR_ENCODE && x->start + pos <= x->end);
    x->p = x->start + pos;
    x->failed = false;
}
