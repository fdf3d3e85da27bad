/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_acl.h"

#include "base/check.h"
#include "vfs/vfs_mode.h"
#include "vfs/vfs_request.h"

enum {
    WRITE = VFS_ACE_WRITE_DATA | VFS_ACE_APPEND_DATA,
    NAMED_ATTRS = VFS_ACE_READ_NAMED_ATTRS | VFS_ACE_WRITE_NAMED_ATTRS,
    BY_MODE = VFS_ACE_READ_DATA | WRITE | VFS_ACE_EXECUTE | NAMED_ATTRS,
    INHERITABLE = VFS_ACE_FILE_INHERIT | VFS_ACE_DIRECTORY_INHERIT,
    MODE_STICKY = 01000,
};

static bool in_force(const struct vfs_ace *ace)
{
    return !(ace->flags & VFS_ACE_INHERIT_ONLY);
}

/* OWNER@, GROUP@, EVERYONE@ */
static bool is_special(const struct vfs_ace *ace)
{
    return ace->who <= VFS_ACE_EVERYONE;
}

static bool matches(const struct vfs_ace *ace, uint32_t uid, uint32_t gid,
                    const struct vfs_cred *cred)
{
    switch ((enum vfs_ace_who)ace->who) {
    case VFS_ACE_OWNER:
        return cred->uid == uid;
    case VFS_ACE_GROUP:
        return vfs_cred_in_group(cred, gid);
    case VFS_ACE_EVERYONE:
        return true;
    case VFS_ACE_USER:
        return cred->uid == ace->id;
    case VFS_ACE_NAMED_GROUP:
        return vfs_cred_in_group(cred, ace->id);
    }
    return false;
}

/* The first entry that names a right decides it. */
static void decide(const struct vfs_ace *ace, uint32_t *allowed, uint32_t *denied)
{
    if (ace->deny)
        *denied |= ace->mask & ~*allowed;
    else
        *allowed |= ace->mask & ~*denied;
}

uint32_t vfs_acl_granted(const struct vfs_acl *acl, uint32_t uid, uint32_t gid,
                         const struct vfs_cred *cred, uint32_t *denied)
{
    uint32_t allowed = 0;

    *denied = 0;
    for (uint32_t i = 0; i < acl->count; i++) {
        if (in_force(&acl->aces[i]) && matches(&acl->aces[i], uid, gid, cred))
            decide(&acl->aces[i], &allowed, denied);
    }
    return allowed;
}

static bool speaks_of(const struct vfs_acl *acl, bool deny, uint32_t rights)
{
    for (uint32_t i = 0; i < acl->count; i++) {
        const struct vfs_ace *ace = &acl->aces[i];

        if (in_force(ace) && ace->deny == deny && (ace->mask & rights))
            return true;
    }
    return false;
}

bool vfs_acl_allows_any(const struct vfs_acl *acl, uint32_t rights)
{
    return speaks_of(acl, false, rights);
}

bool vfs_acl_denies_any(const struct vfs_acl *acl, uint32_t rights)
{
    return speaks_of(acl, true, rights);
}

static uint32_t rwx_of(const struct vfs_acl *acl, enum vfs_ace_who who)
{
    uint32_t allowed = 0, denied = 0;

    for (uint32_t i = 0; i < acl->count; i++) {
        const struct vfs_ace *ace = &acl->aces[i];

        if (in_force(ace) && (ace->who == who || ace->who == VFS_ACE_EVERYONE))
            decide(ace, &allowed, &denied);
    }
    return (allowed & VFS_ACE_READ_DATA ? 4 : 0) | ((allowed & WRITE) == WRITE ? 2 : 0) |
           (allowed & VFS_ACE_EXECUTE ? 1 : 0);
}

uint32_t vfs_acl_mode(const struct vfs_acl *acl)
{
    return rwx_of(acl, VFS_ACE_OWNER) << 6 | rwx_of(acl, VFS_ACE_GROUP) << 3 |
           rwx_of(acl, VFS_ACE_EVERYONE);
}

static uint32_t rights_of(uint32_t rwx)
{
    return (rwx & 4 ? VFS_ACE_READ_DATA | VFS_ACE_READ_NAMED_ATTRS : 0u) |
           (rwx & 2 ? WRITE | VFS_ACE_WRITE_NAMED_ATTRS : 0u) | (rwx & 1 ? VFS_ACE_EXECUTE : 0u);
}

/* The same for others than the owner: see vfs_ops.openattr. */
static uint32_t rights_of_others(uint32_t rwx, enum vfs_type type, uint32_t mode)
{
    bool data = vfs_type_is_file(type) || (type == VFS_DIR && !(mode & MODE_STICKY));

    return rights_of(rwx) & ~(data ? 0 : (uint32_t)VFS_ACE_WRITE_NAMED_ATTRS);
}

static void push(struct vfs_acl *acl, struct vfs_ace ace)
{
    CHECK(acl->count < VFS_ACL_ACES_MAX);
    acl->aces[acl->count++] = ace;
}

/* An entry without rights is left out. */
static void push_special(struct vfs_acl *acl, enum vfs_ace_who who, bool deny, uint32_t mask)
{
    if (mask)
        push(acl, (struct vfs_ace){.who = (uint8_t)who, .deny = deny, .mask = mask});
}

static bool is_plain_allow(const struct vfs_ace *ace, enum vfs_ace_who who)
{
    return ace->who == who && !ace->deny && ace->flags == 0;
}

/* What the mode leaves of an entry in force.  Before it: the entry as it is inherited, if need
 * be. */
static void keep(struct vfs_acl *out, const struct vfs_ace *ace, uint32_t group)
{
    struct vfs_ace kept = *ace;

    if (is_special(ace))
        kept.mask &= ~(uint32_t)BY_MODE;
    else if (!ace->deny)
        kept.mask &= ~(BY_MODE & ~group);
    if (kept.mask == ace->mask) {
        push(out, kept);
        return;
    }
    if (ace->flags & INHERITABLE) {
        kept.flags |= VFS_ACE_INHERIT_ONLY;
        push(out, (struct vfs_ace){.mask = ace->mask,
                                   .id = ace->id,
                                   .flags = kept.flags,
                                   .who = ace->who,
                                   .deny = ace->deny});
    }
    kept.flags = 0;
    if (kept.mask)
        push(out, kept);
}

/* Take GROUP@ and EVERYONE@ off the end, where nothing is between them and what will follow. */
static void take_tail(struct vfs_acl *out, uint32_t head, uint32_t *group, uint32_t *everyone)
{
    while (out->count > head) {
        const struct vfs_ace *last = &out->aces[out->count - 1];

        if (is_plain_allow(last, VFS_ACE_GROUP))
            *group |= last->mask;
        else if (is_plain_allow(last, VFS_ACE_EVERYONE))
            *everyone |= last->mask;
        else
            break;
        out->count--;
    }
}

/* The owner comes first and the world last, and both so that the mode decides: an owner that has
 * less than others is denied it, and so is the group. */
void vfs_acl_chmod(const struct vfs_acl *acl, enum vfs_type type, uint32_t mode,
                   struct vfs_acl *out)
{
    uint32_t owner = rights_of(mode >> 6), group = rights_of_others(mode >> 3, type, mode);
    uint32_t other = rights_of_others(mode, type, mode);
    uint32_t group_all = group, other_all = other, next = 0, head;

    for (; next < acl->count && is_special(&acl->aces[next]) && in_force(&acl->aces[next]);
         next++) {
        const struct vfs_ace *ace = &acl->aces[next];

        if (is_plain_allow(ace, VFS_ACE_OWNER))
            owner |= ace->mask & ~(uint32_t)BY_MODE;
        else if (ace->flags != 0 || (ace->mask & ~(uint32_t)BY_MODE) || ace->mask == 0)
            break;
    }
    out->count = 0;
    push_special(out, VFS_ACE_OWNER, true, (group | other) & ~owner);
    push_special(out, VFS_ACE_OWNER, false, owner);
    head = out->count;
    for (; next < acl->count; next++) {
        if (in_force(&acl->aces[next]))
            keep(out, &acl->aces[next], group);
        else
            push(out, acl->aces[next]);
    }
    take_tail(out, head, &group_all, &other_all);
    push_special(out, VFS_ACE_GROUP, true, other & ~group);
    push_special(out, VFS_ACE_GROUP, false, group_all);
    push_special(out, VFS_ACE_EVERYONE, false, other_all);
}

void vfs_acl_from_mode(enum vfs_type type, uint32_t mode, struct vfs_acl *out)
{
    const uint32_t all = VFS_ACE_READ_ATTRIBUTES | VFS_ACE_READ_ACL | VFS_ACE_SYNCHRONIZE;
    struct vfs_ace aces[] = {
        {.who = VFS_ACE_OWNER,
         .mask = all | VFS_ACE_WRITE_ATTRIBUTES | VFS_ACE_WRITE_ACL | VFS_ACE_WRITE_OWNER},
        {.who = VFS_ACE_GROUP, .mask = all},
        {.who = VFS_ACE_EVERYONE, .mask = all},
    };

    vfs_acl_chmod(&(struct vfs_acl){.count = ARRAY_SIZE(aces), .aces = aces}, type, mode, out);
}

/* The flags of an entry in something new; false when it is not inherited. */
static bool inherited_flags(uint8_t flags, bool directory, uint8_t *out)
{
    *out = 0;
    if (!directory)
        return flags & VFS_ACE_FILE_INHERIT;
    if (flags & VFS_ACE_NO_PROPAGATE)
        return flags & VFS_ACE_DIRECTORY_INHERIT;
    *out = flags & INHERITABLE;
    if (!(flags & VFS_ACE_DIRECTORY_INHERIT))
        *out |= VFS_ACE_INHERIT_ONLY;
    return flags & INHERITABLE;
}

void vfs_acl_inherit(const struct vfs_acl *parent, bool directory, struct vfs_acl *out)
{
    out->count = 0;
    for (uint32_t i = 0; i < parent->count; i++) {
        struct vfs_ace ace = parent->aces[i];

        if (inherited_flags(parent->aces[i].flags, directory, &ace.flags))
            push(out, ace);
    }
}

bool vfs_acl_is_effective(const struct vfs_acl *acl)
{
    for (uint32_t i = 0; i < acl->count; i++) {
        if (in_force(&acl->aces[i]))
            return true;
    }
    return false;
}
