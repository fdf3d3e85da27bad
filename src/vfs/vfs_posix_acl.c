/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_posix_acl.h"

#include <stdlib.h>

enum {
    WRITE = VFS_ACE_WRITE_DATA | VFS_ACE_APPEND_DATA,
    /* Everybody has these on every object, and the owner those. */
    ALWAYS = VFS_ACE_READ_ATTRIBUTES | VFS_ACE_READ_ACL | VFS_ACE_SYNCHRONIZE,
    OWNERS = VFS_ACE_WRITE_ATTRIBUTES | VFS_ACE_WRITE_ACL | VFS_ACE_WRITE_OWNER,
    INHERITABLE = VFS_ACE_FILE_INHERIT | VFS_ACE_DIRECTORY_INHERIT,
    GROUPS_MAX = VFS_POSIX_NAMED_MAX + 1,
    NEVER = UINT16_MAX /* place of a decision that no entry made */
};

/* What rwx stands for on an object: write permission on a directory includes removal. */
static uint32_t rights_of(uint32_t rwx, bool dir)
{
    return (rwx & 4 ? VFS_ACE_READ_DATA : 0u) |
           (rwx & 2 ? WRITE | (dir ? VFS_ACE_DELETE_CHILD : 0u) : 0u) |
           (rwx & 1 ? VFS_ACE_EXECUTE : 0u);
}

void vfs_posix_acl_from_mode(uint32_t mode, struct vfs_posix_acl *out)
{
    out->owner = (mode >> 6) & 7;
    out->group = (mode >> 3) & 7;
    out->other = mode & 7;
    out->mask = 7;
    out->masked = false;
    out->users = out->groups = 0;
}

/* ---- to NFSv4 ---- */

struct writer {
    struct vfs_acl *out;
    uint8_t flags;
    bool dir, full;
};

static void push(struct writer *w, enum vfs_ace_who who, uint32_t id, bool deny, uint32_t mask)
{
    if (w->out->count == VFS_ACL_ACES_MAX) {
        w->full = true;
        return;
    }
    w->out->aces[w->out->count++] = (struct vfs_ace){
        .mask = mask, .id = id, .flags = w->flags, .who = (uint8_t)who, .deny = deny};
}

/* An entry that denies nothing is left out. */
static void deny(struct writer *w, enum vfs_ace_who who, uint32_t id, uint32_t rwx)
{
    if (rwx)
        push(w, who, id, true, rights_of(rwx, w->dir));
}

static void allow(struct writer *w, enum vfs_ace_who who, uint32_t id, uint32_t rwx)
{
    push(w, who, id, false,
         ALWAYS | (who == VFS_ACE_OWNER ? (uint32_t)OWNERS : 0) | rights_of(rwx, w->dir));
}

/* A list goes on after the entry of a user, while POSIX does not.  So users are denied what they
 * lack and a later entry may allow.  Groups are allowed all first, since the rights of several
 * add up. */
bool vfs_posix_acl_to_nfs4(const struct vfs_posix_acl *acl, enum vfs_type type, uint8_t flags,
                           struct vfs_acl *out)
{
    struct writer w = {.out = out, .flags = flags, .dir = vfs_type_is_dir(type)};
    const struct vfs_posix_entry *group = acl->named + acl->users;
    const uint32_t mask = acl->mask, own = acl->group & mask;
    uint32_t of_users = 0, of_groups = own;

    for (uint32_t i = 0; i < acl->users; i++)
        of_users |= acl->named[i].rwx & mask;
    for (uint32_t i = 0; i < acl->groups; i++)
        of_groups |= group[i].rwx & mask;
    deny(&w, VFS_ACE_OWNER, 0, (of_users | of_groups | acl->other) & ~(uint32_t)acl->owner);
    allow(&w, VFS_ACE_OWNER, 0, acl->owner);
    for (uint32_t i = 0; i < acl->users; i++) {
        uint32_t rwx = acl->named[i].rwx & mask;

        deny(&w, VFS_ACE_USER, acl->named[i].id, (of_groups | acl->other) & ~rwx);
        allow(&w, VFS_ACE_USER, acl->named[i].id, rwx);
    }
    allow(&w, VFS_ACE_GROUP, 0, own);
    for (uint32_t i = 0; i < acl->groups; i++)
        allow(&w, VFS_ACE_NAMED_GROUP, group[i].id, group[i].rwx & mask);
    deny(&w, VFS_ACE_GROUP, 0, acl->other & ~own);
    for (uint32_t i = 0; i < acl->groups; i++)
        deny(&w, VFS_ACE_NAMED_GROUP, group[i].id, acl->other & ~(group[i].rwx & mask));
    allow(&w, VFS_ACE_EVERYONE, 0, acl->other);
    return !w.full;
}

/* ---- from NFSv4 ---- */

/* The entries that count, in their order. */
struct list {
    struct vfs_ace aces[VFS_ACL_ACES_MAX + 3];
    uint32_t count;
    uint32_t owner; /* uid, unless inherited: any user may become the owner of a new object */
    bool dir, inherited;
};

/* Whom the list is asked about: somebody who is nobody else that it names.  Owners and users may
 * also be members of groups, which a list takes into account, and POSIX does not. */
struct whom {
    enum vfs_ace_who who;
    uint32_t id;
    uint32_t allowed, denied; /* enum vfs_ace_right */
    uint32_t doubtful;        /* denied before by an entry that may concern them, too */
    uint8_t rwx;
};

/* May the entry be about the person, too? */
static bool may_concern(const struct list *l, const struct vfs_ace *ace, const struct whom *person)
{
    if (ace->who == VFS_ACE_USER)
        return l->inherited && person->who == VFS_ACE_OWNER;
    return ace->who == VFS_ACE_GROUP || ace->who == VFS_ACE_NAMED_GROUP;
}

static bool is_about(const struct list *l, const struct vfs_ace *ace, const struct whom *whom)
{
    if (ace->who == VFS_ACE_EVERYONE)
        return true;
    if (whom->who == VFS_ACE_OWNER && ace->who == VFS_ACE_USER)
        return !l->inherited && ace->id == l->owner;
    return ace->who == whom->who && (ace->who <= VFS_ACE_EVERYONE || ace->id == whom->id);
}

static void ask(const struct list *l, struct whom *whom)
{
    bool person = whom->who == VFS_ACE_OWNER || whom->who == VFS_ACE_USER;

    for (uint32_t i = 0; i < l->count; i++) {
        const struct vfs_ace *ace = &l->aces[i];
        uint32_t fresh = ace->mask & ~(whom->allowed | whom->denied);

        if (person && ace->deny && may_concern(l, ace, whom))
            whom->doubtful |= fresh;
        if (!is_about(l, ace, whom))
            continue;
        if (ace->deny)
            whom->denied |= fresh;
        else
            whom->allowed |= fresh;
    }
}

/* Can the answer be expressed as rwx?  There is no writing without appending, nor the reverse; and
 * removal from a directory, if it is spoken of, goes with writing. */
static bool answer(const struct list *l, struct whom *whom)
{
    uint32_t removes;
    bool writes, reads, runs;

    ask(l, whom);
    writes = whom->allowed & VFS_ACE_WRITE_DATA;
    reads = whom->allowed & VFS_ACE_READ_DATA;
    runs = whom->allowed & VFS_ACE_EXECUTE;
    whom->rwx = (uint8_t)((reads ? 4 : 0) | (writes ? 2 : 0) | (runs ? 1 : 0));
    if (whom->allowed & whom->doubtful)
        return false;
    if (writes != !!(whom->allowed & VFS_ACE_APPEND_DATA))
        return false;
    if (whom->who == VFS_ACE_OWNER && ((whom->denied | whom->doubtful) & OWNERS))
        return false;
    removes = writes ? whom->denied | whom->doubtful : whom->allowed;
    return !l->dir || !(removes & VFS_ACE_DELETE_CHILD);
}

/* Rights that have nothing to do with rwx: only what is the case anyway can be said of them.  Named
 * attributes do not exist, so nothing depends on the rights to them. */
static bool is_expressible(const struct vfs_ace *ace)
{
    if (ace->mask & VFS_ACE_DELETE)
        return false;
    if (ace->deny)
        return !(ace->mask & ALWAYS) && !(ace->who == VFS_ACE_OWNER && (ace->mask & OWNERS));
    return ace->who == VFS_ACE_OWNER || !(ace->mask & OWNERS);
}

/* The place of the entry that decides about the right. */
static uint32_t place_of(const struct list *l, const struct whom *whom, uint32_t right)
{
    for (uint32_t i = 0; i < l->count; i++) {
        if ((l->aces[i].mask & right) && is_about(l, &l->aces[i], whom))
            return i;
    }
    return NEVER;
}

/* Whoever may write a directory may also remove from it.  So where a group is denied removal, every
 * group that may write must be allowed it before. */
static bool removal_adds_up(const struct list *l, const struct whom *groups, uint32_t count)
{
    uint32_t first_denied = NEVER;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = place_of(l, &groups[i], VFS_ACE_DELETE_CHILD);

        if ((groups[i].denied & VFS_ACE_DELETE_CHILD) && at < first_denied)
            first_denied = at;
    }
    for (uint32_t i = 0; i < count; i++) {
        if ((groups[i].rwx & 2) && place_of(l, &groups[i], VFS_ACE_DELETE_CHILD) > first_denied)
            return false;
    }
    return true;
}

/* Members of two groups have the rights of both: so no group may be denied a right before another
 * one is allowed it. */
static bool groups_add_up(const struct list *l, const struct whom *groups, uint32_t count)
{
    static const uint32_t bits[] = {VFS_ACE_READ_DATA, VFS_ACE_WRITE_DATA, VFS_ACE_APPEND_DATA,
                                    VFS_ACE_EXECUTE};

    if (l->dir && !removal_adds_up(l, groups, count))
        return false;
    for (size_t b = 0; b < ARRAY_SIZE(bits); b++) {
        uint32_t first_denied = NEVER, last_allowed = 0;

        for (uint32_t i = 0; i < count; i++) {
            uint32_t at = place_of(l, &groups[i], bits[b]);

            if ((groups[i].denied & bits[b]) && at < first_denied)
                first_denied = at;
            if ((groups[i].allowed & bits[b]) && at > last_allowed)
                last_allowed = at;
        }
        if (first_denied < last_allowed)
            return false;
    }
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    uint32_t x = ((const struct vfs_posix_entry *)a)->id;
    uint32_t y = ((const struct vfs_posix_entry *)b)->id;

    return x < y ? -1 : x > y;
}

/* Add each ID that the list names so, once, ascending.  Returns how many. */
static uint32_t gather(const struct list *l, enum vfs_ace_who who, struct vfs_posix_entry *out)
{
    uint32_t count = 0, kept = 0;

    for (uint32_t i = 0; i < l->count; i++) {
        if (l->aces[i].who == who)
            out[count++].id = l->aces[i].id;
    }
    qsort(out, count, sizeof(*out), compare_ids);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || out[i].id != out[i - 1].id)
            out[kept++].id = out[i].id;
    }
    return kept;
}

static bool fill_people(const struct list *l, struct vfs_posix_acl *out)
{
    struct whom owner = {.who = VFS_ACE_OWNER}, other = {.who = VFS_ACE_EVERYONE};

    if (!answer(l, &owner) || !answer(l, &other))
        return false;
    out->owner = owner.rwx;
    out->other = other.rwx;
    out->users = gather(l, VFS_ACE_USER, out->named);
    for (uint32_t i = 0; i < out->users; i++) {
        struct whom user = {.who = VFS_ACE_USER, .id = out->named[i].id};

        if (!answer(l, &user))
            return false;
        out->named[i].rwx = user.rwx;
    }
    return true;
}

static bool fill_groups(const struct list *l, struct vfs_posix_acl *out)
{
    struct vfs_posix_entry *named = out->named + out->users;
    struct whom groups[GROUPS_MAX] = {{.who = VFS_ACE_GROUP}};

    if (!answer(l, &groups[0]))
        return false;
    out->group = groups[0].rwx;
    out->groups = gather(l, VFS_ACE_NAMED_GROUP, named);
    for (uint32_t i = 0; i < out->groups; i++) {
        struct whom *group = &groups[i + 1];

        group->who = VFS_ACE_NAMED_GROUP;
        group->id = named[i].id;
        if (!answer(l, group))
            return false;
        named[i].rwx = group->rwx;
    }
    return groups_add_up(l, groups, out->groups + 1);
}

/* The mask takes nothing away. */
static void set_mask(struct vfs_posix_acl *out)
{
    out->mask = 7;
    out->masked = out->users + out->groups > 0;
    if (!out->masked)
        return;
    out->mask = out->group;
    for (uint32_t i = 0; i < out->users + out->groups; i++)
        out->mask |= out->named[i].rwx;
}

static enum vfs_status convert(const struct list *l, struct vfs_posix_acl *out)
{
    for (uint32_t i = 0; i < l->count; i++) {
        if (!is_expressible(&l->aces[i]))
            return VFS_ATTRNOTSUPP;
    }
    if (!fill_people(l, out) || !fill_groups(l, out))
        return VFS_ATTRNOTSUPP;
    set_mask(out);
    return VFS_OK;
}

/* A default ACL goes to files and directories alike, and to their descendants. */
static bool is_inherited_by_all(const struct vfs_ace *ace)
{
    return (ace->flags & INHERITABLE) == INHERITABLE && !(ace->flags & VFS_ACE_NO_PROPAGATE);
}

enum vfs_status vfs_posix_acl_from_nfs4(const struct vfs_acl *in, enum vfs_type type,
                                        uint32_t owner, struct vfs_posix_acl *out)
{
    struct list l = {.owner = owner, .dir = vfs_type_is_dir(type)};

    CHECK(in->count <= VFS_ACL_ACES_MAX);
    for (uint32_t i = 0; i < in->count; i++) {
        if (in->aces[i].flags && !is_inherited_by_all(&in->aces[i]))
            return VFS_ATTRNOTSUPP;
        if (!(in->aces[i].flags & VFS_ACE_INHERIT_ONLY))
            l.aces[l.count++] = in->aces[i];
    }
    return convert(&l, out);
}

static void complete(struct list *l, const struct vfs_posix_acl *access)
{
    const uint8_t rwx[] = {
        [VFS_ACE_OWNER] = access->owner,
        [VFS_ACE_GROUP] = access->group & access->mask,
        [VFS_ACE_EVERYONE] = access->other,
    };
    bool spoken_of[3] = {false};

    for (uint32_t i = 0; i < l->count; i++) {
        if (l->aces[i].who <= VFS_ACE_EVERYONE)
            spoken_of[l->aces[i].who] = true;
    }
    for (int who = VFS_ACE_OWNER; who <= VFS_ACE_EVERYONE; who++) {
        if (!spoken_of[who] && !spoken_of[VFS_ACE_EVERYONE])
            l->aces[l->count++] =
                (struct vfs_ace){.who = (uint8_t)who, .mask = ALWAYS | rights_of(rwx[who], true)};
    }
}

enum vfs_status vfs_posix_acl_inheritable(const struct vfs_acl *in,
                                          const struct vfs_posix_acl *access,
                                          struct vfs_posix_acl *out, bool *any)
{
    struct list l = {.dir = true, .inherited = true};

    CHECK(in->count <= VFS_ACL_ACES_MAX);
    for (uint32_t i = 0; i < in->count; i++) {
        if (is_inherited_by_all(&in->aces[i]))
            l.aces[l.count++] = in->aces[i];
    }
    *any = l.count > 0;
    if (!*any)
        return VFS_OK;
    complete(&l, access);
    return convert(&l, out);
}
