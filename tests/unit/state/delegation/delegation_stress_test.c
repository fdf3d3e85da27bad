/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations are granted, recalled, returned, revoked and queried while others change the files. A
 * thread that meets no conflict checks for itself: until it is done there is no delegation of
 * another client.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "lib/wait.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_dir.h"
#include "state/delegation/delegation_getattr.h"
#include "state/delegation/delegation_offer.h"
#include "state/delegation/delegation_revoke.h"
#include "state/delegation/delegation_tables.h"
#include "state/delegation/delegation_waiter.h"
#include "unit/state/delegation/delegation_fixture.h"

enum {
    TURNS = 300000, /* or as many as fit into TIME_S */
    TIME_S = 3,
    CLIENTS = 3,
    THREADS_PER_CLIENT = 2,
    FILES = 2,
    OBJECTS = FILES + 1 /* and a directory */
};

static struct client *client_at(uint32_t index)
{
    return (struct client *[]){fx.alice, fx.bob, fx.carol}[index];
}

static struct vfs_object *object_at(int index)
{
    return index < FILES ? fx.files[index] : fx.root;
}

static _Atomic uint64_t given, directories, conflicts, woken, lost, asked;

static bool always_reachable(struct client *client, void *context)
{
    (void)client;
    (void)context;
    return true;
}

static void hear_recall(struct delegation *delegation, void *context)
{
    (void)context;
    CHECK(delegation->sid.client != NULL);
}

static void answer(struct delegation *delegation, void *context)
{
    const struct delegation_said said = {.change = delegation->change + (asked + 1) % 2,
                                         .mtime = {.tv_sec = asked % 4}};

    (void)context;
    asked++;
    delegation_attr_answer(delegation, asked % 8 != 0 ? &said : NULL);
}

static int set_up(void **unused)
{
    const struct delegation_hooks hooks = {always_reachable, hear_recall, answer, NULL};
    int status = fixture_set_up(unused);

    delegation_hook(fx.state, &hooks);
    delegation_dir_allow(fx.state, true);
    return status;
}

/* Does another client have a delegation that excludes this? */
static bool excluded(struct vfs_object *obj, const struct client *client, bool all)
{
    struct file *file = file_lookup(fx.state->opens->files, obj);
    bool found = false;

    if (!file)
        return false;
    pthread_mutex_lock(&file->lock);
    LIST_FOREACH (delegation, &file->delegations, struct delegation, file_link)
        found |= delegation->client != client && (all || delegation->kind == DELEGATION_WRITE);
    pthread_mutex_unlock(&file->lock);
    file_put(file);
    return found;
}

struct worker {
    pthread_t thread;
    struct client *client;
    unsigned seed;
    struct stateid4 held[OBJECTS];
    bool holds[OBJECTS];
};

struct stress_waiter {
    struct delegation_waiter waiter;
    _Atomic bool woken;
};

static void note_wake(struct delegation_waiter *waiter)
{
    atomic_store(&CONTAINER_OF(waiter, struct stress_waiter, waiter)->woken, true);
}

static bool chance(struct worker *self, unsigned of)
{
    return (unsigned)rand_r(&self->seed) % of == 0;
}

static void give_back(struct worker *self, int file)
{
    enum nfsstat4 status;

    if (!self->holds[file])
        return;
    self->held[file].seqid = 0;
    status = do_return(self->client, &self->held[file]);
    if (status != NFS4_OK && status != NFS4ERR_BAD_STATEID) {
        CHECK(status == NFS4ERR_EXPIRED || status == NFS4ERR_DELEG_REVOKED ||
              status == NFS4ERR_ADMIN_REVOKED);
        /* The client's other thread may know the stateid, too. */
        status = do_free(self->client, &self->held[file]);
        CHECK(status == NFS4_OK || status == NFS4ERR_BAD_STATEID);
        lost++;
    }
    self->holds[file] = false;
}

static void take_directory(struct worker *self, int index)
{
    struct delegation_request request = wish(self->client, object_at(index), DELEGATION_DIRECTORY);
    enum delegation_counter why;

    request.now_ns += (int64_t)(rand_r(&self->seed) % 1024) * NSEC_PER_SEC;
    if (!delegation_dir_offer(fx.state, &request, &self->held[index], &why))
        return;
    self->holds[index] = true;
    directories++;
}

static void take(struct worker *self, int file)
{
    struct delegation_request request =
        wish(self->client, fx.files[file], chance(self, 2) ? DELEGATION_WRITE : DELEGATION_READ);
    enum why_no_delegation4 why;
    enum delegation_kind kind;

    request.read_ok = chance(self, 2);
    request.wants_times = chance(self, 2);
    /* So that no file rests for long. */
    request.now_ns += (int64_t)(rand_r(&self->seed) % 1024) * NSEC_PER_SEC;
    if (!delegation_offer(fx.state, &request, &kind, &self->held[file], &why))
        return;
    self->holds[file] = true;
    given++;
}

static void use_object(struct worker *self, int index)
{
    struct stress_waiter waiter = {.waiter = {.wake = note_wake}};
    struct client *client = chance(self, 8) ? NULL : self->client;
    bool all = chance(self, 2);
    enum nfsstat4 status;

    status = delegation_begin(
        fx.state,
        &(struct delegation_claim){client, object_at(index),
                                   all ? DELEGATION_USE_CHANGE : DELEGATION_USE_READ},
        clock_now_ns(), &waiter.waiter);
    if (status == NFS4_OK) {
        for (int i = rand_r(&self->seed) % 4; i >= 0; i--)
            CHECK(!excluded(object_at(index), client, all));
        if (index >= FILES && client && all && chance(self, 4))
            delegation_dir_removed(fx.state, object_at(index));
        delegation_end(fx.state, object_at(index));
        return;
    }
    conflicts++;
    give_back(self, index);
    for (int i = rand_r(&self->seed) % 64; i > 0 && !waiter.woken; i--)
        sched_yield();
    if (!delegation_waiter_queued(&waiter.waiter))
        return;
    if (delegation_waiter_cancel(&waiter.waiter)) {
        CHECK(!waiter.woken);
        return;
    }
    while (!waiter.woken)
        sched_yield();
    woken++;
}

static void open_file(struct worker *self, int file, const char *owner)
{
    bool write = chance(self, 2);
    struct stateid4 open;

    if (do_open(self->client, owner, fx.files[file], write ? RW : R, NONE, &open) != NFS4_OK)
        return;
    /* Or the client no longer has the open. */
    CHECK(!excluded(fx.files[file], self->client, write) ||
          revoked(self->client, &open) != NFS4_OK);
    open.seqid = 0;
    if (do_close(self->client, &open) == NFS4_OK)
        return;
    (void)do_free(self->client, &open); /* an administrator was faster */
}

static void take_any(struct worker *self, int index)
{
    if (index < FILES)
        take(self, index);
    else
        take_directory(self, index);
}

static int64_t end_ms;
static _Atomic bool done;

static void *client_main(void *arg)
{
    struct worker *self = arg;
    const char owner[2] = {(char)('a' + self->seed % 26), 0};

    for (int turn = 0; turn < TURNS && wait_now_ms() < end_ms; turn++) {
        int index = rand_r(&self->seed) % OBJECTS;

        client_renew(self->client, clock_now_ns());
        switch (rand_r(&self->seed) % 5) {
        case 0:
            give_back(self, index);
            break;
        case 1:
        case 2:
            if (!self->holds[index])
                take_any(self, index);
            break;
        case 3:
            use_object(self, index);
            break;
        default:
            if (index < FILES)
                open_file(self, index, owner);
        }
        if (chance(self, 16))
            fall_silent(self->client);
    }
    for (int index = 0; index < OBJECTS; index++)
        give_back(self, index);
    return NULL;
}

static void *revoker_main(void *arg)
{
    unsigned seed = 99;
    uint32_t count;

    while (!done) {
        delegation_tick(fx.state, clock_now_ns() + NSEC_PER_SEC * 2 * LEASE_S);
        if (rand_r(&seed) % 64 == 0)
            CHECK(open_client_revoke(client_at((uint32_t)rand_r(&seed) % CLIENTS),
                                     NFS4ERR_ADMIN_REVOKED, &count));
        (void)stats();
        for (int i = rand_r(&seed) % 64; i > 0; i--)
            sched_yield();
    }
    return arg;
}

static void *asker_main(void *arg)
{
    unsigned seed = 7;

    while (!done) {
        struct stress_waiter waiter = {.waiter = {.wake = note_wake}};
        struct delegation_attr attr;

        if (delegation_getattr(fx.state, fx.files[rand_r(&seed) % FILES], NULL,
                               DELEGATION_ASKED_MORE, clock_now_ns(), &waiter.waiter,
                               &attr) == NFS4ERR_DELAY &&
            delegation_waiter_queued(&waiter.waiter) && !delegation_waiter_cancel(&waiter.waiter)) {
            while (!waiter.woken)
                sched_yield();
        }
        sched_yield();
    }
    return arg;
}

static void everything_at_once(void **unused)
{
    struct worker workers[CLIENTS * THREADS_PER_CLIENT];
    pthread_t revoker, asker;

    (void)unused;
    end_ms = wait_now_ms() + TIME_S * 1000;
    done = false;
    assert_int_equal(pthread_create(&revoker, NULL, revoker_main, NULL), 0);
    assert_int_equal(pthread_create(&asker, NULL, asker_main, NULL), 0);
    for (uint32_t i = 0; i < CLIENTS * THREADS_PER_CLIENT; i++) {
        workers[i] = (struct worker){.client = client_at(i % CLIENTS), .seed = i + 1};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, client_main, &workers[i]), 0);
    }
    for (uint32_t i = 0; i < CLIENTS * THREADS_PER_CLIENT; i++)
        pthread_join(workers[i].thread, NULL);
    done = true;
    pthread_join(revoker, NULL);
    pthread_join(asker, NULL);
    for (int index = 0; index < OBJECTS; index++)
        assert_int_equal(object_at(index)->node->delegations, 0);
    assert_int_equal(stats().held_read + stats().held_write + stats().held_directory, 0);
    assert_int_equal(stats().recalls, 0);
    print_message("%llu given, %llu of directories, %llu conflicts, %llu woken, %llu lost, %llu "
                  "asked\n",
                  (unsigned long long)given, (unsigned long long)directories,
                  (unsigned long long)conflicts, (unsigned long long)woken,
                  (unsigned long long)lost, (unsigned long long)asked);
    assert_true(given > 0 && directories > 0 && conflicts > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_at_once, set_up, fixture_tear_down),
    };

    return test_group_run(tests);
}
