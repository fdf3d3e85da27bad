/* SPDX-License-Identifier: Apache-2.0 */
/* SECINFO and SECINFO_NO_NAME: which RPC flavors an export takes.  Both use the current filehandle
 * up (RFC 8881 §2.6.3.1.1.8).  TLS cannot be told here (RFC 9289). */
#include "proto/ops/name_step.h"
#include "proto/ops/ops.h"

/* Kerberos V5: OID 1.2.840.113554.1.2.2, in DER without tag and length. */
static const uint8_t krb5_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02};

static void flavor_put(struct xdr *out, enum security_flavor flavor)
{
    struct secinfo4 entry = {.flavor = RPCSEC_GSS,
                             .flavor_info = {.oid = {krb5_oid, sizeof(krb5_oid)}}};

    switch (flavor) {
    case SECURITY_NONE:
        entry.flavor = AUTH_NONE;
        break;
    case SECURITY_SYS:
        entry.flavor = AUTH_SYS;
        break;
    case SECURITY_KRB5:
        entry.flavor_info.service = RPC_GSS_SVC_NONE;
        break;
    case SECURITY_KRB5I:
        entry.flavor_info.service = RPC_GSS_SVC_INTEGRITY;
        break;
    case SECURITY_KRB5P:
    case SECURITY_FLAVOR_COUNT:
        entry.flavor_info.service = RPC_GSS_SVC_PRIVACY;
        break;
    }
    wire_secinfo4(out, &entry);
}

static enum nfsstat4 secinfo_answer(struct compound *c, const struct export *export,
                                    const struct vfs_object *obj)
{
    uint8_t flavors[SECURITY_FLAVOR_COUNT];
    uint32_t count = export_flavors_at(export, obj, &c->caller, flavors);

    xdr_put_u32(c->out, count);
    for (uint32_t i = 0; i < count; i++)
        flavor_put(c->out, (enum security_flavor)flavors[i]);
    compound_clear_current(c);
    return NFS4_OK;
}

/* Neither operation may say SYMLINK or IO, RFC 8881 §15.2. */
static enum nfsstat4 step_status(enum nfsstat4 status)
{
    if (status == NFS4ERR_SYMLINK)
        return NFS4ERR_NOTDIR;
    return status == NFS4ERR_IO ? NFS4ERR_SERVERFAULT : status;
}

enum nfsstat4 op_secinfo(struct compound *c, const struct SECINFO4args *args)
{
    struct vfs_object *obj;
    struct export *export;
    enum nfsstat4 status = name_step_down(c, NAME_STEP_ASK, &args->name, &obj, &export);

    if (status != NFS4_OK)
        return step_status(status);
    status = secinfo_answer(c, export, obj);
    vfs_object_put(obj);
    return status;
}

static enum nfsstat4 secinfo_parent(struct compound *c)
{
    struct vfs_object *obj;
    struct export *export;
    enum nfsstat4 status = name_step_up(c, NAME_STEP_ASK, &obj, &export);

    if (status != NFS4_OK)
        return step_status(status);
    status = secinfo_answer(c, export, obj);
    vfs_object_put(obj);
    return status;
}

enum nfsstat4 op_secinfo_no_name(struct compound *c, const struct SECINFO_NO_NAME4args *args)
{
    enum nfsstat4 status = compound_need_fh(c);

    if (status != NFS4_OK)
        return status;
    if (args->style == SECINFO_STYLE4_PARENT)
        return secinfo_parent(c);
    return secinfo_answer(c, c->current.export, c->current.obj);
}
