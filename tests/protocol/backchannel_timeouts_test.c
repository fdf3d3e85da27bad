/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection over which no proper answer comes is given up when the time for one is over, and the
 * call comes again over another one, the same as it was.  The client keeps what it has if it
 * answers there.  S22-D2, S22-10, W07.
 */
#include "holder.h"

static struct client_fh dir;

static int setup(void **state)
{
    static const char *const options[] = {
        "--export", "/mem=mem:,no_root_squash",    "--set", "nfs.recall_park_ms=10",
        "--set",    "nfs.callback_timeout_ms=500", NULL};

    (void)state;
    if (script_setup(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    dir = script_dir(script_mem);
    return 0;
}

struct silence {
    const char *name;
    enum client_act act;
    enum client_callback_fate again;
};

static void given_up(void **state)
{
    const struct silence *silence = *state;
    const struct client_callback *first, *again;
    struct client_conn *other;
    struct client_file file;
    struct holder holder;

    holder_open(&holder, 1);
    other = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    (void)holder_speak(&holder, &holder.mount.conn);
    holder.mount.conn.manner.act = silence->act;
    file = holder_contended(&holder, &dir, silence->name);
    holder_pump_until(&holder, holder.callbacks->count == 2);
    first = client_callback_at(holder.callbacks, 0);
    again = client_callback_at(holder.callbacks, 1);
    assert_true(again->over == other->serial);
    assert_int_equal(again->fate, silence->again);
    assert_int_equal(again->sequence.csa_slotid, first->sequence.csa_slotid);
    assert_int_equal(again->sequence.csa_sequenceid, first->sequence.csa_sequenceid);
    holder_pump_until(&holder, holder.mount.conn.fd < 0); /* the server has closed it */
    holder_move(&holder, other);
    holder_finish(&holder, &file);
    conflict_over(&dir, silence->name);
    assert_int_equal(holder_executed(&holder, &file), 1);
    holder_close(&holder);
}

/* The same for one that does not even read. */
static void unread(void **state)
{
    struct client_conn *other, deaf;
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    other = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    (void)holder_speak(&holder, &holder.mount.conn);
    file = holder_contended(&holder, &dir, "unread");
    deaf = holder.mount.conn; /* which nobody pumps any more */
    list_init(&deaf.stash);
    holder.mount.conn.fd = -1;
    assert_int_equal(holder_wait_recall(&holder, &file), 0);
    assert_true(client_callback_at(holder.callbacks, 0)->over == other->serial);
    assert_int_equal(client_callback_at(holder.callbacks, 0)->sequence.csa_sequenceid, 1);
    assert_int_equal(client_conn_wait_close(&deaf, SCRIPT_TIMEOUT_MS), CLIENT_CLOSED);
    client_conn_close(&deaf);
    holder_move(&holder, other);
    holder_finish(&holder, &file);
    conflict_over(&dir, "unread");
    holder_close(&holder);
}

static struct silence silences[] = {
    {"not answered", CLIENT_ACT_IGNORE, CLIENT_CALLBACK_EXECUTED},
    {"executed and not answered", CLIENT_ACT_HOLD, CLIENT_CALLBACK_RETRIED},
    {"garbage", CLIENT_ACT_GARBAGE, CLIENT_CALLBACK_RETRIED},
    {"another xid", CLIENT_ACT_WRONG_XID, CLIENT_CALLBACK_RETRIED},
    {"a short record", CLIENT_ACT_SHORT, CLIENT_CALLBACK_RETRIED},
};

int main(void)
{
    struct CMUnitTest tests[1 + ARRAY_SIZE(silences)] = {cmocka_unit_test(unread)};

    for (size_t i = 0; i < ARRAY_SIZE(silences); i++)
        tests[1 + i] = (struct CMUnitTest){silences[i].name, given_up, NULL, NULL, &silences[i]};
    return test_group_run_fixtures(tests, setup, script_teardown);
}
