/* SPDX-License-Identifier: Apache-2.0 */
/*
 * READDIR: getdents64() on the directory's cached descriptor; the kernel's offsets are the cookies.
 * Names, types and file IDs cost nothing extra.  Other attributes cost a statx() by name, and
 * handles a name_to_handle_at() unless that statx() tells which known object it is (known.h).  The
 * entry is not opened.
 *
 * Where the administrator vouches for what is kept (keep.h), known entries take no system call, and
 * neither do names, if listing them would not set the directory's time of access.
 */
#include "backend/local/readdir.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/local/access.h"
#include "backend/local/acl.h"
#include "backend/local/change.h"
#include "backend/local/cred.h"
#include "backend/local/handle.h"
#include "backend/local/identify.h"
#include "backend/local/io.h"
#include "backend/local/keep.h"
#include "backend/local/kept.h"
#include "backend/local/label.h"
#include "backend/local/lookup.h"
#include "backend/local/note.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"
#include "base/counter.h"

#define CHEAP ((uint32_t)(VFS_ATTR_FILEID | VFS_ATTR_TYPE)) /* comes with the name */

enum {
    CHUNK_BYTES = 32 << 10,
    CHUNK_BYTES_ATTR = 8 << 10, /* replies with attributes hold fewer entries */
};

/* The protocol reserves cookies 0, 1 and 2, but some file systems use these offsets. */
static const uint64_t cookie_reserved = 0x7ffffffffffffff0;

struct listing {
    struct local_object *dir;
    const struct vfs_cred *cred;
    struct vfs_readdir *rd;
    int fd;
    int64_t pos;             /* the kernel's offset */
    struct local_kept *kept; /* attributes; NULL: they are not to be used */
    struct local_kept *kept_names;
    uint64_t hits, misses;
    bool full;
    bool found; /* `st` is of the current entry */
    struct statx st;
    struct vfs_attr attr;
    uint64_t ctime_ns; /* ctime of the current entry */
    struct vfs_handle handle;
    struct vfs_acl acl; /* of the current entry, if they are wanted */
    struct vfs_label label;
    uint8_t label_data[LIMIT_LABEL_BYTES];
};

static uint64_t cookie_of(int64_t pos)
{
    return pos >= 0 && pos <= 2 ? cookie_reserved + (uint64_t)pos : (uint64_t)pos;
}

static bool pos_of(uint64_t cookie, int64_t *pos)
{
    if (cookie == 1 || cookie == 2)
        return false;
    *pos = (int64_t)(cookie >= cookie_reserved && cookie <= cookie_reserved + 2
                         ? cookie - cookie_reserved
                         : cookie);
    return true;
}

/* All readers of a directory share one descriptor, and therefore its position. */
static ssize_t read_chunk(struct listing *l, char *buf, size_t size, int *err)
{
    struct local_object *dir = l->dir;
    ssize_t got = -1;
    int64_t at = l->pos;

    pthread_mutex_lock(&dir->lock);
    *err = 0;
    /* Always seek to position 0, because that makes the kernel read the directory anew. */
    if ((at == 0 || dir->dir_pos != at) && lseek(l->fd, at, SEEK_SET) < 0)
        *err = EINVAL;
    if (!*err) {
        got = getdents64(l->fd, buf, size);
        *err = got < 0 ? errno : 0;
    }
    dir->dir_pos = -1;
    for (ssize_t i = 0; i < got;) {
        const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buf + i);

        dir->dir_pos = entry->d_off;
        i += entry->d_reclen;
    }
    pthread_mutex_unlock(&dir->lock);
    return got;
}

/* How an attribute is shown is the same, wherever it comes from. */
static void show_attr(struct listing *l, struct vfs_dirent *out)
{
    local_attr_fill(&l->attr, &l->st);
    l->ctime_ns = l->attr.change;
    l->attr.change = local_change_unknown(local_fs_of(&l->dir->base), l->ctime_ns);
    out->attr = &l->attr;
    out->fileid = l->st.stx_ino;
}

/* 0; ENOENT for an entry to be skipped; or the errno of its attributes. */
static int describe_by_name(struct listing *l, const char *name, struct vfs_dirent *out)
{
    const struct local_fs *fs = local_fs_of(&l->dir->base);
    struct statx *st = &l->st;

    if (local_statx(l->dir->path_fd, name, st) != 0)
        return errno;
    if ((int)st->stx_mnt_id != fs->mount_id || st->stx_dev_major != fs->dev_major ||
        st->stx_dev_minor != fs->dev_minor)
        return ENOENT;
    show_attr(l, out);
    l->found = true;
    return 0;
}

/* A file that is in memory has a change attribute of its own. */
static void show_id(struct listing *l, const char *name, const struct local_id *id,
                    struct vfs_dirent *out)
{
    struct local_fs *fs = local_fs_of(&l->dir->base);
    struct local_node *known;

    if (l->rd->want_handle) {
        local_handle_build(fs, id, &l->handle);
        out->handle = &l->handle;
        (void)local_note(l->dir, name, id, out->fileid);
    }
    if (!out->attr)
        return;
    known = local_node_lookup(fs->volume, id);
    if (known)
        l->attr.change = local_change(fs, known, l->ctime_ns);
    local_node_put(fs->volume, known);
}

/* `look` is NULL if nothing is to be kept. */
static int describe_id(struct listing *l, const struct dirent64 *entry,
                       struct local_kept_look *look, struct vfs_dirent *out)
{
    struct local_fs *fs = local_fs_of(&l->dir->base);
    struct local_id id;
    enum local_match match;
    const char *name = entry->d_name;
    int err = l->found ? local_identify_entry(fs, l->dir->path_fd, name, &l->st, &id, &match)
                       : local_identify(fs, l->dir->path_fd, name, &id);

    if (err)
        return err == EXDEV ? ENOENT : err;
    /* If the name has come to stand for another file since the statx(), the version has changed. */
    if (look && l->found && l->st.stx_ino == entry->d_ino)
        local_keep(fs, look, &l->st, &id);
    show_id(l, name, &id, out);
    return 0;
}

/* Without a system call. */
static bool describe_kept(struct listing *l, const struct dirent64 *entry, uint64_t place,
                          struct vfs_dirent *out)
{
    struct local_id id;

    if (!local_kept_at_place(l->kept, entry->d_ino, place, &l->st, &id)) {
        l->misses++;
        return false;
    }
    l->hits++;
    show_attr(l, out);
    show_id(l, entry->d_name, &id, out);
    return true;
}

/* An entry whose label can't be read seems to have none: the listing is worth more. */
static void describe_label(struct listing *l, const char *name, struct vfs_dirent *out)
{
    l->label.data = l->label_data;
    if (local_label_of_entry(l->dir, name, l->label_data, &l->label.len) == VFS_OK &&
        l->label.len > 0)
        out->label = &l->label;
}

static bool type_of_dirent(uint8_t d_type, enum vfs_type *type)
{
    if (d_type == DT_UNKNOWN)
        return false;
    *type = local_type(DTTOIF(d_type));
    return true;
}

static int describe(struct listing *l, const struct dirent64 *entry, struct local_kept_look *look,
                    struct vfs_dirent *out)
{
    uint32_t mask = l->rd->attr_mask;
    const bool more = l->rd->want_acl || l->rd->want_label;
    int err = 0;

    l->found = false;
    if (local_cred_use(local_fs_of(&l->dir->base), l->cred) != VFS_OK)
        return EACCES;
    if (mask && !(mask & ~CHEAP) && !more && type_of_dirent(entry->d_type, &l->attr.type)) {
        l->attr.mask = CHEAP;
        l->attr.fileid = entry->d_ino;
        out->attr = &l->attr;
    } else if (mask || more) { /* what is mounted there does not show its own */
        err = describe_by_name(l, entry->d_name, out);
    }
    if (!err && l->rd->want_acl &&
        local_acl_of_entry(l->dir, entry->d_name, &l->attr, &l->acl) == 0)
        out->acl = &l->acl;
    if (!err && l->rd->want_handle)
        err = describe_id(l, entry, look, out);
    else if (!err && look)
        (void)describe_id(l, entry, look, out);
    if (!err && l->rd->want_label)
        describe_label(l, entry->d_name, out);
    return err;
}

/* Do names alone not suffice? */
static bool describes(const struct vfs_readdir *rd)
{
    return rd->attr_mask || rd->want_handle || rd->want_acl || rd->want_label;
}

static int describe_any(struct listing *l, const struct dirent64 *entry, struct vfs_dirent *out)
{
    struct local_kept_look look;
    uint64_t place = 0;
    int err;

    if (l->kept) {
        place = local_keep_place(l->dir, entry->d_name);
        if (describe_kept(l, entry, place, out))
            return 0;
        look = local_keep_look(local_fs_of(&l->dir->base), entry->d_ino, place);
    }
    vfs_blocking_begin(false);
    err = describe(l, entry, l->kept ? &look : NULL, out);
    vfs_blocking_end();
    return err;
}

static void give(struct listing *l, const struct dirent64 *entry)
{
    struct vfs_dirent out = {
        .name = {.data = entry->d_name, .len = strlen(entry->d_name)},
        .cookie = cookie_of(entry->d_off),
        .fileid = entry->d_ino,
    };

    if (local_is_dots(entry->d_name) || entry->d_ino == 0)
        return;
    if (describes(l->rd)) {
        int err = describe_any(l, entry, &out);

        if (err == ENOENT)
            return;
        if (err) {
            out.attr = NULL;
            out.handle = NULL;
            out.acl = NULL;
        }
    }
    l->full = !l->rd->emit(l->rd->arg, &out);
}

/* What follows l->pos.  *chunk is a reference, or NULL, then it is in `buf`. */
static enum vfs_status names_get(struct listing *l, char *buf, size_t size,
                                 struct local_names_chunk **chunk, const char **data, size_t *bytes)
{
    struct local_fs *fs = local_fs_of(&l->dir->base);
    const uint64_t ino = l->dir->base.fileid;
    const struct local_kept_look look = local_keep_look(fs, ino, 0);
    ssize_t got;
    int err;

    *chunk = l->kept_names ? local_kept_names(l->kept_names, ino, l->pos) : NULL;
    if (*chunk) {
        *data = local_names_chunk_data(*chunk, bytes);
        return VFS_OK;
    }
    vfs_blocking_begin(false);
    got = read_chunk(l, buf, size, &err);
    vfs_blocking_end();
    if (err)
        return err == EINVAL ? VFS_BAD_COOKIE : local_failure(err);
    local_keep_read(l->dir);
    if (l->kept_names)
        local_kept_keep_names(l->kept_names, ino, &look, l->pos, buf, (size_t)got);
    *data = buf;
    *bytes = (size_t)got;
    return VFS_OK;
}

static void give_all(struct listing *l, const char *data, size_t bytes)
{
    for (size_t at = 0; at < bytes && !l->full;) {
        const struct dirent64 *entry = (const struct dirent64 *)(const void *)(data + at);

        give(l, entry);
        l->pos = entry->d_off;
        at += entry->d_reclen;
    }
}

static enum vfs_status list(struct listing *l)
{
    char buf[CHUNK_BYTES] __attribute__((aligned(__alignof__(struct dirent64))));
    size_t size = describes(l->rd) ? CHUNK_BYTES_ATTR : CHUNK_BYTES;

    while (!l->full) {
        struct local_names_chunk *chunk;
        const char *data;
        size_t bytes;
        enum vfs_status status = names_get(l, buf, size, &chunk, &data, &bytes);

        if (status != VFS_OK)
            return status;
        give_all(l, data, bytes);
        local_names_chunk_put(chunk);
        if (bytes == 0) {
            l->rd->eof = true;
            break;
        }
    }
    return VFS_OK;
}

/* Attributes are for those who may search the directory. */
static void choose_kept(struct listing *l)
{
    struct local_fs *fs = local_fs_of(&l->dir->base);
    struct local_kept *kept = local_keep_current(fs);

    if (!kept)
        return;
    vfs_blocking_begin(false);
    if ((l->rd->attr_mask & ~CHEAP) && !l->rd->want_acl && !l->rd->want_label &&
        local_cred_use(fs, l->cred) == VFS_OK && local_may(l->dir, X_OK) == 0)
        l->kept = kept;
    if (local_keep_is_quiet(l->dir))
        l->kept_names = kept;
    vfs_blocking_end();
}

static void count(const struct listing *l)
{
    struct counter_set *counters = local_fs_of(&l->dir->base)->base.kept_counters;

    if (l->hits > 0)
        counter_add(counters, VFS_KEPT_HITS, l->hits);
    if (l->misses > 0)
        counter_add(counters, VFS_KEPT_MISSES, l->misses);
}

enum vfs_status local_readdir(struct vfs_object *base, const struct vfs_cred *cred,
                              struct vfs_readdir *rd)
{
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct listing l = {.dir = local_of(base), .cred = cred, .rd = rd, .acl = {.aces = aces}};
    enum vfs_status status;

    if (base->type != VFS_DIR)
        return VFS_NOTDIR;
    if (!pos_of(rd->cookie, &l.pos) || l.pos < 0)
        return VFS_BAD_COOKIE;
    rd->eof = false;
    status = local_io_get(l.dir, cred, VFS_WANT_READ, &l.fd);
    if (status != VFS_OK)
        return status;
    choose_kept(&l);
    status = list(&l);
    count(&l);
    local_io_put(l.dir);
    return status;
}
