/* SPDX-License-Identifier: Apache-2.0 */
/* What can be done to a directory, and what it does to the delegations of the directory: the rows
 * of the matrix in docs/callbacks.md. */
#pragma once

#include "script.h"

/* A directory with some content, and another one, as they are seen through one export. */
struct place {
    char name[32], far_name[32];
    struct client_fh dir;  /* has file (also named twin), other, sub, empty */
    struct client_fh away; /* has far */
    struct client_fh file, sub;
};

struct place place_make(const char *export);
struct place place_through(const struct place *place, const char *export);

enum deed_of {
    OF_DIR, /* the delegation is one of place.dir */
    OF_SUB, /* of place.sub */
    ON_MEM, /* of place.dir; `local` can't do that */
};

enum deed_effect {
    STAYS,    /* it goes on at once, and the delegation remains */
    RECALLED, /* it waits for the return */
    ENDS,     /* it goes on at once, and the delegation ends */
};

/* A row.  The effects are those on a delegation without notifications; `told` is what a holder that
 * has subscribed to everything is told instead of being recalled ("over": an entry was replaced),
 * NULL: it is recalled none the less. */
struct deed {
    const char *operation;
    enum deed_of of;
    enum deed_effect by_another, by_holder;
    enum nfsstat4 status;                                         /* if nothing is in its way */
    void (*add)(struct client_mount *by, const struct place *at); /* the compound */
    const char *told;
};

extern const struct deed deeds[];
extern const size_t deed_count;
