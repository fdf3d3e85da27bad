/* SPDX-License-Identifier: Apache-2.0 */
/* What backend/mem guarantees beyond the contract of all backends. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/mem/mem.h"
#include "base/clock.h"
#include "lib/test.h"

static const struct vfs_cred root_cred = {.uid = 0, .gid = 0};

static struct vfs_name name_of(const char *text)
{
    return (struct vfs_name){.data = text, .len = strlen(text)};
}

static struct vfs_object *root_of(struct vfs *fs)
{
    struct vfs_object *root;

    assert_int_equal(fs->ops->root(fs, &root), VFS_OK);
    return root;
}

static struct vfs_object *make(struct vfs_object *dir, const char *text, enum vfs_type type,
                               uint32_t mode)
{
    struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = mode};
    struct vfs_create create = {.type = type, .mode = VFS_CREATE_GUARDED, .attr = &attr};
    struct vfs_name name = name_of(text);
    struct vfs_change_info info;
    struct vfs_object *obj;

    assert_int_equal(dir->fs->ops->create(dir, &root_cred, &name, &create, &info, &obj), VFS_OK);
    return obj;
}

static struct vfs_attr attr_of(struct vfs_object *obj)
{
    struct vfs_attr attr;

    assert_int_equal(obj->fs->ops->getattr(obj, VFS_ATTR_ALL_GET, &attr), VFS_OK);
    return attr;
}

static void write_bytes(struct vfs_object *obj, uint64_t offset, const void *data, uint32_t len)
{
    enum vfs_stability reached;
    uint32_t written;

    assert_int_equal(
        obj->fs->ops->write(obj, &root_cred, offset, data, len, VFS_UNSTABLE, &written, &reached),
        VFS_OK);
    assert_int_equal(written, len);
    assert_int_equal(reached, VFS_FILE_SYNC);
}

static void read_some(struct vfs_object *obj)
{
    char buf[4];
    struct vfs_read io = {.len = sizeof(buf), .buf = buf, .fd = -1};

    assert_int_equal(obj->fs->ops->read(obj, &io), VFS_OK);
}

static void defaults_make_sense(void **state)
{
    struct vfs *fs = mem_create(NULL), *second = mem_create(NULL);
    struct vfs_object *root = root_of(fs);
    struct vfs_statfs st;

    (void)state;
    assert_int_equal(root->fs->ops->statfs(root, &st), VFS_OK);
    assert_true(st.bytes_total >= 64u << 20);
    assert_int_equal(st.file_size_max, MEM_FILE_SIZE_MAX);
    assert_int_equal(attr_of(root).uid, 0);
    assert_int_equal(attr_of(root).mode, 0755);
    assert_int_not_equal(fs->write_verifier, second->write_verifier);
    vfs_object_put(root);
    second->ops->destroy(second);
    fs->ops->destroy(fs);
}

static void root_is_as_asked(void **state)
{
    struct mem_options options = {.root_uid = 5, .root_gid = 6, .root_mode = 01777};
    struct vfs *fs = mem_create(&options);
    struct vfs_object *root = root_of(fs);

    (void)state;
    assert_int_equal(attr_of(root).uid, 5);
    assert_int_equal(attr_of(root).gid, 6);
    assert_int_equal(attr_of(root).mode, 01777);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

/* After a restart the clients' handles are stale, not wrong; the root's handle leads to the
 * root. */
static void handles_of_another_life_are_stale(void **state)
{
    struct vfs *old = mem_create(NULL), *fs = mem_create(NULL);
    struct vfs_object *root = root_of(old), *file = make(root, "a", VFS_REG, 0644), *found;
    struct vfs_handle root_handle = root->handle, file_handle = file->handle;

    (void)state;
    vfs_object_put(file);
    vfs_object_put(root);
    old->ops->destroy(old);
    root = root_of(fs);
    vfs_object_put(make(root, "b", VFS_REG, 0644)); /* with the old file's number */
    assert_int_equal(fs->ops->resolve(fs, &file_handle, &found), VFS_STALE);
    assert_int_equal(fs->ops->resolve(fs, &root_handle, &found), VFS_OK);
    assert_ptr_equal(found, root);
    vfs_object_put(found);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

/* One changed bit makes a forgery, whether the object exists or not; except in a file's instance,
 * where it means another life. */
static void forgeries_are_told_from_the_dead(void **state)
{
    struct vfs *fs = mem_create(NULL);
    struct vfs_object *root = root_of(fs), *file = make(root, "a", VFS_REG, 0644), *found;

    (void)state;
    for (uint32_t bit = 0; bit < file->handle.len * 8u; bit++) {
        struct vfs_handle forged = file->handle;

        forged.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(fs->ops->resolve(fs, &forged, &found),
                         bit >= 32 && bit < 64 ? VFS_STALE : VFS_BADHANDLE);
        forged = root->handle;
        forged.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(fs->ops->resolve(fs, &forged, &found), VFS_OK);
    }
    vfs_object_put(file);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

static void a_write_drops_suid(void **state)
{
    struct vfs *fs = mem_create(NULL);
    struct vfs_object *root = root_of(fs);
    struct vfs_object *a = make(root, "a", VFS_REG, 06755), *b = make(root, "b", VFS_REG, 06745);

    (void)state;
    write_bytes(a, 0, "x", 1);
    write_bytes(b, 0, "x", 1);
    assert_int_equal(attr_of(a).mode, 0755);
    assert_int_equal(attr_of(b).mode, 02745);
    vfs_object_put(a);
    vfs_object_put(b);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

/* atime advances with the first read after a change, and is no change itself. */
static void atime_is_relatime(void **state)
{
    struct vfs *fs = mem_create(NULL);
    struct vfs_object *root = root_of(fs), *file = make(root, "file", VFS_REG, 0644);
    struct vfs_attr before, first, second, third;

    (void)state;
    write_bytes(file, 0, "data", 4);
    before = attr_of(file);
    clock_advance_ns(NSEC_PER_SEC);
    read_some(file);
    first = attr_of(file);
    assert_true(first.atime.tv_sec > before.atime.tv_sec);
    assert_int_equal(first.change, before.change);
    assert_int_equal(first.ctime.tv_nsec, before.ctime.tv_nsec);
    clock_advance_ns(NSEC_PER_SEC);
    read_some(file);
    second = attr_of(file);
    assert_int_equal(second.atime.tv_sec, first.atime.tv_sec);
    assert_int_equal(second.atime.tv_nsec, first.atime.tv_nsec);
    write_bytes(file, 0, "d", 1);
    read_some(file);
    third = attr_of(file);
    assert_true(third.atime.tv_sec > second.atime.tv_sec);
    vfs_object_put(file);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

/* A file with 64-bit holes costs only the few nodes on the path to its data. */
static void holes_are_cheap(void **state)
{
    struct mem_options options = {.bytes_max = 256 << 10};
    struct vfs *fs = mem_create(&options);
    struct vfs_object *root = root_of(fs), *file = make(root, "file", VFS_REG, 0644);

    (void)state;
    for (uint32_t shift = 13; shift < 63; shift += 7)
        write_bytes(file, 1ull << shift, "x", 1);
    assert_int_equal(attr_of(file).space_used, 8 * 4096);
    write_bytes(file, MEM_FILE_SIZE_MAX - 1, "y", 1);
    assert_int_equal(attr_of(file).size, MEM_FILE_SIZE_MAX);
    vfs_object_put(file);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

enum {
    RECORD_BYTES = 20000,
    RECORD_ROUNDS = 300,
};

static void *write_records(void *arg)
{
    static _Thread_local unsigned char record[RECORD_BYTES];
    struct vfs_object *file = arg;
    enum vfs_stability reached;
    uint32_t written;

    for (uint32_t i = 0; i < RECORD_ROUNDS; i++) {
        memset(record, (int)(i & 0xff), sizeof(record));
        file->fs->ops->write(file, &root_cred, 0, record, sizeof(record), VFS_UNSTABLE, &written,
                             &reached);
    }
    return NULL;
}

/* A READ sees all of a WRITE or none of it. */
static void writes_are_seen_whole(void **state)
{
    static unsigned char buf[RECORD_BYTES];
    struct vfs *fs = mem_create(NULL);
    struct vfs_object *root = root_of(fs), *file = make(root, "file", VFS_REG, 0644);
    pthread_t threads[2];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_records, file), 0);
    for (uint32_t i = 0; i < RECORD_ROUNDS; i++) {
        struct vfs_read io = {.len = sizeof(buf), .buf = buf, .fd = -1};

        assert_int_equal(fs->ops->read(file, &io), VFS_OK);
        assert_true(io.len == 0 || io.len == sizeof(buf));
        assert_true(io.len == 0 || memcmp(buf, buf + 1, sizeof(buf) - 1) == 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        pthread_join(threads[i], NULL);
    vfs_object_put(file);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

static enum vfs_status try_make(struct vfs_object *dir, const char *text)
{
    struct vfs_attr attr = {.mask = 0};
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &attr};
    struct vfs_name name = name_of(text);
    struct vfs_change_info info;
    struct vfs_object *obj;
    enum vfs_status status = dir->fs->ops->create(dir, &root_cred, &name, &create, &info, &obj);

    if (status == VFS_OK)
        vfs_object_put(obj);
    return status;
}

static struct vfs_object *attrdir_of(struct vfs_object *obj)
{
    struct vfs_object *dir;

    assert_int_equal(obj->fs->ops->openattr(obj, &root_cred, true, &dir), VFS_OK);
    return dir;
}

/* An object has a maximum number of them, and their memory is free again when the object is
 * removed. */
static void named_attributes_are_limited(void **state)
{
    struct vfs *fs = mem_create(NULL);
    struct vfs_object *root = root_of(fs), *file = make(root, "file", VFS_REG, 0644);
    struct vfs_object *dir = attrdir_of(file);
    struct vfs_name name = name_of("a7"), file_name = name_of("file");
    struct vfs_change_info info;
    struct vfs_statfs before, after;
    char text[16];

    (void)state;
    assert_int_equal(fs->ops->statfs(root, &before), VFS_OK);
    for (uint32_t i = 0; i < LIMIT_NAMED_ATTRS; i++) {
        (void)snprintf(text, sizeof(text), "a%u", i);
        assert_int_equal(try_make(dir, text), VFS_OK);
    }
    assert_int_equal(try_make(dir, "more"), VFS_NOSPC);
    assert_int_equal(try_make(dir, "a0"), VFS_EXIST);
    assert_int_equal(fs->ops->remove(dir, &root_cred, &name, &info), VFS_OK);
    assert_int_equal(try_make(dir, "more"), VFS_OK);
    vfs_object_put(dir);
    vfs_object_put(file);
    assert_int_equal(fs->ops->remove(root, &root_cred, &file_name, &info), VFS_OK);
    assert_int_equal(fs->ops->statfs(root, &after), VFS_OK);
    assert_true(after.bytes_free > before.bytes_free); /* file and directory, too */
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

/* destroy() frees them wherever they are. */
static void named_attributes_go_with_the_file_system(void **state)
{
    struct vfs *fs = mem_create(NULL);
    struct vfs_object *root = root_of(fs), *dir = attrdir_of(root);
    struct vfs_object *attr = make(dir, "attr", VFS_REG, 0644);

    (void)state;
    write_bytes(attr, 0, "bytes", 5);
    vfs_object_put(attr);
    vfs_object_put(dir);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

static void move(struct vfs_object *dir, const char *from, const char *to)
{
    struct vfs_name from_name = name_of(from), to_name = name_of(to);
    struct vfs_change_info from_info, to_info;

    assert_int_equal(
        dir->fs->ops->rename(dir, &from_name, dir, &to_name, &root_cred, &from_info, &to_info),
        VFS_OK);
}

static void add(struct vfs_object *obj, struct vfs_object *dir, const char *text)
{
    struct vfs_name name = name_of(text);
    struct vfs_change_info info;

    assert_int_equal(dir->fs->ops->link(obj, dir, &root_cred, &name, &info), VFS_OK);
}

static void drop(struct vfs_object *dir, const char *text)
{
    struct vfs_name name = name_of(text);
    struct vfs_change_info info;

    assert_int_equal(dir->fs->ops->remove(dir, &root_cred, &name, &info), VFS_OK);
}

static void names(struct vfs_object *dir, const char *text, const struct vfs_object *expected)
{
    struct vfs_name name = name_of(text);
    struct vfs_object *found;

    if (!expected) {
        assert_int_equal(dir->fs->ops->lookup(dir, &root_cred, &name, &found), VFS_NOENT);
        return;
    }
    assert_int_equal(dir->fs->ops->lookup(dir, &root_cred, &name, &found), VFS_OK);
    assert_ptr_equal(found, expected);
    vfs_object_put(found);
}

static uint64_t bytes_free(struct vfs_object *root)
{
    struct vfs_statfs st;

    assert_int_equal(root->fs->ops->statfs(root, &st), VFS_OK);
    return st.bytes_free;
}

/* The first name has its place beside the file, which a later one gets if it fits. */
static void names_come_and_go(void **state)
{
    static const char long_name[] = "a name for which there is no room beside the file";
    struct vfs *fs = mem_create(NULL);
    struct vfs_object *root = root_of(fs), *kept = make(root, "kept", VFS_REG, 0644), *file;
    uint64_t before = bytes_free(root), one_name;

    (void)state;
    file = make(root, "first", VFS_REG, 0644);
    one_name = bytes_free(root);
    add(file, root, "second");
    assert_true(bytes_free(root) < one_name);
    drop(root, "first");
    add(file, root, "third");
    drop(root, "second");
    assert_true(bytes_free(root) == one_name);
    names(root, "first", NULL);
    names(root, "second", NULL);
    names(root, "third", file);
    move(root, "third", long_name);
    assert_true(bytes_free(root) < one_name);
    names(root, long_name, file);
    move(root, long_name, "3rd");
    assert_true(bytes_free(root) == one_name);
    names(root, "3rd", file);
    names(root, "kept", kept);
    drop(root, "3rd");
    vfs_object_put(file);
    assert_true(bytes_free(root) == before);
    vfs_object_put(kept);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

/* While a listing has a name, the file gets another one, and the place of the first is in use. */
static bool emit_renamed(void *arg, const struct vfs_dirent *dirent)
{
    struct vfs_object *dir = arg;

    assert_int_equal(dirent->name.len, strlen("before"));
    move(dir, "before", "behind");
    assert_memory_equal(dirent->name.data, "before", strlen("before"));
    drop(dir, "behind");
    assert_memory_equal(dirent->name.data, "before", strlen("before"));
    return false;
}

static void a_listing_keeps_its_names(void **state)
{
    struct vfs *fs = mem_create(NULL);
    struct vfs_object *root = root_of(fs);
    struct vfs_readdir rd = {.emit = emit_renamed, .arg = root};
    uint64_t before;

    (void)state;
    vfs_object_put(make(root, "kept", VFS_DIR, 0755));
    drop(root, "kept");
    before = bytes_free(root);
    vfs_object_put(make(root, "before", VFS_REG, 0644));
    assert_int_equal(fs->ops->readdir(root, &root_cred, &rd), VFS_OK);
    assert_true(bytes_free(root) == before);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

enum {
    LIVES = 40,
    BLOCK_BYTES = 64 << 10,
    BLOCKS = 64
};

static void *put_last(void *obj)
{
    vfs_object_put(obj);
    return NULL;
}

/* An export is removed while the last reference on a removed file of it is put: the file's blocks
 * are returned before the file system may go.  For the sanitizers. */
static void idle_when_all_is_freed(void **state)
{
    static const uint8_t block[BLOCK_BYTES];
    enum vfs_stability reached;
    struct vfs_change_info info;
    struct vfs_name name = name_of("a");

    (void)state;
    for (int life = 0; life < LIVES; life++) {
        struct vfs *fs = mem_create(NULL);
        struct vfs_object *root = root_of(fs), *file = make(root, "a", VFS_REG, 0644);
        pthread_t thread;
        uint32_t written;

        for (uint64_t i = 0; i < BLOCKS; i++)
            assert_int_equal(fs->ops->write(file, &root_cred, i * BLOCK_BYTES, block, BLOCK_BYTES,
                                            VFS_UNSTABLE, &written, &reached),
                             VFS_OK);
        assert_int_equal(fs->ops->remove(root, &root_cred, &name, &info), VFS_OK);
        vfs_object_put(root);
        assert_false(fs->ops->idle(fs));
        assert_int_equal(pthread_create(&thread, NULL, put_last, file), 0);
        while (!fs->ops->idle(fs))
            sched_yield();
        fs->ops->destroy(fs);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
}

enum {
    MAKERS = 4,
    MADE = 1000, /* by each: many batches of numbers */
};

struct maker {
    struct vfs_object *root;
    char prefix;
    uint64_t ids[MADE];
};

static void *make_files(void *arg)
{
    struct maker *maker = arg;

    for (unsigned i = 0; i < MADE; i++) {
        char name[16];
        struct vfs_object *file;

        (void)snprintf(name, sizeof(name), "%c%u", maker->prefix, i);
        file = make(maker->root, name, VFS_REG, 0644);
        maker->ids[i] = file->fileid;
        vfs_object_put(file);
    }
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void numbers_of_files_differ(void **state)
{
    static struct maker makers[MAKERS];
    static uint64_t ids[MAKERS * MADE];
    struct vfs *fs = mem_create(NULL);
    struct vfs_object *root = root_of(fs);
    pthread_t threads[MAKERS];

    (void)state;
    assert_int_equal(root->fileid, 1);
    for (size_t i = 0; i < MAKERS; i++) {
        makers[i].root = root;
        makers[i].prefix = (char)('a' + i);
        assert_int_equal(pthread_create(&threads[i], NULL, make_files, &makers[i]), 0);
    }
    for (size_t i = 0; i < MAKERS; i++) {
        pthread_join(threads[i], NULL);
        memcpy(ids + i * MADE, makers[i].ids, sizeof(makers[i].ids));
    }
    qsort(ids, ARRAY_SIZE(ids), sizeof(ids[0]), compare_ids);
    assert_true(ids[0] > 1);
    for (size_t i = 1; i < ARRAY_SIZE(ids); i++)
        assert_true(ids[i] > ids[i - 1]);
    vfs_object_put(root);
    fs->ops->destroy(fs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_make_sense),
        cmocka_unit_test(root_is_as_asked),
        cmocka_unit_test(handles_of_another_life_are_stale),
        cmocka_unit_test(forgeries_are_told_from_the_dead),
        cmocka_unit_test(a_write_drops_suid),
        cmocka_unit_test(atime_is_relatime),
        cmocka_unit_test(holes_are_cheap),
        cmocka_unit_test(writes_are_seen_whole),
        cmocka_unit_test(named_attributes_are_limited),
        cmocka_unit_test(named_attributes_go_with_the_file_system),
        cmocka_unit_test(names_come_and_go),
        cmocka_unit_test(a_listing_keeps_its_names),
        cmocka_unit_test(idle_when_all_is_freed),
        cmocka_unit_test(numbers_of_files_differ),
    };

    return test_group_run(tests);
}
