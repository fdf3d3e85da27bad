/* SPDX-License-Identifier: Apache-2.0 */
/* The path of SEQUENCE while another thread holds every lock that all clients share. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/test.h"
#include "v41_fixture.h"

enum {
    PATIENCE_S = 120 /* then SIGALRM ends the program */
};

static struct v41_call call;
static struct v41_session session;

static void lock_all(void)
{
    pthread_mutex_lock(&test_server.state->clients.lock);
    for (size_t i = 0; i < SESSION_SHARDS; i++)
        pthread_mutex_lock(&test_server.state->session_shards[i].lock);
}

static void unlock_all(void)
{
    for (size_t i = 0; i < SESSION_SHARDS; i++)
        pthread_mutex_unlock(&test_server.state->session_shards[i].lock);
    pthread_mutex_unlock(&test_server.state->clients.lock);
}

/* Ten requests on slot 0 and a retry of each. */
static void requests(bool cache)
{
    for (int i = 0; i < 10; i++) {
        v41_begin_in(&call, &session, cache);
        v41_op(&call, OP_PUTROOTFH);
        v41_op_getattr(&call, 1u << FATTR4_SIZE);
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, NFS4_OK);
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, cache ? NFS4_OK : NFS4ERR_RETRY_UNCACHED_REP);
    }
}

/* P-02, SR-07, L-09: requests and retries, the lease and the status flags take none of these
 * locks. */
static void sequence_takes_no_common_lock(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    requests(true);
    (void)alarm(PATIENCE_S);
    lock_all();
    requests(true);
    requests(false);
    unlock_all();
    (void)alarm(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, v41_set_up, v41_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sequence_takes_no_common_lock),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
