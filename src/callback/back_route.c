/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/back_route.h"

#include "callback/back_channel.h"
#include "callback/back_send.h"
#include "state/session/session.h"
#include "state/session/session_back.h"
#include "transport/connection.h"

static void activity_max(void *transport, void *arg)
{
    struct connection *conn = transport;
    int64_t *newest_ns = arg;
    int64_t activity_ns = connection_activity_ns(conn);

    if (connection_is_open(conn) && activity_ns > *newest_ns)
        *newest_ns = activity_ns;
}

/* Sessions with a connection come first, those with the most recent traffic leading; among the
 * rest, the youngest comes first. */
static uint32_t sessions_sorted(struct client *client, struct session **sessions)
{
    struct session *found[LIMIT_SESSIONS_PER_CLIENT];
    int64_t newest_ns[LIMIT_SESSIONS_PER_CLIENT];
    uint32_t count = session_back_list(client, found), at;

    for (uint32_t i = 0; i < count; i++) {
        int64_t ns = 0;

        if (session_back_up(found[i]))
            session_back_visit(found[i], activity_max, &ns);
        for (at = i; at > 0 && newest_ns[at - 1] <= ns; at--) {
            newest_ns[at] = newest_ns[at - 1];
            sessions[at] = sessions[at - 1];
        }
        newest_ns[at] = ns;
        sessions[at] = found[i];
    }
    return count;
}

static bool stopped(struct back_service *service)
{
    bool is;

    pthread_mutex_lock(&service->lock);
    is = service->stopped;
    pthread_mutex_unlock(&service->lock);
    return is;
}

bool back_route(struct back_service *service, struct client *client, struct back_call *call)
{
    struct session *sessions[LIMIT_SESSIONS_PER_CLIENT];
    struct back_channel *taker = NULL;
    uint32_t count = stopped(service) ? 0 : sessions_sorted(client, sessions);

    for (uint32_t i = 0; i < count && !taker; i++) {
        struct back_channel *channel = back_channel_of(service, sessions[i]);

        if (channel && !session_back_faulty(sessions[i]) && back_channel_queue_call(channel, call))
            taker = channel;
    }
    if (taker)
        back_send(taker);
    for (uint32_t i = 0; i < count; i++)
        session_put(sessions[i]);
    return taker != NULL;
}

bool back_route_session(struct back_service *service, struct session *session,
                        struct back_call *call)
{
    struct back_channel *channel;

    if (stopped(service) || session_back_faulty(session))
        return false;
    channel = back_channel_of(service, session);
    if (!channel || !back_channel_queue_call(channel, call))
        return false;
    back_send(channel);
    return true;
}

struct session *back_route_best(struct back_service *service, struct client *client)
{
    struct session *sessions[LIMIT_SESSIONS_PER_CLIENT], *best = NULL;
    uint32_t count = stopped(service) ? 0 : sessions_sorted(client, sessions);

    for (uint32_t i = 0; i < count; i++) {
        if (!best && !session_back_faulty(sessions[i]) && !session_dead(sessions[i]))
            best = sessions[i];
        else
            session_put(sessions[i]);
    }
    return best;
}
