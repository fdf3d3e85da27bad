/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_room.h"

#include "state/client/client_lease.h"
#include "state/client/client_queue.h"
#include "state/client/client_table.h"

enum {
    ROOM_LOOKS = 64,         /* confirmed records looked at for one that can give way */
    UNCONFIRMED_FRACTION = 8 /* of a full table: that many mean a flood */
};

bool client_evict_locked(struct state *state, const struct client *spare, int64_t now_ns,
                         struct list *doomed)
{
    LIST_FOREACH_SAFE (client, &state->clients.courtesy, struct client, courtesy_link) {
        if (client == spare)
            continue;
        if (client_lapsed_locked(client, now_ns)) {
            client_unhash_locked(client, doomed);
            return true;
        }
        client_courtesy_end_locked(client);
    }
    return false;
}

static bool evict_unconfirmed_locked(struct state *state, struct list *doomed)
{
    struct client *client = client_queue_unconfirmed_locked(&state->clients);

    if (!client)
        return false;
    client_unhash_locked(client, doomed);
    return true;
}

static bool can_go_locked(struct client *client, int64_t now_ns)
{
    return client_lapsed_locked(client, now_ns) || !client_busy_locked(client);
}

/* The next time the search goes on where it ended. */
static struct client *idle_locked(struct client_origin *origin, int64_t now_ns)
{
    for (int i = 0; i < ROOM_LOOKS && !list_empty(&origin->confirmed); i++) {
        struct list *link = list_pop_front(&origin->confirmed);
        struct client *client = LIST_ENTRY(link, struct client, origin_link);

        list_push_back(&origin->confirmed, link);
        if (can_go_locked(client, now_ns))
            return client;
    }
    return NULL;
}

static struct client *victim_locked(struct client_origin *origin, int64_t now_ns)
{
    if (!list_empty(&origin->unconfirmed))
        return LIST_ENTRY(origin->unconfirmed.next, struct client, origin_link);
    return idle_locked(origin, now_ns);
}

/* The record that gives way: an unconfirmed one, else one whose lease is over, else one without
 * sessions and state.  False: the address has as many as it may. */
static bool make_room_at_locked(struct state *state, const struct client_address *address,
                                int64_t now_ns, struct list *doomed)
{
    struct client_origin *origin =
        address ? client_address_find_locked(&state->clients, address) : NULL;
    struct client *victim;

    if (!origin || origin->count < state_limit_max(state, STATE_LIMIT_clients_per_address))
        return true;
    victim = victim_locked(origin, now_ns);
    if (!victim)
        return state_limit_admits(state, STATE_LIMIT_clients_per_address, origin->count, 1);
    client_unhash_locked(victim, doomed);
    return true;
}

/* Many unconfirmed records are a flood, which must cost no client its state: evict one of them
 * first.  A few belong to clients that are about to confirm them: evict an expired client first. */
bool client_make_room_locked(struct state *state, const struct client_address *address,
                             int64_t now_ns, struct list *doomed)
{
    struct client_table *clients = &state->clients;
    uint32_t most = state_limit_max(state, STATE_LIMIT_clients);

    if (!make_room_at_locked(state, address, now_ns, doomed))
        return false;
    while (clients->count >= most) {
        bool flood = clients->unconfirmed_count > most / UNCONFIRMED_FRACTION;

        if (flood && evict_unconfirmed_locked(state, doomed))
            continue;
        if (client_evict_locked(state, NULL, now_ns, doomed))
            continue;
        if (!evict_unconfirmed_locked(state, doomed))
            return state_limit_admits(state, STATE_LIMIT_clients, clients->count, 1);
    }
    return true;
}
