/* SPDX-License-Identifier: Apache-2.0 */
/* advise(): hints change nothing that can be read. */
#include "backend/contract.h"

static const struct {
    uint64_t offset, length;
} ranges[] = {{0, 0}, {0, 1}, {4096, 8192}, {UINT64_C(1) << 40, 0}, {INT64_MAX, 0}, {0, INT64_MAX}};

static uint32_t advise(struct vfs_object *file, size_t range, uint32_t advice)
{
    uint32_t taken = UINT32_MAX;

    assert_ok(
        file->fs->ops->advise(file, ranges[range].offset, ranges[range].length, advice, &taken));
    assert_int_equal(taken & ~advice, 0);
    return taken;
}

static void data_stays(void **state)
{
    static const char word[] = "word";
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    char back[sizeof(word)];
    uint64_t before;
    bool eof;

    put_bytes(c, file, 0, word, sizeof(word));
    before = change_of(file);
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        (void)advise(file, i, VFS_ADVICE_WILLNEED);
        (void)advise(file, i, VFS_ADVICE_DONTNEED);
        assert_int_equal(advise(file, i, 0), 0);
    }
    assert_int_equal(change_of(file), before);
    assert_int_equal(attr_of(file).size, sizeof(word));
    assert_int_equal(get_bytes(c, file, 0, back, sizeof(back), &eof), sizeof(word));
    assert_memory_equal(back, word, sizeof(word));
    vfs_object_put(file);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(data_stays, NEEDS_NOTHING),
};

CONTRACT_GROUP(advise, tests);
