/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <stdarg.h>
#include <stdio.h>

#include "step.h"

enum {
    TRIES = 10000, /* to find a step that the model can take */
    KEEP_ONE_IN = 3
};

static const struct step_table *const tables[] = {
    &step_names, &step_looks, &step_opens, &step_data, &step_locks, &step_tokens, &step_meetings};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

void lane_init(struct lane *lane, struct workload *work, unsigned client, unsigned number)
{
    char prefix[MODEL_NAME_BYTES / 2];

    memset(lane, 0, sizeof(*lane));
    lane->work = work;
    lane->client = client;
    lane->number = number;
    lane->random = random_from(work->seed, 1 + lane_id(lane));
    (void)snprintf(prefix, sizeof(prefix), "c%ul%u", client % 100, number % 100);
    (void)snprintf(lane->owner, sizeof(lane->owner), "owner of %s", prefix);
    model_init(&lane->model, prefix);
}

void lane_fini(struct lane *lane)
{
    model_fini(&lane->model);
}

uint32_t lane_id(const struct lane *lane)
{
    return lane->client * WORKLOAD_LANES + lane->number;
}

static const struct step_kind *pick_kind(struct lane *lane)
{
    uint32_t sum = 0, at;

    for (size_t t = 0; t < TABLES; t++)
        for (size_t k = 0; k < tables[t]->count; k++)
            sum += tables[t]->kinds[k].weight;
    at = random_below(&lane->random, sum);
    for (size_t t = 0; t < TABLES; t++) {
        for (size_t k = 0; k < tables[t]->count; k++) {
            if (at < tables[t]->kinds[k].weight)
                return &tables[t]->kinds[k];
            at -= tables[t]->kinds[k].weight;
        }
    }
    CHECK(false);
    return NULL;
}

bool lane_next(struct lane *lane, struct client_session *session, uint32_t slot,
               struct client_compound *c)
{
    if (lane->steps_done == lane->work->steps || atomic_load(&lane->work->failed))
        return false;
    lane->slot = slot;
    lane->seqid = session->slots[slot].seqid;
    for (unsigned i = 0; i < TRIES; i++) {
        struct step *step = &lane->step;

        memset(step, 0, sizeof(*step));
        step->kind = pick_kind(lane);
        step->name = step->name2 = -1;
        step->cached = !step->kind->idempotent || random_one_in(&lane->random, KEEP_ONE_IN);
        client_compound_begin_slot(c, session, slot, step->cached);
        if (step->kind->build(lane, c)) {
            step->op_count = c->count;
            return true;
        }
        client_compound_free(c);
    }
    lane_differs(lane, "nothing to do");
    return false;
}

static bool outcome_expected(const struct step *step, const struct client_result *r)
{
    if (step->also != NFS4_OK && r->status == step->also)
        return true;
    return r->status == step->expect && (r->status != NFS4_OK || r->decoded == step->op_count);
}

void lane_finish(struct lane *lane, struct client_result *r)
{
    const struct step *step = &lane->step;

    if (outcome_expected(step, r))
        step->kind->done(lane, r);
    else
        lane_differs(lane, "%s with %u results instead of %s with %u", status_name(r->status),
                     r->decoded, status_name(step->expect), step->op_count);
    lane->steps_done++;
}

void lane_differs(const struct lane *lane, const char *format, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    (void)fprintf(stderr, "seed %llu: client %u lane %u step %u (%s), slot %u seqid %u: %s\n",
                  (unsigned long long)lane->work->seed, lane->client, lane->number,
                  lane->steps_done, lane->step.kind ? lane->step.kind->name : "none", lane->slot,
                  lane->seqid, text);
    atomic_store(&lane->work->failed, true);
}
