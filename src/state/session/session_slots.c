/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of session_slots.h.  Each session looks at its size at most once a second and when
 * something calls for it; the looking is done by whichever request finds it due.
 */
#include "state/session/session_slots.h"

#include <sched.h>

#include "base/clock.h"
#include "base/log.h"
#include "state/reply_budget.h"
#include "state/session/session.h"

#define REVIEW_NS NSEC_PER_SEC

enum {
    CHARGED_AT_END = LIMIT_SLOTS + 1 /* a late request is charged for nothing */
};

static struct state *state_of(const struct session *session)
{
    return session->client->state;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

void session_slots_usual(struct state *state, uint32_t count)
{
    CHECK(count > 0 && count <= LIMIT_SLOTS);
    atomic_store_explicit(&state->slots_initial, count, memory_order_relaxed);
}

void session_slots_init(struct session *session, uint32_t want, int64_t now_ns)
{
    struct session_demand *demand = &session->demand;
    uint32_t usual = atomic_load_explicit(&state_of(session)->slots_initial, memory_order_relaxed);

    want = max_u32(want, 1);
    demand->ceiling = want < usual ? want : LIMIT_SLOTS;
    demand->cost = session->fore.ca_maxresponsesize_cached + (uint32_t)sizeof(struct slot);
    demand->initial =
        reply_budget_open(&state_of(session)->reply_budget, demand->cost, min_u32(want, usual));
    atomic_init(&demand->charged, 1);
    atomic_init(&demand->peak, 0);
    atomic_init(&demand->review_ns, now_ns + REVIEW_NS);
    atomic_init(&demand->settled_ns, now_ns);
    demand->peak_since_ns = demand->lowered_ns = now_ns;
    slot_table_init(&session->slots, demand->initial);
}

/* Resizing takes a few steps, and none follows: `resizing` is not given back here. */
void session_slots_end(struct session *session)
{
    struct session_demand *demand = &session->demand;

    while (!slot_table_resize_try(&session->slots))
        sched_yield();
    reply_budget_close(
        &state_of(session)->reply_budget, demand->cost,
        atomic_exchange_explicit(&demand->charged, CHARGED_AT_END, memory_order_relaxed));
    session_reply_bytes_add(session, slot_table_retire_all(&session->slots));
}

void session_slots_fini(struct session *session)
{
    session_reply_bytes_add(session, -(int64_t)slot_table_reply_bytes(&session->slots));
    slot_table_fini(&session->slots);
}

void session_reply_bytes_add(struct session *session, int64_t grown)
{
    if (!grown)
        return;
    atomic_fetch_add_explicit(&session->reply_bytes, grown, memory_order_relaxed);
    atomic_fetch_add_explicit(&state_of(session)->reply_bytes, grown, memory_order_relaxed);
}

bool session_slots_use(struct session *session, uint32_t id)
{
    struct reply_budget *budget = &state_of(session)->reply_budget;
    struct session_demand *demand = &session->demand;
    uint32_t before = atomic_load_explicit(&demand->charged, memory_order_relaxed);

    while (id >= before) {
        uint32_t more = id + 1 - before;

        if (!reply_budget_charge(budget, demand->cost, before, more))
            return false;
        if (atomic_compare_exchange_strong_explicit(&demand->charged, &before, id + 1,
                                                    memory_order_relaxed, memory_order_relaxed))
            return true;
        reply_budget_release(budget, demand->cost, more); /* another request was faster */
    }
    return true;
}

/* Slots from `kept` on were given up. */
static void release_unused(struct session *session, uint32_t kept)
{
    struct session_demand *demand = &session->demand;
    uint32_t before = atomic_load_explicit(&demand->charged, memory_order_relaxed);

    while (before > kept && before != CHARGED_AT_END) {
        if (!atomic_compare_exchange_weak_explicit(&demand->charged, &before, kept,
                                                   memory_order_relaxed, memory_order_relaxed))
            continue;
        reply_budget_release(&state_of(session)->reply_budget, demand->cost, before - kept);
        return;
    }
}

/* The requests look at the session once a second. */
int64_t session_slots_activity_ns(const struct session *session)
{
    return atomic_load_explicit(&session->demand.review_ns, memory_order_relaxed) - REVIEW_NS;
}

uint32_t session_slots_excess(const struct session *session)
{
    uint32_t target = slot_table_grant(&session->slots).target;
    uint32_t kept = slot_table_kept(&session->slots);

    return kept > target ? kept - target : 0;
}

static void resized(const struct session *session)
{
    log_info("session.slots", LOG_HEX("session", session->id, NFS4_SESSIONID_SIZE),
             LOG_U64("enforced", slot_table_grant(&session->slots).enforced),
             LOG_U64("target", slot_table_grant(&session->slots).target),
             LOG_U64("kept", slot_table_kept(&session->slots)));
}

/* All functions from here to review() run with slots.resizing held. */

static void grow(struct session *session, int64_t now_ns)
{
    struct session_demand *demand = &session->demand;
    uint32_t count = slot_table_grant(&session->slots).enforced;
    uint32_t more = min_u32(max_u32(count / 2, 1), demand->ceiling - count);

    if (now_ns < atomic_load_explicit(&demand->settled_ns, memory_order_relaxed))
        return;
    more = reply_budget_grow(&state_of(session)->reply_budget, demand->cost, more);
    if (more == 0)
        return;
    slot_table_grow(&session->slots, count + more);
    resized(session);
}

static void set_target(struct session *session, uint32_t target, int64_t now_ns)
{
    struct slot_grant grant = slot_table_grant(&session->slots);

    if (target < grant.target)
        session->demand.lowered_ns = now_ns;
    slot_table_set_target(&session->slots, target);
}

static void quiet_begin(struct session *session, int64_t now_ns)
{
    atomic_store_explicit(&session->demand.settled_ns, now_ns + state_of(session)->lease_ns,
                          memory_order_relaxed);
}

static void retire_unused(struct session *session, const struct slot *slot, uint32_t highest,
                          int64_t now_ns)
{
    uint32_t before = slot_table_kept(&session->slots);

    session_reply_bytes_add(session, slot_table_retire_unused(&session->slots, slot, highest));
    if (slot_table_kept(&session->slots) == before)
        return;
    release_unused(session, slot_table_kept(&session->slots));
    quiet_begin(session, now_ns);
    resized(session);
}

/* It has known the target for a lease period and still uses slots beyond. */
static bool ignores_target(const struct session *session, const struct slot_grant *grant,
                           const struct slot *slot, int64_t now_ns)
{
    return grant->target < grant->enforced &&
           now_ns - session->demand.lowered_ns > state_of(session)->lease_ns &&
           atomic_load_explicit(&slot->told_generation, memory_order_relaxed) == grant->generation;
}

static void shrink_to_share(struct session *session, const struct slot *slot, int64_t now_ns)
{
    uint32_t share = reply_budget_share(&state_of(session)->reply_budget, session->demand.cost);
    struct slot_grant grant = slot_table_grant(&session->slots);

    if (share < grant.target) {
        set_target(session, share, now_ns);
    } else if (slot && ignores_target(session, &grant, slot, now_ns) &&
               slot_table_enforce_target(&session->slots)) {
        quiet_begin(session, now_ns);
        resized(session);
    }
}

/* Without pressure: follow the use. */
static void follow_demand(struct session *session, int64_t now_ns)
{
    struct session_demand *demand = &session->demand;
    struct slot_grant grant = slot_table_grant(&session->slots);
    uint32_t peak = atomic_load_explicit(&demand->peak, memory_order_relaxed);

    if (grant.target < grant.enforced && peak > grant.target)
        set_target(session, grant.enforced, now_ns);
    if (now_ns - demand->peak_since_ns < state_of(session)->lease_ns)
        return;
    if (grant.target == grant.enforced && grant.enforced > demand->initial &&
        peak < grant.enforced / 2)
        set_target(session, max_u32(demand->initial, peak * 2), now_ns);
    atomic_store_explicit(&demand->peak, 0, memory_order_relaxed);
    demand->peak_since_ns = now_ns;
}

static void look(struct session *session, const struct slot *slot, int64_t now_ns)
{
    struct session_demand *demand = &session->demand;

    atomic_store_explicit(&demand->review_ns, now_ns + REVIEW_NS, memory_order_relaxed);
    if (reply_budget_tight(&state_of(session)->reply_budget))
        shrink_to_share(session, slot, now_ns);
    else
        follow_demand(session, now_ns);
    if (now_ns >= atomic_load_explicit(&demand->settled_ns, memory_order_relaxed))
        slot_table_forget_high(&session->slots);
}

static bool look_due(const struct session *session, int64_t now_ns)
{
    return now_ns >= atomic_load_explicit(&session->demand.review_ns, memory_order_relaxed);
}

/* The last slot is in use, and the table may have more. */
static bool growth_due(const struct session *session, const struct slot_grant *grant, uint32_t id)
{
    return id + 1 == grant->enforced && grant->enforced < session->demand.ceiling;
}

static bool shrinks(const struct session *session, const struct slot_grant *grant)
{
    return grant->target < slot_table_kept(&session->slots);
}

static void review(struct session *session, const struct slot *slot, uint32_t id, uint32_t highest,
                   int64_t now_ns)
{
    struct slot_grant grant;

    if (!slot_table_resize_try(&session->slots))
        return;
    if (look_due(session, now_ns))
        look(session, slot, now_ns);
    grant = slot_table_grant(&session->slots);
    if (shrinks(session, &grant))
        retire_unused(session, slot, max_u32(highest, id), now_ns);
    else if (growth_due(session, &grant, id))
        grow(session, now_ns);
    slot_table_resize_end(&session->slots);
}

struct slot_grant session_slots_note(struct session *session, struct slot *slot, uint32_t id,
                                     uint32_t highest, int64_t now_ns)
{
    struct session_demand *demand = &session->demand;
    struct slot_grant grant = slot_table_grant(&session->slots);
    uint32_t used = max_u32(highest, id) + 1;

    /* Losing an update to another thread's smaller one does no harm. */
    if (used > atomic_load_explicit(&demand->peak, memory_order_relaxed))
        atomic_store_explicit(&demand->peak, used, memory_order_relaxed);
    if (look_due(session, now_ns) || shrinks(session, &grant) || growth_due(session, &grant, id)) {
        review(session, slot, id, highest, now_ns);
        grant = slot_table_grant(&session->slots);
    }
    atomic_store_explicit(&slot->told_generation, grant.generation, memory_order_release);
    return grant;
}

void session_slots_shrink(struct session *session, int64_t now_ns)
{
    shrink_to_share(session, NULL, now_ns);
}
