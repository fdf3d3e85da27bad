/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/copies/copies.h"

#include <stdlib.h>
#include <string.h>

#include "callback/callback.h"
#include "proto/copies/copy_list.h"
#include "proto/copies/copy_notice.h"
#include "proto/copies/copy_threads.h"
#include "state/file/open_tables.h"
#include "vfs/vfs_blocking.h"

struct copies {
    struct copy_queue queue;
    const struct server *server;
};

struct copies *copies_create(struct server *server)
{
    struct copies *copies = must_calloc(1, sizeof(*copies));

    copies->server = server;
    copy_queue_init(&copies->queue);
    return copies;
}

bool copies_stop(struct copies *copies)
{
    return !copies || copy_queue_stop(&copies->queue);
}

void copies_destroy(struct copies *copies)
{
    /* Else its threads use it. */
    if (!copies || !copies_stop(copies))
        return;
    copy_queue_fini(&copies->queue);
    free(copies);
}

void copies_tick(struct copies *copies, int64_t now_ns)
{
    struct copy *copy;

    while ((copy = copy_queue_due(&copies->queue, now_ns)))
        copy_notice_send(copy);
}

void copies_count(const struct compound *c, uint64_t bytes)
{
    counter_add(c->server->copies->queue.counters, COPY_COUNTER_bytes, bytes);
}

bool copies_next(struct copies *copies, uint64_t *number, struct copy_view *view)
{
    return copy_list_next(&copies->queue, number, view);
}

bool copies_abort(struct stateid *stateid)
{
    struct copy *copy = copy_of_stateid(stateid);
    bool ended;

    if (!copy_queue_abort(copy->queue, copy, &ended))
        return false;
    if (ended) {
        copy_settle(copy);
        copy_notice_send(copy);
    }
    return true;
}

void copies_stats_read(struct copies *copies, struct copy_stats *stats)
{
    struct copy_queue *queue = &copies->queue;

    pthread_mutex_lock(&queue->lock);
    stats->live = queue->live;
    stats->ended = queue->ended_count;
    pthread_mutex_unlock(&queue->lock);
    for (unsigned i = 0; i < COPY_COUNTER_COUNT; i++)
        stats->of[i] = counter_read(queue->counters, i);
}

static bool can_be_told(const struct compound *c)
{
    return c->client && c->session_id && c->server->callback &&
           callback_reachable(c->server->callback, c->client);
}

bool copies_begin(const struct compound *c, const struct vfs_cred *reader,
                  const struct copy_plan *plan, struct stateid4 *out)
{
    struct copy_queue *queue = &c->server->copies->queue;
    struct copy *copy;

    if (!can_be_told(c))
        return false;
    copy = copy_create(c, queue, reader, plan);
    if (!copy)
        return false;
    stateid_value(&copy->stateid, out);
    if (copy_threads_add(queue, copy))
        return true;
    copy_settle(copy);
    stateid_kill(&copy->stateid);
    stateid_put(&copy->stateid);
    return false;
}

/* RFC 7862 §4.8: a seqid of 0 is invalid. */
static enum nfsstat4 check(const struct compound *c, const struct copy *copy,
                           const struct stateid4 *in)
{
    uint8_t fh[LIMIT_FH_BYTES];
    uint32_t len = export_fh_build(c->current.export, &c->current.obj->handle, fh);

    if (in->seqid == 0 || len != copy->to_fh.len || memcmp(fh, copy->to_fh.bytes, len) != 0)
        return NFS4ERR_BAD_STATEID;
    return stateid_check_seqid(&copy->stateid, in->seqid);
}

/* Returns a reference on its stateid. */
static enum nfsstat4 find(const struct compound *c, const struct stateid4 *in, struct copy **out)
{
    enum nfsstat4 status = compound_need_fh(c);
    struct stateid *sid = NULL;

    if (status != NFS4_OK)
        return status;
    if (c->client && stateid_special(in) == STATEID_ORDINARY)
        sid = stateid_lookup_copy(c->server->state->opens->stateids, in, c->client);
    if (!sid)
        return NFS4ERR_BAD_STATEID;
    *out = copy_of_stateid(sid);
    status = check(c, *out, in);
    if (status != NFS4_OK)
        stateid_put(sid);
    return status;
}

enum nfsstat4 copies_status(const struct compound *c, const struct stateid4 *in,
                            struct OFFLOAD_STATUS4resok *resok)
{
    struct copy *copy;
    enum nfsstat4 status = find(c, in, &copy);

    if (status != NFS4_OK)
        return status;
    /* First, so that an end goes with all of its bytes. */
    resok->osr_complete_count = copy_queue_status(copy->queue, copy, resok->osr_complete) ? 1 : 0;
    resok->osr_count = copy_done(copy);
    stateid_put(&copy->stateid);
    return NFS4_OK;
}

enum nfsstat4 copies_cancel(const struct compound *c, const struct stateid4 *in)
{
    struct copy *copy;
    enum nfsstat4 status = find(c, in, &copy);

    if (status != NFS4_OK)
        return status;
    if (c->cred.uid == copy->writer.uid) {
        vfs_blocking_begin(true);
        status = copy_queue_cancel(copy->queue, copy);
        vfs_blocking_end();
    } else {
        status = NFS4ERR_BAD_STATEID;
    }
    stateid_put(&copy->stateid);
    return status;
}
