/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants delegations to OPENs.  Checks that need no lock come first, since nearly every OPEN asks
 * for a delegation and most get none.
 */
#include "state/delegation/delegation_offer.h"

#include "state/delegation/delegation_gone.h"
#include "state/delegation/delegation_internal.h"
#include "state/delegation/delegation_lease.h"
#include "state/delegation/delegation_policy.h"
#include "state/delegation/delegation_recall.h"
#include "state/delegation/delegation_record.h"
#include "state/file/open_tables.h"

/* One attempt to grant a delegation of one kind. */
struct offer {
    struct state *state;
    const struct delegation_request *request;
    enum delegation_kind kind;
    struct file *file;
    struct delegation *fresh; /* allocated, not granted yet */
    struct delegation *given; /* a reference */
    uint64_t breaks;          /* number of lease breaks before this lease was taken */
    bool crowded;             /* the limit on delegations is reached */
    bool unsafe;              /* a reclaim without the lease that it needs */
    struct stateid4 *stateid;
    bool times; /* of the one that was given */
    enum why_no_delegation4 why;
    struct list recalls;
};

static bool refuse(struct offer *offer, enum why_no_delegation4 why,
                   enum delegation_counter counter)
{
    offer->why = why;
    delegation_count(offer->state, counter);
    return false;
}

static uint32_t kinds_allowed(const struct state *state)
{
    return atomic_load_explicit(&state->delegations->kinds, memory_order_relaxed);
}

static bool allowed(struct offer *offer)
{
    if (kinds_allowed(offer->state) > offer->kind)
        return true;
    return refuse(offer,
                  kinds_allowed(offer->state) > DELEGATION_READ ? WND4_WRITE_DELEG_NOT_SUPP_FTYPE
                                                                : WND4_NOT_SUPP_FTYPE,
                  DELEGATION_COUNTER_refused_setting);
}

/* Not checked for reclaims, which get back what they had. */
static bool policy(struct offer *offer)
{
    enum delegation_counter counter;

    if (!allowed(offer))
        return false;
    if (delegation_policy_admits(offer->state, offer->request, &counter))
        return true;
    return refuse(offer,
                  counter == DELEGATION_COUNTER_refused_revoked ? WND4_RESOURCE : WND4_CONTENTION,
                  counter);
}

/* The shares of the client's own opens.  A reservation for an open in progress, even of this
 * client, counts in the file's shares only. */
static struct file_share own_shares_locked(const struct offer *offer)
{
    const struct share_group *group =
        share_group_lookup(&offer->file->opens, offer->request->client, offer->request->obj);

    return group ? group->share : (struct file_share){0};
}

/* Do the opens of other clients leave room for this delegation? */
static bool shares_free_locked(const struct offer *offer)
{
    const struct file_share *all = &offer->file->share;
    struct file_share own;

    if (all->access_write == 0 && all->deny_read == 0 && offer->kind == DELEGATION_READ)
        return true;
    own = own_shares_locked(offer);
    if (all->access_write > own.access_write || all->deny_read > own.deny_read)
        return false;
    return offer->kind == DELEGATION_READ ||
           (all->access_read == own.access_read && all->deny_write == own.deny_write);
}

/* A client is offered READ in place of WRITE only for a file that no client writes, itself
 * included. */
static bool fits_locked(const struct offer *offer)
{
    return offer->kind == offer->request->kind || offer->file->share.access_write == 0;
}

static bool delegations_free_locked(const struct offer *offer)
{
    const struct delegation_claim claim = {
        .client = offer->request->client,
        .obj = offer->request->obj,
        .use = offer->kind == DELEGATION_WRITE ? DELEGATION_USE_CHANGE : DELEGATION_USE_READ};
    const struct file *file = offer->file;

    LIST_FOREACH (delegation, &file->delegations, struct delegation, file_link) {
        if (delegation_conflicts_with(delegation, &claim))
            return false;
        if (claim.use == DELEGATION_USE_READ && delegation->recalled_ns == 0)
            return true; /* this is a READ delegation, and so are all others */
    }
    return true;
}

/* Does a request wait, or will it be retried, for the end of another delegation?  A reclaim gets
 * back what the request has to wait for anyhow. */
static bool wanted_locked(const struct offer *offer)
{
    return !list_empty(&offer->file->delegation_waiters) ||
           (offer->file->contested_count > 0 && !offer->request->reclaim);
}

static bool contended_locked(const struct offer *offer)
{
    return wanted_locked(offer) || !shares_free_locked(offer) || !fits_locked(offer) ||
           !delegations_free_locked(offer);
}

/* Can the client get the delegation, given the one that it may hold? *mine: the one that it holds.
 */
static bool upgradable_locked(struct offer *offer, struct delegation **mine)
{
    *mine = delegation_lookup_locked(offer->request->client, offer->request->obj);
    if (!*mine)
        return true;
    if ((*mine)->kind == DELEGATION_READ && offer->kind == DELEGATION_WRITE &&
        (*mine)->recalled_ns == 0)
        return true;
    return refuse(offer, (*mine)->kind > offer->kind ? WND4_NOT_SUPP_DOWNGRADE : WND4_CONTENTION,
                  DELEGATION_COUNTER_refused_held);
}

/* Does the state of the file allow the delegation? */
static bool admitted_locked(struct offer *offer, struct delegation **mine)
{
    if (!upgradable_locked(offer, mine))
        return false;
    if (contended_locked(offer))
        return refuse(offer, WND4_CONTENTION, DELEGATION_COUNTER_refused_contention);
    if (offer->file->delegation_count >= LIMIT_DELEGATIONS_PER_FILE)
        return refuse(offer, WND4_RESOURCE, DELEGATION_COUNTER_refused_limit);
    return true;
}

static bool promising(struct offer *offer)
{
    struct delegation *mine;
    bool admitted;

    offer->crowded = delegation_policy_full(offer->state, offer->kind);
    if (offer->crowded && !offer->request->reclaim)
        return refuse(offer, WND4_RESOURCE, DELEGATION_COUNTER_refused_limit);
    pthread_mutex_lock(&offer->file->lock);
    admitted = admitted_locked(offer, &mine);
    pthread_mutex_unlock(&offer->file->lock);
    return admitted;
}

static bool reachable(struct offer *offer)
{
    if (offer->request->reclaim ||
        delegation_policy_reachable(offer->state, offer->request->client))
        return true;
    return refuse(offer, WND4_RESOURCE, DELEGATION_COUNTER_refused_unreachable);
}

static enum vfs_open_want want_of(enum delegation_kind kind)
{
    return kind == DELEGATION_WRITE ? VFS_WANT_BOTH : VFS_WANT_READ;
}

/* The holder of a READ delegation reports the atime alone. */
static bool gives_times(const struct offer *offer)
{
    return offer->request->wants_times &&
           (offer->kind == DELEGATION_WRITE || (offer->request->obj->fs->caps & VFS_CAP_ATIME));
}

/* Check with the backend that the client has the rights that the delegation implies, and read the
 * file's change attribute before the holder changes the file.  (For READ too, which may become
 * WRITE.) */
static bool prepare(struct offer *offer)
{
    const struct delegation_request *request = offer->request;
    const struct vfs_ops *ops = request->obj->fs->ops;
    const uint32_t need =
        VFS_ATTR_CHANGE | VFS_ATTR_FRESH | (gives_times(offer) ? DELEGATION_TIMES_NEED : 0);
    struct vfs_attr attr = {.change = 0};

    if (ops->open(request->obj, request->cred, want_of(offer->kind),
                  request->created || request->reclaim) != VFS_OK)
        return refuse(offer, WND4_RESOURCE, DELEGATION_COUNTER_refused_access);
    if (ops->getattr(request->obj, need, &attr) != VFS_OK) {
        ops->close(request->obj, want_of(offer->kind));
        return refuse(offer, WND4_RESOURCE, DELEGATION_COUNTER_refused_access);
    }
    offer->fresh = delegation_create(offer->file, request, offer->kind);
    if (!offer->fresh) {
        ops->close(request->obj, want_of(offer->kind));
        return refuse(offer, WND4_RESOURCE, DELEGATION_COUNTER_refused_limit);
    }
    offer->fresh->held = 1u << want_of(offer->kind);
    offer->fresh->change = offer->fresh->change_first = attr.change;
    if (gives_times(offer))
        offer->fresh->times =
            delegation_times_settle(&attr, request->cred, offer->kind == DELEGATION_WRITE);
    offer->fresh->mtime_reported = offer->fresh->times.mtime;
    return true;
}

/* Called after prepare(), whose open() would conflict with the lease. */
static bool take_lease(struct offer *offer)
{
    enum delegation_lease lease;

    offer->unsafe = false;
    offer->breaks = delegation_lease_breaks(offer->state);
    lease = delegation_lease_take(offer->state, offer->request->obj, offer->kind);
    switch (lease) {
    case DELEGATION_LEASE_NEEDLESS:
        return true;
    case DELEGATION_LEASE_TAKEN:
        offer->fresh->leases = 1u << offer->kind;
        return true;
    case DELEGATION_LEASE_BUSY:
    case DELEGATION_LEASE_NONE:
        break;
    }
    offer->unsafe = true;
    if (offer->request->reclaim)
        return true; /* and recall the delegation at once */
    return lease == DELEGATION_LEASE_BUSY
               ? refuse(offer, WND4_CONTENTION, DELEGATION_COUNTER_refused_contention)
               : refuse(offer, WND4_NOT_SUPP_FTYPE, DELEGATION_COUNTER_refused_setting);
}

static bool give_fresh_locked(struct offer *offer, struct delegation_gone *gone)
{
    struct delegation *fresh = offer->fresh;

    if (!delegation_insert_locked(fresh))
        return refuse(offer, WND4_RESOURCE, DELEGATION_COUNTER_refused_limit);
    offer->fresh = NULL;
    if (!delegation_confirm_locked(fresh, offer->breaks, gone))
        return refuse(offer, WND4_CONTENTION, DELEGATION_COUNTER_refused_contention);
    stateid_get(&fresh->sid);
    offer->given = fresh;
    return true;
}

/* Turn the client's READ delegation into a WRITE one, with the resources of the new one. */
static void upgrade_locked(struct offer *offer, struct delegation *mine)
{
    mine->kind = DELEGATION_WRITE;
    mine->change = offer->fresh->change;
    mine->times = offer->fresh->times;
    mine->mtime_reported = offer->fresh->mtime_reported;
    mine->held |= offer->fresh->held;
    offer->fresh->held = 0;
    mine->leases |= offer->fresh->leases;
    offer->fresh->leases = 0;
    /* A recall names the reply of the grant, which the holder may not have received yet. */
    mine->in_session = offer->fresh->in_session;
    mine->given_to = offer->fresh->given_to;
    delegation_set_caller(mine, offer->request->cred);
    stateid_bump(&mine->sid);
}

static bool give_better_locked(struct offer *offer, struct delegation *mine)
{
    struct delegation_tables *tables = offer->state->delegations;
    const uint32_t more = delegation_hint(DELEGATION_WRITE) - delegation_hint(DELEGATION_READ);

    atomic_fetch_add_explicit(&mine->obj->node->delegations, more, memory_order_seq_cst);
    if (delegation_is_raced(mine, offer->breaks)) {
        atomic_fetch_sub_explicit(&mine->obj->node->delegations, more, memory_order_seq_cst);
        return refuse(offer, WND4_CONTENTION, DELEGATION_COUNTER_refused_contention);
    }
    upgrade_locked(offer, mine);
    /* WRITE first, so that the sum is never 0. */
    atomic_fetch_add_explicit(&tables->held[DELEGATION_WRITE], 1, memory_order_seq_cst);
    atomic_fetch_sub_explicit(&tables->held[DELEGATION_READ], 1, memory_order_seq_cst);
    delegation_count(offer->state, DELEGATION_COUNTER_upgraded);
    stateid_get(&mine->sid);
    offer->given = mine;
    return true;
}

/* Recall a reclaimed delegation at once if it could not be granted otherwise (RFC 8881 §10.2.1). */
static void recall_reclaimed_locked(struct offer *offer)
{
    const struct delegation_request *request = offer->request;
    bool recall = offer->unsafe || offer->crowded || kinds_allowed(offer->state) <= offer->kind;

    if (request->recall)
        *request->recall = recall;
    if (recall)
        delegation_recall_locked(offer->given, request->now_ns, &offer->recalls);
}

static bool give_locked(struct offer *offer, struct delegation_gone *gone)
{
    struct delegation *mine;
    bool given = admitted_locked(offer, &mine);

    if (given)
        given = mine ? give_better_locked(offer, mine) : give_fresh_locked(offer, gone);
    if (!given)
        return false;
    stateid_value(&offer->given->sid, offer->stateid);
    offer->times = offer->given->times.held;
    if (offer->request->reclaim)
        recall_reclaimed_locked(offer);
    return true;
}

static void drop_fresh(struct offer *offer)
{
    if (!offer->fresh)
        return;
    stateid_kill(&offer->fresh->sid);
    stateid_put(&offer->fresh->sid);
    offer->fresh = NULL;
}

static bool give(struct offer *offer)
{
    struct delegation_gone gone;
    bool given;

    delegation_gone_init(&gone);
    list_init(&offer->recalls);
    pthread_mutex_lock(&offer->file->lock);
    given = give_locked(offer, &gone);
    pthread_mutex_unlock(&offer->file->lock);
    drop_fresh(offer);
    if (offer->given)
        stateid_put(&offer->given->sid);
    delegation_gone_settle(&gone);
    delegation_recall_hooks(offer->state, &offer->recalls);
    return given;
}

/* Has the client reclaimed this delegation already?  The reply may have been lost with its session;
 * the second reclaim gets the same delegation. */
static bool reclaimed_before_locked(struct offer *offer)
{
    const struct delegation_request *request = offer->request;
    struct delegation *mine = delegation_lookup_locked(request->client, request->obj);

    if (!mine || mine->kind != offer->kind)
        return false;
    mine->in_session = request->call != NULL;
    if (request->call)
        mine->given_to = *request->call;
    delegation_set_caller(mine, request->cred);
    stateid_value(&mine->sid, offer->stateid);
    offer->times = mine->times.held;
    if (request->recall)
        *request->recall = mine->recalled_ns != 0;
    return true;
}

static bool reclaimed_before(struct offer *offer)
{
    bool found;

    pthread_mutex_lock(&offer->file->lock);
    found = reclaimed_before_locked(offer);
    pthread_mutex_unlock(&offer->file->lock);
    return found;
}

static void count_given(const struct offer *offer)
{
    if (offer->request->reclaim)
        delegation_count(offer->state, DELEGATION_COUNTER_reclaimed);
    if (offer->times)
        delegation_count(offer->state, DELEGATION_COUNTER_granted_with_times);
    delegation_count(offer->state, offer->kind == DELEGATION_WRITE
                                       ? DELEGATION_COUNTER_granted_write
                                       : DELEGATION_COUNTER_granted_read);
}

static bool attempt(struct offer *offer, enum delegation_kind kind)
{
    offer->kind = kind;
    offer->fresh = offer->given = NULL;
    offer->times = false;
    if (!offer->request->reclaim && !policy(offer))
        return false;
    if (!offer->file)
        offer->file = file_get_or_create(offer->state->opens->files, offer->request->obj);
    if (!offer->file)
        return refuse(offer, WND4_RESOURCE, DELEGATION_COUNTER_refused_limit);
    if (offer->request->reclaim && reclaimed_before(offer))
        return true;
    if (!promising(offer) || !reachable(offer) || !prepare(offer))
        return false;
    if (!take_lease(offer)) {
        drop_fresh(offer);
        return false;
    }
    if (!give(offer))
        return false;
    count_given(offer);
    return true;
}

bool delegation_offer(struct state *state, const struct delegation_request *request,
                      enum delegation_kind *kind, struct stateid4 *stateid,
                      enum why_no_delegation4 *why)
{
    struct offer offer = {.state = state, .request = request, .stateid = stateid};
    bool given;

    if (request->recall)
        *request->recall = false;
    if (!state->delegations->hooks.recall || !vfs_type_is_file(request->obj->type)) {
        (void)refuse(&offer, WND4_NOT_SUPP_FTYPE, DELEGATION_COUNTER_refused_setting);
        *why = offer.why;
        return false;
    }
    given = attempt(&offer, request->kind);
    if (!given && request->kind == DELEGATION_WRITE && request->read_ok && !request->reclaim)
        given = attempt(&offer, DELEGATION_READ);
    if (offer.file)
        file_put(offer.file);
    *kind = offer.kind;
    *why = offer.why;
    if (request->times)
        *request->times = given && offer.times;
    return given;
}
