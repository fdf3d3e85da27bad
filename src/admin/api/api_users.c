/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_users.h"

#include "admin/api/api_peer.h"
#include "admin/api/api_text.h"
#include "base/clock.h"
#include "export/export_table.h"
#include "proto/compound.h"
#include "state/client/client_info.h"
#include "state/delegation/delegation_view.h"
#include "state/open/open_view.h"

struct users {
    uint64_t ids[API_USERS_SHOWN + 1]; /* the last one stands for all others */
    uint32_t count;
};

/* False: there is no room for more. */
static bool user_add(struct users *users, uint64_t clientid)
{
    uint32_t i = 0;

    while (i < users->count && users->ids[i] != clientid)
        i++;
    if (i == users->count)
        users->ids[users->count++] = clientid;
    return users->count <= API_USERS_SHOWN;
}

static void find(struct state *state, const struct vfs *fs, struct users *users)
{
    const struct state_filter filter = {.fs = fs};
    struct state_cursor opens = {.at = 0}, delegations = {.at = 0};
    struct delegation_view delegation;
    struct open_view open;
    bool more = true;

    while (more && open_view_next(state, &filter, &opens, &open)) {
        more = user_add(users, open.state.clientid);
        vfs_object_put(open.state.obj);
    }
    while (more && delegation_view_next(state, &filter, &delegations, &delegation)) {
        more = user_add(users, delegation.state.clientid);
        vfs_object_put(delegation.state.obj);
    }
}

static void tell(struct state *state, uint64_t clientid, json_t *texts)
{
    struct client_info info;
    json_t *owner, *address;

    if (!client_info_get(state, clientid, clock_now_ns(), &info))
        return; /* it has gone */
    owner = api_text(info.owner, info.owner_len);
    address = api_peer_address(&info.peer);
    (void)json_array_append_new(
        texts, json_sprintf("%s (%s)", json_string_value(owner),
                            json_is_string(address) ? json_string_value(address) : "?"));
    json_decref(owner);
    json_decref(address);
}

void api_users_add(const struct server *server, const char *path, json_t *texts)
{
    unsigned phase = export_enter(server->exports);
    const struct vfs *fs = export_table_backend(server->exports, path);
    struct users users = {.count = 0};

    if (fs)
        find(server->state, fs, &users);
    export_leave(server->exports, phase);
    for (uint32_t i = 0; i < users.count && i < API_USERS_SHOWN; i++)
        tell(server->state, users.ids[i], texts);
    if (users.count > API_USERS_SHOWN)
        (void)json_array_append_new(texts, json_string("and others"));
}
