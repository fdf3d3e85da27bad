/* SPDX-License-Identifier: Apache-2.0 */
/* persist: any change, by any caller, can be made durable, and nothing is lost. */
#include <pthread.h>

#include "backend/contract.h"

enum {
    OBJECTS_MAX = 8,
    THREADS = 8,
    ROUNDS = 20,
};

static enum vfs_status persist(struct vfs_object *obj)
{
    return obj->fs->ops->persist(obj->fs, &obj, 1);
}

static void every_kind_of_object_can_be_persisted(void **state)
{
    static const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_LNK, VFS_SOCK, VFS_FIFO};
    struct contract *c = *state;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        char name[] = {'a', (char)('0' + i), '\0'};
        struct vfs_object *obj = make(c->root, &c->owner, name, types[i], 0600);

        assert_ok(persist(c->root));
        if (types[i] != VFS_LNK)
            assert_ok(do_chmod(obj, &c->owner, 0640));
        assert_ok(persist(obj));
        vfs_object_put(obj);
    }
}

static void many_are_persisted_in_one_call(void **state)
{
    struct contract *c = *state;
    struct vfs_object *objects[OBJECTS_MAX];

    for (size_t i = 0; i < OBJECTS_MAX; i++) {
        char name[] = {'a', (char)('0' + i), '\0'};

        objects[i] = i % 2 ? make_dir(c, name) : make_file(c, name);
    }
    assert_ok(c->fs->ops->persist(c->fs, objects, OBJECTS_MAX));
    assert_ok(c->fs->ops->persist(c->fs, objects, 0));
    for (size_t i = 0; i < OBJECTS_MAX; i++)
        vfs_object_put(objects[i]);
}

/* Persisting a change needs no permission to read the object. */
static void unreadable_objects_are_persisted(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make(c->root, &c->owner, "dir", VFS_DIR, 0300);
    struct vfs_object *file = make(dir, &c->owner, "file", VFS_REG, 0000);
    struct vfs_object *again;

    assert_ok(persist(dir));
    assert_ok(do_chmod(file, &c->owner, 0200));
    assert_ok(persist(file));
    assert_ok(do_chmod(file, &c->owner, 0000));
    assert_ok(persist(file));
    /* The same for an object that was never opened. */
    if (c->backend->reopen) {
        struct vfs_handle handle = file->handle;

        vfs_object_put(file);
        vfs_object_put(dir);
        contract_reopen(c);
        assert_ok(do_resolve(c->fs, &handle, &again));
        assert_ok(do_chmod(again, &c->owner, 0000));
        assert_ok(persist(again));
        vfs_object_put(again);
        return;
    }
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void removed_open_files_are_persisted(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *dir = make_dir(c, "dir");

    assert_ok(do_remove(c->root, &c->owner, "file"));
    assert_ok(do_remove(c->root, &c->owner, "dir"));
    assert_ok(persist(file));
    assert_ok(persist(dir));
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void the_write_verifier_stays(void **state)
{
    struct contract *c = *state;
    uint64_t before = c->fs->write_verifier;
    struct vfs_object *file = make_file(c, "file");

    put_bytes(c, file, 0, "bytes", 5);
    assert_ok(persist(c->root));
    assert_ok(persist(file));
    assert_int_equal(c->fs->write_verifier, before);
    vfs_object_put(file);
}

struct persister {
    pthread_t thread;
    struct contract *c;
    char name[16];
    enum vfs_status status; /* the first status that is not OK */
};

static void *change_and_persist(void *arg)
{
    struct persister *p = arg;
    struct contract *c = p->c;

    for (int i = 0; i < ROUNDS && p->status == VFS_OK; i++) {
        p->status = do_make(c->root, &c->owner, p->name, VFS_DIR, 0700);
        if (p->status == VFS_OK)
            p->status = persist(c->root);
        if (p->status == VFS_OK)
            p->status = do_remove(c->root, &c->owner, p->name);
        if (p->status == VFS_OK)
            p->status = persist(c->root);
    }
    return NULL;
}

static void concurrent_persists_succeed(void **state)
{
    struct persister persisters[THREADS];

    for (int i = 0; i < THREADS; i++) {
        persisters[i] = (struct persister){.c = *state, .status = VFS_OK};
        (void)snprintf(persisters[i].name, sizeof(persisters[i].name), "p%d", i);
        assert_int_equal(
            pthread_create(&persisters[i].thread, NULL, change_and_persist, &persisters[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(persisters[i].thread, NULL), 0);
        assert_ok(persisters[i].status);
    }
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(every_kind_of_object_can_be_persisted, NEEDS_NOTHING),
    CONTRACT_TEST(many_are_persisted_in_one_call, NEEDS_NOTHING),
    CONTRACT_TEST(unreadable_objects_are_persisted, NEEDS_NOTHING),
    CONTRACT_TEST(removed_open_files_are_persisted, NEEDS_NOTHING),
    CONTRACT_TEST(the_write_verifier_stays, NEEDS_NOTHING),
    CONTRACT_TEST(concurrent_persists_succeed, NEEDS_NOTHING),
};

CONTRACT_GROUP(persist, tests);
