/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/copies/copy.h"

#include <string.h>

#include "base/clock.h"
#include "base/htable.h"
#include "base/memory.h"
#include "export/export_table.h"
#include "proto/copies/copy_queue.h"
#include "proto/ops/file_pair.h"
#include "state/client/client.h"
#include "state/file/open_tables.h"
#include "state/open/open.h"
#include "vfs/vfs_copy.h"

/* The last reference is gone. */
static void release(struct stateid *sid)
{
    struct copy *copy = copy_of_stateid(sid);

    DCHECK(!copy->from.obj && !copy->to.obj);
    client_put(sid->client);
    memory_free(MEMORY_opens, copy);
}

static uint32_t *keep_groups(struct vfs_cred *cred, uint32_t *room)
{
    if (cred->gid_count > 0)
        memcpy(room, cred->gids, cred->gid_count * sizeof(*room));
    cred->gids = room;
    return room + cred->gid_count;
}

static void keep_caller(struct copy *copy, const struct compound *c, const struct vfs_cred *reader)
{
    copy->reader = *reader;
    copy->writer = c->cred;
    (void)keep_groups(&copy->writer, keep_groups(&copy->reader, copy->gids));
    copy->mach_allow = c->mach_allow;
    copy->call = (struct session_call){.slotid = c->slot_id, .sequenceid = c->sequence_id};
    memcpy(copy->call.sessionid, c->session_id, sizeof(copy->call.sessionid));
}

static bool name(struct copy *copy, const struct compound *c)
{
    uint64_t spread = hash_u64((uint64_t)(uintptr_t)c->current.obj->node);

    if (!stateid_insert(c->server->state->opens->stateids, &copy->stateid, STATEID_COPY, c->client,
                        spread, release))
        return false;
    client_get(c->client);
    return true;
}

struct copy *copy_create(const struct compound *c, struct copy_queue *queue,
                         const struct vfs_cred *reader, const struct copy_plan *plan)
{
    size_t groups = (size_t)reader->gid_count + c->cred.gid_count;
    struct copy *copy = memory_zalloc(MEMORY_opens, sizeof(*copy) + groups * sizeof(copy->gids[0]));

    if (!copy)
        return NULL;
    copy->server = c->server;
    copy->queue = queue;
    copy->phase = COPY_GONE; /* for whoever guesses its stateid, until it is in the queue */
    copy->plan = *plan;
    copy->begun_ns = c->call->received_ns;
    copy->exports_generation = export_table_generation(c->server->exports);
    copy->from_volume = c->saved.obj->fs->volume;
    copy->to_volume = c->current.obj->fs->volume;
    copy->from_fh.len =
        export_fh_build(c->saved.export, &c->saved.obj->handle, copy->from_fh.bytes);
    copy->to_fh.len =
        export_fh_build(c->current.export, &c->current.obj->handle, copy->to_fh.bytes);
    keep_caller(copy, c, reader);
    list_init(&copy->owner_link);
    list_init(&copy->ended_link);
    if (!name(copy, c)) {
        memory_free(MEMORY_opens, copy);
        return NULL;
    }
    compound_fh_copy(&copy->from, &c->saved);
    compound_fh_copy(&copy->to, &c->current);
    return copy;
}

void copy_settle(struct copy *copy)
{
    vfs_object_put(copy->from.obj);
    vfs_object_put(copy->to.obj);
    copy->from = copy->to = (struct compound_fh){NULL, NULL};
}

/* One piece.  Nothing more is an end, too: the source has become shorter. */
static enum copy_turn copy_piece(struct copy *copy, enum nfsstat4 *status)
{
    const struct copy_plan *plan = &copy->plan;
    uint64_t done = copy_done(copy), step = 0;
    enum vfs_status copied =
        vfs_copy(copy->from.obj, plan->from_offset + done, copy->to.obj, plan->to_offset + done,
                 plan->length - done, &copy->writer, &step);

    if (copied == VFS_DELAY)
        return COPY_TURN_LATER;
    if (copied != VFS_OK) {
        *status = status_from_vfs(copied);
        return COPY_TURN_OVER;
    }
    done += step;
    atomic_store_explicit(&copy->done, done, memory_order_release);
    counter_add(copy->queue->counters, COPY_COUNTER_bytes, step);
    *status = NFS4_OK;
    return step > 0 && done < plan->length ? COPY_TURN_MORE : COPY_TURN_OVER;
}

/* The client has opened the file before it returned its delegation (RFC 8881 §10.4.4), if it still
 * uses the file: the copy goes on by that open of the same user. */
static bool take_open(const struct copy *copy, const struct compound_fh *fh, uint32_t access,
                      const struct vfs_cred *cred, bool *delegated, struct stateid4 *stateid)
{
    struct stateid4 open;

    if (!*delegated || !open_find_by_caller(copy->stateid.client, fh->obj, access, cred, &open))
        return false;
    *delegated = false;
    *stateid = open;
    return true;
}

/* False: no stateid of a delegation is left that an open can stand in for. */
static bool take_opens(struct copy *copy)
{
    struct copy_plan *plan = &copy->plan;
    bool read = take_open(copy, &copy->from, OPEN4_SHARE_ACCESS_READ, &copy->reader,
                          &plan->from_delegated, &plan->from_stateid);
    bool write = take_open(copy, &copy->to, OPEN4_SHARE_ACCESS_WRITE, &copy->writer,
                           &plan->to_delegated, &plan->to_stateid);

    return read || write;
}

/* A delegation that was revoked has another status. */
static enum nfsstat4 begin_pair(struct file_pair *pair, struct compound *c, struct copy *copy)
{
    const struct copy_plan *plan = &copy->plan;
    enum nfsstat4 status;

    do {
        status = file_pair_begin_as(pair, c, &copy->reader, &plan->from_stateid, &plan->to_stateid);
    } while (status == NFS4ERR_BAD_STATEID && take_opens(copy));
    return status;
}

/* As a request of the client that nobody waits for. */
static enum copy_turn run(struct copy *copy, enum nfsstat4 *status)
{
    struct rpc_call call = {.received_ns = clock_now_ns()};
    struct compound c = {.call = &call,
                         .server = copy->server,
                         .saved = copy->from,
                         .current = copy->to,
                         .cred = copy->writer,
                         .mach_allow = copy->mach_allow,
                         .client = copy->stateid.client};
    struct file_pair pair;
    enum copy_turn turn;

    *status = begin_pair(&pair, &c, copy);
    if (*status == NFS4ERR_DELAY || *status == NFS4ERR_GRACE)
        return COPY_TURN_LATER;
    if (*status != NFS4_OK)
        return COPY_TURN_OVER;
    turn = copy_piece(copy, status);
    file_pair_end(&pair, &c);
    return turn;
}

/* Its next COPY is examined like any request. */
static enum nfsstat4 ask_again(const struct copy *copy)
{
    return copy_done(copy) > 0 ? NFS4_OK : NFS4ERR_DELAY;
}

enum copy_turn copy_take_turn(struct copy *copy, enum nfsstat4 *status)
{
    struct export_table *exports = copy->server->exports;
    struct client *client = copy->stateid.client;
    enum copy_turn turn = COPY_TURN_OVER;
    unsigned phase = export_enter(exports);

    client_run_begin(client);
    if (client_dead(client))
        *status = NFS4ERR_EXPIRED;
    else if (export_table_generation(exports) != copy->exports_generation)
        *status = ask_again(copy);
    else
        turn = run(copy, status);
    client_run_end(client);
    export_leave(exports, phase);
    return turn;
}
