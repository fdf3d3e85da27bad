/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that waits for a byte-range lock is notified over the back channel when it is free
 * (CB_NOTIFY_LOCK, RFC 8881 §20.11). The request that frees the range decides which clients are
 * notified, and the notice is on the waiter's connection before the reply to anything that it sends
 * after that: one SEQUENCE shows that nothing came.  More of the order is in
 * unit.state.lock.lock_notice.
 */
#include <string.h>

#include "holder.h"

static struct client_fh dir;
static struct client_file of_alice;

static void set_up(void *export)
{
    struct client_file file;

    dir = script_dir(export);
    file = make_open(&alice, &dir, "file");
    of_alice = file;
}

static struct client_file open_of(struct holder *holder)
{
    struct client_file file;

    expect_status(client_file_open_rw(&holder->mount, &dir, "file", &file), NFS4_OK);
    return file;
}

static struct stateid4 lock(struct client_mount *mount, const struct client_file *file,
                            const char *owner, enum nfs_lock_type4 type, uint64_t offset,
                            uint64_t length, enum nfsstat4 status)
{
    begin(mount, &file->fh);
    script_op_lock_new(mount, file, owner, type, offset, length);
    run(status);
    return status == NFS4_OK ? result(OP_LOCK)->oplock.lock_stateid : (struct stateid4){0};
}

static void unlock(struct client_mount *mount, const struct client_file *file,
                   const struct stateid4 *stateid, uint64_t offset, uint64_t length)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCKU,
        .oplocku = {
            .locktype = WRITE_LT, .lock_stateid = *stateid, .offset = offset, .length = length}};

    op.oplocku.lock_stateid.seqid = 0;
    begin(mount, &file->fh);
    client_compound_add(C, &op);
    run(NFS4_OK);
}

static void expect_notice(struct holder *holder, uint32_t from, const struct client_file *file,
                          const char *owner)
{
    const struct client_callback *cb =
        client_callback_at(holder->callbacks, holder_wait(holder, OP_CB_NOTIFY_LOCK, from));
    const struct client_callback_op *op = client_callback_lookup(cb, OP_CB_NOTIFY_LOCK);

    assert_int_equal(op->fh.len, file->fh.len);
    assert_memory_equal(op->fh.data, file->fh.data, file->fh.len);
    assert_int_equal(op->clientid, client_mount_clientid(&holder->mount));
    assert_int_equal(op->owner_len, strlen(owner));
    assert_memory_equal(op->owner, owner, op->owner_len);
}

static void expect_nothing(struct holder *holder, uint32_t count)
{
    holder_speak(holder, &holder->mount.conn);
    assert_int_equal(holder->callbacks->count, count);
}

/* S22-09: another callback operation, over a connection that the client made (S22-01). */
static void notified_and_granted(void **state)
{
    struct client_file file;
    struct stateid4 held;
    struct holder holder;

    set_up(*state);
    holder_open(&holder, 1);
    file = open_of(&holder);
    assert_true(file.open.rflags & OPEN4_RESULT_MAY_NOTIFY_LOCK);
    held = lock(&alice, &of_alice, "holder", WRITE_LT, 0, 10, NFS4_OK);
    (void)lock(&holder.mount, &file, "waiter", WRITEW_LT, 0, 10, NFS4ERR_DENIED);
    expect_nothing(&holder, 0);
    unlock(&alice, &of_alice, &held, 0, 10);
    expect_notice(&holder, 0, &file, "waiter");
    /* The range is reserved for it. */
    (void)lock(&alice, &of_alice, "other", WRITEW_LT, 5, 1, NFS4ERR_DENIED);
    (void)lock(&holder.mount, &file, "waiter", WRITEW_LT, 0, 10, NFS4_OK);
    assert_int_equal(holder.callbacks->count, 1);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    expect_status(client_file_close(&alice, &of_alice), NFS4_OK);
    holder_close(&holder);
}

static void first_come_first_told(void **state)
{
    struct client_file file, other;
    struct stateid4 held;
    struct holder first, second;

    set_up(*state);
    holder_open(&first, 1);
    holder_open(&second, 2);
    file = open_of(&first);
    other = open_of(&second);
    held = lock(&alice, &of_alice, "holder", WRITE_LT, 0, 10, NFS4_OK);
    (void)lock(&first.mount, &file, "1", WRITEW_LT, 0, 10, NFS4ERR_DENIED);
    (void)lock(&second.mount, &other, "2", READW_LT, 5, 10, NFS4ERR_DENIED);
    /* The freed range fits neither waiter. */
    unlock(&alice, &of_alice, &held, 0, 4);
    expect_nothing(&first, 0);
    expect_nothing(&second, 0);
    /* CLOSE frees as LOCKU does. */
    expect_status(client_file_close(&alice, &of_alice), NFS4_OK);
    expect_notice(&first, 0, &file, "1");
    expect_nothing(&second, 0);
    (void)lock(&first.mount, &file, "1", WRITEW_LT, 0, 10, NFS4_OK);
    expect_nothing(&second, 0);
    expect_status(client_file_close(&first.mount, &file), NFS4_OK);
    expect_notice(&second, 0, &other, "2");
    (void)lock(&second.mount, &other, "2", READW_LT, 5, 10, NFS4_OK);
    expect_status(client_file_close(&second.mount, &other), NFS4_OK);
    holder_close(&first);
    holder_close(&second);
}

/* The owner of the lock leaves, and the first waiter has left before. */
static void clients_that_go(void **state)
{
    struct client_file file, other, owners;
    struct holder first, second, owner;

    set_up(*state);
    holder_open(&first, 1);
    holder_open(&second, 1);
    holder_open(&owner, 1);
    file = open_of(&first);
    other = open_of(&second);
    owners = open_of(&owner);
    (void)lock(&owner.mount, &owners, "holder", WRITE_LT, 0, 10, NFS4_OK);
    (void)lock(&first.mount, &file, "1", WRITEW_LT, 0, 10, NFS4ERR_DENIED);
    (void)lock(&second.mount, &other, "2", WRITEW_LT, 0, 10, NFS4ERR_DENIED);
    expect_status(client_file_close(&first.mount, &file), NFS4_OK);
    expect_status(client_file_close(&owner.mount, &owners), NFS4_OK);
    expect_notice(&second, 0, &other, "2");
    expect_nothing(&first, 0);
    expect_status(client_file_close(&second.mount, &other), NFS4_OK);
    expect_status(client_file_close(&alice, &of_alice), NFS4_OK);
    holder_close(&first);
    holder_close(&second);
    holder_close(&owner);
}

/* A client that wants no such callback polls, as before. */
static void refused(void **state)
{
    struct client_file file;
    struct stateid4 held;
    struct holder holder;

    set_up(*state);
    holder_open(&holder, 1);
    file = open_of(&holder);
    holder.mount.conn.behaviour.op_status = NFS4ERR_NOTSUPP;
    held = lock(&alice, &of_alice, "holder", WRITE_LT, 0, 10, NFS4_OK);
    (void)lock(&holder.mount, &file, "waiter", WRITEW_LT, 0, 10, NFS4ERR_DENIED);
    unlock(&alice, &of_alice, &held, 0, 10);
    expect_notice(&holder, 0, &file, "waiter");
    (void)lock(&holder.mount, &file, "waiter", WRITEW_LT, 0, 10, NFS4_OK);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    expect_status(client_file_close(&alice, &of_alice), NFS4_OK);
    holder_close(&holder);
}

/* Without a back channel no notice is promised. */
static void no_back_channel(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_file file;
    struct stateid4 held;
    struct holder holder;

    set_up(*state);
    wish.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN;
    holder_open_as(&holder, &wish);
    file = open_of(&holder);
    assert_false(file.open.rflags & OPEN4_RESULT_MAY_NOTIFY_LOCK);
    held = lock(&alice, &of_alice, "holder", WRITE_LT, 0, 10, NFS4_OK);
    (void)lock(&holder.mount, &file, "waiter", WRITEW_LT, 0, 10, NFS4ERR_DENIED);
    unlock(&alice, &of_alice, &held, 0, 10);
    expect_nothing(&holder, 0);
    (void)lock(&holder.mount, &file, "waiter", WRITEW_LT, 0, 10, NFS4_OK);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    expect_status(client_file_close(&alice, &of_alice), NFS4_OK);
    holder_close(&holder);
}

/* A thousand waiters for the same range: one is notified at a time. */
static void a_crowd(void **state)
{
    struct client_file file;
    struct stateid4 held;
    struct holder holder;
    char owner[16];

    set_up(*state);
    holder_open(&holder, 1);
    file = open_of(&holder);
    held = lock(&alice, &of_alice, "holder", WRITE_LT, 0, 10, NFS4_OK);
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(owner, sizeof(owner), "w%u", i);
        (void)lock(&holder.mount, &file, owner, WRITEW_LT, 0, 10, NFS4ERR_DENIED);
    }
    unlock(&alice, &of_alice, &held, 0, 10);
    for (unsigned i = 0; i < 10; i++) {
        (void)snprintf(owner, sizeof(owner), "w%u", i);
        expect_notice(&holder, i, &file, owner);
        held = lock(&holder.mount, &file, owner, WRITEW_LT, 0, 10, NFS4_OK);
        assert_int_equal(holder.callbacks->count, i + 1);
        unlock(&holder.mount, &file, &held, 0, 10);
    }
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    expect_status(client_file_close(&alice, &of_alice), NFS4_OK);
    holder_close(&holder);
}

/* Without delegations, so that no OPEN waits for a recall. */
static int script_setup_undelegated(void **state)
{
    static char local[160];
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--export", local,
                                   "--set",    "nfs.delegations=0",        NULL};

    (void)state;
    if (script_server.dir[0] == '\0' && !test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(notified_and_granted), ON_BOTH(first_come_first_told),
        ON_BOTH(clients_that_go),      ON_BOTH(refused),
        ON_BOTH(no_back_channel),      ON_BOTH(a_crowd),
    };

    return test_group_run_fixtures(tests, script_setup_undelegated, script_teardown);
}
