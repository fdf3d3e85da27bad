/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_copies.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api/api_clientid.h"
#include "admin/api/api_id.h"
#include "admin/api/api_list.h"
#include "admin/api/api_text.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "base/errand.h"
#include "base/log.h"
#include "export/export_path.h"
#include "export/export_table.h"
#include "proto/compound.h"
#include "proto/copies/copies.h"
#include "proto/copies/copy_view.h"
#include "state/client/client_name.h"
#include "state/file/open_tables.h"
#include "wire/status_name.h"

/* What is asked for, and where the list is. */
struct copies_list {
    const struct server *server;
    struct api_page page;
    uint64_t clientid;    /* 0: all */
    const char *exported; /* the path of an export; NULL: all */
    int64_t now_ns;
    uint64_t number; /* of the last copy that was looked at */
    struct api_list list;
    size_t texts; /* bytes of those of the item */
};

static const char *const state_names[] = {
    [COPY_STATE_WAITING] = "waiting",     [COPY_STATE_RUNNING] = "running",
    [COPY_STATE_ENDED] = "ended",         [COPY_STATE_OVER] = "over",
    [COPY_STATE_CANCELLED] = "cancelled",
};

static const struct export *export_of(const struct copies_list *list, const struct copy_file *file)
{
    const struct nfs_fh4 fh = {.data = file->bytes, .len = file->len};
    struct export *export;

    return export_fh_export(list->server->exports, &fh, &export) == VFS_OK ? export : NULL;
}

static json_t *path_of(struct copies_list *list, const struct copy_file *file)
{
    const struct nfs_fh4 fh = {.data = file->bytes, .len = file->len};
    const struct export *export = export_of(list, file);
    char path[EXPORT_PATH_BYTES];
    struct vfs_object *obj;
    json_t *text = NULL;
    size_t len;

    if (!export || export_fh_resolve(export, &fh, &obj) != VFS_OK)
        return json_null();
    if (export_path_of(list->server->exports, obj, path, sizeof(path), &len) == VFS_OK) {
        text = api_text(path, len);
        list->texts += len;
    }
    vfs_object_put(obj);
    return text ? text : json_null();
}

static json_t *export_path(struct copies_list *list, const struct copy_file *file)
{
    const struct export *export = export_of(list, file);

    if (!export)
        return json_null();
    list->texts += strlen(export->path);
    return api_text(export->path, strlen(export->path));
}

static json_t *client_owner(struct copies_list *list, uint64_t clientid)
{
    struct client_name name;

    if (!client_name_get(list->server->state, clientid, &name))
        return json_null();
    list->texts += name.len;
    return api_text(name.bytes, name.len);
}

/* JSON's integers here are signed. */
static json_t *number(uint64_t value)
{
    return json_integer(value <= INT64_MAX ? (json_int_t)value : INT64_MAX);
}

static json_t *age(const struct copies_list *list, int64_t since_ns)
{
    return json_real(list->now_ns > since_ns ? (double)(list->now_ns - since_ns) / NSEC_PER_SEC
                                             : 0);
}

static json_t *item_new(struct copies_list *list, const struct copy_view *view)
{
    bool has_result = view->state == COPY_STATE_ENDED || view->state == COPY_STATE_OVER;
    char id[2 * NFS4_OTHER_SIZE + 1];

    list->texts = 0;
    api_id_print(view->other, sizeof(view->other), id);
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "id", id,
                     "client", api_clientid(view->clientid), "client_owner",
                     client_owner(list, view->clientid), "source_export",
                     export_path(list, &view->from), "source_path", path_of(list, &view->from),
                     "export", export_path(list, &view->to), "path", path_of(list, &view->to),
                     "state", state_names[view->state], "status",
                     has_result ? json_string(status_name(view->status)) : json_null(),
                     "copied_bytes", number(view->done), "length_bytes", number(view->length),
                     "age_s", age(list, view->begun_ns), "ended_s",
                     view->ended_ns != 0 ? age(list, view->ended_ns) : json_null());
}

static bool is_of(const struct copies_list *list, const struct copy_file *file)
{
    const struct export *export = export_of(list, file);

    return export && strcmp(export->path, list->exported) == 0;
}

static bool passes(const struct copies_list *list, const struct copy_view *view)
{
    return (list->clientid == 0 || view->clientid == list->clientid) &&
           (!list->exported || is_of(list, &view->from) || is_of(list, &view->to));
}

/* True: there may be more. */
static bool fill(struct copies_list *list)
{
    struct copy_view view;

    while (!errand_is_abandoned() && copies_next(list->server->copies, &list->number, &view)) {
        json_t *item;

        if (!passes(list, &view))
            continue;
        item = item_new(list, &view);
        if (!api_list_add(&list->list, item, list->texts))
            return true;
    }
    return false;
}

/* False: the reply is a problem. */
static bool place_read(struct http_request *request, struct copies_list *list)
{
    uint8_t bytes[sizeof(list->number)];

    list->number = 0;
    if (list->page.after[0] == '\0')
        return true;
    if (!api_id_parse(list->page.after, bytes, sizeof(bytes))) {
        api_page_refuse(request);
        return false;
    }
    for (size_t i = 0; i < sizeof(bytes); i++)
        list->number = list->number << 8 | bytes[i];
    return true;
}

/* False: the reply is a problem.  Within the exports' phase. */
static bool export_read(struct http_request *request, struct copies_list *list, char **normal)
{
    const char *text = http_query(request, "export");

    *normal = text ? export_path_normalise(text, strlen(text)) : NULL;
    list->exported = *normal;
    if (!text || (*normal && export_table_backend(list->server->exports, *normal)))
        return true;
    http_reply_problem(&request->reply, 404, "parameter 'export': nothing is exported at this path",
                       NULL);
    return false;
}

static void list_reply(struct http_request *request, struct copies_list *list)
{
    char next[API_CURSOR_BYTES] = "";

    api_list_begin(&list->list, &list->page);
    if (fill(list))
        (void)snprintf(next, sizeof(next), "%016" PRIx64, list->number);
    vfs_own_identity();
    api_page_reply(request, list->list.items, next);
}

void api_copies_list(struct http_request *request, void *context)
{
    static const char *const names[] = {"limit", "after", "client", "export"};
    const struct endpoint *endpoint = context;
    struct copies_list list = {.server = endpoint->server, .now_ns = clock_now_ns()};
    char *exported;
    unsigned phase;

    if (!http_query_check(request, names, ARRAY_SIZE(names)) ||
        !api_page_read(request, &list.page) || !place_read(request, &list) ||
        !api_clientid_read(request, &list.clientid))
        return;
    phase = export_enter(list.server->exports);
    if (export_read(request, &list, &exported))
        list_reply(request, &list);
    export_leave(list.server->exports, phase);
    free(exported);
}

static struct stateid *find(struct http_request *request, const struct server *server)
{
    struct stateid4 name = {.seqid = 0};
    struct stateid *sid = NULL;

    if (api_id_parse(request->args.of[0], name.other, sizeof(name.other)))
        sid = stateid_lookup_copy(server->state->opens->stateids, &name, NULL);
    if (sid && errand_commit())
        return sid;
    if (sid)
        stateid_put(sid);
    http_reply_problem(&request->reply, 404, "there is no copy of this ID", NULL);
    return NULL;
}

void api_copies_cancel(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    struct stateid *sid;

    if (!http_query_check(request, NULL, 0))
        return;
    sid = find(request, endpoint->server);
    if (!sid)
        return;
    if (copies_abort(sid)) {
        log_warn("admin.copy", LOG_HEX("id", sid->other, sizeof(sid->other)),
                 LOG_ID("client", sid->client->id), LOG_STR("by", request->by));
        http_reply_done(&request->reply);
    } else {
        http_reply_problem(&request->reply, 404, "the copy of this ID has ended", NULL);
    }
    stateid_put(sid);
}
