/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/turn.h"

#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/htable.h"

enum {
    PERIOD_SHIFT = 24,        /* usage is halved every 2^24 ns */
    LEVEL_SHIFT = 18,         /* less than 2^18 ns of use is level 0; each doubling is one level
                               * more */
    ADDRESS_LIGHT_LEVELS = 3, /* an address may use eight times as much as a connection */
    LOOKS_MAX = 16,           /* consecutive polls of epoll before a waiting connection is served
                               * regardless */
};

static const int64_t slice_ns = LIMIT_SLICE_US * 1000LL;

void turn_table_init(struct turn_table *table)
{
    for (unsigned i = 0; i < TURN_ADDRESSES; i++) {
        for (unsigned level = 0; level < TURN_LEVELS; level++)
            list_init(&table->addresses[i].queues[level]);
    }
    table->step = LIMIT_SLICE_WORK;
    table->address = TURN_ADDRESSES;
}

/* IPv6 addresses of one /64 count as one: a host may use them all. */
static unsigned address_of(const struct sockaddr *peer, uint64_t seed)
{
    uint64_t network = 0;

    if (peer->sa_family == AF_INET6)
        memcpy(&network, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr,
               sizeof(network));
    else if (peer->sa_family == AF_INET)
        network = ((const struct sockaddr_in *)(const void *)peer)->sin_addr.s_addr;
    return (unsigned)(hash_u64(network ^ seed) % TURN_ADDRESSES);
}

void turn_init(struct turn *turn, const struct sockaddr *peer, uint64_t seed)
{
    list_init(&turn->link);
    turn->step = LIMIT_SLICE_WORK;
    turn->address = address_of(peer, seed);
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

bool turn_is_light(const struct turn_table *table, const struct turn *turn)
{
    return usage_level(&turn->usage, table->now_ns) == 0 &&
           usage_level(&table->addresses[turn->address].usage, table->now_ns) <=
               ADDRESS_LIGHT_LEVELS;
}

/* ---- the current turn ---- */

/* How many steps take a quarter of a slice, if `steps` steps took `used_ns`. */
static uint32_t step_for(int64_t used_ns, uint32_t steps)
{
    uint64_t fitting = (uint64_t)slice_ns / 4 * steps / (uint64_t)used_ns;

    return fitting < 1 ? 1 : fitting < LIMIT_SLICE_WORK ? (uint32_t)fitting : LIMIT_SLICE_WORK;
}

static void charge(struct turn_table *table, int64_t now_ns, uint32_t steps)
{
    int64_t used_ns = now_ns - table->charged_ns;

    table->now_ns = table->charged_ns = now_ns;
    if (used_ns <= 0 || table->address == TURN_ADDRESSES)
        return;
    usage_add(&table->addresses[table->address].usage, now_ns, (uint64_t)used_ns);
    if (steps > 0)
        table->step = step_for(used_ns, steps);
    if (!table->running)
        return;
    usage_add(&table->running->usage, now_ns, (uint64_t)used_ns);
    table->running->step = table->step;
}

static void begin(struct turn_table *table, struct turn *turn, unsigned address, int64_t now_ns)
{
    charge(table, now_ns, 0);
    table->running = turn;
    table->address = address;
    table->step = turn ? turn->step : LIMIT_SLICE_WORK;
    table->begun_ns = now_ns;
    if (!table->round_ns)
        table->round_ns = now_ns;
}

void turn_begin(struct turn_table *table, struct turn *turn, int64_t now_ns)
{
    begin(table, turn, turn->address, now_ns);
}

void turn_begin_address(struct turn_table *table, const struct turn *turn, int64_t now_ns)
{
    begin(table, NULL, turn->address, now_ns);
}

void turn_leave(struct turn_table *table, const struct turn *turn)
{
    if (table->running == turn)
        table->running = NULL;
}

bool turn_charge(struct turn_table *table, int64_t now_ns, uint32_t steps)
{
    charge(table, now_ns, steps);
    if (!table->begun_ns)
        table->begun_ns = now_ns;
    return now_ns - table->begun_ns >= slice_ns;
}

void turn_settle(struct turn_table *table, int64_t now_ns)
{
    charge(table, now_ns, 0);
    turn_end(table);
}

void turn_end(struct turn_table *table)
{
    table->running = NULL;
    table->address = TURN_ADDRESSES;
    table->begun_ns = 0;
    table->step = LIMIT_SLICE_WORK;
}

/* ---- the queues ---- */

void turn_wait(struct turn_table *table, struct turn *turn)
{
    struct turn_address *address = &table->addresses[turn->address];
    unsigned level = usage_level(&turn->usage, table->now_ns);

    if (turn_waits(turn))
        return;
    if (level >= TURN_LEVELS)
        level = TURN_LEVELS - 1;
    turn->due_ns = table->now_ns + ((int64_t)level << PERIOD_SHIFT);
    list_push_back(&address->queues[level], &turn->link);
    address->waiting |= 1u << level;
    table->waiting[turn->address / 64] |= UINT64_C(1) << turn->address % 64;
    if (table->count++ == 0)
        table->served_ns = table->now_ns;
}

void turn_cancel(struct turn_table *table, struct turn *turn)
{
    struct turn_address *address = &table->addresses[turn->address];

    if (!turn_waits(turn))
        return;
    list_remove(&turn->link);
    table->count--;
    for (unsigned level = 0; level < TURN_LEVELS; level++) {
        if (list_empty(&address->queues[level]))
            address->waiting &= ~(1u << level);
    }
    if (!address->waiting)
        table->waiting[turn->address / 64] &= ~(UINT64_C(1) << turn->address % 64);
}

/* Of the addresses with waiting connections, the one that has used least; among equals, the next
 * one after the address that was served last. */
static unsigned address_next(const struct turn_table *table)
{
    unsigned best = TURN_ADDRESSES, best_behind = TURN_ADDRESSES;
    uint64_t least_ns = UINT64_MAX;

    for (unsigned word = 0; word < TURN_WORDS; word++) {
        for (uint64_t left = table->waiting[word]; left; left &= left - 1) {
            unsigned index = word * 64 + (unsigned)__builtin_ctzll(left);
            unsigned behind = (index - table->last - 1) % TURN_ADDRESSES;
            uint64_t used_ns = usage_now(&table->addresses[index].usage, table->now_ns);

            if (used_ns < least_ns || (used_ns == least_ns && behind < best_behind)) {
                best = index;
                best_behind = behind;
                least_ns = used_ns;
            }
        }
    }
    CHECK(best < TURN_ADDRESSES);
    return best;
}

static struct turn *queue_head(const struct turn_address *address, unsigned level)
{
    return LIST_ENTRY(address->queues[level].next, struct turn, link);
}

struct turn *turn_take(struct turn_table *table)
{
    unsigned index = address_next(table);
    const struct turn_address *address = &table->addresses[index];
    struct turn *first = NULL;

    for (unsigned left = address->waiting; left; left &= left - 1) {
        struct turn *turn = queue_head(address, (unsigned)__builtin_ctz(left));

        if (!first || turn->due_ns < first->due_ns)
            first = turn;
    }
    CHECK(first);
    table->last = index;
    table->due = false;
    table->serving = true;
    turn_cancel(table, first);
    return first;
}

void turn_served(struct turn_table *table, int64_t now_ns)
{
    turn_settle(table, now_ns);
    table->serving = false;
    table->served_ns = now_ns;
}

struct turn *turn_next(struct turn_table *table)
{
    if (table->count == 0 || table->held)
        return NULL;
    if (!table->due && table->round_ns && table->now_ns - table->round_ns >= slice_ns)
        return NULL;
    return turn_take(table);
}

void turn_round(struct turn_table *table, bool more)
{
    table->looks = more ? table->looks + 1 : 0;
    table->held = more && table->looks % LOOKS_MAX != 0;
    table->due = !table->held;
    table->round_ns = 0;
}
