/* SPDX-License-Identifier: Apache-2.0 */
/* Delegations, what recalls them, and the callbacks.  S22-28 to S22-30, S22B-09. */
#include "cause.h"
#include "protocol/holder.h"
#include "protocol/set_range.h"

enum {
    PARK_MS = 10,
    LONG_PARK_MS = 1000
};

static struct holder holder;
static struct client_fh dir;
static struct client_file file, other;
static struct pending pending;

static void holder_comes(void)
{
    dir = script_dir(script_mem);
    holder_open(&holder, 1);
}

static void write_delegation(void)
{
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
}

static void read_delegation(void)
{
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_READ);
}

static void holder_has_write(void)
{
    holder_comes();
    write_delegation();
}

static void done(void)
{
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* The holder has not read the recall. */
static void conflict(void)
{
    expect_status(conflict_open(&bob, &dir, "file", &other), NFS4ERR_DELAY);
}

static void conflict_done(void)
{
    (void)holder_wait_recall(&holder, &file);
    done();
}

static void holder_is_called(void)
{
    holder_has_write();
    conflict();
}

static void give_back(void)
{
    (void)holder_wait_recall(&holder, &file);
    holder_finish(&holder, &file);
}

static void leave(void)
{
    holder_close(&holder);
}

static void ask(void)
{
    holder.callbacks->attrs.change = 77;
    begin(&bob, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    pending_send(&pending, &bob);
    (void)holder_wait(&holder, OP_CB_GETATTR, 0);
    (void)pending_take(&pending);
}

/* Two of three connections break when the recall has come. */
static void breaks_twice(void)
{
    const struct client_behaviour cut = {.act = CLIENT_ACT_CUT_BEFORE};
    struct client_conn *second, *third;

    holder_comes();
    second = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    third = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    (void)holder_speak(&holder, third);
    (void)holder_speak(&holder, second);
    holder.mount.conn.behaviour = second->behaviour = cut;
    write_delegation();
}

static void lost_twice(void)
{
    conflict();
    holder_pump_until(&holder, holder_executed(&holder, &file) == 1);
}

static void lost_done(void)
{
    holder_move(&holder, &holder.more[1]);
    done();
}

/* The request waits for the delegation, and its slot with it. */
static void waits_long(void)
{
    holder_has_write();
    set_setting("nfs.recall_park_ms", LONG_PARK_MS);
}

static void a_request_waits(void)
{
    pending_open(&pending, &bob, &dir, "file");
    (void)holder_wait_recall(&holder, &file);
}

static void waited(void)
{
    set_setting("nfs.recall_park_ms", PARK_MS);
    holder_finish(&holder, &file);
    (void)pending_take(&pending); /* NFS4ERR_DELAY if this took long */
    client_result_free(R);
    holder_close(&holder);
}

static void comes_without_path(void)
{
    struct client_session_wish wish = client_session_wish_default(NULL);

    dir = script_dir(script_mem);
    wish.flags = 0;
    holder_open_as(&holder, &wish);
}

static void not_reachable(void)
{
    file = holder_wanting(&holder, &dir, "unreachable", OPEN_DELEGATE_WRITE);
    assert_null(client_file_delegation(&file));
}

/* ---- not granted ---- */

static void not_granted(void)
{
    file = holder_wanting(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
    assert_null(client_file_delegation(&file));
}

static void comes_where_none_are_given(void)
{
    holder_comes();
    set_setting("nfs.delegations", 0);
}

static void comes_where_there_is_no_room(void)
{
    holder_comes();
    set_setting("nfs.max_delegations", 0);
}

static void given_again(void)
{
    set_setting("nfs.delegations", 2);
    set_setting("nfs.max_delegations", LIMIT_DELEGATIONS);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    holder_close(&holder);
}

static void comes_where_another_works(void)
{
    holder_comes();
    other = make_open(&bob, &dir, "file");
}

static void both_leave(void)
{
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    holder_close(&holder);
}

static void close_and_leave(void)
{
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    holder_close(&holder);
}

/* What an OPEN brings with it, whatever becomes of it. */
#define OF_OPEN "state", "transport_parks", "transport_parks_expired", "operation_errors"

static const struct cause causes[] = {
    {.name = "a delegation for writing",
     .prepare = holder_comes,
     .begin = write_delegation,
     .end = done,
     .requests = true,
     .moves = {"delegation_granted_write", "delegations{kind=\"write\"}"},
     .may = {"state"}},
    {.name = "a delegation for reading",
     .prepare = holder_comes,
     .begin = read_delegation,
     .end = done,
     .requests = true,
     .moves = {"delegation_granted_read", "delegations{kind=\"read\"}"},
     .may = {"state", "delegation_refused_unreachable"}},
    {.name = "a recall",
     .prepare = holder_has_write,
     .begin = conflict,
     .end = conflict_done,
     .requests = true,
     .moves = {"callback{op=\"CB_RECALL\"}", "delegation_recalled", "delegation_conflicts",
               "delegations_recalled", "delegation_recall_oldest_seconds",
               "queue_length{queue=\"callback_sessions\"}", "transport_parks",
               "transport_parks_expired", "operation_errors{op=\"OPEN\",status=\"NFS4ERR_DELAY\"}"},
     .may = {"state"}},
    {.name = "a return",
     .prepare = holder_is_called,
     .begin = give_back,
     .end = leave,
     .requests = true,
     .moves = {"delegation_returned", "delegations{kind=\"write\"}", "delegations_recalled",
               "callback_duration_seconds", "queue_length{queue=\"callback_sessions\"}",
               "delegation_recall_oldest_seconds"},
     .may = {"state"}},
    {.name = "a question to the holder",
     .prepare = holder_has_write,
     .begin = ask,
     .end = done,
     .requests = true,
     .moves = {"delegation_cb_getattr", "callback{op=\"CB_GETATTR\"}", "callback_duration_seconds",
               "transport_parks"},
     .may = {"delegation_conflicts", "transport_parks_expired", "operation_errors",
             "queue_length"}},
    {.name = "a recall that is lost twice",
     .prepare = breaks_twice,
     .begin = lost_twice,
     .end = lost_done,
     .requests = true,
     .moves = {"callback{op=\"CB_RECALL\"}", "callback_failures{op=\"CB_RECALL\"}",
               "callback_retries{op=\"CB_RECALL\"}", "callback_duration_seconds"},
     .may = {"delegation_recalled", "delegation_conflicts", "delegations_recalled",
             "delegation_recall_oldest_seconds", "queue_length", "connections", "transport_closed",
             OF_OPEN}},
    {.name = "a request that waits",
     .passes = true,
     .prepare = waits_long,
     .begin = a_request_waits,
     .end = waited,
     .requests = true,
     .moves = {"parked_requests", "transport_parks", "session_slots_in_use"},
     .may = {"transport_parks_expired", "operation_errors", "callback", "callback_duration_seconds",
             "delegation_recalled", "delegation_conflicts", "delegations_recalled",
             "delegation_recall_oldest_seconds", "queue_length", "state"}},
    {.name = "a delegation that nobody could recall",
     .prepare = comes_without_path,
     .begin = not_reachable,
     .end = close_and_leave,
     .requests = true,
     .moves = {"delegation_refused_unreachable"},
     .may = {"state"}},
    {.name = "delegations that are switched off",
     .prepare = comes_where_none_are_given,
     .begin = not_granted,
     .end = given_again,
     .requests = true,
     .moves = {"delegation_refused_setting"},
     .may = {"state"}},
    {.name = "a delegation too many",
     .prepare = comes_where_there_is_no_room,
     .begin = not_granted,
     .end = given_again,
     .requests = true,
     .moves = {"delegation_refused_limit"},
     .may = {"state"}},
    {.name = "a file that another client writes",
     .prepare = comes_where_another_works,
     .begin = not_granted,
     .end = both_leave,
     .requests = true,
     .moves = {"delegation_refused_contention"},
     .may = {"state"}},
};

const struct cause_list cause_delegations = {causes, ARRAY_SIZE(causes)};
