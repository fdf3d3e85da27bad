/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api/api_clientid.h"
#include "admin/api/api_id.h"
#include "admin/api/api_text.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "base/errand.h"
#include "base/htable.h"
#include "base/log.h"
#include "export/export_path.h"
#include "export/export_table.h"
#include "proto/compound.h"
#include "state/client/client_name.h"
#include "state/file/file.h"
#include "state/file/open_tables.h"

enum {
    ITEM_BYTES = 512, /* of an item without its texts, at the most */
    TEXT_BYTES = 5,   /* of a byte of a text, as "\\xNN" */
    ITEM_TEXTS = 3,   /* of at most EXPORT_PATH_BYTES */
};

static const char *const kind_names[] = {
    [STATEID_OPEN] = "open",
    [STATEID_LOCK] = "lock",
    [STATEID_DELEGATION] = "delegation",
};

static void path_refuse(struct http_request *request, enum vfs_status status)
{
    if (status == VFS_INVAL)
        http_reply_problem(&request->reply, 400,
                           "parameter 'path' wants a path as clients see it, from '/' on", NULL);
    else if (status == VFS_DELAY || status == VFS_IO)
        http_reply_problem(&request->reply, 503, "the path cannot be looked up at present", NULL);
    else
        http_reply_problem(&request->reply, 404,
                           "parameter 'path': clients see no such file; its path begins with that "
                           "of an export",
                           NULL);
}

/* The record of the file, for as long as the list is made. */
static bool path_read(struct api_state_list *list, struct http_request *request)
{
    struct server *server = list->endpoint->server;
    const char *text = http_query(request, "path");
    struct vfs_object *obj;
    enum vfs_status status;

    if (!text)
        return true;
    status = export_path_lookup(server->exports, text, strlen(text), &obj);
    vfs_own_identity();
    if (status != VFS_OK) {
        path_refuse(request, status);
        return false;
    }
    list->filter.file = file_lookup(server->state->opens->files, obj);
    list->nothing = !list->filter.file;
    vfs_object_put(obj);
    return true;
}

/* The file system of the export, for comparison alone. */
static bool export_read(struct api_state_list *list, struct http_request *request)
{
    const char *text = http_query(request, "export");
    char *path = text ? export_path_normalise(text, strlen(text)) : NULL;

    if (path)
        list->filter.fs = export_table_backend(list->endpoint->server->exports, path);
    free(path);
    if (!text || list->filter.fs)
        return true;
    http_reply_problem(&request->reply, 404, "parameter 'export': nothing is exported at this path",
                       NULL);
    return false;
}

/* Place and first byte, in digits of a fixed number. */
static void cursor_print(const struct state_cursor *cursor, char text[API_CURSOR_BYTES])
{
    (void)snprintf(text, API_CURSOR_BYTES, "%08" PRIx32 "%016" PRIx64, cursor->at, cursor->start);
}

/* False: the reply is a problem. */
static bool cursor_read(struct http_request *request, const struct api_page *page,
                        struct state_cursor *cursor)
{
    uint8_t bytes[sizeof(cursor->at) + sizeof(cursor->start)];

    *cursor = (struct state_cursor){.at = 0};
    if (page->after[0] == '\0')
        return true;
    if (!api_id_parse(page->after, bytes, sizeof(bytes))) {
        api_page_refuse(request);
        return false;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i < sizeof(cursor->at))
            cursor->at = cursor->at << 8 | bytes[i];
        else
            cursor->start = cursor->start << 8 | bytes[i];
    }
    return true;
}

/* False: the reply is a problem. */
static bool begin(struct api_state_list *list, struct http_request *request,
                  struct endpoint *endpoint, struct state_cursor *cursor)
{
    static const char *const names[] = {"limit", "after", "client", "path", "export"};

    memset(list, 0, sizeof(*list));
    list->endpoint = endpoint;
    list->now_ns = clock_now_ns();
    if (!http_query_check(request, names, ARRAY_SIZE(names)) ||
        !api_page_read(request, &list->page) || !cursor_read(request, &list->page, cursor) ||
        !api_clientid_read(request, &list->filter.clientid))
        return false;
    list->exports_phase = export_enter(endpoint->server->exports);
    if (!export_read(list, request) || !path_read(list, request)) {
        export_leave(endpoint->server->exports, list->exports_phase);
        return false;
    }
    list->items = json_array();
    return true;
}

static void end(struct api_state_list *list)
{
    for (size_t i = 0; i < API_STATE_NAMES; i++)
        json_decref(list->names[i].text);
    if (list->filter.file)
        file_put((struct file *)list->filter.file);
    export_leave(list->endpoint->server->exports, list->exports_phase);
}

void api_state_list_reply(struct http_request *request, struct endpoint *endpoint,
                          bool (*next)(struct api_state_list *list, struct state_cursor *cursor))
{
    struct state_cursor cursor, here;
    char after[API_CURSOR_BYTES] = "";
    struct api_state_list list;

    if (!begin(&list, request, endpoint, &cursor))
        return;
    for (here = cursor; !list.nothing && next(&list, &cursor); here = cursor)
        continue;
    if (list.is_full)
        cursor_print(&here, after);
    end(&list);
    api_page_reply(request, list.items, after);
}

static json_t *client_owner(struct api_state_list *list, uint64_t clientid)
{
    struct api_state_name *entry = &list->names[hash_u64(clientid) % API_STATE_NAMES];
    struct client_name name;

    if (!entry->text || entry->clientid != clientid) {
        json_decref(entry->text);
        *entry = (struct api_state_name){.clientid = clientid};
        if (client_name_get(list->endpoint->server->state, clientid, &name)) {
            entry->text = api_text(name.bytes, name.len);
            entry->len = name.len;
        }
    }
    list->bytes += (size_t)TEXT_BYTES * entry->len;
    return entry->text ? json_incref(entry->text) : json_null();
}

static json_t *path_of(struct api_state_list *list, struct vfs_object *obj)
{
    char path[EXPORT_PATH_BYTES];
    size_t len;

    if (export_path_of(list->endpoint->server->exports, obj, path, sizeof(path), &len) != VFS_OK)
        return json_null();
    list->bytes += TEXT_BYTES * len;
    return api_text(path, len);
}

static void member_set(json_t *item, const char *name, json_t *value)
{
    (void)json_object_set_new(item, name, value);
}

static json_t *item_new(struct api_state_list *list, const struct state_view *view,
                        const struct owner_view *owner)
{
    const struct export *export = export_of_fs(list->endpoint->server->exports, view->obj->fs);
    char id[2 * NFS4_OTHER_SIZE + 1];
    json_t *item = json_object();

    api_id_print(view->other, sizeof(view->other), id);
    member_set(item, "id", json_string(id));
    member_set(item, "client", api_clientid(view->clientid));
    member_set(item, "client_owner", client_owner(list, view->clientid));
    if (owner) {
        member_set(item, "owner", api_text(owner->name, owner->len));
        list->bytes += (size_t)TEXT_BYTES * owner->len;
    }
    member_set(item, "export", export ? api_text(export->path, strlen(export->path)) : json_null());
    member_set(item, "path", path_of(list, view->obj));
    list->bytes += ITEM_BYTES;
    return item;
}

/* With room for one more item, however long, and somebody who waits for it. */
static bool has_room(const struct api_state_list *list)
{
    const size_t longest = ITEM_BYTES + (size_t)ITEM_TEXTS * TEXT_BYTES * EXPORT_PATH_BYTES;

    return !errand_is_abandoned() && json_array_size(list->items) < list->page.limit &&
           list->bytes <= LIMIT_ADMIN_REPLY_BYTES - longest;
}

json_t *api_state_list_add(struct api_state_list *list, const struct state_view *view,
                           const struct owner_view *owner)
{
    json_t *item = NULL;

    list->is_full = !has_room(list);
    if (!list->is_full) {
        item = item_new(list, view, owner);
        if (json_array_append_new(list->items, item) != 0) { /* there is no memory */
            json_decref(list->items);
            list->items = item = NULL;
        }
    }
    vfs_object_put(view->obj);
    return item;
}

struct stateid *api_state_find(struct http_request *request, struct endpoint *endpoint,
                               enum stateid_kind kind)
{
    struct stateid4 name = {.seqid = 0};
    struct stateid *sid = NULL;
    char detail[64];

    if (!http_query_check(request, NULL, 0))
        return NULL;
    if (api_id_parse(request->args.of[0], name.other, sizeof(name.other)))
        sid = stateid_lookup_any(endpoint->server->state->opens->stateids, &name);
    if (sid && sid->kind == kind && errand_commit())
        return sid;
    if (sid)
        stateid_put(sid);
    (void)snprintf(detail, sizeof(detail), "there is no %s of this ID", kind_names[kind]);
    http_reply_problem(&request->reply, 404, detail, NULL);
    return NULL;
}

void api_state_revoked(struct http_request *request, struct stateid *sid, struct vfs_object *obj,
                       enum nfsstat4 status)
{
    char detail[128];

    if (status == NFS4_OK) {
        log_warn("admin.revoke", LOG_STR("what", kind_names[sid->kind]),
                 LOG_HEX("id", sid->other, sizeof(sid->other)), LOG_ID("client", sid->client->id),
                 LOG_U64("fileid", obj->fileid), LOG_STR("by", request->by));
        http_reply_done(&request->reply);
    } else if (status == NFS4ERR_BAD_STATEID) {
        (void)snprintf(detail, sizeof(detail), "the %s of this ID has %s", kind_names[sid->kind],
                       stateid_revoked(sid) != NFS4_OK
                           ? "been revoked already; its client has not acknowledged that"
                           : "just ended");
        http_reply_problem(&request->reply, 404, detail, NULL);
    } else {
        http_reply_problem(
            &request->reply, 500,
            "the loss cannot be recorded in the state directory; nothing was revoked", NULL);
    }
    stateid_put(sid);
}
