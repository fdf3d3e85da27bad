/* SPDX-License-Identifier: Apache-2.0 */
/* getattr, setattr, change attribute and times. */
#include <time.h>

#include "backend/contract.h"
#include "base/clock.h"

#define TIMES_NOW (VFS_ATTR_ATIME_NOW | VFS_ATTR_MTIME_NOW)
#define TIMES (VFS_ATTR_ATIME | VFS_ATTR_MTIME)

static enum vfs_status set(struct vfs_object *obj, const struct vfs_cred *cred,
                           const struct vfs_attr *attr, uint32_t *applied)
{
    *applied = ~0u;
    return obj->fs->ops->setattr(obj, cred, attr, false, applied);
}

static bool earlier(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

static void getattr_returns_requested_attributes(void **state)
{
    struct contract *c = *state;
    const uint32_t must = VFS_ATTR_ALL_GET & ~(uint32_t)(VFS_ATTR_BTIME | VFS_ATTR_RDEV);
    struct vfs_object *file = make_file(c, "file");

    for (uint32_t bit = 1; bit <= VFS_ATTR_ALL_GET; bit <<= 1) {
        struct vfs_attr attr = {.mask = 0};

        assert_ok(c->fs->ops->getattr(file, bit, &attr));
        if (must & bit)
            assert_true(attr.mask & bit);
    }
    assert_int_equal(attr_of(file).mask & must, must);
    if (c->fs->caps & VFS_CAP_BTIME)
        assert_true(attr_of(file).mask & VFS_ATTR_BTIME);
    vfs_object_put(file);
}

static void fileids_differ(void **state)
{
    struct contract *c = *state;
    uint64_t ids[64];

    for (uint32_t i = 0; i < ARRAY_SIZE(ids); i++) {
        char name[16];
        struct vfs_object *obj;

        (void)snprintf(name, sizeof(name), "f%u", i);
        obj = make(c->root, &c->owner, name, i % 2 ? VFS_DIR : VFS_REG, 0755);
        ids[i] = obj->fileid;
        assert_int_not_equal(ids[i], 0);
        assert_int_not_equal(ids[i], c->root->fileid);
        for (uint32_t j = 0; j < i; j++)
            assert_int_not_equal(ids[i], ids[j]);
        vfs_object_put(obj);
    }
}

static void mode_can_be_set(void **state)
{
    struct contract *c = *state;
    const uint32_t modes[] = {0, 0777, 0123, 04755, 02755, 01644, 07777};
    struct vfs_object *file = make_file(c, "file");

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        assert_ok(do_chmod(file, &c->owner, modes[i]));
        assert_int_equal(attr_of(file).mode, modes[i]);
    }
    assert_ok(do_chmod(c->root, &c->owner, 01777));
    assert_int_equal(attr_of(c->root).mode, 01777);
    vfs_object_put(file);
}

static void times_can_be_set(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr a = {.mask = TIMES, .atime = {1234567890, 123456789}, .mtime = {42, 999999999}};
    struct timespec ctime = attr_of(file).ctime;
    uint64_t change = change_of(file);
    struct vfs_attr got;
    uint32_t applied;

    assert_ok(set(file, &c->owner, &a, &applied));
    assert_int_equal(applied, TIMES);
    got = attr_of(file);
    assert_int_equal(got.atime.tv_sec, 1234567890);
    assert_int_equal(got.atime.tv_nsec, 123456789);
    assert_int_equal(got.mtime.tv_sec, 42);
    assert_int_equal(got.mtime.tv_nsec, 999999999);
    assert_false(earlier(got.ctime, ctime));
    assert_true(got.change > change);
    vfs_object_put(file);
}

static void one_time_leaves_the_other(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr both = {.mask = TIMES, .atime = {1000, 1}, .mtime = {2000, 2}};
    struct vfs_attr one = {.mask = VFS_ATTR_MTIME, .mtime = {3000, 3}};
    uint32_t applied;

    assert_ok(set(file, &c->owner, &both, &applied));
    assert_ok(set(file, &c->owner, &one, &applied));
    assert_int_equal(attr_of(file).atime.tv_sec, 1000);
    assert_int_equal(attr_of(file).mtime.tv_sec, 3000);
    one.mask = VFS_ATTR_ATIME;
    one.atime.tv_sec = 4000;
    assert_ok(set(file, &c->owner, &one, &applied));
    assert_int_equal(attr_of(file).atime.tv_sec, 4000);
    assert_int_equal(attr_of(file).mtime.tv_sec, 3000);
    vfs_object_put(file);
}

static void now_is_the_clock_of_the_server(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr past = {.mask = TIMES, .atime = {1000, 1}, .mtime = {2000, 2}};
    struct vfs_attr now = {.mask = TIMES_NOW};
    time_t floor = clock_realtime().tv_sec - 5;
    uint32_t applied;

    assert_ok(set(file, &c->owner, &past, &applied));
    assert_ok(set(file, &c->owner, &now, &applied));
    assert_int_equal(applied, TIMES_NOW);
    assert_true(attr_of(file).atime.tv_sec >= floor);
    assert_true(attr_of(file).mtime.tv_sec >= floor);
    vfs_object_put(file);
}

static void permission_to_set_times(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr past = {.mask = TIMES, .atime = {1000, 1}, .mtime = {2000, 2}};
    struct vfs_attr now = {.mask = TIMES_NOW};
    uint32_t applied;

    assert_status(set(file, &c->other, &past, &applied), VFS_PERM);
    assert_int_equal(applied, 0);
    assert_status(set(file, &c->other, &now, &applied), VFS_ACCESS);
    assert_int_equal(applied, 0);
    assert_ok(do_chmod(file, &c->owner, 0666));
    assert_ok(set(file, &c->other, &now, &applied));
    assert_status(set(file, &c->other, &past, &applied), VFS_PERM);
    assert_ok(do_chmod(file, &c->owner, 0));
    assert_ok(set(file, &c->owner, &now, &applied));
    assert_ok(set(file, &c->super, &past, &applied));
    vfs_object_put(file);
}

static void chmod_is_for_the_owner(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    assert_ok(do_chmod(file, &c->owner, 0666));
    assert_status(do_chmod(file, &c->other, 0777), VFS_PERM);
    assert_status(do_chmod(file, &c->member, 0777), VFS_PERM);
    assert_int_equal(attr_of(file).mode, 0666);
    assert_ok(do_chmod(file, &c->super, 0600));
    vfs_object_put(file);
}

static void chown_is_for_root(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr gid = {.mask = VFS_ATTR_GID, .gid = CONTRACT_TEAM};
    uint32_t applied;

    assert_status(do_chown(file, &c->owner, CONTRACT_OTHER, CONTRACT_OWNER), VFS_PERM);
    assert_status(do_chown(file, &c->other, CONTRACT_OTHER, CONTRACT_OTHER), VFS_PERM);
    assert_ok(do_chown(file, &c->super, CONTRACT_OTHER, 4711));
    assert_int_equal(attr_of(file).uid, CONTRACT_OTHER);
    assert_int_equal(attr_of(file).gid, 4711);
    assert_ok(do_chown(file, &c->super, CONTRACT_OWNER, CONTRACT_OWNER));
    /* The owner may set any of its own groups, and no other. */
    assert_ok(set(file, &c->owner, &gid, &applied));
    assert_int_equal(attr_of(file).gid, CONTRACT_TEAM);
    gid.gid = 4711;
    assert_status(set(file, &c->owner, &gid, &applied), VFS_PERM);
    assert_status(set(file, &c->member, &gid, &applied), VFS_PERM);
    vfs_object_put(file);
}

static void chown_clears_suid_and_sgid(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr gid = {.mask = VFS_ATTR_GID, .gid = CONTRACT_TEAM};
    uint32_t applied;

    assert_ok(do_chmod(file, &c->owner, 06755));
    assert_ok(set(file, &c->owner, &gid, &applied));
    assert_int_equal(attr_of(file).mode, 0755);
    vfs_object_put(file);
}

static void chmod_drops_sgid_of_a_foreign_group(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    assert_ok(do_chown(file, &c->super, CONTRACT_OWNER, 4711));
    assert_ok(do_chmod(file, &c->owner, 02755));
    assert_int_equal(attr_of(file).mode, 0755);
    assert_ok(do_chmod(file, &c->super, 02755));
    assert_int_equal(attr_of(file).mode, 02755);
    vfs_object_put(file);
}

static void size_needs_write_unless_opened(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr size = {.mask = VFS_ATTR_SIZE, .size = 5};
    uint32_t applied = 0;

    assert_status(do_truncate(file, &c->other, 5), VFS_ACCESS);
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_WRITE, false));
    assert_ok(do_chmod(file, &c->owner, 0400));
    assert_status(do_truncate(file, &c->owner, 5), VFS_ACCESS);
    assert_ok(c->fs->ops->setattr(file, &c->owner, &size, true, &applied));
    assert_int_equal(applied, VFS_ATTR_SIZE);
    assert_int_equal(attr_of(file).size, 5);
    c->fs->ops->close(file, VFS_WANT_WRITE);
    vfs_object_put(file);
}

/* `applied` matches the file, however much took effect. */
static void applied_is_the_truth(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr want = {
        .mask = VFS_ATTR_SIZE | VFS_ATTR_MODE | VFS_ATTR_UID,
        .size = 77,
        .mode = 0600,
        .uid = CONTRACT_OTHER,
    };
    struct vfs_attr got;
    uint32_t applied;

    assert_status(set(file, &c->owner, &want, &applied), VFS_PERM);
    assert_int_equal(applied & VFS_ATTR_UID, 0);
    got = attr_of(file);
    assert_int_equal(got.uid, CONTRACT_OWNER);
    assert_int_equal(got.size == 77, (applied & VFS_ATTR_SIZE) != 0);
    assert_int_equal(got.mode == 0600, (applied & VFS_ATTR_MODE) != 0);
    vfs_object_put(file);
}

static void several_at_once(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr want = {
        .mask = VFS_ATTR_SIZE | VFS_ATTR_MODE | TIMES,
        .size = 99,
        .mode = 0604,
        .atime = {5, 6},
        .mtime = {7, 8},
    };
    uint32_t applied;

    assert_ok(set(file, &c->owner, &want, &applied));
    assert_int_equal(applied, want.mask);
    assert_int_equal(attr_of(file).size, 99);
    assert_int_equal(attr_of(file).mode, 0604);
    assert_int_equal(attr_of(file).mtime.tv_sec, 7);
    vfs_object_put(file);
}

/* What every change must advance, strictly. RFC 8881 §5.8.1.4 */
static void change_moves_with_each_change(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    uint64_t last = change_of(file);

    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t next;

        if (i % 3 == 0)
            put_bytes(c, file, 0, "x", 1);
        else if (i % 3 == 1)
            assert_ok(do_chmod(file, &c->owner, 0600 + i % 8));
        else
            assert_ok(do_truncate(file, &c->owner, i));
        next = change_of(file);
        assert_true(next > last);
        last = next;
    }
    vfs_object_put(file);
}

static void change_rests_without_change(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    uint64_t before;
    char buf[4];
    bool eof;

    put_bytes(c, file, 0, "abcd", 4);
    before = change_of(file);
    get_bytes(c, file, 0, buf, 4, &eof);
    assert_ok(do_find(c->root, &c->owner, "file"));
    do_access(file, &c->owner, 0x3f);
    assert_int_equal(change_of(file), before);
    vfs_object_put(file);
}

static void names_change_their_directory(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    uint64_t last = change_of(c->root), next;
    struct timespec mtime = attr_of(c->root).mtime;

    assert_ok(do_make(c->root, &c->owner, "dir", VFS_DIR, 0755));
    next = change_of(c->root);
    assert_true(next > last);
    last = next;
    assert_ok(do_link(file, c->root, &c->owner, "link"));
    next = change_of(c->root);
    assert_true(next > last);
    last = next;
    assert_ok(do_rename(c->root, "link", c->root, "other", &c->owner));
    next = change_of(c->root);
    assert_true(next > last);
    last = next;
    assert_ok(do_remove(c->root, &c->owner, "other"));
    next = change_of(c->root);
    assert_true(next > last);
    last = next;
    assert_ok(do_remove(c->root, &c->owner, "dir"));
    assert_true(change_of(c->root) > last);
    assert_false(earlier(attr_of(c->root).mtime, mtime));
    vfs_object_put(file);
}

static void links_change_their_object(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    uint64_t last = change_of(file), next;

    assert_ok(do_link(file, c->root, &c->owner, "link"));
    next = change_of(file);
    assert_true(next > last);
    last = next;
    assert_ok(do_remove(c->root, &c->owner, "link"));
    assert_true(change_of(file) > last);
    vfs_object_put(file);
}

static void writing_moves_mtime_and_ctime(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr past = {.mask = TIMES, .atime = {1000, 0}, .mtime = {1000, 0}};
    uint32_t applied;

    assert_ok(set(file, &c->owner, &past, &applied));
    put_bytes(c, file, 0, "x", 1);
    assert_true(attr_of(file).mtime.tv_sec > 1000);
    assert_true(attr_of(file).ctime.tv_sec > 1000);
    assert_ok(set(file, &c->owner, &past, &applied));
    assert_ok(do_truncate(file, &c->owner, 1));
    assert_true(attr_of(file).mtime.tv_sec > 1000);
    vfs_object_put(file);
}

/* Wait longer than a tick of the kernel's file clock. */
static void pass_time(void)
{
    const struct timespec tick = {.tv_nsec = 25 * NSEC_PER_MSEC};

    (void)nanosleep(&tick, NULL);
}

static void each_change_moves_ctime(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct timespec last = attr_of(file).ctime, next;

    pass_time();
    assert_ok(do_chmod(file, &c->owner, 0600));
    next = attr_of(file).ctime;
    assert_true(earlier(last, next));
    last = next;
    pass_time();
    put_bytes(c, file, 0, "x", 1);
    next = attr_of(file).ctime;
    assert_true(earlier(last, next));
    last = next;
    pass_time();
    assert_ok(do_link(file, c->root, &c->owner, "link"));
    next = attr_of(file).ctime;
    assert_true(earlier(last, next));
    vfs_object_put(file);
}

/* With the server's own rights: permission does not matter. */
static void a_touch_moves_mtime_and_change(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr before, after;

    put_bytes(c, file, 0, "x", 1);
    assert_ok(do_chmod(file, &c->owner, 0400));
    before = attr_of(file);
    pass_time();
    assert_ok(c->fs->ops->touch(file));
    after = attr_of(file);
    assert_true(earlier(before.mtime, after.mtime));
    assert_true(after.change > before.change);
    assert_int_equal(after.size, 1);
    assert_int_equal(after.atime.tv_sec, before.atime.tv_sec);
    vfs_object_put(file);
}

static bool same(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void set_held(struct contract *c, struct vfs_object *file, const struct vfs_attr *set)
{
    const struct vfs_cred *nobody = &c->other;
    uint32_t applied;

    assert_ok(c->fs->ops->setattr(file, nobody, set, true, &applied));
}

/* What a holder reports is set with the server's own rights; the ctime follows. */
static void an_mtime_that_a_holder_reports(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr before, after, set = {.mask = VFS_ATTR_HELD | VFS_ATTR_ATIME | VFS_ATTR_MTIME};

    assert_ok(do_chmod(file, &c->owner, 0400));
    before = attr_of(file);
    set.atime = (struct timespec){1000000, 1};
    set.mtime = (struct timespec){1000000, 2};
    set_held(c, file, &set);
    after = attr_of(file);
    assert_true(same(after.atime, set.atime) && same(after.mtime, set.mtime));
    assert_false(earlier(after.ctime, before.ctime));
    assert_true(after.change > before.change);
    set.mask = VFS_ATTR_HELD | VFS_ATTR_MTIME;
    pass_time();
    set.mtime = (struct timespec){after.ctime.tv_sec, after.ctime.tv_nsec + 1};
    if (set.mtime.tv_nsec == NSEC_PER_SEC)
        set.mtime = (struct timespec){after.ctime.tv_sec + 1, 0};
    set_held(c, file, &set);
    assert_true(same(attr_of(file).mtime, set.mtime));
    assert_false(earlier(attr_of(file).ctime, set.mtime));
    assert_true(attr_of(file).change > after.change);
    vfs_object_put(file);
}

/* Alone, it moves neither ctime nor change attribute, and is left alone where it would. */
static void an_atime_that_a_holder_reports(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    const struct vfs_attr before = attr_of(file),
                          set = {.mask = VFS_ATTR_HELD | VFS_ATTR_ATIME, .atime = {1000000, 1}};
    struct vfs_attr after;

    set_held(c, file, &set);
    after = attr_of(file);
    assert_true(same(after.atime, c->fs->caps & VFS_CAP_ATIME ? set.atime : before.atime));
    assert_true(same(after.mtime, before.mtime) && same(after.ctime, before.ctime));
    assert_true(after.change == before.change);
    vfs_object_put(file);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(getattr_returns_requested_attributes, NEEDS_NOTHING),
    CONTRACT_TEST(fileids_differ, NEEDS_NOTHING),
    CONTRACT_TEST(mode_can_be_set, NEEDS_NOTHING),
    CONTRACT_TEST(times_can_be_set, NEEDS_NOTHING),
    CONTRACT_TEST(one_time_leaves_the_other, NEEDS_NOTHING),
    CONTRACT_TEST(now_is_the_clock_of_the_server, NEEDS_NOTHING),
    CONTRACT_TEST(permission_to_set_times, NEEDS_USERS),
    CONTRACT_TEST(chmod_is_for_the_owner, NEEDS_USERS),
    CONTRACT_TEST(chown_is_for_root, NEEDS_USERS | NEEDS_CHOWN),
    CONTRACT_TEST(chown_clears_suid_and_sgid, NEEDS_USERS),
    CONTRACT_TEST(chmod_drops_sgid_of_a_foreign_group, NEEDS_USERS | NEEDS_CHOWN),
    CONTRACT_TEST(size_needs_write_unless_opened, NEEDS_USERS),
    CONTRACT_TEST(applied_is_the_truth, NEEDS_USERS),
    CONTRACT_TEST(several_at_once, NEEDS_NOTHING),
    CONTRACT_TEST(change_moves_with_each_change, NEEDS_NOTHING),
    CONTRACT_TEST(change_rests_without_change, NEEDS_NOTHING),
    CONTRACT_TEST(names_change_their_directory, NEEDS_NOTHING),
    CONTRACT_TEST(links_change_their_object, NEEDS_NOTHING),
    CONTRACT_TEST(writing_moves_mtime_and_ctime, NEEDS_NOTHING),
    CONTRACT_TEST(each_change_moves_ctime, NEEDS_NOTHING),
    CONTRACT_TEST(a_touch_moves_mtime_and_change, NEEDS_NOTHING),
    CONTRACT_TEST(an_mtime_that_a_holder_reports, NEEDS_NOTHING),
    CONTRACT_TEST(an_atime_that_a_holder_reports, NEEDS_NOTHING),
};

CONTRACT_GROUP(attr, tests);
