/* SPDX-License-Identifier: Apache-2.0 */
/* Security labels: getlabel(), VFS_ATTR_LABEL (RFC 7862 §9). */
#include "backend/contract.h"

static const char secret[] = "system_u:object_r:secret_t:s0";

static enum vfs_status set_label(struct vfs_object *obj, const struct vfs_cred *cred,
                                 const char *text, size_t len)
{
    const struct vfs_attr set = {.mask = VFS_ATTR_LABEL,
                                 .label = {(const uint8_t *)text, (uint32_t)len}};
    uint32_t applied;
    enum vfs_status status = obj->fs->ops->setattr(obj, cred, &set, false, &applied);

    assert_int_equal(applied, status == VFS_OK ? VFS_ATTR_LABEL : 0);
    return status;
}

static void expect_label(struct contract *c, struct vfs_object *obj, const char *text, size_t len)
{
    uint8_t data[LIMIT_LABEL_BYTES];
    uint32_t got;

    assert_ok(obj->fs->ops->getlabel(obj, &c->owner, data, &got));
    assert_int_equal(got, len);
    assert_memory_equal(data, text, len);
}

static bool labels(struct contract *c)
{
    return c->fs->caps & VFS_CAP_LABEL;
}

/* Only SELinux, or the capability CAP_SYS_ADMIN, lets a server set labels in a directory. */
static bool labels_can_be_set(struct contract *c)
{
    struct vfs_object *probe;
    enum vfs_status status;

    if (!labels(c))
        return false;
    probe = make_file(c, "probe");
    status = set_label(probe, &c->owner, secret, sizeof(secret));
    vfs_object_put(probe);
    if (status != VFS_OK)
        assert_status(status, VFS_PERM);
    return status == VFS_OK;
}

static void kept_as_given(void **state)
{
    static const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_LNK, VFS_FIFO};
    static const char *const names[] = {"reg", "dir", "lnk", "fifo"};
    struct contract *c = *state;

    if (!labels_can_be_set(c))
        test_skip("labels cannot be set here");
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct vfs_object *obj = make(c->root, &c->owner, names[i], types[i], 0644);
        uint64_t before = change_of(obj);

        assert_ok(set_label(obj, &c->owner, secret, sizeof(secret)));
        expect_label(c, obj, secret, sizeof(secret));
        assert_int_not_equal(change_of(obj), before);
        assert_ok(set_label(obj, &c->owner, "x", 1));
        expect_label(c, obj, "x", 1);
        vfs_object_put(obj);
    }
}

static void none_at_first(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    uint8_t data[LIMIT_LABEL_BYTES];
    uint32_t len;

    if (labels(c))
        expect_label(c, file, "", 0);
    else
        assert_status(file->fs->ops->getlabel(file, &c->owner, data, &len), VFS_NOTSUPP);
    vfs_object_put(file);
}

static void as_long_as_allowed(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file;
    char longest[LIMIT_LABEL_BYTES];

    if (!labels_can_be_set(c))
        test_skip("labels cannot be set here");
    file = make_file(c, "file");
    memset(longest, 'l', sizeof(longest));
    assert_ok(set_label(file, &c->owner, longest, sizeof(longest)));
    expect_label(c, file, longest, sizeof(longest));
    vfs_object_put(file);
}

static void from_the_start(void **state)
{
    static const enum vfs_type types[] = {VFS_REG, VFS_REG, VFS_DIR, VFS_LNK};
    static const enum vfs_create_mode how[] = {VFS_CREATE_GUARDED, VFS_CREATE_EXCLUSIVE,
                                               VFS_CREATE_GUARDED, VFS_CREATE_GUARDED};
    static const char *const names[] = {"guarded", "exclusive", "dir", "lnk"};
    struct contract *c = *state;

    if (!labels_can_be_set(c))
        test_skip("labels cannot be set here");
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        const struct vfs_attr attr = {.mask = VFS_ATTR_MODE | VFS_ATTR_LABEL,
                                      .mode = 0600,
                                      .label = {(const uint8_t *)secret, sizeof(secret)}};
        struct vfs_create create = {
            .type = types[i], .mode = how[i], .attr = &attr, .verifier = 3, .link_target = "x"};
        struct vfs_object *made;

        assert_ok(do_create(c->root, &c->owner, names[i], &create, &made));
        assert_true(create.attrs_applied & VFS_ATTR_LABEL);
        expect_label(c, made, secret, sizeof(secret));
        vfs_object_put(made);
    }
    /* A name that is there keeps its label, and a file that was not made has none. */
    {
        const struct vfs_attr attr = {.mask = VFS_ATTR_LABEL, .label = {(const uint8_t *)"y", 1}};
        struct vfs_create create = {.type = VFS_REG, .attr = &attr};
        struct vfs_object *there;

        assert_ok(do_create(c->root, &c->owner, "guarded", &create, &there));
        assert_false(create.created);
        assert_false(create.attrs_applied & VFS_ATTR_LABEL);
        expect_label(c, there, secret, sizeof(secret));
        vfs_object_put(there);
    }
}

static void for_the_owner_and_root(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file;

    if (!labels_can_be_set(c))
        test_skip("labels cannot be set here");
    file = make(c->root, &c->owner, "file", VFS_REG, 0666);
    assert_status(set_label(file, &c->other, secret, sizeof(secret)), VFS_PERM);
    assert_status(file->fs->ops->may_setattr(file, &c->other,
                                             &(struct vfs_attr){.mask = VFS_ATTR_LABEL}, false),
                  VFS_PERM);
    expect_label(c, file, "", 0);
    assert_ok(set_label(file, &c->super, secret, sizeof(secret)));
    vfs_object_put(file);
}

struct seen {
    unsigned labelled, plain;
};

static bool see(void *arg, const struct vfs_dirent *entry)
{
    struct seen *seen = arg;

    if (!entry->label) {
        seen->plain++;
        return true;
    }
    assert_int_equal(entry->label->len, sizeof(secret));
    assert_memory_equal(entry->label->data, secret, sizeof(secret));
    seen->labelled++;
    return true;
}

static void listed(void **state)
{
    struct contract *c = *state;
    struct seen seen = {0};
    struct vfs_readdir rd = {.attr_mask = VFS_ATTR_FILEID, .want_label = true, .emit = see};
    struct vfs_object *dir, *with, *without, *link;

    if (!labels_can_be_set(c))
        test_skip("labels cannot be set here");
    dir = make_dir(c, "dir");
    with = make(dir, &c->owner, "with", VFS_REG, 0600);
    without = make(dir, &c->owner, "without", VFS_REG, 0600);
    link = make(dir, &c->owner, "link", VFS_LNK, 0777);
    assert_ok(set_label(with, &c->owner, secret, sizeof(secret)));
    assert_ok(set_label(link, &c->owner, secret, sizeof(secret)));
    rd.arg = &seen;
    assert_ok(dir->fs->ops->readdir(dir, &c->owner, &rd));
    assert_int_equal(seen.labelled, 2);
    assert_int_equal(seen.plain, 1);
    vfs_object_put(link);
    vfs_object_put(without);
    vfs_object_put(with);
    vfs_object_put(dir);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(none_at_first, NEEDS_NOTHING),
    CONTRACT_TEST(kept_as_given, NEEDS_NOTHING),
    CONTRACT_TEST(as_long_as_allowed, NEEDS_NOTHING),
    CONTRACT_TEST(from_the_start, NEEDS_NOTHING),
    CONTRACT_TEST(for_the_owner_and_root, NEEDS_USERS),
    CONTRACT_TEST(listed, NEEDS_NOTHING),
};

CONTRACT_GROUP(label, tests);
