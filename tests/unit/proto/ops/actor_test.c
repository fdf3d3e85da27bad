/* SPDX-License-Identifier: Apache-2.0 */
/* SR-16: a backend learns which client makes a change, whatever the export makes of the caller. */
#include <stddef.h>

#include "base/log.h"
#include "lib/test.h"
#include "unit/proto/v41/v41_fixture.h"
#include "vfs/vfs.h"

static struct vfs_ops watching_ops;
static const struct vfs_ops *mem_ops;
static const void *_Atomic last_actor;

static enum vfs_status watching_create(struct vfs_object *dir, const struct vfs_cred *cred,
                                       const struct vfs_name *name, struct vfs_create *create,
                                       struct vfs_change_info *info, struct vfs_object **out)
{
    last_actor = cred->actor;
    return mem_ops->create(dir, cred, name, create, info, out);
}

static void make_watching(struct vfs *fs)
{
    mem_ops = fs->ops;
    watching_ops = *fs->ops;
    watching_ops.create = watching_create;
    fs->ops = &watching_ops;
}

static int set_up(void **unused)
{
    v41_backend_made = make_watching;
    return v41_set_up(unused);
}

static int set_up_squashed(void **unused)
{
    v41_export = "/=mem:,all_squash";
    return set_up(unused);
}

static int tear_down(void **unused)
{
    v41_backend_made = NULL;
    v41_export = NULL;
    return v41_tear_down(unused);
}

/* Whose change the backend takes a CREATE for. */
static const void *actor_of(struct v41_session *session, const char *name)
{
    static struct v41_call call;

    last_actor = NULL;
    v41_begin_in(&call, session, false);
    v41_op(&call, OP_PUTROOTFH);
    v41_op_mkdir(&call, name);
    v41_roundtrip(v41_fd, &call);
    return last_actor;
}

static void one_actor_for_each_client(void **unused)
{
    struct v41_session alice, bob;
    const void *actor;

    (void)unused;
    v41_session_make(v41_fd, "alice", NULL, &alice);
    v41_session_make(v41_fd, "bob", NULL, &bob);
    actor = actor_of(&alice, "a");
    assert_non_null(actor);
    assert_non_null(actor_of(&bob, "b"));
    assert_ptr_not_equal(actor_of(&bob, "c"), actor);
    assert_ptr_equal(actor_of(&alice, "d"), actor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_actor_for_each_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_actor_for_each_client, set_up_squashed, tear_down),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
