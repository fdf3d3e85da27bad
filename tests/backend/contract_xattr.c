/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes (RFC 8276).  A backend has them or not, and some file systems below `local`
 * have none: there all calls say so, which is what the tests expect then.
 */
#include <stdio.h>

#include "backend/contract.h"

enum {
    VALUE_SMALL = 16,
    MANY = 100, /* that ext4 has room for, with short names and no values */
    NAMES_MAX = 20000,
};

static struct vfs_xattr_name xattr_name(const char *text)
{
    return (struct vfs_xattr_name){text, strlen(text)};
}

static enum vfs_status set_bytes(struct vfs_object *obj, const struct vfs_cred *cred,
                                 const char *text, enum vfs_setxattr how, const void *value,
                                 uint32_t len)
{
    struct vfs_xattr_name name = xattr_name(text);
    struct vfs_change_info info = {.before = 0};
    uint64_t before = change_of(obj);
    enum vfs_status status = obj->fs->ops->setxattr(obj, cred, &name, how, value, len, &info);

    if (status == VFS_OK) {
        assert_int_equal(info.before, before);
        assert_int_equal(info.after, change_of(obj));
        assert_true(info.after != before);
    } else {
        assert_int_equal(change_of(obj), before);
    }
    return status;
}

static enum vfs_status do_set(struct vfs_object *obj, const struct vfs_cred *cred, const char *name,
                              enum vfs_setxattr how, const char *value)
{
    return set_bytes(obj, cred, name, how, value, (uint32_t)strlen(value));
}

static enum vfs_status do_unset(struct vfs_object *obj, const struct vfs_cred *cred,
                                const char *text)
{
    struct vfs_xattr_name name = xattr_name(text);
    struct vfs_change_info info = {.before = 0};
    uint64_t before = change_of(obj);
    enum vfs_status status = obj->fs->ops->removexattr(obj, cred, &name, &info);

    if (status == VFS_OK) {
        assert_int_equal(info.before, before);
        assert_int_equal(info.after, change_of(obj));
    }
    assert_true((status == VFS_OK) == (change_of(obj) != before));
    return status;
}

static enum vfs_status do_get(struct vfs_object *obj, const struct vfs_cred *cred, const char *text,
                              void *buf, uint32_t size, uint32_t *len)
{
    struct vfs_xattr_name name = xattr_name(text);

    return obj->fs->ops->getxattr(obj, cred, &name, buf, size, len);
}

/* The status alone. */
static enum vfs_status try_get(struct vfs_object *obj, const struct vfs_cred *cred,
                               const char *name)
{
    char buf[VALUE_SMALL];
    uint32_t len;

    return do_get(obj, cred, name, buf, sizeof(buf), &len);
}

static void value_is(struct contract *c, struct vfs_object *obj, const char *name, const char *want)
{
    char buf[VALUE_SMALL];
    uint32_t len = ~0u;

    assert_ok(do_get(obj, &c->owner, name, buf, sizeof(buf), &len));
    assert_int_equal(len, strlen(want));
    assert_memory_equal(buf, want, len);
}

/* What a listing found. */
struct names {
    uint32_t count, stop_at;
    uint64_t cookie;
    const char *looked_for;
    uint32_t found;
};

static bool note_name(void *arg, const struct vfs_xattr_name *name, uint64_t cookie)
{
    struct names *names = arg;

    if (names->count == names->stop_at)
        return false;
    assert_true(cookie != 0);
    assert_true(name->len >= 1 && name->len <= LIMIT_XATTR_NAME_BYTES);
    names->found += names->looked_for && strlen(names->looked_for) == name->len &&
                    memcmp(names->looked_for, name->data, name->len) == 0;
    names->count++;
    names->cookie = cookie;
    return true;
}

/* Go on behind names->cookie, for at most `count` names. */
static bool list_more(struct contract *c, struct vfs_object *obj, struct names *names,
                      uint32_t count)
{
    struct vfs_listxattrs list = {.cookie = names->cookie, .emit = note_name, .arg = names};

    names->stop_at = names->count + count;
    assert_ok(obj->fs->ops->listxattrs(obj, &c->owner, &list));
    return list.eof;
}

static uint32_t count_names(struct contract *c, struct vfs_object *obj, const char *looked_for)
{
    struct names names = {.looked_for = looked_for};

    assert_true(list_more(c, obj, &names, NAMES_MAX));
    assert_int_equal(names.found, looked_for ? 1 : 0);
    return names.count;
}

static enum vfs_status try_list(struct vfs_object *obj, const struct vfs_cred *cred)
{
    struct names names = {.stop_at = NAMES_MAX};
    struct vfs_listxattrs list = {.emit = note_name, .arg = &names};

    return obj->fs->ops->listxattrs(obj, cred, &list);
}

/* Without them every call says so; false then. */
static bool supported(struct contract *c, struct vfs_object *obj)
{
    struct vfs_xattr_name name = xattr_name("a");
    struct vfs_change_info info;

    if (c->fs->caps & VFS_CAP_XATTR)
        return true;
    assert_status(do_set(obj, &c->owner, "a", VFS_SETXATTR_EITHER, "1"), VFS_NOTSUPP);
    assert_status(try_get(obj, &c->owner, "a"), VFS_NOTSUPP);
    assert_status(obj->fs->ops->removexattr(obj, &c->owner, &name, &info), VFS_NOTSUPP);
    assert_status(try_list(obj, &c->owner), VFS_NOTSUPP);
    assert_int_equal(do_access(obj, &c->owner, VFS_MAY_XAREAD | VFS_MAY_XAWRITE | VFS_MAY_XALIST),
                     0);
    return false;
}

static void live(struct contract *c, struct vfs_object *obj)
{
    if (!supported(c, obj))
        return;
    assert_int_equal(count_names(c, obj, NULL), 0);
    assert_status(try_get(obj, &c->owner, "colour"), VFS_NOXATTR);
    assert_status(do_unset(obj, &c->owner, "colour"), VFS_NOXATTR);
    assert_status(do_set(obj, &c->owner, "colour", VFS_SETXATTR_REPLACE, "red"), VFS_NOXATTR);
    assert_ok(do_set(obj, &c->owner, "colour", VFS_SETXATTR_CREATE, "red"));
    value_is(c, obj, "colour", "red");
    assert_status(do_set(obj, &c->owner, "colour", VFS_SETXATTR_CREATE, "blue"), VFS_EXIST);
    value_is(c, obj, "colour", "red");
    assert_ok(do_set(obj, &c->owner, "colour", VFS_SETXATTR_REPLACE, "turquoise"));
    value_is(c, obj, "colour", "turquoise");
    assert_ok(do_set(obj, &c->owner, "colour", VFS_SETXATTR_EITHER, "red"));
    assert_ok(do_set(obj, &c->owner, "Colour", VFS_SETXATTR_EITHER, "")); /* no value is one */
    value_is(c, obj, "colour", "red");
    value_is(c, obj, "Colour", "");
    assert_int_equal(count_names(c, obj, "colour"), 2);
    assert_ok(do_unset(obj, &c->owner, "colour"));
    assert_status(try_get(obj, &c->owner, "colour"), VFS_NOXATTR);
    assert_int_equal(count_names(c, obj, "Colour"), 1);
}

static void of_files_and_directories(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *dir = make_dir(c, "dir");

    live(c, file);
    live(c, dir);
    live(c, c->root);
    vfs_object_put(file);
    vfs_object_put(dir);
}

/* mem gives them to all objects; Linux to files and directories only, and says EPERM. */
static void expect_none(struct contract *c, struct vfs_object *obj)
{
    if (!supported(c, obj))
        return;
    assert_status(try_get(obj, &c->owner, "a"), VFS_NOXATTR);
    assert_status(do_set(obj, &c->owner, "a", VFS_SETXATTR_EITHER, "1"), VFS_PERM);
    assert_status(do_unset(obj, &c->owner, "a"), VFS_PERM);
    assert_int_equal(count_names(c, obj, NULL), 0);
    assert_int_equal(do_access(obj, &c->owner, VFS_MAY_XAREAD | VFS_MAY_XAWRITE | VFS_MAY_XALIST),
                     0);
}

/* A symlink is never followed. */
static void of_other_objects(void **state)
{
    struct contract *c = *state;
    struct vfs_object *target = make_file(c, "target");
    struct vfs_object *others[] = {
        make_symlink(c, "link", "target"),
        make(c->root, &c->owner, "fifo", VFS_FIFO, 0644),
        make(c->root, &c->owner, "socket", VFS_SOCK, 0644),
    };

    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        if (c->backend->named_attr) /* mem */
            live(c, others[i]);
        else
            expect_none(c, others[i]);
        vfs_object_put(others[i]);
    }
    if (supported(c, target))
        assert_int_equal(count_names(c, target, NULL), 0);
    vfs_object_put(target);
}

static void of_devices(void **state)
{
    struct contract *c = *state;
    struct vfs_object *device = make(c->root, &c->super, "device", VFS_CHR, 0666);

    assert_ok(do_chown(device, &c->super, c->owner.uid, c->owner.gid));
    if (c->backend->named_attr)
        live(c, device);
    else
        expect_none(c, device);
    vfs_object_put(device);
}

static void of_named_attributes(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *dir, *attr;

    assert_ok(c->fs->ops->openattr(file, &c->owner, true, &dir));
    attr = make(dir, &c->owner, "attribute", VFS_REG, 0644);
    assert_status(do_set(dir, &c->owner, "a", VFS_SETXATTR_EITHER, "1"), VFS_WRONG_TYPE);
    assert_status(do_set(attr, &c->owner, "a", VFS_SETXATTR_EITHER, "1"), VFS_WRONG_TYPE);
    assert_status(try_get(attr, &c->owner, "a"), VFS_WRONG_TYPE);
    assert_status(do_unset(attr, &c->owner, "a"), VFS_WRONG_TYPE);
    assert_status(try_list(attr, &c->owner), VFS_WRONG_TYPE);
    vfs_object_put(attr);
    vfs_object_put(dir);
    vfs_object_put(file);
}

/* Bytes of any kind, also in names; only what is longer than all others is different. */
static void names_are_bytes(void **state)
{
    static const char *const names[] = {".", "..", "a/b", "user.a", "a", "\xff\x80", " ", "a\nb"};
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    char longest[LIMIT_XATTR_NAME_BYTES + 1];

    if (supported(c, file)) {
        memset(longest, 'n', LIMIT_XATTR_NAME_BYTES);
        longest[LIMIT_XATTR_NAME_BYTES] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            assert_ok(do_set(file, &c->owner, names[i], VFS_SETXATTR_CREATE, names[i]));
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            value_is(c, file, names[i], names[i]);
        assert_ok(do_set(file, &c->owner, longest, VFS_SETXATTR_CREATE, "long"));
        value_is(c, file, longest, "long");
        assert_int_equal(count_names(c, file, longest), ARRAY_SIZE(names) + 1);
    }
    vfs_object_put(file);
}

static void values_have_a_length(void **state)
{
    static const char value[] = {0, 1, 0, -1};
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    char buf[8];
    uint32_t len = ~0u;

    if (supported(c, file)) {
        assert_ok(set_bytes(file, &c->owner, "a", VFS_SETXATTR_EITHER, value, sizeof(value)));
        assert_status(do_get(file, &c->owner, "a", buf, 3, &len), VFS_TOOSMALL);
        assert_int_equal(len, 4);
        len = ~0u;
        assert_status(do_get(file, &c->owner, "a", buf, 0, &len), VFS_TOOSMALL);
        assert_int_equal(len, 4);
        assert_ok(do_get(file, &c->owner, "a", buf, 4, &len));
        assert_int_equal(len, 4);
        assert_memory_equal(buf, value, 4);
        assert_ok(set_bytes(file, &c->owner, "a", VFS_SETXATTR_EITHER, NULL, 0));
        assert_ok(do_get(file, &c->owner, "a", buf, 0, &len));
        assert_int_equal(len, 0);
    }
    vfs_object_put(file);
}

/* As large as the kernel permits; what is below `local` may have less room. */
static void large_values(void **state)
{
    static uint8_t value[LIMIT_XATTR_VALUE_BYTES + 1], back[LIMIT_XATTR_VALUE_BYTES];
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    enum vfs_status status;
    uint32_t len = 0;

    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (uint8_t)(i * 7 + i / 256);
    if (supported(c, file)) {
        assert_ok(do_set(file, &c->owner, "a", VFS_SETXATTR_EITHER, "small"));
        assert_status(set_bytes(file, &c->owner, "a", VFS_SETXATTR_EITHER, value, sizeof(value)),
                      VFS_XATTR2BIG);
        value_is(c, file, "a", "small");
        status = set_bytes(file, &c->owner, "a", VFS_SETXATTR_EITHER, value, sizeof(back));
        if (status == VFS_OK) {
            assert_ok(do_get(file, &c->owner, "a", back, sizeof(back), &len));
            assert_int_equal(len, sizeof(back));
            assert_memory_equal(back, value, len);
        } else {
            assert_false(c->backend->named_attr);
            assert_either(status, VFS_NOSPC, VFS_XATTR2BIG);
            value_is(c, file, "a", "small");
        }
    }
    vfs_object_put(file);
}

/* One with each of the calls, and the bits of access(), which must agree. */
static void expect_rights(struct vfs_object *obj, const struct vfs_cred *cred, enum vfs_status read,
                          enum vfs_status write)
{
    uint32_t granted = (read == VFS_OK ? VFS_MAY_XAREAD | VFS_MAY_XALIST : 0) |
                       (write == VFS_OK ? VFS_MAY_XAWRITE : 0);

    assert_int_equal(do_access(obj, cred, VFS_MAY_XAREAD | VFS_MAY_XAWRITE | VFS_MAY_XALIST),
                     granted);
    assert_status(try_get(obj, cred, "a"), read);
    assert_status(try_list(obj, cred), read);
    assert_status(do_set(obj, cred, "a", VFS_SETXATTR_EITHER, "2"), write);
    assert_status(do_set(obj, cred, "b", VFS_SETXATTR_CREATE, "2"), write);
    assert_status(do_unset(obj, cred, "b"), write);
}

static void permissions(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    if (supported(c, file)) {
        assert_ok(do_set(file, &c->owner, "a", VFS_SETXATTR_EITHER, "1"));
        assert_ok(do_chmod(file, &c->owner, 0640));
        expect_rights(file, &c->owner, VFS_OK, VFS_OK);
        expect_rights(file, &c->member, VFS_OK, VFS_ACCESS);
        expect_rights(file, &c->other, VFS_ACCESS, VFS_ACCESS);
        expect_rights(file, &c->super, VFS_OK, VFS_OK);
        assert_ok(do_chmod(file, &c->owner, 0220));
        expect_rights(file, &c->owner, VFS_ACCESS, VFS_OK);
        expect_rights(file, &c->member, VFS_ACCESS, VFS_OK);
    }
    vfs_object_put(file);
}

/* Where everyone may write, only the owner of a sticky directory may mark it. */
static void permissions_of_directories(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");

    if (supported(c, dir)) {
        assert_ok(do_set(dir, &c->owner, "a", VFS_SETXATTR_EITHER, "1"));
        assert_ok(do_chmod(dir, &c->owner, 0777));
        expect_rights(dir, &c->other, VFS_OK, VFS_OK);
        assert_ok(do_chmod(dir, &c->owner, 0666));
        expect_rights(dir, &c->other, VFS_OK, VFS_OK);
        assert_ok(do_chmod(dir, &c->owner, 01777));
        expect_rights(dir, &c->other, VFS_OK, VFS_PERM);
        expect_rights(dir, &c->owner, VFS_OK, VFS_OK);
        expect_rights(dir, &c->super, VFS_OK, VFS_OK);
        assert_ok(do_chmod(dir, &c->owner, 0711));
        expect_rights(dir, &c->other, VFS_ACCESS, VFS_ACCESS);
    }
    vfs_object_put(dir);
}

/* Everyone may write to a device, and has all rights of a symlink; the owner alone may mark it. */
static void permissions_of_others(void **state)
{
    struct contract *c = *state;
    struct vfs_object *link = make_symlink(c, "link", "target");
    struct vfs_object *fifo = make(c->root, &c->owner, "fifo", VFS_FIFO, 0666);

    assert_ok(do_set(fifo, &c->owner, "a", VFS_SETXATTR_EITHER, "1"));
    assert_ok(do_set(link, &c->owner, "a", VFS_SETXATTR_EITHER, "1"));
    expect_rights(fifo, &c->other, VFS_OK, VFS_PERM);
    expect_rights(fifo, &c->owner, VFS_OK, VFS_OK);
    expect_rights(link, &c->other, VFS_OK, VFS_PERM);
    vfs_object_put(link);
    vfs_object_put(fifo);
}

static void make_many(struct contract *c, struct vfs_object *obj, uint32_t count)
{
    char name[16];

    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof(name), "%u", i);
        assert_ok(do_set(obj, &c->owner, name, VFS_SETXATTR_CREATE, ""));
    }
}

/* A listing goes on where it was, although names before and behind its place come and go. */
static void listed_once(struct contract *c, struct vfs_object *obj, uint32_t many)
{
    struct names names = {.looked_for = "1"};
    char name[16];
    uint32_t rounds = 0;
    bool eof;

    make_many(c, obj, many);
    do {
        eof = list_more(c, obj, &names, 7);
        (void)snprintf(name, sizeof(name), "%u", 2 + rounds % (many - 2));
        assert_ok(do_unset(obj, &c->owner, name));
        if (rounds % 3 == 0)
            assert_ok(do_set(obj, &c->owner, name, VFS_SETXATTR_CREATE, ""));
        else
            (void)do_set(obj, &c->owner, "another", VFS_SETXATTR_EITHER, "");
        rounds++;
        assert_true(rounds < many);
    } while (!eof);
    assert_int_equal(names.found, 1);
    assert_true(names.count >= many - rounds);
}

static void listing_while_changing(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    if (supported(c, file))
        listed_once(c, file, MANY);
    vfs_object_put(file);
}

/* A name that does not fit comes again. */
static void listing_stops_and_resumes(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct names names = {.count = 0};

    if (supported(c, file)) {
        make_many(c, file, 10);
        assert_false(list_more(c, file, &names, 0));
        assert_int_equal(names.count, 0);
        for (uint32_t i = 1; i <= 9; i++) {
            assert_false(list_more(c, file, &names, 1));
            assert_int_equal(names.count, i);
        }
        assert_true(list_more(c, file, &names, 2));
        assert_int_equal(names.count, 10);
        assert_true(list_more(c, file, &names, 2)); /* nothing is left */
        assert_int_equal(names.count, 10);
    }
    vfs_object_put(file);
}

static void unknown_cookies(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    static const uint64_t cookies[] = {1, 99, UINT64_MAX - 1, UINT64_MAX};

    for (size_t i = 0; i < ARRAY_SIZE(cookies) && supported(c, file); i++) {
        struct names names = {.stop_at = NAMES_MAX};
        struct vfs_listxattrs list = {.cookie = cookies[i], .emit = note_name, .arg = &names};

        assert_either(file->fs->ops->listxattrs(file, &c->owner, &list), VFS_OK, VFS_BAD_COOKIE);
        assert_int_equal(names.count, 0);
    }
    vfs_object_put(file);
}

/* They are charged to the export, up to the last one; all comes back. */
static void space(void **state)
{
    static const uint8_t value[4096];
    struct contract *c = *state;
    struct vfs_object *file;
    uint32_t count = 0;
    char name[16];
    enum vfs_status status;

    contract_limit(c, 1 << 20, 0);
    file = make_file(c, "file");
    do {
        (void)snprintf(name, sizeof(name), "%u", count++);
        status = set_bytes(file, &c->owner, name, VFS_SETXATTR_EITHER, value, sizeof(value));
    } while (status == VFS_OK && count < 1000);
    assert_status(status, VFS_NOSPC);
    assert_int_equal(count_names(c, file, "1"), count - 1);
    assert_status(set_bytes(file, &c->owner, "0", VFS_SETXATTR_REPLACE, value, 4096), VFS_NOSPC);
    assert_ok(set_bytes(file, &c->owner, "0", VFS_SETXATTR_REPLACE, value, 16));
    assert_ok(set_bytes(file, &c->owner, "0", VFS_SETXATTR_REPLACE, value, 4000));
    assert_ok(do_unset(file, &c->owner, "1"));
    assert_ok(set_bytes(file, &c->owner, "one", VFS_SETXATTR_CREATE, value, 4096));
    vfs_object_put(file);
    assert_ok(do_remove(c->root, &c->owner, "file"));
    file = make_file(c, "file");
    put_bytes(c, file, 0, value, sizeof(value));
    for (uint32_t i = 1; i + 8 < count; i++)
        put_bytes(c, file, (uint64_t)i * 4096, value, sizeof(value));
    vfs_object_put(file);
}

/* 10,000 of them, or as many as there is room for. */
static void very_many(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    uint32_t count = 0;
    char name[16];

    for (; supported(c, file) && count < 10000; count++) {
        enum vfs_status status;

        (void)snprintf(name, sizeof(name), "%u", count);
        status = do_set(file, &c->owner, name, VFS_SETXATTR_CREATE, "");
        if (status == VFS_OK)
            continue;
        assert_false(c->backend->named_attr);
        assert_either(status, VFS_NOSPC, VFS_XATTR2BIG);
        break;
    }
    if (supported(c, file) && try_list(file, &c->owner) != VFS_XATTR2BIG)
        assert_int_equal(count_names(c, file, "7"), count);
    else
        assert_false(c->backend->named_attr); /* more than the kernel lists */
    vfs_object_put(file);
}

static void survive_a_restart(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct names names = {.looked_for = "1"};

    if (supported(c, file)) {
        make_many(c, file, 20);
        assert_false(list_more(c, file, &names, 9));
        vfs_object_put(file);
        contract_reopen(c);
        assert_ok(do_lookup(c->root, &c->owner, "file", &file));
        assert_true(list_more(c, file, &names, 20)); /* a listing does, too */
        assert_int_equal(names.count, 20);
        assert_int_equal(names.found, 1);
        value_is(c, file, "7", "");
    }
    vfs_object_put(file);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(of_files_and_directories, NEEDS_NOTHING),
    CONTRACT_TEST(of_other_objects, NEEDS_NOTHING),
    CONTRACT_TEST(of_devices, NEEDS_MKNOD | NEEDS_CHOWN),
    CONTRACT_TEST(of_named_attributes, NEEDS_NAMED_ATTR),
    CONTRACT_TEST(names_are_bytes, NEEDS_NOTHING),
    CONTRACT_TEST(values_have_a_length, NEEDS_NOTHING),
    CONTRACT_TEST(large_values, NEEDS_NOTHING),
    CONTRACT_TEST(permissions, NEEDS_USERS),
    CONTRACT_TEST(permissions_of_directories, NEEDS_USERS),
    CONTRACT_TEST(permissions_of_others, NEEDS_USERS | NEEDS_NAMED_ATTR),
    CONTRACT_TEST(listing_while_changing, NEEDS_NOTHING),
    CONTRACT_TEST(listing_stops_and_resumes, NEEDS_NOTHING),
    CONTRACT_TEST(unknown_cookies, NEEDS_NOTHING),
    CONTRACT_TEST(space, NEEDS_LIMIT),
    CONTRACT_TEST(very_many, NEEDS_NOTHING),
    CONTRACT_TEST(survive_a_restart, NEEDS_REOPEN),
};

CONTRACT_GROUP(xattr, tests);
