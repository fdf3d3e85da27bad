/* SPDX-License-Identifier: Apache-2.0 */
#include "state/v40/open_pending.h"

#include "base/check.h"
#include "state/open/open.h"
#include "state/v40/owner_tables.h"

static struct owner_tables *tables_of(const struct owner_seqid *seqid)
{
    return owner_tables_of(seqid->owner->client->state);
}

void open_pending_set(struct owner_seqid *seqid, const struct stateid4 *stateid, int64_t now_ns)
{
    struct owner_tables *tables = tables_of(seqid);

    pthread_mutex_lock(&tables->pending_lock);
    CHECK(!seqid->is_pending);
    seqid->is_pending = true;
    seqid->pending = *stateid;
    seqid->pending_ns = now_ns;
    list_push_back(&tables->pending, &seqid->pending_link);
    pthread_mutex_unlock(&tables->pending_lock);
}

void open_pending_reset(struct owner_seqid *seqid)
{
    struct owner_tables *tables = tables_of(seqid);

    if (!seqid->is_pending)
        return;
    seqid->is_pending = false;
    pthread_mutex_lock(&tables->pending_lock);
    list_remove(&seqid->pending_link);
    pthread_mutex_unlock(&tables->pending_lock);
}

void open_pending_cancel(struct owner_seqid *seqid)
{
    struct client *client = seqid->owner->client;
    struct stateid *sid;
    struct open *open;

    if (!seqid->is_pending)
        return;
    sid = stateid_lookup(client->state->opens->stateids, &seqid->pending, client);
    open_pending_reset(seqid);
    seqid->begun = false; /* a result that names this open is no longer true */
    if (!sid)
        return;
    open = open_of_stateid(sid);
    if (open_close(open, 0) != NFS4_OK)
        CHECK(open->closed || stateid_revoked(sid) != NFS4_OK);
    stateid_put(sid);
}
