/* SPDX-License-Identifier: Apache-2.0 */
/* Clients, what they hold, and the end of their leases.  S20-32. */
#include <unistd.h>

#include "cause.h"
#include "protocol/holder.h"
#include "protocol/scrape.h"
#include "protocol/set_range.h"

static struct client_mount carol;
static struct client_fh dir;
static struct client_file file;

static void mount(void)
{
    script_mount_v41(&carol);
}

static void unmount(void)
{
    client_mount_close(&carol);
}

static void in_mem(void)
{
    dir = script_dir(script_mem);
}

static void open_file(void)
{
    file = make_open(&alice, &dir, "held");
}

static void open_in_mem(void)
{
    in_mem();
    open_file();
}

static void close_file(void)
{
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static void lock(void)
{
    begin(&alice, &file.fh);
    script_op_lock_new(&alice, &file, "locker", WRITE_LT, 0, 10);
    run(NFS4_OK);
}

/* What one client may have is reached; and more is refused. */
static void no_more_sessions(void)
{
    set_setting("nfs.max_sessions_per_client", 1);
}

static void a_session_too_many(void)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    static struct client_session session;
    enum nfsstat4 status;

    assert_int_equal(client_session_exchange_id(&carol.conn, &wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_create(&carol.conn, &wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_create(&carol.conn, &wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_NOSPC);
}

static void more_sessions(void)
{
    set_setting("nfs.max_sessions_per_client", LIMIT_SESSIONS_PER_CLIENT);
    unmount();
}

static void mount_and_limit(void)
{
    mount();
    no_more_sessions();
}

static const struct cause causes[] = {
    {.name = "a client",
     .begin = mount,
     .end = unmount,
     .requests = true,
     .moves = {"state{kind=\"clients\"}", "state{kind=\"sessions\"}", "session_slots",
               "session_slots_in_use", "transport_accepted", "connections{kind=\"accepted\"}"},
     .may = {"addresses"}},
    {.name = "the end of a client",
     .prepare = mount,
     .begin = unmount,
     .requests = true,
     .moves = {"state{kind=\"clients\"}", "state{kind=\"sessions\"}", "session_slots",
               "session_slots_in_use", "transport_closed", "connections{kind=\"accepted\"}"}},
    {.name = "an open",
     .prepare = in_mem,
     .begin = open_file,
     .end = close_file,
     .requests = true,
     .moves = {"state{kind=\"opens\"}"},
     .may = {"state{kind=\"owners\"}", "delegation_refused_unreachable",
             "delegation_refused_setting"}},
    {.name = "a lock",
     .prepare = open_in_mem,
     .begin = lock,
     .end = close_file,
     .requests = true,
     .moves = {"state{kind=\"locks\"}", "state{kind=\"lock_states\"}"},
     .may = {"state{kind=\"owners\"}"}},
    {.name = "a session too many",
     .prepare = mount_and_limit,
     .begin = a_session_too_many,
     .end = more_sessions,
     .requests = true,
     .moves = {"limit_reached{limit=\"sessions_per_client\"}"},
     .may = {"state", "session_slots", "session_slots_in_use", "operation_errors"}},
};

const struct cause_list cause_clients = {causes, ARRAY_SIZE(causes)};

/* ---- leases ---- */

static struct holder holder;

static void holder_has(void)
{
    in_mem();
    holder_open(&holder, 1);
    file = holder_delegated(&holder, &dir, "revoked", OPEN_DELEGATE_WRITE);
}

/* The holder does not return the delegation within its lease. */
static void insist(void)
{
    expect_status(conflict_insist(&bob, &dir, "revoked", NULL, &file), NFS4_OK);
}

static void revoked(void)
{
    expect_status(client_file_close(&bob, &file), NFS4_OK);
    holder_drop(&holder);
}

static const struct cause lease_causes[] = {
    {.name = "a recall that is not answered",
     .prepare = holder_has,
     .begin = insist,
     .end = revoked,
     .requests = true,
     .moves = {"delegation_revoked", "delegations{kind=\"write\"}"},
     .may = {"delegations_recalled", "delegation_recalled", "delegation_recall_oldest_seconds",
             "delegation_conflicts", "state", "operation_errors", "transport_parks",
             "transport_parks_expired", "leases_expired", "clients_courtesy", "queue_length",
             "callback", "callback_failures", "callback_retries", "delegation_refused_unreachable",
             "session_slots", "connections", "transport_closed"}},
    {.name = "a lease that ends",
     .begin = mount, /* and is silent */
     .end = unmount,
     .requests = true,
     .moves = {"leases_expired", "clients_courtesy"},
     .may = {"state", "session_slots", "session_slots_in_use", "connections", "addresses",
             "transport_accepted"}},
};

const struct cause_list cause_leases = {lease_causes, ARRAY_SIZE(lease_causes)};

/* ---- after a restart ---- */

static void end_grace(void)
{
    scrape_post("/api/v1/grace/end", 200);
}

static const struct cause restart_causes[] = {
    {.name = "the end of the grace period", .begin = end_grace, .moves = {"grace"}},
};

const struct cause_list cause_restart = {restart_causes, ARRAY_SIZE(restart_causes)};
