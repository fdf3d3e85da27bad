/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/open_fs.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_recall.h"
#include "state/delegation/delegation_revoke.h"
#include "state/file/open_tables.h"
#include "state/open/open_revoke.h"

enum {
    USERS_FIRST = 64
};

/* A client that uses the file system of that number. */
struct user {
    uint32_t fs;
    uint64_t client;
};

struct user_list {
    struct user *users;
    uint32_t count, room;
};

static void user_add(struct user_list *list, uint32_t fs, uint64_t client)
{
    if (list->count == list->room) {
        uint32_t room = list->room ? list->room * 2 : USERS_FIRST;
        struct user *more = realloc(list->users, room * sizeof(*more));

        if (!more)
            return;
        list->users = more;
        list->room = room;
    }
    list->users[list->count++] = (struct user){fs, client};
}

static int compare(const void *a, const void *b)
{
    const struct user *left = a, *right = b;

    if (left->fs != right->fs)
        return left->fs < right->fs ? -1 : 1;
    return (left->client > right->client) - (left->client < right->client);
}

static void count_clients(struct user_list *list, struct open_fs_uses *uses)
{
    const struct user *users = list->users;

    if (list->count > 0)
        qsort(list->users, list->count, sizeof(*list->users), compare);
    for (uint32_t i = 0; i < list->count; i++)
        uses[users[i].fs].clients += i == 0 || compare(&users[i - 1], &users[i]) != 0;
}

static const struct vfs *fs_of(struct stateid *sid)
{
    if (sid->kind == STATEID_DELEGATION)
        return CONTAINER_OF(sid, struct delegation, sid)->obj->fs;
    return CONTAINER_OF(sid, struct open, sid)->obj->fs;
}

static uint32_t number_of(struct stateid *sid, const struct vfs *const *fs, uint32_t fs_count)
{
    uint32_t i = 0;

    while (i < fs_count && fs[i] != fs_of(sid))
        i++;
    return i;
}

/* The next one in effect in one of the file systems, with a reference, or NULL. */
static struct stateid *next(struct state *state, const struct vfs *const *fs, uint32_t fs_count,
                            const struct stateid_filter *filter, uint32_t *at)
{
    struct stateid *sid;

    while ((sid = stateid_next(state->opens->stateids, filter, at))) {
        if (stateid_revoked(sid) == NFS4_OK && number_of(sid, fs, fs_count) < fs_count)
            return sid;
        if (filter->later)
            stateid_put_later(sid);
        else
            stateid_put(sid);
    }
    return NULL;
}

void open_fs_count(struct state *state, const struct vfs *const *fs, uint32_t fs_count,
                   struct open_fs_uses *uses)
{
    static const enum stateid_kind kinds[] = {STATEID_OPEN, STATEID_DELEGATION};
    struct user_list users = {0};

    memset(uses, 0, fs_count * sizeof(*uses));
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
        const struct stateid_filter filter = {.kind = kinds[k], .later = true};
        uint32_t at = 0, number;
        struct stateid *sid;

        while ((sid = next(state, fs, fs_count, &filter, &at))) {
            number = number_of(sid, fs, fs_count);
            user_add(&users, number, sid->client->id);
            stateid_put_later(sid);
            if (kinds[k] == STATEID_OPEN)
                uses[number].opens++;
            else
                uses[number].delegations++;
        }
    }
    count_clients(&users, uses);
    free(users.users);
}

bool open_fs_unsettled(struct state *state)
{
    return stateid_unsettled(state->opens->stateids);
}

void open_fs_settle(struct state *state)
{
    stateid_settle(state->opens->stateids);
}

static enum nfsstat4 revoke(struct stateid *sid)
{
    if (sid->kind == STATEID_DELEGATION)
        return delegation_revoke(CONTAINER_OF(sid, struct delegation, sid), NFS4ERR_ADMIN_REVOKED);
    return open_revoke(CONTAINER_OF(sid, struct open, sid), NFS4ERR_ADMIN_REVOKED);
}

/* Who loses what. */
struct losers {
    open_fs_loses *loses;
    void *context;
    uint32_t revoked, left;
};

static bool loses(const struct losers *losers, struct stateid *sid)
{
    struct open_fs_opener opener;
    struct open *open;

    if (sid->kind == STATEID_DELEGATION)
        return losers->loses(losers->context, sid->client->id, NULL);
    open = CONTAINER_OF(sid, struct open, sid);
    opener.principal = atomic_load_explicit(&open->opener, memory_order_relaxed);
    opener.transport = atomic_load_explicit(&open->transport, memory_order_relaxed);
    return losers->loses(losers->context, sid->client->id, &opener);
}

static void revoke_kind(struct state *state, const struct vfs *fs, enum stateid_kind kind,
                        struct losers *losers)
{
    const struct stateid_filter filter = {.kind = kind};
    struct stateid *sid;
    uint32_t at = 0;

    while ((sid = next(state, &fs, 1, &filter, &at))) {
        if (loses(losers, sid)) {
            enum nfsstat4 status = revoke(sid);

            losers->revoked += status == NFS4_OK;
            losers->left += status == NFS4ERR_DELAY;
        }
        stateid_put(sid);
    }
}

uint32_t open_fs_revoke_of(struct state *state, const struct vfs *fs, open_fs_loses *loses_it,
                           void *context, uint32_t *left)
{
    struct losers losers = {.loses = loses_it, .context = context};

    revoke_kind(state, fs, STATEID_OPEN, &losers);
    revoke_kind(state, fs, STATEID_DELEGATION, &losers);
    *left = losers.left;
    return losers.revoked;
}

static bool everybody(void *context, uint64_t client, const struct open_fs_opener *opener)
{
    (void)context, (void)client, (void)opener;
    return true;
}

uint32_t open_fs_revoke(struct state *state, const struct vfs *fs, uint32_t *left)
{
    return open_fs_revoke_of(state, fs, everybody, NULL, left);
}

void open_fs_recall_told(struct state *state, const struct vfs *fs)
{
    const struct stateid_filter filter = {.kind = STATEID_DELEGATION};
    struct stateid *sid;
    uint32_t at = 0;

    while ((sid = next(state, &fs, 1, &filter, &at))) {
        struct delegation *delegation = CONTAINER_OF(sid, struct delegation, sid);

        if (delegation->watch)
            (void)delegation_recall(delegation, clock_now_ns());
        stateid_put(sid);
    }
}
