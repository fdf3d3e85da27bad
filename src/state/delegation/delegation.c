/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of delegations: on the lists of their file and client, and off them again.
 */
#include "state/delegation/delegation.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "state/delegation/delegation_gone.h"
#include "state/delegation/delegation_internal.h"
#include "state/delegation/delegation_recall.h"
#include "state/delegation/delegation_waiter.h"
#include "state/file/open_tables.h"
#include "state/file/revocation.h"
#include "vfs/vfs_memo.h"

const char *delegation_kind_name(enum delegation_kind kind)
{
    static const char *const names[DELEGATION_KIND_COUNT] = {
        [DELEGATION_READ] = "read",
        [DELEGATION_WRITE] = "write",
        [DELEGATION_DIRECTORY] = "directory",
    };

    return names[kind];
}

static uint64_t object_hash(const struct vfs_object *obj)
{
    return hash_u64((uint64_t)(uintptr_t)obj);
}

struct delegation *delegation_lookup_locked(struct client *client, const struct vfs_object *obj)
{
    struct owner_table *table = owner_table_of(client);
    struct delegation *found = NULL;
    struct hnode *node;

    pthread_mutex_lock(&table->lock);
    for (node = htable_first(&table->delegations, object_hash(obj)); node && !found;
         node = htable_next(node)) {
        struct delegation *delegation = CONTAINER_OF(node, struct delegation, by_object);

        if (delegation->obj == obj)
            found = delegation;
    }
    pthread_mutex_unlock(&table->lock);
    return found;
}

/* Changed with owner_table.lock, read without. */
static void count_directory(struct owner_table *table, const struct delegation *delegation, int by)
{
    uint32_t count = atomic_load_explicit(&table->directory_total, memory_order_relaxed);

    if (delegation->kind != DELEGATION_DIRECTORY)
        return;
    atomic_store_explicit(&table->directory_total, count + (uint32_t)by, memory_order_relaxed);
    if (delegation->leases != 0)
        atomic_fetch_add_explicit(owner_leased_directories(table, delegation->obj->fs),
                                  (uint32_t)by, memory_order_relaxed);
}

static void note_growth(const struct owner_table *table, const struct delegation *delegation)
{
    struct delegation_pressure *pressure = &delegation->client->state->delegations->pressure;

    delegation_pressure_note(pressure, (uint32_t)table->delegations.count, false);
    delegation_pressure_note(
        pressure, atomic_load_explicit(&table->directory_total, memory_order_relaxed), true);
}

static bool has_room_locked(struct owner_table *table, const struct delegation *delegation)
{
    if (table->closed ||
        table->delegations.count + table->revoked_delegations >= LIMIT_DELEGATIONS_PER_CLIENT)
        return false;
    return delegation->kind != DELEGATION_DIRECTORY ||
           atomic_load_explicit(&table->directory_total, memory_order_relaxed) <
               delegation_directories_of(LIMIT_DELEGATIONS_PER_CLIENT);
}

static bool client_insert(struct delegation *delegation)
{
    struct owner_table *table = owner_table_of(delegation->client);
    bool room;

    pthread_mutex_lock(&table->lock);
    room = has_room_locked(table, delegation);
    if (room) {
        count_directory(table, delegation, 1);
        htable_insert(&table->delegations, &delegation->by_object, object_hash(delegation->obj));
        list_push_back(&table->delegation_list, &delegation->client_link);
        atomic_store_explicit(&table->delegation_total, (uint32_t)table->delegations.count,
                              memory_order_relaxed);
        note_growth(table, delegation);
    }
    pthread_mutex_unlock(&table->lock);
    return room;
}

static void client_remove(struct delegation *delegation)
{
    struct owner_table *table = owner_table_of(delegation->client);

    pthread_mutex_lock(&table->lock);
    htable_remove(&table->delegations, &delegation->by_object);
    list_remove(&delegation->client_link);
    count_directory(table, delegation, -1);
    atomic_store_explicit(&table->delegation_total, (uint32_t)table->delegations.count,
                          memory_order_relaxed);
    pthread_mutex_unlock(&table->lock);
}

bool delegation_insert_locked(struct delegation *delegation)
{
    struct file *file = delegation->file;

    if (!client_insert(delegation))
        return false;
    list_push_back(&file->delegations, &delegation->file_link);
    file->delegation_count++;
    /* seq_cst, and so is what the caller reads next: delegation.h. */
    atomic_fetch_add_explicit(&file->obj->node->delegations, delegation_hint(delegation->kind),
                              memory_order_seq_cst);
    return true;
}

/* No more of it is used, nor recalled; it is still in the way. */
static void leave_locked(struct delegation *delegation)
{
    CHECK(!delegation_is_leaving(delegation));
    atomic_store_explicit(&delegation->leaving, true, memory_order_seq_cst);
    delegation_watch_end(delegation->watch);
    client_remove(delegation);
    if (delegation->recalled_ns != 0)
        delegation_recall_forget_locked(delegation);
}

/* Requests that it was in the way of will be retried; who holds it next must not be there first. */
static void settle_contest_locked(const struct delegation *delegation)
{
    struct delegation_tables *tables = delegation->client->state->delegations;

    if (delegation->contested_ns == 0)
        return;
    delegation->file->contested_count--;
    delegation_history_note_end(&tables->history, delegation->file->obj, delegation->contested_ns,
                                clock_now_ns());
}

void delegation_object_created(struct state *state, const struct vfs_object *obj)
{
    delegation_history_forget(&state->delegations->history, obj);
}

static void finish_locked(struct delegation *delegation, struct delegation_gone *gone)
{
    struct file *file = delegation->file;

    CHECK(!delegation->ended);
    delegation->ended = true;
    settle_contest_locked(delegation);
    list_remove(&delegation->file_link);
    file->delegation_count--;
    /* Whoever finds no WRITE delegation any more must not go by attributes from its time. */
    if (delegation->kind == DELEGATION_WRITE)
        vfs_memo_expire();
    atomic_fetch_sub_explicit(&file->obj->node->delegations, delegation_hint(delegation->kind),
                              memory_order_seq_cst);
    atomic_fetch_sub_explicit(&delegation->client->state->delegations->held[delegation->kind], 1,
                              memory_order_relaxed);
    list_push_back(&gone->ended, &delegation->file_link);
    delegation_waiters_free_locked(file, &gone->woken);
}

void delegation_end_locked(struct delegation *delegation, struct delegation_gone *gone)
{
    leave_locked(delegation);
    finish_locked(delegation, gone);
}

static bool is_idle(const struct delegation *delegation)
{
    return atomic_load_explicit(&delegation->running, memory_order_seq_cst) == 0;
}

void delegation_retire_locked(struct delegation *delegation, struct delegation_gone *gone)
{
    leave_locked(delegation);
    if (is_idle(delegation))
        finish_locked(delegation, gone);
}

bool delegation_io_begin(struct delegation *delegation)
{
    atomic_fetch_add_explicit(&delegation->running, 1, memory_order_seq_cst);
    if (!delegation_is_leaving(delegation))
        return true;
    delegation_io_end(delegation);
    return false;
}

void delegation_io_end(struct delegation *delegation)
{
    struct file *file = delegation->file;
    struct delegation_gone gone;

    if (atomic_fetch_sub_explicit(&delegation->running, 1, memory_order_seq_cst) != 1 ||
        !delegation_is_leaving(delegation))
        return;
    delegation_gone_init(&gone);
    pthread_mutex_lock(&file->lock);
    if (!delegation->ended && is_idle(delegation))
        finish_locked(delegation, &gone);
    pthread_mutex_unlock(&file->lock);
    delegation_gone_settle(&gone);
}

void delegation_revoke_locked(struct delegation *delegation, enum nfsstat4 why,
                              struct delegation_gone *gone)
{
    delegation_retire_locked(delegation, gone);
    if (!revocation_add(&delegation->sid, why))
        stateid_kill(&delegation->sid);
    delegation_count(delegation->client->state, DELEGATION_COUNTER_revoked);
}

enum nfsstat4 delegation_check_locked(const struct delegation *delegation, uint32_t seqid)
{
    enum nfsstat4 status = stateid_revoked(&delegation->sid);

    if (status == NFS4_OK && delegation_is_leaving(delegation))
        status = NFS4ERR_BAD_STATEID;
    return status == NFS4_OK ? stateid_check_seqid(&delegation->sid, seqid) : status;
}

/* It has ended, and no longer changes. */
static void returned(const struct delegation *delegation)
{
    struct state *state = delegation->client->state;
    int64_t now_ns, took_ns;

    delegation_count(state, DELEGATION_COUNTER_returned);
    if (delegation->recalled_ns == 0)
        return;
    now_ns = clock_now_ns();
    took_ns = now_ns - delegation->recalled_ns;
    if (took_ns > DELEGATION_SLOW_MS * NSEC_PER_MSEC && delegation_log(state, now_ns))
        log_info_taken(&state->delegations->log_limit, "delegation.slow",
                       LOG_ID("client", delegation->client->id),
                       LOG_U64("fileid", delegation->obj->fileid),
                       LOG_U64("recalled_ms", took_ns / NSEC_PER_MSEC));
}

enum nfsstat4 delegation_return(struct delegation *delegation, uint32_t seqid)
{
    struct file *file = delegation->file;
    struct delegation_gone gone;
    enum nfsstat4 status;

    delegation_gone_init(&gone);
    pthread_mutex_lock(&file->lock);
    status = delegation_check_locked(delegation, seqid);
    if (status == NFS4_OK) {
        delegation_end_locked(delegation, &gone);
        stateid_kill(&delegation->sid);
    }
    pthread_mutex_unlock(&file->lock);
    if (status == NFS4_OK)
        returned(delegation);
    delegation_gone_settle(&gone);
    return status;
}

bool delegation_ended(struct delegation *delegation)
{
    bool ended;

    pthread_mutex_lock(&delegation->file->lock);
    ended = delegation_is_leaving(delegation);
    pthread_mutex_unlock(&delegation->file->lock);
    return ended;
}

bool delegation_by_caller(const struct delegation *delegation, const struct vfs_cred *cred)
{
    return atomic_load_explicit(&delegation->caller, memory_order_relaxed) ==
           open_caller_hash(delegation->client->state->opens, cred);
}
