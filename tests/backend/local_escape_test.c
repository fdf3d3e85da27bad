/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing outside the exported directory is ever reached: by name, symlink, `..` or handle. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/local_fixture.h"

static const struct vfs_cred self = {.uid = 0};

static struct vfs_object *root_of(struct local_dir *dir)
{
    struct vfs_object *root;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    return root;
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* A file, and a directory with a file, beside the export. */
static void make_outside(const struct local_dir *dir)
{
    write_file(local_outside(dir, "secret"), "secret");
    assert_int_equal(mkdir(local_outside(dir, "out"), 0777), 0);
    write_file(local_outside(dir, "out/file"), "secret");
}

#define assert_refused(expr) assert_either((expr), VFS_BADNAME, VFS_INVAL)

static void names_lead_nowhere_else(void **state)
{
    static const char *const names[] = {"..",       ".",        "../secret", "/",     "/etc",
                                        "dir/file", "dir/../x", "",          "out/.."};
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *out;
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);

    make_outside(dir);
    vfs_object_put(make(root, &self, "dir", VFS_DIR, 0755));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_refused(do_lookup(root, &self, names[i], &out));
        assert_refused(do_make(root, &self, names[i], VFS_REG, 0644));
        assert_refused(do_make(root, &self, names[i], VFS_DIR, 0755));
        assert_refused(do_remove(root, &self, names[i]));
        assert_refused(do_rename(root, names[i], root, "x", &self));
        assert_refused(do_rename(root, "dir", root, names[i], &self));
        assert_refused(do_link(file, root, &self, names[i]));
    }
    assert_int_equal(access(local_outside(dir, "secret"), F_OK), 0);
    vfs_object_put(file);
    vfs_object_put(root);
}

static void a_name_with_a_nul_is_refused(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *out;
    const struct vfs_name names[] = {
        {.data = "..\0x", .len = 4}, {.data = "file\0x", .len = 6}, {.data = "\0", .len = 1}};

    vfs_object_put(make(root, &self, "file", VFS_REG, 0644));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_refused(dir->fs->ops->lookup(root, &self, &names[i], &out));
    vfs_object_put(root);
}

static void symlinks_are_objects_not_ways(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *link, *out;

    make_outside(dir);
    assert_int_equal(symlink("../out", local_path(dir, "rel")), 0);
    assert_int_equal(symlink(local_outside(dir, "out"), local_path(dir, "abs")), 0);
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "abs" : "rel";

        assert_ok(do_lookup(root, &self, name, &link));
        assert_int_equal(link->type, VFS_LNK);
        assert_status(do_lookup(link, &self, "file", &out), VFS_NOTDIR);
        assert_status(do_make(link, &self, "made", VFS_REG, 0644), VFS_NOTDIR);
        assert_status(dir->fs->ops->open(link, &self, VFS_WANT_READ, false), VFS_SYMLINK);
        vfs_object_put(link);
    }
    assert_int_not_equal(access(local_outside(dir, "out/made"), F_OK), 0);
    vfs_object_put(root);
}

/* The directory is moved away and a symlink to an outside one takes its name. */
static void a_symlink_takes_a_directorys_place(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *out;
    struct vfs_object *sub = make(root, &self, "sub", VFS_DIR, 0755);
    struct vfs_object *file = make(sub, &self, "file", VFS_REG, 0644);
    struct vfs_handle sub_handle = sub->handle, file_handle = file->handle;
    uint64_t fileid = file->fileid;

    make_outside(dir);
    assert_int_equal(rename(local_path(dir, "sub"), local_path(dir, "away")), 0);
    assert_int_equal(symlink("../out", local_path(dir, "sub")), 0);
    assert_ok(do_make(sub, &self, "made", VFS_REG, 0644));
    assert_int_not_equal(access(local_outside(dir, "out/made"), F_OK), 0);
    vfs_object_put(file);
    vfs_object_put(sub);
    vfs_object_put(root);
    local_dir_reopen(dir);
    assert_ok(do_resolve(dir->fs, &sub_handle, &out));
    assert_int_equal(out->type, VFS_DIR);
    vfs_object_put(out);
    assert_ok(do_resolve(dir->fs, &file_handle, &out));
    assert_int_equal(out->fileid, fileid);
    vfs_object_put(out);
    /* With the directory gone, nothing else takes its place. */
    assert_int_equal(unlink(local_path(dir, "away/file")), 0);
    assert_int_equal(unlink(local_path(dir, "away/made")), 0);
    assert_int_equal(rmdir(local_path(dir, "away")), 0);
    local_dir_reopen(dir);
    assert_status(do_resolve(dir->fs, &sub_handle, &out), VFS_STALE);
    assert_status(do_resolve(dir->fs, &file_handle, &out), VFS_STALE);
}

static void nothing_is_above_the_root(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *out;

    assert_status(dir->fs->ops->parent(root, &self, &out), VFS_NOENT);
    vfs_object_put(root);
}

/* Moved out of the export on the server: its `..` is outside. */
static void a_directory_moved_out_leads_nowhere(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *out;
    struct vfs_object *sub = make(root, &self, "sub", VFS_DIR, 0755);
    struct vfs_object *deep = make(sub, &self, "deep", VFS_DIR, 0755);
    struct vfs_handle sub_handle = sub->handle, deep_handle = deep->handle;

    make_outside(dir);
    assert_int_equal(rename(local_path(dir, "sub"), local_outside(dir, "out/sub")), 0);
    assert_status(dir->fs->ops->parent(sub, &self, &out), VFS_NOENT);
    assert_status(dir->fs->ops->parent(deep, &self, &out), VFS_NOENT);
    vfs_object_put(deep);
    vfs_object_put(sub);
    vfs_object_put(root);
    local_dir_reopen(dir);
    assert_status(do_resolve(dir->fs, &sub_handle, &out), VFS_STALE);
    assert_status(do_resolve(dir->fs, &deep_handle, &out), VFS_STALE);
}

/* The kernel's handle of `path` in the frame of a good handle, with that handle's MAC. */
static void forge(const char *path, const struct vfs_handle *good, struct vfs_handle *forged)
{
    union {
        struct file_handle head;
        char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } kernel;
    const uint8_t *mac = good->data + good->len - 16;
    int mount_id;

    kernel.head.handle_bytes = MAX_HANDLE_SZ;
    assert_int_equal(name_to_handle_at(AT_FDCWD, path, &kernel.head, &mount_id, 0), 0);
    forged->data[0] = good->data[0];
    forged->data[1] = (uint8_t)kernel.head.handle_type;
    memcpy(forged->data + 2, kernel.head.f_handle, kernel.head.handle_bytes);
    memcpy(forged->data + 2 + kernel.head.handle_bytes, mac, 16);
    forged->len = (uint8_t)(2 + kernel.head.handle_bytes + 16);
}

static void forged_handles_of_outside_files(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *out = NULL;
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    struct vfs_handle forged;

    make_outside(dir);
    /* The frame is right: with the same file it gives the same handle. */
    forge(local_path(dir, "file"), &file->handle, &forged);
    assert_int_equal(forged.len, file->handle.len);
    assert_memory_equal(forged.data, file->handle.data, forged.len);
    forge(local_outside(dir, "secret"), &file->handle, &forged);
    assert_status(do_resolve(dir->fs, &forged, &out), VFS_BADHANDLE);
    for (uint32_t i = 0; i < 16; i++) {
        memset(forged.data + forged.len - 16, (int)i, 16);
        assert_status(do_resolve(dir->fs, &forged, &out), VFS_BADHANDLE);
    }
    for (uint32_t byte = 0; byte < file->handle.len; byte++) {
        forged = file->handle;
        forged.data[byte] ^= 0xff;
        assert_status(do_resolve(dir->fs, &forged, &out), VFS_BADHANDLE);
    }
    assert_null(out);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Two exports of one server share the state directory, but no handles. */
static void handles_are_good_for_one_export(void **state)
{
    struct local_dir *dir = *state, other = *dir;
    struct vfs_object *root = root_of(dir), *out = NULL;
    struct vfs_object *file;
    struct vfs *fs;

    assert_int_equal(mkdir(local_path(dir, "sub"), 0755), 0);
    snprintf(other.path, sizeof(other.path), "%s", local_path(dir, "sub"));
    fs = local_dir_open(&other);
    assert_non_null(fs);
    file = make(root, &self, "file", VFS_REG, 0644);
    assert_status(do_resolve(fs, &file->handle, &out), VFS_BADHANDLE);
    assert_status(do_resolve(fs, &root->handle, &out), VFS_BADHANDLE);
    vfs_object_put(file);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

struct seen {
    bool proc, usr;
};

static bool look_for(void *arg, const struct vfs_dirent *entry)
{
    struct seen *seen = arg;

    seen->proc |= entry->name.len == 4 && memcmp(entry->name.data, "proc", 4) == 0;
    seen->usr |= entry->name.len == 3 && memcmp(entry->name.data, "usr", 3) == 0;
    return true;
}

/* Whatever is asked of the entries. */
static void expect_absent(struct vfs_object *root, struct vfs_readdir rd)
{
    struct seen seen = {false, false};

    rd.emit = look_for;
    rd.arg = &seen;
    assert_ok(root->fs->ops->readdir(root, &self, &rd));
    assert_true(rd.eof);
    assert_false(seen.proc);
    assert_true(seen.usr);
}

/* /proc is a mount point on every machine that runs this. */
static void other_file_systems_look_absent(void **state)
{
    struct local_dir *dir = *state, whole = *dir;
    struct vfs_object *root, *out;
    struct statx top, usr;
    struct vfs *fs;

    snprintf(whole.path, sizeof(whole.path), "/");
    if (strncmp(dir->base, "/dev/shm/", 9) != 0)
        test_skip("no /dev/shm to keep the state outside of /");
    assert_int_equal(statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &top), 0);
    if (statx(AT_FDCWD, "/usr", 0, STATX_MNT_ID, &usr) != 0 || usr.stx_mnt_id != top.stx_mnt_id)
        test_skip("/usr is a mount point, too");
    fs = local_dir_open(&whole);
    assert_non_null(fs);
    assert_ok(fs->ops->root(fs, &root));
    assert_status(do_lookup(root, &self, "proc", &out), VFS_NOENT);
    assert_ok(do_find(root, &self, "usr"));
    expect_absent(root, (struct vfs_readdir){.attr_mask = VFS_ATTR_MODE, .want_handle = true});
    expect_absent(root, (struct vfs_readdir){.attr_mask = VFS_ATTR_MODE});
    expect_absent(root, (struct vfs_readdir){.want_acl = true});
    expect_absent(root, (struct vfs_readdir){.want_label = true});
    expect_absent(root, (struct vfs_readdir){.attr_mask = VFS_ATTR_TYPE, .want_label = true});
    assert_status(fs->ops->parent(root, &self, &out), VFS_NOENT);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

static void state_within_the_export_is_refused(void **state)
{
    struct local_dir *dir = *state;
    struct local_options options = {.path = dir->base, .state_dir = dir->state};
    char error[256] = "";
    struct vfs *fs;

    assert_int_equal(local_create(&options, &fs, error, sizeof(error)), -1);
    assert_non_null(strstr(error, "within the export"));
}

static void bad_paths_are_told(void **state)
{
    struct local_dir *dir = *state;
    struct local_options options = {.path = "/nonexistent", .state_dir = dir->state};
    char error[256] = "";
    struct vfs *fs;

    assert_int_equal(local_create(&options, &fs, error, sizeof(error)), -1);
    assert_non_null(strstr(error, "/nonexistent"));
    options.path = "/etc/passwd";
    assert_int_equal(local_create(&options, &fs, error, sizeof(error)), -1);
    assert_non_null(strstr(error, "Not a directory"));
    options.path = dir->path;
    options.state_dir = NULL;
    assert_int_equal(local_create(&options, &fs, error, sizeof(error)), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(names_lead_nowhere_else),
        LOCAL_TEST(a_name_with_a_nul_is_refused),
        LOCAL_TEST(symlinks_are_objects_not_ways),
        LOCAL_TEST(a_symlink_takes_a_directorys_place),
        LOCAL_TEST(nothing_is_above_the_root),
        LOCAL_TEST(a_directory_moved_out_leads_nowhere),
        LOCAL_TEST(forged_handles_of_outside_files),
        LOCAL_TEST(handles_are_good_for_one_export),
        LOCAL_TEST(other_file_systems_look_absent),
        LOCAL_TEST(state_within_the_export_is_refused),
        LOCAL_TEST(bad_paths_are_told),
    };

    return local_group_run(tests);
}
