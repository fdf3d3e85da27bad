/* SPDX-License-Identifier: Apache-2.0 */
/* A fattr4 and its values: what can be decoded is encoded to the same values. */
#include <stdlib.h>

#include "wire/fattr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct fattr4 *in, struct arena *arena)
{
    size_t room = in->attr_vals.len + 4 * (2 + LIMIT_BITMAP_WORDS);
    uint8_t *buffer = must_malloc(room);
    struct nfs4_attrs attrs;
    struct fattr4 again;
    struct xdr x;

    memset(&attrs, 0xff, sizeof(attrs));
    if (fattr_decode(in, &attrs, arena)) {
        xdr_init_encode(&x, buffer, room);
        CHECK(fattr_encode(&x, &in->attrmask, &attrs));
        xdr_init_decode(&x, buffer, xdr_pos(&x), NULL);
        CHECK(wire_fattr4(&x, &again) && xdr_left(&x) == 0);
        CHECK(memcmp(again.attrmask.words, in->attrmask.words, sizeof(in->attrmask.words)) == 0);
        CHECK(again.attr_vals.len <= in->attr_vals.len);
        CHECK(fattr_decode(&again, &attrs, arena));
    }
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fattr4 in;
    struct arena arena;
    struct xdr x;

    arena_init(&arena, 4096);
    xdr_init_decode(&x, data, size, &arena);
    if (wire_fattr4(&x, &in))
        round_trip(&in, &arena);
    arena_fini(&arena);
    return 0;
}
