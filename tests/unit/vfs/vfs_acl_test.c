/* SPDX-License-Identifier: Apache-2.0 */
/* ACLs by tables: who is granted what, the mode that an ACL gives, and the effects of chmod and
 * inheritance. */
#include <string.h>

#include "base/check.h"
#include "lib/test.h"
#include "vfs/vfs_acl.h"

enum {
    R = VFS_ACE_READ_DATA,
    W = VFS_ACE_WRITE_DATA,
    A = VFS_ACE_APPEND_DATA,
    WA = W | A,
    X = VFS_ACE_EXECUTE,
    NR = VFS_ACE_READ_NAMED_ATTRS,
    NW = VFS_ACE_WRITE_NAMED_ATTRS,
    META = VFS_ACE_READ_ATTRIBUTES | VFS_ACE_READ_ACL | VFS_ACE_SYNCHRONIZE,
    OWNERS = VFS_ACE_WRITE_ATTRIBUTES | VFS_ACE_WRITE_ACL | VFS_ACE_WRITE_OWNER,
    F = VFS_ACE_FILE_INHERIT,
    D = VFS_ACE_DIRECTORY_INHERIT,
    N = VFS_ACE_NO_PROPAGATE,
    I = VFS_ACE_INHERIT_ONLY,
};

#define ALLOW(w, m)                                                                                \
    {                                                                                              \
        .who = VFS_ACE_##w, .mask = (m)                                                            \
    }
#define DENY(w, m)                                                                                 \
    {                                                                                              \
        .who = VFS_ACE_##w, .mask = (m), .deny = true                                              \
    }
#define USER_ALLOW(i, m)                                                                           \
    {                                                                                              \
        .who = VFS_ACE_USER, .id = (i), .mask = (m)                                                \
    }
#define USER_DENY(i, m)                                                                            \
    {                                                                                              \
        .who = VFS_ACE_USER, .id = (i), .mask = (m), .deny = true                                  \
    }
#define GROUP_ALLOW(i, m)                                                                          \
    {                                                                                              \
        .who = VFS_ACE_NAMED_GROUP, .id = (i), .mask = (m)                                         \
    }
#define GROUP_DENY(i, m)                                                                           \
    {                                                                                              \
        .who = VFS_ACE_NAMED_GROUP, .id = (i), .mask = (m), .deny = true                           \
    }

enum {
    ACES = 8
};

static const struct vfs_cred owner = {.uid = 10, .gid = 20};
static const struct vfs_cred member = {
    .uid = 11, .gid = 99, .gid_count = 1, .gids = (const uint32_t[]){20}};
static const struct vfs_cred team = {.uid = 12, .gid = 30};
static const struct vfs_cred other = {.uid = 13, .gid = 31};

/* All entries up to the last with a mask. */
static struct vfs_acl acl_of(const struct vfs_ace aces[ACES], struct vfs_ace copy[ACES])
{
    struct vfs_acl acl = {.aces = copy};

    memcpy(copy, aces, ACES * sizeof(copy[0]));
    for (uint32_t i = 0; i < ACES; i++) {
        if (copy[i].mask)
            acl.count = i + 1;
    }
    return acl;
}

static void expect_acl(const struct vfs_acl *got, const struct vfs_ace want[])
{
    uint32_t count = 0;

    while (count < 2 * ACES && (want[count].mask || want[count].flags))
        count++;
    for (uint32_t i = 0; i < got->count && i < count; i++) {
        assert_int_equal(got->aces[i].who, want[i].who);
        assert_int_equal(got->aces[i].id, want[i].id);
        assert_int_equal(got->aces[i].deny, want[i].deny);
        assert_int_equal(got->aces[i].flags, want[i].flags);
        assert_int_equal(got->aces[i].mask, want[i].mask);
    }
    assert_int_equal(got->count, count);
}

static void first_word_counts(void **state)
{
    static const struct {
        struct vfs_ace aces[ACES];
        const struct vfs_cred *cred;
        uint32_t granted, denied;
    } cases[] = {
        {{{0}}, &owner, 0, 0},
        {{ALLOW(EVERYONE, R)}, &other, R, 0},
        {{ALLOW(OWNER, R)}, &owner, R, 0},
        {{ALLOW(OWNER, R)}, &other, 0, 0},
        {{ALLOW(GROUP, R)}, &member, R, 0},
        {{ALLOW(GROUP, R)}, &owner, R, 0}, /* the owner may be in the group */
        {{ALLOW(GROUP, R)}, &other, 0, 0},
        {{USER_ALLOW(13, R)}, &other, R, 0},
        {{USER_ALLOW(30, R)}, &team, 0, 0}, /* a user is no group */
        {{GROUP_ALLOW(30, R)}, &team, R, 0},
        {{GROUP_ALLOW(12, R)}, &team, 0, 0},
        {{GROUP_ALLOW(20, R)}, &member, R, 0}, /* a further group */
        /* for each right the first entry decides */
        {{DENY(EVERYONE, R), ALLOW(EVERYONE, R | W)}, &other, W, R},
        {{ALLOW(EVERYONE, R), DENY(EVERYONE, R | W)}, &other, R, W},
        {{USER_DENY(13, R), ALLOW(EVERYONE, R)}, &other, 0, R},
        {{USER_DENY(13, R), ALLOW(EVERYONE, R)}, &team, R, 0},
        {{GROUP_DENY(30, W), USER_ALLOW(12, R | W)}, &team, R, W},
        {{USER_ALLOW(12, R | W), GROUP_DENY(30, W)}, &team, R | W, 0},
        {{ALLOW(OWNER, R), ALLOW(GROUP, W), ALLOW(EVERYONE, X)}, &owner, R | W | X, 0},
        {{DENY(GROUP, R), ALLOW(EVERYONE, R)}, &member, 0, R},
        {{DENY(GROUP, R), ALLOW(EVERYONE, R)}, &other, R, 0},
        /* not in effect */
        {{{.who = VFS_ACE_EVERYONE, .mask = R, .flags = D | I}}, &other, 0, 0},
        {{{.who = VFS_ACE_EVERYONE, .mask = R, .flags = D}}, &other, R, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct vfs_ace copy[ACES];
        struct vfs_acl acl = acl_of(cases[i].aces, copy);
        uint32_t denied, granted = vfs_acl_granted(&acl, 10, 20, cases[i].cred, &denied);

        if (granted != cases[i].granted || denied != cases[i].denied)
            fail_msg("case %zu: granted %#x, denied %#x", i, granted, denied);
    }
}

static void mode_of_a_list(void **state)
{
    static const struct {
        struct vfs_ace aces[ACES];
        uint32_t mode;
    } cases[] = {
        {{{0}}, 0},
        {{ALLOW(EVERYONE, R | WA | X)}, 0777},
        {{ALLOW(EVERYONE, R | W)}, 0444}, /* w means both */
        {{ALLOW(EVERYONE, A), ALLOW(OWNER, W)}, 0200},
        {{ALLOW(OWNER, R), ALLOW(GROUP, WA), ALLOW(EVERYONE, X)}, 0531},
        {{DENY(OWNER, R), ALLOW(EVERYONE, R)}, 0044},
        {{DENY(GROUP, R), ALLOW(EVERYONE, R)}, 0404},
        {{DENY(EVERYONE, R), ALLOW(OWNER, R)}, 0},
        {{USER_ALLOW(10, R | WA), GROUP_ALLOW(20, R)}, 0}, /* entries with names don't count */
        {{{.who = VFS_ACE_EVERYONE, .mask = R, .flags = F | I}}, 0},
        {{{.who = VFS_ACE_EVERYONE, .mask = R, .flags = F}}, 0444},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct vfs_ace copy[ACES];
        struct vfs_acl acl = acl_of(cases[i].aces, copy);

        if (vfs_acl_mode(&acl) != cases[i].mode)
            fail_msg("case %zu: mode %03o", i, vfs_acl_mode(&acl));
    }
}

/* For owner, group and others the rights of their triples, and the same mode again. */
static void list_of_a_mode(void **state)
{
    const struct vfs_cred *creds[] = {&owner, &member, &other};
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl acl = {.aces = aces};
    uint32_t denied;

    (void)state;
    for (uint32_t mode = 0; mode < 01000; mode++) {
        vfs_acl_from_mode(VFS_REG, mode, &acl);
        assert_int_equal(vfs_acl_mode(&acl), mode);
        assert_in_range(acl.count, 3, 5);
        for (uint32_t who = 0; who < 3; who++) {
            uint32_t rwx = mode >> (6 - 3 * who) & 7;
            uint32_t granted = vfs_acl_granted(&acl, 10, 20, creds[who], &denied);

            assert_int_equal(granted, (uint32_t)META | (who == 0 ? OWNERS : 0) |
                                          (rwx & 4 ? R | NR : 0) | (rwx & 2 ? WA | NW : 0) |
                                          (rwx & 1 ? X : 0));
        }
    }
}

/* Where w for others does not include named attributes, as in vfs_ops.openattr. */
static void named_attributes_of_a_mode(void **state)
{
    static const struct {
        enum vfs_type type;
        uint32_t mode;
        bool granted;
    } cases[] = {
        {VFS_REG, 0777, true},  {VFS_DIR, 0777, true},  {VFS_DIR, 01777, false},
        {VFS_LNK, 0777, false}, {VFS_CHR, 0666, false}, {VFS_NAMEDATTR, 0666, true},
    };
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl acl = {.aces = aces};
    uint32_t denied;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        vfs_acl_from_mode(cases[i].type, cases[i].mode, &acl);
        assert_true(vfs_acl_granted(&acl, 10, 20, &owner, &denied) & NW);
        assert_int_equal((vfs_acl_granted(&acl, 10, 20, &other, &denied) & NW) != 0,
                         cases[i].granted);
    }
}

static void chmod_keeps_what_it_can(void **state)
{
    static const struct {
        struct vfs_ace aces[ACES];
        uint32_t mode;
        struct vfs_ace want[2 * ACES];
    } cases[] = {
        /* from nothing */
        {{{0}}, 0640, {ALLOW(OWNER, R | WA | NR | NW), ALLOW(GROUP, R | NR)}},
        {{{0}}, 0, {{0}}},
        /* an owner with less than others */
        {{{0}},
         0046,
         {DENY(OWNER, R | WA | NR | NW), DENY(GROUP, WA | NW), ALLOW(GROUP, R | NR),
          ALLOW(EVERYONE, R | WA | NR | NW)}},
        /* other rights of the three classes stay, and their entries are merged */
        {{ALLOW(OWNER, R | OWNERS), ALLOW(GROUP, X | META), ALLOW(EVERYONE, X | META)},
         0700,
         {ALLOW(OWNER, R | WA | X | NR | NW | OWNERS), ALLOW(GROUP, META), ALLOW(EVERYONE, META)}},
        /* named entries keep the rights of the group class, and denials */
        {{USER_ALLOW(13, R | WA | X | META), USER_DENY(12, R | WA), GROUP_ALLOW(31, WA)},
         0754,
         {ALLOW(OWNER, R | WA | X | NR | NW), USER_ALLOW(13, R | X | META), USER_DENY(12, R | WA),
          ALLOW(GROUP, R | X | NR), ALLOW(EVERYONE, R | NR)}},
        /* inherit-only entries stay, separated from those in effect */
        {{{.who = VFS_ACE_EVERYONE, .mask = R | WA | META, .flags = F | D},
          {.who = VFS_ACE_USER, .id = 13, .mask = WA | META, .flags = F | N},
          {.who = VFS_ACE_GROUP, .mask = WA, .flags = D | I}},
         0700,
         {ALLOW(OWNER, R | WA | X | NR | NW),
          {.who = VFS_ACE_EVERYONE, .mask = R | WA | META, .flags = F | D | I},
          ALLOW(EVERYONE, META),
          {.who = VFS_ACE_USER, .id = 13, .mask = WA | META, .flags = F | N | I},
          USER_ALLOW(13, META),
          {.who = VFS_ACE_GROUP, .mask = WA, .flags = D | I}}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct vfs_ace copy[ACES], aces[VFS_ACL_ACES_MAX], again[VFS_ACL_ACES_MAX];
        struct vfs_acl acl = acl_of(cases[i].aces, copy);
        struct vfs_acl out = {.aces = aces}, same = {.aces = again};

        vfs_acl_chmod(&acl, VFS_REG, cases[i].mode, &out);
        expect_acl(&out, cases[i].want);
        assert_int_equal(vfs_acl_mode(&out), cases[i].mode);
        vfs_acl_chmod(&out, VFS_REG, cases[i].mode, &same); /* a second time has no effect */
        expect_acl(&same, cases[i].want);
    }
}

static struct vfs_ace random_ace(void)
{
    static const uint32_t bits[] = {R, W, A, X, NR, NW, VFS_ACE_READ_ACL, VFS_ACE_DELETE};
    struct vfs_ace ace = {.who = (uint8_t)(rand() % 5), .deny = rand() % 3 == 0};

    if (ace.who >= VFS_ACE_USER)
        ace.id = 10 + (uint32_t)rand() % 25;
    for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
        ace.mask |= rand() % 2 ? bits[i] : 0;
    ace.flags = rand() % 2 ? 0 : (uint8_t)(rand() % (VFS_ACE_FLAGS + 1));
    return ace;
}

/* §6.4.1.1: the ACL gives the mode, and named entries grant no more than the group. */
static void expect_obeys(const struct vfs_acl *acl, uint32_t mode)
{
    const uint32_t group = (mode & 040 ? R : 0) | (mode & 020 ? WA : 0) | (mode & 010 ? X : 0);

    assert_int_equal(vfs_acl_mode(acl), mode);
    for (uint32_t i = 0; i < acl->count; i++) {
        const struct vfs_ace *ace = &acl->aces[i];

        if (ace->who >= VFS_ACE_USER && !ace->deny && !(ace->flags & I))
            assert_int_equal(ace->mask & (R | WA | X) & ~group, 0);
    }
}

/* The longest lists, through any number of chmods and generations of directories. */
static void any_list_obeys_and_stays_small(void **state)
{
    static struct vfs_ace a[VFS_ACL_ACES_MAX], b[VFS_ACL_ACES_MAX];
    struct vfs_acl now = {.aces = a}, next = {.aces = b}, swap;

    (void)state;
    srand(1);
    for (uint32_t round = 0; round < 200; round++) {
        now.count = LIMIT_ACL_ACES - round % 3;
        for (uint32_t i = 0; i < now.count; i++)
            now.aces[i] = random_ace();
        for (uint32_t step = 0; step < 30; step++) {
            uint32_t mode = (uint32_t)rand() % 01000;

            if (rand() % 4 == 0) {
                vfs_acl_inherit(&now, true, &next);
            } else {
                vfs_acl_chmod(&now, VFS_DIR, mode, &next);
                expect_obeys(&next, mode);
            }
            assert_true(next.count <= VFS_ACL_ACES_MAX);
            swap = now;
            now = next;
            next = swap;
        }
    }
}

static void inheritance(void **state)
{
    static const struct {
        uint8_t flags;
        bool file, directory;
        uint8_t directory_flags;
    } cases[] = {
        {0, false, false, 0},    {N, false, false, 0},           {F, true, true, F | I},
        {D, false, true, D},     {F | D, true, true, F | D},     {F | I, true, true, F | I},
        {D | I, false, true, D}, {F | D | I, true, true, F | D}, {F | N, true, false, 0},
        {D | N, false, true, 0}, {F | D | N | I, true, true, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct vfs_ace ace = {
            .who = VFS_ACE_USER, .id = 7, .mask = R, .flags = cases[i].flags, .deny = true};
        struct vfs_ace aces[VFS_ACL_ACES_MAX];
        struct vfs_acl parent = {.count = 1, .aces = &ace}, out = {.aces = aces};

        vfs_acl_inherit(&parent, false, &out);
        assert_int_equal(out.count, cases[i].file);
        ace.flags = 0;
        if (out.count)
            expect_acl(&out, (struct vfs_ace[2 * ACES]){ace});
        ace.flags = cases[i].flags;
        vfs_acl_inherit(&parent, true, &out);
        assert_int_equal(out.count, cases[i].directory);
        ace.flags = cases[i].directory_flags;
        if (out.count)
            expect_acl(&out, (struct vfs_ace[2 * ACES]){ace});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_word_counts),
        cmocka_unit_test(mode_of_a_list),
        cmocka_unit_test(list_of_a_mode),
        cmocka_unit_test(named_attributes_of_a_mode),
        cmocka_unit_test(chmod_keeps_what_it_can),
        cmocka_unit_test(any_list_obeys_and_stays_small),
        cmocka_unit_test(inheritance),
    };

    return test_group_run(tests);
}
