/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_locks.h"

#include "admin/api/api_state.h"
#include "admin/http/http_request.h"
#include "proto/compound.h"
#include "state/lock/lock_view.h"
#include "state/open/open_revoke.h"

/* JSON's integers here are signed: a larger number is a real one, which is close to it. */
static json_t *number(uint64_t value)
{
    return value <= INT64_MAX ? json_integer((json_int_t)value) : json_real((double)value);
}

static bool lock_next(struct api_state_list *list, struct state_cursor *cursor)
{
    const struct lock_range *range;
    struct lock_view view;
    json_t *item;

    if (!lock_view_next(list->endpoint->server->state, &list->filter, cursor, &view))
        return false;
    item = api_state_list_add(list, &view.state, &view.owner);
    if (!item)
        return false;
    range = &view.range;
    (void)json_object_set_new(item, "type", json_string(view.write ? "write" : "read"));
    (void)json_object_set_new(item, "offset", number(range->start));
    (void)json_object_set_new(item, "length",
                              range->end == UINT64_MAX ? json_null()
                                                       : number(range->end - range->start + 1));
    return true;
}

void api_locks_list(struct http_request *request, void *context)
{
    api_state_list_reply(request, context, lock_next);
}

/* Its open goes with it: Linux does not look for losses of locks alone (docs/status-flags.md). */
void api_locks_revoke(struct http_request *request, void *context)
{
    struct stateid *sid = api_state_find(request, context, STATEID_LOCK);
    enum nfsstat4 status = NFS4ERR_BAD_STATEID;
    struct open *open;

    if (!sid)
        return;
    open = open_of_stateid(sid);
    if (stateid_revoked(sid) == NFS4_OK)
        status = open_revoke(open, NFS4ERR_ADMIN_REVOKED);
    api_state_revoked(request, sid, open->obj, status);
}
