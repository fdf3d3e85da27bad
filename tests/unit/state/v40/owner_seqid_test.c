/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sequence of an owner of 4.0: which request runs, which already has a result, what is kept and
 * for how long (RFC 7530 §9.1.3 to §9.1.11).
 */
#include "state/v40/owner_seqid.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "state/v40/lock_owner.h"
#include "state/v40/open_confirm.h"
#include "state/v40/owner_closed.h"
#include "unit/state/open/open_fixture.h"

static int64_t now;

static struct owner *use(enum owner_kind kind, const char *text)
{
    const struct wire_opaque name = name_of(text);
    struct owner *owner = owner_seqid_get(fx.alice, kind, &name);

    assert_non_null(owner);
    return owner;
}

static bool known(enum owner_kind kind, const char *text)
{
    const struct wire_opaque name = name_of(text);
    struct owner *owner = owner_lookup(owner_table_of(fx.alice), kind, &name);

    if (owner)
        owner_put(owner);
    return owner != NULL;
}

static struct owner_request request_of(enum nfs_opnum4 op, uint32_t seqid)
{
    return (struct owner_request){.op = op, .seqid = seqid, .digest = seqid, .now_ns = now};
}

/* One request, in a use of its own; if it runs, its result is `status`. */
static enum owner_verdict ask(struct owner *owner, enum nfs_opnum4 op, uint32_t seqid,
                              enum nfsstat4 status)
{
    const struct owner_request request = request_of(op, seqid);
    const struct owner_result result = {.status = status, .reclaim = true};
    struct owner_replay replay;
    enum owner_verdict verdict = owner_seqid_begin(owner_get(owner), &request, &replay);

    if (verdict == OWNER_RUN) {
        owner_seqid_end(owner, &request, &result);
        return verdict;
    }
    owner_put(owner);
    if (verdict == OWNER_REPLAY)
        assert_int_equal(replay.status, status);
    return verdict;
}

/* A confirmed open owner, with that number as its last seqid. */
static struct owner *established(const char *name, uint32_t seqid)
{
    struct owner *owner = use(OWNER_OPEN, name);

    assert_int_equal(ask(owner, OP_OPEN, seqid, NFS4_OK), OWNER_RUN);
    return owner;
}

/* S20-04: in 4.0 seqids are checked. */
static void test_next_same_and_others(void **unused)
{
    struct owner *owner = established("a", 7);

    (void)unused;
    assert_int_equal(ask(owner, OP_OPEN, 7, NFS4_OK), OWNER_REPLAY);
    assert_int_equal(ask(owner, OP_OPEN, 6, NFS4_OK), OWNER_BAD_SEQID);
    assert_int_equal(ask(owner, OP_OPEN, 9, NFS4_OK), OWNER_BAD_SEQID);
    assert_int_equal(ask(owner, OP_CLOSE, 0, NFS4_OK), OWNER_BAD_SEQID);
    assert_int_equal(ask(owner, OP_OPEN, 8, NFS4ERR_NOENT), OWNER_RUN);
    assert_int_equal(ask(owner, OP_OPEN, 8, NFS4ERR_NOENT), OWNER_REPLAY);
    assert_int_equal(ask(owner, OP_OPEN, 7, NFS4_OK), OWNER_BAD_SEQID);
    owner_put(owner);
}

static void test_same_number_must_be_the_same_request(void **unused)
{
    struct owner *owner = established("a", 7);
    struct owner_request other = request_of(OP_OPEN, 7);
    struct owner_replay replay;

    (void)unused;
    assert_int_equal(ask(owner, OP_OPEN_DOWNGRADE, 7, NFS4_OK), OWNER_BAD_SEQID);
    other.digest++;
    assert_int_equal(owner_seqid_begin(owner, &other, &replay), OWNER_BAD_SEQID);
    assert_int_equal(ask(owner, OP_OPEN, 7, NFS4_OK), OWNER_REPLAY);
    owner_put(owner);
}

/* RFC 7530 §9.1.7: after these errors the client does not increment its seqid. */
static void test_exempt_errors(void **unused)
{
    static const enum nfsstat4 exempt[] = {
        NFS4ERR_STALE_CLIENTID, NFS4ERR_STALE_STATEID, NFS4ERR_BAD_STATEID,  NFS4ERR_BAD_SEQID,
        NFS4ERR_BADXDR,         NFS4ERR_RESOURCE,      NFS4ERR_NOFILEHANDLE, NFS4ERR_MOVED};
    static const enum nfsstat4 counted[] = {
        NFS4ERR_DELAY,  NFS4ERR_GRACE,       NFS4ERR_EXPIRED, NFS4ERR_OLD_STATEID,
        NFS4ERR_DENIED, NFS4ERR_SERVERFAULT, NFS4ERR_INVAL,   NFS4ERR_SHARE_DENIED};
    struct owner *owner = established("a", 1);
    uint32_t next = 2;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(exempt); i++) {
        assert_int_equal(ask(owner, OP_CLOSE, next, exempt[i]), OWNER_RUN);
        assert_int_equal(ask(owner, OP_OPEN, 1, NFS4_OK), OWNER_REPLAY);
    }
    for (size_t i = 0; i < ARRAY_SIZE(counted); i++, next++) {
        assert_int_equal(ask(owner, OP_CLOSE, next, counted[i]), OWNER_RUN);
        assert_int_equal(ask(owner, OP_CLOSE, next, counted[i]), OWNER_REPLAY);
    }
    owner_put(owner);
}

/* In RFC 7530 §9.1.3 the highest seqid is followed by 1; Linux sends 0, as in its first request. */
static void test_wrap(void **unused)
{
    struct owner *owner = established("a", UINT32_MAX);
    struct owner *other = established("b", UINT32_MAX);

    (void)unused;
    assert_int_equal(ask(owner, OP_OPEN, 2, NFS4_OK), OWNER_BAD_SEQID);
    assert_int_equal(ask(owner, OP_OPEN, 1, NFS4_OK), OWNER_RUN);
    assert_int_equal(ask(owner, OP_OPEN, 0, NFS4_OK), OWNER_BAD_SEQID);
    assert_int_equal(ask(owner, OP_OPEN, 2, NFS4_OK), OWNER_RUN);
    assert_int_equal(ask(other, OP_OPEN, 0, NFS4_OK), OWNER_RUN);
    assert_int_equal(ask(other, OP_OPEN, 0, NFS4_OK), OWNER_REPLAY);
    assert_int_equal(ask(other, OP_OPEN, 1, NFS4_OK), OWNER_RUN);
    owner_put(owner);
    owner_put(other);
}

static void test_zero_is_a_number(void **unused)
{
    struct owner *owner = established("a", 0);

    (void)unused;
    assert_int_equal(ask(owner, OP_OPEN, 0, NFS4_OK), OWNER_REPLAY);
    assert_int_equal(ask(owner, OP_OPEN, UINT32_MAX, NFS4_OK), OWNER_BAD_SEQID);
    assert_int_equal(ask(owner, OP_OPEN, 1, NFS4_OK), OWNER_RUN);
    owner_put(owner);
}

/* Each owner, by kind, name and client, has its own sequence. */
static void test_owners_are_apart(void **unused)
{
    const struct wire_opaque name = name_of("a");
    struct owner *mine = established("a", 7);
    struct owner *lock = use(OWNER_LOCK, "a");
    struct owner *theirs = owner_seqid_get(fx.bob, OWNER_OPEN, &name);

    (void)unused;
    assert_int_equal(ask(lock, OP_LOCK, 50, NFS4_OK), OWNER_RUN);
    assert_int_equal(ask(theirs, OP_OPEN, 60, NFS4_OK), OWNER_RUN);
    assert_int_equal(ask(mine, OP_OPEN, 8, NFS4_OK), OWNER_RUN);
    assert_int_equal(ask(lock, OP_LOCK, 51, NFS4_OK), OWNER_RUN);
    assert_int_equal(ask(theirs, OP_OPEN, 61, NFS4_OK), OWNER_RUN);
    owner_put(mine);
    owner_put(lock);
    owner_put(theirs);
}

/* Replies of any length are returned, whatever was kept before. */
static void test_kept_bytes(void **unused)
{
    static const uint32_t lens[][2] = {{0, 0},  {60, 40},   {16, 0},   {1056, 0},
                                       {16, 0}, {100, 128}, {1000, 0}, {60, 128}};
    static uint8_t body[LIMIT_OWNER_REPLY_BYTES], fh[128];
    struct owner *owner = established("a", 0);
    struct owner_replay replay;

    (void)unused;
    for (uint32_t i = 0; i < ARRAY_SIZE(lens); i++) {
        const struct owner_request request = request_of(OP_OPEN, i + 1);
        const struct owner_result result = {
            .body = body, .body_len = lens[i][0], .fh = fh, .fh_len = lens[i][1]};

        memset(body, (int)(i + 1), sizeof(body));
        memset(fh, (int)(0xf0 + i), sizeof(fh));
        assert_int_equal(owner_seqid_begin(owner_get(owner), &request, &replay), OWNER_RUN);
        owner_seqid_end(owner, &request, &result);
        assert_int_equal(owner_seqid_begin(owner, &request, &replay), OWNER_REPLAY);
        assert_int_equal(replay.status, NFS4_OK);
        assert_int_equal(replay.body_len, lens[i][0]);
        assert_int_equal(replay.fh_len, lens[i][1]);
        assert_memory_equal(replay.bytes, body, lens[i][0]);
        assert_memory_equal(replay.bytes + lens[i][0], fh, lens[i][1]);
    }
    owner_put(owner);
}

/* ---- OPEN_CONFIRM ---- */

/* An OPEN of an owner that has to confirm; returns the stateid. */
static struct stateid4 provisional(struct owner *owner, uint32_t seqid, struct vfs_object *obj)
{
    const struct owner_request request = request_of(OP_OPEN, seqid);
    struct owner_result result = {.status = NFS4_OK};
    struct owner_replay replay;
    char name[16] = {0};

    memcpy(name, owner->name, owner->len);
    assert_int_equal(owner_seqid_begin(owner_get(owner), &request, &replay), OWNER_RUN);
    result.stateid = must_open(fx.alice, name, obj, R, OPEN4_SHARE_DENY_WRITE);
    owner_seqid_end(owner, &request, &result);
    return result.stateid;
}

static bool lives(const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup_any(fx.state->opens->stateids, stateid);

    if (sid)
        stateid_put(sid);
    return sid != NULL;
}

static enum nfsstat4 confirm(struct owner *owner, uint32_t seqid, struct stateid4 *stateid)
{
    const struct owner_request request = request_of(OP_OPEN_CONFIRM, seqid);
    struct stateid *sid = stateid_lookup_any(fx.state->opens->stateids, stateid);
    struct owner_result result = {.status = NFS4ERR_BAD_STATEID};
    struct owner_replay replay;

    if (owner_seqid_begin(owner_get(owner), &request, &replay) != OWNER_RUN) {
        owner_put(owner);
        result.status = NFS4ERR_BAD_SEQID;
    } else {
        if (sid)
            result.status = open_confirm(open_of_stateid(sid), stateid->seqid, stateid);
        owner_seqid_end(owner, &request, &result);
    }
    if (sid)
        stateid_put(sid);
    return result.status;
}

static bool unconfirmed(const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup_any(fx.state->opens->stateids, stateid);
    bool is;

    assert_non_null(sid);
    is = open_is_unconfirmed(sid);
    stateid_put(sid);
    return is;
}

static void test_confirming(void **unused)
{
    struct owner *owner = use(OWNER_OPEN, "a");
    struct stateid4 stateid = provisional(owner, 5, fx.files[0]);

    (void)unused;
    assert_true(unconfirmed(&stateid));
    assert_int_equal(confirm(owner, 6, &stateid), NFS4_OK);
    assert_int_equal(stateid.seqid, 2);
    assert_false(unconfirmed(&stateid));
    assert_int_equal(confirm(owner, 7, &stateid), NFS4ERR_BAD_STATEID);
    assert_int_equal(ask(owner, OP_OPEN, 99, NFS4_OK), OWNER_BAD_SEQID);
    assert_int_equal(ask(owner, OP_OPEN, 7, NFS4_OK), OWNER_RUN);
    assert_true(lives(&stateid));
    owner_put(owner);
}

/* An open of 4.1 needs no confirmation. */
static void test_opens_without_a_sequence(void **unused)
{
    struct stateid4 stateid = must_open(fx.alice, "a", fx.files[0], R, NONE);

    (void)unused;
    assert_false(unconfirmed(&stateid));
}

/* RFC 7530 §16.18.5: the previous one was a replay. */
static void test_open_takes_the_place_of_an_unconfirmed(void **unused)
{
    struct owner *owner = use(OWNER_OPEN, "a");
    struct stateid4 first = provisional(owner, 5, fx.files[0]), second;

    (void)unused;
    assert_true(denied(fx.files[0], W));
    second = provisional(owner, 40, fx.files[1]);
    assert_false(lives(&first));
    assert_false(denied(fx.files[0], W));
    assert_true(lives(&second));
    assert_int_equal(ask(owner, OP_OPEN, 40, NFS4_OK), OWNER_REPLAY);
    assert_true(lives(&second));
    assert_int_equal(confirm(owner, 41, &second), NFS4_OK);
    owner_put(owner);
}

/* RFC 7530 §16.18.4: a confirmation out of order does not confirm this open. */
static void test_confirm_out_of_order_ends_the_open(void **unused)
{
    struct owner *owner = use(OWNER_OPEN, "a"), *found;
    struct stateid4 stateid = provisional(owner, 5, fx.files[0]);
    struct client *client;

    (void)unused;
    assert_int_equal(confirm(owner, 7, &stateid), NFS4ERR_BAD_SEQID);
    assert_false(lives(&stateid));
    found = owner_closed_lookup(fx.state, &stateid, &client);
    assert_ptr_equal(found, owner);
    owner_put(found);
    client_put(client);
    assert_int_equal(confirm(owner, 7, &stateid), NFS4ERR_BAD_SEQID);
    assert_int_equal(confirm(owner, 6, &stateid), NFS4ERR_BAD_SEQID);
    /* The OPEN no longer counts as a retransmission, since its open is gone. */
    stateid = provisional(owner, 5, fx.files[0]);
    assert_int_equal(confirm(owner, 6, &stateid), NFS4_OK);
    owner_put(owner);
}

static void test_unconfirmed_opens_go_after_a_lease(void **unused)
{
    struct owner *owner = use(OWNER_OPEN, "a"), *later = use(OWNER_OPEN, "b");
    struct stateid4 old = provisional(owner, 5, fx.files[0]), young;

    (void)unused;
    now += fx.state->lease_ns / 2;
    young = provisional(later, 5, fx.files[1]);
    open_confirm_tick(fx.state, now);
    assert_true(lives(&old));
    open_confirm_tick(fx.state, now + fx.state->lease_ns / 2 + 1);
    assert_false(lives(&old));
    assert_true(lives(&young));
    assert_false(denied(fx.files[0], W));
    assert_int_equal(confirm(later, 6, &young), NFS4_OK);
    open_confirm_tick(fx.state, now + 10 * fx.state->lease_ns);
    assert_true(lives(&young));
    owner_put(owner);
    owner_put(later);
}

static void test_busy_owner_keeps_its_open(void **unused)
{
    struct owner *owner = use(OWNER_OPEN, "a");
    struct stateid4 stateid = provisional(owner, 5, fx.files[0]);
    const struct owner_request request = request_of(OP_OPEN_CONFIRM, 6);
    const struct owner_result result = {.status = NFS4ERR_BAD_STATEID};
    struct owner_replay replay;

    (void)unused;
    assert_int_equal(owner_seqid_begin(owner_get(owner), &request, &replay), OWNER_RUN);
    now += fx.state->lease_ns + 1;
    open_confirm_tick(fx.state, now);
    assert_true(lives(&stateid));
    owner_seqid_end(owner, &request, &result);
    open_confirm_tick(fx.state, now + fx.state->lease_ns + 1);
    assert_false(lives(&stateid));
    owner_put(owner);
}

/* ---- lock owners ---- */

static void test_lock_owner_begins_with_a_success(void **unused)
{
    struct owner *owner = use(OWNER_LOCK, "l");
    struct stateid4 open = must_open(fx.alice, "o", fx.files[0], RW, NONE), lock;

    (void)unused;
    assert_int_equal(ask(owner, OP_LOCK, 5, NFS4ERR_DENIED), OWNER_RUN);
    assert_int_equal(do_lock(fx.alice, &open, "l", true, 0, 10, &lock), NFS4_OK);
    assert_int_equal(ask(owner, OP_LOCK, 3, NFS4_OK), OWNER_RUN);
    assert_int_equal(ask(owner, OP_LOCK, 9, NFS4_OK), OWNER_BAD_SEQID);
    assert_int_equal(ask(owner, OP_LOCK, 4, NFS4ERR_DENIED), OWNER_RUN);
    assert_int_equal(ask(owner, OP_LOCK, 4, NFS4ERR_DENIED), OWNER_REPLAY);
    owner_put(owner);
    assert_true(known(OWNER_LOCK, "l"));
    assert_int_equal(do_close(fx.alice, &open), NFS4_OK);
    assert_false(known(OWNER_LOCK, "l"));
}

static struct wire_opaque lock_owner_name(void)
{
    return name_of("l");
}

/* The owner waits for a lock elsewhere, and so is still known after RELEASE_LOCKOWNER. RFC 7530
 * §9.1.10: any seqid is right, also the last one. */
static void test_waiting_lock_owner_begins_anew(void **unused)
{
    static const uint32_t numbers[] = {3, 1, 4};
    const struct wire_opaque name = lock_owner_name();
    struct owner *owner = use(OWNER_LOCK, "l");
    struct stateid4 open = must_open(fx.alice, "o", fx.files[0], RW, NONE), lock;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        assert_int_equal(ask(owner, OP_LOCK, numbers[i], NFS4_OK), OWNER_RUN);
        assert_int_equal(do_lock(fx.alice, &open, "l", true, 0, 10, &lock), NFS4_OK);
        assert_int_equal(do_unlock(fx.alice, &lock, 0, 10), NFS4_OK);
        assert_int_equal(lock_owner_release(fx.alice, &name), NFS4_OK);
        assert_int_equal(ask(owner, OP_LOCK, numbers[i], NFS4ERR_DENIED), OWNER_RUN);
    }
    owner_put(owner);
}

/* S20-22's other half: only 4.0 has these lists. */
static void test_release_lock_owner(void **unused)
{
    const struct wire_opaque name = lock_owner_name();
    struct owner *owner = use(OWNER_LOCK, "l");
    struct stateid4 locks[FIXTURE_FILES], open, other;

    (void)unused;
    for (int i = 0; i < FIXTURE_FILES; i++) {
        open = must_open(fx.alice, "o", fx.files[i], RW, NONE);
        assert_int_equal(do_lock(fx.alice, &open, "l", true, 0, 10, &locks[i]), NFS4_OK);
    }
    assert_int_equal(do_lock(fx.alice, &open, "m", true, 20, 10, &other), NFS4_OK);
    owner_put(owner);
    for (int i = 0; i < FIXTURE_FILES; i++) {
        assert_int_equal(lock_owner_release(fx.alice, &name), NFS4ERR_LOCKS_HELD);
        for (int j = 0; j < FIXTURE_FILES; j++)
            assert_true(lives(&locks[j]));
        assert_int_equal(do_unlock(fx.alice, &locks[(i + 1) % FIXTURE_FILES], 0, 10), NFS4_OK);
    }
    assert_int_equal(lock_owner_release(fx.alice, &name), NFS4_OK);
    for (int i = 0; i < FIXTURE_FILES; i++)
        assert_false(lives(&locks[i]));
    assert_true(lives(&other));
    assert_false(known(OWNER_LOCK, "l"));
    assert_int_equal(lock_owner_release(fx.alice, &name), NFS4_OK);
}

/* ---- how long this is kept ---- */

static void test_idle_owners_by_number(void **unused)
{
    struct owner_table *table = owner_table_of(fx.alice);
    char name[16];

    (void)unused;
    for (uint32_t i = 0; i < LIMIT_IDLE_SEQUENCES_PER_CLIENT + 10; i++) {
        (void)snprintf(name, sizeof(name), "owner %u", i);
        owner_put(established(name, i));
    }
    assert_int_equal(table->count[OWNER_OPEN], LIMIT_IDLE_SEQUENCES_PER_CLIENT);
    assert_false(known(OWNER_OPEN, "owner 9"));
    assert_true(known(OWNER_OPEN, "owner 10"));
}

/* RFC 7530 §16.18.5: not before a lease time has passed, plus a margin. */
/* All clients together have too many: each keeps fewer from its next request on. */
static void test_idle_owners_of_all(void **unused)
{
    struct owner_table *table = owner_table_of(fx.alice);
    _Atomic uint32_t *all = &fx.state->opens->idle_sequences;
    char name[16];

    (void)unused;
    for (uint32_t i = 0; i < LIMIT_IDLE_SEQUENCES_PER_CLIENT; i++) {
        (void)snprintf(name, sizeof(name), "owner %u", i);
        owner_put(established(name, i));
    }
    assert_int_equal(*all, LIMIT_IDLE_SEQUENCES_PER_CLIENT);
    *all += LIMIT_IDLE_SEQUENCES;
    owner_put(established("last", 1));
    assert_int_equal(table->count[OWNER_OPEN], LIMIT_IDLE_OWNERS_PER_CLIENT);
    assert_int_equal(*all, LIMIT_IDLE_OWNERS_PER_CLIENT + LIMIT_IDLE_SEQUENCES);
    assert_true(known(OWNER_OPEN, "last"));
    *all -= LIMIT_IDLE_SEQUENCES;
}

static void test_idle_owners_by_time(void **unused)
{
    struct owner *active = established("active", 1);

    (void)unused;
    owner_put(established("idle", 1));
    now += fx.state->lease_ns;
    assert_int_equal(ask(active, OP_OPEN, 2, NFS4_OK), OWNER_RUN);
    assert_true(known(OWNER_OPEN, "idle"));
    now += fx.state->lease_ns;
    assert_int_equal(ask(active, OP_OPEN, 3, NFS4_OK), OWNER_RUN);
    assert_false(known(OWNER_OPEN, "idle"));
    owner_put(active);
}

static struct owner *closer(const struct stateid4 *stateid)
{
    struct client *client;
    struct owner *owner = owner_closed_lookup(fx.state, stateid, &client);

    if (owner) {
        owner_put(owner);
        client_put(client);
    }
    return owner;
}

static void test_found_by_the_last_closed_stateid(void **unused)
{
    struct stateid4 closed[2] = {{1, "\1closed one"}, {1, "\1closed two"}};
    struct owner *owner = established("a", 0);

    (void)unused;
    for (uint32_t i = 0; i < 2; i++) {
        const struct owner_request request = request_of(OP_CLOSE, i + 1);
        const struct owner_result result = {.status = NFS4_OK};
        struct owner_replay replay;

        assert_int_equal(owner_seqid_begin(owner_get(owner), &request, &replay), OWNER_RUN);
        owner_closed_set(owner->seqid, &closed[i]);
        owner_seqid_end(owner, &request, &result);
        assert_ptr_equal(closer(&closed[i]), owner);
    }
    assert_null(closer(&closed[0]));
    assert_int_equal(ask(owner, OP_OPEN, 3, NFS4ERR_BAD_STATEID), OWNER_RUN);
    assert_ptr_equal(closer(&closed[1]), owner);
    assert_int_equal(ask(owner, OP_OPEN, 3, NFS4_OK), OWNER_RUN);
    assert_null(closer(&closed[1]));
    owner_put(owner);
}

static void test_nothing_outlives_the_client(void **unused)
{
    const struct stateid4 closed = {1, "\1closed one"};
    const struct owner_request request = request_of(OP_CLOSE, 1);
    const struct owner_result result = {.status = NFS4_OK};
    struct owner *owner = established("a", 0), *other = use(OWNER_OPEN, "b");
    struct stateid4 stateid = provisional(other, 5, fx.files[0]);
    struct owner_replay replay;

    (void)unused;
    assert_int_equal(owner_seqid_begin(owner, &request, &replay), OWNER_RUN);
    owner_closed_set(owner->seqid, &closed);
    owner_seqid_end(owner, &request, &result);
    owner_put(other);
    atomic_store(&fx.alice->dead, true);
    open_client_release(fx.alice);
    assert_false(lives(&stateid));
    assert_null(closer(&closed));
    open_confirm_tick(fx.state, now + 2 * fx.state->lease_ns);
}

/* ---- requests at the same time ---- */

struct waiter {
    pthread_t thread;
    struct owner *owner;
    enum owner_verdict verdict;
};

static void *wait_main(void *arg)
{
    struct waiter *waiter = arg;

    waiter->verdict = ask(waiter->owner, OP_OPEN, 8, NFS4ERR_NOENT);
    return NULL;
}

static void await_waiters(const struct owner *owner, uint32_t count)
{
    struct owner_table *table = owner_table_of(owner->client);
    uint32_t waiting;

    do {
        pthread_mutex_lock(&table->lock);
        waiting = owner->seqid->waiters;
        pthread_mutex_unlock(&table->lock);
        if (waiting < count)
            sched_yield();
    } while (waiting < count);
}

static void test_duplicates_wait(void **unused)
{
    struct owner *owner = established("a", 7);
    const struct owner_request request = request_of(OP_OPEN, 8);
    const struct owner_result result = {.status = NFS4ERR_NOENT};
    struct waiter waiters[LIMIT_OWNER_WAITERS];
    struct owner_replay replay;

    (void)unused;
    assert_int_equal(owner_seqid_begin(owner_get(owner), &request, &replay), OWNER_RUN);
    for (uint32_t i = 0; i < LIMIT_OWNER_WAITERS; i++) {
        waiters[i].owner = owner;
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_main, &waiters[i]), 0);
    }
    await_waiters(owner, LIMIT_OWNER_WAITERS);
    assert_int_equal(ask(owner, OP_OPEN, 8, NFS4_OK), OWNER_CROWDED);
    owner_seqid_end(owner, &request, &result);
    for (uint32_t i = 0; i < LIMIT_OWNER_WAITERS; i++) {
        assert_int_equal(pthread_join(waiters[i].thread, NULL), 0);
        assert_int_equal(waiters[i].verdict, OWNER_REPLAY);
    }
    owner_put(owner);
}

/* The first one's result does not count: the next in the queue runs, and the others get its
 * result. */
static void test_duplicate_runs_when_the_first_did_not_count(void **unused)
{
    struct owner *owner = established("a", 7);
    const struct owner_request request = request_of(OP_OPEN, 8);
    const struct owner_result result = {.status = NFS4ERR_RESOURCE};
    struct waiter waiters[2];
    struct owner_replay replay;

    (void)unused;
    assert_int_equal(owner_seqid_begin(owner_get(owner), &request, &replay), OWNER_RUN);
    for (uint32_t i = 0; i < 2; i++) {
        waiters[i].owner = owner;
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_main, &waiters[i]), 0);
    }
    await_waiters(owner, 2);
    owner_seqid_end(owner, &request, &result);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(waiters[i].thread, NULL), 0);
    assert_int_equal(waiters[0].verdict + waiters[1].verdict, OWNER_RUN + OWNER_REPLAY);
    owner_put(owner);
}

static int set_up(void **state)
{
    now = 1000 * INT64_C(1000000000);
    return fixture_set_up(state);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_next_same_and_others),
        TEST(test_same_number_must_be_the_same_request),
        TEST(test_exempt_errors),
        TEST(test_wrap),
        TEST(test_zero_is_a_number),
        TEST(test_owners_are_apart),
        TEST(test_kept_bytes),
        TEST(test_confirming),
        TEST(test_opens_without_a_sequence),
        TEST(test_open_takes_the_place_of_an_unconfirmed),
        TEST(test_confirm_out_of_order_ends_the_open),
        TEST(test_unconfirmed_opens_go_after_a_lease),
        TEST(test_busy_owner_keeps_its_open),
        TEST(test_lock_owner_begins_with_a_success),
        TEST(test_waiting_lock_owner_begins_anew),
        TEST(test_release_lock_owner),
        TEST(test_idle_owners_by_number),
        TEST(test_idle_owners_of_all),
        TEST(test_idle_owners_by_time),
        TEST(test_found_by_the_last_closed_stateid),
        TEST(test_nothing_outlives_the_client),
        TEST(test_duplicates_wait),
        TEST(test_duplicate_runs_when_the_first_did_not_count),
    };

    return test_group_run(tests);
}
