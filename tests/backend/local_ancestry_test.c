/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories and the way up from them: at any depth, after a restart, and when they are moved out
 * of the export. The test runs the sweeper by hand beside its own thread; its rounds act as the
 * clock.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/local/ancestry.h"
#include "backend/local/sweep.h"
#include "backend/local_fixture.h"

enum {
    DEEP = 2000,
    CLIMBS = 20000,
    CLIMBS_S = 10, /* of processor time for all; walking to the root each time would take minutes */
};

static const struct vfs_cred self = {.uid = 0};

static struct vfs_object *root_of(struct local_dir *dir)
{
    struct vfs_object *root;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    return root;
}

static void some_seconds_pass(struct local_dir *dir, uint32_t count)
{
    vfs_own_identity();
    while (count-- > 0)
        local_sweep(CONTAINER_OF(dir->fs, struct local_fs, base));
}

static void seconds_pass(struct local_dir *dir)
{
    some_seconds_pass(dir, LOCAL_INSIDE_EPOCHS);
}

/* The lowest of `depth` nested directories. */
static struct vfs_object *make_deep(struct local_dir *dir, uint32_t depth)
{
    struct vfs_object *at = root_of(dir);

    for (uint32_t i = 0; i < depth; i++) {
        struct vfs_object *below = make(at, &self, "d", VFS_DIR, 0755);

        vfs_object_put(at);
        at = below;
    }
    return at;
}

/* The number of directories above it; puts it. */
static uint32_t climb(struct vfs_object *at)
{
    enum vfs_status status = VFS_OK;
    uint32_t count = 0;

    while (status == VFS_OK) {
        struct vfs_object *above;

        status = at->fs->ops->parent(at, &self, &above);
        if (status != VFS_OK)
            break;
        vfs_object_put(at);
        at = above;
        count++;
    }
    assert_status(status, VFS_NOENT);
    vfs_object_put(at);
    return count;
}

static void the_way_up_is_open_from_any_depth(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *deep = make_deep(dir, DEEP), *found;
    struct vfs_handle handle = deep->handle;

    assert_int_equal(climb(deep), DEEP);
    for (int round = 0; round < 2; round++) {
        local_dir_reopen(dir);
        assert_ok(do_resolve(dir->fs, &handle, &found));
        assert_int_equal(climb(found), DEEP);
    }
}

/* Of this thread, however busy the machine is. */
static time_t processor_s(void)
{
    struct timespec used;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used), 0);
    return used.tv_sec;
}

static void a_step_up_costs_the_same_at_any_depth(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *deep = make_deep(dir, DEEP), *above;
    time_t begin_s = processor_s();

    for (int i = 0; i < CLIMBS; i++) {
        assert_ok(dir->fs->ops->parent(deep, &self, &above));
        vfs_object_put(above);
    }
    assert_true(processor_s() - begin_s < CLIMBS_S);
    vfs_object_put(deep);
}

/* root/a/b/c, where a is moved out. */
struct tree {
    struct vfs_object *a, *b, *c;
};

static void tree_make(struct local_dir *dir, struct tree *tree)
{
    struct vfs_object *root = root_of(dir), *above;

    tree->a = make(root, &self, "a", VFS_DIR, 0755);
    tree->b = make(tree->a, &self, "b", VFS_DIR, 0755);
    tree->c = make(tree->b, &self, "c", VFS_DIR, 0755);
    /* All ancestors are in memory. */
    assert_ok(dir->fs->ops->parent(tree->c, &self, &above));
    vfs_object_put(above);
    assert_ok(dir->fs->ops->parent(tree->a, &self, &above));
    vfs_object_put(above);
    vfs_object_put(root);
}

static void tree_put(struct tree *tree)
{
    vfs_object_put(tree->a);
    vfs_object_put(tree->b);
    vfs_object_put(tree->c);
}

static void ancestors_of_a_tree_moved_out_are_gone(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *above;
    struct tree tree;

    tree_make(dir, &tree);
    assert_int_equal(mkdir(local_outside(dir, "out"), 0777), 0);
    assert_int_equal(rename(local_path(dir, "a"), local_outside(dir, "out/a")), 0);
    assert_status(dir->fs->ops->parent(tree.a, &self, &above), VFS_NOENT);
    seconds_pass(dir);
    assert_status(dir->fs->ops->parent(tree.c, &self, &above), VFS_NOENT);
    assert_status(dir->fs->ops->parent(tree.b, &self, &above), VFS_NOENT);
    assert_status(dir->fs->ops->parent(tree.a, &self, &above), VFS_NOENT);
    tree_put(&tree);
}

/* Directories stay in the server's cache as long as they are used. */
static void a_tree_moved_out_is_soon_stale(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *found;
    struct tree tree;

    tree_make(dir, &tree);
    assert_int_equal(rename(local_path(dir, "a"), local_outside(dir, "a")), 0);
    seconds_pass(dir);
    assert_status(do_resolve(dir->fs, &tree.c->handle, &found), VFS_STALE);
    assert_status(do_resolve(dir->fs, &tree.b->handle, &found), VFS_STALE);
    assert_status(do_resolve(dir->fs, &tree.a->handle, &found), VFS_STALE);
    /* It is moved back. */
    assert_int_equal(rename(local_outside(dir, "a"), local_path(dir, "a")), 0);
    assert_ok(do_resolve(dir->fs, &tree.c->handle, &found));
    vfs_object_put(found);
    assert_ok(do_resolve(dir->fs, &tree.a->handle, &found));
    vfs_object_put(found);
    tree_put(&tree);
}

/* Lookups further down do not postpone the end. */
static void a_tree_moved_out_is_not_kept_by_walking_it(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *found, *below;
    struct tree tree;

    tree_make(dir, &tree);
    assert_int_equal(mkdir(local_path(dir, "a/b/c/new"), 0777), 0);
    assert_int_equal(rename(local_path(dir, "a"), local_outside(dir, "a")), 0);
    some_seconds_pass(dir, 3);
    assert_ok(do_lookup(tree.c, &self, "new", &below));
    some_seconds_pass(dir, 2);
    assert_status(do_resolve(dir->fs, &below->handle, &found), VFS_STALE);
    vfs_object_put(below);
    tree_put(&tree);
}

/* Nor are remembered ancestors refreshed by being used. */
static void a_tree_moved_out_is_not_kept_by_climbing_it(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *found, *above;
    struct tree tree;

    tree_make(dir, &tree);
    seconds_pass(dir);
    assert_ok(dir->fs->ops->parent(tree.b, &self, &above)); /* refreshes all above b */
    vfs_object_put(above);
    assert_int_equal(rename(local_path(dir, "a"), local_outside(dir, "a")), 0);
    some_seconds_pass(dir, 2);
    assert_ok(do_resolve(dir->fs, &tree.c->handle, &found));
    vfs_object_put(found);
    some_seconds_pass(dir, 3);
    assert_status(do_resolve(dir->fs, &tree.c->handle, &found), VFS_STALE);
    tree_put(&tree);
}

static void moves_within_the_export_keep_handles(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *found, *above;
    struct tree tree;

    tree_make(dir, &tree);
    assert_int_equal(rename(local_path(dir, "a/b"), local_path(dir, "b")), 0);
    assert_ok(dir->fs->ops->parent(tree.b, &self, &above));
    assert_ptr_equal(above, root);
    vfs_object_put(above);
    seconds_pass(dir);
    assert_ok(do_resolve(dir->fs, &tree.c->handle, &found));
    assert_ptr_equal(found, tree.c);
    vfs_object_put(found);
    tree_put(&tree);
    vfs_object_put(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(the_way_up_is_open_from_any_depth),
        LOCAL_TEST(a_step_up_costs_the_same_at_any_depth),
        LOCAL_TEST(ancestors_of_a_tree_moved_out_are_gone),
        LOCAL_TEST(a_tree_moved_out_is_soon_stale),
        LOCAL_TEST(a_tree_moved_out_is_not_kept_by_walking_it),
        LOCAL_TEST(a_tree_moved_out_is_not_kept_by_climbing_it),
        LOCAL_TEST(moves_within_the_export_keep_handles),
    };

    return local_group_run(tests);
}
