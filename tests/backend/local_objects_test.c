/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many objects exports keep, and when those that nobody uses leave.  The tests sweep by hand
 * and nobody else does, so that the number of passes is known.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "backend/local/known.h"
#include "backend/local/statx.h"
#include "backend/local/sweep.h"
#include "backend/local_fixture.h"
#include "base/clock.h"
#include "base/memory.h"
#include "lib/wait.h"

enum {
    EXPORTS = 2,
    SHARE = 5120,                       /* objects of all exports */
    SHARE_BYTES = SHARE * 4 * 1024,     /* the budget that they are a share of */
    SURE = 4096,                        /* objects that each export may have in any case */
    MANY = SHARE * 3 / 2,               /* files, and more than either */
    FEW = 256,                          /* as many may have descriptors */
    SPREAD = SHARE / 8,                 /* shards are not equally full */
    WIDE_BYTES = 64 << 20,              /* another budget, */
    TIGHT_BYTES = WIDE_BYTES / 16 * 11, /* and most of it */
    OLD_NS = 250000000,                 /* as known.c has it, and more */
    SHORT_SWEEPS = 2,
    SWEEPS = 10, /* many enough if memory is tight, and too few if not */
};

static const struct vfs_cred self = {.uid = 0};
static struct local_dir *exports[EXPORTS];

static struct local_fs *fs_of(const struct local_dir *dir)
{
    return CONTAINER_OF(dir->fs, struct local_fs, base);
}

static uint32_t objects_of(const struct local_dir *dir)
{
    return atomic_load(&fs_of(dir)->objects);
}

static int set_up(void **unused)
{
    (void)unused;
    for (int i = 0; i < EXPORTS; i++) {
        exports[i] = local_dir_create();
        local_sweep_stop(fs_of(exports[i]));
    }
    return 0;
}

static void destroy(struct local_dir *dir)
{
    struct local_fs *fs = fs_of(dir);

    close(fs->stop_fd);
    assert_int_equal(local_sweep_start(fs), 0); /* the export stops it */
    local_dir_destroy(dir);
}

static int tear_down(void **unused)
{
    (void)unused;
    memory_budget_set(0);
    for (int i = 0; i < EXPORTS; i++)
        destroy(exports[i]);
    return 0;
}

static const char *file_name(uint32_t number)
{
    static char name[16];

    snprintf(name, sizeof(name), "f%u", (unsigned)number);
    return name;
}

static struct statx statx_of(const struct local_dir *dir, const char *name)
{
    struct statx st;

    assert_int_equal(
        statx(AT_FDCWD, local_path(dir, name), 0, STATX_BASIC_STATS | STATX_BTIME, &st), 0);
    return st;
}

static bool is_old(const struct statx *st)
{
    return clock_wall_coarse().now_ns >
           st->stx_btime.tv_sec * NSEC_PER_SEC + st->stx_btime.tv_nsec + OLD_NS;
}

/* Those that are old enough for their IDs to be kept need no descriptors. */
static void make_files(const struct local_dir *dir, uint32_t count)
{
    struct statx last;

    for (uint32_t i = 0; i < count; i++) {
        int fd = open(local_path(dir, file_name(i)), O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        close(fd);
    }
    last = statx_of(dir, file_name(count - 1));
    wait_until(is_old(&last));
}

static struct vfs_object *look_up(const struct local_dir *dir, const char *name)
{
    struct vfs_object *root, *file;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    assert_ok(do_lookup(root, &self, name, &file));
    vfs_object_put(root);
    return file;
}

static void look_up_all(const struct local_dir *dir, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        vfs_object_put(look_up(dir, file_name(i)));
}

static void sweep(const struct local_dir *dir, unsigned times)
{
    vfs_own_identity();
    while (times-- > 0)
        local_sweep(fs_of(dir));
}

/* An object has a descriptor if it can't be found by handle: then there are never so many.  False:
 * by handle the test runs, too. */
static bool can_have_many(void)
{
    if (!local_privileged())
        test_skip("needs root: only then objects need no descriptors");
    return fs_of(exports[0])->by_handle && fs_of(exports[0])->known;
}

static void an_export_has_a_share_of_the_budget(void **unused)
{
    (void)unused;
    if (!can_have_many())
        return;
    make_files(exports[0], MANY);
    look_up_all(exports[0], MANY);
    assert_int_equal(objects_of(exports[0]), MANY + 1); /* there is no budget */
    sweep(exports[0], 100);
    assert_int_equal(objects_of(exports[0]), 1);
    memory_budget_set(SHARE_BYTES);
    look_up_all(exports[0], MANY);
    assert_false(memory_is_tight()); /* which would be another reason */
    assert_in_range(objects_of(exports[0]), SHARE - SPREAD, SHARE + SPREAD);
}

/* A smaller budget takes effect with use. */
static void objects_above_the_share_leave_for_others(void **unused)
{
    (void)unused;
    if (!can_have_many())
        return;
    make_files(exports[0], 2 * MANY);
    look_up_all(exports[0], MANY);
    memory_budget_set(SHARE_BYTES);
    look_up_all(exports[0], 2 * MANY);
    assert_false(memory_is_tight());
    assert_in_range(objects_of(exports[0]), SHARE - SPREAD, SHARE + SPREAD);
}

static void another_export_has_room_in_any_case(void **unused)
{
    uint32_t first;

    (void)unused;
    if (!can_have_many())
        return;
    for (int i = 0; i < EXPORTS; i++)
        make_files(exports[i], MANY);
    memory_budget_set(SHARE_BYTES);
    look_up_all(exports[0], MANY);
    first = objects_of(exports[0]);
    look_up_all(exports[1], SURE / 2);
    assert_int_equal(objects_of(exports[1]), SURE / 2 + 1);
    look_up_all(exports[1], MANY);
    assert_in_range(objects_of(exports[1]), SURE - SPREAD, SURE);
    look_up_all(exports[0], MANY);
    assert_true(objects_of(exports[0]) <= first);
    assert_false(memory_is_tight());
}

static void *make_tight(void)
{
    void *block;

    memory_budget_set(WIDE_BYTES);
    block = memory_alloc(MEMORY_buffers, TIGHT_BYTES);
    assert_non_null(block);
    assert_true(memory_is_tight());
    return block;
}

static void make_wide(void *block)
{
    memory_free(MEMORY_buffers, block);
    assert_false(memory_is_tight());
}

/* Each new one takes the place of an old one, of the same shard if it has one. */
static void there_are_no_more_when_memory_is_tight(void **unused)
{
    void *block = make_tight();

    (void)unused;
    make_files(exports[0], FEW);
    look_up_all(exports[0], FEW);
    assert_in_range(objects_of(exports[0]), 2, LOCAL_SHARDS + 1);
    make_wide(block);
    look_up_all(exports[0], FEW);
    assert_int_equal(objects_of(exports[0]), FEW + 1);
}

static void unused_objects_leave_soon_when_memory_is_tight(void **unused)
{
    const struct local_dir *dir = exports[0];
    struct vfs_object *held;
    void *block;

    (void)unused;
    make_files(dir, FEW);
    held = look_up(dir, file_name(0));
    look_up_all(dir, FEW);
    sweep(dir, SWEEPS);
    assert_int_equal(objects_of(dir), FEW + 1);
    look_up_all(dir, FEW);
    block = make_tight();
    sweep(dir, SHORT_SWEEPS);
    assert_int_equal(objects_of(dir), FEW + 1);
    sweep(dir, SWEEPS);
    assert_int_equal(objects_of(dir), 2); /* the root, and what is held */
    make_wide(block);
    vfs_object_put(held);
    sweep(dir, SWEEPS);
    assert_int_equal(objects_of(dir), 2);
}

static bool is_known(const struct local_dir *dir, const struct statx *st)
{
    struct local_known_look look;
    struct local_id id;

    return local_known_find(fs_of(dir)->known, st, &look, &id);
}

static void known_ids_go_when_memory_is_tight(void **unused)
{
    const struct local_dir *dir = exports[0];
    struct statx st;
    void *block;

    (void)unused;
    if (!fs_of(dir)->known)
        test_skip("this file system has no birth times, or handles that tell nothing");
    make_files(dir, 1);
    st = statx_of(dir, file_name(0));
    look_up_all(dir, 1);
    sweep(dir, SWEEPS);
    assert_true(is_known(dir, &st));
    block = make_tight();
    sweep(dir, 1);
    assert_false(is_known(dir, &st));
    look_up_all(dir, 1);
    assert_false(is_known(dir, &st)); /* a table that has been given back does not come back now */
    make_wide(block);
    look_up_all(dir, 1);
    assert_true(is_known(dir, &st));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_export_has_a_share_of_the_budget),
        TEST(objects_above_the_share_leave_for_others),
        TEST(another_export_has_room_in_any_case),
        TEST(there_are_no_more_when_memory_is_tight),
        TEST(unused_objects_leave_soon_when_memory_is_tight),
        TEST(known_ids_go_when_memory_is_tight),
    };

    return local_group_run(tests);
}
