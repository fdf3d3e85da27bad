/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/attr/attr_acl.h"

#include "proto/utf8.h"

_Static_assert(VFS_ACE_FLAGS == (ACE4_FILE_INHERIT_ACE | ACE4_DIRECTORY_INHERIT_ACE |
                                 ACE4_NO_PROPAGATE_INHERIT_ACE | ACE4_INHERIT_ONLY_ACE),
               "flags are as on the wire");
_Static_assert(VFS_ACE_RIGHTS ==
                   (ACE4_READ_DATA | ACE4_WRITE_DATA | ACE4_APPEND_DATA | ACE4_READ_NAMED_ATTRS |
                    ACE4_WRITE_NAMED_ATTRS | ACE4_EXECUTE | ACE4_DELETE_CHILD |
                    ACE4_READ_ATTRIBUTES | ACE4_WRITE_ATTRIBUTES | ACE4_DELETE | ACE4_READ_ACL |
                    ACE4_WRITE_ACL | ACE4_WRITE_OWNER | ACE4_SYNCHRONIZE),
               "rights are as on the wire");

/* In the order of enum vfs_ace_who; those behind EVERYONE@ are well known, but not supported. */
static const char *const special[] = {
    "OWNER@",  "GROUP@", "EVERYONE@",  "INTERACTIVE@",   "NETWORK@",
    "DIALUP@", "BATCH@", "ANONYMOUS@", "AUTHENTICATED@", "SERVICE@",
};

/* NULL without memory. */
static struct wire_opaque who_name(struct compound *c, const struct vfs_ace *ace)
{
    char text[ATTR_NAME_BYTES];
    struct wire_opaque name = attr_owner_name(
        c, ace->who == VFS_ACE_NAMED_GROUP ? IDENTITY_GROUP : IDENTITY_USER, ace->id, text);

    name.data = (const uint8_t *)arena_strndup(c->arena, name.data, name.len);
    return name;
}

static struct wire_opaque who_text(struct compound *c, const struct vfs_ace *ace,
                                   char text[ATTR_WHO_BYTES])
{
    const char *name = ace->who <= VFS_ACE_EVERYONE ? special[ace->who] : NULL;

    if (name)
        return (struct wire_opaque){(const uint8_t *)name, (uint32_t)strlen(name)};
    return c->named_owners ? who_name(c, ace) : attr_owner_text(text, ace->id);
}

bool attr_acl_encode(struct compound *c, const struct vfs_acl *acl, struct nfs4_attrs *attrs)
{
    char *text = arena_alloc(c->arena, (size_t)acl->count * ATTR_WHO_BYTES);

    attrs->acl_count = attrs->dacl_count = acl->count;
    attrs->acl = attrs->dacl = arena_alloc(c->arena, acl->count * sizeof(*attrs->acl));
    attrs->dacl_flag = 0; /* no automatic inheritance */
    if (!text || !attrs->acl)
        return false;
    for (uint32_t i = 0; i < acl->count; i++) {
        const struct vfs_ace *ace = &acl->aces[i];

        attrs->acl[i] = (struct nfsace4){
            .type = ace->deny ? ACE4_ACCESS_DENIED_ACE_TYPE : ACE4_ACCESS_ALLOWED_ACE_TYPE,
            .flag = ace->flags | (ace->who == VFS_ACE_NAMED_GROUP ? ACE4_IDENTIFIER_GROUP : 0),
            .access_mask = ace->mask,
            .who = who_text(c, ace, text + (size_t)i * ATTR_WHO_BYTES),
        };
        if (!attrs->acl[i].who.data)
            return false;
    }
    return true;
}

/* Which of them it is; ARRAY_SIZE(special): none. */
static uint32_t special_index(const struct wire_opaque *who)
{
    uint32_t i = 0;

    while (i < ARRAY_SIZE(special) &&
           (who->len != strlen(special[i]) || memcmp(who->data, special[i], who->len) != 0))
        i++;
    return i;
}

/* The group flag means nothing with a special name, RFC 8881 §6.2.1.4.1. */
static void make_plain(struct nfsace4 *aces, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (special_index(&aces[i].who) < ARRAY_SIZE(special))
            aces[i].flag &= ~ACE4_IDENTIFIER_GROUP;
    }
}

bool attr_acl_plain(struct compound *c, const struct fattr4 *given, struct fattr4 *out)
{
    size_t room = given->attr_vals.len + 64;
    uint8_t *bytes = arena_alloc(c->arena, room);
    struct nfs4_attrs attrs;
    struct xdr x;

    *out = *given;
    if (!bytes || !fattr_decode(given, &attrs, c->arena))
        return false;
    if ((bitmap4_isset(&given->attrmask, FATTR4_ACL) && !attrs.acl) ||
        (bitmap4_isset(&given->attrmask, FATTR4_DACL) && !attrs.dacl))
        return false; /* longer than any of ours */
    if (bitmap4_isset(&given->attrmask, FATTR4_ACL))
        make_plain(attrs.acl, attrs.acl_count);
    if (bitmap4_isset(&given->attrmask, FATTR4_DACL))
        make_plain(attrs.dacl, attrs.dacl_count);
    xdr_init_encode(&x, bytes, room);
    if (!fattr_encode(&x, &given->attrmask, &attrs))
        return false;
    xdr_init_decode(&x, bytes, xdr_pos(&x), c->arena);
    return wire_fattr4(&x, out);
}

static enum nfsstat4 decode_who(struct compound *c, const struct nfsace4 *in, struct vfs_ace *out)
{
    uint32_t index = special_index(&in->who);

    if (!utf8_valid(in->who.data, in->who.len))
        return NFS4ERR_INVAL;
    if (index < ARRAY_SIZE(special)) {
        out->who = (uint8_t)index;
        return index <= VFS_ACE_EVERYONE ? NFS4_OK : NFS4ERR_ATTRNOTSUPP;
    }
    out->who = in->flag & ACE4_IDENTIFIER_GROUP ? VFS_ACE_NAMED_GROUP : VFS_ACE_USER;
    return attr_owner_parse(c, in->flag & ACE4_IDENTIFIER_GROUP ? IDENTITY_GROUP : IDENTITY_USER,
                            &in->who, &out->id);
}

/* RFC 8881 §6.2.1.4.1 has what goes with what; INHERITED_ACE is for dacl alone, §6.4.3.2. */
static enum nfsstat4 check_flags(uint32_t flags, enum vfs_type type)
{
    const uint32_t to_whom = ACE4_FILE_INHERIT_ACE | ACE4_DIRECTORY_INHERIT_ACE;
    const uint32_t not_here =
        ACE4_SUCCESSFUL_ACCESS_ACE_FLAG | ACE4_FAILED_ACCESS_ACE_FLAG | ACE4_INHERITED_ACE;

    if (flags & not_here)
        return NFS4ERR_INVAL;
    if (flags & ~(VFS_ACE_FLAGS | ACE4_IDENTIFIER_GROUP))
        return NFS4ERR_ATTRNOTSUPP;
    if ((flags & VFS_ACE_FLAGS) && type != VFS_DIR)
        return NFS4ERR_ATTRNOTSUPP;
    if ((flags & ACE4_INHERIT_ONLY_ACE) && !(flags & to_whom))
        return NFS4ERR_ATTRNOTSUPP;
    return NFS4_OK;
}

static enum nfsstat4 decode_ace(struct compound *c, const struct nfsace4 *in, enum vfs_type type,
                                struct vfs_ace *out)
{
    enum nfsstat4 status;

    if (in->type > ACE4_ACCESS_DENIED_ACE_TYPE || (in->access_mask & ~VFS_ACE_RIGHTS))
        return NFS4ERR_ATTRNOTSUPP;
    status = check_flags(in->flag, type);
    if (status != NFS4_OK)
        return status;
    *out = (struct vfs_ace){
        .mask = in->access_mask,
        .flags = (uint8_t)(in->flag & VFS_ACE_FLAGS),
        .deny = in->type == ACE4_ACCESS_DENIED_ACE_TYPE,
    };
    return decode_who(c, in, out);
}

static enum nfsstat4 decode_aces(struct compound *c, const struct nfsace4 *aces, uint32_t count,
                                 enum vfs_type type, const struct vfs_acl **out)
{
    struct vfs_acl *acl = arena_alloc(c->arena, sizeof(*acl));

    if (count > LIMIT_ACL_ACES)
        return NFS4ERR_ATTRNOTSUPP; /* more than can be kept */
    if (!acl)
        return NFS4ERR_DELAY;
    acl->count = count;
    acl->aces = arena_alloc(c->arena, acl->count * sizeof(*acl->aces));
    if (!acl->aces)
        return NFS4ERR_DELAY;
    for (uint32_t i = 0; i < acl->count; i++) {
        enum nfsstat4 status = decode_ace(c, &aces[i], type, &acl->aces[i]);

        if (status != NFS4_OK)
            return status;
    }
    *out = acl;
    return NFS4_OK;
}

enum nfsstat4 attr_acl_decode(struct compound *c, const struct nfs4_attrs *attrs,
                              enum vfs_type type, const struct vfs_acl **out)
{
    return decode_aces(c, attrs->acl, attrs->acl_count, type, out);
}

/* What belongs to automatic inheritance, RFC 8881 §6.4.3.2, is not kept. */
enum nfsstat4 attr_dacl_decode(struct compound *c, const struct nfs4_attrs *attrs,
                               enum vfs_type type, const struct vfs_acl **out)
{
    if (attrs->dacl_flag & ~(ACL4_AUTO_INHERIT | ACL4_PROTECTED | ACL4_DEFAULTED))
        return NFS4ERR_INVAL;
    if (attrs->dacl_flag)
        return NFS4ERR_ATTRNOTSUPP;
    if (attrs->dacl_count > LIMIT_ACL_ACES)
        return NFS4ERR_ATTRNOTSUPP; /* it may not have been kept even in the request */
    for (uint32_t i = 0; i < attrs->dacl_count; i++) {
        if (attrs->dacl[i].flag & ACE4_INHERITED_ACE)
            return NFS4ERR_ATTRNOTSUPP;
    }
    return decode_aces(c, attrs->dacl, attrs->dacl_count, type, out);
}
