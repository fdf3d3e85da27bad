/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "admin/api/api_client.h"
#include "admin/api/api_clientid.h"
#include "admin/api/api_id.h"
#include "admin/api/api_list.h"
#include "admin/api/api_place.h"
#include "admin/api/api_recall.h"
#include "admin/api/api_text.h"
#include "admin/api/api_wait.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "base/errand.h"
#include "proto/compound.h"
#include "state/client/client_info.h"
#include "state/client/client_table.h"
#include "state/session/session_info.h"

/* ---- filters ---- */

struct filter {
    const char *owner;       /* NULL: any */
    struct client_peer peer; /* AF_UNSPEC: any */
};

static bool filter_read(struct http_request *request, struct filter *filter)
{
    const char *address = http_query(request, "address");

    *filter = (struct filter){.owner = http_query(request, "owner")};
    if (!address)
        return true;
    if (inet_pton(AF_INET, address, filter->peer.bytes) == 1)
        filter->peer.family = AF_INET;
    else if (inet_pton(AF_INET6, address, filter->peer.bytes) == 1)
        filter->peer.family = AF_INET6;
    else
        http_reply_problem(&request->reply, 400,
                           "parameter 'address' wants an IPv4 or IPv6 address", NULL);
    return filter->peer.family != AF_UNSPEC;
}

/* As it is, or as it is shown. */
static bool owner_matches(const struct client_info *client, const char *owner)
{
    json_t *shown;
    bool equal;

    if (strlen(owner) == client->owner_len && memcmp(owner, client->owner, client->owner_len) == 0)
        return true;
    if (!strchr(owner, '\\'))
        return false;
    shown = api_text(client->owner, client->owner_len);
    equal = shown && strcmp(json_string_value(shown), owner) == 0;
    json_decref(shown);
    return equal;
}

static bool matches(const struct client_info *client, const struct filter *filter)
{
    if (filter->owner && !owner_matches(client, filter->owner))
        return false;
    return filter->peer.family == AF_UNSPEC ||
           (filter->peer.family == client->peer.family &&
            memcmp(filter->peer.bytes, client->peer.bytes, sizeof(filter->peer.bytes)) == 0);
}

/* ---- GET /clients ---- */

/* False: the page is full. */
static bool chunk_add(const struct server *server, struct api_list *list,
                      const struct filter *filter, const struct client_info *infos, uint32_t count,
                      struct htable_place *place)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!matches(&infos[i], filter) ||
            api_list_add(list, api_client(server->state, server->callback, &infos[i]),
                         api_client_texts(&infos[i])))
            continue;
        *place = infos[i].place;
        return false;
    }
    return true;
}

static void list_run(const struct server *server, struct api_list *list,
                     const struct filter *filter, struct htable_place *place)
{
    struct client_info infos[CLIENT_INFO_CHUNK];
    int64_t now_ns = clock_now_ns();
    bool going = true;

    while (going && !place->end) {
        uint32_t count = client_info_next(server->state, now_ns, place, infos);

        going = chunk_add(server, list, filter, infos, count, place);
    }
}

void api_clients_list(struct http_request *request, void *context)
{
    static const char *const names[] = {"limit", "after", "owner", "address"};
    const struct endpoint *endpoint = context;
    char next[API_CURSOR_BYTES];
    struct htable_place place;
    struct filter filter;
    struct api_page page;
    struct api_list list;

    if (!http_query_check(request, names, ARRAY_SIZE(names)) || !api_page_read(request, &page) ||
        !filter_read(request, &filter))
        return;
    if (!api_place_of_client_parse(page.after, &place)) {
        api_page_refuse(request);
        return;
    }
    api_list_begin(&list, &page);
    list_run(endpoint->server, &list, &filter, &place);
    api_place_of_client_print(&place, next);
    api_page_reply(request, list.items, next);
}

/* ---- /clients/{id} ---- */

/* False: the reply is a problem. */
static bool id_read(struct http_request *request, uint64_t *clientid)
{
    if (!http_query_check(request, NULL, 0))
        return false;
    if (api_clientid_parse(request->args.of[0], clientid))
        return true;
    http_reply_problem(&request->reply, 404, "the ID of a client has 16 hexadecimal digits", NULL);
    return false;
}

static void no_client(struct http_request *request)
{
    http_reply_problem(&request->reply, 404, "there is no such client", NULL);
}

static json_t *session_ids_json(const struct api_wait_sessions *sessions)
{
    json_t *ids = json_array();

    for (uint32_t i = 0; i < sessions->count; i++) {
        char id[2 * NFS4_SESSIONID_SIZE + 1];

        api_id_print(sessions->ids[i], NFS4_SESSIONID_SIZE, id);
        (void)json_array_append_new(ids, json_string(id));
    }
    return ids;
}

static json_t *details_json(const struct server *server, const struct client_info *client)
{
    json_t *item = api_client(server->state, server->callback, client);
    struct api_wait_sessions sessions;

    sessions.count = session_info_ids(server->state, client->id, sessions.ids);
    (void)json_object_set_new(item, "session_ids", session_ids_json(&sessions));
    (void)json_object_set_new(item, "recalls", api_recalls(server, client->id));
    (void)json_object_set_new(item, "waits", api_waits(server, client, &sessions));
    return item;
}

void api_clients_show(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    const struct server *server = endpoint->server;
    struct client_info client;
    uint64_t clientid;

    if (!id_read(request, &clientid))
        return;
    if (client_info_get(server->state, clientid, clock_now_ns(), &client))
        http_reply_json(&request->reply, details_json(server, &client));
    else
        no_client(request);
}

void api_clients_evict(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    uint64_t clientid;

    if (!id_read(request, &clientid))
        return;
    if (errand_commit() && client_remove_by_admin(endpoint->server->state, clientid, request->by))
        http_reply_done(&request->reply);
    else
        no_client(request);
}
