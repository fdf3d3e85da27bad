/* SPDX-License-Identifier: Apache-2.0 */
/* SR-16: the watchers of a directory are told each change of it, and nothing else. */
#include "backend/change_log.h"
#include "backend/contract.h"

/* A watched directory. */
struct watch {
    struct contract *c;
    struct vfs_object *dir;
    struct vfs_cred cred; /* the owner's, with an actor */
    struct change_log *log;
    bool children;
};

static void watch_begin(struct watch *w, struct contract *c, bool children)
{
    *w = (struct watch){.c = c, .dir = make_dir(c, "watched"), .cred = c->owner};
    w->cred.actor = w;
    w->log = change_log_create();
    w->children = children;
    vfs_watch_begin(w->dir, children);
}

static void watch_end(struct watch *w)
{
    vfs_watch_end(w->dir, w->children);
    change_log_destroy(w->log);
    vfs_object_put(w->dir);
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b ? b : "") == 0;
}

/* The next one that is told, which `take` removes. */
static struct told take(struct watch *w)
{
    struct told first;

    assert_true(w->log->count > 0);
    first = w->log->all[0];
    w->log->count--;
    memmove(&w->log->all[0], &w->log->all[1], w->log->count * sizeof(first));
    return first;
}

static void told_nothing(const struct watch *w)
{
    assert_int_equal(w->log->count, 0);
}

/* The cookie that READDIR returns for a name; 0 if there is none. */
struct search {
    const char *name;
    uint64_t cookie, fileid;
};

static bool find_name(void *arg, const struct vfs_dirent *entry)
{
    struct search *search = arg;

    if (entry->name.len == strlen(search->name) &&
        memcmp(entry->name.data, search->name, entry->name.len) == 0) {
        search->cookie = entry->cookie;
        search->fileid = entry->fileid;
    }
    return true;
}

static struct search search_of(const struct watch *w, struct vfs_object *dir, const char *name)
{
    struct search search = {.name = name};
    struct vfs_readdir rd = {.emit = find_name, .arg = &search};

    assert_ok(dir->fs->ops->readdir(dir, &w->c->owner, &rd));
    return search;
}

/* An entry that is there now. */
static void is_entry(const struct watch *w, struct vfs_object *dir, const struct told_entry *told,
                     const char *name)
{
    struct search there = search_of(w, dir, name);

    assert_true(same(told->name, name));
    assert_int_equal(told->fileid, there.fileid);
    assert_int_equal(told->cookie, dir->fs->caps & VFS_CAP_ORDER ? there.cookie : 0);
}

static struct told take_change(struct watch *w, struct vfs_object *dir, enum vfs_change_kind kind)
{
    struct told told = take(w);

    assert_int_equal(told.kind, kind);
    assert_ptr_equal(told.dir, dir->node);
    assert_ptr_equal(told.actor, w);
    assert_int_equal(told.after, change_of(dir));
    return told;
}

static void added(struct watch *w, struct vfs_object *dir, const char *name, const char *replaced)
{
    struct told told = take_change(w, dir, VFS_CHANGE_ADD);

    is_entry(w, dir, &told.entry, name);
    assert_true(same(told.replaced.name, replaced));
    assert_true(same(told.old.name, NULL));
}

static void removed(struct watch *w, struct vfs_object *dir, const char *name)
{
    struct told told = take_change(w, dir, VFS_CHANGE_REMOVE);

    assert_true(same(told.entry.name, name));
    assert_true(same(told.replaced.name, NULL));
}

static void renamed(struct watch *w, const char *from, const char *to, const char *replaced)
{
    struct told told = take_change(w, w->dir, VFS_CHANGE_RENAME);

    is_entry(w, w->dir, &told.entry, to);
    assert_true(same(told.old.name, from));
    assert_true(same(told.replaced.name, replaced));
}

static void is_told(struct watch *w, struct vfs_object *dir, enum vfs_change_kind kind,
                    const void *actor)
{
    struct told told = take(w);

    assert_int_equal(told.kind, kind);
    assert_ptr_equal(told.dir, dir->node);
    assert_ptr_equal(told.actor, actor);
    assert_int_equal(told.after, 0);
}

static void create_as(struct watch *w, const char *name, enum vfs_type type,
                      enum vfs_create_mode mode)
{
    const struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0644};
    struct vfs_create create = {
        .type = type, .mode = mode, .attr = &attr, .verifier = 7, .link_target = "to"};
    struct vfs_object *made;

    assert_ok(do_create(w->dir, &w->cred, name, &create, &made));
    vfs_object_put(made);
}

static void new_and_removed_entries(void **state)
{
    static const enum vfs_type types[] = {VFS_DIR, VFS_LNK, VFS_FIFO, VFS_SOCK};
    struct watch w;

    watch_begin(&w, *state, false);
    create_as(&w, "unchecked", VFS_REG, VFS_CREATE_UNCHECKED);
    added(&w, w.dir, "unchecked", NULL);
    create_as(&w, "guarded", VFS_REG, VFS_CREATE_GUARDED);
    added(&w, w.dir, "guarded", NULL);
    create_as(&w, "exclusive", VFS_REG, VFS_CREATE_EXCLUSIVE);
    added(&w, w.dir, "exclusive", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        create_as(&w, "other", types[i], VFS_CREATE_GUARDED);
        added(&w, w.dir, "other", NULL);
        assert_ok(do_remove(w.dir, &w.cred, "other"));
        removed(&w, w.dir, "other");
    }
    assert_ok(do_remove(w.dir, &w.cred, "guarded"));
    removed(&w, w.dir, "guarded");
    told_nothing(&w);
    watch_end(&w);
}

static void links(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct watch w;

    watch_begin(&w, c, false);
    assert_ok(do_link(file, w.dir, &w.cred, "link"));
    added(&w, w.dir, "link", NULL);
    assert_ok(do_remove(w.dir, &w.cred, "link"));
    removed(&w, w.dir, "link");
    told_nothing(&w);
    watch_end(&w);
    vfs_object_put(file);
}

static void renames_within(void **state)
{
    struct contract *c = *state;
    struct watch w;

    watch_begin(&w, c, false);
    create_as(&w, "a", VFS_REG, VFS_CREATE_GUARDED);
    create_as(&w, "b", VFS_REG, VFS_CREATE_GUARDED);
    create_as(&w, "d", VFS_DIR, VFS_CREATE_GUARDED);
    create_as(&w, "e", VFS_DIR, VFS_CREATE_GUARDED);
    w.log->count = 0;
    assert_ok(do_rename(w.dir, "a", w.dir, "c", &w.cred));
    renamed(&w, "a", "c", NULL);
    assert_ok(do_rename(w.dir, "c", w.dir, "b", &w.cred));
    renamed(&w, "c", "b", "b");
    assert_ok(do_rename(w.dir, "d", w.dir, "e", &w.cred));
    renamed(&w, "d", "e", "e");
    told_nothing(&w);
    watch_end(&w);
}

static void renames_from_one_to_another(void **state)
{
    struct contract *c = *state;
    struct vfs_object *other = make_dir(c, "other");
    struct watch w;

    watch_begin(&w, c, false);
    vfs_watch_begin(other, false);
    create_as(&w, "a", VFS_REG, VFS_CREATE_GUARDED);
    create_as(&w, "b", VFS_REG, VFS_CREATE_GUARDED);
    w.log->count = 0;
    assert_ok(do_rename(w.dir, "a", other, "c", &w.cred));
    removed(&w, w.dir, "a");
    added(&w, other, "c", NULL);
    assert_ok(do_rename(w.dir, "b", other, "c", &w.cred));
    removed(&w, w.dir, "b");
    added(&w, other, "c", "c");
    told_nothing(&w);
    vfs_watch_end(other, false);
    assert_ok(do_rename(other, "c", w.dir, "a", &w.cred));
    added(&w, w.dir, "a", NULL);
    told_nothing(&w);
    watch_end(&w);
    vfs_object_put(other);
}

static void not_fitting(struct watch *w)
{
    struct vfs_object *a;
    struct vfs_name name = name_of("b"), to = name_of("c");
    struct vfs_change_info info, to_info;

    assert_ok(do_lookup(w->dir, &w->cred, "a", &a));
    name.expects = true;
    name.expected = a;
    assert_status(w->dir->fs->ops->remove(w->dir, &w->cred, &name, &info), VFS_CHANGED);
    assert_status(w->dir->fs->ops->rename(w->dir, &name, w->dir, &to, &w->cred, &info, &to_info),
                  VFS_CHANGED);
    assert_status(do_link(a, w->dir, &w->cred, "b"), VFS_EXIST);
    vfs_object_put(a);
}

static void what_changes_nothing(void **state)
{
    struct contract *c = *state;
    struct vfs_object *a;
    struct watch w;

    watch_begin(&w, c, false);
    a = make(w.dir, &w.cred, "a", VFS_REG, 0644);
    assert_ok(do_link(a, w.dir, &w.cred, "link"));
    assert_ok(do_link(a, c->root, &w.cred, "link"));
    create_as(&w, "b", VFS_REG, VFS_CREATE_GUARDED);
    create_as(&w, "sub", VFS_DIR, VFS_CREATE_GUARDED);
    w.log->count = 0;
    assert_status(do_rename(w.dir, "b", w.dir, "sub", &w.cred), VFS_ISDIR);
    create_as(&w, "a", VFS_REG, VFS_CREATE_UNCHECKED);
    assert_status(do_make(w.dir, &w.cred, "a", VFS_DIR, 0755), VFS_EXIST);
    assert_status(do_remove(w.dir, &w.cred, "none"), VFS_NOENT);
    assert_status(do_rename(w.dir, "none", w.dir, "b", &w.cred), VFS_NOENT);
    assert_status(do_rename(w.dir, "sub", w.dir, "b", &w.cred), VFS_NOTDIR);
    assert_ok(do_rename(w.dir, "a", w.dir, "a", &w.cred));
    assert_ok(do_rename(w.dir, "a", w.dir, "link", &w.cred));
    assert_ok(do_rename(w.dir, "a", c->root, "link", &w.cred));
    not_fitting(&w);
    told_nothing(&w);
    vfs_object_put(a);
    watch_end(&w);
}

static void a_retry_of_an_exclusive_create(void **state)
{
    struct watch w;

    watch_begin(&w, *state, false);
    create_as(&w, "file", VFS_REG, VFS_CREATE_EXCLUSIVE);
    added(&w, w.dir, "file", NULL);
    create_as(&w, "file", VFS_REG, VFS_CREATE_EXCLUSIVE);
    told_nothing(&w);
    watch_end(&w);
}

static void others_are_not_told(void **state)
{
    struct contract *c = *state;
    struct vfs_object *below;
    struct watch w;

    watch_begin(&w, c, false);
    below = make(w.dir, &w.cred, "below", VFS_DIR, 0755);
    added(&w, w.dir, "below", NULL);
    assert_ok(do_make(below, &w.cred, "file", VFS_REG, 0644));
    assert_ok(do_make(c->root, &w.cred, "file", VFS_REG, 0644));
    assert_ok(do_rename(c->root, "file", below, "file", &w.cred));
    assert_ok(do_chmod(below, &w.cred, 0700));
    told_nothing(&w);
    vfs_watch_end(w.dir, false);
    create_as(&w, "file", VFS_REG, VFS_CREATE_GUARDED);
    told_nothing(&w);
    vfs_watch_begin(w.dir, false);
    vfs_watch_begin(w.dir, false);
    vfs_watch_end(w.dir, false);
    assert_ok(do_remove(w.dir, &w.cred, "file"));
    removed(&w, w.dir, "file");
    told_nothing(&w);
    watch_end(&w);
    vfs_object_put(below);
}

static void attributes_of_the_directory(void **state)
{
    struct contract *c = *state;
    struct watch w;

    watch_begin(&w, c, false);
    assert_ok(do_chmod(w.dir, &w.cred, 0700));
    is_told(&w, w.dir, VFS_CHANGE_DIR, &w);
    assert_ok(w.dir->fs->ops->touch(w.dir));
    is_told(&w, w.dir, VFS_CHANGE_DIR, NULL);
    assert_ok(do_rename(c->root, "watched", c->root, "moved", &w.cred));
    is_told(&w, w.dir, VFS_CHANGE_DIR, &w);
    told_nothing(&w);
    watch_end(&w);
}

/* Extended attributes are attributes. */
static void extended_attributes(void **state)
{
    struct contract *c = *state;
    const struct vfs_xattr_name name = {"name", 4}, other = {"other", 5};
    struct vfs_change_info info;
    struct watch w;

    watch_begin(&w, c, false);
    if (c->fs->caps & VFS_CAP_XATTR) {
        const struct vfs_ops *ops = c->fs->ops;

        assert_ok(ops->setxattr(w.dir, &w.cred, &name, VFS_SETXATTR_EITHER, "1", 1, &info));
        is_told(&w, w.dir, VFS_CHANGE_DIR, &w);
        assert_ok(ops->removexattr(w.dir, &w.cred, &name, &info));
        is_told(&w, w.dir, VFS_CHANGE_DIR, &w);
        assert_status(ops->removexattr(w.dir, &w.cred, &other, &info), VFS_NOXATTR);
    }
    told_nothing(&w);
    watch_end(&w);
}

static void its_end(void **state)
{
    struct contract *c = *state;
    struct watch w;

    watch_begin(&w, c, false);
    assert_ok(do_remove(c->root, &w.cred, "watched"));
    assert_true(w.log->count > 0);
    while (w.log->count > 0)
        assert_int_equal(take(&w).kind, VFS_CHANGE_GONE);
    watch_end(&w);
    watch_begin(&w, c, false);
    assert_ok(do_make(c->root, &w.cred, "new", VFS_DIR, 0755));
    assert_ok(do_rename(c->root, "new", c->root, "watched", &w.cred));
    assert_true(w.log->count > 0);
    assert_int_equal(take(&w).kind, VFS_CHANGE_GONE);
    watch_end(&w);
}

/* ---- with VFS_CAP_PARENTS ---- */

static void child(struct watch *w, struct vfs_object *dir, const char *name)
{
    struct told told = take(w);

    assert_int_equal(told.kind, VFS_CHANGE_CHILD);
    assert_ptr_equal(told.dir, dir->node);
    assert_ptr_equal(told.actor, w);
    assert_int_equal(told.after, 0);
    is_entry(w, dir, &told.entry, name);
}

static void children(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file, *below;
    struct watch w;

    watch_begin(&w, c, true);
    file = make(w.dir, &w.cred, "file", VFS_REG, 0644);
    below = make(w.dir, &w.cred, "below", VFS_DIR, 0755);
    w.log->count = 0;
    assert_ok(do_write(file, &w.cred, 0, "x", 1));
    child(&w, w.dir, "file");
    assert_ok(do_truncate(file, &w.cred, 0));
    child(&w, w.dir, "file");
    assert_ok(do_chmod(file, &w.cred, 0600));
    child(&w, w.dir, "file");
    assert_ok(do_chmod(below, &w.cred, 0700));
    child(&w, w.dir, "below");
    assert_ok(do_make(below, &w.cred, "deep", VFS_REG, 0644));
    child(&w, w.dir, "below");
    assert_ok(do_remove(below, &w.cred, "deep"));
    child(&w, w.dir, "below");
    assert_status(do_chmod(file, &c->other, 0600), VFS_PERM);
    assert_ok(do_write(file, &w.cred, 0, "", 0));
    told_nothing(&w);
    vfs_object_put(below);
    vfs_object_put(file);
    watch_end(&w);
}

/* Each name is told by itself; a name that comes, goes, or moves is not a change of attributes. */
static void children_with_several_names(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file, *other = make_dir(c, "other");
    struct watch w;

    watch_begin(&w, c, true);
    vfs_watch_begin(other, true);
    file = make(w.dir, &w.cred, "file", VFS_REG, 0644);
    w.log->count = 0;
    assert_ok(do_link(file, other, &w.cred, "link"));
    added(&w, other, "link", NULL);
    child(&w, w.dir, "file");
    assert_ok(do_write(file, &w.cred, 0, "x", 1));
    child(&w, w.dir, "file");
    child(&w, other, "link");
    assert_ok(do_rename(other, "link", other, "new", &w.cred));
    assert_int_equal(w.log->count, 2);
    assert_int_equal(take(&w).kind, VFS_CHANGE_RENAME);
    child(&w, w.dir, "file");
    assert_ok(do_remove(other, &w.cred, "new"));
    removed(&w, other, "new");
    child(&w, w.dir, "file");
    assert_ok(do_remove(w.dir, &w.cred, "file"));
    removed(&w, w.dir, "file");
    assert_ok(do_write(file, &w.cred, 0, "x", 1));
    told_nothing(&w);
    vfs_watch_end(other, true);
    vfs_object_put(file);
    vfs_object_put(other);
    watch_end(&w);
}

static void named_attributes(void **state)
{
    struct contract *c = *state;
    struct vfs_object *attrs, *attr;
    struct watch w;

    watch_begin(&w, c, false);
    assert_ok(c->fs->ops->openattr(w.dir, &w.cred, true, &attrs));
    vfs_watch_begin(attrs, false);
    told_nothing(&w);
    attr = make(attrs, &w.cred, "attr", VFS_REG, 0644);
    added(&w, attrs, "attr", NULL);
    is_told(&w, w.dir, VFS_CHANGE_DIR, &w);
    assert_ok(do_remove(attrs, &w.cred, "attr"));
    removed(&w, attrs, "attr");
    is_told(&w, w.dir, VFS_CHANGE_DIR, &w);
    vfs_object_put(attr);
    assert_ok(do_remove(c->root, &w.cred, "watched"));
    w.log->count = 0;
    vfs_watch_end(w.dir, false);
    vfs_object_put(w.dir);
    is_told(&w, attrs, VFS_CHANGE_GONE, NULL);
    vfs_watch_end(attrs, false);
    change_log_destroy(w.log);
    vfs_object_put(attrs);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(new_and_removed_entries, NEEDS_NOTHING),
    CONTRACT_TEST(links, NEEDS_NOTHING),
    CONTRACT_TEST(renames_within, NEEDS_NOTHING),
    CONTRACT_TEST(renames_from_one_to_another, NEEDS_NOTHING),
    CONTRACT_TEST(what_changes_nothing, NEEDS_NOTHING),
    CONTRACT_TEST(a_retry_of_an_exclusive_create, NEEDS_NOTHING),
    CONTRACT_TEST(others_are_not_told, NEEDS_NOTHING),
    CONTRACT_TEST(attributes_of_the_directory, NEEDS_NOTHING),
    CONTRACT_TEST(extended_attributes, NEEDS_NOTHING),
    CONTRACT_TEST(its_end, NEEDS_NOTHING),
    CONTRACT_TEST(children, NEEDS_PARENTS),
    CONTRACT_TEST(children_with_several_names, NEEDS_PARENTS),
    CONTRACT_TEST(named_attributes, NEEDS_NAMED_ATTR),
};

CONTRACT_GROUP(change, tests);
