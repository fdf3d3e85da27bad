/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners of minor version 0 against the daemon: a seqid that is not the next is refused, and a
 * retry of the last request gets its answer again byte for byte, over any connection (RFC 7530
 * §9.1.7 to §9.1.9).
 */
#include <string.h>

#include "client/client_owner.h"
#include "script.h"

static struct client_owner opener, locker;
static struct client_conn second;
static const struct client_lock whole = {.type = WRITE_LT, .length = NFS4_UINT64_MAX};

static void fresh_owners(void)
{
    static unsigned made;
    char name[32];

    (void)snprintf(name, sizeof(name), "owner %u", made++);
    client_owner_init(&opener, client_mount_clientid(&alice), name);
    client_owner_init(&locker, client_mount_clientid(&alice), name);
    opener.seqid = 0;
    locker.seqid = 0;
}

static void say_open(const struct client_fh *dir, bool create)
{
    const struct client_open open = {.access = OPEN4_SHARE_ACCESS_BOTH,
                                     .name = "file",
                                     .create = create,
                                     .how = GUARDED4,
                                     .mode = 0600};

    begin(&alice, dir);
    client_owner_open(C, &opener, &open);
    client_op_getfh(C);
}

static void say_confirm(const struct client_fh *file, const struct stateid4 *stateid)
{
    begin(&alice, file);
    client_owner_open_confirm(C, &opener, stateid);
}

static void say_downgrade(const struct client_fh *file, const struct stateid4 *stateid)
{
    begin(&alice, file);
    client_owner_open_downgrade(C, &opener, stateid, OPEN4_SHARE_ACCESS_BOTH, 0);
}

static void say_close(const struct client_fh *file, const struct stateid4 *stateid)
{
    begin(&alice, file);
    client_owner_close(C, &opener, stateid);
}

static void say_lock_first(const struct client_fh *file, const struct stateid4 *stateid)
{
    begin(&alice, file);
    client_owner_lock_first(C, &opener, stateid, &locker, &whole);
}

static void say_lock(const struct client_fh *file, const struct stateid4 *stateid)
{
    begin(&alice, file);
    client_owner_lock(C, &locker, stateid, &whole);
}

static void say_unlock(const struct client_fh *file, const struct stateid4 *stateid)
{
    begin(&alice, file);
    client_owner_unlock(C, &locker, stateid, &whole);
}

/* The first answer again, over this and another connection, then go on to the next. */
static void run_and_retry(void)
{
    run(NFS4_OK);
    retry_on(&second);
    retry_on(NULL);
}

/* S20-04's other half: in 4.0 each operation with a seqid is ordered; the first seqid is 0. */
static void retries_have_the_first_answer(void **state)
{
    struct client_fh dir = script_dir(*state), file;
    struct stateid4 open, lock;

    fresh_owners();
    script_connect(&second);
    say_open(&dir, true); /* GUARDED4: a second execution would be EXIST */
    run_and_retry();
    open = result(OP_OPEN)->opopen.stateid;
    assert_true(result(OP_OPEN)->opopen.rflags & OPEN4_RESULT_CONFIRM);
    file = result_fh();
    say_confirm(&file, &open);
    run_and_retry();
    open = result(OP_OPEN_CONFIRM)->opopen_confirm.open_stateid;
    say_lock_first(&file, &open);
    run_and_retry();
    lock = result(OP_LOCK)->oplock.lock_stateid;
    say_lock(&file, &lock);
    run_and_retry();
    lock = result(OP_LOCK)->oplock.lock_stateid;
    assert_int_equal(lock.seqid, 2);
    say_unlock(&file, &lock);
    run_and_retry();
    say_downgrade(&file, &open);
    run_and_retry();
    open = result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid;
    assert_int_equal(open.seqid, 3);
    say_close(&file, &open);
    run_and_retry();
    say_open(&dir, false);
    run_and_retry();
    assert_false(result(OP_OPEN)->opopen.rflags & OPEN4_RESULT_CONFIRM);
    open = result(OP_OPEN)->opopen.stateid;
    say_close(&file, &open);
    run_and_retry();
    client_conn_close(&second);
}

/* One operation with seqids that are not its owner's next, and once with the right one. */
static void refuse_then_accept(struct client_owner *owner,
                               void (*say)(const struct client_fh *, const struct stateid4 *),
                               const struct client_fh *file, const struct stateid4 *stateid)
{
    static const uint32_t off[] = {1, 2, 1000, UINT32_MAX - 4};
    uint32_t right = owner->seqid;

    for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
        owner->seqid = right + off[i];
        say(file, stateid);
        run(NFS4ERR_BAD_SEQID);
        assert_int_equal(owner->seqid, right + off[i]); /* a refused request does not count */
    }
    owner->seqid = right;
    say(file, stateid);
    run(NFS4_OK);
}

static void wrong_numbers_are_refused(void **state)
{
    struct client_fh dir = script_dir(*state), file;
    struct stateid4 open, lock;

    fresh_owners();
    opener.seqid = 70;
    locker.seqid = 80;
    say_open(&dir, true);
    run(NFS4_OK);
    open = result(OP_OPEN)->opopen.stateid;
    file = result_fh();
    say_confirm(&file, &open);
    run(NFS4_OK);
    open = result(OP_OPEN_CONFIRM)->opopen_confirm.open_stateid;
    refuse_then_accept(&opener, say_lock_first, &file, &open);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    refuse_then_accept(&locker, say_lock, &file, &lock);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    refuse_then_accept(&locker, say_unlock, &file, &lock);
    refuse_then_accept(&opener, say_downgrade, &file, &open);
    open = result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid;
    refuse_then_accept(&opener, say_close, &file, &open);
    opener.seqid++;
    say_open(&dir, false);
    run(NFS4ERR_BAD_SEQID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(retries_have_the_first_answer),
        ON_BOTH(wrong_numbers_are_refused),
    };

    return test_group_run_fixtures(tests, script_setup_v40_default, script_teardown);
}
