/* SPDX-License-Identifier: Apache-2.0 */
/* Sets up and tears down a local export.  What is possible here is found out by trying. */
#include "backend/local/local.h"

#include <errno.h>
#include <linux/magic.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backend/local/acl.h"
#include "backend/local/advise.h"
#include "backend/local/ancestry.h"
#include "backend/local/cache.h"
#include "backend/local/call.h"
#include "backend/local/change.h"
#include "backend/local/clone.h"
#include "backend/local/copy.h"
#include "backend/local/cred.h"
#include "backend/local/dir_watch.h"
#include "backend/local/extent.h"
#include "backend/local/file.h"
#include "backend/local/grant.h"
#include "backend/local/handle.h"
#include "backend/local/identify.h"
#include "backend/local/keep.h"
#include "backend/local/known.h"
#include "backend/local/label.h"
#include "backend/local/lease.h"
#include "backend/local/lease_watch.h"
#include "backend/local/lookup.h"
#include "backend/local/names.h"
#include "backend/local/object.h"
#include "backend/local/permit.h"
#include "backend/local/persist.h"
#include "backend/local/read.h"
#include "backend/local/read_plus.h"
#include "backend/local/resolve.h"
#include "backend/local/space.h"
#include "backend/local/statx.h"
#include "backend/local/sweep.h"
#include "backend/local/sync.h"
#include "backend/local/xattr.h"
#include "base/counter.h"
#include "base/log.h"

enum {
    DESCRIPTORS_MIN = 16
};

struct error {
    char *text;
    size_t size;
};

static int fail(const struct error *error, const char *what, const char *why)
{
    (void)snprintf(error->text, error->size, "%s: %s", what, why);
    return -1;
}

static void local_destroy(struct vfs *base);
static bool local_idle(struct vfs *base);

static const struct vfs_ops local_ops = {
    .name = "local",
    .destroy = local_destroy,
    .idle = local_idle,
    .root = local_root,
    .resolve = local_resolve,
    .release = local_object_release,
    .statfs = local_call_statfs,
    .getattr = local_call_getattr,
    .setattr = local_call_setattr,
    .touch = local_call_touch,
    .access = local_call_access,
    .lookup = local_call_lookup,
    .parent = local_call_parent,
    .create = local_call_create,
    .readlink = local_call_readlink,
    .readdir = local_call_readdir,
    .remove = local_call_remove,
    .rename = local_call_rename,
    .link = local_call_link,
    .may_setattr = local_may_setattr,
    .may_remove = local_may_remove,
    .may_link = local_may_link,
    .open = local_call_open,
    .close = local_close,
    .read = local_read,
    .read_done = local_read_done,
    .write = local_write,
    .commit = local_commit,
    .persist = local_persist,
    .allocate = local_allocate,
    .deallocate = local_deallocate,
    .seek = local_seek,
    .advise = local_advise,
    .space_freed = local_space_freed,
    .read_plus = local_read_plus,
    .clone = local_clone,
    .copy = local_copy,
    .getxattr = local_call_getxattr,
    .setxattr = local_call_setxattr,
    .listxattrs = local_call_listxattrs,
    .removexattr = local_call_removexattr,
    .openattr = vfs_openattr_none,
    .getacl = local_call_getacl,
    .getlabel = local_call_getlabel,
    .lease = local_lease,
    .unlease = local_unlease,
    .path = local_call_path,
};

static int open_proc(struct local_fs *fs, const struct error *error)
{
    struct statfs st;

    fs->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fs->proc_fd < 0 || fstatfs(fs->proc_fd, &st) != 0)
        return fail(error, "/proc/self/fd", "not there; a local export needs /proc mounted");
    if (st.f_type != PROC_SUPER_MAGIC)
        return fail(error, "/proc", "not a proc file system; a local export needs one");
    return 0;
}

/* What can be remembered of objects. */
static void prepare_memory(struct local_fs *fs)
{
    struct statfs st;

    if (fstatfs(fs->root_fd, &st) != 0)
        return;
    fs->ctime_tells = local_grant_possible(st.f_type);
    /* Only the kernel's handles: the other kind of ID takes no more than a statx(), anyway. */
    if (fs->id_kind != LOCAL_ID_INO)
        fs->known = local_known_create(st.f_type);
    local_keep_prepare(fs);
}

static int open_root(struct local_fs *fs, const char *path, const struct error *error)
{
    int err;

    fs->root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fs->root_fd < 0)
        return fail(error, path, strerror(errno));
    err = local_identify_root(fs);
    if (!err)
        err = local_persist_choose(fs);
    if (err)
        return fail(error, path, strerror(err));
    fs->names_vague = local_names_are_vague(fs->root_fd);
    prepare_memory(fs);
    return 0;
}

/* If the root can be opened by handle, so can all objects. */
static bool try_by_handle(const struct local_fs *fs)
{
    uint8_t room[sizeof(struct file_handle) + LOCAL_ID_BYTES_MAX]
        __attribute__((aligned(__alignof__(struct file_handle))));
    int fd;

    if (fs->id_kind != LOCAL_ID_HANDLE || local_kernel_handle(&fs->root_id, room, sizeof(room)))
        return false;
    fd = open_by_handle_at(fs->root_fd, (struct file_handle *)(void *)room, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static int choose_finding(struct local_fs *fs, const struct local_options *options,
                          const char *real_path, const struct error *error)
{
    uint8_t digest[8];
    char name[40];

    if (options->finding != LOCAL_FIND_BY_MAP)
        fs->by_handle = try_by_handle(fs);
    if (fs->by_handle)
        return 0;
    if (options->finding == LOCAL_FIND_BY_HANDLE)
        return fail(error, real_path, "no permission to open files by handle");
    (void)crypto_generichash(digest, sizeof(digest), (const uint8_t *)real_path, strlen(real_path),
                             NULL, 0);
    (void)stpcpy(name, "local-");
    (void)sodium_bin2hex(name + 6, sizeof(name) - 6, digest, sizeof(digest));
    fs->map = local_map_get(options->state_dir, name, error->text, error->size);
    return fs->map ? 0 : -1;
}

/* The key must be out of clients' reach.  Returns a descriptor, or -1. */
static int open_state_dir(struct local_fs *fs, const struct local_options *options,
                          const struct error *error)
{
    struct local_id id;
    uint32_t epoch;
    int fd = open(options->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fail(error, options->state_dir, strerror(errno));
    if (local_identify(fs, fd, "", &id) != 0 || local_ancestry_check(fs, fd, &id, &epoch) != VFS_OK)
        return fd;
    close(fd);
    return fail(error, options->state_dir,
                "the state directory lies within the export, where clients could read its keys: "
                "give it another place (--state)");
}

static int open_state(struct local_fs *fs, const struct local_options *options,
                      const char *real_path, const struct error *error)
{
    int result = 0;
    int fd;

    if (!options->state_dir)
        return fail(error, real_path, "a local export needs a state directory");
    if (mkdir(options->state_dir, 0700) != 0 && errno != EEXIST)
        return fail(error, options->state_dir, strerror(errno));
    fd = open_state_dir(fs, options, error);
    if (fd < 0)
        return -1;
    result = local_handle_key_load(fd, real_path, fs->mac_key, error->text, error->size);
    close(fd);
    return result;
}

static void set_bounds(struct local_fs *fs, const struct local_options *options)
{
    struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};
    rlim_t third;

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    third = limit.rlim_cur / 3;
    if (third > LIMIT_LOCAL_DESCRIPTORS)
        third = LIMIT_LOCAL_DESCRIPTORS;
    fs->descriptors_max = options->descriptors_max ? options->descriptors_max : (uint32_t)third;
    if (fs->descriptors_max < DESCRIPTORS_MIN)
        fs->descriptors_max = DESCRIPTORS_MIN;
    fs->objects_max = options->objects_max ? options->objects_max : LIMIT_LOCAL_OBJECTS;
}

/* The kernel reveals the largest file offset only by refusing to seek beyond it. */
static uint64_t find_file_size_max(const struct local_fs *fs)
{
    uint64_t good = 0, bad = (uint64_t)INT64_MAX + 1;
    int fd = openat(fs->root_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0)
        return INT64_MAX;
    while (bad - good > 1) {
        uint64_t middle = good + (bad - good) / 2;

        if (lseek(fd, (off_t)middle, SEEK_SET) == (off_t)middle)
            good = middle;
        else
            bad = middle;
    }
    close(fd);
    return good;
}

static int make_root_object(struct local_fs *fs, const struct error *error)
{
    int fd = openat(fs->root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fail(error, "the exported directory", strerror(errno));
    if (local_cache_from_fd(fs, fd, -1, NULL, &fs->root) != VFS_OK)
        return fail(error, "the exported directory", "cannot be used");
    return local_path_get(fs->root) == VFS_OK /* held for good */
               ? 0
               : fail(error, "the exported directory", "cannot be opened");
}

static int start_sweeper(struct local_fs *fs, const struct error *error)
{
    int err = local_sweep_start(fs);

    return err ? fail(error, "thread", strerror(err)) : 0;
}

static int start_watch(struct local_fs *fs, const struct error *error)
{
    int err = local_watch_start();

    fs->watched = err == 0;
    return err ? fail(error, "signalfd", strerror(err)) : 0;
}

static void set_caps(struct local_fs *fs)
{
    struct statx st;

    fs->base.caps = VFS_CAP_PERSISTENT | VFS_CAP_SYMLINK | VFS_CAP_LINK | VFS_CAP_MKNOD |
                    VFS_CAP_READ_FD | VFS_CAP_VERIFIER_TIMES | VFS_CAP_LEASE | VFS_CAP_COPY |
                    VFS_CAP_SPACE;
    if (fs->impersonate)
        fs->base.caps |= VFS_CAP_CHOWN | VFS_CAP_IDENTITY;
    if (fs->persisting != LOCAL_PERSIST_NOTHING)
        fs->base.caps |= VFS_CAP_PERSIST;
    if (local_acl_supported(fs))
        fs->base.caps |= VFS_CAP_ACL;
    if (local_statx(fs->root_fd, "", &st) == 0 && (st.stx_mask & STATX_BTIME))
        fs->base.caps |= VFS_CAP_BTIME;
    fs->base.clone_blksize = local_clone_blksize(fs);
    if (fs->base.clone_blksize > 0)
        fs->base.caps |= VFS_CAP_CLONE;
    if (local_xattr_supported(fs))
        fs->base.caps |= VFS_CAP_XATTR;
    if (local_label_is_possible(fs))
        fs->base.caps |= VFS_CAP_LABEL;
}

/* proc_sys_kernel(5): what the kernel says instead of a user ID that it cannot translate. */
static uint32_t find_overflow_uid(void)
{
    FILE *file = fopen("/proc/sys/kernel/overflowuid", "re");
    uint32_t uid = LOCAL_OVERFLOW_UID;
    char text[24];

    if (file) {
        if (fgets(text, sizeof(text), file) && *text >= '0' && *text <= '9')
            uid = (uint32_t)strtoul(text, NULL, 10);
        (void)fclose(file);
    }
    return uid;
}

/* Without the ability to switch identities, a server that runs as root would serve clients as
 * root. */
static int set_identity(struct local_fs *fs, const struct local_options *options,
                        const struct error *error)
{
    const char *obstacle;

    fs->server = (struct vfs_cred){.uid = (uint32_t)geteuid(), .gid = (uint32_t)getegid()};
    fs->overflow_uid = find_overflow_uid();
    if (fs->server.uid != 0 || options->own_user)
        return 0;
    obstacle = local_cred_obstacle();
    if (obstacle)
        return fail(error, "cannot act as its callers", obstacle);
    fs->impersonate = true;
    if (vfs_identity_hooks != &local_cred_hooks) /* requests may be reading it */
        vfs_identity_hooks = &local_cred_hooks;
    return 0;
}

/* After a failure, teardown() cleans up. */
static int bring_up(struct local_fs *fs, const struct local_options *options, const char *real_path,
                    const struct error *error)
{
    if (set_identity(fs, options, error) != 0)
        return -1;
    local_cred_server(fs);
    set_bounds(fs, options);
    if (open_proc(fs, error) != 0 || open_root(fs, real_path, error) != 0)
        return -1;
    fs->volume = local_volume_get(fs->dev_major, fs->dev_minor);
    fs->base.volume = &fs->volume->base;
    if (open_state(fs, options, real_path, error) != 0 ||
        choose_finding(fs, options, real_path, error) != 0 || make_root_object(fs, error) != 0)
        return -1;
    set_caps(fs);
    fs->file_size_max = find_file_size_max(fs);
    if (start_watch(fs, error) != 0)
        return -1;
    return start_sweeper(fs, error);
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void teardown(struct local_fs *fs)
{
    if (fs->watched)
        local_watch_stop();
    if (fs->root)
        vfs_object_put(&fs->root->base);
    local_cache_fini(fs);
    local_sync_fini(&fs->sync);
    local_keep_end(fs);
    local_volume_put(fs->volume);
    if (fs->map)
        local_map_put(fs->map);
    close_if_open(fs->stop_fd);
    close_if_open(fs->root_fd);
    close_if_open(fs->proc_fd);
    local_ancestry_destroy(fs->ancestry);
    local_known_destroy(fs->known);
    counter_set_destroy(fs->base.kept_counters);
    sodium_memzero(fs->mac_key, sizeof(fs->mac_key));
    free(fs);
}

static void local_destroy(struct vfs *base)
{
    struct local_fs *fs = CONTAINER_OF(base, struct local_fs, base);

    local_sweep_stop(fs);
    local_cred_server(fs);
    teardown(fs);
}

static bool local_idle(struct vfs *base)
{
    return local_cache_idle(CONTAINER_OF(base, struct local_fs, base));
}

/* Prepare the process for local exports and look up the directory.  Returns its path, or NULL. */
static char *prepare(const struct local_options *options, const struct error *error)
{
    char *real_path;

    vfs_own_identity();
    local_block_signals();
    if (sodium_init() < 0) {
        (void)fail(error, "libsodium", "cannot start");
        return NULL;
    }
    real_path = realpath(options->path, NULL);
    if (!real_path)
        (void)fail(error, options->path, strerror(errno));
    return real_path;
}

static void check_dirs(struct local_fs *fs, const char *real_path)
{
    const char *obstacle = local_dir_watch_obstacle(fs);

    fs->dirs_watched = !obstacle;
    local_dir_watch_prepare(fs);
    if (obstacle)
        log_info("local.dir_watch", LOG_STR("path", real_path), LOG_STR("why", obstacle),
                 LOG_STR("note", "changes of directories by local programs cannot be noticed, so "
                                 "directories are not delegated"));
}

/* To be freed with teardown(). */
static struct local_fs *fs_make(void)
{
    struct local_fs *fs = must_calloc(1, sizeof(*fs));

    fs->base.ops = &local_ops;
    list_init(&fs->dir_watches);
    fs->root_fd = fs->proc_fd = fs->stop_fd = -1;
    fs->coarse_ctime = local_ctime_is_coarse();
    randombytes_buf(&fs->base.write_verifier, sizeof(fs->base.write_verifier));
    randombytes_buf(&fs->hash_seed, sizeof(fs->hash_seed));
    fs->ancestry = local_ancestry_create();
    local_cache_init(fs);
    local_sync_init(&fs->sync);
    return fs;
}

static int check_state(struct local_fs *fs, const struct local_options *options,
                       const struct error *error)
{
    int fd = open_state_dir(fs, options, error), result;

    if (fd < 0)
        return -1;
    result = local_handle_key_check(fd, error->text, error->size);
    close(fd);
    return result;
}

int local_check(const struct local_options *options, char *errbuf, size_t errbuf_size)
{
    const struct error error = {errbuf, errbuf_size};
    char *real_path = prepare(options, &error);
    struct local_fs *fs;
    int result = -1;

    if (!real_path)
        return -1;
    fs = fs_make();
    if (set_identity(fs, options, &error) == 0) {
        local_cred_server(fs);
        if (open_proc(fs, &error) == 0 && open_root(fs, real_path, &error) == 0)
            result = check_state(fs, options, &error);
    }
    teardown(fs);
    free(real_path);
    return result;
}

int local_create(const struct local_options *options, struct vfs **out, char *errbuf,
                 size_t errbuf_size)
{
    const struct error error = {errbuf, errbuf_size};
    char *real_path = prepare(options, &error);
    struct local_fs *fs;
    int result;

    if (!real_path)
        return -1;
    fs = fs_make();
    result = bring_up(fs, options, real_path, &error);
    if (result == 0) {
        log_info("local.open", LOG_STR("path", real_path),
                 LOG_STR("find", fs->by_handle ? "handle" : "map"),
                 LOG_STR("identity", fs->impersonate ? "caller" : "own"),
                 LOG_U64("descriptors_max", fs->descriptors_max));
        check_dirs(fs, real_path);
        *out = &fs->base;
    } else {
        teardown(fs);
    }
    free(real_path);
    return result;
}
