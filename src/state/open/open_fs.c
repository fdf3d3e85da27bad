/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/open_fs.h"

#include <stdlib.h>

#include "base/memory.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_revoke.h"
#include "state/file/open_tables.h"
#include "state/open/open_revoke.h"

enum {
    IDS_FIRST = 64
};

struct id_list {
    uint64_t *ids;
    uint32_t count, room;
};

static void id_add(struct id_list *list, uint64_t id)
{
    if (list->count == list->room) {
        uint32_t room = list->room ? list->room * 2 : IDS_FIRST;
        uint64_t *more = realloc(list->ids, room * sizeof(*more));

        if (!more)
            return;
        list->ids = more;
        list->room = room;
    }
    list->ids[list->count++] = id;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static uint32_t count_different(struct id_list *list)
{
    uint32_t count = 0;

    if (list->count > 0)
        qsort(list->ids, list->count, sizeof(*list->ids), compare);
    for (uint32_t i = 0; i < list->count; i++)
        count += i == 0 || list->ids[i] != list->ids[i - 1];
    return count;
}

static const struct vfs *fs_of(struct stateid *sid)
{
    if (sid->kind == STATEID_DELEGATION)
        return CONTAINER_OF(sid, struct delegation, sid)->obj->fs;
    return CONTAINER_OF(sid, struct open, sid)->obj->fs;
}

/* The next of its kind in effect, with a reference, or NULL. */
static struct stateid *next(struct state *state, const struct vfs *fs, enum stateid_kind kind,
                            uint32_t *at)
{
    const struct stateid_filter filter = {.kind = kind};
    struct stateid *sid;

    while ((sid = stateid_next(state->opens->stateids, &filter, at))) {
        if (fs_of(sid) == fs && stateid_revoked(sid) == NFS4_OK)
            return sid;
        stateid_put(sid);
    }
    return NULL;
}

static uint32_t count(struct state *state, const struct vfs *fs, enum stateid_kind kind,
                      struct id_list *clients)
{
    uint32_t found = 0, at = 0;
    struct stateid *sid;

    while ((sid = next(state, fs, kind, &at))) {
        id_add(clients, sid->client->id);
        stateid_put(sid);
        found++;
    }
    return found;
}

void open_fs_count(struct state *state, const struct vfs *fs, struct open_fs_uses *uses)
{
    struct id_list clients = {0};

    uses->opens = count(state, fs, STATEID_OPEN, &clients);
    uses->delegations = count(state, fs, STATEID_DELEGATION, &clients);
    uses->clients = count_different(&clients);
    free(clients.ids);
}

static enum nfsstat4 revoke(struct stateid *sid)
{
    if (sid->kind == STATEID_DELEGATION)
        return delegation_revoke(CONTAINER_OF(sid, struct delegation, sid), NFS4ERR_ADMIN_REVOKED);
    return open_revoke(CONTAINER_OF(sid, struct open, sid), NFS4ERR_ADMIN_REVOKED);
}

static uint32_t revoke_kind(struct state *state, const struct vfs *fs, enum stateid_kind kind,
                            uint32_t *left)
{
    uint32_t revoked = 0, at = 0;
    struct stateid *sid;

    while ((sid = next(state, fs, kind, &at))) {
        enum nfsstat4 status = revoke(sid);

        revoked += status == NFS4_OK;
        *left += status == NFS4ERR_DELAY;
        stateid_put(sid);
    }
    return revoked;
}

uint32_t open_fs_revoke(struct state *state, const struct vfs *fs, uint32_t *left)
{
    uint32_t revoked;

    *left = 0;
    revoked = revoke_kind(state, fs, STATEID_OPEN, left);
    return revoked + revoke_kind(state, fs, STATEID_DELEGATION, left);
}
