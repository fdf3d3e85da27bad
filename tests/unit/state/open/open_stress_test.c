/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads open, upgrade, lock, use and close the same few files with the same owners at once, while
 * a client is released. The test checks that the sanitizer reports nothing, that writers which deny
 * others are alone, that the counted shares are those of the opens, and that nothing leaks.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "unit/state/open/open_fixture.h"

enum {
    THREADS = 4,
    TURNS = 8000,
};

static _Atomic int writers[FIXTURE_FILES];
static _Atomic int locked[FIXTURE_FILES];

/* A stateid that another thread may be closing. */
static void use(struct client *client, const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, stateid, client);

    if (!sid)
        return;
    CHECK(open_of_stateid(sid)->client == client);
    (void)open_by_caller(open_of_stateid(sid), R, &fx.cred);
    stateid_put(sid);
}

/* One owner for each thread, which denies all other writers. */
static void write_alone(struct client *client, uint32_t self, int file)
{
    const char owner[2] = {(char)('A' + self), 0};
    struct stateid4 stateid;

    if (do_open(client, owner, fx.files[file], W, W, &stateid) != NFS4_OK)
        return;
    CHECK(atomic_fetch_add(&writers[file], 1) == 0);
    use(client, &stateid);
    CHECK(atomic_fetch_sub(&writers[file], 1) == 1);
    CHECK(do_close(client, &stateid) == NFS4_OK);
}

/* One owner for all threads of a client: opens merge, and one CLOSE ends them all. */
static void share(struct client *client, int file, uint32_t turn)
{
    struct stateid4 stateid;

    if (do_open(client, "shared", fx.files[file], R, NONE, &stateid) != NFS4_OK)
        return;
    use(client, &stateid);
    stateid.seqid = turn % 2 ? 0 : stateid.seqid;
    (void)do_close(client, &stateid);
}

static void lock_alone(struct client *client, uint32_t self, int file)
{
    const char owner[2] = {(char)('a' + self), 0};
    struct stateid4 stateid, lock;

    if (do_open(client, owner, fx.files[file], RW, NONE, &stateid) != NFS4_OK)
        return;
    if (do_test(client, owner, fx.files[file], true, 0, 10) == NFS4_OK &&
        do_lock(client, &stateid, owner, true, self, 10, &lock) == NFS4_OK) {
        CHECK(atomic_fetch_add(&locked[file], 1) == 0);
        CHECK(atomic_fetch_sub(&locked[file], 1) == 1);
        CHECK(do_unlock(client, &lock, 5, 1) == NFS4_OK);
        if (self % 2) {
            CHECK(do_unlock(client, &lock, 0, UINT64_MAX) == NFS4_OK);
            CHECK(do_free(client, &lock) == NFS4_OK);
        }
    }
    CHECK(do_close(client, &stateid) == NFS4_OK);
}

/* The shares of a group are those of its opens.  `arg` gets their sum. */
static bool count_group(struct hnode *node, void *arg)
{
    const struct share_group *group = CONTAINER_OF(node, struct share_group, node);
    struct file_share share = {0};

    LIST_FOREACH (open, &group->opens, struct open, file_link) {
        CHECK(open->group == group && open->client == group->client && open->obj == group->obj);
        file_share_add(&share, open_access(open), open->deny);
        file_share_add(arg, open_access(open), open->deny);
    }
    CHECK(memcmp(&share, &group->share, sizeof(share)) == 0);
    return true;
}

/* Those of a file are those of its groups, and of the opens that are being made. */
static void check_shares(struct vfs_object *obj)
{
    struct file *file = file_lookup(fx.state->opens->files, obj);
    struct file_share share;

    if (!file)
        return;
    pthread_mutex_lock(&file->lock);
    share = file->reserved;
    if (file->opens.first.client)
        (void)count_group(&file->opens.first.node, &share);
    if (file->opens.others_ready)
        htable_visit(&file->opens.others, count_group, &share);
    CHECK(memcmp(&share, &file->share, sizeof(share)) == 0);
    pthread_mutex_unlock(&file->lock);
    file_put(file);
}

static void *worker(void *arg)
{
    uint32_t self = *(const uint32_t *)arg;
    struct client *client = self % 2 ? fx.alice : fx.bob;
    unsigned seed = self;

    for (uint32_t turn = 0; turn < TURNS; turn++) {
        int file = rand_r(&seed) % FIXTURE_FILES;

        switch (rand_r(&seed) % 3) {
        case 0:
            write_alone(client, self, file);
            break;
        case 1:
            share(client, file, turn);
            break;
        default:
            lock_alone(client, self, file);
        }
        (void)denied(fx.files[file], W);
        check_shares(fx.files[file]);
    }
    return NULL;
}

static void test_many_at_once(void **unused)
{
    pthread_t threads[THREADS];
    uint32_t selves[THREADS];

    (void)unused;
    for (uint32_t i = 0; i < THREADS; i++) {
        selves[i] = i;
        CHECK(pthread_create(&threads[i], NULL, worker, &selves[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    open_client_release(fx.alice);
    open_client_release(fx.bob);
    for (int i = 0; i < FIXTURE_FILES; i++)
        assert_null(fx.files[i]->node->state);
    assert_int_equal(owner_table_of(fx.alice)->lock_count, 0);
    assert_int_equal(owner_table_of(fx.bob)->lock_state_count, 0);
}

static void *opener(void *arg)
{
    struct stateid4 stateid;

    for (uint32_t turn = 0; turn < TURNS; turn++) {
        if (do_open(arg, "o", fx.files[turn % FIXTURE_FILES], R, NONE, &stateid) == NFS4_OK)
            use(arg, &stateid);
    }
    return NULL;
}

/* OPENs of a client that is removed meanwhile: those that come too late are refused. */
static void test_release_while_opening(void **unused)
{
    pthread_t thread;

    (void)unused;
    CHECK(pthread_create(&thread, NULL, opener, fx.alice) == 0);
    while (!open_client_has_state(fx.alice))
        ;
    open_client_release(fx.alice);
    CHECK(pthread_join(thread, NULL) == 0);
    assert_false(open_client_has_state(fx.alice));
    for (int i = 0; i < FIXTURE_FILES; i++)
        assert_null(fx.files[i]->node->state);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_many_at_once),
        TEST(test_release_while_opening),
    };

    return test_group_run(tests);
}
