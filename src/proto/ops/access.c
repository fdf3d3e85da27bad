/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ops/ops.h"
#include "proto/ops/xattr.h"

enum {
    ACCESS_DIR = ACCESS4_READ | ACCESS4_LOOKUP | ACCESS4_MODIFY | ACCESS4_EXTEND | ACCESS4_DELETE,
    ACCESS_FILE = ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND | ACCESS4_EXECUTE,
    ACCESS_XATTR = ACCESS4_XAREAD | ACCESS4_XAWRITE | ACCESS4_XALIST,
    ACCESS_CHANGES = ACCESS4_MODIFY | ACCESS4_EXTEND | ACCESS4_DELETE | ACCESS4_XAWRITE,
};

/* The bits that the minor version has: those of RFC 8276 §8.5 came with its attribute. */
static uint32_t bits_known(const struct compound *c)
{
    return ACCESS_DIR | ACCESS_FILE |
           (bitmap4_isset(c->attributes, FATTR4_XATTR_SUPPORT) ? (uint32_t)ACCESS_XATTR : 0);
}

/* The bits that mean something for this object. */
static uint32_t bits_supported(const struct vfs_object *obj)
{
    return (vfs_type_is_dir(obj->type) ? ACCESS_DIR : ACCESS_FILE) |
           (xattr_possible(obj) ? (uint32_t)ACCESS_XATTR : 0);
}

/* RFC 8881 §18.1: `supported` are the requested bits that mean something for this object. */
enum nfsstat4 op_access(struct compound *c, const struct ACCESS4args *args)
{
    struct vfs_object *obj = c->current.obj;
    enum nfsstat4 status = compound_need_fh(c);
    struct ACCESS4resok resok;
    enum vfs_status asked;

    if (status != NFS4_OK)
        return status;
    if (args->access & ~bits_known(c))
        return NFS4ERR_INVAL;
    resok.supported = args->access & bits_supported(obj);
    asked = obj->fs->ops->access(obj, &c->cred, resok.supported, &resok.access);
    if (asked != VFS_OK)
        return status_from_vfs(asked);
    if (c->current.export->read_only)
        resok.access &= ~(uint32_t)ACCESS_CHANGES;
    wire_ACCESS4resok(c->out, &resok);
    return NFS4_OK;
}
