/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight threads change names of their own in two directories, beside names that all of them change:
 * nobody else's calls show in what happens to a name, and in the end the directories have the names
 * and the files have the links that these calls leave.  Now and then the directories are watched.
 */
#include <pthread.h>
#include <stdlib.h>

#include "backend/contract.h"
#include "lib/vfs_status_name.h"

enum {
    THREADS = 8,
    ROUNDS = 600,
    DIRS = 2,
    OWN = 4,    /* names of each thread in each directory */
    SHARED = 4, /* names of all */
    WATCH_EVERY = 40,
};

struct storm;

struct worker {
    struct storm *storm;
    uint32_t index;
    uint64_t seed;
    uint64_t own[DIRS][OWN]; /* fileids; 0: there is none */
    pthread_t thread;
};

/* cmocka's asserts leave by longjmp, so threads count failures instead. */
struct storm {
    struct contract *c;
    struct vfs_object *dirs[DIRS];
    struct worker workers[THREADS];
    _Atomic uint32_t failures;
    pthread_barrier_t start;
};

static uint32_t draw(struct worker *w, uint32_t below)
{
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 7;
    w->seed ^= w->seed << 17;
    return (uint32_t)(w->seed >> 11) % below;
}

static void expect(struct worker *w, const char *what, enum vfs_status got, enum vfs_status want)
{
    if (got == want)
        return;
    print_error("%s: %s instead of %s\n", what, vfs_status_name(got), vfs_status_name(want));
    atomic_fetch_add(&w->storm->failures, 1);
}

/* ---- a thread's own names ---- */

struct place {
    uint32_t dir, number;
    struct vfs_object *in;
    char name[16];
    uint64_t *fileid;
};

static struct place place_of(struct worker *w, uint32_t dir, uint32_t number)
{
    struct place place = {
        .dir = dir, .number = number, .in = w->storm->dirs[dir], .fileid = &w->own[dir][number]};

    (void)snprintf(place.name, sizeof(place.name), "own %u.%u", w->index, number);
    return place;
}

static struct place draw_place(struct worker *w)
{
    uint32_t dir = draw(w, DIRS);

    return place_of(w, dir, draw(w, OWN));
}

static void create_own(struct worker *w, const struct place *at)
{
    const struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0644};
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &attr};
    struct vfs_object *file;
    enum vfs_status status = do_create(at->in, &w->storm->c->owner, at->name, &create, &file);

    expect(w, "create", status, *at->fileid ? VFS_EXIST : VFS_OK);
    if (status != VFS_OK)
        return;
    *at->fileid = file->fileid;
    vfs_object_put(file);
}

static void remove_own(struct worker *w, const struct place *at)
{
    enum vfs_status status = do_remove(at->in, &w->storm->c->owner, at->name);

    expect(w, "remove", status, *at->fileid ? VFS_OK : VFS_NOENT);
    *at->fileid = 0;
}

/* Two names of one file stay as they are. */
static void rename_own(struct worker *w, const struct place *from, const struct place *to)
{
    enum vfs_status status = do_rename(from->in, from->name, to->in, to->name, &w->storm->c->owner);

    expect(w, "rename", status, *from->fileid ? VFS_OK : VFS_NOENT);
    if (!*from->fileid || *from->fileid == *to->fileid)
        return;
    *to->fileid = *from->fileid;
    *from->fileid = 0;
}

static void link_own(struct worker *w, const struct place *from, const struct place *to)
{
    const struct vfs_cred *owner = &w->storm->c->owner;
    struct vfs_object *file;
    enum vfs_status status = do_lookup(from->in, owner, from->name, &file);

    expect(w, "lookup", status, *from->fileid ? VFS_OK : VFS_NOENT);
    if (status != VFS_OK)
        return;
    if (file->fileid != *from->fileid)
        expect(w, "file of another name", VFS_EXIST, VFS_OK);
    expect(w, "link", do_link(file, to->in, owner, to->name), *to->fileid ? VFS_EXIST : VFS_OK);
    if (!*to->fileid)
        *to->fileid = *from->fileid;
    vfs_object_put(file);
}

static void change_own(struct worker *w)
{
    struct place from = draw_place(w), to = draw_place(w);

    switch (draw(w, 6)) {
    case 0:
    case 1:
        create_own(w, &from);
        return;
    case 2:
        remove_own(w, &from);
        return;
    case 3:
        link_own(w, &from, &to);
        return;
    default:
        rename_own(w, &from, &to);
        return;
    }
}

/* ---- names of all ---- */

static void expect_one_of(struct worker *w, const char *what, enum vfs_status got,
                          enum vfs_status other)
{
    if (got != other)
        expect(w, what, got, VFS_OK);
}

static void draw_shared(struct worker *w, char name[16])
{
    (void)snprintf(name, 16, "shared %u", draw(w, SHARED));
}

static void change_shared(struct worker *w)
{
    const struct vfs_cred *owner = &w->storm->c->owner;
    struct vfs_object *from = w->storm->dirs[draw(w, DIRS)], *to = w->storm->dirs[draw(w, DIRS)];
    char a[16], b[16];

    draw_shared(w, a);
    draw_shared(w, b);
    switch (draw(w, 4)) {
    case 0:
        expect_one_of(w, "create for all", do_make(to, owner, a, VFS_REG, 0644), VFS_EXIST);
        return;
    case 1:
        expect_one_of(w, "symlink for all", do_make(to, owner, a, VFS_LNK, 0), VFS_EXIST);
        return;
    case 2:
        expect_one_of(w, "remove for all", do_remove(from, owner, a), VFS_NOENT);
        return;
    default:
        expect_one_of(w, "rename for all", do_rename(from, a, to, b, owner), VFS_NOENT);
        return;
    }
}

static void *run_worker(void *arg)
{
    struct worker *w = arg;
    struct vfs_object *watched = NULL;

    pthread_barrier_wait(&w->storm->start);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (w->index == 0 && i % WATCH_EVERY == 0) {
            if (watched)
                vfs_watch_end(watched, false);
            watched = watched ? NULL : w->storm->dirs[draw(w, DIRS)];
            if (watched)
                vfs_watch_begin(watched, false);
        }
        if (draw(w, 3))
            change_own(w);
        else
            change_shared(w);
    }
    if (watched)
        vfs_watch_end(watched, false);
    return NULL;
}

/* ---- in the end ---- */

static uint32_t links_of(const struct worker *w, uint64_t fileid)
{
    uint32_t count = 0;

    for (uint32_t dir = 0; dir < DIRS; dir++) {
        for (uint32_t number = 0; number < OWN; number++)
            count += w->own[dir][number] == fileid;
    }
    return count;
}

/* Returns 1 if the name is there. */
static uint32_t check_own(struct worker *w, const struct place *at)
{
    struct vfs_object *file;
    enum vfs_status status = do_lookup(at->in, &w->storm->c->owner, at->name, &file);

    assert_status(status, *at->fileid ? VFS_OK : VFS_NOENT);
    if (status != VFS_OK)
        return 0;
    assert_int_equal(file->fileid, *at->fileid);
    assert_int_equal(attr_of(file).nlink, links_of(w, *at->fileid));
    vfs_object_put(file);
    return 1;
}

static uint32_t count_shared(const struct storm *s, struct vfs_object *dir)
{
    uint32_t count = 0;
    char name[16];

    for (uint32_t i = 0; i < SHARED; i++) {
        (void)snprintf(name, sizeof(name), "shared %u", i);
        count += do_find(dir, &s->c->owner, name) == VFS_OK;
    }
    return count;
}

static bool count_entry(void *arg, const struct vfs_dirent *entry)
{
    uint32_t *count = arg;

    (void)entry;
    (*count)++;
    return true;
}

static void check_dir(struct storm *s, uint32_t dir)
{
    uint32_t listed = 0, found = count_shared(s, s->dirs[dir]);
    struct vfs_readdir rd = {.emit = count_entry, .arg = &listed};

    for (size_t i = 0; i < THREADS; i++) {
        for (uint32_t number = 0; number < OWN; number++) {
            struct place at = place_of(&s->workers[i], dir, number);

            found += check_own(&s->workers[i], &at);
        }
    }
    assert_ok(s->c->fs->ops->readdir(s->dirs[dir], &s->c->owner, &rd));
    assert_int_equal(listed, found);
}

static void each_name_is_on_its_own(void **state)
{
    struct contract *c = *state;
    struct storm *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->c = c;
    s->dirs[0] = make_dir(c, "a");
    s->dirs[1] = make_dir(c, "b");
    pthread_barrier_init(&s->start, NULL, THREADS);
    for (uint32_t i = 0; i < THREADS; i++) {
        struct worker *w = &s->workers[i];

        *w = (struct worker){.storm = s, .index = i, .seed = 0x9e3779b97f4a7c15ull * (i + 1)};
        assert_int_equal(pthread_create(&w->thread, NULL, run_worker, w), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(s->workers[i].thread, NULL);
    pthread_barrier_destroy(&s->start);
    assert_int_equal(s->failures, 0);
    for (uint32_t dir = 0; dir < DIRS; dir++)
        check_dir(s, dir);
    for (uint32_t dir = 0; dir < DIRS; dir++)
        vfs_object_put(s->dirs[dir]);
    free(s);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(each_name_is_on_its_own, NEEDS_NOTHING),
};

CONTRACT_GROUP(names, tests);
