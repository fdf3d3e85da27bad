/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OPENs by a client of 4.2 that wants a delegation or an open, not both (RFC 9754 §4): what it
 * gets, and how it lives with a delegation and no open: I/O, locks, recalls, other clients' opens.
 */
#include <string.h>

#include "holder.h"
#include "scrape.h"

#define XOR OPEN4_SHARE_ACCESS_WANT_OPEN_XOR_DELEGATION

static struct holder holder;
static struct client_fh dir, file;

static int setup(void **state)
{
    dir = script_dir(*state);
    file = make_file(&bob, &dir, "file");
    holder_open(&holder, 2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    holder_close(&holder);
    return 0;
}

static struct nfs_argop4 open_of(uint32_t access)
{
    return (struct nfs_argop4){
        .argop = OP_OPEN,
        .opopen = {.share_access = access,
                   .claim = {.claim = CLAIM_NULL, .file = client_text("file")}}};
}

/* OPEN by the holder as this owner. */
static struct OPEN4resok opened_as(const char *owner, struct nfs_argop4 op)
{
    begin(&holder.mount, op.opopen.claim.claim == CLAIM_NULL ? &dir : &file);
    script_op_as(&holder.mount, owner, &op);
    run_on(&holder.mount.conn, NFS4_OK);
    return result(OP_OPEN)->opopen;
}

static struct OPEN4resok opened(uint32_t access, uint32_t deny)
{
    struct nfs_argop4 op = open_of(access | XOR);

    op.opopen.share_deny = deny;
    return opened_as("owner", op);
}

static struct stateid4 stateid_of(const struct OPEN4resok *open)
{
    const struct client_file as = {.open = *open};
    const struct stateid4 *stateid = client_file_delegation(&as);

    assert_non_null(stateid);
    return *stateid;
}

/* Only the delegation; returns its stateid. */
static struct stateid4 delegation_alone(const struct OPEN4resok *open,
                                        enum open_delegation_type4 type)
{
    static const struct stateid4 none;

    assert_true(open->rflags & OPEN4_RESULT_NO_OPEN_STATEID);
    assert_false(open->rflags & OPEN4_RESULT_MAY_NOTIFY_LOCK);
    assert_memory_equal(&open->stateid, &none, sizeof(none));
    assert_int_equal(open->delegation.delegation_type, type);
    return stateid_of(open);
}

/* An open, and a delegation or none. */
static void open_and(const struct OPEN4resok *open, enum open_delegation_type4 type)
{
    assert_false(open->rflags & OPEN4_RESULT_NO_OPEN_STATEID);
    assert_true(open->stateid.seqid > 0);
    assert_int_equal(open->delegation.delegation_type, type);
}

static void give_back(const struct stateid4 *stateid)
{
    expect_status(client_file_return(&holder.mount, &file, stateid), NFS4_OK);
}

static void close_open(const struct OPEN4resok *open)
{
    begin(&holder.mount, &file);
    client_op_close(C, &open->stateid);
    run_on(&holder.mount.conn, NFS4_OK);
}

/* bob can have the file for himself: nobody has it open. */
static void nobody_has_it(void)
{
    const struct client_open how = {.owner = "alone",
                                    .access =
                                        OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                    .deny = OPEN4_SHARE_DENY_BOTH,
                                    .name = "file"};
    struct client_file alone;

    expect_status(client_file_open(&bob, &dir, &how, &alone), NFS4_OK);
    expect_status(client_file_close(&bob, &alone), NFS4_OK);
}

static void io_is(const struct stateid4 *stateid, enum nfsstat4 reading, enum nfsstat4 writing)
{
    begin(&holder.mount, &file);
    client_op_read(C, stateid, 0, 1);
    run_on(&holder.mount.conn, reading);
    begin(&holder.mount, &file);
    client_op_write(C, stateid, 0, FILE_SYNC4, "data", 4);
    run_on(&holder.mount.conn, writing);
    begin(&holder.mount, &file);
    client_op_setattr(C, stateid, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 2});
    run_on(&holder.mount.conn, writing);
}

/* OPENs answered with a delegation and no open. */
static double alone_count(void)
{
    struct scrape scrape = scrape_take();
    double count = scrape_sum(&scrape, "delegation_granted_without_open");

    scrape_free(&scrape);
    return count;
}

/* Its stateid does what the open's would, but for what is about opens. */
static void for_writing(void **state)
{
    const double at = alone_count();
    const struct OPEN4resok open = opened(OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE);
    struct stateid4 mine = delegation_alone(&open, OPEN_DELEGATE_WRITE);
    const struct client_file wrong = {.fh = file, .stateid = mine};
    struct nfs_argop4 test = {.argop = OP_TEST_STATEID,
                              .optest_stateid = {.ts_stateids = &mine, .ts_stateids_count = 1}};

    (void)state;
    assert_true(alone_count() == at + 1);
    io_is(&mine, NFS4_OK, NFS4_OK);
    begin(&holder.mount, NULL);
    client_compound_add(C, &test);
    run_on(&holder.mount.conn, NFS4_OK);
    expect_status(result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0], NFS4_OK);
    begin(&holder.mount, &file);
    script_op_lock_new(&holder.mount, &wrong, "locker", WRITE_LT, 0, 1);
    run_on(&holder.mount.conn, NFS4ERR_BAD_STATEID);
    begin(&holder.mount, &file);
    client_op_close(C, &mine);
    run_on(&holder.mount.conn, NFS4ERR_BAD_STATEID);
    io_is(&mine, NFS4_OK, NFS4_OK);
    give_back(&mine);
    io_is(&mine, NFS4ERR_BAD_STATEID, NFS4ERR_BAD_STATEID);
    nobody_has_it();
}

/* Other readers are not in its way; a writer is. */
static void for_reading(void **state)
{
    const struct OPEN4resok open = opened(OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE);
    const struct stateid4 mine = delegation_alone(&open, OPEN_DELEGATE_READ);
    const struct client_open reads = {.owner = "reads",
                                      .access = OPEN4_SHARE_ACCESS_READ |
                                                OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                      .name = "file"};
    struct client_file other, held = {.fh = file, .open = open};

    (void)state;
    io_is(&mine, NFS4_OK, NFS4ERR_OPENMODE);
    expect_status(client_file_open(&bob, &dir, &reads, &other), NFS4_OK);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    assert_int_equal(holder.callbacks->count, 0);
    expect_status(conflict_open(&bob, &dir, "file", &other), NFS4ERR_DELAY);
    holder_wait_recall(&holder, &held);
    give_back(&mine);
    nobody_has_it();
}

/* A WRITE delegation denies all to others, a READ one does not deny them reading. */
static void denials(void **state)
{
    struct OPEN4resok open = opened(OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_READ);
    struct stateid4 mine = stateid_of(&open);

    (void)state;
    open_and(&open, OPEN_DELEGATE_READ);
    give_back(&mine);
    close_open(&open);
    open = opened(OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_WRITE);
    mine = delegation_alone(&open, OPEN_DELEGATE_READ);
    give_back(&mine);
    open = opened(OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_BOTH);
    mine = delegation_alone(&open, OPEN_DELEGATE_WRITE);
    give_back(&mine);
    nobody_has_it();
}

/* RFC 9754 §4: if the client has an open, it is told its new seqid. */
static void an_open_before(void **state)
{
    const struct OPEN4resok first =
        opened(OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_NO_DELEG, 0);
    struct OPEN4resok open, second;
    struct stateid4 mine;

    (void)state;
    open_and(&first, OPEN_DELEGATE_NONE_EXT);
    second = opened(OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE);
    open_and(&second, OPEN_DELEGATE_WRITE);
    assert_memory_equal(second.stateid.other, first.stateid.other, NFS4_OTHER_SIZE);
    assert_int_equal(second.stateid.seqid, first.stateid.seqid + 1);
    mine = stateid_of(&second);
    give_back(&mine);
    /* Another owner has none, and gets none. */
    open = opened_as("another", open_of(OPEN4_SHARE_ACCESS_BOTH | XOR));
    mine = delegation_alone(&open, OPEN_DELEGATE_WRITE);
    give_back(&mine);
    close_open(&(struct OPEN4resok){.stateid = second.stateid});
    nobody_has_it();
}

/* A client that holds a delegation and asks again gets an open. */
static void held_already(void **state)
{
    const struct OPEN4resok first = opened(OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE);
    const struct stateid4 mine = delegation_alone(&first, OPEN_DELEGATE_WRITE);
    const struct OPEN4resok open = opened(OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE);

    (void)state;
    open_and(&open, OPEN_DELEGATE_NONE);
    close_open(&open);
    io_is(&mine, NFS4_OK, NFS4_OK);
    give_back(&mine);
    nobody_has_it();
}

/* One for reading becomes one for writing: same stateid, next seqid, and no open.  (On local it is
 * recalled instead, because of its lease.) */
static void upgraded(void **state)
{
    const struct OPEN4resok reads = opened(OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE);
    const struct stateid4 first = delegation_alone(&reads, OPEN_DELEGATE_READ);
    const struct OPEN4resok writes = opened(OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE);
    const struct stateid4 second = delegation_alone(&writes, OPEN_DELEGATE_WRITE);

    (void)state;
    assert_memory_equal(first.other, second.other, NFS4_OTHER_SIZE);
    assert_int_equal(second.seqid, first.seqid + 1);
    io_is(&second, NFS4_OK, NFS4_OK);
    give_back(&second);
    nobody_has_it();
}

/* Where no delegation is given, or one that is less than the open, there is an open. */
static void open_instead(void **state)
{
    struct client_file other;
    struct OPEN4resok open;
    struct stateid4 mine;

    (void)state;
    expect_status(conflict_open(&bob, &dir, "file", &other), NFS4_OK);
    open = opened(OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE);
    open_and(&open, OPEN_DELEGATE_NONE);
    close_open(&open);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    open = opened(OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG, 0);
    open_and(&open, OPEN_DELEGATE_NONE_EXT);
    close_open(&open);
    open = opened(OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_READ_DELEG, 0);
    open_and(&open, OPEN_DELEGATE_READ);
    mine = stateid_of(&open);
    give_back(&mine);
    close_open(&open);
    nobody_has_it();
}

/* Without the wish there are both, and in 4.1 there is no such wish. */
static void not_wished(void **state)
{
    struct holder older;
    struct client_file both;
    struct client_open how = {
        .owner = "owner", .access = OPEN4_SHARE_ACCESS_BOTH | XOR, .name = "file"};
    struct OPEN4resok open = opened_as("owner", open_of(OPEN4_SHARE_ACCESS_BOTH));
    struct stateid4 mine = stateid_of(&open);

    (void)state;
    open_and(&open, OPEN_DELEGATE_WRITE);
    give_back(&mine);
    close_open(&open);
    holder_open(&older, 1);
    expect_status(client_file_open(&older.mount, &dir, &how, &both), NFS4_OK);
    open_and(&both.open, OPEN_DELEGATE_WRITE);
    holder_finish(&older, &both);
    holder_close(&older);
}

/* The current stateid is the one that OPEN has returned. */
static void current_stateid(void **state)
{
    static const struct stateid4 current = {.seqid = 1};
    struct nfs_argop4 op = open_of(OPEN4_SHARE_ACCESS_BOTH | XOR);
    struct stateid4 mine;

    (void)state;
    begin(&holder.mount, &dir);
    script_op_as(&holder.mount, "owner", &op);
    client_op_write(C, &current, 0, FILE_SYNC4, "data", 4);
    run_on(&holder.mount.conn, NFS4_OK);
    mine = delegation_alone(&result(OP_OPEN)->opopen, OPEN_DELEGATE_WRITE);
    give_back(&mine);
    nobody_has_it();
}

/* A reply that was lost is given again: there is one delegation. */
static void reply_lost(void **state)
{
    struct nfs_argop4 op = open_of(OPEN4_SHARE_ACCESS_BOTH | XOR);
    struct stateid4 mine;

    (void)state;
    begin(&holder.mount, &dir);
    script_op_as(&holder.mount, "owner", &op);
    run_on(&holder.mount.conn, NFS4_OK);
    replay_on(&holder.mount.conn);
    mine = delegation_alone(&result(OP_OPEN)->opopen, OPEN_DELEGATE_WRITE);
    give_back(&mine);
    nobody_has_it();
}

/* A new file: the creator may write it whatever its mode says. */
static void created(void **state)
{
    static const uint8_t mode[4] = {0, 0, 1, 0x24}; /* 0444 */
    struct nfs_argop4 op = open_of(OPEN4_SHARE_ACCESS_BOTH | XOR);
    struct stateid4 mine;

    (void)state;
    op.opopen.claim.file = client_text("new");
    op.opopen.openhow = (struct openflag4){
        .opentype = OPEN4_CREATE,
        .how = {.mode = GUARDED4,
                .createattrs = {.attrmask = CLIENT_BITS(FATTR4_MODE), .attr_vals = {mode, 4}}}};
    begin(&holder.mount, &dir);
    script_op_as(&holder.mount, "owner", &op);
    client_op_getfh(C);
    run_on(&holder.mount.conn, NFS4_OK);
    file = result_fh();
    mine = delegation_alone(&result(OP_OPEN)->opopen, OPEN_DELEGATE_WRITE);
    io_is(&mine, NFS4_OK, NFS4_OK);
    expect_status(client_file_remove(&holder.mount, &dir, "new"), NFS4_OK);
    io_is(&mine, NFS4_OK, NFS4_OK);
    give_back(&mine);
}

/* When it is recalled the client claims its opens, with their denials and locks. */
static void recalled(void **state)
{
    const struct OPEN4resok open = opened(OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_WRITE);
    const struct stateid4 mine = delegation_alone(&open, OPEN_DELEGATE_WRITE);
    struct nfs_argop4 claim = open_of(OPEN4_SHARE_ACCESS_BOTH | XOR);
    struct client_file other, held = {.fh = file, .open = open}, mine_open = {.fh = file};
    struct OPEN4resok own;

    (void)state;
    expect_status(conflict_open(&bob, &dir, "file", &other), NFS4ERR_DELAY);
    holder_wait_recall(&holder, &held);
    claim.opopen.share_deny = OPEN4_SHARE_DENY_WRITE;
    claim.opopen.claim =
        (struct open_claim4){.claim = CLAIM_DELEG_CUR_FH, .oc_delegate_stateid = mine};
    own = opened_as("owner", claim);
    open_and(&own, OPEN_DELEGATE_NONE);
    mine_open.stateid = own.stateid;
    begin(&holder.mount, &file);
    script_op_lock_new(&holder.mount, &mine_open, "locker", WRITE_LT, 0, 1);
    run_on(&holder.mount.conn, NFS4_OK);
    give_back(&mine);
    expect_status(conflict_open(&bob, &dir, "file", &other), NFS4ERR_SHARE_DENIED);
    close_open(&own);
    nobody_has_it();
}

#define ON(test, export)                                                                           \
    {                                                                                              \
#test " on " #export, test, setup, teardown, script_##export                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(for_writing, mem),     ON(for_writing, local),  ON(for_reading, mem),
        ON(denials, mem),         ON(an_open_before, mem), ON(held_already, mem),
        ON(upgraded, mem),        ON(open_instead, mem),   ON(not_wished, mem),
        ON(current_stateid, mem), ON(reply_lost, mem),     ON(created, mem),
        ON(created, local),       ON(recalled, mem),       ON(recalled, local),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
