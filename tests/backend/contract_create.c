/* SPDX-License-Identifier: Apache-2.0 */
/* create() in all types and modes, readlink. */
#include "backend/contract.h"

static const struct vfs_attr mode_644 = {.mask = VFS_ATTR_MODE, .mode = 0644};

static enum vfs_status create_reg(struct contract *c, const char *name, enum vfs_create_mode mode,
                                  uint64_t verifier, struct vfs_create *create,
                                  struct vfs_object **out)
{
    *create =
        (struct vfs_create){.type = VFS_REG, .mode = mode, .attr = &mode_644, .verifier = verifier};
    return do_create(c->root, &c->owner, name, create, out);
}

static void file_begins_empty(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0640);
    struct vfs_attr attr = attr_of(file);

    assert_int_equal(file->type, VFS_REG);
    assert_int_equal(attr.type, VFS_REG);
    assert_int_equal(attr.mode, 0640);
    assert_int_equal(attr.nlink, 1);
    assert_int_equal(attr.uid, c->owner.uid);
    assert_int_equal(attr.gid, c->owner.gid);
    assert_int_equal(attr.size, 0);
    assert_int_equal(attr.fileid, file->fileid);
    assert_int_not_equal(attr.fileid, 0);
    assert_true(attr.mtime.tv_sec > 1000000000);
    vfs_object_put(file);
}

static void assert_same(const struct vfs_attr *a, const struct vfs_attr *b)
{
    assert_int_equal(a->mask, b->mask);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->nlink, b->nlink);
    assert_int_equal(a->uid, b->uid);
    assert_int_equal(a->gid, b->gid);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->space_used, b->space_used);
    assert_int_equal(a->fileid, b->fileid);
    assert_int_equal(a->change, b->change);
    assert_memory_equal(&a->atime, &b->atime, sizeof(a->atime));
    assert_memory_equal(&a->mtime, &b->mtime, sizeof(a->mtime));
    assert_memory_equal(&a->ctime, &b->ctime, sizeof(a->ctime));
    assert_memory_equal(&a->btime, &b->btime, sizeof(a->btime));
    assert_int_equal(a->named_attr, b->named_attr);
}

/* Whatever is said of a new file's attributes is what getattr() says. */
static void attributes_of_what_is_made(void **state)
{
    static const struct vfs_attr sets[] = {
        {.mask = 0},
        {.mask = VFS_ATTR_MODE, .mode = 0604},
        {.mask = VFS_ATTR_MODE | VFS_ATTR_SIZE, .mode = 0600, .size = 5000},
        {.mask = VFS_ATTR_MTIME, .mtime = {.tv_sec = 77}},
    };
    struct contract *c = *state;

    for (unsigned i = 0; i < 3 * ARRAY_SIZE(sets); i++) {
        struct vfs_create create = {.type = VFS_REG,
                                    .mode = (enum vfs_create_mode)(i % 3),
                                    .attr = &sets[i / 3],
                                    .verifier = 4711};
        struct vfs_object *file;
        struct vfs_attr attr;
        char name[16];

        (void)snprintf(name, sizeof(name), "file %u", i);
        assert_ok(do_create(c->root, &c->owner, name, &create, &file));
        attr = attr_of(file);
        if (create.made.mask)
            assert_same(&create.made, &attr);
        vfs_object_put(file);
        if (create.mode != VFS_CREATE_UNCHECKED)
            continue;
        assert_ok(do_create(c->root, &c->owner, name, &create, &file));
        assert_false(create.created || create.made.mask);
        vfs_object_put(file);
    }
}

static void directory_begins_empty(void **state)
{
    struct contract *c = *state;
    uint32_t links = attr_of(c->root).nlink;
    struct vfs_object *dir = make(c->root, &c->owner, "dir", VFS_DIR, 0750);
    struct vfs_attr attr = attr_of(dir);

    assert_int_equal(attr.type, VFS_DIR);
    assert_int_equal(attr.mode, 0750);
    assert_int_equal(attr.nlink, 2);
    assert_int_equal(attr_of(c->root).nlink, links + 1);
    vfs_object_put(dir);
}

static void make_of_every_type(void **state)
{
    struct contract *c = *state;
    const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_LNK, VFS_SOCK, VFS_FIFO};
    const char *const names[] = {"reg", "dir", "lnk", "sock", "fifo"};

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct vfs_object *obj = make(c->root, &c->owner, names[i], types[i], 0644);

        assert_int_equal(obj->type, types[i]);
        assert_int_equal(attr_of(obj).type, types[i]);
        vfs_object_put(obj);
    }
}

static void devices_keep_their_number(void **state)
{
    struct contract *c = *state;
    const enum vfs_type types[] = {VFS_BLK, VFS_CHR};

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct vfs_object *obj = make(c->root, &c->super, i ? "chr" : "blk", types[i], 0600);
        struct vfs_attr attr = attr_of(obj);

        assert_int_equal(attr.type, types[i]);
        assert_int_equal(attr.rdev_major, 7);
        assert_int_equal(attr.rdev_minor, 9);
        vfs_object_put(obj);
    }
}

static void devices_are_for_root(void **state)
{
    struct contract *c = *state;

    assert_status(do_make(c->root, &c->owner, "blk", VFS_BLK, 0600), VFS_PERM);
    assert_status(do_make(c->root, &c->owner, "chr", VFS_CHR, 0600), VFS_PERM);
    assert_status(do_find(c->root, &c->owner, "blk"), VFS_NOENT);
}

static void guarded_wants_a_free_name(void **state)
{
    struct contract *c = *state;
    struct vfs_create create;
    struct vfs_object *file, *again = NULL;

    assert_ok(create_reg(c, "file", VFS_CREATE_GUARDED, 0, &create, &file));
    assert_true(create.created);
    assert_int_equal(create.attrs_applied, VFS_ATTR_MODE);
    assert_status(create_reg(c, "file", VFS_CREATE_GUARDED, 0, &create, &again), VFS_EXIST);
    assert_false(create.created);
    assert_null(again);
    vfs_object_put(file);
}

static void unchecked_opens_an_existing_file(void **state)
{
    struct contract *c = *state;
    struct vfs_create create;
    struct vfs_object *file, *again;

    assert_ok(create_reg(c, "file", VFS_CREATE_UNCHECKED, 0, &create, &file));
    assert_true(create.created);
    put_bytes(c, file, 0, "data", 4);
    assert_ok(create_reg(c, "file", VFS_CREATE_UNCHECKED, 0, &create, &again));
    assert_false(create.created);
    assert_ptr_equal(again, file);
    assert_int_equal(attr_of(file).size, 4);
    vfs_object_put(again);
    vfs_object_put(file);
}

static void unchecked_leaves_attributes(void **state)
{
    struct contract *c = *state;
    struct vfs_attr attr = {.mask = VFS_ATTR_MODE | VFS_ATTR_SIZE, .mode = 0600, .size = 0};
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_UNCHECKED, .attr = &attr};
    struct vfs_object *file = make_file(c, "file"), *again;

    put_bytes(c, file, 0, "data", 4);
    assert_ok(do_create(c->root, &c->owner, "file", &create, &again));
    assert_int_equal(create.attrs_applied, 0);
    assert_int_equal(attr_of(file).mode, 0644);
    assert_int_equal(attr_of(file).size, 4);
    vfs_object_put(again);
    vfs_object_put(file);
}

static void unchecked_of_other_types(void **state)
{
    struct contract *c = *state;
    struct vfs_create create;
    struct vfs_object *out;

    assert_ok(do_make(c->root, &c->owner, "dir", VFS_DIR, 0755));
    assert_ok(do_make(c->root, &c->owner, "lnk", VFS_LNK, 0777));
    assert_ok(do_make(c->root, &c->owner, "fifo", VFS_FIFO, 0644));
    assert_status(create_reg(c, "dir", VFS_CREATE_UNCHECKED, 0, &create, &out), VFS_ISDIR);
    assert_status(create_reg(c, "lnk", VFS_CREATE_UNCHECKED, 0, &create, &out), VFS_SYMLINK);
    assert_status(create_reg(c, "fifo", VFS_CREATE_UNCHECKED, 0, &create, &out), VFS_WRONG_TYPE);
}

/* RFC 8881 §18.16.3: a retry carries the verifier of the first try. */
static void exclusive_knows_its_retry(void **state)
{
    struct contract *c = *state;
    const uint64_t verifier = 0x123456789abcdef0;
    struct vfs_create create;
    struct vfs_object *file, *again = NULL;

    assert_ok(create_reg(c, "file", VFS_CREATE_EXCLUSIVE, verifier, &create, &file));
    assert_true(create.created);
    assert_ok(create_reg(c, "file", VFS_CREATE_EXCLUSIVE, verifier, &create, &again));
    assert_false(create.created);
    assert_ptr_equal(again, file);
    vfs_object_put(again);
    assert_status(create_reg(c, "file", VFS_CREATE_EXCLUSIVE, verifier + 1, &create, &again),
                  VFS_EXIST);
    assert_status(
        create_reg(c, "file", VFS_CREATE_EXCLUSIVE, verifier ^ (1ull << 63), &create, &again),
        VFS_EXIST);
    assert_status(create_reg(c, "file", VFS_CREATE_GUARDED, 0, &create, &again), VFS_EXIST);
    vfs_object_put(file);
}

/* The caller has looked up what it opens, and does not want a new file. */
static void create_opens_what_is_expected(void **state)
{
    struct contract *c = *state;
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_UNCHECKED, .attr = &mode_644};
    struct vfs_name name = name_of("file");
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0640);
    struct vfs_object *other = make(c->root, &c->owner, "other", VFS_REG, 0640), *out;
    struct vfs_change_info info;

    name.expects = true;
    name.expected = file;
    assert_ok(c->fs->ops->create(c->root, &c->owner, &name, &create, &info, &out));
    assert_false(create.created);
    assert_ptr_equal(out, file);
    assert_int_equal(info.before, info.after);
    vfs_object_put(out);
    name.expected = other;
    assert_status(c->fs->ops->create(c->root, &c->owner, &name, &create, &info, &out), VFS_CHANGED);
    assert_ok(do_remove(c->root, &c->owner, "file"));
    name.expected = file;
    assert_status(c->fs->ops->create(c->root, &c->owner, &name, &create, &info, &out), VFS_CHANGED);
    create.mode = VFS_CREATE_EXCLUSIVE;
    assert_status(c->fs->ops->create(c->root, &c->owner, &name, &create, &info, &out), VFS_CHANGED);
    assert_status(do_find(c->root, &c->owner, "file"), VFS_NOENT);
    vfs_object_put(file);
    vfs_object_put(other);
}

static void exclusive_over_another_file(void **state)
{
    struct contract *c = *state;
    struct vfs_create create;
    struct vfs_object *out;

    assert_ok(do_make(c->root, &c->owner, "plain", VFS_REG, 0644));
    assert_ok(do_make(c->root, &c->owner, "dir", VFS_DIR, 0755));
    assert_status(create_reg(c, "plain", VFS_CREATE_EXCLUSIVE, 1, &create, &out), VFS_EXIST);
    assert_status(create_reg(c, "plain", VFS_CREATE_EXCLUSIVE, 0, &create, &out), VFS_EXIST);
    assert_status(create_reg(c, "dir", VFS_CREATE_EXCLUSIVE, 0, &create, &out), VFS_EXIST);
}

/* If the name exists, that is reported before a missing permission. */
static void exclusive_without_the_right(void **state)
{
    struct contract *c = *state;
    struct vfs_attr mode = {.mask = VFS_ATTR_MODE, .mode = 0644};
    struct vfs_create create = {
        .type = VFS_REG, .mode = VFS_CREATE_EXCLUSIVE, .verifier = 7, .attr = &mode};
    struct vfs_object *dir = make_dir(c, "dir"), *file, *again;

    assert_ok(do_create(dir, &c->owner, "file", &create, &file));
    assert_ok(do_chmod(dir, &c->owner, 0555));
    assert_status(do_create(dir, &c->other, "new", &create, &again), VFS_ACCESS);
    assert_ok(do_create(dir, &c->other, "file", &create, &again));
    assert_false(create.created);
    assert_ptr_equal(again, file);
    vfs_object_put(again);
    create.verifier = 8;
    assert_status(do_create(dir, &c->other, "file", &create, &again), VFS_EXIST);
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void other_types_want_a_free_name(void **state)
{
    struct contract *c = *state;
    const enum vfs_type types[] = {VFS_DIR, VFS_LNK, VFS_SOCK, VFS_FIFO};
    struct vfs_create create = {.mode = VFS_CREATE_UNCHECKED, .attr = &mode_644};
    struct vfs_object *out;

    create.link_target = "x";
    assert_ok(do_make(c->root, &c->owner, "file", VFS_REG, 0644));
    assert_ok(do_make(c->root, &c->owner, "dir", VFS_DIR, 0755));
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        assert_status(do_make(c->root, &c->owner, "file", types[i], 0644), VFS_EXIST);
        assert_status(do_make(c->root, &c->owner, "dir", types[i], 0644), VFS_EXIST);
        create.type = types[i];
        assert_status(do_create(c->root, &c->owner, "file", &create, &out), VFS_EXIST);
        assert_status(do_create(c->root, &c->owner, "dir", &create, &out), VFS_EXIST);
    }
}

static void size_and_times_from_the_start(void **state)
{
    struct contract *c = *state;
    struct vfs_attr attr = {
        .mask = VFS_ATTR_MODE | VFS_ATTR_SIZE | VFS_ATTR_ATIME | VFS_ATTR_MTIME,
        .mode = 0600,
        .size = 12345,
        .atime = {1000000001, 100},
        .mtime = {1000000002, 200},
    };
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &attr};
    struct vfs_object *file;
    struct vfs_attr got;

    assert_ok(do_create(c->root, &c->owner, "file", &create, &file));
    assert_int_equal(create.attrs_applied, attr.mask);
    got = attr_of(file);
    assert_int_equal(got.mode, 0600);
    assert_int_equal(got.size, 12345);
    assert_int_equal(got.atime.tv_sec, 1000000001);
    assert_int_equal(got.mtime.tv_sec, 1000000002);
    assert_int_equal(got.mtime.tv_nsec, 200);
    vfs_object_put(file);
}

static void owner_from_the_start(void **state)
{
    struct contract *c = *state;
    struct vfs_attr attr = {
        .mask = VFS_ATTR_MODE | VFS_ATTR_UID | VFS_ATTR_GID, .mode = 0644, .uid = 77, .gid = 88};
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &attr};
    struct vfs_object *file;

    assert_ok(do_create(c->root, &c->super, "file", &create, &file));
    assert_int_equal(create.attrs_applied, attr.mask);
    assert_int_equal(attr_of(file).uid, 77);
    assert_int_equal(attr_of(file).gid, 88);
    vfs_object_put(file);
}

static void creator_is_the_owner(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir"), *file;

    assert_ok(do_chmod(dir, &c->owner, 0777));
    file = make(dir, &c->other, "file", VFS_REG, 0644);
    assert_int_equal(attr_of(file).uid, CONTRACT_OTHER);
    assert_int_equal(attr_of(file).gid, CONTRACT_OTHER);
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void sgid_directory_gives_its_group(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir"), *obj;

    assert_ok(do_chmod(dir, &c->owner, 02777));
    obj = make(dir, &c->other, "file", VFS_REG, 0644);
    assert_int_equal(attr_of(obj).uid, CONTRACT_OTHER);
    assert_int_equal(attr_of(obj).gid, CONTRACT_OWNER);
    assert_int_equal(attr_of(obj).mode, 0644);
    vfs_object_put(obj);
    obj = make(dir, &c->other, "sub", VFS_DIR, 0755);
    assert_int_equal(attr_of(obj).gid, CONTRACT_OWNER);
    assert_int_equal(attr_of(obj).mode, 02755);
    vfs_object_put(obj);
    vfs_object_put(dir);
}

static void no_sgid_file_of_a_foreign_group(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir"), *file;

    assert_ok(do_chmod(dir, &c->owner, 02777));
    file = make(dir, &c->other, "file", VFS_REG, 02755);
    assert_int_equal(attr_of(file).gid, CONTRACT_OWNER);
    assert_int_equal(attr_of(file).mode, 0755);
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void create_needs_write_and_search(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    const uint32_t modes[] = {0755, 0756, 0754, 0750};

    assert_ok(do_make(dir, &c->owner, "there", VFS_REG, 0644));
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        assert_ok(do_chmod(dir, &c->owner, modes[i]));
        assert_status(do_make(dir, &c->other, "x", VFS_REG, 0644), VFS_ACCESS);
        assert_status(do_make(dir, &c->other, "x", VFS_DIR, 0755), VFS_ACCESS);
        assert_status(do_make(dir, &c->other, "x", VFS_LNK, 0777), VFS_ACCESS);
    }
    assert_ok(do_chmod(dir, &c->owner, 0757));
    assert_ok(do_make(dir, &c->other, "x", VFS_REG, 0644));
    assert_status(do_find(dir, &c->owner, "y"), VFS_NOENT);
    vfs_object_put(dir);
}

static void create_tells_the_change_of_its_directory(void **state)
{
    struct contract *c = *state;
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &mode_644};
    struct vfs_name name = name_of("file");
    struct vfs_change_info info;
    uint64_t before = change_of(c->root);
    struct vfs_object *file;

    assert_ok(c->fs->ops->create(c->root, &c->owner, &name, &create, &info, &file));
    assert_int_equal(info.before, before);
    assert_true(info.after > info.before);
    assert_int_equal(info.after, change_of(c->root));
    vfs_object_put(file);
}

static void create_in_a_removed_directory(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *file = make_file(c, "file");

    assert_ok(do_remove(c->root, &c->owner, "dir"));
    assert_either(do_make(dir, &c->owner, "x", VFS_REG, 0644), VFS_NOENT, VFS_STALE);
    assert_either(do_make(dir, &c->owner, "x", VFS_DIR, 0755), VFS_NOENT, VFS_STALE);
    assert_status(do_link(file, dir, &c->owner, "x"), VFS_STALE);
    assert_either(do_rename(c->root, "file", dir, "x", &c->owner), VFS_NOENT, VFS_STALE);
    assert_ok(do_find(c->root, &c->owner, "file"));
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void readlink_gives_the_target(void **state)
{
    struct contract *c = *state;
    const char *target = "../some where/\xc3\xa4//x";
    struct vfs_object *link = make_symlink(c, "link", target);
    struct vfs_object *file = make_file(c, "file");
    char buf[64];
    uint32_t len = 0;

    assert_ok(c->fs->ops->readlink(link, &c->owner, buf, sizeof(buf), &len));
    assert_int_equal(len, strlen(target));
    assert_memory_equal(buf, target, len);
    assert_int_equal(attr_of(link).size, len);
    assert_ok(c->fs->ops->readlink(link, &c->owner, buf, len, &len));
    assert_status(c->fs->ops->readlink(link, &c->owner, buf, len - 1, &len), VFS_TOOSMALL);
    assert_status(c->fs->ops->readlink(file, &c->owner, buf, sizeof(buf), &len), VFS_INVAL);
    assert_status(c->fs->ops->readlink(c->root, &c->owner, buf, sizeof(buf), &len), VFS_INVAL);
    vfs_object_put(file);
    vfs_object_put(link);
}

static void longest_symlink(void **state)
{
    struct contract *c = *state;
    static char target[LIMIT_SYMLINK_BYTES + 2], buf[LIMIT_SYMLINK_BYTES + 1];
    struct vfs_create create = {.type = VFS_LNK, .attr = &mode_644, .link_target = target};
    struct vfs_object *link;
    uint32_t len;

    memset(target, 't', sizeof(target) - 1);
    assert_status(do_create(c->root, &c->owner, "over", &create, &link), VFS_NAMETOOLONG);
    target[LIMIT_SYMLINK_BYTES] = 0;
    link = make_symlink(c, "link", target);
    assert_ok(c->fs->ops->readlink(link, &c->owner, buf, sizeof(buf), &len));
    assert_int_equal(len, LIMIT_SYMLINK_BYTES);
    assert_memory_equal(buf, target, len);
    vfs_object_put(link);
    target[0] = 0;
    assert_either(do_create(c->root, &c->owner, "empty", &create, &link), VFS_INVAL, VFS_NOENT);
}

static void full_file_system_makes_nothing(void **state)
{
    struct contract *c = *state;
    enum vfs_status status = VFS_OK;
    char name[16];
    uint32_t made = 0;

    contract_limit(c, 256 << 10, 0);
    while (status == VFS_OK && made < 100000) {
        (void)snprintf(name, sizeof(name), "f%u", made);
        status = do_make(c->root, &c->owner, name, VFS_REG, 0644);
        made += status == VFS_OK;
    }
    assert_status(status, VFS_NOSPC);
    assert_true(made > 10);
    assert_status(do_find(c->root, &c->owner, name), VFS_NOENT);
    /* Existing objects can still be renamed and removed. */
    assert_status(do_make(c->root, &c->owner, "f0", VFS_REG, 0644), VFS_EXIST);
    assert_ok(do_rename(c->root, "f0", c->root, "g0", &c->owner));
    assert_ok(do_rename(c->root, "g0", c->root, "f1", &c->owner));
    for (uint32_t i = 1; i < made; i++) {
        (void)snprintf(name, sizeof(name), "f%u", i);
        assert_ok(do_remove(c->root, &c->owner, name));
    }
    assert_ok(do_make(c->root, &c->owner, "f0", VFS_REG, 0644));
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(file_begins_empty, NEEDS_NOTHING),
    CONTRACT_TEST(attributes_of_what_is_made, NEEDS_NOTHING),
    CONTRACT_TEST(directory_begins_empty, NEEDS_NOTHING),
    CONTRACT_TEST(make_of_every_type, NEEDS_NOTHING),
    CONTRACT_TEST(devices_keep_their_number, NEEDS_MKNOD),
    CONTRACT_TEST(devices_are_for_root, NEEDS_USERS | NEEDS_MKNOD),
    CONTRACT_TEST(guarded_wants_a_free_name, NEEDS_NOTHING),
    CONTRACT_TEST(unchecked_opens_an_existing_file, NEEDS_NOTHING),
    CONTRACT_TEST(unchecked_leaves_attributes, NEEDS_NOTHING),
    CONTRACT_TEST(unchecked_of_other_types, NEEDS_NOTHING),
    CONTRACT_TEST(exclusive_knows_its_retry, NEEDS_NOTHING),
    CONTRACT_TEST(create_opens_what_is_expected, NEEDS_NOTHING),
    CONTRACT_TEST(exclusive_over_another_file, NEEDS_NOTHING),
    CONTRACT_TEST(exclusive_without_the_right, NEEDS_USERS),
    CONTRACT_TEST(other_types_want_a_free_name, NEEDS_NOTHING),
    CONTRACT_TEST(size_and_times_from_the_start, NEEDS_NOTHING),
    CONTRACT_TEST(owner_from_the_start, NEEDS_CHOWN),
    CONTRACT_TEST(creator_is_the_owner, NEEDS_USERS),
    CONTRACT_TEST(sgid_directory_gives_its_group, NEEDS_USERS),
    CONTRACT_TEST(no_sgid_file_of_a_foreign_group, NEEDS_USERS),
    CONTRACT_TEST(create_needs_write_and_search, NEEDS_USERS),
    CONTRACT_TEST(create_tells_the_change_of_its_directory, NEEDS_NOTHING),
    CONTRACT_TEST(create_in_a_removed_directory, NEEDS_NOTHING),
    CONTRACT_TEST(readlink_gives_the_target, NEEDS_NOTHING),
    CONTRACT_TEST(longest_symlink, NEEDS_NOTHING),
    CONTRACT_TEST(full_file_system_makes_nothing, NEEDS_LIMIT),
};

CONTRACT_GROUP(create, tests);
