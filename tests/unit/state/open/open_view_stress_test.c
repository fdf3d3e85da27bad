/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads open, lock and close files, get and return delegations, while others walk over all of it
 * and an administrator revokes what is shown: the sanitizer reports nothing, and each walk meets
 * the opens and locks that stay once.
 */
#include "state/open/open_view.h"

#include <pthread.h>
#include <stdlib.h>

#include "state/delegation/delegation_revoke.h"
#include "state/delegation/delegation_view.h"
#include "state/lock/lock_view.h"
#include "unit/state/delegation/delegation_fixture.h"

enum {
    WORKERS = 3,
    TURNS = 2000,
    KEPT = 50, /* carol's opens, each with a lock */
};

static _Atomic bool working;
static _Atomic uint32_t walks;

static void open_turn(struct client *client, unsigned int *seed)
{
    const char owner[2] = {(char)('a' + rand_r(seed) % 20), 0};
    struct vfs_object *obj = fx.files[rand_r(seed) % FIXTURE_FILES];
    struct stateid4 open, lock;

    if (do_open(client, owner, obj, R, NONE, &open) != NFS4_OK)
        return;
    (void)do_lock(client, &open, owner, false, (uint64_t)(rand_r(seed) % 100), 10, &lock);
    if (do_close(client, &open) == NFS4ERR_ADMIN_REVOKED)
        (void)do_free(client, &open);
}

static void delegation_turn(struct client *client, unsigned int *seed)
{
    struct delegation_request request =
        wish(client, fx.files[rand_r(seed) % FIXTURE_FILES], DELEGATION_READ);
    enum delegation_kind kind;
    struct stateid4 stateid;
    enum why_no_delegation4 why;

    if (!delegation_offer(fx.state, &request, &kind, &stateid, &why))
        return;
    if (do_return(client, &stateid) == NFS4ERR_ADMIN_REVOKED)
        (void)do_free(client, &stateid);
}

static void *work(void *arg)
{
    const size_t self = *(const size_t *)arg;
    unsigned int seed = (unsigned int)self + 1;

    for (int i = 0; i < TURNS; i++) {
        if (self % 3 == 2)
            delegation_turn(fx.bob, &seed);
        else
            open_turn(fx.alice, &seed);
    }
    return NULL;
}

/* Only of alice and bob. */
static void revoke(const struct state_view *view)
{
    struct stateid4 name = {.seqid = 0};
    struct stateid *sid;

    if (view->clientid == fx.carol->id)
        return;
    memcpy(name.other, view->other, sizeof(name.other));
    sid = stateid_lookup_any(fx.state->opens->stateids, &name);
    if (!sid)
        return;
    if (sid->kind == STATEID_DELEGATION)
        (void)!delegation_revoke(delegation_of_stateid(sid), NFS4ERR_ADMIN_REVOKED);
    else
        (void)!open_revoke(open_of_stateid(sid), NFS4ERR_ADMIN_REVOKED);
    stateid_put(sid);
}

static void seen(const struct state_view *view, uint32_t *kept, bool revokes)
{
    *kept += view->clientid == fx.carol->id;
    CHECK(view->obj->fs == fx.fs);
    vfs_object_put(view->obj);
    if (revokes)
        revoke(view);
}

static void walk(bool revokes)
{
    const struct state_filter all = {.clientid = 0};
    struct state_cursor opens_at = {.at = 0}, locks_at = {.at = 0}, delegations_at = {.at = 0};
    uint32_t opens = 0, locks = 0, delegations = 0;
    struct delegation_view delegation;
    struct open_view open;
    struct lock_view lock;

    while (open_view_next(fx.state, &all, &opens_at, &open))
        seen(&open.state, &opens, revokes);
    while (lock_view_next(fx.state, &all, &locks_at, &lock))
        seen(&lock.state, &locks, revokes);
    while (delegation_view_next(fx.state, &all, &delegations_at, &delegation))
        seen(&delegation.state, &delegations, revokes);
    CHECK(opens == KEPT && locks == KEPT && delegations == 0);
    atomic_fetch_add(&walks, 1);
}

static void *look(void *arg)
{
    bool revokes = *(const size_t *)arg != 0;

    do
        walk(revokes);
    while (atomic_load(&working));
    return NULL;
}

static void walks_meet_what_stays(void **unused)
{
    pthread_t workers[WORKERS], lookers[2];
    size_t numbers[WORKERS];
    struct stateid4 open, lock;

    (void)unused;
    for (uint32_t i = 0; i < KEPT; i++) {
        const char owner[2] = {(char)('0' + i), 0};

        open = must_open(fx.carol, owner, fx.files[i % FIXTURE_FILES], R, NONE);
        assert_int_equal(do_lock(fx.carol, &open, owner, false, 0, 1, &lock), NFS4_OK);
    }
    atomic_store(&working, true);
    for (size_t i = 0; i < WORKERS; i++)
        numbers[i] = i;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&lookers[i], NULL, look, &numbers[i]), 0);
    for (size_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&workers[i], NULL, work, &numbers[i]), 0);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    atomic_store(&working, false);
    for (int i = 0; i < 2; i++)
        pthread_join(lookers[i], NULL);
    print_message("%u walks\n", atomic_load(&walks));
}

int main(void)
{
    const struct CMUnitTest tests[] = {DELEGATION_TEST(walks_meet_what_stays)};

    return test_group_run(tests);
}
