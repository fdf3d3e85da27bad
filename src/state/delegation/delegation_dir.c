/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_dir.h"

#include "state/delegation/delegation_gone.h"
#include "state/delegation/delegation_internal.h"
#include "state/delegation/delegation_lease.h"
#include "state/delegation/delegation_policy.h"
#include "state/delegation/delegation_record.h"
#include "state/file/open_tables.h"

void delegation_dir_allow(struct state *state, enum delegation_dir_level level)
{
    atomic_store_explicit(&state->delegations->directories, level, memory_order_relaxed);
}

enum delegation_dir_level delegation_dir_allowed(const struct state *state)
{
    return atomic_load_explicit(&state->delegations->directories, memory_order_relaxed);
}

/* Does the state of the directory allow it?  A request that waits for the end of others', or will
 * be retried then, would have to wait for this one, too. */
static bool admitted_locked(const struct file *file, const struct delegation_request *request,
                            enum delegation_counter *why)
{
    *why = DELEGATION_COUNTER_refused_held;
    if (delegation_lookup_locked(request->client, request->obj))
        return false;
    *why = DELEGATION_COUNTER_refused_contention;
    if (!list_empty(&file->delegation_waiters) || file->contested_count > 0)
        return false;
    *why = DELEGATION_COUNTER_refused_limit;
    return file->delegation_count < LIMIT_DELEGATIONS_PER_FILE;
}

static bool admitted(struct file *file, const struct delegation_request *request,
                     enum delegation_counter *why)
{
    bool admitted;

    pthread_mutex_lock(&file->lock);
    admitted = admitted_locked(file, request, why);
    pthread_mutex_unlock(&file->lock);
    return admitted;
}

/* Without notices a delegation is worth having, too. */
static void subscribe(struct state *state, const struct delegation_request *request,
                      struct delegation *fresh)
{
    struct delegation_subscription *wants = request->wants;

    if (!wants || wants->types == 0)
        return;
    if (delegation_notify_possible(state, request->client))
        fresh->watch = delegation_watch_create(fresh, wants, request->cred);
    if (fresh->watch)
        return;
    wants->types = 0;
    delegation_count(state, DELEGATION_COUNTER_notify_refused);
}

/* Backends can watch few directories, and some clients ask for all that they see: nobody may have
 * more than are left for others. */
static bool has_share(struct state *state, const struct delegation_request *request)
{
    const struct vfs *fs = request->obj->fs;
    const _Atomic uint32_t *mine = owner_leased_directories(owner_table_of(request->client), fs);

    return !(fs->caps & VFS_CAP_LEASE) ||
           atomic_load_explicit(&state->delegations->local, memory_order_relaxed) !=
               DELEGATION_LOCAL_LEASED ||
           atomic_load_explicit(mine, memory_order_relaxed) <
               atomic_load_explicit(&fs->dir_leases_left, memory_order_relaxed);
}

/* With a lease where local programs use the directory, too. */
static struct delegation *make(struct state *state, struct file *file,
                               const struct delegation_request *request,
                               enum delegation_counter *why)
{
    struct delegation *fresh = delegation_create(file, request, DELEGATION_DIRECTORY);

    *why = DELEGATION_COUNTER_refused_limit;
    if (!fresh)
        return NULL;
    subscribe(state, request, fresh);
    switch (delegation_lease_take(state, request->obj, DELEGATION_READ)) {
    case DELEGATION_LEASE_NEEDLESS:
        return fresh;
    case DELEGATION_LEASE_TAKEN:
        fresh->leases = 1u << DELEGATION_READ;
        return fresh;
    case DELEGATION_LEASE_BUSY:
        *why = DELEGATION_COUNTER_refused_contention;
        break;
    case DELEGATION_LEASE_NONE:
        *why = DELEGATION_COUNTER_refused_setting;
        break;
    }
    stateid_kill(&fresh->sid);
    stateid_put(&fresh->sid);
    return NULL;
}

/* *fresh becomes NULL when the file has taken it over. */
static bool give_locked(struct file *file, const struct delegation_request *request,
                        struct delegation **fresh, uint64_t breaks, struct delegation_gone *gone,
                        struct stateid4 *stateid, enum delegation_counter *why)
{
    struct delegation *delegation = *fresh;

    if (!admitted_locked(file, request, why))
        return false;
    *why = DELEGATION_COUNTER_refused_limit;
    if (delegation->watch)
        delegation_watch_begin(delegation->watch);
    if (!delegation_insert_locked(delegation)) {
        delegation_watch_end(delegation->watch);
        return false;
    }
    *fresh = NULL;
    *why = DELEGATION_COUNTER_refused_contention;
    if (!delegation_confirm_locked(delegation, breaks, gone))
        return false;
    /* Whoever removed it before it was counted has not seen it; nobody else will. */
    if (vfs_object_is_stale(delegation->obj)) {
        delegation_end_locked(delegation, gone);
        stateid_kill(&delegation->sid);
        return false;
    }
    stateid_value(&delegation->sid, stateid);
    return true;
}

static bool give(struct state *state, struct file *file, const struct delegation_request *request,
                 struct stateid4 *stateid, enum delegation_counter *why)
{
    uint64_t breaks = delegation_lease_breaks(state);
    struct delegation *fresh = make(state, file, request, why);
    struct delegation_gone gone;
    bool given;

    if (!fresh)
        return false;
    delegation_gone_init(&gone);
    pthread_mutex_lock(&file->lock);
    given = give_locked(file, request, &fresh, breaks, &gone, stateid, why);
    pthread_mutex_unlock(&file->lock);
    if (fresh) {
        stateid_kill(&fresh->sid);
        stateid_put(&fresh->sid);
    }
    delegation_gone_settle(&gone);
    return given;
}

static void end_all_locked(struct state *state, struct file *file, struct delegation_gone *gone)
{
    LIST_FOREACH_SAFE (delegation, &file->delegations, struct delegation, file_link) {
        if (delegation_is_leaving(delegation))
            continue;
        delegation_end_locked(delegation, gone);
        stateid_kill(&delegation->sid);
        delegation_count(state, DELEGATION_COUNTER_removed);
    }
}

/* Its handle may be stale from now on, and then the holder cannot return it: it would be revoked, a
 * lease after a recall that nobody needs. */
void delegation_dir_removed(struct state *state, struct vfs_object *dir)
{
    struct file *file = file_lookup(state->opens->files, dir);
    struct delegation_gone gone;

    if (!file)
        return;
    delegation_gone_init(&gone);
    pthread_mutex_lock(&file->lock);
    end_all_locked(state, file, &gone);
    pthread_mutex_unlock(&file->lock);
    delegation_gone_settle(&gone);
    file_put(file);
}

/* Is the object one to delegate, and the client one to give it to?  The directory of an object's
 * named attributes goes with that object, without a REMOVE of its own. */
static bool eligible(struct state *state, const struct delegation_request *request,
                     enum delegation_counter *why)
{
    *why = DELEGATION_COUNTER_refused_setting;
    if (!state->delegations->hooks.recall || request->obj->type != VFS_DIR ||
        delegation_dir_allowed(state) == DELEGATION_DIR_NONE)
        return false;
    return delegation_policy_admits(state, request, why);
}

static bool offer(struct state *state, struct file *file, const struct delegation_request *request,
                  struct stateid4 *stateid, enum delegation_counter *why)
{
    if (!admitted(file, request, why))
        return false;
    *why = DELEGATION_COUNTER_refused_limit;
    if (delegation_policy_full(state, DELEGATION_DIRECTORY) || !has_share(state, request))
        return false;
    *why = DELEGATION_COUNTER_refused_unreachable;
    if (!delegation_policy_reachable(state, request->client))
        return false;
    return give(state, file, request, stateid, why);
}

bool delegation_dir_offer(struct state *state, const struct delegation_request *request,
                          struct stateid4 *stateid, enum delegation_counter *why)
{
    struct file *file;
    bool given = false;

    if (eligible(state, request, why)) {
        *why = DELEGATION_COUNTER_refused_limit;
        file = file_get_or_create(state->opens->files, request->obj);
        if (file) {
            given = offer(state, file, request, stateid, why);
            file_put(file);
        }
    }
    delegation_count(state, given ? DELEGATION_COUNTER_granted_directory : *why);
    return given;
}
