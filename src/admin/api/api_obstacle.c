/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_obstacle.h"

#include "admin/api/api_clientid.h"
#include "admin/api/api_path.h"
#include "admin/api/api_text.h"
#include "base/clock.h"
#include "export/export.h"
#include "proto/compound.h"
#include "state/client/client_info.h"
#include "state/client/client_name.h"
#include "state/delegation/delegation_view.h"
#include "state/lock/lock_wait_view.h"
#include "state/state.h"

/* By its owner name, or its ID if it is gone. */
static json_t *client_json(const struct server *server, uint64_t clientid)
{
    struct client_name name;

    return client_name_get(server->state, clientid, &name) ? api_text(name.bytes, name.len)
                                                           : api_clientid(clientid);
}

static json_t *path_json(const struct server *server, struct vfs_object *obj)
{
    json_t *path = api_path(server, obj);

    if (json_is_string(path))
        return path;
    json_decref(path);
    return json_string("a file whose path cannot be found out");
}

static double age_s(int64_t since_ns)
{
    int64_t age_ns = clock_now_ns() - since_ns;

    return age_ns > 0 ? (double)age_ns / NSEC_PER_SEC : 0.0;
}

static json_t *delegation_text(const struct client_info *client, const struct delegation_view *view,
                               const char *path, const char *holder)
{
    double asked_s = age_s(client->delayed_ns), recalled_s = age_s(view->recalled_ns);

    if (client->parked > 0)
        return json_sprintf("for %.1f s it has waited to use %s: client %s has not returned its "
                            "delegation, recalled %.1f s ago",
                            asked_s, path, holder, recalled_s);
    return json_sprintf("%.1f s ago it was told to retry to use %s (NFS4ERR_DELAY): client %s has "
                        "not returned its delegation, recalled %.1f s ago",
                        asked_s, path, holder, recalled_s);
}

static void delegation_tell(json_t *waits, const struct server *server,
                            const struct client_info *client)
{
    struct delegation_view view;
    json_t *path, *holder;

    if (client->delayed_ns == 0 || age_s(client->delayed_ns) > LIMIT_ADMIN_DELAY_S ||
        !delegation_view_get(server->state, &client->delayed_by, &view))
        return;
    if (view.phase != DELEGATION_RECALLED) {
        vfs_object_put(view.state.obj);
        return;
    }
    path = path_json(server, view.state.obj);
    holder = client_json(server, view.state.clientid);
    vfs_object_put(view.state.obj);
    (void)json_array_append_new(
        waits, delegation_text(client, &view, json_string_value(path), json_string_value(holder)));
    json_decref(path);
    json_decref(holder);
}

static json_t *lock_text(const struct lock_wait_view *view, const char *path, const char *holder)
{
    const char *what = view->queued ? "has waited longer for it" : "holds it";

    if (view->clientid == 0)
        return json_sprintf("for %.1f s it has waited for a byte-range lock of %s, which it gets "
                            "when it asks again",
                            age_s(view->since_ns), path);
    return json_sprintf("for %.1f s it has waited for a byte-range lock of %s: client %s %s",
                        age_s(view->since_ns), path, holder, what);
}

static void lock_tell(json_t *waits, const struct server *server, const struct lock_wait_view *view)
{
    json_t *path = path_json(server, view->open.obj), *holder = client_json(server, view->clientid);

    (void)json_array_append_new(
        waits, lock_text(view, json_string_value(path), json_string_value(holder)));
    json_decref(path);
    json_decref(holder);
}

static void locks_tell(json_t *waits, const struct server *server, const struct client_info *client)
{
    struct state_cursor cursor = {.at = 0};
    struct lock_wait_view view;

    for (uint32_t i = 0; client->lock_waiters > 0 && i < LIMIT_ADMIN_WAITS; i++) {
        if (!lock_wait_view_next(server->state, client->id, &cursor, clock_now_ns(), &view))
            break;
        lock_tell(waits, server, &view);
        vfs_object_put(view.open.obj);
    }
}

void api_obstacles(json_t *waits, const struct server *server, const struct client_info *client)
{
    unsigned phase = export_enter(server->exports);

    delegation_tell(waits, server, client);
    locks_tell(waits, server, client);
    export_leave(server->exports, phase);
}
