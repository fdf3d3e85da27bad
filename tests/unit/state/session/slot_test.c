/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transitions of a slot, as a table (S20-46): each row is one request on the same slot, without
 * network or session (SR-03, SR-10).
 */
#include "state/session/slot_table.h"

#include <string.h>

#include "base/check.h"
#include "lib/test.h"

enum finish {
    LEAVE, /* do not release */
    KEEP,  /* release with the reply "r<seqid>" */
    DROP,  /* release without a reply */
};

struct step {
    uint32_t seqid, digest, uid;
    enum slot_verdict want;
    enum finish finish; /* for a SLOT_NEW */
};

static const char *reply_text(uint32_t seqid)
{
    static char text[16];

    (void)snprintf(text, sizeof(text), "r%u", seqid);
    return text;
}

static void run_step(struct slot *slot, const struct step *step)
{
    uint8_t buffer[64];
    struct slot_replay replay = {.data = buffer, .size = sizeof(buffer)};
    struct slot_request request = {.digest = step->digest,
                                   .principal = CLIENT_PRINCIPAL_SYS(step->uid)};
    enum slot_verdict got = slot_acquire(slot, step->seqid, &request, &replay);
    const char *text = reply_text(step->seqid);

    assert_int_equal(got, step->want);
    if (got == SLOT_REPLAY) {
        assert_int_equal(replay.len, strlen(text));
        assert_memory_equal(buffer, text, replay.len);
    }
    if (got == SLOT_NEW && step->finish != LEAVE)
        slot_release(slot, step->finish == KEEP ? text : NULL, (uint32_t)strlen(text));
}

static void run_steps(const struct step *steps, size_t count)
{
    struct slot_table table;

    slot_table_init(&table, 4);
    for (size_t i = 0; i < count; i++)
        run_step(slot_at(&table, 2), &steps[i]);
    slot_table_fini(&table);
}

#define RUN(...)                                                                                   \
    do {                                                                                           \
        static const struct step steps[] = {__VA_ARGS__};                                          \
        run_steps(steps, ARRAY_SIZE(steps));                                                       \
    } while (0)

/* S20-46: the first use of a slot has seqid 1; 0 gets the initial MISORDERED of §18.36.4. */
static void first_use(void **state)
{
    (void)state;
    RUN({0, 1, 0, SLOT_MISORDERED, LEAVE}, {2, 1, 0, SLOT_MISORDERED, LEAVE},
        {UINT32_MAX, 1, 0, SLOT_MISORDERED, LEAVE}, {1, 1, 0, SLOT_NEW, KEEP});
}

static void retry_cached(void **state)
{
    (void)state;
    RUN({1, 7, 0, SLOT_NEW, KEEP}, {1, 7, 0, SLOT_REPLAY, LEAVE}, {1, 7, 0, SLOT_REPLAY, LEAVE},
        {2, 7, 0, SLOT_NEW, KEEP}, {2, 7, 0, SLOT_REPLAY, LEAVE});
}

/* P-09: an uncached request advances the slot too. */
static void retry_uncached(void **state)
{
    (void)state;
    RUN({1, 7, 0, SLOT_NEW, DROP}, {1, 7, 0, SLOT_UNCACHED, LEAVE}, {2, 8, 0, SLOT_NEW, DROP},
        {1, 7, 0, SLOT_MISORDERED, LEAVE}, {2, 8, 0, SLOT_UNCACHED, LEAVE});
}

/* S20-11: a retry while the request runs. */
static void retry_busy(void **state)
{
    (void)state;
    RUN({1, 7, 0, SLOT_NEW, LEAVE}, {1, 7, 0, SLOT_BUSY, LEAVE}, {2, 7, 0, SLOT_MISORDERED, LEAVE},
        {3, 7, 0, SLOT_MISORDERED, LEAVE}, {0, 7, 0, SLOT_MISORDERED, LEAVE});
}

/* S20-D3: behind, ahead, far away. */
static void misordered(void **state)
{
    (void)state;
    RUN({1, 1, 0, SLOT_NEW, KEEP}, {2, 2, 0, SLOT_NEW, KEEP}, {3, 3, 0, SLOT_NEW, KEEP},
        {2, 2, 0, SLOT_MISORDERED, LEAVE}, {5, 2, 0, SLOT_MISORDERED, LEAVE},
        {0x80000000, 2, 0, SLOT_MISORDERED, LEAVE}, {3, 3, 0, SLOT_REPLAY, LEAVE},
        {4, 4, 0, SLOT_NEW, KEEP});
}

/* W04, S20-09: other arguments, or another principal, cached or not. */
static void false_retry(void **state)
{
    (void)state;
    RUN({1, 7, 5, SLOT_NEW, KEEP}, {1, 8, 5, SLOT_FALSE_RETRY, LEAVE},
        {1, 7, 6, SLOT_FALSE_RETRY, LEAVE}, {1, 7, 5, SLOT_REPLAY, LEAVE},
        {2, 9, 5, SLOT_NEW, DROP}, {2, 9, 6, SLOT_FALSE_RETRY, LEAVE},
        {2, 9, 5, SLOT_UNCACHED, LEAVE});
}

/* W04: a reply to a call that was protected goes to none that is less so, cached or not. */
static void less_protected(void **state)
{
    static const enum slot_verdict kept[] = {SLOT_FALSE_RETRY, SLOT_REPLAY, SLOT_REPLAY};
    static const enum slot_verdict dropped[] = {SLOT_FALSE_RETRY, SLOT_UNCACHED, SLOT_UNCACHED};
    uint8_t buffer[64];
    struct slot_replay replay = {.data = buffer, .size = sizeof(buffer)};
    struct slot_table table;
    struct slot *slot;

    (void)state;
    slot_table_init(&table, 4);
    slot = slot_at(&table, 2);
    for (uint32_t seqid = 1; seqid <= 2; seqid++) {
        struct slot_request request = {.digest = 7, .protection = 1};

        assert_int_equal(slot_acquire(slot, seqid, &request, &replay), SLOT_NEW);
        slot_release(slot, seqid == 1 ? "reply" : NULL, 5);
        for (request.protection = 0; request.protection < ARRAY_SIZE(kept); request.protection++)
            assert_int_equal(slot_acquire(slot, seqid, &request, &replay),
                             (seqid == 1 ? kept : dropped)[request.protection]);
    }
    slot_table_fini(&table);
}

/* W04: one for a certificate goes to that machine alone; one for nobody's, to all. */
static void other_certificate(void **state)
{
    static const enum slot_verdict verdicts[][3] = {
        {SLOT_REPLAY, SLOT_REPLAY, SLOT_REPLAY}, {SLOT_FALSE_RETRY, SLOT_REPLAY, SLOT_FALSE_RETRY}};
    uint8_t buffer[64];
    struct slot_replay replay = {.data = buffer, .size = sizeof(buffer)};
    struct slot_table table;
    struct slot *slot;

    (void)state;
    slot_table_init(&table, 4);
    slot = slot_at(&table, 2);
    for (uint32_t kept = 0; kept < ARRAY_SIZE(verdicts); kept++) {
        struct slot_request request = {.digest = 7, .machine = kept};

        assert_int_equal(slot_acquire(slot, kept + 1, &request, &replay), SLOT_NEW);
        slot_release(slot, "reply", 5);
        for (request.machine = 0; request.machine < ARRAY_SIZE(verdicts[0]); request.machine++)
            assert_int_equal(slot_acquire(slot, kept + 1, &request, &replay),
                             verdicts[kept][request.machine]);
    }
    slot_table_fini(&table);
}

/* S20-46: 2^32 - 1 is followed by 0, which is then a seqid like any other. */
static void wraps(void **state)
{
    struct slot_table table;
    static const struct step steps[] = {
        {UINT32_MAX, 7, 0, SLOT_NEW, KEEP}, {UINT32_MAX, 7, 0, SLOT_REPLAY, LEAVE},
        {1, 7, 0, SLOT_MISORDERED, LEAVE},  {0, 8, 0, SLOT_NEW, KEEP},
        {0, 8, 0, SLOT_REPLAY, LEAVE},      {UINT32_MAX, 7, 0, SLOT_MISORDERED, LEAVE},
        {1, 9, 0, SLOT_NEW, KEEP},
    };

    (void)state;
    slot_table_init(&table, 4);
    atomic_store(&slot_at(&table, 2)->word, (uint64_t)(UINT32_MAX - 1) << 32 | SLOT_STATE_UNCACHED);
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        run_step(slot_at(&table, 2), &steps[i]);
    slot_table_fini(&table);
}

static void slots_are_independent(void **state)
{
    static const struct step first = {1, 7, 0, SLOT_NEW, LEAVE};
    struct slot_table table;

    (void)state;
    slot_table_init(&table, 40);
    for (uint32_t i = 0; i < 40; i += 3)
        run_step(slot_at(&table, i), &first);
    assert_int_equal(slot_table_busy(&table, UINT32_MAX), 14);
    assert_int_equal(slot_table_busy(&table, 3), 13);
    assert_int_equal(slot_table_busy(&table, 4), 14);
    slot_table_fini(&table);
}

/* S20-33: the sizes that slot_release() reports add up to the memory in use. */
static void memory_is_accounted(void **state)
{
    static const uint32_t sizes[] = {10, 3000, 2900, 60, 0, 8000, 1, 500, 150, 50};
    static uint8_t reply[8000];
    struct slot_table table;
    struct slot *slot;
    uint32_t seqid = 0;
    int64_t total = 0;

    (void)state;
    slot_table_init(&table, 1);
    slot = slot_at(&table, 0);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct slot_request request = {0};
        struct slot_replay replay = {0};

        assert_int_equal(slot_acquire(slot, ++seqid, &request, &replay), SLOT_NEW);
        total += slot_release(slot, sizes[i] ? reply : NULL, sizes[i]);
        assert_int_equal(total, slot_table_reply_bytes(&table));
        assert_true(total >= sizes[i] && total <= 2 * sizes[i] + 384);
    }
    slot_table_fini(&table);
}

/* A retry over a connection with less room must not get half a reply. */
static void reply_larger_than_room(void **state)
{
    uint8_t buffer[4];
    struct slot_replay replay = {.data = buffer, .size = sizeof(buffer)};
    struct slot_request request = {0};
    struct slot_table table;

    (void)state;
    slot_table_init(&table, 1);
    assert_int_equal(slot_acquire(slot_at(&table, 0), 1, &request, &replay), SLOT_NEW);
    slot_release(slot_at(&table, 0), "eight by", 8);
    assert_int_equal(slot_acquire(slot_at(&table, 0), 1, &request, &replay), SLOT_UNCACHED);
    slot_table_fini(&table);
}

/* W02: a retired slot that comes back accepts the first seqid, from a client that has dropped it,
 * and the next one, from a client that has not; the last request and earlier ones are refused. */
static void comes_back(void **unused)
{
    static const struct {
        uint32_t seqid;
        enum slot_verdict want;
    } cases[] = {{1, SLOT_NEW},        {8, SLOT_NEW},        {7, SLOT_MISORDERED},
                 {6, SLOT_MISORDERED}, {9, SLOT_MISORDERED}, {0, SLOT_MISORDERED}};

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct slot_table table;
        const struct step first = {7, 1, 0, SLOT_NEW, KEEP};
        const struct step gone = {8, 1, 0, SLOT_GONE, LEAVE},
                          gone_retry = {7, 1, 0, SLOT_GONE, LEAVE};
        const struct step then = {cases[i].seqid, 1, 0, cases[i].want, KEEP};
        int64_t grown = 0;
        struct slot *slot;

        slot_table_init(&table, 4);
        slot = slot_at(&table, 2);
        atomic_store(&slot->word, (uint64_t)6 << 32 | SLOT_STATE_UNCACHED);
        run_step(slot, &first);
        assert_true(slot_retire(slot, &grown));
        assert_int_equal(grown, -2);
        assert_true(slot_retire(slot, &grown));
        assert_int_equal(grown, -2);
        assert_int_equal(slot_table_reply_bytes(&table), 0);
        run_step(slot, &gone);
        run_step(slot, &gone_retry);
        slot_revive(slot);
        run_step(slot, &then);
        slot_table_fini(&table);
    }
}

/* A slot in use is not retired, and reviving affects only retired slots. */
static void in_use_stays(void **unused)
{
    struct slot_table table;
    struct slot *slot;
    const struct step begin = {1, 1, 0, SLOT_NEW, LEAVE}, again = {1, 1, 0, SLOT_REPLAY, LEAVE};
    int64_t grown = 0;

    (void)unused;
    slot_table_init(&table, 4);
    slot = slot_at(&table, 2);
    run_step(slot, &begin);
    assert_false(slot_retire(slot, &grown));
    assert_int_equal(grown, 0);
    slot_release(slot, "r1", 2);
    slot_revive(slot);
    run_step(slot, &again);
    slot_table_fini(&table);
}

/* RFC 8881 §2.10.6.1: beyond the enforced slots only retries are accepted; the next seqid retires a
 * slot. */
static void retries_only(void **unused)
{
    struct slot_table table;
    const struct client_principal root = CLIENT_PRINCIPAL_SYS(0);
    struct slot_request request = {.digest = 1, .principal = root};
    struct slot_request other = {.digest = 2, .principal = root};
    uint8_t buffer[8];
    struct slot_replay replay = {.data = buffer, .size = sizeof(buffer)};
    const struct step first = {1, 1, 0, SLOT_NEW, KEEP}, running = {2, 1, 0, SLOT_NEW, LEAVE};
    int64_t grown;
    struct slot *slot;

    (void)unused;
    slot_table_init(&table, 4);
    slot = slot_at(&table, 2);
    assert_int_equal(slot_acquire_retry(slot, 1, &request, &replay, &grown), SLOT_GONE);
    run_step(slot, &first);
    assert_int_equal(slot_acquire_retry(slot, 1, &request, &replay, &grown), SLOT_REPLAY);
    assert_int_equal(replay.len, 2);
    assert_int_equal(slot_acquire_retry(slot, 1, &other, &replay, &grown), SLOT_FALSE_RETRY);
    assert_int_equal(slot_acquire_retry(slot, 9, &request, &replay, &grown), SLOT_GONE);
    assert_true(slot_is_retry(slot, 1));
    run_step(slot, &running);
    assert_int_equal(slot_acquire_retry(slot, 2, &request, &replay, &grown), SLOT_BUSY);
    assert_int_equal(slot_acquire_retry(slot, 3, &request, &replay, &grown), SLOT_BUSY);
    slot_release(slot, "r2", 2);
    assert_int_equal(slot_acquire_retry(slot, 3, &request, &replay, &grown), SLOT_GONE);
    assert_int_equal(grown, -2);
    assert_false(slot_is_retry(slot, 2));
    assert_int_equal(slot_acquire_retry(slot, 2, &request, &replay, &grown), SLOT_GONE);
    slot_table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_use),
        cmocka_unit_test(retry_cached),
        cmocka_unit_test(retry_uncached),
        cmocka_unit_test(retry_busy),
        cmocka_unit_test(misordered),
        cmocka_unit_test(false_retry),
        cmocka_unit_test(less_protected),
        cmocka_unit_test(other_certificate),
        cmocka_unit_test(wraps),
        cmocka_unit_test(slots_are_independent),
        cmocka_unit_test(memory_is_accounted),
        cmocka_unit_test(reply_larger_than_room),
        cmocka_unit_test(comes_back),
        cmocka_unit_test(in_use_stays),
        cmocka_unit_test(retries_only),
    };

    return test_group_run(tests);
}
