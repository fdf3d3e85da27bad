/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that do not answer callbacks properly: the delegation is revoked a lease after its recall
 * and no sooner, they are told so, and no other client waits for their sockets. All are called at
 * the same time, each about a file of its own; whatever they answer, the sequence advances only
 * with callbacks that they executed (checked by holder_drop()). S22-D1, S22-D4, S22-08, P-03, P-11.
 */
#include <sys/socket.h>

#include "backchannel.h"

enum {
    LEASE_MS = 4000,
    SPEAK_MS = 200
};

/* How one behaves, or what becomes of its connections. */
struct cell {
    const char *name;
    struct client_behaviour behaviour;
    bool deaf;   /* it never reads from its back channel */
    bool absent; /* it binds no other connection when its own is gone */
    bool fault;  /* it reports a wrong sequence id: its session has to end */
    /* State during the test: */
    struct holder holder;
    struct client_file file;
    struct client_conn fore; /* renews its lease */
    int64_t recalled_ms, over_ms;
};

#define GARBAGE                                                                                    \
    {                                                                                              \
        .act = CLIENT_ACT_GARBAGE                                                                  \
    }

static struct cell cells[] = {
    {.name = "never answers", .behaviour = {.act = CLIENT_ACT_IGNORE}},
    {.name = "executes and never answers", .behaviour = {.act = CLIENT_ACT_HOLD}},
    {.name = "answers garbage", .behaviour = {.act = CLIENT_ACT_GARBAGE}},
    {.name = "answers other xids", .behaviour = {.act = CLIENT_ACT_WRONG_XID}},
    {.name = "answers short records", .behaviour = {.act = CLIENT_ACT_SHORT}},
    {.name = "has no such program",
     .behaviour = {.act = CLIENT_ACT_RPC_ERROR, .accept_stat = ACCEPT_PROG_UNAVAIL}},
    {.name = "wants other credentials",
     .behaviour = {.act = CLIENT_ACT_DENY, .auth_stat = AUTH_TOOWEAK}},
    {.name = "delays for ever", .behaviour = {.op_status = NFS4ERR_DELAY}},
    {.name = "delays CB_SEQUENCE for ever", .behaviour = {.sequence_status = NFS4ERR_DELAY}},
    {.name = "knows no such session", .behaviour = {.sequence_status = NFS4ERR_BADSESSION}},
    {.name = "is misordered",
     .behaviour = {.sequence_status = NFS4ERR_SEQ_MISORDERED},
     .fault = true},
    {.name = "knows no such slot",
     .behaviour = {.sequence_status = NFS4ERR_BADSLOT},
     .fault = true},
    {.name = "knows no such stateid", .behaviour = {.op_status = NFS4ERR_BAD_STATEID}},
    {.name = "says yes and does nothing", .behaviour = {.act = CLIENT_ACT_ANSWER}},
    {.name = "never reads", .deaf = true},
    {.name = "is not bound again", .behaviour = {.act = CLIENT_ACT_CUT_BEFORE}, .absent = true},
};

static bool over;

static int setup(void **state)
{
    /* A shorter timeout is soon over on a busy machine. */
    static const char *const options[] = {"--lease", "4", "--set", "nfs.callback_timeout_ms=2000",
                                          NULL};

    (void)state;
    return backchannel_setup(10, options);
}

/* ---- all clients, from the recall to the revocation ---- */

static void cell_begin(struct cell *cell)
{
    struct client_conn *fore = &cell->fore;

    holder_open(&cell->holder, 1);
    cell->holder.behaviour = cell->holder.mount.conn.behaviour = cell->behaviour;
    script_connect(fore);
    (void)holder_speak(&cell->holder, fore);
    cell->file = holder_delegated(&cell->holder, &dir, cell->name, OPEN_DELEGATE_WRITE);
}

/* The client binds its connections again whenever they are gone, and behaves as before. */
static void cell_turn(struct cell *cell)
{
    struct client_conn *conn = &cell->holder.mount.conn;

    if (!cell->deaf)
        while (holder_pump(&cell->holder, 0))
            ;
    if (conn->fd < 0 && !cell->absent)
        holder_reconnect(&cell->holder, CDFC4_BACK_OR_BOTH);
    (void)holder_speak(&cell->holder, &cell->fore);
}

/* However slowly this runs, no lease expires early. */
static void all_speak(size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)holder_speak(&cells[i].holder, &cells[i].fore);
}

/* bob's first tries do not wait, whatever the state of the holder's socket. */
static void all_begin(void)
{
    struct client_file file;

    for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
        cell_begin(&cells[i]);
        all_speak(i);
    }
    for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
        cells[i].recalled_ms = wait_now_ms();
        expect_status(conflict_open(&bob, &dir, cells[i].name, &file), NFS4ERR_DELAY);
        all_speak(ARRAY_SIZE(cells));
    }
}

static bool cell_is_over(struct cell *cell)
{
    struct client_file file;
    enum nfsstat4 status;

    if (cell->over_ms != 0)
        return true;
    status = conflict_open(&bob, &dir, cell->name, &file);
    if (status == NFS4ERR_DELAY)
        return false;
    expect_status(status, NFS4_OK);
    cell->over_ms = wait_now_ms(); /* the request may have waited until then */
    expect_status(client_file_close(&bob, &file), NFS4_OK);
    return true;
}

static void all_happen(void)
{
    const int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;
    size_t left = ARRAY_SIZE(cells);

    if (over)
        return;
    over = true;
    all_begin();
    while (left > 0) {
        assert_true(wait_now_ms() < end_ms);
        left = 0;
        for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
            cell_turn(&cells[i]);
            left += !cell_is_over(&cells[i]);
        }
        wait_ms(left > 0 ? SPEAK_MS : 0);
    }
}

/* ---- the outcome of each ---- */

static enum nfsstat4 test_stateid(struct cell *cell)
{
    struct stateid4 stateid = *client_file_delegation(&cell->file);
    struct nfs_argop4 op = {.argop = OP_TEST_STATEID};

    op.optest_stateid.ts_stateids = &stateid;
    op.optest_stateid.ts_stateids_count = 1;
    begin(&cell->holder.mount, NULL);
    client_compound_add(C, &op);
    run_on(&cell->fore, NFS4_OK);
    return result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0];
}

static enum nfsstat4 return_it(struct cell *cell)
{
    begin(&cell->holder.mount, &cell->file.fh);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_DELEGRETURN,
                                .opdelegreturn = {*client_file_delegation(&cell->file)}});
    client_result_free(R);
    assert_int_equal(client_compound_call(&cell->fore, C, R), CLIENT_OK);
    return R->status;
}

static void free_stateid(struct cell *cell)
{
    struct nfs_argop4 op = {.argop = OP_FREE_STATEID};

    op.opfree_stateid.fsa_stateid = *client_file_delegation(&cell->file);
    begin(&cell->holder.mount, NULL);
    client_compound_add(C, &op);
    run_on(&cell->fore, NFS4_OK);
}

/* The client returns when all is over, and gets no delegation until it has acknowledged the
 * loss. */
static void bound_too_late(struct cell *cell)
{
    struct holder *holder = &cell->holder;
    struct client_file file;

    assert_int_equal(holder_speak(holder, &cell->fore),
                     BACKCHANNEL_DOWN | SEQ4_STATUS_RECALLABLE_STATE_REVOKED);
    holder->behaviour = (struct client_behaviour){.act = CLIENT_ACT_ANSWER};
    holder_reconnect(holder, CDFC4_FORE_OR_BOTH);
    assert_int_equal(holder_speak(holder, &cell->fore), SEQ4_STATUS_RECALLABLE_STATE_REVOKED);
    file = holder_wanting(holder, &dir, "too early", OPEN_DELEGATE_WRITE);
    assert_null(client_file_delegation(&file));
    expect_status(client_file_close(&holder->mount, &file), NFS4_OK);
}

/* Then it gets callbacks about other files, but not about the lost one. */
static void called_anew(struct cell *cell)
{
    struct holder *holder = &cell->holder;
    const uint32_t before = holder_recalls(holder, &cell->file);
    struct client_file late, got;

    late = holder_delegated(holder, &dir, "late", OPEN_DELEGATE_WRITE);
    expect_status(conflict_open(&bob, &dir, "late", &got), NFS4ERR_DELAY);
    (void)holder_wait_recall(holder, &late);
    holder_finish(holder, &late);
    /* One more at most: the callback that was outstanding when the connection broke. */
    assert_in_range(holder_recalls(holder, &cell->file), before, before + 1);
}

/* The same callback was repeated only where that is allowed: holder_drop() checks the slot
 * table. */
static void revoked(void **state)
{
    struct cell *cell = *state;
    struct holder *holder = &cell->holder;

    all_happen();
    assert_true(cell->over_ms - cell->recalled_ms >= LEASE_MS);
    assert_true(holder_speak(holder, &cell->fore) & SEQ4_STATUS_RECALLABLE_STATE_REVOKED);
    expect_status(test_stateid(cell), NFS4ERR_DELEG_REVOKED);
    expect_status(return_it(cell), NFS4ERR_DELEG_REVOKED);
    if (!cell->deaf)
        assert_true(holder_recalls(holder, &cell->file) > 0);
    if (cell->absent)
        bound_too_late(cell);
    free_stateid(cell);
    assert_false(holder_speak(holder, &cell->fore) & SEQ4_STATUS_RECALLABLE_STATE_REVOKED);
    expect_status(test_stateid(cell), NFS4ERR_BAD_STATEID);
    if (cell->absent)
        called_anew(cell);
    client_conn_close(&cell->fore);
    holder_drop(holder);
}

/* W08, S22A-06: only a client that reports a wrong sequence id is told to end its session; a client
 * that does not know the session may still learn of it. */
static void faults(void **state)
{
    (void)state;
    all_happen();
    for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
        const uint32_t flags = holder_speak(&cells[i].holder, &cells[i].fore);
        const bool fault = flags & SEQ4_STATUS_BACKCHANNEL_FAULT;

        if (cells[i].behaviour.sequence_status == NFS4ERR_BADSESSION)
            continue;
        if (fault != cells[i].fault)
            fail_msg("%s: flags %x", cells[i].name, flags);
    }
}

int main(void)
{
    struct CMUnitTest tests[1 + ARRAY_SIZE(cells)] = {cmocka_unit_test(faults)};

    for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
        tests[1 + i] = (struct CMUnitTest){cells[i].name, revoked, NULL, NULL, &cells[i]};
    return test_group_run_fixtures(tests, setup, script_teardown);
}
