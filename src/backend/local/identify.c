/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IDs of objects: the kernel's file handle (inode and generation), which is never reused for
 * another object.  Takes one system call with directory and name, and opens nothing.
 */
#include "backend/local/identify.h"

#include <errno.h>
#include <string.h>

#include "backend/local/known.h"
#include "backend/local/statx.h"

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200 /* Linux 6.5 */
#endif

enum {
    HANDLE_BYTES_MAX = LOCAL_ID_BYTES_MAX - 1
};

union kernel_handle {
    struct file_handle head;
    uint8_t room[sizeof(struct file_handle) + HANDLE_BYTES_MAX];
};

static int identify_handle(const struct local_fs *fs, int dirfd, const char *name, int flags,
                           struct local_id *id)
{
    union kernel_handle handle;
    int mount_id;

    handle.head.handle_bytes = HANDLE_BYTES_MAX;
    if (!*name)
        flags |= AT_EMPTY_PATH;
    /* No handle, or one of another size: it is on another file system, since our root has a
     * handle. */
    if (name_to_handle_at(dirfd, name, &handle.head, &mount_id, flags) != 0)
        return errno == EOPNOTSUPP || errno == EOVERFLOW ? EXDEV : errno;
    if (mount_id != fs->mount_id)
        return EXDEV;
    if (handle.head.handle_bytes > HANDLE_BYTES_MAX || (unsigned)handle.head.handle_type > 0xff)
        return EXDEV;
    id->len = (uint8_t)(handle.head.handle_bytes + 1);
    id->data[0] = (uint8_t)handle.head.handle_type;
    memcpy(id->data + 1, handle.head.f_handle, handle.head.handle_bytes);
    return 0;
}

static int identify_ino(const struct local_fs *fs, int dirfd, const char *name, struct local_id *id)
{
    struct statx st;

    if (local_statx(dirfd, name, &st) != 0)
        return errno;
    if ((int)st.stx_mnt_id != fs->mount_id)
        return EXDEV;
    id->len = 1 + 8 + 8 + 4;
    id->data[0] = 0;
    memset(id->data + 1, 0, 20);
    memcpy(id->data + 1, &st.stx_ino, 8);
    if (st.stx_mask & STATX_BTIME) {
        memcpy(id->data + 9, &st.stx_btime.tv_sec, 8);
        memcpy(id->data + 17, &st.stx_btime.tv_nsec, 4);
    }
    return 0;
}

int local_identify(const struct local_fs *fs, int dirfd, const char *name, struct local_id *id)
{
    switch (fs->id_kind) {
    case LOCAL_ID_HANDLE:
        return identify_handle(fs, dirfd, name, 0, id);
    case LOCAL_ID_FID:
        return identify_handle(fs, dirfd, name, AT_HANDLE_FID, id);
    case LOCAL_ID_INO:
        break;
    }
    return identify_ino(fs, dirfd, name, id);
}

static bool is_here(const struct local_fs *fs, const struct statx *st)
{
    return (int)st->stx_mnt_id == fs->mount_id && st->stx_dev_major == fs->dev_major &&
           st->stx_dev_minor == fs->dev_minor;
}

int local_identify_entry(const struct local_fs *fs, int dirfd, const char *name,
                         const struct statx *st, struct local_id *id, enum local_match *match)
{
    struct local_known *known = is_here(fs, st) ? fs->known : NULL;
    struct local_known_look look;
    int err;

    *match = LOCAL_MATCH_SURE;
    if (local_known_find(known, st, &look, id))
        return 0;
    *match = LOCAL_MATCH_UNKNOWN;
    err = local_identify(fs, dirfd, name, id);
    if (!err && known && local_known_keep(known, st, &look, id))
        *match = LOCAL_MATCH_IF_STILL;
    return err;
}

int local_kernel_handle(const struct local_id *id, void *buf, size_t size)
{
    struct file_handle *head = buf;

    if (id->len < 1 || sizeof(*head) + id->len - 1u > size)
        return EINVAL;
    head->handle_bytes = id->len - 1u;
    head->handle_type = id->data[0];
    memcpy(head->f_handle, id->data + 1, id->len - 1u);
    return 0;
}

int local_identify_root(struct local_fs *fs)
{
    static const enum local_id_kind kinds[] = {LOCAL_ID_HANDLE, LOCAL_ID_FID, LOCAL_ID_INO};
    struct statx st;
    int err = 0;

    if (local_statx(fs->root_fd, "", &st) != 0)
        return errno;
    fs->dev_major = st.stx_dev_major;
    fs->dev_minor = st.stx_dev_minor;
    fs->mount_id = (int)st.stx_mnt_id;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        fs->id_kind = kinds[i];
        err = local_identify(fs, fs->root_fd, "", &fs->root_id);
        if (err == 0)
            return 0;
    }
    return err;
}

bool local_id_equal(const struct local_id *a, const struct local_id *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}
