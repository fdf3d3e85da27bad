/* SPDX-License-Identifier: Apache-2.0 */
#include "state/state_limit.h"

#include "base/log.h"
#include "base/memory.h"
#include "state/state.h"

static const char *const names[STATE_LIMIT_COUNT] = {
#define X(name, initial) [STATE_LIMIT_##name] = #name,
    STATE_LIMITS_IN_ALL(X) STATE_LIMITS_EACH(X)
#undef X
};

void state_limits_init(struct state_limits *limits)
{
#define X(name, initial) atomic_init(&limits->of[STATE_LIMIT_##name].most, initial);
    STATE_LIMITS_IN_ALL(X)
    STATE_LIMITS_EACH(X)
#undef X
}

void state_limit_set(struct state *state, enum state_limit limit, uint32_t most)
{
    atomic_store_explicit(&state->limits.of[limit].most, most, memory_order_relaxed);
}

uint32_t state_limit_max(const struct state *state, enum state_limit limit)
{
    return atomic_load_explicit(&state->limits.of[limit].most, memory_order_relaxed);
}

void state_report_shortage(struct state *state)
{
    if (!atomic_load_explicit(&state->shortage, memory_order_relaxed))
        atomic_store_explicit(&state->shortage, true, memory_order_relaxed);
}

static bool refuse(struct state *state, enum state_limit limit)
{
    atomic_fetch_add_explicit(&state->limits.of[limit].refused, 1, memory_order_relaxed);
    /* For clients and sessions some give way at once. */
    if (limit >= STATE_LIMIT_owners && limit <= STATE_LIMIT_lock_waiters)
        state_report_shortage(state);
    return false;
}

void state_limit_sub(struct state *state, enum state_limit limit, uint32_t count)
{
    atomic_fetch_sub_explicit(&state->limits.of[limit].used, count, memory_order_relaxed);
}

void state_limit_add(struct state *state, enum state_limit limit, uint32_t count)
{
    atomic_fetch_add_explicit(&state->limits.of[limit].used, count, memory_order_relaxed);
}

bool state_limit_admits(struct state *state, enum state_limit limit, uint32_t used, uint32_t more)
{
    return used + more <= state_limit_max(state, limit) || refuse(state, limit);
}

static uint32_t used_of(const struct state *state, enum state_limit limit)
{
    return atomic_load_explicit(&state->limits.of[limit].used, memory_order_relaxed);
}

/* What is left when memory is short is for clients that hold little. */
static bool holds_too_much(uint32_t mine)
{
    return memory_is_tight() && mine >= memory_budget() / LIMIT_SHARE_BYTES;
}

bool state_limit_has_room(struct state *state, enum state_limit limit, uint32_t mine, uint32_t more)
{
    uint32_t used = used_of(state, limit), most = state_limit_max(state, limit);

    if (most >= LIMIT_SHARED && used > most - most / 4 && mine >= most / LIMIT_SHARES)
        return refuse(state, limit);
    if (holds_too_much(mine))
        return refuse(state, limit);
    return state_limit_admits(state, limit, used, more);
}

bool state_limits_scarce(const struct state *state)
{
    for (enum state_limit limit = STATE_LIMIT_owners; limit <= STATE_LIMIT_lock_waiters; limit++) {
        uint32_t most = state_limit_max(state, limit);

        if (most >= LIMIT_SHARED && used_of(state, limit) > most / 2)
            return true;
    }
    return false;
}

void state_limits_tick(struct state *state)
{
    for (unsigned i = 0; i < STATE_LIMIT_COUNT; i++) {
        struct state_bound *bound = &state->limits.of[i];
        uint64_t refused = atomic_load_explicit(&bound->refused, memory_order_relaxed);

        if (refused == bound->logged)
            continue;
        log_info("state.limit", LOG_STR("limit", names[i]),
                 LOG_U64("refused", refused - bound->logged),
                 LOG_U64("most", state_limit_max(state, (enum state_limit)i)));
        bound->logged = refused;
    }
}

void state_limit_open_revoked(struct state *state, bool revoked)
{
    atomic_fetch_add_explicit(&state->limits.revoked_opens, revoked ? 1 : UINT32_MAX,
                              memory_order_relaxed);
}

void state_limit_stats_read(const struct state *state, struct state_limit_stats *stats)
{
#define X(name, initial)                                                                           \
    stats->name =                                                                                  \
        atomic_load_explicit(&state->limits.of[STATE_LIMIT_##name].used, memory_order_relaxed);
    STATE_LIMITS_IN_ALL(X)
#undef X
#define X(name, initial)                                                                           \
    stats->refused.name =                                                                          \
        atomic_load_explicit(&state->limits.of[STATE_LIMIT_##name].refused, memory_order_relaxed);
    STATE_LIMITS_IN_ALL(X)
    STATE_LIMITS_EACH(X)
#undef X
    stats->revoked_opens = atomic_load_explicit(&state->limits.revoked_opens, memory_order_relaxed);
    /* One may have been freed between the two loads. */
    stats->opens = stats->opens > stats->revoked_opens ? stats->opens - stats->revoked_opens : 0;
}
