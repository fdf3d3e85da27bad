/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_queue.h"

enum {
    TIMER_NS = 1250000000 /* from one turn of the timer to the next, at the most */
};

/* So short that when a request ends between two checks, the last renewal is within the margin. */
static int64_t check_interval_ns(const struct state *state)
{
    int64_t interval = state->margin_ns - TIMER_NS;

    return interval > 0 ? interval : 1;
}

void client_queue_locked(struct client *client)
{
    struct client_table *clients = &client->state->clients;

    list_remove(&client->all_link);
    if (client->confirmed) {
        int64_t renewed = atomic_load_explicit(&client->renewed_ns, memory_order_relaxed);

        client->check_ns = renewed + check_interval_ns(client->state);
        list_push_back(&clients->confirmed, &client->all_link);
    } else {
        list_push_back(&clients->unconfirmed, &client->all_link);
        clients->unconfirmed_count++;
    }
}

void client_courtesy_begin_locked(struct client *client)
{
    struct client_table *clients = &client->state->clients;

    if (!list_empty(&client->courtesy_link))
        return;
    list_push_back(&clients->courtesy, &client->courtesy_link);
    list_push_back(&clients->courtesy_sessions, &client->courtesy_sessions_link);
    clients->courtesy_count++;
    clients->expired_count++;
}

void client_courtesy_end_locked(struct client *client)
{
    if (list_empty(&client->courtesy_link))
        return;
    list_remove(&client->courtesy_link);
    list_remove(&client->courtesy_sessions_link);
    client->state->clients.courtesy_count--;
}

void client_unqueue_locked(struct client *client)
{
    list_remove(&client->all_link);
    client_courtesy_end_locked(client);
    if (!client->confirmed)
        client->state->clients.unconfirmed_count--;
}

struct client *client_queue_due_locked(struct state *state, int64_t now_ns)
{
    struct client_table *clients = &state->clients;
    struct client *client;

    if (list_empty(&clients->confirmed))
        return NULL;
    client = LIST_ENTRY(clients->confirmed.next, struct client, all_link);
    if (client->check_ns > now_ns)
        return NULL;
    client->check_ns = now_ns + check_interval_ns(state);
    list_remove(&client->all_link);
    list_push_back(&clients->confirmed, &client->all_link);
    return client;
}

struct client *client_queue_unconfirmed_locked(struct client_table *clients)
{
    if (list_empty(&clients->unconfirmed))
        return NULL;
    return LIST_ENTRY(clients->unconfirmed.next, struct client, all_link);
}
