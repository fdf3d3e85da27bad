/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writers, holders that come and go, notices that are lost, senders and the timer, all at once: one
 * sender at a time for a client, no writer waits, and at the end nothing is left.  SR-16, SR-28.
 */
#include <pthread.h>
#include <string.h>

#include "state/delegation/delegation_revoke.h"
#include "state/delegation/delegation_tables.h"
#include "state/delegation/delegation_watch.h"
#include "unit/state/delegation/watch_fixture.h"

enum {
    WRITERS = 3,
    HOLDERS = 3,
    DIRECTORIES = 16,
    TURNS = 15000,
    NAMES = 6,
    READY_MAX = 64
};

static struct vfs_object *dirs[DIRECTORIES];
static _Atomic uint32_t writers_left, recalls;

/* Clients that have become busy, for the senders. */
static pthread_mutex_t ready_lock = PTHREAD_MUTEX_INITIALIZER;
static struct client *ready[READY_MAX];
static uint32_t ready_count;

static void note_ready(struct client *client, void *context)
{
    (void)context;
    pthread_mutex_lock(&ready_lock);
    assert_true(ready_count < READY_MAX); /* each client is busy once */
    ready[ready_count++] = client;
    pthread_mutex_unlock(&ready_lock);
}

static bool possible(struct client *client, void *context)
{
    (void)client;
    (void)context;
    return true;
}

static bool reachable(struct client *client, void *context)
{
    (void)client;
    (void)context;
    return true;
}

static void note_recall(struct delegation *delegation, void *context)
{
    (void)delegation;
    (void)context;
    recalls++;
}

static struct client *next_ready(void)
{
    struct client *client;

    pthread_mutex_lock(&ready_lock);
    client = ready_count > 0 ? ready[--ready_count] : NULL;
    pthread_mutex_unlock(&ready_lock);
    return client;
}

struct writer {
    unsigned seed;
    struct vfs_cred cred;
};

static void change_once(struct writer *self, struct vfs_object *dir, struct vfs_object *to_dir)
{
    const int i = rand_r(&self->seed) % NAMES;
    const struct vfs_name name = {.data = &"abcdefghij"[i], .len = 1};
    const struct vfs_name other = {.data = &"abcdefghij"[(i + 1) % NAMES], .len = 1};
    const struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0755};
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &attr};
    struct vfs_change_info info, to_info;
    struct vfs_object *made = NULL;
    uint32_t applied;

    switch (rand_r(&self->seed) % 4) {
    case 0:
        if (dir->fs->ops->create(dir, &self->cred, &name, &create, &info, &made) == VFS_OK)
            (void)made->fs->ops->setattr(made, &self->cred, &attr, false, &applied);
        vfs_object_put(made);
        break;
    case 1:
        (void)dir->fs->ops->remove(dir, &self->cred, &name, &info);
        break;
    case 2:
        (void)dir->fs->ops->rename(dir, &name, to_dir, &other, &self->cred, &info, &to_info);
        break;
    default:
        (void)dir->fs->ops->setattr(dir, &self->cred, &attr, false, &applied);
    }
}

static enum nfsstat4 begin(struct vfs_object *dir)
{
    const struct delegation_claim claim = {NULL, dir,
                                           DELEGATION_USE_ADD | DELEGATION_USE_REMOVE |
                                               DELEGATION_USE_RENAME | DELEGATION_USE_DIR_ATTRS};

    return delegation_begin(fx.state, &claim, clock_now_ns(), NULL);
}

/* As an operation does it. */
static void *write_all(void *arg)
{
    struct writer *self = arg;

    for (int turn = 0; turn < TURNS; turn++) {
        struct vfs_object *from = dirs[rand_r(&self->seed) % DIRECTORIES];
        struct vfs_object *to = dirs[rand_r(&self->seed) % DIRECTORIES];

        assert_int_equal(begin(from), NFS4_OK); /* all holders are told of it */
        assert_int_equal(begin(to), NFS4_OK);
        change_once(self, from, to);
        delegation_end(fx.state, to);
        delegation_end(fx.state, from);
    }
    writers_left--;
    return NULL;
}

/* Holds a directory, and returns it, perhaps while another thread recalls it. */
static void *hold_all(void *arg)
{
    struct client *client = arg;
    unsigned seed = (unsigned)client->id;

    while (writers_left > 0) {
        struct delegation_subscription wants = {
            .types = ENTRIES | DIR_ATTRS | CHILD_ATTRS,
            .child_delay_ns = rand_r(&seed) % 2,
            .dir_delay_ns = rand_r(&seed) % 2,
        };
        struct delegation_request request =
            wish(client, dirs[rand_r(&seed) % DIRECTORIES], DELEGATION_DIRECTORY);
        enum delegation_counter why;
        struct stateid4 stateid;

        bitmap4_set(&wants.child, FATTR4_SIZE);
        request.wants = &wants;
        delegation_object_created(fx.state, request.obj); /* without a history of recalls */
        if (!delegation_dir_offer(fx.state, &request, &stateid, &why))
            continue;
        for (int i = rand_r(&seed) % 200; i > 0; i--)
            sched_yield();
        (void)do_return(client, &stateid);
    }
    return NULL;
}

/* Now and then says that a notice was lost. */
static void *send_all(void *arg)
{
    struct client *const clients[HOLDERS] = {fx.alice, fx.bob, fx.carol};
    struct delegation_notice notice;
    struct client *client;
    unsigned seed = 1;

    (void)arg;
    while ((client = next_ready()) || writers_left > 0) {
        if (!client) {
            delegation_notify_tick(fx.state, clock_now_ns());
            if (rand_r(&seed) % 20 == 0)
                delegation_notify_lost_all(clients[rand_r(&seed) % HOLDERS]);
            sched_yield();
            continue;
        }
        do {
            while (delegation_notify_take(client, &notice)) {
                assert_true(notice.delegation->client == client);
                delegation_notify_told(notice.delegation, 1);
                delegation_notice_fini(&notice);
            }
        } while (!delegation_notify_rest(client));
        client_put(client);
    }
    return NULL;
}

static void everything_at_once(void **unused)
{
    const struct delegation_hooks hooks = {.reachable = reachable, .recall = note_recall};
    const struct delegation_notify_hooks notices = {note_ready, possible, NULL};
    struct client *clients[HOLDERS] = {fx.alice, fx.bob, fx.carol};
    pthread_t threads[WRITERS + HOLDERS + 2];
    struct writer writers[WRITERS];
    uint32_t count = 0;

    (void)unused;
    delegation_hook(fx.state, &hooks);
    delegation_notify_hook(fx.state, &notices);
    for (int i = 0; i < DIRECTORIES; i++)
        dirs[i] = make_dir(NULL, fx.root, (char[]){(char)('A' + i), 0});
    writers_left = WRITERS;
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.seed = i + 1, .cred = fx.cred};
        assert_int_equal(pthread_create(&threads[count++], NULL, write_all, &writers[i]), 0);
    }
    for (int i = 0; i < HOLDERS; i++)
        assert_int_equal(pthread_create(&threads[count++], NULL, hold_all, clients[i]), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[count++], NULL, send_all, NULL), 0);
    while (count > 0)
        assert_int_equal(pthread_join(threads[--count], NULL), 0);
    assert_int_equal(stats().held_directory, 0);
    assert_int_equal(stats().notify_bytes, 0);
    assert_true(stats().notify_events_queued > 0);
    for (int i = 0; i < DIRECTORIES; i++)
        vfs_object_put(dirs[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {WATCH_TEST(everything_at_once)};

    return test_group_run(tests);
}
