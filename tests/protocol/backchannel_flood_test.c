/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More callbacks to one client than its queue takes, and callbacks to many clients at once: none is
 * lost, and no thread waits for a client.
 */
#include <string.h>

#include "backchannel.h"
#include "base/limits.h"

enum {
    FLOOD = LIMIT_BACK_QUEUE + 64, /* callbacks, one of which is outstanding */
    CLIENTS = 16,
    CALLS = 4 /* to each client */
};

static int setup(void **state)
{
    static const char *const options[] = {"--threads", "2",
                                          "--set",     "nfs.callback_timeout_ms=60000",
                                          "--set",     "nfs.callback_backoff_ms=50",
                                          NULL};

    (void)state;
    return backchannel_setup(0, options);
}

static uint32_t executed(const struct holder *holder)
{
    return client_callback_session(holder->callbacks, holder->mount.session.sessionid)
        ->slots[0]
        .executed;
}

/* S22-D12: delegations whose recalls exceed the queue are recalled a little later, each once: the
 * single slot has executed as many callbacks as there are delegations. */
static void no_recall_is_lost(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_file file, last, got;
    struct holder holder;
    char name[32];

    (void)state;
    wish.back.ca_maxrequests = 1;
    holder_open_as(&holder, &wish);
    holder.mount.conn.behaviour = (struct client_behaviour){.act = CLIENT_ACT_HOLD, .times = 1};
    for (uint32_t i = 0; i < FLOOD; i++) {
        (void)snprintf(name, sizeof(name), "flood %u", i);
        file = holder_contended(&holder, &dir, name);
        if (i == 0)
            last = file;
    }
    assert_int_equal(executed(&holder), 1);
    assert_int_equal(client_callback_release(&holder.mount.conn, false), CLIENT_OK);
    holder_pump_until(&holder, executed(&holder) == FLOOD);
    /* The server goes on: a returned file can be opened. */
    holder_finish(&holder, &last);
    expect_status(conflict_open(&bob, &dir, "flood 0", &got), NFS4_OK);
    expect_status(client_file_close(&bob, &got), NFS4_OK);
    holder_finish(&holder, &file);
    conflict_over(&dir, name);
    assert_int_equal(executed(&holder), FLOOD);
    holder_drop(&holder);
}

static long threads(void)
{
    char path[64], line[256];
    long count = 0;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", script_server.pid);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        (void)sscanf(line, "Threads: %ld", &count);
    (void)fclose(file);
    assert_true(count > 0);
    return count;
}

/* S22-D11: outstanding callbacks take no threads. A spare thread may join an event loop whose own
 * thread was held up, but there is not one per client. */
static void no_thread_waits(void **state)
{
    static struct holder holders[CLIENTS];
    struct client_file files[CLIENTS][CALLS];
    long before = 0;

    (void)state;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        holder_open(&holders[i], 1);
        holders[i].mount.conn.behaviour.act = CLIENT_ACT_HOLD;
        for (uint32_t n = 0; n < CALLS; n++) {
            char name[32];

            (void)snprintf(name, sizeof(name), "thread %u.%u", i, n);
            files[i][n] = holder_contended(&holders[i], &dir, name);
        }
        holder_pump_until(&holders[i], holders[i].callbacks->held_count == CALLS);
        if (i == 0)
            before = threads();
    }
    assert_true(threads() < before + CLIENTS / 2);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(client_callback_release(&holders[i].mount.conn, true), CLIENT_OK);
        for (uint32_t n = 0; n < CALLS; n++)
            holder_finish(&holders[i], &files[i][n]);
        holder_close(&holders[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_thread_waits),
        cmocka_unit_test(no_recall_is_lost),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
