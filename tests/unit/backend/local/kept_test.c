/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of files: for whom it is good, until when, and how much of it there is. */
#include "backend/local/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "lib/test.h"

enum {
    INO = 77,
    DIR_INO = 78,
    PLACE = 11,
    MOUNT = 5,
    CHUNK_BYTES = 8192,
};

static struct local_versions *versions;
static struct local_kept *kept;

static int set_up(void **state)
{
    (void)state;
    versions = calloc(1, sizeof(*versions));
    kept = local_kept_create(versions);
    return kept ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    local_kept_destroy(kept);
    free(versions);
    return 0;
}

static struct local_id id_of(uint8_t generation)
{
    return (struct local_id){.len = 13, .data = {1, generation}};
}

static void keep(uint64_t ino, uint64_t place, uint32_t until_s)
{
    const struct statx st = {
        .stx_ino = ino, .stx_nlink = 1, .stx_size = ino * 3, .stx_mnt_id = MOUNT};
    const struct local_kept_look look = {
        .version = local_version_read(versions, ino), .place = place, .until_s = until_s};
    const struct local_id id = id_of(1);

    local_kept_keep(kept, &look, &st, &id);
}

static bool is_kept(uint64_t ino, uint8_t generation)
{
    const struct local_id id = id_of(generation);
    struct statx st;

    if (!local_kept_of_file(kept, ino, &id, MOUNT, &st))
        return false;
    /* Another mount may show other owners. */
    assert_false(local_kept_of_file(kept, ino, &id, MOUNT + 1, &st));
    assert_int_equal(st.stx_size, ino * 3);
    return true;
}

static bool is_at(uint64_t ino, uint64_t place)
{
    struct local_id id;
    struct statx st;

    if (!local_kept_at_place(kept, ino, place, &st, &id))
        return false;
    assert_int_equal(id.len, 13);
    assert_int_equal(id.data[1], 1);
    return true;
}

/* Another file may have the inode number by now, or what is there belongs to another mount. */
static void the_inode_number_does_not_suffice(void **state)
{
    (void)state;
    keep(INO, PLACE, 0);
    assert_true(is_kept(INO, 1));
    assert_false(is_kept(INO, 2));
    assert_true(is_at(INO, PLACE));
    assert_false(is_at(INO, PLACE + 1));
    assert_false(is_kept(INO + 1, 1));
    keep(INO, 0, 0); /* by a descriptor: it is still there */
    assert_true(is_at(INO, PLACE));
    local_version_next(versions, INO);
    keep(INO, 0, 0); /* it may have moved */
    assert_true(is_kept(INO, 1));
    assert_false(is_at(INO, PLACE));
}

static void a_change_ends_it(void **state)
{
    struct statx st = {.stx_ino = INO, .stx_nlink = 1, .stx_size = INO * 3, .stx_mnt_id = MOUNT};
    struct local_kept_look early = {.version = local_version_read(versions, INO)};
    const struct local_id id = id_of(1);

    (void)state;
    keep(INO, PLACE, 0);
    local_version_begin(versions, INO);
    assert_false(is_kept(INO, 1));
    keep(INO, PLACE, 0);
    assert_false(is_kept(INO, 1));
    local_version_end(versions, INO);
    assert_false(is_kept(INO, 1)); /* what was read meanwhile */
    assert_false(is_at(INO, PLACE));
    local_kept_keep(kept, &early, &st, &id);
    assert_false(is_kept(INO, 1)); /* or before */
    keep(INO, PLACE, 0);
    assert_true(is_kept(INO, 1));
    st.stx_nlink = 0;
    early.version = local_version_read(versions, INO);
    local_version_next(versions, INO);
    local_kept_keep(kept, &early, &st, &id);
    assert_false(is_kept(INO, 1));
}

static void some_are_good_for_a_while_only(void **state)
{
    (void)state;
    keep(INO, PLACE, local_kept_now_s() + 5);
    assert_true(is_kept(INO, 1));
    clock_advance_ns(6 * NSEC_PER_SEC);
    assert_false(is_kept(INO, 1));
    assert_false(is_at(INO, PLACE));
}

static void memory_of_attributes_is_bounded(void **state)
{
    struct memory_stats before, after;
    uint32_t found = 0;

    (void)state;
    memory_stats_read(&before);
    for (uint32_t i = 1; i <= 2 * LIMIT_LOCAL_KEPT_ATTRS; i++)
        keep(i, PLACE, 0);
    memory_stats_read(&after);
    for (uint32_t i = 1; i <= 2 * LIMIT_LOCAL_KEPT_ATTRS; i++)
        found += is_kept(i, 1);
    assert_true(found > LIMIT_LOCAL_KEPT_ATTRS / 4);
    assert_true(found <= LIMIT_LOCAL_KEPT_ATTRS);
    assert_true(after.of[MEMORY_cached] - before.of[MEMORY_cached] <=
                (uint64_t)LIMIT_LOCAL_KEPT_ATTRS * 144);
    local_kept_drop(kept);
    memory_stats_read(&after);
    assert_true(after.of[MEMORY_cached] <= before.of[MEMORY_cached]);
    assert_false(is_kept(1, 1));
}

static bool has_names(int64_t pos, const char *first)
{
    struct local_names_chunk *chunk = local_kept_names(kept, DIR_INO, pos);
    const char *data;
    size_t bytes;

    if (!chunk)
        return false;
    data = local_names_chunk_data(chunk, &bytes);
    assert_int_equal(bytes, CHUNK_BYTES);
    assert_string_equal(data, first);
    local_names_chunk_put(chunk);
    return true;
}

static void keep_names(int64_t pos, const char *first)
{
    const struct local_kept_look look = {.version = local_version_read(versions, DIR_INO)};
    char data[CHUNK_BYTES] = "";

    (void)stpcpy(data, first);
    local_kept_keep_names(kept, DIR_INO, &look, pos, data, sizeof(data));
}

static void names_are_good_until_a_change(void **state)
{
    struct local_names_chunk *chunk;
    size_t bytes;

    (void)state;
    keep_names(0, "a");
    keep_names(5, "b");
    assert_true(has_names(0, "a"));
    assert_true(has_names(5, "b"));
    assert_false(has_names(1, ""));
    chunk = local_kept_names(kept, DIR_INO, 0);
    assert_non_null(chunk);
    local_version_begin(versions, DIR_INO);
    assert_false(has_names(0, "a"));
    keep_names(0, "c");
    local_version_end(versions, DIR_INO);
    assert_false(has_names(0, "c"));
    keep_names(0, "d");
    assert_true(has_names(0, "d"));
    assert_string_equal(local_names_chunk_data(chunk, &bytes), "a"); /* whoever has it */
    local_names_chunk_put(chunk);
}

static void memory_of_names_is_bounded(void **state)
{
    const uint32_t many = 2 * LIMIT_LOCAL_KEPT_NAMES / CHUNK_BYTES;
    struct memory_stats before, after;
    uint32_t found = 0;

    (void)state;
    memory_stats_read(&before);
    for (uint32_t i = 0; i < many; i++)
        keep_names(i, "x");
    memory_stats_read(&after);
    for (uint32_t i = 0; i < many; i++)
        found += has_names(i, "x");
    assert_true(found > many / 4);
    assert_true(found < many);
    assert_true(has_names(many - 1, "x")); /* the last one is the last to go */
    assert_true(after.of[MEMORY_cached] - before.of[MEMORY_cached] <= LIMIT_LOCAL_KEPT_NAMES);
}

static void without_memory_less_is_kept(void **state)
{
    (void)state;
    memory_fail_nth(1);
    keep_names(0, "a");
    assert_true(memory_fail_done());
    assert_false(has_names(0, "a"));
    memory_fail_nth(1);
    keep(INO, PLACE, 0);
    assert_true(memory_fail_done());
    assert_false(is_kept(INO, 1));
    memory_fail_nth(1);
    assert_null(local_kept_create(versions));
    memory_fail_nth(0);
    keep(INO, PLACE, 0);
    assert_true(is_kept(INO, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_inode_number_does_not_suffice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(some_are_good_for_a_while_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_of_attributes_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_good_until_a_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_of_names_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_less_is_kept, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
