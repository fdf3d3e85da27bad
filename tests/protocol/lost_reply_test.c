/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly once: a request whose reply is lost with its connection is sent again over another one
 * and answered with the first reply's bytes (SR-01, S20-07, S20-12, P-01).
 */
#include <poll.h>
#include <string.h>

#include "script.h"

static struct client_fh dir;
static struct client_file file;
static struct stateid4 lock;

/* The first reply is read only to compare; then the connection is cut. */
static void run_and_lose(struct client_result *first)
{
    struct client_conn conn;
    uint32_t xid;

    script_connect(&conn);
    assert_int_equal(client_compound_send(&conn, C, &xid), CLIENT_OK);
    assert_int_equal(client_result_receive(&conn, xid, first), CLIENT_OK);
    client_conn_abort(&conn);
}

static void run_again(const struct client_result *first)
{
    struct client_conn conn;

    script_connect(&conn);
    run_on(&conn, NFS4_OK);
    assert_int_equal(R->body.len, first->body.len);
    assert_memory_equal(R->body.data, first->body.data, first->body.len);
    client_conn_close(&conn);
}

static void read_back(void *data, uint32_t len)
{
    uint32_t got;
    bool eof;

    expect_status(
        client_file_read(&bob, &(struct client_file){.fh = file.fh}, 0, data, len, &got, &eof),
        NFS4_OK);
    assert_int_equal(got, len);
}

static void write_by_bob(const void *data, uint32_t len)
{
    uint32_t written;

    expect_status(client_file_write(&bob, &(struct client_file){.fh = file.fh}, 0, FILE_SYNC4, data,
                                    len, &written),
                  NFS4_OK);
}

static void open_create(void)
{
    begin(&alice, &dir);
    client_op_open(C, &(struct client_open){.clientid = alice.session.clientid,
                                            .owner = "lost",
                                            .access = OPEN4_SHARE_ACCESS_BOTH,
                                            .name = "new",
                                            .create = true,
                                            .how = GUARDED4,
                                            .mode = 0600});
    client_op_getfh(C);
}

static void opened_once(void)
{
    struct stateid4 stateid = result(OP_OPEN)->opopen.stateid;
    struct client_fh fh = result_fh();

    assert_int_equal(stateid.seqid, 1);
    begin(&alice, &fh);
    client_op_close(C, &stateid);
    run(NFS4_OK);
}

static void create(void)
{
    begin(&alice, &dir);
    client_op_create(C, "new", NF4DIR, NULL, 0700);
    client_op_getfh(C);
}

static void remove_name(void)
{
    begin(&alice, &dir);
    client_op_remove(C, "there");
}

static void rename_name(void)
{
    begin_two(&alice, &dir, &dir);
    client_op_rename(C, "there", "elsewhere");
}

/* The name is taken anew before the retry comes, which must leave it alone. */
static void there_again(void)
{
    make_file(&bob, &dir, "there");
}

static void still_there(void)
{
    look(&bob, &dir, "there");
}

static void link_name(void)
{
    begin_two(&alice, &file.fh, &dir);
    client_op_link(C, "second");
}

static void linked_once(void)
{
    assert_int_equal(attrs_of(&bob, &file.fh, CLIENT_BITS(FATTR4_NUMLINKS)).numlinks, 2);
}

static void set_mode(struct client_mount *mount, uint32_t mode)
{
    begin(mount, &file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = mode});
}

static void setattr(void)
{
    set_mode(&alice, 0600);
}

static void setattr_other(void)
{
    expect_status(client_file_setattr(&bob, &file.fh, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0640}),
                  NFS4_OK);
}

static void setattr_kept(void)
{
    assert_int_equal(attrs_of(&bob, &file.fh, CLIENT_BITS(FATTR4_MODE)).mode, 0640);
}

static void write_data(void)
{
    begin(&alice, &file.fh);
    client_op_write(C, &file.stateid, 0, FILE_SYNC4, "first", 5);
}

static void write_other(void)
{
    write_by_bob("other", 5);
}

static void write_kept(void)
{
    char data[5];

    read_back(data, sizeof(data));
    assert_memory_equal(data, "other", 5);
}

static void lock_file(void)
{
    begin(&alice, &file.fh);
    client_op_lock_new(C, &file.stateid, alice.session.clientid, "locker", WRITE_LT, 0, 10);
}

static void locked_once(void)
{
    assert_int_equal(result(OP_LOCK)->oplock.lock_stateid.seqid, 1);
}

static void lock_now(void)
{
    lock_file();
    run(NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
}

static void unlock(void)
{
    begin(&alice, &file.fh);
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_LOCKU,
                               .oplocku = {WRITE_LT, 0, lock, 0, 10},
                           });
}

/* Locked anew before the retry comes, which must not unlock that. */
static void lock_again(void)
{
    struct LOCK4args args = {.locktype = WRITE_LT, .offset = 0, .length = 10};

    args.locker.lock_owner.lock_stateid = lock;
    args.locker.lock_owner.lock_stateid.seqid = 0;
    client_compound_begin_slot(C, &alice.session, 1, true);
    client_op_putfh(C, &file.fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_LOCK, .oplock = args});
    run(NFS4_OK);
}

static void still_locked(void)
{
    struct LOCKT4args args = {
        .locktype = WRITE_LT, .length = 10, .owner = {bob.session.clientid, client_text("bob")}};

    begin(&bob, &file.fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_LOCKT, .oplockt = args});
    run(NFS4ERR_DENIED);
}

static void close_file(void)
{
    begin(&alice, &file.fh);
    client_op_close(C, &file.stateid);
}

static void downgrade(void)
{
    begin(&alice, &file.fh);
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_OPEN_DOWNGRADE,
                               .opopen_downgrade = {file.stateid, 0, OPEN4_SHARE_ACCESS_READ, 0},
                           });
}

/* The seqid moved by one: the stateid of the reply is the current one. */
static void downgraded_once(void)
{
    struct stateid4 stateid = result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid;

    assert_int_equal(stateid.seqid, file.stateid.seqid + 1);
    begin(&alice, &file.fh);
    client_op_close(C, &stateid);
    run(NFS4_OK);
}

/* Both modes must have been opened apart for a downgrade. */
static void open_twice(void)
{
    struct client_open read = {.owner = "file", .access = OPEN4_SHARE_ACCESS_READ, .name = "there"};

    expect_status(client_file_open(&alice, &dir, &read, &file), NFS4_OK);
}

struct lost {
    const char *name;
    void (*before)(void);
    void (*request)(void);   /* builds the compound */
    void (*meanwhile)(void); /* what somebody else does before the retry */
    void (*after)(void);     /* what must then hold; R is the retry's result */
};

static const struct lost table[] = {
    {"OPEN", NULL, open_create, NULL, opened_once},
    {"CREATE", NULL, create, NULL, NULL},
    {"REMOVE", NULL, remove_name, there_again, still_there},
    {"RENAME", NULL, rename_name, there_again, still_there},
    {"LINK", NULL, link_name, NULL, linked_once},
    {"SETATTR", NULL, setattr, setattr_other, setattr_kept},
    {"WRITE", NULL, write_data, write_other, write_kept},
    {"LOCK", NULL, lock_file, NULL, locked_once},
    {"LOCKU", lock_now, unlock, lock_again, still_locked},
    {"CLOSE", NULL, close_file, NULL, NULL},
    {"OPEN_DOWNGRADE", open_twice, downgrade, NULL, downgraded_once},
};

/* What is sent again is the same compound, whatever was called meanwhile. */
static void lose_and_retry(const struct lost *lost)
{
    struct client_result first;
    struct client_compound kept;

    lost->request();
    run_and_lose(&first);
    expect_status(first.status, NFS4_OK);
    kept = script_compound;
    memset(C, 0, sizeof(*C));
    if (lost->meanwhile)
        lost->meanwhile();
    client_compound_free(C);
    script_compound = kept;
    run_again(&first);
    run_again(&first);
    client_result_free(&first);
    if (lost->after)
        lost->after();
}

static void replies_lost(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        print_message("  %s\n", table[i].name);
        dir = script_dir(*state);
        file = make_open(&alice, &dir, "there");
        if (table[i].before)
            table[i].before();
        lose_and_retry(&table[i]);
    }
}

/* The connection is cut while the request may be anywhere: it runs once, at the first or second
 * time; DELAY while the first runs (S20-11). */
static void connection_cut(void **state)
{
    dir = script_dir(*state);
    for (unsigned i = 0; i < 40; i++) {
        struct client_conn conn;
        char name[16];
        uint32_t xid;

        (void)snprintf(name, sizeof(name), "d%u", i);
        begin(&alice, &dir);
        client_op_create(C, name, NF4DIR, NULL, 0700);
        script_connect(&conn);
        assert_int_equal(client_compound_send(&conn, C, &xid), CLIENT_OK);
        if (i % 2)
            poll(NULL, 0, 1);
        client_conn_abort(&conn);
        do {
            client_result_free(R);
            assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
        } while (R->status == NFS4ERR_DELAY);
        expect_status(R->status, NFS4_OK);
    }
}

/* W13: SEQUENCE itself succeeds, the operation behind it has the error. */
static void retry_uncached(void **state)
{
    dir = script_dir(*state);
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_slot(C, &alice.session, 0, false);
    client_op_putfh(C, &dir);
    client_op_create(C, "once", NF4DIR, NULL, 0700);
    run(NFS4_OK);
    run(NFS4ERR_RETRY_UNCACHED_REP);
    assert_int_equal(R->count, 2);
    assert_int_equal(R->ops[0].status, NFS4_OK);
    /* P-09: the slot went on all the same. */
    begin(&alice, &dir);
    client_op_remove(C, "once");
    run(NFS4_OK);
}

/* W04, S20-09: other operations, or another principal. */
static void false_retry(void **state)
{
    struct client_cred cred = script_cred();

    dir = script_dir(*state);
    begin(&alice, &dir);
    client_op_create(C, "one", NF4DIR, NULL, 0700);
    run(NFS4_OK);
    alice.conn.cred = script_stranger();
    run(NFS4ERR_SEQ_FALSE_RETRY);
    alice.conn.cred = cred;
    alice.session.slots[0].seqid--;
    begin(&alice, &dir);
    client_op_create(C, "two", NF4DIR, NULL, 0700);
    run(NFS4ERR_SEQ_FALSE_RETRY);
    assert_int_equal(R->count, 1);
    alice.session.slots[0].seqid++;
    begin(&alice, &dir);
    client_op_lookup(C, "two");
    run(NFS4ERR_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(replies_lost),
        ON_BOTH(connection_cut),
        ON_BOTH(retry_uncached),
        ON_BOTH(false_retry),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
