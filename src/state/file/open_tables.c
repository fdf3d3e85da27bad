/* SPDX-License-Identifier: Apache-2.0 */
#include "state/file/open_tables.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/htable.h"
#include "vfs/vfs_identity.h"

struct open_tables *open_tables_create(uint64_t boot_id)
{
    struct open_tables *tables = must_calloc(1, sizeof(*tables));

    tables->stateids = stateid_table_create(boot_id);
    randombytes_buf(&tables->cred_seed, sizeof(tables->cred_seed));
    file_shards_init(tables->files);
    return tables;
}

void open_tables_destroy(struct open_tables *tables)
{
    struct open_tables_v40 *v40 = atomic_load_explicit(&tables->v40, memory_order_relaxed);

    if (v40)
        v40->free(v40);
    file_shards_fini(tables->files);
    stateid_table_destroy(tables->stateids);
    free(tables);
}

uint64_t open_caller_hash(const struct open_tables *tables, const struct vfs_cred *cred)
{
    const uint32_t head[] = {cred->uid, cred->gid, cred->gid_count};
    const uint64_t hash = hash_bytes(head, sizeof(head), tables->cred_seed);

    return cred->gid_count == 0
               ? hash
               : hash_bytes(cred->gids, cred->gid_count * sizeof(cred->gids[0]), hash);
}
