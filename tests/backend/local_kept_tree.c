/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local_kept_tree.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/local/local_internal.h"
#include "base/counter.h"

const struct vfs_cred owner = {.uid = CONTRACT_OWNER, .gid = CONTRACT_OWNER};
struct tree tree;

static int set_up(void **state, uint32_t word)
{
    struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0777};
    struct vfs_create create = {
        .type = VFS_LNK, .mode = VFS_CREATE_GUARDED, .attr = &attr, .link_target = "file"};
    struct tree *t = &tree;

    local_setting.sole_changer = word;
    t->dir = local_dir_create();
    *state = t->dir;
    assert_ok(t->dir->fs->ops->root(t->dir->fs, &t->root));
    t->sub = make(t->root, &owner, "sub", VFS_DIR, 0755);
    t->file = make(t->sub, &owner, "file", VFS_REG, 0644);
    t->linked = make(t->sub, &owner, "linked", VFS_REG, 0644);
    assert_ok(do_link(t->linked, t->root, &owner, "other name"));
    assert_ok(do_create(t->sub, &owner, "symlink", &create, &t->symlink));
    t->inner_dir = *t->dir;
    (void)snprintf(t->inner_dir.path, sizeof(t->inner_dir.path), "%s/export/sub", t->dir->base);
    local_setting.sole_changer = 0;
    t->inner = local_dir_open(&t->inner_dir);
    assert_non_null(t->inner);
    assert_ok(t->inner->ops->root(t->inner, &t->inner_root));
    assert_ok(do_lookup(t->inner_root, &owner, "file", &t->inner_file));
    assert_ok(t->file->fs->ops->open(t->file, &owner, VFS_WANT_BOTH, false));
    assert_ok(t->linked->fs->ops->open(t->linked, &owner, VFS_WANT_BOTH, false));
    assert_ok(t->inner->ops->open(t->inner_file, &owner, VFS_WANT_BOTH, false));
    return 0;
}

int tree_set_up(void **state)
{
    return set_up(state, 1);
}

int tree_set_up_watched(void **state)
{
    return set_up(state, 1 | VFS_CHANGES_TOLD);
}

int tree_tear_down(void **state)
{
    struct tree *t = &tree;

    t->file->fs->ops->close(t->file, VFS_WANT_BOTH);
    t->linked->fs->ops->close(t->linked, VFS_WANT_BOTH);
    t->inner->ops->close(t->inner_file, VFS_WANT_BOTH);
    vfs_object_put(t->inner_file);
    vfs_object_put(t->inner_root);
    vfs_object_put(t->symlink);
    vfs_object_put(t->linked);
    vfs_object_put(t->file);
    vfs_object_put(t->sub);
    vfs_object_put(t->root);
    t->inner->ops->destroy(t->inner);
    local_dir_destroy(*state);
    return 0;
}

/* ---- what the kernel says ---- */

static void assert_time(const struct timespec *got, const struct statx_timestamp *want)
{
    assert_int_equal(got->tv_sec, want->tv_sec);
    assert_int_equal(got->tv_nsec, want->tv_nsec);
}

static void assert_attr(const struct vfs_attr *got, const struct statx *want)
{
    assert_int_equal(got->fileid, want->stx_ino);
    assert_int_equal(got->mode, want->stx_mode & 07777);
    assert_int_equal(got->nlink, want->stx_nlink);
    assert_int_equal(got->uid, want->stx_uid);
    assert_int_equal(got->gid, want->stx_gid);
    assert_int_equal(got->size, want->stx_size);
    assert_int_equal(got->space_used, want->stx_blocks * 512);
    assert_time(&got->mtime, &want->stx_mtime);
    assert_time(&got->ctime, &want->stx_ctime);
    assert_time(&got->atime, &want->stx_atime);
}

static void kernel_attr(const char *name, struct statx *st)
{
    assert_int_equal(syscall(SYS_statx, AT_FDCWD, local_path(tree.dir, name), AT_SYMLINK_NOFOLLOW,
                             STATX_BASIC_STATS, st),
                     0);
}

void check_object(struct vfs_object *obj, const char *name)
{
    struct statx st;
    struct vfs_attr got = attr_of(obj);

    kernel_attr(name, &st);
    assert_attr(&got, &st);
}

struct listed {
    const char *dir;
    unsigned count;
};

static bool check_entry(void *arg, const struct vfs_dirent *entry)
{
    struct listed *listed = arg;
    struct vfs_object *found;
    char name[300];
    struct statx st;

    assert_non_null(entry->attr);
    (void)snprintf(name, sizeof(name), "%s/%.*s", listed->dir, (int)entry->name.len,
                   entry->name.data);
    kernel_attr(name, &st);
    assert_attr(entry->attr, &st);
    assert_ok(do_resolve(tree.dir->fs, entry->handle, &found));
    assert_int_equal(found->fileid, st.stx_ino);
    vfs_object_put(found);
    listed->count++;
    return true;
}

/* The entries that the kernel lists. */
static unsigned kernel_count(const char *name)
{
    DIR *dir = opendir(local_path(tree.dir, name));
    unsigned count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2; /* . and .. */
}

void check_listing(struct vfs_object *dir, const char *name)
{
    struct listed listed = {.dir = name};
    struct vfs_readdir rd = {
        .attr_mask = VFS_ATTR_ALL_GET, .want_handle = true, .emit = check_entry, .arg = &listed};

    assert_ok(dir->fs->ops->readdir(dir, &owner, &rd));
    assert_true(rd.eof);
    assert_int_equal(listed.count, kernel_count(name));
}

void check_tree(void)
{
    check_object(tree.root, ".");
    check_object(tree.sub, "sub");
    check_object(tree.file, "sub/file");
    check_object(tree.linked, "sub/linked");
    check_object(tree.symlink, "sub/symlink");
    check_listing(tree.root, ".");
    check_listing(tree.sub, "sub");
    check_object(tree.root, "."); /* a listing may have set their time of access */
    check_object(tree.sub, "sub");
}

uint64_t hits(void)
{
    return counter_read(tree.dir->fs->kept_counters, VFS_KEPT_HITS);
}

/* Twice: the second time most answers are kept ones.  Returns how many were. */
uint64_t check_kept(void)
{
    uint64_t before;

    check_tree();
    check_tree();
    before = hits();
    check_tree();
    return hits() - before;
}

void need_kept(void)
{
    if (!CONTAINER_OF(tree.dir->fs, struct local_fs, base)->may_keep)
        test_skip("nothing is kept of files of this file system");
    (void)attr_of(tree.root);
    if (counter_read(tree.dir->fs->kept_counters, VFS_KEPT_UNTOLD) > 0)
        test_skip("the kernel does not tell this process what others change");
}
