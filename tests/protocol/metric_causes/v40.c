/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of minor version 0: the cache of their replies, and the connections to them. */
#include "cause.h"
#include "protocol/holder.h"

static struct client_mount carol;
static struct holder holder;
static struct client_fh dir;
static struct client_file file, other;

static void mount(void)
{
    script_mount_v40(&carol);
}

static void unmount(void)
{
    client_mount_close(&carol);
}

static void change(void)
{
    begin(&carol, NULL);
    client_op_putrootfh(C);
    client_op_remove(C, "nothing");
    run(NFS4ERR_ROFS);
}

static void mount_and_change(void)
{
    mount();
    change();
}

static void again(void)
{
    run_again_on(NULL, NFS4ERR_ROFS);
}

static void holder_comes(void)
{
    holder_open(&holder, 0);
}

static void leave(void)
{
    holder_close(&holder);
}

static void holder_has(void)
{
    dir = script_dir(script_mem);
    holder_open(&holder, 0);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
}

static void conflict(void)
{
    expect_status(conflict_open(&bob, &dir, "file", &other), NFS4ERR_DELAY);
    (void)holder_wait_recall(&holder, &file);
}

static void done(void)
{
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* The connection ends when the recall comes; the server makes another one. */
static void holder_breaks(void)
{
    holder_has();
    holder.more[0].behaviour.act = CLIENT_ACT_CUT_BEFORE;
}

static void conflict_twice(void)
{
    expect_status(conflict_open(&bob, &dir, "file", &other), NFS4ERR_DELAY);
    holder_pump_until(&holder, holder_recalls(&holder, &file) == 2);
}

/* Nobody listens there. */
static void mount_unreachable(void)
{
    struct client_id_wish wish = client_id_wish_default("unreachable");

    wish.callback_program = 0x40000000;
    wish.netid = "tcp";
    wish.address = "127.0.0.1.0.1";
    script_mount_v40_as(&carol, &wish);
}

/* What a recall moves, whichever way it goes. */
#define OF_RECALL                                                                                  \
    "delegation_recalled", "delegation_conflicts", "delegations_recalled",                         \
        "delegation_recall_oldest_seconds", "transport_parks", "transport_parks_expired",          \
        "operation_errors", "state", "queue_length"

static const struct cause causes[] = {
    {.name = "a client of 4.0",
     .begin = mount,
     .end = unmount,
     .requests = true,
     .moves = {"operations{minor=\"0\",op=\"SETCLIENTID\"}", "state{kind=\"clients\"}"},
     .may = {"duplicate_inserts", "duplicate_entries", "duplicate_clients", "duplicate_bytes",
             "connections", "transport_accepted", "addresses"}},
    {.name = "a change by a client of 4.0",
     .prepare = mount,
     .begin = change,
     .end = unmount,
     .requests = true,
     .moves = {"duplicate_inserts", "duplicate_entries", "duplicate_bytes",
               "operation_errors{minor=\"0\",op=\"REMOVE\",status=\"NFS4ERR_ROFS\"}"},
     .may = {"duplicate_clients"}},
    {.name = "a retry of a client of 4.0",
     .prepare = mount_and_change,
     .begin = again,
     .end = unmount,
     .requests = true,
     .moves = {"duplicate_hits"}},
    {.name = "a client of 4.0 that can be called",
     .begin = holder_comes,
     .end = leave,
     .requests = true,
     .moves = {"dial_out_paths", "dial_out_dials", "dial_out_probes", "transport_dialled",
               "connections{kind=\"dialled\"}", "state{kind=\"clients\"}"},
     .may = {"duplicate_inserts", "duplicate_entries", "duplicate_clients", "duplicate_bytes",
             "connections", "transport_accepted", "addresses", "dial_out_answers", "queue_length"}},
    {.name = "a recall from a client of 4.0",
     .prepare = holder_has,
     .begin = conflict,
     .end = done,
     .requests = true,
     .moves = {"dial_out_calls", "dial_out_answers", "callback{op=\"CB_RECALL\"}",
               "callback_duration_seconds"},
     .may = {OF_RECALL}},
    {.name = "a recall over a connection that ends",
     .prepare = holder_breaks,
     .begin = conflict_twice,
     .end = done,
     .requests = true,
     .moves = {"dial_out_resent", "dial_out_dials", "callback_failures{op=\"CB_RECALL\"}",
               "callback_retries{op=\"CB_RECALL\"}"},
     .may = {OF_RECALL, "callback", "callback_duration_seconds", "dial_out_calls",
             "dial_out_answers", "dial_out_probes", "transport_dialled", "transport_closed",
             "connections"}},
    /* The last one, because the server tries again. */
    {.name = "a client of 4.0 that does not listen",
     .begin = mount_unreachable,
     .end = unmount,
     .requests = true,
     .moves = {"transport_dial_failures", "dial_out_dials", "dial_out_paths",
               "state{kind=\"clients\"}"},
     .may = {"duplicate_inserts", "duplicate_entries", "duplicate_clients", "duplicate_bytes",
             "connections", "transport_accepted", "transport_closed", "transport_dialled",
             "addresses", "dial_out_probes", "queue_length"}},
};

const struct cause_list cause_v40 = {causes, ARRAY_SIZE(causes)};
