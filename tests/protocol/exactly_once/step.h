/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of steps.  `build` appends to a compound that has SEQUENCE, and says in lane->step what
 * must come of it, or returns false when the model has nothing to do that with.  `done` compares.
 *
 * A compound asks for the change attribute of what it is about first: it must be the one that was
 * seen last, so that an effect that came twice shows even where it is the same the second time.
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

/* GETATTR of all that the model knows. */
void step_attributes(struct client_compound *c);

/* The change attribute that GETATTR number `which` (from 0) of the compound got is that of `node`
 * in the model, if that is known. */
void step_unchanged(struct lane *lane, struct client_result *r, uint32_t which, int node);

/* So is the one before a change, if the server knows. */
void step_change_info(struct lane *lane, const struct change_info4 *info, int dir);

/* The attributes that GETATTR number `which` got are those of `node`; note its change attribute. */
void step_compare(struct lane *lane, struct client_result *r, uint32_t which, int node);

/* GETFH got the handle of `node`, if that has one already. */
void step_handle(struct lane *lane, const struct client_result *r, int node);

/* Has the model a free object and a free name? */
bool step_room(const struct lane *lane);

/* A mode that lets the owner in. */
uint32_t step_mode(struct lane *lane, enum nfs_ftype4 type);
