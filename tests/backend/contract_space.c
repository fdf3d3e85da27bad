/* SPDX-License-Identifier: Apache-2.0 */
/* allocate(), deallocate(), seek() and read_plus().  RFC 7862 §15.1, §15.4, §15.10, §15.11. */
#include <stdlib.h>
#include <unistd.h>

#include "backend/contract.h"
#include "vfs/vfs_read_plus.h"

enum {
    KIB = 1 << 10,
    MIB = 1 << 20,
    HOLE_ROOM = 20,
    DATA_ROOM = 16,
    STEPS = 400,
};

static enum vfs_status allocate(const struct contract *c, struct vfs_object *file, uint64_t offset,
                                uint64_t length)
{
    return c->fs->ops->allocate(file, &c->owner, offset, length);
}

static enum vfs_status deallocate(const struct contract *c, struct vfs_object *file,
                                  uint64_t offset, uint64_t length)
{
    return c->fs->ops->deallocate(file, &c->owner, offset, length);
}

static void fill(struct contract *c, struct vfs_object *file, uint64_t offset, char byte,
                 uint32_t len)
{
    char *data = malloc(len);

    assert_non_null(data);
    memset(data, byte, len);
    put_bytes(c, file, offset, data, len);
    free(data);
}

static void assert_all(struct contract *c, struct vfs_object *file, uint64_t offset, char byte,
                       uint32_t len)
{
    char *got = malloc(len);
    bool eof;

    assert_non_null(got);
    assert_int_equal(get_bytes(c, file, offset, got, len, &eof), len);
    for (uint32_t i = 0; i < len; i++)
        assert_int_equal(got[i], byte);
    free(got);
}

static void assert_found(const struct contract *c, struct vfs_object *file, enum vfs_content what,
                         uint64_t offset, uint64_t want, bool want_eof)
{
    uint64_t found;
    bool eof;

    assert_ok(c->fs->ops->seek(file, what, offset, &found, &eof));
    assert_int_equal(found, want);
    assert_int_equal(eof, want_eof);
}

static void assert_not_found(const struct contract *c, struct vfs_object *file, uint64_t offset)
{
    uint64_t found;
    bool eof;

    assert_status(c->fs->ops->seek(file, VFS_DATA, offset, &found, &eof), VFS_NXIO);
    assert_status(c->fs->ops->seek(file, VFS_HOLE, offset, &found, &eof), VFS_NXIO);
}

/* ---- read_plus ---- */

/* What read_plus() may use of the buffer: not a byte more. */
static size_t room_for(uint32_t len)
{
    return (size_t)len + DATA_ROOM + 3;
}

static void take_fd(const struct vfs_read_plus *io, struct vfs_object *file, uint8_t *to)
{
    const struct vfs_read_plus_part *part = &io->parts[io->count - 1];

    assert_int_equal(
        pread(io->fd, to + (part->offset - io->offset), part->len, (off_t)part->offset), part->len);
    file->fs->ops->read_done(file, io->fd);
}

/* Returns the number of bytes in `to`, which are what the parts stand for. */
static uint32_t plus_bytes(struct vfs_object *file, struct vfs_read_plus *io, uint8_t *to)
{
    uint64_t at = io->offset;

    io->hole_room = HOLE_ROOM;
    io->data_room = DATA_ROOM;
    assert_ok(file->fs->ops->read_plus(file, io));
    for (uint32_t i = 0; i < io->count; i++) {
        const struct vfs_read_plus_part *part = &io->parts[i];

        assert_int_equal(part->offset, at);
        assert_true(part->len > 0);
        assert_true(i == 0 || part->hole != io->parts[i - 1].hole);
        if (part->hole) {
            assert_true(part->len >= LIMIT_READ_PLUS_HOLE);
            memset(to + (at - io->offset), 0, part->len);
        } else if (part->data) {
            memcpy(to + (at - io->offset), part->data, part->len);
        } else {
            assert_true(io->fd >= 0 && i + 1 == io->count);
        }
        at += part->len;
    }
    if (io->fd >= 0)
        take_fd(io, file, to);
    return (uint32_t)(at - io->offset);
}

/* read_plus() says what read() says. */
static void assert_as_read(struct contract *c, struct vfs_object *file, uint64_t offset,
                           uint32_t len, bool fd_ok)
{
    uint8_t *plain = malloc(len + 1), *plus = malloc(len + 1), *buf = malloc(room_for(len));
    struct vfs_read_plus io = {.offset = offset, .len = len, .fd_ok = fd_ok, .buf = buf};
    uint32_t got, got_plus;
    bool eof;

    assert_true(plain && plus && buf);
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_READ, false));
    got_plus = plus_bytes(file, &io, plus);
    got = get_bytes(c, file, offset, plain, len, &eof);
    assert_int_equal(got_plus, got);
    assert_int_equal(io.eof, eof);
    if (got)
        assert_memory_equal(plus, plain, got);
    c->fs->ops->close(file, VFS_WANT_READ);
    free(plain);
    free(plus);
    free(buf);
}

/* ---- tests ---- */

static void allocating_extends_and_keeps(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr before = attr_of(file), after;

    assert_ok(allocate(c, file, 100, MIB));
    after = attr_of(file);
    assert_int_equal(after.size, MIB + 100);
    assert_true(after.space_used >= MIB);
    assert_int_not_equal(after.change, before.change);
    assert_all(c, file, 0, 0, MIB + 100);
    fill(c, file, 1000, 'a', 100 * KIB);
    assert_ok(allocate(c, file, 0, 64 * KIB));
    assert_ok(allocate(c, file, 2000, 1));
    assert_int_equal(attr_of(file).size, MIB + 100);
    assert_all(c, file, 0, 0, 1000);
    assert_all(c, file, 1000, 'a', 100 * KIB);
    assert_all(c, file, 1000 + 100 * KIB, 0, 1000);
    vfs_object_put(file);
}

static void deallocating_makes_zeros(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_attr before, after;

    fill(c, file, 0, 'a', 256 * KIB);
    before = attr_of(file);
    assert_ok(deallocate(c, file, 64 * KIB - 1, 64 * KIB + 2));
    after = attr_of(file);
    assert_int_equal(after.size, 256 * KIB);
    assert_true(after.space_used + 64 * KIB <= before.space_used);
    assert_int_not_equal(after.change, before.change);
    assert_all(c, file, 0, 'a', 64 * KIB - 1);
    assert_all(c, file, 64 * KIB - 1, 0, 64 * KIB + 2);
    assert_all(c, file, 128 * KIB + 1, 'a', 128 * KIB - 1);
    assert_ok(deallocate(c, file, 10, 1)); /* in one block */
    assert_all(c, file, 0, 'a', 10);
    assert_all(c, file, 10, 0, 1);
    assert_all(c, file, 11, 'a', 1000);
    assert_ok(deallocate(c, file, 256 * KIB - 1, MIB));
    assert_ok(deallocate(c, file, 10 * MIB, MIB));
    assert_ok(deallocate(c, file, 0, INT64_MAX));
    assert_ok(deallocate(c, file, INT64_MAX - 1, 1));
    assert_int_equal(attr_of(file).size, 256 * KIB);
    assert_all(c, file, 0, 0, 256 * KIB);
    vfs_object_put(file);
}

/* A write that follows finds the blocks as they were. */
static void holes_are_filled_again(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    fill(c, file, 0, 'a', 64 * KIB);
    assert_ok(deallocate(c, file, 8 * KIB, 16 * KIB));
    fill(c, file, 12 * KIB + 5, 'b', 10);
    assert_all(c, file, 8 * KIB, 0, 4 * KIB + 5);
    assert_all(c, file, 12 * KIB + 5, 'b', 10);
    assert_all(c, file, 12 * KIB + 15, 0, 12 * KIB - 15);
    assert_all(c, file, 24 * KIB, 'a', 40 * KIB);
    assert_ok(allocate(c, file, 8 * KIB, 16 * KIB));
    assert_all(c, file, 12 * KIB + 5, 'b', 10);
    assert_all(c, file, 12 * KIB + 15, 0, 12 * KIB - 15);
    vfs_object_put(file);
}

static void found(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    assert_not_found(c, file, 0);
    fill(c, file, 64 * KIB, 'a', 64 * KIB);
    assert_found(c, file, VFS_HOLE, 0, 0, false);
    assert_found(c, file, VFS_DATA, 0, 64 * KIB, false);
    assert_found(c, file, VFS_DATA, 64 * KIB + 1, 64 * KIB + 1, false);
    assert_found(c, file, VFS_HOLE, 64 * KIB + 1, 128 * KIB, true);
    assert_not_found(c, file, 128 * KIB);
    assert_not_found(c, file, INT64_MAX);
    assert_not_found(c, file, UINT64_MAX);
    assert_ok(do_truncate(file, &c->owner, MIB));
    assert_found(c, file, VFS_HOLE, 64 * KIB, 128 * KIB, false);
    assert_found(c, file, VFS_HOLE, MIB - 1, MIB - 1, false);
    assert_found(c, file, VFS_DATA, 128 * KIB, MIB, true);
    assert_not_found(c, file, MIB);
    vfs_object_put(file);
}

static uint64_t freed(const struct contract *c, struct vfs_object *obj)
{
    uint64_t bytes;

    assert_ok(c->fs->ops->space_freed(obj, &bytes));
    return bytes;
}

static void what_would_be_freed(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_object *link = make_symlink(c, "link", "x");

    assert_int_equal(freed(c, file), attr_of(file).space_used);
    fill(c, file, 0, 'a', 256 * KIB);
    assert_ok(c->fs->ops->commit(file, &c->owner, 0, 0));
    assert_true(freed(c, file) >= 256 * KIB);
    assert_int_equal(freed(c, file), attr_of(file).space_used);
    assert_int_equal(freed(c, c->root), attr_of(c->root).space_used);
    assert_int_equal(freed(c, link), attr_of(link).space_used);
    vfs_object_put(file);
    vfs_object_put(link);
}

/* What two files share, the removal of one does not free; btrfs keeps all of an extent of which a
 * part is shared. */
static void shared_space_is_not_freed(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *other = make_file(c, "other");

    fill(c, file, 0, 'a', 512 * KIB);
    assert_ok(c->fs->ops->clone(file, 0, other, 0, 256 * KIB, &c->owner));
    fill(c, other, MIB, 'b', 128 * KIB);
    assert_ok(c->fs->ops->commit(file, &c->owner, 0, 0));
    assert_ok(c->fs->ops->commit(other, &c->owner, 0, 0));
    assert_true(freed(c, file) <= attr_of(file).space_used - 256 * KIB);
    assert_true(freed(c, other) <= attr_of(other).space_used - 256 * KIB);
    assert_true(freed(c, other) >= 128 * KIB);
    assert_ok(do_truncate(other, &c->owner, 0));
    assert_int_equal(freed(c, file), attr_of(file).space_used);
    vfs_object_put(file);
    vfs_object_put(other);
}

static void holes_are_told(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    uint8_t *buf = malloc(room_for(MIB)), *bytes = malloc(MIB);
    struct vfs_read_plus io = {.len = MIB, .buf = buf};

    assert_true(buf && bytes);
    fill(c, file, 64 * KIB, 'a', 64 * KIB);
    assert_ok(do_truncate(file, &c->owner, 512 * KIB));
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_READ, false));
    assert_int_equal(plus_bytes(file, &io, bytes), 512 * KIB);
    assert_int_equal(io.count, 3);
    assert_true(io.parts[0].hole && !io.parts[1].hole && io.parts[2].hole);
    assert_true(io.eof);
    io.offset = 512 * KIB;
    assert_int_equal(plus_bytes(file, &io, bytes), 0);
    assert_int_equal(io.count, 0);
    assert_true(io.eof);
    io.offset = INT64_MAX;
    io.len = 0;
    assert_int_equal(plus_bytes(file, &io, bytes), 0);
    assert_true(io.eof);
    c->fs->ops->close(file, VFS_WANT_READ);
    for (uint32_t at = 0; at <= 512 * KIB; at += 60 * KIB + 1)
        assert_as_read(c, file, at, 150 * KIB, at % 2 != 0);
    free(buf);
    free(bytes);
    vfs_object_put(file);
}

/* Whatever was done to the file, its bytes are those of read(), and seek() agrees with them: where
 * it says that there is a hole there are zeros. */
static void bytes_are_those_of_read(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    srand(7862);
    for (uint32_t i = 0; i < STEPS; i++) {
        uint64_t offset = (uint64_t)rand() % MIB;
        uint32_t len = 1 + (uint32_t)rand() % (rand() % 2 ? 100 : 128 * KIB);
        uint64_t at, end;
        bool eof;

        switch (rand() % 4) {
        case 0:
            fill(c, file, offset, (char)('a' + i % 26), len);
            break;
        case 1:
            assert_ok(deallocate(c, file, offset, len));
            break;
        case 2:
            assert_ok(allocate(c, file, offset, len));
            break;
        default:
            assert_ok(do_truncate(file, &c->owner, offset));
        }
        offset = (uint64_t)rand() % MIB;
        assert_as_read(c, file, offset, 1 + (uint32_t)rand() % MIB, rand() % 2);
        if (c->fs->ops->seek(file, VFS_HOLE, offset, &at, &eof) == VFS_OK && !eof &&
            c->fs->ops->seek(file, VFS_DATA, at, &end, &eof) == VFS_OK)
            assert_all(c, file, at, 0, (uint32_t)(end - at));
    }
    vfs_object_put(file);
}

static void only_files_have_space(void **state)
{
    struct contract *c = *state;
    struct vfs_object *link = make_symlink(c, "link", "x");
    struct vfs_object *fifo = make(c->root, &c->owner, "fifo", VFS_FIFO, 0644);
    struct vfs_object *objects[] = {c->root, link, fifo};
    const enum vfs_status statuses[] = {VFS_ISDIR, VFS_SYMLINK, VFS_WRONG_TYPE};
    uint8_t buf[64];

    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        struct vfs_read_plus io = {.len = 1, .buf = buf};
        uint64_t at;
        bool eof;

        assert_status(allocate(c, objects[i], 0, 1), statuses[i]);
        assert_status(deallocate(c, objects[i], 0, 1), statuses[i]);
        assert_status(c->fs->ops->seek(objects[i], VFS_DATA, 0, &at, &eof), statuses[i]);
        assert_status(c->fs->ops->read_plus(objects[i], &io), statuses[i]);
    }
    vfs_object_put(link);
    vfs_object_put(fifo);
}

static void offsets_have_an_end(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    assert_either(allocate(c, file, INT64_MAX - 10, 10), VFS_FBIG, VFS_OK);
    assert_either(allocate(c, file, 0, INT64_MAX), VFS_NOSPC, VFS_FBIG);
    assert_ok(do_truncate(file, &c->owner, 0));
    assert_either(allocate(c, file, 1, INT64_MAX - 1), VFS_NOSPC, VFS_FBIG);
    assert_int_equal(attr_of(file).size, 0);
    vfs_object_put(file);
}

/* As a write does. */
static void suid_and_sgid_are_lost(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    fill(c, file, 0, 'a', 8 * KIB);
    assert_ok(do_chmod(file, &c->owner, 04755));
    if (geteuid() == 0 && !c->backend->multi_user) {
        vfs_object_put(file);
        return; /* all act as root, who keeps them */
    }
    assert_ok(allocate(c, file, 0, 4 * KIB));
    assert_int_equal(attr_of(file).mode & 04000, 0);
    assert_ok(do_chmod(file, &c->owner, 04755));
    assert_ok(deallocate(c, file, 0, 4 * KIB));
    assert_int_equal(attr_of(file).mode & 04000, 0);
    vfs_object_put(file);
}

static void full_file_system_reserves_nothing(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file;

    contract_limit(c, 4 * MIB, 0);
    file = make_file(c, "file");
    fill(c, file, 0, 'a', 100 * KIB);
    assert_status(allocate(c, file, 50 * KIB, 64 * MIB), VFS_NOSPC);
    assert_status(allocate(c, file, MIB, 4 * MIB), VFS_NOSPC);
    assert_int_equal(attr_of(file).size, 100 * KIB);
    assert_all(c, file, 0, 'a', 100 * KIB);
    vfs_object_put(file);
}

static uint64_t bytes_free(const struct contract *c)
{
    struct vfs_statfs now;

    assert_ok(c->fs->ops->statfs(c->root, &now));
    return now.bytes_free;
}

/* The space runs out only in the end: what was taken until then is given back, and only that. */
static void a_failed_reservation_changes_nothing(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file;
    struct vfs_attr before, after;
    uint64_t free;

    contract_limit(c, 16 * MIB, 0);
    file = make_file(c, "file");
    assert_ok(allocate(c, file, 8 * MIB, 64 * KIB));
    fill(c, file, 300 * KIB, 'a', 100 * KIB);
    before = attr_of(file);
    free = bytes_free(c);
    /* Enough for the blocks, but not for the tree that finds them. */
    assert_status(allocate(c, file, 0, free / 4096 * 4096 + 164 * KIB), VFS_NOSPC);
    after = attr_of(file);
    assert_int_equal(after.space_used, before.space_used);
    assert_int_equal(after.size, before.size);
    assert_int_equal(after.change, before.change);
    assert_true(bytes_free(c) + 4 * KIB > free); /* its tree keeps some nodes in reserve */
    assert_all(c, file, 300 * KIB, 'a', 100 * KIB);
    vfs_object_put(file);
}

/* Nobody else gets what is reserved, and all of it can be written. */
static void reserved_space_is_there(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file, *other;
    char data[4096] = {1};
    uint64_t taken = 0;

    contract_limit(c, 4 * MIB, 0);
    file = make_file(c, "file");
    other = make_file(c, "other");
    assert_ok(allocate(c, file, 4097, 2 * MIB));
    assert_ok(c->fs->ops->open(other, &c->owner, VFS_WANT_WRITE, false));
    while (do_write(other, &c->owner, taken, data, sizeof(data)) == VFS_OK)
        taken += sizeof(data);
    c->fs->ops->close(other, VFS_WANT_WRITE);
    assert_true(taken > 0 && taken < 2 * MIB);
    fill(c, file, 4097, 'x', 2 * MIB);
    assert_all(c, file, 4097, 'x', 2 * MIB);
    assert_ok(deallocate(c, file, 0, 2 * MIB));
    fill(c, other, taken, 'y', MIB); /* what is freed is for all */
    vfs_object_put(file);
    vfs_object_put(other);
}

/* Shared blocks are reserved as blocks of the file's own. */
static void shared_space_is_reserved(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file, *other;
    char data[4096] = {1};
    uint64_t taken = 0;

    contract_limit(c, 4 * MIB, 0);
    file = make_file(c, "file");
    other = make_file(c, "other");
    fill(c, file, 0, 'a', MIB);
    assert_ok(c->fs->ops->clone(file, 0, other, 0, MIB, &c->owner));
    assert_ok(allocate(c, file, 0, MIB));
    assert_all(c, file, 0, 'a', MIB);
    assert_ok(c->fs->ops->open(other, &c->owner, VFS_WANT_WRITE, false));
    while (do_write(other, &c->owner, MIB + taken, data, sizeof(data)) == VFS_OK)
        taken += sizeof(data);
    c->fs->ops->close(other, VFS_WANT_WRITE);
    fill(c, file, 0, 'x', MIB);
    assert_all(c, other, 0, 'a', MIB);
    vfs_object_put(file);
    vfs_object_put(other);
}

/* To clear a part of a shared block takes a block.  Without one, nothing is freed at all. */
static void full_file_system_frees_whole_blocks(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file, *other;
    char data[4096] = {1};
    uint64_t taken = 0;

    contract_limit(c, 4 * MIB, 0);
    file = make_file(c, "file");
    other = make_file(c, "other");
    fill(c, file, 0, 'a', MIB);
    assert_ok(c->fs->ops->clone(file, 0, other, 0, MIB, &c->owner));
    assert_ok(c->fs->ops->open(other, &c->owner, VFS_WANT_WRITE, false));
    while (do_write(other, &c->owner, MIB + taken, data, sizeof(data)) == VFS_OK)
        taken += sizeof(data);
    c->fs->ops->close(other, VFS_WANT_WRITE);
    assert_status(deallocate(c, file, 1, 512 * KIB), VFS_NOSPC);
    assert_status(deallocate(c, file, 0, 512 * KIB + 1), VFS_NOSPC);
    assert_all(c, file, 0, 'a', MIB);
    assert_ok(deallocate(c, file, 0, 512 * KIB));
    assert_all(c, file, 0, 0, 512 * KIB);
    assert_all(c, other, 0, 'a', MIB);
    vfs_object_put(file);
    vfs_object_put(other);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(allocating_extends_and_keeps, NEEDS_NOTHING),
    CONTRACT_TEST(deallocating_makes_zeros, NEEDS_NOTHING),
    CONTRACT_TEST(holes_are_filled_again, NEEDS_NOTHING),
    CONTRACT_TEST(found, NEEDS_NOTHING),
    CONTRACT_TEST(what_would_be_freed, NEEDS_NOTHING),
    CONTRACT_TEST(shared_space_is_not_freed, NEEDS_CLONE),
    CONTRACT_TEST(holes_are_told, NEEDS_NOTHING),
    CONTRACT_TEST(bytes_are_those_of_read, NEEDS_NOTHING),
    CONTRACT_TEST(only_files_have_space, NEEDS_NOTHING),
    CONTRACT_TEST(offsets_have_an_end, NEEDS_NOTHING),
    CONTRACT_TEST(suid_and_sgid_are_lost, NEEDS_NOTHING),
    CONTRACT_TEST(full_file_system_reserves_nothing, NEEDS_LIMIT),
    CONTRACT_TEST(a_failed_reservation_changes_nothing, NEEDS_LIMIT),
    CONTRACT_TEST(reserved_space_is_there, NEEDS_LIMIT),
    CONTRACT_TEST(shared_space_is_reserved, NEEDS_CLONE | NEEDS_LIMIT),
    CONTRACT_TEST(full_file_system_frees_whole_blocks, NEEDS_CLONE | NEEDS_LIMIT),
};

CONTRACT_GROUP(space, tests);
