/* SPDX-License-Identifier: Apache-2.0 */
/* Existing named attributes on a read-only export. */
#include <string.h>

#include "lib/test.h"
#include "unit/proto/v41/v41_fixture.h"

static const struct vfs_cred super = {.uid = 0, .gid = 0};
static struct v41_call call;
static struct v41_session session;

/* The root of the file system has the attribute "attr". */
static void make_attribute(struct vfs *fs)
{
    struct vfs_attr set = {.mask = VFS_ATTR_MODE, .mode = 0644};
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &set};
    const struct vfs_name name = {.data = "attr", .len = 4};
    struct vfs_object *root, *dir, *attr;
    struct vfs_change_info info;

    assert_int_equal(fs->ops->root(fs, &root), VFS_OK);
    assert_int_equal(fs->ops->openattr(root, &super, true, &dir), VFS_OK);
    assert_int_equal(fs->ops->create(dir, &super, &name, &create, &info, &attr), VFS_OK);
    vfs_object_put(attr);
    vfs_object_put(dir);
    vfs_object_put(root);
}

static int set_up(void **unused)
{
    v41_backend_made = make_attribute;
    v41_export = "/=mem:,ro,no_root_squash";
    return v41_set_up(unused);
}

static int tear_down(void **unused)
{
    v41_backend_made = NULL;
    v41_export = NULL;
    return v41_tear_down(unused);
}

static void begin_within(bool createdir)
{
    v41_begin_in(&call, &session, false);
    v41_put(&call, &(struct nfs_argop4){.argop = OP_PUTROOTFH});
    v41_put(&call, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {createdir}});
}

static void expect_last(uint32_t op, enum nfsstat4 status)
{
    const struct nfs_resop4 *result = v41_last(&call);

    assert_int_equal(result->resop, op);
    assert_int_equal(result->status, status);
}

/* They can be read, with createdir too; nothing can be changed. */
static void can_be_looked_at(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "client", NULL, &session);
    for (unsigned createdir = 0; createdir < 2; createdir++) {
        begin_within(createdir);
        v41_op_lookup(&call, "attr");
        expect_last(OP_LOOKUP, NFS4_OK);
    }
    begin_within(true);
    v41_put(&call, &(struct nfs_argop4){.argop = OP_REMOVE,
                                        .opremove = {.target = {(const uint8_t *)"attr", 4}}});
    expect_last(OP_REMOVE, NFS4ERR_ROFS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(can_be_looked_at, set_up, tear_down),
    };

    return test_group_run(tests);
}
