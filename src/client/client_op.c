/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_op.h"

#include <string.h>

#define ATTRS_BYTES 4096u

const struct stateid4 client_stateid_anonymous = {0, {0}};
const struct stateid4 client_stateid_bypass = {
    NFS4_UINT32_MAX, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
const struct stateid4 client_stateid_current = {1, {0}};

struct wire_opaque client_text(const char *text)
{
    return (struct wire_opaque){(const uint8_t *)text, text ? (uint32_t)strlen(text) : 0};
}

struct bitmap4 client_bits(const uint32_t *bits, size_t count)
{
    struct bitmap4 map = {0};

    for (size_t i = 0; i < count; i++)
        bitmap4_set(&map, bits[i]);
    return map;
}

void client_op(struct client_compound *c, uint32_t op)
{
    client_compound_add(c, &(struct nfs_argop4){.argop = op});
}

void client_op_putrootfh(struct client_compound *c)
{
    client_op(c, OP_PUTROOTFH);
}

void client_op_putfh(struct client_compound *c, const struct client_fh *fh)
{
    client_compound_add(c,
                        &(struct nfs_argop4){.argop = OP_PUTFH, .opputfh = {{fh->data, fh->len}}});
}

void client_op_getfh(struct client_compound *c)
{
    client_op(c, OP_GETFH);
}

void client_op_lookup(struct client_compound *c, const char *name)
{
    client_compound_add(c,
                        &(struct nfs_argop4){.argop = OP_LOOKUP, .oplookup = {client_text(name)}});
}

void client_op_getattr(struct client_compound *c, struct bitmap4 bits)
{
    client_compound_add(c, &(struct nfs_argop4){.argop = OP_GETATTR, .opgetattr = {bits}});
}

void client_op_setattr(struct client_compound *c, const struct stateid4 *stateid,
                       struct bitmap4 which, const struct nfs4_attrs *attrs)
{
    uint8_t bytes[ATTRS_BYTES];
    struct nfs4_attrs values = *attrs;
    struct nfs_argop4 op = {.argop = OP_SETATTR};
    struct fattr4 *fattr = &op.opsetattr.obj_attributes;
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    for (uint32_t bit = 0; bit < 32 * LIMIT_BITMAP_WORDS; bit++)
        if (bitmap4_isset(&which, bit))
            CHECK(fattr_value(&x, &values, bit));
    op.opsetattr.stateid = *stateid;
    fattr->attrmask = which;
    fattr->attr_vals = (struct wire_opaque){bytes, (uint32_t)xdr_pos(&x)};
    client_compound_add(c, &op);
}

void client_op_access(struct client_compound *c, uint32_t access)
{
    client_compound_add(c, &(struct nfs_argop4){.argop = OP_ACCESS, .opaccess = {access}});
}

void client_op_remove(struct client_compound *c, const char *name)
{
    client_compound_add(c,
                        &(struct nfs_argop4){.argop = OP_REMOVE, .opremove = {client_text(name)}});
}

void client_op_rename(struct client_compound *c, const char *from, const char *to)
{
    client_compound_add(c, &(struct nfs_argop4){
                               .argop = OP_RENAME,
                               .oprename = {client_text(from), client_text(to)},
                           });
}

void client_op_link(struct client_compound *c, const char *name)
{
    client_compound_add(c, &(struct nfs_argop4){.argop = OP_LINK, .oplink = {client_text(name)}});
}

struct fattr4 client_fattr_mode(uint32_t mode, uint8_t *values)
{
    uint32_t be = htobe32(mode);

    memcpy(values, &be, sizeof(be));
    return (struct fattr4){CLIENT_BITS(FATTR4_MODE), {values, sizeof(be)}};
}

void client_op_create(struct client_compound *c, const char *name, enum nfs_ftype4 type,
                      const char *link, uint32_t mode)
{
    uint8_t values[4];
    struct nfs_argop4 op = {
        .argop = OP_CREATE,
        .opcreate = {.objtype = {.type = type},
                     .objname = client_text(name),
                     .createattrs = client_fattr_mode(mode, values)},
    };

    if (type == NF4LNK)
        op.opcreate.objtype.linkdata = client_text(link);
    client_compound_add(c, &op);
}

void client_op_readdir(struct client_compound *c, uint64_t cookie, const uint8_t *verifier,
                       uint32_t max_bytes, struct bitmap4 bits)
{
    struct nfs_argop4 op = {
        .argop = OP_READDIR,
        .opreaddir = {.cookie = cookie,
                      .dircount = max_bytes,
                      .maxcount = max_bytes,
                      .attr_request = bits},
    };

    if (verifier)
        memcpy(op.opreaddir.cookieverf, verifier, NFS4_VERIFIER_SIZE);
    client_compound_add(c, &op);
}

void client_op_read(struct client_compound *c, const struct stateid4 *stateid, uint64_t offset,
                    uint32_t count)
{
    client_compound_add(
        c, &(struct nfs_argop4){.argop = OP_READ, .opread = {*stateid, offset, count}});
}

void client_op_write(struct client_compound *c, const struct stateid4 *stateid, uint64_t offset,
                     enum stable_how4 stable, const void *data, uint32_t len)
{
    client_compound_add(c, &(struct nfs_argop4){
                               .argop = OP_WRITE,
                               .opwrite = {*stateid, offset, stable, {data, len}},
                           });
}

void client_op_commit(struct client_compound *c, uint64_t offset, uint32_t count)
{
    client_compound_add(c, &(struct nfs_argop4){.argop = OP_COMMIT, .opcommit = {offset, count}});
}

void client_op_allocate(struct client_compound *c, const struct stateid4 *stateid, uint64_t offset,
                        uint64_t length)
{
    client_compound_add(
        c, &(struct nfs_argop4){.argop = OP_ALLOCATE, .opallocate = {*stateid, offset, length}});
}

void client_op_deallocate(struct client_compound *c, const struct stateid4 *stateid,
                          uint64_t offset, uint64_t length)
{
    client_compound_add(c, &(struct nfs_argop4){.argop = OP_DEALLOCATE,
                                                .opdeallocate = {*stateid, offset, length}});
}

void client_op_seek(struct client_compound *c, const struct stateid4 *stateid, uint64_t offset,
                    enum data_content4 what)
{
    client_compound_add(c,
                        &(struct nfs_argop4){.argop = OP_SEEK, .opseek = {*stateid, offset, what}});
}

void client_op_read_plus(struct client_compound *c, const struct stateid4 *stateid, uint64_t offset,
                         uint32_t count)
{
    client_compound_add(
        c, &(struct nfs_argop4){.argop = OP_READ_PLUS, .opread_plus = {*stateid, offset, count}});
}

void client_op_getxattr(struct client_compound *c, const char *name)
{
    client_compound_add(
        c, &(struct nfs_argop4){.argop = OP_GETXATTR, .opgetxattr = {client_text(name)}});
}

void client_op_setxattr(struct client_compound *c, const char *name, enum setxattr_option4 how,
                        const void *value, uint32_t len)
{
    client_compound_add(c, &(struct nfs_argop4){
                               .argop = OP_SETXATTR,
                               .opsetxattr = {how, client_text(name), {value, len}},
                           });
}

void client_op_listxattrs(struct client_compound *c, uint64_t cookie, uint32_t max_bytes)
{
    client_compound_add(
        c, &(struct nfs_argop4){.argop = OP_LISTXATTRS, .oplistxattrs = {cookie, max_bytes}});
}

void client_op_removexattr(struct client_compound *c, const char *name)
{
    client_compound_add(
        c, &(struct nfs_argop4){.argop = OP_REMOVEXATTR, .opremovexattr = {client_text(name)}});
}

void client_op_close(struct client_compound *c, const struct stateid4 *stateid)
{
    client_compound_add(c, &(struct nfs_argop4){.argop = OP_CLOSE, .opclose = {0, *stateid}});
}

static void open_how(const struct client_open *open, uint8_t *values, struct openflag4 *how)
{
    if (!open->create)
        return;
    how->opentype = OPEN4_CREATE;
    how->how.mode = open->how;
    switch (open->how) {
    case UNCHECKED4:
    case GUARDED4:
        how->how.createattrs = client_fattr_mode(open->mode, values);
        break;
    case EXCLUSIVE4:
        memcpy(how->how.createverf, open->verifier, NFS4_VERIFIER_SIZE);
        break;
    case EXCLUSIVE4_1:
        memcpy(how->how.ch_createboth.cva_verf, open->verifier, NFS4_VERIFIER_SIZE);
        how->how.ch_createboth.cva_attrs = client_fattr_mode(open->mode, values);
        break;
    }
}

void client_op_open(struct client_compound *c, const struct client_open *open)
{
    uint8_t values[4];
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.seqid = open->seqid,
                   .share_access = open->access,
                   .share_deny = open->deny,
                   .owner = {open->clientid, client_text(open->owner)},
                   .claim = {.claim = open->reclaim ? CLAIM_PREVIOUS
                                      : open->name  ? CLAIM_NULL
                                                    : CLAIM_FH}},
    };

    if (open->name)
        op.opopen.claim.file = client_text(open->name);
    if (open->reclaim)
        op.opopen.claim.delegate_type = OPEN_DELEGATE_NONE;
    open_how(open, values, &op.opopen.openhow);
    client_compound_add(c, &op);
}

void client_op_lock_new(struct client_compound *c, const struct stateid4 *open_stateid,
                        uint64_t clientid, const char *owner, enum nfs_lock_type4 type,
                        uint64_t offset, uint64_t length)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCK,
        .oplock = {.locktype = type, .offset = offset, .length = length},
    };

    op.oplock.locker.new_lock_owner = true;
    op.oplock.locker.open_owner.open_stateid = *open_stateid;
    op.oplock.locker.open_owner.lock_owner = (struct state_owner4){clientid, client_text(owner)};
    client_compound_add(c, &op);
}
