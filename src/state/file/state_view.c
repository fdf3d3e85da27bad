/* SPDX-License-Identifier: Apache-2.0 */
#include "state/file/state_view.h"

#include <string.h>

#include "base/check.h"

void state_view_fill(struct state_view *view, const struct stateid *sid, struct vfs_object *obj)
{
    memcpy(view->other, sid->other, sizeof(view->other));
    view->clientid = sid->client->id;
    view->obj = vfs_object_get(obj);
}

void owner_view_fill(struct owner_view *view, const struct owner *owner)
{
    CHECK(owner->len <= sizeof(view->name));
    view->len = owner->len;
    memcpy(view->name, owner->name, owner->len);
}
