/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/fileid.h"

void mem_fileid_init(struct mem_fs *fs)
{
    atomic_init(&fs->fileids_given, 0);
    for (size_t i = 0; i < MEM_LANES; i++)
        atomic_init(&fs->lanes[i].fileid_next, 1);
}

_Static_assert(MEM_ROOT_FILEID == 1, "the first number is 1");

/* A number that is one more than a multiple of FILEID_BATCH begins a batch, which is not the lane's
 * yet.  If two threads of a lane fetch a batch at once, one of these is never used. */
uint64_t mem_fileid_take(struct mem_fs *fs)
{
    _Atomic uint64_t *lane = &mem_lane_of(fs)->fileid_next;
    uint64_t next = atomic_load_explicit(lane, memory_order_relaxed), id;

    do {
        id = next;
        if (id % FILEID_BATCH == 1)
            id = atomic_fetch_add_explicit(&fs->fileids_given, FILEID_BATCH, memory_order_relaxed) +
                 1;
    } while (!atomic_compare_exchange_strong_explicit(lane, &next, id + 1, memory_order_relaxed,
                                                      memory_order_relaxed));
    return id;
}
