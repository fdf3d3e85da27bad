/* SPDX-License-Identifier: Apache-2.0 */
#include "state/v40/open_confirm.h"

#include <string.h>

#include "state/open/open.h"
#include "state/v40/open_pending.h"
#include "state/v40/owner_tables.h"

static bool confirmed(const struct owner_seqid *seqid)
{
    return atomic_load_explicit(&seqid->confirmed, memory_order_acquire);
}

bool open_is_unconfirmed(struct stateid *sid)
{
    const struct owner_seqid *seqid;

    if (sid->kind == STATEID_DELEGATION)
        return false;
    seqid = open_of_stateid(sid)->owner->seqid;
    return seqid && !confirmed(seqid);
}

enum nfsstat4 open_confirm(struct open *open, uint32_t seqid, struct stateid4 *out)
{
    enum nfsstat4 status;

    if (!open_is_unconfirmed(&open->sid))
        return NFS4ERR_BAD_STATEID;
    pthread_mutex_lock(&open->file->lock);
    status = open_check_locked(open, seqid);
    if (status == NFS4_OK) {
        stateid_bump(&open->sid);
        stateid_value(&open->sid, out);
    }
    pthread_mutex_unlock(&open->file->lock);
    return status;
}

/* The sequence of an open whose time is over, if that is so and it is not busy; busy now. */
static struct owner_seqid *overdue_take(struct open *open)
{
    struct owner_table *table = owner_table_of(open->client);
    struct owner_seqid *seqid = open->owner->seqid;
    bool mine;

    pthread_mutex_lock(&table->lock);
    mine = !seqid->busy && seqid->is_pending &&
           memcmp(seqid->pending.other, open->sid.other, NFS4_OTHER_SIZE) == 0;
    if (mine) {
        seqid->busy = true;
        owner_get_locked(table, open->owner);
    }
    pthread_mutex_unlock(&table->lock);
    return mine ? seqid : NULL;
}

static void overdue_end(struct open *open)
{
    struct owner_seqid *seqid = overdue_take(open);

    if (!seqid)
        return;
    open_pending_cancel(seqid);
    owner_seqid_release(seqid);
}

/* The first open that is due; one that is busy now goes to the end of the list. */
static bool due_next(struct state *state, int64_t now_ns, struct stateid4 *stateid)
{
    struct owner_tables *tables = owner_tables_of(state);
    struct owner_seqid *first = NULL;
    bool due = false;

    pthread_mutex_lock(&tables->pending_lock);
    if (!list_empty(&tables->pending)) {
        first = LIST_ENTRY(tables->pending.next, struct owner_seqid, pending_link);
        due = now_ns - first->pending_ns > state->lease_ns &&
              !stall_within(&state->stall, now_ns, state->lease_ns);
    }
    if (due) {
        *stateid = first->pending;
        first->pending_ns = now_ns;
        list_remove(&first->pending_link);
        list_push_back(&tables->pending, &first->pending_link);
    }
    pthread_mutex_unlock(&tables->pending_lock);
    return due;
}

void open_confirm_tick(struct state *state, int64_t now_ns)
{
    struct stateid4 stateid;

    while (due_next(state, now_ns, &stateid)) {
        struct stateid *sid = stateid_lookup_any(state->opens->stateids, &stateid);

        if (!sid)
            continue;
        overdue_end(open_of_stateid(sid));
        stateid_put(sid);
    }
}
