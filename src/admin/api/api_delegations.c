/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_delegations.h"

#include "admin/api/api_state.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "proto/compound.h"
#include "state/delegation/delegation_revoke.h"
#include "state/delegation/delegation_view.h"
#include "wire/notify.h"

static json_t *age(int64_t now_ns, int64_t since_ns)
{
    int64_t age_ns = now_ns > since_ns ? now_ns - since_ns : 0;

    return json_real((double)age_ns / NSEC_PER_SEC);
}

static json_t *notifications(uint32_t types)
{
    json_t *list = json_array();

    for (uint32_t type = 0; type < NOTIFY_TYPES; type++) {
        if (types >> type & 1)
            (void)json_array_append_new(list, json_string(notify_type_name(type)));
    }
    return list;
}

static bool delegation_next(struct api_state_list *list, struct state_cursor *cursor)
{
    static const char *const phases[] = {
        [DELEGATION_HELD] = "held",
        [DELEGATION_RECALLED] = "recalled",
        [DELEGATION_ENDING] = "ending",
    };
    struct delegation_view view;
    json_t *item;

    if (!delegation_view_next(list->endpoint->server->state, &list->filter, cursor, &view))
        return false;
    item = api_state_list_add(list, &view.state, NULL);
    if (!item)
        return false;
    (void)json_object_set_new(item, "type", json_string(delegation_kind_name(view.kind)));
    (void)json_object_set_new(item, "state", json_string(phases[view.phase]));
    (void)json_object_set_new(item, "age_s", age(list->now_ns, view.granted_ns));
    (void)json_object_set_new(item, "recalled_s",
                              view.recalled_ns != 0 ? age(list->now_ns, view.recalled_ns)
                                                    : json_null());
    (void)json_object_set_new(item, "times", json_boolean(view.times));
    (void)json_object_set_new(item, "notifications", notifications(view.watch.types));
    (void)json_object_set_new(item, "queued", json_integer(view.watch.queued));
    return true;
}

void api_delegations_list(struct http_request *request, void *context)
{
    api_state_list_reply(request, context, delegation_next);
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
