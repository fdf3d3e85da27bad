/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables for opens, locks and delegations of all clients: stateids, and the locks of the files'
 * records.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "state/file/file.h"
#include "state/file/stateid.h"

struct vfs_cred;

/* What state/v40 attaches (v40/owner_tables.h); it may be left out of the build. */
struct open_tables_v40 {
    void (*free)(struct open_tables_v40 *self);
};

struct open_tables {
    struct stateid_table *stateids;
    _Atomic(struct open_tables_v40 *) v40; /* NULL until needed */
    uint64_t cred_seed;
    _Atomic uint32_t idle_sequences; /* 4.0: number of idle owners of all clients */
    struct file_shard files[FILE_SHARDS];
};

struct open_tables *open_tables_create(uint64_t boot_id);
void open_tables_destroy(struct open_tables *tables);

/* The hash of a caller for open.reader and .writer. */
uint64_t open_caller_hash(const struct open_tables *tables, const struct vfs_cred *cred);
