/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_opens.h"

#include "admin/api/api_state.h"
#include "admin/http/http_request.h"
#include "proto/compound.h"
#include "state/open/open_revoke.h"
#include "state/open/open_view.h"

static const char *bits_name(uint32_t bits)
{
    static const char *const names[] = {"none", "read", "write", "both"};

    return names[bits % ARRAY_SIZE(names)];
}

static bool open_next(struct api_state_list *list, struct state_cursor *cursor)
{
    struct open_view view;
    json_t *item;

    if (!open_view_next(list->endpoint->server->state, &list->filter, cursor, &view))
        return false;
    item = api_state_list_add(list, &view.state, &view.owner);
    if (!item)
        return false;
    (void)json_object_set_new(item, "access", json_string(bits_name(view.access)));
    (void)json_object_set_new(item, "deny", json_string(bits_name(view.deny)));
    (void)json_object_set_new(item, "locks", json_integer(view.locks));
    return true;
}

void api_opens_list(struct http_request *request, void *context)
{
    api_state_list_reply(request, context, open_next);
}

void api_opens_revoke(struct http_request *request, void *context)
{
    struct stateid *sid = api_state_find(request, context, STATEID_OPEN);
    struct open *open;

    if (!sid)
        return;
    open = CONTAINER_OF(sid, struct open, sid);
    api_state_revoked(request, sid, open->obj, open_revoke(open, NFS4ERR_ADMIN_REVOKED));
}
