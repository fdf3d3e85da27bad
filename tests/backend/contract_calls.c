/* SPDX-License-Identifier: Apache-2.0 */
/* The vfs calls in a form that suits tests. */
#include "backend/contract.h"

struct vfs_name name_of(const char *text)
{
    return (struct vfs_name){.data = text, .len = strlen(text)};
}

enum vfs_status do_create(struct vfs_object *dir, const struct vfs_cred *cred, const char *name,
                          struct vfs_create *create, struct vfs_object **out)
{
    struct vfs_change_info info;
    struct vfs_name n = name_of(name);

    return dir->fs->ops->create(dir, cred, &n, create, &info, out);
}

static enum vfs_status create_plain(struct vfs_object *dir, const struct vfs_cred *cred,
                                    const char *name, enum vfs_type type, uint32_t mode,
                                    struct vfs_object **out)
{
    struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = mode};
    struct vfs_create create = {
        .type = type, .mode = VFS_CREATE_GUARDED, .attr = &attr, .link_target = "nowhere"};

    if (type == VFS_BLK || type == VFS_CHR) {
        create.rdev_major = 7;
        create.rdev_minor = 9;
    }
    return do_create(dir, cred, name, &create, out);
}

struct vfs_object *make(struct vfs_object *dir, const struct vfs_cred *cred, const char *name,
                        enum vfs_type type, uint32_t mode)
{
    struct vfs_object *obj = NULL;

    assert_ok(create_plain(dir, cred, name, type, mode, &obj));
    assert_non_null(obj);
    return obj;
}

struct vfs_object *make_file(struct contract *c, const char *name)
{
    return make(c->root, &c->owner, name, VFS_REG, 0644);
}

struct vfs_object *make_dir(struct contract *c, const char *name)
{
    return make(c->root, &c->owner, name, VFS_DIR, 0755);
}

struct vfs_object *make_symlink(struct contract *c, const char *name, const char *target)
{
    struct vfs_attr attr = {.mask = 0};
    struct vfs_create create = {.type = VFS_LNK, .attr = &attr, .link_target = target};
    struct vfs_object *obj = NULL;

    assert_ok(do_create(c->root, &c->owner, name, &create, &obj));
    return obj;
}

enum vfs_status do_make(struct vfs_object *dir, const struct vfs_cred *cred, const char *name,
                        enum vfs_type type, uint32_t mode)
{
    struct vfs_object *obj;
    enum vfs_status status = create_plain(dir, cred, name, type, mode, &obj);

    if (status == VFS_OK)
        vfs_object_put(obj);
    return status;
}

enum vfs_status do_lookup(struct vfs_object *dir, const struct vfs_cred *cred, const char *name,
                          struct vfs_object **out)
{
    struct vfs_name n = name_of(name);

    return dir->fs->ops->lookup(dir, cred, &n, out);
}

enum vfs_status do_find(struct vfs_object *dir, const struct vfs_cred *cred, const char *name)
{
    struct vfs_object *obj;
    enum vfs_status status = do_lookup(dir, cred, name, &obj);

    if (status == VFS_OK)
        vfs_object_put(obj);
    return status;
}

enum vfs_status do_remove(struct vfs_object *dir, const struct vfs_cred *cred, const char *name)
{
    struct vfs_change_info info;
    struct vfs_name n = name_of(name);

    return dir->fs->ops->remove(dir, cred, &n, &info);
}

enum vfs_status do_rename(struct vfs_object *from_dir, const char *from, struct vfs_object *to_dir,
                          const char *to, const struct vfs_cred *cred)
{
    struct vfs_change_info from_info, to_info;
    struct vfs_name a = name_of(from), b = name_of(to);

    return from_dir->fs->ops->rename(from_dir, &a, to_dir, &b, cred, &from_info, &to_info);
}

enum vfs_status do_link(struct vfs_object *obj, struct vfs_object *dir, const struct vfs_cred *cred,
                        const char *name)
{
    struct vfs_change_info info;
    struct vfs_name n = name_of(name);

    return dir->fs->ops->link(obj, dir, cred, &n, &info);
}

static enum vfs_status set_all(struct vfs_object *obj, const struct vfs_cred *cred,
                               const struct vfs_attr *set)
{
    uint32_t applied = ~0u;
    enum vfs_status status = obj->fs->ops->setattr(obj, cred, set, false, &applied);

    if (status == VFS_OK)
        assert_int_equal(applied, set->mask);
    else
        assert_int_equal(applied & ~set->mask, 0);
    return status;
}

enum vfs_status do_chmod(struct vfs_object *obj, const struct vfs_cred *cred, uint32_t mode)
{
    return set_all(obj, cred, &(struct vfs_attr){.mask = VFS_ATTR_MODE, .mode = mode});
}

enum vfs_status do_chown(struct vfs_object *obj, const struct vfs_cred *cred, uint32_t uid,
                         uint32_t gid)
{
    struct vfs_attr set = {.mask = VFS_ATTR_UID | VFS_ATTR_GID, .uid = uid, .gid = gid};

    return set_all(obj, cred, &set);
}

enum vfs_status do_truncate(struct vfs_object *obj, const struct vfs_cred *cred, uint64_t size)
{
    return set_all(obj, cred, &(struct vfs_attr){.mask = VFS_ATTR_SIZE, .size = size});
}

enum vfs_status do_resolve(struct vfs *fs, const struct vfs_handle *handle, struct vfs_object **out)
{
    return fs->ops->resolve(fs, handle, out);
}

uint32_t do_access(struct vfs_object *obj, const struct vfs_cred *cred, uint32_t want)
{
    uint32_t granted = ~0u;

    assert_ok(obj->fs->ops->access(obj, cred, want, &granted));
    assert_int_equal(granted & ~want, 0);
    return granted;
}

struct vfs_attr attr_of(struct vfs_object *obj)
{
    struct vfs_attr attr = {.mask = 0};

    assert_ok(obj->fs->ops->getattr(obj, VFS_ATTR_ALL_GET, &attr));
    return attr;
}

uint64_t change_of(struct vfs_object *obj)
{
    struct vfs_attr attr = {.mask = 0};

    assert_ok(obj->fs->ops->getattr(obj, VFS_ATTR_CHANGE, &attr));
    assert_true(attr.mask & VFS_ATTR_CHANGE);
    return attr.change;
}

enum vfs_status do_read(struct vfs_object *obj, uint64_t offset, void *buf, uint32_t len,
                        uint32_t *got, bool *eof)
{
    struct vfs_read io = {.offset = offset, .len = len, .fd_ok = false, .fd = -1, .buf = buf};
    enum vfs_status status = obj->fs->ops->read(obj, &io);

    if (status != VFS_OK)
        return status;
    assert_true(io.len <= len);
    assert_int_equal(io.fd, -1);
    *got = io.len;
    *eof = io.eof;
    return VFS_OK;
}

enum vfs_status do_write(struct vfs_object *obj, const struct vfs_cred *cred, uint64_t offset,
                         const void *data, uint32_t len)
{
    uint32_t written = ~0u;
    enum vfs_stability reached;
    enum vfs_status status =
        obj->fs->ops->write(obj, cred, offset, data, len, VFS_UNSTABLE, &written, &reached);

    if (status == VFS_OK)
        assert_int_equal(written, len);
    return status;
}

void put_bytes(struct contract *c, struct vfs_object *obj, uint64_t offset, const void *data,
               uint32_t len)
{
    assert_ok(c->fs->ops->open(obj, &c->owner, VFS_WANT_WRITE, false));
    assert_ok(do_write(obj, &c->owner, offset, data, len));
    c->fs->ops->close(obj, VFS_WANT_WRITE);
}

uint32_t get_bytes(struct contract *c, struct vfs_object *obj, uint64_t offset, void *buf,
                   uint32_t len, bool *eof)
{
    uint32_t got = 0;

    assert_ok(c->fs->ops->open(obj, &c->owner, VFS_WANT_READ, false));
    assert_ok(do_read(obj, offset, buf, len, &got, eof));
    c->fs->ops->close(obj, VFS_WANT_READ);
    return got;
}
