/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations, arguments or results: the first byte chooses. What can be decoded can be encoded, in
 * no more room, and decodes to the same again.
 */
#include <stdlib.h>

#include "wire/nfs4_op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

union operation {
    struct nfs_argop4 args;
    struct nfs_resop4 results;
};

static bool run(struct xdr *x, union operation *v, bool results)
{
    return results ? wire_nfs_resop4(x, &v->results) : wire_nfs_argop4(x, &v->args);
}

static void round_trip(const uint8_t *data, size_t size, bool results, struct arena *arena)
{
    uint8_t *once = must_malloc(size + 4), *twice = must_malloc(size + 4);
    union operation v;
    struct xdr x;

    memset(&v, 0xff, sizeof(v));
    xdr_init_decode(&x, data, size, arena);
    if (run(&x, &v, results)) {
        size_t len;

        xdr_init_encode(&x, once, size);
        CHECK(run(&x, &v, results));
        len = xdr_pos(&x);
        xdr_init_decode(&x, once, len, arena);
        CHECK(run(&x, &v, results) && xdr_left(&x) == 0);
        xdr_init_encode(&x, twice, len);
        CHECK(run(&x, &v, results) && xdr_pos(&x) == len);
        CHECK(memcmp(once, twice, len) == 0);
    }
    free(once);
    free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;

    if (size < 1)
        return 0;
    arena_init(&arena, 4096);
    round_trip(data + 1, size - 1, data[0] & 1, &arena);
    arena_fini(&arena);
    return 0;
}
