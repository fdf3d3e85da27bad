/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX ACLs as lists and back: by tables, and by the access of every caller of a small world to
 * objects with random ACLs and lists.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/test.h"
#include "vfs/vfs_posix_acl.h"

enum {
    R = VFS_ACE_READ_DATA,
    W = VFS_ACE_WRITE_DATA | VFS_ACE_APPEND_DATA,
    X = VFS_ACE_EXECUTE,
    C = VFS_ACE_DELETE_CHILD,
    ALL = VFS_ACE_READ_ATTRIBUTES | VFS_ACE_READ_ACL | VFS_ACE_SYNCHRONIZE,
    OWN = ALL | VFS_ACE_WRITE_ATTRIBUTES | VFS_ACE_WRITE_ACL | VFS_ACE_WRITE_OWNER,
    FD = VFS_ACE_FILE_INHERIT | VFS_ACE_DIRECTORY_INHERIT,
    FDI = FD | VFS_ACE_INHERIT_ONLY,
    /* The world: the object's owner and group, two users, and two groups. */
    OWNER = 10,
    USER = 11,
    OTHER = 12,
    GROUP = 20,
    TEAM = 30,
    CREW = 40,
    ACES = 12,
    ROUNDS = 60000,
};

#define ACE(w, i, d, m) ((struct vfs_ace){.who = VFS_ACE_##w, .id = (i), .deny = (d), .mask = (m)})
#define ALLOW(w, m) ACE(w, 0, false, m)
#define DENY(w, m) ACE(w, 0, true, m)
#define USERS(i, m) ACE(USER, i, false, m)
#define NOT_USERS(i, m) ACE(USER, i, true, m)
#define GROUPS(i, m) ACE(NAMED_GROUP, i, false, m)
#define NOT_GROUPS(i, m) ACE(NAMED_GROUP, i, true, m)
#define FLAGGED(f, ace) flagged((f), (ace))

static struct vfs_ace flagged(uint8_t flags, struct vfs_ace ace)
{
    ace.flags = flags;
    return ace;
}

#define LIST(...)                                                                                  \
    (&(struct vfs_acl){.count = sizeof((struct vfs_ace[]){__VA_ARGS__}) / sizeof(struct vfs_ace),  \
                       .aces = (struct vfs_ace[]){__VA_ARGS__}})

static void assert_list(const struct vfs_acl *got, const struct vfs_acl *want)
{
    assert_int_equal(got->count, want->count);
    for (uint32_t i = 0; i < want->count; i++) {
        assert_int_equal(got->aces[i].who, want->aces[i].who);
        assert_int_equal(got->aces[i].id, want->aces[i].id);
        assert_int_equal(got->aces[i].deny, want->aces[i].deny);
        assert_int_equal(got->aces[i].flags, want->aces[i].flags);
        assert_int_equal(got->aces[i].mask, want->aces[i].mask);
    }
}

static void assert_posix(const struct vfs_posix_acl *got, const struct vfs_posix_acl *want)
{
    assert_int_equal(got->owner, want->owner);
    assert_int_equal(got->group, want->group);
    assert_int_equal(got->other, want->other);
    assert_int_equal(got->masked, want->masked);
    assert_int_equal(got->mask, want->mask);
    assert_int_equal(got->users, want->users);
    assert_int_equal(got->groups, want->groups);
    for (uint32_t i = 0; i < want->users + want->groups; i++) {
        assert_int_equal(got->named[i].id, want->named[i].id);
        assert_int_equal(got->named[i].rwx, want->named[i].rwx);
    }
}

static void expect_told(const struct vfs_posix_acl *acl, enum vfs_type type, uint8_t flags,
                        const struct vfs_acl *want)
{
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl got = {.aces = aces};

    assert_true(vfs_posix_acl_to_nfs4(acl, type, flags, &got));
    assert_list(&got, want);
}

static void told_as_a_list(void **state)
{
    static const struct vfs_posix_acl named = {
        .owner = 6,
        .group = 7,
        .other = 4,
        .mask = 5,
        .masked = true,
        .users = 1,
        .groups = 2,
        .named = {{USER, 7}, {TEAM, 1}, {CREW, 6}},
    };
    struct vfs_posix_acl plain;

    (void)state;
    vfs_posix_acl_from_mode(0640, &plain);
    expect_told(&plain, VFS_REG, 0,
                LIST(ALLOW(OWNER, OWN | R | W), ALLOW(GROUP, ALL | R), ALLOW(EVERYONE, ALL)));
    vfs_posix_acl_from_mode(0467, &plain); /* the owner and the group have less than others */
    expect_told(&plain, VFS_REG, 0,
                LIST(DENY(OWNER, W | X), ALLOW(OWNER, OWN | R), ALLOW(GROUP, ALL | R | W),
                     DENY(GROUP, X), ALLOW(EVERYONE, ALL | R | W | X)));
    vfs_posix_acl_from_mode(0730, &plain);
    expect_told(&plain, VFS_DIR, FDI,
                LIST(FLAGGED(FDI, ALLOW(OWNER, OWN | R | W | X | C)),
                     FLAGGED(FDI, ALLOW(GROUP, ALL | W | X | C)),
                     FLAGGED(FDI, ALLOW(EVERYONE, ALL))));
    expect_told(&named, VFS_REG, 0,
                LIST(DENY(OWNER, X), ALLOW(OWNER, OWN | R | W), USERS(USER, ALL | R | X),
                     ALLOW(GROUP, ALL | R | X), GROUPS(TEAM, ALL | X), GROUPS(CREW, ALL | R),
                     NOT_GROUPS(TEAM, R), ALLOW(EVERYONE, ALL | R)));
}

static void too_long_to_tell(void **state)
{
    static struct vfs_posix_acl many = {.owner = 7, .group = 7, .other = 7, .mask = 7, .masked = 1};
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl got = {.aces = aces};

    (void)state;
    many.users = VFS_ACL_ACES_MAX / 2 - 1; /* two entries each, and three more */
    for (uint32_t i = 0; i < many.users + 1; i++)
        many.named[i].id = i;
    assert_true(vfs_posix_acl_to_nfs4(&many, VFS_REG, 0, &got));
    many.users++;
    got.count = 0;
    assert_false(vfs_posix_acl_to_nfs4(&many, VFS_REG, 0, &got));
    assert_int_equal(got.count, VFS_ACL_ACES_MAX);
}

struct taken {
    const struct vfs_acl *list;
    struct vfs_posix_acl want;
};

#define POSIX(o, g, e, ...)                                                                        \
    {                                                                                              \
        .owner = (o), .group = (g), .other = (e), __VA_ARGS__                                      \
    }
#define PLAIN .mask = 7

static void taken_from_lists(void **state)
{
    const struct taken cases[] = {
        {LIST(ALLOW(EVERYONE, 0)), POSIX(0, 0, 0, PLAIN)},
        {LIST(ALLOW(EVERYONE, R | W)), POSIX(6, 6, 6, PLAIN)},
        {LIST(DENY(OWNER, W), ALLOW(EVERYONE, R | W)), POSIX(4, 6, 6, PLAIN)},
        /* Rights may be given one by one, and the first entry decides. */
        {LIST(ALLOW(OWNER, R), ALLOW(OWNER, VFS_ACE_WRITE_DATA),
              ALLOW(EVERYONE, VFS_ACE_APPEND_DATA), DENY(EVERYONE, W)),
         POSIX(0, 0, 0, PLAIN)}, /* refused, see below */
        {LIST(ALLOW(OWNER, R | VFS_ACE_WRITE_DATA), ALLOW(OWNER, X | VFS_ACE_APPEND_DATA),
              DENY(EVERYONE, W | X), ALLOW(EVERYONE, R | W | X)),
         POSIX(7, 4, 4, PLAIN)},
        /* What a user has as everybody, it has as a user. */
        {LIST(USERS(USER, X), ALLOW(OWNER, R | W), ALLOW(GROUP, R), ALLOW(EVERYONE, R)),
         POSIX(6, 4, 4, .masked = true, .mask = 5, .users = 1, .named = {{USER, 5}})},
        {LIST(NOT_USERS(USER, W), GROUPS(CREW, R), ALLOW(EVERYONE, R | W | X)),
         POSIX(7, 7, 7, .masked = true, .mask = 7, .users = 1, .groups = 1,
               .named = {{USER, 5}, {CREW, 7}})},
        /* The owner by name, who may be somebody else later. */
        {LIST(NOT_USERS(OWNER, W), ALLOW(EVERYONE, R | W)),
         POSIX(4, 6, 6, .masked = true, .mask = 6, .users = 1, .named = {{OWNER, 4}})},
        /* Denied to all groups that are not allowed it, after these. */
        {LIST(GROUPS(TEAM, W), GROUPS(CREW, ALL), DENY(GROUP, W), NOT_GROUPS(CREW, W),
              ALLOW(EVERYONE, R | W)),
         POSIX(0, 0, 0, PLAIN)}, /* refused: the owner may be in the group */
        {LIST(ALLOW(OWNER, R | W), GROUPS(TEAM, W), GROUPS(TEAM, ALL), GROUPS(CREW, ALL),
              DENY(GROUP, W), NOT_GROUPS(CREW, W), ALLOW(EVERYONE, R | W)),
         POSIX(6, 4, 6, .masked = true, .mask = 6, .groups = 2, .named = {{TEAM, 6}, {CREW, 4}})},
        /* Rights that everybody has, that only the owner has, and that mean nothing here. */
        {LIST(ALLOW(OWNER, OWN), NOT_USERS(USER, VFS_ACE_WRITE_ACL),
              ALLOW(EVERYONE, ALL | R | VFS_ACE_READ_NAMED_ATTRS),
              DENY(EVERYONE, VFS_ACE_WRITE_ATTRIBUTES | VFS_ACE_WRITE_NAMED_ATTRS)),
         POSIX(4, 4, 4, .masked = true, .mask = 4, .users = 1, .named = {{USER, 4}})},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct vfs_posix_acl got;
        enum vfs_status status = vfs_posix_acl_from_nfs4(cases[i].list, VFS_REG, OWNER, &got);
        bool refused = i == 3 || i == 8;

        assert_int_equal(status, refused ? VFS_ATTRNOTSUPP : VFS_OK);
        if (!refused)
            assert_posix(&got, &cases[i].want);
    }
}

static void refused(void **state)
{
    const struct vfs_acl *const of_all[] = {
        LIST(ALLOW(EVERYONE, VFS_ACE_WRITE_DATA)),
        LIST(ALLOW(EVERYONE, VFS_ACE_APPEND_DATA)),
        LIST(DENY(OWNER, VFS_ACE_APPEND_DATA), ALLOW(EVERYONE, W)),
        LIST(ALLOW(OWNER, VFS_ACE_DELETE)),
        LIST(DENY(OWNER, VFS_ACE_DELETE)),
        LIST(DENY(EVERYONE, VFS_ACE_READ_ATTRIBUTES)),
        LIST(NOT_USERS(USER, VFS_ACE_READ_ACL)),
        LIST(NOT_USERS(USER, VFS_ACE_SYNCHRONIZE)),
        LIST(DENY(OWNER, VFS_ACE_WRITE_ACL)),
        LIST(DENY(EVERYONE, VFS_ACE_WRITE_ATTRIBUTES)), /* the owner, too */
        LIST(NOT_USERS(OWNER, VFS_ACE_WRITE_OWNER)),
        LIST(USERS(USER, VFS_ACE_WRITE_ACL)),
        LIST(ALLOW(EVERYONE, VFS_ACE_WRITE_ATTRIBUTES)),
        LIST(ALLOW(GROUP, VFS_ACE_WRITE_OWNER)),
        /* An owner or a user in the group would get what it is denied. */
        LIST(DENY(GROUP, W), ALLOW(OWNER, W)),
        LIST(NOT_GROUPS(TEAM, W), USERS(USER, W)),
        LIST(NOT_GROUPS(TEAM, VFS_ACE_WRITE_ACL)), /* the owner may be in it */
        /* Somebody in both groups, too. */
        LIST(ALLOW(OWNER, R), NOT_GROUPS(TEAM, R), ALLOW(GROUP, R)),
        LIST(ALLOW(OWNER, R | X), NOT_GROUPS(TEAM, X), ALLOW(EVERYONE, R | X)),
        LIST(FLAGGED(VFS_ACE_FILE_INHERIT, ALLOW(EVERYONE, R))),
        LIST(FLAGGED(VFS_ACE_DIRECTORY_INHERIT | VFS_ACE_INHERIT_ONLY, ALLOW(EVERYONE, R))),
        LIST(FLAGGED(FD | VFS_ACE_NO_PROPAGATE, ALLOW(EVERYONE, R))),
    };
    const struct vfs_acl *const of_dirs[] = {
        LIST(ALLOW(EVERYONE, C)),
        LIST(NOT_USERS(USER, C), ALLOW(EVERYONE, W)),
        /* A user in the group would get it with W; somebody in both groups, too, in any order. */
        LIST(NOT_GROUPS(TEAM, C), USERS(USER, W)),
        LIST(NOT_GROUPS(TEAM, C), GROUPS(CREW, W)),
        LIST(GROUPS(CREW, W), NOT_GROUPS(TEAM, C)),
        LIST(GROUPS(CREW, W), NOT_GROUPS(TEAM, C), GROUPS(CREW, C)),
    };
    const struct vfs_acl *const taken =
        LIST(USERS(USER, W | C), GROUPS(CREW, W | C), NOT_GROUPS(TEAM, C));
    struct vfs_posix_acl got;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(of_all); i++)
        assert_int_equal(vfs_posix_acl_from_nfs4(of_all[i], VFS_DIR, OWNER, &got), VFS_ATTRNOTSUPP);
    for (size_t i = 0; i < ARRAY_SIZE(of_dirs); i++) {
        assert_int_equal(vfs_posix_acl_from_nfs4(of_dirs[i], VFS_DIR, OWNER, &got),
                         VFS_ATTRNOTSUPP);
        assert_int_equal(vfs_posix_acl_from_nfs4(of_dirs[i], VFS_REG, OWNER, &got), VFS_OK);
    }
    assert_int_equal(vfs_posix_acl_from_nfs4(taken, VFS_DIR, OWNER, &got), VFS_OK);
}

static void inherited(void **state)
{
    struct vfs_posix_acl access, got;
    bool any;

    (void)state;
    vfs_posix_acl_from_mode(0751, &access);
    assert_int_equal(vfs_posix_acl_inheritable(LIST(ALLOW(EVERYONE, R)), &access, &got, &any),
                     VFS_OK);
    assert_false(any);
    /* What is not spoken of is as in the directory. */
    assert_int_equal(
        vfs_posix_acl_inheritable(LIST(FLAGGED(FD, USERS(USER, R | X)), ALLOW(EVERYONE, W)),
                                  &access, &got, &any),
        VFS_OK);
    assert_true(any);
    assert_posix(&got, &(struct vfs_posix_acl)POSIX(7, 5, 1, .masked = true, .mask = 5, .users = 1,
                                                    .named = {{USER, 5}}));
    assert_int_equal(vfs_posix_acl_inheritable(
                         LIST(FLAGGED(FDI, ALLOW(OWNER, R)), FLAGGED(FDI, ALLOW(EVERYONE, X))),
                         &access, &got, &any),
                     VFS_OK);
    assert_posix(&got, &(struct vfs_posix_acl)POSIX(5, 1, 1, PLAIN));
    /* The user may become the owner of what is made there, and be denied nothing then. */
    assert_int_equal(vfs_posix_acl_inheritable(
                         LIST(FLAGGED(FD, NOT_USERS(USER, W)), FLAGGED(FD, ALLOW(EVERYONE, R | W))),
                         &access, &got, &any),
                     VFS_ATTRNOTSUPP);
    assert_int_equal(vfs_posix_acl_inheritable(LIST(FLAGGED(FD, ALLOW(OWNER, R | W)),
                                                    FLAGGED(FD, NOT_USERS(USER, W)),
                                                    FLAGGED(FD, ALLOW(EVERYONE, R | W))),
                                               &access, &got, &any),
                     VFS_OK);
}

/* ---- the access of every caller ---- */

static const uint32_t users[] = {OWNER, USER, OTHER}, groups[] = {GROUP, TEAM, CREW};

/* The rwx bits that POSIX grants, each asked for alone. */
static uint32_t posix_rwx(const struct vfs_posix_acl *acl, const struct vfs_cred *cred)
{
    uint32_t rwx = 0;
    bool found = false;

    if (cred->uid == OWNER)
        return acl->owner;
    for (uint32_t i = 0; i < acl->users; i++) {
        if (acl->named[i].id == cred->uid)
            return acl->named[i].rwx & acl->mask;
    }
    for (uint32_t g = 0; g < cred->gid_count; g++) {
        if (cred->gids[g] == GROUP) {
            rwx |= acl->group & acl->mask;
            found = true;
        }
        for (uint32_t i = acl->users; i < acl->users + acl->groups; i++) {
            if (acl->named[i].id == cred->gids[g]) {
                rwx |= acl->named[i].rwx & acl->mask;
                found = true;
            }
        }
    }
    return found ? rwx : acl->other;
}

static uint32_t list_rwx(const struct vfs_acl *list, const struct vfs_cred *cred)
{
    uint32_t denied, allowed = vfs_acl_granted(list, OWNER, GROUP, cred, &denied);

    return (allowed & R ? 4 : 0) | ((allowed & W) == W ? 2 : 0) | (allowed & X ? 1 : 0);
}

/* Does the list or the ACL look at the caller both as a person and as a member of a group? */
static bool is_two(const struct vfs_acl *list, const struct vfs_cred *cred)
{
    bool person = cred->uid == OWNER, member = false;

    for (uint32_t i = 0; i < list->count; i++) {
        const struct vfs_ace *ace = &list->aces[i];

        person = person || (ace->who == VFS_ACE_USER && ace->id == cred->uid);
        for (uint32_t g = 0; g < cred->gid_count; g++)
            member = member || (ace->who == VFS_ACE_GROUP && cred->gids[g] == GROUP) ||
                     (ace->who == VFS_ACE_NAMED_GROUP && cred->gids[g] == ace->id);
    }
    return person && member;
}

/* Asks for each user with each set of groups.  `lossy`: POSIX may grant less to those who are
 * two. */
static void compare_access(const struct vfs_posix_acl *acl, const struct vfs_acl *list, bool lossy)
{
    for (size_t u = 0; u < ARRAY_SIZE(users); u++) {
        for (uint32_t set = 0; set < 1u << ARRAY_SIZE(groups); set++) {
            uint32_t gids[ARRAY_SIZE(groups)], by_posix, by_list;
            struct vfs_cred cred = {.uid = users[u], .gid = 1, .gids = gids};

            for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
                if (set & 1u << g)
                    gids[cred.gid_count++] = groups[g];
            }
            by_posix = posix_rwx(acl, &cred);
            by_list = list_rwx(list, &cred);
            assert_int_equal(by_posix & ~by_list, 0);
            if (!lossy || !is_two(list, &cred))
                assert_int_equal(by_posix, by_list);
        }
    }
}

static uint32_t seed;

static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 12) % below;
}

static void random_posix(struct vfs_posix_acl *acl)
{
    vfs_posix_acl_from_mode(chance(01000), acl);
    for (size_t u = 0; u < 2; u++) {
        if (chance(2))
            acl->named[acl->users++] = (struct vfs_posix_entry){users[u], (uint8_t)chance(8)};
    }
    for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
        if (chance(2))
            acl->named[acl->users + acl->groups++] =
                (struct vfs_posix_entry){groups[g], (uint8_t)chance(8)};
    }
    acl->masked = acl->users + acl->groups > 0;
    acl->mask = acl->masked ? (uint8_t)chance(8) : 7;
}

/* Without what the mask takes away, and with the least mask that takes nothing away. */
static struct vfs_posix_acl normal(const struct vfs_posix_acl *acl)
{
    struct vfs_posix_acl out = *acl;

    if (!acl->masked)
        return out;
    out.group &= acl->mask;
    out.mask = out.group;
    for (uint32_t i = 0; i < out.users + out.groups; i++) {
        out.named[i].rwx &= acl->mask;
        out.mask |= out.named[i].rwx;
    }
    return out;
}

static void there_and_back(void **state)
{
    (void)state;
    seed = 1;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        enum vfs_type type = i % 2 ? VFS_DIR : VFS_REG;
        struct vfs_ace aces[VFS_ACL_ACES_MAX];
        struct vfs_acl list = {.aces = aces};
        struct vfs_posix_acl acl, back, want;
        bool any;

        random_posix(&acl);
        want = normal(&acl);
        assert_true(vfs_posix_acl_to_nfs4(&acl, type, 0, &list));
        compare_access(&acl, &list, false);
        assert_int_equal(vfs_posix_acl_from_nfs4(&list, type, OWNER, &back), VFS_OK);
        assert_posix(&back, &want);
        list.count = 0;
        assert_true(vfs_posix_acl_to_nfs4(&acl, VFS_DIR, FDI, &list));
        assert_int_equal(vfs_posix_acl_inheritable(&list, &acl, &back, &any), VFS_OK);
        assert_posix(&back, &want);
    }
}

static struct vfs_ace random_ace(void)
{
    static const uint32_t rights[] = {R, W, X, R | W, R | X, W | X, R | W | X, 0};
    struct vfs_ace ace = {
        .who = (uint8_t)chance(5), .deny = chance(3) == 0, .mask = rights[chance(8)]};

    if (ace.who == VFS_ACE_USER)
        ace.id = users[chance(2)];
    else if (ace.who == VFS_ACE_NAMED_GROUP)
        ace.id = groups[chance(ARRAY_SIZE(groups))];
    return ace;
}

/* Also with all lists that are refused: there must be some of either kind. */
static void accepted_means_the_same(void **state)
{
    uint32_t accepted = 0;

    (void)state;
    seed = 2;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct vfs_ace aces[ACES];
        struct vfs_acl list = {.aces = aces, .count = 1 + chance(ACES / 2)};
        struct vfs_posix_acl acl;

        for (uint32_t e = 0; e < list.count; e++)
            aces[e] = random_ace();
        if (vfs_posix_acl_from_nfs4(&list, VFS_REG, OWNER, &acl) != VFS_OK)
            continue;
        accepted++;
        compare_access(&acl, &list, true);
    }
    assert_in_range(accepted, ROUNDS / 10, ROUNDS - ROUNDS / 10);
}

/* An ACL as it is told, with an entry of one more user at its head: what nfs4_setfacl -a makes.  It
 * is taken unless a group has less than everybody: then the user could be in that group, and so be
 * denied what its own entry does not speak of. */
static void one_more_user(void **state)
{
    (void)state;
    seed = 3;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct vfs_ace aces[VFS_ACL_ACES_MAX];
        struct vfs_acl list = {.aces = aces, .count = 1};
        struct vfs_posix_acl acl, more;

        aces[0] = USERS(OTHER, R | X | ALL | VFS_ACE_READ_NAMED_ATTRS);
        random_posix(&acl);
        acl.other &= acl.group & acl.mask;
        for (uint32_t g = acl.users; g < acl.users + acl.groups; g++)
            acl.other &= acl.named[g].rwx & acl.mask;
        assert_true(vfs_posix_acl_to_nfs4(&acl, VFS_REG, 0, &list));
        assert_int_equal(vfs_posix_acl_from_nfs4(&list, VFS_REG, OWNER, &more), VFS_OK);
        compare_access(&more, &list, true);
        assert_int_equal(more.users, acl.users + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_as_a_list),   cmocka_unit_test(too_long_to_tell),
        cmocka_unit_test(taken_from_lists), cmocka_unit_test(refused),
        cmocka_unit_test(inherited),        cmocka_unit_test(there_and_back),
        cmocka_unit_test(one_more_user),    cmocka_unit_test(accepted_means_the_same),
    };

    return test_group_run(tests);
}
