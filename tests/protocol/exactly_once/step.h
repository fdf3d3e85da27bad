/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of steps. `build` appends to a compound that has SEQUENCE, and notes the expected
 * outcome in lane->step, or returns false when the model has no object for the step. `done`
 * compares.
 *
 * A compound first asks for the change attribute of its object: it must be the one seen last, so
 * that an effect that happened twice shows even where the second had the same result.
 */
#pragma once

#include "lane.h"

struct step_kind {
    const char *name;
    uint32_t weight;
    bool idempotent;
    bool (*build)(struct lane *lane, struct client_compound *c);
    void (*done)(struct lane *lane, struct client_result *r);
};

struct step_table {
    const struct step_kind *kinds;
    size_t count;
};
extern const struct step_table step_names, step_looks, step_opens, step_data, step_locks,
    step_tokens, step_meetings;

/* PUTFH and GETATTR of the change attribute. */
void step_begin(struct lane *lane, struct client_compound *c, int node);

/* GETATTR of all attributes that the model knows. */
void step_attributes(struct client_compound *c);

/* GETATTR number `which` (from 0) of the compound returned the change attribute of `node` in the
 * model, if that is known. */
void step_unchanged(struct lane *lane, struct client_result *r, uint32_t which, int node);

/* So does the change attribute before a change, if the server knows it. */
void step_change_info(struct lane *lane, const struct change_info4 *info, int dir);

/* GETATTR number `which` returned the attributes of `node`; note its change attribute. */
void step_compare(struct lane *lane, struct client_result *r, uint32_t which, int node);

/* GETFH returned the handle of `node`, if the model knows it already. */
void step_handle(struct lane *lane, const struct client_result *r, int node);

/* Does the model have a free object and a free name? */
bool step_room(const struct lane *lane);

/* A mode that gives the owner access. */
uint32_t step_mode(struct lane *lane, enum nfs_ftype4 type);
