/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations of 4.0 in the sequences of their owners, over the wire: what runs, what is refused,
 * and that a retransmission gets the bytes of the first answer and changes nothing (RFC 7530 §9.1).
 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/test.h"
#include "proto/nfs4_program.h"
#include "v40_fixture.h"

enum {
    R = OPEN4_SHARE_ACCESS_READ,
    W = OPEN4_SHARE_ACCESS_WRITE,
    RW = OPEN4_SHARE_ACCESS_BOTH,
    NONE = OPEN4_SHARE_DENY_NONE,
    ALL = OPEN4_SHARE_DENY_BOTH,
};

static struct v40_caller me;
static struct v40_owner owner, other, locker;
static struct v40_file file;
static int another_fd;

static int set_up(void **state)
{
    uint64_t id;

    v41_set_up(state);
    another_fd = v41_connect();
    v40_caller_init(&me, v41_fd);
    id = v40_client(&me, "alice");
    owner = (struct v40_owner){id, "owner", 5};
    other = (struct v40_owner){id, "other", 1};
    locker = (struct v40_owner){id, "locker", 0};
    return 0;
}

static int tear_down(void **state)
{
    close(another_fd);
    return v41_tear_down(state);
}

static void replay_everywhere(void)
{
    must_replay(&me, v41_fd);
    must_replay(&me, another_fd);
}

/* ---- OPEN, OPEN_CONFIRM, OPEN_DOWNGRADE, CLOSE ---- */

static void test_life_of_an_open(void **unused)
{
    uint8_t first[NFS4_OTHER_SIZE];

    (void)unused;
    assert_int_equal(send_create(&me, &owner, "a", R, NONE, &file), NFS4_OK);
    assert_int_equal(file.rflags, OPEN4_RESULT_CONFIRM | OPEN4_RESULT_LOCKTYPE_POSIX);
    assert_int_equal(file.stateid.seqid, 1);
    memcpy(first, file.stateid.other, sizeof(first));
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4_OK);
    assert_int_equal(file.stateid.seqid, 2);
    assert_int_equal(send_open(&me, &owner, "a", RW, NONE, &file), NFS4_OK);
    assert_int_equal(file.rflags, OPEN4_RESULT_LOCKTYPE_POSIX);
    assert_int_equal(file.stateid.seqid, 3);
    assert_int_equal(send_downgrade(&me, &owner, &file, R, NONE), NFS4_OK);
    assert_int_equal(file.stateid.seqid, 4);
    assert_memory_equal(file.stateid.other, first, sizeof(first));
    assert_int_equal(send_close(&me, &owner, &file), NFS4_OK);
    /* The owner is remembered without an open. */
    assert_int_equal(send_open(&me, &owner, "a", R, NONE, &file), NFS4_OK);
    assert_int_equal(file.rflags, OPEN4_RESULT_LOCKTYPE_POSIX);
    assert_int_equal(owner.seqid, 11);
}

/* The same bytes for each retry, over any connection, and one execution only. */
static void test_replays(void **unused)
{
    (void)unused;
    assert_int_equal(send_create(&me, &owner, "a", R, NONE, &file), NFS4_OK);
    replay_everywhere(); /* GUARDED4: a second execution would be EXIST */
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4_OK);
    replay_everywhere();
    assert_int_equal(send_create(&me, &owner, "b", RW, ALL, &file), NFS4_OK);
    replay_everywhere();
    assert_int_equal(send_open(&me, &other, "a", R, NONE, &file), NFS4_OK);
    replay_everywhere();
    assert_int_equal(send_open(&me, &owner, "a", RW, NONE, &file), NFS4_OK);
    replay_everywhere();
    assert_int_equal(send_downgrade(&me, &owner, &file, R, NONE), NFS4_OK);
    replay_everywhere();
    assert_int_equal(send_close(&me, &owner, &file), NFS4_OK);
    replay_everywhere();
}

static void test_replayed_errors(void **unused)
{
    (void)unused;
    assert_int_equal(send_open(&me, &owner, "none", R, NONE, &file), NFS4ERR_NOENT);
    replay_everywhere();
    must_open(&me, &owner, "a", RW, ALL, &file);
    assert_int_equal(send_open(&me, &other, "a", R, NONE, &file), NFS4ERR_SHARE_DENIED);
    replay_everywhere();
    assert_int_equal(send_downgrade(&me, &owner, &file, R, NONE), NFS4ERR_INVAL);
    replay_everywhere();
    /* The reply comes from the cache. */
    assert_int_equal(send_open(&me, &owner, "none", R, NONE, &file), NFS4ERR_NOENT);
    {
        struct v40_caller third = {.fd = another_fd};
        struct v40_file made;

        assert_int_equal(send_create(&third, &other, "none", R, NONE, &made), NFS4_OK);
    }
    replay_everywhere();
}

/* S20-04: in 4.0 a wrong seqid is refused, and changes nothing. */
static void test_bad_seqids(void **unused)
{
    static const uint32_t wrong[] = {UINT32_MAX, UINT32_MAX - 1, 1, 50};

    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct v40_owner late = owner;
        struct v40_file copy = file;

        late.seqid += wrong[i];
        assert_int_equal(send_open(&me, &late, "a", R, NONE, &copy), NFS4ERR_BAD_SEQID);
        assert_int_equal(send_confirm(&me, &late, &copy), NFS4ERR_BAD_SEQID);
        assert_int_equal(send_downgrade(&me, &late, &copy, R, NONE), NFS4ERR_BAD_SEQID);
        assert_int_equal(send_close(&me, &late, &copy), NFS4ERR_BAD_SEQID);
        assert_int_equal(late.seqid, owner.seqid + wrong[i]);
    }
    assert_int_equal(send_open(&me, &owner, "a", R, NONE, &file), NFS4_OK);
    assert_int_equal(send_close(&me, &owner, &file), NFS4_OK);
}

/* RFC 7530 §9.1.9: the seqid of the last request with another request. */
static void test_same_number_with_another_request(void **unused)
{
    struct v40_owner again;

    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    assert_int_equal(send_open(&me, &owner, "a", R, NONE, &file), NFS4_OK);
    again = owner;
    again.seqid--;
    assert_int_equal(send_open(&me, &again, "a", W, NONE, &file), NFS4ERR_BAD_SEQID);
    assert_int_equal(send_close(&me, &again, &file), NFS4ERR_BAD_SEQID);
}

/* ... or of another user. */
static void test_same_request_of_another_user(void **unused)
{
    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    assert_int_equal(send_open(&me, &owner, "a", R, NONE, &file), NFS4_OK);
    me.call.uid = 1000;
    v41_roundtrip(v41_fd, &me.call);
    assert_int_equal(me.call.status, NFS4ERR_BAD_SEQID);
}

static void test_any_first_number(void **unused)
{
    static const uint32_t first[] = {0, 1, 77, UINT32_MAX};

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
        char name[16];
        struct v40_owner fresh = {owner.clientid, name, first[i]};

        (void)snprintf(name, sizeof(name), "owner %zu", i);
        must_open(&me, &fresh, "a", R, NONE, &file);
        assert_int_equal(send_close(&me, &fresh, &file), NFS4_OK);
    }
}

/* RFC 7530 §9.1.3 skips 0 when seqids wrap, clients that just add one don't. */
static void test_wrap(void **unused)
{
    (void)unused;
    other.seqid = owner.seqid = UINT32_MAX - 1;
    assert_int_equal(send_create(&me, &owner, "a", R, NONE, &file), NFS4_OK);
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4_OK);
    replay_everywhere();
    assert_int_equal(owner.seqid, 0);
    assert_int_equal(send_open(&me, &owner, "a", R, NONE, &file), NFS4_OK);
    replay_everywhere();
    assert_int_equal(send_close(&me, &owner, &file), NFS4_OK);
    assert_int_equal(send_open(&me, &other, "a", R, NONE, &file), NFS4_OK);
    assert_int_equal(send_confirm(&me, &other, &file), NFS4_OK);
    other.seqid = 2;
    assert_int_equal(send_close(&me, &other, &file), NFS4ERR_BAD_SEQID);
    other.seqid = 1;
    assert_int_equal(send_close(&me, &other, &file), NFS4_OK);
    replay_everywhere();
}

/* The state after an error that does not count. */
static void test_errors_that_do_not_count(void **unused)
{
    struct v40_file wrong;
    uint32_t before;

    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    before = owner.seqid;
    wrong = file;
    wrong.stateid.seqid++;
    assert_int_equal(send_close(&me, &owner, &wrong), NFS4ERR_BAD_STATEID);
    wrong.stateid.other[0] ^= 1;
    assert_int_equal(send_close(&me, &owner, &wrong), NFS4ERR_STALE_STATEID);
    memset(&wrong.stateid, 0, sizeof(wrong.stateid));
    assert_int_equal(send_close(&me, &owner, &wrong), NFS4ERR_BAD_STATEID);
    {
        struct OPEN4args args = v40_open_args(&owner, "a", R, NONE);

        v40_begin(&me);
        wire_OPEN4args(v41_op(&me.call, OP_OPEN), &args);
        v41_roundtrip(v41_fd, &me.call);
        assert_int_equal(me.call.status, NFS4ERR_NOFILEHANDLE);
        args.owner.clientid++;
        v40_begin(&me);
        v41_op(&me.call, OP_PUTROOTFH);
        wire_OPEN4args(v41_op(&me.call, OP_OPEN), &args);
        v41_roundtrip(v41_fd, &me.call);
        assert_int_equal(me.call.status, NFS4ERR_STALE_CLIENTID);
    }
    assert_int_equal(owner.seqid, before);
    assert_int_equal(send_close(&me, &owner, &file), NFS4_OK);
}

/* RFC 7530 §9.1.9: the seqid is checked before the stateid; OLD_STATEID counts. */
static void test_old_stateid(void **unused)
{
    struct v40_file old;
    struct v40_owner late;

    (void)unused;
    assert_int_equal(send_create(&me, &owner, "a", RW, NONE, &file), NFS4_OK);
    old = file;
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4_OK);
    late = owner;
    late.seqid += 2;
    assert_int_equal(send_close(&me, &late, &old), NFS4ERR_BAD_SEQID);
    assert_int_equal(send_close(&me, &owner, &old), NFS4ERR_OLD_STATEID);
    replay_everywhere();
    old.stateid.seqid = 0;
    assert_int_equal(send_downgrade(&me, &owner, &old, R, NONE), NFS4ERR_OLD_STATEID);
    assert_int_equal(send_close(&me, &owner, &file), NFS4_OK);
}

/* The stateid is gone, its owner is not. */
static void test_close_again(void **unused)
{
    struct v40_file second, wrong;
    struct v40_owner again;

    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    must_open(&me, &owner, "b", RW, NONE, &second);
    wrong = second;
    wrong.stateid.seqid++;
    assert_int_equal(send_close(&me, &owner, &file), NFS4_OK);
    replay_everywhere();
    again = owner;
    assert_int_equal(send_close(&me, &again, &file), NFS4ERR_BAD_STATEID); /* the next seqid */
    again.seqid += 5;
    assert_int_equal(send_close(&me, &again, &file), NFS4ERR_BAD_SEQID);
    /* A CLOSE that does not count does not affect that. */
    assert_int_equal(send_close(&me, &owner, &wrong), NFS4ERR_BAD_STATEID);
    again.seqid = owner.seqid - 1;
    assert_int_equal(send_close(&me, &again, &file), NFS4_OK);
    assert_int_equal(send_close(&me, &owner, &second), NFS4_OK);
    replay_everywhere();
    again.seqid = owner.seqid - 2;
    assert_int_equal(send_close(&me, &again, &file), NFS4ERR_BAD_STATEID);
}

/* S20-22: 4.0 refuses arguments that only later minor versions define. */
static void test_open_of_later_versions(void **unused)
{
    struct OPEN4args args = v40_open_args(&owner, "a", R, NONE);

    (void)unused;
    args.openhow = (struct openflag4){.opentype = OPEN4_CREATE, .how = {.mode = EXCLUSIVE4_1}};
    assert_int_equal(send_open_with(&me, &owner, &args, &file), NFS4ERR_BADXDR);
    args = v40_open_args(&owner, "a", R, NONE);
    args.claim = (struct open_claim4){.claim = CLAIM_FH};
    assert_int_equal(send_open_with(&me, &owner, &args, &file), NFS4ERR_BADXDR);
    args = v40_open_args(&owner, "a", R | OPEN4_SHARE_ACCESS_WANT_NO_DELEG, NONE);
    assert_int_equal(send_open_with(&me, &owner, &args, &file), NFS4ERR_INVAL);
    args = v40_open_args(&owner, "a", 0, NONE);
    assert_int_equal(send_open_with(&me, &owner, &args, &file), NFS4ERR_INVAL);
    args = v40_open_args(&owner, "a", R, 4);
    assert_int_equal(send_open_with(&me, &owner, &args, &file), NFS4ERR_INVAL);
    must_open(&me, &owner, "a", RW, NONE, &file);
    assert_int_equal(
        send_downgrade(&me, &owner, &file, RW | OPEN4_SHARE_ACCESS_WANT_NO_DELEG, NONE),
        NFS4ERR_INVAL);
}

/* ---- unconfirmed opens ---- */

static void test_unconfirmed_open_is_of_no_use(void **unused)
{
    struct stateid4 lock;

    (void)unused;
    assert_int_equal(send_create(&me, &owner, "a", RW, NONE, &file), NFS4_OK);
    assert_int_equal(send_write(&me, &file, &file.stateid), NFS4ERR_BAD_STATEID);
    assert_int_equal(send_downgrade(&me, &owner, &file, RW, NONE), NFS4ERR_BAD_STATEID);
    assert_int_equal(send_close(&me, &owner, &file), NFS4ERR_BAD_STATEID);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 1, &lock), NFS4ERR_BAD_STATEID);
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4_OK);
    assert_int_equal(send_write(&me, &file, &file.stateid), NFS4_OK);
}

static void test_confirm_needs_an_unconfirmed_open(void **unused)
{
    struct v40_file wrong;

    (void)unused;
    assert_int_equal(send_create(&me, &owner, "a", RW, NONE, &file), NFS4_OK);
    wrong = file;
    wrong.stateid.seqid = 7;
    assert_int_equal(send_confirm(&me, &owner, &wrong), NFS4ERR_BAD_STATEID);
    wrong.stateid.other[0] ^= 1;
    assert_int_equal(send_confirm(&me, &owner, &wrong), NFS4ERR_STALE_STATEID);
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4_OK);
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4ERR_BAD_STATEID);
}

static void test_open_in_place_of_an_unconfirmed(void **unused)
{
    struct v40_file second;

    (void)unused;
    assert_int_equal(send_create(&me, &owner, "a", RW, ALL, &file), NFS4_OK);
    owner.seqid = 1000;
    assert_int_equal(send_create(&me, &owner, "b", RW, ALL, &second), NFS4_OK);
    assert_int_equal(second.rflags & OPEN4_RESULT_CONFIRM, OPEN4_RESULT_CONFIRM);
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4ERR_BAD_STATEID);
    must_open(&me, &other, "a", RW, NONE, &file); /* no share denies it */
    assert_int_equal(send_confirm(&me, &owner, &second), NFS4_OK);
}

static void test_confirm_out_of_order(void **unused)
{
    (void)unused;
    assert_int_equal(send_create(&me, &owner, "a", RW, ALL, &file), NFS4_OK);
    owner.seqid += 3;
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4ERR_BAD_SEQID);
    replay_everywhere();
    owner.seqid -= 3;
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4ERR_BAD_SEQID);
    must_open(&me, &other, "a", RW, NONE, &file);
}

static void test_unconfirmed_open_goes_after_a_lease(void **unused)
{
    (void)unused;
    assert_int_equal(send_create(&me, &owner, "a", RW, ALL, &file), NFS4_OK);
    assert_int_equal(send_open(&me, &other, "a", R, NONE, &file), NFS4ERR_SHARE_DENIED);
    nfs4_tick(&test_server, clock_now_ns() + (LEASE_S + 1) * NSEC_PER_SEC);
    assert_int_equal(send_open(&me, &other, "a", R, NONE, &file), NFS4_OK);
}

/* ---- locks ---- */

static void test_life_of_a_lock_owner(void **unused)
{
    struct stateid4 lock;

    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    replay_everywhere();
    assert_int_equal(lock.seqid, 1);
    assert_int_equal(send_lock(&me, &file, &locker, 20, 10, &lock), NFS4_OK);
    replay_everywhere();
    assert_int_equal(lock.seqid, 2);
    assert_int_equal(send_write(&me, &file, &lock), NFS4_OK);
    assert_int_equal(send_unlock(&me, &file, &locker, 0, UINT64_MAX, &lock), NFS4_OK);
    replay_everywhere();
    assert_int_equal(lock.seqid, 3);
    assert_int_equal(locker.seqid, 3);
    assert_int_equal(send_close(&me, &owner, &file), NFS4_OK);
    replay_everywhere();
    /* Without lock state the owner begins again, with any seqid. */
    locker.seqid = 70;
    must_open(&me, &owner, "a", RW, NONE, &file);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
}

static void test_bad_seqids_of_locks(void **unused)
{
    struct v40_owner late_owner, late_locker;
    struct stateid4 lock, unused_lock;

    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    late_owner = owner;
    late_owner.seqid++;
    late_locker = locker;
    late_locker.seqid++;
    unused_lock = lock;
    assert_int_equal(send_lock_new(&me, &late_owner, &file, &locker, 20, 10, &unused_lock),
                     NFS4ERR_BAD_SEQID);
    assert_int_equal(send_lock_new(&me, &owner, &file, &late_locker, 20, 10, &unused_lock),
                     NFS4ERR_BAD_SEQID);
    assert_int_equal(send_lock(&me, &file, &late_locker, 20, 10, &unused_lock), NFS4ERR_BAD_SEQID);
    assert_int_equal(send_unlock(&me, &file, &late_locker, 0, 10, &unused_lock), NFS4ERR_BAD_SEQID);
    /* Its last seqid with another request, too. */
    late_locker.seqid = locker.seqid - 1;
    assert_int_equal(send_lock(&me, &file, &late_locker, 20, 10, &unused_lock), NFS4ERR_BAD_SEQID);
    assert_int_equal(send_lock_new(&me, &owner, &file, &late_locker, 20, 10, &unused_lock),
                     NFS4ERR_BAD_SEQID);
    assert_int_equal(send_lock(&me, &file, &locker, 20, 10, &lock), NFS4_OK);
    assert_int_equal(send_open(&me, &owner, "a", R, NONE, &file), NFS4_OK);
}

/* One sequence for all files of an owner; RFC 7530 §9.1.5. */
static void test_lock_owner_of_two_files(void **unused)
{
    struct stateid4 lock, second_lock;
    struct v40_file second;

    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    must_open(&me, &owner, "b", RW, NONE, &second);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    assert_int_equal(send_lock_new(&me, &owner, &second, &locker, 0, 10, &second_lock), NFS4_OK);
    assert_int_equal(send_unlock(&me, &file, &locker, 0, 10, &lock), NFS4_OK);
    assert_int_equal(send_close(&me, &owner, &file), NFS4_OK);
    assert_int_equal(send_lock(&me, &second, &locker, 20, 10, &second_lock), NFS4_OK);
}

/* Where RFC 7530 §16.10.5 would have BAD_SEQID, this succeeds as on other servers: the seqids are
 * right. */
static void test_new_lock_owner_once_more(void **unused)
{
    struct stateid4 lock, again;

    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 20, 10, &again), NFS4_OK);
    assert_memory_equal(lock.other, again.other, sizeof(lock.other));
    assert_int_equal(again.seqid, 2);
}

static void test_denied_lock(void **unused)
{
    static char name[LIMIT_OWNER_STRING_BYTES + 1];
    struct v40_owner holder = {owner.clientid, name, 0};
    struct stateid4 lock, mine;

    (void)unused;
    memset(name, 'n', sizeof(name) - 1);
    must_open(&me, &owner, "a", RW, NONE, &file);
    assert_int_equal(send_lock_new(&me, &owner, &file, &holder, 0, 10, &lock), NFS4_OK);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 5, 10, &mine), NFS4ERR_DENIED);
    assert_true(me.call.body_len > LIMIT_OWNER_STRING_BYTES);
    replay_everywhere();
    /* It holds nothing, so its sequence has not begun. */
    locker.seqid = 30;
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 20, 10, &mine), NFS4_OK);
    assert_int_equal(send_lock(&me, &file, &locker, 5, 10, &mine), NFS4ERR_DENIED);
    replay_everywhere();
    assert_int_equal(send_lock_test(&me, &file, &locker, 5, 10), NFS4ERR_DENIED);
    assert_int_equal(send_lock_test(&me, &file, &holder, 5, 5), NFS4_OK);
}

static void test_stateids_of_the_wrong_kind(void **unused)
{
    struct v40_owner stranger = {owner.clientid + 1, "stranger", 0};
    struct stateid4 lock, open;
    struct v40_file with_lock;

    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    assert_int_equal(send_lock_new(&me, &owner, &file, &stranger, 0, 10, &lock),
                     NFS4ERR_STALE_CLIENTID);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    with_lock = file;
    with_lock.stateid = lock;
    open = file.stateid;
    assert_int_equal(send_close(&me, &owner, &with_lock), NFS4ERR_BAD_STATEID);
    assert_int_equal(send_downgrade(&me, &owner, &with_lock, R, NONE), NFS4ERR_BAD_STATEID);
    assert_int_equal(send_lock_new(&me, &owner, &with_lock, &locker, 0, 10, &lock),
                     NFS4ERR_BAD_STATEID);
    assert_int_equal(send_lock(&me, &file, &locker, 0, 10, &open), NFS4ERR_BAD_STATEID);
    assert_int_equal(send_unlock(&me, &file, &locker, 0, 10, &open), NFS4ERR_BAD_STATEID);
    assert_int_equal(send_unlock(&me, &file, &locker, 0, 10, &lock), NFS4_OK);
}

static void test_release_lockowner(void **unused)
{
    struct v40_owner unknown = {owner.clientid, "unknown", 0};
    struct v40_owner stranger = {owner.clientid + 1, "locker", 0};
    struct stateid4 lock, gone;

    (void)unused;
    must_open(&me, &owner, "a", RW, NONE, &file);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    assert_int_equal(send_release(&me, &locker), NFS4ERR_LOCKS_HELD);
    assert_int_equal(send_release(&me, &stranger), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(send_release(&me, &unknown), NFS4_OK);
    assert_int_equal(send_unlock(&me, &file, &locker, 0, 10, &lock), NFS4_OK);
    assert_int_equal(send_release(&me, &locker), NFS4_OK);
    gone = lock;
    assert_int_equal(send_unlock(&me, &file, &locker, 0, 10, &gone), NFS4ERR_BAD_STATEID);
    locker.seqid = 99;
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    assert_memory_not_equal(lock.other, gone.other, sizeof(lock.other));
}

/* Each client has its own names. */
static void test_two_clients_with_the_same_names(void **unused)
{
    struct v40_owner theirs = {0, "owner", 40}, their_locker = {0, "locker", 50};
    struct stateid4 lock, their_lock;
    struct v40_file their_file;

    (void)unused;
    theirs.clientid = their_locker.clientid = v40_client(&me, "bob");
    must_open(&me, &owner, "a", RW, NONE, &file);
    must_open(&me, &theirs, "a", RW, NONE, &their_file);
    assert_memory_not_equal(file.stateid.other, their_file.stateid.other, NFS4_OTHER_SIZE);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    assert_int_equal(send_lock_new(&me, &theirs, &their_file, &their_locker, 0, 10, &their_lock),
                     NFS4ERR_DENIED);
    assert_int_equal(send_lock_new(&me, &theirs, &their_file, &their_locker, 20, 10, &their_lock),
                     NFS4_OK);
    assert_int_equal(send_release(&me, &locker), NFS4ERR_LOCKS_HELD);
    assert_int_equal(send_close(&me, &theirs, &their_file), NFS4_OK);
    assert_int_equal(send_close(&me, &owner, &file), NFS4_OK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_life_of_an_open),
        TEST(test_replays),
        TEST(test_replayed_errors),
        TEST(test_bad_seqids),
        TEST(test_same_number_with_another_request),
        TEST(test_same_request_of_another_user),
        TEST(test_any_first_number),
        TEST(test_wrap),
        TEST(test_errors_that_do_not_count),
        TEST(test_old_stateid),
        TEST(test_close_again),
        TEST(test_open_of_later_versions),
        TEST(test_unconfirmed_open_is_of_no_use),
        TEST(test_confirm_needs_an_unconfirmed_open),
        TEST(test_open_in_place_of_an_unconfirmed),
        TEST(test_confirm_out_of_order),
        TEST(test_unconfirmed_open_goes_after_a_lease),
        TEST(test_life_of_a_lock_owner),
        TEST(test_bad_seqids_of_locks),
        TEST(test_lock_owner_of_two_files),
        TEST(test_new_lock_owner_once_more),
        TEST(test_denied_lock),
        TEST(test_stateids_of_the_wrong_kind),
        TEST(test_release_lockowner),
        TEST(test_two_clients_with_the_same_names),
    };

    return test_group_run(tests);
}
