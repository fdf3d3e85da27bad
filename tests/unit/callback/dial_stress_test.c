/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many threads use one dial_out: paths are made, moved and closed while callbacks are sent,
 * answered, late and cancelled. Each accepted callback ends exactly once.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "dial_fixture.h"
#include "lib/test.h"
#include "lib/wait.h"

enum {
    CLIENTS = 8,
    CALLERS = 3,
    CALLS = 400,
    MOVES = 150,
};

struct stress {
    struct dial_fixture f;
    struct dial_target targets[3]; /* two that answer, one that is dead */
    _Atomic unsigned taken, ended, answered;
    _Atomic uint32_t serial;
    _Atomic bool over;
};

static void ended(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    struct stress *s = arg;

    CHECK((reply != NULL) == (outcome == CALLBACK_ANSWERED));
    if (outcome == CALLBACK_ANSWERED)
        atomic_fetch_add(&s->answered, 1);
    atomic_fetch_add(&s->ended, 1);
}

static void *caller(void *arg)
{
    static const uint8_t fh[] = {1, 2, 3};
    struct stress *s = arg;
    struct cb_op op = {.op = OP_CB_RECALL};

    op.recall.fh = (struct nfs_fh4){fh, sizeof(fh)};
    for (unsigned i = 0; i < CALLS; i++) {
        if (dial_out_call(s->f.out, 1 + i % CLIENTS, &op, 1, ended, s))
            atomic_fetch_add(&s->taken, 1);
        dial_out_state(s->f.out, 1 + i % CLIENTS);
        if (i % 8 == 0)
            wait_ms(1);
    }
    return NULL;
}

static void *mover(void *arg)
{
    struct stress *s = arg;

    for (unsigned i = 0; i < MOVES; i++) {
        uint64_t id = 1 + i % CLIENTS;

        if (i % 5 == 4)
            dial_out_forget(s->f.out, id);
        dial_out_set(s->f.out, id, &s->targets[i % 7 < 5 ? 0 : i % 7 - 4],
                     atomic_fetch_add(&s->serial, 1));
        wait_ms(1);
    }
    return NULL;
}

static void *ticker(void *arg)
{
    struct stress *s = arg;

    while (!atomic_load(&s->over)) {
        dial_fixture_pass_ms(&s->f, 500);
        wait_ms(1);
    }
    return NULL;
}

static void all_at_once(void **state)
{
    static struct stress s;
    pthread_t callers[CALLERS], moving, ticking;
    struct peer_server *servers[2];
    int holder;

    (void)state;
    atomic_store(&s.serial, 1);
    dial_fixture_start(&s.f, NULL);
    servers[0] = peer_server_start(AF_INET, &s.targets[0]);
    servers[1] = peer_server_start(AF_INET6, &s.targets[1]);
    holder = peer_open(AF_INET, -1, &s.targets[2]);
    for (uint64_t id = 1; id <= CLIENTS; id++)
        assert_true(dial_out_set(s.f.out, id, &s.targets[0], atomic_fetch_add(&s.serial, 1)));
    for (uint64_t id = 1; id <= CLIENTS; id++)
        wait_state(&s.f, id, DIAL_PATH_UP);
    caller(&s);
    wait_until(atomic_load(&s.answered) > 0);
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&callers[i], NULL, caller, &s), 0);
    assert_int_equal(pthread_create(&moving, NULL, mover, &s), 0);
    assert_int_equal(pthread_create(&ticking, NULL, ticker, &s), 0);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    pthread_join(moving, NULL);
    atomic_store(&s.over, true);
    pthread_join(ticking, NULL);

    assert_true(atomic_load(&s.taken) > 0);
    /* Half of the paths end with their callbacks, the others all at once. */
    for (uint64_t id = 1; id <= CLIENTS / 2; id++)
        dial_out_forget(s.f.out, id);
    dial_fixture_stop(&s.f);
    assert_int_equal(atomic_load(&s.ended), atomic_load(&s.taken));
    assert_true(atomic_load(&s.answered) > 0);
    peer_server_stop(servers[0]);
    peer_server_stop(servers[1]);
    close(holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once),
    };

    return test_group_run(tests);
}
