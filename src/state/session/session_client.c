/* SPDX-License-Identifier: Apache-2.0 */
#include "state/session/session_client.h"

#include "state/client/client_info.h"
#include "state/session/session_end.h"
#include "state/session/session_internal.h"
#include "state/session/session_status.h"

void session_client_unhash_locked(struct client *client)
{
    LIST_FOREACH (session, &client->sessions, struct session, client_link)
        session_unhash_locked(session);
}

void session_client_end_idle_locked(struct client *client, struct list *ended)
{
    LIST_FOREACH_SAFE (session, &client->sessions, struct session, client_link) {
        if (!session_end_locked(session, UINT32_MAX))
            continue;
        list_remove(&session->client_link);
        list_push_back(ended, &session->client_link);
    }
}

bool session_client_busy_locked(struct client *client)
{
    LIST_FOREACH (session, &client->sessions, struct session, client_link) {
        if (slot_table_busy(&session->slots, UINT32_MAX) > 0)
            return true;
    }
    return false;
}

void session_client_describe_locked(struct client *client, struct client_info *info)
{
    LIST_FOREACH (session, &client->sessions, struct session, client_link) {
        pthread_mutex_lock(&session->lock);
        info->connections += session->binding_count;
        pthread_mutex_unlock(&session->lock);
        info->flags |= session_status_flags(session);
    }
}

void session_client_release(struct list *sessions)
{
    struct list *link;

    while ((link = list_pop_front(sessions)))
        session_release(LIST_ENTRY(link, struct session, client_link));
}
