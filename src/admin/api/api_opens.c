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

static void open_add(struct api_state_list *list, const struct open_view *view)
{
    json_t *item = api_state_item(list, &view->state, &view->owner);

    (void)json_object_set_new(item, "access", json_string(bits_name(view->access)));
    (void)json_object_set_new(item, "deny", json_string(bits_name(view->deny)));
    (void)json_object_set_new(item, "locks", json_integer(view->locks));
    api_state_list_add(list, item);
}

void api_opens_list(struct http_request *request, void *context)
{
    struct endpoint *endpoint = context;
    struct api_state_list list;
    char next[API_CURSOR_BYTES] = "";
    struct open_view view;
    uint32_t at, here;

    if (!api_state_list_begin(&list, request, endpoint))
        return;
    if (!api_state_cursor_read(&list.page, &at)) {
        api_state_list_refuse(&list, request);
        return;
    }
    for (here = at;
         !list.nothing && open_view_next(endpoint->server->state, &list.filter, &at, &view);
         here = at) {
        if (api_state_list_full(&list)) {
            vfs_object_put(view.state.obj);
            api_state_cursor_print(here, next);
            break;
        }
        open_add(&list, &view);
    }
    api_state_list_reply(&list, request, next);
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
