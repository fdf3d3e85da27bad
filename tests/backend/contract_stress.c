/* SPDX-License-Identifier: Apache-2.0 */
/* Four threads on one small tree: nothing may be lost, torn or deadlocked. */
#include <pthread.h>
#include <stdlib.h>

#include "backend/contract.h"
#include "lib/vfs_status_name.h"
#include "vfs/vfs_acl.h"

enum {
    THREADS = 4,
    DIRS = 3,
    NAMES = 8,
};

/* Shared by the threads. cmocka's asserts leave by longjmp, so threads count failures instead. */
struct stress {
    struct contract *c;
    struct vfs_object *dirs[DIRS];
    void (*body)(struct stress *s, uint64_t *seed);
    uint32_t rounds;
    _Atomic uint32_t failures;
    _Atomic uint32_t made, removed, thread_next;
    pthread_barrier_t start;
};

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 11) % below;
}

static void expect(struct stress *s, bool ok, const char *what)
{
    if (ok)
        return;
    print_error("stress: %s\n", what);
    atomic_fetch_add(&s->failures, 1);
}

static bool is_one_of(enum vfs_status status, const enum vfs_status *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == status)
            return true;
    }
    return status == VFS_OK;
}

#define EXPECT_OK_OR(s, status, ...)                                                               \
    do {                                                                                           \
        const enum vfs_status list_[] = {__VA_ARGS__};                                             \
        enum vfs_status got_ = (status);                                                           \
        if (!is_one_of(got_, list_, ARRAY_SIZE(list_))) {                                          \
            print_error("%s: %s\n", #status, vfs_status_name(got_));                               \
            atomic_fetch_add(&(s)->failures, 1);                                                   \
        }                                                                                          \
    } while (0)

/* Some path, or none at this moment. */
static void expect_path(struct stress *s, struct vfs_object *obj)
{
    char path[VFS_PATH_BYTES];
    size_t len;

    EXPECT_OK_OR(s, obj->fs->ops->path(obj, path, sizeof(path), &len), VFS_STALE);
}

static void *run_thread(void *arg)
{
    struct stress *s = arg;
    uint64_t seed = 0x9e3779b97f4a7c15ull * (atomic_fetch_add(&s->thread_next, 1) + 1);

    pthread_barrier_wait(&s->start);
    for (uint32_t i = 0; i < s->rounds; i++)
        s->body(s, &seed);
    return NULL;
}

static void run_threads(struct stress *s)
{
    pthread_t threads[THREADS];

    pthread_barrier_init(&s->start, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_thread, s), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&s->start);
    assert_int_equal(s->failures, 0);
}

static void stress_init(struct stress *s, struct contract *c,
                        void (*body)(struct stress *s, uint64_t *seed), uint32_t rounds)
{
    memset(s, 0, sizeof(*s));
    s->c = c;
    s->body = body;
    s->rounds = rounds;
    for (uint32_t i = 0; i < DIRS; i++) {
        char name[] = {'d', (char)('0' + i), 0};

        s->dirs[i] = make_dir(c, name);
    }
}

static void stress_fini(struct stress *s)
{
    for (uint32_t i = 0; i < DIRS; i++)
        vfs_object_put(s->dirs[i]);
}

static void draw_name(uint64_t *seed, char *name)
{
    name[0] = 'n';
    name[1] = (char)('0' + draw(seed, NAMES));
    name[2] = 0;
}

static bool count_entry(void *arg, const struct vfs_dirent *entry)
{
    uint32_t *count = arg;

    (void)entry;
    (*count)++;
    return true;
}

static uint32_t count_entries(struct contract *c, struct vfs_object *dir)
{
    uint32_t count = 0;
    struct vfs_readdir rd = {.emit = count_entry, .arg = &count, .attr_mask = VFS_ATTR_SIZE};

    assert_ok(c->fs->ops->readdir(dir, &c->owner, &rd));
    return count;
}

static void use_file(struct stress *s, struct vfs_object *file)
{
    const struct vfs_ops *ops = file->fs->ops;
    char buf[16];
    struct vfs_read io = {.len = sizeof(buf), .buf = buf, .fd = -1};
    enum vfs_stability reached;
    uint32_t written;

    if (ops->open(file, &s->c->owner, VFS_WANT_BOTH, false) != VFS_OK)
        return;
    expect(s,
           ops->write(file, &s->c->owner, 0, "0123456789abcdef", 16, VFS_UNSTABLE, &written,
                      &reached) == VFS_OK,
           "write to an open file");
    expect(s, ops->read(file, &io) == VFS_OK && io.len == 16, "read of an open file");
    expect(s, memcmp(buf, "0123456789abcdef", 16) == 0, "what was written");
    ops->close(file, VFS_WANT_BOTH);
}

/* Any file operation on any of a few names; also by handle. */
static void mixed_body(struct stress *s, uint64_t *seed)
{
    struct contract *c = s->c;
    struct vfs_object *dir = s->dirs[draw(seed, DIRS)], *to = s->dirs[draw(seed, DIRS)], *obj;
    struct vfs_handle handle;
    enum vfs_status status;
    struct vfs_attr attr;
    char a[3], b[3];
    uint32_t count = 0;
    struct vfs_readdir rd = {.emit = count_entry, .arg = &count, .attr_mask = VFS_ATTR_SIZE};

    draw_name(seed, a);
    draw_name(seed, b);
    switch (draw(seed, 8)) {
    case 0:
    case 1:
        EXPECT_OK_OR(s, do_make(dir, &c->owner, a, VFS_REG, 0644), VFS_EXIST);
        return;
    case 2:
        EXPECT_OK_OR(s, do_remove(dir, &c->owner, a), VFS_NOENT);
        return;
    case 3:
        EXPECT_OK_OR(s, do_rename(dir, a, to, b, &c->owner), VFS_NOENT);
        return;
    case 4:
        if (do_lookup(dir, &c->owner, a, &obj) != VFS_OK)
            return;
        EXPECT_OK_OR(s, do_link(obj, to, &c->owner, b), VFS_EXIST, VFS_STALE, VFS_NOENT);
        vfs_object_put(obj);
        return;
    case 5:
        EXPECT_OK_OR(s, c->fs->ops->readdir(dir, &c->owner, &rd), VFS_OK);
        expect(s, count <= 2 * NAMES, "a directory of so many names");
        return;
    case 6:
        if (do_lookup(dir, &c->owner, a, &obj) != VFS_OK)
            return;
        use_file(s, obj);
        handle = obj->handle;
        vfs_object_put(obj);
        status = do_resolve(c->fs, &handle, &obj);
        EXPECT_OK_OR(s, status, VFS_STALE);
        if (status == VFS_OK)
            vfs_object_put(obj);
        return;
    default:
        if (do_lookup(dir, &c->owner, a, &obj) != VFS_OK)
            return;
        EXPECT_OK_OR(s, c->fs->ops->getattr(obj, VFS_ATTR_ALL_GET, &attr), VFS_OK);
        expect_path(s, obj);
        vfs_object_put(obj);
        return;
    }
}

static void mixed_operations(void **state)
{
    struct contract *c = *state;
    struct stress s;

    stress_init(&s, c, mixed_body, 4000);
    run_threads(&s);
    for (uint32_t d = 0; d < DIRS; d++) {
        uint32_t listed = count_entries(c, s.dirs[d]), found = 0;

        for (uint32_t n = 0; n < NAMES; n++) {
            char name[] = {'n', (char)('0' + n), 0};

            found += do_find(s.dirs[d], &c->owner, name) == VFS_OK;
        }
        assert_int_equal(listed, found);
    }
    stress_fini(&s);
}

/* Of the threads that create a name exactly one succeeds, and of those that remove it. */
static void race_body(struct stress *s, uint64_t *seed)
{
    struct contract *c = s->c;
    enum vfs_status status;
    char name[3];

    draw_name(seed, name);
    if (draw(seed, 2)) {
        status = do_make(s->dirs[0], &c->owner, name, VFS_REG, 0644);
        EXPECT_OK_OR(s, status, VFS_EXIST);
        if (status == VFS_OK)
            atomic_fetch_add(&s->made, 1);
    } else {
        status = do_remove(s->dirs[0], &c->owner, name);
        EXPECT_OK_OR(s, status, VFS_NOENT);
        if (status == VFS_OK)
            atomic_fetch_add(&s->removed, 1);
    }
}

static void each_name_has_one_winner(void **state)
{
    struct contract *c = *state;
    struct stress s;

    stress_init(&s, c, race_body, 4000);
    run_threads(&s);
    assert_int_equal(s.made - s.removed, count_entries(c, s.dirs[0]));
    stress_fini(&s);
}

/* Directories that are moved into each other: no cycle, no deadlock, correct link counts. */
static void knot_body(struct stress *s, uint64_t *seed)
{
    struct contract *c = s->c;
    struct vfs_object *from = s->dirs[draw(seed, DIRS)], *to = s->dirs[draw(seed, DIRS)];
    char a[] = {'d', (char)('0' + draw(seed, DIRS)), 0};
    char b[3];
    struct vfs_object *root = c->root, *up;

    draw_name(seed, b);
    switch (draw(seed, 6)) {
    case 0:
        EXPECT_OK_OR(s, do_rename(root, a, to, a, &c->owner), VFS_NOENT, VFS_INVAL, VFS_NOTEMPTY);
        return;
    case 1:
        EXPECT_OK_OR(s, do_rename(from, a, root, a, &c->owner), VFS_NOENT, VFS_NOTEMPTY);
        return;
    case 2:
        EXPECT_OK_OR(s, do_rename(from, a, to, a, &c->owner), VFS_NOENT, VFS_INVAL, VFS_NOTEMPTY);
        return;
    case 3:
        EXPECT_OK_OR(s, do_make(from, &c->owner, b, VFS_DIR, 0755), VFS_EXIST);
        return;
    case 4:
        EXPECT_OK_OR(s, do_remove(from, &c->owner, b), VFS_NOENT);
        return;
    default:
        EXPECT_OK_OR(s, c->fs->ops->parent(from, &c->owner, &up), VFS_OK);
        expect_path(s, from);
        vfs_object_put(up);
        return;
    }
}

static uint32_t depth_of(struct contract *c, struct vfs_object *dir)
{
    struct vfs_object *at = vfs_object_get(dir), *up;
    uint32_t depth = 0;

    while (at != c->root) {
        assert_true(depth++ < 10);
        assert_ok(c->fs->ops->parent(at, &c->owner, &up));
        vfs_object_put(at);
        at = up;
    }
    vfs_object_put(at);
    return depth;
}

static void directories_moving_into_each_other(void **state)
{
    struct contract *c = *state;
    struct stress s;

    stress_init(&s, c, knot_body, 4000);
    run_threads(&s);
    for (uint32_t d = 0; d < DIRS; d++) {
        assert_true(depth_of(c, s.dirs[d]) <= DIRS);
        assert_int_equal(attr_of(s.dirs[d]).nlink, 2 + count_entries(c, s.dirs[d]));
    }
    stress_fini(&s);
}

/* Each writer sees the change attribute advance, whatever the others write. */
static void change_body(struct stress *s, uint64_t *seed)
{
    const struct vfs_ops *ops = s->c->fs->ops;
    struct vfs_attr before = {.mask = 0}, after = {.mask = 0};
    unsigned char byte = (unsigned char)draw(seed, 256);
    struct vfs_object *file;

    if (do_lookup(s->dirs[0], &s->c->owner, "file", &file) != VFS_OK) {
        expect(s, false, "the file is there");
        return;
    }
    EXPECT_OK_OR(s, ops->getattr(file, VFS_ATTR_CHANGE, &before), VFS_OK);
    EXPECT_OK_OR(s, do_write(file, &s->c->owner, draw(seed, 10000), &byte, 1), VFS_OK);
    EXPECT_OK_OR(s, ops->getattr(file, VFS_ATTR_CHANGE, &after), VFS_OK);
    expect(s, after.change > before.change, "a change attribute that moved");
    vfs_object_put(file);
}

static void change_moves_for_every_writer(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file;
    struct stress s;

    stress_init(&s, c, change_body, 4000);
    file = make(s.dirs[0], &c->owner, "file", VFS_REG, 0644);
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_WRITE, false));
    run_threads(&s);
    c->fs->ops->close(file, VFS_WANT_WRITE);
    vfs_object_put(file);
    stress_fini(&s);
}

/* Use the attribute directory of a file, whose reference is released. */
static void use_attrdir(struct stress *s, struct vfs_object *file, uint64_t *seed)
{
    const struct vfs_ops *ops = file->fs->ops;
    const struct vfs_cred *cred = &s->c->owner;
    struct vfs_object *dir, *attr, *up;
    char a[3], b[3];
    uint32_t count = 0;
    struct vfs_readdir rd = {.emit = count_entry, .arg = &count, .attr_mask = VFS_ATTR_SIZE};
    enum vfs_status status = ops->openattr(file, cred, draw(seed, 4) != 0, &dir);

    EXPECT_OK_OR(s, status, VFS_NOENT);
    if (status != VFS_OK) {
        vfs_object_put(file);
        return;
    }
    if (draw(seed, 2)) { /* the file may be freed now */
        vfs_object_put(file);
        file = NULL;
    }
    draw_name(seed, a);
    draw_name(seed, b);
    EXPECT_OK_OR(s, do_make(dir, cred, a, VFS_REG, 0644), VFS_EXIST, VFS_STALE);
    if (do_lookup(dir, cred, a, &attr) == VFS_OK) {
        EXPECT_OK_OR(s, do_rename(dir, a, dir, b, cred), VFS_NOENT, VFS_STALE);
        EXPECT_OK_OR(s, do_remove(dir, cred, b), VFS_NOENT, VFS_STALE);
        use_file(s, attr); /* may be removed by any thread */
        EXPECT_OK_OR(s, do_link(attr, s->dirs[0], cred, a), VFS_XDEV);
        vfs_object_put(attr);
    }
    EXPECT_OK_OR(s, ops->readdir(dir, cred, &rd), VFS_OK);
    expect(s, count <= 2 * NAMES, "an attribute directory of so many names");
    status = ops->parent(dir, cred, &up);
    EXPECT_OK_OR(s, status, VFS_STALE);
    expect(s, !file || up == file, "the object of an attribute directory");
    if (status == VFS_OK)
        vfs_object_put(up);
    vfs_object_put(dir);
    vfs_object_put(file);
}

/* Objects that are created, removed and replaced while their attributes are in use. */
static void attribute_body(struct stress *s, uint64_t *seed)
{
    struct contract *c = s->c;
    struct vfs_object *file;
    struct vfs_attr attr;
    char a[3], b[3];

    draw_name(seed, a);
    draw_name(seed, b);
    switch (draw(seed, 8)) {
    case 0:
        EXPECT_OK_OR(s, do_make(s->dirs[0], &c->owner, a, VFS_REG, 0644), VFS_EXIST);
        return;
    case 1:
        EXPECT_OK_OR(s, do_remove(s->dirs[0], &c->owner, a), VFS_NOENT);
        return;
    case 2:
        EXPECT_OK_OR(s, do_rename(s->dirs[0], a, s->dirs[1], b, &c->owner), VFS_NOENT);
        return;
    case 3:
        EXPECT_OK_OR(s, do_rename(s->dirs[1], a, s->dirs[0], b, &c->owner), VFS_NOENT);
        return;
    default:
        if (do_lookup(s->dirs[0], &c->owner, a, &file) != VFS_OK)
            return;
        EXPECT_OK_OR(s, do_chmod(file, &c->owner, draw(seed, 2) ? 0600 : 0644), VFS_OK);
        EXPECT_OK_OR(s, c->fs->ops->getattr(file, VFS_ATTR_ALL_GET, &attr), VFS_OK);
        use_attrdir(s, file, seed);
        return;
    }
}

static void attributes_of_objects_that_go(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file, *dir;
    struct stress s;

    stress_init(&s, c, attribute_body, 4000);
    run_threads(&s);
    for (uint32_t n = 0; n < NAMES; n++) {
        char name[] = {'n', (char)('0' + n), 0};

        if (do_lookup(s.dirs[0], &c->owner, name, &file) != VFS_OK)
            continue;
        assert_ok(c->fs->ops->openattr(file, &c->owner, true, &dir));
        assert_int_equal(attr_of(file).named_attr, count_entries(c, dir) > 0);
        vfs_object_put(dir);
        vfs_object_put(file);
    }
    stress_fini(&s);
}

/* One file is created and removed; other threads have only its attribute directory, and look up
 * more. */
static void last_link_body(struct stress *s, uint64_t *seed)
{
    struct contract *c = s->c;
    const struct vfs_ops *ops = c->fs->ops;
    bool makes = draw(seed, 2);
    struct vfs_object *file, *dir, *up;
    enum vfs_status status = VFS_OK;

    if (makes)
        EXPECT_OK_OR(s, do_make(s->dirs[0], &c->owner, "file", VFS_REG, 0644), VFS_EXIST);
    if (do_lookup(s->dirs[0], &c->owner, "file", &file) != VFS_OK)
        return;
    EXPECT_OK_OR(s, ops->openattr(file, &c->owner, true, &dir), VFS_OK);
    if (makes)
        EXPECT_OK_OR(s, do_remove(s->dirs[0], &c->owner, "file"), VFS_NOENT);
    vfs_object_put(file);
    for (uint32_t i = 0; i < 20 && status == VFS_OK && !makes; i++) {
        EXPECT_OK_OR(s, do_make(dir, &c->owner, "attr", VFS_REG, 0644), VFS_EXIST, VFS_STALE);
        EXPECT_OK_OR(s, do_remove(dir, &c->owner, "attr"), VFS_NOENT, VFS_STALE);
        status = ops->parent(dir, &c->owner, &up);
        EXPECT_OK_OR(s, status, VFS_STALE);
        if (status == VFS_OK)
            vfs_object_put(up);
    }
    vfs_object_put(dir);
}

static void the_last_link_and_its_attributes(void **state)
{
    struct contract *c = *state;
    struct stress s;

    stress_init(&s, c, last_link_body, 4000);
    run_threads(&s);
    stress_fini(&s);
}

/* Set an ACL of that many entries, all with that id, so that a torn one shows; new objects inherit
 * it. */
static enum vfs_status set_list(struct vfs_object *dir, const struct vfs_cred *cred, uint32_t count)
{
    struct vfs_ace aces[16];
    struct vfs_acl acl = {.count = count, .aces = aces};
    struct vfs_attr set = {.mask = VFS_ATTR_ACL, .acl = &acl};
    uint32_t applied;

    for (uint32_t i = 0; i < count; i++)
        aces[i] = (struct vfs_ace){.who = VFS_ACE_USER,
                                   .id = count,
                                   .mask = VFS_ACE_READ_DATA,
                                   .flags = VFS_ACE_FILE_INHERIT | VFS_ACE_INHERIT_ONLY};
    return dir->fs->ops->setattr(dir, cred, &set, false, &applied);
}

/* Entries that chmod adds have no id. */
static bool is_whole(const struct vfs_acl *acl)
{
    uint32_t count = 0, id = 0;

    for (uint32_t i = 0; i < acl->count; i++) {
        if (acl->aces[i].who != VFS_ACE_USER)
            continue;
        if (count++ > 0 && acl->aces[i].id != id)
            return false;
        id = acl->aces[i].id;
    }
    return count == id;
}

static void acl_body(struct stress *s, uint64_t *seed)
{
    struct contract *c = s->c;
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl acl = {.aces = aces};
    struct vfs_object *file;
    char name[3];

    draw_name(seed, name);
    switch (draw(seed, 6)) {
    case 0:
        EXPECT_OK_OR(s, set_list(s->dirs[0], &c->super, 1 + draw(seed, 16)), VFS_OK);
        return;
    case 1:
        EXPECT_OK_OR(s, do_chmod(s->dirs[0], &c->super, 0700), VFS_OK);
        return;
    case 2:
        EXPECT_OK_OR(s, do_make(s->dirs[0], &c->super, name, VFS_REG, 0644), VFS_EXIST);
        return;
    case 3:
        EXPECT_OK_OR(s, do_remove(s->dirs[0], &c->super, name), VFS_NOENT);
        return;
    case 4:
        EXPECT_OK_OR(s, c->fs->ops->getacl(s->dirs[0], &c->super, &acl), VFS_OK);
        expect(s, is_whole(&acl), "a directory's list is whole");
        return;
    default:
        if (do_lookup(s->dirs[0], &c->super, name, &file) != VFS_OK)
            return;
        EXPECT_OK_OR(s, c->fs->ops->getacl(file, &c->super, &acl), VFS_OK);
        expect(s, is_whole(&acl), "what was inherited is whole");
        (void)do_access(s->dirs[0], &c->other, VFS_MAY_LOOKUP);
        vfs_object_put(file);
        return;
    }
}

static void acls_stay_whole(void **state)
{
    struct stress s;

    stress_init(&s, *state, acl_body, 4000);
    run_threads(&s);
    stress_fini(&s);
}

/* One thread's listing: names that nobody removes are in it once. */
struct listing {
    uint32_t kept;
};

static bool count_kept(void *arg, const struct vfs_xattr_name *name, uint64_t cookie)
{
    struct listing *listing = arg;

    (void)cookie;
    listing->kept += name->len == 4 && memcmp(name->data, "kept", 4) == 0;
    return true;
}

static void list_xattrs(struct stress *s, struct vfs_object *file)
{
    struct listing listing = {.kept = 0};
    struct vfs_listxattrs list = {.emit = count_kept, .arg = &listing};

    EXPECT_OK_OR(s, file->fs->ops->listxattrs(file, &s->c->owner, &list), VFS_OK);
    expect(s, list.eof && listing.kept == 1, "a name that stays is not listed once");
}

/* A value is all of one letter, as long as that letter's place in the alphabet. */
static void xattr_body(struct stress *s, uint64_t *seed)
{
    static const struct vfs_xattr_name names[] = {{"a", 1}, {"b", 1}, {"kept", 4}};
    const struct vfs_ops *ops = s->dirs[0]->fs->ops;
    const struct vfs_xattr_name *name = &names[draw(seed, ARRAY_SIZE(names))];
    struct vfs_change_info info;
    char value[32];
    uint32_t len = 1 + draw(seed, 26);

    switch (draw(seed, 4)) {
    case 0:
        memset(value, 'a' + (int)len, len);
        EXPECT_OK_OR(
            s,
            ops->setxattr(s->dirs[0], &s->c->owner, name, VFS_SETXATTR_EITHER, value, len, &info),
            VFS_OK);
        break;
    case 1:
        if (name != &names[2])
            EXPECT_OK_OR(s, ops->removexattr(s->dirs[0], &s->c->owner, name, &info), VFS_NOXATTR);
        break;
    case 2:
        list_xattrs(s, s->dirs[0]);
        break;
    default:
        len = 0;
        EXPECT_OK_OR(s, ops->getxattr(s->dirs[0], &s->c->owner, name, value, sizeof(value), &len),
                     VFS_NOXATTR);
        for (uint32_t i = 0; i < len; i++)
            expect(s, value[i] == 'a' + (int)len, "a value is torn");
    }
}

static void xattrs_stay_whole(void **state)
{
    const struct vfs_xattr_name kept = {"kept", 4};
    struct contract *c = *state;
    struct vfs_change_info info;
    struct stress s;

    stress_init(&s, c, xattr_body, 1000);
    assert_status(
        c->fs->ops->setxattr(s.dirs[0], &c->owner, &kept, VFS_SETXATTR_EITHER, "b", 1, &info),
        c->fs->caps & VFS_CAP_XATTR ? VFS_OK : VFS_NOTSUPP);
    if (c->fs->caps & VFS_CAP_XATTR)
        run_threads(&s);
    stress_fini(&s);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(mixed_operations, NEEDS_NOTHING),
    CONTRACT_TEST(each_name_has_one_winner, NEEDS_NOTHING),
    CONTRACT_TEST(directories_moving_into_each_other, NEEDS_NOTHING),
    CONTRACT_TEST(change_moves_for_every_writer, NEEDS_NOTHING),
    CONTRACT_TEST(attributes_of_objects_that_go, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(the_last_link_and_its_attributes, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(acls_stay_whole, NEEDS_ACL | NEEDS_USERS),
    CONTRACT_TEST(xattrs_stay_whole, NEEDS_NOTHING),
};

CONTRACT_GROUP(stress, tests);
