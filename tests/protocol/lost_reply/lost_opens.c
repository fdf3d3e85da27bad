/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN, OPEN_DOWNGRADE, CLOSE, DELEGRETURN. */
#include "lost.h"

static struct stateid4 reopened;

static void op_open(const char *name, uint32_t access, bool create, enum createmode4 how)
{
    client_op_open(C, &(struct client_open){.clientid = alice.session.clientid,
                                            .owner = "file",
                                            .access = access,
                                            .name = name,
                                            .create = create,
                                            .how = how,
                                            .verifier = {1, 2, 3, 4, 5, 6, 7, 8},
                                            .mode = 0600});
}

static void create(enum createmode4 how)
{
    begin(&alice, &lost_dir);
    op_open("new", OPEN4_SHARE_ACCESS_BOTH, true, how);
}

static void create_unchecked(void)
{
    create(UNCHECKED4);
}

static void create_guarded(void)
{
    create(GUARDED4);
}

static void create_exclusive(void)
{
    create(EXCLUSIVE4);
}

static void create_exclusive41(void)
{
    create(EXCLUSIVE4_1);
}

/* It was opened once: CLOSE with the first stateid succeeds and ends the open. */
static void close_by(const struct client_fh *fh, const struct stateid4 *stateid)
{
    begin(&alice, fh);
    client_op_close(C, stateid);
    run(NFS4_OK);
    begin(&alice, fh);
    client_op_close(C, stateid);
    run(NFS4ERR_BAD_STATEID);
}

static void created_once(void)
{
    struct stateid4 stateid = result(OP_OPEN)->opopen.stateid;
    struct client_fh fh = result_fh();

    assert_int_equal(stateid.seqid, 1);
    lost_expect_name("new", false);
    close_by(&fh, &stateid);
}

/* OPEN of an existing file: it is written to before the retry arrives, which must not truncate
 * it. */
static void truncate_there(void)
{
    begin(&alice, &lost_dir);
    lost_op_truncate(0, (struct state_owner4){alice.session.clientid, client_text("file")});
}

static void not_truncated(void)
{
    assert_int_equal(attrs_of(&bob, &lost_file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 5);
}

static void upgrade(void)
{
    begin(&alice, &lost_dir);
    op_open("there", OPEN4_SHARE_ACCESS_READ, false, UNCHECKED4);
}

static void upgraded_once(void)
{
    struct stateid4 stateid = result(OP_OPEN)->opopen.stateid;

    assert_int_equal(stateid.seqid, lost_file.stateid.seqid + 1);
    close_by(&lost_file.fh, &stateid);
}

static void close_there(void)
{
    begin(&alice, &lost_file.fh);
    client_op_close(C, &lost_file.stateid);
}

/* Opened again before the retry arrives, which must not close that. */
static void open_again(void)
{
    lost_meanwhile(&lost_dir);
    op_open("there", OPEN4_SHARE_ACCESS_BOTH, false, UNCHECKED4);
    run(NFS4_OK);
    reopened = result(OP_OPEN)->opopen.stateid;
}

static void still_open(void)
{
    close_by(&lost_file.fh, &reopened);
}

/* A downgrade needs each mode to have been opened by itself. */
static void open_twice(void)
{
    struct client_open read = {.owner = "file", .access = OPEN4_SHARE_ACCESS_READ, .name = "there"};

    expect_status(client_file_open(&alice, &lost_dir, &read, &lost_file), NFS4_OK);
}

/* With seqid 0 a second execution would succeed like the first. */
static void downgrade(void)
{
    struct stateid4 latest = lost_file.stateid;

    latest.seqid = 0;
    begin(&alice, &lost_file.fh);
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_OPEN_DOWNGRADE,
                               .opopen_downgrade = {latest, 0, OPEN4_SHARE_ACCESS_READ, 0},
                           });
}

/* Upgraded again: the retry must not take the write access away. */
static void still_writable(void)
{
    assert_int_equal(result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid.seqid,
                     lost_file.stateid.seqid + 1);
    assert_int_equal(reopened.seqid, lost_file.stateid.seqid + 2);
    begin(&alice, &lost_file.fh);
    client_op_write(C, &reopened, 0, UNSTABLE4, "x", 1);
    run(NFS4_OK);
    close_by(&lost_file.fh, &reopened);
}

/* There are no delegations; the cached refusal is replayed like any reply. */
static void return_delegation(void)
{
    begin(&alice, &lost_file.fh);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_DELEGRETURN, .opdelegreturn = {lost_file.stateid}});
}

/* A file's whole life in one compound, each operation by the current stateid. */
static void whole_life(void)
{
    begin(&alice, &lost_dir);
    op_open("new", OPEN4_SHARE_ACCESS_BOTH, true, GUARDED4);
    client_op_write(C, &client_stateid_current, 0, FILE_SYNC4, "first", 5);
    client_op_lock_new(C, &client_stateid_current, alice.session.clientid, "locker", WRITE_LT, 0,
                       10);
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_LOCKU,
                               .oplocku = {WRITE_LT, 0, client_stateid_current, 0, 10},
                           });
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_FREE_STATEID,
                               .opfree_stateid = {client_stateid_current},
                           });
}

static void lived_once(void)
{
    struct stateid4 stateid = result(OP_OPEN)->opopen.stateid;
    struct client_fh fh = result_fh();

    lost_expect_name("new", false);
    close_by(&fh, &stateid);
}

static const struct lost rows[] = {
    {"OPEN UNCHECKED4", NULL, create_unchecked, lost_new_moved, created_once, NFS4_OK, false},
    {"OPEN GUARDED4", NULL, create_guarded, lost_new_moved, created_once, NFS4_OK, false},
    {"OPEN EXCLUSIVE4", NULL, create_exclusive, lost_new_moved, created_once, NFS4_OK, false},
    {"OPEN EXCLUSIVE4_1", NULL, create_exclusive41, lost_new_moved, created_once, NFS4_OK, false},
    {"OPEN that truncates", NULL, truncate_there, lost_write_by_bob, not_truncated, NFS4_OK, false},
    {"OPEN of what is open", NULL, upgrade, NULL, upgraded_once, NFS4_OK, false},
    {"CLOSE", NULL, close_there, open_again, still_open, NFS4_OK, false},
    {"OPEN_DOWNGRADE", open_twice, downgrade, open_again, still_writable, NFS4_OK, false},
    {"DELEGRETURN", NULL, return_delegation, NULL, NULL, NFS4ERR_BAD_STATEID, false},
    {"OPEN, WRITE, LOCK, LOCKU, FREE_STATEID", NULL, whole_life, lost_new_moved, lived_once,
     NFS4_OK, false},
};

const struct lost_table lost_opens = LOST_TABLE(rows);
