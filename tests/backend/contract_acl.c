/* SPDX-License-Identifier: Apache-2.0 */
/* ACLs: stored, consistent with the mode, enforced by every call, inherited; or not supported at
 * all. */
#include <stdlib.h>

#include "backend/contract.h"
#include "vfs/vfs_acl.h"

enum {
    R = VFS_ACE_READ_DATA,
    W = VFS_ACE_WRITE_DATA | VFS_ACE_APPEND_DATA,
    X = VFS_ACE_EXECUTE,
    FD = VFS_ACE_FILE_INHERIT | VFS_ACE_DIRECTORY_INHERIT,
};

#define EVERYONE(m)                                                                                \
    {                                                                                              \
        .who = VFS_ACE_EVERYONE, .mask = (m)                                                       \
    }
#define OTHER(m)                                                                                   \
    {                                                                                              \
        .who = VFS_ACE_USER, .id = CONTRACT_OTHER, .mask = (m)                                     \
    }
#define NOT_OTHER(m)                                                                               \
    {                                                                                              \
        .who = VFS_ACE_USER, .id = CONTRACT_OTHER, .mask = (m), .deny = true                       \
    }
#define ACL(...)                                                                                   \
    (&(struct vfs_acl){.count = sizeof((struct vfs_ace[]){__VA_ARGS__}) / sizeof(struct vfs_ace),  \
                       .aces = (struct vfs_ace[]){__VA_ARGS__}})

static struct vfs_ace room[VFS_ACL_ACES_MAX];

static enum vfs_status do_set(struct vfs_object *obj, const struct vfs_cred *cred,
                              const struct vfs_attr *set)
{
    uint32_t applied;
    enum vfs_status status = obj->fs->ops->setattr(obj, cred, set, false, &applied);

    assert_int_equal(applied, status == VFS_OK ? set->mask : 0);
    return status;
}

static enum vfs_status do_setacl(struct vfs_object *obj, const struct vfs_cred *cred,
                                 const struct vfs_acl *acl)
{
    return do_set(obj, cred, &(struct vfs_attr){.mask = VFS_ATTR_ACL, .acl = acl});
}

static enum vfs_status do_getacl(struct vfs_object *obj, const struct vfs_cred *cred,
                                 struct vfs_acl *acl)
{
    acl->aces = room;
    return obj->fs->ops->getacl(obj, cred, acl);
}

static void expect_acl(struct contract *c, struct vfs_object *obj, const struct vfs_acl *want)
{
    struct vfs_acl got;

    assert_ok(do_getacl(obj, &c->owner, &got));
    assert_int_equal(got.count, want->count);
    for (uint32_t i = 0; i < want->count; i++) {
        assert_int_equal(got.aces[i].who, want->aces[i].who);
        assert_int_equal(got.aces[i].id, want->aces[i].id);
        assert_int_equal(got.aces[i].deny, want->aces[i].deny);
        assert_int_equal(got.aces[i].flags, want->aces[i].flags);
        assert_int_equal(got.aces[i].mask, want->aces[i].mask);
    }
}

static void expect_acl_of_mode(struct contract *c, struct vfs_object *obj, uint32_t mode)
{
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl want = {.aces = aces};

    vfs_acl_from_mode(obj->type, mode, &want);
    expect_acl(c, obj, &want);
}

static uint32_t mode_of(struct vfs_object *obj)
{
    return attr_of(obj).mode;
}

static void offered_or_not(void **state)
{
    struct contract *c = *state;
    bool offered = c->fs->caps & VFS_CAP_ACL;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_acl acl;

    assert_int_equal(offered, c->backend->acl || c->backend->posix_acl);
    assert_status(do_getacl(file, &c->owner, &acl), offered ? VFS_OK : VFS_NOTSUPP);
    assert_status(do_setacl(file, &c->owner, ACL(EVERYONE(R))), offered ? VFS_OK : VFS_INVAL);
    assert_false(attr_of(file).mask & VFS_ATTR_GUARDED);
    vfs_object_put(file);
}

static void kept_as_given(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 04751);
    const struct vfs_acl *acl =
        ACL(NOT_OTHER(W), OTHER(R), {.who = VFS_ACE_NAMED_GROUP, .id = 7}, EVERYONE(R));
    uint64_t before = change_of(file);

    expect_acl_of_mode(c, file, 0751);
    assert_ok(do_setacl(file, &c->owner, acl));
    expect_acl(c, file, acl);
    assert_int_equal(mode_of(file), 04444); /* the high bits stay */
    assert_int_not_equal(change_of(file), before);
    assert_ok(do_setacl(file, &c->owner, &(struct vfs_acl){.count = 0}));
    expect_acl(c, file, &(struct vfs_acl){.count = 0});
    assert_int_equal(mode_of(file), 04000);
    vfs_object_put(file);
}

static void as_long_as_allowed(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_ace aces[LIMIT_ACL_ACES];
    struct vfs_acl acl = {.count = LIMIT_ACL_ACES, .aces = aces};

    for (uint32_t i = 0; i < LIMIT_ACL_ACES; i++)
        aces[i] = (struct vfs_ace){.who = VFS_ACE_USER, .id = i, .mask = R};
    assert_ok(do_setacl(file, &c->owner, &acl));
    expect_acl(c, file, &acl);
    assert_ok(do_chmod(file, &c->owner, 0740));
    assert_int_equal(mode_of(file), 0740);
    vfs_object_put(file);
}

static void in_step_with_the_mode(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr both = {.mask = VFS_ATTR_MODE | VFS_ATTR_ACL, .mode = 02777};
    struct vfs_attr high = {.mask = VFS_ATTR_MODE | VFS_ATTR_MODE_HIGH, .mode = 04123};
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl want = {.aces = aces};

    both.acl = ACL(OTHER(R | W), EVERYONE(X));
    assert_ok(do_set(file, &c->owner, &both));
    assert_int_equal(mode_of(file), 02111); /* the ACL decides */
    expect_acl(c, file, both.acl);
    assert_ok(do_set(file, &c->owner, &high));
    assert_int_equal(mode_of(file), 04111);
    expect_acl(c, file, both.acl);

    vfs_acl_chmod(both.acl, VFS_REG, 0640, &want);
    assert_ok(do_chmod(file, &c->owner, 0640));
    assert_int_equal(mode_of(file), 0640);
    expect_acl(c, file, &want);
    assert_int_equal(do_access(file, &c->other, VFS_MAY_READ | VFS_MAY_MODIFY), VFS_MAY_READ);
    assert_int_equal(do_access(file, &c->owner, VFS_MAY_READ | VFS_MAY_MODIFY),
                     VFS_MAY_READ | VFS_MAY_MODIFY);
    vfs_object_put(file);
}

static enum vfs_status try_open(struct vfs_object *obj, const struct vfs_cred *cred,
                                enum vfs_open_want want, bool created)
{
    enum vfs_status status = obj->fs->ops->open(obj, cred, want, created);

    if (status == VFS_OK)
        obj->fs->ops->close(obj, want);
    return status;
}

static void files_obey(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0777);
    const uint32_t all = VFS_MAY_READ | VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_EXECUTE;

    assert_ok(do_setacl(file, &c->owner, ACL(NOT_OTHER(W), EVERYONE(R | W))));
    assert_int_equal(do_access(file, &c->other, all), VFS_MAY_READ);
    assert_int_equal(do_access(file, &c->member, all), all & ~VFS_MAY_EXECUTE);
    assert_int_equal(do_access(file, &c->super, all), all & ~VFS_MAY_EXECUTE);
    assert_ok(try_open(file, &c->other, VFS_WANT_READ, false));
    assert_status(try_open(file, &c->other, VFS_WANT_WRITE, false), VFS_ACCESS);
    assert_status(try_open(file, &c->other, VFS_WANT_BOTH, false), VFS_ACCESS);
    assert_status(do_truncate(file, &c->other, 5), VFS_ACCESS);
    assert_ok(try_open(file, &c->member, VFS_WANT_BOTH, false));
    assert_ok(do_truncate(file, &c->member, 5));

    assert_ok(do_setacl(file, &c->owner, ACL(OTHER(X))));
    assert_int_equal(do_access(file, &c->other, all), VFS_MAY_EXECUTE);
    assert_ok(try_open(file, &c->other, VFS_WANT_READ, false)); /* executing implies reading */
    assert_status(try_open(file, &c->member, VFS_WANT_READ, false), VFS_ACCESS);
    assert_status(try_open(file, &c->owner, VFS_WANT_READ, false), VFS_ACCESS);
    assert_ok(try_open(file, &c->owner, VFS_WANT_BOTH, true));
    vfs_object_put(file);
}

static void permission_to_read_and_set_acls(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0777);
    struct vfs_acl acl;

    assert_ok(do_getacl(file, &c->other, &acl));
    assert_status(do_setacl(file, &c->other, ACL(EVERYONE(R))), VFS_PERM);
    assert_ok(do_setacl(file, &c->owner, ACL(EVERYONE(R))));
    assert_status(do_getacl(file, &c->other, &acl), VFS_ACCESS);
    assert_ok(do_getacl(file, &c->super, &acl));
    assert_ok(do_setacl(file, &c->owner,
                        ACL(OTHER(VFS_ACE_READ_ACL | VFS_ACE_WRITE_ACL | VFS_ACE_WRITE_OWNER))));
    assert_ok(do_getacl(file, &c->other, &acl));
    assert_status(do_chmod(file, &c->member, 0777), VFS_PERM);
    assert_ok(do_chmod(file, &c->other, 06640));
    assert_int_equal(mode_of(file), 0640); /* no execution under another identity */
    assert_status(do_chown(file, &c->other, CONTRACT_MEMBER, CONTRACT_OTHER), VFS_PERM);
    assert_ok(do_chown(file, &c->other, CONTRACT_OTHER, CONTRACT_OTHER));
    assert_int_equal(attr_of(file).uid, CONTRACT_OTHER);
    vfs_object_put(file);
}

static void directories_obey(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make(c->root, &c->owner, "dir", VFS_DIR, 0777), *file;

    assert_ok(do_setacl(dir, &c->owner, ACL(OTHER(R | X | VFS_ACE_WRITE_DATA), EVERYONE(R))));
    assert_ok(do_make(dir, &c->other, "file", VFS_REG, 0644));
    assert_status(do_make(dir, &c->other, "sub", VFS_DIR, 0755), VFS_ACCESS);
    assert_status(do_find(dir, &c->member, "file"), VFS_ACCESS);
    assert_ok(do_find(dir, &c->other, "file"));
    assert_ok(do_rename(dir, "file", dir, "name", &c->other));
    assert_ok(do_lookup(dir, &c->other, "name", &file));
    assert_ok(do_link(file, dir, &c->other, "link"));
    assert_ok(do_remove(dir, &c->other, "link")); /* adding implies removing, unless denied */

    assert_ok(do_setacl(dir, &c->owner,
                        ACL(NOT_OTHER(VFS_ACE_DELETE_CHILD), OTHER(R | X | VFS_ACE_APPEND_DATA))));
    assert_ok(do_make(dir, &c->other, "sub", VFS_DIR, 0755));
    assert_status(do_make(dir, &c->other, "more", VFS_REG, 0644), VFS_ACCESS);
    assert_status(do_link(file, dir, &c->other, "link"), VFS_ACCESS);
    assert_status(do_remove(dir, &c->other, "name"), VFS_ACCESS);
    assert_status(do_rename(dir, "sub", dir, "moved", &c->other), VFS_ACCESS);
    assert_ok(do_setacl(file, &c->other, ACL(OTHER(VFS_ACE_DELETE))));
    assert_ok(do_remove(dir, &c->other, "name")); /* the file's ACL is enough */
    vfs_object_put(file);

    assert_ok(do_setacl(dir, &c->owner, ACL(OTHER(X | VFS_ACE_DELETE_CHILD))));
    assert_status(do_rename(dir, "sub", dir, "moved", &c->other), VFS_ACCESS); /* may not add */
    assert_ok(do_remove(dir, &c->other, "sub"));
    vfs_object_put(dir);
}

/* All may write to it, and remove only their own files. */
static void sticky_goes_on(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make(c->root, &c->owner, "dir", VFS_DIR, 0755);

    assert_ok(do_setacl(dir, &c->owner, ACL(EVERYONE(R))));
    assert_ok(do_chmod(dir, &c->owner, 01777));
    assert_ok(do_make(dir, &c->owner, "file", VFS_REG, 0666));
    assert_status(do_remove(dir, &c->other, "file"), VFS_PERM);
    assert_ok(do_make(dir, &c->other, "mine", VFS_REG, 0666));
    assert_ok(do_remove(dir, &c->other, "mine"));
    vfs_object_put(dir);
}

/* A directory with two inheritable entries, one for files and one for both. */
static struct vfs_object *make_giver(struct contract *c)
{
    struct vfs_object *dir = make(c->root, &c->owner, "giver", VFS_DIR, 0755);

    assert_ok(do_setacl(dir, &c->owner,
                        ACL({.who = VFS_ACE_OWNER, .mask = R | W | X},
                            {.who = VFS_ACE_USER, .id = CONTRACT_OTHER, .mask = R | W, .flags = FD},
                            {.who = VFS_ACE_EVERYONE, .mask = R, .flags = VFS_ACE_FILE_INHERIT})));
    return dir;
}

static struct vfs_object *make_with(struct contract *c, struct vfs_object *dir, const char *name,
                                    enum vfs_type type, const struct vfs_attr *attr)
{
    struct vfs_create create = {.type = type, .mode = VFS_CREATE_GUARDED, .attr = attr};
    struct vfs_object *obj = NULL;

    assert_ok(do_create(dir, &c->owner, name, &create, &obj));
    assert_int_equal(create.attrs_applied, attr->mask);
    return obj;
}

static void inherited(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_giver(c), *obj;
    struct vfs_attr none = {.mask = 0};
    const struct vfs_acl *of_file = ACL(OTHER(R | W), EVERYONE(R));
    const struct vfs_acl *of_dir = ACL(
        {.who = VFS_ACE_USER, .id = CONTRACT_OTHER, .mask = R | W, .flags = FD},
        {.who = VFS_ACE_EVERYONE, .mask = R, .flags = VFS_ACE_FILE_INHERIT | VFS_ACE_INHERIT_ONLY});

    obj = make_with(c, dir, "file", VFS_REG, &none);
    expect_acl(c, obj, of_file);
    assert_int_equal(mode_of(obj), 0444);
    vfs_object_put(obj);
    obj = make_with(c, dir, "dir", VFS_DIR, &none);
    expect_acl(c, obj, of_dir);
    assert_int_equal(mode_of(obj), 0);
    vfs_object_put(obj);
    vfs_object_put(dir);
}

/* RFC 8881 §6.4.3, the cases with mode or ACL. */
static void inherited_or_given(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_giver(c), *obj;
    struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0640};
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl want = {.aces = aces};

    vfs_acl_chmod(ACL(OTHER(R | W), EVERYONE(R)), VFS_REG, 0640, &want);
    obj = make_with(c, dir, "mode", VFS_REG, &attr);
    expect_acl(c, obj, &want);
    assert_int_equal(mode_of(obj), 0640);
    assert_int_equal(do_access(obj, &c->other, VFS_MAY_READ | VFS_MAY_MODIFY), VFS_MAY_READ);
    vfs_object_put(obj);

    attr = (struct vfs_attr){.mask = VFS_ATTR_ACL, .acl = ACL(OTHER(X), EVERYONE(R))};
    obj = make_with(c, dir, "acl", VFS_REG, &attr);
    expect_acl(c, obj, attr.acl);
    assert_int_equal(mode_of(obj), 0444);
    vfs_object_put(obj);

    attr.mask |= VFS_ATTR_MODE;
    attr.mode = 04711;
    obj = make_with(c, dir, "both", VFS_REG, &attr);
    expect_acl(c, obj, attr.acl);
    assert_int_equal(mode_of(obj), 04444);
    vfs_object_put(obj);
    vfs_object_put(dir);
}

/* Without either, an exclusively created file is accessible to its creator alone, who will set its
 * attributes. */
static void not_inherited_by_exclusive_creates(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_giver(c), *obj;
    struct vfs_create create = {
        .type = VFS_REG, .mode = VFS_CREATE_EXCLUSIVE, .verifier = 1, .attr = NULL};

    assert_ok(do_create(dir, &c->owner, "file", &create, &obj));
    assert_int_equal(mode_of(obj), 0);
    assert_ok(try_open(obj, &c->owner, VFS_WANT_BOTH, true));
    assert_ok(do_chmod(obj, &c->owner, 0600));
    expect_acl_of_mode(c, obj, 0600);
    vfs_object_put(obj);
    vfs_object_put(dir);
}

struct listed {
    const char *name;
    bool seen, denied;
    uint32_t attr, aces;
};

static bool look_for(void *arg, const struct vfs_dirent *entry)
{
    struct listed *listed = arg;

    if (entry->name.len != strlen(listed->name) ||
        memcmp(entry->name.data, listed->name, entry->name.len) != 0)
        return true;
    listed->seen = true;
    listed->denied = entry->denied;
    listed->attr = entry->attr != NULL;
    listed->aces = entry->acl ? entry->acl->count : 0;
    return true;
}

static struct listed list_one(struct vfs_object *dir, const struct vfs_cred *cred, const char *name,
                              bool want_acl)
{
    struct listed listed = {.name = name};
    struct vfs_readdir rd = {
        .attr_mask = VFS_ATTR_SIZE, .want_acl = want_acl, .emit = look_for, .arg = &listed};

    assert_ok(dir->fs->ops->readdir(dir, cred, &rd));
    assert_true(listed.seen);
    return listed;
}

static void lists_show_what_may_be_seen(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct listed listed = list_one(c->root, &c->other, "file", true);

    assert_int_equal(listed.aces, 3);
    assert_ok(do_setacl(file, &c->owner, ACL(NOT_OTHER(VFS_ACE_READ_ACL), EVERYONE(R))));
    listed = list_one(c->root, &c->owner, "file", true);
    assert_int_equal(listed.aces, 2);
    listed = list_one(c->root, &c->other, "file", true);
    assert_true(listed.denied && listed.attr && !listed.aces);
    listed = list_one(c->root, &c->other, "file", false);
    assert_true(!listed.denied && listed.attr && !listed.aces);

    assert_ok(do_setacl(file, &c->owner, ACL(NOT_OTHER(VFS_ACE_READ_ATTRIBUTES))));
    assert_true(attr_of(file).mask & VFS_ATTR_GUARDED);
    assert_int_equal(do_access(file, &c->other, VFS_MAY_READ_ATTR), 0);
    assert_int_equal(do_access(file, &c->member, VFS_MAY_READ_ATTR), VFS_MAY_READ_ATTR);
    listed = list_one(c->root, &c->other, "file", false);
    assert_true(listed.denied && !listed.attr);
    listed = list_one(c->root, &c->member, "file", false);
    assert_true(!listed.denied && listed.attr);
    assert_ok(do_setacl(file, &c->owner, ACL(EVERYONE(R))));
    assert_false(attr_of(file).mask & VFS_ATTR_GUARDED);
    vfs_object_put(file);
}

static void named_attributes_obey(void **state)
{
    struct contract *c = *state;
    const struct vfs_ops *ops = c->fs->ops;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0777), *dir, *again;

    assert_ok(ops->openattr(file, &c->owner, true, &dir));
    assert_ok(do_make(dir, &c->other, "a", VFS_REG, 0666));
    assert_ok(do_setacl(file, &c->owner, ACL(OTHER(VFS_ACE_READ_NAMED_ATTRS), EVERYONE(R | W))));
    assert_ok(do_find(dir, &c->other, "a"));
    assert_status(do_make(dir, &c->other, "b", VFS_REG, 0666), VFS_ACCESS);
    assert_status(do_remove(dir, &c->other, "a"), VFS_ACCESS);
    assert_status(ops->openattr(file, &c->member, false, &again), VFS_ACCESS);
    assert_status(do_find(dir, &c->member, "a"), VFS_ACCESS);
    assert_status(do_setacl(dir, &c->owner, ACL(EVERYONE(R))), VFS_INVAL);

    assert_ok(do_setacl(file, &c->owner,
                        ACL(EVERYONE(VFS_ACE_READ_NAMED_ATTRS | VFS_ACE_WRITE_NAMED_ATTRS))));
    assert_ok(do_make(dir, &c->other, "b", VFS_REG, 0666));
    assert_ok(do_remove(dir, &c->member, "b"));
    assert_ok(do_chmod(file, &c->owner, 0600));
    assert_status(do_find(dir, &c->other, "a"), VFS_ACCESS);
    vfs_object_put(dir);
    vfs_object_put(file);
}

/* A change that does not fit has no effect, and freed room can be used again. */
static void counted(void **state)
{
    struct contract *c = *state;
    struct vfs_object *small, *file;
    struct vfs_ace aces[LIMIT_ACL_ACES] = {{.who = VFS_ACE_USER, .mask = R}};
    struct vfs_acl acl = {.count = LIMIT_ACL_ACES, .aces = aces};
    enum vfs_status status = VFS_OK;
    char name[16];
    uint32_t made = 0;

    contract_limit(c, 64 << 10, 1000);
    small = make_file(c, "small");
    for (; made < 1000 && status == VFS_OK; made++) {
        struct vfs_attr attr = {.mask = VFS_ATTR_ACL, .acl = &acl};
        struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &attr};

        (void)snprintf(name, sizeof(name), "%u", made);
        status = do_create(c->root, &c->owner, name, &create, &file);
        if (status == VFS_OK)
            vfs_object_put(file);
    }
    assert_status(status, VFS_NOSPC);
    assert_in_range(made, 5, 25);
    assert_status(do_find(c->root, &c->owner, name), VFS_NOENT);
    for (status = VFS_OK; status == VFS_OK; made++) {
        (void)snprintf(name, sizeof(name), "%u", made);
        status = do_make(c->root, &c->owner, name, VFS_REG, 0644);
    }
    assert_status(status, VFS_NOSPC);
    assert_status(do_setacl(small, &c->owner, &acl), VFS_NOSPC);
    expect_acl_of_mode(c, small, 0644);
    assert_ok(do_remove(c->root, &c->owner, "0"));
    assert_ok(do_setacl(small, &c->owner, &acl));
    vfs_object_put(small);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(offered_or_not, NEEDS_NOTHING),
    CONTRACT_TEST(kept_as_given, NEEDS_ACL),
    CONTRACT_TEST(as_long_as_allowed, NEEDS_ACL),
    CONTRACT_TEST(in_step_with_the_mode, NEEDS_ACL | NEEDS_USERS),
    CONTRACT_TEST(files_obey, NEEDS_SOME_ACL | NEEDS_USERS),
    CONTRACT_TEST(permission_to_read_and_set_acls, NEEDS_ACL | NEEDS_USERS),
    CONTRACT_TEST(directories_obey, NEEDS_ACL | NEEDS_USERS),
    CONTRACT_TEST(sticky_goes_on, NEEDS_SOME_ACL | NEEDS_USERS),
    CONTRACT_TEST(inherited, NEEDS_ACL),
    CONTRACT_TEST(inherited_or_given, NEEDS_ACL | NEEDS_USERS),
    CONTRACT_TEST(not_inherited_by_exclusive_creates, NEEDS_ACL),
    CONTRACT_TEST(lists_show_what_may_be_seen, NEEDS_ACL | NEEDS_USERS),
    CONTRACT_TEST(named_attributes_obey, NEEDS_ACL | NEEDS_USERS | NEEDS_NAMED_ATTR),
    CONTRACT_TEST(counted, NEEDS_ACL | NEEDS_LIMIT),
};

CONTRACT_GROUP(acl, tests);
