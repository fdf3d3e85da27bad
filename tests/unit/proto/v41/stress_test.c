/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session, several slots, and two connections for each slot that send the same request at the
 * same time (S20-10, SR-01): it executes once, and both get the same bytes.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "lib/test.h"
#include "v41_fixture.h"

enum {
    SLOTS = 3,
    ROUNDS = 150
};

static struct v41_session session;

struct pair {
    uint32_t slot;
    pthread_barrier_t barrier;
    struct v41_call calls[2];
};

struct runner {
    struct pair *pair;
    uint32_t which;
    pthread_t thread;
};

static void request(const struct pair *pair, struct v41_call *call, uint32_t seqid)
{
    char name[32];

    (void)snprintf(name, sizeof(name), "%u.%u", pair->slot, seqid);
    v41_begin(call);
    call->arena = NULL;
    v41_op_sequence(call, &session, pair->slot, seqid, true);
    v41_op(call, OP_PUTROOTFH);
    v41_op_mkdir(call, name);
    v41_op(call, OP_GETFH);
}

static void *run(void *arg)
{
    struct runner *me = arg;
    struct pair *pair = me->pair;
    struct v41_call *call = &pair->calls[me->which];
    int fd = v41_connect();

    for (uint32_t seqid = 1; seqid <= ROUNDS; seqid++) {
        pthread_barrier_wait(&pair->barrier);
        request(pair, call, seqid);
        do
            v41_roundtrip(fd, call);
        while (call->status == NFS4ERR_DELAY);
        CHECK(call->status == NFS4_OK && call->result_count == 4);
        pthread_barrier_wait(&pair->barrier);
        if (me->which == 0) {
            CHECK(pair->calls[0].body_len == pair->calls[1].body_len);
            CHECK(memcmp(pair->calls[0].body, pair->calls[1].body, call->body_len) == 0);
        }
    }
    close(fd);
    return NULL;
}

static void exactly_once(void **unused)
{
    struct pair *pairs = must_calloc(SLOTS, sizeof(*pairs));
    struct runner runners[SLOTS * 2];

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    for (uint32_t i = 0; i < SLOTS * 2; i++) {
        struct pair *pair = &pairs[i / 2];

        runners[i] = (struct runner){.pair = pair, .which = i % 2};
        pair->slot = i / 2;
        if (i % 2 == 0)
            pthread_barrier_init(&pair->barrier, NULL, 2);
    }
    for (uint32_t i = 0; i < SLOTS * 2; i++)
        assert_int_equal(pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
    for (uint32_t i = 0; i < SLOTS * 2; i++)
        pthread_join(runners[i].thread, NULL);
    for (uint32_t i = 0; i < SLOTS; i++)
        pthread_barrier_destroy(&pairs[i].barrier);
    free(pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(exactly_once, v41_set_up, v41_tear_down),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
