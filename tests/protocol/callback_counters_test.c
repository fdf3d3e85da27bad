/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the running server reports about callbacks and delegations (SIGUSR1): each one moves with
 * its subject and with nothing else. S22-28, S22-29, S22-30, S22B-01; of S22B-11 the log's part.
 * unit.callback.callback_counters tests the counters by themselves.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "callback/callback_counters.h"
#include "holder.h"
#include "log_lines.h"
#include "state/delegation/delegation_stats.h"

enum {
    LONG_MS = 60 /* until an answer: longer than the bucket of 50 ms */
};

static struct client_fh dir;

static int setup(void **state)
{
    static const char *const options[] = {
        "--export", "/mem=mem:,no_root_squash",   "--set", "nfs.recall_park_ms=10",
        "--set",    "nfs.callback_backoff_ms=50", NULL};

    (void)state;
    if (script_setup(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    dir = script_dir(script_mem);
    return 0;
}

/* ---- stats in the log ---- */

static const char *const bucket_names[] = {
#define X(name, us) "le_" #name,
    CALLBACK_BUCKETS(X)
#undef X
        "longer"};

/* Of all callbacks, or of one operation. */
struct calls {
    uint64_t total, failures, retries;
};

struct stats {
    struct calls all, recall, getattr, notify_lock;
    uint64_t answers, sum_us, buckets[ARRAY_SIZE(bucket_names)];
    struct delegation_stats delegations;
    uint64_t oldest_recall_ms;
};

/* An operation that was never sent has no line. */
static struct calls calls_of(const char *operation)
{
    struct log_line line = log_find_with("daemon.callback", "operation", operation);

    if (line.count == 0)
        return (struct calls){0};
    return (struct calls){log_number(&line, "callback_total"),
                          log_number(&line, "callback_failures"),
                          log_number(&line, "callback_retries")};
}

static void durations_of(struct stats *stats)
{
    struct log_line line = log_find("daemon.callback_duration", NULL);

    stats->answers = log_number(&line, "count");
    stats->sum_us = log_number(&line, "sum_us");
    for (size_t i = 0; i < ARRAY_SIZE(bucket_names); i++)
        stats->buckets[i] = log_number(&line, bucket_names[i]);
}

static void delegations_of(struct stats *stats)
{
    struct log_line line = log_find("daemon.delegations", NULL);

#define X(name, help) stats->delegations.name = log_number(&line, #name);
    DELEGATION_COUNTERS(X)
#undef X
    stats->delegations.held_read = log_number(&line, "held_read");
    stats->delegations.held_write = log_number(&line, "held_write");
    stats->delegations.recalls = log_number(&line, "recalls");
    stats->oldest_recall_ms = log_number(&line, "oldest_recall_ms");
}

/* The stats of delegations follow those of callbacks. */
static struct stats stats(void)
{
    const unsigned before = log_find("daemon.delegations", NULL).count;
    struct stats found;

    assert_int_equal(kill(script_server.pid, SIGUSR1), 0);
    wait_until_every(5, log_find("daemon.delegations", NULL).count > before);
    found.all = calls_of("all");
    found.recall = calls_of("CB_RECALL");
    found.getattr = calls_of("CB_GETATTR");
    found.notify_lock = calls_of("CB_NOTIFY_LOCK");
    durations_of(&found);
    delegations_of(&found);
    return found;
}

static void expect_moved(const struct calls *before, const struct calls *after, uint64_t total,
                         uint64_t failures, uint64_t retries)
{
    assert_int_equal(after->total - before->total, total);
    assert_int_equal(after->failures - before->failures, failures);
    assert_int_equal(after->retries - before->retries, retries);
}

/* ---- callbacks ---- */

/* S22B-09: one callback that is lost twice: two connections break when it has come. */
static void each_attempt(void **state)
{
    const struct client_behaviour cut = {.act = CLIENT_ACT_CUT_BEFORE};
    struct stats before = stats(), after;
    struct client_conn *second, *third;
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    second = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    third = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    (void)holder_speak(&holder, third);
    (void)holder_speak(&holder, second);
    holder.mount.conn.behaviour = second->behaviour = cut;
    file = holder_contended(&holder, &dir, "lost twice");
    holder_pump_until(&holder, holder_executed(&holder, &file) == 1);
    holder_move(&holder, third);
    holder_finish(&holder, &file);
    after = stats();
    expect_moved(&before.all, &after.all, 3, 2, 2);
    expect_moved(&before.recall, &after.recall, 3, 2, 2);
    assert_int_equal(after.answers - before.answers, 1);
    holder_close(&holder);
}

/* Each retry after DELAY is a new call, and not counted as a retransmission. */
static void put_off(void **state)
{
    struct stats before = stats(), after;
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    holder.mount.conn.behaviour = (struct client_behaviour){.op_status = NFS4ERR_DELAY, .times = 2};
    file = holder_contended(&holder, &dir, "put off");
    holder_pump_until(&holder, holder_recalls(&holder, &file) == 3);
    holder_finish(&holder, &file);
    after = stats();
    expect_moved(&before.recall, &after.recall, 3, 0, 0);
    assert_int_equal(after.answers - before.answers, 3);
    holder_close(&holder);
}

/* From the call to its answer; counted in one bucket. */
static void how_long_it_took(void **state)
{
    struct stats before, after;
    struct client_file file;
    struct holder holder;
    uint64_t in_buckets = 0;

    (void)state;
    holder_open(&holder, 1);
    holder.mount.conn.behaviour = (struct client_behaviour){.act = CLIENT_ACT_HOLD, .times = 1};
    before = stats();
    file = holder_contended(&holder, &dir, "slow");
    holder_pump_until(&holder, holder.callbacks->held_count == 1);
    wait_ms(LONG_MS);
    assert_int_equal(client_callback_release(&holder.mount.conn, false), CLIENT_OK);
    holder_finish(&holder, &file);
    after = stats();
    assert_int_equal(after.answers - before.answers, 1);
    assert_true(after.sum_us - before.sum_us >= LONG_MS * 1000);
    for (size_t i = 0; i < ARRAY_SIZE(bucket_names); i++) {
        in_buckets += after.buckets[i] - before.buckets[i];
        if (i <= CALLBACK_BUCKET_50ms)
            assert_int_equal(after.buckets[i], before.buckets[i]);
    }
    assert_int_equal(in_buckets, 1);
    holder_close(&holder);
}

/* Each operation has counters of its own. */
static void by_operation(void **state)
{
    struct stats before = stats(), after;
    struct pending pending;
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    file = holder_delegated(&holder, &dir, "asked about", OPEN_DELEGATE_WRITE);
    holder.callbacks->attrs.change = 77;
    begin(&bob, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    pending_send(&pending, &bob);
    (void)holder_wait(&holder, OP_CB_GETATTR, 0);
    (void)pending_take(&pending);
    after = stats();
    expect_moved(&before.all, &after.all, 1, 0, 0);
    expect_moved(&before.getattr, &after.getattr, 1, 0, 0);
    expect_moved(&before.recall, &after.recall, 0, 0, 0);
    expect_moved(&before.notify_lock, &after.notify_lock, 0, 0, 0);
    assert_int_equal(after.delegations.cb_getattr - before.delegations.cb_getattr, 1);
    assert_int_equal(after.delegations.recalled, before.delegations.recalled);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

#ifdef MAINSTAY_V40
/* The same for a client of 4.0; probes of its path do not count as callbacks. */
static void over_a_path_of_4_0(void **state)
{
    struct stats before = stats(), after;
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 0);
    after = stats();
    expect_moved(&before.all, &after.all, 0, 0, 0);
    assert_int_equal(holder.more_count, 1);
    holder.more[0].behaviour.act = CLIENT_ACT_CUT_BEFORE;
    file = holder_contended(&holder, &dir, "of 4.0");
    holder_pump_until(&holder, holder_recalls(&holder, &file) == 2);
    wait_until(stats().answers > before.answers);
    holder_finish(&holder, &file);
    after = stats();
    expect_moved(&before.recall, &after.recall, 2, 1, 1);
    assert_int_equal(after.answers - before.answers, 1);
    holder_close(&holder);
}
#endif

/* ---- delegations ---- */

static void from_grant_to_return(void **state)
{
    struct delegation_stats at, now;
    struct client_file files[2];
    struct stats one;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    at = stats().delegations;
    assert_int_equal(at.held_read + at.held_write + at.recalls, 0);
    files[0] = holder_delegated(&holder, &dir, "held for reading", OPEN_DELEGATE_READ);
    files[1] = holder_delegated(&holder, &dir, "held for writing", OPEN_DELEGATE_WRITE);
    now = stats().delegations;
    assert_int_equal(now.granted_read - at.granted_read, 1);
    assert_int_equal(now.granted_write - at.granted_write, 1);
    assert_int_equal(now.held_read, 1);
    assert_int_equal(now.held_write, 1);
    assert_int_equal(now.recalled, at.recalled);

    for (size_t i = 0; i < 2; i++) {
        struct client_file got;

        expect_status(conflict_open(&bob, &dir, i ? "held for writing" : "held for reading", &got),
                      NFS4ERR_DELAY);
        wait_ms(20);
        one = stats();
        now = one.delegations;
        assert_int_equal(now.recalled - at.recalled, i + 1);
        assert_int_equal(now.recalls, i + 1);
        assert_true(now.conflicts - at.conflicts >= i + 1);
        assert_true(one.oldest_recall_ms >= 20 * (i + 1)); /* of the first */
    }
    assert_int_equal(now.returned, at.returned);
    (void)holder_wait_recall(&holder, &files[0]);
    (void)holder_wait_recall(&holder, &files[1]);
    holder_finish(&holder, &files[0]);
    now = stats().delegations;
    assert_int_equal(now.returned - at.returned, 1);
    assert_int_equal(now.recalls, 1);
    assert_int_equal(now.held_read, 0);
    holder_finish(&holder, &files[1]);
    one = stats();
    now = one.delegations;
    assert_int_equal(now.returned - at.returned, 2);
    assert_int_equal(now.revoked, at.revoked);
    assert_int_equal(now.recalls + now.held_read + now.held_write, 0);
    assert_int_equal(one.oldest_recall_ms, 0);
    holder_close(&holder);
}

/* Why no delegation was granted. */
static void not_given(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct delegation_stats at = stats().delegations, now;
    struct client_file file;
    struct holder holder;

    (void)state;
    wish.flags = 0;
    holder_open_as(&holder, &wish);
    file = holder_wanting(&holder, &dir, "unreachable", OPEN_DELEGATE_WRITE);
    assert_null(client_file_delegation(&file));
    now = stats().delegations;
    assert_int_equal(now.refused_unreachable - at.refused_unreachable, 1);
    assert_int_equal(now.granted_write, at.granted_write);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    holder_close(&holder);
}

static int setup_short(void **state)
{
    static const char *const options[] = {
        "--lease", "2", "--export", "/mem=mem:,no_root_squash", "--set", "nfs.recall_park_ms=10",
        NULL};

    (void)state;
    script_server.dir[0] = '\0'; /* the directory of the first group is gone */
    if (script_setup(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    dir = script_dir(script_mem);
    return 0;
}

static void revoked(void **state)
{
    struct delegation_stats now;
    struct client_file file, got;
    struct stats one;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    file = holder_contended(&holder, &dir, "revoked");
    expect_status(conflict_insist(&bob, &dir, "revoked", NULL, &got), NFS4_OK);
    one = stats();
    now = one.delegations;
    assert_int_equal(now.revoked, 1);
    assert_int_equal(now.returned, 0);
    assert_int_equal(now.recalls + now.held_write, 0);
    assert_int_equal(one.oldest_recall_ms, 0);
    expect_status(client_file_close(&bob, &got), NFS4_OK);
    (void)file;
    holder_drop(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_attempt),         cmocka_unit_test(put_off),
        cmocka_unit_test(how_long_it_took),     cmocka_unit_test(by_operation),
#ifdef MAINSTAY_V40
        cmocka_unit_test(over_a_path_of_4_0),
#endif
        cmocka_unit_test(from_grant_to_return), cmocka_unit_test(not_given),
    };
    const struct CMUnitTest of_a_short_lease[] = {cmocka_unit_test(revoked)};
    int status = test_group_run_fixtures(tests, setup, script_teardown);

    return status ? status
                  : test_group_run_fixtures(of_a_short_lease, setup_short, script_teardown);
}
