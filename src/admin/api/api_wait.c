/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_wait.h"

#include <inttypes.h>

#include "admin/api/api_obstacle.h"
#include "admin/api/api_peer.h"
#include "base/clock.h"
#include "callback/callback_info.h"
#include "proto/compound.h"
#include "state/client/client_info.h"
#include "state/recovery/recovery.h"
#include "state/recovery/recovery_grace.h"
#include "state/session/session_info.h"
#include "state/state.h"

/* `text` is given away. */
static void wait_add(json_t *waits, json_t *text)
{
    (void)json_array_append_new(waits, text);
}

/* "1 request waits", "2 requests wait"; nothing for none. */
static void count_add(json_t *waits, uint32_t count, const char *one, const char *many)
{
    if (count > 0)
        wait_add(waits, json_sprintf("%" PRIu32 " %s", count, count == 1 ? one : many));
}

/* Requests in progress, of which some wait; those of 4.0 that name no client are not known. */
static uint32_t requests(const struct server *server, const struct client_info *client,
                         const struct api_wait_sessions *sessions)
{
    uint32_t count = client->running;
    struct session_info session;

    for (uint32_t i = 0; i < sessions->count; i++) {
        if (session_info_get(server->state, sessions->ids[i], clock_now_ns(), api_peer_of,
                             &session))
            count += session.slots_in_use;
    }
    return count;
}

static void requests_tell(json_t *waits, const struct server *server,
                          const struct client_info *client,
                          const struct api_wait_sessions *sessions)
{
    uint32_t count = requests(server, client, sessions);

    count_add(waits, client->parked, "request waits until other clients have returned delegations",
              "requests wait until other clients have returned delegations");
    count_add(waits, count > client->parked ? count - client->parked : 0,
              "request is being executed", "requests are being executed");
    count_add(waits, client->lock_waiters, "lock owner waits for byte-range locks",
              "lock owners wait for byte-range locks");
}

static void callbacks_tell(json_t *waits, const struct server *server,
                           const struct client_info *client,
                           const struct api_wait_sessions *sessions)
{
    struct callback_backlog backlog = {.waiting = 0};

    for (uint32_t i = 0; i < sessions->count; i++)
        callback_backlog_of_session(server->callback, sessions->ids[i], clock_now_ns(), &backlog);
    callback_backlog_of_client(server->callback, client->id, clock_now_ns(), &backlog);
    if (backlog.oldest_ns > 0)
        wait_add(waits, json_sprintf("it has not answered a callback for %.1f s",
                                     (double)backlog.oldest_ns / NSEC_PER_SEC));
    else
        count_add(waits, backlog.waiting, "callback to it cannot be sent now",
                  "callbacks to it cannot be sent now");
}

static void recovery_tell(json_t *waits, const struct server *server,
                          const struct client_info *client)
{
    if (!client->recorded && recovery_is_failing(server->state->recovery))
        wait_add(waits, json_string("it cannot be recorded in the state directory, and gets no "
                                    "opens and locks before it is"));
    if (client->may_reclaim && !client->reclaim_complete && client->kind == CLIENT_V41)
        wait_add(waits,
                 json_string("it may reclaim what it held before the server started, and has "
                             "not sent RECLAIM_COMPLETE"));
    else if (recovery_in_grace(server->state->recovery))
        wait_add(waits,
                 json_string("its new opens and locks wait for the end of the grace period"));
    count_add(waits, client->revoked, "stateid is lost, which it has not acknowledged",
              "stateids are lost, which it has not acknowledged");
}

json_t *api_waits(const struct server *server, const struct client_info *client,
                  const struct api_wait_sessions *sessions)
{
    json_t *waits = json_array();

    requests_tell(waits, server, client, sessions);
    api_obstacles(waits, server, client);
    callbacks_tell(waits, server, client, sessions);
    recovery_tell(waits, server, client);
    return waits;
}
