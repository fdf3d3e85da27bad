/* SPDX-License-Identifier: Apache-2.0 */
/* What clients have open in one file system, and its revocation. */
#include "state/open/open_fs.h"

#include "backend/mem/mem.h"
#include "unit/state/delegation/delegation_fixture.h"

static void expect_uses(const struct vfs *fs, uint32_t clients, uint32_t opens,
                        uint32_t delegations)
{
    struct open_fs_uses uses;

    open_fs_count(fx.state, &fs, 1, &uses);
    assert_int_equal(uses.clients, clients);
    assert_int_equal(uses.opens, opens);
    assert_int_equal(uses.delegations, delegations);
}

static enum nfsstat4 use_open(struct client *client, const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, stateid, client);
    enum nfsstat4 status = sid ? stateid_revoked(sid) : NFS4ERR_BAD_STATEID;

    if (sid)
        stateid_put(sid);
    return status;
}

static void counts_by_file_system(void **state)
{
    struct vfs *other = mem_create(NULL);
    struct open_fs_uses both[2];
    struct vfs_object *root;
    struct stateid4 kept;

    (void)state;
    expect_uses(fx.fs, 0, 0, 0);
    (void)must_open(fx.alice, "a", fx.files[0], R, NONE);
    (void)must_open(fx.alice, "b", fx.files[1], R, NONE);
    (void)must_open(fx.bob, "a", fx.files[1], R, NONE);
    (void)must_give(fx.alice, fx.files[2], DELEGATION_READ);
    assert_int_equal(other->ops->root(other, &root), VFS_OK);
    kept = must_open(fx.carol, "c", fx.files[3], R, NONE);
    assert_int_equal(do_close(fx.carol, &kept), NFS4_OK);
    expect_uses(fx.fs, 2, 3, 1);
    expect_uses(other, 0, 0, 0);
    open_fs_count(fx.state, (const struct vfs *[]){other, fx.fs}, 2, both);
    assert_int_equal(both[0].clients + both[0].opens + both[0].delegations, 0);
    assert_int_equal(both[1].clients, 2);
    assert_int_equal(both[1].opens, 3);
    vfs_object_put(root);
    other->ops->destroy(other);
}

static void revokes_by_file_system(void **state)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE);
    struct stateid4 b = must_open(fx.bob, "b", fx.files[0], R, NONE);
    struct stateid4 d = must_give(fx.bob, fx.files[1], DELEGATION_READ);
    struct vfs *other = mem_create(NULL);
    uint32_t left = 7;

    (void)state;
    assert_int_equal(open_fs_revoke(fx.state, other, &left), 0);
    assert_int_equal(left, 0);
    assert_int_equal(use_open(fx.alice, &a), NFS4_OK);
    assert_int_equal(open_fs_revoke(fx.state, fx.fs, &left), 3);
    assert_int_equal(left, 0);
    assert_int_equal(use_open(fx.alice, &a), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(use_open(fx.bob, &b), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(use_open(fx.bob, &d), NFS4ERR_ADMIN_REVOKED);
    expect_uses(fx.fs, 0, 0, 0);
    assert_int_equal(fixture_vfs_opens, 0);
    assert_int_equal(open_fs_revoke(fx.state, fx.fs, &left), 0);
    other->ops->destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELEGATION_TEST(counts_by_file_system),
        DELEGATION_TEST(revokes_by_file_system),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
