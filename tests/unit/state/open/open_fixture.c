/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/state/open/open_fixture.h"

#include <string.h>

#include "backend/mem/mem.h"
#include "base/clock.h"
#include "base/log.h"
#include "state/client/client_exchange.h"
#include "state/file/revocation.h"

struct fixture fx;
_Thread_local struct lock_conflict fixture_conflict;
_Thread_local bool fixture_wait;
struct wire_opaque fixture_fh;
bool fixture_notifiable = true;

struct recovery *fixture_recovery;
const struct client_caller fixture_caller = CLIENT_CALLER_SYS(1000);

struct client *fixture_client(const char *name)
{
    struct EXCHANGE_ID4args args = {.eia_clientowner = {.co_ownerid = name_of(name)}};
    struct client_exchange out;
    struct client *client;

    assert_int_equal(
        client_exchange_id(fx.state, &fixture_caller, NULL, &args, clock_now_ns(), &out), NFS4_OK);
    client = client_lookup(fx.state, out.clientid);
    assert_non_null(client);
    return client;
}

static struct vfs_object *file_make(char letter)
{
    const struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0600};
    const struct vfs_name name = {.data = &letter, .len = 1};
    struct vfs_create create = {.type = VFS_REG, .attr = &attr};
    struct vfs_change_info info;
    struct vfs_object *obj;

    assert_int_equal(fx.fs->ops->create(fx.root, &fx.cred, &name, &create, &info, &obj), VFS_OK);
    return obj;
}

_Atomic int fixture_vfs_opens;
static struct vfs_ops counting_ops;

static enum vfs_status counting_open(struct vfs_object *obj, const struct vfs_cred *cred,
                                     enum vfs_open_want want, bool created)
{
    enum vfs_status status = fx.fs_ops->open(obj, cred, want, created);

    fixture_vfs_opens += status == VFS_OK;
    return status;
}

static void counting_close(struct vfs_object *obj, enum vfs_open_want want)
{
    fixture_vfs_opens--;
    fx.fs_ops->close(obj, want);
}

/* Every open of the backend must have its close. */
static void count_opens(struct vfs *fs)
{
    fx.fs_ops = fs->ops;
    counting_ops = *fs->ops;
    counting_ops.open = counting_open;
    counting_ops.close = counting_close;
    fs->ops = &counting_ops;
    fixture_vfs_opens = 0;
}

int fixture_set_up(void **unused)
{
    const struct state_config config = {
        .lease_s = 10, .server_owner = "test", .recovery = fixture_recovery};
    const struct mem_options options = {.root_uid = 1000, .root_gid = 1000};

    (void)unused;
    log_set_level(LOG_LEVEL_WARN);
    clock_stop(); /* no lease expires by itself */
    fx = (struct fixture){.cred = {.uid = 1000, .gid = 1000}};
    fx.state = state_create(&config);
    fixture_recovery = NULL;
    fx.alice = fixture_client("alice");
    fx.bob = fixture_client("bob");
    fx.carol = fixture_client("carol");
    fx.fs = mem_create(&options);
    count_opens(fx.fs);
    assert_int_equal(fx.fs->ops->root(fx.fs, &fx.root), VFS_OK);
    for (int i = 0; i < FIXTURE_FILES; i++)
        fx.files[i] = file_make((char)('a' + i));
    return 0;
}

/* Removing the clients removes all their state: only our own reference of each file remains. */
int fixture_tear_down(void **unused)
{
    (void)unused;
    client_put(fx.alice);
    client_put(fx.bob);
    client_put(fx.carol);
    state_destroy(fx.state);
    assert_int_equal(fixture_vfs_opens, 0);
    for (int i = 0; i < FIXTURE_FILES; i++) {
        assert_null(fx.files[i]->node->state);
        vfs_object_put(fx.files[i]);
    }
    vfs_object_put(fx.root);
    fx.fs->ops->destroy(fx.fs);
    return 0;
}

struct wire_opaque name_of(const char *text)
{
    return (struct wire_opaque){(const uint8_t *)text, (uint32_t)strlen(text)};
}

enum nfsstat4 do_open(struct client *client, const char *owner, struct vfs_object *obj,
                      uint32_t access, uint32_t deny, struct stateid4 *out)
{
    struct open_request request = {.client = client,
                                   .owner = name_of(owner),
                                   .obj = obj,
                                   .cred = &fx.cred,
                                   .access = access,
                                   .deny = deny,
                                   .notifiable = fixture_notifiable,
                                   .now_ns = clock_now_ns()};
    enum vfs_open_want want = (enum vfs_open_want)access;
    enum nfsstat4 status;

    CHECK(obj->fs->ops->open(obj, &fx.cred, want, false) == VFS_OK);
    status = open_reserve(&request);
    if (status == NFS4_OK)
        status = open_commit(&request, out);
    if (status != NFS4_OK)
        obj->fs->ops->close(obj, want);
    return status;
}

struct stateid4 must_open(struct client *client, const char *owner, struct vfs_object *obj,
                          uint32_t access, uint32_t deny)
{
    struct stateid4 stateid;

    assert_int_equal(do_open(client, owner, obj, access, deny, &stateid), NFS4_OK);
    return stateid;
}

static struct stateid *find(struct client *client, const struct stateid4 *stateid,
                            enum stateid_kind kind)
{
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, stateid, client);

    if (sid && sid->kind != kind) {
        stateid_put(sid);
        return NULL;
    }
    return sid;
}

enum nfsstat4 do_close(struct client *client, const struct stateid4 *stateid)
{
    struct stateid *sid = find(client, stateid, STATEID_OPEN);
    enum nfsstat4 status;

    if (!sid)
        return NFS4ERR_BAD_STATEID;
    status = open_close(open_of_stateid(sid), stateid->seqid);
    stateid_put(sid);
    return status;
}

enum nfsstat4 do_downgrade(struct client *client, struct stateid4 *stateid, uint32_t access,
                           uint32_t deny)
{
    struct stateid *sid = find(client, stateid, STATEID_OPEN);
    enum nfsstat4 status;

    if (!sid)
        return NFS4ERR_BAD_STATEID;
    status = open_downgrade(open_of_stateid(sid), stateid->seqid, access, deny, stateid);
    stateid_put(sid);
    return status;
}

static enum nfsstat4 request_make(bool write, uint64_t offset, uint64_t length,
                                  struct stateid4 *out, struct lock_request *request)
{
    *request = (struct lock_request){.write = write,
                                     .wait = fixture_wait,
                                     .now_ns = clock_now_ns(),
                                     .fh = fixture_fh,
                                     .out = out,
                                     .conflict = &fixture_conflict};
    return lock_range_decode(offset, length, &request->range);
}

enum nfsstat4 do_lock(struct client *client, const struct stateid4 *open, const char *owner,
                      bool write, uint64_t offset, uint64_t length, struct stateid4 *out)
{
    const struct wire_opaque name = name_of(owner);
    struct stateid *sid = find(client, open, STATEID_OPEN);
    struct lock_request request;
    enum nfsstat4 status = request_make(write, offset, length, out, &request);

    if (!sid)
        return NFS4ERR_BAD_STATEID;
    if (status == NFS4_OK)
        status = lock_open_owner(open_of_stateid(sid), open->seqid, &name, &request);
    stateid_put(sid);
    return status;
}

static struct lock_state *find_lock(struct client *client, const struct stateid4 *stateid)
{
    struct stateid *sid = find(client, stateid, STATEID_LOCK);

    return sid ? CONTAINER_OF(sid, struct lock_state, sid) : NULL;
}

enum nfsstat4 do_lock_again(struct client *client, struct stateid4 *stateid, bool write,
                            uint64_t offset, uint64_t length)
{
    struct lock_state *ls = find_lock(client, stateid);
    struct lock_request request;
    enum nfsstat4 status = request_make(write, offset, length, stateid, &request);

    if (!ls)
        return NFS4ERR_BAD_STATEID;
    if (status == NFS4_OK)
        status = lock_existing_owner(ls, stateid->seqid, &request);
    stateid_put(&ls->sid);
    return status;
}

enum nfsstat4 do_unlock(struct client *client, struct stateid4 *stateid, uint64_t offset,
                        uint64_t length)
{
    struct lock_state *ls = find_lock(client, stateid);
    struct lock_range range;
    enum nfsstat4 status = lock_range_decode(offset, length, &range);

    if (!ls)
        return NFS4ERR_BAD_STATEID;
    if (status == NFS4_OK)
        status = lock_unlock(ls, stateid->seqid, &range, stateid);
    stateid_put(&ls->sid);
    return status;
}

enum nfsstat4 do_test(struct client *client, const char *owner, struct vfs_object *obj, bool write,
                      uint64_t offset, uint64_t length)
{
    const struct wire_opaque name = name_of(owner);
    struct lock_request request;
    enum nfsstat4 status = request_make(write, offset, length, NULL, &request);

    return status == NFS4_OK ? lock_test(client, obj, &name, &request) : status;
}

enum nfsstat4 do_free(struct client *client, const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, stateid, client);
    enum nfsstat4 status = NFS4ERR_LOCKS_HELD;

    if (!sid)
        return NFS4ERR_BAD_STATEID;
    if (stateid_revoked(sid) == NFS4_OK && sid->kind == STATEID_LOCK)
        status = lock_state_free(CONTAINER_OF(sid, struct lock_state, sid), stateid->seqid);
    if (stateid_revoked(sid) != NFS4_OK)
        status = revocation_acknowledge(sid);
    stateid_put(sid);
    return status;
}

enum nfsstat4 revoked(struct client *client, const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, stateid, client);
    enum nfsstat4 status;

    if (!sid)
        return NFS4ERR_BAD_STATEID;
    status = stateid_revoked(sid);
    stateid_put(sid);
    return status;
}

bool denied(struct vfs_object *obj, uint32_t access)
{
    return open_share_denied(fx.state, obj, access, clock_now_ns()) != NFS4_OK;
}
