/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SR-16: while eight threads change two directories, what their watchers are told is complete and
 * in order: replayed from nothing, each change fits, and the result is what READDIR returns.  And
 * an entry whose object changes is there.
 */
#include <stdlib.h>

#include "backend/change_log.h"
#include "backend/contract.h"

enum {
    THREADS = 8,
    ROUNDS = 250,
    DIRS = 2,
    NAMES = 6,
};

struct storm {
    struct contract *c;
    struct vfs_object *dirs[DIRS], *file;
    struct change_log *log;
    pthread_barrier_t start;
    _Atomic uint32_t threads, made; /* made: changes of entries that should have been told */
};

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 11) % below;
}

static uint32_t try_rename(const struct storm *s, const struct vfs_cred *cred, uint64_t *seed,
                           const struct vfs_name *name)
{
    char text[] = {'n', (char)('0' + draw(seed, NAMES)), 0};
    struct vfs_name to = name_of(text);
    struct vfs_object *from_dir = s->dirs[draw(seed, DIRS)], *to_dir = s->dirs[draw(seed, DIRS)];
    struct vfs_change_info a, b;

    if (s->c->fs->ops->rename(from_dir, name, to_dir, &to, cred, &a, &b) != VFS_OK ||
        a.before == a.after)
        return 0;
    return from_dir == to_dir ? 1 : 2;
}

/* Returns how many changes were made. */
static uint32_t change_something(const struct storm *s, const struct vfs_cred *cred, uint64_t *seed)
{
    static const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_LNK};
    char text[] = {'n', (char)('0' + draw(seed, NAMES)), 0};
    struct vfs_object *dir = s->dirs[draw(seed, DIRS)];
    struct vfs_name name = name_of(text);

    switch (draw(seed, 6)) {
    case 0:
    case 1:
        return do_make(dir, cred, text, types[draw(seed, ARRAY_SIZE(types))], 0755) == VFS_OK;
    case 2:
        return do_link(s->file, dir, cred, text) == VFS_OK;
    case 3:
        return do_remove(dir, cred, text) == VFS_OK;
    case 4:
        (void)do_chmod(s->file, cred, 0600 + draw(seed, 8));
        return 0; /* no change of entries */
    default:
        return try_rename(s, cred, seed, &name);
    }
}

static void *run_thread(void *arg)
{
    struct storm *s = arg;
    uint64_t seed = 0x9e3779b97f4a7c15ull * (atomic_fetch_add(&s->threads, 1) + 1);
    struct vfs_cred cred = s->c->owner;

    cred.actor = s;
    pthread_barrier_wait(&s->start);
    for (uint32_t i = 0; i < ROUNDS; i++)
        atomic_fetch_add(&s->made, change_something(s, &cred, &seed));
    return NULL;
}

/* A directory as its watcher knows it, in the order in which the names came. */
struct known {
    struct told_entry entries[NAMES];
    uint32_t count;
    bool ordered;
    uint64_t after;
};

static uint32_t place_of(const struct known *known, const char *name)
{
    uint32_t i = 0;

    while (i < known->count && strcmp(known->entries[i].name, name) != 0)
        i++;
    return i;
}

static void forget(struct known *known, const struct told_entry *entry)
{
    uint32_t i = place_of(known, entry->name);

    assert_true(i < known->count);
    assert_int_equal(known->entries[i].cookie, entry->cookie);
    known->count--;
    memmove(&known->entries[i], &known->entries[i + 1],
            (known->count - i) * sizeof(known->entries[0]));
}

static void learn(struct known *known, const struct told *told)
{
    const struct told_entry *last = known->count ? &known->entries[known->count - 1] : NULL;

    assert_true(known->count < NAMES && told->entry.name[0]);
    assert_int_equal(place_of(known, told->entry.name), known->count);
    assert_true(told->entry.fileid != 0);
    assert_string_equal(told->previous.name, known->ordered && last ? last->name : "");
    assert_int_equal(told->previous.cookie, known->ordered && last ? last->cookie : 0);
    assert_true(!known->ordered || told->entry.cookie > (last ? last->cookie : 0));
    known->entries[known->count++] = told->entry;
}

static void attributes_changed(const struct known *known, const struct told *told)
{
    uint32_t i = place_of(known, told->entry.name);

    assert_true(i < known->count);
    assert_int_equal(known->entries[i].cookie, told->entry.cookie);
    assert_int_equal(known->entries[i].fileid, told->entry.fileid);
}

static void replay(struct known *known, const struct told *told)
{
    if (told->kind == VFS_CHANGE_CHILD) {
        attributes_changed(known, told);
        return;
    }
    assert_true(told->after > 0 && told->after >= known->after);
    known->after = told->after;
    if (told->kind == VFS_CHANGE_REMOVE) {
        forget(known, &told->entry);
        return;
    }
    assert_true(told->kind == VFS_CHANGE_ADD || told->kind == VFS_CHANGE_RENAME);
    if (told->kind == VFS_CHANGE_RENAME)
        forget(known, &told->old);
    if (told->replaced.name[0])
        forget(known, &told->replaced);
    learn(known, told);
}

/* READDIR's entries are taken off what is known. */
static bool compare(void *arg, const struct vfs_dirent *entry)
{
    struct known *known = arg;
    struct told_entry there = {.cookie = known->ordered ? entry->cookie : 0};
    uint32_t i;

    assert_true(entry->name.len < sizeof(there.name));
    memcpy(there.name, entry->name.data, entry->name.len);
    i = place_of(known, there.name);
    assert_true(i < known->count && (i == 0 || !known->ordered));
    assert_int_equal(known->entries[i].fileid, entry->fileid);
    forget(known, &there);
    return true;
}

static uint32_t count_entries_told(const struct change_log *log)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < log->count; i++)
        count += log->all[i].kind != VFS_CHANGE_CHILD;
    return count;
}

static void check(const struct storm *s, struct vfs_object *dir)
{
    struct known known = {.ordered = dir->fs->caps & VFS_CAP_ORDER};
    struct vfs_readdir rd = {.emit = compare, .arg = &known};

    for (uint32_t i = 0; i < s->log->count; i++) {
        assert_ptr_equal(s->log->all[i].actor, s);
        if (s->log->all[i].dir == dir->node)
            replay(&known, &s->log->all[i]);
    }
    assert_ok(dir->fs->ops->readdir(dir, &s->c->owner, &rd));
    assert_int_equal(known.count, 0);
    assert_true(change_of(dir) >= known.after);
}

static void replayed_changes_give_the_directory(void **state)
{
    struct contract *c = *state;
    struct storm s = {.c = c, .dirs = {make_dir(c, "a"), make_dir(c, "b")}};
    pthread_t threads[THREADS];

    s.file = make_file(c, "file");
    s.log = change_log_create();
    for (uint32_t i = 0; i < DIRS; i++)
        vfs_watch_begin(s.dirs[i], c->backend->parents);
    pthread_barrier_init(&s.start, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_thread, &s), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&s.start);
    assert_true(s.made > THREADS * ROUNDS / 8);
    assert_int_equal(count_entries_told(s.log), s.made);
    assert_int_equal(s.log->count > s.made, c->backend->parents);
    for (uint32_t i = 0; i < DIRS; i++) {
        check(&s, s.dirs[i]);
        vfs_watch_end(s.dirs[i], c->backend->parents);
        vfs_object_put(s.dirs[i]);
    }
    change_log_destroy(s.log);
    vfs_object_put(s.file);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(replayed_changes_give_the_directory, NEEDS_NOTHING),
};

CONTRACT_GROUP(change_order, tests);
