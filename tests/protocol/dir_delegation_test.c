/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matrix of conflicts of a delegated directory (docs/callbacks.md; RFC 8881 §10.9): each
 * operation by another client of each minor version, by the holder itself, and through another
 * export of the same directory.  SR-16, W12, L-06.
 */
#include <string.h>

#include "dir_deeds.h"
#include "holder.h"

enum {
    MINORS = 3
};

static struct holder holders[MINORS];       /* of 4.1 and 4.2 */
static struct client_mount writers[MINORS]; /* they hold nothing */

/* ---- one cell ---- */

/* Who does what, for the message of a failure. */
struct cell {
    const struct deed *deed;
    struct holder *holder;
    struct client_mount *by;
    struct stateid4 stateid;
    struct client_fh held;
    enum deed_effect expected;
    char text[160];
};

static void act(const struct cell *cell, const struct place *at, enum nfsstat4 status)
{
    cell->deed->add(cell->by, at);
    client_result_free(R);
    assert_int_equal(client_compound_call(&cell->by->conn, C, R), CLIENT_OK);
    if (R->status != status)
        fail_msg("%s: %u instead of %u", cell->text, R->status, status);
}

/* What was sent before the reply to SEQUENCE has come when that has. */
static uint32_t callbacks_of(struct holder *holder)
{
    (void)holder_speak(holder, &holder->mount.conn);
    return holder->callbacks->count;
}

static void expect_recall(const struct cell *cell, uint32_t before)
{
    const struct client_callback_op *op =
        client_callback_lookup(client_callback_at(cell->holder->callbacks,
                                                  holder_wait(cell->holder, OP_CB_RECALL, before)),
                               OP_CB_RECALL);

    if (memcmp(op->stateid.other, cell->stateid.other, sizeof(op->stateid.other)) != 0)
        fail_msg("%s: recall of another delegation", cell->text);
}

static void expect_unknown(const struct cell *cell)
{
    struct stateid4 stateid = cell->stateid;

    begin(&cell->holder->mount, NULL);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_TEST_STATEID,
                                                .optest_stateid = {.ts_stateids = &stateid,
                                                                   .ts_stateids_count = 1}});
    run(NFS4_OK);
    expect_status(result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0], NFS4ERR_BAD_STATEID);
}

/* The handle is stale, and the client has lost nothing. */
static void expect_gone(const struct cell *cell)
{
    expect_unknown(cell);
    begin(&cell->holder->mount, &cell->held);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE));
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_DELEGRETURN, .opdelegreturn = {cell->stateid}});
    run(NFS4ERR_STALE);
    assert_int_equal(holder_speak(cell->holder, &cell->holder->mount.conn), 0);
}

static void cell_check(const struct cell *cell, const struct place *at)
{
    const uint32_t before = callbacks_of(cell->holder);

    if (cell->expected == RECALLED) {
        act(cell, at, NFS4ERR_DELAY);
        expect_recall(cell, before);
        holder_return_dir(cell->holder, &cell->held, &cell->stateid);
        act(cell, at, cell->deed->status);
        return;
    }
    act(cell, at, cell->deed->status);
    if (callbacks_of(cell->holder) != before)
        fail_msg("%s: recall", cell->text);
    if (cell->expected == ENDS)
        expect_gone(cell);
    else
        holder_return_dir(cell->holder, &cell->held, &cell->stateid);
}

/* ---- all of them ---- */

/* The directory that is delegated is in export `here`, the writer comes through `there`. */
static void deed_check(const struct deed *deed, struct holder *holder, struct client_mount *by,
                       const char *who, const char *here, const char *there)
{
    const bool own = by == &holder->mount, same = strcmp(here, there) == 0;
    struct cell cell = {.deed = deed,
                        .holder = holder,
                        .by = by,
                        .expected = own && same ? deed->by_holder : deed->by_another};
    const struct place place = place_make(here), at = same ? place : place_through(&place, there);

    (void)snprintf(cell.text, sizeof(cell.text), "%s by %s, holder of 4.%u, %s through %s",
                   deed->operation, who, holder == &holders[1] ? 1 : 2, here, there);
    cell.held = deed->of == OF_SUB ? place.sub : place.dir;
    cell.stateid = holder_delegated_dir(holder, &cell.held);
    cell_check(&cell, &at);
}

static void check_all(const char *here, const char *there)
{
    static const char *const names[MINORS] = {"4.0", "4.1", "4.2"};

    for (size_t i = 0; i < deed_count; i++) {
        if (deeds[i].of == ON_MEM && strcmp(here, script_mem) != 0)
            continue;
        for (uint32_t minor = 1; minor < MINORS; minor++) {
            deed_check(&deeds[i], &holders[minor], &holders[minor].mount, "itself", here, there);
            for (uint32_t other = 0; other < MINORS; other++)
                deed_check(&deeds[i], &holders[minor], &writers[other], names[other], here, there);
        }
    }
}

static void matrix(void **state)
{
    check_all(*state, *state);
}

static char again[] = "/again";

static void other_export(void **state)
{
    (void)state;
    check_all(script_local, again);
}

/* Nobody else changes the directories of `local`; and nothing is parked, for speed. */
static int set_up(void **state)
{
    static char local[128], other[128];
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash",
                                          "--export", local,
                                          "--export", other,
                                          "--set",    "nfs.directory_delegations=recall",
                                          "--set",    "nfs.local_delegations=all",
                                          "--set",    "nfs.recall_park_ms=0",
                                          NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    (void)snprintf(other, sizeof(other), "%s=local:%s,no_root_squash", again, script_server.data);
    if (script_setup(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    for (uint32_t minor = 1; minor < MINORS; minor++)
        holder_open(&holders[minor], minor);
    script_mount_v40(&writers[0]);
    script_mount_v41(&writers[1]);
    script_mount_v42(&writers[2]);
    return 0;
}

static int tear_down(void **state)
{
    for (uint32_t minor = 0; minor < MINORS; minor++) {
        client_mount_close(&writers[minor]);
        if (minor > 0)
            holder_close(&holders[minor]);
    }
    return script_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(matrix),
        cmocka_unit_test(other_export),
    };

    return test_group_run_fixtures(tests, set_up, tear_down);
}
