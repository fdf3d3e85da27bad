/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_callbacks.h"

#include <stdio.h>
#include <string.h>

#include "admin/api/api_clientid.h"
#include "admin/api/api_id.h"
#include "admin/api/api_list.h"
#include "admin/api/api_peer.h"
#include "admin/api/api_place.h"
#include "admin/api/api_text.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "callback/callback.h"
#include "callback/callback_counters.h"
#include "callback/callback_info.h"
#include "proto/compound.h"
#include "state/client/client_info.h"
#include "state/session/session_info.h"

/* ---- counters ---- */

static json_t *by_op_json(const struct callback_stats *stats)
{
    json_t *by_op = json_object();

    for (unsigned op = 0; op < CALLBACK_OP_COUNT; op++) {
        uint64_t total = stats->of[op][CALLBACK_COUNTER_total];

        if (total > 0)
            (void)json_object_set_new(by_op, callback_op_name((enum callback_op)op),
                                      json_integer((json_int_t)total));
    }
    return by_op;
}

static json_t *counters_json(const struct callback *callback)
{
    struct callback_stats stats;

    callback_counters_read(callback->counters, &stats);
    return json_pack("{s:I, s:I, s:I, s:o}", "total", (json_int_t)stats.all[CALLBACK_COUNTER_total],
                     "failures", (json_int_t)stats.all[CALLBACK_COUNTER_failures], "retries",
                     (json_int_t)stats.all[CALLBACK_COUNTER_retries], "by_op", by_op_json(&stats));
}

/* ---- paths ---- */

/* Where the list is: among the sessions, then among the clients. */
struct place {
    struct session_place sessions;
    struct htable_place clients;
};

/* 's' or 'c', and the cursor of that list. */
static void place_print(const struct place *place, char cursor[API_CURSOR_BYTES])
{
    char there[API_CURSOR_BYTES];

    if (place->sessions.end)
        api_place_of_client_print(&place->clients, there);
    else
        api_place_of_session_print(&place->sessions, there);
    cursor[0] = '\0';
    if (there[0] != '\0')
        (void)snprintf(cursor, API_CURSOR_BYTES, "%c%.*s", place->sessions.end ? 'c' : 's',
                       API_CURSOR_BYTES - 2, there);
}

static bool place_parse(const char *cursor, struct place *place)
{
    memset(place, 0, sizeof(*place));
    if (cursor[0] == '\0')
        return true;
    place->sessions.end = cursor[0] == 'c';
    if (cursor[1] == '\0')
        return false;
    if (cursor[0] == 'c')
        return api_place_of_client_parse(cursor + 1, &place->clients);
    return cursor[0] == 's' && api_place_of_session_parse(cursor + 1, &place->sessions);
}

static enum callback_path path_of(const struct session_info *session)
{
    if (session->back == SESSION_BACK_NONE)
        return CALLBACK_PATH_NONE;
    if (session->back == SESSION_BACK_DOWN)
        return CALLBACK_PATH_DOWN;
    return session->back_refused ? CALLBACK_PATH_REFUSED : CALLBACK_PATH_UP;
}

/* What waits on the way. */
static json_t *backlog_set(json_t *path, const struct callback_backlog *backlog)
{
    (void)json_object_set_new(path, "waiting", json_integer(backlog->waiting));
    (void)json_object_set_new(path, "oldest_s",
                              json_real((double)backlog->oldest_ns / NSEC_PER_SEC));
    return path;
}

static json_t *session_json(const struct callback *callback, const struct session_info *session)
{
    struct callback_backlog backlog = {0};
    char id[2 * NFS4_SESSIONID_SIZE + 1];

    api_id_print(session->id, NFS4_SESSIONID_SIZE, id);
    callback_backlog_of_session(callback, session->id, clock_now_ns(), &backlog);
    return backlog_set(json_pack("{s:o, s:o, s:s, s:s, s:s}", "client",
                                 api_clientid(session->clientid), "client_owner",
                                 api_text(session->owner, session->owner_len), "kind", "4.1",
                                 "session", id, "state", callback_path_name(path_of(session))),
                       &backlog);
}

/* The address is the client's, as it said it (RFC 5665). */
static json_t *client_json(const struct callback *callback, const struct client_info *client)
{
    struct callback_backlog backlog = {0};

    callback_backlog_of_client(callback, client->id, clock_now_ns(), &backlog);
    return backlog_set(json_pack("{s:o, s:o, s:s, s:s, s:o}", "client", api_clientid(client->id),
                                 "client_owner", api_text(client->owner, client->owner_len), "kind",
                                 "4.0", "state",
                                 callback_path_name(callback_path_of(callback, client)), "address",
                                 api_text(client->callback.addr, strlen(client->callback.addr))),
                       &backlog);
}

/* False: the page is full. */
static bool sessions_add(const struct server *server, struct api_list *list,
                         struct session_place *place)
{
    struct session_info infos[SESSION_INFO_CHUNK];
    uint32_t count = session_info_next(server->state, clock_now_ns(), api_peer_of, place, infos);

    for (uint32_t i = 0; i < count; i++) {
        if (infos[i].back == SESSION_BACK_NONE ||
            api_list_add(list, session_json(server->callback, &infos[i]), infos[i].owner_len))
            continue;
        *place = infos[i].place;
        return false;
    }
    return true;
}

static bool clients_add(const struct server *server, struct api_list *list,
                        struct htable_place *place)
{
    struct client_info infos[CLIENT_INFO_CHUNK];
    uint32_t count = client_info_next(server->state, clock_now_ns(), place, infos);

    for (uint32_t i = 0; i < count; i++) {
        if (infos[i].kind != CLIENT_V40 || /* its sessions were listed */
            callback_path_of(server->callback, &infos[i]) == CALLBACK_PATH_NONE ||
            api_list_add(list, client_json(server->callback, &infos[i]), infos[i].owner_len))
            continue;
        *place = infos[i].place;
        return false;
    }
    return true;
}

static void list_run(const struct server *server, struct api_list *list, struct place *place)
{
    bool going = true;

    while (going && !place->sessions.end)
        going = sessions_add(server, list, &place->sessions);
    while (going && !place->clients.end)
        going = clients_add(server, list, &place->clients);
}

void api_callbacks_show(struct http_request *request, void *context)
{
    static const char *const names[] = {"limit", "after"};
    const struct endpoint *endpoint = context;
    char next[API_CURSOR_BYTES];
    struct api_page page;
    struct api_list list;
    struct place place;
    json_t *reply;

    if (!http_query_check(request, names, ARRAY_SIZE(names)) || !api_page_read(request, &page))
        return;
    if (!place_parse(page.after, &place)) {
        api_page_refuse(request);
        return;
    }
    api_list_begin(&list, &page);
    list_run(endpoint->server, &list, &place);
    place_print(&place, next);
    reply = json_pack("{s:o, s:o}", "counters", counters_json(endpoint->server->callback), "paths",
                      list.items);
    if (reply && next[0] != '\0')
        (void)json_object_set_new(reply, "next", json_string(next));
    http_reply_json(&request->reply, reply);
}
