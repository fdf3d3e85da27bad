/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_record.h"

#include <string.h>

#include "base/memory.h"
#include "state/delegation/delegation_gone.h"
#include "state/delegation/delegation_internal.h"
#include "state/delegation/delegation_lease.h"
#include "state/file/open_tables.h"

/* Called when the last reference is dropped: the file's or the revoked list's, and those of I/O. */
static void release(struct stateid *sid)
{
    struct delegation *delegation = delegation_of_stateid(sid);

    delegation_lease_drop(delegation);
    delegation_vfs_close(delegation);
    delegation_watch_destroy(delegation->watch);
    file_put(delegation->file);
    vfs_object_put(delegation->obj);
    client_put(delegation->client);
    memory_free(MEMORY_delegations, delegation);
}

void delegation_set_caller(struct delegation *delegation, const struct vfs_cred *cred)
{
    atomic_store_explicit(&delegation->caller,
                          open_caller_hash(delegation->client->state->opens, cred),
                          memory_order_relaxed);
}

struct delegation *delegation_create(struct file *file, const struct delegation_request *request,
                                     enum delegation_kind kind)
{
    struct delegation *delegation = memory_zalloc(MEMORY_delegations, sizeof(*delegation));

    if (!delegation)
        return NULL;

    delegation->client = request->client;
    delegation->file = file;
    delegation->granted_ns = request->now_ns;
    delegation->obj = request->obj;
    delegation->kind = kind;
    CHECK(request->fh.len <= sizeof(delegation->fh));
    delegation->fh_len = request->fh.len;
    memcpy(delegation->fh, request->fh.data, request->fh.len);
    delegation->in_session = request->call != NULL;
    if (request->call)
        delegation->given_to = *request->call;
    list_init(&delegation->file_link);
    list_init(&delegation->hook_link);
    list_init(&delegation->client_link);
    list_init(&delegation->recalled_link);
    if (!stateid_insert(request->client->state->opens->stateids, &delegation->sid,
                        STATEID_DELEGATION, request->client, hash_u64((uint64_t)(uintptr_t)file),
                        release)) {
        memory_free(MEMORY_delegations, delegation);
        return NULL;
    }
    (void)file_get(file);
    vfs_object_get(delegation->obj);
    client_get(request->client);
    delegation_set_caller(delegation, request->cred);
    return delegation;
}

static bool changes(const struct state *state, const void *what)
{
    const struct delegation_progress *progress = delegation_progress_of(state->delegations, what);

    return atomic_load_explicit(&progress->count, memory_order_seq_cst) > 0;
}

bool delegation_is_raced(const struct delegation *delegation, uint64_t breaks)
{
    const struct state *state = delegation->client->state;

    return changes(state, delegation->obj->node) || changes(state, delegation->obj->fs->volume) ||
           delegation_lease_breaks(state) != breaks;
}

bool delegation_confirm_locked(struct delegation *fresh, uint64_t breaks,
                               struct delegation_gone *gone)
{
    struct delegation_tables *tables = fresh->client->state->delegations;

    /* seq_cst, and so is what is read next: delegation_fs.c. */
    atomic_fetch_add_explicit(&tables->held[fresh->kind], 1, memory_order_seq_cst);
    if (!delegation_is_raced(fresh, breaks))
        return true;
    delegation_end_locked(fresh, gone);
    stateid_kill(&fresh->sid);
    return false;
}
