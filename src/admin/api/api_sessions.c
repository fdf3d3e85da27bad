/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_sessions.h"

#include <time.h>

#include "admin/api/api_clientid.h"
#include "admin/api/api_id.h"
#include "admin/api/api_list.h"
#include "admin/api/api_peer.h"
#include "admin/api/api_place.h"
#include "admin/api/api_text.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "proto/compound.h"
#include "state/session/session_end.h"
#include "state/session/session_info.h"
#include "state/session/slot_table.h"

enum {
    CLOSE_TRIES = 10, /* for requests that are about to end */
    CLOSE_PAUSE_NS = 25000000,
};

static json_t *connections_json(const struct session_info *session)
{
    json_t *connections = json_array();

    for (uint32_t i = 0; i < session->connection_count; i++) {
        const struct session_connection *connection = &session->connections[i];

        (void)json_array_append_new(
            connections, json_pack("{s:o, s:b, s:b}", "peer", api_peer(&connection->peer), "fore",
                                   connection->fore, "back", connection->back));
    }
    return connections;
}

static const char *back_name(enum session_back_state back)
{
    static const char *const names[] = {
        [SESSION_BACK_NONE] = "none",
        [SESSION_BACK_DOWN] = "down",
        [SESSION_BACK_UP] = "up",
    };

    return names[back];
}

static json_t *session_json(const struct session_info *session)
{
    char id[2 * NFS4_SESSIONID_SIZE + 1];

    api_id_print(session->id, NFS4_SESSIONID_SIZE, id);
    return json_pack(
        "{s:s, s:o, s:o, s:I, s:I, s:o, s:I, s:I, s:o, s:s, s:f}", "id", id, "client",
        api_clientid(session->clientid), "client_owner",
        api_text(session->owner, session->owner_len), "slots", (json_int_t)session->slots,
        "slots_in_use", (json_int_t)session->slots_in_use, "highest_slot",
        session->slots_peak > 0 ? json_integer(session->slots_peak - 1) : json_null(), "requests",
        (json_int_t)session->requests, "reply_cache_bytes", (json_int_t)session->reply_bytes,
        "connections", connections_json(session), "back_channel", back_name(session->back),
        "last_activity_s", (double)session->idle_ns / NSEC_PER_SEC);
}

/* False: the page is full. */
static bool chunk_add(struct api_list *list, const struct session_info *infos, uint32_t count,
                      uint64_t clientid, struct session_place *place)
{
    for (uint32_t i = 0; i < count; i++) {
        if (clientid != 0 && infos[i].clientid != clientid)
            continue;
        if (api_list_add(list, session_json(&infos[i]),
                         infos[i].owner_len + (size_t)infos[i].connection_count * 16))
            continue;
        *place = infos[i].place;
        return false;
    }
    return true;
}

static void list_run(struct state *state, struct api_list *list, uint64_t clientid,
                     struct session_place *place)
{
    struct session_info infos[SESSION_INFO_CHUNK];
    int64_t now_ns = clock_now_ns();
    bool going = true;

    while (going && !place->end) {
        uint32_t count = session_info_next(state, now_ns, api_peer_of, place, infos);

        going = chunk_add(list, infos, count, clientid, place);
    }
}

void api_sessions_list(struct http_request *request, void *context)
{
    static const char *const names[] = {"limit", "after", "client"};
    const struct endpoint *endpoint = context;
    char next[API_CURSOR_BYTES];
    struct session_place place;
    struct api_page page;
    struct api_list list;
    uint64_t clientid;

    if (!http_query_check(request, names, ARRAY_SIZE(names)) || !api_page_read(request, &page) ||
        !api_clientid_read(request, &clientid))
        return;
    if (!api_place_of_session_parse(page.after, &place)) {
        api_page_refuse(request);
        return;
    }
    api_list_begin(&list, &page);
    list_run(endpoint->server->state, &list, clientid, &place);
    api_place_of_session_print(&place, next);
    api_page_reply(request, list.items, next);
}

/* False: the reply is a problem. */
static bool id_read(struct http_request *request, uint8_t id[NFS4_SESSIONID_SIZE])
{
    if (!http_query_check(request, NULL, 0))
        return false;
    if (api_id_parse(request->args.of[0], id, NFS4_SESSIONID_SIZE))
        return true;
    http_reply_problem(&request->reply, 404, "the ID of a session has 32 hexadecimal digits", NULL);
    return false;
}

static void no_session(struct http_request *request)
{
    http_reply_problem(&request->reply, 404, "there is no such session", NULL);
}

static json_t *slots_json(struct state *state, const uint8_t *id)
{
    struct slot_view views[LIMIT_SLOTS];
    uint32_t count = session_info_slots(state, id, views, LIMIT_SLOTS);
    json_t *slots = json_array();

    for (uint32_t i = 0; i < count; i++)
        (void)json_array_append_new(
            slots, json_pack("{s:I, s:b, s:I}", "slot", (json_int_t)views[i].id, "in_use",
                             (int)views[i].busy, "requests", (json_int_t)views[i].seqid));
    return slots;
}

void api_sessions_show(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    uint8_t id[NFS4_SESSIONID_SIZE];
    struct session_info info;
    json_t *session;

    if (!id_read(request, id))
        return;
    if (!session_info_get(endpoint->server->state, id, clock_now_ns(), api_peer_of, &info)) {
        no_session(request);
        return;
    }
    session = session_json(&info);
    (void)json_object_set_new(session, "slot_states", slots_json(endpoint->server->state, id));
    http_reply_json(&request->reply, session);
}

static enum nfsstat4 close_patiently(struct state *state, const uint8_t *id, const char *by)
{
    const struct timespec pause = {.tv_nsec = CLOSE_PAUSE_NS};
    enum nfsstat4 status = session_close_by_admin(state, id, by);

    for (int i = 0; status == NFS4ERR_DELAY && i < CLOSE_TRIES; i++) {
        (void)nanosleep(&pause, NULL);
        status = session_close_by_admin(state, id, by);
    }
    return status;
}

void api_sessions_close(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    uint8_t id[NFS4_SESSIONID_SIZE];

    if (!id_read(request, id))
        return;
    switch (close_patiently(endpoint->server->state, id, request->by)) {
    case NFS4_OK:
        http_reply_done(&request->reply);
        break;
    case NFS4ERR_DELAY:
        http_reply_problem(&request->reply, 409,
                           "requests are in progress in the session, whose replies would be lost; "
                           "try again, or evict its client",
                           NULL);
        break;
    default:
        no_session(request);
        break;
    }
}
