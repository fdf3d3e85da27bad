/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/turn.h"

#include <string.h>

#include "base/clock.h"
#include "base/htable.h"
#include "transport/transport_internal.h"

enum {
    PERIOD_SHIFT = 24, /* use is halved after 2^24 ns */
    LEVEL_SHIFT = 18,  /* up to 2^18 ns of use are level 0, twice that level 1 */
    /* An address counts as much as one connection that used an eighth of that. */
    ADDRESS_LEVELS_LESS = 3,
    LOOKS_MAX = 16,    /* at epoll, until everybody was found who has used little */
    PICKS_TO_LAST = 8, /* one of so many turns is for the highest level that waits */
};

static const int64_t slice_ns = LIMIT_SLICE_US * 1000LL;

void turn_table_init(struct turn_table *table)
{
    for (unsigned i = 0; i < TURN_LEVELS; i++)
        list_init(&table->queues[i]);
    table->step = LIMIT_SLICE_WORK;
}

/* IPv6 addresses of one /64 are one: a host has as many of them as it likes. */
static unsigned address_of(const struct sockaddr *peer)
{
    uint64_t network = 0;

    if (peer->sa_family == AF_INET6)
        memcpy(&network, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr,
               sizeof(network));
    else if (peer->sa_family == AF_INET)
        network = ((const struct sockaddr_in *)(const void *)peer)->sin_addr.s_addr;
    return (unsigned)(hash_u64(network) % TURN_ADDRESSES);
}

void turn_init(struct turn *turn, const struct sockaddr *peer)
{
    list_init(&turn->link);
    turn->step = LIMIT_SLICE_WORK;
    turn->address = address_of(peer);
}

/* ---- use ---- */

static uint64_t usage_now(const struct turn_usage *usage, int64_t now_ns)
{
    int64_t periods = (now_ns >> PERIOD_SHIFT) - usage->period;

    if (periods <= 0)
        return usage->used_ns;
    return periods < 64 ? usage->used_ns >> periods : 0;
}

static void usage_add(struct turn_usage *usage, int64_t now_ns, uint64_t used_ns)
{
    usage->used_ns = usage_now(usage, now_ns) + used_ns;
    if (now_ns >> PERIOD_SHIFT > usage->period)
        usage->period = now_ns >> PERIOD_SHIFT;
}

static unsigned usage_level(const struct turn_usage *usage, int64_t now_ns)
{
    uint64_t units = usage_now(usage, now_ns) >> LEVEL_SHIFT;

    return units ? 64 - (unsigned)__builtin_clzll(units) : 0;
}

static unsigned turn_level(const struct turn_table *table, const struct turn *turn)
{
    unsigned own = usage_level(&turn->usage, table->now_ns);
    unsigned all = usage_level(&table->addresses[turn->address], table->now_ns);

    all = all > ADDRESS_LEVELS_LESS ? all - ADDRESS_LEVELS_LESS : 0;
    if (own < all)
        own = all;
    return own < TURN_LEVELS ? own : TURN_LEVELS - 1;
}

bool turn_is_light(const struct turn_table *table, const struct connection *conn)
{
    return turn_level(table, &conn->turn) == 0;
}

/* ---- the turn at hand ---- */

/* So many steps that they take a quarter of a slice, if they are like those that took `used_ns`. */
static uint32_t step_for(int64_t used_ns, uint32_t steps)
{
    uint64_t fitting = (uint64_t)slice_ns / 4 * steps / (uint64_t)used_ns;

    return fitting < 1 ? 1 : fitting < LIMIT_SLICE_WORK ? (uint32_t)fitting : LIMIT_SLICE_WORK;
}

static void charge(struct turn_table *table, int64_t now_ns, uint32_t steps)
{
    struct turn *turn = &table->running->turn;
    int64_t used_ns = now_ns - table->charged_ns;

    table->now_ns = table->charged_ns = now_ns;
    if (used_ns <= 0)
        return;
    if (steps > 0)
        table->step = turn->step = step_for(used_ns, steps);
    usage_add(&turn->usage, now_ns, (uint64_t)used_ns);
    usage_add(&table->addresses[turn->address], now_ns, (uint64_t)used_ns);
}

void turn_begin(struct turn_table *table, struct connection *conn, int64_t now_ns)
{
    if (table->running)
        charge(table, now_ns, 0);
    table->running = conn;
    table->step = conn->turn.step;
    table->begun_ns = table->charged_ns = table->now_ns = now_ns;
    if (!table->round_ns)
        table->round_ns = now_ns;
}

bool turn_charge(struct turn_table *table, int64_t now_ns, uint32_t steps)
{
    if (table->running)
        charge(table, now_ns, steps);
    if (!table->begun_ns)
        table->begun_ns = now_ns;
    return now_ns - table->begun_ns >= slice_ns;
}

void turn_end(struct turn_table *table)
{
    table->running = NULL;
    table->begun_ns = 0;
    table->step = LIMIT_SLICE_WORK;
}

/* ---- the queues ---- */

void turn_wait(struct turn_table *table, struct connection *conn)
{
    unsigned level = turn_level(table, &conn->turn);

    if (turn_waits(&conn->turn))
        return;
    list_push_back(&table->queues[level], &conn->turn.link);
    table->waiting |= 1u << level;
}

void turn_cancel(struct turn_table *table, struct turn *turn)
{
    list_remove(&turn->link);
    for (unsigned i = 0; i < TURN_LEVELS; i++) {
        if (list_empty(&table->queues[i]))
            table->waiting &= ~(1u << i);
    }
}

struct connection *turn_next(struct turn_table *table)
{
    struct connection *conn;
    unsigned level;

    if (!table->waiting || table->held)
        return NULL;
    if (!table->due && table->round_ns && table->now_ns - table->round_ns >= slice_ns)
        return NULL;
    table->due = false;
    if (++table->picks % PICKS_TO_LAST == 0)
        level = 31 - (unsigned)__builtin_clz(table->waiting);
    else
        level = (unsigned)__builtin_ctz(table->waiting);
    conn = CONTAINER_OF(table->queues[level].next, struct connection, turn.link);
    turn_cancel(table, &conn->turn);
    return conn;
}

void turn_round(struct turn_table *table, bool more)
{
    table->looks = more ? table->looks + 1 : 0;
    table->held = more && table->looks % LOOKS_MAX != 0;
    table->due = !table->held;
    table->round_ns = 0;
}
