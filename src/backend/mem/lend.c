/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/lend.h"

#include "backend/mem/block.h"
#include "base/memory.h"

enum {
    /* Below, the calls that send pieces cost more than a copy, and the replies of a batch are not
     * sent together. */
    LEND_BYTES = 256 << 10
};

struct lent {
    struct vfs_lent base;
    struct mem_fs *fs; /* a reference on its root: it is needed until the end */
    uint32_t blocks;
    struct mem_block *of[]; /* NULL: a hole; behind them, the pieces */
};

static const char zeros[MEM_BLOCK_BYTES];

static void done(struct vfs_lent *base)
{
    struct lent *lent = CONTAINER_OF(base, struct lent, base);
    struct mem_fs *fs = lent->fs;

    for (uint32_t i = 0; i < lent->blocks; i++) {
        if (lent->of[i])
            mem_block_return(fs, lent->of[i]);
    }
    memory_free(MEMORY_data, lent);
    vfs_object_put(&fs->root->vfs);
}

static struct lent *create(uint32_t blocks)
{
    struct lent *lent = memory_alloc(
        MEMORY_data, sizeof(*lent) + blocks * (sizeof(lent->of[0]) + sizeof(lent->base.pieces[0])));

    if (!lent)
        return NULL;
    lent->blocks = blocks;
    lent->base = (struct vfs_lent){
        .done = done, .pieces = (struct iovec *)(lent->of + blocks), .count = blocks};
    return lent;
}

struct vfs_lent *mem_lend(const struct mem_object *obj, uint64_t offset, uint32_t len)
{
    uint64_t first = offset / MEM_BLOCK_BYTES, last = (offset + len - 1) / MEM_BLOCK_BYTES;
    uint32_t within = offset % MEM_BLOCK_BYTES;
    struct lent *lent;

    if (len < LEND_BYTES || last - first >= VFS_LENT_PIECES)
        return NULL;
    lent = create((uint32_t)(last - first + 1));
    if (!lent)
        return NULL;
    for (uint32_t i = 0; i < lent->blocks; i++) {
        const char *bytes = mem_block_lend(obj, first + i, &lent->of[i]);
        uint32_t part = MEM_BLOCK_BYTES - within;

        if (part > len)
            part = len;
        lent->base.pieces[i] = (struct iovec){(char *)(bytes ? bytes : zeros) + within, part};
        within = 0;
        len -= part;
    }
    lent->fs = mem_fs_of_object(obj);
    (void)vfs_object_get(&lent->fs->root->vfs);
    return &lent->base;
}
