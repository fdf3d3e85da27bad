/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACLs on a directory of this machine: clients see what setfacl(1) sets, local programs see what
 * clients set, and the kernel enforces both.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "backend/local_fixture.h"
#include "lib/namespace.h"
#include "vfs/vfs_acl.h"

enum {
    R = VFS_ACE_READ_DATA,
    W = VFS_ACE_WRITE_DATA | VFS_ACE_APPEND_DATA,
    X = VFS_ACE_EXECUTE,
    C = VFS_ACE_DELETE_CHILD,
    ALL = VFS_ACE_READ_ATTRIBUTES | VFS_ACE_READ_ACL | VFS_ACE_SYNCHRONIZE,
    OWN = ALL | VFS_ACE_WRITE_ATTRIBUTES | VFS_ACE_WRITE_ACL | VFS_ACE_WRITE_OWNER,
    FD = VFS_ACE_FILE_INHERIT | VFS_ACE_DIRECTORY_INHERIT,
    FDI = FD | VFS_ACE_INHERIT_ONLY,
    ENTRIES = 16,
};

#define ACE(f, w, i, m) ((struct vfs_ace){.flags = (f), .who = VFS_ACE_##w, .id = (i), .mask = (m)})
#define ALLOW(w, m) ACE(0, w, 0, m)
#define USERS(i, m) ACE(0, USER, i, m)
#define LIST(...)                                                                                  \
    (&(struct vfs_acl){.count = sizeof((struct vfs_ace[]){__VA_ARGS__}) / sizeof(struct vfs_ace),  \
                       .aces = (struct vfs_ace[]){__VA_ARGS__}})

static struct vfs_cred owner = {.uid = CONTRACT_OWNER, .gid = CONTRACT_OWNER};
static const struct vfs_cred other = {.uid = CONTRACT_OTHER, .gid = CONTRACT_OTHER};
static const struct vfs_cred super = {.uid = 0};

static struct vfs_object *root_of(struct local_dir *dir)
{
    struct vfs_object *root;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    return root;
}

/* ---- what local programs do ---- */

/* In the short form of setfacl(1), such as "u::6 u:1002:4 g::0 m::4 o::0". */
static void local_program_sets(const char *path, const char *name, const char *text)
{
    uint8_t bytes[sizeof(struct posix_acl_xattr_header) +
                  ENTRIES * sizeof(struct posix_acl_xattr_entry)];
    const struct posix_acl_xattr_header header = {htole32(POSIX_ACL_XATTR_VERSION)};
    size_t len = sizeof(header);

    memcpy(bytes, &header, sizeof(header));
    for (const char *p = text; *p; p += strcspn(p, " "), p += *p == ' ') {
        bool named = p[2] != ':';
        uint32_t id = named ? (uint32_t)strtoul(p + 2, NULL, 10) : (uint32_t)ACL_UNDEFINED_ID;
        uint16_t tag = p[0] == 'u'   ? (named ? ACL_USER : ACL_USER_OBJ)
                       : p[0] == 'g' ? (named ? ACL_GROUP : ACL_GROUP_OBJ)
                       : p[0] == 'm' ? ACL_MASK
                                     : ACL_OTHER;
        const struct posix_acl_xattr_entry entry = {
            htole16(tag), htole16((uint16_t)(p[strcspn(p, " ") - 1] - '0')), htole32(id)};

        memcpy(bytes + len, &entry, sizeof(entry));
        len += sizeof(entry);
    }
    vfs_own_identity();
    assert_int_equal(setxattr(path, name, bytes, len, 0), 0);
}

static void expect_local_programs_see(const char *path, const char *name, const char *want)
{
    uint8_t bytes[1024];
    char text[512] = "";
    ssize_t len = getxattr(path, name, bytes, sizeof(bytes));
    int at = 0;

    for (ssize_t i = (ssize_t)sizeof(struct posix_acl_xattr_header); i < len; i += 8) {
        struct posix_acl_xattr_entry entry;
        uint16_t tag;

        memcpy(&entry, bytes + i, sizeof(entry));
        tag = le16toh(entry.e_tag);
        at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%c:", at ? " " : "",
                       tag & (ACL_USER | ACL_USER_OBJ)     ? 'u'
                       : tag & (ACL_GROUP | ACL_GROUP_OBJ) ? 'g'
                       : tag == ACL_MASK                   ? 'm'
                                                           : 'o');
        if (tag & (ACL_USER | ACL_GROUP))
            at += snprintf(text + at, sizeof(text) - (size_t)at, "%u", le32toh(entry.e_id));
        at += snprintf(text + at, sizeof(text) - (size_t)at, ":%u", le16toh(entry.e_perm));
    }
    assert_string_equal(text, want);
}

#define ACCESS_ACL "system.posix_acl_access"
#define DEFAULT_ACL "system.posix_acl_default"

/* ---- what clients do ---- */

static enum vfs_status set_attr(struct vfs_object *obj, const struct vfs_cred *cred,
                                const struct vfs_attr *set)
{
    uint32_t applied;
    enum vfs_status status = obj->fs->ops->setattr(obj, cred, set, false, &applied);

    assert_int_equal(applied, status == VFS_OK ? set->mask : 0);
    return status;
}

static enum vfs_status set_acl(struct vfs_object *obj, const struct vfs_cred *cred,
                               const struct vfs_acl *acl)
{
    return set_attr(obj, cred, &(struct vfs_attr){.mask = VFS_ATTR_ACL, .acl = acl});
}

static void get_acl(struct vfs_object *obj, struct vfs_acl *acl)
{
    static struct vfs_ace aces[VFS_ACL_ACES_MAX];

    acl->aces = aces;
    assert_ok(obj->fs->ops->getacl(obj, &owner, acl));
}

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

static void expect_acl(struct vfs_object *obj, const struct vfs_acl *want)
{
    struct vfs_acl got;

    get_acl(obj, &got);
    assert_list(&got, want);
}

static uint32_t mode_of(struct vfs_object *obj)
{
    return attr_of(obj).mode;
}

static void set_locally_seen_by_clients(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *file = make(root, &owner, "file", VFS_REG, 0640);
    uint64_t before = change_of(file);

    expect_acl(file, LIST(ALLOW(OWNER, OWN | R | W), ALLOW(GROUP, ALL | R), ALLOW(EVERYONE, ALL)));
    local_program_sets(local_path(dir, "file"), ACCESS_ACL, "u::6 u:1002:7 g::0 m::4 o::0");
    expect_acl(file, LIST(ALLOW(OWNER, OWN | R | W), USERS(CONTRACT_OTHER, ALL | R),
                          ALLOW(GROUP, ALL), ALLOW(EVERYONE, ALL)));
    assert_int_equal(mode_of(file), 0640); /* the mask */
    if (local_privileged()) {
        assert_int_equal(do_access(file, &other, VFS_MAY_READ | VFS_MAY_MODIFY), VFS_MAY_READ);
        assert_ok(file->fs->ops->open(file, &other, VFS_WANT_READ, false));
        file->fs->ops->close(file, VFS_WANT_READ);
        assert_status(file->fs->ops->open(file, &other, VFS_WANT_BOTH, false), VFS_ACCESS);
    }
    assert_true(change_of(file) > before);
    vfs_object_put(file);
    vfs_object_put(root);
}

static void set_by_clients_seen_locally(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *file = make(root, &owner, "file", VFS_REG, 04640);
    uint64_t before = change_of(file);

    assert_ok(set_acl(file, &owner,
                      LIST(USERS(CONTRACT_OTHER, R | X), ALLOW(OWNER, R | W), ALLOW(GROUP, R))));
    expect_local_programs_see(local_path(dir, "file"), ACCESS_ACL, "u::6 u:1002:5 g::4 m::5 o::0");
    assert_int_equal(mode_of(file), 04650);
    assert_true(change_of(file) > before);
    /* Nobody but owner, group and others: that is a mode. */
    assert_ok(set_acl(file, &owner, LIST(ALLOW(OWNER, R | W), ALLOW(EVERYONE, X))));
    expect_local_programs_see(local_path(dir, "file"), ACCESS_ACL, "");
    assert_int_equal(mode_of(file), 04711);
    assert_status(set_acl(file, &owner, LIST(ALLOW(EVERYONE, VFS_ACE_DELETE))), VFS_ATTRNOTSUPP);
    if (local_privileged())
        assert_status(set_acl(file, &other, LIST(ALLOW(EVERYONE, R))), VFS_PERM);
    assert_int_equal(mode_of(file), 04711);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* What a client writes back as it has read it stays as it was: also what the mask takes away. */
static void read_and_written_back(void **state)
{
    static const char *const acls[] = {
        "u::6 u:1002:7 g::5 m::4 o::0", "u::6 u:1002:4 g::4 m::7 o::4",
        "u::2 u:1002:1 u:1003:6 g::4 g:7:7 m::3 o::5", "u::7 g::5 m::1 o::0"};
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *sub = make(root, &owner, "sub", VFS_DIR, 0755);
    struct vfs_acl acl;

    for (size_t i = 0; i < ARRAY_SIZE(acls); i++) {
        uint64_t before;

        local_program_sets(local_path(dir, "sub"), ACCESS_ACL, acls[i]);
        local_program_sets(local_path(dir, "sub"), DEFAULT_ACL, acls[(i + 1) % ARRAY_SIZE(acls)]);
        before = change_of(sub);
        get_acl(sub, &acl);
        assert_ok(set_acl(sub, &owner, &acl));
        expect_local_programs_see(local_path(dir, "sub"), ACCESS_ACL, acls[i]);
        expect_local_programs_see(local_path(dir, "sub"), DEFAULT_ACL,
                                  acls[(i + 1) % ARRAY_SIZE(acls)]);
        assert_true(change_of(sub) > before);
    }
    vfs_object_put(sub);
    vfs_object_put(root);
}

static void with_the_mode(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *file = make(root, &owner, "file", VFS_REG, 0600);
    struct vfs_attr both = {.mask = VFS_ATTR_MODE | VFS_ATTR_ACL, .mode = 04777};
    struct vfs_attr high = {.mask = VFS_ATTR_MODE | VFS_ATTR_MODE_HIGH, .mode = 01123};

    both.acl = LIST(USERS(CONTRACT_OTHER, R | W), ALLOW(OWNER, R | W), ALLOW(GROUP, R));
    assert_ok(set_attr(file, &owner, &both));
    assert_int_equal(mode_of(file), 04660); /* the ACL decides, with the mask for the group */
    assert_ok(set_attr(file, &owner, &high));
    assert_int_equal(mode_of(file), 01660);
    expect_local_programs_see(local_path(dir, "file"), ACCESS_ACL, "u::6 u:1002:6 g::4 m::6 o::0");
    /* The mode is the mask. */
    assert_ok(do_chmod(file, &owner, 0740));
    expect_local_programs_see(local_path(dir, "file"), ACCESS_ACL, "u::7 u:1002:6 g::4 m::4 o::0");
    expect_acl(file, LIST(ALLOW(OWNER, OWN | R | W | X), USERS(CONTRACT_OTHER, ALL | R),
                          ALLOW(GROUP, ALL | R), ALLOW(EVERYONE, ALL)));
    vfs_object_put(file);
    vfs_object_put(root);
}

static struct vfs_object *make_with(struct vfs_object *dir, const char *name, enum vfs_type type,
                                    const struct vfs_attr *attr)
{
    struct vfs_create create = {.type = type, .mode = VFS_CREATE_GUARDED, .attr = attr};
    struct vfs_object *obj = NULL;

    assert_ok(do_create(dir, &owner, name, &create, &obj));
    assert_int_equal(create.attrs_applied, attr->mask);
    return obj;
}

static void inherited(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *obj;
    struct vfs_object *sub = make(root, &owner, "sub", VFS_DIR, 0750);
    const struct vfs_attr mode = {.mask = VFS_ATTR_MODE, .mode = 0664};
    struct vfs_create exclusive = {
        .type = VFS_REG, .mode = VFS_CREATE_EXCLUSIVE, .verifier = 5, .attr = &mode};
    struct vfs_acl acl;

    get_acl(sub, &acl);
    memmove(acl.aces + 1, acl.aces, acl.count++ * sizeof(*acl.aces));
    acl.aces[0] = ACE(FD, USER, CONTRACT_OTHER, ALL | R | X);
    assert_ok(set_acl(sub, &owner, &acl));
    expect_acl(sub, LIST(ALLOW(OWNER, OWN | R | W | X | C), USERS(CONTRACT_OTHER, ALL | R | X),
                         ALLOW(GROUP, ALL | R | X), ALLOW(EVERYONE, ALL),
                         ACE(FDI, OWNER, 0, OWN | R | W | X | C),
                         ACE(FDI, USER, CONTRACT_OTHER, ALL | R | X),
                         ACE(FDI, GROUP, 0, ALL | R | X), ACE(FDI, EVERYONE, 0, ALL)));
    vfs_object_put(make_with(sub, "file", VFS_REG, &mode));
    expect_local_programs_see(local_path(dir, "sub/file"), ACCESS_ACL,
                              "u::6 u:1002:5 g::5 m::4 o::0");
    vfs_object_put(make_with(sub, "sub", VFS_DIR, &mode));
    expect_local_programs_see(local_path(dir, "sub/sub"), DEFAULT_ACL,
                              "u::7 u:1002:5 g::5 m::5 o::0");
    assert_ok(do_create(sub, &owner, "exclusive", &exclusive, &obj));
    vfs_object_put(obj);
    expect_local_programs_see(local_path(dir, "sub/exclusive"), ACCESS_ACL,
                              "u::6 u:1002:5 g::5 m::4 o::0");
    /* The last inheritable entry goes, and the rest stays. */
    get_acl(sub, &acl);
    acl.count = 4;
    assert_ok(set_acl(sub, &owner, &acl));
    expect_local_programs_see(local_path(dir, "sub"), DEFAULT_ACL, "");
    expect_local_programs_see(local_path(dir, "sub"), ACCESS_ACL, "u::7 u:1002:5 g::5 m::5 o::0");
    vfs_object_put(sub);
    vfs_object_put(root);
}

/* An ACL that is given at creation replaces what would be inherited. */
static void given_at_creation(void **state)
{
    static const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_FIFO};
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *obj = NULL;
    struct vfs_attr attr = {.mask = VFS_ATTR_MODE | VFS_ATTR_ACL, .mode = 01777};
    struct vfs_create create = {.mode = VFS_CREATE_GUARDED, .attr = &attr};

    local_program_sets(local_path(dir, ""), DEFAULT_ACL, "u::7 u:7:7 g::7 m::7 o::7");
    attr.acl = LIST(USERS(CONTRACT_OTHER, X), ALLOW(OWNER, R), ALLOW(GROUP, R));
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        obj = make_with(root, "new", types[i], &attr);
        assert_int_equal(mode_of(obj), 01450);
        vfs_object_put(obj);
        expect_local_programs_see(local_path(dir, "new"), ACCESS_ACL,
                                  "u::4 u:1002:1 g::4 m::5 o::0");
        expect_local_programs_see(local_path(dir, "new"), DEFAULT_ACL, "");
        assert_ok(do_remove(root, &owner, "new"));
    }
    attr.acl = LIST(ALLOW(EVERYONE, VFS_ACE_DELETE));
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        create.type = types[i];
        assert_status(do_create(root, &owner, "new", &create, &obj), VFS_ATTRNOTSUPP);
        assert_status(do_find(root, &owner, "new"), VFS_NOENT);
    }
    vfs_object_put(root);
}

/* The verifier is in its times, which an ACL leaves as they are. */
static void given_with_an_exclusive_create(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *obj = NULL, *again = NULL;
    struct vfs_attr attr = {.mask = VFS_ATTR_ACL,
                            .acl = LIST(USERS(CONTRACT_OTHER, R), ALLOW(OWNER, R))};
    struct vfs_create create = {
        .type = VFS_REG, .mode = VFS_CREATE_EXCLUSIVE, .verifier = 9, .attr = &attr};

    assert_ok(do_create(root, &owner, "new", &create, &obj));
    assert_true(create.created && (create.attrs_applied & VFS_ATTR_ACL));
    expect_local_programs_see(local_path(dir, "new"), ACCESS_ACL, "u::4 u:1002:4 g::0 m::4 o::0");
    assert_ok(do_create(root, &owner, "new", &create, &again));
    assert_true(again == obj && !create.created);
    vfs_object_put(again);
    vfs_object_put(obj);
    vfs_object_put(root);
}

struct listed {
    const char *name;
    uint32_t aces;
    bool seen;
};

static bool look_for(void *arg, const struct vfs_dirent *entry)
{
    struct listed *listed = arg;

    if (entry->name.len == strlen(listed->name) &&
        memcmp(entry->name.data, listed->name, entry->name.len) == 0) {
        listed->seen = true;
        listed->aces = entry->acl ? entry->acl->count : 0;
    }
    return true;
}

static void listed(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    static const struct {
        const char *name;
        uint32_t aces;
    } want[] = {{"plain", 3}, {"named", 4}, {"sub", 7}, {"link", 3}};

    vfs_object_put(make(root, &owner, "plain", VFS_REG, 0644));
    vfs_object_put(make(root, &owner, "named", VFS_REG, 0644));
    vfs_object_put(make(root, &owner, "sub", VFS_DIR, 0755));
    assert_int_equal(symlink("named", local_path(dir, "link")), 0);
    local_program_sets(local_path(dir, "named"), ACCESS_ACL, "u::6 u:1002:4 g::4 m::4 o::0");
    local_program_sets(local_path(dir, "sub"), DEFAULT_ACL, "u::6 u:1002:4 g::4 m::4 o::0");
    for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
        struct listed listed = {.name = want[i].name};
        struct vfs_readdir rd = {.want_acl = true, .emit = look_for, .arg = &listed};

        assert_ok(root->fs->ops->readdir(root, &owner, &rd));
        assert_true(listed.seen);
        assert_int_equal(listed.aces, want[i].aces);
    }
    vfs_object_put(root);
}

static void other_types(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *link, *fifo = make(root, &owner, "fifo", VFS_FIFO, 0600);

    assert_int_equal(symlink("fifo", local_path(dir, "link")), 0);
    assert_ok(do_lookup(root, &owner, "link", &link));
    expect_acl(link, LIST(ALLOW(OWNER, OWN | R | W | X), ALLOW(GROUP, ALL | R | W | X),
                          ALLOW(EVERYONE, ALL | R | W | X)));
    assert_status(set_acl(link, &owner, LIST(ALLOW(EVERYONE, R))), VFS_ATTRNOTSUPP);
    assert_ok(set_acl(fifo, &owner, LIST(USERS(CONTRACT_OTHER, R), ALLOW(OWNER, R))));
    expect_local_programs_see(local_path(dir, "fifo"), ACCESS_ACL, "u::4 u:1002:4 g::0 m::4 o::0");
    vfs_object_put(fifo);
    vfs_object_put(link);
    vfs_object_put(root);
}

/* More entries than a list has room for can't be told; what can be told can be set. */
static void up_to_the_limit(void **state)
{
    static struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *sub = make(root, &owner, "sub", VFS_DIR, 0755);
    struct vfs_acl list = {.aces = aces}, got;

    for (uint32_t i = 0; i < LIMIT_ACL_ACES; i++)
        aces[i] = ACE(FD, USER, 5000 + i, R);
    list.count = LIMIT_ACL_ACES;
    assert_status(set_acl(sub, &owner, &list), VFS_ATTRNOTSUPP);
    list.count = 100;
    assert_ok(set_acl(sub, &owner, &list));
    get_acl(sub, &got);
    assert_int_equal(got.count, 2 * (100 + 4));
    vfs_object_put(sub);
    vfs_object_put(root);
}

/* In a child: this export has no ACLs. */
static int without_acls(void)
{
    struct local_dir *dir;
    struct vfs_object *root, *file;
    struct vfs_ace one = ALLOW(EVERYONE, R);
    struct vfs_acl list = {.count = 1, .aces = &one};

    if (!local_call_fail(SYS_getxattr, EOPNOTSUPP))
        return NO_FILTER;
    dir = local_dir_create();
    root = root_of(dir);
    file = make(root, &owner, "file", VFS_REG, 0640);
    if ((dir->fs->caps & VFS_CAP_ACL) ||
        file->fs->ops->getacl(file, &owner, &list) != VFS_NOTSUPP ||
        set_acl(file, &owner, &list) != VFS_INVAL || mode_of(file) != 0640)
        return OTHERWISE;
    vfs_object_put(file);
    vfs_object_put(root);
    local_dir_destroy(dir);
    return AS_EXPECTED;
}

/* In a child: there is no room for ACLs.  What is made with one is not left without it. */
static int without_room(void)
{
    struct local_dir *dir = local_dir_create();
    struct vfs_object *root = root_of(dir), *obj = NULL;
    struct vfs_attr attr = {.mask = VFS_ATTR_ACL,
                            .acl = LIST(USERS(CONTRACT_OTHER, R), ALLOW(OWNER, R))};
    struct vfs_create create = {.mode = VFS_CREATE_GUARDED, .attr = &attr};
    static const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_FIFO};

    if (!local_call_fail(SYS_setxattr, ENOSPC))
        return NO_FILTER;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        create.type = types[i];
        if (do_create(root, &owner, "new", &create, &obj) != VFS_NOSPC ||
            do_find(root, &owner, "new") != VFS_NOENT)
            return OTHERWISE;
    }
    vfs_object_put(root);
    local_dir_destroy(dir);
    return AS_EXPECTED;
}

/* In a child: the mode cannot be set.  Then the ACL is not set, either, while the file is set-uid
 * and is to lose that. */
static int no_mode_no_acl(void)
{
    const struct vfs_attr wide = {.mask = VFS_ATTR_ACL | VFS_ATTR_MODE,
                                  .mode = 0755,
                                  .acl = LIST(ALLOW(OWNER, R | W | X), ALLOW(EVERYONE, R | X))};
    struct local_dir *dir = local_dir_create();
    struct vfs_object *root = root_of(dir), *file = make(root, &owner, "file", VFS_REG, 0600);
    uint32_t applied;

    assert_ok(do_chmod(file, &owner, 04700));
    if (!local_call_fail(SYS_fchmodat, EIO))
        return NO_FILTER;
    if (file->fs->ops->setattr(file, &owner, &wide, false, &applied) != VFS_IO || applied != 0 ||
        mode_of(file) != 04700)
        return OTHERWISE;
    vfs_object_put(file);
    vfs_object_put(root);
    local_dir_destroy(dir);
    return AS_EXPECTED;
}

/* In a child: there is no room for the ACL.  The bits that were to go are there again. */
static int no_acl_no_mode(void)
{
    const struct vfs_attr set = {.mask = VFS_ATTR_ACL | VFS_ATTR_MODE,
                                 .mode = 0755,
                                 .acl = LIST(USERS(CONTRACT_OTHER, R), ALLOW(OWNER, R))};
    struct local_dir *dir = local_dir_create();
    struct vfs_object *root = root_of(dir), *file = make(root, &owner, "file", VFS_REG, 0600);
    uint32_t applied;

    assert_ok(do_chmod(file, &owner, 04700));
    if (!local_call_fail(SYS_setxattr, ENOSPC))
        return NO_FILTER;
    if (file->fs->ops->setattr(file, &owner, &set, false, &applied) != VFS_NOSPC || applied != 0 ||
        mode_of(file) != 04700)
        return OTHERWISE;
    vfs_object_put(file);
    vfs_object_put(root);
    local_dir_destroy(dir);
    return AS_EXPECTED;
}

/* Run before there is any other thread, since the child creates some. */
static void expect_of_child(int (*body)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_FILTER)
        test_skip("system calls cannot be filtered here");
    assert_int_equal(WEXITSTATUS(status), AS_EXPECTED);
}

static void not_where_the_file_system_has_none(void **state)
{
    (void)state;
    expect_of_child(without_acls);
}

static void nothing_is_made_without_room(void **state)
{
    (void)state;
    expect_of_child(without_room);
}

static void bits_that_go_go_first(void **state)
{
    (void)state;
    expect_of_child(no_mode_no_acl);
    expect_of_child(no_acl_no_mode);
}

/* Half of it may not stay: the default ACL is as it was if the access ACL cannot be set. */
static void all_or_nothing(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *sub = make(root, &owner, "sub", VFS_DIR, 0750);
    struct vfs_attr both = {.mask = VFS_ATTR_MODE | VFS_ATTR_ACL, .mode = 01700};
    struct vfs_attr chown = {.mask = VFS_ATTR_UID | VFS_ATTR_ACL, .uid = CONTRACT_OTHER};

    local_program_sets(local_path(dir, "sub"), DEFAULT_ACL, "u::7 u:7:7 g::7 m::7 o::7");
    both.acl = LIST(ACE(FD, EVERYONE, 0, R), ALLOW(EVERYONE, VFS_ACE_DELETE));
    assert_status(set_attr(sub, &owner, &both), VFS_ATTRNOTSUPP);
    assert_int_equal(mode_of(sub), 0750);
    if (local_privileged()) {
        assert_status(set_acl(sub, &other, LIST(ACE(FD, EVERYONE, 0, R))), VFS_PERM);
        expect_local_programs_see(local_path(dir, "sub"), DEFAULT_ACL, "u::7 u:7:7 g::7 m::7 o::7");
        chown.acl = both.acl;
        assert_status(set_attr(sub, &super, &chown), VFS_ATTRNOTSUPP);
        assert_int_equal(attr_of(sub).uid, CONTRACT_OWNER);
        chown.acl = LIST(ALLOW(EVERYONE, R));
        assert_ok(set_attr(sub, &super, &chown));
        assert_int_equal(attr_of(sub).uid, CONTRACT_OTHER);
        local_program_sets(local_path(dir, "sub"), DEFAULT_ACL, "u::7 u:7:7 g::7 m::7 o::7");
    }
    expect_local_programs_see(local_path(dir, "sub"), DEFAULT_ACL, "u::7 u:7:7 g::7 m::7 o::7");
    vfs_object_put(sub);
    vfs_object_put(root);
}

int main(void)
{
    const struct CMUnitTest in_children[] = {
        cmocka_unit_test(not_where_the_file_system_has_none),
        cmocka_unit_test(nothing_is_made_without_room),
        cmocka_unit_test(bits_that_go_go_first),
    };
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(set_locally_seen_by_clients),
        LOCAL_TEST(set_by_clients_seen_locally),
        LOCAL_TEST(read_and_written_back),
        LOCAL_TEST(with_the_mode),
        LOCAL_TEST(inherited),
        LOCAL_TEST(given_at_creation),
        LOCAL_TEST(given_with_an_exclusive_create),
        LOCAL_TEST(listed),
        LOCAL_TEST(other_types),
        LOCAL_TEST(up_to_the_limit),
        LOCAL_TEST(all_or_nothing),
    };

    int failed;

    if (!local_has_acls()) {
        test_skip_part("the file system of the tests has no POSIX ACLs");
        return test_exit_status(0);
    }
    if (!local_privileged())
        owner = (struct vfs_cred){.uid = (uint32_t)geteuid(), .gid = (uint32_t)getegid()};
    failed =
        _cmocka_run_group_tests("in children", in_children, ARRAY_SIZE(in_children), NULL, NULL);
    if (!failed && !namespace_has_others()) {
        test_skip_part(NAMESPACE_ALONE);
        return test_exit_status(0);
    }
    return failed ? test_exit_status(failed) : local_group_run(tests);
}
