/* SPDX-License-Identifier: Apache-2.0 */
/* Leases as seen by the server's own callers, none of which counts as an outside process. */
#include <stdatomic.h>
#include <unistd.h>

#include "backend/contract.h"
#include "lib/wait.h"

static _Atomic unsigned told[2]; /* notifications, by use */

static void note(struct vfs_object *obj, enum vfs_lease use, bool held_up, void *context)
{
    (void)context;
    assert_int_equal(obj->type, VFS_REG);
    assert_false(held_up);
    atomic_fetch_add(&told[use], 1);
}

static void listen_for_breaks(void)
{
    const struct vfs_lease_hook hook = {.broken = note};

    atomic_store(&told[VFS_LEASE_READ], 0);
    atomic_store(&told[VFS_LEASE_WRITE], 0);
    vfs_lease_hook_set(&hook);
}

/* Does the backend watch for outside users? */
static bool watched(const struct contract *c)
{
    return c->fs->caps & VFS_CAP_LEASE;
}

static enum vfs_status lease(struct vfs_object *obj, enum vfs_lease kind)
{
    return obj->fs->ops->lease(obj, kind);
}

static void unlease(struct vfs_object *obj, enum vfs_lease kind)
{
    obj->fs->ops->unlease(obj, kind);
}

static void which_types(void **state)
{
    struct contract *c = *state;
    struct vfs_object *link = make_symlink(c, "link", "x");

    if (watched(c)) {
        assert_status(lease(c->root, VFS_LEASE_WRITE), VFS_ISDIR);
        assert_status(lease(link, VFS_LEASE_READ), VFS_SYMLINK);
        assert_status(lease(link, VFS_LEASE_WRITE), VFS_SYMLINK);
    } else {
        struct vfs_object *file = make_file(c, "file");

        assert_status(lease(file, VFS_LEASE_READ), VFS_NOTSUPP);
        assert_status(lease(file, VFS_LEASE_WRITE), VFS_NOTSUPP);
        vfs_object_put(file);
    }
    vfs_object_put(link);
}

/* Our own changes of a directory end no lease of it. */
static void directories(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    enum vfs_status status = lease(dir, VFS_LEASE_READ);

    if (!watched(c)) {
        assert_status(status, VFS_NOTSUPP);
    } else if (status == VFS_OK) { /* which takes a kernel that permits fanotify */
        listen_for_breaks();
        assert_ok(lease(dir, VFS_LEASE_READ));
        vfs_object_put(make(dir, &c->owner, "new", VFS_REG, 0644));
        assert_ok(do_remove(dir, &c->owner, "new"));
        assert_ok(do_chmod(dir, &c->owner, 0700));
        unlease(dir, VFS_LEASE_READ);
        assert_ok(lease(dir, VFS_LEASE_READ));
        unlease(dir, VFS_LEASE_READ);
        unlease(dir, VFS_LEASE_READ);
        vfs_lease_hook_set(NULL);
        assert_int_equal(atomic_load(&told[VFS_LEASE_WRITE]), 0);
    }
    vfs_object_put(dir);
}

/* Read leases coexist; a write lease may be taken again and restricts none of our own uses. */
static void leases_are_counted(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    char buf[8];
    bool eof;

    if (!watched(c)) {
        vfs_object_put(file);
        return;
    }
    listen_for_breaks();
    put_bytes(c, file, 0, "abc", 3);
    for (int round = 0; round < 3; round++) {
        assert_ok(lease(file, VFS_LEASE_READ));
        assert_ok(lease(file, VFS_LEASE_READ));
        assert_int_equal(get_bytes(c, file, 0, buf, sizeof(buf), &eof), 3);
        unlease(file, VFS_LEASE_READ);
        assert_int_equal(get_bytes(c, file, 0, buf, sizeof(buf), &eof), 3);
        assert_ok(do_chmod(file, &c->owner, 0640));
        unlease(file, VFS_LEASE_READ);

        assert_ok(lease(file, VFS_LEASE_WRITE));
        put_bytes(c, file, 0, "xyz", 3);
        assert_int_equal(get_bytes(c, file, 0, buf, sizeof(buf), &eof), 3);
        assert_memory_equal(buf, "xyz", 3);
        assert_ok(do_truncate(file, &c->owner, 2));
        assert_ok(do_truncate(file, &c->owner, 3));
        assert_ok(lease(file, VFS_LEASE_READ)); /* less than the file has now */
        unlease(file, VFS_LEASE_READ);
        unlease(file, VFS_LEASE_WRITE);
    }
    vfs_lease_hook_set(NULL);
    assert_int_equal(atomic_load(&told[VFS_LEASE_READ]), 0);
    assert_int_equal(atomic_load(&told[VFS_LEASE_WRITE]), 0);
    vfs_object_put(file);
}

/* A caller may open for writing: the holder is notified, and no lease is granted until all are
 * returned. */
static void our_writer_breaks_a_read_lease(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    if (!watched(c)) {
        vfs_object_put(file);
        return;
    }
    listen_for_breaks();
    assert_ok(lease(file, VFS_LEASE_READ));
    assert_ok(lease(file, VFS_LEASE_READ));
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_WRITE, false));
    assert_ok(do_write(file, &c->owner, 0, "abc", 3));
    wait_until(atomic_load(&told[VFS_LEASE_WRITE]) == 1);
    c->fs->ops->close(file, VFS_WANT_WRITE);
    assert_status(lease(file, VFS_LEASE_READ), VFS_DELAY);
    unlease(file, VFS_LEASE_READ);
    assert_status(lease(file, VFS_LEASE_READ), VFS_DELAY);
    assert_status(lease(file, VFS_LEASE_WRITE), VFS_DELAY);
    unlease(file, VFS_LEASE_READ);
    assert_ok(lease(file, VFS_LEASE_READ));
    unlease(file, VFS_LEASE_READ);
    vfs_lease_hook_set(NULL);
    assert_int_equal(atomic_load(&told[VFS_LEASE_WRITE]), 1);
    assert_int_equal(atomic_load(&told[VFS_LEASE_READ]), 0);
    vfs_object_put(file);
}

/* While a caller has the file open for writing, no read lease is granted. */
static void not_beside_our_writer(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_BOTH, false));
    assert_status(lease(file, VFS_LEASE_READ), watched(c) ? VFS_DELAY : VFS_NOTSUPP);
    if (watched(c)) {
        assert_ok(lease(file, VFS_LEASE_WRITE));
        unlease(file, VFS_LEASE_WRITE);
    }
    c->fs->ops->close(file, VFS_WANT_BOTH);
    vfs_object_put(file);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(which_types, NEEDS_NOTHING),
    CONTRACT_TEST(directories, NEEDS_NOTHING),
    CONTRACT_TEST(leases_are_counted, NEEDS_NOTHING),
    CONTRACT_TEST(our_writer_breaks_a_read_lease, NEEDS_NOTHING),
    CONTRACT_TEST(not_beside_our_writer, NEEDS_NOTHING),
};

CONTRACT_GROUP(lease, tests);
