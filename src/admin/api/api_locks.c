/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_locks.h"

#include <inttypes.h>
#include <stdio.h>

#include "admin/api/api_id.h"
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

static void lock_add(struct api_state_list *list, const struct lock_view *view)
{
    json_t *item = api_state_item(list, &view->state, &view->owner);
    const struct lock_range *range = &view->range;

    (void)json_object_set_new(item, "type", json_string(view->write ? "write" : "read"));
    (void)json_object_set_new(item, "offset", number(range->start));
    (void)json_object_set_new(item, "length",
                              range->end == UINT64_MAX ? json_null()
                                                       : number(range->end - range->start + 1));
    api_state_list_add(list, item);
}

/* Place and first byte, in digits of a fixed number. */
static bool cursor_read(const struct api_page *page, struct lock_cursor *cursor)
{
    uint8_t bytes[sizeof(cursor->at) + sizeof(cursor->start)];

    *cursor = (struct lock_cursor){.at = 0};
    if (page->after[0] == '\0')
        return true;
    if (!api_id_parse(page->after, bytes, sizeof(bytes)))
        return false;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i < sizeof(cursor->at))
            cursor->at = cursor->at << 8 | bytes[i];
        else
            cursor->start = cursor->start << 8 | bytes[i];
    }
    return true;
}

void api_locks_list(struct http_request *request, void *context)
{
    struct endpoint *endpoint = context;
    struct lock_cursor cursor, here;
    struct api_state_list list;
    char next[API_CURSOR_BYTES] = "";
    struct lock_view view;

    if (!api_state_list_begin(&list, request, endpoint))
        return;
    if (!cursor_read(&list.page, &cursor)) {
        api_state_list_refuse(&list, request);
        return;
    }
    for (here = cursor;
         !list.nothing && lock_view_next(endpoint->server->state, &list.filter, &cursor, &view);
         here = cursor) {
        if (api_state_list_full(&list)) {
            vfs_object_put(view.state.obj);
            (void)snprintf(next, sizeof(next), "%08" PRIx32 "%016" PRIx64, here.at, here.start);
            break;
        }
        lock_add(&list, &view);
    }
    api_state_list_reply(&list, request, next);
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
