/* SPDX-License-Identifier: Apache-2.0 */
/* openattr: the named attributes of an object, and what their directory does not support. */
#include "backend/contract.h"

static enum vfs_status do_openattr(struct vfs_object *obj, const struct vfs_cred *cred, bool create,
                                   struct vfs_object **dir)
{
    return obj->fs->ops->openattr(obj, cred, create, dir);
}

/* openattr, then put; returns the status */
static enum vfs_status try_openattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                    bool create)
{
    struct vfs_object *dir;
    enum vfs_status status = do_openattr(obj, cred, create, &dir);

    if (status == VFS_OK)
        vfs_object_put(dir);
    return status;
}

static struct vfs_object *attrdir_of(struct contract *c, struct vfs_object *obj)
{
    struct vfs_object *dir = NULL;

    assert_ok(do_openattr(obj, &c->owner, true, &dir));
    assert_non_null(dir);
    return dir;
}

static struct vfs_object *make_attr(struct contract *c, struct vfs_object *dir, const char *name)
{
    return make(dir, &c->owner, name, VFS_REG, 0644);
}

static void offered_or_not(void **state)
{
    struct contract *c = *state;
    bool offered = c->fs->caps & VFS_CAP_NAMED_ATTR;
    struct vfs_object *file = make_file(c, "file");

    assert_int_equal(offered, c->backend->named_attr);
    assert_status(try_openattr(file, &c->owner, true), offered ? VFS_OK : VFS_NOTSUPP);
    assert_status(try_openattr(c->root, &c->owner, true), offered ? VFS_OK : VFS_NOTSUPP);
    assert_status(try_openattr(file, &c->owner, false), offered ? VFS_NOENT : VFS_NOTSUPP);
    assert_true(attr_of(file).mask & VFS_ATTR_NAMED_ATTR);
    assert_false(attr_of(file).named_attr);
    vfs_object_put(file);
}

static bool count_one(void *arg, const struct vfs_dirent *entry)
{
    uint32_t *count = arg;

    assert_non_null(entry->attr);
    assert_int_equal(entry->attr->type, VFS_NAMEDATTR);
    (*count)++;
    return true;
}

static uint32_t count_attrs(struct contract *c, struct vfs_object *dir)
{
    uint32_t count = 0;
    struct vfs_readdir rd = {.emit = count_one, .arg = &count, .attr_mask = VFS_ATTR_TYPE};

    assert_ok(c->fs->ops->readdir(dir, &c->owner, &rd));
    assert_true(rd.eof);
    return count;
}

static void attributes_come_and_go(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *dir, *again, *attr;

    assert_status(try_openattr(file, &c->owner, false), VFS_NOENT);
    dir = attrdir_of(c, file);
    assert_int_equal(dir->type, VFS_ATTRDIR);
    assert_int_equal(attr_of(dir).type, VFS_ATTRDIR);
    assert_int_equal(attr_of(dir).nlink, 2);
    assert_int_not_equal(dir->fileid, file->fileid);
    assert_status(try_openattr(file, &c->owner, false), VFS_NOENT); /* it has none */
    again = attrdir_of(c, file);
    assert_ptr_equal(again, dir);
    vfs_object_put(again);

    attr = make_attr(c, dir, "attr");
    assert_int_equal(attr->type, VFS_NAMEDATTR);
    assert_int_equal(attr_of(attr).type, VFS_NAMEDATTR);
    assert_int_equal(attr_of(attr).nlink, 1);
    assert_true(attr_of(file).named_attr);
    assert_false(attr_of(dir).named_attr);
    assert_ok(do_openattr(file, &c->owner, false, &again));
    assert_ptr_equal(again, dir);
    vfs_object_put(again);
    assert_ok(do_lookup(dir, &c->owner, "attr", &again));
    assert_ptr_equal(again, attr);
    vfs_object_put(again);
    assert_ok(do_make(dir, &c->owner, "more", VFS_REG, 0600));
    assert_int_equal(count_attrs(c, dir), 2);

    assert_ok(do_remove(dir, &c->owner, "attr"));
    assert_ok(do_remove(dir, &c->owner, "more"));
    assert_status(do_remove(dir, &c->owner, "more"), VFS_NOENT);
    assert_false(attr_of(file).named_attr);
    assert_status(try_openattr(file, &c->owner, false), VFS_NOENT);
    vfs_object_put(attr);
    vfs_object_put(dir);
    vfs_object_put(file);
}

static void attributes_hold_bytes(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *dir = attrdir_of(c, file);
    struct vfs_object *attr = make_attr(c, dir, "attr");
    char buf[16];
    bool eof;

    put_bytes(c, file, 0, "the file", 8);
    put_bytes(c, attr, 5000, "the attribute", 13);
    assert_int_equal(attr_of(attr).size, 5013);
    assert_int_equal(get_bytes(c, attr, 5000, buf, sizeof(buf), &eof), 13);
    assert_memory_equal(buf, "the attribute", 13);
    assert_true(eof);
    assert_int_equal(get_bytes(c, file, 0, buf, sizeof(buf), &eof), 8);
    assert_ok(do_truncate(attr, &c->owner, 5003));
    assert_int_equal(get_bytes(c, attr, 5000, buf, sizeof(buf), &eof), 3);
    assert_ok(do_truncate(file, &c->owner, 0)); /* RFC 8881 §18.16.3: the attributes stay */
    assert_int_equal(attr_of(attr).size, 5003);
    assert_true(attr_of(file).named_attr);
    assert_ok(c->fs->ops->commit(attr, &c->owner, 0, 0));
    assert_ok(do_chmod(attr, &c->owner, 0600));
    assert_int_equal(attr_of(attr).mode, 0600);
    vfs_object_put(attr);
    vfs_object_put(dir);
    vfs_object_put(file);
}

static void the_directory_is_no_file(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = attrdir_of(c, c->root);
    char buf[4];
    uint32_t got;
    bool eof;

    assert_status(c->fs->ops->open(dir, &c->owner, VFS_WANT_READ, false), VFS_ISDIR);
    assert_status(do_read(dir, 0, buf, sizeof(buf), &got, &eof), VFS_ISDIR);
    assert_status(do_write(dir, &c->owner, 0, "x", 1), VFS_ISDIR);
    assert_status(c->fs->ops->commit(dir, &c->owner, 0, 0), VFS_ISDIR);
    assert_status(do_truncate(dir, &c->owner, 0), VFS_ISDIR);
    vfs_object_put(dir);
}

static void every_type_has_attributes(void **state)
{
    struct contract *c = *state;
    const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_LNK, VFS_SOCK, VFS_FIFO};

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct vfs_object *obj = make(c->root, &c->owner, "x", types[i], 0700);
        struct vfs_object *dir = attrdir_of(c, obj), *attr = make_attr(c, dir, "attr"), *up;

        assert_true(attr_of(obj).named_attr);
        assert_ok(c->fs->ops->parent(dir, &c->owner, &up));
        assert_ptr_equal(up, obj);
        vfs_object_put(up);
        assert_status(try_openattr(dir, &c->owner, true), VFS_WRONG_TYPE);
        assert_status(try_openattr(attr, &c->owner, true), VFS_WRONG_TYPE);
        assert_status(try_openattr(attr, &c->owner, false), VFS_WRONG_TYPE);
        vfs_object_put(attr);
        vfs_object_put(dir);
        vfs_object_put(obj);
        assert_ok(do_remove(c->root, &c->owner, "x")); /* a directory with attributes is empty */
    }
}

static void only_files_are_made(void **state)
{
    struct contract *c = *state;
    const enum vfs_type types[] = {VFS_DIR, VFS_LNK, VFS_SOCK, VFS_FIFO, VFS_NAMEDATTR};
    struct vfs_attr set = {.mask = VFS_ATTR_MODE, .mode = 0644};
    struct vfs_create create = {.type = VFS_REG, .attr = &set, .verifier = 5};
    struct vfs_object *dir = attrdir_of(c, c->root), *attr, *again;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        assert_status(do_make(dir, &c->owner, "attr", types[i], 0755), VFS_WRONG_TYPE);
    create.mode = VFS_CREATE_EXCLUSIVE;
    assert_status(do_create(dir, &c->owner, "attr", &create, &attr), VFS_INVAL);
    assert_int_equal(count_attrs(c, dir), 0);

    attr = make_attr(c, dir, "attr");
    assert_status(do_make(dir, &c->owner, "attr", VFS_REG, 0644), VFS_EXIST);
    create.mode = VFS_CREATE_UNCHECKED;
    assert_ok(do_create(dir, &c->owner, "attr", &create, &again));
    assert_false(create.created);
    assert_ptr_equal(again, attr);
    vfs_object_put(again);
    vfs_object_put(attr);
    vfs_object_put(dir);
}

static void renamed_within(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = attrdir_of(c, c->root), *attr = make_attr(c, dir, "a"), *found;
    uint64_t before = change_of(dir);

    assert_ok(do_make(dir, &c->owner, "b", VFS_REG, 0644));
    assert_ok(do_rename(dir, "a", dir, "c", &c->owner));
    assert_ok(do_rename(dir, "c", dir, "b", &c->owner));
    assert_status(do_rename(dir, "a", dir, "d", &c->owner), VFS_NOENT);
    assert_true(change_of(dir) > before);
    assert_ok(do_lookup(dir, &c->owner, "b", &found));
    assert_ptr_equal(found, attr);
    assert_int_equal(count_attrs(c, dir), 1);
    vfs_object_put(found);
    vfs_object_put(attr);
    vfs_object_put(dir);
}

/* RFC 8881 §18.26.3, §18.9.4. */
static void attributes_stay_with_their_object(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *sub = make_dir(c, "sub");
    struct vfs_object *dir = attrdir_of(c, file), *other = attrdir_of(c, c->root);
    struct vfs_object *attr = make_attr(c, dir, "attr");

    assert_status(do_rename(dir, "attr", c->root, "x", &c->owner), VFS_XDEV);
    assert_status(do_rename(dir, "attr", other, "x", &c->owner), VFS_XDEV);
    assert_status(do_rename(c->root, "file", dir, "x", &c->owner), VFS_XDEV);
    assert_status(do_rename(c->root, "sub", other, "x", &c->owner), VFS_XDEV);
    assert_status(do_rename(file, "attr", dir, "x", &c->owner), VFS_NOTDIR);

    assert_status(do_link(attr, c->root, &c->owner, "x"), VFS_XDEV);
    assert_status(do_link(attr, other, &c->owner, "x"), VFS_XDEV);
    assert_status(do_link(file, dir, &c->owner, "x"), VFS_XDEV);
    assert_status(do_link(sub, dir, &c->owner, "x"), VFS_XDEV);
    assert_status(do_link(dir, c->root, &c->owner, "x"), VFS_ISDIR);
    assert_status(do_link(attr, dir, &c->owner, "x"), VFS_NOTSUPP);

    assert_int_equal(count_attrs(c, dir), 1);
    assert_int_equal(count_attrs(c, other), 0);
    assert_status(do_find(c->root, &c->owner, "x"), VFS_NOENT);
    vfs_object_put(attr);
    vfs_object_put(other);
    vfs_object_put(dir);
    vfs_object_put(sub);
    vfs_object_put(file);
}

static void handles_find_them(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *dir = attrdir_of(c, file);
    struct vfs_object *attr = make_attr(c, dir, "attr"), *found;
    struct vfs_handle of_dir = dir->handle, of_attr = attr->handle;

    vfs_object_put(attr);
    vfs_object_put(dir);
    vfs_object_put(file);
    assert_ok(do_resolve(c->fs, &of_dir, &found));
    assert_int_equal(found->type, VFS_ATTRDIR);
    assert_ok(do_find(found, &c->owner, "attr"));
    vfs_object_put(found);
    assert_ok(do_resolve(c->fs, &of_attr, &found));
    assert_int_equal(found->type, VFS_NAMEDATTR);
    vfs_object_put(found);

    assert_ok(do_remove(c->root, &c->owner, "file"));
    assert_status(do_resolve(c->fs, &of_dir, &found), VFS_STALE);
    assert_status(do_resolve(c->fs, &of_attr, &found), VFS_STALE);
}

static void the_last_link_takes_them_along(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *dir = attrdir_of(c, file), *up;
    struct vfs_object *attr = make_attr(c, dir, "attr");
    char buf[8];
    bool eof;

    put_bytes(c, attr, 0, "bytes", 5);
    assert_ok(do_link(file, c->root, &c->owner, "more"));
    assert_ok(do_remove(c->root, &c->owner, "file"));
    assert_int_equal(count_attrs(c, dir), 1);
    assert_ok(do_make(c->root, &c->owner, "new", VFS_REG, 0644));
    assert_ok(do_rename(c->root, "new", c->root, "more", &c->owner));
    assert_int_equal(attr_of(file).nlink, 0);
    assert_int_equal(count_attrs(c, dir), 1); /* held, and so are its attributes */
    vfs_object_put(file);

    assert_int_equal(attr_of(attr).nlink, 0);
    assert_int_equal(attr_of(dir).nlink, 0);
    assert_status(do_find(dir, &c->owner, "attr"), VFS_NOENT);
    assert_int_equal(count_attrs(c, dir), 0);
    assert_status(do_make(dir, &c->owner, "new", VFS_REG, 0644), VFS_STALE);
    assert_status(do_remove(dir, &c->owner, "attr"), VFS_STALE);
    assert_status(do_rename(dir, "attr", dir, "new", &c->owner), VFS_STALE);
    assert_status(c->fs->ops->parent(dir, &c->owner, &up), VFS_STALE);
    assert_int_equal(get_bytes(c, attr, 0, buf, sizeof(buf), &eof), 5);
    put_bytes(c, attr, 5, "!", 1);
    vfs_object_put(attr);
    vfs_object_put(dir);
}

static bool ctime_moved(const struct vfs_attr *before, const struct vfs_attr *after)
{
    return after->change > before->change && (after->ctime.tv_sec > before->ctime.tv_sec ||
                                              (after->ctime.tv_sec == before->ctime.tv_sec &&
                                               after->ctime.tv_nsec >= before->ctime.tv_nsec));
}

/* The set of names belongs to the object; contents belong to each attribute. */
static void the_object_changes_with_its_names(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *dir = attrdir_of(c, file), *attr;
    struct vfs_attr before = attr_of(file), after;
    struct vfs_name name = name_of("b");
    struct vfs_change_info info;
    uint64_t dir_before;

    attr = make_attr(c, dir, "a");
    after = attr_of(file);
    assert_true(ctime_moved(&before, &after));
    assert_memory_equal(&after.mtime, &before.mtime, sizeof(after.mtime));

    before = after;
    assert_ok(do_rename(dir, "a", dir, "b", &c->owner));
    after = attr_of(file);
    assert_true(ctime_moved(&before, &after));

    dir_before = change_of(dir);
    put_bytes(c, attr, 0, "x", 1);
    assert_int_equal(change_of(file), after.change);
    assert_int_equal(change_of(dir), dir_before);

    assert_ok(c->fs->ops->remove(dir, &c->owner, &name, &info));
    assert_int_equal(info.before, dir_before);
    assert_int_equal(info.after, change_of(dir));
    assert_true(info.after > info.before);
    assert_true(change_of(file) > after.change);
    vfs_object_put(attr);
    vfs_object_put(dir);
    vfs_object_put(file);
}

static void may_read_may_look(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0640), *dir;

    assert_status(try_openattr(file, &c->other, false), VFS_ACCESS);
    assert_status(try_openattr(file, &c->other, true), VFS_ACCESS);
    assert_status(try_openattr(file, &c->member, false), VFS_NOENT);
    assert_status(try_openattr(file, &c->member, true), VFS_ACCESS); /* creating it is a change */
    dir = attrdir_of(c, file);
    assert_ok(try_openattr(file, &c->member, true));
    assert_ok(do_make(dir, &c->owner, "attr", VFS_REG, 0666));
    assert_ok(do_find(dir, &c->member, "attr"));
    assert_status(do_remove(dir, &c->member, "attr"), VFS_ACCESS);
    assert_status(do_make(dir, &c->member, "x", VFS_REG, 0644), VFS_ACCESS);
    assert_status(do_rename(dir, "attr", dir, "x", &c->member), VFS_ACCESS);
    assert_status(do_find(dir, &c->other, "attr"), VFS_ACCESS);
    assert_int_equal(
        do_access(dir, &c->member, VFS_MAY_READ | VFS_MAY_LOOKUP | VFS_MAY_MODIFY | VFS_MAY_DELETE),
        VFS_MAY_READ | VFS_MAY_LOOKUP);
    assert_ok(try_openattr(file, &c->super, false));

    assert_ok(do_chmod(file, &c->owner, 0660)); /* the directory's permission follows */
    assert_int_equal(attr_of(dir).mode, 0770);
    assert_ok(do_make(dir, &c->member, "x", VFS_REG, 0644));
    assert_ok(do_remove(dir, &c->member, "attr"));
    assert_ok(do_chmod(file, &c->owner, 0600));
    assert_status(do_find(dir, &c->member, "x"), VFS_ACCESS);
    assert_ok(do_find(dir, &c->owner, "x"));
    vfs_object_put(dir);
    vfs_object_put(file);
}

static void owners_are_the_objects(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0600);
    struct vfs_object *dir = attrdir_of(c, file);
    struct vfs_attr set = {.mask = VFS_ATTR_MTIME, .mtime = {.tv_sec = 7}};
    uint32_t applied;

    assert_int_equal(attr_of(dir).uid, CONTRACT_OWNER);
    assert_ok(do_chown(file, &c->super, CONTRACT_OTHER, CONTRACT_OTHER));
    assert_int_equal(attr_of(dir).uid, CONTRACT_OTHER);
    assert_int_equal(attr_of(dir).gid, CONTRACT_OTHER);
    assert_status(do_make(dir, &c->owner, "x", VFS_REG, 0644), VFS_ACCESS);
    assert_ok(do_make(dir, &c->other, "x", VFS_REG, 0644));
    assert_status(do_chmod(dir, &c->other, 0777), VFS_INVAL);
    assert_status(do_chown(dir, &c->super, 0, 0), VFS_INVAL);
    assert_int_equal(attr_of(dir).mode, 0700);
    assert_ok(c->fs->ops->setattr(dir, &c->other, &set, false, &applied));
    assert_int_equal(attr_of(dir).mtime.tv_sec, 7);
    vfs_object_put(dir);
    vfs_object_put(file);
}

/* All may write to these objects, but must not store attributes with them. */
static void only_the_owner_where_bits_mean_else(void **state)
{
    struct contract *c = *state;
    struct vfs_object *objs[] = {
        make(c->root, &c->owner, "link", VFS_LNK, 0777),
        make(c->root, &c->owner, "fifo", VFS_FIFO, 0666),
        make(c->root, &c->owner, "sticky", VFS_DIR, 01777),
    };

    assert_ok(do_chmod(objs[1], &c->owner, 0666));
    assert_ok(do_chmod(objs[2], &c->owner, 01777));
    for (size_t i = 0; i < ARRAY_SIZE(objs); i++) {
        struct vfs_object *dir;

        assert_status(try_openattr(objs[i], &c->other, true), VFS_ACCESS);
        dir = attrdir_of(c, objs[i]);
        assert_status(do_make(dir, &c->other, "x", VFS_REG, 0644), VFS_ACCESS);
        assert_ok(do_make(dir, &c->owner, "x", VFS_REG, 0644));
        assert_ok(do_find(dir, &c->other, "x"));
        vfs_object_put(dir);
        vfs_object_put(objs[i]);
    }
}

static void attributes_use_room(void **state)
{
    struct contract *c = *state;
    struct vfs_statfs fs;
    struct vfs_object *file, *dir, *attr;
    uint64_t free_before;
    enum vfs_status status = VFS_OK;

    contract_limit(c, 1u << 20, 100);
    file = make_file(c, "file");
    assert_ok(c->fs->ops->statfs(c->root, &fs));
    free_before = fs.bytes_free;
    dir = attrdir_of(c, file);
    attr = make_attr(c, dir, "attr");
    for (uint64_t at = 0; status == VFS_OK && at < 2u << 20; at += 4096)
        status = do_write(attr, &c->owner, at, "x", 1);
    assert_status(status, VFS_NOSPC);
    vfs_object_put(attr);
    vfs_object_put(dir);
    assert_ok(do_remove(c->root, &c->owner, "file"));
    vfs_object_put(file);
    assert_ok(c->fs->ops->statfs(c->root, &fs));
    assert_true(fs.bytes_free > free_before);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(offered_or_not, NEEDS_NOTHING),
    CONTRACT_TEST(attributes_come_and_go, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(attributes_hold_bytes, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(the_directory_is_no_file, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(every_type_has_attributes, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(only_files_are_made, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(renamed_within, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(attributes_stay_with_their_object, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(handles_find_them, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(the_last_link_takes_them_along, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(the_object_changes_with_its_names, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(may_read_may_look, NEEDS_NAMED_ATTR | NEEDS_USERS),
    CONTRACT_TEST(owners_are_the_objects, NEEDS_NAMED_ATTR | NEEDS_USERS | NEEDS_CHOWN),
    CONTRACT_TEST(only_the_owner_where_bits_mean_else, NEEDS_NAMED_ATTR | NEEDS_USERS),
    CONTRACT_TEST(attributes_use_room, NEEDS_NAMED_ATTR | NEEDS_LIMIT),
};

CONTRACT_GROUP(named_attr, tests);
