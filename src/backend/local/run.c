/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/run.h"

enum {
    STAT_BLOCK_BYTES = 512 /* unit of st_blocks */
};

bool local_run_dense(const struct stat *st)
{
    return (uint64_t)st->st_blocks * STAT_BLOCK_BYTES >= (uint64_t)st->st_size;
}

/* Blocks come and go with holes. */
uint64_t local_run_end(const struct local_object *obj, const struct stat *st, uint64_t at)
{
    uint64_t end = atomic_load_explicit(&obj->run_end, memory_order_relaxed);

    if (at < atomic_load_explicit(&obj->run_begin, memory_order_relaxed) || at >= end ||
        (uint64_t)st->st_blocks != atomic_load_explicit(&obj->run_blocks, memory_order_relaxed))
        return 0;
    return end;
}

/* Another thread's may be mixed up with it, and then be wrong: see the header. */
void local_run_keep(struct local_object *obj, const struct stat *st, uint64_t begin, uint64_t end)
{
    atomic_store_explicit(&obj->run_begin, begin, memory_order_relaxed);
    atomic_store_explicit(&obj->run_end, end, memory_order_relaxed);
    atomic_store_explicit(&obj->run_blocks, (uint64_t)st->st_blocks, memory_order_relaxed);
}
