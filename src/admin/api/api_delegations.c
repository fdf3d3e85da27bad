/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_delegations.h"

#include "admin/api/api_state.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "proto/compound.h"
#include "state/delegation/delegation_revoke.h"
#include "state/delegation/delegation_view.h"

static json_t *age(int64_t now_ns, int64_t since_ns)
{
    int64_t age_ns = now_ns > since_ns ? now_ns - since_ns : 0;

    return json_real((double)age_ns / NSEC_PER_SEC);
}

static void delegation_add(struct api_state_list *list, const struct delegation_view *view,
                           int64_t now_ns)
{
    static const char *const phases[] = {
        [DELEGATION_HELD] = "held",
        [DELEGATION_RECALLED] = "recalled",
        [DELEGATION_ENDING] = "ending",
    };
    json_t *item = api_state_item(list, &view->state, NULL);

    (void)json_object_set_new(item, "type", json_string(delegation_kind_name(view->kind)));
    (void)json_object_set_new(item, "state", json_string(phases[view->phase]));
    (void)json_object_set_new(item, "age_s", age(now_ns, view->granted_ns));
    (void)json_object_set_new(
        item, "recalled_s", view->recalled_ns != 0 ? age(now_ns, view->recalled_ns) : json_null());
    api_state_list_add(list, item);
}

void api_delegations_list(struct http_request *request, void *context)
{
    struct endpoint *endpoint = context;
    int64_t now_ns = clock_now_ns();
    struct api_state_list list;
    char next[API_CURSOR_BYTES] = "";
    struct delegation_view view;
    uint32_t at, here;

    if (!api_state_list_begin(&list, request, endpoint))
        return;
    if (!api_state_cursor_read(&list.page, &at)) {
        api_state_list_refuse(&list, request);
        return;
    }
    for (here = at;
         !list.nothing && delegation_view_next(endpoint->server->state, &list.filter, &at, &view);
         here = at) {
        if (api_state_list_full(&list)) {
            vfs_object_put(view.state.obj);
            api_state_cursor_print(here, next);
            break;
        }
        delegation_add(&list, &view, now_ns);
    }
    api_state_list_reply(&list, request, next);
}

void api_delegations_revoke(struct http_request *request, void *context)
{
    struct stateid *sid = api_state_find(request, context, STATEID_DELEGATION);
    struct delegation *delegation;

    if (!sid)
        return;
    delegation = delegation_of_stateid(sid);
    api_state_revoked(request, sid, delegation->obj,
                      delegation_revoke(delegation, NFS4ERR_ADMIN_REVOKED));
}
