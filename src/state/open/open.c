/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/open.h"

#include "base/check.h"
#include "base/memory.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_revoke.h"
#include "state/file/revocation.h"
#include "state/lock/lock_notice_send.h"
#include "state/lock/lock_state.h"
#include "state/open/open_end.h"
#include "state/open/open_share.h"
#include "state/open/opener.h"

bool open_by_caller(const struct open *open, uint32_t access, const struct vfs_cred *cred)
{
    const _Atomic uint64_t *who = access == OPEN4_SHARE_ACCESS_READ ? &open->reader : &open->writer;

    return atomic_load_explicit(who, memory_order_relaxed) ==
           open_caller_hash(open->client->state->opens, cred);
}

static void set_callers(struct open *open, uint32_t access, const struct vfs_cred *cred)
{
    uint64_t hash = open_caller_hash(open->client->state->opens, cred);

    if (access & OPEN4_SHARE_ACCESS_READ)
        atomic_store_explicit(&open->reader, hash, memory_order_relaxed);
    if (access & OPEN4_SHARE_ACCESS_WRITE)
        atomic_store_explicit(&open->writer, hash, memory_order_relaxed);
}

static uint64_t key_hash(const struct owner *owner, const struct vfs_object *obj)
{
    return hash_u64((uint64_t)(uintptr_t)owner) ^ hash_u64((uint64_t)(uintptr_t)obj + 1);
}

static struct open *find_locked(const struct owner_table *table, const struct owner *owner,
                                const struct vfs_object *obj)
{
    struct hnode *node = htable_first(&table->opens, key_hash(owner, obj));

    for (; node; node = htable_next(node)) {
        struct open *open = CONTAINER_OF(node, struct open, by_owner);

        if (open->owner == owner && open->obj == obj)
            return open;
    }
    return NULL;
}

/* The last reference is gone: of the table, the lock states and all I/O. */
static void open_release(struct stateid *sid)
{
    struct open *open = CONTAINER_OF(sid, struct open, sid);

    open_vfs_close(open);
    owner_put(open->owner);
    file_put(open->file);
    vfs_object_put(open->obj);
    state_limit_sub(open->client->state, STATE_LIMIT_opens, 1);
    client_put(open->client);
    memory_free(MEMORY_opens, open);
}

static struct open *open_create(const struct open_request *request, struct owner *owner)
{
    struct open *open = memory_zalloc(MEMORY_opens, sizeof(*open));
    struct client *client = request->client;

    if (!open)
        return NULL;
    open->file = request->file;
    open->obj = request->obj;
    open->owner = owner;
    open->client = client;
    list_init(&open->file_link);
    list_init(&open->lock_states);
    list_init(&open->waiters);
    list_init(&open->client_link);
    list_init(&open->opener_ring);
    if (!stateid_insert(client->state->opens->stateids, &open->sid, STATEID_OPEN, client,
                        key_hash(owner, request->obj), open_release)) {
        memory_free(MEMORY_opens, open);
        return NULL;
    }
    vfs_object_get(request->obj);
    state_limit_add(client->state, STATE_LIMIT_opens, 1);
    client_get(client);
    return open;
}

static void insert_locked(struct owner_table *table, struct open *open)
{
    htable_insert(&table->opens, &open->by_owner, key_hash(open->owner, open->obj));
    list_push_back(&table->open_list, &open->client_link);
    table->open_count++;
    atomic_store_explicit(&table->open_total, table->open_count, memory_order_relaxed);
}

static bool full_locked(const struct owner_table *table)
{
    struct state *state = table->client->state;
    uint32_t count = table->open_count + table->revoked_opens;

    return !state_limit_admits(state, STATE_LIMIT_opens_per_client, count, 1) ||
           !state_limit_has_room(state, STATE_LIMIT_opens, count, 1);
}

/* A new one, which takes over the request's reference on the file; NULL without memory.  With the
 * file's lock, too. */
static struct open *open_add_locked(struct owner_table *table, const struct open_request *request,
                                    struct owner *owner)
{
    struct share_table *shares = &request->file->opens;
    struct share_group *group = share_group_get(shares, request->client, request->obj);
    struct open *open = group ? open_create(request, owner) : NULL;

    if (open) {
        insert_locked(table, open);
        open->group = group;
        list_push_back(&group->opens, &open->file_link);
    } else if (group) {
        share_group_put(shares, group);
    }
    return open;
}

/* The open of the request's owner and object: the one there is, or a new one. */
static struct open *find_or_create_locked(struct owner_table *table, struct open_request *request,
                                          bool *fresh)
{
    struct owner *owner;
    struct open *open;

    *fresh = false;
    if (table->closed)
        return NULL;
    owner = request->admitted
                ? owner_get_or_create_admitted_locked(table, OWNER_OPEN, &request->owner)
                : owner_get_or_create_locked(table, OWNER_OPEN, &request->owner);
    if (!owner)
        return NULL;
    open = find_locked(table, owner, request->obj);
    if (!open && (request->admitted || !full_locked(table))) {
        open = open_add_locked(table, request, owner);
        *fresh = open != NULL;
    }
    if (open)
        opener_set_locked(table, open, request->principal);
    if (!*fresh)
        owner_put_locked(table, owner);
    return open;
}

bool open_has_room(struct client *client, const struct wire_opaque *owner)
{
    struct owner_table *table = owner_table_of(client);
    bool room;

    pthread_mutex_lock(&table->lock);
    room = !full_locked(table) && owner_has_room_locked(table, OWNER_OPEN, owner);
    pthread_mutex_unlock(&table->lock);
    return room;
}

enum nfsstat4 open_reserve(struct open_request *request)
{
    struct file *file = file_get_or_create(request->client->state->opens->files, request->obj);
    enum nfsstat4 status = file ? open_share_reserve(file, request) : NFS4ERR_DELAY;

    request->file = status == NFS4_OK ? file : NULL;
    if (status != NFS4_OK && file)
        file_put(file);
    return status;
}

void open_cancel(struct open_request *request)
{
    struct file *file = request->file;

    pthread_mutex_lock(&file->lock);
    file_share_sub(&file->share, request->access, request->deny);
    file_share_sub(&file->reserved, request->access, request->deny);
    pthread_mutex_unlock(&file->lock);
    request->file = NULL;
    file_put(file);
}

static uint32_t open_mode_bit(uint32_t access, uint32_t deny)
{
    return 1u << (deny * 4 + access);
}

/* The reservation becomes part of the open, whose own shares count once for each bit.  True when
 * the request's vfs open() is needed: none that is held covers it. */
static bool merge_locked(struct open *open, const struct open_request *request)
{
    struct file *file = open->file;
    uint32_t access = open_access(open), covered = 0;

    file_share_sub(&file->share, access & request->access, open->deny & request->deny);
    file_share_sub(&file->reserved, request->access, request->deny);
    share_group_add(&file->opens, open->group, request->access & ~access,
                    request->deny & ~open->deny);
    atomic_store_explicit(&open->access, access | request->access, memory_order_relaxed);
    open->deny |= request->deny;
    open->modes |= open_mode_bit(request->access, request->deny);
    open->notifiable |= request->notifiable;
    set_callers(open, request->access, request->cred);
    atomic_store_explicit(&open->transport, request->transport, memory_order_relaxed);
    for (uint32_t want = VFS_WANT_READ; want <= VFS_WANT_BOTH; want++) {
        if (open->held & (1u << want))
            covered |= want;
    }
    if ((request->access & ~covered) == 0)
        return false;
    open->held |= 1u << request->access;
    return true;
}

enum nfsstat4 open_commit(struct open_request *request, struct stateid4 *out)
{
    struct owner_table *table = owner_table_of(request->client);
    struct file *file = request->file;
    struct vfs_object *obj = request->obj;
    struct open *open;
    bool fresh, kept = false;

    pthread_mutex_lock(&file->lock);
    pthread_mutex_lock(&table->lock);
    open = find_or_create_locked(table, request, &fresh);
    pthread_mutex_unlock(&table->lock);
    if (open) {
        kept = merge_locked(open, request);
        if (!fresh)
            stateid_bump(&open->sid);
        stateid_value(&open->sid, out);
    }
    pthread_mutex_unlock(&file->lock);
    if (!open) {
        open_cancel(request);
        return NFS4ERR_DELAY;
    }
    if (!kept)
        obj->fs->ops->close(obj, (enum vfs_open_want)request->access);
    if (!fresh)
        file_put(file);
    request->fresh = fresh;
    request->file = NULL;
    return NFS4_OK;
}

bool open_withdraw(struct client *client, const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup(client->state->opens->stateids, stateid, client);
    bool gone;

    if (!sid)
        return false;
    gone = open_close(CONTAINER_OF(sid, struct open, sid), stateid->seqid) == NFS4_OK;
    stateid_put(sid);
    return gone;
}

enum nfsstat4 open_close(struct open *open, uint32_t seqid)
{
    enum nfsstat4 status;
    struct list doomed;
    bool rest = false, waiters;

    list_init(&doomed);
    pthread_mutex_lock(&open->file->lock);
    status = open_check_locked(open, seqid);
    if (status == NFS4_OK) {
        open->closed = true;
        stateid_kill(&open->sid);
        open_unhash_locked(open);
        rest = lock_states_end_locked(open, NFS4_OK, &doomed);
    }
    waiters = !list_empty(&open->file->waiters);
    pthread_mutex_unlock(&open->file->lock);
    if (status != NFS4_OK)
        return status;
    lock_states_end(open, NFS4_OK, &doomed, rest);
    if (waiters)
        lock_notice_send(open->client->state, open->file);
    stateid_put(&open->sid);
    return NFS4_OK;
}

/* The OPENs in effect that lie within the bits asked for; they must make up all of them. */
static bool downgrade_modes(uint32_t modes, uint32_t access, uint32_t deny, uint32_t *kept)
{
    uint32_t access_union = 0, deny_union = 0;

    *kept = 0;
    for (uint32_t d = OPEN4_SHARE_DENY_NONE; d <= OPEN4_SHARE_DENY_BOTH; d++) {
        for (uint32_t a = OPEN4_SHARE_ACCESS_READ; a <= OPEN4_SHARE_ACCESS_BOTH; a++) {
            if (!(modes & open_mode_bit(a, d)) || (a & ~access) || (d & ~deny))
                continue;
            access_union |= a;
            deny_union |= d;
            *kept |= open_mode_bit(a, d);
        }
    }
    return access_union == access && deny_union == deny;
}

enum nfsstat4 open_downgrade(struct open *open, uint32_t seqid, uint32_t access, uint32_t deny,
                             struct stateid4 *out)
{
    struct file *file = open->file;
    enum nfsstat4 status;
    uint32_t kept;

    pthread_mutex_lock(&file->lock);
    status = open_check_locked(open, seqid);
    if (status == NFS4_OK && !downgrade_modes(open->modes, access, deny, &kept))
        status = NFS4ERR_INVAL;
    if (status == NFS4_OK) {
        file_share_sub(&file->share, open_access(open) & ~access, open->deny & ~deny);
        share_group_sub(open->group, open_access(open) & ~access, open->deny & ~deny);
        atomic_store_explicit(&open->access, access, memory_order_relaxed);
        open->deny = deny;
        open->modes = kept;
        stateid_bump(&open->sid);
        stateid_value(&open->sid, out);
    }
    pthread_mutex_unlock(&file->lock);
    return status;
}

struct open *open_of_stateid(struct stateid *sid)
{
    DCHECK(sid->kind != STATEID_DELEGATION);
    if (sid->kind == STATEID_LOCK)
        return CONTAINER_OF(sid, struct lock_state, sid)->open;
    return CONTAINER_OF(sid, struct open, sid);
}

struct file *file_of_stateid(struct stateid *sid)
{
    if (sid->kind == STATEID_DELEGATION)
        return delegation_of_stateid(sid)->file;
    return open_of_stateid(sid)->file;
}

bool open_client_has_state(const struct client *client)
{
    const struct owner_table *table = client->owners;

    return table && (atomic_load_explicit(&table->open_total, memory_order_relaxed) > 0 ||
                     atomic_load_explicit(&table->delegation_total, memory_order_relaxed) > 0);
}

void open_client_release(struct client *client)
{
    struct owner_table *table = owner_table_of(client);
    struct open *open;

    while ((open = open_get_first(table, true))) {
        /* A CLOSE or a revocation may come first: it is gone from the list either way. */
        if (open_close(open, 0) != NFS4_OK)
            CHECK(open->closed || stateid_revoked(&open->sid) != NFS4_OK);
        stateid_put(&open->sid);
    }
    delegation_client_release(client);
    revocation_forget(client);
}

static void hook_release(struct state *state, struct client *client)
{
    (void)state;
    open_client_release(client);
}

static bool hook_has_state(struct state *state, struct client *client)
{
    (void)state;
    return open_client_has_state(client);
}

const struct state_client_hooks open_hooks = {hook_release, hook_has_state};
