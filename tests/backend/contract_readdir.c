/* SPDX-License-Identifier: Apache-2.0 */
/* readdir: complete, resumable, stable while other callers insert and remove. */
#include <stdlib.h>

#include "backend/contract.h"

enum {
    MANY = 10000,
};

/* The entries f0, f1, ... that a listing has seen. */
struct listing {
    uint32_t seen[2 * MANY]; /* how many times, by number */
    uint32_t others;         /* entries with other names */
    uint32_t total;
    uint32_t room; /* entries until emit stops the listing */
    uint64_t last_cookie;
    bool want_attr;
};

static bool collect(void *arg, const struct vfs_dirent *entry)
{
    struct listing *l = arg;
    char name[LIMIT_NAME_BYTES + 1];
    unsigned number;
    char end;

    if (l->room == 0)
        return false;
    l->room--;
    assert_in_range(entry->name.len, 1, LIMIT_NAME_BYTES);
    assert_true(entry->cookie > 2);
    assert_true(entry->fileid != 0);
    memcpy(name, entry->name.data, entry->name.len);
    name[entry->name.len] = 0;
    if (sscanf(name, "f%u%c", &number, &end) == 1 && number < ARRAY_SIZE(l->seen))
        l->seen[number]++;
    else
        l->others++;
    if (l->want_attr && entry->attr) {
        assert_true(entry->attr->mask & VFS_ATTR_FILEID);
        assert_int_equal(entry->attr->fileid, entry->fileid);
    }
    l->total++;
    l->last_cookie = entry->cookie;
    return true;
}

static struct listing *listing_new(void)
{
    struct listing *l = calloc(1, sizeof(*l));

    assert_non_null(l);
    return l;
}

/* One call from where the last one ended; true at the end of the directory. */
static bool list_some(struct contract *c, struct vfs_object *dir, struct listing *l, uint32_t room)
{
    struct vfs_readdir rd = {.cookie = l->last_cookie, .emit = collect, .arg = l};

    l->room = room;
    if (l->want_attr)
        rd.attr_mask = VFS_ATTR_FILEID | VFS_ATTR_SIZE | VFS_ATTR_TYPE;
    assert_ok(c->fs->ops->readdir(dir, &c->owner, &rd));
    return rd.eof;
}

static void make_numbered(struct contract *c, struct vfs_object *dir, uint32_t from, uint32_t to)
{
    char name[16];

    for (uint32_t i = from; i < to; i++) {
        (void)snprintf(name, sizeof(name), "f%u", i);
        assert_ok(do_make(dir, &c->owner, name, VFS_REG, 0644));
    }
}

static void remove_numbered(struct contract *c, struct vfs_object *dir, uint32_t number)
{
    char name[16];

    (void)snprintf(name, sizeof(name), "f%u", number);
    assert_ok(do_remove(dir, &c->owner, name));
}

static void empty_directory(void **state)
{
    struct contract *c = *state;
    struct listing *l = listing_new();
    struct vfs_object *dir = make_dir(c, "dir");

    assert_true(list_some(c, dir, l, 100));
    assert_int_equal(l->total, 0);
    free(l);
    vfs_object_put(dir);
}

/* `.` and `..` are not among them. */
static void every_entry_once(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct listing *l = listing_new();

    make_numbered(c, dir, 0, 100);
    assert_ok(do_make(dir, &c->owner, "subdirectory", VFS_DIR, 0755));
    assert_true(list_some(c, dir, l, UINT32_MAX));
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(l->seen[i], 1);
    assert_int_equal(l->others, 1);
    assert_int_equal(l->total, 101);
    free(l);
    vfs_object_put(dir);
}

static void many_entries_in_pieces(void **state)
{
    struct contract *c = *state;
    const uint32_t rooms[] = {1, 2, 63, 64, 65, 333};
    struct vfs_object *dir = make_dir(c, "dir");
    struct listing *l = listing_new();
    uint32_t calls = 0;

    make_numbered(c, dir, 0, MANY);
    while (!list_some(c, dir, l, rooms[calls++ % ARRAY_SIZE(rooms)]))
        assert_true(calls < MANY);
    assert_int_equal(l->total, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(l->seen[i], 1);
    free(l);
    vfs_object_put(dir);
}

static void refused_entry_comes_again(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct listing *l = listing_new();

    make_numbered(c, dir, 0, 3);
    assert_false(list_some(c, dir, l, 0));
    assert_int_equal(l->total, 0);
    assert_false(list_some(c, dir, l, 2));
    assert_true(list_some(c, dir, l, 2));
    assert_int_equal(l->total, 3);
    assert_true(list_some(c, dir, l, 2)); /* from the end: no entries, and the end again */
    assert_int_equal(l->total, 3);
    free(l);
    vfs_object_put(dir);
}

struct detail {
    struct contract *c;
    struct vfs_object *file;
    bool seen;
};

static bool check_detail(void *arg, const struct vfs_dirent *entry)
{
    struct detail *d = arg;

    d->seen = true;
    assert_int_equal(entry->fileid, d->file->fileid);
    assert_non_null(entry->attr);
    assert_int_equal(entry->attr->size, 5);
    assert_int_equal(entry->attr->type, VFS_REG);
    assert_int_equal(entry->attr->mode, 0644);
    assert_non_null(entry->handle);
    assert_int_equal(entry->handle->len, d->file->handle.len);
    assert_memory_equal(entry->handle->data, d->file->handle.data, entry->handle->len);
    return true;
}

static void attributes_and_handles_on_demand(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *file = make(dir, &c->owner, "file", VFS_REG, 0644);
    struct detail detail = {.c = c, .file = file};
    struct vfs_readdir rd = {.attr_mask = VFS_ATTR_SIZE | VFS_ATTR_TYPE | VFS_ATTR_MODE,
                             .want_handle = true,
                             .emit = check_detail,
                             .arg = &detail};

    put_bytes(c, file, 0, "12345", 5);
    assert_ok(c->fs->ops->readdir(dir, &c->owner, &rd));
    assert_true(detail.seen);
    assert_true(rd.eof);
    vfs_object_put(file);
    vfs_object_put(dir);
}

static bool use_the_directory(void *arg, const struct vfs_dirent *entry)
{
    struct detail *d = arg;
    char name[LIMIT_NAME_BYTES + 1];

    memcpy(name, entry->name.data, entry->name.len);
    name[entry->name.len] = 0;
    assert_ok(do_remove(d->file, &d->c->owner, name));
    d->seen = true;
    return true;
}

/* emit may make any call, on this very directory too. */
static void emit_runs_without_locks(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct detail detail = {.c = c, .file = dir};
    struct vfs_readdir rd = {.emit = use_the_directory, .arg = &detail};

    make_numbered(c, dir, 0, 10);
    assert_ok(c->fs->ops->readdir(dir, &c->owner, &rd));
    assert_true(detail.seen);
    assert_ok(do_remove(c->root, &c->owner, "dir"));
    vfs_object_put(dir);
}

/* Every second entry is removed and as many are added during the listing: entries that existed
 * throughout are seen once. */
static void steady_under_change(void **state)
{
    struct contract *c = *state;
    const uint32_t half = MANY / 10;
    struct vfs_object *dir = make_dir(c, "dir");
    struct listing *l = listing_new();
    uint32_t gone = 1, fresh = half;

    make_numbered(c, dir, 0, half);
    while (!list_some(c, dir, l, 17)) {
        for (uint32_t i = 0; i < 17 && gone < half; i++, gone += 2)
            remove_numbered(c, dir, gone);
        if (fresh < 2 * half) {
            make_numbered(c, dir, fresh, fresh + 10);
            fresh += 10;
        }
    }
    for (uint32_t i = 0; i < half; i += 2)
        assert_int_equal(l->seen[i], 1);
    for (uint32_t i = 1; i < 2 * half; i++)
        assert_true(l->seen[i] <= 1);
    free(l);
    vfs_object_put(dir);
}

/* As rm -r does: list some entries, remove them, go on from a removed entry's cookie. */
static void list_and_remove_to_the_end(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct listing *l = listing_new();
    uint32_t removed = 0;
    bool end = false;

    make_numbered(c, dir, 0, 1000);
    while (!end) {
        end = list_some(c, dir, l, 100);
        for (uint32_t i = 0; i < 1000; i++) {
            if (l->seen[i] == 1) {
                remove_numbered(c, dir, i);
                l->seen[i] = 2;
                removed++;
            }
        }
    }
    assert_int_equal(removed, 1000);
    assert_ok(do_remove(c->root, &c->owner, "dir"));
    free(l);
    vfs_object_put(dir);
}

static void only_directories_list(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_object *link = make_symlink(c, "link", ".");
    struct listing *l = listing_new();
    struct vfs_readdir rd = {.emit = collect, .arg = l};

    assert_status(c->fs->ops->readdir(file, &c->owner, &rd), VFS_NOTDIR);
    assert_status(c->fs->ops->readdir(link, &c->owner, &rd), VFS_NOTDIR);
    free(l);
    vfs_object_put(link);
    vfs_object_put(file);
}

/* Cookies 1 and 2 are never used (RFC 8881 §18.23.3), others may be outdated. */
static void reserved_cookies_are_bad(void **state)
{
    struct contract *c = *state;
    struct listing *l = listing_new();
    struct vfs_readdir rd = {.emit = collect, .arg = l};

    make_numbered(c, c->root, 0, 3);
    rd.cookie = 1;
    assert_status(c->fs->ops->readdir(c->root, &c->owner, &rd), VFS_BAD_COOKIE);
    rd.cookie = 2;
    assert_status(c->fs->ops->readdir(c->root, &c->owner, &rd), VFS_BAD_COOKIE);
    assert_int_equal(l->total, 0);
    free(l);
}

static void removed_directory_is_empty(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct listing *l = listing_new();
    struct vfs_readdir rd = {.emit = collect, .arg = l};
    enum vfs_status status;

    assert_ok(do_remove(c->root, &c->owner, "dir"));
    l->room = 10;
    status = c->fs->ops->readdir(dir, &c->owner, &rd);
    if (status != VFS_OK)
        assert_either(status, VFS_NOENT, VFS_STALE);
    assert_int_equal(l->total, 0);
    free(l);
    vfs_object_put(dir);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(empty_directory, NEEDS_NOTHING),
    CONTRACT_TEST(every_entry_once, NEEDS_NOTHING),
    CONTRACT_TEST(many_entries_in_pieces, NEEDS_NOTHING),
    CONTRACT_TEST(refused_entry_comes_again, NEEDS_NOTHING),
    CONTRACT_TEST(attributes_and_handles_on_demand, NEEDS_NOTHING),
    CONTRACT_TEST(emit_runs_without_locks, NEEDS_NOTHING),
    CONTRACT_TEST(steady_under_change, NEEDS_NOTHING),
    CONTRACT_TEST(list_and_remove_to_the_end, NEEDS_NOTHING),
    CONTRACT_TEST(only_directories_list, NEEDS_NOTHING),
    CONTRACT_TEST(reserved_cookies_are_bad, NEEDS_NOTHING),
    CONTRACT_TEST(removed_directory_is_empty, NEEDS_NOTHING),
};

CONTRACT_GROUP(readdir, tests);
