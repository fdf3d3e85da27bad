/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads compete for slots with new requests and retries at once (S20-10). Exactly one of them
 * executes each seqid, and a replay is always the whole reply of that seqid.
 */
#include "state/session/slot_table.h"

#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "lib/test.h"

enum {
    THREADS = 4,
    SLOTS = 3,
    SEQIDS = 4000,
    REPLY_MAX = 300
};

static struct slot_table table;
static _Atomic uint32_t executed[SLOTS][SEQIDS + 1];
static _Atomic uint32_t replays;

static uint32_t reply_len(uint32_t seqid)
{
    return 8 + seqid * 37 % (REPLY_MAX - 8);
}

static void check_reply(const uint8_t *data, uint32_t len, uint32_t seqid)
{
    CHECK(len == reply_len(seqid));
    for (uint32_t i = 0; i < len; i++)
        CHECK(data[i] == (uint8_t)seqid);
}

static void execute(struct slot *slot, uint32_t id, uint32_t seqid)
{
    uint8_t reply[REPLY_MAX];

    memset(reply, (int)(uint8_t)seqid, sizeof(reply));
    atomic_fetch_add(&executed[id][seqid], 1);
    slot_release(slot, seqid % 5 ? reply : NULL, reply_len(seqid));
}

/* Tries seqid after seqid, and goes on when one is done, whichever thread executed it. */
static void *worker(void *arg)
{
    uint32_t next[SLOTS] = {1, 1, 1};

    (void)arg;
    for (uint32_t turn = 0; next[0] <= SEQIDS || next[1] <= SEQIDS || next[2] <= SEQIDS; turn++) {
        uint32_t id = turn % SLOTS, seqid = next[id];
        struct slot_request request = {.digest = seqid};
        uint8_t buffer[REPLY_MAX];
        struct slot_replay replay = {.data = buffer, .size = sizeof(buffer)};
        struct slot *slot = slot_at(&table, id);

        if (seqid > SEQIDS)
            continue;
        switch (slot_acquire(slot, seqid, &request, &replay)) {
        case SLOT_NEW:
            execute(slot, id, seqid);
            break;
        case SLOT_REPLAY:
            check_reply(buffer, replay.len, seqid);
            atomic_fetch_add(&replays, 1);
            next[id]++;
            break;
        case SLOT_UNCACHED:
            CHECK(seqid % 5 == 0);
            next[id]++;
            break;
        case SLOT_MISORDERED: /* another thread is ahead, or the previous seqid still runs */
            if (replay.expected > seqid + 1)
                next[id] = replay.expected - 1;
            break;
        case SLOT_BUSY:
            break;
        case SLOT_FALSE_RETRY:
        case SLOT_GONE:
            CHECK(!"no retry is false here");
        }
    }
    return NULL;
}

static void exactly_once(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    slot_table_init(&table, SLOTS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, worker, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (uint32_t id = 0; id < SLOTS; id++) {
        for (uint32_t seqid = 1; seqid <= SEQIDS; seqid++)
            assert_int_equal(atomic_load(&executed[id][seqid]), 1);
    }
    assert_true(atomic_load(&replays) > 0);
    slot_table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exactly_once)};

    return test_group_run(tests);
}
