/* SPDX-License-Identifier: Apache-2.0 */
/* Handles across restarts, kills and changes behind the server's back; descriptors within
 * bounds. */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/local/cache.h"
#include "backend/local/handle.h"
#include "backend/local/path.h"
#include "backend/local_fixture.h"

enum {
    FILES = 500,
    FEW = 100, /* descriptors */
    CROWD_THREADS = 8,
    CROWD_FILES = 250, /* one byte distinguishes them */
    CROWD_ROUNDS = 1000,
};

static const struct vfs_cred self = {.uid = 0};

static struct vfs_object *root_of(struct local_dir *dir)
{
    struct vfs_object *root;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    return root;
}

static void rename_behind(const struct local_dir *dir, const char *from, const char *to)
{
    assert_int_equal(rename(local_path(dir, from), local_path(dir, to)), 0);
}

/* In the child: create files, report their handles, and die without a chance to write anything. */
static void make_and_die(const struct local_dir *dir, int pipe_fd)
{
    struct vfs *fs = local_dir_open(dir);
    struct vfs_object *root, *sub, *file;

    if (!fs || fs->ops->root(fs, &root) != VFS_OK)
        _exit(1);
    sub = make(root, &self, "sub", VFS_DIR, 0755);
    for (int i = 0; i < FILES; i++) {
        char name[16];

        snprintf(name, sizeof(name), "f%d", i);
        file = make(i % 2 ? sub : root, &self, name, VFS_REG, 0644);
        if (write(pipe_fd, &file->handle, sizeof(file->handle)) != sizeof(file->handle))
            _exit(1);
        vfs_object_put(file);
    }
    (void)raise(SIGKILL);
}

static void handles_outlive_a_killed_server(void **state)
{
    struct local_dir *dir = *state;
    static struct vfs_handle handles[FILES];
    struct vfs_object *found;
    int fds[2], status;
    pid_t child;

    dir->fs->ops->destroy(dir->fs);
    dir->fs = NULL;
    assert_int_equal(pipe(fds), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        make_and_die(dir, fds[1]);
    close(fds[1]);
    for (int i = 0; i < FILES; i++)
        assert_int_equal(read(fds[0], &handles[i], sizeof(handles[i])), sizeof(handles[i]));
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    dir->fs = local_dir_open(dir);
    assert_non_null(dir->fs);
    for (int i = 0; i < FILES; i++) {
        assert_ok(do_resolve(dir->fs, &handles[i], &found));
        assert_int_equal(found->type, VFS_REG);
        vfs_object_put(found);
    }
}

static void restarts_do_not_wear_handles_out(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *at = root_of(dir), *found;
    struct vfs_handle handles[40];

    for (size_t i = 0; i < ARRAY_SIZE(handles); i++) {
        struct vfs_object *sub = make(at, &self, "deeper", VFS_DIR, 0755);

        handles[i] = sub->handle;
        vfs_object_put(at);
        at = sub;
    }
    vfs_object_put(at);
    for (int round = 0; round < 3; round++) {
        local_dir_reopen(dir);
        for (size_t i = ARRAY_SIZE(handles); i > 0; i--) {
            assert_ok(do_resolve(dir->fs, &handles[i - 1], &found));
            vfs_object_put(found);
        }
    }
}

static void renamed_behind_the_back(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *found;
    struct vfs_object *sub = make(root, &self, "sub", VFS_DIR, 0755);
    struct vfs_object *file = make(sub, &self, "file", VFS_REG, 0644);
    struct vfs_handle sub_handle = sub->handle, file_handle = file->handle;
    uint64_t fileid = file->fileid;

    vfs_object_put(file);
    vfs_object_put(sub);
    vfs_object_put(root);
    dir->fs->ops->destroy(dir->fs);
    rename_behind(dir, "sub/file", "sub/moved");
    rename_behind(dir, "sub", "bus");
    dir->fs = local_dir_open(dir);
    assert_non_null(dir->fs);
    for (int round = 0; round < 2; round++) {
        assert_ok(do_resolve(dir->fs, &file_handle, &found));
        assert_int_equal(found->fileid, fileid);
        vfs_object_put(found);
        assert_ok(do_resolve(dir->fs, &sub_handle, &found));
        vfs_object_put(found);
        local_dir_reopen(dir);
    }
}

/* The map knows only the old place; the kernel knows the new one. */
static void moved_elsewhere_behind_the_back(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *found;
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    struct vfs_handle handle = file->handle;
    bool by_map = local_setting.finding == LOCAL_FIND_BY_MAP;

    vfs_object_put(file);
    assert_ok(do_make(root, &self, "sub", VFS_DIR, 0755));
    vfs_object_put(root);
    dir->fs->ops->destroy(dir->fs);
    rename_behind(dir, "file", "sub/file");
    dir->fs = local_dir_open(dir);
    assert_non_null(dir->fs);
    assert_status(do_resolve(dir->fs, &handle, &found), by_map ? VFS_STALE : VFS_OK);
    if (!by_map)
        vfs_object_put(found);
}

/* A name was removed and created again while the object was in memory: the map is told again. */
static void back_behind_the_back(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *found;
    struct vfs_object *sub = make(root, &self, "sub", VFS_DIR, 0755);
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    struct vfs_handle handle = file->handle;

    assert_ok(do_find(root, &self, "file"));
    assert_ok(do_rename(root, "file", sub, "file", &self));
    rename_behind(dir, "sub/file", "file");
    assert_ok(do_find(root, &self, "file"));
    vfs_object_put(file);
    vfs_object_put(sub);
    vfs_object_put(root);
    local_dir_reopen(dir);
    assert_ok(do_resolve(dir->fs, &handle, &found));
    vfs_object_put(found);
}

static void removed_behind_the_back(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *found;
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    struct vfs_handle handle = file->handle;

    assert_int_equal(unlink(local_path(dir, "file")), 0);
    assert_int_equal(attr_of(file).nlink, 0);
    vfs_object_put(file);
    assert_status(do_resolve(dir->fs, &handle, &found), VFS_STALE);
    /* An object that takes its name, and perhaps its inode, is another one. */
    for (int i = 0; i < 50; i++) {
        assert_ok(do_make(root, &self, "file", VFS_REG, 0644));
        assert_status(do_resolve(dir->fs, &handle, &found), VFS_STALE);
        assert_ok(do_remove(root, &self, "file"));
    }
    vfs_object_put(root);
}

/* Looking up by one name and removing that must not lose the other. */
static void any_name_will_do(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *found;
    struct vfs_object *file = make(root, &self, "a", VFS_REG, 0644);
    struct vfs_handle handle = file->handle;

    assert_ok(do_link(file, root, &self, "b"));
    assert_ok(do_link(file, root, &self, "c"));
    vfs_object_put(file);
    assert_ok(do_remove(root, &self, "c"));
    assert_ok(do_remove(root, &self, "a"));
    vfs_object_put(root);
    local_dir_reopen(dir);
    assert_ok(do_resolve(dir->fs, &handle, &found));
    assert_int_equal(attr_of(found).nlink, 1);
    vfs_object_put(found);
}

struct kept {
    struct vfs_handle handles[64];
    uint32_t count;
};

static bool keep_handle(void *arg, const struct vfs_dirent *entry)
{
    struct kept *kept = arg;

    if (entry->handle && kept->count < ARRAY_SIZE(kept->handles))
        kept->handles[kept->count++] = *entry->handle;
    return true;
}

/* Handles that only READDIR returned. */
static void listed_handles_survive(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *found;
    struct kept kept = {.count = 0};
    struct vfs_readdir rd = {
        .attr_mask = VFS_ATTR_SIZE, .want_handle = true, .emit = keep_handle, .arg = &kept};

    for (int i = 0; i < 40; i++) {
        char name[16];

        snprintf(name, sizeof(name), "d%d", i);
        assert_int_equal(mkdir(local_path(dir, name), 0755), 0);
    }
    root = root_of(dir);
    assert_ok(dir->fs->ops->readdir(root, &self, &rd));
    assert_int_equal(kept.count, 40);
    vfs_object_put(root);
    local_dir_reopen(dir);
    for (uint32_t i = 0; i < kept.count; i++) {
        assert_ok(do_resolve(dir->fs, &kept.handles[i], &found));
        assert_int_equal(found->type, VFS_DIR);
        vfs_object_put(found);
    }
}

static uint32_t count_descriptors(void)
{
    DIR *fds = opendir("/proc/self/fd");
    uint32_t count = 0;

    assert_non_null(fds);
    while (readdir(fds))
        count++;
    closedir(fds);
    return count;
}

static int few_descriptors_set_up(void **state)
{
    local_setting.descriptors_max = FEW;
    local_setting.objects_max = 64;
    return local_test_set_up(state);
}

static int few_descriptors_tear_down(void **state)
{
    local_setting.descriptors_max = local_setting.objects_max = 0;
    return local_test_tear_down(state);
}

static void descriptors_are_bounded(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    uint32_t before = count_descriptors();
    char name[16];

    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        assert_ok(do_make(root, &self, name, VFS_REG, 0644));
        assert_true(count_descriptors() <= before + 70); /* one for each object */
    }
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        assert_ok(do_find(root, &self, name));
    }
    vfs_object_put(root);
}

static void assert_reads(struct vfs_object *obj, const char *want)
{
    char got[16] = "";
    uint32_t len;
    bool eof;

    assert_ok(do_read(obj, 0, got, sizeof(got), &len, &eof));
    assert_int_equal(len, strlen(want));
    assert_memory_equal(got, want, len);
}

/* An open records the right to read and write, but takes no descriptor. */
static void opens_take_no_descriptors(void **state)
{
    static struct vfs_object *held[FILES];
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *sub = make(root, &self, "sub", VFS_DIR, 0755), *found;
    uint32_t before = count_descriptors();
    char name[16];

    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        held[i] = make(sub, &self, name, VFS_REG, 0644);
        assert_ok(dir->fs->ops->open(held[i], &self, VFS_WANT_BOTH, true));
        assert_ok(do_write(held[i], &self, 0, name, (uint32_t)strlen(name)));
        assert_true(count_descriptors() <= before + FEW + 5);
    }
    /* Opens of files whose mode denies access by now, that were renamed, or whose directory was. */
    if (local_privileged())
        assert_ok(do_chmod(held[0], &self, 0));
    assert_ok(do_rename(sub, "f1", root, "other", &self));
    assert_int_equal(rename(local_path(dir, "sub/f2"), local_path(dir, "sub/g2")), 0);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        assert_reads(held[i], name);
        assert_int_equal(attr_of(held[i]).size, strlen(name));
        assert_ok(do_write(held[i], &self, 0, "F", 1));
    }
    assert_ok(do_lookup(sub, &self, "f7", &found));
    assert_ptr_equal(found, held[7]);
    vfs_object_put(found);
    assert_true(count_descriptors() <= before + FEW + 5);
    for (int i = 0; i < FILES; i++) {
        dir->fs->ops->close(held[i], VFS_WANT_BOTH);
        vfs_object_put(held[i]);
    }
    vfs_object_put(sub);
    vfs_object_put(root);
}

static void count_shortage(void *count)
{
    ++*(uint32_t *)count;
}

/* Each keeps a descriptor, so there is a limit for them; other files use the rest. */
static void files_without_a_name_stay_open(void **state)
{
    static struct vfs_object *held[FEW];
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    enum vfs_status status = VFS_OK;
    uint32_t removed = 0, shortages = 0;
    char name[16];

    vfs_shortage_hook = (struct vfs_shortage_hook){count_shortage, &shortages};
    for (int i = 0; i < FEW; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        held[i] = make(root, &self, name, VFS_REG, 0644);
        assert_ok(dir->fs->ops->open(held[i], &self, VFS_WANT_BOTH, true));
        assert_ok(do_write(held[i], &self, 0, name, (uint32_t)strlen(name)));
    }
    while (removed < FEW && status == VFS_OK) {
        snprintf(name, sizeof(name), "f%u", removed);
        status = do_remove(root, &self, name);
        removed += status == VFS_OK;
    }
    assert_status(status, VFS_DELAY);
    assert_true(removed >= FEW / 5 && removed <= FEW / 3);
    assert_true(shortages > 0);
    assert_status(do_rename(root, "f60", root, "f61", &self), VFS_DELAY);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        assert_ok(do_make(root, &self, name, VFS_REG, 0644));
        assert_ok(do_remove(root, &self, name));
    }
    for (uint32_t i = 0; i < FEW; i++) {
        snprintf(name, sizeof(name), "f%u", i);
        assert_reads(held[i], name);
        dir->fs->ops->close(held[i], VFS_WANT_BOTH);
        vfs_object_put(held[i]);
    }
    /* Their descriptors are free again. */
    snprintf(name, sizeof(name), "f%u", removed);
    assert_ok(do_remove(root, &self, name));
    assert_int_equal(atomic_load(&CONTAINER_OF(dir->fs, struct local_fs, base)->orphans), 0);
    vfs_shortage_hook = (struct vfs_shortage_hook){0};
    vfs_object_put(root);
}

static uint32_t sections, sections_open;

static void section_begin(bool surely)
{
    (void)surely;
    sections += sections_open++ == 0;
}

static void section_end(void)
{
    sections_open--;
}

/* Closing a file may take long on a slow disk, so the event loop is told before. */
static void closing_for_others_is_told(void **state)
{
    static struct vfs_object *held[2 * FEW];
    struct local_dir *dir = *state;
    struct local_fs *fs = CONTAINER_OF(dir->fs, struct local_fs, base);
    struct vfs_object *root = root_of(dir);
    char name[16];

    for (int i = 0; i < 2 * FEW; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        held[i] = make(root, &self, name, VFS_REG, 0644);
        assert_ok(dir->fs->ops->open(held[i], &self, VFS_WANT_BOTH, true));
    }
    for (int i = 0; i < 2 * FEW && atomic_load(&fs->descriptors) < fs->descriptors_max; i++)
        (void)attr_of(held[i]);
    sections = sections_open = 0;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){section_begin, section_end};
    assert_ok(local_cache_reserve(fs));
    assert_int_equal(sections, 1);
    assert_ok(local_cache_reserve(fs)); /* one is free now */
    assert_int_equal(sections, 1);
    assert_int_equal(sections_open, 0);
    vfs_blocking_hooks = (struct vfs_blocking_hooks){NULL, NULL};
    for (int i = 0; i < 2 * FEW; i++) {
        dir->fs->ops->close(held[i], VFS_WANT_BOTH);
        vfs_object_put(held[i]);
    }
    vfs_object_put(root);
}

static bool is_bare(struct vfs_object *obj)
{
    return local_path_gone(local_of(obj));
}

/* Until none of these files has a descriptor left. */
static void press_out(struct vfs *vfs, struct vfs_object *const *held, uint32_t count)
{
    struct local_fs *fs = CONTAINER_OF(vfs, struct local_fs, base);
    uint32_t max = fs->descriptors_max;

    fs->descriptors_max = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (int tries = 0; tries < FILES && !is_bare(held[i]); tries++)
            assert_status(local_cache_reserve(fs), VFS_DELAY);
        assert_true(is_bare(held[i]));
    }
    fs->descriptors_max = max;
}

/* A local user removes the file while it is open: it could not be found again by name. */
static void removed_behind_the_back_keeps_its_descriptor(void **state)
{
    struct local_dir *dir = *state;
    struct local_fs *fs = CONTAINER_OF(dir->fs, struct local_fs, base);
    struct vfs_object *root = root_of(dir), *file = make(root, &self, "file", VFS_REG, 0644);
    uint32_t max = fs->descriptors_max;

    assert_ok(dir->fs->ops->open(file, &self, VFS_WANT_BOTH, true));
    assert_ok(do_write(file, &self, 0, "file", 4));
    assert_int_equal(unlink(local_path(dir, "file")), 0);
    fs->descriptors_max = 0;
    assert_status(local_cache_reserve(fs), VFS_DELAY);
    fs->descriptors_max = max;
    assert_reads(file, "file");
    assert_int_equal(atomic_load(&fs->orphans), 1);
    dir->fs->ops->close(file, VFS_WANT_BOTH);
    assert_int_equal(atomic_load(&fs->orphans), 0);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Write without a sync; then the object leaves the cache. */
static void write_and_leave(struct vfs *vfs, struct vfs_object *root, bool removed)
{
    struct local_fs *fs = CONTAINER_OF(vfs, struct local_fs, base);
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    uint32_t max = fs->descriptors_max;
    struct local_id id;

    local_object_id(local_of(file), &id);
    assert_ok(vfs->ops->open(file, &self, VFS_WANT_BOTH, true));
    assert_ok(do_write(file, &self, 0, "x", 1));
    if (removed)
        assert_ok(do_remove(root, &self, "file"));
    vfs->ops->close(file, VFS_WANT_BOTH);
    vfs_object_put(file);
    fs->descriptors_max = 0;
    assert_status(local_cache_reserve(fs), VFS_DELAY);
    fs->descriptors_max = max;
    assert_null(local_cache_lookup(fs, &id));
}

static bool may_have_missed(const struct local_fs *fs, struct vfs_object *obj)
{
    return atomic_load(&local_of(obj)->unwatched) ||
           (int32_t)(local_of(obj)->met_unwatched - atomic_load(&fs->reviewed)) > 0;
}

/* After a possible write error that went unseen, the object is reviewed when it returns, until a
 * COMMIT. */
static void unsynced_objects_are_reviewed(void **state)
{
    struct local_dir *dir = *state;
    struct local_fs *fs = CONTAINER_OF(dir->fs, struct local_fs, base);
    struct vfs_object *root = root_of(dir), *again, *other;
    uint32_t left, max = fs->descriptors_max;

    write_and_leave(dir->fs, root, true); /* will not be looked up again */
    other = make(root, &self, "other", VFS_REG, 0644);
    assert_false(may_have_missed(fs, other));
    vfs_object_put(other);
    write_and_leave(dir->fs, root, false);
    left = atomic_load(&fs->unwatched);
    /* An object that was looked up meanwhile and never written leaves without a trace. */
    other = make(root, &self, "neighbour", VFS_REG, 0644);
    vfs_object_put(other);
    fs->descriptors_max = 0;
    assert_status(local_cache_reserve(fs), VFS_DELAY);
    fs->descriptors_max = max;
    assert_int_equal(atomic_load(&fs->unwatched), left);
    assert_ok(do_lookup(root, &self, "file", &again));
    assert_true(may_have_missed(fs, again));
    assert_ok(dir->fs->ops->commit(again, &self, 0, 0));
    assert_false(may_have_missed(fs, again));
    assert_int_equal(atomic_load(&fs->unwatched), atomic_load(&fs->reviewed));
    vfs_object_put(again);
    vfs_object_put(root);
}

/* A lookup at the new place updates the map. */
static void lookups_update_the_map(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *sub = make(root, &self, "sub", VFS_DIR, 0755), *again;
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    uint32_t got;
    char byte;
    bool eof;

    assert_ok(dir->fs->ops->open(file, &self, VFS_WANT_BOTH, true));
    assert_ok(do_write(file, &self, 0, "file", 4));
    for (int round = 0; round < 4; round++) {
        bool there = round % 2 == 0, bare = round < 2;

        rename_behind(dir, there ? "file" : "sub/moved", there ? "sub/moved" : "file");
        if (bare)
            press_out(dir->fs, &file, 1);
        assert_ok(do_lookup(there ? sub : root, &self, there ? "moved" : "file", &again));
        assert_ptr_equal(again, file);
        vfs_object_put(again);
        press_out(dir->fs, &file, 1);
        assert_reads(file, "file");
        assert_int_equal(attr_of(file).nlink, 1);
    }
    /* A failed lookup at the old place removes it from the map. */
    press_out(dir->fs, &file, 1);
    rename_behind(dir, "file", "sub/hidden");
    (void)do_read(file, 0, &byte, 1, &got, &eof);
    rename_behind(dir, "sub/hidden", "file");
    assert_ok(do_lookup(root, &self, "file", &again));
    vfs_object_put(again);
    assert_reads(file, "file");
    dir->fs->ops->close(file, VFS_WANT_BOTH);
    vfs_object_put(file);
    vfs_object_put(sub);
    vfs_object_put(root);
}

/* Two exports of a directory: the one that removes a file does not know the other's descriptors. */
static void another_export_removes_an_open_file(void **state)
{
    enum {
        REMOVED,
        REPLACED,
        KNOWN,
        LINKED,
        COUNT
    };
    static const char *const names[] = {"removed", "replaced", "known", "linked"};
    struct local_dir *dir = *state;
    struct vfs *other = local_dir_open(dir);
    struct vfs_object *root = root_of(dir), *there, *known, *held[COUNT];
    struct local_volume *volume = CONTAINER_OF(dir->fs, struct local_fs, base)->volume;
    uint32_t before = count_descriptors();

    assert_non_null(other);
    assert_ok(other->ops->root(other, &there));
    for (int i = 0; i < COUNT; i++) {
        held[i] = make(root, &self, names[i], VFS_REG, 0644);
        assert_ok(dir->fs->ops->open(held[i], &self, VFS_WANT_BOTH, true));
        assert_ok(do_write(held[i], &self, 0, names[i], (uint32_t)strlen(names[i])));
    }
    assert_ok(do_link(held[LINKED], root, &self, "link"));
    press_out(dir->fs, held, COUNT);
    assert_ok(do_lookup(there, &self, "known", &known));
    assert_ok(do_remove(there, &self, "removed"));
    assert_ok(do_remove(there, &self, "known"));
    assert_ok(do_remove(there, &self, "linked"));
    assert_ok(do_make(there, &self, "new", VFS_REG, 0644));
    assert_ok(do_rename(there, "new", there, "replaced", &self));
    assert_int_equal(atomic_load(&volume->kept), 3);
    for (int i = 0; i < COUNT; i++) {
        assert_reads(held[i], names[i]);
        assert_int_equal(attr_of(held[i]).nlink, i == LINKED);
    }
    vfs_object_put(known);
    for (int i = 0; i < COUNT; i++) {
        dir->fs->ops->close(held[i], VFS_WANT_BOTH);
        vfs_object_put(held[i]);
    }
    assert_int_equal(atomic_load(&volume->kept), 0);
    vfs_object_put(there);
    vfs_object_put(root);
    other->ops->destroy(other);
    local_dir_reopen(dir);
    assert_true(count_descriptors() <= before);
}

/* Threads evict each other's descriptors all the time, and each always finds its own file. */
struct crowd {
    struct vfs *fs;
    struct vfs_object *root, *files[CROWD_FILES];
    struct vfs_handle handles[CROWD_FILES];
    _Atomic uint32_t done;
};

static void *crowd_run(void *arg)
{
    struct crowd *crowd = arg;
    uint32_t seed = atomic_fetch_add(&crowd->done, 1) + 1;

    for (int i = 0; i < CROWD_ROUNDS; i++) {
        uint32_t n = (seed = seed * 1664525 + 1013904223) >> 8;
        uint32_t file = n % CROWD_FILES, got;
        struct vfs_object *obj;
        struct vfs_attr attr;
        char byte = 0;
        bool eof;

        CHECK(crowd->fs->ops->resolve(crowd->fs, &crowd->handles[file], &obj) == VFS_OK);
        CHECK(obj == crowd->files[file]);
        CHECK(crowd->fs->ops->getattr(obj, VFS_ATTR_ALL_GET, &attr) == VFS_OK);
        CHECK(attr.fileid == obj->fileid);
        CHECK(do_read(obj, file, &byte, 1, &got, &eof) == VFS_OK);
        CHECK(got == 1 && byte == (char)file);
        CHECK(do_write(obj, &self, file, &byte, 1) == VFS_OK);
        vfs_object_put(obj);
    }
    return NULL;
}

static void many_threads_share_few_descriptors(void **state)
{
    static struct crowd crowd;
    struct local_dir *dir = *state;
    pthread_t threads[CROWD_THREADS];
    uint32_t before = count_descriptors();
    char name[16];

    crowd = (struct crowd){.fs = dir->fs, .root = root_of(dir)};
    for (uint32_t i = 0; i < CROWD_FILES; i++) {
        char byte = (char)i;

        snprintf(name, sizeof(name), "f%u", i);
        crowd.files[i] = make(crowd.root, &self, name, VFS_REG, 0644);
        crowd.handles[i] = crowd.files[i]->handle;
        assert_ok(dir->fs->ops->open(crowd.files[i], &self, VFS_WANT_BOTH, true));
        assert_ok(do_write(crowd.files[i], &self, i, &byte, 1));
    }
    for (int i = 0; i < CROWD_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_run, &crowd), 0);
    for (int i = 0; i < CROWD_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (uint32_t i = 0; i < CROWD_FILES; i++) {
        dir->fs->ops->close(crowd.files[i], VFS_WANT_BOTH);
        vfs_object_put(crowd.files[i]);
    }
    vfs_object_put(crowd.root);
    local_dir_reopen(dir);
    assert_true(count_descriptors() <= before);
}

#define FEW_TEST(fn)                                                                               \
    cmocka_unit_test_setup_teardown(fn, few_descriptors_set_up, few_descriptors_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(handles_outlive_a_killed_server),
        LOCAL_TEST(restarts_do_not_wear_handles_out),
        LOCAL_TEST(renamed_behind_the_back),
        LOCAL_TEST(moved_elsewhere_behind_the_back),
        LOCAL_TEST(back_behind_the_back),
        LOCAL_TEST(removed_behind_the_back),
        LOCAL_TEST(any_name_will_do),
        LOCAL_TEST(listed_handles_survive),
        FEW_TEST(descriptors_are_bounded),
        FEW_TEST(opens_take_no_descriptors),
        FEW_TEST(files_without_a_name_stay_open),
        FEW_TEST(many_threads_share_few_descriptors),
        FEW_TEST(another_export_removes_an_open_file),
        FEW_TEST(closing_for_others_is_told),
        FEW_TEST(lookups_update_the_map),
        FEW_TEST(unsynced_objects_are_reviewed),
        FEW_TEST(removed_behind_the_back_keeps_its_descriptor),
    };

    return local_group_run(tests);
}
